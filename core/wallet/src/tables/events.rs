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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    /// A chain of these bodies, one a commit.
    fn chain(bodies: &[&str]) -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("ledger-1.sql")).unwrap();
        for body in bodies {
            let tx = conn.transaction().unwrap();
            let mut log = Log::after(&KEY, head(&tx).unwrap(), Timestamp::from_ms(1));
            log.append(&tx, "mark", "x", body.as_bytes()).unwrap();
            tx.commit().unwrap();
        }
        conn
    }

    fn row(conn: &Connection, seq: u64) -> (Vec<u8>, Vec<u8>) {
        conn.query_row("SELECT body, mac FROM events WHERE seq = ?1", [count_of(seq)], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    #[test]
    fn a_row_of_another_copy_of_the_same_chain_does_not_fit() {
        // The same key, the same number: only what came before differs, as after an older copy was put back and lived on.
        let (here, there) = (chain(&["a", "b", "d"]), chain(&["a", "c", "d"]));
        assert_eq!(first_wrong(&here, &KEY).unwrap(), None);
        assert!(check_open(&here, &KEY).is_ok());
        let (body, mac) = row(&there, 3);
        assert_eq!(body, row(&here, 3).0);
        here.execute("UPDATE events SET body = ?1, mac = ?2 WHERE seq = 3", params![body, mac]).unwrap();
        assert_eq!(first_wrong(&here, &KEY).unwrap(), Some(3));
        assert!(check_open(&here, &KEY).unwrap_err().is(Code::StorageDamaged));
    }

    #[test]
    fn a_chain_with_a_gap_another_order_or_another_key_is_wrong() {
        let gap = chain(&["a", "b", "c"]);
        gap.execute("DELETE FROM events WHERE seq = 2", []).unwrap();
        assert_eq!(first_wrong(&gap, &KEY).unwrap(), Some(3));
        let turned = chain(&["a", "b", "c"]);
        turned.execute_batch("UPDATE events SET seq = 9 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 9").unwrap();
        assert_eq!(first_wrong(&turned, &KEY).unwrap(), Some(2));
        assert_eq!(first_wrong(&chain(&["a"]), &[8; 32]).unwrap(), Some(1));
    }
}
