//! Who, how much, from what, at which fee, and what stands in the way.

use super::other::Instead;
use super::{PayClient, QuoteRequest, QuoteSourceView, QuoteView};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::{KnownCards, card_text, is_refusal, known_cards, preference, source_text, tell_build};
use crate::words::Language;
use kabao_base::{Code, Currency, Failure, Id, Money, Timestamp};
use kabao_money::fees::FeeKind;
use kabao_money::rules::{CardSort, Rules};
use kabao_money::sources::{Arranged, BALANCE, CardSource, Preference, arrange, pick};
use kabao_proof::{MoveKind, Source};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many open quotes are remembered; the oldest go first.
const REMEMBERED: usize = 32;

/// A quote as the service gave it; what is confirmed is taken from here, not from the app.
#[derive(Clone)]
pub(crate) struct Known {
    pub(super) kind: MoveKind,
    pub(super) payee_id: Option<Id>,
    pub(super) payee_name: Option<String>,
    pub(super) order: Option<String>,
    pub(super) amount: Money,
    pub(super) fee: Money,
    pub(super) total: Money,
    /// What it can be paid from, with the reason where it cannot.
    pub(super) sources: Vec<(Source, Result<(), Code>)>,
    pub(super) delay_ms: Option<u32>,
    pub(super) expires_at: Timestamp,
    pub(super) challenge: [u8; 32],
    pub(super) instead_of: Option<Id>,
}

/// The open quotes; in memory only: one that a restart forgot is asked for again.
#[derive(Default)]
pub(crate) struct Quotes(Mutex<BTreeMap<Id, Known>>);

impl Quotes {
    fn remember(&self, id: Id, quote: Known) {
        let mut quotes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if quotes.len() >= REMEMBERED {
            let oldest = quotes.iter().min_by_key(|(_, quote)| quote.expires_at).map(|(id, _)| *id);
            oldest.map(|id| quotes.remove(&id));
        }
        quotes.insert(id, quote);
    }

    pub(super) fn get(&self, id: Id) -> Option<Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Nobody is asked any more: the wallet was locked.
    pub(crate) fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn forget(&self, id: Id) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// Whether a source can pay; why not, in a code of the catalogue.
fn why_not(source: &wire::QuoteSource) -> Result<(), Code> {
    if source.usable {
        return Ok(());
    }
    Err(source.reason.as_deref().and_then(Code::parse).unwrap_or(Code::ChannelUnusable))
}

impl PayClient {
    /// Asks what a payment would cost and from what it can be paid. Nothing moves.
    pub async fn quote(&self, request: QuoteRequest) -> Outcome<QuoteView> {
        self.core.identity()?;
        let asked = self.asked(request).await?;
        self.quote_asked(asked, None).await
    }

    /// The same for what is known already, perhaps in the place of a payment that could not be made.
    pub(super) async fn quote_asked(&self, asked: Asked, instead: Option<Instead>) -> Outcome<QuoteView> {
        // An update of the app counts at once. Without an answer the quote gives the reason.
        let _ = tell_build(&self.core).await;
        let request = self.core.request("POST", "/v1/quotes".to_owned(), asked.body.to_string().into_bytes())?;
        let mut quote: wire::Quote = self.core.call(&request).await?.read()?;
        check(&asked, &quote)?;
        self.check_fee(&asked, &quote).await?;
        if let Some(instead) = &instead {
            // It did not pay a moment ago; asking it again is another quote.
            for source in quote.sources.iter_mut().filter(|source| source.source == instead.source && source.usable) {
                source.usable = false;
                source.reason = Some(instead.code.unwrap_or(Code::PaymentUnresolved).as_str().to_owned());
            }
            if !quote.sources.iter().any(|source| source.usable) {
                return Err(WalletError::from(Code::NoOtherSource).in_field("source"));
            }
        }
        let known = Known {
            kind: asked.kind,
            payee_id: quote.payee_id,
            payee_name: quote.payee_name.clone(),
            order: quote.order.clone(),
            amount: quote.amount,
            fee: quote.fee,
            total: quote.total,
            sources: quote.sources.iter().map(|source| (source.source, why_not(source))).collect(),
            delay_ms: quote.delay_ms,
            expires_at: Timestamp::from_ms(quote.expires_at),
            challenge: quote.challenge,
            instead_of: instead.as_ref().map(|instead| instead.intent),
        };
        self.core.quotes.remember(quote.quote_id, known);
        let cards = known_cards(&self.core).await?;
        let wish = preference(&self.core).await?;
        let mut view = view(self.core.settings.language, &quote, &cards, &wish, self.core.now());
        if let Some(card) = asked.payee_id.filter(|_| asked.kind == MoveKind::Withdraw).and_then(|id| cards.find(id)) {
            // Bank and last digits: the person may have two cards of one bank.
            view.payee_name = Some(card_text(self.core.settings.language, card));
        }
        let instead_of = instead.as_ref().map(|instead| instead.intent.to_string());
        let new_payee = quote.first_time.unwrap_or(false).then(|| Failure::of(Code::PayeeFirstTime));
        Ok(QuoteView { instead_of, warning: instead.and_then(|instead| instead.warning).or(new_payee), ..view })
    }

