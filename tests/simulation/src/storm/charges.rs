//! Tills: codes that are charged once, twice, by another order, too late, and what the till was told of it in the end.

use super::Storm;
use crate::book::{number, text};
use crate::phone::Told;
use serde_json::json;
use std::collections::BTreeMap;

/// One order of a till.
pub(super) struct Order {
    pub(super) number: String,
    /// The digits of the token in the code that was read.
    pub(super) token: String,
}

impl Storm {
    /// A till charges a code that the phone shows, sometimes twice, sometimes above the cap, sometimes by two orders.
    pub(super) async fn charge(&mut self) -> Told<bool> {
        let pay = self.phone.wallet()?.pay();
        let code = match pay.show_code("lakala".to_owned()).await {
            Ok(code) => code,
            Err(error) => {
                self.refused(&error);
                let _ = pay.prepare_codes().await;
                return Ok(false);
            }
        };
        let token = code.digits.get(2..13).unwrap_or_default().to_owned();
        let twice = (!self.shown.insert(token.clone())).then(|| format!("the token {token} was shown a second time"));
        self.judge_one("I6", twice);
        let amount = if self.world.happens(30) { 10_100 + self.world.pick(500) } else { 1 + self.world.pick(3000) };
        let order = format!("till-{}", self.world.elapsed());
        self.read_code(&order, &token, &code.digits, amount).await?;
        if self.world.happens(30) {
            self.read_code(&order, &token, &code.digits, amount).await?;
        }
        if self.world.happens(15) {
            // The acquirer hears nothing of it from us for a while.
            let lose = json!({ "lose_answer": true });
            self.console.post("/dev/acquirer/faults", lose).await?;
            self.console.post("/dev/acquirer/faults", json!({})).await?;
        }
        if self.snapshot.is_some() && self.world.happens(25) {
            self.restore(true).await?;
        }
        if self.world.happens(25) {
            self.read_code(&format!("{order}-b"), &token, &code.digits, amount).await?;
        }
        if self.world.happens(30) {
            let part = 1 + self.world.pick(amount);
            let refund = json!({ "origin": order, "amount_fen": part, "order": format!("{order}-r") });
            self.console.post("/dev/till/refund", refund.clone()).await?;
            if self.world.happens(50) {
                self.console.post("/dev/till/refund", refund).await?;
            }
        } else if self.world.happens(10) {
            self.console.post("/dev/till/revoke", json!({ "origin": order, "order": format!("{order}-v") })).await?;
        }
        Ok(true)
    }

    async fn read_code(&mut self, order: &str, token: &str, digits: &str, amount: u32) -> Told<()> {
        self.orders.push(Order { number: order.to_owned(), token: token.to_owned() });
        self.console.post("/dev/till/charge", json!({ "code": digits, "amount_fen": amount, "order": order })).await.map(|_| ())
    }

    /// What the acquirer has carried out, by its own book: the merchant's order, the amount, what went back.
    fn acquirer_says(&self) -> Told<BTreeMap<String, (i64, i64)>> {
        let book = self.book("acquirer.db")?;
        let sql = "SELECT p.out_trade_no, p.amount, coalesce((SELECT sum(b.amount) FROM trades b WHERE b.origin = p.trade_no AND b.state = 'done'), 0)
                   FROM trades p WHERE p.kind = 'pay' AND p.state = 'done'";
        Ok(book.rows(sql)?.iter().map(|row| (text(row, 0).to_owned(), (number(row, 1), number(row, 2)))).collect())
    }

    /// I2: one token pays one order. I1 and I8: what a till was told as paid is in the book, with its amount and what was given back.
    pub(super) fn compare_charges(&mut self, at_the_end: bool) -> Told<()> {
        let paid = self.acquirer_says()?;
        let mut by_token: BTreeMap<&str, &str> = BTreeMap::new();
        let mut twice = None;
        for order in self.orders.iter().filter(|order| paid.contains_key(&order.number)) {
            let first = *by_token.entry(&order.token).or_insert(&order.number);
            if first != order.number {
                twice = Some(format!("the token {} paid {first} and {}", order.token, order.number));
            }
        }
        self.judge_one("I2", twice);
        if !at_the_end {
            return Ok(());
        }
        let sql = "SELECT merchant_order, amount, refunded, state FROM charges WHERE state IN ('paid', 'revoked')";
        let ours: BTreeMap<String, (i64, i64)> = self
            .service_book()?
            .rows(sql)?
            .iter()
            .map(|row| (text(row, 0).to_owned(), (number(row, 1), number(row, 2))))
            .collect();
        let missing = paid.iter().find(|(order, sums)| ours.get(*order) != Some(sums));
        self.judge_one("I1", missing.map(|(order, sums)| format!("the till was told {sums:?} of {order}, the book says {:?}", ours.get(order))));
        let invented = ours.keys().find(|order| !paid.contains_key(*order)).cloned();
        self.judge_one("I8", invented.map(|order| format!("the book has {order} as paid, the till does not")));
        Ok(())
    }
}
