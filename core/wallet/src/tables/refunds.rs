//! What the person asked merchants to give back, as long as the service may not know it; and repeats that the person meant.

use super::{id_at, id_if, time_at};
use crate::error::Outcome;
use kabao_base::{Id, Money, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Not heard of by the service yet.
pub(crate) const ASKING: &str = "asking";
/// The service has it.
pub(crate) const ASKED: &str = "asked";
/// The service does not take it.
pub(crate) const REFUSED: &str = "refused";

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AskRow {
    pub(crate) ask_id: Id,
    pub(crate) record_id: Id,
    /// The other one of two payments that are the same thing.
    pub(crate) other_id: Option<Id>,
    pub(crate) amount: Money,
    pub(crate) reason: String,
    pub(crate) state: String,
    /// Why the service does not take it, a code of the catalogue.
    pub(crate) code: Option<String>,
    pub(crate) at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<AskRow> {
    Ok(AskRow {
        ask_id: id_at(row, 0)?,
        record_id: id_at(row, 1)?,
        other_id: id_if(row, 2)?,
        amount: Money::fen(row.get(3)?),
        reason: row.get(4)?,
        state: row.get(5)?,
        code: row.get(6)?,
        at: time_at(row, 7)?,
    })
}

const COLUMNS: &str = "ask_id, record_id, other_id, minor, reason, state, code, at";

/// Stores a request before it is sent, with the body that is sent.
pub(crate) fn insert(conn: &Connection, row: &AskRow, body: &str) -> Outcome<()> {
    conn.run(
        "INSERT INTO refund_asks (ask_id, record_id, other_id, minor, reason, state, code, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            row.ask_id.to_string(), row.record_id.to_string(), row.other_id.map(|id| id.to_string()), row.amount.minor, row.reason, row.state,
            row.code, row.at.as_ms(), body
        ],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Every request of this phone, oldest first.
pub(crate) fn all(conn: &Connection) -> Outcome<Vec<AskRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM refund_asks ORDER BY at, ask_id LIMIT 1000"))
        .and_then(|mut select| select.query_map([], read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// The body of a request.
pub(crate) fn body(conn: &Connection, id: Id) -> Outcome<Option<String>> {
    conn.row("SELECT body FROM refund_asks WHERE ask_id = ?1", [id.to_string()], |row| row.get(0))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// What the service said of it.
pub(crate) fn set_state(conn: &Connection, id: Id, state: &str, code: Option<&str>) -> Outcome<()> {
    conn.run("UPDATE refund_asks SET state = ?2, code = ?3 WHERE ask_id = ?1", params![id.to_string(), state, code])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// It is another one: the claim for these two was made before.
pub(crate) fn remove(conn: &Connection, id: Id) -> Outcome<()> {
    conn.run("DELETE FROM refund_asks WHERE ask_id = ?1", [id.to_string()]).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// The person confirmed this payment knowing that the same was paid before.
pub(crate) fn mean(conn: &Connection, intent: Id) -> Outcome<()> {
    conn.run("INSERT OR IGNORE INTO meant_repeats (intent_id) VALUES (?1)", [intent.to_string()])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// Whether the person knew.
pub(crate) fn is_meant(conn: &Connection, intent: Id) -> Outcome<bool> {
    conn.prepare_cached("SELECT 1 FROM meant_repeats WHERE intent_id = ?1")
        .and_then(|mut select| select.exists([intent.to_string()]))
        .map_err(|error| VaultError::from(error).into())
}

/// Two payments that the person meant; `key` names both.
pub(crate) const PAIR: &str = "pair";
/// A merchant whom the person pays the same again and again, as a bus.
pub(crate) const PAYEE: &str = "payee";

/// Remembers in `mine.db` that a repeat is meant.
pub(crate) fn allow(conn: &Connection, kind: &str, key: &str, at: Timestamp) -> Outcome<()> {
    conn.run("INSERT OR IGNORE INTO repeats (kind, key, at) VALUES (?1, ?2, ?3)", params![kind, key, at.as_ms()])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// Takes it back.
pub(crate) fn disallow(conn: &Connection, kind: &str, key: &str) -> Outcome<()> {
    conn.run("DELETE FROM repeats WHERE kind = ?1 AND key = ?2", [kind, key]).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// Whether it is.
pub(crate) fn is_allowed(conn: &Connection, kind: &str, key: &str) -> Outcome<bool> {
    conn.prepare_cached("SELECT 1 FROM repeats WHERE kind = ?1 AND key = ?2")
        .and_then(|mut select| select.exists([kind, key]))
        .map_err(|error| VaultError::from(error).into())
}

/// Everything that is meant, oldest first: kind, key, moment.
pub(crate) fn allowed(conn: &Connection) -> Outcome<Vec<(String, String, Timestamp)>> {
    conn.prepare_cached("SELECT kind, key, at FROM repeats ORDER BY at, kind, key LIMIT 1000")
        .and_then(|mut select| select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, time_at(row, 2)?)))?.collect())
        .map_err(|error| VaultError::from(error).into())
}
