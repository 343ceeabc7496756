//! The history as it is shown: one row a record, in the order of time, with the sums of the months beside it.

use super::{count_at, count_of, id_at, id_if, time_at};
use crate::error::Outcome;
use kabao_base::{Code, Currency, Id, Money, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// One record of the history.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RecordRow {
    pub(crate) record_id: Id,
    pub(crate) seq: u64,
    pub(crate) kind: String,
    pub(crate) state: String,
    /// Who was paid, or paid; absent where there is nobody.
    pub(crate) payee_id: Option<Id>,
    pub(crate) payee_name: String,
    /// Negative when money went out.
    pub(crate) amount: Money,
    pub(crate) fee: Money,
    pub(crate) route: String,
    pub(crate) merchant_order: Option<String>,
    pub(crate) our_order: String,
    pub(crate) acquirer_order: Option<String>,
    pub(crate) intent_id: Option<Id>,
    pub(crate) token_id: Option<String>,
    pub(crate) original: Option<Id>,
    pub(crate) at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

const COLUMNS: &str = "record_id, seq, kind, state, payee_name, minor, fee_minor, currency, route, merchant_order, our_order,
    acquirer_order, intent_id, token_id, original, at, updated_at, payee_id";

fn read(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    let currency = Currency::parse(&row.get::<_, String>(7)?).map_err(|_| super::shape(7))?;
    Ok(RecordRow {
        record_id: id_at(row, 0)?,
        seq: count_at(row, 1)?,
        kind: row.get(2)?,
        state: row.get(3)?,
        payee_name: row.get(4)?,
        amount: Money { minor: row.get(5)?, currency },
        fee: Money { minor: row.get(6)?, currency },
        route: row.get(8)?,
        merchant_order: row.get(9)?,
        our_order: row.get(10)?,
        acquirer_order: row.get(11)?,
        intent_id: id_if(row, 12)?,
        token_id: row.get(13)?,
        original: id_if(row, 14)?,
        at: time_at(row, 15)?,
        updated_at: time_at(row, 16)?,
        payee_id: id_if(row, 17)?,
    })
}

/// Whether a record counts in the sums: what was refused moved nothing.
fn counts(state: &str) -> bool {
    !matches!(state, "refused" | "pending")
}

/// Stores a snapshot of a record. An older snapshot than the one kept changes nothing.
pub(crate) fn upsert(conn: &Connection, row: &RecordRow, receipt: Option<&[u8]>) -> Outcome<bool> {
    let before = get(conn, row.record_id)?;
    if before.as_ref().is_some_and(|before| before.seq >= row.seq) {
        return Ok(false);
    }
    let key = match &before {
        // The place in the list is the time of the record, which does not change.
        Some(_) => key_of(conn, row.record_id)?.ok_or(Code::Internal)?,
        None => free_key(conn, row)?,
    };
    if let Some(before) = &before {
        add_to_month(conn, before, -1)?;
    }
    add_to_month(conn, row, 1)?;
    conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO records (key, {COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            key, row.record_id.to_string(), count_of(row.seq), row.kind, row.state, row.payee_name, row.amount.minor,
            row.fee.minor, row.amount.currency.code(), row.route, row.merchant_order, row.our_order, row.acquirer_order,
            row.intent_id.map(|id| id.to_string()), row.token_id, row.original.map(|id| id.to_string()), row.at.as_ms(),
            row.updated_at.as_ms(), row.payee_id.map(|id| id.to_string()),
        ])
    })
    .map_err(VaultError::from)?;
    if let Some(receipt) = receipt {
        conn.prepare_cached("INSERT OR REPLACE INTO documents (key, receipt) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![key, receipt]))
            .map_err(VaultError::from)?;
    }
    Ok(true)
}

/// What left the balance and has not come to its end: of which payment, and how much with its fee. They are few.
pub(crate) fn leaving(conn: &Connection) -> Outcome<Vec<(Option<Id>, i64)>> {
    let sql = "SELECT intent_id, -minor + fee_minor FROM records INDEXED BY records_leaving
               WHERE state = 'pending' AND minor < 0 AND kind IN ('withdraw', 'transfer')";
    let mut select = conn.prepare_cached(sql).map_err(VaultError::from)?;
    let rows = select.query_map([], |row| Ok((id_if(row, 0)?, row.get(1)?))).map_err(VaultError::from)?;
    rows.collect::<Result<_, _>>().map_err(|error| VaultError::from(error).into())
}

/// Twenty bits of the id below the milliseconds; the next free number when two records share both.
fn free_key(conn: &Connection, row: &RecordRow) -> Outcome<i64> {
    let bytes = kabao_proof::digest::sha256(row.record_id.as_bytes());
    let low = i64::from(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) & 0x000f_ffff);
    let mut key = first_key(row.at)?.checked_add(low).ok_or(Code::HistoryInconsistent)?;
    let mut taken = conn.prepare_cached("SELECT 1 FROM records WHERE key = ?1").map_err(VaultError::from)?;
    while taken.exists([key]).map_err(VaultError::from)? {
        key = key.checked_add(1).ok_or(Code::HistoryInconsistent)?;
    }
    Ok(key)
}

/// The smallest key of a moment.
fn first_key(at: Timestamp) -> Outcome<i64> {
    at.as_ms().checked_mul(1 << 20).filter(|key| *key >= 0).ok_or_else(|| Code::HistoryInconsistent.into())
}

