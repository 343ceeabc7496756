//! The journal of payments that this phone started.

use super::{count_at, count_of, id_at, id_if, time_at};
use crate::error::Outcome;
use kabao_base::{Currency, Id, Money, Timestamp};
use kabao_money::payment::PaymentState;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// One payment as the ledger keeps it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IntentRow {
    pub(crate) intent_id: Id,
    pub(crate) kind: String,
    /// Payee and order: a second payment with the same key waits for the first.
    pub(crate) payee_key: String,
    pub(crate) payee_name: Option<String>,
    pub(crate) amount: Money,
    pub(crate) fee: Money,
    /// Deterministic CBOR of the terms: what was approved and what is sent.
    pub(crate) terms: Vec<u8>,
    pub(crate) state: PaymentState,
    /// The newest event about it, 0 before the first.
    pub(crate) event: u64,
    /// The service's epoch at the last attempt.
    pub(crate) epoch: u64,
    pub(crate) attempts: u32,
    /// The service said that a bank has it.
    pub(crate) dispatched: bool,
    /// The person gave up; nothing is sent any more.
    pub(crate) abandon_asked: bool,
    pub(crate) code: Option<String>,
    pub(crate) attempts_left: Option<u32>,
    pub(crate) record_id: Option<Id>,
    pub(crate) timeline: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) proof: Option<Vec<u8>>,
}

const COLUMNS: &str = "intent_id, kind, payee_key, payee_name, minor, fee_minor, currency, terms, state, epoch, attempts,
    dispatched, code, attempts_left, record_id, timeline, created_at, updated_at, proof, abandon_asked, event";

fn read(row: &Row<'_>) -> rusqlite::Result<IntentRow> {
    let currency = Currency::parse(&row.get::<_, String>(6)?).map_err(|_| super::shape(6))?;
    let money = |minor: i64| Money { minor, currency };
    Ok(IntentRow {
        intent_id: id_at(row, 0)?,
        kind: row.get(1)?,
        payee_key: row.get(2)?,
        payee_name: row.get(3)?,
        amount: money(row.get(4)?),
        fee: money(row.get(5)?),
        terms: row.get(7)?,
        state: PaymentState::parse(&row.get::<_, String>(8)?).ok_or(super::shape(8))?,
        epoch: count_at(row, 9)?,
        attempts: row.get(10)?,
        dispatched: row.get(11)?,
        code: row.get(12)?,
        attempts_left: row.get(13)?,
        record_id: id_if(row, 14)?,
        timeline: row.get(15)?,
        created_at: time_at(row, 16)?,
        updated_at: time_at(row, 17)?,
        proof: row.get(18)?,
        abandon_asked: row.get(19)?,
        event: count_at(row, 20)?,
    })
}

