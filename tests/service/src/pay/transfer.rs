//! Transfer to another person: the money leaves the payer's balance when it is accepted, and arrives at once or when the delay is
//! over that the payer chose. Until then the payer can call it back. It lies in suspense meanwhile; one movement takes it out
//! again, and the book has room for one only: it arrives, or it goes back, and never both. What was called back is written
//! down beside the book first: an older copy of it would else deliver what the payer has again.

use super::finish;
use super::quote::source_out;
use super::{Payment, State, recall, stage};
use crate::closing;
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::rules::Rules;
use crate::service::{self, Service, internal};
use crate::store::ledger::{self, Purpose, name};
use crate::store::limits::{self, Way};
use crate::store::people::{Account, account};
use crate::store::{self, all, history, id_at, meta, one, run};
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use crate::wire::{AmountOut, SourceOut, SourceWire, TransferOut, fen};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{HistoryEntry, Receipt, RecordKind, Source};
use rusqlite::{Connection, Row, params};

/// How long a transfer may wait: not at all, two hours, a day (银发〔2016〕261号: at once, with the next batch, the next day).
pub const DELAYS_MS: [i64; 3] = [0, 7_200_000, 86_400_000];

/// A transfer as the book has it.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// The payer's intent.
    pub intent: Id,
    /// Who pays.
    pub payer: Id,
    /// Who is paid.
    pub payee: Id,
    /// How much, fen.
    pub amount: i64,
    /// The fee, fen.
    pub fee: i64,
    /// `waiting`, `arrived`, `cancelled`, `returned`.
    pub state: String,
    /// The payer's record.
    pub record: Id,
    /// When it was accepted.
    pub at: Timestamp,
    /// When it arrives.
    pub arrives_at: Timestamp,
}

fn read(row: &Row) -> rusqlite::Result<Transfer> {
    Ok(Transfer {
        intent: id_at(row, "intent_id")?,
        payer: id_at(row, "payer")?,
        payee: id_at(row, "payee")?,
        amount: row.get("amount")?,
        fee: row.get("fee")?,
        state: row.get("state")?,
        record: id_at(row, "record_id")?,
        at: Timestamp::from_ms(row.get("at")?),
        arrives_at: Timestamp::from_ms(row.get("arrives_at")?),
    })
}

/// A transfer by its intent.
pub fn find(db: &Connection, intent: Id) -> Outcome<Option<Transfer>> {
    Ok(one(db, "SELECT * FROM transfers WHERE intent_id = ?1", [intent.to_string()], read)?)
}

impl Transfer {
    fn total(&self) -> i64 {
        self.amount.saturating_add(self.fee)
    }

    /// As its payer sees it.
    pub fn out(&self, db: &Connection) -> Outcome<TransferOut> {
        Ok(TransferOut {
            state: self.state.clone(),
            arrives_at: self.arrives_at.as_ms(),
            record_id: self.record.to_string(),
            payee_name: masked(db, self.payee)?,
            amount: AmountOut::from(self.amount),
        })
    }
}

/// The decision by which a transfer was called back.
fn derive_cancel_id(intent: Id) -> Id {
    recall::derive(b"kabao-transfer-cancel-1", intent)
}

/// Why this person cannot be paid.
pub fn why_not_payee(db: &Connection, payee: Id) -> Outcome<Option<Code>> {
    if closing::is_closed(db, payee)? {
        return Ok(Some(Code::PayeeNotHere));
    }
    let who = account(db, payee).map_err(|_| Refusal::rule(Code::PayeeNotHere).field("payee_id"))?;
    Ok(match who {
        who if who.frozen => Some(Code::PayeeFrozen),
        who if who.closing => Some(Code::PayeeClosing),
        who if who.class == 0 => Some(Code::PayeeUnverified),
        _ => None,
    })
}

/// Why so much cannot go to a person now: the person, then limits, then the balance.
pub(super) fn why_not(db: &Connection, rules: &Rules, who: &Account, payee: Id, total: i64, now: Timestamp) -> Outcome<Option<Code>> {
    if let Some(code) = why_not_payee(db, payee)? {
        return Ok(Some(code));
    }
    if let Some(code) = limits::check(db, rules, who.id, who.class, None, Way::Transfer, total, now)? {
        return Ok(Some(code));
    }
    Ok((holds::spendable(db, who.id)? < total).then_some(Code::AboveBalance))
}

