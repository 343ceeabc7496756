//! Rules that need the inside of a connection to be tested.
#![allow(clippy::unwrap_used, reason = "the whole file is tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use crate::open::{open_writer, with_key};
use crate::settings::{apply_to_writer, first_level, lasting_level, read_back};
use crate::{Db, Durability, FileKey, FileSpec, Folder, Migration, Presence, VaultError};

const STEPS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT) STRICT",
}];
const SPEC: FileSpec = FileSpec::new("ledger.db", Durability::ExtraThenFull, STEPS);

fn key() -> FileKey {
    FileKey::new(Zeroizing::new([7; 32]))
}

fn folder() -> (tempfile::TempDir, Folder, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::lock(temp.path()).unwrap();
    let path = temp.path().join(SPEC.name);
    (temp, folder, path)
}

/// A connection outside the vault's rules, as another program with the key would have it.
fn outside(path: &Path) -> Connection {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    kabao_vault_sys::key(&connection, key().bytes()).unwrap();
    connection
}

#[test]
fn a_connection_without_a_key_is_refused_although_everything_else_is_right() {
    let (_temp, _folder, path) = folder();
    let refused = open_writer(&path, &SPEC, Presence::MayBeNew, &|_| Ok(()));
    assert_eq!(refused.err(), Some(VaultError::NotEncrypted));
    // The file it made is plain indeed: the check is not red for another reason.
    assert!(fs::read(&path).unwrap().starts_with(b"SQLite format 3\0"));
    // And neither the key nor a later start takes it over.
    let again = open_writer(&path, &SPEC, Presence::MayBeNew, &with_key(&key()));
    assert_eq!(again.err(), Some(VaultError::NotEncrypted));
}

#[test]
fn the_first_write_happens_under_extra_and_later_ones_under_full() {
    let (_temp, _folder, path) = folder();
    let connection = Connection::open(&path).unwrap();
    with_key(&key())(&connection).unwrap();
    // What is written first is the switch of the journal: by then the level must stand.
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let order = std::sync::Arc::clone(&seen);
    let mut connection = connection;
    connection
        .authorizer(Some(move |ask: rusqlite::hooks::AuthContext<'_>| {
            if let rusqlite::hooks::AuthAction::Pragma {
                pragma_name,
                pragma_value: Some(value),
            } = ask.action
            {
                order.lock().unwrap().push(format!("{pragma_name}={value}"));
            }
            rusqlite::hooks::Authorization::Allow
        }))
        .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    apply_to_writer(&connection, &SPEC).unwrap();
    assert!(
        fs::metadata(&path).unwrap().len() > 0,
        "the journal switch writes the file"
    );
    let order = seen.lock().unwrap().clone();
    let place = |what: &str| order.iter().position(|entry| entry == what);
    let (level, journal) = (place("synchronous=3"), place("journal_mode=wal"));
    assert!(
        level.is_some() && journal.is_some() && level < journal,
        "{order:?}"
    );
    read_back(&connection, 3, &SPEC, false).unwrap();
    drop(connection);

    let opened = open_writer(&path, &SPEC, Presence::MustExist, &with_key(&key())).unwrap();
    assert_eq!(
        opened.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)),
        Ok(2)
    );
}

#[test]
fn levels_per_durability() {
    let levels = |d| (first_level(d), lasting_level(d));
    assert_eq!(levels(Durability::ExtraThenFull), (3, 2));
    assert_eq!(levels(Durability::Full), (2, 2));
    assert_eq!(levels(Durability::Normal), (1, 1));
}

#[test]
fn a_setting_that_differs_is_named_and_refused() {
    let (_temp, _folder, path) = folder();
    let connection = Connection::open(&path).unwrap();
    with_key(&key())(&connection).unwrap();
    apply_to_writer(&connection, &SPEC).unwrap();
    for (name, wrong, right) in [
        ("synchronous", "1", "3"),
        ("foreign_keys", "0", "1"),
        ("trusted_schema", "1", "0"),
        ("cell_size_check", "0", "1"),
        (
            "fullfsync",
            if cfg!(target_vendor = "apple") {
                "0"
            } else {
                "1"
            },
            if cfg!(target_vendor = "apple") {
                "1"
            } else {
                "0"
            },
        ),
        ("query_only", "1", "0"),
        ("busy_timeout", "17", "2000"),
    ] {
        read_back(&connection, 3, &SPEC, false).unwrap();
        let set = |value: &str| {
            connection
                .execute_batch(&format!("PRAGMA {name} = {value}"))
                .unwrap()
        };
        set(wrong);
        assert_eq!(
            read_back(&connection, 3, &SPEC, false),
            Err(VaultError::Settings { name })
        );
        set(right);
    }
    connection
        .pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        .unwrap();
    assert_eq!(
        read_back(&connection, 3, &SPEC, false),
        Err(VaultError::Settings {
            name: "journal_mode"
        })
    );
}

