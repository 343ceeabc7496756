//! I8, the part about money that left a balance: it arrived, it is on its way, or it is back; what is on its way lies in suspense, to
//! the fen.

use super::Storm;
use crate::book::{Book, number, text};
use crate::phone::Told;
use std::collections::{BTreeMap, BTreeSet};

impl Storm {
    pub(super) fn compare_onward(&mut self, at_the_end: bool) -> Told<()> {
        let book = self.service_book()?;
        self.compare_suspense(&book)?;
        self.compare_merchants(&book)?;
        self.compare_withdrawals(&book, at_the_end)?;
        self.compare_transfers(&book, at_the_end)
    }

    /// What lies in suspense is what waits: withdrawals for their bank, transfers for their hour, and money on its way back.
    fn compare_suspense(&mut self, book: &Book) -> Told<()> {
        let sum = |sql: &str| -> Told<i64> { Ok(book.rows(sql)?.first().map_or(0, |row| number(row, 0))) };
        let waits = sum("SELECT coalesce(sum(amount + fee), 0) FROM payments WHERE kind = 'withdraw' AND state IN ('accepted', 'sent', 'cancelling')")?
            + sum("SELECT coalesce(sum(amount), 0) FROM transfers WHERE state = 'waiting'")?
            + sum("SELECT coalesce(sum(amount), 0) FROM orphans")?
            + sum("SELECT coalesce(sum(amount), 0) FROM returns WHERE state IN ('suspended', 'held')")?;
        let lies = sum("SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE account = 'suspense'")?;
        self.judge_one("I8", (waits != lies).then(|| format!("{lies} lie in suspense, and {waits} wait")));
        Ok(())
    }

    /// Merchants have what was paid to them, once: by payments to their codes and orders, less what they gave back.
    fn compare_merchants(&mut self, book: &Book) -> Told<()> {
        let sum = |sql: &str| -> Told<i64> { Ok(book.rows(sql)?.first().map_or(0, |row| number(row, 0))) };
        let paid = sum("SELECT coalesce(sum(amount), 0) FROM payments WHERE kind = 'pay' AND state = 'succeeded'")?
            - sum("SELECT coalesce(sum(amount), 0) FROM refunds WHERE route = 'kabao'")?
            + sum("SELECT coalesce(sum(amount - refunded), 0) FROM charges WHERE state IN ('paid', 'revoked')")?;
        let have = sum("SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE kind = 'merchant'")?;
        self.judge_one("I2", (paid != have).then(|| format!("merchants were paid {paid}, and have {have}")));
        Ok(())
    }

    /// What the book has as withdrawn is at the bank, and what it has as not withdrawn is not. Of a book that has forgotten there is
    /// no saying before the end.
    fn compare_withdrawals(&mut self, book: &Book, at_the_end: bool) -> Told<()> {
        let bank = self.book("bank.db")?;
        let sql = "SELECT id, amount FROM movements WHERE kind = 'credit' AND state = 'done'";
        let paid_out: BTreeMap<String, i64> = bank.rows(sql)?.iter().map(|row| (text(row, 0).to_owned(), number(row, 1))).collect();
        let moves = moves_of(book, "payments")?;
        let mut known = BTreeSet::new();
        for row in book.rows("SELECT intent_id, state, amount, fee FROM payments WHERE kind = 'withdraw'")? {
            let (intent, state, amount) = (text(&row, 0), text(&row, 1), number(&row, 2));
            known.insert(intent.to_owned());
            let at_bank = paid_out.get(intent).copied();
            let wrong = match state {
                "succeeded" => at_bank != Some(amount),
                "refused" | "tombstoned" => at_bank.is_some(),
                _ => at_the_end,
            };
            self.judge_one("I8", wrong.then(|| format!("the withdrawal {intent} of {amount} is {state}, the bank paid out {at_bank:?}")));
            let moved: i64 = moves.get(intent).into_iter().flatten().filter(|(account, _)| account.starts_with("user:")).map(|(_, moved)| moved).sum();
            let left = if ["refused", "tombstoned"].contains(&state) { 0 } else { -(amount + number(&row, 3)) };
            self.judge_one("I8", (moved != left).then(|| format!("the withdrawal {intent} is {state}, and moved {moved} of the balance")));
        }
        if at_the_end {
            known.extend(book.rows("SELECT return_id FROM returns")?.iter().map(|row| text(row, 0).to_owned()));
            known.extend(self.net.witness.payments().iter().filter_map(|intent| return_of(intent)));
            let nobodys = paid_out.keys().find(|id| !known.contains(*id));
            self.judge_one("I8", nobodys.map(|id| format!("the bank paid out {id}, of which the book knows nothing")));
        }
        Ok(())
    }

