//! What the bank says, and asking it again until it has said something.

use super::{Payment, State, due, finish, recall, returns, stage};
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service};
use crate::store::alarms::{self, Reason};
use crate::store::ledger::name;
use crate::store::people::{card_of, note_reason};
use crate::store::{self, run};
use crate::vault::{BankState, BookRow, VaultCall};
use crate::wire::fen;
use kabao_base::{Code, Timestamp};
use rusqlite::params;

const FIRST_PAUSE_MS: i64 = 1_000;
const LONGEST_PAUSE_MS: i64 = 60_000;

/// Asks the bank to carry a payment out. The same id again is the same payment at the bank.
pub(crate) fn ask(service: &Service, state: &mut service::State, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let card = payment.card.or(payment.to_card()).ok_or_else(service::internal)?;
    let token = card_of(&state.db, payment.account, card)?.token;
    let answer = match payment.to_card() {
        Some(_) => service.ask_bank(VaultCall::Credit { id: payment.intent, token, amount: fen(payment.amount) }),
        None => service.ask_bank(VaultCall::Debit { id: payment.intent, token, amount: fen(payment.total()) }),
    };
    take(service, state, payment, answer, now)
}

fn take(service: &Service, state: &mut service::State, payment: &Payment, answer: BankState, now: Timestamp) -> Outcome<()> {
    if payment.to_card().is_some() && matches!(answer, BankState::Refused(_)) {
        recall::void(service, &state.db, payment.account, payment.intent, now)?;
    }
    let asked = if payment.to_card().is_some() { payment.amount } else { payment.total() };
    store::write(&mut state.db, |tx| match &answer {
        BankState::Done { amount } if *amount == fen(asked) => finish::succeed(tx, service, payment, name::BANK, now),
        BankState::Done { amount } => differs(tx, service, payment, asked, amount.minor, now),
        BankState::Refused(code) => {
            let code = Code::parse(code).unwrap_or(Code::BankRefused);
            let of_card = [Code::CardClosed, Code::CardFrozen, Code::CardJoint, Code::CardExpired, Code::CardUnbound].contains(&code);
            if let Some(card) = payment.card.or(payment.to_card()).filter(|_| of_card) {
                note_reason(tx, card, Some(code.as_str()), None)?;
            }
            finish::refuse(tx, service, payment, code.as_str(), None, now)
        }
        BankState::Pending | BankState::Unknown => later(tx, payment, now),
    })
}

/// The bank booked another amount than it was asked for: no receipt says ours. What it took from a card lies in suspense and goes back there
/// whole. What it gave to a card cannot be called back: the balance's money stays in suspense, without a result, until the bank has put
/// its book right or the operator, whom the alarm tells, has.
fn differs(tx: &rusqlite::Connection, service: &Service, payment: &Payment, asked: i64, booked: i64, now: Timestamp) -> Outcome<()> {
    alarms::raise(tx, payment.intent, Reason::BankAmount, asked, booked, now)?;
    let Some(card) = payment.card.filter(|_| payment.to_card().is_none()) else { return later(tx, payment, now) };
    finish::refuse(tx, service, payment, Code::BankRefused.as_str(), None, now)?;
    let token = card_of(tx, payment.account, card)?.token;
    let row = BookRow { id: payment.intent, kind: "debit".to_owned(), token, amount: fen(booked), at: now };
    returns::park_debit(tx, &row, payment.account, now)
}

fn later(tx: &rusqlite::Connection, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let doublings = u32::try_from(payment.tries.clamp(0, 6)).unwrap_or(6);
    let pause = (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
    let sql = "UPDATE payments SET tries = tries + 1, next_try = ?2 WHERE intent_id = ?1";
    run(tx, sql, params![payment.intent.to_string(), now.plus_ms(pause).as_ms()])?;
    Ok(())
}

/// Asks the bank what became of a payment and goes on from there.
pub(crate) fn resolve(service: &Service, state: &mut service::State, payment: &Payment, now: Timestamp) -> Outcome<()> {
    match payment.state {
        State::Accepted => {
            // The service died between accepting and asking: the bank has not heard of it.
            store::write(&mut state.db, |tx| {
                run(tx, "UPDATE payments SET state = 'sent' WHERE intent_id = ?1 AND state = 'accepted'", [payment.intent.to_string()])?;
                stage(tx, payment.intent, "sent_to_bank", now)
            })?;
            ask(service, state, &Payment { state: State::Sent, ..payment.clone() }, now)
        }
        State::Sent => match service.ask_bank(VaultCall::Query { id: payment.intent }) {
            // Its card is one that a book that was put back does not have: nothing can go there, and the bank is told so.
            BankState::Unknown if payment.to_card().is_some_and(|card| card_of(&state.db, payment.account, card).is_err()) => {
                cancel(service, state, payment, now)
            }
            // Not known there: it died on the way. The same id cannot be carried out twice.
            BankState::Unknown => ask(service, state, payment, now),
            answer => take(service, state, payment, answer, now),
        },
        State::Cancelling => cancel(service, state, payment, now),
        _ => Ok(()),
    }
}

/// Asks the bank to forget a payment. Its *no* to carrying it out is what a tombstone needs.
pub(crate) fn cancel(service: &Service, state: &mut service::State, payment: &Payment, now: Timestamp) -> Outcome<()> {
    if payment.to_card().is_some() {
        // Money on its way to a card cannot be called back: only what the bank has not heard of is kept from it.
        let known = service.ask_bank(VaultCall::Query { id: payment.intent });
        if known != BankState::Unknown {
            return take(service, state, payment, known, now);
        }
    }
    let answer = service.ask_bank(VaultCall::Cancel { id: payment.intent });
    if matches!(answer, BankState::Done { .. } | BankState::Pending) {
        return take(service, state, payment, answer, now);
    }
    if payment.to_card().is_some() {
        recall::void(service, &state.db, payment.account, payment.intent, now)?;
    }
    store::write(&mut state.db, |tx| finish::bury(tx, service, payment, now))
}

/// Everything that is due. Called by the clock.
pub(crate) fn resolve_due(service: &Service, now: Timestamp) -> Outcome<()> {
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    for payment in due(&state.db, now)? {
        // One that cannot go on now does not hold up the others.
        let _ = resolve(service, &mut state, &payment, now);
    }
    Ok(())
}
