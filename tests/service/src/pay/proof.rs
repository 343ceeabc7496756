//! Proofs of an older epoch, presented by the phone: what we signed holds, and a restored book is mended by it.

use super::{Payment, State, adopted, finish, load};
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Caller, Service, internal};
use crate::store::alarms::{self, Reason};
use crate::store::ledger::{self, Purpose, name};
use crate::store::forgotten::Forgotten;
use crate::store::{self, history, id_at, limits, one, run};
use crate::vault::{BankState, VaultCall};
use crate::wire::{PaidTwiceOut, fen};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{HistoryEntry, Receipt, RecordKind, Source, Verdict};
use rusqlite::{Connection, params};

fn invalid() -> Refusal {
    Refusal::rule(Code::ReceiptInvalid).field("proof")
}

/// Takes a proof. The book agrees, is mended, or the proof is refused. Says when the order of the payment is paid twice.
pub fn import(service: &Service, caller: &Caller, intent: Id, bytes: &[u8]) -> Outcome<Option<PaidTwiceOut>> {
    if take(service, caller, intent, bytes)? {
        // What had arrived arrives at once.
        let _ = super::transfer::deliver_due(service, service.now());
        // Money is back that a charge of the acquirer's book may have been paid from.
        let _ = super::rebuild::adopt_missed(service);
        // Or that was given back already.
        let _ = crate::refunds::carry_due(service, service.now());
    }
    paid_twice(&service.state().db, caller.account, intent)
}

/// Another payment of the same order, which this book took when it had forgotten the first. One of the two has to be asked back; which
/// record it has is told to its payer alone.
fn paid_twice(db: &Connection, account: Id, intent: Id) -> Outcome<Option<PaidTwiceOut>> {
    let paid = load(db, intent)?.filter(|payment| payment.state == State::Succeeded);
    let Some((payee, order)) = paid.and_then(|payment| payment.payee.zip(payment.order)) else { return Ok(None) };
    let sql = "SELECT order_id, account_id FROM payments WHERE payee_id = ?1 AND (order_no = ?2 OR order_again = ?2) AND intent_id <> ?3 AND state = 'succeeded' \
               ORDER BY account_id <> ?4, created_at LIMIT 1";
    let other = one(db, sql, params![payee.to_string(), order, intent.to_string(), account.to_string()], |row| Ok((id_at(row, "order_id")?, id_at(row, "account_id")?)))?;
    Ok(other.map(|(record, of)| PaidTwiceOut { order, other_id: Some(record.to_string()).filter(|_| of == account) }))
}

/// Whether the book was mended by it.
fn take(service: &Service, caller: &Caller, intent: Id, bytes: &[u8]) -> Outcome<bool> {
    let verdict = Verdict::open(bytes, &service.keys.set).map_err(|_| invalid())?;
    if verdict.intent_id() != Some(intent) || verdict.account_id() != caller.account {
        return Err(invalid());
    }
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let known = load(&state.db, intent)?;
    if known.as_ref().is_some_and(|known| known.account != caller.account) {
        return Err(Refusal::of(409, Code::IdReused));
    }
    let wanted = match &verdict {
        Verdict::Receipt(_) => State::Succeeded,
        Verdict::Refusal(_) => State::Refused,
        Verdict::Tombstone(_) => State::Tombstoned,
    };
    match known {
        // A reversal's receipt speaks of the same intent and moved nothing of it.
        _ if matches!(&verdict, Verdict::Receipt(receipt) if receipt.kind == RecordKind::Reversal) => Ok(false),
        Some(known) if known.state == wanted => Ok(false),
        Some(known) if known.state.is_final() => Err(Refusal::of(409, Code::IdReused)),
        known => match verdict {
            Verdict::Receipt(receipt) => mend(service, state, known, &receipt, bytes, now).map(|()| true),
            Verdict::Refusal(_) | Verdict::Tombstone(_) => close(service, state, caller, known, intent, wanted, bytes, now).map(|()| false),
        },
    }
}

