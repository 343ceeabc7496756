//! Which payment was made in the place of which: the same thing paid from another source after a failure.

use super::id_at;
use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// So many tries at one thing are followed.
const TRIES: usize = 50;

/// Remembers that `intent` stands in the place of `instead_of`.
pub(crate) fn insert(conn: &Connection, intent: Id, instead_of: Id) -> Outcome<()> {
    conn.run(
        "INSERT INTO intent_links (intent_id, instead_of) VALUES (?1, ?2)",
        params![intent.to_string(), instead_of.to_string()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// The payment in whose place this one stands.
pub(crate) fn instead_of(conn: &Connection, intent: Id) -> Outcome<Option<Id>> {
    conn.row("SELECT instead_of FROM intent_links WHERE intent_id = ?1", [intent.to_string()], |row| id_at(row, 0))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// The newest fifty payments that stand in the place of another one, each with it.
pub(crate) fn newest(conn: &Connection) -> Outcome<Vec<(Id, Id)>> {
    conn.prepare_cached(
        "SELECT l.intent_id, l.instead_of FROM intent_links l JOIN intents i ON i.intent_id = l.intent_id ORDER BY i.number DESC LIMIT 50",
    )
    .and_then(|mut select| select.query_map([], |row| Ok((id_at(row, 0)?, id_at(row, 1)?)))?.collect())
    .map_err(|error| VaultError::from(error).into())
}

/// The newest payment that stands in the place of this one.
pub(crate) fn replaced_by(conn: &Connection, intent: Id) -> Outcome<Option<Id>> {
    conn.row(
        "SELECT l.intent_id FROM intent_links l JOIN intents i ON i.intent_id = l.intent_id WHERE l.instead_of = ?1 ORDER BY i.number DESC LIMIT 1",
        [intent.to_string()],
        |row| id_at(row, 0),
    )
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Every other try at the same thing: what this one stands in the place of, over however many failures, and all that stand in the place of
/// one of those.
pub(crate) fn tries(conn: &Connection, intent: Id) -> Outcome<Vec<Id>> {
    let (mut known, mut at) = (vec![intent], 0);
    while let Some(id) = known.get(at).copied().filter(|_| known.len() < TRIES) {
        at = at.saturating_add(1);
        let near = instead_of(conn, id)?.into_iter().chain(in_place_of(conn, id)?);
        let fresh: Vec<Id> = near.filter(|other| !known.contains(other)).collect();
        known.extend(fresh);
    }
    Ok(known.split_off(1))
}

fn in_place_of(conn: &Connection, intent: Id) -> Outcome<Vec<Id>> {
    conn.prepare_cached("SELECT intent_id FROM intent_links WHERE instead_of = ?1")
        .and_then(|mut select| select.query_map([intent.to_string()], |row| id_at(row, 0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}
