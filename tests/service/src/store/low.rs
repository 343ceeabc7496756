//! The time of low limits after a phone or a number changed hands, and what was counted in it. Times that touch are one time
//! with one counter: a further sign-in makes it longer and never starts the sum anew.

use super::{one, run};
use kabao_base::{Id, Timestamp};
use rusqlite::{Connection, params};

/// How long limits stay low.
pub const LOW_MS: i64 = 86_400_000;
/// What is counted in the time of low limits.
const BUCKET: &str = "low";

/// From when until when limits are low; both are zero where they never were.
fn span(db: &Connection, account: Id) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT low_since, low_until FROM accounts WHERE account_id = ?1";
    one(db, sql, [account.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Something happened at `at` that makes limits low from then on. Safe to repeat, and in any order: what a book that was put
/// back learns of earlier times joins the time that they touch.
pub fn begin(tx: &Connection, account: Id, at: Timestamp) -> rusqlite::Result<()> {
    let Some((since, until)) = span(tx, account)? else { return Ok(()) };
    let (from, to) = (at.as_ms(), at.plus_ms(LOW_MS).as_ms());
    if from > until {
        return put(tx, account, from, to);
    }
    if to >= since {
        let sql = "UPDATE accounts SET low_since = ?2, low_until = ?3 WHERE account_id = ?1";
        run(tx, sql, params![account.to_string(), from.min(since), to.max(until)])?;
    }
    Ok(())
}

/// A time of its own, of which nothing is used.
pub fn put(tx: &Connection, account: Id, since: i64, until: i64) -> rusqlite::Result<()> {
    run(tx, "DELETE FROM limit_uses WHERE account_id = ?1 AND bucket = ?2", params![account.to_string(), BUCKET])?;
    let sql = "UPDATE accounts SET low_since = ?2, low_until = ?3 WHERE account_id = ?1";
    run(tx, sql, params![account.to_string(), since, until]).map(|_| ())
}

/// Until when limits are low, if they are. A clock that is put back ends nothing.
pub fn until(db: &Connection, account: Id, now: Timestamp) -> rusqlite::Result<Option<i64>> {
    Ok(span(db, account)?.map(|(_, until)| until).filter(|until| now.as_ms() < *until))
}

/// Where payments of now are counted.
pub fn bucket(db: &Connection, account: Id, now: Timestamp) -> rusqlite::Result<Option<String>> {
    Ok(until(db, account, now)?.map(|_| BUCKET.to_owned()))
}

/// Where a payment of some time ago was counted: only what was counted in the present time of low limits is given back to it.
pub fn bucket_of(db: &Connection, account: Id, counted_at: Timestamp) -> rusqlite::Result<Option<String>> {
    let at = counted_at.as_ms();
    Ok(span(db, account)?.filter(|(since, until)| (*since..*until).contains(&at)).map(|_| BUCKET.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Id = Id::from_bytes([7; 16]);

    fn memory() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::SCHEMA).unwrap();
        let sql = "INSERT INTO accounts (account_id, phone_mark, phone_sealed, phone_masked, history_hash, created_at) VALUES (?1, x'01', x'', '', x'', 0)";
        run(&db, sql, [WHO.to_string()]).unwrap();
        db
    }

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_ms(hours * 3_600_000)
    }

    fn count(db: &Connection, amount: i64) {
        let sql = "INSERT INTO limit_uses VALUES (?1, 'low', ?2) ON CONFLICT (account_id, bucket) DO UPDATE SET used = used + ?2";
        run(db, sql, params![WHO.to_string(), amount]).unwrap();
    }

    fn counted(db: &Connection) -> i64 {
        one(db, "SELECT used FROM limit_uses WHERE bucket = 'low'", [], |row| row.get(0)).unwrap().unwrap_or(0)
    }

    #[test]
    fn times_that_touch_have_one_counter_and_a_later_one_its_own() {
        let db = memory();
        assert_eq!(until(&db, WHO, hour(0)).unwrap(), None);
        begin(&db, WHO, hour(100)).unwrap();
        count(&db, 500);
        begin(&db, WHO, hour(110)).unwrap();
        assert_eq!((counted(&db), until(&db, WHO, hour(133)).unwrap()), (500, Some(hour(134).as_ms())));
        assert_eq!(bucket(&db, WHO, hour(134)).unwrap(), None, "over");
        assert!(bucket_of(&db, WHO, hour(101)).unwrap().is_some() && bucket_of(&db, WHO, hour(99)).unwrap().is_none());
        // What is learnt again, or late, neither shortens nor empties.
        for at in [100, 110, 80, 10] {
            begin(&db, WHO, hour(at)).unwrap();
            assert_eq!((counted(&db), until(&db, WHO, hour(133)).unwrap()), (500, Some(hour(134).as_ms())), "{at}");
        }
        begin(&db, WHO, hour(135)).unwrap();
        assert_eq!((counted(&db), until(&db, WHO, hour(136)).unwrap()), (0, Some(hour(159).as_ms())));
        assert!(bucket_of(&db, WHO, hour(110)).unwrap().is_none(), "what the earlier time counted is not given back to this one");
    }
}
