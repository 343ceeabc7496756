//! Small facts about the book itself: its epoch, and whether it is being rebuilt.

use super::{one, run};
use rusqlite::{Connection, params};

/// The value of a key.
pub fn get(db: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    one(db, "SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
}

/// Sets a key.
pub fn set(db: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    run(db, "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", params![key, value])?;
    Ok(())
}

/// A number under a key; `default` when it was never set.
pub fn number(db: &Connection, key: &str, default: i64) -> rusqlite::Result<i64> {
    Ok(get(db, key)?.and_then(|text| text.parse().ok()).unwrap_or(default))
}

/// The epoch of this book: it grows each time an older copy was put back.
pub fn epoch(db: &Connection) -> rusqlite::Result<u64> {
    Ok(number(db, "epoch", 1)?.unsigned_abs())
}
