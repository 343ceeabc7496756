//! The end of a payment: money, receipt, history and state in one transaction.

use super::{Payment, State, load, stage, withdraw};
use crate::refusal::Outcome;
use crate::service::{Service, internal};
use crate::store::ledger::{self, Purpose, name};
use crate::store::people::{card_of, payee};
use crate::store::{history, limits, meta, one, run};
use crate::wire::fen;
use kabao_base::{Id, Timestamp};
use kabao_proof::{Document, HistoryEntry, Receipt, RecordKind, Refusal as RefusalDocument, Source, Tombstone};
use rusqlite::{Connection, params};

/// What the acquirer knows of a question.
struct Asked {
    order_id: Id,
    our_order: String,
    route: String,
    acquirer_order: String,
    token_id: String,
}

fn asked(tx: &Connection, payment: &Payment) -> Outcome<Option<Asked>> {
    let Some(ask) = payment.ask else { return Ok(None) };
    let sql = "SELECT order_id, our_order, route, acquirer_order, token_id FROM charges WHERE ask_id = ?1";
    let row = one(tx, sql, [ask.to_string()], |row| {
        Ok(Asked {
            order_id: crate::store::id_at(row, "order_id")?,
            our_order: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            route: row.get(2)?,
            acquirer_order: row.get(3)?,
            token_id: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
        })
    })?;
    row.map(Some).ok_or_else(internal)
}

fn sign<D: Document>(service: &Service, document: &D) -> Outcome<Vec<u8>> {
    service.keys.sign(document).ok_or_else(internal)
}

/// The money arrived: books it, signs the receipt, writes the history. `from` is the account that the money of
/// a card comes from: the bank, or suspense when a restored book had parked it.
pub fn succeed(tx: &Connection, service: &Service, payment: &Payment, from: &str, now: Timestamp) -> Outcome<()> {
    let asked = asked(tx, payment)?;
    let user = name::user(payment.account);
    let total = payment.total();
    let payer = if payment.card.is_some() { from.to_owned() } else { user.clone() };
    let target = match payment.payee {
        Some(payee) => name::merchant(payee),
        None => user,
    };
    // A withdrawal lies in suspense since it was accepted, and leaves for the bank.
    let (payer, target) = if payment.to_card().is_some() { (name::SUSPENSE.to_owned(), name::BANK.to_owned()) } else { (payer, target) };
    let postings = [(payer, -total), (target, payment.amount), (name::FEES.to_owned(), payment.fee)];
    ledger::book(tx, Purpose::Execute, &payment.intent.to_string(), now, &postings)?;

    let top_up = payment.payee.is_none();
    let payee_name = match (payment.payee, payment.card) {
        (Some(_), _) if payment.to_card().is_some() => withdraw::bank_of(tx, payment)?,
        (Some(id), _) => payee(tx, id)?.name,
        (None, Some(card)) => card_of(tx, payment.account, card)?.bank,
        (None, None) => return Err(internal()),
    };
    let kind = match payment.kind.as_str() {
        "top_up" => RecordKind::TopUp,
        "ask" => RecordKind::PayerCode,
        "withdraw" => RecordKind::Withdraw,
        _ => RecordKind::Pay,
    };
    let by_bank = top_up || payment.to_card().is_some();
    let record_id = asked.as_ref().map_or(payment.order_id, |asked| asked.order_id);
    let route = asked.as_ref().map_or(if by_bank { "bank" } else { "kabao" }, |asked| &asked.route).to_owned();
    let our_order = asked.as_ref().map_or_else(|| payment.order_id.to_string(), |asked| asked.our_order.clone());
    let acquirer_order = asked.as_ref().map(|asked| asked.acquirer_order.clone());
    let token_id = asked.as_ref().map(|asked| asked.token_id.clone());
    let receipt = Receipt {
        receipt_id: service.make_id(),
        record_id,
        intent_id: Some(payment.intent),
        terms_digest: payment.digest,
        token_id: token_id.clone(),
        kind,
        account_id: payment.account,
        payee_id: payment.payee,
        payee_name: payee_name.clone(),
        amount: fen(payment.amount),
        fee: fen(payment.fee),
        source: payment.card.map_or(Source::Balance, Source::Card),
        route: route.clone(),
        order: payment.order.clone(),
        our_order: our_order.clone(),
        acquirer_order: acquirer_order.clone(),
        original: None,
        arrives_at: None,
        at: now,
        epoch: meta::epoch(tx)?,
    };
    let proof = sign(service, &receipt)?;
    if payment.card.is_some() || payment.to_card().is_some() {
        stage(tx, payment.intent, "bank_confirmed", now)?;
    }
    stage(tx, payment.intent, "arrived", now)?;
    close(tx, payment, State::Succeeded, None, None, &proof)?;
    if let Some(asked) = &asked {
        let sql = "UPDATE charges SET state = 'paid', paid_at = ?2, intent_id = ?3 WHERE order_id = ?1 AND state = 'asked'";
        let changed = run(tx, sql, params![asked.order_id.to_string(), now.as_ms(), payment.intent.to_string()])?;
        if changed != 1 {
            return Err(internal());
        }
    }
    let touches = top_up || payment.card.is_none();
    let balance = ledger::user_balance(tx, payment.account)?;
    let entry = HistoryEntry {
        seq: 0,
        record_id,
        kind,
        state: "done".to_owned(),
        payee_id: payment.payee,
        payee_name,
        amount: fen(if top_up { payment.amount } else { -payment.amount }),
        fee: fen(payment.fee),
        balance_after: touches.then(|| fen(balance)),
        route,
        order: payment.order.clone(),
        our_order,
        acquirer_order,
        intent_id: Some(payment.intent),
        token_id,
        original: None,
        // A withdrawal stands in the history since it was accepted.
        at: if payment.to_card().is_some() { payment.created_at } else { now },
        updated_at: now,
        receipt: Some(proof),
    };
    history::append(tx, payment.account, entry)
}

