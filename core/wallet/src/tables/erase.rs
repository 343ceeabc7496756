//! Erasing the wallet of a folder: the key of the files first, then the files. Ordered once, it is carried out to its end,
//! by the next opening when the app is killed in the middle; nothing here orders it by itself.

use super::open::{ANCHOR, FILE_KEY, SPECS, store_code};
use crate::error::Outcome;
use crate::host::{HostError, SecretStore};
use kabao_base::Code;
use kabao_vault::{EntryKind, Folder};
use std::path::Path;

/// The order, kept in the key store from before the key goes until the last file is gone.
const ERASING: &str = "erasing";

/// What was erased.
pub(crate) struct Erased {
    pub(crate) files: u32,
    pub(crate) strangers: Vec<String>,
}

/// Writes the order down.
pub(crate) fn order(secrets: &dyn SecretStore) -> Outcome<()> {
    secrets.store(ERASING.to_owned(), b"1".to_vec()).map_err(|error| store_code(error).into())
}

/// Whether an order stands that was not carried out to its end.
pub(crate) fn is_ordered(secrets: &dyn SecretStore) -> Outcome<bool> {
    Ok(secrets.load(ERASING.to_owned()).map_err(store_code)?.is_some())
}

/// Carries the order out. The files must be closed. From the loss of the key on nothing can be read, whatever happens to
/// the files and to copies of them.
pub(crate) fn carry_out(path: &Path, secrets: &dyn SecretStore) -> Outcome<Erased> {
    let told = |error: HostError| store_code(error);
    let folder = Folder::lock(path)?;
    for name in [FILE_KEY, ANCHOR] {
        secrets.remove(name.to_owned()).map_err(told)?;
    }
    // A store that says it forgot and did not must not pass for one that did.
    if secrets.load(FILE_KEY.to_owned()).map_err(told)?.is_some() {
        return Err(Code::KeyStoreUnavailable.into());
    }
    let files = folder.erase(&SPECS)?;
    let entries = folder.entries(&SPECS)?.into_iter();
    let strangers = entries.filter(|entry| entry.kind == EntryKind::Stranger).map(|entry| entry.name).take(50).collect();
    secrets.remove(ERASING.to_owned()).map_err(told)?;
    Ok(Erased { files, strangers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::events::EventHead;
    use crate::tables::open;
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::sync::{Arc, Mutex};

    /// A key store that stops answering after so many calls.
    #[derive(Default)]
    struct Store {
        held: Mutex<BTreeMap<String, Vec<u8>>>,
        calls_left: Mutex<Option<u32>>,
    }

    impl Store {
        fn call(&self) -> Result<(), HostError> {
            match &mut *self.calls_left.lock().unwrap() {
                Some(0) => Err(HostError::Unavailable),
                Some(left) => {
                    *left -= 1;
                    Ok(())
                }
                None => Ok(()),
            }
        }
    }

    impl SecretStore for Store {
        fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
            self.call()?;
            Ok(self.held.lock().unwrap().get(&name).cloned())
        }
        fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
            self.call()?;
            self.held.lock().unwrap().insert(name, value);
            Ok(())
        }
        fn remove(&self, name: String) -> Result<(), HostError> {
            self.call()?;
            self.held.lock().unwrap().remove(&name);
            Ok(())
        }
    }

    fn temp(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("kabao-erase-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    fn opened(path: &Path, store: &Store) -> Outcome<String> {
        let mut next = 0_u8;
        let mut random = |bytes: &mut [u8]| {
            next = next.wrapping_add(1);
            bytes.fill(next ^ u8::try_from(store.held.lock().unwrap().len()).unwrap());
            Ok(())
        };
        let head = Arc::new(Mutex::new(EventHead::default()));
        let files = open::open(path, store, &mut random, head)?;
        let epoch = files.ledger(|conn| crate::tables::marks::get(conn, "epoch"))?.unwrap_or_default();
        files.close()?;
        Ok(epoch)
    }

    fn begun(path: &Path, store: &Store) {
        opened(path, store).unwrap();
        let head = Arc::new(Mutex::new(EventHead::default()));
        let files = open::open(path, store, &mut |_| Err(HostError::Failed), head).unwrap();
        let at = kabao_base::Timestamp::from_ms(1);
        files
            .commit(at, |tx, log| {
                crate::tables::marks::set(tx, "epoch", "7")?;
                log.append(tx, "epoch", "service", b"7")
            })
            .unwrap();
        files.anchor(store).unwrap();
        files.close().unwrap();
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn cut_short_at_any_call_of_the_key_store_it_is_not_begun_or_ended_later() {
        let mut points = 0;
        for calls in 0.. {
            let (path, store) = (temp(&format!("cut-{calls}")), Store::default());
            begun(&path, &store);
            let before: Vec<(String, Vec<u8>)> =
                names(&path).into_iter().map(|name| (name.clone(), std::fs::read(path.join(name)).unwrap())).collect();
            *store.calls_left.lock().unwrap() = Some(calls);
            let done = order(&store).and_then(|()| carry_out(&path, &store));
            *store.calls_left.lock().unwrap() = None;
            points += 1;
            if !is_ordered(&store).unwrap() && done.is_err() {
                // Not begun: everything is as it was.
                assert_eq!(opened(&path, &store).unwrap(), "7", "{calls}");
            } else {
                // What a kill between two files would leave: some are still there.
                for (name, bytes) in before.iter().take(calls as usize) {
                    std::fs::write(path.join(name), bytes).unwrap();
                }
                if is_ordered(&store).unwrap() {
                    carry_out(&path, &store).unwrap();
                    assert_eq!(names(&path), ["lock"], "{calls}");
                }
                for (name, bytes) in &before {
                    std::fs::write(path.join(name), bytes).unwrap();
                }
                assert!(opened(&path, &store).unwrap_err().is(Code::KeyLost), "{calls}");
                assert!(!store.held.lock().unwrap().contains_key(FILE_KEY));
            }
            std::fs::remove_dir_all(&path).unwrap();
            if done.is_ok() {
                break;
            }
        }
        assert!(points >= 6, "{points} points");
    }

    #[test]
    fn a_store_that_only_says_it_forgot_is_not_believed() {
        struct Sticky(Store);
        impl SecretStore for Sticky {
            fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
                self.0.load(name)
            }
            fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
                self.0.store(name, value)
            }
            fn remove(&self, _: String) -> Result<(), HostError> {
                Ok(())
            }
        }
        let (path, store) = (temp("sticky"), Sticky(Store::default()));
        begun(&path, &store.0);
        order(&store).unwrap();
        assert!(carry_out(&path, &store).err().unwrap().is(Code::KeyStoreUnavailable));
        assert!(is_ordered(&store).unwrap());
        std::fs::remove_dir_all(path).unwrap();
    }
}
