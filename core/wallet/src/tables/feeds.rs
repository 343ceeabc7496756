//! The newest signed document of each feed. A version is only ever replaced by a higher one.

use super::{count_at, count_of, time_at};
use crate::error::Outcome;
use kabao_base::{Code, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// A feed as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedRow {
    pub(crate) version: u64,
    pub(crate) issued_at: Timestamp,
    pub(crate) stored_at: Timestamp,
    pub(crate) document: Vec<u8>,
}

/// The newest version of a feed.
pub(crate) fn get(conn: &Connection, name: &str) -> Outcome<Option<FeedRow>> {
    conn.row("SELECT version, issued_at, stored_at, document FROM feeds WHERE name = ?1", [name], |row| {
        Ok(FeedRow { version: count_at(row, 0)?, issued_at: time_at(row, 1)?, stored_at: time_at(row, 2)?, document: row.get(3)? })
    })
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Keeps a version, unless one that is as high was kept meanwhile. `void` is a version that counts no longer because its key
/// was taken out of use.
///
/// # Errors
/// `feed_older` when the same or a higher version is there.
pub(crate) fn put(conn: &Connection, name: &str, row: &FeedRow, void: Option<u64>) -> Outcome<()> {
    let held: Option<u64> = conn
        .row("SELECT version FROM feeds WHERE name = ?1", [name], |row| count_at(row, 0))
        .optional()
        .map_err(VaultError::from)?;
    if held.is_some_and(|held| held >= row.version && Some(held) != void) {
        return Err(Code::FeedOlder.into());
    }
    conn.run(
        "INSERT OR REPLACE INTO feeds (name, version, issued_at, stored_at, document) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![name, count_of(row.version), row.issued_at.as_ms(), row.stored_at.as_ms(), row.document],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}
