//! Withdrawals and transfers that the vault wrote down and a book that was put back to an older copy has forgotten. The book takes each up
//! again, once, as soon as it has the money for it; until then so much of the account's balance is held, from the first answer on.
//! A transfer is written down with the number of its book's epoch: one of an earlier epoch was carried out there, one of the present epoch that
//! this book does not have was not, and is void for good before anybody is told so. So is a withdrawal before it is signed that it was never
//! carried out: a book that has forgotten that, and a bank that is silent or breaks its word, would else pay it out.

use super::quote::Quote;
use super::{Payment, State, load, transfer, withdraw};
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service, internal};
use crate::store::{self, all, id_at, ledger, meta, one, run};
use crate::vault::{BankState, Decision, DecisionRow, VaultAnswer, VaultCall};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{Digest32, Receipt, digest};
use rusqlite::{Connection, params};

pub(super) fn derive(label: &[u8], intent: Id) -> Id {
    let hash = digest::sha256_of(&[label, intent.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

fn decision(service: &Service, id: Id) -> Outcome<Option<DecisionRow>> {
    match service.ask_vault(VaultCall::DecisionOf { decision: id })? {
        VaultAnswer::Decisions(rows) => Ok(rows.into_iter().next()),
        _ => Err(Refusal::down()),
    }
}

/// The decision by which what was written down under an intent is never carried out.
fn void_of(row: &DecisionRow) -> Option<(Id, Decision)> {
    let intent = row.decision;
    match row.body {
        Decision::Transfer { .. } => Some((derive(b"kabao-transfer-void-1", intent), Decision::TransferVoid { intent })),
        Decision::Withdrawal { .. } => Some((derive(b"kabao-withdrawal-void-1", intent), Decision::WithdrawalVoid { intent })),
        _ => None,
    }
}

/// Ids of decisions are also made by phones: only its kind says that it is one.
fn is_void(service: &Service, row: &DecisionRow) -> Outcome<bool> {
    let Some((id, body)) = void_of(row) else { return Ok(false) };
    Ok(decision(service, id)?.is_some_and(|found| found.body == body))
}

/// Has the vault write down what an intent is to do, before anything moves. Gives the payment with the time and the record that stand
/// there: the same again is the same. Nothing when it is void.
pub(super) fn keep(service: &Service, payment: &Payment, body: Decision, now: Timestamp) -> Outcome<Option<Payment>> {
    let wanted = terms_of(&body).map(|(digest, _)| digest.to_owned());
    let row = DecisionRow { decision: payment.intent, account: payment.account, body, at: now };
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::KeepDecision(row))? else { return Err(Refusal::down()) };
    let kept = rows.into_iter().next().ok_or_else(Refusal::down)?;
    let Some((digest, order)) = terms_of(&kept.body) else { return Err(Refusal::of(409, Code::IdReused)) };
    if kept.account != payment.account || wanted.as_deref() != Some(digest) {
        return Err(Refusal::of(409, Code::IdReused));
    }
    // It stood there before: it may be void.
    if order != payment.order_id && is_void(service, &kept)? {
        return Ok(None);
    }
    Ok(Some(Payment { order_id: order, created_at: kept.at, ..payment.clone() }))
}

/// The digest of the terms, and the record.
fn terms_of(body: &Decision) -> Option<(&str, Id)> {
    match body {
        Decision::Withdrawal { terms_digest, order, .. } | Decision::Transfer { terms_digest, order, .. } => Some((terms_digest, *order)),
        _ => None,
    }
}

/// The same for a transfer.
pub(super) fn keep_transfer(service: &Service, db: &Connection, payment: &Payment, quote: &Quote, now: Timestamp) -> Outcome<Option<Payment>> {
    let (Some(payee), Some(digest)) = (payment.payee, payment.digest) else { return Err(internal()) };
    let body = Decision::Transfer {
        terms_digest: Digest32(digest).to_string(),
        payee,
        amount: payment.amount,
        fee: payment.fee,
        order: payment.order_id,
        delay_ms: quote.delay_ms.unwrap_or(0),
        epoch: meta::epoch(db)?,
    };
    keep(service, payment, body, now)
}

/// Before it is signed that an intent was never carried out: what was written down under it is void. An error when it is a transfer that was
/// carried out in a book that was lost.
pub(super) fn void(service: &Service, db: &Connection, account: Id, intent: Id, now: Timestamp) -> Outcome<()> {
    let Some(kept) = decision(service, intent)?.filter(|row| row.account == account) else { return Ok(()) };
    let Some((id, body)) = void_of(&kept) else { return Ok(()) };
    if is_void(service, &kept)? {
        return Ok(());
    }
    if matches!(kept.body, Decision::Transfer { epoch, .. } if epoch != meta::epoch(db)?) {
        return Err(Refusal::down());
    }
    let row = DecisionRow { decision: id, account, body: body.clone(), at: now };
    match service.ask_vault(VaultCall::KeepDecision(row))? {
        VaultAnswer::Decisions(rows) if rows.iter().any(|row| row.body == body) => Ok(()),
        _ => Err(Refusal::down()),
    }
}

/// What a book that was put back does not have and that is not void: of withdrawals those that the bank has, or may have, of transfers those
/// of earlier epochs. In the order in which they were decided.
pub(super) fn missing(service: &Service, db: &Connection) -> Outcome<Vec<DecisionRow>> {
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    let voided: std::collections::BTreeSet<Id> = rows
        .iter()
        .filter_map(|row| match row.body {
            Decision::TransferVoid { intent } | Decision::WithdrawalVoid { intent } => Some(intent),
            _ => None,
        })
        .collect();
    let epoch = meta::epoch(db)?;
    let mut missing = Vec::new();
    for row in rows {
        let counts = match &row.body {
            Decision::Withdrawal { .. } => true,
            Decision::Transfer { epoch: of, .. } => *of < epoch,
            _ => false,
        };
        if counts && !voided.contains(&row.decision) && load(db, row.decision)?.is_none() && is_at_bank(service, &row) {
            missing.push(row);
        }
    }
    Ok(missing)
}

/// The bank never had it, or refused it: what the phone was told of it, it can prove. A transfer needs no bank.
fn is_at_bank(service: &Service, row: &DecisionRow) -> bool {
    !matches!(row.body, Decision::Withdrawal { .. })
        || matches!(service.ask_bank(VaultCall::Query { id: row.decision }), BankState::Done { .. } | BankState::Pending)
}

/// Holds what is missing, in the transaction after which the book is in use again.
pub(super) fn hold(tx: &Connection, missing: &[DecisionRow]) -> Outcome<()> {
    for row in missing {
        let (Decision::Withdrawal { amount, fee, .. } | Decision::Transfer { amount, fee, .. }) = &row.body else { continue };
        let sql = "INSERT OR IGNORE INTO untaken (intent_id, account_id, amount) VALUES (?1, ?2, ?3)";
        run(tx, sql, params![row.decision.to_string(), row.account.to_string(), amount.saturating_add(*fee)])?;
    }
    Ok(())
}

fn release(tx: &Connection, intent: Id) -> Outcome<()> {
    run(tx, "DELETE FROM untaken WHERE intent_id = ?1", [intent.to_string()])?;
    Ok(())
}

/// How many of an account the book has not taken up yet.
pub(crate) fn untaken(db: &Connection, account: Id) -> Outcome<i64> {
    Ok(one(db, "SELECT count(*) FROM untaken WHERE account_id = ?1", [account.to_string()], |row| row.get(0))?.unwrap_or(0))
}

/// Takes up what can be taken up by now: what one brings, the next may need. What cannot stays held.
pub(crate) fn take_up_all(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    let ids = all(&state.db, "SELECT intent_id FROM untaken", [], |row| id_at(row, "intent_id"))?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(decision(service, id)?);
    }
    rows.sort_by_key(|row| row.at);
    while !rows.is_empty() {
        let before = rows.len();
        let mut left = Vec::new();
        for row in rows {
            // One that cannot go on now does not hold up the others.
            if !take_up(service, state, &row, now).unwrap_or(false) {
                left.push(row);
            }
        }
        if left.len() == before {
            break;
        }
        rows = left;
    }
    Ok(())
}

/// The same for one that a phone asks about. An error when it was carried out and cannot be taken up: nobody may call it dead.
pub(super) fn take_up_one(service: &Service, state: &mut service::State, account: Id, intent: Id, now: Timestamp) -> Outcome<()> {
    let Some(row) = decision(service, intent)?.filter(|row| row.account == account) else { return Ok(()) };
    let present = matches!(row.body, Decision::Transfer { epoch, .. } if epoch == meta::epoch(&state.db)?);
    if present || is_void(service, &row)? {
        return Ok(());
    }
    if take_up(service, state, &row, now)? { Ok(()) } else { Err(Refusal::down()) }
}

/// A transfer's receipt of a book that was lost: the transfer is there again.
pub(super) fn from_receipt(service: &Service, state: &mut service::State, receipt: &Receipt, now: Timestamp) -> Outcome<()> {
    let (Some(intent), Some(payee)) = (receipt.intent_id, receipt.payee_id) else { return Err(Refusal::rule(Code::ReceiptInvalid).field("proof")) };
    if !has_account(&state.db, payee)? {
        // Nobody can be paid yet.
        return Err(Refusal::of(503, Code::ServiceDown).retry_after(1_000));
    }
    let payment = Payment {
        intent,
        account: receipt.account_id,
        digest: receipt.terms_digest,
        kind: "transfer".to_owned(),
        payee: Some(payee),
        order: None,
        ask: None,
        amount: receipt.amount.minor,
        fee: receipt.fee.minor,
        card: None,
        state: State::Accepted,
        proof: None,
        order_id: receipt.record_id,
        created_at: receipt.at,
        tries: 0,
    };
    let delay_ms = receipt.arrives_at.map_or(0, |arrives_at| arrives_at.since(receipt.at));
    let called_back = transfer::is_called_back(service, intent)?;
    store::write(&mut state.db, |tx| {
        release(tx, intent)?;
        transfer::again(tx, service, &payment, delay_ms, called_back, now)
    })
}

fn has_account(db: &Connection, id: Id) -> Outcome<bool> {
    Ok(one(db, "SELECT 1 FROM accounts WHERE account_id = ?1", [id.to_string()], |row| row.get::<_, i64>(0))?.is_some())
}

/// Whether nothing of it is left to be taken up.
fn take_up(service: &Service, state: &mut service::State, row: &DecisionRow, now: Timestamp) -> Outcome<bool> {
    if load(&state.db, row.decision)?.is_some() || !is_at_bank(service, row) {
        release(&state.db, row.decision)?;
        return Ok(true);
    }
    let (digest, kind, payee, amount, fee, order) = match &row.body {
        Decision::Withdrawal { terms_digest, card, amount, fee, order, .. } => (terms_digest, "withdraw", *card, *amount, *fee, *order),
        Decision::Transfer { terms_digest, payee, amount, fee, order, .. } => (terms_digest, "transfer", *payee, *amount, *fee, *order),
        _ => return Ok(true),
    };
    let payment = Payment {
        intent: row.decision,
        account: row.account,
        digest: Some(Digest32::parse(digest).map_err(|_| internal())?.0),
        kind: kind.to_owned(),
        payee: Some(payee),
        order: None,
        ask: None,
        amount,
        fee,
        card: None,
        state: State::Accepted,
        proof: None,
        order_id: order,
        created_at: row.at,
        tries: 0,
    };
    if !has_account(&state.db, row.account)? || ledger::user_balance(&state.db, row.account)? < payment.total() {
        return Ok(false);
    }
    match &row.body {
        Decision::Withdrawal { bank, .. } => store::write(&mut state.db, |tx| {
            release(tx, row.decision)?;
            withdraw::again(tx, &payment, bank.as_deref(), now)
        })?,
        Decision::Transfer { delay_ms, .. } => {
            if !has_account(&state.db, payee)? {
                return Ok(false);
            }
            let called_back = transfer::is_called_back(service, row.decision)?;
            store::write(&mut state.db, |tx| {
                release(tx, row.decision)?;
                transfer::again(tx, service, &payment, *delay_ms, called_back, now)
            })?;
            transfer::arrive_if_due(service, state, row.decision, now)?;
        }
        _ => {}
    }
    Ok(true)
}
