//! PUT: the one place where a phone's payment is accepted. Everything happens under the service's one lock,
//! the same under which `abandon` answers.

use super::quote::{Quote, What, load_ask, why_not};
use super::{Payment, State, finish, load, quote, recall, settle, stage, transfer, withdraw};
use crate::api::renewing;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Caller, Service, internal};
use crate::rules::Rules;
use crate::store::limits;
use crate::store::people::{Account, Card, account, card_of, payee};
use crate::store::{self, meta, run};
use crate::vault::{PinVerdict, VERDICT_DOMAIN, VaultAnswer, VaultCall};
use crate::wire::{self, ApprovalIn, PaymentIn, SourceWire, TermsIn};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{Digest32, MoveKind, SealedBox, Signature, Source, Terms};
use rusqlite::params;

/// The proof of the person, read.
enum Approval {
    Pin(SealedBox),
    Key(Signature),
}

/// Why a payment is refused for good, and how many tries of the PIN are left.
pub(crate) type Why = (String, Option<u32>);

/// Accepts a payment, or answers what became of it before.
pub fn put(service: &Service, caller: &Caller, intent: Id, body: &PaymentIn) -> Outcome<Payment> {
    let terms = read_terms(&body.terms)?;
    let approval = read_approval(&body.approval)?;
    if terms.intent_id != intent {
        return Err(Refusal::argument("intent_id"));
    }
    let digest = terms.digest();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    if let Some(known) = load(&state.db, intent)? {
        let same = known.account == caller.account && known.digest.is_none_or(|of| of == digest);
        let never_seen = known.digest.is_none() && !known.state.is_final();
        return if same && !never_seen { Ok(known) } else { Err(Refusal::of(409, Code::IdReused)) };
    }
    if meta::epoch(&state.db)? > 1 {
        // A book that was put back may have forgotten one that was carried out.
        recall::take_up_one(service, state, caller.account, intent, service.now())?;
        if let Some(known) = load(&state.db, intent)? {
            return if known.digest == Some(digest) { Ok(known) } else { Err(Refusal::of(409, Code::IdReused)) };
        }
    }
    let quote = quote::load(&state.db, caller.account, terms.quote_id)?.ok_or_else(|| Refusal::rule(Code::QuoteUnknown))?;
    if !fits(&quote, &terms, caller) {
        return Err(Refusal::rule(Code::QuoteAltered));
    }
    if quote.used_by.is_some_and(|other| other != intent) {
        return Err(Refusal::rule(Code::QuoteUnknown));
    }
    let who = account(&state.db, caller.account)?;
    let card = match terms.source {
        Source::Balance => None,
        Source::Card(id) => Some(card_of(&state.db, caller.account, id).map_err(|_| Refusal::rule(Code::QuoteAltered))?),
    };
    let now = service.now();
    let mut payment = Payment {
        intent,
        account: caller.account,
        digest: Some(digest),
        kind: quote.kind.clone(),
        payee: quote.payee,
        order: quote.order.clone(),
        ask: quote.ask,
        amount: quote.amount,
        fee: quote.fee,
        card: card.as_ref().map(|card| card.id),
        state: State::Accepted,
        proof: None,
        order_id: service.make_id(),
        created_at: now,
        tries: 0,
    };
    let mut why = judge(service, &state.db, caller, &who, &quote, card.as_ref(), &payment, &approval, now)?;
    if why.is_none() {
        let kept = match payment.kind.as_str() {
            "withdraw" => withdraw::keep(service, &state.db, &payment, now)?,
            "transfer" => recall::keep_transfer(service, &state.db, &payment, &quote, now)?,
            _ => Some(payment.clone()),
        };
        match kept {
            Some(kept) => payment = kept,
            None => why = Some((Code::PaymentAbandoned.as_str().to_owned(), None)),
        }
    }
    let locked = why.as_ref().is_some_and(|(code, _)| code == Code::PinLocked.as_str());
    store::write(&mut state.db, |tx| {
        run(tx, "UPDATE quotes SET used_by = ?2 WHERE quote_id = ?1", params![quote.id.to_string(), intent.to_string()])?;
        if locked {
            run(tx, "UPDATE accounts SET pin_locked = 1 WHERE account_id = ?1", [caller.account.to_string()])?;
        }
        if let Some((code, left)) = &why {
            return refuse_new(tx, service, &payment, code, *left, now);
        }
        finish::open(tx, &payment, payment.created_at)?;
        if payment.to_card().is_some() {
            withdraw::park(tx, &payment, now)?;
        } else if payment.kind == "transfer" {
            return transfer::execute(tx, service, &payment, quote.delay_ms.unwrap_or(0));
        } else if payment.card.is_none() {
            return finish::succeed(tx, service, &payment, "", now);
        }
        run(tx, "UPDATE payments SET state = 'sent' WHERE intent_id = ?1", [intent.to_string()])?;
        stage(tx, intent, "sent_to_bank", now)
    })?;
    // What the bank is asked for stands in the book, on disk, before the bank hears of it.
    if why.is_none() && (payment.card.is_some() || payment.to_card().is_some()) {
        let sent = finish::reload(&state.db, intent)?;
        if sent.state == State::Sent {
            settle::ask(service, state, &sent, now)?;
        }
    }
    finish::reload(&state.db, intent)
}

