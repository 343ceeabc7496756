//! Which limits apply, and the most that can be paid.

use super::facts::{CardFact, Facts};
use super::types::{LimitView, LimitsRequest, LimitsView, OwnCapsView};
use super::{LimitsClient, STALE_MS, channel, fen};
use crate::error::{Outcome, WalletError};
use crate::words::{Language, age, say, wait};
use kabao_base::{Code, Currency, Failure, Id, Money, MoneyView, Timestamp};
use kabao_money::fees::FeeKind;
use kabao_money::rules::{Asked, LimitLine, OwnCaps, PayChannel};

impl LimitsClient {
    /// Every limit that applies: which, its cap, what is used, reserved and left, when it begins anew, and which bites. Works
    /// without network; `counted_at` says how old the service's word is.
    pub async fn limits_explained(&self, request: LimitsRequest) -> Outcome<LimitsView> {
        self.core.identity()?;
        let channel = channel(request.channel.as_deref().unwrap_or("pay"))?;
        let amount = request.amount.as_deref().map(read_amount).transpose()?;
        let facts = self.facts().await?;
        let card = source_of(&facts, channel, request.source.as_deref())?;
        let language = self.core.settings.language;
        let total = amount.map(|amount| facts.total(channel, card, amount)).transpose()?;
        let lines = facts.lines(channel, card, total);
        let (own, from, next) = facts.own();
        let counted_at = facts.counters.as_ref().map(|(_, at)| *at);
        Ok(LimitsView {
            lines: lines.iter().map(|line| line_view(language, line, facts.now)).collect(),
            max_now: facts.most(channel, card).map(|most| most.view(language)),
            counted_at,
            age_text: counted_at.map(|at| age(language, facts.now.since(at))),
            stale: facts.is_stale(),
            rules_version: facts.rules.version(),
            own: own_view(language, own, from),
            own_next: next.map(|(caps, from)| own_view(language, caps, Some(from))),
            pin_from: facts.rules.step_up().map(|step| step.day_at_least.view(language)),
        })
    }

    /// The most that can be paid now: limits, balance, fee and what is reserved in mind. Absent when nothing can.
    pub async fn max_allowed_now(&self, channel: String, source: Option<String>) -> Outcome<Option<MoneyView>> {
        self.core.identity()?;
        let (channel, facts) = (super::channel(&channel)?, self.facts().await?);
        let card = source_of(&facts, channel, source.as_deref())?;
        Ok(facts.most(channel, card).map(|most| most.view(self.core.settings.language)))
    }
}

/// An amount as typed: more than nothing, in yuan.
pub(super) fn read_amount(text: &str) -> Outcome<Money> {
    let amount = Money::parse(text, Currency::Cny).map_err(|error| WalletError::from(error).in_field("amount"))?;
    if amount.minor == 0 { Err(WalletError::from(Code::AmountZero).in_field("amount")) } else { Ok(amount) }
}

/// The card of a source; nothing for the balance. A top-up without a source is one from the first card.
fn source_of<'a>(facts: &'a Facts, channel: PayChannel, source: Option<&str>) -> Outcome<Option<&'a CardFact>> {
    match source {
        None if channel == PayChannel::TopUp => Ok(facts.cards.first()),
        None | Some("balance") => Ok(None),
        Some(text) => {
            let id = Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field("source"))?;
            let card = facts.card(id).ok_or_else(|| WalletError::from(Code::CardUnknown).in_field("source"))?;
            Ok(Some(card))
        }
    }
}

pub(super) fn line_view(language: Language, line: &LimitLine, now: Timestamp) -> LimitView {
    let wait_ms = line.resets_at.map(|at| at.since(now));
    LimitView {
        rule: line.rule.as_str().to_owned(),
        rule_text: say(language, &format!("limit.{}", line.rule.as_str()), &[]),
        cap: line.cap.view(language),
        used: line.used.view(language),
        reserved: line.reserved.view(language),
        left: line.left.view(language),
        resets_at: line.resets_at,
        resets_text: wait_ms.map(|ms| say(language, "limit.resets", &[("wait", &wait(language, ms))])),
        bites: line.bites,
        failure: line.bites.then(|| Failure::of(line.code()).retry_after(wait_ms)),
    }
}

