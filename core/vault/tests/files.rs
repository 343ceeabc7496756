//! The encrypted files, seen from outside: what is on disk, what is refused, what is counted.

use std::fs;
use std::path::Path;

use kabao_vault::{Db, Durability, FileKey, FileSpec, Folder, Migration, Presence, VaultError};
use zeroize::Zeroizing;

const STEPS: &[Migration] = &[
    Migration { version: 1, sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT" },
    Migration {
        version: 2,
        sql: "CREATE VIRTUAL TABLE search USING fts5(text, content='note', content_rowid='id', tokenize='kabao');
              INSERT INTO search(search, rank) VALUES ('pgsz', 3900);
              CREATE TRIGGER note_search AFTER INSERT ON note BEGIN
                  INSERT INTO search(rowid, text) VALUES (new.id, new.text);
              END;",
    },
];
const LEDGER: FileSpec = FileSpec::new("ledger.db", Durability::ExtraThenFull, STEPS);
const MINE: FileSpec = FileSpec::new("mine.db", Durability::Full, STEPS);
const CACHE: FileSpec = FileSpec { rebuildable: true, ..FileSpec::new("cache.db", Durability::Normal, STEPS) };

fn key(byte: u8) -> FileKey {
    FileKey::new(Zeroizing::new([byte; 32]))
}

fn open(folder: &Folder, spec: &FileSpec) -> Db {
    Db::open(folder, spec, &key(7), Presence::MayBeNew).unwrap()
}

fn add(db: &Db, text: &str) -> Result<i64, VaultError> {
    db.write(|tx| {
        tx.execute("INSERT INTO note (text) VALUES (?1)", [text])?;
        Ok(tx.last_insert_rowid())
    })
}

fn count(db: &Db) -> Result<i64, VaultError> {
    db.read(|c| Ok(c.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?))
}

fn find(db: &Db, query: &str) -> Vec<i64> {
    db.read(|c| {
        let mut statement = c.prepare("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid")?;
        let rows = statement.query_map([query], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        Ok::<_, VaultError>(rows)
    })
    .unwrap()
}

fn contains(path: &Path, needle: &[u8]) -> bool {
    fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
}

fn temp() -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::lock(&temp.path().join("wallet")).unwrap();
    (temp, folder)
}

fn refusal(folder: &Folder, spec: &FileSpec, byte: u8) -> Option<VaultError> {
    Db::open(folder, spec, &key(byte), Presence::MustExist).err()
}

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
    assert_eq!(refusal(&folder, &LEDGER, 8), Some(VaultError::WrongKeyOrDamaged));
    assert_eq!(before, (fs::read(&path).unwrap(), fs::read(&log).unwrap()));
    assert_eq!(count(&open(&folder, &LEDGER)), Ok(1));
}

#[test]
fn without_a_key_nothing_can_be_read() {
    let (_temp, folder) = temp();
    open(&folder, &LEDGER).close().unwrap();
    let plain = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    let error = plain.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).unwrap_err();
    assert_eq!(VaultError::from(error), VaultError::WrongKeyOrDamaged);
}

