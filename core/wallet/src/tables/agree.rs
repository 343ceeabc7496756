//! Whether every payment stands as its events say. The rows say what is, the events what happened; a row that somebody changed who has
//! the key, or that came back with an old page, no longer agrees with the newest of its events.

use super::count_at;
use super::intents::{self, IntentRow};
use crate::error::Outcome;
use kabao_proof::{Document, Terms};
use kabao_vault::VaultError;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Rows of one step.
const STEP: i64 = 200;

/// The newest event of a payment, with its body.
type Newest = BTreeMap<String, (u64, Vec<u8>)>;

/// The body of an event about a payment: its state, attempt, epoch, the digest of its terms and the event before; no personal data.
pub(crate) fn event_body(row: &IntentRow) -> Vec<u8> {
    format!("{} after {}", said(row), row.event).into_bytes()
}

fn said(row: &IntentRow) -> String {
    let digest = kabao_proof::hex(&kabao_proof::sha256(&row.terms));
    let (state, attempt, epoch) = (row.state.as_str(), row.attempts, row.epoch);
    format!("{state} attempt {attempt} epoch {epoch} terms {digest}")
}

/// The newest event of the first payment that does not stand as its events say; of one that is gone, too.
pub(crate) fn first_wrong(conn: &Connection) -> Outcome<Option<u64>> {
    let mut newest = newest(conn)?;
    let mut before = i64::MAX;
    loop {
        let page = intents::page(conn, before, u32::try_from(STEP).unwrap_or(u32::MAX))?;
        let Some((last, _)) = page.last() else { break };
        before = *last;
        for (_, row) in page {
            match newest.remove(&row.intent_id.to_string()) {
                Some((seq, body)) if seq == row.event && stands(&row, &body) => {}
                Some((seq, _)) => return Ok(Some(seq)),
                None => return Ok(Some(row.event)),
            }
        }
    }
    Ok(newest.into_values().map(|(seq, _)| seq).min())
}

fn newest(conn: &Connection) -> Outcome<Newest> {
    // Of a group with max(), SQLite takes the other columns from the row that has it.
    let mut all = conn
        .prepare_cached("SELECT max(seq), subject, body FROM events WHERE kind = 'intent' GROUP BY subject")
        .map_err(VaultError::from)?;
    let rows = all
        .query_map([], |row| Ok((row.get::<_, String>(1)?, (count_at(row, 0)?, row.get::<_, Vec<u8>>(2)?))))
        .and_then(Iterator::collect::<rusqlite::Result<Newest>>)
        .map_err(VaultError::from)?;
    Ok(rows)
}

/// Whether the row is what its newest event says, and its columns what its terms say.
fn stands(row: &IntentRow, body: &[u8]) -> bool {
    let head = format!("{} after ", said(row));
    let Ok(terms) = Terms::decode(&row.terms) else { return false };
    body.starts_with(head.as_bytes())
        && terms.intent_id == row.intent_id
        && terms.kind.as_str() == row.kind
        && terms.amount == row.amount
        && terms.fee == row.fee
}