pub(super) fn close(tx: &Connection, payment: &Payment, state: State, code: Option<&str>, left: Option<u32>, proof: &[u8]) -> Outcome<()> {
    let sql = "UPDATE payments SET state = ?2, code = ?3, attempts_left = ?4, proof = ?5 WHERE intent_id = ?1 \
               AND state IN ('accepted', 'sent', 'cancelling', 'orphan')";
    let changed = run(tx, sql, params![payment.intent.to_string(), state.text(), code, left, proof])?;
    // A final state does not change: who comes second finds the first's.
    if changed == 1 { Ok(()) } else { Err(internal()) }
}

pub(super) fn give_limits_back(tx: &Connection, payment: &Payment) -> Outcome<()> {
    // An orphan never took any.
    if let Some(way) = payment.way().filter(|_| payment.state != State::Orphan) {
        limits::untake(tx, payment.account, payment.card, way, payment.total(), payment.created_at)?;
        limits::untake_free(tx, payment.account, &payment.kind, payment.amount)?;
    }
    Ok(())
}

/// It will never be carried out under this id.
pub fn refuse(tx: &Connection, service: &Service, payment: &Payment, code: &str, left: Option<u32>, now: Timestamp) -> Outcome<()> {
    let document = RefusalDocument {
        intent_id: Some(payment.intent),
        token_id: None,
        account_id: payment.account,
        code: code.to_owned(),
        attempts_left: left,
        at: now,
        epoch: meta::epoch(tx)?,
    };
    let proof = sign(service, &document)?;
    stage(tx, payment.intent, "refused", now)?;
    give_limits_back(tx, payment)?;
    withdraw::take_back(tx, payment, now)?;
    close(tx, payment, State::Refused, Some(code), left, &proof)
}

/// It was given up and is fenced for good.
pub fn bury(tx: &Connection, service: &Service, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let document = Tombstone { intent_id: payment.intent, account_id: payment.account, at: now, epoch: meta::epoch(tx)? };
    let proof = sign(service, &document)?;
    stage(tx, payment.intent, "abandoned", now)?;
    give_limits_back(tx, payment)?;
    withdraw::take_back(tx, payment, now)?;
    close(tx, payment, State::Tombstoned, None, None, &proof)
}

/// Writes a payment down as accepted, with its limits taken.
pub fn open(tx: &Connection, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO payments (intent_id, account_id, digest, kind, payee_id, order_no, ask_id, amount, fee, card_id, state, epoch, order_id, created_at, next_try) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)";
    let text = |id: Option<Id>| id.map(|id| id.to_string());
    let kind = Some(payment.kind.as_str()).filter(|kind| !kind.is_empty());
    let epoch = i64::try_from(meta::epoch(tx)?).unwrap_or(i64::MAX);
    run(
        tx,
        sql,
        params![
            payment.intent.to_string(), payment.account.to_string(), payment.digest, kind, text(payment.payee), payment.order,
            text(payment.ask), payment.amount, payment.fee, text(payment.card), payment.state.text(), epoch,
            payment.order_id.to_string(), now.as_ms()
        ],
    )?;
    if let (Some(way), State::Accepted) = (payment.way(), payment.state) {
        limits::take(tx, payment.account, payment.card, way, payment.total(), now)?;
        limits::take_free(tx, payment.account, &payment.kind, payment.amount)?;
    }
    if payment.state == State::Accepted {
        stage(tx, payment.intent, "accepted", now)?;
    }
    Ok(())
}

/// The payment as it stands now.
pub fn reload(db: &Connection, intent: Id) -> Outcome<Payment> {
    load(db, intent)?.ok_or_else(internal)
}