#[test]
fn a_plain_file_is_refused_and_untouched() {
    let (_temp, folder) = temp();
    let path = folder.path().join("ledger.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
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
        let answer: String = db.read(|c| Ok::<_, VaultError>(c.query_row("PRAGMA integrity_check", [], |row| row.get(0))?))?;
        let outcome = if answer == "ok" { Ok(()) } else { Err(VaultError::Corrupt { code: 0 }) };
        db.abandon();
        outcome
    };
    assert_eq!(read_all(), Ok(()));
    // Every page, at its start, in its middle and in its tag; of page 1 also the part that is in clear.
    let mut places: Vec<usize> = (0..pages).flat_map(|page| [0, 9, 2048, 4070, 4095].map(|at| page * 4096 + at)).collect();
    places.extend([15, 16, 18, 20, 23, 24, 99]);
    for place in places {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        let outcome = read_all();
        assert!(
            matches!(outcome, Err(VaultError::WrongKeyOrDamaged | VaultError::Corrupt { .. })),
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
    let names = ["ledger.db", "ledger.db-wal", "ledger.db-shm"].map(|name| folder.path().join(name));
    assert!(fs::metadata(&names[1]).unwrap().len() > 4096, "the marker is in the log now");
    for path in &names {
        assert!(!contains(path, b"canary-") && !contains(path, "张三丰".as_bytes()) && !contains(path, b"CREATE TABLE"));
    }
    db.checkpoint().unwrap();
    assert_eq!(fs::metadata(&names[1]).unwrap().len(), 0);
    assert!(!contains(&names[0], b"canary-") && !contains(&names[0], "张三丰".as_bytes()));
    // Red control: the same search finds the marker in a plain file.
    let plain = folder.path().join("plain");
    let connection = rusqlite::Connection::open(&plain).unwrap();
    connection.execute_batch("CREATE TABLE t (a)").unwrap();
    connection.execute("INSERT INTO t VALUES (?1)", [marker]).unwrap();
    assert!(contains(&plain, b"canary-") && contains(&plain, "张三丰".as_bytes()));
}

#[test]
fn dangerous_statements_are_refused_on_both_connections() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let other = folder.path().join("other.db");
    let attach = format!("ATTACH '{}' AS other KEY ''", other.display());
    let refused = [
        attach.as_str(), "ATTACH ':memory:' AS m", "DETACH main", "PRAGMA hmac_check = 0", "PRAGMA key = 'x'",
        "PRAGMA rekey = 'x'", "PRAGMA hexkey = '00'", "PRAGMA hexrekey = '00'", "PRAGMA cipher = 'aes256cbc'",
        "PRAGMA cipher", "PRAGMA cipher_salt", "PRAGMA mc_legacy_wal = 1", "PRAGMA plaintext_header_size = 24",
        "PRAGMA journal_mode = DELETE", "PRAGMA synchronous = 0", "PRAGMA SYNCHRONOUS(0)", "PRAGMA main.synchronous = OFF",
        "PRAGMA writable_schema = 1", "PRAGMA trusted_schema = 1", "PRAGMA foreign_keys = 0", "PRAGMA user_version = 9",
        "PRAGMA query_only = 0",
    ];
    for sql in refused {
        let by_writer: Result<(), VaultError> = db.write(|tx| Ok(tx.execute_batch(sql)?));
        let by_reader: Result<(), VaultError> = db.read(|c| Ok(c.execute_batch(sql)?));
        assert_eq!((by_writer, by_reader), (Err(VaultError::NotAllowed), Err(VaultError::NotAllowed)), "{sql}");
    }
    assert!(!other.exists());
    // For a function the database reports a wrong statement instead; it does not compile either.
    for sql in ["SELECT sqlite3mc_config('cipher')", "SELECT SQLITE3MC_codec_data('salt')"] {
        let by_writer: Result<(), VaultError> = db.write(|tx| Ok(tx.execute_batch(sql)?));
        assert!(matches!(&by_writer, Err(VaultError::Statement { about, .. }) if about.contains("not authorized")), "{sql}");
    }
    // What is needed stays possible.
    for sql in ["PRAGMA table_info(note)", "PRAGMA quick_check", "PRAGMA user_version", "PRAGMA optimize"] {
        db.write(|tx| Ok::<_, VaultError>(tx.execute_batch(sql)?)).unwrap();
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
    assert_eq!(refusal(&folder, &old, 7), Some(VaultError::NewerSchema { found: 2, known: 1 }));
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
        Migration { version: 2, sql: "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);" },
    ];
    let broken = FileSpec::new("ledger.db", Durability::ExtraThenFull, BROKEN);
    assert!(matches!(refusal(&folder, &broken, 7), Some(VaultError::Migration { version: 2, .. })));
    const ENDING: &[Migration] = &[STEPS[0], Migration { version: 2, sql: "CREATE TABLE half (a); COMMIT;" }];
    const TURNED: &[Migration] = &[STEPS[1], STEPS[0]];
    let turned = FileSpec::new("ledger.db", Durability::ExtraThenFull, TURNED);
    assert_eq!(refusal(&folder, &turned, 7), Some(VaultError::MigrationOrder));
    let db = open(&folder, &LEDGER);
    assert_eq!(count(&db), Ok(1), "the row of schema 1 is still there");
    let half: i64 = db
        .read(|c| Ok::<_, VaultError>(c.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| row.get(0))?))
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
    assert_eq!(Folder::lock(&path).err(), Some(VaultError::InUse), "an open file keeps the folder");
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
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn setting_aside_moves_file_and_log_and_overwrites_nothing() {
    let (_temp, folder) = temp();
    let db = open(&folder, &MINE);
    add(&db, "kept").unwrap();
    db.abandon();
    let bytes = ["mine.db", "mine.db-wal"].map(|name| fs::read(folder.path().join(name)).unwrap());
    let moved = folder.set_aside("mine.db", "20261122T0400Z").unwrap();
    assert!(moved.starts_with(&["mine.db.aside-20261122T0400Z".into(), "mine.db.aside-20261122T0400Z-wal".into()]), "{moved:?}");
    assert_eq!([&moved[0], &moved[1]].map(|name| fs::read(folder.path().join(name)).unwrap()), bytes);
    assert_eq!(folder.holds("mine.db"), Ok(false));
    assert_eq!(refusal(&folder, &MINE, 7), Some(VaultError::Missing));
    assert_eq!(folder.set_aside("mine.db", "2"), Err(VaultError::Missing));
    // A new file can be made; the old stamp is taken.
    open(&folder, &MINE).close().unwrap();
    assert_eq!(folder.set_aside("mine.db", "20261122T0400Z"), Err(VaultError::NameTaken));
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
        assert_eq!(Db::open(&folder, &LEDGER, &key(7), presence).err(), Some(VaultError::MissingBesideLog));
    }
    assert!(fs::metadata(folder.path().join("ledger.db-wal")).unwrap().len() > 0);
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
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["ledger.db", "lock"]);
}

