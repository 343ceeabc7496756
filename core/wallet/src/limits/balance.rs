//! The balance in its parts: what can be paid with, what is held, what is on its way out and in.

use super::LimitsClient;
use super::facts::Facts;
use crate::error::Outcome;
use crate::words::age;
use kabao_base::{Money, MoneyView, Timestamp};

/// The balance in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BalanceView {
    /// All of it, as the service said it last; absent before the first answer.
    pub total: Option<MoneyView>,
    /// What can be paid with: without what is held and what may have been spent here since. Never below zero.
    pub available: Option<MoneyView>,
    /// What an order from outside holds, or what left the account in a book of the service that was lost, until the book that took its place
    /// has taken that up; support knows which.
    pub held: Option<MoneyView>,
    /// What may be gone already and `total` still has: payments without a result, codes that were shown.
    pub in_flight: MoneyView,
    /// What left `total` already and is not where it goes yet: withdrawals that the bank has, transfers that wait. Should one be
    /// called back or refused, so much comes back to the balance. As of the last sync.
    pub leaving: MoneyView,
    /// Top-ups without a result. Nothing of it can be paid with.
    pub arriving: MoneyView,
    /// When the service said it.
    pub at: Option<Timestamp>,
    /// How long ago that is, in words.
    pub age_text: Option<String>,
}

impl LimitsClient {
    /// The balance in its parts, with its age. Works without network.
    pub async fn balance(&self) -> Outcome<BalanceView> {
        self.core.check_open()?;
        let facts: Facts = self.facts().await?;
        let language = self.core.settings.language;
        let view = |money: Money| money.view(language);
        Ok(BalanceView {
            total: facts.balance.map(|(balance, ..)| view(balance)),
            available: facts.spendable().map(|fen| view(Money::fen(fen))),
            held: facts.balance.map(|(_, held, _)| view(held)),
            in_flight: view(Money::fen(facts.in_flight())),
            leaving: view(Money::fen(facts.leaving())),
            arriving: view(Money::fen(facts.arriving)),
            at: facts.balance.map(|(.., at)| at),
            age_text: facts.balance.map(|(.., at)| age(language, facts.now.since(at))),
        })
    }
}