    /// A transfer has arrived, or is back, or waits; one movement takes it out of suspense; and it is what the person was told.
    fn compare_transfers(&mut self, book: &Book, at_the_end: bool) -> Told<()> {
        let moves = moves_of(book, "transfers")?;
        let mut arrived = 0;
        let mut states = BTreeMap::new();
        for row in book.rows("SELECT intent_id, payer, payee, amount, fee, state FROM transfers")? {
            let (intent, state, amount) = (text(&row, 0), text(&row, 5), number(&row, 3));
            states.insert(intent.to_owned(), state.to_owned());
            let moved = moves.get(intent).cloned().unwrap_or_default();
            let fee = number(&row, 4);
            let gone = (format!("user:{}", text(&row, 1)), -amount - fee);
            let mut wanted: BTreeMap<String, i64> = match state {
                "arrived" => [gone, (format!("user:{}", text(&row, 2)), amount), ("fees".to_owned(), fee)].into(),
                "waiting" => [gone, ("suspense".to_owned(), amount), ("fees".to_owned(), fee)].into(),
                _ => BTreeMap::new(),
            };
            wanted.retain(|_, amount| *amount != 0);
            self.judge_one("I8", (moved != wanted).then(|| format!("the transfer {intent} is {state}, and moved {moved:?}")));
            self.judge_one("I4", (at_the_end && state == "waiting").then(|| format!("the transfer {intent} waits for ever")));
            arrived += if state == "arrived" { amount } else { 0 };
        }
        if self.restored && !at_the_end {
            return Ok(());
        }
        let wrong = self.transfers_told.iter().find(|(intent, told)| states.get(*intent) != Some(*told));
        self.judge_one("I3", wrong.map(|(intent, told)| format!("the transfer {intent} was told as {told}, and is {:?}", states.get(intent))));
        if at_the_end {
            let has = self.friend_says["balance"].as_i64();
            let says: i64 = self.friend_says["records"].as_array().into_iter().flatten().filter_map(|record| record["amount"].as_i64()).sum();
            let wrong = (has != Some(arrived) || says != arrived).then(|| format!("{arrived} arrived at the friend, who has {has:?} and records of {says}"));
            self.judge_one("I4", wrong);
        }
        Ok(())
    }
}

/// What each row of a table moved, by account; accounts on which nothing is left moved are not named.
fn moves_of(book: &Book, table: &str) -> Told<BTreeMap<String, BTreeMap<String, i64>>> {
    let sql = format!(
        "SELECT ref, account, sum(postings.amount) FROM {table} JOIN transactions ON ref = intent_id JOIN postings USING (txn)
         GROUP BY ref, account HAVING sum(postings.amount) <> 0"
    );
    let mut moves: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for row in book.rows(&sql)? {
        moves.entry(text(&row, 0).to_owned()).or_default().insert(text(&row, 1).to_owned(), number(&row, 2));
    }
    Ok(moves)
}

/// The id under which money of a payment goes back to its card.
fn return_of(intent: &str) -> Option<String> {
    let bytes: Vec<u8> = (0..16).map(|at| u8::from_str_radix(intent.get(at * 2..at * 2 + 2)?, 16).ok()).collect::<Option<_>>()?;
    Some(kabao_proof::hex(kabao_proof::digest::sha256_of(&[b"kabao-return-1", &bytes]).get(..16)?))
}
