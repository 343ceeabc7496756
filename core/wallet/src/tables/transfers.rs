//! Transfers that were asked about or called back: the wish that has no answer yet, and what the service said last.

use super::{id_if, time_at};
use crate::error::Outcome;
use kabao_base::{Currency, Id, Money, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What the service tells of a transfer beside its state.
#[derive(Clone)]
pub(crate) struct Details {
    pub(crate) record_id: Id,
    pub(crate) payee_name: String,
    pub(crate) amount: Money,
    pub(crate) arrives_at: Timestamp,
}

/// What is kept of a transfer.
pub(crate) struct TransferRow {
    /// The person called it back, and no answer is known.
    pub(crate) wish: bool,
    /// What the service said last; an end stays.
    pub(crate) state: Option<String>,
    pub(crate) details: Option<Details>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<TransferRow> {
    let details = match id_if(row, 2)? {
        Some(record_id) => Some(Details {
            record_id,
            payee_name: row.get(3)?,
            amount: Money { minor: row.get(4)?, currency: Currency::parse(&row.get::<_, String>(5)?).map_err(|_| super::shape(5))? },
            arrives_at: time_at(row, 6)?,
        }),
        None => None,
    };
    Ok(TransferRow { wish: row.get::<_, Option<i64>>(0)?.is_some(), state: row.get(1)?, details })
}

/// What is kept of one.
pub(crate) fn get(conn: &Connection, intent: Id) -> Outcome<Option<TransferRow>> {
    let sql = "SELECT wish_at, state, record_id, payee_name, minor, currency, arrives_at FROM transfers WHERE intent_id = ?1";
    conn.row(sql, [intent.to_string()], read).optional().map_err(|error| VaultError::from(error).into())
}

/// The person calls it back. Gives whether that stood here already, without an answer.
pub(crate) fn wish(conn: &Connection, intent: Id, at: Timestamp) -> Outcome<bool> {
    let before = get(conn, intent)?.is_some_and(|row| row.wish);
    let sql = "INSERT INTO transfers (intent_id, wish_at) VALUES (?1, ?2) ON CONFLICT (intent_id) DO UPDATE SET wish_at = coalesce(wish_at, excluded.wish_at)";
    conn.run(sql, params![intent.to_string(), at.as_ms()]).map_err(VaultError::from)?;
    Ok(before)
}

/// There is nothing to be called back, or somebody said no.
pub(crate) fn drop_wish(conn: &Connection, intent: Id) -> Outcome<()> {
    let sql = "UPDATE transfers SET wish_at = NULL WHERE intent_id = ?1";
    conn.run(sql, [intent.to_string()]).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// What the service said. An end answers the wish; *waiting* does not take the place of an end.
pub(crate) fn hear(conn: &Connection, intent: Id, state: &str, details: Option<&Details>) -> Outcome<()> {
    let sql = "INSERT INTO transfers (intent_id, state, record_id, payee_name, minor, currency, arrives_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
               ON CONFLICT (intent_id) DO UPDATE SET \
               state = CASE WHEN excluded.state = 'waiting' THEN coalesce(state, 'waiting') ELSE excluded.state END, \
               wish_at = CASE WHEN excluded.state = 'waiting' THEN wish_at END, \
               record_id = coalesce(excluded.record_id, record_id), payee_name = coalesce(excluded.payee_name, payee_name), \
               minor = coalesce(excluded.minor, minor), currency = coalesce(excluded.currency, currency), \
               arrives_at = coalesce(excluded.arrives_at, arrives_at)";
    let values = params![
        intent.to_string(), state, details.map(|known| known.record_id.to_string()), details.map(|known| known.payee_name.as_str()),
        details.map(|known| known.amount.minor), details.map(|known| known.amount.currency.code()), details.map(|known| known.arrives_at.as_ms()),
    ];
    conn.run(sql, values).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// What was called back without an answer, the oldest first.
pub(crate) fn wishes(conn: &Connection) -> Outcome<Vec<Id>> {
    conn.prepare_cached("SELECT intent_id FROM transfers WHERE wish_at IS NOT NULL ORDER BY wish_at LIMIT 100")
        .and_then(|mut select| select.query_map([], |row| super::id_at(row, 0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}
