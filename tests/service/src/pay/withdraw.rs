//! Withdrawal: from the balance to a bound debit card of the same person. The money is parked when it is accepted, so that it cannot
//! be spent twice, and stands in the history from then on. The bank's word carries it out or brings it back; there is no
//! other. The vault writes the terms down before the bank is asked: a book that is put back to an older copy would else
//! call a withdrawal abandoned that the bank carried out.

use super::quote::source_out;
use super::{Payment, State, finish, recall, stage};
use crate::holds;
use crate::refusal::Outcome;
use crate::rules::Rules;
use crate::service::{self, Service};
use crate::store::ledger::{self, Purpose, name};
use crate::store::limits::{self, Way};
use crate::store::people::{Account, Card, card_of};
use crate::store::{history, run};
use crate::vault::Decision;
use crate::wire::{SourceOut, SourceWire, fen};
use kabao_base::{Code, Timestamp};
use kabao_proof::{Digest32, HistoryEntry, RecordKind};
use rusqlite::Connection;

/// The one source of a withdrawal, with the reason when it cannot be made.
pub(super) fn sources(db: &Connection, rules: &Rules, who: &Account, card: &Card, total: i64, now: Timestamp) -> Outcome<Vec<SourceOut>> {
    let reason = why_not(db, rules, who, card, total, now)?;
    let until = card.until.filter(|_| reason == Some(Code::BankMaintenance));
    Ok(vec![source_out(SourceWire { kind: "balance".to_owned(), card_id: None }, reason, until)])
}

/// Why so much cannot go to a card now: the card, then limits, then the balance.
pub(super) fn why_not(db: &Connection, rules: &Rules, who: &Account, card: &Card, total: i64, now: Timestamp) -> Outcome<Option<Code>> {
    if let Some(code) = card.why_not(now) {
        return Ok(Some(code));
    }
    if card.is_credit() {
        return Ok(Some(Code::CreditNoWithdraw));
    }
    if let Some(code) = limits::check(db, rules, who.id, who.class, None, Way::Withdraw, total, now)? {
        return Ok(Some(code));
    }
    Ok((holds::spendable(db, who.id)? < total).then_some(Code::AboveBalance))
}

/// Has the vault write the terms down, before anything moves. Nothing when it is void.
pub(super) fn keep(service: &Service, db: &Connection, payment: &Payment, now: Timestamp) -> Outcome<Option<Payment>> {
    let (Some(card), Some(digest)) = (payment.to_card(), payment.digest) else { return Err(service::internal()) };
    let body = Decision::Withdrawal {
        terms_digest: Digest32(digest).to_string(),
        card,
        amount: payment.amount,
        fee: payment.fee,
        order: payment.order_id,
        bank: Some(card_of(db, payment.account, card)?.bank),
    };
    recall::keep(service, payment, body, now)
}

/// Takes the money from the balance into suspense, where it waits for the bank's word.
pub(super) fn park(tx: &Connection, payment: &Payment, now: Timestamp) -> Outcome<()> {
    move_aside(tx, payment, now)?;
    tell(tx, payment, &bank_of(tx, payment)?, "pending", now)
}

fn move_aside(tx: &Connection, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let total = payment.total();
    let parked = [(name::user(payment.account), -total), (name::SUSPENSE.to_owned(), total)];
    ledger::book(tx, Purpose::Suspend, &payment.intent.to_string(), now, &parked)
}

/// It did not come about: what was parked goes back to the balance. Nothing for every other payment.
pub(super) fn take_back(tx: &Connection, payment: &Payment, now: Timestamp) -> Outcome<()> {
    if payment.to_card().is_none() || !matches!(payment.state, State::Accepted | State::Sent | State::Cancelling) {
        return Ok(());
    }
    let total = payment.total();
    let back = [(name::SUSPENSE.to_owned(), -total), (name::user(payment.account), total)];
    ledger::book(tx, Purpose::Return, &payment.intent.to_string(), now, &back)?;
    stage(tx, payment.intent, "returned", now)?;
    tell(tx, payment, &bank_of(tx, payment)?, "refused", now)
}

/// The record of the history, in one of its states without a receipt.
fn tell(tx: &Connection, payment: &Payment, bank: &str, state: &str, now: Timestamp) -> Outcome<()> {
    let card = payment.to_card().ok_or_else(service::internal)?;
    let balance = ledger::user_balance(tx, payment.account)?;
    let entry = HistoryEntry {
        seq: 0,
        record_id: payment.order_id,
        kind: RecordKind::Withdraw,
        state: state.to_owned(),
        payee_id: Some(card),
        payee_name: bank.to_owned(),
        amount: fen(-payment.amount),
        fee: fen(payment.fee),
        balance_after: Some(fen(balance)),
        route: "bank".to_owned(),
        order: None,
        our_order: payment.order_id.to_string(),
        acquirer_order: None,
        intent_id: Some(payment.intent),
        token_id: None,
        original: None,
        at: payment.created_at,
        updated_at: now,
        receipt: None,
    };
    history::append(tx, payment.account, entry)
}

/// Taken up again in a book that was put back: parked as it was, and its bank says the rest. The card may have been bound after the copy
/// was made, and is not in this book.
pub(super) fn again(tx: &Connection, payment: &Payment, bank: Option<&str>, now: Timestamp) -> Outcome<()> {
    finish::open(tx, payment, payment.created_at)?;
    move_aside(tx, payment, now)?;
    let bank = payment.to_card().and_then(|card| card_of(tx, payment.account, card).ok()).map(|card| card.bank).or(bank.map(str::to_owned));
    tell(tx, payment, &bank.unwrap_or_else(|| "bank".to_owned()), "pending", now)?;
    run(tx, "UPDATE payments SET state = 'sent' WHERE intent_id = ?1", [payment.intent.to_string()])?;
    stage(tx, payment.intent, "sent_to_bank", now)
}

/// The bank that a withdrawal goes to, as its record has it.
pub(crate) fn bank_of(db: &Connection, payment: &Payment) -> Outcome<String> {
    match history::newest(db, payment.account, payment.order_id)? {
        Some(entry) => Ok(entry.payee_name),
        None => Ok(card_of(db, payment.account, payment.to_card().ok_or_else(service::internal)?)?.bank),
    }
}
