//! Where a profile keeps its secrets: the desktop's keyring, or a file that is for developers only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kabao_core::host::{HostError, SecretStore};
use keyring::v1::{Entry, Error};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The name of the developer's file in a profile.
pub const DEV_FILE: &str = "dev-only-keys";
/// The name of the approval key in it.
pub const DEV_APPROVE_KEY: &str = "dev-only-approve-key";
/// The folder of the wallet's files in a profile.
pub const WALLET_FOLDER: &str = "wallet";
const KEYRING_SERVICE: &str = "kabao";

/// A store and what to say of it.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn SecretStore>,
    /// Why it is not a keyring, when it is none.
    pub warning: Option<&'static str>,
}

/// The store of a profile. A profile stays with the store that it began with: a keyring that is away for a moment
/// must not make the files look as if their key were lost.
pub fn open(profile: &Path, dev_file: bool) -> Opened {
    let file = profile.join(DEV_FILE);
    let in_file = |warning| Opened { store: Arc::new(FileSecrets::new(file.clone())) as Arc<dyn SecretStore>, warning: Some(warning) };
    if dev_file {
        return in_file("DEV ONLY: the keys lie in a file of the profile (--dev-file-keys)");
    }
    if file.exists() {
        return in_file("DEV ONLY: the keys lie in a file of the profile");
    }
    let ring = KeyringSecrets { account: profile.display().to_string() };
    let begun = profile.join(WALLET_FOLDER).exists();
    if begun || ring.reachable() {
        return Opened { store: Arc::new(ring), warning: None };
    }
    in_file("DEV ONLY: no keyring can be reached, so the keys lie in a file of the profile")
}

/// DEV ONLY: secrets in one file that only its owner may read. Anyone who reads the file has the wallet's keys.
pub struct FileSecrets {
    path: PathBuf,
    lock: Mutex<()>,
}

type Names = BTreeMap<String, String>;

impl FileSecrets {
    /// A store in `path`; the file is made with the first secret.
    pub fn new(path: PathBuf) -> FileSecrets {
        FileSecrets { path, lock: Mutex::new(()) }
    }

    fn read(&self) -> Result<Names, HostError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&Zeroizing::new(bytes)).map_err(|_| HostError::Failed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Names::new()),
            Err(_) => Err(HostError::Unavailable),
        }
    }

    fn write(&self, names: &Names) -> Result<(), HostError> {
        let bytes = Zeroizing::new(serde_json::to_vec(names).map_err(|_| HostError::Failed)?);
        write_private(&self.path, &bytes).map_err(|_| HostError::Failed)
    }
}

/// Replaces a file as a whole; only this user may read it, and a restart finds the old or the new one.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let part = path.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

impl SecretStore for FileSecrets {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let names = self.read()?;
        names.get(&name).map(|text| STANDARD.decode(text).map_err(|_| HostError::Failed)).transpose()
    }

    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = self.read()?;
        names.insert(name, STANDARD.encode(Zeroizing::new(value)));
        self.write(&names)
    }

    fn remove(&self, name: String) -> Result<(), HostError> {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = self.read()?;
        if names.remove(&name).is_some() { self.write(&names) } else { Ok(()) }
    }
}

/// Secrets in the keyring of the desktop: one entry for each, named by the profile.
pub struct KeyringSecrets {
    account: String,
}

impl KeyringSecrets {
    fn entry(&self, name: &str) -> Result<Entry, HostError> {
        Entry::new(KEYRING_SERVICE, &format!("{}#{name}", self.account)).map_err(|error| host_error(&error))
    }

    fn reachable(&self) -> bool {
        self.load("probe".to_owned()).is_ok()
    }
}

fn host_error(error: &Error) -> HostError {
    match error {
        Error::NoStorageAccess(_) | Error::NoDefaultStore | Error::PlatformFailure(_) => HostError::Unavailable,
        _ => HostError::Failed,
    }
}

/// The keyring talks to its service over a bus of its own and must not block a thread of the network.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, HostError> {
    std::thread::scope(|scope| scope.spawn(work).join()).map_err(|_| HostError::Failed)
}

impl SecretStore for KeyringSecrets {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
        apart(|| match self.entry(&name)?.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(host_error(&error)),
        })?
    }

    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
        let value = Zeroizing::new(value);
        apart(|| self.entry(&name)?.set_secret(&value).map_err(|error| host_error(&error)))?
    }

    fn remove(&self, name: String) -> Result<(), HostError> {
        apart(|| match self.entry(&name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(host_error(&error)),
        })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_secrets_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p").join(DEV_FILE);
        let store = FileSecrets::new(path.clone());
        assert_eq!(store.load("a".to_owned()), Ok(None));
        store.store("a".to_owned(), vec![0, 1, 255]).unwrap();
        store.store("b".to_owned(), Vec::new()).unwrap();
        let again = FileSecrets::new(path.clone());
        assert_eq!(again.load("a".to_owned()), Ok(Some(vec![0, 1, 255])));
        assert_eq!(again.load("b".to_owned()), Ok(Some(Vec::new())));
        again.remove("a".to_owned()).unwrap();
        assert_eq!(store.load("a".to_owned()), Ok(None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, b"not a store").unwrap();
        assert_eq!(store.load("a".to_owned()), Err(HostError::Failed));
    }

    #[test]
    fn a_profile_that_began_with_a_file_stays_with_it() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), true).store.store("a".to_owned(), vec![7]).unwrap();
        let later = open(folder.path(), false);
        assert!(later.warning.is_some());
        assert_eq!(later.store.load("a".to_owned()), Ok(Some(vec![7])));
    }

    #[test]
    fn a_profile_with_files_and_without_the_developers_file_waits_for_its_keyring() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(WALLET_FOLDER)).unwrap();
        assert!(open(folder.path(), false).warning.is_none());
        assert!(!folder.path().join(DEV_FILE).exists());
    }
}
