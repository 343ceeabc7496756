//! Money that is asked back from a merchant, on the wire.

use super::{AmountIn, AmountOut};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks a merchant for a payment back, or for a part of it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundAskIn {
    /// The record of the payment.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub record_id: String,
    /// How much.
    pub amount: AmountIn,
    /// `returned`, `not_received`, `not_as_agreed`, `wrong_amount`, `duplicate`, `other`.
    #[schema(pattern = "^(returned|not_received|not_as_agreed|wrong_amount|duplicate|other)$")]
    pub reason: String,
    /// With `duplicate`: the record of the payment that was meant.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub other_id: Option<String>,
    /// The signed receipt of the payment; needed with `duplicate`.
    #[serde(default)]
    #[schema(max_length = 8192)]
    pub receipt: Option<String>,
    /// The signed receipt of the other one; needed with `duplicate`.
    #[serde(default)]
    #[schema(max_length = 8192)]
    pub other_receipt: Option<String>,
    /// When it was asked first, by a phone that asks again because this service forgot it.
    #[serde(default)]
    pub asked_at: Option<i64>,
}

/// How it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RefundAskOut {
    /// Names it; of a claim that was made before for the same two payments, the earlier one.
    pub ask_id: String,
    /// The record of the payment.
    pub record_id: String,
    /// The other one of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_id: Option<String>,
    /// What was asked for.
    pub amount: AmountOut,
    /// What the merchant agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreed: Option<AmountOut>,
    /// As asked.
    pub reason: String,
    /// `requested`, `approved`, `refused`, `sent`, `arrived`, `rerouted` (the card was gone: to the balance), `held`.
    pub state: String,
    /// Why the merchant refused: a name of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The record of the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// When it was asked.
    pub asked_at: i64,
    /// When the merchant answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<i64>,
    /// Until when the next step is expected; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
}

/// Everything that the account asked back, the newest hundred.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RefundAsksOut {
    /// Newest first.
    pub asks: Vec<RefundAskOut>,
    /// When one of them changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<i64>,
}
