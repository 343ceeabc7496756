//! Quotes: what it would cost, who gets it by the service's own word, and which sources can pay.

use crate::api::account::ready;
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::rules::Rules;
use crate::service::{Caller, Service, internal};
use crate::store::limits::{self, Way};
use crate::store::people::{Account, Card, Payee, card_of, cards, note_reason, payee};
use crate::store::{self, id_at, maybe_id_at, meta, one, run};
use super::{transfer, withdraw};
use crate::vault::{VaultAnswer, VaultCall};
use crate::wire::{self, AmountOut, QuoteIn, QuoteOut, SourceOut, SourceWire};
use kabao_base::{Code, Id, Timestamp};
use kabao_outside::World;
use rusqlite::{Connection, params};

/// How long a quote lives.
const LIFE_MS: i64 = 120_000;

/// A quote as the book has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Its id.
    pub id: Id,
    /// `top_up`, `pay`, `ask`, `withdraw`, `transfer`.
    pub kind: String,
    /// Who is paid; the card of a withdrawal.
    pub payee: Option<Id>,
    /// The merchant's order number.
    pub order: Option<String>,
    /// The merchant's question.
    pub ask: Option<Id>,
    /// The one card that was asked about.
    pub card: Option<Id>,
    /// How much, fen.
    pub amount: i64,
    /// The fee, fen.
    pub fee: i64,
    /// How long a transfer waits, in milliseconds.
    pub delay_ms: Option<i64>,
    /// 32 random bytes.
    pub challenge: Vec<u8>,
    /// Until when it may be confirmed.
    pub expires_at: Timestamp,
    /// The intent that used it.
    pub used_by: Option<Id>,
}

/// A quote of an account, made in the present epoch. A book that was put back to an older copy knows quotes, and has forgotten what was
/// signed about the payments under them: none of them is accepted any more.
pub fn load(db: &Connection, account: Id, id: Id) -> Outcome<Option<Quote>> {
    let sql = "SELECT * FROM quotes WHERE quote_id = ?1 AND account_id = ?2 AND epoch = ?3";
    Ok(one(db, sql, params![id.to_string(), account.to_string(), epoch_of(db)?], |row| {
        Ok(Quote {
            id,
            kind: row.get("kind")?,
            payee: maybe_id_at(row, "payee_id")?,
            order: row.get("order_no")?,
            ask: maybe_id_at(row, "ask_id")?,
            card: maybe_id_at(row, "card_id")?,
            amount: row.get("amount")?,
            fee: row.get("fee")?,
            delay_ms: row.get("delay_ms")?,
            challenge: row.get("challenge")?,
            expires_at: Timestamp::from_ms(row.get("expires_at")?),
            used_by: maybe_id_at(row, "used_by")?,
        })
    })?)
}

fn epoch_of(db: &Connection) -> Outcome<i64> {
    i64::try_from(meta::epoch(db)?).map_err(|_| internal())
}

/// An open question of a merchant.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who asks.
    pub payee: Id,
    /// The merchant's order number.
    pub order: String,
    /// How much, fen.
    pub amount: i64,
    /// `asked`, `paid`, `refused`, `revoked`.
    pub state: String,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
}

/// A question of an account.
pub fn load_ask(db: &Connection, account: Id, ask: Id) -> Outcome<Option<Ask>> {
    let sql = "SELECT payee_id, merchant_order, amount, state, expires_at FROM charges WHERE ask_id = ?1 AND account_id = ?2";
    Ok(one(db, sql, [ask.to_string(), account.to_string()], |row| {
        Ok(Ask {
            payee: id_at(row, "payee_id")?,
            order: row.get("merchant_order")?,
            amount: row.get("amount")?,
            state: row.get("state")?,
            expires_at: Timestamp::from_ms(row.get::<_, Option<i64>>("expires_at")?.unwrap_or(0)),
        })
    })?)
}

