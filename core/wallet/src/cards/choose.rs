//! Which source pays when the person does not say: the person's own choice, then the person's order.

use super::{CardsClient, SourceView, SourcesView};
use crate::error::{Outcome, WalletError};
use crate::shared::{card_reason, known_cards, preference, source_text};
use crate::tables::choices;
use kabao_base::{Code, Failure, Id, Money};
use kabao_money::sources::{BALANCE, CardSource, arrange, pick};

/// More names than this are no order.
const LONGEST_ORDER: usize = 64;

impl CardsClient {
    /// The sources in the person's order, each with what is known against it, and which one would be proposed. Whether one
    /// can pay a certain amount to a certain merchant, a quote says. Works without network.
    pub async fn sources(&self) -> Outcome<SourcesView> {
        self.core.identity()?;
        let (cards, wish, now) = (known_cards(&self.core).await?, preference(&self.core).await?, self.core.now());
        let reason = |name: &str| {
            let card = cards.bound.iter().find(|card| card.card_id.to_string() == name)?;
            card_reason(card, now)
        };
        let listed: Vec<CardSource> = cards
            .bound
            .iter()
            .map(|card| CardSource { card_id: card.card_id.to_string(), usable: card_reason(card, now).is_none(), why_not: None })
            .collect();
        let nothing = Money::fen(0);
        let arranged = arrange(pick(nothing, nothing, Some(nothing), &listed)?, &wish, true);
        let language = self.core.settings.language;
        let passed_over = arranged.passed_over.as_ref().map(|passed| {
            let known = reason(&passed.source);
            known.unwrap_or_else(|| Failure::of(Code::parse(&passed.reason).unwrap_or(Code::CardUnbound))).in_field("source")
        });
        let sources = arranged.choices.iter().map(|choice| SourceView {
            text: source_text(language, choice.name(), &cards),
            usable: choice.usable,
            reason: reason(choice.name()),
            is_default: choice.is_default,
            proposed: choice.proposed,
            source: choice.name().to_owned(),
        });
        Ok(SourcesView { sources: sources.collect(), default_passed_over: passed_over })
    }

    /// Chooses the source to pay with: `balance`, a card's id, or nothing for the first in the order. There is one at most.
    /// A card that cannot pay is refused with its reason.
    pub async fn set_default(&self, source: Option<String>) -> Outcome<SourcesView> {
        if let Some(name) = &source
            && name != BALANCE
        {
            let id = Id::parse(name).map_err(|_| WalletError::from(Code::BadId).in_field("source"))?;
            let cards = known_cards(&self.core).await?;
            let card = cards.bound.iter().find(|card| card.card_id == id);
            let card = card.ok_or_else(|| WalletError::from(Code::CardUnknown).in_field("source"))?;
            if let Some(reason) = card_reason(card, self.core.now()) {
                return Err(WalletError::from(reason.in_field("source")));
            }
        }
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.mine_write(now, |tx| match &source {
                    Some(name) => choices::set(tx, choices::SOURCE_DEFAULT, name, now),
                    None => choices::remove(tx, choices::SOURCE_DEFAULT),
                })
            })
            .await?;
        self.sources().await
    }

    /// Puts the sources into an order: `balance` and card ids, each once. What is not named comes behind.
    pub async fn order(&self, sources: Vec<String>) -> Outcome<SourcesView> {
        if sources.len() > LONGEST_ORDER {
            return Err(WalletError::from(Code::BadArgument).in_field("sources"));
        }
        let cards = known_cards(&self.core).await?;
        for (place, name) in sources.iter().enumerate() {
            if sources.iter().take(place).any(|earlier| earlier == name) {
                return Err(WalletError::from(Code::BadArgument).in_field("sources"));
            }
            let known = name == BALANCE || cards.bound.iter().any(|card| card.card_id.to_string() == *name);
            if !known {
                return Err(WalletError::from(Code::CardUnknown).in_field("sources"));
            }
        }
        let (now, text) = (self.core.now(), serde_json::to_string(&sources).map_err(|_| Code::Internal)?);
        self.core.open_files(move |files| files.mine_write(now, |tx| choices::set(tx, choices::SOURCE_ORDER, &text, now))).await?;
        self.sources().await
    }
}