    /// A fee that the signed rules do not give is not shown to anybody. Rules that are newer than this phone's are fetched first.
    async fn check_fee(&self, asked: &Asked, quote: &wire::Quote) -> Outcome<()> {
        let kind = match asked.kind {
            MoveKind::TopUp => FeeKind::TopUp,
            MoveKind::Pay => FeeKind::CollectionCode,
            MoveKind::Ask => FeeKind::PayerCode,
            MoveKind::Withdraw => FeeKind::Withdraw,
            MoveKind::Transfer => FeeKind::Transfer,
        };
        // Only a top-up has one card; a payment is quoted for every source at once.
        let card = asked.body["card_id"].as_str().filter(|_| asked.kind == MoveKind::TopUp).and_then(|id| Id::parse(id).ok());
        let sort = match card {
            Some(card) => known_cards(&self.core).await?.find(card).and_then(|card| CardSort::parse(&card.kind)).or(Some(CardSort::Debit)),
            None => None,
        };
        let free_used = quote.free_used.unwrap_or(Money::fen(0));
        let agrees = |rules: &Rules| rules.fee(kind, sort, quote.amount, free_used).is_ok_and(|fee| fee.agrees_with(quote.fee));
        let held = self.core.feed::<Rules>().await?;
        if agrees(&held.body) {
            return Ok(());
        }
        // A refusal of the new rules stands in `rules`; the fee is then judged by those in use. Rules that did not arrive say nothing
        // about the fee.
        let refreshed = self.core.refresh_feed::<Rules>().await;
        if agrees(&self.core.feed::<Rules>().await?.body) {
            return Ok(());
        }
        match refreshed {
            Err(error) if !is_refusal(&error) => Err(error),
            _ => Err(WalletError::from(Code::FeeDiffers).in_field("fee")),
        }
    }

    /// What the request says on the wire, and what the answer must repeat.
    async fn asked(&self, request: QuoteRequest) -> Outcome<Asked> {
        let id = |text: &str, field: &str| Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field(field));
        Ok(match request {
            QuoteRequest::TopUp { amount, card_id } => {
                Asked::top_up(read_amount(&amount)?, id(&card_id, "card_id")?)
            }
            QuoteRequest::Withdraw { amount, card_id } => Asked::withdraw(read_amount(&amount)?, id(&card_id, "card_id")?),
            QuoteRequest::Transfer { payee_id, amount, delay_ms } => Asked::transfer(id(&payee_id, "payee_id")?, read_amount(&amount)?, delay_ms),
            QuoteRequest::Pay { payee_id, amount, order } => {
                let (amount, payee) = (read_amount(&amount)?, id(&payee_id, "payee_id")?);
                Asked::pay(payee, amount, order)
            }
            QuoteRequest::Ask { ask_id } => {
                let id = id(&ask_id, "ask_id")?;
                let ask = self.known_asks().await?.into_iter().find(|ask| ask.ask_id == id).ok_or(Code::AskLapsed)?;
                Asked::ask(id, ask.amount, ask.order)
            }
        })
    }
}

/// What a quote is asked for, with what the answer must repeat.
pub(super) struct Asked {
    kind: MoveKind,
    amount: Money,
    payee_id: Option<Id>,
    order: Option<String>,
    body: serde_json::Value,
}

impl Asked {
    pub(super) fn top_up(amount: Money, card: Id) -> Asked {
        let body = serde_json::json!({ "kind": "top_up", "amount": amount, "card_id": card });
        Asked { kind: MoveKind::TopUp, amount, payee_id: None, order: None, body }
    }

    pub(super) fn withdraw(amount: Money, card: Id) -> Asked {
        let body = serde_json::json!({ "kind": "withdraw", "amount": amount, "card_id": card });
        Asked { kind: MoveKind::Withdraw, amount, payee_id: Some(card), order: None, body }
    }

    pub(super) fn transfer(payee: Id, amount: Money, delay_ms: u32) -> Asked {
        let body = serde_json::json!({ "kind": "transfer", "amount": amount, "payee_id": payee, "delay_ms": delay_ms });
        Asked { kind: MoveKind::Transfer, amount, payee_id: Some(payee), order: None, body }
    }