/// What we signed as never to be carried out: so it stays. Money that is there all the same goes back.
#[allow(clippy::too_many_arguments)]
fn close(service: &Service, state: &mut service::State, caller: &Caller, known: Option<Payment>, intent: Id, wanted: State, bytes: &[u8], now: Timestamp) -> Outcome<()> {
    if let Some(known) = known {
        return if known.state == State::Orphan { super::returns::send_back(service, state, &known, now) } else { Err(Refusal::of(409, Code::IdReused)) };
    }
    store::write(&mut state.db, |tx| {
        finish::open(tx, &blank(service, caller.account, intent, now), now)?;
        seal(tx, intent, wanted, bytes)
    })
}

fn blank(service: &Service, account: Id, intent: Id, now: Timestamp) -> Payment {
    Payment {
        intent,
        account,
        digest: None,
        kind: String::new(),
        payee: None,
        order: None,
        ask: None,
        amount: 0,
        fee: 0,
        card: None,
        state: State::Orphan,
        proof: None,
        order_id: service.make_id(),
        created_at: now,
        tries: 0,
    }
}

fn seal(tx: &Connection, intent: Id, state: State, proof: &[u8]) -> Outcome<()> {
    let sql = "UPDATE payments SET state = ?2, proof = ?3 WHERE intent_id = ?1";
    run(tx, sql, params![intent.to_string(), state.text(), proof])?;
    Ok(())
}

/// Books what the receipt says, once: from suspense when the bank's book had brought the money already.
fn mend(service: &Service, state: &mut service::State, known: Option<Payment>, receipt: &Receipt, bytes: &[u8], now: Timestamp) -> Outcome<()> {
    let intent = receipt.intent_id.ok_or_else(invalid)?;
    let total = receipt.amount.plus(receipt.fee).map_err(|_| invalid())?.minor;
    let card = match receipt.source {
        Source::Card(id) => Some(id),
        Source::Balance => None,
    };
    if receipt.kind == RecordKind::Transfer {
        return super::recall::from_receipt(service, state, receipt, now);
    }
    let out = receipt.kind == RecordKind::Withdraw;
    if let Some(known) = known.as_ref().filter(|known| known.to_card().is_some() && known.state != State::Orphan) {
        // Taken up again from what was kept beside the book: its bank says the rest.
        super::settle::resolve(service, state, known, now)?;
        let done = finish::reload(&state.db, intent)?.state == State::Succeeded;
        return if done { Ok(()) } else { Err(Refusal::of(503, Code::BankUnavailable).retry_after(1_000)) };
    }
    let counted = known.clone().filter(|known| matches!(known.state, State::Accepted | State::Sent | State::Cancelling));
    let parked = known.as_ref().is_some_and(|known| known.state == State::Orphan);
    if card.is_some() || out {
        let asked = if out { receipt.amount } else { fen(total) };
        let booked = match known.as_ref().filter(|_| parked) {
            Some(orphan) => BankState::Done { amount: fen(orphan.amount) },
            None => service.ask_bank(VaultCall::Query { id: intent }),
        };
        if let BankState::Done { amount } = &booked
            && *amount != asked
        {
            alarms::raise(&state.db, intent, Reason::BankAmount, asked.minor, amount.minor, now)?;
        }
        if booked != (BankState::Done { amount: asked }) {
            return Err(Refusal::of(503, Code::BankUnavailable).retry_after(1_000));
        }
    }
    let payer = match card {
        Some(_) if parked => name::SUSPENSE.to_owned(),
        Some(_) => name::BANK.to_owned(),
        None => name::user(receipt.account_id),
    };
    store::write(&mut state.db, |tx| {
        let target = match receipt.payee_id {
            Some(_) if out => name::BANK.to_owned(),
            Some(payee) => name::merchant(payee),
            None => name::user(receipt.account_id),
        };
        let postings = [(payer.clone(), -total), (target, receipt.amount.minor), (name::FEES.to_owned(), receipt.fee.minor)];
        // The book had forgotten that the order was paid, and took it once more: both stand, as both were signed, and the merchant
        // returns one. Under the order stands the one that the book has; the other one names it beside.
        let again = "SELECT 1 FROM payments WHERE payee_id = ?1 AND order_no = ?2 AND intent_id <> ?3 AND state IN ('accepted', 'sent', 'cancelling', 'succeeded')";
        let of = params![receipt.payee_id.map(|payee| payee.to_string()), receipt.order, intent.to_string()];
        let paid_anew = one(tx, again, of, |row| row.get::<_, i64>(0))?.is_some();
        let known = adopted::find(tx, receipt)?;
        let record = match &known {
            Some(row) => adopted::take_over(tx, row, receipt, intent, &payer, now)?,
            None => {
                ledger::book(tx, Purpose::Execute, &intent.to_string(), now, &postings)?;
                "done".to_owned()
            }
        };
        let kind = match receipt.kind {
            RecordKind::TopUp => "top_up",
            RecordKind::PayerCode => "ask",
            RecordKind::Withdraw => "withdraw",
            _ => "pay",
        };
        let payment = Payment {
            kind: kind.to_owned(),
            digest: receipt.terms_digest,
            payee: receipt.payee_id,
            order: receipt.order.clone().filter(|_| !paid_anew),
            amount: receipt.amount.minor,
            fee: receipt.fee.minor,
            card,
            order_id: receipt.record_id,
            ..blank(service, receipt.account_id, intent, receipt.at)
        };
        if let Some(payee) = receipt.payee_id.filter(|_| !out) {
            let sql = "INSERT OR IGNORE INTO payees (payee_id, name, route, created_at) VALUES (?1, ?2, ?3, ?4)";
            let route = Some(receipt.route.as_str()).filter(|route| *route != "kabao");
            run(tx, sql, params![payee.to_string(), receipt.payee_name, route, now.as_ms()])?;
        }
        if let Some(open) = &counted {
            // It was on its way when the copy was made, and is counted since.
            finish::give_limits_back(tx, open)?;
        }
        run(tx, "DELETE FROM orphans WHERE intent_id = ?1", [intent.to_string()])?;
        run(tx, "DELETE FROM payments WHERE intent_id = ?1 AND state IN ('orphan', 'accepted', 'sent', 'cancelling')", [intent.to_string()])?;
        finish::open(tx, &payment, receipt.at)?;
        if paid_anew {
            run(tx, "UPDATE payments SET order_again = ?2 WHERE intent_id = ?1", params![intent.to_string(), receipt.order])?;
        }
        if let Some(way) = payment.way() {
            // The book that was lost had counted it: a refund of it takes the same away again.
            let returned = known.as_ref().map_or(0, |row| row.refunded);
            Forgotten { card, way, amount: total, returned, paid_at: receipt.at }.take(tx, payment.account)?;
            limits::take_free(tx, payment.account, kind, payment.amount)?;
        }
        seal(tx, intent, State::Succeeded, bytes)?;
        super::stage(tx, intent, "arrived", receipt.at)?;
        let unwanted = adopted::keep(tx, receipt, intent)?;
        remember(tx, receipt, bytes, &record, card.is_none() || receipt.payee_id.is_none(), now)?;
        match unwanted {
            Some(row) => adopted::send_back(tx, service, &row, now),
            None => Ok(()),
        }
    })
}

