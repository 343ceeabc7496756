//! The one row about this phone on its way into the place of an earlier one.

use super::id_if;
use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// A code was asked for, or is about to be.
pub(crate) const BEGUN: &str = "begun";
/// The number is proven.
pub(crate) const PROVING: &str = "proving";
/// The real name is with the vendor.
pub(crate) const PERSON_PENDING: &str = "person_pending";

/// How far it came.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ReplacementRow {
    pub(crate) replacement_id: Id,
    pub(crate) phone: String,
    pub(crate) device_model: String,
    pub(crate) state: String,
    pub(crate) resend_at: Option<i64>,
    /// The account of the number, as the service says it.
    pub(crate) account_id: Option<Id>,
    pub(crate) needs_person: bool,
    pub(crate) needs_pin: bool,
    /// The last try, stored before it was sent.
    pub(crate) proof_id: Option<Id>,
}

/// Reads it; nothing when none is under way.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<ReplacementRow>> {
    conn.row(
        "SELECT replacement_id, phone, device_model, state, resend_at, account_id, needs_person, needs_pin, proof_id FROM replacement",
        [],
        |row| {
            Ok(ReplacementRow {
                replacement_id: super::id_at(row, 0)?,
                phone: row.get(1)?,
                device_model: row.get(2)?,
                state: row.get(3)?,
                resend_at: row.get(4)?,
                account_id: id_if(row, 5)?,
                needs_person: row.get(6)?,
                needs_pin: row.get(7)?,
                proof_id: id_if(row, 8)?,
            })
        },
    )
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores it.
pub(crate) fn save(conn: &Connection, row: &ReplacementRow) -> Outcome<()> {
    let text = |id: &Option<Id>| id.map(|id| id.to_string());
    conn.run(
        "INSERT OR REPLACE INTO replacement (one, replacement_id, phone, device_model, state, resend_at, account_id,
             needs_person, needs_pin, proof_id) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            row.replacement_id.to_string(), row.phone, row.device_model, row.state, row.resend_at, text(&row.account_id),
            row.needs_person, row.needs_pin, text(&row.proof_id),
        ],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Forgets it.
pub(crate) fn remove(conn: &Connection) -> Outcome<()> {
    conn.run("DELETE FROM replacement", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}