    pub(super) fn pay(payee: Id, amount: Money, order: Option<String>) -> Asked {
        let mut body = serde_json::json!({ "kind": "pay", "amount": amount, "payee_id": payee });
        if let Some(order) = &order {
            body["order"] = order.as_str().into();
        }
        Asked { kind: MoveKind::Pay, amount, payee_id: Some(payee), order, body }
    }

    pub(super) fn ask(ask: Id, amount: Money, order: Option<String>) -> Asked {
        let body = serde_json::json!({ "kind": "ask", "amount": amount, "ask_id": ask });
        Asked { kind: MoveKind::Ask, amount, payee_id: None, order, body }
    }
}

/// An amount as typed: more than nothing, in yuan.
fn read_amount(text: &str) -> Outcome<Money> {
    let amount = Money::parse(text, Currency::Cny).map_err(|error| WalletError::from(error).in_field("amount"))?;
    if amount.minor == 0 {
        return Err(WalletError::from(Code::AmountZero).in_field("amount"));
    }
    Ok(amount)
}

/// The person must see what was asked: a quote for something else is not shown.
fn check(asked: &Asked, quote: &wire::Quote) -> Outcome<()> {
    let total = quote.amount.plus(quote.fee).map_err(|_| Code::QuoteAltered)?;
    let payee = asked.payee_id.is_none() || asked.payee_id == quote.payee_id;
    let order = asked.kind == MoveKind::TopUp || asked.order == quote.order;
    let delay = asked.body["delay_ms"].as_u64() == quote.delay_ms.map(u64::from);
    let same = delay && quote.amount == asked.amount && total == quote.total && quote.fee.minor >= 0 && payee && order;
    if same { Ok(()) } else { Err(Code::QuoteAltered.into()) }
}

fn view(language: Language, quote: &wire::Quote, cards: &KnownCards, wish: &Preference, now: Timestamp) -> QuoteView {
    let arranged = choices(quote, wish);
    let said = |name_of: &str| quote.sources.iter().find(|source| name(source.source) == name_of);
    let failure = |source: &wire::QuoteSource| {
        let reason = source.reason.as_deref().and_then(Code::parse).unwrap_or(Code::ChannelUnusable);
        Failure::of(reason).retry_after(source.until.map(|until| Timestamp::from_ms(until).since(now).max(0)))
    };
    let sources = arranged.choices.iter().map(|choice| QuoteSourceView {
        text: source_text(language, choice.name(), cards),
        usable: choice.usable,
        reason: said(choice.name()).filter(|source| !source.usable).map(failure),
        proposed: choice.proposed,
        is_default: choice.is_default,
        source: choice.name().to_owned(),
    });
    let passed_over = arranged.passed_over.as_ref().map(|passed| {
        let known = said(&passed.source).map(failure);
        known.unwrap_or_else(|| Failure::of(Code::parse(&passed.reason).unwrap_or(Code::CardUnbound))).in_field("source")
    });
    QuoteView {
        quote_id: quote.quote_id.to_string(),
        payee_name: quote.payee_name.clone(),
        amount: quote.amount.view(language),
        fee: quote.fee.view(language),
        total: quote.total.view(language),
        sources: sources.collect(),
        default_passed_over: passed_over,
        instead_of: None,
        warning: None,
        expires_at: Timestamp::from_ms(quote.expires_at),
    }
}

/// Which source is proposed: the rule is the one of the money crate, the service says which can pay.
fn choices(quote: &wire::Quote, wish: &Preference) -> Arranged {
    let cards: Vec<CardSource> = quote
        .sources
        .iter()
        .filter_map(|source| match source.source {
            Source::Card(id) if source.usable => Some(CardSource::usable(id.to_string())),
            Source::Card(id) => Some(CardSource::unusable(id.to_string(), Code::ChannelUnusable)),
            Source::Balance => None,
        })
        .collect();
    // A balance that the service calls usable covers the total; one that it lists and does not call so covers nothing.
    let balance = quote.sources.iter().find(|source| source.source == Source::Balance);
    let balance = balance.map(|source| if source.usable { quote.total } else { Money { minor: 0, ..quote.total } });
    let listed = pick(quote.amount, quote.fee, balance, &cards).unwrap_or_default();
    // A quote that the balance has a place in lists every source there is.
    arrange(listed, wish, balance.is_some())
}

/// `balance`, or the card's id.
pub(super) fn name(source: Source) -> String {
    match source {
        Source::Balance => BALANCE.to_owned(),
        Source::Card(id) => id.to_string(),
    }
}
