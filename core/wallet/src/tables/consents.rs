//! What the person consented to and withdrew. Nothing here is ever deleted: it is the person's proof.

use super::{id_at, time_at};
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::VaultError;
use rusqlite::{Connection, params};

/// One consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsentRow {
    pub(crate) consent_id: Id,
    pub(crate) document: String,
    pub(crate) version: String,
    pub(crate) at: Timestamp,
    pub(crate) withdrawn_at: Option<Timestamp>,
    /// When the service was told of the withdrawal.
    pub(crate) told_at: Option<Timestamp>,
}

/// All of them, oldest first.
pub(crate) fn all(conn: &Connection) -> Outcome<Vec<ConsentRow>> {
    conn.prepare(
        "SELECT c.consent_id, c.document, c.version, c.at, w.at, w.told_at FROM consents c
         LEFT JOIN withdrawals w ON w.consent_id = c.consent_id ORDER BY c.at, c.consent_id LIMIT 1000",
    )
    .and_then(|mut select| {
        select
            .query_map([], |row| {
                Ok(ConsentRow {
                    consent_id: id_at(row, 0)?,
                    document: row.get(1)?,
                    version: row.get(2)?,
                    at: time_at(row, 3)?,
                    withdrawn_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
                    told_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_ms),
                })
            })?
            .collect()
    })
    .map_err(|error| VaultError::from(error).into())
}

/// Withdraws a consent. One that is withdrawn already stays as it is.
pub(crate) fn withdraw(conn: &Connection, consent_id: Id, at: Timestamp) -> Outcome<()> {
    conn.execute("INSERT OR IGNORE INTO withdrawals (consent_id, at) VALUES (?1, ?2)", params![consent_id.to_string(), at.as_ms()])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// The service knows of a withdrawal.
pub(crate) fn told(conn: &Connection, consent_id: Id, at: Timestamp) -> Outcome<()> {
    conn.execute(
        "UPDATE withdrawals SET told_at = ?2 WHERE consent_id = ?1 AND told_at IS NULL",
        params![consent_id.to_string(), at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Every withdrawal is told once more.
pub(crate) fn tell_again(conn: &Connection) -> Outcome<()> {
    conn.execute("UPDATE withdrawals SET told_at = NULL", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// Withdrawals that the service does not know of yet, oldest first.
pub(crate) fn untold(conn: &Connection) -> Outcome<Vec<Id>> {
    conn.prepare("SELECT consent_id FROM withdrawals WHERE told_at IS NULL ORDER BY at LIMIT 100")
        .and_then(|mut select| select.query_map([], |row| id_at(row, 0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}
