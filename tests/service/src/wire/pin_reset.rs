//! A new PIN for who forgot it, on the wire.

use super::{BoxIn, PersonIn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Begins a reset of the PIN, or sends its code again. The code goes to the account's number.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinResetIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub reset_id: String,
}

/// The person and the new PIN.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinResetProofIn {
    /// Made by the phone for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The new PIN.
    pub pin_box: BoxIn,
    /// The real name and the face, made for a nonce; absent once they are proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonIn>,
}

/// How the reset of a PIN stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PinResetOut {
    /// The reset.
    pub reset_id: String,
    /// `code`, `proving`, `person_pending`, `done`.
    pub state: String,
    /// The account's number, masked.
    pub phone_masked: String,
    /// Whether the real name is still to be shown.
    pub needs_person: bool,
    /// The try whose PIN counts, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_by: Option<String>,
    /// Until when limits are low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_until: Option<i64>,
}
