//! A phone of a journey: a folder, keys, a network that can be switched off, and the wallet on it.

use super::own::Own;
use super::told::{Line, Told};
use crate::keys::{DEV_APPROVE_KEY, DEV_FILE, FileSecrets, WALLET_FOLDER};
use crate::setup::ServiceFile;
use kabao_core::host::SecretStore;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a call or an action gave nothing.
#[derive(Debug)]
pub enum ActError {
    /// The wallet's own error, as its failure with the words for the person.
    Refused(Value),
    /// Anything else.
    Said(String),
}

impl From<String> for ActError {
    fn from(text: String) -> ActError {
        ActError::Said(text)
    }
}

impl From<&str> for ActError {
    fn from(text: &str) -> ActError {
        ActError::Said(text.to_owned())
    }
}

impl std::fmt::Display for ActError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ActError::Refused(failure) => write!(formatter, "{failure}"),
            ActError::Said(text) => formatter.write_str(text),
        }
    }
}

/// Where the wallets of a journey are.
#[derive(Clone)]
pub enum Holder {
    /// In this program.
    Here,
    /// In another one.
    There(Arc<Line>),
}

enum Purse {
    Own(Own),
    Told(Told),
}

/// A phone.
pub struct Phone {
    folder: PathBuf,
    purse: Purse,
    /// Another program that has the wallet's files.
    other: Option<Own>,
}

impl Phone {
    /// A phone with its things in `folder`. Nothing is opened yet.
    pub async fn new(folder: PathBuf, service: &ServiceFile, language: &str, holder: &Holder) -> Result<Phone, String> {
        let purse = match holder {
            Holder::Here => Purse::Own(Own::new(folder.clone(), service, language)?),
            Holder::There(line) => Purse::Told(Told::new(Arc::clone(line), folder.clone(), service, language).await?),
        };
        Ok(Phone { folder, purse, other: None })
    }

    /// Makes one call of the wallet, which has to be open.
    pub async fn call(&self, name: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        match &self.purse {
            Purse::Own(own) => own.call(name, with).await,
            Purse::Told(told) => told.call(name, with).await,
        }
    }

    /// Opens the wallet.
    pub async fn open(&mut self, service: &ServiceFile) -> Result<(), ActError> {
        match &mut self.purse {
            Purse::Own(own) => own.open(service).await,
            Purse::Told(told) => told.open(service).await,
        }
    }

    /// Closes the wallet.
    pub async fn close(&mut self) -> Result<(), ActError> {
        match &mut self.purse {
            Purse::Own(own) => own.close().await,
            Purse::Told(told) => told.close().await,
        }
    }

    /// Goes on with another way to the service, for example with other pins. The wallet has to be closed.
    pub fn rewire(&mut self, service: &ServiceFile) -> Result<(), String> {
        match &mut self.purse {
            Purse::Own(own) => own.rewire(service),
            Purse::Told(told) => {
                told.rewire(service);
                Ok(())
            }
        }
    }

    /// Switches the network.
    pub async fn set_network(&self, on: bool) {
        match &self.purse {
            Purse::Own(own) => own.switches.set_network(on),
            Purse::Told(told) => told.set_network(on).await,
        }
    }

    /// The service is gone, and the phone knows: what it asks next finds nobody, or the next service.
    pub async fn service_gone(&self) {
        match &self.purse {
            Purse::Own(own) => own.service_gone(),
            Purse::Told(told) => told.service_gone().await,
        }
    }

    /// Sets the clock so many days ahead of the right time, or behind it.
    pub fn set_clock(&self, days: i64) -> Result<(), ActError> {
        match &self.purse {
            Purse::Own(own) => own.switches.set_clock(days),
            Purse::Told(_) => return Err("another program has the clock of its computer".into()),
        }
        Ok(())
    }

    /// What asking for finger or face ends with from now on; nothing: it works.
    pub async fn set_approval(&self, fault: Option<&str>) -> Result<(), ActError> {
        match &self.purse {
            Purse::Own(own) => Ok(own.switches.set_approval(fault)?),
            Purse::Told(told) => told.set_approval(fault).await,
        }
    }

    /// The wallet is closed, and another program opens its files, or lets go of them.
    pub async fn other_program(&mut self, service: &ServiceFile, holds: bool) -> Result<(), ActError> {
        self.close().await?;
        if let Some(mut other) = self.other.take() {
            other.close().await?;
        }
        if holds {
            let mut other = Own::new(self.folder.clone(), service, "en")?;
            other.open(service).await?;
            self.other = Some(other);
        }
        Ok(())
    }

    /// Waits for an event, and takes it. Events that nobody asked for stay.
    pub async fn wait_for(&self, wanted: &Value) -> Result<Value, ActError> {
        match &self.purse {
            Purse::Own(own) => Ok(own.wait_for(wanted).await),
            Purse::Told(told) => told.wait_for(wanted).await,
        }
    }

    /// Sets the files of a lost key aside. Gives how many.
    pub async fn set_aside_lost(&self, service: &ServiceFile) -> Result<usize, ActError> {
        match &self.purse {
            Purse::Own(own) => own.set_aside_lost(service).await,
            Purse::Told(told) => told.set_aside_lost(service).await,
        }
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

    fn kept(&self, name: &str) -> PathBuf {
        self.folder.with_extension(format!("kept-{name}"))
    }
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
