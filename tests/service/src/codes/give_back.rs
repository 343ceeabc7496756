//! Refunds and revocations. Money goes back the way it came, at most as much as was paid.

use super::charge::{ChargeRow, answer, find, insert};
use super::asks;
use crate::claims;
use crate::pay::missed;
use crate::pay::returns::derive_return_id;
use crate::refunds;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Service, internal};
use crate::store::ledger::{self, Purpose, name};
use crate::store::limits::{self, Way};
use crate::store::{self, history, meta, one, run};
use crate::wire::fen;
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_outside::ChargeAnswer;
use kabao_proof::{HistoryEntry, Receipt, RecordKind, Source, digest};
use rusqlite::{Connection, params};

fn refused(row: &ChargeRow, code: Code) -> ChargeAnswer {
    ChargeAnswer::Refused { our_order: row.our_order.clone(), code: code.as_str().to_owned() }
}

pub(crate) fn derive_record(route: &str, order: &str) -> Id {
    let hash = digest::sha256_of(&[b"kabao-refund-1", route.as_bytes(), b"\0", order.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

/// Gives back a part of a charge, or all.
pub fn refund(service: &Service, route: &str, acquirer_order: &str, refund_order: &str, amount: Money) -> Outcome<ChargeAnswer> {
    let now = service.now();
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    if missed::is_held(&state.db, route, acquirer_order)? {
        return Ok(ChargeAnswer::Unavailable);
    }
    let Some(row) = find(&state.db, route, acquirer_order)? else { return Ok(ChargeAnswer::Unknown) };
    let sql = "SELECT order_id, amount FROM refunds WHERE route = ?1 AND refund_order = ?2";
    let known = one(&state.db, sql, [route, refund_order], |row| Ok((store::id_at(row, "order_id")?, row.get::<_, i64>(1)?)))?;
    if let Some((order, of)) = known {
        let same = order == row.order_id && fen(of) == amount;
        return Ok(if same { answer(&row) } else { refused(&row, Code::IdReused) });
    }
    if row.state != "paid" {
        return Ok(refused(&row, Code::PaymentRefused));
    }
    let left = row.amount.saturating_sub(row.refunded);
    if amount != fen(amount.minor) || !(1..=left).contains(&amount.minor) {
        return Ok(refused(&row, Code::AmountTooLarge));
    }
    store::write(&mut state.db, |tx| {
        give(tx, service, &row, refund_order, amount.minor, RecordKind::Refund, now)?;
        let whole = amount.minor == left;
        history::restate(tx, row.account.ok_or_else(internal)?, row.order_id, if whole { "refunded" } else { "part_refunded" }, now)
    })?;
    Ok(find(&state.db, route, acquirer_order)?.map_or(ChargeAnswer::Unknown, |row| answer(&row)))
}

/// Undoes a charge. One that never came is fenced: it will be refused. One that a restored book has yet to take up is undone afterwards:
/// fenced, it would stay paid at its till and in no book.
pub fn revoke(service: &Service, route: &str, acquirer_order: &str, revoke_order: &str) -> Outcome<ChargeAnswer> {
    let now = service.now();
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    if missed::is_held(&state.db, route, acquirer_order)? {
        return Ok(ChargeAnswer::Unavailable);
    }
    let Some(row) = find(&state.db, route, acquirer_order)? else {
        let fence = ChargeRow {
            order_id: service.make_id(),
            our_order: None,
            route: route.to_owned(),
            acquirer_order: acquirer_order.to_owned(),
            token_id: None,
            account: None,
            payee: None,
            payee_name: String::new(),
            merchant_order: String::new(),
            code_mark: Vec::new(),
            amount: 0,
            state: "refused".to_owned(),
            code: Some(Code::PaymentAbandoned.as_str().to_owned()),
            ask: None,
            intent: None,
            refunded: 0,
            paid_at: None,
            expires_at: None,
        };
        store::write(&mut state.db, |tx| insert(tx, &fence, "", now))?;
        return Ok(answer(&fence));
    };
    match row.state.as_str() {
        "asked" if asks::is_busy(&state.db, &row)? => return Ok(ChargeAnswer::Unavailable),
        "asked" => store::write(&mut state.db, |tx| asks::close(tx, &row, Code::PaymentAbandoned, now))?,
        "paid" if row.refunded > 0 => return Ok(refused(&row, Code::PaymentRefused)),
        "paid" => store::write(&mut state.db, |tx| {
            give(tx, service, &row, revoke_order, row.amount, RecordKind::Reversal, now)?;
            run(tx, "UPDATE charges SET state = 'revoked' WHERE order_id = ?1", [row.order_id.to_string()])?;
            history::restate(tx, row.account.ok_or_else(internal)?, row.order_id, "reversed", now)
        })?,
        _ => {}
    }
    Ok(find(&state.db, route, acquirer_order)?.map_or(ChargeAnswer::Unknown, |row| answer(&row)))
}

/// Moves the money back, gives the limits back, and tells the phone.
pub(crate) fn give(tx: &Connection, service: &Service, row: &ChargeRow, order: &str, amount: i64, kind: RecordKind, now: Timestamp) -> Outcome<()> {
    let (Some(account), Some(payee)) = (row.account, row.payee) else { return Err(internal()) };
    let record = derive_record(&row.route, order);
    run(
        tx,
        "INSERT INTO refunds VALUES (?1, ?2, ?3, ?4, ?5)",
        params![row.route, order, row.order_id.to_string(), amount, now.as_ms()],
    )?;
    run(tx, "UPDATE charges SET refunded = refunded + ?2 WHERE order_id = ?1", params![row.order_id.to_string(), amount])?;
    let card = card_that_paid(tx, row)?;
    let ours = row.route == refunds::ROUTE;
    // A charge that an intent paid was a question, also where a restored book knows only the receipt of the answer.
    let way = if ours { Way::Static } else if row.intent.is_some() { Way::Ask } else { Way::Code };
    limits::give_back(tx, account, card.as_ref().map(|card| card.0), way, amount, row.paid_at.unwrap_or(now), now)?;
    let target = match &card {
        // To the card that paid: parked here, credited by the clock.
        Some((_, token)) => {
            let sql = "INSERT INTO returns (return_id, intent_id, account_id, card_token, amount, state, at, record_id) VALUES (?1, ?2, ?3, ?4, ?5, 'suspended', ?6, ?2)";
            run(tx, sql, params![derive_return_id(record).to_string(), record.to_string(), account.to_string(), token, amount, now.as_ms()])?;
            name::SUSPENSE.to_owned()
        }
        // A closed account has no balance.
        None => claims::holder(tx, account)?,
    };
    let claimed = target == name::CLAIMS;
    ledger::book(tx, Purpose::Refund, &record.to_string(), now, &[(name::merchant(payee), -amount), (target, amount)])?;
    if claimed {
        claims::open(tx, account, record, amount, now)?;
    }
    let our_order = row.our_order.clone().unwrap_or_default();
    let receipt = Receipt {
        receipt_id: service.make_id(),
        record_id: record,
        intent_id: None,
        terms_digest: None,
        token_id: row.token_id.clone(),
        kind,
        account_id: account,
        payee_id: Some(payee),
        payee_name: row.payee_name.clone(),
        amount: fen(amount),
        fee: fen(0),
        source: card.as_ref().map_or(Source::Balance, |card| Source::Card(card.0)),
        route: row.route.clone(),
        order: Some(row.merchant_order.clone()).filter(|order| !order.is_empty()),
        our_order: our_order.clone(),
        acquirer_order: (!ours).then(|| order.to_owned()),
        original: Some(row.order_id),
        arrives_at: None,
        at: now,
        epoch: meta::epoch(tx)?,
    };
    let signed = service.keys.sign(&receipt).ok_or_else(internal)?;
    let balance = ledger::user_balance(tx, account)?;
    let entry = HistoryEntry {
        seq: 0,
        record_id: record,
        kind,
        // A card has it when its bank says so.
        state: if card.is_some() { "sent" } else { "done" }.to_owned(),
        payee_id: Some(payee),
        payee_name: row.payee_name.clone(),
        amount: fen(amount),
        fee: fen(0),
        balance_after: card.is_none().then(|| fen(balance)),
        route: row.route.clone(),
        order: Some(row.merchant_order.clone()).filter(|order| !order.is_empty()),
        our_order,
        acquirer_order: (!ours).then(|| order.to_owned()),
        intent_id: None,
        token_id: row.token_id.clone(),
        original: Some(row.order_id),
        at: now,
        updated_at: now,
        receipt: Some(signed),
    };
    history::append(tx, account, entry)?;
    refunds::settle(tx, row, order, amount, now)
}

fn card_that_paid(tx: &Connection, row: &ChargeRow) -> Outcome<Option<(Id, String)>> {
    let Some(intent) = row.intent else { return Ok(None) };
    let sql = "SELECT c.card_id, c.token FROM payments p JOIN cards c ON c.card_id = p.card_id WHERE p.intent_id = ?1";
    Ok(one(tx, sql, [intent.to_string()], |row| Ok((store::id_at(row, "card_id")?, row.get(1)?)))?)
}
