//! What phones send.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount: a count of minor units (fen) and a currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountIn {
    /// Fen; more than zero.
    #[schema(value_type = i64)]
    pub minor: serde_json::Number,
    /// `CNY`.
    pub currency: String,
}

/// A box that only the vault opens.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoxIn {
    /// The format, 1.
    pub v: u8,
    /// The algorithms.
    pub suite: String,
    /// The key that it is sealed to.
    pub kid: String,
    /// The encapsulated key, base64url.
    pub enc: String,
    /// The ciphertext, base64url.
    pub ct: String,
}

/// Where money comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceWire {
    /// `balance` or `card`.
    pub kind: String,
    /// The card, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
}

/// Opens an account, or sends the code again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationIn {
    /// Made by the phone.
    pub registration_id: String,
    /// E.164: `+8613800138000`.
    pub phone: String,
    /// 65-byte point, base64url.
    pub device_key: String,
    /// 65-byte point, base64url.
    pub approve_key: String,
    /// As the person knows the phone.
    pub device_model: String,
}

/// A one-time code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtpIn {
    /// Six digits.
    pub otp: String,
}

/// A PIN that was chosen.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinIn {
    /// Opened by the vault only.
    pub pin_box: BoxIn,
}

/// The recovery sheet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetIn {
    /// SHA-256 of `kabao-sheet-1` and the code, hexadecimal.
    pub sheet_hash: String,
}

/// Freezes an account by the code of its recovery sheet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeIn {
    /// E.164.
    pub phone: String,
    /// The sheet's code.
    pub code: String,
}

/// A consent to one version of a text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentIn {
    /// Made by the phone.
    pub consent_id: String,
    /// `real_name`.
    pub document: String,
    /// The version that was shown.
    pub version: String,
}

/// A real-name check.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationIn {
    /// As the document carries it.
    pub name: String,
    /// The number; opened by the vault only.
    pub id_box: BoxIn,
    /// From the vendor's component.
    pub liveness_token: String,
    /// The consent given.
    pub consent_id: String,
}

/// A card to bind.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardIn {
    /// Made by the phone.
    pub binding_id: String,
    /// The number; opened by the vault only.
    pub pan_box: BoxIn,
    /// The holder's name.
    pub name: String,
    /// The phone that the bank knows.
    pub phone: String,
}

/// A merchant's code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeeIn {
    /// From the printed code.
    pub payee_code: String,
}

/// What a person wants to do.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteIn {
    /// `top_up`, `pay` or `ask`.
    pub kind: String,
    /// How much.
    pub amount: AmountIn,
    /// Who is paid.
    pub payee_id: Option<String>,
    /// The merchant's order number.
    pub order: Option<String>,
    /// The card, for a top-up.
    pub card_id: Option<String>,
    /// The merchant's question.
    pub ask_id: Option<String>,
}

/// What a person agreed to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsIn {
    /// The same as in the path.
    pub intent_id: String,
    /// As quoted.
    pub kind: String,
    /// As quoted.
    pub quote_id: String,
    /// The payer.
    pub account_id: String,
    /// As quoted.
    pub payee_id: Option<String>,
    /// As quoted.
    pub order: Option<String>,
    /// As quoted.
    pub amount: AmountIn,
    /// As quoted.
    pub fee: AmountIn,
    /// One of the quote's sources.
    pub source: SourceWire,
    /// As quoted.
    pub expires_at: i64,
    /// As quoted.
    pub challenge: String,
}

/// The proof of the person: one of the two.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalIn {
    /// A box bound to the digest of the terms.
    pub pin_box: Option<BoxIn>,
    /// A signature over the digest, base64url.
    pub approve_signature: Option<String>,
}

/// Terms and their approval.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentIn {
    /// What was confirmed.
    pub terms: TermsIn,
    /// The proof.
    pub approval: ApprovalIn,
}

/// A signed document of an older epoch.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofIn {
    /// COSE bytes, base64url.
    pub proof: String,
}

/// A batch of payer codes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchIn {
    /// Made by the phone.
    pub batch_id: String,
    /// 1 to 20.
    pub count: u32,
}

/// Nothing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmptyIn {
}
