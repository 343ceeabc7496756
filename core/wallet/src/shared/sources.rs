//! The sources of money as this phone knows them: the cards as the service said last, and what the person chose among them.

use super::Core;
use crate::error::Outcome;
use crate::service::wire;
use crate::tables::{choices, sync};
use crate::words::{Language, say};
use kabao_base::{Code, Failure, Id, Timestamp};
use kabao_money::sources::{BALANCE, Preference};

/// The cards as the service said last.
#[derive(Default)]
pub(crate) struct KnownCards {
    /// The bound ones, oldest first.
    pub(crate) bound: Vec<wire::Card>,
    /// The removed and the replaced ones.
    pub(crate) earlier: Vec<wire::Card>,
}

impl KnownCards {
    /// A card of this wallet, bound or not.
    pub(crate) fn find(&self, id: Id) -> Option<&wire::Card> {
        self.bound.iter().chain(&self.earlier).find(|card| card.card_id == id)
    }

    /// The source that has the place of this one now: a card that was replaced gave it to the new card, unless it was bound again.
    fn in_place_of(&self, name: String) -> String {
        let mut now = name;
        // So many steps at the most: who replaced whom might be told as a circle.
        for _ in 0..self.bound.len().saturating_add(self.earlier.len()) {
            let Ok(id) = Id::parse(&now) else { break };
            if self.bound.iter().any(|card| card.card_id == id) {
                break;
            }
            let Some(next) = self.bound.iter().chain(&self.earlier).find(|card| card.replaces == Some(id)) else { break };
            now = next.card_id.to_string();
        }
        now
    }
}

/// The cards; works without network.
pub(crate) async fn known_cards(core: &Core) -> Outcome<KnownCards> {
    let known = core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))).await?;
    let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok());
    Ok(known.map(|known| KnownCards { bound: known.cards, earlier: known.earlier_cards }).unwrap_or_default())
}

/// What the person chose among the sources. It lies with the person's own things on this phone: the service never picks a
/// source, as the one that pays stands in what is approved, so it need not know. What was chosen before a card was replaced, here
/// or on another phone, means the card that has its place.
pub(crate) async fn preference(core: &Core) -> Outcome<Preference> {
    let cards = known_cards(core).await?;
    let (default, chosen) = core
        .open_files(|files| {
            files.mine(|conn| {
                let order = choices::get(conn, choices::SOURCE_ORDER)?.and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok());
                Ok((choices::get(conn, choices::SOURCE_DEFAULT)?, order.unwrap_or_default()))
            })
        })
        .await?;
    let mut order: Vec<String> = Vec::with_capacity(chosen.len());
    for name in chosen.into_iter().map(|name| cards.in_place_of(name)) {
        if !order.contains(&name) {
            order.push(name);
        }
    }
    Ok(Preference { default: default.map(|name| cards.in_place_of(name)), order })
}

/// Why a card cannot pay now as far as this phone knows; `None` when nothing is known against it.
pub(crate) fn card_reason(card: &wire::Card, now: Timestamp) -> Option<Failure> {
    if !card.state.is_empty() && card.state != "bound" {
        return Some(Failure::of(Code::CardUnbound));
    }
    if let Some(until) = card.until.map(Timestamp::from_ms).filter(|until| now < *until) {
        return Some(Failure::of(Code::BankMaintenance).retry_after(Some(until.since(now))));
    }
    let reason = card.reason.as_deref()?;
    Some(Failure::of(Code::parse(reason).unwrap_or(Code::BankRefused)))
}

/// A card as people know it: its bank and the last four digits.
pub(crate) fn card_text(language: Language, card: &wire::Card) -> String {
    say(language, "way.card", &[("bank", &card.bank), ("last4", &card.last4)])
}

/// A source by name as people know it.
pub(crate) fn source_text(language: Language, name: &str, cards: &KnownCards) -> String {
    if name == BALANCE {
        return say(language, "way.balance", &[]);
    }
    let card = Id::parse(name).ok().and_then(|id| cards.find(id));
    card.map_or_else(|| name.to_owned(), |card| card_text(language, card))
}
