//! How much of the service's history is here and verified, and the last answers about the account.

use super::{count_at, count_of, hash_at, time_at};
use crate::error::Outcome;
use kabao_base::{Money, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// The verified run of entries: `low..=high`, with the hash before the first and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) low: u64,
    pub(crate) low_prev: [u8; 32],
    pub(crate) high: u64,
    pub(crate) high_hash: [u8; 32],
    pub(crate) at: Timestamp,
}

/// The verified run; nothing before the first sync.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<Synced>> {
    conn.row("SELECT low, low_prev, high, high_hash, at FROM synced", [], |row| {
        Ok(Synced {
            low: count_at(row, 0)?,
            low_prev: hash_at(row, 1)?,
            high: count_at(row, 2)?,
            high_hash: hash_at(row, 3)?,
            at: time_at(row, 4)?,
        })
    })
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores the verified run.
pub(crate) fn save(conn: &Connection, run: &Synced) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO synced (one, low, low_prev, high, high_hash, at) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        params![count_of(run.low), run.low_prev.as_slice(), count_of(run.high), run.high_hash.as_slice(), run.at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// Empties what was synced, so that it is fetched anew.
pub(crate) fn forget(conn: &Connection) -> Outcome<()> {
    conn.execute_batch("DELETE FROM records; DELETE FROM documents; DELETE FROM months; DELETE FROM synced;")
        .map_err(|error| VaultError::from(error).into())
}

/// The account as the service answered last.
pub(crate) const ACCOUNT: &str = "account";
/// Balance with its moment.
const BALANCE: &str = "balance";
/// How much of the balance is held, in minor units, with its moment.
const HELD: &str = "held";
/// The number of the newest entry of the history that the service spoke of.
const NEWEST: &str = "newest";
/// The class of the account and the way to the next one.
pub(crate) const CLASSES: &str = "classes";
/// The second contacts, masked.
pub(crate) const CONTACTS: &str = "contacts";
/// The versions of the consent texts.
pub(crate) const CONSENTS: &str = "consents";
/// Questions of merchants that wait for the person.
pub(crate) const ASKS: &str = "asks";
/// What the person asked merchants to give back, as the service has it.
pub(crate) const REFUNDS: &str = "refunds";
/// Where to transfer money to, and what came.
pub(crate) const BANK_TRANSFER: &str = "bank_transfer";
/// What the account signs in with.
pub(crate) const SECURITY: &str = "security";
/// The phones of the account.
pub(crate) const DEVICES: &str = "devices";
/// Why the newest table of code formats was not taken up: a code of the catalogue, empty when nothing was refused since.
pub(crate) const CODES_REFUSED: &str = "codes_refused";
/// The same for the table of card beginnings.
pub(crate) const CARDS_REFUSED: &str = "cards_refused";
/// The same for the rules.
pub(crate) const RULES_REFUSED: &str = "rules_refused";
/// What the service counted of every limit.
pub(crate) const LIMITS: &str = "limits";
/// The same for the profile of the operator.
pub(crate) const PROFILE_REFUSED: &str = "profile_refused";

/// An answer kept as text, with the moment it was true.
pub(crate) fn snapshot(conn: &Connection, name: &str) -> Outcome<Option<(String, Timestamp)>> {
    conn.row("SELECT body, at FROM snapshots WHERE name = ?1", [name], |row| Ok((row.get(0)?, time_at(row, 1)?)))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// Everything that is kept as it was answered, by name.
pub(crate) fn snapshots(conn: &Connection) -> Outcome<Vec<(String, String, Timestamp)>> {
    conn.prepare_cached("SELECT name, body, at FROM snapshots ORDER BY name LIMIT 100")
        .and_then(|mut select| select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, time_at(row, 2)?)))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

/// The service spoke of an entry of this number.
pub(crate) fn set_newest(conn: &Connection, seq: u64, at: Timestamp) -> Outcome<()> {
    set_snapshot(conn, NEWEST, &seq.to_string(), at)
}

/// How far the history is here: the verified run, and whether it goes from the first entry to the newest that the service
/// spoke of. Nothing before the first sync.
pub(crate) fn reach(conn: &Connection) -> Outcome<Option<(Synced, bool)>> {
    let Some(run) = load(conn)? else { return Ok(None) };
    let newest = snapshot(conn, NEWEST)?.and_then(|(body, _)| body.parse::<u64>().ok());
    let whole = run.low <= 1 && newest.is_some_and(|newest| newest <= run.high);
    Ok(Some((run, whole)))
}

/// Keeps an answer.
pub(crate) fn set_snapshot(conn: &Connection, name: &str, body: &str, at: Timestamp) -> Outcome<()> {
    conn.run("INSERT OR REPLACE INTO snapshots (name, body, at) VALUES (?1, ?2, ?3)", params![name, body, at.as_ms()])
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// The balance and how much of it is held, as one answer said them.
pub(crate) fn set_balance(conn: &Connection, balance: Money, held: Option<Money>, at: Timestamp) -> Outcome<()> {
    set_snapshot(conn, BALANCE, &balance.minor.to_string(), at)?;
    set_snapshot(conn, HELD, &held.map_or(0, |held| held.minor).to_string(), at)
}

/// The balance, how much of it is held, and when that was so.
pub(crate) fn balance(conn: &Connection) -> Outcome<Option<(Money, Money, Timestamp)>> {
    let fen = |body: &str| body.parse().ok().map(Money::fen);
    let held = snapshot(conn, HELD)?.and_then(|(body, _)| fen(&body)).unwrap_or(Money::fen(0));
    Ok(snapshot(conn, BALANCE)?.and_then(|(body, at)| Some((fen(&body)?, held, at))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_whole_from_its_first_entry_to_the_newest_that_was_spoken_of() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("cache-1.sql")).unwrap();
        let at = Timestamp::from_ms(5);
        assert!(reach(&conn).unwrap().is_none(), "never synced");
        let whole = |low: u64, high: u64, newest: u64| {
            save(&conn, &Synced { low, low_prev: [0; 32], high, high_hash: [0; 32], at }).unwrap();
            set_newest(&conn, newest, at).unwrap();
            reach(&conn).unwrap().unwrap().1
        };
        assert_eq!([whole(1, 9, 9), whole(1, 0, 0), whole(2, 9, 9), whole(1, 9, 10)], [true, true, false, false]);
    }
}
