//! What is on disk, and which files, folders and statements are refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the whole file is tests")]

mod common;

use std::fs;

use common::*;
use kabao_vault::{Db, Durability, FileSpec, Folder, Migration, Presence, VaultError};

#[test]
fn a_wrong_key_is_refused_and_the_file_untouched() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    add(&db, "一").unwrap();
    db.abandon(); // leaves a log behind, which must survive too
    let path = folder.path().join("ledger.db");
    let log = folder.path().join("ledger.db-wal");
    let before = (fs::read(&path).unwrap(), fs::read(&log).unwrap());
    assert!(!before.1.is_empty());
    assert_eq!(
        refusal(&folder, &LEDGER, 8),
        Some(VaultError::WrongKeyOrDamaged)
    );
    assert_eq!(before, (fs::read(&path).unwrap(), fs::read(&log).unwrap()));
    assert_eq!(count(&open(&folder, &LEDGER)), Ok(1));
}

#[test]
fn without_a_key_nothing_can_be_read() {
    let (_temp, folder) = temp();
    open(&folder, &LEDGER).close().unwrap();
    let plain = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    let error = plain
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        })
        .unwrap_err();
    assert_eq!(VaultError::from(error), VaultError::WrongKeyOrDamaged);
}

#[test]
fn a_plain_file_is_refused_and_untouched() {
    let (_temp, folder) = temp();
    let path = folder.path().join("ledger.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(refusal(&folder, &LEDGER, 7), Some(VaultError::NotEncrypted));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    let (_temp, folder) = temp();
    // Without a search index: its merging leaves free pages, whose bytes nobody reads.
    let spec = FileSpec::new("ledger.db", Durability::ExtraThenFull, &STEPS[..1]);
    let db = open(&folder, &spec);
    for n in 0..200 {
        add(&db, &format!("付款 {n} {}", "款".repeat(50))).unwrap();
    }
    db.close().unwrap();
    let path = folder.path().join("ledger.db");
    let good = fs::read(&path).unwrap();
    let pages = good.len() / 4096;
    assert!(pages >= 8, "{pages}");
    let read_all = || -> Result<(), VaultError> {
        let db = Db::open(&folder, &spec, &key(7), Presence::MustExist)?;
        let answer: String = db.read(|c| {
            Ok::<_, VaultError>(c.query_row("PRAGMA integrity_check", [], |row| row.get(0))?)
        })?;
        let outcome = if answer == "ok" {
            Ok(())
        } else {
            Err(VaultError::Corrupt { code: 0 })
        };
        db.abandon();
        outcome
    };
    assert_eq!(read_all(), Ok(()));
    // Every page, at its start, in its middle and in its tag; of page 1 also the part that is in clear.
    let mut places: Vec<usize> = (0..pages)
        .flat_map(|page| [0, 9, 2048, 4070, 4095].map(|at| page * 4096 + at))
        .collect();
    places.extend([15, 16, 18, 20, 23, 24, 99]);
    for place in places {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        let outcome = read_all();
        assert!(
            matches!(
                outcome,
                Err(VaultError::WrongKeyOrDamaged | VaultError::Corrupt { .. })
            ),
            "byte {place}: {outcome:?}"
        );
    }
    fs::write(&path, &good).unwrap();
    assert_eq!(read_all(), Ok(()));
}

#[test]
fn nothing_readable_is_on_disk() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let marker = "canary-张三丰-7f3a";
    for _ in 0..50 {
        add(&db, marker).unwrap();
    }
    let names =
        ["ledger.db", "ledger.db-wal", "ledger.db-shm"].map(|name| folder.path().join(name));
    assert!(
        fs::metadata(&names[1]).unwrap().len() > 4096,
        "the marker is in the log now"
    );
    for path in &names {
        assert!(
            !contains(path, b"canary-")
                && !contains(path, "张三丰".as_bytes())
                && !contains(path, b"CREATE TABLE")
        );
    }
    db.checkpoint().unwrap();
    assert_eq!(fs::metadata(&names[1]).unwrap().len(), 0);
    assert!(!contains(&names[0], b"canary-") && !contains(&names[0], "张三丰".as_bytes()));
    // Red control: the same search finds the marker in a plain file.
    let plain = folder.path().join("plain");
    let connection = rusqlite::Connection::open(&plain).unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    connection
        .execute("INSERT INTO t VALUES (?1)", [marker])
        .unwrap();
    assert!(contains(&plain, b"canary-") && contains(&plain, "张三丰".as_bytes()));
}

