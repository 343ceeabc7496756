//! The one row about another number for the account, while it is not done.

use super::{id_at, id_if};
use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// How far it came.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PhoneChangeRow {
    pub(crate) change_id: Id,
    /// The new number, E.164.
    pub(crate) phone: String,
    /// Whether a code to the earlier number is asked for.
    pub(crate) old_reachable: bool,
    /// As the service names it: `new_code`, `old_code`, `proving`, `person_pending`.
    pub(crate) state: String,
    pub(crate) resend_at: Option<i64>,
    pub(crate) needs_person: bool,
    pub(crate) needs_pin: bool,
    /// The last try, stored before it was sent.
    pub(crate) proof_id: Option<Id>,
}

/// Reads it; nothing when none is under way.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<PhoneChangeRow>> {
    conn.row("SELECT change_id, phone, old_reachable, state, resend_at, needs_person, needs_pin, proof_id FROM phone_change", [], |row| {
        Ok(PhoneChangeRow {
            change_id: id_at(row, 0)?,
            phone: row.get(1)?,
            old_reachable: row.get(2)?,
            state: row.get(3)?,
            resend_at: row.get(4)?,
            needs_person: row.get(5)?,
            needs_pin: row.get(6)?,
            proof_id: id_if(row, 7)?,
        })
    })
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores it.
pub(crate) fn save(conn: &Connection, row: &PhoneChangeRow) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO phone_change (one, change_id, phone, old_reachable, state, resend_at, needs_person, needs_pin, proof_id)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.change_id.to_string(), row.phone, row.old_reachable, row.state, row.resend_at, row.needs_person, row.needs_pin,
            row.proof_id.map(|id| id.to_string()),
        ],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Forgets it.
pub(crate) fn remove(conn: &Connection) -> Outcome<()> {
    conn.run("DELETE FROM phone_change", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}
