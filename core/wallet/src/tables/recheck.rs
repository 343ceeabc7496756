//! A later real-name check of a verified person, while it is under way or after it was rejected.

use super::id_at;
use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// The check.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RecheckRow {
    pub(crate) verification_id: Id,
    pub(crate) state: String,
    pub(crate) code: Option<String>,
    pub(crate) retriable: bool,
}

/// Reads it; nothing when there is none.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<RecheckRow>> {
    conn.row("SELECT verification_id, state, code, retriable FROM recheck", [], |row| {
        Ok(RecheckRow { verification_id: id_at(row, 0)?, state: row.get(1)?, code: row.get(2)?, retriable: row.get(3)? })
    })
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores it.
pub(crate) fn save(conn: &Connection, row: &RecheckRow) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO recheck (one, verification_id, state, code, retriable) VALUES (1, ?1, ?2, ?3, ?4)",
        params![row.verification_id.to_string(), row.state, row.code, row.retriable],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Forgets it.
pub(crate) fn remove(conn: &Connection) -> Outcome<()> {
    conn.run("DELETE FROM recheck", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}
