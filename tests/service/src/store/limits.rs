//! Limits after facts.md section 3, computed here on the service's own account: PBOC Announcement 2015
//! No. 43 (classes of payment accounts) and 银发〔2017〕296号 (bar codes). Days and years are of UTC+8. What the caps are stands in
//! the rules; what is used of them, here.

use super::{all, id_at, one, run};
use super::{low, own_caps};
use crate::rules::Rules;
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

/// No amount above this is an amount: one hundred million yuan.
pub const AMOUNT_MAX: i64 = 10_000_000_000;

/// How a payment is made, as far as limits ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From a card to the balance.
    TopUp,
    /// A merchant's printed code, confirmed with a proof.
    Static,
    /// A payer code at or below its cap: no proof beyond the phone.
    Code,
    /// A merchant's question that the person confirmed with a proof.
    Ask,
    /// From the balance to a bound card of the same person.
    Withdraw,
    /// From the balance to another person.
    Transfer,
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

pub(crate) fn used(db: &Connection, account: Id, bucket: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT used FROM limit_uses WHERE account_id = ?1 AND bucket = ?2";
    Ok(one(db, sql, params![account.to_string(), bucket], |row| row.get(0))?.unwrap_or(0))
}

pub(crate) fn day_bucket(kind: &str, at: Timestamp) -> String {
    format!("{kind}:{}", at.china_day())
}

fn year_bucket(at: Timestamp) -> String {
    format!("year:{}", at.china_year())
}

fn card_bucket(card: Id, at: Timestamp) -> String {
    format!("card:{card}:{}", at.china_day())
}

/// What is left for payments from the balance.
pub fn left(db: &Connection, rules: &Rules, account: Id, class: i64, now: Timestamp) -> rusqlite::Result<Left> {
    let rest = |cap: i64, bucket: &str| -> rusqlite::Result<i64> { Ok(cap.saturating_sub(used(db, account, bucket)?).max(0)) };
    let own = own_caps::load(db, account, now)?.caps;
    let own_day = own.day.map(|cap| rest(cap, &day_bucket("all", now))).transpose()?.unwrap_or(i64::MAX);
    let day = rest(rules.day, &day_bucket("day", now))?.min(own_day);
    let (year, life) = if class == 0 { (None, None) } else { rules.class(class) };
    let year = year.map(|cap| rest(cap, &year_bucket(now))).transpose()?;
    let life = life.map(|cap| rest(cap, "life")).transpose()?;
    let static_day = rest(rules.static_day(), &day_bucket("static", now))?.min(day);
    let single = rules.single.min(own.single.unwrap_or(i64::MAX));
    let (Some(bucket), low_until) = (low::bucket(db, account, now)?, low::until(db, account, now)?) else {
        return Ok(Left { single, day, year, life, static_day, low_until: None });
    };
    let low = rest(rules.new_phone.day, &bucket)?;
    Ok(Left { single: single.min(rules.new_phone.single).min(low), day: day.min(low), year, life, static_day: static_day.min(low), low_until })
}

/// Whether a payment of `amount` fits, from the balance (`card` is `None`) or from a card. The answer is the first limit that
/// it breaks, in the order of the contract.
#[allow(clippy::too_many_arguments)]
pub fn check(db: &Connection, rules: &Rules, account: Id, class: i64, card: Option<Id>, way: Way, amount: i64, now: Timestamp) -> rusqlite::Result<Option<Code>> {
    let breaks = |cap: i64, bucket: &str| -> rusqlite::Result<bool> {
        Ok(used(db, account, bucket)?.checked_add(amount).is_none_or(|sum| sum > cap))
    };
    if way == Way::TopUp {
        if rules.top_up.single.is_some_and(|cap| amount > cap) {
            return Ok(Some(Code::LimitSingle));
        }
        if rules.top_up.day.map(|cap| breaks(cap, &day_bucket("top_up", now))).transpose()?.unwrap_or(false) {
            return Ok(Some(Code::LimitDay));
        }
        let life = if class == 0 { None } else { rules.class(class).1 };
        let over = life.map(|cap| overfills(db, account, cap, amount)).transpose()?;
        return Ok(over.unwrap_or(false).then_some(Code::LimitLifetime));
    }
    if way == Way::Withdraw && rules.withdraw.single.is_some_and(|cap| amount > cap) || way != Way::Withdraw && amount > rules.single || way == Way::Transfer && rules.transfer.single.is_some_and(|cap| amount > cap) {
        return Ok(Some(Code::LimitSingle));
    }
    if let Some(bucket) = low::bucket(db, account, now)?
        && (amount > rules.new_phone.single || breaks(rules.new_phone.day, &bucket)?)
    {
        return Ok(Some(Code::LimitNewDevice));
    }
    if way == Way::Withdraw {
        return check_withdrawal(rules, class, now, &breaks);
    }
    let own = own_caps::load(db, account, now)?.caps;
    if own.single.is_some_and(|cap| amount > cap) {
        return Ok(Some(Code::LimitOwnSingle));
    }
    if own.day.map(|cap| breaks(cap, &day_bucket("all", now))).transpose()?.unwrap_or(false) {
        return Ok(Some(Code::LimitOwnDay));
    }
    if let Some(card) = card {
        return check_card(db, rules, card, way, amount, now, &breaks);
    }
    if way == Way::Static && breaks(rules.static_day(), &day_bucket("static", now))? {
        return Ok(Some(Code::LimitStaticCode));
    }
    if way == Way::Code && breaks(rules.code_day(), &day_bucket("code", now))? {
        return Ok(Some(Code::LimitDay));
    }
    if way == Way::Transfer && rules.transfer.day.map(|cap| breaks(cap, &day_bucket("transfer", now))).transpose()?.unwrap_or(false) {
        return Ok(Some(Code::LimitDay));
    }
    if breaks(rules.day, &day_bucket("day", now))? {
        return Ok(Some(Code::LimitDay));
    }
    if class == 0 {
        return Ok(Some(Code::WrongStep));
    }
    let (year, life) = rules.class(class);
    if year.map(|cap| breaks(cap, &year_bucket(now))).transpose()?.unwrap_or(false) {
        return Ok(Some(Code::LimitYear));
    }
    Ok(life.map(|cap| breaks(cap, "life")).transpose()?.unwrap_or(false).then_some(Code::LimitLifetime))
}