fn own_view(language: Language, caps: OwnCaps, from: Option<Timestamp>) -> OwnCapsView {
    OwnCapsView { single: caps.single.map(|cap| cap.view(language)), day: caps.day.map(|cap| cap.view(language)), from }
}

/// What a fee of a channel is for; a payer code below its cap costs nothing.
fn fee_kind(channel: PayChannel) -> Option<(FeeKind, &'static str)> {
    match channel {
        PayChannel::TopUp => Some((FeeKind::TopUp, "top_up")),
        PayChannel::PrintedCode => Some((FeeKind::CollectionCode, "pay")),
        PayChannel::Question => Some((FeeKind::PayerCode, "ask")),
        PayChannel::Withdraw => Some((FeeKind::Withdraw, "withdraw")),
        PayChannel::Transfer => Some((FeeKind::Transfer, "transfer")),
        PayChannel::PayerCode => None,
    }
}

impl Facts {
    /// Whether what is known about limits is too old to build on.
    pub(super) fn is_stale(&self) -> bool {
        self.counters.as_ref().is_none_or(|(_, at)| self.now.since(*at) > STALE_MS)
    }

    /// What it costs, as far as this phone knows.
    pub(super) fn fee(&self, channel: PayChannel, card: Option<&CardFact>, amount: Money) -> Outcome<Money> {
        let Some((kind, name)) = fee_kind(channel) else { return Ok(fen(0)) };
        // Only a top-up has one card; a payment is quoted for every source at once.
        let sort = card.filter(|_| channel == PayChannel::TopUp).map(|card| card.sort);
        let fee = self.rules.fee(kind, sort, amount, self.free_used(name)).map_err(|_| WalletError::from(Code::AmountTooLarge).in_field("amount"))?;
        Ok(fee.fee)
    }

    /// Amount and fee.
    pub(super) fn total(&self, channel: PayChannel, card: Option<&CardFact>, amount: Money) -> Outcome<Money> {
        let fee = self.fee(channel, card, amount)?;
        amount.plus(fee).map_err(|error| WalletError::from(error).in_field("amount"))
    }

    /// Every limit that applies.
    pub(super) fn lines(&self, channel: PayChannel, card: Option<&CardFact>, total: Option<Money>) -> Vec<LimitLine> {
        let id = card.map(|card| card.id);
        let asked = Asked { channel, card: card.map(|card| (card.bank.clone(), card.sort)), total };
        self.rules.explain(&asked, &self.standing(), &self.used(id), &self.reserved(id), self.now)
    }

    /// The most that can be paid; nothing when nothing can.
    pub(super) fn most(&self, channel: PayChannel, card: Option<&CardFact>) -> Option<Money> {
        if self.no_phone.is_some() || self.frozen || self.class.is_none() || (channel == PayChannel::TopUp && card.is_none()) {
            return None;
        }
        let left = self.lines(channel, card, None).iter().map(|line| line.left.minor).min();
        let of_balance = if card.is_none() || channel == PayChannel::Withdraw { Some(self.spendable().unwrap_or(0)) } else { None };
        let most = [left, of_balance].into_iter().flatten().min()?;
        // The largest amount that fits with its fee: the fee grows with the amount, so the line between is found by halving.
        let fits = |amount: i64| self.total(channel, card, fen(amount)).is_ok_and(|total| total.minor <= most);
        let (mut low, mut high) = (0_i64, most);
        while low < high {
            let middle = low.saturating_add(high.saturating_sub(low).saturating_add(1) / 2);
            if fits(middle) { low = middle } else { high = middle.saturating_sub(1) }
        }
        (low > 0).then(|| fen(low))
    }
}
