//! Opening: the folder, the key, the three files, and the checks that find an old copy.

use super::events::{self, EventHead};
use super::{Files, choices, marks};
use crate::error::{Outcome, vault_code};
use crate::host::{HostError, SecretStore};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::Code;
use kabao_vault::{Db, Durability, FileKey, FileSpec, Folder, KeyEnvelope, Migration, Presence, VaultError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

const LEDGER: FileSpec = spec(
    "ledger.db",
    Durability::ExtraThenFull,
    &[
        Migration { version: 1, sql: include_str!("ledger-1.sql") },
        Migration { version: 2, sql: include_str!("ledger-2.sql") },
    ],
);
const MINE: FileSpec = spec(
    "mine.db",
    Durability::ExtraThenFull,
    &[
        Migration { version: 1, sql: include_str!("mine-1.sql") },
        Migration { version: 2, sql: include_str!("mine-2.sql") },
    ],
);
const CACHE: FileSpec = {
    let steps = &[Migration { version: 1, sql: include_str!("cache-1.sql") }, Migration { version: 2, sql: include_str!("cache-2.sql") }];
    let mut cache = spec("cache.db", Durability::Normal, steps);
    cache.rebuildable = true;
    cache
};

/// All three.
pub(super) const SPECS: [&FileSpec; 3] = [&LEDGER, &MINE, &CACHE];

/// The wallet works on its files from one thread, so that one connection each is enough.
const fn spec(name: &'static str, durability: Durability, migrations: &'static [Migration]) -> FileSpec {
    let mut spec = FileSpec::new(name, durability, migrations);
    spec.one_connection = true;
    spec
}

/// Where the wrapped key of the files is kept.
pub(super) const FILE_KEY: &str = "file-key";
/// Where the head of the event chain is kept, outside the files.
pub(super) const ANCHOR: &str = "anchor";

/// Opens the wallet of a folder. `random` fills 48 bytes when a first key is needed.
pub(crate) fn open(
    path: &Path,
    secrets: &dyn SecretStore,
    random: &mut dyn FnMut(&mut [u8]) -> Result<(), HostError>,
    head: Arc<Mutex<EventHead>>,
) -> Outcome<Files> {
    std::fs::create_dir_all(path).map_err(|error| vault_code(&VaultError::from(error)))?;
    let folder = Folder::lock(path)?;
    let anchor = load_anchor(secrets)?;
    let key = match secrets.load(FILE_KEY.to_owned()).map_err(store_code)? {
        Some(stored) => unwrap(stored)?,
        // Files without their key: a restored backup, a reinstall, a fault of the store. They stay unread, and a second
        // key is never made in silence.
        None if folder.holds(LEDGER.name)? || folder.holds(MINE.name)? || anchor.is_some() => {
            return Err(Code::KeyLost.into());
        }
        None => first_key(secrets, random)?,
    };
    // The anchor is written after the files: with it they must be there, without it a first start was cut short.
    let presence = if anchor.is_some() { Presence::MustExist } else { Presence::MayBeNew };
    let ledger = Db::open(&folder, &LEDGER, &key, presence)?;
    let chain_key = Zeroizing::new(kabao_proof::chain::mac(key.expose_to_wrap(), &[0; 32], 0, b"kabao-events-1"));
    let found = ledger.read(|conn| {
        events::check_open(conn, &chain_key)?;
        check_anchor(conn, anchor)?;
        events::head(conn)
    })?;
    let mine = Db::open(&folder, &MINE, &key, presence)?;
    let known: i64 = ledger
        .read(|conn| marks::get(conn, marks::MINE_REVISION))?
        .map_or(Ok(0), |text| text.parse().map_err(|_| Code::StorageDamaged))?;
    if mine.read(choices::revision)? < known {
        return Err(Code::RolledBack.into());
    }
    let cache = open_cache(&folder, &key)?;
    *head.lock().unwrap_or_else(PoisonError::into_inner) = found;
    let files = Files { ledger, mine, cache, chain_key, head, folder };
    if anchor.is_none() {
        files.anchor(secrets)?;
    }
    Ok(files)
}

impl Files {
    /// Writes the anchor: from now on an older ledger is noticed when it is opened.
    pub(crate) fn anchor(&self, secrets: &dyn SecretStore) -> Outcome<()> {
        secrets.store(ANCHOR.to_owned(), self.head().text().into_bytes()).map_err(|error| store_code(error).into())
    }
}

/// Sets aside the files of a wallet whose key is lost, so that a new one can begin. Nothing is deleted.
pub(crate) fn set_aside(path: &Path, secrets: &dyn SecretStore, stamp: &str) -> Outcome<Vec<String>> {
    let folder = Folder::lock(path)?;
    if secrets.load(FILE_KEY.to_owned()).map_err(store_code)?.is_some() {
        return Err(Code::KeyPresent.into());
    }
    let mut moved = Vec::new();
    for spec in SPECS {
        if folder.holds(spec.name)? {
            moved.extend(folder.set_aside(spec.name, stamp)?);
        }
    }
    secrets.remove(ANCHOR.to_owned()).map_err(store_code)?;
    Ok(moved)
}

fn check_anchor(conn: &rusqlite::Connection, anchor: Option<EventHead>) -> Outcome<()> {
    let Some(anchor) = anchor else { return Ok(()) };
    match events::mac_of(conn, anchor.seq)? {
        Some(mac) if mac == anchor.mac => Ok(()),
        _ => Err(Code::RolledBack.into()),
    }
}

fn load_anchor(secrets: &dyn SecretStore) -> Outcome<Option<EventHead>> {
    let Some(bytes) = secrets.load(ANCHOR.to_owned()).map_err(store_code)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| Code::StorageDamaged)?;
    EventHead::parse(&text).map(Some).ok_or_else(|| Code::StorageDamaged.into())
}

