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
