//! Money that comes after we signed that it would not: into suspense, and back to its source. Never to the payee.

use super::{Payment, State, finish, load};
use crate::claims;
use crate::closing;
use crate::refunds;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service, internal};
use crate::store::alarms::{self, Reason};
use crate::store::ledger::{self, Purpose, name};
use crate::store::{self, all, history, id_at, maybe_id_at, meta, one, people, run};
use crate::vault::{BankState, BookRow, VaultAnswer, VaultCall};
use crate::wire::fen;
use kabao_base::{Id, Timestamp};
use kabao_proof::{HistoryEntry, Receipt, RecordKind, Source, digest};
use rusqlite::{Connection, params};

/// How often the bank's book is read against ours.
const EVERY_MS: i64 = 5_000;
/// How far back each time: longer than any delay of the bank's clock.
const BACK_MS: i64 = 600_000;
/// How long an orphan waits for the phone's word before its money goes back. A bank carried it out, so the book that was lost may
/// have signed a receipt, and no phone is told that a payment is dead of which it holds one. A phone that holds none gives it up
/// as soon as it asks; half a year is for phones that are never heard of again.
const PATIENCE_MS: i64 = 180 * 24 * 3_600_000;
const PAUSE_MS: i64 = 5_000;

/// The id under which money of an intent goes back. Derived, so that the bank does it once.
pub fn derive_return_id(intent: Id) -> Id {
    let hash = digest::sha256_of(&[b"kabao-return-1", intent.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

/// Reads the bank's book against ours, takes its callbacks, and goes on with what has to go back.
pub(crate) fn reconcile(service: &Service, now: Timestamp) -> Outcome<()> {
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    take_callbacks(service, state, now)?;
    let last = meta::number(&state.db, "book_read_at", 0)?;
    let due = now.as_ms().saturating_sub(last) >= EVERY_MS || now.as_ms() < last;
    if due {
        let since = Timestamp::from_ms(last.min(now.as_ms()).saturating_sub(BACK_MS).max(0));
        if let Ok(VaultAnswer::Book(rows)) = service.vault_call(now, VaultCall::Book { since }) {
            for row in rows.iter().filter(|row| row.kind == "debit") {
                park_if_unwanted(state, row, now)?;
            }
            for row in rows.iter().filter(|row| row.kind == "credit") {
                note_if_dead(state, row, now)?;
            }
            meta::set(&state.db, "book_read_at", &now.as_ms().to_string())?;
        }
        // A statement that cannot be read now holds up nothing else.
        let _ = super::wires::read(service, state, now);
        // What a restored book could not take up yet.
        super::recall::take_up_all(service, state, now)?;
        let sql = "SELECT intent_id FROM payments WHERE state = 'orphan' AND created_at < ?1";
        let orphans = all(&state.db, sql, [now.plus_ms(-PATIENCE_MS).as_ms()], |row| id_at(row, "intent_id"))?;
        for intent in orphans {
            let payment = finish::reload(&state.db, intent)?;
            send_back(service, state, &payment, now)?;
        }
    }
    super::wires::send_back_due(service, state, now)?;
    let sql = "SELECT intent_id FROM returns WHERE state = 'suspended' AND next_try <= ?1 LIMIT 100";
    for intent in all(&state.db, sql, [now.as_ms()], |row| id_at(row, "intent_id"))? {
        give_back(service, state, intent, now)?;
    }
    Ok(())
}

/// The bank speaks by itself. What it says is a hint: the amount and the end come from asking it.
fn take_callbacks(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    let Ok(VaultAnswer::Callbacks(callbacks)) = service.vault_call(now, VaultCall::Callbacks) else { return Ok(()) };
    for (seq, id) in callbacks {
        if let Some(payment) = load(&state.db, id)? {
            if !payment.state.is_final() {
                super::settle::resolve(service, state, &payment, now)?;
            } else if payment.state != State::Succeeded {
                meta::set(&state.db, "book_read_at", "0")?;
            }
        } else {
            // A transfer from another bank: the statement says which.
            let _ = super::wires::read(service, state, now);
        }
        let _ = service.vault_call(now, VaultCall::CallbackTaken { seq });
    }
    Ok(())
}

/// A debit in the bank's book for a payment that we signed away goes to suspense.
fn park_if_unwanted(state: &mut service::State, row: &BookRow, now: Timestamp) -> Outcome<()> {
    let Some(payment) = load(&state.db, row.id)? else { return Ok(()) };
    if !matches!(payment.state, State::Refused | State::Tombstoned) {
        return Ok(());
    }
    if is_begun(&state.db, row.id)? {
        return Ok(());
    }
    store::write(&mut state.db, |tx| park_debit(tx, row, payment.account, now))
}

/// Money that a bank took from a card and that no payment is owed: it goes back there from here.
pub(super) fn park_debit(tx: &Connection, row: &BookRow, account: Id, now: Timestamp) -> Outcome<()> {
    park(tx, row, Some(account), now)?;
    let bank = [(name::BANK.to_owned(), -row.amount.minor), (name::SUSPENSE.to_owned(), row.amount.minor)];
    ledger::book(tx, Purpose::Suspend, &row.id.to_string(), now, &bank)
}

/// A withdrawal in the bank's book that was signed as never carried out: the bank paid it all the same, and cannot be asked back.
fn note_if_dead(state: &service::State, row: &BookRow, now: Timestamp) -> Outcome<()> {
    let dead = load(&state.db, row.id)?.is_some_and(|payment| payment.to_card().is_some() && matches!(payment.state, State::Refused | State::Tombstoned));
    if dead { alarms::raise(&state.db, row.id, Reason::BankPaidDead, 0, row.amount.minor, now) } else { Ok(()) }
}

fn park(tx: &Connection, row: &BookRow, account: Option<Id>, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO returns (return_id, intent_id, account_id, card_token, amount, state, at) VALUES (?1, ?2, ?3, ?4, ?5, 'suspended', ?6)";
    let account = account.map(|id| id.to_string());
    run(tx, sql, params![derive_return_id(row.id).to_string(), row.id.to_string(), account, row.token, row.amount.minor, now.as_ms()])?;
    Ok(())
}

/// An orphan of a restored book goes back: its money already lies in suspense.
pub(crate) fn send_back(service: &Service, state: &mut service::State, payment: &Payment, now: Timestamp) -> Outcome<()> {
    let sql = "SELECT card_token, amount FROM orphans WHERE intent_id = ?1";
    let orphan = one(&state.db, sql, [payment.intent.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    if let Some((token, amount)) = orphan {
        let row = BookRow { id: payment.intent, kind: "debit".to_owned(), token, amount: fen(amount), at: now };
        store::write(&mut state.db, |tx| {
            run(tx, "DELETE FROM orphans WHERE intent_id = ?1", [payment.intent.to_string()])?;
            park(tx, &row, Some(payment.account), now)
        })?;
    }
    give_back(service, state, payment.intent, now)
}

/// Whether money of an intent is on its way back, or is back.
pub fn is_begun(db: &Connection, intent: Id) -> Outcome<bool> {
    Ok(one(db, "SELECT 1 FROM returns WHERE intent_id = ?1", [intent.to_string()], |row| row.get::<_, i64>(0))?.is_some())
}

/// Gives parked money back to its card.
fn give_back(service: &Service, state: &mut service::State, intent: Id, now: Timestamp) -> Outcome<()> {
    let sql = "SELECT * FROM returns WHERE intent_id = ?1 AND state = 'suspended'";
    let row = one(&state.db, sql, [intent.to_string()], |row| {
        Ok((maybe_id_at(row, "account_id")?, row.get::<_, String>("card_token")?, row.get::<_, i64>("amount")?, maybe_id_at(row, "record_id")?))
    })?;
    let Some((account, token, amount, record)) = row else { return Ok(()) };
    let id = derive_return_id(intent);
    let answer = service.ask_bank(VaultCall::Credit { id, token: token.clone(), amount: fen(amount) });
    store::write(&mut state.db, |tx| match answer {
        BankState::Done { amount: booked } if booked == fen(amount) => {
            run(tx, "UPDATE returns SET state = 'returned' WHERE intent_id = ?1", [intent.to_string()])?;
            let back = [(name::SUSPENSE.to_owned(), -amount), (name::BANK.to_owned(), amount)];
            ledger::book(tx, Purpose::Return, &intent.to_string(), now, &back)?;
            match (account, record) {
                (Some(account), None) => tell(tx, service, account, intent, Some(&token), amount, now)?,
                (Some(account), Some(record)) => arrive(tx, account, record, "done", now)?,
                _ => {}
            }
            bury_orphan(tx, service, intent, now)
        }
        // The card takes nothing any more, and the account is closed: the person has a claim.
        BankState::Refused(_) if account.is_some_and(|id| closing::is_closed(tx, id).unwrap_or(false)) => {
            run(tx, "UPDATE returns SET state = 'rerouted' WHERE intent_id = ?1", [intent.to_string()])?;
            let waits = [(name::SUSPENSE.to_owned(), -amount), (name::CLAIMS.to_owned(), amount)];
            ledger::book(tx, Purpose::Return, &intent.to_string(), now, &waits)?;
            claims::open(tx, account.ok_or_else(internal)?, intent, amount, now)?;
            bury_orphan(tx, service, intent, now)
        }
        // The card takes nothing any more: to the balance where the account may have one, or else it stays in suspense until
        // the person has been asked.
        BankState::Refused(_) => match account.filter(|id| may_hold(tx, *id)) {
            Some(account) => {
                run(tx, "UPDATE returns SET state = 'rerouted' WHERE intent_id = ?1", [intent.to_string()])?;
                let to_balance = [(name::SUSPENSE.to_owned(), -amount), (name::user(account), amount)];
                ledger::book(tx, Purpose::Return, &intent.to_string(), now, &to_balance)?;
                match record {
                    Some(record) => {
                        retell(tx, service, account, record, now)?;
                        refunds::touch(tx, record, now)?;
                    }
                    None => tell(tx, service, account, intent, None, amount, now)?,
                }
                bury_orphan(tx, service, intent, now)
            }
            None => {
                run(tx, "UPDATE returns SET state = 'held' WHERE intent_id = ?1", [intent.to_string()])?;
                match (account, record) {
                    (Some(account), Some(record)) => arrive(tx, account, record, "held", now),
                    _ => Ok(()),
                }
            }
        },
        answer @ (BankState::Done { .. } | BankState::Pending | BankState::Unknown) => {
            if let BankState::Done { amount: booked } = answer {
                alarms::raise(tx, id, Reason::BankAmount, amount, booked.minor, now)?;
            }
            run(tx, "UPDATE returns SET next_try = ?2 WHERE intent_id = ?1", params![intent.to_string(), now.plus_ms(PAUSE_MS).as_ms()])?;
            Ok(())
        }
    })
}

/// A refund that was sent to a card came to its end.
fn arrive(tx: &Connection, account: Id, record: Id, state: &str, now: Timestamp) -> Outcome<()> {
    history::restate(tx, account, record, state, now)?;
    refunds::touch(tx, record, now)
}

fn bury_orphan(tx: &Connection, service: &Service, intent: Id, now: Timestamp) -> Outcome<()> {
    match load(tx, intent)? {
        Some(payment) if payment.state == State::Orphan => finish::bury(tx, service, &payment, now),
        _ => Ok(()),
    }
}

/// Whether an account may have a balance: a verified one that is not frozen.
fn may_hold(tx: &Connection, account: Id) -> bool {
    people::account(tx, account).is_ok_and(|who| who.class > 0 && !who.frozen)
}

/// A refund that was on its way to a card went to the balance: the record says so, with a receipt of its own.
fn retell(tx: &Connection, service: &Service, account: Id, record: Id, now: Timestamp) -> Outcome<()> {
    let Some(entry) = history::newest(tx, account, record)? else { return Ok(()) };
    let known = entry.receipt.as_deref().and_then(|bytes| Receipt::open(bytes, &service.keys.set).ok());
    let receipt = match known {
        Some(known) => {
            let told = Receipt { receipt_id: service.make_id(), source: Source::Balance, at: now, epoch: meta::epoch(tx)?, ..known };
            Some(service.keys.sign(&told).ok_or_else(internal)?)
        }
        None => None,
    };
    let balance = ledger::user_balance(tx, account)?;
    let entry = HistoryEntry { state: "rerouted".to_owned(), balance_after: Some(fen(balance)), updated_at: now, receipt, ..entry };
    history::append(tx, account, entry)
}

/// The phone is told: a record of its own, with a receipt. Without a card the money went to the balance.
fn tell(tx: &Connection, service: &Service, account: Id, intent: Id, token: Option<&str>, amount: i64, now: Timestamp) -> Outcome<()> {
    // A card that was bound again meanwhile has another token; the payment knows which card it was.
    let of_payment = load(tx, intent)?.and_then(|payment| payment.card).map(|id| id.to_string());
    let sql = "SELECT card_id, bank FROM cards WHERE token = ?1 OR card_id = ?2 ORDER BY card_id = ?2 DESC LIMIT 1";
    let card = one(tx, sql, params![token, of_payment], |row| Ok((id_at(row, "card_id")?, row.get::<_, String>(1)?)))?;
    let payee_name = card.as_ref().map_or_else(|| "bank".to_owned(), |(_, bank)| bank.clone());
    let source = card.filter(|_| token.is_some()).map_or(Source::Balance, |(id, _)| Source::Card(id));
    let balance = if token.is_none() { Some(fen(ledger::user_balance(tx, account)?)) } else { None };
    let record_id = derive_return_id(intent);
    let receipt = Receipt {
        receipt_id: service.make_id(),
        record_id,
        intent_id: Some(intent),
        terms_digest: None,
        token_id: None,
        kind: RecordKind::Reversal,
        account_id: account,
        payee_id: None,
        payee_name: payee_name.clone(),
        amount: fen(amount),
        fee: fen(0),
        source,
        route: "bank".to_owned(),
        order: None,
        our_order: record_id.to_string(),
        acquirer_order: None,
        original: None,
        arrives_at: None,
        at: now,
        epoch: meta::epoch(tx)?,
    };
    let receipt = service.keys.sign(&receipt).ok_or_else(internal)?;
    let entry = HistoryEntry {
        seq: 0,
        record_id,
        kind: RecordKind::Reversal,
        state: if token.is_some() { "reversed" } else { "rerouted" }.to_owned(),
        payee_id: None,
        payee_name,
        // From the card and back to the card: nothing of the person's money in the wallet moved.
        amount: fen(if token.is_some() { 0 } else { amount }),
        fee: fen(0),
        balance_after: balance,
        route: "bank".to_owned(),
        order: None,
        our_order: record_id.to_string(),
        acquirer_order: None,
        intent_id: Some(intent),
        token_id: None,
        original: None,
        at: now,
        updated_at: now,
        receipt: Some(receipt),
    };
    history::append(tx, account, entry)
}
