//! What an account hangs on, on the wire: another number, second contacts, closing.

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

/// Names a second contact, or sends its code again.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub contact_id: String,
    /// `phone` or `email`.
    #[schema(pattern = "^(phone|email)$")]
    pub kind: String,
    /// E.164, or `name@host`.
    #[schema(min_length = 1, max_length = 254)]
    pub address: String,
}

impl std::fmt::Debug for ContactIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ContactIn(…)")
    }
}

/// The recovery sheet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetIn {
    /// SHA-256 of `kabao-sheet-1` and the code, hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sheet_hash: String,
    /// Made by the phone for each try; needed with the PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: Option<String>,
    /// The PIN, where the sheet takes the place of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_box: Option<BoxIn>,
}

/// Takes a contact away.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactRemovalIn {
    /// Made by the phone for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_box: Option<BoxIn>,
}

/// A second contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactOut {
    /// The contact.
    pub contact_id: String,
    /// `phone` or `email`.
    pub kind: String,
    /// The address, masked.
    pub masked: String,
    /// `unverified`, `verified`.
    pub state: String,
    /// When its code came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<i64>,
    /// When it has to be proven again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_again_at: Option<i64>,
}

/// The second contacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactsOut {
    /// At most one of each kind, oldest first.
    pub contacts: Vec<ContactOut>,
    /// How long one counts before it has to be proven again.
    pub verify_again_after_ms: i64,
}

/// Asks for the account to be closed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosureIn {
    /// Made by the phone for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The person read what is lost.
    pub confirmed: bool,
    /// The PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_box: Option<BoxIn>,
}

/// One point that has to be settled before an account is closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClosurePointOut {
    /// `balance`, `in_flight`, `asks`, `returns`, `cards`.
    pub point: String,
    /// Whether it stands in the way.
    pub blocks: bool,
    /// Why: a name of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Fen of the balance, the number of everything else.
    pub count: i64,
}

/// How the closing of an account stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClosureOut {
    /// `open`, `cooling`. A closed account gets 401 `account_closed`.
    pub state: String,
    /// The newest closing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure_id: Option<String>,
    /// Until when it can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<i64>,
    /// Why the newest one was called off at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// What has to be settled.
    pub points: Vec<ClosurePointOut>,
    /// How long a closing can be taken back.
    pub cooling_ms: i64,
    /// How many years what the law keeps is kept.
    pub kept_years: u32,
    /// How many years money that comes after the end is paid out by support.
    pub claim_years: u32,
}
