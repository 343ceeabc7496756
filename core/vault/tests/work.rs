//! Work on an open file: limits, roll-back, counters and search.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the whole file is tests")]

mod common;

use std::fs;

use common::*;
use kabao_vault::{Durability, FileSpec, Migration, VaultError};

#[test]
fn a_full_file_says_so_and_stays_whole() {
    let (_temp, folder) = temp();
    let small = FileSpec {
        page_limit: Some(40),
        ..LEDGER
    };
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
    db.write(|tx| {
        Ok::<_, VaultError>(tx.execute("UPDATE note SET text = 'short' WHERE id = 1", [])?)
    })
    .unwrap();
}

#[test]
fn the_reader_cannot_write() {
    let (_temp, folder) = temp();
    let db = open(&folder, &LEDGER);
    let outcome: Result<usize, VaultError> =
        db.read(|c| Ok(c.execute("INSERT INTO note (text) VALUES ('x')", [])?));
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
        assert_eq!(
            (db.write(|tx| level(tx)), db.read(level)),
            (Ok(expected), Ok(expected)),
            "{}",
            spec.name
        );
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
        tx.execute("INSERT INTO note (text) VALUES ('x')", [])
            .map_err(VaultError::from)?;
        if count(&db)? == 0 {
            Err::<(), _>(Mine::Stop)
        } else {
            Ok(())
        }
    });
    assert_eq!(stopped, Err(Mine::Stop));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Result<(), VaultError> = db.write(|tx| {
            tx.execute("INSERT INTO note (text) VALUES ('x')", [])?;
            panic!("in the middle")
        });
    }));
    assert!(panicked.is_err());
    let ended: Result<(), VaultError> =
        db.write(|tx| Ok(tx.execute_batch("INSERT INTO note (text) VALUES ('x'); ROLLBACK")?));
    assert_eq!(ended, Err(VaultError::TransactionLost));
    assert_eq!(count(&db), Ok(0));
    assert!(add(&db, "after").is_ok());
}

#[test]
fn a_commit_is_counted_with_its_frames() {
    const ONE: &[Migration] = &[Migration {
        version: 1,
        sql: "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB) STRICT",
    }];
    let (_temp, folder) = temp();
    let db = open(
        &folder,
        &FileSpec::new("ledger.db", Durability::ExtraThenFull, ONE),
    );
    db.checkpoint().unwrap();
    let log = folder.path().join("ledger.db-wal");
    let frames_on_disk =
        || fs::metadata(&log).map_or(0, |found| found.len().saturating_sub(32) / (4096 + 24));
    let insert = |size: i64| {
        let before = (db.counters().unwrap(), frames_on_disk());
        db.write(|tx| {
            Ok::<_, VaultError>(tx.execute("INSERT INTO t (b) VALUES (zeroblob(?1))", [size])?)
        })
        .unwrap();
        let after = (db.counters().unwrap(), frames_on_disk());
        let counted = after.0.frames_written - before.0.frames_written;
        assert_eq!(
            counted,
            after.1 - before.1,
            "the counter is what lies on disk"
        );
        (after.0.commits - before.0.commits, counted)
    };
    insert(1); // the first after a checkpoint may write more
    assert_eq!(insert(1), (1, 1), "a small row in one page");
    let (commits, frames) = insert(40_000);
    assert!(commits == 1 && frames >= 10, "{frames}");
    let before = db.counters().unwrap();
    let _: Result<(), _> = db.write(|_| Err(VaultError::NoRow));
    assert_eq!(
        db.counters().unwrap().commits,
        before.commits,
        "what was rolled back is no commit"
    );
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
    let scan = || {
        db.read(|c| {
            Ok::<_, VaultError>(
                c.query_row("SELECT sum(length(text)) FROM note", [], |row| {
                    row.get::<_, i64>(0)
                })?,
            )
        })
        .unwrap()
    };
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
    for text in [
        "中国石化加油站",
        "国中",
        "7-Eleven便利店",
        "ＳＴＡＲＢＵＣＫＳ 星巴克",
        "𠮷野家",
    ] {
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
        .read(|c| {
            Ok::<_, VaultError>(c.query_row(
                "SELECT rowid FROM search WHERE search MATCH ?1",
                ["\"张三丰"],
                |row| row.get::<_, i64>(0),
            )?)
        })
        .unwrap_err();
    assert!(
        !format!("{error:?} {error}").contains("张三丰"),
        "{error:?}"
    );
    // A wrong statement is a defect and may be named.
    let error = db
        .read(|c| Ok::<_, VaultError>(c.execute_batch("SELECT nothing FROM note")?))
        .unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
}
