//! Removing everything, and naming what lies in the folder.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the whole file is tests")]

mod common;

use common::*;
use kabao_vault::{Db, EntryKind, FileSpec, Presence, VaultError};
use std::fs;

const SPECS: [&FileSpec; 1] = [&LEDGER];

#[test]
fn every_file_is_named_and_a_stranger_is_told_apart() {
    let (_temp, folder) = temp();
    open(&folder, &LEDGER).close().unwrap();
    folder.set_aside("ledger.db", "7").unwrap();
    let db = open(&folder, &LEDGER);
    add(&db, "一").unwrap();
    db.abandon();
    for name in ["core.1234", "ledger.db.part", "ledger.dbx", "notes"] {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    fs::create_dir(folder.path().join("ledger.db-old")).unwrap();
    let entries = folder.entries(&SPECS).unwrap();
    let kind = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("{name}: {entries:?}")).kind;
    assert_eq!(kind("lock"), EntryKind::Lock);
    assert_eq!(kind("ledger.db"), EntryKind::Database);
    assert_eq!(kind("ledger.db-wal"), EntryKind::Companion);
    assert_eq!(kind("ledger.db.aside-7"), EntryKind::Aside);
    for name in ["core.1234", "ledger.db.part", "ledger.dbx", "notes", "ledger.db-old"] {
        assert_eq!(kind(name), EntryKind::Stranger, "{name}");
    }
    assert!(entries.iter().all(|entry| !entry.plain));
}

#[test]
fn a_plain_file_under_our_name_is_seen() {
    let (_temp, folder) = temp();
    rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(folder.entries(&SPECS).unwrap().iter().any(|entry| entry.name == "ledger.db" && entry.plain));
}

#[test]
fn erased_is_gone_and_what_is_put_back_is_noise_without_its_key() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    add(&db, "一").unwrap();
    assert_eq!(folder.erase(&SPECS), Err(VaultError::InUse));
    db.close().unwrap();
    let path = folder.path().join("ledger.db");
    let kept = fs::read(&path).unwrap();
    folder.set_aside("ledger.db", "7").unwrap();
    open(&folder, &LEDGER).close().unwrap();
    fs::write(folder.path().join("notes"), b"x").unwrap();
    assert_eq!(folder.erase(&SPECS), Ok(2));
    let left: Vec<_> = folder.entries(&SPECS).unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(left, ["lock", "notes"]);
    assert_eq!(folder.erase(&SPECS), Ok(0));

    fs::write(&path, &kept).unwrap();
    // Another key is all that the key store can give from now on.
    assert!(matches!(Db::open(&folder, &LEDGER, &key(8), Presence::MustExist), Err(VaultError::WrongKeyOrDamaged)));
    let plain = rusqlite::Connection::open(&path).unwrap();
    let error = plain.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).unwrap_err();
    assert_eq!(VaultError::from(error), VaultError::WrongKeyOrDamaged);
    assert_eq!(fs::read(&path).unwrap(), kept);
}