#[test]
fn one_file_in_the_place_of_another_is_noticed() {
    let (_temp, folder) = temp();
    open(&folder, &MINE).close().unwrap();
    fs::rename(folder.path().join("mine.db"), folder.path().join("ledger.db")).unwrap();
    assert_eq!(refusal(&folder, &LEDGER, 7), Some(VaultError::WrongFile));
}

#[test]
fn a_full_file_says_so_and_stays_whole() {
    let (_temp, folder) = temp();
    let small = FileSpec { page_limit: Some(40), ..LEDGER };
    let db = open(&folder, &small);
    let long = "满".repeat(3000);
    let mut rows = 0;
    let error = loop {
        match add(&db, &long) {
            Ok(_) => rows += 1,
            Err(error) => break error,
        }
        assert!(rows < 100);
    };
    assert_eq!(error, VaultError::DiskFull);
    assert!(!db.is_poisoned(), "a full disk is not a broken one");
    assert_eq!(count(&db), Ok(rows));
    db.write(|tx| Ok::<_, VaultError>(tx.execute("UPDATE note SET text = 'short' WHERE id = 1", [])?)).unwrap();
}

#[test]
fn the_reader_cannot_write() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let outcome: Result<usize, VaultError> = db.read(|c| Ok(c.execute("INSERT INTO note (text) VALUES ('x')", [])?));
    assert_eq!(outcome, Err(VaultError::ReadOnly));
    assert_eq!(count(&db), Ok(0));
}

#[test]
fn every_file_syncs_as_promised() {
    let (_temp, folder) = temp();
    let level = |c: &rusqlite::Connection| -> Result<i64, VaultError> {
        Ok(c.pragma_query_value(None, "synchronous", |row| row.get(0))?)
    };
    for (spec, expected) in [(LEDGER, 2), (MINE, 2), (CACHE, 1)] {
        let db = open(&folder, &spec);
        assert_eq!((db.write(|tx| level(tx)), db.read(level)), (Ok(expected), Ok(expected)), "{}", spec.name);
    }
}

#[test]
fn an_error_rolls_back_and_a_panic_too() {
    #[derive(Debug, PartialEq)]
    enum Mine {
        Vault(VaultError),
        Stop,
    }
    impl From<VaultError> for Mine {
        fn from(error: VaultError) -> Self {
            Self::Vault(error)
        }
    }
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let stopped = db.write(|tx| {
        tx.execute("INSERT INTO note (text) VALUES ('x')", []).map_err(VaultError::from)?;
        if count(&db)? == 0 { Err::<(), _>(Mine::Stop) } else { Ok(()) }
    });
    assert_eq!(stopped, Err(Mine::Stop));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Result<(), VaultError> = db.write(|tx| {
            tx.execute("INSERT INTO note (text) VALUES ('x')", [])?;
            panic!("in the middle")
        });
    }));
    assert!(panicked.is_err());
    let ended: Result<(), VaultError> = db.write(|tx| Ok(tx.execute_batch("INSERT INTO note (text) VALUES ('x'); ROLLBACK")?));
    assert_eq!(ended, Err(VaultError::TransactionLost));
    assert_eq!(count(&db), Ok(0));
    assert!(add(&db, "after").is_ok());
}

