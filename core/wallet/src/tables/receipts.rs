//! Signed receipts of this phone's own payments, kept for good.

use super::{id_if, time_at};
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// A receipt as it was signed.
pub(crate) struct ReceiptRow {
    pub(crate) record_id: Id,
    pub(crate) intent_id: Option<Id>,
    pub(crate) token_id: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) document: Vec<u8>,
}

/// Keeps a receipt; one that is there stays.
pub(crate) fn insert(conn: &Connection, row: &ReceiptRow) -> Outcome<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO receipts (record_id, intent_id, token_id, at, document) VALUES (?1, ?2, ?3, ?4, ?5)")
        .and_then(|mut insert| {
            insert.execute(params![
                row.record_id.to_string(), row.intent_id.map(|id| id.to_string()), row.token_id, row.at.as_ms(), row.document,
            ])
        })
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReceiptRow> {
    Ok(ReceiptRow {
        record_id: super::id_at(row, 0)?,
        intent_id: id_if(row, 1)?,
        token_id: row.get(2)?,
        at: time_at(row, 3)?,
        document: row.get(4)?,
    })
}

/// The receipt of a record.
pub(crate) fn get(conn: &Connection, record_id: Id) -> Outcome<Option<ReceiptRow>> {
    conn.row(
        "SELECT record_id, intent_id, token_id, at, document FROM receipts WHERE record_id = ?1",
        [record_id.to_string()],
        read,
    )
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// The signed documents of a payment.
pub(crate) fn of_intent(conn: &Connection, intent: Id) -> Outcome<Vec<Vec<u8>>> {
    conn.prepare_cached("SELECT document FROM receipts WHERE intent_id = ?1")
        .and_then(|mut select| select.query_map([intent.to_string()], |row| row.get(0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// A page of receipts in the order of their records' ids, after `after` (empty for the first).
pub(crate) fn page(conn: &Connection, after: &str, limit: u32) -> Outcome<Vec<ReceiptRow>> {
    conn.prepare_cached("SELECT record_id, intent_id, token_id, at, document FROM receipts WHERE record_id > ?1 ORDER BY record_id LIMIT ?2")
        .and_then(|mut select| select.query_map(params![after, limit], read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// How many there are.
pub(crate) fn count(conn: &Connection) -> Outcome<u64> {
    conn.row("SELECT count(*) FROM receipts", [], |row| super::count_at(row, 0)).map_err(|error| VaultError::from(error).into())
}
