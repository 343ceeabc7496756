//! The service's database: one plain SQLite file, one writer, every change in one transaction.

pub mod alarms;
pub mod forgotten;
pub mod history;
pub mod ledger;
pub mod limits;
pub mod low;
pub mod meta;
pub mod own_caps;
pub mod people;

use crate::refusal::Outcome;
use kabao_base::Id;
use kabao_vault_sys as _;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, TransactionBehavior};
use std::path::Path;

const SCHEMA: &str = include_str!("schema.sql");
const VERSION: i64 = 1;

/// Opens the database, makes the tables when they are missing, and reads the settings back.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // FULL in WAL: what was answered survives a power loss, not only a kill. EXTRA while the file is made,
    // or the file system may bring the journal of its creation back.
    connection.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;")?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        connection.execute_batch(&format!("BEGIN IMMEDIATE;\n{SCHEMA}\nPRAGMA user_version = {VERSION};\nCOMMIT;"))?;
    } else if version != VERSION {
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection.execute_batch("PRAGMA synchronous = FULL;")?;
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if synchronous < 2 || journal != "wal" {
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Does `work` in one transaction: all of it is on disk when this returns, or none of it.
pub fn write<T>(db: &mut Connection, work: impl FnOnce(&Transaction) -> Outcome<T>) -> Outcome<T> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// One row or none.
pub fn one<T>(db: &Connection, sql: &str, params: impl Params, read: impl FnOnce(&Row) -> rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    db.prepare_cached(sql)?.query_row(params, read).optional()
}

/// Every row.
pub fn all<T>(db: &Connection, sql: &str, params: impl Params, read: impl FnMut(&Row) -> rusqlite::Result<T>) -> rusqlite::Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(params, read)?.collect()
}

/// Runs a statement and says how many rows it touched.
pub fn run(db: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    db.prepare_cached(sql)?.execute(params)
}

/// An id in a column.
pub fn id_at(row: &Row, column: &str) -> rusqlite::Result<Id> {
    let text: String = row.get(column)?;
    Id::parse(&text).map_err(|_| rusqlite::Error::InvalidQuery)
}

/// An id in a column that may be empty.
pub fn maybe_id_at(row: &Row, column: &str) -> rusqlite::Result<Option<Id>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Id::parse(&text).map_err(|_| rusqlite::Error::InvalidQuery)).transpose()
}
