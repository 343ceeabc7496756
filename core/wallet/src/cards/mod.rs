//! Bound cards, debit and credit, of several banks. A number is judged here, travels once in a box to the tokeniser, and exists
//! afterwards as a token of the service and its last four digits. Read in this order: `beginnings`, `look` (while it is typed), `bind`,
//! `choose` (which source pays), `remove`.
//!
//! ```text
//! bind → the bank's SMS → confirm → bound ⇄ unbound     the same number bound again is the same card
//!                                     └──→ replaced      by a new card of the same bank
//! ```

mod beginnings;
mod bind;
mod choose;
mod look;
mod remove;
mod types;

pub use types::{BindRequest, BindingView, CardDoubtView, CardLookState, CardLookView, CardView, SourceView, SourcesView};

pub use crate::shared::TableView;

use crate::error::Outcome;
use crate::service::wire;
use crate::shared::{Core, card_reason, card_text, known_cards, preference};
use crate::tables::sync;
use crate::words::{exists, say};
use kabao_base::Code;
use std::sync::Arc;

/// Binding, choosing and removing cards.
#[derive(Clone)]
pub struct CardsClient {
    core: Arc<Core>,
}

impl CardsClient {
    pub(crate) fn new(core: Arc<Core>) -> CardsClient {
        CardsClient { core }
    }

    /// The bound cards as the service said them last, oldest first. Works without network.
    pub async fn list(&self) -> Outcome<Vec<CardView>> {
        let known = known_cards(&self.core).await?;
        self.views(known.bound).await
    }

    /// Cards that were removed or replaced: old payments name them. Works without network.
    pub async fn earlier(&self) -> Outcome<Vec<CardView>> {
        let known = known_cards(&self.core).await?;
        self.views(known.earlier).await
    }

    /// Asks the service for the bound cards, which asks their banks how they stand.
    pub async fn refresh(&self) -> Outcome<Vec<CardView>> {
        let request = self.core.request("GET", "/v1/cards".to_owned(), Vec::new())?;
        let answer = self.core.call(&request).await?;
        let cards: wire::Cards = answer.read()?;
        let (bound, earlier, at) = (cards.cards.clone(), cards.earlier, answer.time);
        self.core
            .open_files(move |files| {
                let known = files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))?;
                let Some(mut known) = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok()) else { return Ok(()) };
                (known.cards, known.earlier_cards) = (bound, earlier);
                let body = serde_json::to_string(&known).map_err(|_| Code::Internal)?;
                files.cache_write(|tx| sync::set_snapshot(tx, sync::ACCOUNT, &body, at))
            })
            .await?;
        self.views(cards.cards).await
    }

    async fn views(&self, cards: Vec<wire::Card>) -> Outcome<Vec<CardView>> {
        let default = preference(&self.core).await?.default;
        Ok(cards.into_iter().map(|card| self.view(card, default.as_deref())).collect())
    }

    fn view(&self, card: wire::Card, default: Option<&str>) -> CardView {
        let language = self.core.settings.language;
        let id = card.card_id.to_string();
        CardView {
            text: card_text(language, &card),
            kind_text: self.kind_text(&card.kind),
            reason: card_reason(&card, self.core.now()),
            is_default: default == Some(&id),
            state: if card.state.is_empty() { "bound".to_owned() } else { card.state },
            replaces: card.replaces.map(|id| id.to_string()),
            card_id: id,
            last4: card.last4,
            bank: card.bank,
            brand: card.brand,
            kind: card.kind,
        }
    }

    /// A kind of a newer service is called a card.
    fn kind_text(&self, kind: &str) -> String {
        let language = self.core.settings.language;
        let known = exists(&format!("card.kind.{kind}"));
        say(language, &format!("card.kind.{}", if known { kind } else { "other" }), &[])
    }
}
