//! This program's own wallet on a phone of a journey, with a switch in its way to the service.

use super::device::{Device, Switches, Wires};
use super::phone::ActError;
use crate::calls::{Arguments, CallError, call};
use crate::keys::{DEV_FILE, FileSecrets};
use crate::setup::{self, ServiceFile};
use crate::views::{self, Json};
use kabao_core::host::Host;
use kabao_core::words::Language;
use kabao_core::{Subscription, Wallet, WalletError, WalletEvent, WalletListener};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// What the wallet told, until somebody asked for it.
#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Value>>,
    more: Notify,
}

impl WalletListener for Heard {
    fn on_event(&self, event: WalletEvent) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.json());
        self.more.notify_waiters();
    }
}

/// The wallet and what it runs on.
pub struct Own {
    folder: PathBuf,
    language: String,
    host: Arc<Device>,
    /// Network, clock, sensor.
    pub switches: Arc<Switches>,
    heard: Arc<Heard>,
    wallet: Option<(Wallet, Subscription)>,
}

impl Own {
    /// Nothing is opened yet.
    pub fn new(folder: PathBuf, service: &ServiceFile, language: &str) -> Result<Own, String> {
        let switches = Arc::default();
        let host = start_host(&folder, service, &switches)?;
        Ok(Own { folder, language: language.to_owned(), host, switches, heard: Arc::default(), wallet: None })
    }

    /// Opens the wallet.
    pub async fn open(&mut self, service: &ServiceFile) -> Result<(), ActError> {
        let host: Arc<dyn Host> = self.host.clone();
        let opened = Wallet::open(service.settings(&self.folder, &self.language), host).await;
        let wallet = opened.map_err(|error| self.refused(&error))?;
        let subscription = wallet.subscribe(self.heard.clone());
        self.wallet = Some((wallet, subscription));
        Ok(())
    }

    /// Closes the wallet.
    pub async fn close(&mut self) -> Result<(), ActError> {
        match self.wallet.take() {
            Some((wallet, _)) => wallet.close().await.map_err(|error| self.refused(&error)),
            None => Ok(()),
        }
    }

    /// Goes on with another way to the service. The wallet has to be closed.
    pub fn rewire(&mut self, service: &ServiceFile) -> Result<(), String> {
        self.host = start_host(&self.folder, service, &self.switches)?;
        Ok(())
    }

    /// The service is gone: the wallet has no connection to it any more. That its end is on the way would do, but not for a call that
    /// comes before it.
    pub fn service_gone(&self) {
        self.host.transport().forget();
    }

    /// Sets the files of a lost key aside. Gives how many.
    pub async fn set_aside_lost(&self, service: &ServiceFile) -> Result<usize, ActError> {
        let host: Arc<dyn Host> = self.host.clone();
        let names = Wallet::set_aside_lost(service.settings(&self.folder, &self.language).folder, host).await;
        names.map(|names| names.len()).map_err(|error| self.refused(&error))
    }

    /// Makes one call.
    pub async fn call(&self, name: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        let (wallet, _) = self.wallet.as_ref().ok_or("the wallet is not open")?;
        call(wallet, Language::from_tag(&self.language), name, Arguments::new(with)).await.map_err(|error| match error {
            CallError::Wallet(error) => self.refused(&error),
            CallError::Written(text) => ActError::Said(text),
        })
    }

    /// Waits for an event, and takes it. Events that nobody asked for stay.
    pub async fn wait_for(&self, wanted: &Value) -> Value {
        loop {
            let more = self.heard.more.notified();
            tokio::pin!(more);
            // Listens before it looks: an event in between is not missed.
            more.as_mut().enable();
            if let Some(event) = super::values::take(&mut self.heard.events.lock().unwrap_or_else(PoisonError::into_inner), wanted) {
                return event;
            }
            more.await;
        }
    }

    fn refused(&self, error: &WalletError) -> ActError {
        ActError::Refused(views::error(Language::from_tag(&self.language), error))
    }
}

fn start_host(folder: &Path, service: &ServiceFile, switches: &Arc<Switches>) -> Result<Arc<Device>, String> {
    let store = Arc::new(FileSecrets::new(folder.join(DEV_FILE)));
    let host = setup::host(Arc::new(Wires::new(service, switches)?), store)?;
    Ok(Arc::new(Device::new(host, switches)))
}