impl Ask {
    /// Why it cannot be answered any more. One that was paid, perhaps from another phone of the account, has not lapsed.
    pub(super) fn why_not_open(&self, now: Timestamp) -> Option<Code> {
        match self.state.as_str() {
            "asked" if now <= self.expires_at => None,
            "paid" | "refunded" | "revoked" => Some(Code::AskPaid),
            _ => Some(Code::AskLapsed),
        }
    }
}

/// Makes a quote.
pub fn make(service: &Service, caller: &Caller, asked: &QuoteIn) -> Outcome<QuoteOut> {
    let amount = asked.amount.read("amount")?;
    let payee_id = wire::maybe_id(asked.payee_id.as_deref(), "payee_id")?;
    let card_id = wire::maybe_id(asked.card_id.as_deref(), "card_id")?;
    let ask_id = wire::maybe_id(asked.ask_id.as_deref(), "ask_id")?;
    let order = asked.order.as_deref().map(|order| wire::plain(order, 64, "order")).transpose()?.map(str::to_owned);
    let (now, rules) = (service.now(), service.rules());
    let mut state = service.state();
    let who = ready(&state.db, caller.account, now)?;
    service.builds().may_pay(&state.db, caller.device)?;
    let (payee_id, order) = match (asked.kind.as_str(), payee_id, ask_id) {
        ("top_up", None, None) if order.is_none() => (None, None),
        ("withdraw", None, None) if order.is_none() => (Some(card_id.ok_or_else(|| Refusal::argument("card_id"))?), None),
        ("transfer", Some(payee), None) if order.is_none() && card_id.is_none() => (Some(payee), None),
        ("pay", Some(payee), None) => (Some(payee), order),
        ("ask", payee, Some(ask)) => {
            let question = load_ask(&state.db, caller.account, ask)?.ok_or_else(|| Refusal::rule(Code::AskLapsed).field("ask_id"))?;
            let same = question.amount == amount && payee.is_none_or(|payee| payee == question.payee) && order.as_ref().is_none_or(|order| *order == question.order);
            if let Some(code) = question.why_not_open(now) {
                return Err(Refusal::rule(code).field("ask_id"));
            }
            if !same {
                return Err(Refusal::argument("amount"));
            }
            (Some(question.payee), Some(question.order))
        }
        _ => return Err(Refusal::argument("kind")),
    };
    let delay_ms = asked.delay_ms.map(i64::from);
    let lawful = match (asked.kind.as_str(), delay_ms) {
        ("transfer", delay) => delay.is_some_and(|delay| transfer::DELAYS_MS.contains(&delay)),
        (_, delay) => delay.is_none(),
    };
    if !lawful {
        return Err(Refusal::argument("delay_ms"));
    }
    let to_person = payee_id.filter(|_| asked.kind == "transfer");
    if to_person == Some(caller.account) {
        return Err(Refusal::rule(Code::PayeeIsSelf).field("payee_id"));
    }
    let person = to_person.map(|payee| transfer::known(&state.db, caller.account, payee)).transpose()?;
    let to_card = payee_id.filter(|_| asked.kind == "withdraw");
    let found = match payee_id.filter(|_| to_card.is_none() && to_person.is_none()) {
        Some(id) if id == caller.account => return Err(Refusal::rule(Code::PayeeIsSelf).field("payee_id")),
        Some(id) => {
            let found = payee(&state.db, id)?;
            if found.route.is_some() && asked.kind == "pay" {
                // A merchant of an acquirer is paid through the acquirer only.
                return Err(Refusal::of(404, Code::PayeeUnknown).field("payee_id"));
            }
            Some(found)
        }
        None => None,
    };
    if let Some(ms) = rules.rests(&asked.kind, now) {
        return Err(Refusal::of(503, Code::Maintenance).retry_after(ms));
    }
    let candidates: Vec<Card> = match card_id {
        None if to_person.is_some() => Vec::new(),
        Some(id) => vec![card_of(&state.db, who.id, id)?],
        None => cards(&state.db, who.id)?,
    };
    // What the banks say now, so that a card that was blocked meanwhile is not offered.
    let candidates = candidates.into_iter().map(|card| standing(service, &rules, Some(&asked.kind), &state.db, card)).collect::<Outcome<Vec<Card>>>()?;
    // A fee that depends on the card is one of a movement that names its card.
    let sort = if !candidates.is_empty() && candidates.iter().all(Card::is_credit) { "credit" } else { "debit" };
    let sort = Some(sort).filter(|_| asked.kind == "top_up" && card_id.is_some());
    let free_used = limits::used(&state.db, caller.account, &format!("free:{}", asked.kind))?;
    let fee = rules.fee(&asked.kind, sort, amount, free_used);
    let total = amount.checked_add(fee).ok_or_else(|| Refusal::rule(Code::AmountTooLarge).field("amount"))?;
    let what = What { kind: &asked.kind, payee: found.as_ref(), chosen: card_id };
    let sources = match to_card.and(candidates.first()) {
        _ if to_person.is_some() => {
            let reason = to_person.map(|payee| transfer::why_not(&state.db, &rules, &who, payee, total, now)).transpose()?.flatten();
            if let Some(code) = reason.filter(|code| code.entry().cause == kabao_base::Cause::Merchant) {
                return Err(Refusal::rule(code).field("payee_id"));
            }
            transfer::sources(reason)
        }
        Some(card) => withdraw::sources(&state.db, &rules, &who, card, total, now)?,
        None => sources(&state.db, &rules, &who, &what, &candidates, total, now)?,
    };
    if !sources.iter().any(|source| source.usable) {
        let first = sources.first();
        let reason = first.and_then(|source| source.reason.clone()).unwrap_or_else(|| Code::CardUnknown.as_str().to_owned());
        // A limit or a balance is met by another amount, a card by another card.
        let by_amount = Code::parse(&reason).is_some_and(|code| code.entry().cause == kabao_base::Cause::Money && code != Code::CreditNoTopUp);
        let refusal = Refusal::named(422, &reason).field(if by_amount { "amount" } else { "card_id" });
        return Err(match first.and_then(|source| source.until) {
            Some(until) => refusal.retry_after(until.saturating_sub(now.as_ms())),
            None => refusal,
        });
    }
    let mut challenge = [0u8; 32];
    service.world.random(&mut challenge);
    let (id, expires_at) = (service.make_id(), now.plus_ms(LIFE_MS));
    store::write(&mut state.db, |tx| {
        let sql = "INSERT INTO quotes (quote_id, account_id, kind, payee_id, order_no, ask_id, amount, fee, challenge, expires_at, card_id, delay_ms, epoch) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let text = |id: Option<Id>| id.map(|id| id.to_string());
        run(
            tx,
            sql,
            params![id.to_string(), caller.account.to_string(), asked.kind, text(payee_id), order, text(ask_id), amount, fee, challenge, expires_at.as_ms(), text(card_id.filter(|_| to_card.is_none())), delay_ms, epoch_of(tx)?],
        )?;
        Ok(())
    })?;
    Ok(QuoteOut {
        quote_id: id.to_string(),
        kind: asked.kind.clone(),
        payee_id: payee_id.map(|id| id.to_string()),
        payee_name: found.map(|found| found.name).or_else(|| to_card.and(candidates.first()).map(|card| card.bank.clone())).or_else(|| person.as_ref().map(|person| person.0.clone())),
        order,
        amount: AmountOut::from(amount),
        fee: fee.into(),
        rules_version: rules.version,
        free_used: free_used.into(),
        total: total.into(),
        sources,
        delay_ms: asked.delay_ms,
        first_time: person.map(|person| person.1),
        expires_at: expires_at.as_ms(),
        challenge: wire::text(&challenge),
    })
}

