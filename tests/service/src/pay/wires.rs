//! Top-up by bank transfer: money that a person sends from an account at another bank to the wallet's own, with a memo that names the account.
//! The bank's statement says what came; its callbacks are hints to read it. Each line is decided once. It is credited whole when the memo is
//! exactly one account's, the sender is that account's verified person and no limit stands against it; with the account known and a reason
//! against it, it goes back whole to the sender; with nobody's memo it lies in suspense until support sends it back. Nobody is guessed. What was
//! decided is written down beside the book first, so that an older copy of it decides nothing else.

use super::wire_memo;
use crate::api::renewing;
use crate::closing;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service, internal};
use crate::store::alarms::{self, Reason};
use crate::store::ledger::{self, Purpose, name};
use crate::store::limits::{self, AMOUNT_MAX, Way};
use crate::store::people::account;
use crate::store::{self, all, history, id_at, maybe_id_at, meta, one, run};
use crate::vault::{BankState, Decision, DecisionRow, StatementRow, VaultAnswer, VaultCall};
use crate::wire::{AmountOut, ArrivalOut, fen};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{HistoryEntry, Receipt, RecordKind, Source, digest};
use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use serde_json::{Value, json};

/// How far back the statement is read each time.
const BACK_MS: i64 = 600_000;
const PAUSE_MS: i64 = 5_000;
/// How many a phone is told of.
const TOLD: i64 = 20;
const ROUTE: &str = "bank_transfer";

/// The account that people transfer to, and how its bank books: the operator's data.
#[derive(Deserialize)]
pub struct Collection {
    /// Whose it is.
    pub name: String,
    /// Its number.
    pub account_no: String,
    /// Its bank.
    pub bank: String,
    /// How long it usually takes on a working day.
    pub usual_minutes: u32,
    /// What is sent at night, at a weekend or on a holiday is booked on the next working day.
    pub working_days_only: bool,
}

impl Collection {
    /// The one that the service ships.
    pub fn shipped() -> Outcome<Collection> {
        serde_json::from_str(include_str!("../shipped/collection.json")).map_err(|_| internal())
    }
}

