//! Limits after facts.md section 3, computed here on the service's own account: PBOC Announcement 2015
//! No. 43 (classes of payment accounts) and 银发〔2017〕296号 (bar codes). Days and years are of UTC+8.

use super::{one, run};
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

/// At most this much in one payment, fen: the day's cap of two factors without a certificate.
pub const SINGLE: i64 = 500_000;
/// Two factors without a certificate: all payment accounts of a person, a day.
pub const DAY: i64 = 500_000;
/// Fewer than two factors (a payer code below the cap): a day.
pub const CODE_DAY: i64 = 100_000;
/// A printed code of a merchant (class D): a day.
pub const STATIC_DAY: i64 = 50_000;
/// Class I: payments from the balance since the account was opened.
pub const CLASS_1_LIFE: i64 = 100_000;
/// Class II: payments from the balance a year.
pub const CLASS_2_YEAR: i64 = 10_000_000;
/// Class III: payments from the balance a year.
pub const CLASS_3_YEAR: i64 = 20_000_000;
/// In the first 24 hours of a phone that took another's place: at most this much in one payment.
pub const NEW_PHONE_SINGLE: i64 = 50_000;
/// The same: all payments of those 24 hours together.
pub const NEW_PHONE_DAY: i64 = 100_000;
/// How long those limits hold.
const NEW_PHONE_MS: i64 = crate::replace::LOW_MS;
/// No amount above this is an amount: one hundred million yuan.
pub const AMOUNT_MAX: i64 = 10_000_000_000;

/// How a payment is made, as far as limits ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A merchant's printed code, confirmed with a proof.
    Static,
    /// A payer code at or below its cap: no proof beyond the phone.
    Code,
    /// A merchant's question that the person confirmed with a proof.
    Ask,
}

/// What is left of one account's limits, fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The most that one payment may be.
    pub single: i64,
    /// Of the day.
    pub day: i64,
    /// Of the year (classes II and III).
    pub year: Option<i64>,
    /// Of the lifetime (class I).
    pub life: Option<i64>,
    /// Of the day, for printed codes.
    pub static_day: i64,
    /// Until when a new phone keeps them low.
    pub low_until: Option<i64>,
}

fn used(db: &Connection, account: Id, bucket: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT used FROM limit_uses WHERE account_id = ?1 AND bucket = ?2";
    Ok(one(db, sql, params![account.to_string(), bucket], |row| row.get(0))?.unwrap_or(0))
}

fn day_bucket(kind: &str, at: Timestamp) -> String {
    format!("{kind}:{}", at.china_day())
}

fn year_bucket(at: Timestamp) -> String {
    format!("year:{}", at.china_year())
}

fn card_bucket(card: Id, at: Timestamp) -> String {
    format!("card:{card}:{}", at.china_day())
}

/// Until when the limits of an account that has a new phone are low, if they are. A clock that is put back ends nothing.
fn low_until(db: &Connection, account: Id, now: Timestamp) -> rusqlite::Result<Option<i64>> {
    let until: Option<i64> = one(db, "SELECT low_until FROM accounts WHERE account_id = ?1", [account.to_string()], |row| row.get(0))?;
    Ok(until.filter(|until| now.as_ms() < *until))
}

fn low_bucket(db: &Connection, account: Id, now: Timestamp) -> rusqlite::Result<Option<String>> {
    Ok(low_until(db, account, now)?.map(|until| format!("low:{until}")))
}

/// The same for a payment of some time ago: only what was counted in the present time of low limits is given back to it.
fn low_bucket_of(db: &Connection, account: Id, counted_at: Timestamp) -> rusqlite::Result<Option<String>> {
    let until = low_until(db, account, counted_at)?;
    Ok(until.filter(|until| until.saturating_sub(NEW_PHONE_MS) <= counted_at.as_ms()).map(|until| format!("low:{until}")))
}

/// What is left for payments from the balance.
pub fn left(db: &Connection, account: Id, class: i64, now: Timestamp) -> rusqlite::Result<Left> {
    let rest = |cap: i64, bucket: &str| -> rusqlite::Result<i64> { Ok(cap.saturating_sub(used(db, account, bucket)?).max(0)) };
    let day = rest(DAY, &day_bucket("day", now))?;
    let year = match class {
        2 => Some(rest(CLASS_2_YEAR, &year_bucket(now))?),
        3 => Some(rest(CLASS_3_YEAR, &year_bucket(now))?),
        _ => None,
    };
    let life = if class == 1 { Some(rest(CLASS_1_LIFE, "life")?) } else { None };
    let static_day = rest(STATIC_DAY, &day_bucket("static", now))?.min(day);
    let Some(until) = low_until(db, account, now)? else {
        return Ok(Left { single: SINGLE, day, year, life, static_day, low_until: None });
    };
    let low = rest(NEW_PHONE_DAY, &format!("low:{until}"))?;
    Ok(Left { single: NEW_PHONE_SINGLE.min(low), day: day.min(low), year, life, static_day: static_day.min(low), low_until: Some(until) })
}

