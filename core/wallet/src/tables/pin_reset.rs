//! The one row about a new PIN for one that was forgotten or locked, while it is not done.

use super::{id_at, id_if};
use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// How far it came.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PinResetRow {
    pub(crate) reset_id: Id,
    /// As the service names it: `code`, `proving`, `person_pending`.
    pub(crate) state: String,
    pub(crate) resend_at: Option<i64>,
    pub(crate) needs_person: bool,
    /// The last try, stored before it was sent.
    pub(crate) proof_id: Option<Id>,
}

/// Reads it; nothing when none is under way.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<PinResetRow>> {
    conn.row("SELECT reset_id, state, resend_at, needs_person, proof_id FROM pin_reset", [], |row| {
        Ok(PinResetRow {
            reset_id: id_at(row, 0)?,
            state: row.get(1)?,
            resend_at: row.get(2)?,
            needs_person: row.get(3)?,
            proof_id: id_if(row, 4)?,
        })
    })
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores it.
pub(crate) fn save(conn: &Connection, row: &PinResetRow) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO pin_reset (one, reset_id, state, resend_at, needs_person, proof_id) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        params![row.reset_id.to_string(), row.state, row.resend_at, row.needs_person, row.proof_id.map(|id| id.to_string())],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Forgets it.
pub(crate) fn remove(conn: &Connection) -> Outcome<()> {
    conn.run("DELETE FROM pin_reset", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}