/// What the rules for sources ask about a payment.
pub struct What<'a> {
    /// `top_up`, `pay`, `ask`.
    pub kind: &'a str,
    /// Who is paid.
    pub payee: Option<&'a Payee>,
    /// The one card that was asked about: its fee is the quote's.
    pub chosen: Option<Id>,
}

/// Asks the card's bank how it stands, and writes down what it says. A silent bank changes nothing, and one that rests by the
/// rules is not asked.
pub(crate) fn standing(service: &Service, rules: &Rules, channel: Option<&str>, db: &Connection, mut card: Card) -> Outcome<Card> {
    if card.state != "bound" {
        return Ok(card);
    }
    if let Some(until) = rules.bank_rests(&card.bank, channel, service.now()) {
        card.until = Some(until.as_ms().max(card.until.unwrap_or(0)));
        return Ok(card);
    }
    let (reason, until) = match service.ask_vault(VaultCall::Standing { token: card.token.clone() })? {
        VaultAnswer::Done => (None, None),
        VaultAnswer::Refused { code, .. } => (Some(code), None),
        VaultAnswer::Maintenance { until } => (card.reason.clone(), Some(until)),
        _ => return Ok(card),
    };
    note_reason(db, card.id, reason.as_deref(), until)?;
    (card.reason, card.until) = (reason, until.map(Timestamp::as_ms));
    Ok(card)
}