/// Whether a payment of `amount` fits, from the balance (`card` is `None`) or from a card. The answer is
/// the first limit that it breaks, the narrowest first.
pub fn check(db: &Connection, account: Id, class: i64, card: Option<Id>, way: Way, amount: i64, now: Timestamp) -> rusqlite::Result<Option<Code>> {
    if amount > SINGLE {
        return Ok(Some(Code::LimitSingle));
    }
    let breaks = |cap: i64, bucket: &str| -> rusqlite::Result<bool> {
        Ok(used(db, account, bucket)?.checked_add(amount).is_none_or(|sum| sum > cap))
    };
    if let Some(bucket) = low_bucket(db, account, now)?
        && (amount > NEW_PHONE_SINGLE || breaks(NEW_PHONE_DAY, &bucket)?)
    {
        return Ok(Some(Code::LimitNewDevice));
    }
    if let Some(card) = card {
        let over_static = way == Way::Static && breaks(STATIC_DAY, &format!("static-{}", card_bucket(card, now)))?;
        if over_static {
            return Ok(Some(Code::LimitStaticCode));
        }
        return Ok(breaks(DAY, &card_bucket(card, now))?.then_some(Code::LimitDay));
    }
    if way == Way::Static && breaks(STATIC_DAY, &day_bucket("static", now))? {
        return Ok(Some(Code::LimitStaticCode));
    }
    if way == Way::Code && breaks(CODE_DAY, &day_bucket("code", now))? {
        return Ok(Some(Code::LimitDay));
    }
    if breaks(DAY, &day_bucket("day", now))? {
        return Ok(Some(Code::LimitDay));
    }
    match class {
        1 if breaks(CLASS_1_LIFE, "life")? => Ok(Some(Code::LimitLifetime)),
        2 if breaks(CLASS_2_YEAR, &year_bucket(now))? => Ok(Some(Code::LimitYear)),
        3 if breaks(CLASS_3_YEAR, &year_bucket(now))? => Ok(Some(Code::LimitYear)),
        0 => Ok(Some(Code::WrongStep)),
        _ => Ok(None),
    }
}

fn buckets(card: Option<Id>, way: Way, at: Timestamp) -> Vec<String> {
    if let Some(card) = card {
        let mut buckets = vec![card_bucket(card, at)];
        if way == Way::Static {
            buckets.push(format!("static-{}", card_bucket(card, at)));
        }
        return buckets;
    }
    let mut buckets = vec![day_bucket("day", at), year_bucket(at), "life".to_owned()];
    match way {
        Way::Static => buckets.push(day_bucket("static", at)),
        Way::Code => buckets.push(day_bucket("code", at)),
        Way::Ask => {}
    }
    buckets
}

/// Counts a payment.
pub fn take(db: &Connection, account: Id, card: Option<Id>, way: Way, amount: i64, at: Timestamp) -> rusqlite::Result<()> {
    let sql = "INSERT INTO limit_uses VALUES (?1, ?2, ?3) ON CONFLICT (account_id, bucket) DO UPDATE SET used = used + ?3";
    for bucket in buckets(card, way, at).into_iter().chain(low_bucket(db, account, at)?) {
        run(db, sql, params![account.to_string(), bucket, amount])?;
    }
    Ok(())
}

/// Gives limits back: the day's and the year's when the payment was made in the same one, never a lifetime's.
pub fn give_back(db: &Connection, account: Id, card: Option<Id>, way: Way, amount: i64, paid_at: Timestamp, now: Timestamp) -> rusqlite::Result<()> {
    let current: Vec<String> = buckets(card, way, now).into_iter().chain(low_bucket(db, account, now)?).collect();
    for bucket in buckets(card, way, paid_at).into_iter().chain(low_bucket_of(db, account, paid_at)?) {
        if bucket != "life" && current.contains(&bucket) {
            let sql = "UPDATE limit_uses SET used = max(0, used - ?3) WHERE account_id = ?1 AND bucket = ?2";
            run(db, sql, params![account.to_string(), bucket, amount])?;
        }
    }
    Ok(())
}

