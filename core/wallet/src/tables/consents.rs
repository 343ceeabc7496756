//! What the person consented to and withdrew. Nothing here is ever deleted: it is the person's proof.

use super::{id_at, time_at};
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

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
    /// SHA-256 of the text that was shown; absent for one that was given on another phone.
    pub(crate) digest: Option<String>,
}

/// All of them, oldest first.
pub(crate) fn all(conn: &Connection) -> Outcome<Vec<ConsentRow>> {
    conn.prepare_cached(
        "SELECT c.consent_id, c.document, c.version, c.at, w.at, w.told_at, t.digest FROM consents c
         LEFT JOIN withdrawals w ON w.consent_id = c.consent_id
         LEFT JOIN consent_texts t ON t.consent_id = c.consent_id ORDER BY c.at, c.consent_id LIMIT 1000",
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
                    digest: row.get(6)?,
                })
            })?
            .collect()
    })
    .map_err(|error| VaultError::from(error).into())
}

/// Remembers a consent, with the digest of its text where this phone showed it.
pub(crate) fn add(conn: &Connection, id: Id, document: &str, version: &str, at: Timestamp, digest: Option<&str>) -> Outcome<()> {
    conn.run(
        "INSERT OR IGNORE INTO consents (consent_id, document, version, at) VALUES (?1, ?2, ?3, ?4)",
        params![id.to_string(), document, version, at.as_ms()],
    )
    .and_then(|_| match digest {
        Some(digest) => conn.run("INSERT OR IGNORE INTO consent_texts (consent_id, digest) VALUES (?1, ?2)", params![id.to_string(), digest]),
        None => Ok(0),
    })
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// The consent that counts for the next step that needs a document, with its version; one that is under way has none.
pub(crate) fn standing(conn: &Connection, document: &str) -> Outcome<Option<(Id, Option<String>)>> {
    conn.row("SELECT consent_id, version FROM standing_consents WHERE document = ?1", [document], |row| Ok((id_at(row, 0)?, row.get(1)?)))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// The id of the consent to a document that counts; nothing when there is none.
pub(crate) fn counts(conn: &Connection, document: &str) -> Outcome<Option<Id>> {
    Ok(standing(conn, document)?.and_then(|(id, version)| version.map(|_| id)))
}

/// The ids of the consents that count, of every document.
pub(crate) fn counting(conn: &Connection) -> Outcome<Vec<Id>> {
    conn.prepare_cached("SELECT consent_id FROM standing_consents WHERE version IS NOT NULL")
        .and_then(|mut select| select.query_map([], |row| id_at(row, 0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// From now on this consent counts, or is under way.
pub(crate) fn set_standing(conn: &Connection, document: &str, id: Id, version: Option<&str>) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO standing_consents (document, consent_id, version) VALUES (?1, ?2, ?3)",
        params![document, id.to_string(), version],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// None counts, and none is under way: the next step that needs the document asks for it.
pub(crate) fn end_standing(conn: &Connection, document: &str) -> Outcome<()> {
    conn.run("DELETE FROM standing_consents WHERE document = ?1", [document])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// Whether the person took the consent to a document back: there were some, and each is withdrawn.
pub(crate) fn taken_back(conn: &Connection, document: &str) -> Outcome<bool> {
    let sql = "SELECT count(*) > 0 AND count(*) = count(w.consent_id) FROM consents c
               LEFT JOIN withdrawals w ON w.consent_id = c.consent_id WHERE c.document = ?1";
    conn.row(sql, [document], |row| row.get(0)).map_err(|error| VaultError::from(error).into())
}

/// Whether this phone ever knew a consent to a document.
pub(crate) fn ever_given(conn: &Connection, document: &str) -> Outcome<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM consents WHERE document = ?1)";
    conn.row(sql, [document], |row| row.get(0)).map_err(|error| VaultError::from(error).into())
}

/// Withdraws a consent. One that is withdrawn already stays as it is.
pub(crate) fn withdraw(conn: &Connection, consent_id: Id, at: Timestamp) -> Outcome<()> {
    conn.run("INSERT OR IGNORE INTO withdrawals (consent_id, at) VALUES (?1, ?2)", params![consent_id.to_string(), at.as_ms()])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// The service knows of a withdrawal.
pub(crate) fn told(conn: &Connection, consent_id: Id, at: Timestamp) -> Outcome<()> {
    conn.run(
        "UPDATE withdrawals SET told_at = ?2 WHERE consent_id = ?1 AND told_at IS NULL",
        params![consent_id.to_string(), at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Every withdrawal is told once more.
pub(crate) fn tell_again(conn: &Connection) -> Outcome<()> {
    conn.run("UPDATE withdrawals SET told_at = NULL", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// Withdrawals that the service does not know of yet, oldest first.
pub(crate) fn untold(conn: &Connection) -> Outcome<Vec<Id>> {
    conn.prepare_cached("SELECT consent_id FROM withdrawals WHERE told_at IS NULL ORDER BY at LIMIT 100")
        .and_then(|mut select| select.query_map([], |row| id_at(row, 0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}
