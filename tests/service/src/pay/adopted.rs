//! A question that a person answered by paying, in a book that was put back to an older copy. The acquirer's book names the order, and
//! the phone's receipt names the payment: both are one, and its money moves once, whichever of the two comes first.

use super::missed;
use crate::codes::charge::{self, ChargeRow};
use crate::codes::give_back;
use crate::refusal::Outcome;
use crate::service::{Service, internal};
use crate::store::ledger::{self, Purpose, name};
use crate::store::forgotten::Forgotten;
use crate::store::limits::Way;
use crate::store::{history, one, run};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{Receipt, RecordKind};
use rusqlite::{Connection, params};

/// What is put behind an acquirer's order to number a return that no acquirer asked for.
const BACK: &str = ":back";

/// The charge that was taken up from the acquirer's book, when this receipt is of the same order.
pub(super) fn find(tx: &Connection, receipt: &Receipt) -> Outcome<Option<ChargeRow>> {
    let Some(order) = receipt.acquirer_order.as_deref().filter(|_| receipt.kind == RecordKind::PayerCode) else { return Ok(None) };
    let row = charge::find(tx, &receipt.route, order)?;
    Ok(row.filter(|row| row.intent.is_none() && row.account == Some(receipt.account_id) && matches!(row.state.as_str(), "paid" | "revoked")))
}

/// The movement that was booked from the acquirer's book is this payment's. What the receipt says otherwise is put right: a card that
/// paid gives the balance back what it gave. Gives the state of the record.
pub(super) fn take_over(tx: &Connection, row: &ChargeRow, receipt: &Receipt, intent: Id, payer: &str, now: Timestamp) -> Outcome<String> {
    let (Some(account), Some(token)) = (row.account, row.token_id.as_deref()) else { return Err(internal()) };
    run(tx, "UPDATE transactions SET ref = ?2 WHERE purpose = 'execute' AND ref = ?1", params![token, intent.to_string()])?;
    let total = receipt.amount.minor.checked_add(receipt.fee.minor).ok_or_else(internal)?;
    let user = name::user(account);
    if payer != user || receipt.fee.minor != 0 {
        let right = [(user, row.amount), (payer.to_owned(), -total), (name::FEES.to_owned(), receipt.fee.minor)];
        ledger::book(tx, Purpose::Suspend, &intent_right(intent), now, &right)?;
    }
    // It was counted as a code of the balance; the receipt is counted as what it says.
    Forgotten { card: None, way: Way::Code, amount: row.amount, returned: row.refunded, paid_at: row.paid_at.unwrap_or(receipt.at) }.untake(tx, account)?;
    let known = history::newest(tx, account, row.order_id)?;
    history::restate(tx, account, row.order_id, "refused", now)?;
    let ids = params![row.order_id.to_string(), receipt.record_id.to_string(), intent.to_string()];
    run(tx, "UPDATE charges SET order_id = ?2, intent_id = ?3 WHERE order_id = ?1", ids)?;
    let ids = params![row.order_id.to_string(), receipt.record_id.to_string()];
    run(tx, "UPDATE refunds SET order_id = ?2 WHERE order_id = ?1", ids)?;
    Ok(known.map_or_else(|| "done".to_owned(), |entry| entry.state))
}

/// The reference of the movement that puts a payment right.
fn intent_right(intent: Id) -> String {
    format!("{intent}:right")
}

/// The receipt came first: the acquirer's book brings nothing new of this order. Gives the charge whose money has to go back, because
/// the till has been told no, or its code has paid another order since.
pub(super) fn keep(tx: &Connection, receipt: &Receipt, intent: Id) -> Outcome<Option<ChargeRow>> {
    let Some(order) = receipt.acquirer_order.as_deref().filter(|_| receipt.kind == RecordKind::PayerCode) else { return Ok(None) };
    missed::release(tx, &receipt.route, order)?;
    run(tx, "DELETE FROM charges WHERE route = ?1 AND acquirer_order = ?2 AND state = 'asked'", [receipt.route.as_str(), order])?;
    let told = charge::find(tx, &receipt.route, order)?;
    if told.as_ref().is_some_and(|row| row.state != "refused") {
        return Ok(None);
    }
    // A code pays one order.
    let used = "SELECT 1 FROM charges WHERE token_id = ?1 AND NOT (route = ?2 AND acquirer_order = ?3)";
    let used = one(tx, used, params![receipt.token_id, receipt.route, order], |row| row.get::<_, i64>(0))?.is_some();
    let stands = told.is_none() && !used;
    let row = ChargeRow {
        order_id: receipt.record_id,
        our_order: Some(receipt.our_order.clone()),
        route: receipt.route.clone(),
        acquirer_order: order.to_owned(),
        token_id: receipt.token_id.clone().filter(|_| !used),
        account: Some(receipt.account_id),
        payee: receipt.payee_id,
        payee_name: receipt.payee_name.clone(),
        merchant_order: receipt.order.clone().unwrap_or_default(),
        code_mark: told.as_ref().map_or_else(|| vec![0], |row| row.code_mark.clone()),
        amount: receipt.amount.minor,
        state: if stands { "paid" } else { "refused" }.to_owned(),
        code: told.map_or_else(|| (!stands).then(|| Code::CodeUnknown.as_str().to_owned()), |row| row.code),
        ask: None,
        intent: Some(intent),
        refunded: 0,
        paid_at: Some(receipt.at),
        expires_at: None,
    };
    run(tx, "DELETE FROM charges WHERE route = ?1 AND acquirer_order = ?2", [receipt.route.as_str(), order])?;
    charge::insert(tx, &row, "", receipt.at)?;
    let sql = "UPDATE charges SET intent_id = ?2 WHERE order_id = ?1";
    run(tx, sql, params![receipt.record_id.to_string(), intent.to_string()])?;
    if let Some(token) = &row.token_id {
        let sql = "UPDATE tokens SET route = ?2, acquirer_order = ?3, consumed_at = coalesce(consumed_at, ?4) WHERE token_id = ?1";
        run(tx, sql, params![token, receipt.route, order, receipt.at.as_ms()])?;
    }
    Ok((!stands).then_some(row))
}

/// What was paid for an order that its till does not have as paid goes back whole. The till's answer stays as it was told.
pub(super) fn send_back(tx: &Connection, service: &Service, row: &ChargeRow, now: Timestamp) -> Outcome<()> {
    give_back::give(tx, service, row, &format!("{}{BACK}", row.acquirer_order), row.amount, RecordKind::Reversal, now)?;
    history::restate(tx, row.account.ok_or_else(internal)?, row.order_id, "reversed", now)
}
