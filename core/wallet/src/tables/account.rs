//! The one row about this phone's account, and its card bindings.

use super::{id_at, id_if};
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// What the phone knows of its account. Absent values have not happened yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct AccountRow {
    pub(crate) registration_id: Option<Id>,
    pub(crate) phone: Option<String>,
    pub(crate) device_model: Option<String>,
    pub(crate) resend_at: Option<i64>,
    pub(crate) account_id: Option<Id>,
    pub(crate) device_id: Option<Id>,
    pub(crate) pin_set: bool,
    pub(crate) sheet_set: bool,
    pub(crate) verification_id: Option<Id>,
    pub(crate) verification_state: Option<String>,
    pub(crate) verification_code: Option<String>,
    pub(crate) verification_retriable: bool,
    pub(crate) class: u8,
    pub(crate) name_masked: Option<String>,
    pub(crate) id_masked: Option<String>,
}

/// Reads the row; all absent before the first registration.
pub(crate) fn load(conn: &Connection) -> Outcome<AccountRow> {
    let row = conn
        .row(
            "SELECT registration_id, phone, device_model, resend_at, account_id, device_id, pin_set, sheet_set,
                    verification_id, verification_state, verification_code,
                    verification_retriable, class, name_masked, id_masked FROM account",
            [],
            |row| {
                Ok(AccountRow {
                    registration_id: id_if(row, 0)?,
                    phone: row.get(1)?,
                    device_model: row.get(2)?,
                    resend_at: row.get(3)?,
                    account_id: id_if(row, 4)?,
                    device_id: id_if(row, 5)?,
                    pin_set: row.get(6)?,
                    sheet_set: row.get(7)?,
                    verification_id: id_if(row, 8)?,
                    verification_state: row.get(9)?,
                    verification_code: row.get(10)?,
                    verification_retriable: row.get(11)?,
                    class: row.get(12)?,
                    name_masked: row.get(13)?,
                    id_masked: row.get(14)?,
                })
            },
        )
        .optional()
        .map_err(VaultError::from)?;
    Ok(row.unwrap_or_default())
}

/// Stores the row.
pub(crate) fn save(conn: &Connection, row: &AccountRow) -> Outcome<()> {
    let text = |id: &Option<Id>| id.map(|id| id.to_string());
    conn.run(
        "INSERT OR REPLACE INTO account (one, registration_id, phone, device_model, resend_at, account_id, device_id,
             pin_set, sheet_set, verification_id, verification_state, verification_code,
             verification_retriable, class, name_masked, id_masked)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            text(&row.registration_id), row.phone, row.device_model, row.resend_at, text(&row.account_id),
            text(&row.device_id), row.pin_set, row.sheet_set,
            text(&row.verification_id), row.verification_state, row.verification_code, row.verification_retriable,
            row.class, row.name_masked, row.id_masked,
        ],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// One attempt at binding a card.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BindingRow {
    pub(crate) binding_id: Id,
    pub(crate) state: String,
    pub(crate) last4: Option<String>,
    pub(crate) bank: Option<String>,
    pub(crate) brand: Option<String>,
    pub(crate) card_id: Option<Id>,
    pub(crate) code: Option<String>,
    pub(crate) at: Timestamp,
}

/// Stores an attempt, new or changed.
pub(crate) fn save_binding(conn: &Connection, row: &BindingRow) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO bindings (binding_id, state, last4, bank, brand, card_id, code, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.binding_id.to_string(), row.state, row.last4, row.bank, row.brand,
            row.card_id.map(|id| id.to_string()), row.code, row.at.as_ms(),
        ],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// All attempts, newest first.
pub(crate) fn bindings(conn: &Connection) -> Outcome<Vec<BindingRow>> {
    conn.prepare_cached("SELECT binding_id, state, last4, bank, brand, card_id, code, at FROM bindings ORDER BY at DESC LIMIT 50")
        .and_then(|mut select| {
            select
                .query_map([], |row| {
                    Ok(BindingRow {
                        binding_id: id_at(row, 0)?,
                        state: row.get(1)?,
                        last4: row.get(2)?,
                        bank: row.get(3)?,
                        brand: row.get(4)?,
                        card_id: id_if(row, 5)?,
                        code: row.get(6)?,
                        at: super::time_at(row, 7)?,
                    })
                })?
                .collect()
        })
        .map_err(|error| VaultError::from(error).into())
}
