//! Caps that a person sets: lower at once, higher after a wait. They stand with the account, so that every phone of it obeys.

use super::{maybe_id_at, one, run};
use crate::refusal::Outcome;
use kabao_base::{Id, Timestamp};
use rusqlite::{Connection, params};

/// Caps, fen; none: no cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// In one payment.
    pub single: Option<i64>,
    /// In a day.
    pub day: Option<i64>,
}

/// The caps of an account at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// What counts.
    pub caps: Caps,
    /// Since when; 0 for never set.
    pub since: i64,
    /// What takes its place, and when.
    pub next: Option<(Caps, i64)>,
    /// The change that set it last.
    pub change: Option<Id>,
}

/// The caps of an account.
pub fn load(db: &Connection, account: Id, now: Timestamp) -> rusqlite::Result<Held> {
    let sql = "SELECT change_id, single, day, since, next_single, next_day, next_from FROM own_caps WHERE account_id = ?1";
    let row = one(db, sql, [account.to_string()], |row| {
        let next = Caps { single: row.get("next_single")?, day: row.get("next_day")? };
        let from: Option<i64> = row.get("next_from")?;
        Ok(Held {
            caps: Caps { single: row.get("single")?, day: row.get("day")? },
            since: row.get("since")?,
            next: from.map(|from| (next, from)),
            change: maybe_id_at(row, "change_id")?,
        })
    })?;
    let held = row.unwrap_or_default();
    Ok(match held.next {
        Some((caps, from)) if from <= now.as_ms() => Held { caps, since: from, next: None, ..held },
        _ => held,
    })
}

fn higher(held: Option<i64>, wanted: Option<i64>) -> bool {
    match (held, wanted) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(held), Some(wanted)) => wanted > held,
    }
}

/// Whether a wish lets more through than what counts.
pub fn raises(held: Caps, wanted: Caps) -> bool {
    higher(held.single, wanted.single) || higher(held.day, wanted.day)
}

/// Writes a wish down: what is lower counts at once, what is higher from then on. A wish that waited is forgotten.
pub fn set(tx: &Connection, account: Id, change: Id, held: Caps, wanted: Caps, at: Timestamp, from: Timestamp) -> Outcome<()> {
    let lower = |held: Option<i64>, wanted: Option<i64>| if higher(held, wanted) { held } else { wanted };
    let now = Caps { single: lower(held.single, wanted.single), day: lower(held.day, wanted.day) };
    let next = (now != wanted).then_some(wanted);
    let sql = "INSERT OR REPLACE INTO own_caps (account_id, change_id, single, day, since, next_single, next_day, next_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    run(
        tx,
        sql,
        params![
            account.to_string(), change.to_string(), now.single, now.day, at.as_ms(), next.and_then(|caps| caps.single),
            next.and_then(|caps| caps.day), next.map(|_| from.as_ms())
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_counts_at_once_and_higher_when_its_time_has_come() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::SCHEMA).unwrap();
        let (who, at) = (Id::from_bytes([7; 16]), Timestamp::from_ms);
        let set = |wanted: Caps, now: i64| {
            let held = load(&db, who, at(now)).unwrap().caps;
            super::set(&db, who, Id::from_bytes([1; 16]), held, wanted, at(now), at(now + 100)).unwrap();
            load(&db, who, at(now)).unwrap()
        };
        let caps = |single, day| Caps { single, day };
        assert_eq!(set(caps(Some(50), Some(80)), 0).caps, caps(Some(50), Some(80)));
        // One lower, one higher: each in its own time.
        let mixed = set(caps(Some(20), None), 10);
        assert_eq!((mixed.caps, mixed.next), (caps(Some(20), Some(80)), Some((caps(Some(20), None), 110))));
        assert_eq!(load(&db, who, at(109)).unwrap().caps.day, Some(80));
        assert_eq!(load(&db, who, at(110)).unwrap().caps.day, None);
        // A wish that waits is replaced, not added to.
        set(caps(Some(30), Some(40)), 120);
        assert_eq!(set(caps(Some(10), Some(40)), 130).next, None);
        assert_eq!(load(&db, who, at(1_000)).unwrap().caps, caps(Some(10), Some(40)));
        assert!(raises(caps(Some(1), None), caps(None, Some(1))) && !raises(caps(None, None), caps(Some(1), None)));
    }
}
