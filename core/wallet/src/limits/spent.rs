//! What was paid here and an answer of the service may not show yet.

use crate::error::Outcome;
use crate::service::wire;
use crate::tables::intents::IntentRow;
use crate::tables::records;
use crate::tables::tokens::TokenRow;
use kabao_base::{Id, Timestamp};
use kabao_money::payment::PaymentState;
use kabao_money::rules::PayChannel;
use kabao_proof::{Document, MoveKind, Source, Terms};
use rusqlite::Connection;

/// How long after a code was shown the service may still take it: ten steps of 30 s for a clock that is not trusted, and one.
const CODE_LIFE_MS: i64 = 330_000;

/// One movement.
pub(super) struct Spent {
    pub(super) channel: PayChannel,
    pub(super) card: Option<Id>,
    pub(super) total: i64,
    pub(super) at: Timestamp,
    /// The payment of this phone; absent for a code that was shown.
    pub(super) intent: Option<Id>,
    /// From when on an answer of the service shows it, if it happened; absent while that is not known.
    shown_from: Option<Timestamp>,
}

impl Spent {
    /// Whether an answer of that moment may lack it.
    pub(super) fn is_missing_in(&self, answer: Timestamp) -> bool {
        self.shown_from.is_none_or(|from| from > answer)
    }

    /// Whether it takes something from the balance. A withdrawal names the card that it goes to.
    pub(super) fn is_of_balance(&self) -> bool {
        match self.channel {
            PayChannel::TopUp => false,
            PayChannel::Withdraw => true,
            _ => self.card.is_none(),
        }
    }

    /// A payment of this phone: without a result, or one that succeeded.
    pub(super) fn of_intent(row: &IntentRow, counters: Option<&wire::Counters>) -> Option<Spent> {
        if counters.is_some_and(|counters| counters.counted.contains(&row.intent_id)) {
            return None;
        }
        let terms = Terms::decode(&row.terms).ok()?;
        let card = match terms.source {
            Source::Balance => None,
            Source::Card(id) => Some(id),
        };
        let channel = match terms.kind {
            MoveKind::TopUp => PayChannel::TopUp,
            MoveKind::Pay => PayChannel::PrintedCode,
            MoveKind::Ask => PayChannel::Question,
            MoveKind::Withdraw => PayChannel::Withdraw,
            MoveKind::Transfer => PayChannel::Transfer,
        };
        let shown_from = (row.state == PaymentState::Succeeded).then_some(row.updated_at);
        Some(Spent { channel, card, total: row.amount.plus(row.fee).ok()?.minor, at: row.created_at, intent: Some(row.intent_id), shown_from })
    }

    /// A code that was shown: up to its cap, as long as the service may take it. Once its record is here, what was paid.
    pub(super) fn of_token(cache: &Connection, token: &TokenRow) -> Outcome<Option<Spent>> {
        let spent = |total: i64, at: Timestamp, from: Timestamp| Spent { channel: PayChannel::PayerCode, card: None, total, at, intent: None, shown_from: Some(from) };
        if let Some(record) = token.record_id.map(|id| records::get(cache, id)).transpose()?.flatten() {
            // The history counts what went out below zero.
            return Ok(Some(spent(record.amount.minor.saturating_abs(), record.at, record.at)));
        }
        let shown = token.shown_at.map(Timestamp::from_ms);
        Ok(shown.map(|at| spent(token.cap, at, at.plus_ms(CODE_LIFE_MS))))
    }
}
