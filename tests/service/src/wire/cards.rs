//! Cards: what phones send and get.

use super::BoxIn;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A card to bind.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub binding_id: String,
    /// The number, with a credit card also its last month and its security code; opened by the vault only.
    pub pan_box: BoxIn,
    /// The holder's name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The phone that the bank knows.
    #[schema(pattern = "^[0-9+]{5,20}$")]
    pub phone: String,
    /// The card whose place this one takes.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub replaces: Option<String>,
}

/// Removes a card.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovalIn {
    /// The card.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub card_id: String,
    /// The PIN; opened by the vault only.
    pub pin_box: BoxIn,
}

/// How a binding stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BindingOut {
    /// `otp_sent`, `bound` or `refused`.
    pub state: String,
    /// The last four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// The bank's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// The scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// `debit`, `credit`, `quasi_credit`, `prepaid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Until when the bank's code counts.
    pub expires_at: i64,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The card, once bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
}

/// A card that is or was bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardOut {
    /// The card. The same number bound again is the same card.
    pub card_id: String,
    /// What the card is called instead of its number.
    pub token: String,
    /// The last four digits.
    pub last4: String,
    /// The bank's name.
    pub bank: String,
    /// The scheme.
    pub brand: String,
    /// `debit`, `credit`, `quasi_credit`, `prepaid`.
    pub kind: String,
    /// `bound`, `unbound`, `replaced`.
    pub state: String,
    /// Why it cannot pay now, as its bank said last: a code of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when, where the bank said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// The card whose place it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// When it was bound.
    pub bound_at: i64,
    /// When it was removed or replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
}

/// The cards of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardsOut {
    /// The bound ones, oldest first.
    pub cards: Vec<CardOut>,
    /// The removed and the replaced ones: old payments name them.
    pub earlier: Vec<CardOut>,
}
