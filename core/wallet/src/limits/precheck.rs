//! Everything that stands in the way of a payment, at once and without network. The reasons stand in the order in which the
//! service looks, so that the first is the one that it would give.

use super::explain::read_amount;
use super::facts::{CardFact, Facts};
use super::types::{BlockerView, NoteView, PrecheckRequest, PrecheckView, SourceCheckView};
use super::{LimitsClient, channel, fen};
use crate::error::{Outcome, WalletError};
use crate::words::{Language, say};
use kabao_base::{Code, Failure, Id, Money};
use kabao_money::rules::{CardSort, PayChannel};

/// From so many yuan on, an amount without decimals may have been meant in fen.
const MAYBE_FEN_YUAN: i64 = 1_000;

impl LimitsClient {
    /// What stands in the way of paying `amount` by `channel`: the shape of the amount, the account, maintenance, every limit,
    /// the balance with what is reserved, for each source, the ways to confirm, and earlier payments that this one may repeat or has
    /// to wait for. A quote asks the same of the service; until then this is what this phone knows, with the age of what the service
    /// counted.
    ///
    /// # Errors
    /// `bad_argument` for a channel that is none, `bad_id` for a source or a payee that is none. What is wrong with the amount is a blocker
    /// and no error.
    pub async fn precheck(&self, request: PrecheckRequest) -> Outcome<PrecheckView> {
        self.core.check_open()?;
        let channel = channel(&request.channel)?;
        let facts = self.facts().await?;
        let language = self.core.settings.language;
        let sources = asked_sources(&facts, channel, request.source.as_deref())?;
        let (amount, mut general) = match read_amount(&request.amount) {
            Ok(amount) => (Some(amount), Vec::new()),
            Err(error) => (None, vec![blocker(error.failure().clone())]),
        };
        general.extend(facts.stand_in_the_way(channel));
        let mut notes = facts.notes(language);
        if amount.is_some_and(|amount| maybe_fen(&request.amount, amount)) {
            notes.push(note(language, "maybe_fen"));
        }
        let earlier = self.earlier(&request, channel, amount, &sources).await?;
        let mut checked = Vec::new();
        for (place, card) in sources.iter().enumerate() {
            let mut check = self.check_source(&facts, channel, *card, amount)?;
            check.blockers.extend(earlier.of_sources.get(place).into_iter().flatten().map(|code| blocker(Failure::of(*code))));
            check.usable = check.blockers.is_empty();
            checked.push(check);
        }
        if sources.is_empty() {
            general.push(blocker(Failure::of(Code::CardUnknown)));
        }
        let total = amount.zip(sources.first()).map(|(amount, first)| facts.total(channel, *first, amount)).transpose()?;
        let needs_pin = total.is_some_and(|total| facts.needs_pin(channel, total));
        let proofs = facts.proofs(channel, request.proof, needs_pin);
        general.extend(proofs.blockers.into_iter().chain(earlier.general).map(|code| blocker(Failure::of(code))));
        notes.extend(proofs.notes.into_iter().map(|name| note(language, name)));
        let usable = checked.iter().any(|source| source.usable);
        let of_source = checked.first().and_then(|source| source.blockers.first()).filter(|_| !usable);
        let first = general.first().or(of_source).map(|found| found.failure.clone());
        Ok(PrecheckView {
            blocked: first.is_some(),
            first,
            amount: amount.map(|amount| amount.view(language)),
            general,
            sources: checked,
            notes,
            counted_at: facts.counters.as_ref().map(|(_, at)| *at),
        })
    }

    fn check_source(&self, facts: &Facts, channel: PayChannel, card: Option<&CardFact>, amount: Option<Money>) -> Outcome<SourceCheckView> {
        let language = self.core.settings.language;
        let (fee, total) = match amount {
            Some(amount) => (facts.fee(channel, card, amount)?, Some(facts.total(channel, card, amount)?)),
            None => (fen(0), None),
        };
        let mut blockers: Vec<BlockerView> = Vec::new();
        if let Some(card) = card {
            blockers.extend(facts.of_card(card, channel));
        }
        for line in facts.lines(channel, card, total).into_iter().filter(|line| line.bites) {
            let wait_ms = line.resets_at.map(|at| at.since(facts.now));
            blockers.push(BlockerView { failure: Failure::of(line.code()).retry_after(wait_ms), most: Some(line.left.view(language)) });
        }
        // A withdrawal names the card that it goes to; what it takes is the balance.
        if let Some(total) = total.filter(|_| card.is_none() || channel == PayChannel::Withdraw) {
            let left = facts.spendable().unwrap_or(0);
            if left < total.minor {
                let code = if matches!(channel, PayChannel::Withdraw | PayChannel::Transfer) { Code::AboveBalance } else { Code::BalanceLow };
                blockers.push(BlockerView { failure: Failure::of(code), most: Some(fen(left).view(language)) });
            }
        }
        Ok(SourceCheckView {
            source: card.map_or_else(|| "balance".to_owned(), |card| card.id.to_string()),
            text: match card {
                None => say(language, "way.balance", &[]),
                Some(card) => say(language, "way.card", &[("bank", &card.bank), ("last4", &card.last4)]),
            },
            usable: blockers.is_empty(),
            fee: fee.view(language),
            blockers,
        })
    }
}