/// A new payment, with the body of the request as it is sent at every attempt.
pub(crate) fn insert(conn: &Connection, row: &IntentRow, request: &[u8]) -> Outcome<()> {
    conn.prepare_cached(&format!(
        "INSERT INTO intents ({COLUMNS}, request) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
             ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            row.intent_id.to_string(), row.kind, row.payee_key, row.payee_name, row.amount.minor, row.fee.minor,
            row.amount.currency.code(), row.terms, row.state.as_str(), count_of(row.epoch), row.attempts, row.dispatched,
            row.code, row.attempts_left, row.record_id.map(|id| id.to_string()), row.timeline, row.created_at.as_ms(),
            row.updated_at.as_ms(), row.proof, row.abandon_asked, count_of(row.event), request,
        ])
    })
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// What changes in the life of a payment; terms, amount and payee never do.
pub(crate) fn update(conn: &Connection, row: &IntentRow) -> Outcome<()> {
    conn.prepare_cached(
        "UPDATE intents SET state = ?2, epoch = ?3, attempts = ?4, dispatched = ?5, code = ?6, attempts_left = ?7,
             record_id = ?8, timeline = ?9, updated_at = ?10, proof = ?11, abandon_asked = ?12, event = ?13 WHERE intent_id = ?1",
    )
    .and_then(|mut update| {
        update.execute(params![
            row.intent_id.to_string(), row.state.as_str(), count_of(row.epoch), row.attempts, row.dispatched, row.code,
            row.attempts_left, row.record_id.map(|id| id.to_string()), row.timeline, row.updated_at.as_ms(), row.proof,
            row.abandon_asked, count_of(row.event),
        ])
    })
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// One payment.
pub(crate) fn get(conn: &Connection, id: Id) -> Outcome<Option<IntentRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM intents WHERE intent_id = ?1"))
        .and_then(|mut select| select.query_row([id.to_string()], read).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// The payment that a record is of.
pub(crate) fn of_record(conn: &Connection, record: Id) -> Outcome<Option<IntentRow>> {
    Ok(select(conn, "WHERE record_id = ?1 LIMIT 1", [record.to_string()])?.pop())
}

/// The body of the request.
pub(crate) fn request(conn: &Connection, id: Id) -> Outcome<Option<Vec<u8>>> {
    conn.row("SELECT request FROM intents WHERE intent_id = ?1", [id.to_string()], |row| row.get(0))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

fn select(conn: &Connection, tail: &str, values: impl rusqlite::Params) -> Outcome<Vec<IntentRow>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM intents {tail}"))
        .and_then(|mut select| select.query_map(values, read)?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// Payments without a final state, oldest first.
pub(crate) fn unsettled(conn: &Connection) -> Outcome<Vec<IntentRow>> {
    select(conn, "WHERE state NOT IN ('succeeded', 'failed') ORDER BY number", [])
}

/// An unsettled payment to the same payee and order.
pub(crate) fn unsettled_to(conn: &Connection, payee_key: &str) -> Outcome<Option<IntentRow>> {
    Ok(select(conn, "WHERE payee_key = ?1 AND state NOT IN ('succeeded', 'failed') LIMIT 1", [payee_key])?.pop())
}

/// Of so many newest payments, those that began since `since`.
pub(crate) fn since(conn: &Connection, since: Timestamp, limit: u32) -> Outcome<Vec<IntentRow>> {
    Ok(newest(conn, limit)?.into_iter().filter(|row| row.created_at >= since).collect())
}

/// The newest payments, for the list of what is under way and what just ended.
pub(crate) fn newest(conn: &Connection, limit: u32) -> Outcome<Vec<IntentRow>> {
    select(conn, "ORDER BY number DESC LIMIT ?1", [limit])
}

/// A page, newest first, of payments older than `before` (a number of an earlier page; `i64::MAX` for the first).
pub(crate) fn page(conn: &Connection, before: i64, limit: u32) -> Outcome<Vec<(i64, IntentRow)>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS}, number FROM intents WHERE number < ?1 ORDER BY number DESC LIMIT ?2"))
        .and_then(|mut select| select.query_map(params![before, limit], |row| Ok((row.get(21)?, read(row)?)))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// How many payments there are.
pub(crate) fn count(conn: &Connection) -> Outcome<u64> {
    conn.row("SELECT count(*) FROM intents", [], |row| count_at(row, 0)).map_err(|error| VaultError::from(error).into())
}

/// A proof that a restored service may have forgotten.
pub(crate) struct OwedProof {
    /// The order in which payments were made.
    pub(crate) number: i64,
    pub(crate) intent_id: Id,
    pub(crate) proof: Vec<u8>,
}

/// So many proofs, the oldest first, after the payment `after`, that the service of `epoch` has not been told of.
pub(crate) fn owed(conn: &Connection, epoch: u64, after: i64, limit: u32) -> Outcome<Vec<OwedProof>> {
    conn.prepare_cached(
        "SELECT number, intent_id, proof FROM intents WHERE proof IS NOT NULL AND known_epoch < ?1 AND number > ?2
         ORDER BY number LIMIT ?3",
    )
    .and_then(|mut select| {
        let read = |row: &Row<'_>| Ok(OwedProof { number: row.get(0)?, intent_id: id_at(row, 1)?, proof: row.get(2)? });
        select.query_map(params![count_of(epoch), after, limit], read)?.collect()
    })
    .map_err(|error| VaultError::from(error).into())
}

/// Whether there is one.
pub(crate) fn owes(conn: &Connection, epoch: u64) -> Outcome<bool> {
    conn.row(
        "SELECT EXISTS (SELECT 1 FROM intents WHERE proof IS NOT NULL AND known_epoch < ?1)",
        [count_of(epoch)],
        |row| row.get(0),
    )
    .map_err(|error| VaultError::from(error).into())
}

/// The service of this epoch has this payment's proof, or refused it for good.
pub(crate) fn set_known(conn: &Connection, id: Id, epoch: u64) -> Outcome<()> {
    conn.prepare_cached("UPDATE intents SET known_epoch = max(known_epoch, ?2) WHERE intent_id = ?1")
        .and_then(|mut update| update.execute(params![id.to_string(), count_of(epoch)]))
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}