/// Whether a top-up would bring more into the balance than class I may ever spend: what was spent, what is there, and what is on
/// its way. Money that can never be spent is not taken.
fn overfills(db: &Connection, account: Id, cap: i64, amount: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT coalesce(sum(amount), 0) FROM payments WHERE account_id = ?1 AND kind = 'top_up' AND state IN ('accepted', 'sent', 'cancelling')";
    let coming: i64 = one(db, sql, [account.to_string()], |row| row.get(0))?.unwrap_or(0);
    let there = super::ledger::user_balance(db, account)?.max(0);
    let all = [there, coming, amount].into_iter().try_fold(used(db, account, "life")?, i64::checked_add);
    Ok(all.is_none_or(|all| all > cap))
}

/// Money that stays the person's own is not spent: of the law's caps only class I's lifetime counts it (PBOC Announcement 2015
/// No. 43, articles 11 and 24, leave the person's own account at a bank out of the day and the year). No withdrawal is refused for it:
/// top-ups keep the balance within the lifetime, and what is beyond came back from merchants and stays the person's.
fn check_withdrawal(rules: &Rules, class: i64, now: Timestamp, breaks: &dyn Fn(i64, &str) -> rusqlite::Result<bool>) -> rusqlite::Result<Option<Code>> {
    if rules.withdraw.day.map(|cap| breaks(cap, &day_bucket("withdraw", now))).transpose()?.unwrap_or(false) {
        return Ok(Some(Code::LimitDay));
    }
    Ok((class == 0).then_some(Code::WrongStep))
}

fn check_card(
    db: &Connection,
    rules: &Rules,
    card: Id,
    way: Way,
    amount: i64,
    now: Timestamp,
    breaks: &dyn Fn(i64, &str) -> rusqlite::Result<bool>,
) -> rusqlite::Result<Option<Code>> {
    let (bank, kind) = bank_and_kind(db, card)?;
    let caps = rules.card(&bank, &kind);
    if caps.single.is_some_and(|cap| amount > cap) {
        return Ok(Some(Code::LimitSingle));
    }
    if way == Way::Static && breaks(rules.static_day(), &format!("static-{}", card_bucket(card, now)))? {
        return Ok(Some(Code::LimitStaticCode));
    }
    let over = caps.day.map(|cap| breaks(cap, &card_bucket(card, now))).transpose()?;
    Ok(over.unwrap_or(false).then_some(Code::LimitDay))
}