fn derive(label: &[u8], wire: Id) -> Id {
    let hash = digest::sha256_of(&[label, wire.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

fn record_of(wire: Id) -> Id {
    derive(b"kabao-wire-record-1", wire)
}

fn support_no(wire: Id) -> String {
    let bytes = derive(b"kabao-wire-support-1", wire);
    let head = bytes.as_bytes().iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("T{:012}", head % 1_000_000_000_000)
}

/// Reads what is new on the statement. What cannot be decided now is read again the next time.
pub(super) fn read(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    let last = meta::number(&state.db, "statement_read_at", 0)?;
    let since = Timestamp::from_ms(last.min(now.as_ms()).saturating_sub(BACK_MS).max(0));
    if take_all(service, state, since, now)? {
        meta::set(&state.db, "statement_read_at", &now.as_ms().to_string())?;
    }
    Ok(())
}

/// The whole statement, for a book that was put back to an older copy.
pub(super) fn recall(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    take_all(service, state, Timestamp::from_ms(0), now).map(|_| ())
}

fn take_all(service: &Service, state: &mut service::State, since: Timestamp, now: Timestamp) -> Outcome<bool> {
    let VaultAnswer::Statement(rows) = service.ask_vault(VaultCall::Statement { since })? else { return Err(Refusal::down()) };
    let mut whole = true;
    for row in &rows {
        // One that cannot go on now does not hold up the others.
        whole &= take(service, state, row, now).unwrap_or(false);
    }
    Ok(whole)
}

/// Whether nothing of a line is left to be decided.
fn take(service: &Service, state: &mut service::State, row: &StatementRow, now: Timestamp) -> Outcome<bool> {
    let (id, amount) = (row.id, row.amount.minor);
    if one(&state.db, "SELECT 1 FROM wires WHERE wire_id = ?1", [id.to_string()], |row| row.get::<_, i64>(0))?.is_some() {
        return Ok(true);
    }
    let VaultAnswer::Decisions(known) = service.ask_vault(VaultCall::DecisionOf { decision: id })? else { return Err(Refusal::down()) };
    let decided = match known.into_iter().next() {
        Some(decided) => decided,
        None => {
            let Some(of) = wire_memo::owner(&state.db, &row.memo)? else {
                store::write(&mut state.db, |tx| hold(tx, row, now))?;
                return Ok(true);
            };
            let refused = why_not(service, &state.db, of, row, now)?.map(|code| code.as_str().to_owned());
            let body = Decision::Wire { amount, refused };
            let keep = VaultCall::KeepDecision(DecisionRow { decision: id, account: of, body, at: now });
            let VaultAnswer::Decisions(kept) = service.ask_vault(keep)? else { return Err(Refusal::down()) };
            kept.into_iter().next().ok_or_else(internal)?
        }
    };
    let Decision::Wire { refused, .. } = decided.body else { return Err(internal()) };
    if account(&state.db, decided.account).is_err() {
        // An account that a restored book has lost: it waits.
        return Ok(false);
    }
    store::write(&mut state.db, |tx| match &refused {
        None => credit(tx, service, decided.account, row, now),
        Some(code) => turn_away(tx, decided.account, row, code, now),
    })?;
    Ok(true)
}

/// Why it is not for this account's balance: the account, then the sender, then the limits of top-ups.
fn why_not(service: &Service, db: &Connection, of: Id, row: &StatementRow, now: Timestamp) -> Outcome<Option<Code>> {
    if closing::is_closed(db, of)? {
        return Ok(Some(Code::AccountClosed));
    }
    let who = account(db, of)?;
    let stands = match &who {
        who if who.frozen => Some(Code::AccountFrozen),
        who if who.closing => Some(Code::AccountClosing),
        who if who.class == 0 => Some(Code::WrongStep),
        who if renewing::is_overdue(who, now) => Some(Code::IdentityOverdue),
        _ => None,
    };
    if stands.is_some() {
        return Ok(stands);
    }
    match service.ask_vault(VaultCall::IsSender { id: row.id, account: of })? {
        VaultAnswer::Weighed { repeat: true } => {}
        VaultAnswer::Weighed { repeat: false } => return Ok(Some(Code::SenderNotYou)),
        _ => return Err(Refusal::down()),
    }
    if row.amount.minor > AMOUNT_MAX {
        return Ok(Some(Code::LimitSingle));
    }
    Ok(limits::check(db, &service.rules(), of, who.class, None, Way::TopUp, row.amount.minor, now)?)
}

fn insert(tx: &Connection, row: &StatementRow, of: Option<Id>, state: &str, code: Option<&str>, now: Timestamp) -> Outcome<()> {
    let ended = matches!(state, "credited" | "returned").then_some(now.as_ms());
    let sql = "INSERT INTO wires (wire_id, account_id, amount, state, code, support_no, at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let of = of.map(|id| id.to_string());
    run(tx, sql, params![row.id.to_string(), of, row.amount.minor, state, code, support_no(row.id), row.at.as_ms(), ended])?;
    Ok(())
}

/// Into suspense: nobody's memo.
fn hold(tx: &Connection, row: &StatementRow, now: Timestamp) -> Outcome<()> {
    if row.returned {
        // Support sent it back, and the book that was put back does not know: both movements cancel out.
        return insert(tx, row, None, "returned", None, now);
    }
    insert(tx, row, None, "held", None, now)?;
    park(tx, row, now)
}

fn park(tx: &Connection, row: &StatementRow, now: Timestamp) -> Outcome<()> {
    let parked = [(name::BANK.to_owned(), -row.amount.minor), (name::SUSPENSE.to_owned(), row.amount.minor)];
    ledger::book(tx, Purpose::Suspend, &row.id.to_string(), now, &parked)
}

/// Not for the balance: it goes back, and the history says so.
fn turn_away(tx: &Connection, of: Id, row: &StatementRow, code: &str, now: Timestamp) -> Outcome<()> {
    if row.returned {
        insert(tx, row, Some(of), "returned", Some(code), now)?;
    } else {
        insert(tx, row, Some(of), "returning", Some(code), now)?;
        park(tx, row, now)?;
    }
    history::append(tx, of, entry(tx, of, row, "refused", now)?)
}

/// Into the balance, with a receipt.
fn credit(tx: &Connection, service: &Service, of: Id, row: &StatementRow, now: Timestamp) -> Outcome<()> {
    insert(tx, row, Some(of), "credited", None, now)?;
    let arrives = [(name::BANK.to_owned(), -row.amount.minor), (name::user(of), row.amount.minor)];
    ledger::book(tx, Purpose::Execute, &row.id.to_string(), now, &arrives)?;
    limits::take(tx, of, None, Way::TopUp, row.amount.minor, now)?;
    let entry = entry(tx, of, row, "done", now)?;
    let receipt = Receipt {
        receipt_id: service.make_id(),
        record_id: entry.record_id,
        intent_id: None,
        terms_digest: None,
        token_id: None,
        kind: RecordKind::TopUp,
        account_id: of,
        payee_id: None,
        payee_name: entry.payee_name.clone(),
        amount: entry.amount,
        fee: fen(0),
        source: Source::Balance,
        route: ROUTE.to_owned(),
        order: None,
        our_order: entry.our_order.clone(),
        acquirer_order: None,
        original: None,
        arrives_at: None,
        at: now,
        epoch: meta::epoch(tx)?,
    };
    let receipt = service.keys.sign(&receipt).ok_or_else(internal)?;
    history::append(tx, of, HistoryEntry { receipt: Some(receipt), ..entry })
}

fn entry(tx: &Connection, of: Id, row: &StatementRow, state: &str, now: Timestamp) -> Outcome<HistoryEntry> {
    Ok(HistoryEntry {
        seq: 0,
        record_id: record_of(row.id),
        kind: RecordKind::TopUp,
        state: state.to_owned(),
        payee_id: None,
        payee_name: Collection::shipped()?.bank,
        amount: fen(row.amount.minor),
        fee: fen(0),
        balance_after: Some(fen(ledger::user_balance(tx, of)?)),
        route: ROUTE.to_owned(),
        order: None,
        our_order: support_no(row.id),
        acquirer_order: None,
        intent_id: None,
        token_id: None,
        original: None,
        at: row.at,
        updated_at: now,
        receipt: None,
    })
}

/// Sends back what waits for it.
pub(super) fn send_back_due(service: &Service, state: &mut service::State, now: Timestamp) -> Outcome<()> {
    let sql = "SELECT wire_id, amount FROM wires WHERE state = 'returning' AND next_try <= ?1 ORDER BY next_try, wire_id LIMIT 100";
    for (wire, amount) in all(&state.db, sql, [now.as_ms()], |row| Ok((id_at(row, "wire_id")?, row.get::<_, i64>("amount")?)))? {
        let answer = service.ask_bank(VaultCall::SendBack { id: wire });
        let done = answer == BankState::Done { amount: fen(amount) };
        store::write(&mut state.db, |tx| {
            if let (false, BankState::Done { amount: booked }) = (done, &answer) {
                alarms::raise(tx, wire, Reason::BankAmount, amount, booked.minor, now)?;
            }
            if !done {
                run(tx, "UPDATE wires SET next_try = ?2 WHERE wire_id = ?1", params![wire.to_string(), now.plus_ms(PAUSE_MS).as_ms()])?;
                return Ok(());
            }
            run(tx, "UPDATE wires SET state = 'returned', ended_at = ?2 WHERE wire_id = ?1", params![wire.to_string(), now.as_ms()])?;
            let back = [(name::SUSPENSE.to_owned(), -amount), (name::BANK.to_owned(), amount)];
            ledger::book(tx, Purpose::Return, &wire.to_string(), now, &back)
        })?;
    }
    Ok(())
}

/// Support sends one back that nobody's memo was on.
pub(crate) fn give_up(service: &Service, state: &mut service::State, number: &str, now: Timestamp) -> Outcome<()> {
    let changed = run(&state.db, "UPDATE wires SET state = 'returning' WHERE support_no = ?1 AND state = 'held'", [number])?;
    if changed == 0 {
        return Err(Refusal::of(404, Code::NotFound));
    }
    send_back_due(service, state, now)
}

/// The newest of an account, as its phones are told.
pub fn arrivals(db: &Connection, of: Id) -> Outcome<Vec<ArrivalOut>> {
    let sql = "SELECT * FROM wires WHERE account_id = ?1 ORDER BY at DESC, wire_id LIMIT ?2";
    let read = |row: &Row| {
        let wire = id_at(row, "wire_id")?;
        Ok(ArrivalOut {
            record_id: record_of(wire).to_string(),
            amount: AmountOut::from(row.get::<_, i64>("amount")?),
            state: row.get("state")?,
            why: row.get("code")?,
            support_no: row.get("support_no")?,
            at: row.get("at")?,
            ended_at: row.get("ended_at")?,
        })
    };
    Ok(all(db, sql, params![of.to_string(), TOLD], read)?)
}

/// All of them, for the developer's console.
pub fn list(db: &Connection) -> Outcome<Vec<Value>> {
    let read = |row: &Row| {
        Ok(json!({
            "wire_id": row.get::<_, String>("wire_id")?, "account_id": maybe_id_at(row, "account_id")?.map(|id| id.to_string()),
            "amount_fen": row.get::<_, i64>("amount")?, "state": row.get::<_, String>("state")?, "code": row.get::<_, Option<String>>("code")?,
            "support_no": row.get::<_, String>("support_no")?, "at": row.get::<_, i64>("at")?,
        }))
    };
    Ok(all(db, "SELECT * FROM wires ORDER BY at, wire_id", [], read)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_account_is_whole_and_its_number_is_no_card_number() {
        let shipped = Collection::shipped().unwrap();
        assert!(shipped.account_no.len() >= 20 && shipped.account_no.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(!shipped.name.is_empty() && !shipped.bank.is_empty() && shipped.usual_minutes > 0);
    }
}
