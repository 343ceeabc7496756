//! I8, the part about limits and fees: what the service has counted is computed a second time by the phone's own rules.

use super::Storm;
use crate::book::{number, text};
use crate::phone::Told;
use kabao_base::{Money, Timestamp};
use kabao_money::fees::{FeeKind, FeeRule};
use kabao_money::limits::{Movement, Period, used};
use std::collections::{BTreeMap, BTreeSet};

/// The fee by the published rule, in fen.
pub(super) fn fee(amount: i64, rate_ppm: u32) -> i64 {
    let none = Money::fen(0);
    let rule = FeeRule { rate_ppm, min: none, max: None, free_left: none };
    kabao_money::fees::fee(FeeKind::CollectionCode, Money::fen(amount), &rule).map_or(-1, |fee| fee.fee.minor)
}

/// Payments from the balance: everything, and those by a way that has a limit of its own.
#[derive(Default)]
struct Spent {
    all: Vec<Movement>,
    code: Vec<Movement>,
    sent: Vec<Movement>,
    withdrawn: Vec<Movement>,
    printed: Vec<Movement>,
}

fn spent(amount: i64, at: i64) -> Movement {
    Movement::Spent { amount: Money::fen(amount), at: Timestamp::from_ms(at), own_account: false }
}

fn refunded(amount: i64, at: i64, paid_at: i64) -> Movement {
    let (at, paid_at) = (Timestamp::from_ms(at), Timestamp::from_ms(paid_at));
    Movement::Refunded { amount: Money::fen(amount), at, paid_at, own_account: false }
}

impl Storm {
    /// What is used up of each day, by kind, and of the year. A restored book has counted what it has forgotten, or not: there is
    /// no saying then.
    pub(super) fn compare_limits(&mut self) -> Told<()> {
        if self.restored {
            return Ok(());
        }
        let book = self.service_book()?;
        let spent = read(&book)?;
        let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
        for (kind, movements) in [("day", &spent.all), ("code", &spent.code), ("transfer", &spent.sent), ("withdraw", &spent.withdrawn), ("static", &spent.printed)] {
            for (day, at) in days(movements) {
                let sum = used(Period::Day, at, movements).map_err(|error| error.to_string())?.minor;
                wanted.insert(format!("{kind}:{day}"), sum);
            }
        }
        for at in spent.all.iter().filter_map(when) {
            let sum = used(Period::Year, at, &spent.all).map_err(|error| error.to_string())?.minor;
            wanted.insert(format!("year:{}", at.china_year()), sum);
        }
        let sql = "SELECT bucket, used FROM limit_uses WHERE bucket LIKE 'day:%' OR bucket LIKE 'code:%' OR bucket LIKE 'static:%' OR bucket LIKE 'year:%'
                   OR bucket LIKE 'transfer:%' OR bucket LIKE 'withdraw:%'";
        let counted: BTreeMap<String, i64> = book.rows(sql)?.iter().map(|row| (text(row, 0).to_owned(), number(row, 1))).collect();
        let names: BTreeSet<&String> = wanted.keys().chain(counted.keys()).collect();
        let of = |sums: &BTreeMap<String, i64>, name: &String| sums.get(name).copied().unwrap_or(0);
        let wrong = names.into_iter().find(|name| of(&wanted, name) != of(&counted, name));
        let wrong = wrong.map(|name| format!("of the limit {name} {} fen are used, counted were {}", of(&wanted, name), of(&counted, name)));
        self.judge_one("I8", wrong);
        Ok(())
    }
}

fn when(movement: &Movement) -> Option<Timestamp> {
    match movement {
        Movement::Spent { at, .. } => Some(*at),
        Movement::Refunded { .. } => None,
    }
}

/// Each day on which something was spent, with a moment of it.
fn days(movements: &[Movement]) -> BTreeMap<i64, Timestamp> {
    movements.iter().filter_map(when).map(|at| (at.china_day(), at)).collect()
}

fn read(book: &crate::book::Book) -> Told<Spent> {
    let mut spent_by = Spent::default();
    // An order that a card paid has a limit of its own, of that card.
    let sql = "SELECT kind, amount + fee, created_at FROM payments WHERE card_id IS NULL AND kind IN ('pay', 'ask', 'transfer') AND state IN ('accepted', 'sent', 'cancelling', 'succeeded')";
    for row in book.rows(sql)? {
        let movement = spent(number(&row, 1), number(&row, 2));
        spent_by.all.push(movement);
        match text(&row, 0) {
            "pay" => spent_by.printed.push(movement),
            "transfer" => spent_by.sent.push(movement),
            _ => {}
        }
    }
    let sql = "SELECT amount, paid_at FROM charges WHERE intent_id IS NULL AND state IN ('paid', 'revoked')";
    for row in book.rows(sql)? {
        let movement = spent(number(&row, 0), number(&row, 1));
        spent_by.all.push(movement);
        spent_by.code.push(movement);
    }
    let sql = "SELECT r.amount, r.at, c.paid_at, c.intent_id IS NULL FROM refunds r JOIN charges c USING (order_id)
               LEFT JOIN payments p ON p.intent_id = c.intent_id WHERE p.card_id IS NULL";
    for row in book.rows(sql)? {
        let movement = refunded(number(&row, 0), number(&row, 1), number(&row, 2));
        spent_by.all.push(movement);
        if number(&row, 3) == 1 {
            spent_by.code.push(movement);
        }
    }
    let sql = "SELECT r.amount, r.at, p.created_at FROM refunds r JOIN payments p USING (order_id) WHERE r.route = 'kabao' AND p.card_id IS NULL";
    for row in book.rows(sql)? {
        let movement = refunded(number(&row, 0), number(&row, 1), number(&row, 2));
        spent_by.all.push(movement);
        spent_by.printed.push(movement);
    }
    // What came back of a transfer was never spent.
    let sql = "SELECT amount + fee, ended_at, at FROM transfers WHERE state IN ('cancelled', 'returned')";
    for row in book.rows(sql)? {
        let movement = refunded(number(&row, 0), number(&row, 1), number(&row, 2));
        spent_by.all.push(movement);
        spent_by.sent.push(movement);
    }
    let sql = "SELECT amount + fee, created_at FROM payments WHERE kind = 'withdraw' AND state IN ('accepted', 'sent', 'cancelling', 'succeeded')";
    spent_by.withdrawn.extend(book.rows(sql)?.iter().map(|row| spent(number(row, 0), number(row, 1))));
    Ok(spent_by)
}