fn blocker(failure: Failure) -> BlockerView {
    BlockerView { failure, most: None }
}

fn note(language: Language, name: &str) -> NoteView {
    NoteView { note: name.to_owned(), text: say(language, &format!("limit.note_{name}"), &[]) }
}

/// `2350` for a price of 23.50: no decimals, and large.
fn maybe_fen(typed: &str, amount: Money) -> bool {
    let whole = !typed.contains(['.', '．', '。']) && amount.minor % 100 == 0;
    let yuan = amount.minor / 100;
    whole && yuan >= MAYBE_FEN_YUAN && yuan % 100 != 0
}

/// The sources that a quote would list: the balance, unless it is a top-up, then every card. Of a withdrawal, the cards that it may go to.
fn asked_sources<'a>(facts: &'a Facts, channel: PayChannel, source: Option<&str>) -> Outcome<Vec<Option<&'a CardFact>>> {
    let balance = !matches!(channel, PayChannel::TopUp | PayChannel::Withdraw);
    match source {
        Some("balance") if balance => Ok(vec![None]),
        Some("balance") => Err(WalletError::from(Code::BadArgument).in_field("source")),
        Some(text) => {
            let id = Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field("source"))?;
            let card = facts.card(id).ok_or_else(|| WalletError::from(Code::CardUnknown).in_field("source"))?;
            Ok(vec![Some(card)])
        }
        // A payer code below its cap is paid from the balance alone, and so is a person.
        None if matches!(channel, PayChannel::PayerCode | PayChannel::Transfer) => Ok(vec![None]),
        None => Ok(balance.then_some(None).into_iter().chain(facts.cards.iter().map(Some)).collect()),
    }
}

impl Facts {
    /// What stands in the way whatever the amount and the source.
    pub(super) fn stand_in_the_way(&self, channel: PayChannel) -> Vec<BlockerView> {
        let mut found = Vec::new();
        let mut add = |code: Code| found.push(blocker(Failure::of(code)));
        // With network the service tells the time; a code that is shown without it has none but this phone's.
        if self.clock_wrong && channel == PayChannel::PayerCode {
            add(Code::ClockWrong);
        }
        if let Some(code) = self.no_phone {
            add(code);
            if code == Code::NotRegistered {
                return found;
            }
        }
        if self.frozen {
            add(Code::AccountFrozen);
        }
        if self.class.is_none() || !self.pin_set {
            add(Code::WrongStep);
        }
        if self.identity_overdue {
            add(Code::IdentityOverdue);
        }
        if let Some(code) = self.build {
            add(code);
        }
        if channel == PayChannel::PayerCode && self.codes_left == 0 {
            add(Code::NoPayerCodes);
        }
        if let Some(window) = self.rules.rests(channel, self.now) {
            found.push(blocker(Failure::of(Code::Maintenance).retry_after(Some(window.until.since(self.now)))));
        }
        found
    }

    /// What stands against a card whatever the amount.
    fn of_card(&self, card: &CardFact, channel: PayChannel) -> Option<BlockerView> {
        // What the bank said last, and what the signed rules say of it: the later of both.
        let window = self.rules.bank_rests(&card.bank, channel, self.now).map(|window| window.until);
        if let Some(until) = card.until.filter(|until| self.now < *until).max(window) {
            return Some(blocker(Failure::of(Code::BankMaintenance).retry_after(Some(until.since(self.now)))));
        }
        if let Some(reason) = &card.reason {
            return Some(blocker(Failure::of(Code::parse(reason).unwrap_or(Code::BankRefused))));
        }
        if card.sort == CardSort::Debit || self.rules.credit_may(channel) {
            return None;
        }
        let code = match channel {
            PayChannel::TopUp => Code::CreditNoTopUp,
            PayChannel::Withdraw => Code::CreditNoWithdraw,
            _ => Code::MerchantNoCredit,
        };
        Some(blocker(Failure::of(code)))
    }

    fn notes(&self, language: Language) -> Vec<NoteView> {
        let mut notes = Vec::new();
        if self.is_stale() {
            notes.push(note(language, "counters_stale"));
        }
        if !self.clock_trusted {
            notes.push(note(language, "clock_untrusted"));
        }
        notes
    }

    /// Whether so much in a day is confirmed with the PIN.
    fn needs_pin(&self, channel: PayChannel, total: Money) -> bool {
        if matches!(channel, PayChannel::Withdraw | PayChannel::Transfer) {
            return true;
        }
        let of_day = self.used(None).own_day.saturating_add(self.reserved(None).own_day).saturating_add(total.minor);
        let paid = matches!(channel, PayChannel::PrintedCode | PayChannel::Question);
        paid && self.rules.step_up().is_some_and(|step| of_day >= step.day_at_least.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_without_a_point_may_be_one_in_fen() {
        for (typed, expected) in [("2350", true), ("２３５０", true), ("23.50", false), ("2350.00", false), ("2000", false), ("980", false)] {
            let amount = read_amount(typed).unwrap();
            assert_eq!(maybe_fen(typed, amount), expected, "{typed}");
        }
        // The comma of other countries is no point here, and is not taken for one.
        assert!(read_amount("23,50").unwrap_err().is(Code::AmountMalformed));
    }
}
