//! The one row about this phone on its way to be one of an account's phones.

use super::{id_at, id_if};
use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// A code was asked for, or is about to be.
pub(crate) const BEGUN: &str = "begun";
/// The number is proven.
pub(crate) const PROVING: &str = "proving";

/// How far it came.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SignInRow {
    pub(crate) sign_in_id: Id,
    pub(crate) phone: String,
    pub(crate) device_model: String,
    pub(crate) form: String,
    pub(crate) state: String,
    /// The account of the number, as the service says it.
    pub(crate) account_id: Option<Id>,
    pub(crate) needs_password: bool,
    pub(crate) needs_pin: bool,
    pub(crate) needs_factor: bool,
    /// The last try, stored before it was sent.
    pub(crate) proof_id: Option<Id>,
}

/// Reads it; nothing when none is under way.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<SignInRow>> {
    conn.row(
        "SELECT sign_in_id, phone, device_model, form, state, account_id, needs_password, needs_pin, needs_factor, proof_id FROM sign_in",
        [],
        |row| {
            Ok(SignInRow {
                sign_in_id: id_at(row, 0)?,
                phone: row.get(1)?,
                device_model: row.get(2)?,
                form: row.get(3)?,
                state: row.get(4)?,
                account_id: id_if(row, 5)?,
                needs_password: row.get(6)?,
                needs_pin: row.get(7)?,
                needs_factor: row.get(8)?,
                proof_id: id_if(row, 9)?,
            })
        },
    )
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores it.
pub(crate) fn save(conn: &Connection, row: &SignInRow) -> Outcome<()> {
    let text = |id: &Option<Id>| id.map(|id| id.to_string());
    conn.run(
        "INSERT OR REPLACE INTO sign_in (one, sign_in_id, phone, device_model, form, state, account_id, needs_password,
             needs_pin, needs_factor, proof_id) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            row.sign_in_id.to_string(), row.phone, row.device_model, row.form, row.state, text(&row.account_id),
            row.needs_password, row.needs_pin, row.needs_factor, text(&row.proof_id),
        ],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Forgets it.
pub(crate) fn remove(conn: &Connection) -> Outcome<()> {
    conn.run("DELETE FROM sign_in", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}
