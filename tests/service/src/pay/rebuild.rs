//! After an older copy of the book was put back: a new epoch, and nothing is accepted before the books of the
//! bank and the acquirer have been read.

use super::returns::derive_return_id;
use super::{Payment, State, finish, load, missed, recall};
use crate::codes::give_back;
use crate::codes::charge::{self, ChargeRow, derive_payee};
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service, internal};
use crate::store::ledger::{self, Purpose, name};
use crate::store::forgotten::Forgotten;
use crate::store::limits::Way;
use crate::store::{self, id_at, meta, one, run};
use crate::vault::{BookRow, VaultAnswer, VaultCall};
use kabao_base::{Code, Id, Timestamp};
use kabao_outside::lakala::AcquirerLine;
use kabao_proof::RecordKind;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// Starts a new epoch. From here on the service says *cannot now* to every payment until [`rebuild`] is done.
pub fn begin(state: &mut service::State, now: Timestamp) -> Outcome<u64> {
    let epoch = store::write(&mut state.db, |tx| {
        let epoch = meta::epoch(tx)?.checked_add(1).ok_or_else(internal)?;
        meta::set(tx, "epoch", &epoch.to_string())?;
        meta::set(tx, "rebuilding", "1")?;
        meta::set(tx, "restored_at", &now.as_ms().to_string())?;
        Ok(epoch)
    })?;
    state.rebuilding = true;
    state.restored_at = now.as_ms();
    Ok(epoch)
}

/// Reads the books of the bank and the acquirer into ours. Safe to repeat; ends with the service accepting again.
pub fn rebuild(service: &Service) -> Outcome<()> {
    let now = service.now();
    let VaultAnswer::Book(rows) = service.ask_vault(VaultCall::Book { since: Timestamp::from_ms(0) })? else {
        return Err(Refusal::down());
    };
    let lines = match service.outside.get() {
        Some(acquirer) => acquirer.book().ok_or_else(Refusal::down)?,
        None => Vec::new(),
    };
    let mut owners = Vec::new();
    for row in &rows {
        let owner = match service.ask_vault(VaultCall::Owner { token: row.token.clone() })? {
            VaultAnswer::Owner(owner) => owner,
            _ => None,
        };
        owners.push(owner);
    }
    let credited: BTreeSet<Id> = rows.iter().filter(|row| row.kind == "credit").map(|row| row.id).collect();
    let mut state = service.state();
    crate::replace::reapply_all(service, &mut state)?;
    let missing = recall::missing(service, &state.db)?;
    store::write(&mut state.db, |tx| {
        for (row, owner) in rows.iter().zip(&owners).filter(|(row, _)| row.kind == "debit") {
            adopt(tx, service, row, *owner, credited.contains(&derive_return_id(row.id)), now)?;
        }
        recall::hold(tx, &missing)
    })?;
    super::transfer::recall_all(service, &mut state, now)?;
    // Money that waited for its phone in the copy and went back after the copy was made: the same return again is the same at the bank.
    for row in rows.iter().filter(|row| row.kind == "debit" && credited.contains(&derive_return_id(row.id))) {
        if let Some(orphan) = load(&state.db, row.id)?.filter(|payment| payment.state == State::Orphan) {
            super::returns::send_back(service, &mut state, &orphan, now)?;
        }
    }
    recall::take_up_all(service, &mut state, now)?;
    store::write(&mut state.db, |tx| {
        adopt_lines(tx, service, &lines)?;
        run(tx, "DELETE FROM meta WHERE key = 'rebuilding'", [])?;
        Ok(())
    })?;
    state.rebuilding = false;
    // Withdrawals and transfers may have been paid from it. A bank that is silent now is asked again by the clock.
    let _ = super::wires::recall(service, &mut state, now);
    take_up(service, &mut state, &lines, now)
}

/// Takes up what the acquirer's book has and ours could not have yet: its balance came back with a proof of the phone.
pub(crate) fn adopt_missed(service: &Service) -> Outcome<()> {
    let Some(acquirer) = service.outside.get() else { return Ok(()) };
    // Read before our own lock is taken: the acquirer may be asking us.
    let lines = acquirer.book().ok_or_else(Refusal::down)?;
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    take_up(service, &mut state, &lines, service.now())
}

/// What one brings, the next may need: a transfer that is taken up may have paid a charge, and a refund a transfer.
fn take_up(service: &Service, state: &mut service::State, lines: &[AcquirerLine], now: Timestamp) -> Outcome<()> {
    loop {
        let before = missed::left(&state.db)?;
        store::write(&mut state.db, |tx| adopt_lines(tx, service, lines))?;
        recall::take_up_all(service, state, now)?;
        let left = missed::left(&state.db)?;
        if left == 0 || left == before {
            return Ok(());
        }
    }
}

fn adopt_lines(tx: &Connection, service: &Service, lines: &[AcquirerLine]) -> Outcome<()> {
    for line in lines.iter().filter(|line| line.kind == "pay") {
        adopt_charge(tx, service, line)?;
    }
    for line in lines.iter().filter(|line| line.kind != "pay") {
        adopt_give_back(tx, service, line)?;
    }
    Ok(())
}