#[test]
fn a_commit_is_counted_with_its_frames() {
    const ONE: &[Migration] = &[Migration { version: 1, sql: "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB) STRICT" }];
    let (_temp, folder) = temp();
    let db = open(&folder, &FileSpec::new("ledger.db", Durability::ExtraThenFull, ONE));
    db.checkpoint().unwrap();
    let log = folder.path().join("ledger.db-wal");
    let frames_on_disk = || fs::metadata(&log).map_or(0, |found| found.len().saturating_sub(32) / (4096 + 24));
    let insert = |size: i64| {
        let before = (db.counters().unwrap(), frames_on_disk());
        db.write(|tx| Ok::<_, VaultError>(tx.execute("INSERT INTO t (b) VALUES (zeroblob(?1))", [size])?)).unwrap();
        let after = (db.counters().unwrap(), frames_on_disk());
        let counted = after.0.frames_written - before.0.frames_written;
        assert_eq!(counted, after.1 - before.1, "the counter is what lies on disk");
        (after.0.commits - before.0.commits, counted)
    };
    insert(1); // the first after a checkpoint may write more
    assert_eq!(insert(1), (1, 1), "a small row in one page");
    let (commits, frames) = insert(40_000);
    assert!(commits == 1 && frames >= 10, "{frames}");
    let before = db.counters().unwrap();
    let _: Result<(), _> = db.write(|_| Err(VaultError::NoRow));
    assert_eq!(db.counters().unwrap().commits, before.commits, "what was rolled back is no commit");
}

#[test]
fn pages_read_are_counted_once_they_are_not_in_memory() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    for _ in 0..100 {
        add(&db, &"页".repeat(500)).unwrap();
    }
    db.close().unwrap();
    let db = open(&folder, &LEDGER);
    let scan = || db.read(|c| Ok::<_, VaultError>(c.query_row("SELECT sum(length(text)) FROM note", [], |row| row.get::<_, i64>(0))?)).unwrap();
    let start = db.counters().unwrap().pages_read;
    assert_eq!(scan(), 50_000);
    let cold = db.counters().unwrap().pages_read - start;
    scan();
    let warm = db.counters().unwrap().pages_read - start - cold;
    assert!(cold >= 35 && warm == 0, "{cold} {warm}");
}

#[test]
fn search_finds_hanzi_of_any_length_and_words_by_prefix() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    for text in ["中国石化加油站", "国中", "7-Eleven便利店", "ＳＴＡＲＢＵＣＫＳ 星巴克", "𠮷野家"] {
        add(&db, text).unwrap();
    }
    assert_eq!(find(&db, "\"国\""), [1, 2]);
    assert_eq!(find(&db, "\"中国\""), [1], "in this order, side by side");
    assert_eq!(find(&db, "\"石化加\""), [1]);
    assert_eq!(find(&db, "\"中国石化加油站\""), [1]);
    assert_eq!(find(&db, "\"国石油\""), Vec::<i64>::new());
    assert_eq!(find(&db, "star*"), [4]);
    assert_eq!(find(&db, "\"Starbucks\""), [4]);
    assert_eq!(find(&db, "tar*"), Vec::<i64>::new());
    assert_eq!(find(&db, "\"7-eleven便\""), [3]);
    assert_eq!(find(&db, "\"𠮷野\""), [5]);
}

#[test]
fn errors_do_not_quote_what_was_searched() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let error = db
        .read(|c| Ok::<_, VaultError>(c.query_row("SELECT rowid FROM search WHERE search MATCH ?1", ["\"张三丰"], |row| row.get::<_, i64>(0))?))
        .unwrap_err();
    assert!(!format!("{error:?} {error}").contains("张三丰"), "{error:?}");
    // A wrong statement is a defect and may be named.
    let error = db.read(|c| Ok::<_, VaultError>(c.execute_batch("SELECT nothing FROM note")?)).unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
}