/// The cache can be had again: a damaged one, or one of another key, is dropped.
fn open_cache(folder: &Folder, key: &FileKey) -> Outcome<Db> {
    match Db::open(folder, &CACHE, key, Presence::MayBeNew) {
        Ok(cache) => Ok(cache),
        Err(
            VaultError::WrongKeyOrDamaged | VaultError::Corrupt { .. } | VaultError::NotEncrypted | VaultError::WrongFile
            | VaultError::MissingBesideLog,
        ) => {
            folder.drop_cache(&CACHE)?;
            Ok(Db::open(folder, &CACHE, key, Presence::MayBeNew)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// `<envelope> <base64url of the key>`: algorithm, format and key id stand before it.
fn first_key(
    secrets: &dyn SecretStore,
    random: &mut dyn FnMut(&mut [u8]) -> Result<(), HostError>,
) -> Outcome<FileKey> {
    let mut bytes = Zeroizing::new([0u8; 48]);
    random(bytes.as_mut_slice()).map_err(store_code)?;
    let (mut key, mut id) = (Zeroizing::new([0u8; 32]), [0u8; 16]);
    key.copy_from_slice(&bytes[..32]);
    id.copy_from_slice(&bytes[32..]);
    let text = Zeroizing::new(format!("{} {}", KeyEnvelope::new(id), *Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_slice()))));
    secrets.store(FILE_KEY.to_owned(), text.as_bytes().to_vec()).map_err(store_code)?;
    Ok(FileKey::new(key))
}

fn unwrap(stored: Vec<u8>) -> Outcome<FileKey> {
    let stored = Zeroizing::new(stored);
    let text = std::str::from_utf8(&stored).map_err(|_| Code::KeyLost)?;
    let (envelope, encoded) = text.rsplit_once(' ').ok_or(Code::KeyLost)?;
    KeyEnvelope::decode(envelope)?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Code::KeyLost)?);
    let mut key = Zeroizing::new([0u8; 32]);
    if bytes.len() != key.len() {
        return Err(Code::KeyLost.into());
    }
    key.copy_from_slice(&bytes);
    Ok(FileKey::new(key))
}

/// The code of the catalogue for what the device's stores say.
pub(crate) fn store_code(error: HostError) -> Code {
    match error {
        HostError::Unavailable | HostError::Failed => Code::KeyStoreUnavailable,
        HostError::Lost => Code::KeyLost,
        HostError::Cancelled => Code::ApprovalCancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::feeds::{self, FeedRow};
    use kabao_base::Timestamp;

    #[test]
    fn a_ledger_of_the_first_schema_is_brought_up_to_date_and_keeps_what_it_has() {
        const FIRST: FileSpec = spec("ledger.db", Durability::ExtraThenFull, &[Migration { version: 1, sql: include_str!("ledger-1.sql") }]);
        let path = std::env::temp_dir().join(format!("kabao-ledger-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let key = || FileKey::new(Zeroizing::new([5; 32]));
        let folder = Folder::lock(&path).unwrap();
        let old = Db::open(&folder, &FIRST, &key(), Presence::MayBeNew).unwrap();
        old.write(|tx| marks::set(tx, marks::EPOCH, "7")).unwrap();
        old.close().unwrap();
        for _ in 0..2 {
            let ledger = Db::open(&folder, &LEDGER, &key(), Presence::MustExist).unwrap();
            assert_eq!(ledger.read(|conn| marks::get(conn, marks::EPOCH)).unwrap().as_deref(), Some("7"));
            ledger.read(|conn| feeds::get(conn, "codes")).unwrap();
            ledger.close().unwrap();
        }
        assert!(matches!(Db::open(&folder, &FIRST, &key(), Presence::MustExist), Err(VaultError::NewerSchema { .. })));
        drop(folder);
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_feed_is_replaced_by_a_higher_version_only() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        for sql in [include_str!("ledger-1.sql"), include_str!("ledger-2.sql")] {
            conn.execute_batch(sql).unwrap();
        }
        let row = |version| FeedRow { version, issued_at: Timestamp::from_ms(1), stored_at: Timestamp::from_ms(2), document: vec![1, 2] };
        let held = || feeds::get(&conn, "codes").unwrap();
        assert_eq!(held(), None);
        feeds::put(&conn, "codes", &row(5), None).unwrap();
        for version in [0, 4, 5] {
            assert!(feeds::put(&conn, "codes", &row(version), None).unwrap_err().is(Code::FeedOlder));
        }
        assert_eq!(held(), Some(row(5)));
        feeds::put(&conn, "fees", &row(1), None).unwrap();
        feeds::put(&conn, "codes", &row(9), None).unwrap();
        // One that counts no longer gives way to a lower one; another one that came meanwhile does not.
        assert!(feeds::put(&conn, "codes", &row(3), Some(5)).is_err());
        feeds::put(&conn, "codes", &row(3), Some(9)).unwrap();
        assert_eq!((held(), feeds::get(&conn, "fees").unwrap()), (Some(row(3)), Some(row(1))));
    }
}