fn key_of(conn: &Connection, id: Id) -> Outcome<Option<i64>> {
    conn.prepare_cached("SELECT key FROM records WHERE record_id = ?1")
        .and_then(|mut select| select.query_row([id.to_string()], |row| row.get(0)).optional())
        .map_err(|error| VaultError::from(error).into())
}

fn add_to_month(conn: &Connection, row: &RecordRow, sign: i64) -> Outcome<()> {
    if !counts(&row.state) {
        return Ok(());
    }
    let minor = row.amount.minor;
    // What went out went out with its fee.
    let spent = if minor < 0 { row.fee.minor.checked_sub(minor).filter(|spent| *spent >= 0).ok_or(Code::HistoryInconsistent)? } else { 0 };
    let received = minor.max(0);
    conn.prepare_cached(
        "INSERT INTO months (month, spent, received, count) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (month) DO UPDATE SET spent = spent + excluded.spent, received = received + excluded.received,
             count = count + excluded.count",
    )
    .and_then(|mut upsert| {
        // Both are between 0 and 2^63 - 1, so that the sign can be turned without overflow.
        upsert.execute(params![row.at.china_month(), spent * sign, received * sign, sign])
    })
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// One record.
pub(crate) fn get(conn: &Connection, id: Id) -> Outcome<Option<RecordRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM records WHERE record_id = ?1"))
        .and_then(|mut select| select.query_row([id.to_string()], read).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// The signed receipt of a record, where there is one.
pub(crate) fn receipt(conn: &Connection, id: Id) -> Outcome<Option<Vec<u8>>> {
    conn.prepare_cached("SELECT receipt FROM documents WHERE key = (SELECT key FROM records WHERE record_id = ?1)")
        .and_then(|mut select| select.query_row([id.to_string()], |row| row.get(0)).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// Whether the record of an intent has arrived.
pub(crate) fn has_intent(conn: &Connection, intent: Id) -> Outcome<bool> {
    conn.prepare_cached("SELECT 1 FROM records WHERE intent_id = ?1")
        .and_then(|mut select| select.exists([intent.to_string()]))
        .map_err(|error| VaultError::from(error).into())
}

/// The record of an intent.
pub(crate) fn by_intent(conn: &Connection, intent: Id) -> Outcome<Option<RecordRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM records WHERE intent_id = ?1 AND original IS NULL ORDER BY key LIMIT 1"))
        .and_then(|mut select| select.query_row([intent.to_string()], read).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// A page, newest first, of records older than `before` (a key of an earlier page; `i64::MAX` for the first page).
pub(crate) fn page(conn: &Connection, before: i64, limit: u32) -> Outcome<Vec<(i64, RecordRow)>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS}, key FROM records WHERE key < ?1 ORDER BY key DESC LIMIT ?2"))
        .and_then(|mut select| select.query_map(params![before, limit], |row| Ok((row.get(18)?, read(row)?)))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// At most fifty records since a moment, newest first.
pub(crate) fn since(conn: &Connection, since: Timestamp) -> Outcome<Vec<RecordRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM records WHERE key >= ?1 ORDER BY key DESC LIMIT 50"))
        .and_then(|mut select| select.query_map([first_key(since).unwrap_or(0)], read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// The records of a merchant's order since a moment, newest first.
pub(crate) fn of_order(conn: &Connection, order: &str, since: Timestamp) -> Outcome<Vec<RecordRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM records WHERE key >= ?1 AND trim(merchant_order) = trim(?2) ORDER BY key DESC LIMIT 50"))
        .and_then(|mut select| select.query_map(params![first_key(since).unwrap_or(0), order], read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// The records that belong to another one: its refunds, oldest first.
pub(crate) fn of_original(conn: &Connection, original: Id) -> Outcome<Vec<RecordRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM records WHERE original = ?1 ORDER BY key"))
        .and_then(|mut select| select.query_map([original.to_string()], read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// Whether something was ever sent to a person.
pub(crate) fn was_sent_to(conn: &Connection, person: Id) -> Outcome<bool> {
    conn.prepare_cached("SELECT 1 FROM records WHERE payee_id = ?1 AND kind = 'transfer' AND minor < 0")
        .and_then(|mut select| select.exists([person.to_string()]))
        .map_err(|error| VaultError::from(error).into())
}

/// The record of a payment of this phone.
pub(crate) fn of_intent(conn: &Connection, intent: Id) -> Outcome<Option<RecordRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM records WHERE intent_id = ?1"))
        .and_then(|mut select| select.query_row([intent.to_string()], read).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// How many records there are.
pub(crate) fn count(conn: &Connection) -> Outcome<u64> {
    conn.row("SELECT count(*) FROM records", [], |row| count_at(row, 0)).map_err(|error| VaultError::from(error).into())
}

/// Spent, received and number of records of a month (`202611`).
pub(crate) fn month(conn: &Connection, month: i32) -> Outcome<(i64, i64, i64)> {
    let found = conn
        .prepare_cached("SELECT spent, received, count FROM months WHERE month = ?1")
        .and_then(|mut select| select.query_row([month], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional())
        .map_err(VaultError::from)?;
    Ok(found.unwrap_or((0, 0, 0)))
}