/// Every source with the reason why it cannot be used. The balance comes first, then the cards by age.
fn sources(db: &Connection, rules: &Rules, who: &Account, what: &What, cards: &[Card], total: i64, now: Timestamp) -> Outcome<Vec<SourceOut>> {
    let mut sources = Vec::new();
    if what.kind != "top_up" && what.chosen.is_none() {
        let reason = why_not(db, rules, who, what, None, total, now)?;
        sources.push(source_out(SourceWire { kind: "balance".to_owned(), card_id: None }, reason, None));
    }
    for card in cards {
        let reason = why_not(db, rules, who, what, Some(card), total, now)?;
        let until = card.until.filter(|_| reason == Some(Code::BankMaintenance));
        sources.push(source_out(SourceWire { kind: "card".to_owned(), card_id: Some(card.id.to_string()) }, reason, until));
    }
    Ok(sources)
}

pub(super) fn source_out(source: SourceWire, reason: Option<Code>, until: Option<i64>) -> SourceOut {
    SourceOut { source, usable: reason.is_none(), reason: reason.map(|code| code.as_str().to_owned()), until }
}

/// Why a source cannot pay now; `None` when it can. What stands against the card itself comes before limits, and limits
/// before the balance: a balance that is too low can be filled.
pub fn why_not(db: &Connection, rules: &Rules, who: &Account, what: &What, card: Option<&Card>, total: i64, now: Timestamp) -> Outcome<Option<Code>> {
    if let Some(code) = card.and_then(|card| card.why_not(now)) {
        return Ok(Some(code));
    }
    let credit = card.filter(|card| card.is_credit());
    if what.kind == "top_up" {
        if let Some(card) = credit {
            // Credit turned into a balance is cash by another name: only where the rules allow it.
            let allowed = what.chosen == Some(card.id) && rules.credit.top_up;
            if !allowed {
                return Ok(Some(Code::CreditNoTopUp));
            }
        }
    } else if credit.is_some() && (!rules.credit.pay || what.payee.is_some_and(|payee| payee.no_credit)) {
        return Ok(Some(Code::MerchantNoCredit));
    }
    let way = match what.kind {
        "top_up" => Way::TopUp,
        "pay" => Way::Static,
        _ => Way::Ask,
    };
    if let Some(code) = limits::check(db, rules, who.id, who.class, card.map(|card| card.id), way, total, now)? {
        return Ok(Some(code));
    }
    let low = card.is_none() && holds::spendable(db, who.id)? < total;
    Ok(low.then_some(Code::BalanceLow))
}