/// The one source of a transfer.
pub(super) fn sources(reason: Option<Code>) -> Vec<SourceOut> {
    vec![source_out(SourceWire { kind: "balance".to_owned(), card_id: None }, reason, None)]
}

/// Who may be quoted: somebody whom this payer looked up. Gives the masked name, and whether nothing was ever sent there.
pub(super) fn known(db: &Connection, payer: Id, payee: Id) -> Outcome<(String, bool)> {
    let sql = "SELECT paid_at FROM known_people WHERE payer = ?1 AND payee = ?2";
    let found = one(db, sql, [payer.to_string(), payee.to_string()], |row| row.get::<_, Option<i64>>(0))?;
    let paid_at = found.ok_or_else(|| Refusal::of(404, Code::PersonUnknown).field("payee_id"))?;
    Ok((masked(db, payee)?, paid_at.is_none()))
}

fn masked(db: &Connection, of: Id) -> Outcome<String> {
    Ok(account(db, of)?.name_masked.unwrap_or_else(|| "*".to_owned()))
}

/// Carries an accepted transfer out, in the transaction that accepts it.
pub(super) fn execute(tx: &Connection, service: &Service, payment: &Payment, delay_ms: i64) -> Outcome<()> {
    let row = begin(tx, service, payment, delay_ms)?;
    if delay_ms == 0 { deliver(tx, service, &row, row.at) } else { Ok(()) }
}

/// The same in a book that was put back and has forgotten it: it goes on as it would have, and is back at once when it was called back.
pub(super) fn again(tx: &Connection, service: &Service, payment: &Payment, delay_ms: i64, called_back: bool, now: Timestamp) -> Outcome<()> {
    finish::open(tx, payment, payment.created_at)?;
    let row = begin(tx, service, payment, delay_ms)?;
    if called_back { give_back(tx, service, &row, "cancelled", now) } else { Ok(()) }
}

fn begin(tx: &Connection, service: &Service, payment: &Payment, delay_ms: i64) -> Outcome<Transfer> {
    let (payee, now) = (payment.payee.ok_or_else(internal)?, payment.created_at);
    let row = Transfer {
        intent: payment.intent,
        payer: payment.account,
        payee,
        amount: payment.amount,
        fee: payment.fee,
        state: "waiting".to_owned(),
        record: payment.order_id,
        at: now,
        arrives_at: now.plus_ms(delay_ms),
    };
    take(tx, &row)?;
    let receipt = Receipt {
        intent_id: Some(payment.intent),
        terms_digest: payment.digest,
        arrives_at: (delay_ms > 0).then_some(row.arrives_at),
        ..receipt(tx, service, row.payer, row.record, payee, RecordKind::Transfer, row.amount, now)?
    };
    let receipt = Receipt { fee: fen(row.fee), ..receipt };
    let proof = service.keys.sign(&receipt).ok_or_else(internal)?;
    stage(tx, row.intent, "sent", now)?;
    finish::close(tx, payment, State::Succeeded, None, None, &proof)?;
    let entry = HistoryEntry { intent_id: Some(row.intent), fee: fen(row.fee), receipt: Some(proof), ..entry(tx, &receipt, "pending", -row.amount, now)? };
    history::append(tx, row.payer, entry)?;
    Ok(row)
}