fn refuse_new(tx: &rusqlite::Connection, service: &Service, payment: &Payment, code: &str, left: Option<u32>, now: Timestamp) -> Outcome<()> {
    // Written down outside the states that hold limits and orders, then closed at once.
    let payment = Payment { state: State::Orphan, ..payment.clone() };
    if matches!(payment.kind.as_str(), "withdraw" | "transfer") {
        recall::void(service, tx, payment.account, payment.intent, now)?;
    }
    finish::open(tx, &payment, now)?;
    finish::refuse(tx, service, &payment, code, left, now)
}

fn read_terms(terms: &TermsIn) -> Outcome<Terms> {
    let kind = MoveKind::parse(&terms.kind).ok_or_else(|| Refusal::argument("kind"))?;
    let challenge = wire::bytes(&terms.challenge, "challenge")?;
    Ok(Terms {
        intent_id: wire::id(&terms.intent_id, "intent_id")?,
        kind,
        quote_id: wire::id(&terms.quote_id, "quote_id")?,
        account_id: wire::id(&terms.account_id, "account_id")?,
        payee_id: wire::maybe_id(terms.payee_id.as_deref(), "payee_id")?,
        order: terms.order.as_deref().map(|order| wire::plain(order, 64, "order")).transpose()?.map(str::to_owned),
        amount: wire::fen(terms.amount.read("amount")?),
        fee: wire::fen(terms.fee.or_zero("fee")?),
        source: read_source(&terms.source)?,
        delay_ms: terms.delay_ms,
        expires_at: Timestamp::from_ms(terms.expires_at),
        challenge: challenge.try_into().map_err(|_| Refusal::argument("challenge"))?,
    })
}

fn read_source(source: &SourceWire) -> Outcome<Source> {
    match (source.kind.as_str(), &source.card_id) {
        ("balance", None) => Ok(Source::Balance),
        ("card", Some(id)) => Ok(Source::Card(wire::id(id, "card_id")?)),
        _ => Err(Refusal::argument("source")),
    }
}

fn read_approval(approval: &ApprovalIn) -> Outcome<Approval> {
    match (&approval.pin_box, &approval.approve_signature) {
        (Some(sealed), None) => Ok(Approval::Pin(sealed.read("pin_box")?)),
        (None, Some(text)) => {
            let bytes = wire::bytes(text, "approve_signature")?;
            Signature::read(&bytes).map(Approval::Key).map_err(|_| Refusal::argument("approve_signature"))
        }
        _ => Err(Refusal::argument("approval")),
    }
}

fn fits(quote: &Quote, terms: &Terms, caller: &Caller) -> bool {
    quote.kind == terms.kind.as_str()
        && terms.account_id == caller.account
        && quote.payee == terms.payee_id
        && quote.order == terms.order
        && wire::fen(quote.amount) == terms.amount
        && wire::fen(quote.fee) == terms.fee
        && quote.expires_at == terms.expires_at
        && quote.delay_ms.map(u64::try_from).and_then(Result::ok) == terms.delay_ms.map(u64::from)
        && quote.challenge == terms.challenge
        // The fee is the one of the card that was asked about.
        && quote.card.is_none_or(|card| terms.source == Source::Card(card))
        && (!matches!(terms.kind, MoveKind::Withdraw | MoveKind::Transfer) || terms.source == Source::Balance)
        // A top-up comes from a card.
        && (terms.kind != MoveKind::TopUp || matches!(terms.source, Source::Card(_)))
}