#[test]
fn dangerous_statements_are_refused_on_both_connections() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let other = folder.path().join("other.db");
    let attach = format!("ATTACH '{}' AS other KEY ''", other.display());
    let refused = [
        attach.as_str(),
        "ATTACH ':memory:' AS m",
        "DETACH main",
        "PRAGMA hmac_check = 0",
        "PRAGMA key = 'x'",
        "PRAGMA rekey = 'x'",
        "PRAGMA hexkey = '00'",
        "PRAGMA hexrekey = '00'",
        "PRAGMA cipher = 'aes256cbc'",
        "PRAGMA cipher",
        "PRAGMA cipher_salt",
        "PRAGMA mc_legacy_wal = 1",
        "PRAGMA plaintext_header_size = 24",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = 0",
        "PRAGMA SYNCHRONOUS(0)",
        "PRAGMA main.synchronous = OFF",
        "PRAGMA writable_schema = 1",
        "PRAGMA trusted_schema = 1",
        "PRAGMA foreign_keys = 0",
        "PRAGMA user_version = 9",
        "PRAGMA query_only = 0",
    ];
    for sql in refused {
        let by_writer: Result<(), VaultError> = db.write(|tx| Ok(tx.execute_batch(sql)?));
        let by_reader: Result<(), VaultError> = db.read(|c| Ok(c.execute_batch(sql)?));
        assert_eq!(
            (by_writer, by_reader),
            (Err(VaultError::NotAllowed), Err(VaultError::NotAllowed)),
            "{sql}"
        );
    }
    assert!(!other.exists());
    // For a function the database reports a wrong statement instead; it does not compile either.
    for sql in [
        "SELECT sqlite3mc_config('cipher')",
        "SELECT SQLITE3MC_codec_data('salt')",
    ] {
        let by_writer: Result<(), VaultError> = db.write(|tx| Ok(tx.execute_batch(sql)?));
        assert!(
            matches!(&by_writer, Err(VaultError::Statement { about, .. }) if about.contains("not authorized")),
            "{sql}"
        );
    }
    // What is needed stays possible.
    for sql in [
        "PRAGMA table_info(note)",
        "PRAGMA quick_check",
        "PRAGMA user_version",
        "PRAGMA optimize",
    ] {
        db.write(|tx| Ok::<_, VaultError>(tx.execute_batch(sql)?))
            .unwrap();
    }
}

#[test]
fn a_newer_schema_is_refused_and_untouched() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    add(&db, "一").unwrap();
    db.abandon();
    let files = ["ledger.db", "ledger.db-wal"].map(|name| folder.path().join(name));
    let before = files.clone().map(|path| fs::read(path).unwrap());
    let old = FileSpec::new("ledger.db", Durability::ExtraThenFull, &STEPS[..1]);
    assert_eq!(
        refusal(&folder, &old, 7),
        Some(VaultError::NewerSchema { found: 2, known: 1 })
    );
    assert_eq!(files.map(|path| fs::read(path).unwrap()), before);
}

