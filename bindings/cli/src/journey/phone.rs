//! A phone of a journey: a folder, keys, a network that can be switched off, and the wallet on it.

use crate::keys::{DEV_APPROVE_KEY, DEV_FILE, FileSecrets, WALLET_FOLDER};
use crate::setup::{self, ServiceFile};
use crate::views::Json;
use super::device::{Device, Switches, Wires};
use kabao_core::host::{Host, SecretStore};
use kabao_core::{Subscription, Wallet, WalletError, WalletEvent, WalletListener};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// What the wallet told, until somebody asked for it.
#[derive(Default)]
pub struct Heard {
    events: Mutex<Vec<Value>>,
    more: Notify,
}

impl WalletListener for Heard {
    fn on_event(&self, event: WalletEvent) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.json());
        self.more.notify_waiters();
    }
}

impl Heard {
    fn take(&self, wanted: &Value) -> Option<Value> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let at = events.iter().position(|event| super::values::compare(wanted, Some(event), "").is_ok())?;
        Some(events.remove(at))
    }

    /// Waits for an event, and takes it. Events that nobody asked for stay.
    pub async fn wait_for(&self, wanted: &Value) -> Value {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            // Listens before it looks: an event in between is not missed.
            more.as_mut().enable();
            if let Some(event) = self.take(wanted) {
                return event;
            }
            more.await;
        }
    }
}

/// A phone.
pub struct Phone {
    folder: PathBuf,
    language: String,
    host: Arc<Device>,
    /// Network, clock, sensor.
    pub switches: Arc<Switches>,
    /// Another program that has the wallet's files.
    other: Option<Wallet>,
    /// What the wallet told.
    pub heard: Arc<Heard>,
    wallet: Option<(Wallet, Subscription)>,
}

impl Phone {
    /// A phone with its things in `folder`. Nothing is opened yet.
    pub fn new(folder: PathBuf, service: &ServiceFile, language: &str) -> Result<Phone, String> {
        let switches = Arc::default();
        let host = start_host(&folder, service, &switches)?;
        Ok(Phone { folder, language: language.to_owned(), host, switches, other: None, heard: Arc::default(), wallet: None })
    }

    /// The wallet, when it is open.
    pub fn wallet(&self) -> Option<Wallet> {
        self.wallet.as_ref().map(|(wallet, _)| wallet.clone())
    }

    /// Opens the wallet.
    pub async fn open(&mut self, service: &ServiceFile) -> Result<(), WalletError> {
        let host: Arc<dyn Host> = self.host.clone();
        let wallet = Wallet::open(service.settings(&self.folder, &self.language), host).await?;
        let subscription = wallet.subscribe(self.heard.clone());
        self.wallet = Some((wallet, subscription));
        Ok(())
    }

    /// Closes the wallet.
    pub async fn close(&mut self) -> Result<(), WalletError> {
        match self.wallet.take() {
            Some((wallet, _)) => wallet.close().await,
            None => Ok(()),
        }
    }

    /// Goes on with another way to the service, for example with other pins. The wallet has to be closed.
    pub fn rewire(&mut self, service: &ServiceFile) -> Result<(), String> {
        self.host = start_host(&self.folder, service, &self.switches)?;
        Ok(())
    }

    /// The wallet is closed, and another program opens its files, or lets go of them.
    pub async fn other_program(&mut self, service: &ServiceFile, holds: bool) -> Result<(), WalletError> {
        self.close().await?;
        if let Some(other) = self.other.take() {
            other.close().await?;
        }
        if holds {
            let host: Arc<dyn Host> = self.host.clone();
            self.other = Some(Wallet::open(service.settings(&self.folder, &self.language), host).await?);
        }
        Ok(())
    }

    /// Keeps a copy of the wallet's files, and of the keys when asked.
    pub fn keep_files(&self, name: &str) -> Result<(), String> {
        let kept = self.kept(name);
        copy(&self.folder.join(WALLET_FOLDER), &kept.join(WALLET_FOLDER))?;
        fs::copy(self.folder.join(DEV_FILE), kept.join(DEV_FILE)).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Puts a copy back: the files, and the keys with their anchor when asked. The wallet has to be closed.
    pub fn put_back_files(&self, name: &str, with_keys: bool) -> Result<(), String> {
        let (kept, folder) = (self.kept(name), self.folder.join(WALLET_FOLDER));
        fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        copy(&kept.join(WALLET_FOLDER), &folder)?;
        if with_keys {
            fs::copy(kept.join(DEV_FILE), self.folder.join(DEV_FILE)).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The keys are gone, and the files as well when the app was removed. The wallet has to be closed.
    pub fn lose(&self, files: bool) -> Result<(), String> {
        if files {
            fs::remove_dir_all(self.folder.join(WALLET_FOLDER)).map_err(|error| error.to_string())?;
        }
        fs::remove_file(self.folder.join(DEV_FILE)).map_err(|error| error.to_string())
    }

    /// A finger was added: the approval key is gone, and nothing else.
    pub fn lose_approval(&self) -> Result<(), String> {
        let store = FileSecrets::new(self.folder.join(DEV_FILE));
        store.remove(DEV_APPROVE_KEY.to_owned()).map_err(|error| error.to_string())
    }

    /// Somebody leaves a file in the wallet's folder, or takes it away again.
    pub fn leave_file(&self, name: &str, there: bool) -> Result<(), String> {
        let path = self.folder.join(WALLET_FOLDER).join(name);
        let done = if there { fs::write(path, b"left over") } else { fs::remove_file(path) };
        done.map_err(|error| error.to_string())
    }

    /// Sets the files of a lost key aside.
    pub async fn set_aside_lost(&self, service: &ServiceFile) -> Result<Vec<String>, WalletError> {
        let host: Arc<dyn Host> = self.host.clone();
        Wallet::set_aside_lost(service.settings(&self.folder, &self.language).folder, host).await
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.folder.with_extension(format!("kept-{name}"))
    }
}

fn start_host(folder: &Path, service: &ServiceFile, switches: &Arc<Switches>) -> Result<Arc<Device>, String> {
    let store = Arc::new(FileSecrets::new(folder.join(DEV_FILE)));
    let host = setup::host(Arc::new(Wires::new(service, switches)?), store)?;
    Ok(Arc::new(Device::new(host, switches)))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let work = || -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Ok(())
    };
    work().map_err(|error| error.to_string())
}
