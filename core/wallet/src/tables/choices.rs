//! What the person chose, in `mine.db`.

use crate::error::Outcome;
use kabao_base::Timestamp;
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// The recovery sheet is put off.
pub(crate) const SHEET_SKIPPED: &str = "sheet_skipped";
/// Binding a card is put off.
pub(crate) const CARD_SKIPPED: &str = "card_skipped";

/// The source that the person wants to pay with: `balance`, or a card's id.
pub(crate) const SOURCE_DEFAULT: &str = "source_default";
/// The order of the sources, a JSON list of the same names.
pub(crate) const SOURCE_ORDER: &str = "source_order";

/// After how many seconds without a touch the wallet locks by itself; absent: never.
pub(crate) const LOCK_AFTER: &str = "lock_after";

/// Reads a choice.
pub(crate) fn get(conn: &Connection, name: &str) -> Outcome<Option<String>> {
    conn.row("SELECT value FROM choices WHERE name = ?1", [name], |row| row.get(0))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// All choices with their moments, by name.
pub(crate) fn all(conn: &Connection) -> Outcome<Vec<(String, String, Timestamp)>> {
    conn.prepare_cached("SELECT name, value, at FROM choices ORDER BY name")
        .and_then(|mut select| select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, super::time_at(row, 2)?)))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// Stores a choice.
pub(crate) fn set(conn: &Connection, name: &str, value: &str, at: Timestamp) -> Outcome<()> {
    conn.run(
        "INSERT INTO choices (name, value, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
        params![name, value, at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Takes a choice back.
pub(crate) fn remove(conn: &Connection, name: &str) -> Outcome<()> {
    conn.run("DELETE FROM choices WHERE name = ?1", [name]).map(|_| ()).map_err(|error| VaultError::from(error).into())
}

/// Counts one more change of the file.
pub(crate) fn next_revision(conn: &Connection) -> Outcome<i64> {
    conn.row("UPDATE revision SET number = number + 1 RETURNING number", [], |row| row.get(0))
        .map_err(|error| VaultError::from(error).into())
}

/// The revision of the file.
pub(crate) fn revision(conn: &Connection) -> Outcome<i64> {
    conn.row("SELECT number FROM revision", [], |row| row.get(0)).map_err(|error| VaultError::from(error).into())
}
