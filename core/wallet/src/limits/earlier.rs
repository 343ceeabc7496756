//! What earlier payments have to do with the one that is thought of: the guard before a confirmation, asked in advance.

use super::facts::CardFact;
use super::types::PrecheckRequest;
use super::LimitsClient;
use crate::error::{Outcome, WalletError};
use crate::intents::{self, Planned};
use crate::service::wire;
use crate::tables::sync;
use kabao_base::{Code, Id, Money};
use kabao_money::rules::PayChannel;
use kabao_proof::{MoveKind, Source};

/// What earlier payments say.
#[derive(Default)]
pub(super) struct Earlier {
    /// Whatever the source.
    pub(super) general: Vec<Code>,
    /// Of each source, in their order: two top-ups from one card are alike, and two from two cards are not.
    pub(super) of_sources: Vec<Vec<Code>>,
}

impl LimitsClient {
    /// What a confirmation of this would be refused with because of earlier payments.
    pub(super) async fn earlier(&self, request: &PrecheckRequest, channel: PayChannel, amount: Option<Money>, sources: &[Option<&CardFact>]) -> Outcome<Earlier> {
        let payee_id = request.payee_id.as_deref().map(|text| Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field("payee_id"))).transpose()?;
        let Some(amount) = amount else { return Ok(Earlier::default()) };
        let planned = |kind, payee_id, source| Planned { kind, payee_id, payee_name: request.payee_name.clone(), order: request.order.clone(), amount, source };
        let card = |card: &CardFact| match channel {
            PayChannel::Withdraw => planned(MoveKind::Withdraw, Some(card.id), Source::Balance),
            _ => planned(MoveKind::TopUp, None, Source::Card(card.id)),
        };
        let kind = match channel {
            PayChannel::TopUp | PayChannel::Withdraw => {
                let of_sources = intents::earlier(&self.core, sources.iter().flatten().map(|found| card(found)).collect()).await?;
                return Ok(Earlier { of_sources, ..Earlier::default() });
            }
            PayChannel::PrintedCode => MoveKind::Pay,
            PayChannel::Question => MoveKind::Ask,
            PayChannel::Transfer => MoveKind::Transfer,
            // The merchant starts it, and is told apart by its own order.
            PayChannel::PayerCode => return Ok(Earlier::default()),
        };
        let mut asked = planned(kind, payee_id, Source::Balance);
        if channel == PayChannel::Question && asked.payee_name.is_none() {
            asked.payee_name = self.asker(request.order.as_deref(), amount).await?;
        }
        if asked.payee_id.is_none() && asked.payee_name.is_none() {
            return Ok(Earlier::default());
        }
        let general = intents::earlier(&self.core, vec![asked]).await?.into_iter().flatten().collect();
        Ok(Earlier { general, ..Earlier::default() })
    }

    /// Who asks for so much under this order.
    async fn asker(&self, order: Option<&str>, amount: Money) -> Outcome<Option<String>> {
        let stored = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::ASKS))).await?;
        let asks: Vec<wire::Ask> = stored.and_then(|(body, _)| serde_json::from_str(&body).ok()).unwrap_or_default();
        Ok(asks.into_iter().find(|ask| ask.order.as_deref() == order && ask.amount == amount).map(|ask| ask.payee_name))
    }
}
