//! Money that a person asks back: requested, approved or refused by the merchant, sent, arrived. A request moves nothing; the refund that
//! answers it does, and what is given back of a payment is never more than was paid. Of two payments that are the same thing paid twice
//! there is one claim, with both receipts. What a merchant of our own gives is written down beside the book first: a book that is
//! put back to an older copy gives it once.

mod given;

pub(crate) use given::settle;
pub use given::{answer, apply, carry_due};

use crate::codes::{charge, charge::ChargeRow, give_back};
use crate::pay;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Service, internal};
use crate::store::people::payee;
use crate::store::{self, all, history, id_at, maybe_id_at, one, run};
use crate::wire::RefundAskOut;
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::Receipt;
use rusqlite::{Connection, Row, params};

/// What can be the reason.
pub const REASONS: [&str; 6] = ["returned", "not_received", "not_as_agreed", "wrong_amount", "duplicate", "other"];
/// The way of payments to merchants of our own.
pub const ROUTE: &str = "kabao";
const DAY_MS: i64 = 86_400_000;
/// How long a payment can be asked back here.
const REACH_MS: i64 = 180 * DAY_MS;
/// How far apart two payments of the same thing are at most.
const PAIR_MS: i64 = DAY_MS;
/// How often one payment can be asked back.
const ASKS: i64 = 5;
/// How long a merchant takes to answer, to give, and a bank to credit: what people are told to expect.
const ANSWER_MS: i64 = 3 * DAY_MS;
const GIVE_MS: i64 = DAY_MS;
const CREDIT_MS: i64 = 7 * DAY_MS;

/// What a phone wants back.
pub struct Wanted {
    /// The phone's id of it.
    pub id: Id,
    /// Who asks.
    pub account: Id,
    /// The payment's record.
    pub record: Id,
    /// The payment that was meant, of two.
    pub other: Option<Id>,
    /// How much, fen.
    pub amount: i64,
    /// One of [`REASONS`].
    pub reason: &'static str,
    /// The receipt of the payment.
    pub receipt: Option<Vec<u8>>,
    /// The receipt of the other one.
    pub other_receipt: Option<Vec<u8>>,
    /// When it was asked first, when this book may have forgotten it.
    pub asked_at: Option<Timestamp>,
}

/// A request as the book has it.
struct Ask {
    id: Id,
    account: Id,
    record: Id,
    other: Option<Id>,
    amount: i64,
    reason: String,
    state: String,
    why: Option<String>,
    agreed: Option<i64>,
    refund: Option<Id>,
    asked_at: i64,
    answered_at: Option<i64>,
}

fn read(row: &Row) -> rusqlite::Result<Ask> {
    Ok(Ask {
        id: id_at(row, "ask_id")?,
        account: id_at(row, "account_id")?,
        record: id_at(row, "record_id")?,
        other: maybe_id_at(row, "other_id")?,
        amount: row.get("amount")?,
        reason: row.get("reason")?,
        state: row.get("state")?,
        why: row.get("why")?,
        agreed: row.get("agreed")?,
        refund: maybe_id_at(row, "refund_id")?,
        asked_at: row.get("asked_at")?,
        answered_at: row.get("answered_at")?,
    })
}

fn find(db: &Connection, id: Id) -> Outcome<Option<Ask>> {
    Ok(one(db, "SELECT * FROM refund_asks WHERE ask_id = ?1", [id.to_string()], read)?)
}

