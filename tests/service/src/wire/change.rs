//! A number that takes the place of an account's number, on the wire.

use super::{BoxIn, PersonIn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Begins a change of the account's number, or sends the code that is waited for again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneChangeIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub change_id: String,
    /// The new number, E.164: `+8613800138000`.
    #[schema(pattern = "^[+][1-9][0-9]{7,14}$")]
    pub phone: String,
    /// Whether the person can read SMS to the account's number.
    pub old_reachable: bool,
}

/// A code that came by SMS to one of the two numbers.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneCodeIn {
    /// `new` or `old`.
    #[schema(pattern = "^(new|old)$")]
    pub which: String,
    /// Six digits.
    #[schema(pattern = "^[0-9]{6}$")]
    pub otp: String,
}

/// What else proves the person.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneChangeProofIn {
    /// Made by the phone for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_box: Option<BoxIn>,
    /// The real name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonIn>,
}

/// A code was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CodeSentOut {
    /// Where it was sent, masked.
    pub sent_to: String,
    /// How many digits it has.
    pub otp_length: u32,
    /// When another code may be asked for.
    pub resend_after_ms: i64,
    /// Until when it counts.
    pub expires_at: i64,
}

/// How the change of a number stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PhoneChangeOut {
    /// The change.
    pub change_id: String,
    /// `new_code`, `old_code`, `proving`, `person_pending`, `done`.
    pub state: String,
    /// The new number, masked.
    pub phone_masked: String,
    /// Whether the real name is still to be shown.
    pub needs_person: bool,
    /// Whether the PIN is still to be proven.
    pub needs_pin: bool,
    /// Until when limits are low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_until: Option<i64>,
}

impl std::fmt::Debug for PhoneCodeIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PhoneCodeIn(…)")
    }
}
