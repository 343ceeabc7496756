//! A charge: a till read a code, the acquirer passes it on. The token is consumed together with the acquirer's
//! order, in one transaction with the money.

use super::{asks, check, is_near, parse, tokens};
use crate::api::renewing;
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::rules::Rules;
use crate::service::{Service, internal};
use crate::store::ledger::{self, Purpose, name};
use crate::store::limits::{self, Way};
use crate::store::people::{account, cards};
use crate::store::{self, history, id_at, maybe_id_at, meta, one, run};
use crate::wire::fen;
use kabao_base::{Code, Currency, Id, Timestamp, fold};
use kabao_outside::{Charge, ChargeAnswer};
use kabao_proof::{HistoryEntry, Receipt, RecordKind, Source, digest};
use rusqlite::{Connection, Row, params};

/// How many wrong tags kill a token.
const BAD_TAGS: i64 = 5;

/// A charge as the book has it.
#[derive(Debug, Clone)]
pub struct ChargeRow {
    /// Our record of it.
    pub order_id: Id,
    /// Our number as the acquirer knows it.
    pub our_order: Option<String>,
    /// The acquirer.
    pub route: String,
    /// The acquirer's number.
    pub acquirer_order: String,
    /// The token, when the code was one of ours.
    pub token_id: Option<String>,
    /// The payer.
    pub account: Option<Id>,
    /// The merchant.
    pub payee: Option<Id>,
    /// The merchant's name.
    pub payee_name: String,
    /// The merchant's number of the order.
    pub merchant_order: String,
    /// A fingerprint of the code that was read.
    pub code_mark: Vec<u8>,
    /// How much, fen.
    pub amount: i64,
    /// `asked`, `paid`, `refused`, `revoked`.
    pub state: String,
    /// Why refused.
    pub code: Option<String>,
    /// The question to the phone.
    pub ask: Option<Id>,
    /// The intent that answered the question.
    pub intent: Option<Id>,
    /// What was given back, fen.
    pub refunded: i64,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Until when the question is open.
    pub expires_at: Option<Timestamp>,
}

pub(crate) fn read(row: &Row) -> rusqlite::Result<ChargeRow> {
    let time = |column: &str| -> rusqlite::Result<Option<Timestamp>> { Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms)) };
    Ok(ChargeRow {
        order_id: id_at(row, "order_id")?,
        our_order: row.get("our_order")?,
        route: row.get("route")?,
        acquirer_order: row.get("acquirer_order")?,
        token_id: row.get("token_id")?,
        account: maybe_id_at(row, "account_id")?,
        payee: maybe_id_at(row, "payee_id")?,
        payee_name: row.get("payee_name")?,
        merchant_order: row.get("merchant_order")?,
        code_mark: row.get("code_mark")?,
        amount: row.get("amount")?,
        state: row.get("state")?,
        code: row.get("code")?,
        ask: maybe_id_at(row, "ask_id")?,
        intent: maybe_id_at(row, "intent_id")?,
        refunded: row.get("refunded")?,
        paid_at: time("paid_at")?,
        expires_at: time("expires_at")?,
    })
}

/// A charge by the acquirer's number.
pub fn find(db: &Connection, route: &str, acquirer_order: &str) -> Outcome<Option<ChargeRow>> {
    Ok(one(db, "SELECT * FROM charges WHERE route = ?1 AND acquirer_order = ?2", [route, acquirer_order], read)?)
}

/// A charge as the acquirer sees it.
pub fn answer(row: &ChargeRow) -> ChargeAnswer {
    let our_order = row.our_order.clone();
    let known = our_order.clone().unwrap_or_default();
    match row.state.as_str() {
        "paid" if row.refunded > 0 => {
            ChargeAnswer::Refunded { our_order: known, refunded: fen(row.refunded), whole: row.refunded == row.amount }
        }
        "paid" => ChargeAnswer::Paid { our_order: known, at: row.paid_at.unwrap_or(Timestamp::from_ms(0)) },
        "revoked" => ChargeAnswer::Refunded { our_order: known, refunded: fen(row.amount), whole: true },
        "asked" => ChargeAnswer::WaitingForPayer { our_order: known },
        _ => ChargeAnswer::Refused { our_order, code: row.code.clone().unwrap_or_else(|| Code::PaymentRefused.as_str().to_owned()) },
    }
}

