//! Specs and small tools that the tests of the files share.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "tools of tests; not every test file uses each"
)]

use std::fs;
use std::path::Path;

use kabao_vault::{Db, Durability, FileKey, FileSpec, Folder, Migration, Presence, VaultError};
use zeroize::Zeroizing;

pub const STEPS: &[Migration] = &[
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
pub const LEDGER: FileSpec = FileSpec::new("ledger.db", Durability::ExtraThenFull, STEPS);
pub const MINE: FileSpec = FileSpec::new("mine.db", Durability::Full, STEPS);
pub const CACHE: FileSpec = FileSpec {
    rebuildable: true,
    ..FileSpec::new("cache.db", Durability::Normal, STEPS)
};

pub fn key(byte: u8) -> FileKey {
    FileKey::new(Zeroizing::new([byte; 32]))
}

pub fn open(folder: &Folder, spec: &FileSpec) -> Db {
    Db::open(folder, spec, &key(7), Presence::MayBeNew).unwrap()
}

pub fn add(db: &Db, text: &str) -> Result<i64, VaultError> {
    db.write(|tx| {
        tx.execute("INSERT INTO note (text) VALUES (?1)", [text])?;
        Ok(tx.last_insert_rowid())
    })
}

pub fn count(db: &Db) -> Result<i64, VaultError> {
    db.read(|c| Ok(c.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?))
}

pub fn find(db: &Db, query: &str) -> Vec<i64> {
    db.read(|c| {
        let mut statement =
            c.prepare("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid")?;
        let rows = statement
            .query_map([query], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        Ok::<_, VaultError>(rows)
    })
    .unwrap()
}

pub fn contains(path: &Path, needle: &[u8]) -> bool {
    fs::read(path)
        .unwrap()
        .windows(needle.len())
        .any(|window| window == needle)
}

pub fn temp() -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::lock(&temp.path().join("wallet")).unwrap();
    (temp, folder)
}

pub fn refusal(folder: &Folder, spec: &FileSpec, byte: u8) -> Option<VaultError> {
    Db::open(folder, spec, &key(byte), Presence::MustExist).err()
}
