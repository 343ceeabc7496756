//! A file written once and kept: every later version must open it, log included.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the whole file is tests")]

use std::fs;
use std::path::{Path, PathBuf};

use kabao_vault::{Db, Durability, FileKey, FileSpec, Folder, Migration, Presence, VaultError};
use zeroize::Zeroizing;

const STEPS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
          CREATE VIRTUAL TABLE search USING fts5(text, tokenize='kabao');",
}];
const SPEC: FileSpec = FileSpec::new("golden.db", Durability::Full, STEPS);
const FILES: [&str; 2] = ["golden.db", "golden.db-wal"];

/// 00 01 02 .. 1f: no secret, the same in every tool that wants to read the fixture.
fn key() -> FileKey {
    FileKey::new(Zeroizing::new(std::array::from_fn(|n| n as u8)))
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn add(db: &Db, text: &str) -> Result<(), VaultError> {
    db.write(|tx| {
        tx.execute("INSERT INTO note (text) VALUES (?1)", [text])?;
        tx.execute("INSERT INTO search (text) VALUES (?1)", [text])?;
        Ok(())
    })
}

fn texts(db: &Db) -> Result<Vec<String>, VaultError> {
    db.read(|c| {
        let mut statement = c.prepare("SELECT text FROM note ORDER BY id")?;
        Ok(statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    })
}

fn copy_of_fixture(files: &[&str]) -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::lock(temp.path()).unwrap();
    for file in files {
        fs::copy(fixtures().join(file), temp.path().join(file)).unwrap();
    }
    (temp, folder)
}

#[test]
fn the_kept_file_opens_with_its_log() {
    let (_temp, folder) = copy_of_fixture(&FILES);
    let db = Db::open(&folder, &SPEC, &key(), Presence::MustExist).unwrap();
    assert_eq!(
        texts(&db).unwrap(),
        ["早餐 豆浆", "地铁 Line 10", "咖啡 ¥23.50"]
    );
    let hit: i64 = db
        .read(|c| {
            Ok::<_, VaultError>(c.query_row(
                "SELECT rowid FROM search WHERE search MATCH '\"咖啡\"'",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(hit, 3);
    add(&db, "written later").unwrap();
    db.close().unwrap();
    let db = Db::open(&folder, &SPEC, &key(), Presence::MustExist).unwrap();
    assert_eq!(texts(&db).unwrap().len(), 4);
}

#[test]
fn the_last_row_is_in_the_log_only() {
    let (_temp, folder) = copy_of_fixture(&FILES[..1]);
    let db = Db::open(&folder, &SPEC, &key(), Presence::MustExist).unwrap();
    assert_eq!(
        texts(&db).unwrap(),
        ["早餐 豆浆", "地铁 Line 10"],
        "so the test above does read the log"
    );
}

/// Makes the fixture anew. Only for a new format; the file of a released format is never replaced.
#[test]
#[ignore = "writes into the source tree"]
fn make_the_fixture() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::lock(temp.path()).unwrap();
    let db = Db::open(&folder, &SPEC, &key(), Presence::MayBeNew).unwrap();
    add(&db, "早餐 豆浆").unwrap();
    add(&db, "地铁 Line 10").unwrap();
    db.checkpoint().unwrap();
    add(&db, "咖啡 ¥23.50").unwrap();
    for file in FILES {
        assert!(
            !fixtures().join(file).exists(),
            "remove the old fixture first"
        );
        fs::copy(temp.path().join(file), fixtures().join(file)).unwrap();
    }
}