/// The payee that an acquirer's merchant is here.
pub fn derive_payee(route: &str, merchant_no: &str) -> Id {
    let hash = digest::sha256_of(&[b"kabao-payee-1", route.as_bytes(), b"\0", merchant_no.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

/// Our number for the acquirer: the token first, so that a restored book finds the payer again.
pub fn our_order(token_id: &str, order_id: Id) -> String {
    let tail: String = order_id.to_string().chars().take(16).collect();
    format!("{token_id}{tail}")
}

/// Charges a code, or answers what became of the same order before.
pub fn charge(service: &Service, asked: &Charge) -> Outcome<ChargeAnswer> {
    let now = service.now();
    let mark = service.keys.sealer.mark("code", &asked.code);
    let payee = derive_payee(&asked.route, &asked.merchant_no);
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    if let Some(known) = find(&state.db, &asked.route, &asked.acquirer_order)? {
        // A revocation may have come before the charge itself; it has no code and fences the number.
        let fenced = known.code_mark.is_empty();
        let same = known.code_mark == mark && known.amount == asked.amount.minor && known.payee == Some(payee);
        if !same && !fenced {
            return Ok(ChargeAnswer::Refused { our_order: None, code: Code::IdReused.as_str().to_owned() });
        }
        drop(state);
        asks::lapse_due(service, now)?;
        let state = service.state();
        return Ok(find(&state.db, &asked.route, &asked.acquirer_order)?.map_or(ChargeAnswer::Unknown, |row| answer(&row)));
    }
    let order_id = service.make_id();
    let mut row = ChargeRow {
        order_id,
        our_order: None,
        route: asked.route.clone(),
        acquirer_order: asked.acquirer_order.clone(),
        token_id: None,
        account: None,
        payee: Some(payee),
        payee_name: shown(&asked.merchant_name),
        merchant_order: shown(&asked.merchant_order),
        code_mark: mark,
        amount: asked.amount.minor,
        state: "refused".to_owned(),
        code: None,
        ask: None,
        intent: None,
        refunded: 0,
        paid_at: None,
        expires_at: None,
    };
    let charged = store::write(&mut state.db, |tx| {
        let sql = "INSERT INTO payees (payee_id, name, route, merchant_no, created_at) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (payee_id) DO UPDATE SET name = ?2";
        run(tx, sql, params![payee.to_string(), row.payee_name, asked.route, asked.merchant_no, now.as_ms()])?;
        decide(tx, service, asked, &mut row, now)
    })?;
    if let Some(token) = row.token_id {
        state.memory.read_codes.insert(token, asked.code.clone());
    }
    Ok(charged)
}

/// Names from outside are shown to people: nothing hidden, not endless.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() && fold::hidden_kind(*character).is_none()).take(64).collect()
}

fn decide(tx: &Connection, service: &Service, asked: &Charge, row: &mut ChargeRow, now: Timestamp) -> Outcome<ChargeAnswer> {
    let lawful = asked.amount.currency == Currency::Cny && (1..=limits::AMOUNT_MAX).contains(&asked.amount.minor);
    if !lawful {
        let code = if asked.amount.currency == Currency::Cny { Code::AmountMalformed } else { Code::CurrencyUnknown };
        row.amount = row.amount.max(0);
        return refuse(tx, row, code, now);
    }
    let Some(parsed) = parse(&asked.code) else { return refuse(tx, row, Code::CodeUnknown, now) };
    let sql = "SELECT account_id, key_sealed, not_after, cap, cap_untrusted, consumed_at, revoked, device_id FROM tokens WHERE token_id = ?1";
    let token = one(tx, sql, [&parsed.token_id], |row| {
        let live = row.get::<_, Option<i64>>(5)?.is_none() && !row.get::<_, bool>(6)?;
        Ok((id_at(row, "account_id")?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?, (live, id_at(row, "device_id")?)))
    })?;
    let Some((account_id, sealed, not_after, cap, cap_untrusted, (live, device))) = token else {
        return refuse(tx, row, Code::CodeUnknown, now);
    };
    let key = tokens::key(service, &parsed.token_id, &sealed)?;
    let Some(offset) = check(&parsed, &key, now) else {
        // Guessing at a known token is stopped by its death.
        let sql = "UPDATE tokens SET bad_tags = bad_tags + 1, revoked = max(revoked, bad_tags + 1 >= ?2) WHERE token_id = ?1";
        run(tx, sql, params![parsed.token_id, BAD_TAGS])?;
        return refuse(tx, row, Code::CodeUnknown, now);
    };
    let near = is_near(offset);
    if !live || now.as_ms() > not_after || (!near && row.amount > cap_untrusted) {
        return refuse(tx, row, Code::CodeUnknown, now);
    }
    let sql = "UPDATE tokens SET route = ?2, acquirer_order = ?3, consumed_at = ?4 WHERE token_id = ?1 AND consumed_at IS NULL";
    if run(tx, sql, params![parsed.token_id, row.route, row.acquirer_order, now.as_ms()])? != 1 {
        return refuse(tx, row, Code::CodeUnknown, now);
    }
    row.our_order = Some(our_order(&parsed.token_id, row.order_id));
    row.token_id = Some(parsed.token_id);
    row.account = Some(account_id);
    let who = account(tx, account_id)?;
    if who.frozen {
        return refuse(tx, row, Code::AccountFrozen, now);
    }
    if let Some(code) = service.builds().why_not_device(tx, device)? {
        return refuse(tx, row, code, now);
    }
    if renewing::is_overdue(&who, now) {
        return refuse(tx, row, Code::IdentityOverdue, now);
    }
    let rules = service.rules();
    if rules.rests("code", now).is_some() {
        return refuse(tx, row, Code::Maintenance, now);
    }
    if row.amount > cap {
        if let Some(code) = nothing_may_pay(tx, &rules, account_id, who.class, row.amount, now)? {
            return refuse(tx, row, code, now);
        }
        row.state = "asked".to_owned();
        row.ask = Some(service.make_id());
        row.expires_at = Some(now.plus_ms(asks::LIFE_MS));
        insert(tx, row, &asked.subject, now)?;
        return Ok(answer(row));
    }
    if let Some(code) = limits::check(tx, &rules, account_id, who.class, None, Way::Code, row.amount, now)? {
        return refuse(tx, row, code, now);
    }
    if holds::spendable(tx, account_id)? < row.amount {
        return refuse(tx, row, Code::BalanceLow, now);
    }
    row.state = "paid".to_owned();
    row.paid_at = Some(now);
    insert(tx, row, &asked.subject, now)?;
    limits::take(tx, account_id, None, Way::Code, row.amount, now)?;
    pay(tx, service, row, Purpose::Execute, now)?;
    Ok(answer(row))
}

/// Why nobody need be asked: no source may pay so much. The reason is the balance's, which most pay from.
fn nothing_may_pay(tx: &Connection, rules: &Rules, account: Id, class: i64, amount: i64, now: Timestamp) -> Outcome<Option<Code>> {
    let Some(code) = limits::check(tx, rules, account, class, None, Way::Ask, amount, now)? else { return Ok(None) };
    for card in cards(tx, account)? {
        if limits::check(tx, rules, account, class, Some(card.id), Way::Ask, amount, now)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(code))
}

pub(crate) fn insert(tx: &Connection, row: &ChargeRow, subject: &str, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO charges (order_id, route, acquirer_order, our_order, token_id, account_id, payee_id, payee_name, merchant_order, code_mark, \
               amount, subject, state, code, ask_id, expires_at, paid_at, created_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    let text = |id: Option<Id>| id.map(|id| id.to_string());
    run(
        tx,
        sql,
        params![
            row.order_id.to_string(), row.route, row.acquirer_order, row.our_order, row.token_id, text(row.account), text(row.payee),
            row.payee_name, row.merchant_order, row.code_mark, row.amount, shown(subject), row.state, row.code, text(row.ask),
            row.expires_at.map(Timestamp::as_ms), row.paid_at.map(Timestamp::as_ms), now.as_ms()
        ],
    )?;
    Ok(())
}

/// Writes the refusal down under the acquirer's number; the phone hears of it when the code was its own.
pub(super) fn refuse(tx: &Connection, row: &mut ChargeRow, code: Code, now: Timestamp) -> Outcome<ChargeAnswer> {
    row.state = "refused".to_owned();
    row.code = Some(code.as_str().to_owned());
    insert(tx, row, "", now)?;
    if let Some(account) = row.account {
        history::append(tx, account, entry(row, "refused", None, None, now))?;
    }
    Ok(answer(row))
}

/// The record of a charge in its payer's history.
pub(super) fn entry(row: &ChargeRow, state: &str, balance: Option<i64>, receipt: Option<Vec<u8>>, now: Timestamp) -> HistoryEntry {
    HistoryEntry {
        seq: 0,
        record_id: row.order_id,
        kind: RecordKind::PayerCode,
        state: state.to_owned(),
        payee_id: row.payee,
        payee_name: row.payee_name.clone(),
        amount: fen(-row.amount),
        fee: fen(0),
        balance_after: balance.map(fen),
        route: row.route.clone(),
        order: Some(row.merchant_order.clone()),
        our_order: row.our_order.clone().unwrap_or_default(),
        acquirer_order: Some(row.acquirer_order.clone()),
        intent_id: None,
        token_id: row.token_id.clone(),
        original: None,
        at: now,
        updated_at: now,
        receipt,
    }
}

/// Writes a charge down again that the acquirer's book has and a restored one has not.
pub(crate) fn restore(tx: &Connection, service: &Service, row: &ChargeRow, at: Timestamp) -> Outcome<()> {
    insert(tx, row, "", at)?;
    pay(tx, service, row, Purpose::Execute, at)
}

/// Moves the money of a charge and tells the phone.
pub(super) fn pay(tx: &Connection, service: &Service, row: &ChargeRow, purpose: Purpose, now: Timestamp) -> Outcome<()> {
    let (Some(account), Some(payee), Some(token)) = (row.account, row.payee, row.token_id.as_deref()) else { return Err(internal()) };
    // The reference is the token: the book itself refuses a second charge of it.
    ledger::book(tx, purpose, token, now, &[(name::user(account), -row.amount), (name::merchant(payee), row.amount)])?;
    let receipt = Receipt {
        receipt_id: service.make_id(),
        record_id: row.order_id,
        intent_id: None,
        terms_digest: None,
        token_id: Some(token.to_owned()),
        kind: RecordKind::PayerCode,
        account_id: account,
        payee_id: Some(payee),
        payee_name: row.payee_name.clone(),
        amount: fen(row.amount),
        fee: fen(0),
        source: Source::Balance,
        route: row.route.clone(),
        order: Some(row.merchant_order.clone()),
        our_order: row.our_order.clone().unwrap_or_default(),
        acquirer_order: Some(row.acquirer_order.clone()),
        original: None,
        arrives_at: None,
        at: now,
        epoch: meta::epoch(tx)?,
    };
    let signed = service.keys.sign(&receipt).ok_or_else(internal)?;
    let balance = ledger::user_balance(tx, account)?;
    history::append(tx, account, entry(row, "done", Some(balance), Some(signed), now))
}
