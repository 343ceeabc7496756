//! DEV ONLY: signing keys in the program's memory, kept in a [`SecretStore`]. For the desktop, for tests and for
//! languages without a secure element at hand. A product uses the phone's hardware.

use super::{DeviceKeys, HostError, KeyRole, SecretStore};
use kabao_proof::SoftwareKey;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Gives random bytes.
pub type Randomness = Arc<dyn Fn(&mut [u8]) -> Result<(), HostError> + Send + Sync>;

/// P-256 keys without hardware. DEV ONLY.
pub struct SoftwareKeys {
    store: Arc<dyn SecretStore>,
    random: Randomness,
    /// The keys that were read last, where they may stay: making one of a number costs as much as a signature.
    read: Option<Mutex<[Option<SoftwareKey>; 2]>>,
}

impl SoftwareKeys {
    /// Keys kept in `store`, made from `random`. They are in memory only while they sign: a locked wallet holds no key.
    pub fn new(store: Arc<dyn SecretStore>, random: Randomness) -> SoftwareKeys {
        SoftwareKeys { store, random, read: None }
    }

    /// The same for simulations of many payments: they stay in memory between two signatures, also of a locked wallet.
    #[must_use]
    pub fn that_stay(self) -> SoftwareKeys {
        SoftwareKeys { read: Some(Mutex::default()), ..self }
    }

    fn key(&self, role: KeyRole) -> Result<Option<SoftwareKey>, HostError> {
        let Some(bytes) = self.store.load(name(role).to_owned())? else { return Ok(None) };
        let bytes = Zeroizing::new(bytes);
        let secret: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| HostError::Lost)?;
        let made = || SoftwareKey::from_secret(secret).map_err(|_| HostError::Lost);
        let Some(read) = &self.read else { return made().map(Some) };
        let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
        let [device, approve] = &mut *read;
        let slot = if role == KeyRole::Device { device } else { approve };
        // The store decides which key it is, each time.
        if slot.as_ref().is_none_or(|key| *key.secret_bytes() != *secret) {
            *slot = Some(made()?);
        }
        Ok(slot.clone())
    }
}

fn name(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Device => "dev-only-device-key",
        KeyRole::Approve => "dev-only-approve-key",
    }
}

impl DeviceKeys for SoftwareKeys {
    fn make(&self, role: KeyRole) -> Result<Vec<u8>, HostError> {
        for _ in 0..8 {
            let mut secret = Zeroizing::new([0u8; 32]);
            (self.random)(secret.as_mut_slice())?;
            // A random number outside the curve's order is as good as never drawn; then another one is.
            if let Ok(key) = SoftwareKey::from_secret(&secret) {
                self.store.store(name(role).to_owned(), secret.to_vec())?;
                return Ok(key.public().to_bytes().to_vec());
            }
        }
        Err(HostError::Failed)
    }

    fn public_key(&self, role: KeyRole) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.key(role)?.map(|key| key.public().to_bytes().to_vec()))
    }

    fn sign(&self, role: KeyRole, text: Vec<u8>) -> Result<Vec<u8>, HostError> {
        let key = self.key(role)?.ok_or(HostError::Lost)?;
        Ok(key.sign(&text).as_bytes().to_vec())
    }
}