/// Undoes the count of a payment that was counted and then not carried out.
pub fn untake(db: &Connection, account: Id, card: Option<Id>, way: Way, amount: i64, counted_at: Timestamp) -> rusqlite::Result<()> {
    for bucket in buckets(card, way, counted_at).into_iter().chain(low_bucket_of(db, account, counted_at)?) {
        let sql = "UPDATE limit_uses SET used = max(0, used - ?3) WHERE account_id = ?1 AND bucket = ?2";
        run(db, sql, params![account.to_string(), bucket, amount])?;
    }
    Ok(())
}

/// Filling the balance from a credit card, in the table of fees.
pub const TOP_UP_CREDIT: &str = "top_up_credit";

/// Whether the table of fees has a price for this.
pub fn has_fee(db: &Connection, kind: &str) -> rusqlite::Result<bool> {
    Ok(one(db, "SELECT 1 FROM fees WHERE kind = ?1", [kind], |row| row.get::<_, i64>(0))?.is_some())
}

/// The fee of a payment, fen: the table's rate, half a fen rounded up.
pub fn fee(db: &Connection, kind: &str, amount: i64) -> rusqlite::Result<i64> {
    let rate: i64 = one(db, "SELECT rate_ppm FROM fees WHERE kind = ?1", [kind], |row| row.get(0))?.unwrap_or(0);
    let product = i128::from(amount) * i128::from(rate) + 500_000;
    Ok(i64::try_from(product / 1_000_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::SCHEMA).unwrap();
        db
    }

    const WHO: Id = Id::from_bytes([7; 16]);

    #[test]
    fn printed_codes_stop_at_five_hundred_a_day() {
        let (db, now) = (memory(), Timestamp::from_ms(1_795_276_799_999));
        take(&db, WHO, None, Way::Static, 49_000, now).unwrap();
        assert_eq!(check(&db, WHO, 2, None, Way::Static, 1_000, now).unwrap(), None);
        assert_eq!(check(&db, WHO, 2, None, Way::Static, 1_001, now).unwrap(), Some(Code::LimitStaticCode));
        assert_eq!(check(&db, WHO, 2, None, Way::Static, 1_001, now.plus_ms(1)).unwrap(), None, "a new day in UTC+8");
    }

    #[test]
    fn a_refund_gives_back_the_day_but_not_the_lifetime() {
        let (db, now) = (memory(), Timestamp::from_ms(1_795_276_799_999));
        take(&db, WHO, None, Way::Ask, 100_000, now).unwrap();
        assert_eq!(check(&db, WHO, 1, None, Way::Ask, 1, now).unwrap(), Some(Code::LimitLifetime));
        give_back(&db, WHO, None, Way::Ask, 100_000, now, now).unwrap();
        assert_eq!(left(&db, WHO, 1, now).unwrap().day, DAY);
        assert_eq!(left(&db, WHO, 1, now).unwrap().life, Some(0));
        take(&db, WHO, None, Way::Ask, 100_000, now).unwrap();
        give_back(&db, WHO, None, Way::Ask, 100_000, now, now.plus_ms(1)).unwrap();
        assert_eq!(left(&db, WHO, 2, now).unwrap().day, DAY - 100_000, "the day of the payment is over");
    }

    #[test]
    fn each_card_has_its_own_day() {
        let (db, now) = (memory(), Timestamp::from_ms(0));
        let (one, two) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        take(&db, WHO, Some(one), Way::Ask, 500_000, now).unwrap();
        assert_eq!(check(&db, WHO, 3, Some(one), Way::Ask, 1, now).unwrap(), Some(Code::LimitDay));
        assert_eq!(check(&db, WHO, 3, Some(two), Way::Ask, 1, now).unwrap(), None);
        assert_eq!(check(&db, WHO, 3, Some(two), Way::Ask, 500_001, now).unwrap(), Some(Code::LimitSingle));
        assert_eq!(check(&db, WHO, 0, None, Way::Ask, 1, now).unwrap(), Some(Code::WrongStep));
    }

    #[test]
    fn fees_are_zero_until_the_table_says_otherwise() {
        let db = memory();
        assert_eq!(fee(&db, "pay", 10_000).unwrap(), 0);
        db.execute("UPDATE fees SET rate_ppm = 6000 WHERE kind = 'pay'", []).unwrap();
        assert_eq!((fee(&db, "pay", 10_000).unwrap(), fee(&db, "pay", 83).unwrap()), (60, 0));
    }
}
