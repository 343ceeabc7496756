//! The chain of events: append-only, each row sealed over the one before. State rows say what is; events say what
//! happened, and a change made without the key breaks the chain.

use super::{count_at, count_of, hash_at};
use crate::error::Outcome;
use kabao_base::{Code, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Number and seal of the newest event; zero and zeros before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct EventHead {
    pub(crate) seq: u64,
    pub(crate) mac: [u8; 32],
}

impl EventHead {
    /// As a request and the anchor carry it: `7;<64 hexadecimal digits>`.
    pub(crate) fn text(&self) -> String {
        format!("{};{}", self.seq, kabao_proof::digest::hex(&self.mac))
    }

    /// Reads the text; nothing when it is not one.
    pub(crate) fn parse(text: &str) -> Option<EventHead> {
        let (seq, mac) = text.split_once(';')?;
        Some(EventHead { seq: seq.parse().ok()?, mac: kabao_proof::Digest32::parse(mac).ok()?.0 })
    }
}

/// Appends events within one transaction.
pub(crate) struct Log<'key> {
    key: &'key [u8; 32],
    head: EventHead,
    at: Timestamp,
}

impl<'key> Log<'key> {
    pub(crate) fn after(key: &'key [u8; 32], head: EventHead, at: Timestamp) -> Log<'key> {
        Log { key, head, at }
    }

    pub(crate) fn head(&self) -> EventHead {
        self.head
    }

    /// The number of the event that is appended next.
    pub(crate) fn next(&self) -> u64 {
        self.head.seq.saturating_add(1)
    }

    /// One more event. `subject` is an id or a fixed word, `body` holds no personal data.
    pub(crate) fn append(&mut self, tx: &Transaction<'_>, kind: &str, subject: &str, body: &[u8]) -> Outcome<()> {
        let seq = self.head.seq.checked_add(1).ok_or(Code::Internal)?;
        let mac = seal(self.key, &self.head.mac, seq, self.at.as_ms(), kind, subject, body);
        tx.prepare_cached("INSERT INTO events (seq, at, kind, subject, body, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .and_then(|mut insert| {
                insert.execute(params![count_of(seq), self.at.as_ms(), kind, subject, body, mac.as_slice()])
            })
            .map_err(VaultError::from)?;
        self.head = EventHead { seq, mac };
        Ok(())
    }
}

fn seal(key: &[u8; 32], prev: &[u8; 32], seq: u64, at: i64, kind: &str, subject: &str, body: &[u8]) -> [u8; 32] {
    let mut text = format!("{at}\0{kind}\0{subject}\0").into_bytes();
    text.extend_from_slice(body);
    kabao_proof::chain::mac(key, prev, seq, &text)
}

/// The newest event.
pub(crate) fn head(conn: &Connection) -> Outcome<EventHead> {
    let found = conn
        .row("SELECT seq, mac FROM events ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok(EventHead { seq: count_at(row, 0)?, mac: hash_at(row, 1)? })
        })
        .optional()
        .map_err(VaultError::from)?;
    Ok(found.unwrap_or_default())
}

/// The seal of event `seq`, zeros for 0, nothing when there is no such event.
pub(crate) fn mac_of(conn: &Connection, seq: u64) -> Outcome<Option<[u8; 32]>> {
    if seq == 0 {
        return Ok(Some([0; 32]));
    }
    conn.row("SELECT mac FROM events WHERE seq = ?1", [count_of(seq)], |row| hash_at(row, 0))
        .optional()
        .map_err(|error| VaultError::from(error).into())
}

/// Whether the seal of event `seq` fits it and the one before.
fn fits(conn: &Connection, key: &[u8; 32], seq: u64) -> Outcome<bool> {
    let Some(prev) = mac_of(conn, seq.saturating_sub(1))? else { return Ok(false) };
    let row = conn
        .row("SELECT at, kind, subject, body, mac FROM events WHERE seq = ?1", [count_of(seq)], |row| {
            let (at, kind): (i64, String) = (row.get(0)?, row.get(1)?);
            let (subject, body): (String, Vec<u8>) = (row.get(2)?, row.get(3)?);
            Ok(hash_at(row, 4)? == seal(key, &prev, seq, at, &kind, &subject, &body))
        })
        .optional()
        .map_err(VaultError::from)?;
    Ok(row.unwrap_or(false))
}

/// What opening checks: the newest event, and that every unsettled intent stands as its events say.
pub(crate) fn check_open(conn: &Connection, key: &[u8; 32]) -> Outcome<()> {
    let newest = head(conn)?;
    if newest.seq > 0 && !fits(conn, key, newest.seq)? {
        return Err(Code::StorageDamaged.into());
    }
    let mut open = conn
        .prepare_cached("SELECT state, event FROM intents WHERE state NOT IN ('succeeded', 'failed')")
        .map_err(VaultError::from)?;
    let rows = open
        .query_map([], |row| Ok((row.get::<_, String>(0)?, count_at(row, 1)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(VaultError::from)?;
    for (state, newest) in rows {
        check_story(conn, key, &state, newest)?;
    }
    Ok(())
}

/// Walks back through the events of one intent: each names the one before it, the newest names the state.
fn check_story(conn: &Connection, key: &[u8; 32], state: &str, newest: u64) -> Outcome<()> {
    let mut seq = newest;
    loop {
        let body: Option<Vec<u8>> = conn
            .row("SELECT body FROM events WHERE seq = ?1 AND kind = 'intent'", [count_of(seq)], |row| row.get(0))
            .optional()
            .map_err(VaultError::from)?;
        let text = body.and_then(|body| String::from_utf8(body).ok()).ok_or(Code::StorageDamaged)?;
        let (said, before) = text.split_once(' ').zip(text.rsplit_once(" after ")).map(|(head, tail)| (head.0, tail.1)).ok_or(Code::StorageDamaged)?;
        let before: u64 = before.parse().map_err(|_| Code::StorageDamaged)?;
        if !fits(conn, key, seq)? || (seq == newest && said != state) || before >= seq {
            return Err(Code::StorageDamaged.into());
        }
        if before == 0 {
            return Ok(());
        }
        seq = before;
    }
}

/// Walks the whole chain; the number of the first event that does not fit.
pub(crate) fn first_wrong(conn: &Connection, key: &[u8; 32]) -> Outcome<Option<u64>> {
    let mut all = conn
        .prepare_cached("SELECT seq, at, kind, subject, body, mac FROM events ORDER BY seq")
        .map_err(VaultError::from)?;
    let mut rows = all.query([]).map_err(VaultError::from)?;
    let mut before = EventHead::default();
    while let Some(row) = rows.next().map_err(VaultError::from)? {
        let seq = count_at(row, 0).map_err(VaultError::from)?;
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<_> {
            Ok((row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, Vec<u8>>(4)?, hash_at(row, 5)?))
        };
        let (at, kind, subject, body, mac) = read(row).map_err(VaultError::from)?;
        if seq != before.seq + 1 || mac != seal(key, &before.mac, seq, at, &kind, &subject, &body) {
            return Ok(Some(seq));
        }
        before = EventHead { seq, mac };
    }
    Ok(None)
}
