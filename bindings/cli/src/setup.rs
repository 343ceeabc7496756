//! From a profile and a service to an open wallet.

use crate::keys::WALLET_FOLDER;
use kabao_core::host::real::{HttpsTransport, RealHost};
use kabao_core::host::software::SoftwareKeys;
use kabao_core::host::{HostError, NoBackground, SecretStore, Transport};
use kabao_core::{BuildIdentity, ServiceSettings, WalletSettings};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

/// What a service tells of itself (`service.json`).
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceFile {
    /// Origin of the service.
    pub url: String,
    /// Origin of the developer's console.
    #[serde(default)]
    pub dev_url: String,
    /// The certificates that may stand above the service's, PEM.
    pub tls_ca_pem: String,
    /// The offline root's public key.
    pub root_key: String,
    /// The public keys that its certificate may have.
    pub spki_pins: Vec<String>,
    /// What its collection codes carry.
    pub guid: String,
    /// The host of its collection links; absent where it has none.
    #[serde(default)]
    pub link_host: Option<String>,
    /// Under which build the wallet names itself, where it is not this program's own.
    #[serde(skip)]
    pub build: Option<BuildIdentity>,
}

/// This program as a build: no store installed it and nobody signed it. `KABAO_BUILD`, `package digest channel`, says otherwise.
fn own_build() -> BuildIdentity {
    let said = std::env::var("KABAO_BUILD").unwrap_or_else(|_| format!("app.kabao.cli {} source", "0".repeat(64)));
    let mut words = said.split(' ').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    BuildIdentity { package: word(), signing_digest: word(), channel: word() }
}

impl ServiceFile {
    /// Reads a `service.json`.
    pub fn read(path: &Path) -> Result<ServiceFile, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The way to this service.
    pub fn transport(&self) -> Result<HttpsTransport, String> {
        HttpsTransport::new(&self.url, &self.tls_ca_pem, self.spki_pins.clone())
            .map_err(|error| format!("service.json cannot be used: {error}"))
    }

    /// What a wallet of `profile` is opened with.
    pub fn settings(&self, profile: &Path, language: &str) -> WalletSettings {
        WalletSettings {
            folder: profile.join(WALLET_FOLDER).display().to_string(),
            service: ServiceSettings {
                url: self.url.clone(),
                tls_ca_pem: self.tls_ca_pem.clone(),
                spki_pins: self.spki_pins.clone(),
                root_key: self.root_key.clone(),
                guid: self.guid.clone(),
                link_host: self.link_host.clone(),
            },
            language: language.to_owned(),
            build: self.build.clone().or_else(|| Some(own_build())),
        }
    }
}

/// Keys in a store, made from the system's randomness. DEV ONLY: a phone has hardware for them.
pub fn software_keys(store: Arc<dyn SecretStore>) -> SoftwareKeys {
    SoftwareKeys::new(store, Arc::new(|bytes: &mut [u8]| SystemRandom::new().fill(bytes).map_err(|_| HostError::Failed)))
}

/// The desktop as a host.
pub fn host(transport: Arc<dyn Transport>, store: Arc<dyn SecretStore>) -> Result<Arc<RealHost>, String> {
    let keys = Arc::new(software_keys(Arc::clone(&store)));
    RealHost::start(transport, store, keys, Arc::new(NoBackground)).map(Arc::new).map_err(|error| error.to_string())
}

/// The language of the person, from the environment.
pub fn language_of_environment() -> &'static str {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    kabao_core::words::Language::from_tag(&set.unwrap_or_default()).tag()
}