/// Out of the payer's balance, into suspense.
fn take(tx: &Connection, row: &Transfer) -> Outcome<()> {
    let out = [(name::user(row.payer), -row.total()), (name::SUSPENSE.to_owned(), row.amount), (name::FEES.to_owned(), row.fee)];
    ledger::book(tx, Purpose::Execute, &row.intent.to_string(), row.at, &out)?;
    let sql = "INSERT INTO transfers (intent_id, payer, payee, amount, fee, state, record_id, at, arrives_at) VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?7, ?8)";
    let values = params![
        row.intent.to_string(), row.payer.to_string(), row.payee.to_string(), row.amount, row.fee, row.record.to_string(), row.at.as_ms(),
        row.arrives_at.as_ms()
    ];
    run(tx, sql, values)?;
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn receipt(tx: &Connection, service: &Service, of: Id, record: Id, other: Id, kind: RecordKind, amount: i64, now: Timestamp) -> Outcome<Receipt> {
    Ok(Receipt {
        receipt_id: service.make_id(),
        record_id: record,
        intent_id: None,
        terms_digest: None,
        token_id: None,
        kind,
        account_id: of,
        payee_id: Some(other),
        payee_name: masked(tx, other)?,
        amount: fen(amount),
        fee: fen(0),
        source: Source::Balance,
        route: "kabao".to_owned(),
        order: None,
        our_order: record.to_string(),
        acquirer_order: None,
        original: None,
        arrives_at: None,
        at: now,
        epoch: meta::epoch(tx)?,
    })
}

fn entry(tx: &Connection, receipt: &Receipt, state: &str, signed: i64, now: Timestamp) -> Outcome<HistoryEntry> {
    let balance = ledger::user_balance(tx, receipt.account_id)?;
    Ok(HistoryEntry {
        seq: 0,
        record_id: receipt.record_id,
        kind: receipt.kind,
        state: state.to_owned(),
        payee_id: receipt.payee_id,
        payee_name: receipt.payee_name.clone(),
        amount: fen(signed),
        fee: fen(0),
        balance_after: Some(fen(balance)),
        route: receipt.route.clone(),
        order: None,
        our_order: receipt.our_order.clone(),
        acquirer_order: None,
        intent_id: None,
        token_id: None,
        original: receipt.original,
        at: now,
        updated_at: now,
        receipt: None,
    })
}

fn end(tx: &Connection, intent: Id, state: &str, now: Timestamp) -> Outcome<()> {
    let sql = "UPDATE transfers SET state = ?2, ended_at = ?3 WHERE intent_id = ?1 AND state = 'waiting'";
    if run(tx, sql, params![intent.to_string(), state, now.as_ms()])? == 1 { Ok(()) } else { Err(internal()) }
}

/// It arrives: with the payee's own record and receipt. A payee whose account is closed by now receives nothing.
fn deliver(tx: &Connection, service: &Service, row: &Transfer, now: Timestamp) -> Outcome<()> {
    match closing::is_closed(tx, row.payee)? {
        true => give_back(tx, service, row, "returned", now),
        false => hand_over(tx, service, row, now),
    }
}

fn hand_over(tx: &Connection, service: &Service, row: &Transfer, now: Timestamp) -> Outcome<()> {
    // Only now: who calls back because it was the wrong person is warned the next time as well.
    let sql = "UPDATE known_people SET paid_at = ?3 WHERE payer = ?1 AND payee = ?2";
    run(tx, sql, params![row.payer.to_string(), row.payee.to_string(), now.as_ms()])?;
    let arrives = [(name::SUSPENSE.to_owned(), -row.amount), (name::user(row.payee), row.amount)];
    ledger::book(tx, Purpose::Return, &row.intent.to_string(), now, &arrives)?;
    end(tx, row.intent, "arrived", now)?;
    stage(tx, row.intent, "arrived", now)?;
    history::restate(tx, row.payer, row.record, "done", now)?;
    let record = recall::derive(b"kabao-transfer-in-1", row.intent);
    let receipt = receipt(tx, service, row.payee, record, row.payer, RecordKind::Transfer, row.amount, now)?;
    let signed = service.keys.sign(&receipt).ok_or_else(internal)?;
    let entry = HistoryEntry { receipt: Some(signed), ..entry(tx, &receipt, "done", row.amount, now)? };
    history::append(tx, row.payee, entry)
}

/// It goes back whole, with its fee and its limits.
fn give_back(tx: &Connection, service: &Service, row: &Transfer, state: &str, now: Timestamp) -> Outcome<()> {
    let back = [(name::SUSPENSE.to_owned(), -row.amount), (name::FEES.to_owned(), -row.fee), (name::user(row.payer), row.total())];
    ledger::book(tx, Purpose::Return, &row.intent.to_string(), now, &back)?;
    end(tx, row.intent, state, now)?;
    stage(tx, row.intent, "returned", now)?;
    limits::give_back(tx, row.payer, None, Way::Transfer, row.total(), row.at, now)?;
    history::restate(tx, row.payer, row.record, "reversed", now)?;
    let record = recall::derive(b"kabao-transfer-back-1", row.intent);
    let receipt = Receipt { original: Some(row.record), ..receipt(tx, service, row.payer, record, row.payee, RecordKind::Reversal, row.total(), now)? };
    let signed = service.keys.sign(&receipt).ok_or_else(internal)?;
    let entry = HistoryEntry { receipt: Some(signed), ..entry(tx, &receipt, "done", row.total(), now)? };
    history::append(tx, row.payer, entry)
}

/// The payer calls it back. The same again is the same answer; what has arrived stays where it is.
pub fn cancel(service: &Service, payer: Id, intent: Id) -> Outcome<TransferOut> {
    let now = service.now();
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    if meta::epoch(&state.db)? > 1 && find(&state.db, intent)?.is_none() {
        recall::take_up_one(service, &mut state, payer, intent, now)?;
    }
    let row = find(&state.db, intent)?.filter(|row| row.payer == payer).ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    // One that is due comes to its end first: whether it arrived or came back, nobody knows before.
    arrive_if_due(service, &mut state, intent, now)?;
    let row = find(&state.db, intent)?.unwrap_or(row);
    match row.state.as_str() {
        "waiting" if now < row.arrives_at => {}
        "waiting" => return Err(Refusal::down()),
        "arrived" => return Err(Refusal::of(409, Code::TransferArrived)),
        _ => return row.out(&state.db),
    }
    let decision = DecisionRow { decision: derive_cancel_id(intent), account: payer, body: Decision::TransferCancelled { intent }, at: now };
    match service.ask_vault(VaultCall::KeepDecision(decision))? {
        VaultAnswer::Decisions(rows) if rows.iter().any(|row| row.body == Decision::TransferCancelled { intent }) => {}
        _ => return Err(Refusal::down()),
    }
    store::write(&mut state.db, |tx| give_back(tx, service, &row, "cancelled", now))?;
    find(&state.db, intent)?.ok_or_else(internal)?.out(&state.db)
}

/// How a transfer of this payer stands.
pub fn view(service: &Service, payer: Id, intent: Id) -> Outcome<TransferOut> {
    let state = service.state();
    let row = find(&state.db, intent)?.filter(|row| row.payer == payer);
    row.ok_or_else(|| Refusal::of(404, Code::NotFound))?.out(&state.db)
}

/// What is due arrives. Called by the clock.
pub(crate) fn deliver_due(service: &Service, now: Timestamp) -> Outcome<()> {
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let due = all(&state.db, "SELECT * FROM transfers WHERE state = 'waiting' AND arrives_at <= ?1 ORDER BY arrives_at LIMIT 200", [now.as_ms()], read)?;
    let mut delivered = false;
    for row in due {
        // One that cannot go on now does not hold up the others.
        delivered |= arrive(service, &mut state, &row, now)?;
    }
    // What it was paid out from may be there by now.
    if delivered { recall::take_up_all(service, &mut state, now) } else { Ok(()) }
}

/// The same for one.
pub(super) fn arrive_if_due(service: &Service, state: &mut service::State, intent: Id, now: Timestamp) -> Outcome<()> {
    if let Some(row) = find(&state.db, intent)?.filter(|row| row.state == "waiting" && row.arrives_at <= now) {
        arrive(service, state, &row, now)?;
    }
    Ok(())
}

/// Whether it is there.
fn arrive(service: &Service, state: &mut service::State, row: &Transfer, now: Timestamp) -> Outcome<bool> {
    let called_back = is_called_back(service, row.intent)?;
    // A book that was put back may have forgotten that it had arrived, and that it was carried on from there: it goes the same way
    // again, or it would come back to the payer and be paid out as well.
    let went_on = closing::is_closed(&state.db, row.payee)? && recall::untaken(&state.db, row.payee)? > 0;
    let ended = store::write(&mut state.db, |tx| match (called_back, went_on) {
        (true, _) => give_back(tx, service, row, "cancelled", now),
        (false, true) => hand_over(tx, service, row, now),
        (false, false) => deliver(tx, service, row, now),
    });
    Ok(ended.is_ok() && !called_back)
}

pub(super) fn is_called_back(service: &Service, intent: Id) -> Outcome<bool> {
    match service.ask_vault(VaultCall::DecisionOf { decision: derive_cancel_id(intent) })? {
        VaultAnswer::Decisions(found) => Ok(found.iter().any(|row| row.body == Decision::TransferCancelled { intent })),
        _ => Err(Refusal::down()),
    }
}

/// What was called back goes back at once in a book that was put back to before it was. Safe to repeat.
pub(super) fn recall_all(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    for row in rows {
        let Decision::TransferCancelled { intent } = row.body else { continue };
        if let Some(row) = find(&state.db, intent)?.filter(|row| row.state == "waiting") {
            store::write(&mut state.db, |tx| give_back(tx, service, &row, "cancelled", now))?;
        }
    }
    Ok(())
}