/// A debit that this book does not know: its money waits in suspense for the phone's receipt.
fn adopt(tx: &Connection, service: &Service, row: &BookRow, owner: Option<Id>, went_back: bool, now: Timestamp) -> Outcome<()> {
    if load(tx, row.id)?.is_some() {
        return Ok(());
    }
    let account = owner.filter(|id| {
        let known = one(tx, "SELECT 1 FROM accounts WHERE account_id = ?1", [id.to_string()], |row| row.get::<_, i64>(0));
        matches!(known, Ok(Some(_)))
    });
    let orphan = Payment {
        intent: row.id,
        // An account that this book has lost keeps its money in suspense.
        account: account.or(owner).unwrap_or(row.id),
        digest: None,
        kind: String::new(),
        payee: None,
        order: None,
        ask: None,
        amount: row.amount.minor,
        fee: 0,
        card: None,
        state: State::Orphan,
        proof: None,
        order_id: service.make_id(),
        created_at: now,
        tries: 0,
    };
    finish::open(tx, &orphan, now)?;
    if went_back {
        // The money has gone back already; both movements cancel out.
        return finish::refuse(tx, service, &orphan, Code::PaymentAbandoned.as_str(), None, now);
    }
    run(tx, "INSERT INTO orphans VALUES (?1, ?2, ?3)", params![row.id.to_string(), row.token, row.amount.minor])?;
    let postings = [(name::BANK.to_owned(), -row.amount.minor), (name::SUSPENSE.to_owned(), row.amount.minor)];
    ledger::book(tx, Purpose::Suspend, &row.id.to_string(), now, &postings)
}

/// A charge that the acquirer has as paid and this book does not: paid, from the account of its token.
fn adopt_charge(tx: &Connection, service: &Service, line: &AcquirerLine) -> Outcome<()> {
    const ROUTE: &str = "lakala";
    if charge::find(tx, ROUTE, &line.acquirer_order)?.is_some_and(|row| row.state != "asked") {
        return missed::release(tx, ROUTE, &line.acquirer_order);
    }
    let token = line.our_order.as_deref().and_then(|order| order.get(..crate::codes::TOKEN_DIGITS)).unwrap_or_default().to_owned();
    let sql = "SELECT account_id, consumed_at FROM tokens WHERE token_id = ?1";
    let owner = one(tx, sql, [&token], |row| Ok((id_at(row, "account_id")?, row.get::<_, Option<i64>>(1)?)))?;
    let Some((account, _)) = owner else { return Ok(()) };
    if ledger::user_balance(tx, account)? < line.amount.minor {
        // The balance that paid it is lost too; it comes back with proofs and with what is taken up.
        return missed::hold(tx, account, ROUTE, &line.acquirer_order, line.amount.minor);
    }
    let payee = derive_payee(ROUTE, &line.merchant_no);
    let payee_name = one(tx, "SELECT name FROM payees WHERE payee_id = ?1", [payee.to_string()], |row| row.get::<_, String>(0))?;
    let row = ChargeRow {
        order_id: service.make_id(),
        our_order: line.our_order.clone(),
        route: ROUTE.to_owned(),
        acquirer_order: line.acquirer_order.clone(),
        token_id: Some(token.clone()),
        account: Some(account),
        payee: Some(payee),
        payee_name: payee_name.unwrap_or_else(|| line.merchant_no.clone()),
        merchant_order: line.merchant_order.clone(),
        code_mark: vec![0],
        amount: line.amount.minor,
        state: "paid".to_owned(),
        code: None,
        ask: None,
        intent: None,
        refunded: 0,
        paid_at: Some(line.at),
        expires_at: None,
    };
    missed::release(tx, ROUTE, &line.acquirer_order)?;
    run(tx, "DELETE FROM charges WHERE route = ?1 AND acquirer_order = ?2 AND state = 'asked'", [ROUTE, &line.acquirer_order])?;
    let sql = "UPDATE tokens SET route = ?2, acquirer_order = ?3, consumed_at = ?4 WHERE token_id = ?1";
    run(tx, sql, params![token, ROUTE, line.acquirer_order, line.at.as_ms()])?;
    let sql = "INSERT OR IGNORE INTO payees (payee_id, name, route, merchant_no, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    run(tx, sql, params![payee.to_string(), row.payee_name, ROUTE, line.merchant_no, line.at.as_ms()])?;
    Forgotten { card: None, way: Way::Code, amount: row.amount, returned: 0, paid_at: line.at }.take(tx, account)?;
    charge::restore(tx, service, &row, line.at)
}

fn adopt_give_back(tx: &Connection, service: &Service, line: &AcquirerLine) -> Outcome<()> {
    const ROUTE: &str = "lakala";
    let sql = "SELECT 1 FROM refunds WHERE route = ?1 AND refund_order = ?2";
    let known = one(tx, sql, [ROUTE, &line.acquirer_order], |row| row.get::<_, i64>(0))?;
    let origin = line.origin.as_deref().map(|origin| charge::find(tx, ROUTE, origin)).transpose()?.flatten();
    let (None, Some(origin)) = (known, origin.filter(|origin| origin.state == "paid")) else { return Ok(()) };
    let kind = if line.kind == "revoke" { RecordKind::Reversal } else { RecordKind::Refund };
    give_back::give(tx, service, &origin, &line.acquirer_order, line.amount.minor, kind, line.at)?;
    if kind == RecordKind::Reversal {
        run(tx, "UPDATE charges SET state = 'revoked' WHERE order_id = ?1", [origin.order_id.to_string()])?;
    }
    Ok(())
}