#[test]
fn another_writer_makes_it_busy_not_broken() {
    let (_temp, folder, path) = folder();
    let spec = FileSpec {
        patience: Duration::from_millis(1),
        ..SPEC
    };
    let db = Db::open(&folder, &spec, &key(), Presence::MayBeNew).unwrap();
    let other = outside(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let write =
        || db.write(|tx| Ok::<_, VaultError>(tx.execute("INSERT INTO t VALUES (NULL, 'x')", [])?));
    assert_eq!(write(), Err(VaultError::Busy));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write(), Ok(1));
}

#[test]
fn a_device_failure_poisons_even_when_the_work_swallows_it() {
    let (_temp, folder, _path) = folder();
    let db = Db::open(&folder, &SPEC, &key(), Presence::MayBeNew).unwrap();
    // The code of a failed sync, passing through the one mapping as it would from a statement.
    let failing = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(1034), None);
    let swallowed: Result<(), VaultError> = db.write(|tx| {
        tx.execute("INSERT INTO t VALUES (1, 'x')", [])?;
        let _ = VaultError::from(failing());
        Ok(())
    });
    assert_eq!(swallowed, Err(VaultError::Io { code: 1034 }));
    assert!(db.is_poisoned());
    let count = |db: &Db| {
        db.read(|c| {
            Ok::<_, VaultError>(c.query_row("SELECT count(*) FROM t", [], |r| r.get::<_, i64>(0))?)
        })
    };
    assert_eq!(count(&db), Err(VaultError::Poisoned));
    assert_eq!(db.checkpoint(), Err(VaultError::Poisoned));
    assert_eq!(db.close(), Err(VaultError::Poisoned));
    let db = Db::open(&folder, &SPEC, &key(), Presence::MustExist).unwrap();
    assert_eq!(
        count(&db),
        Ok(0),
        "rolled back, and readable after opening again"
    );
}

#[test]
fn codes_become_meanings() {
    let map = |code| {
        VaultError::from(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(code),
            Some("名".into()),
        ))
    };
    assert_eq!(map(26), VaultError::WrongKeyOrDamaged);
    assert_eq!(map(11), VaultError::Corrupt { code: 11 });
    assert_eq!(map(5), VaultError::Busy);
    assert_eq!(map(517), VaultError::Busy);
    assert_eq!(map(13), VaultError::DiskFull);
    // SQLITE_IOERR_SHMSIZE: the index of the log is the first file that grows when a file is opened.
    assert_eq!(map(4874), VaultError::DiskFull);
    assert_eq!(map(8), VaultError::ReadOnly);
    assert_eq!(map(778), VaultError::Io { code: 778 });
    assert_eq!(map(14), VaultError::Io { code: 14 });
    assert_eq!(map(23), VaultError::NotAllowed);
    assert_eq!(map(2067), VaultError::Constraint { code: 2067 });
    assert!(
        !format!("{:?} {}", map(1), map(1)).contains('名'),
        "run-time text may quote values"
    );
}

#[test]
fn on_one_connection_a_read_writes_nothing() {
    let (_temp, folder, _path) = folder();
    let spec = FileSpec { one_connection: true, ..SPEC };
    let db = Db::open(&folder, &spec, &key(), Presence::MayBeNew).unwrap();
    let insert = |conn: &Connection| conn.execute("INSERT INTO t (b) VALUES ('x')", []).map_err(VaultError::from);
    let count = |db: &Db| {
        db.read(|conn| conn.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).map_err(VaultError::from)).unwrap()
    };
    assert_eq!(db.read(|conn| insert(conn)), Err(VaultError::ReadOnly));
    assert_eq!(count(&db), 0);
    db.write(|tx| insert(tx)).unwrap();
    assert_eq!(count(&db), 1);
    db.close().unwrap();
}
