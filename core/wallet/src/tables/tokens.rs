//! The tokens of payer codes, and what became of each showing.

use super::{id_if, time_at};
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, Row, params};
use zeroize::Zeroizing;

/// One token. Its key makes codes; it leaves the phone only as a tag of ten digits.
pub(crate) struct TokenRow {
    pub(crate) token_id: String,
    pub(crate) batch_id: Id,
    pub(crate) prefix: String,
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) not_after: Timestamp,
    pub(crate) cap: i64,
    pub(crate) cap_untrusted: i64,
    /// `unused`, then the names of the merchant-started payment: `shown`, `asked`, `paid` …
    pub(crate) state: String,
    pub(crate) shown_at: Option<i64>,
    pub(crate) record_id: Option<Id>,
}

const COLUMNS: &str = "token_id, batch_id, prefix, key, not_after, cap, cap_untrusted, state, shown_at, record_id";

fn read(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        token_id: row.get(0)?,
        batch_id: super::id_at(row, 1)?,
        prefix: row.get(2)?,
        key: Zeroizing::new(row.get(3)?),
        not_after: time_at(row, 4)?,
        cap: row.get(5)?,
        cap_untrusted: row.get(6)?,
        state: row.get(7)?,
        shown_at: row.get(8)?,
        record_id: id_if(row, 9)?,
    })
}

/// Stores a token of a batch; a token that is there stays as it is.
pub(crate) fn insert(conn: &Connection, row: &TokenRow) -> Outcome<()> {
    conn.prepare_cached(&format!(
        "INSERT OR IGNORE INTO code_tokens ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            row.token_id, row.batch_id.to_string(), row.prefix, row.key.as_slice(), row.not_after.as_ms(), row.cap,
            row.cap_untrusted, row.state, row.shown_at, row.record_id.map(|id| id.to_string()),
        ])
    })
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// The token that is used up next: alive, unused, the one that expires first.
pub(crate) fn next(conn: &Connection, now: Timestamp) -> Outcome<Option<TokenRow>> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM code_tokens WHERE state = 'unused' AND not_after > ?1 ORDER BY not_after, token_id LIMIT 1"
    ))
    .and_then(|mut select| select.query_row([now.as_ms()], read).optional())
    .map_err(|error| VaultError::from(error).into())
}

/// One token.
pub(crate) fn get(conn: &Connection, token_id: &str) -> Outcome<Option<TokenRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM code_tokens WHERE token_id = ?1"))
        .and_then(|mut select| select.query_row([token_id], read).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// How many tokens are alive and unused.
pub(crate) fn left(conn: &Connection, now: Timestamp) -> Outcome<u32> {
    conn.row("SELECT count(*) FROM code_tokens WHERE state = 'unused' AND not_after > ?1", [now.as_ms()], |row| row.get(0))
        .map_err(|error| VaultError::from(error).into())
}

/// Changes the state of a token and forgets its key when it cannot be shown again.
pub(crate) fn set_state(conn: &Connection, token_id: &str, state: &str, shown_at: Option<Timestamp>, record: Option<Id>) -> Outcome<()> {
    conn.prepare_cached(
        "UPDATE code_tokens SET state = ?2, shown_at = coalesce(?3, shown_at), record_id = coalesce(?4, record_id),
             key = CASE WHEN ?2 IN ('unused', 'shown', 'asked') THEN key ELSE x'' END WHERE token_id = ?1",
    )
    .and_then(|mut update| {
        update.execute(params![token_id, state, shown_at.map(|at| at.as_ms()), record.map(|id| id.to_string())])
    })
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// No code of this phone counts any more: it was shut out, or is another device now.
pub(crate) fn void(conn: &Connection) -> Outcome<()> {
    conn.run("UPDATE code_tokens SET state = 'refused', key = x'' WHERE state = 'unused'", [])
        .and_then(|_| conn.run("UPDATE code_batches SET state = 'void' WHERE state = 'asked'", []))
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// A batch is about to be asked for: its id is stored before it is used.
pub(crate) fn begin_batch(conn: &Connection, batch_id: Id, at: Timestamp) -> Outcome<()> {
    set_batch(conn, batch_id, "asked", at)
}

/// A batch whose answer never came; it is asked for again under the same id.
pub(crate) fn open_batch(conn: &Connection) -> Outcome<Option<Id>> {
    conn.row("SELECT batch_id FROM code_batches WHERE state = 'asked' ORDER BY at LIMIT 1", [], |row| super::id_at(row, 0))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// The state of a batch.
pub(crate) fn set_batch(conn: &Connection, batch_id: Id, state: &str, at: Timestamp) -> Outcome<()> {
    conn.run(
        "INSERT INTO code_batches (batch_id, state, at) VALUES (?1, ?2, ?3) ON CONFLICT (batch_id) DO UPDATE SET state = excluded.state",
        params![batch_id.to_string(), state, at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// The tokens that were shown and may have been charged.
pub(crate) fn shown(conn: &Connection) -> Outcome<Vec<TokenRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM code_tokens WHERE state IN ('shown', 'paid') ORDER BY shown_at DESC LIMIT 100"))
        .and_then(|mut select| select.query_map([], read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// The beginnings of the payer codes that can still be shown or read.
pub(crate) fn prefixes(conn: &Connection) -> Outcome<Vec<String>> {
    conn.prepare_cached("SELECT DISTINCT prefix FROM code_tokens WHERE state IN ('unused', 'shown', 'asked')")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}
