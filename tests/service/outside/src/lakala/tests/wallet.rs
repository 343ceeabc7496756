//! A wallet service of a few lines: what an acquirer may expect of one.

use crate::port::{Charge, ChargeAnswer, WalletService};
use kabao_base::{Money, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

const PAID_AT: Timestamp = Timestamp::from_ms(1_795_321_150_000);

#[derive(Default)]
struct Order {
    amount: i64,
    waiting: bool,
    refused: Option<String>,
    refunds: HashMap<String, i64>,
    revoked: bool,
}

#[derive(Default)]
struct Books {
    orders: HashMap<String, Order>,
    fences: HashSet<String>,
    used: HashSet<String>,
    calls: usize,
    down: bool,
    asks: bool,
    loses_answer: bool,
}

#[derive(Default)]
pub struct FakeWallet(Mutex<Books>);

impl FakeWallet {
    /// It cannot be reached.
    pub fn down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    /// It asks the payer instead of paying.
    pub fn asks(&self, asks: bool) {
        self.0.lock().unwrap().asks = asks;
    }

    /// It does what it is asked, and its answer is lost.
    pub fn loses_answer(&self, loses: bool) {
        self.0.lock().unwrap().loses_answer = loses;
    }

    /// The payer answers everything that waits.
    pub fn payer(&self, code: Option<&str>) {
        for order in self.0.lock().unwrap().orders.values_mut().filter(|order| order.waiting) {
            order.waiting = false;
            order.refused = code.map(str::to_owned);
        }
    }

    pub fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    /// What was paid less what was given back, over all orders.
    pub fn moved(&self) -> i64 {
        let books = self.0.lock().unwrap();
        let paid = books.orders.values().filter(|order| !order.waiting && order.refused.is_none() && !order.revoked);
        paid.map(|order| order.amount - order.refunds.values().sum::<i64>()).sum()
    }
}

fn state(books: &Books, acquirer_order: &str) -> ChargeAnswer {
    let our_order = format!("w-{acquirer_order}");
    let Some(order) = books.orders.get(acquirer_order) else { return ChargeAnswer::Unknown };
    let back = order.refunds.values().sum::<i64>();
    if let Some(code) = &order.refused {
        ChargeAnswer::Refused { our_order: Some(our_order), code: code.clone() }
    } else if order.waiting {
        ChargeAnswer::WaitingForPayer { our_order }
    } else if order.revoked {
        ChargeAnswer::Refunded { our_order, refunded: Money::fen(order.amount), whole: true }
    } else if back > 0 {
        ChargeAnswer::Refunded { our_order, refunded: Money::fen(back), whole: back == order.amount }
    } else {
        ChargeAnswer::Paid { our_order, at: PAID_AT }
    }
}

impl FakeWallet {
    fn run(&self, act: impl FnOnce(&mut Books) -> ChargeAnswer) -> ChargeAnswer {
        let mut books = self.0.lock().unwrap();
        books.calls += 1;
        if books.down {
            return ChargeAnswer::Unavailable;
        }
        let answer = act(&mut books);
        if books.loses_answer { ChargeAnswer::Unavailable } else { answer }
    }
}

impl WalletService for FakeWallet {
    fn charge(&self, charge: &Charge) -> ChargeAnswer {
        assert_eq!((charge.route.as_str(), charge.code.len()), ("lakala", 24));
        self.run(|books| {
            if !books.orders.contains_key(&charge.acquirer_order) {
                let fresh = charge.code.starts_with("9700000000000000000000") && books.used.insert(charge.code.clone());
                let lapsed = books.fences.contains(&charge.acquirer_order);
                let refused = (!fresh || lapsed).then(|| "code_unknown".to_owned());
                let order = Order { amount: charge.amount.minor, waiting: books.asks && refused.is_none(), refused, ..Order::default() };
                books.orders.insert(charge.acquirer_order.clone(), order);
            }
            state(books, &charge.acquirer_order)
        })
    }

    fn charge_state(&self, _: &str, acquirer_order: &str) -> ChargeAnswer {
        self.run(|books| state(books, acquirer_order))
    }

    fn refund(&self, _: &str, acquirer_order: &str, refund_order: &str, amount: Money) -> ChargeAnswer {
        self.run(|books| {
            if let Some(order) = books.orders.get_mut(acquirer_order) {
                order.refunds.insert(refund_order.to_owned(), amount.minor);
            }
            state(books, acquirer_order)
        })
    }

    fn revoke(&self, _: &str, acquirer_order: &str, _: &str) -> ChargeAnswer {
        self.run(|books| {
            match books.orders.get_mut(acquirer_order) {
                None => {
                    books.fences.insert(acquirer_order.to_owned());
                }
                Some(order) if order.waiting => {
                    order.waiting = false;
                    order.refused = Some("payment_abandoned".to_owned());
                }
                Some(order) => order.revoked = order.refused.is_none(),
            }
            state(books, acquirer_order)
        })
    }
}