/// Whether the payment may be carried out. Time, account and limits come before the PIN: a try of the PIN is
/// not spent on what would be refused anyway.
#[allow(clippy::too_many_arguments)]
fn judge(
    service: &Service,
    db: &rusqlite::Connection,
    caller: &Caller,
    who: &Account,
    quote: &Quote,
    card: Option<&Card>,
    payment: &Payment,
    approval: &Approval,
    now: Timestamp,
) -> Outcome<Option<Why>> {
    let (rules, because) = (service.rules(), |code: Code| Ok(Some((code.as_str().to_owned(), None))));
    if who.frozen {
        return because(Code::AccountFrozen);
    }
    if let Some(code) = service.builds().why_not_device(db, caller.device)? {
        return because(code);
    }
    if renewing::is_overdue(who, now) {
        return because(Code::IdentityOverdue);
    }
    if who.closing {
        return because(Code::AccountClosing);
    }
    if now > quote.expires_at {
        return because(Code::QuoteExpired);
    }
    if let Some(ask) = quote.ask {
        let asked = load_ask(db, caller.account, ask)?;
        if let Some(code) = asked.map_or(Some(Code::AskLapsed), |asked| asked.why_not_open(now)) {
            return because(code);
        }
    }
    if let Some(code) = order_taken(db, payment)? {
        return because(code);
    }
    let stands = match payment.to_card() {
        Some(to) => withdraw::why_not(db, &rules, who, &card_of(db, who.id, to)?, payment.total(), now)?,
        None if quote.kind == "transfer" => transfer::why_not(db, &rules, who, quote.payee.ok_or_else(internal)?, payment.total(), now)?,
        None => {
            let payee = quote.payee.map(|id| payee(db, id)).transpose()?;
            let what = What { kind: &quote.kind, payee: payee.as_ref(), chosen: quote.card };
            why_not(db, &rules, who, &what, card, payment.total(), now)?
        }
    };
    if let Some(code) = stands {
        return because(code);
    }
    let digest = payment.digest.ok_or_else(internal)?;
    match approval {
        // Money that leaves the wallet is known to the person alone: a finger that was added later does not withdraw.
        Approval::Key(_) if matches!(quote.kind.as_str(), "withdraw" | "transfer") => because(Code::PinAlways),
        Approval::Key(_) if quote.kind != "top_up" && steps_up(db, &rules, caller.account, payment.total(), now)? => because(Code::StepUpPin),
        Approval::Key(signature) => {
            let holds = caller.approve_key.verify(&digest, signature).is_ok();
            if holds { Ok(None) } else { because(Code::ApprovalRefused) }
        }
        Approval::Pin(sealed) => check_pin(service, caller.account, digest, sealed.clone()),
    }
}

/// Why an order cannot be paid: the book holds a payment of it already, whoever made it.
fn order_taken(db: &rusqlite::Connection, payment: &Payment) -> Outcome<Option<Code>> {
    let (Some(payee), Some(order)) = (payment.payee, payment.order.as_deref()) else { return Ok(None) };
    let sql = "SELECT state = 'succeeded' FROM payments WHERE payee_id = ?1 AND order_no = ?2 AND state IN ('accepted', 'sent', 'cancelling', 'succeeded')";
    let paid = store::one(db, sql, [payee.to_string().as_str(), order], |row| row.get::<_, bool>(0))?;
    Ok(paid.map(|paid| if paid { Code::OrderPaid } else { Code::OrderInProgress }))
}

/// Whether so much in a day is confirmed with the PIN. The day counts, so that many small payments are one large one.
fn steps_up(db: &rusqlite::Connection, rules: &Rules, account: Id, total: i64, now: Timestamp) -> Outcome<bool> {
    let Some(threshold) = rules.step_up() else { return Ok(false) };
    let today = limits::used(db, account, &limits::day_bucket("all", now))?;
    Ok(today.saturating_add(total) >= threshold)
}

/// Asks the vault and believes its verdict only with its signature, for this account and this digest. Nothing when the PIN
/// is right.
pub(crate) fn check_pin(service: &Service, account: Id, digest: [u8; 32], sealed: SealedBox) -> Outcome<Option<Why>> {
    let digest = Digest32(digest).to_string();
    let call = VaultCall::CheckPin { account, digest: digest.clone(), sealed };
    let VaultAnswer::Verdict { payload, signature } = service.ask_vault(call)? else {
        return Ok(Some((Code::ApprovalRefused.as_str().to_owned(), None)));
    };
    let signature = wire::bytes(&signature, "verdict").ok().and_then(|bytes| Signature::from_raw(&bytes).ok()).ok_or_else(Refusal::down)?;
    let signed = [VERDICT_DOMAIN, payload.as_bytes()].concat();
    service.keys.vault.verdict_key.verify(&signed, &signature).map_err(|_| Refusal::down())?;
    let verdict: PinVerdict = serde_json::from_str(&payload).map_err(|_| service::internal())?;
    if verdict.account != account || verdict.digest != digest {
        return Err(Refusal::down());
    }
    Ok(match verdict.verdict.as_str() {
        "right" => None,
        code @ ("pin_wrong" | "pin_locked") => Some((code.to_owned(), Some(verdict.attempts_left))),
        code => Some((code.to_owned(), None)),
    })
}
