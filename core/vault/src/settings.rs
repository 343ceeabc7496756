//! The settings that every connection must have, and reading them back.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::{Durability, FileSpec, VaultError};

/// SQLite's numbers for `synchronous`.
const NORMAL: i64 = 1;
const FULL: i64 = 2;
const EXTRA: i64 = 3;

/// The level before the file's first write.
pub(crate) fn first_level(durability: Durability) -> i64 {
    match durability {
        Durability::ExtraThenFull => EXTRA,
        Durability::Full => FULL,
        Durability::Normal => NORMAL,
    }
}

/// The level of every later commit.
pub(crate) fn lasting_level(durability: Durability) -> i64 {
    match durability {
        Durability::ExtraThenFull | Durability::Full => FULL,
        Durability::Normal => NORMAL,
    }
}

/// Apple's `fsync` reaches the drive's cache only; the full one costs more and is what a payment needs.
const FULL_FSYNC: i64 = if cfg!(target_vendor = "apple") { 1 } else { 0 };

/// What is set and must read back, apart from the journal, the level of syncing and the reader's own.
const COMMON: &[(&str, i64)] = &[
    ("foreign_keys", 1),
    ("trusted_schema", 0),
    ("cell_size_check", 1),
    ("fullfsync", FULL_FSYNC),
    ("checkpoint_fullfsync", FULL_FSYNC),
];

/// Settings of the writer. The level of syncing comes first because switching the journal writes the file.
pub(crate) fn apply_to_writer(connection: &Connection, spec: &FileSpec) -> Result<(), VaultError> {
    connection.busy_timeout(Duration::from_millis(spec.patience_ms().into()))?;
    set_level(connection, first_level(spec.durability))?;
    for (name, value) in COMMON {
        connection.pragma_update(None, name, value)?;
    }
    if let Some(pages) = spec.page_limit {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}

/// Settings of the reader: as the writer's, and it can change nothing.
pub(crate) fn apply_to_reader(connection: &Connection, spec: &FileSpec) -> Result<(), VaultError> {
    connection.busy_timeout(Duration::from_millis(spec.patience_ms().into()))?;
    set_level(connection, lasting_level(spec.durability))?;
    for (name, value) in COMMON {
        connection.pragma_update(None, name, value)?;
    }
    connection.pragma_update(None, "query_only", 1)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}

pub(crate) fn set_level(connection: &Connection, level: i64) -> Result<(), VaultError> {
    Ok(connection.pragma_update(None, "synchronous", level)?)
}

/// Asks the connection what it really does. A setting that the library does not know is ignored without an error, so
/// only the answer counts.
pub(crate) fn read_back(
    connection: &Connection,
    level: i64,
    spec: &FileSpec,
    reader: bool,
) -> Result<(), VaultError> {
    for (name, value) in COMMON {
        expect(connection, name, *value)?;
    }
    expect(connection, "synchronous", level)?;
    expect(connection, "busy_timeout", i64::from(spec.patience_ms()))?;
    expect(connection, "query_only", i64::from(reader))?;
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if journal != "wal" {
        return Err(VaultError::Settings {
            name: "journal_mode",
        });
    }
    if !connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE)? {
        return Err(VaultError::Settings { name: "defensive" });
    }
    Ok(())
}

fn expect(connection: &Connection, name: &'static str, value: i64) -> Result<(), VaultError> {
    let found: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
    if found == value {
        Ok(())
    } else {
        Err(VaultError::Settings { name })
    }
}
