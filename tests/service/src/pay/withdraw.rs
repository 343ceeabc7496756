//! Withdrawal: from the balance to a bound debit card of the same person. The money is parked when it is accepted, so that it cannot
//! be spent twice, and stands in the history from then on. The bank's word carries it out or brings it back; there is no
//! other. The vault writes the terms down before the bank is asked: a book that is put back to an older copy would else
//! call a withdrawal abandoned that the bank carried out.

use super::quote::source_out;
use super::{Payment, State, finish, load, stage};
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::rules::Rules;
use crate::service::{self, Service};
use crate::store::ledger::{self, Purpose, name};
use crate::store::limits::{self, Way};
use crate::store::people::{Account, Card, card_of};
use crate::store::{self, history, meta, one, run};
use crate::vault::{BankState, Decision, DecisionRow, VaultAnswer, VaultCall};
use crate::wire::{SourceOut, SourceWire, fen};
use kabao_base::{Code, Id, Timestamp};
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

/// Has the vault write the terms down, before anything moves.
pub(super) fn keep(service: &Service, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let (Some(card), Some(digest)) = (payment.to_card(), payment.digest) else { return Err(service::internal()) };
    let body = Decision::Withdrawal {
        terms_digest: Digest32(digest).to_string(),
        card,
        amount: payment.amount,
        fee: payment.fee,
        order: payment.order_id,
    };
    match service.ask_vault(VaultCall::KeepDecision(DecisionRow { decision: payment.intent, account: payment.account, body, at: now }))? {
        VaultAnswer::Decisions(_) => Ok(()),
        _ => Err(Refusal::down()),
    }
}

/// Takes the money from the balance into suspense, where it waits for the bank's word.
pub(super) fn park(tx: &Connection, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let total = payment.total();
    let parked = [(name::user(payment.account), -total), (name::SUSPENSE.to_owned(), total)];
    ledger::book(tx, Purpose::Suspend, &payment.intent.to_string(), now, &parked)?;
    tell(tx, payment, "pending", now)
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
    tell(tx, payment, "refused", now)
}

/// The record of the history, in one of its states without a receipt.
fn tell(tx: &Connection, payment: &Payment, state: &str, now: Timestamp) -> Outcome<()> {
    let card = payment.to_card().ok_or_else(service::internal)?;
    let balance = ledger::user_balance(tx, payment.account)?;
    let entry = HistoryEntry {
        seq: 0,
        record_id: payment.order_id,
        kind: RecordKind::Withdraw,
        state: state.to_owned(),
        payee_id: Some(card),
        payee_name: card_of(tx, payment.account, card)?.bank,
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

/// Takes up every withdrawal that the vault knows, the bank has, and the book has forgotten. One whose money the book does not
/// have yet waits for the phone's proofs.
pub(super) fn recall_all(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    for row in rows.iter().filter(|row| matches!(row.body, Decision::Withdrawal { .. })) {
        take_up(service, state, row, now)?;
    }
    Ok(())
}

/// The same for one. An error when the bank has it and it cannot be taken up: nobody may call it abandoned.
pub(super) fn recall(service: &Service, state: &mut service::State, account: Id, intent: Id, now: Timestamp) -> Outcome<()> {
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::DecisionOf { decision: intent })? else { return Err(Refusal::down()) };
    let Some(row) = rows.first().filter(|row| row.account == account) else { return Ok(()) };
    if take_up(service, state, row, now)? { Ok(()) } else { Err(Refusal::down()) }
}

/// How many withdrawals of an account the bank has carried out, or may yet, of which the book knows nothing: only one that was put
/// back to an older copy can have forgotten any.
pub(crate) fn untaken(service: &Service, db: &Connection, account: Id) -> Outcome<i64> {
    if meta::epoch(db)? <= 1 {
        return Ok(0);
    }
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    let mut count = 0i64;
    for row in rows.iter().filter(|row| row.account == account && matches!(row.body, Decision::Withdrawal { .. })) {
        let at_bank = || matches!(service.ask_bank(VaultCall::Query { id: row.decision }), BankState::Done | BankState::Pending);
        count = count.saturating_add(i64::from(load(db, row.decision)?.is_none() && at_bank()));
    }
    Ok(count)
}

/// Whether nothing of it is left to be taken up.
fn take_up(service: &Service, state: &mut service::State, row: &DecisionRow, now: Timestamp) -> Outcome<bool> {
    let Decision::Withdrawal { terms_digest, card, amount, fee, order } = &row.body else { return Ok(true) };
    if load(&state.db, row.decision)?.is_some() {
        return Ok(true);
    }
    let has = |sql: &str, id: &Id| one(&state.db, sql, [id.to_string()], |row| row.get::<_, i64>(0)).map(|found| found.is_some());
    if !has("SELECT 1 FROM accounts WHERE account_id = ?1", &row.account)? || !has("SELECT 1 FROM cards WHERE card_id = ?1", card)? {
        return Ok(false);
    }
    if !matches!(service.ask_bank(VaultCall::Query { id: row.decision }), BankState::Done | BankState::Pending) {
        // The bank never had it, or refused it: what the phone was told of it, it can prove.
        return Ok(true);
    }
    let digest = Digest32::parse(terms_digest).map_err(|_| service::internal())?.0;
    let payment = Payment {
        intent: row.decision,
        account: row.account,
        digest: Some(digest),
        kind: "withdraw".to_owned(),
        payee: Some(*card),
        order: None,
        ask: None,
        amount: *amount,
        fee: *fee,
        card: None,
        state: State::Accepted,
        proof: None,
        order_id: *order,
        created_at: row.at,
        tries: 0,
    };
    if ledger::user_balance(&state.db, row.account)? < payment.total() {
        return Ok(false);
    }
    store::write(&mut state.db, |tx| {
        finish::open(tx, &payment, row.at)?;
        park(tx, &payment, now)?;
        run(tx, "UPDATE payments SET state = 'sent' WHERE intent_id = ?1", [row.decision.to_string()])?;
        stage(tx, row.decision, "sent_to_bank", now)
    })?;
    Ok(true)
}
