//! An account's history: a chain of entries, each a snapshot of a record.

use super::{all, one, run};
use crate::refusal::Outcome;
use crate::service::internal;
use kabao_base::{Id, Timestamp};
use kabao_proof::{Document, HistoryEntry, chain};
use rusqlite::{Connection, params};

/// The end of an account's chain.
pub fn head(db: &Connection, account: Id) -> Outcome<(u64, [u8; 32])> {
    let sql = "SELECT history_seq, history_hash FROM accounts WHERE account_id = ?1";
    let row = one(db, sql, [account.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let (seq, hash) = row.ok_or_else(internal)?;
    Ok((seq.unsigned_abs(), hash.try_into().map_err(|_| internal())?))
}

/// Adds an entry at the end of its account's chain. Its number is given here.
pub fn append(tx: &Connection, account: Id, mut entry: HistoryEntry) -> Outcome<()> {
    let (seq, hash) = head(tx, account)?;
    entry.seq = seq.checked_add(1).ok_or_else(internal)?;
    let body = entry.encode();
    let hash = chain::next_hash(&hash, &body);
    let seq = i64::try_from(entry.seq).map_err(|_| internal())?;
    run(
        tx,
        "INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![account.to_string(), seq, entry.record_id.to_string(), body, hash, entry.updated_at.as_ms()],
    )?;
    run(tx, "UPDATE accounts SET history_seq = ?2, history_hash = ?3 WHERE account_id = ?1", params![account.to_string(), seq, hash])?;
    Ok(())
}

/// The newest snapshot of a record.
pub fn newest(db: &Connection, account: Id, record: Id) -> Outcome<Option<HistoryEntry>> {
    let sql = "SELECT body FROM history WHERE account_id = ?1 AND record_id = ?2 ORDER BY seq DESC LIMIT 1";
    let body: Option<Vec<u8>> = one(db, sql, [account.to_string(), record.to_string()], |row| row.get(0))?;
    body.map(|body| HistoryEntry::decode(&body).map_err(|_| internal())).transpose()
}

/// Adds a snapshot of a record in another state.
pub fn restate(tx: &Connection, account: Id, record: Id, state: &str, now: Timestamp) -> Outcome<()> {
    if let Some(entry) = newest(tx, account, record)? {
        append(tx, account, HistoryEntry { state: state.to_owned(), updated_at: now, ..entry })?;
    }
    Ok(())
}

/// Entries from `first` on, at most `limit`, with the link before the first of them.
pub fn page(db: &Connection, account: Id, first: u64, limit: i64) -> Outcome<(Vec<Vec<u8>>, [u8; 32])> {
    let from = i64::try_from(first).unwrap_or(i64::MAX);
    let sql = "SELECT body FROM history WHERE account_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3";
    let bodies = all(db, sql, params![account.to_string(), from, limit], |row| row.get(0))?;
    let sql = "SELECT hash FROM history WHERE account_id = ?1 AND seq = ?2";
    let before: Option<Vec<u8>> = one(db, sql, params![account.to_string(), from.saturating_sub(1)], |row| row.get(0))?;
    let prev = match before {
        Some(hash) => hash.try_into().map_err(|_| internal())?,
        None => chain::genesis(&account),
    };
    Ok((bodies, prev))
}
