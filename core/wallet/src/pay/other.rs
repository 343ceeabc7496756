//! The same thing from another source, after one could not pay it.

use super::quote::Asked;
use super::{PayClient, PaymentView, QuoteView};
use crate::error::{Outcome, WalletError};
use crate::intents;
use crate::shared::{card_reason, known_cards, preference};
use crate::tables::intents::IntentRow;
use crate::tables::{links, marks};
use kabao_base::{Code, Failure, Id, Money};
use kabao_money::payment::PaymentState;
use kabao_money::sources::{CardSource, arrange, pick};
use kabao_proof::{Document, MoveKind, Source, Terms};

/// The payment that a new one stands in the place of, and the source that is out of the question.
pub(super) struct Instead {
    pub(super) intent: Id,
    pub(super) source: Source,
    /// Why that source did not pay; absent while there is no result.
    pub(super) code: Option<Code>,
    pub(super) warning: Option<Failure>,
}

impl PayClient {
    /// The same amount for the same payee from another source, when a payment could not be made from the one chosen. A top-up
    /// is quoted from `card_id`, or from the next card in the person's order that can pay; a payment lists every source, and
    /// the one that failed stands there with its reason. What is then confirmed is a payment of its own, linked to the old
    /// one. While that one has no result the quote carries a warning: it may still succeed, and both would be paid. Another
    /// amount is another quote. `no_other_source` when nothing else can pay.
    pub async fn quote_other_source(&self, intent_id: String, card_id: Option<String>) -> Outcome<QuoteView> {
        self.core.identity()?;
        let id = |text: &str, field: &str| Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field(field));
        let old = id(&intent_id, "intent_id")?;
        let chosen = card_id.map(|card| id(&card, "card_id")).transpose()?;
        let row = intents::get(&self.core, old).await?;
        if row.state == PaymentState::Succeeded {
            return Err(Code::PaymentRepeated.into());
        }
        let terms = Terms::decode(&row.terms).map_err(|_| Code::StorageDamaged)?;
        let failed = row.state == PaymentState::Failed;
        let code = row.code.as_deref().map(|code| Code::parse(code).unwrap_or(Code::PaymentRefused)).filter(|_| failed);
        let instead = |source| Instead { intent: old, source, code, warning: (!failed).then(|| Failure::of(Code::MayPayTwice)) };
        match terms.kind {
            MoveKind::TopUp => {
                let mut last = WalletError::from(Code::NoOtherSource).in_field("source");
                for card in self.other_cards(terms.source, chosen).await? {
                    match self.quote_asked(Asked::top_up(terms.amount, card), Some(instead(terms.source))).await {
                        Ok(quote) => return Ok(quote),
                        // This card cannot either; the next one may.
                        Err(error) if is_of_the_card(&error) => last = error,
                        Err(error) => return Err(error),
                    }
                }
                Err(if chosen.is_some() { last } else { WalletError::from(Code::NoOtherSource).in_field("source") })
            }
            // What goes to a card or a person comes from the balance alone.
            MoveKind::Withdraw | MoveKind::Transfer => Err(WalletError::from(Code::NoOtherSource).in_field("source")),
            MoveKind::Pay => {
                let payee = terms.payee_id.ok_or(Code::StorageDamaged)?;
                self.quote_asked(Asked::pay(payee, terms.amount, terms.order.clone()), Some(instead(terms.source))).await
            }
            MoveKind::Ask => {
                let same = |ask: &crate::service::wire::Ask| ask.amount == terms.amount && ask.order == terms.order;
                let ask = self.known_asks().await?.into_iter().find(same).ok_or(Code::AskLapsed)?;
                self.quote_asked(Asked::ask(ask.ask_id, ask.amount, ask.order), Some(instead(terms.source))).await
            }
        }
    }

    /// The cards that may pay instead, in the person's order.
    async fn other_cards(&self, failed: Source, chosen: Option<Id>) -> Outcome<Vec<Id>> {
        let (cards, wish, now) = (known_cards(&self.core).await?, preference(&self.core).await?, self.core.now());
        let able = |id: &Id| Source::Card(*id) != failed && chosen.is_none_or(|chosen| chosen == *id);
        let listed: Vec<CardSource> = cards
            .bound
            .iter()
            .filter(|card| able(&card.card_id) && card_reason(card, now).is_none())
            .map(|card| CardSource::usable(card.card_id.to_string()))
            .collect();
        let mut arranged = arrange(pick(Money::fen(0), Money::fen(0), None, &listed)?, &wish, false).choices;
        arranged.sort_by_key(|choice| !choice.proposed);
        Ok(arranged.iter().filter_map(|choice| Id::parse(choice.name()).ok()).collect())
    }

    /// A payment with what it stands in the place of, what stands in its place, and whether the same was paid by another try.
    pub(super) async fn viewed(&self, row: &IntentRow) -> Outcome<PaymentView> {
        let (id, asked) = (row.intent_id, row.clone());
        let (before, after, tries, again, paid) = self
            .core
            .files(move |files| {
                let (before, after, tries, again) = files.ledger(|conn| {
                    let tries = links::tries(conn, id)?.into_iter().map(|id| crate::tables::intents::get(conn, id));
                    Ok((links::instead_of(conn, id)?, links::replaced_by(conn, id)?, tries.collect::<Outcome<Vec<_>>>()?, marks::get(conn, &marks::order_twice(id))?))
                })?;
                Ok((before, after, tries, again, intents::is_paid_question(files, &asked)?))
            })
            .await?;
        let succeeded = |row: &IntentRow| row.state == PaymentState::Succeeded;
        let warnings = tries.iter().flatten().filter_map(|other| match (succeeded(row), succeeded(other)) {
            (true, true) => Some(Code::PaidTwice),
            (true, false) if !other.state.is_final() => Some(Code::MayPayTwice),
            (false, true) if !row.state.is_final() => Some(Code::MayPayTwice),
            _ => None,
        });
        // Somebody else's payment of the order is none of this phone's.
        let warnings = warnings.chain(again.map(|_| Code::OrderPaidTwice));
        // Of several the one that is certain.
        let warning = warnings.min_by_key(|code| (*code == Code::MayPayTwice, *code == Code::OrderPaidTwice)).map(Failure::of);
        let plain = super::watch::view(self.core.settings.language, row);
        // A charge that a restored service has from the acquirer may arrive in the history after the answer to it was fenced.
        let plain = if paid { PaymentView { may_pay_again: false, failure: Some(Failure::of(Code::AskPaid)), ..plain } } else { plain };
        Ok(PaymentView { instead_of: before.map(|id| id.to_string()), replaced_by: after.map(|id| id.to_string()), warning, ..plain })
    }
}

/// Whether an error is about the one card that was asked about, and not about the amount or the way to the service.
fn is_of_the_card(error: &WalletError) -> bool {
    error.failure().field.as_deref() == Some("card_id")
}