fn view(db: &Connection, ask: &Ask) -> Outcome<RefundAskOut> {
    let on_its_way = match ask.refund {
        Some(record) => {
            let sql = "SELECT state, at FROM returns WHERE record_id = ?1";
            one(db, sql, [record.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
        }
        None => None,
    };
    let state = match (ask.state.as_str(), on_its_way.as_ref().map(|(state, _)| state.as_str())) {
        ("given", Some("suspended")) => "sent",
        ("given", Some("held")) => "held",
        ("given", Some("rerouted")) => "rerouted",
        ("given", _) => "arrived",
        (state, _) => state,
    };
    let due_at = match state {
        "requested" => Some(ask.asked_at.saturating_add(ANSWER_MS)),
        "approved" => ask.answered_at.map(|at| at.saturating_add(GIVE_MS)),
        "sent" => on_its_way.map(|(_, at)| at.saturating_add(CREDIT_MS)),
        _ => None,
    };
    Ok(RefundAskOut {
        ask_id: ask.id.to_string(),
        record_id: ask.record.to_string(),
        other_id: ask.other.map(|id| id.to_string()),
        amount: ask.amount.into(),
        agreed: ask.agreed.map(Into::into),
        reason: ask.reason.clone(),
        state: state.to_owned(),
        why: ask.why.clone(),
        refund_id: ask.refund.map(|id| id.to_string()),
        asked_at: ask.asked_at,
        answered_at: ask.answered_at,
        due_at,
    })
}

/// Everything that an account asked back, newest first.
pub fn list(db: &Connection, account: Id) -> Outcome<Vec<RefundAskOut>> {
    let sql = "SELECT * FROM refund_asks WHERE account_id = ?1 ORDER BY asked_at DESC, ask_id LIMIT 100";
    all(db, sql, [account.to_string()], read)?.iter().map(|ask| view(db, ask)).collect()
}

/// Every request, for the merchants' console.
pub fn everything(db: &Connection) -> Outcome<Vec<RefundAskOut>> {
    all(db, "SELECT * FROM refund_asks ORDER BY asked_at, ask_id LIMIT 1000", [], read)?.iter().map(|ask| view(db, ask)).collect()
}

/// When a request of an account changed last.
pub fn changed_at(db: &Connection, account: Id) -> Outcome<Option<i64>> {
    let sql = "SELECT max(changed_at) FROM refund_asks WHERE account_id = ?1";
    Ok(one(db, sql, [account.to_string()], |row| row.get::<_, Option<i64>>(0))?.flatten())
}

/// Something about the refund of a request changed.
pub fn touch(tx: &Connection, refund: Id, now: Timestamp) -> Outcome<()> {
    run(tx, "UPDATE refund_asks SET changed_at = max(changed_at + 1, ?2) WHERE refund_id = ?1", params![refund.to_string(), now.as_ms()])?;
    Ok(())
}

/// A payment to a merchant that stands, by its record. One to a merchant of our own is looked at as a charge is.
fn paid(db: &Connection, account: Id, record: Id) -> Outcome<Option<ChargeRow>> {
    let ids = [record.to_string(), account.to_string()];
    let sql = "SELECT * FROM charges WHERE order_id = ?1 AND account_id = ?2 AND state = 'paid'";
    if let Some(row) = one(db, sql, ids.clone(), charge::read)? {
        return Ok(Some(row));
    }
    let sql = "SELECT intent_id FROM payments WHERE order_id = ?1 AND account_id = ?2 AND kind = 'pay' AND state = 'succeeded'";
    let Some(intent) = one(db, sql, ids, |row| id_at(row, "intent_id"))? else { return Ok(None) };
    let payment = pay::load(db, intent)?.ok_or_else(internal)?;
    let to = payment.payee.ok_or_else(internal)?;
    let refunded = one(db, "SELECT coalesce(sum(amount), 0) FROM refunds WHERE order_id = ?1", [record.to_string()], |row| row.get(0))?;
    Ok(Some(ChargeRow {
        order_id: record,
        our_order: Some(record.to_string()),
        route: ROUTE.to_owned(),
        acquirer_order: String::new(),
        token_id: None,
        account: Some(account),
        payee: Some(to),
        payee_name: payee(db, to)?.name,
        merchant_order: payment.order.clone().unwrap_or_default(),
        code_mark: Vec::new(),
        amount: payment.amount,
        state: "paid".to_owned(),
        code: None,
        ask: None,
        intent: Some(intent),
        refunded: refunded.unwrap_or(0),
        paid_at: Some(payment.created_at),
        expires_at: None,
    }))
}

/// A receipt that we signed for this account.
fn proven(service: &Service, account: Id, bytes: Option<&[u8]>, field: &str) -> Outcome<Option<Receipt>> {
    let Some(bytes) = bytes else { return Ok(None) };
    let receipt = Receipt::open(bytes, &service.keys.set).ok().filter(|receipt| receipt.account_id == account);
    receipt.map(Some).ok_or_else(|| Refusal::rule(Code::ReceiptInvalid).field(field))
}

/// The payment that is meant. A book that was put back knows a charge by its token, and a payment by its intent: the record may be another.
fn meant(db: &Connection, account: Id, record: Id, receipt: Option<&Receipt>) -> Outcome<Option<ChargeRow>> {
    if let Some(row) = paid(db, account, record)? {
        return Ok(Some(row));
    }
    let Some(receipt) = receipt.filter(|receipt| receipt.record_id == record) else { return Ok(None) };
    let known = match (&receipt.token_id, receipt.intent_id) {
        (Some(token), _) => one(db, "SELECT order_id FROM charges WHERE token_id = ?1", [token], |row| id_at(row, "order_id"))?,
        (None, Some(intent)) => pay::load(db, intent)?.map(|payment| payment.order_id),
        (None, None) => None,
    };
    match known {
        Some(record) => paid(db, account, record),
        None => Ok(None),
    }
}

/// Whether two payments may be the same thing paid twice: as much, to the same merchant, within a day.
fn is_twice(one: &ChargeRow, two: &ChargeRow) -> bool {
    let apart = one.paid_at.zip(two.paid_at).is_some_and(|(one, two)| one.since(two).saturating_abs() <= PAIR_MS);
    let same_payee = one.payee == two.payee || (!one.payee_name.is_empty() && one.payee_name == two.payee_name);
    one.order_id != two.order_id && one.amount == two.amount && same_payee && apart
}

fn pair_of(one: Id, two: Id) -> String {
    let (one, two) = (one.to_string(), two.to_string());
    if one < two { format!("{one}/{two}") } else { format!("{two}/{one}") }
}

/// Takes a request, or answers how it stands.
pub fn ask(service: &Service, wanted: &Wanted) -> Outcome<RefundAskOut> {
    let now = service.now();
    let receipt = proven(service, wanted.account, wanted.receipt.as_deref(), "receipt")?;
    let other_receipt = proven(service, wanted.account, wanted.other_receipt.as_deref(), "other_receipt")?;
    let twice = wanted.reason == "duplicate";
    if twice != wanted.other.is_some() {
        return Err(Refusal::argument("other_id"));
    }
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    if let Some(known) = find(&state.db, wanted.id)? {
        let same = known.account == wanted.account && known.amount == wanted.amount && known.reason == wanted.reason;
        return if same { view(&state.db, &known) } else { Err(Refusal::of(409, Code::IdReused)) };
    }
    let none = |db: &Connection, record: Id, field: &str| -> Outcome<Refusal> {
        let known = history::newest(db, wanted.account, record)?;
        Ok(known.map_or_else(|| Refusal::of(404, Code::NotFound), |_| Refusal::rule(Code::RefundNone)).field(field))
    };
    let Some(row) = meant(&state.db, wanted.account, wanted.record, receipt.as_ref())? else {
        return Err(none(&state.db, wanted.record, "record_id")?);
    };
    let mut pair = None;
    let mut other = None;
    if let Some(id) = wanted.other {
        let Some(kept) = meant(&state.db, wanted.account, id, other_receipt.as_ref())? else { return Err(none(&state.db, id, "other_id")?) };
        for (receipt, record, field) in [(&receipt, wanted.record, "receipt"), (&other_receipt, id, "other_receipt")] {
            if receipt.as_ref().is_none_or(|receipt| receipt.record_id != record) {
                return Err(Refusal::rule(Code::ReceiptInvalid).field(field));
            }
        }
        if !is_twice(&row, &kept) {
            return Err(Refusal::rule(Code::NotTwice).field("other_id"));
        }
        let both = pair_of(row.order_id, kept.order_id);
        let known = one(&state.db, "SELECT * FROM refund_asks WHERE pair = ?1", [&both], read)?;
        if let Some(known) = known {
            return view(&state.db, &known);
        }
        (pair, other) = (Some(both), Some(kept.order_id));
    }
    // A book that forgot the request may know the refund that answered it.
    let given = match wanted.asked_at {
        Some(asked_at) => answered(&state.db, &row, wanted, asked_at)?,
        None => None,
    };
    if given.is_none() {
        why_not(&state.db, &row, wanted.amount, now)?;
    }
    store::write(&mut state.db, |tx| {
        let sql = "INSERT INTO refund_asks (ask_id, account_id, record_id, other_id, pair, amount, reason, state, agreed, refund_id, asked_at, answered_at, changed_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, max(?13, (SELECT coalesce(max(changed_at), 0) + 1 FROM refund_asks WHERE account_id = ?2)))";
        let asked_at = wanted.asked_at.filter(|at| *at < now).unwrap_or(now);
        run(
            tx,
            sql,
            params![
                wanted.id.to_string(), wanted.account.to_string(), row.order_id.to_string(), other.map(|id| id.to_string()), pair, wanted.amount,
                wanted.reason, if given.is_some() { "given" } else { "requested" }, given.as_ref().map(|given| given.1),
                given.as_ref().map(|given| given.0.to_string()), asked_at.as_ms(), given.as_ref().map(|given| given.2), now.as_ms()
            ],
        )?;
        Ok(())
    })?;
    view(&state.db, &find(&state.db, wanted.id)?.ok_or_else(internal)?)
}

/// Why so much of a payment cannot be asked back.
fn why_not(db: &Connection, row: &ChargeRow, amount: i64, now: Timestamp) -> Outcome<()> {
    let sql = "SELECT count(*), coalesce(sum(CASE WHEN state IN ('requested', 'approved') THEN coalesce(agreed, amount) ELSE 0 END), 0) \
               FROM refund_asks WHERE record_id = ?1";
    let (asks, open) = one(db, sql, [row.order_id.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?.unwrap_or((0, 0));
    let left = row.amount.saturating_sub(row.refunded).saturating_sub(open);
    if row.amount == row.refunded {
        return Err(Refusal::rule(Code::RefundNone).field("record_id"));
    }
    if amount > left {
        return Err(Refusal::rule(Code::RefundTooMuch).field("amount"));
    }
    if row.paid_at.is_some_and(|at| now.since(at) > REACH_MS) {
        return Err(Refusal::rule(Code::RefundLate).field("record_id"));
    }
    if asks >= ASKS {
        return Err(Refusal::rule(Code::RefundRefused).field("record_id"));
    }
    Ok(())
}

/// A refund of this payment that answers no request and came after this one: its record, how much, when.
fn answered(db: &Connection, row: &ChargeRow, wanted: &Wanted, asked_at: Timestamp) -> Outcome<Option<(Id, i64, i64)>> {
    let sql = "SELECT route, refund_order, amount, at FROM refunds WHERE order_id = ?1 AND at >= ?2 AND amount <= ?3 ORDER BY at, refund_order";
    let values = params![row.order_id.to_string(), asked_at.as_ms(), wanted.amount];
    let refunds = all(db, sql, values, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?)))?;
    for (route, order, amount, at) in refunds {
        let record = give_back::derive_record(&route, &order);
        let taken = one(db, "SELECT 1 FROM refund_asks WHERE refund_id = ?1", [record.to_string()], |row| row.get::<_, i64>(0))?;
        if taken.is_none() && (route != ROUTE || order == wanted.id.to_string()) {
            return Ok(Some((record, amount, at)));
        }
    }
    Ok(None)
}