/// What rules about cards ask for.
pub fn bank_and_kind(db: &Connection, card: Id) -> rusqlite::Result<(String, String)> {
    let found = one(db, "SELECT bank, kind FROM cards WHERE card_id = ?1", [card.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

pub(super) fn buckets(card: Option<Id>, way: Way, at: Timestamp) -> Vec<String> {
    if way == Way::TopUp {
        return vec![day_bucket("top_up", at)];
    }
    if way == Way::Withdraw {
        return vec![day_bucket("withdraw", at), "life".to_owned()];
    }
    let everything = day_bucket("all", at);
    if let Some(card) = card {
        let mut buckets = vec![everything, card_bucket(card, at)];
        if way == Way::Static {
            buckets.push(format!("static-{}", card_bucket(card, at)));
        }
        return buckets;
    }
    let mut buckets = vec![everything, day_bucket("day", at), year_bucket(at), "life".to_owned()];
    match way {
        Way::Static => buckets.push(day_bucket("static", at)),
        Way::Code => buckets.push(day_bucket("code", at)),
        Way::Transfer => buckets.push(day_bucket("transfer", at)),
        Way::Ask | Way::TopUp | Way::Withdraw => {}
    }
    buckets
}

/// The bucket of low limits, which top-ups have none of.
pub(super) fn low_of(way: Way, bucket: Option<String>) -> Option<String> {
    bucket.filter(|_| way != Way::TopUp)
}

/// Counts a payment.
pub fn take(db: &Connection, account: Id, card: Option<Id>, way: Way, amount: i64, at: Timestamp) -> rusqlite::Result<()> {
    for bucket in buckets(card, way, at).into_iter().chain(low_of(way, low::bucket(db, account, at)?)) {
        add(db, account, &bucket, amount)?;
    }
    Ok(())
}

/// Counts what a movement uses of its free quota.
pub fn take_free(db: &Connection, account: Id, kind: &str, amount: i64) -> rusqlite::Result<()> {
    add(db, account, &format!("free:{kind}"), amount)
}

pub(super) fn add(db: &Connection, account: Id, bucket: &str, amount: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO limit_uses VALUES (?1, ?2, ?3) ON CONFLICT (account_id, bucket) DO UPDATE SET used = used + ?3";
    run(db, sql, params![account.to_string(), bucket, amount]).map(|_| ())
}

pub(super) fn subtract(db: &Connection, account: Id, bucket: &str, amount: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE limit_uses SET used = max(0, used - ?3) WHERE account_id = ?1 AND bucket = ?2";
    run(db, sql, params![account.to_string(), bucket, amount]).map(|_| ())
}

/// Gives limits back: the day's and the year's when the payment was made in the same one, never a lifetime's.
pub fn give_back(db: &Connection, account: Id, card: Option<Id>, way: Way, amount: i64, paid_at: Timestamp, now: Timestamp) -> rusqlite::Result<()> {
    let current: Vec<String> = buckets(card, way, now).into_iter().chain(low_of(way, low::bucket(db, account, now)?)).collect();
    for bucket in buckets(card, way, paid_at).into_iter().chain(low_of(way, low::bucket_of(db, account, paid_at)?)) {
        if bucket != "life" && current.contains(&bucket) {
            subtract(db, account, &bucket, amount)?;
        }
    }
    Ok(())
}

/// Undoes the count of a payment that was counted and then not carried out.
pub fn untake(db: &Connection, account: Id, card: Option<Id>, way: Way, amount: i64, counted_at: Timestamp) -> rusqlite::Result<()> {
    for bucket in buckets(card, way, counted_at).into_iter().chain(low_of(way, low::bucket_of(db, account, counted_at)?)) {
        subtract(db, account, &bucket, amount)?;
    }
    Ok(())
}

/// The same for a free quota.
pub fn untake_free(db: &Connection, account: Id, kind: &str, amount: i64) -> rusqlite::Result<()> {
    subtract(db, account, &format!("free:{kind}"), amount)
}

/// Every counter as the contract names it, its card, and what is used of it now.
pub fn counters(db: &Connection, account: Id, now: Timestamp) -> rusqlite::Result<Vec<(String, Option<String>, i64)>> {
    let mut named = vec![
        ("day", day_bucket("day", now)), ("static_day", day_bucket("static", now)), ("code_day", day_bucket("code", now)), ("year", year_bucket(now)),
        ("life", "life".to_owned()), ("own_day", day_bucket("all", now)), ("top_up_day", day_bucket("top_up", now)),
        ("free_top_up", "free:top_up".to_owned()), ("free_pay", "free:pay".to_owned()), ("free_ask", "free:ask".to_owned()),
        ("withdraw_day", day_bucket("withdraw", now)), ("free_withdraw", "free:withdraw".to_owned()),
        ("transfer_day", day_bucket("transfer", now)), ("free_transfer", "free:transfer".to_owned()),
    ];
    named.extend(low::bucket(db, account, now)?.map(|bucket| ("low", bucket)));
    let mut found = Vec::new();
    for (name, bucket) in named {
        found.push((name.to_owned(), None, used(db, account, &bucket)?));
    }
    for card in all(db, "SELECT card_id FROM cards WHERE account_id = ?1", [account.to_string()], |row| id_at(row, "card_id"))? {
        found.push(("card_day".to_owned(), Some(card.to_string()), used(db, account, &card_bucket(card, now))?));
        found.push(("card_static".to_owned(), Some(card.to_string()), used(db, account, &format!("static-{}", card_bucket(card, now)))?));
    }
    found.retain(|(_, _, used)| *used > 0);
    Ok(found)
}

/// Puts a counter at a number, by its name in the contract: for tests that have no days to spend.
pub fn set_used(db: &Connection, account: Id, counter: &str, card: Option<Id>, amount: i64, now: Timestamp) -> rusqlite::Result<bool> {
    let bucket = match (counter, card) {
        ("day" | "top_up", None) => Some(day_bucket(counter, now)),
        ("static_day", None) => Some(day_bucket("static", now)),
        ("code_day", None) => Some(day_bucket("code", now)),
        ("top_up_day", None) => Some(day_bucket("top_up", now)),
        ("withdraw_day", None) => Some(day_bucket("withdraw", now)),
        ("transfer_day", None) => Some(day_bucket("transfer", now)),
        ("own_day", None) => Some(day_bucket("all", now)),
        ("year", None) => Some(year_bucket(now)),
        ("life", None) => Some("life".to_owned()),
        ("low", None) => low::bucket(db, account, now)?,
        ("card_day", Some(card)) => Some(card_bucket(card, now)),
        ("card_static", Some(card)) => Some(format!("static-{}", card_bucket(card, now))),
        (name, None) => name.strip_prefix("free_").map(|kind| format!("free:{kind}")),
        _ => None,
    };
    let Some(bucket) = bucket else { return Ok(false) };
    let sql = "INSERT OR REPLACE INTO limit_uses VALUES (?1, ?2, ?3)";
    run(db, sql, params![account.to_string(), bucket, amount]).map(|_| true)
}

/// The newest intents of an account that are counted.
pub fn counted(db: &Connection, account: Id) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT intent_id FROM payments WHERE account_id = ?1 AND state IN ('accepted', 'sent', 'cancelling', 'succeeded') ORDER BY created_at DESC, intent_id LIMIT 200";
    all(db, sql, [account.to_string()], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::SCHEMA).unwrap();
        db
    }

    fn rules() -> Rules {
        Rules::shipped().unwrap()
    }

    const WHO: Id = Id::from_bytes([7; 16]);

    #[test]
    fn printed_codes_stop_at_five_hundred_a_day() {
        let (db, now) = (memory(), Timestamp::from_ms(1_795_276_799_999));
        take(&db, WHO, None, Way::Static, 49_000, now).unwrap();
        assert_eq!(check(&db, &rules(), WHO, 2, None, Way::Static, 1_000, now).unwrap(), None);
        assert_eq!(check(&db, &rules(), WHO, 2, None, Way::Static, 1_001, now).unwrap(), Some(Code::LimitStaticCode));
        assert_eq!(check(&db, &rules(), WHO, 2, None, Way::Static, 1_001, now.plus_ms(1)).unwrap(), None, "a new day in UTC+8");
    }

    #[test]
    fn a_refund_gives_back_the_day_but_not_the_lifetime() {
        let (db, now) = (memory(), Timestamp::from_ms(1_795_276_799_999));
        take(&db, WHO, None, Way::Ask, 100_000, now).unwrap();
        assert_eq!(check(&db, &rules(), WHO, 1, None, Way::Ask, 1, now).unwrap(), Some(Code::LimitLifetime));
        give_back(&db, WHO, None, Way::Ask, 100_000, now, now).unwrap();
        assert_eq!(left(&db, &rules(), WHO, 1, now).unwrap().day, rules().day);
        assert_eq!(left(&db, &rules(), WHO, 1, now).unwrap().life, Some(0));
        take(&db, WHO, None, Way::Ask, 100_000, now).unwrap();
        give_back(&db, WHO, None, Way::Ask, 100_000, now, now.plus_ms(1)).unwrap();
        assert_eq!(left(&db, &rules(), WHO, 2, now).unwrap().day, rules().day - 100_000, "the day of the payment is over");
    }

    #[test]
    fn each_card_has_its_own_day() {
        let (db, now) = (memory(), Timestamp::from_ms(0));
        let (one, two) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        take(&db, WHO, Some(one), Way::Ask, 500_000, now).unwrap();
        assert_eq!(check(&db, &rules(), WHO, 3, Some(one), Way::Ask, 1, now).unwrap(), Some(Code::LimitDay));
        assert_eq!(check(&db, &rules(), WHO, 3, Some(two), Way::Ask, 1, now).unwrap(), None);
        assert_eq!(check(&db, &rules(), WHO, 3, Some(two), Way::Ask, 500_001, now).unwrap(), Some(Code::LimitSingle));
        assert_eq!(check(&db, &rules(), WHO, 0, None, Way::Ask, 1, now).unwrap(), Some(Code::WrongStep));
    }
}