/// The history of a restored book gets the record again, at its end.
fn remember(tx: &Connection, receipt: &Receipt, bytes: &[u8], state: &str, touches: bool, now: Timestamp) -> Outcome<()> {
    let account = receipt.account_id;
    // A question that was refused in this book has a record under the same number: it is another state of it.
    if history::newest(tx, account, receipt.record_id)?.is_some_and(|entry| entry.state != "refused") {
        return Ok(());
    }
    let top_up = receipt.kind == RecordKind::TopUp;
    let balance = ledger::user_balance(tx, account)?;
    let amount = if top_up { receipt.amount.minor } else { receipt.amount.minor.checked_neg().ok_or_else(internal)? };
    let entry = HistoryEntry {
        seq: 0,
        record_id: receipt.record_id,
        kind: receipt.kind,
        state: state.to_owned(),
        payee_id: receipt.payee_id,
        payee_name: receipt.payee_name.clone(),
        amount: fen(amount),
        fee: receipt.fee,
        balance_after: touches.then(|| fen(balance)),
        route: receipt.route.clone(),
        order: receipt.order.clone(),
        our_order: receipt.our_order.clone(),
        acquirer_order: receipt.acquirer_order.clone(),
        intent_id: receipt.intent_id,
        token_id: receipt.token_id.clone(),
        original: None,
        at: receipt.at,
        updated_at: now,
        receipt: Some(bytes.to_vec()),
    };
    history::append(tx, account, entry)
}
