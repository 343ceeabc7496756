//! A question that a person answered by paying, in a book that was put back to an older copy. The acquirer's book names the order, and
//! the phone's receipt names the payment: both are one, and its money moves once, whichever of the two comes first.

use crate::codes::charge::{self, ChargeRow};
use crate::refusal::Outcome;
use crate::service::internal;
use crate::store::ledger::{self, Purpose, name};
use crate::store::forgotten::Forgotten;
use crate::store::limits::Way;
use crate::store::{history, run};
use kabao_base::{Id, Timestamp};
use kabao_proof::{Receipt, RecordKind};
use rusqlite::{Connection, params};

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

/// The receipt came first: the acquirer's book brings nothing new of this order.
pub(super) fn keep(tx: &Connection, receipt: &Receipt, intent: Id) -> Outcome<()> {
    let Some(order) = receipt.acquirer_order.as_deref().filter(|_| receipt.kind == RecordKind::PayerCode) else { return Ok(()) };
    run(tx, "DELETE FROM charges WHERE route = ?1 AND acquirer_order = ?2 AND state = 'asked'", [receipt.route.as_str(), order])?;
    if charge::find(tx, &receipt.route, order)?.is_some() {
        return Ok(());
    }
    let row = ChargeRow {
        order_id: receipt.record_id,
        our_order: Some(receipt.our_order.clone()),
        route: receipt.route.clone(),
        acquirer_order: order.to_owned(),
        token_id: receipt.token_id.clone(),
        account: Some(receipt.account_id),
        payee: receipt.payee_id,
        payee_name: receipt.payee_name.clone(),
        merchant_order: receipt.order.clone().unwrap_or_default(),
        code_mark: vec![0],
        amount: receipt.amount.minor,
        state: "paid".to_owned(),
        code: None,
        ask: None,
        intent: Some(intent),
        refunded: 0,
        paid_at: Some(receipt.at),
        expires_at: None,
    };
    charge::insert(tx, &row, "", receipt.at)?;
    let sql = "UPDATE charges SET intent_id = ?2 WHERE order_id = ?1";
    run(tx, sql, params![receipt.record_id.to_string(), intent.to_string()])?;
    if let Some(token) = &receipt.token_id {
        let sql = "UPDATE tokens SET route = ?2, acquirer_order = ?3, consumed_at = coalesce(consumed_at, ?4) WHERE token_id = ?1";
        run(tx, sql, params![token, receipt.route, order, receipt.at.as_ms()])?;
    }
    Ok(())
}