#[test]
fn schema_steps_run_once_each_and_a_failed_one_leaves_the_schema_before_it() {
    let (_temp, folder) = temp();
    let old = FileSpec::new("ledger.db", Durability::ExtraThenFull, &STEPS[..1]);
    let db = open(&folder, &old);
    add(&db, "一").unwrap();
    db.close().unwrap();
    const BROKEN: &[Migration] = &[
        STEPS[0],
        Migration {
            version: 2,
            sql: "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);",
        },
    ];
    let broken = FileSpec::new("ledger.db", Durability::ExtraThenFull, BROKEN);
    assert!(matches!(
        refusal(&folder, &broken, 7),
        Some(VaultError::Migration { version: 2, .. })
    ));
    const ENDING: &[Migration] = &[
        STEPS[0],
        Migration {
            version: 2,
            sql: "CREATE TABLE half (a); COMMIT;",
        },
    ];
    const TURNED: &[Migration] = &[STEPS[1], STEPS[0]];
    let turned = FileSpec::new("ledger.db", Durability::ExtraThenFull, TURNED);
    assert_eq!(
        refusal(&folder, &turned, 7),
        Some(VaultError::MigrationOrder)
    );
    let db = open(&folder, &LEDGER);
    assert_eq!(count(&db), Ok(1), "the row of schema 1 is still there");
    let half: i64 = db
        .read(|c| {
            Ok::<_, VaultError>(c.query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name = 'half'",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(half, 0);
    db.close().unwrap();
    // A step that ends its own transaction is a defect that is noticed.
    let other = FileSpec::new("other.db", Durability::Full, ENDING);
    assert!(Db::open(&folder, &other, &key(7), Presence::MayBeNew).is_err());
}

#[test]
fn one_owner_of_the_folder_and_of_each_file() {
    let (_temp, folder) = temp();
    assert_eq!(Folder::lock(folder.path()).err(), Some(VaultError::InUse));
    let db = open(&folder, &LEDGER);
    assert_eq!(refusal(&folder, &LEDGER, 7), Some(VaultError::InUse));
    assert_eq!(folder.set_aside("ledger.db", "1"), Err(VaultError::InUse));
    let path = folder.path().to_path_buf();
    drop(folder);
    assert_eq!(
        Folder::lock(&path).err(),
        Some(VaultError::InUse),
        "an open file keeps the folder"
    );
    db.close().unwrap();
    assert!(Folder::lock(&path).is_ok());
}

#[cfg(unix)]
#[test]
fn the_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a/b");
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let _folder = Folder::lock(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn setting_aside_moves_file_and_log_and_overwrites_nothing() {
    let (_temp, folder) = temp();
    let db = open(&folder, &MINE);
    add(&db, "kept").unwrap();
    db.abandon();
    let bytes = ["mine.db", "mine.db-wal"].map(|name| fs::read(folder.path().join(name)).unwrap());
    let moved = folder.set_aside("mine.db", "20261122T0400Z").unwrap();
    assert!(
        moved.starts_with(&[
            "mine.db.aside-20261122T0400Z".into(),
            "mine.db.aside-20261122T0400Z-wal".into()
        ]),
        "{moved:?}"
    );
    assert_eq!(
        [&moved[0], &moved[1]].map(|name| fs::read(folder.path().join(name)).unwrap()),
        bytes
    );
    assert_eq!(folder.holds("mine.db"), Ok(false));
    assert_eq!(refusal(&folder, &MINE, 7), Some(VaultError::Missing));
    assert_eq!(folder.set_aside("mine.db", "2"), Err(VaultError::Missing));
    // A new file can be made; the old stamp is taken.
    open(&folder, &MINE).close().unwrap();
    assert_eq!(
        folder.set_aside("mine.db", "20261122T0400Z"),
        Err(VaultError::NameTaken)
    );
    assert_eq!(folder.set_aside("mine.db", "../x"), Err(VaultError::Name));
    assert_eq!(folder.set_aside("../mine.db", "1"), Err(VaultError::Name));
    assert_eq!(folder.holds("mine.db"), Ok(true));
}

#[test]
fn a_log_without_its_file_is_not_thrown_away() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    add(&db, "one").unwrap();
    db.abandon();
    fs::write(folder.path().join("ledger.db"), b"").unwrap();
    for presence in [Presence::MayBeNew, Presence::MustExist] {
        assert_eq!(
            Db::open(&folder, &LEDGER, &key(7), presence).err(),
            Some(VaultError::MissingBesideLog)
        );
    }
    assert!(
        fs::metadata(folder.path().join("ledger.db-wal"))
            .unwrap()
            .len()
            > 0
    );
}

#[test]
fn only_what_can_be_rebuilt_is_dropped() {
    let (_temp, folder) = temp();
    let db = open(&folder, &CACHE);
    assert_eq!(folder.drop_cache(&CACHE), Err(VaultError::InUse));
    db.abandon();
    open(&folder, &LEDGER).close().unwrap();
    assert_eq!(folder.drop_cache(&LEDGER), Err(VaultError::NotRebuildable));
    folder.drop_cache(&CACHE).unwrap();
    folder.drop_cache(&CACHE).unwrap();
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["ledger.db", "lock"]);
}

#[test]
fn one_file_in_the_place_of_another_is_noticed() {
    let (_temp, folder) = temp();
    open(&folder, &MINE).close().unwrap();
    fs::rename(
        folder.path().join("mine.db"),
        folder.path().join("ledger.db"),
    )
    .unwrap();
    assert_eq!(refusal(&folder, &LEDGER, 7), Some(VaultError::WrongFile));
}
