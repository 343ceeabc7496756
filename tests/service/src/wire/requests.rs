//! What phones send.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount: a count of minor units (fen) and a currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountIn {
    /// Fen; more than zero.
    #[schema(value_type = i64, minimum = 0, maximum = 10_000_000_000_i64)]
    pub minor: serde_json::Number,
    /// `CNY`.
    #[schema(pattern = "^CNY$")]
    pub currency: String,
}

/// A box that only the vault opens.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoxIn {
    /// The format, 1.
    #[schema(minimum = 1, maximum = 1)]
    pub v: u8,
    /// The algorithms.
    #[schema(pattern = "^X25519-HKDF-SHA256-AES-256-GCM$")]
    pub suite: String,
    /// The key that it is sealed to.
    #[schema(pattern = "^[!-~]{1,64}$")]
    pub kid: String,
    /// The encapsulated key, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    pub enc: String,
    /// The ciphertext, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{107}$")]
    pub ct: String,
}

/// Where money comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceWire {
    /// `balance` or `card`.
    #[schema(pattern = "^(balance|card)$")]
    pub kind: String,
    /// The card, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub card_id: Option<String>,
}

/// Opens an account, or sends the code again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub registration_id: String,
    /// E.164: `+8613800138000`.
    #[schema(pattern = "^[+][1-9][0-9]{7,14}$")]
    pub phone: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub device_key: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub approve_key: String,
    /// As the person knows the phone.
    #[schema(min_length = 1, max_length = 100)]
    pub device_model: String,
    /// The build of the app; one that names none is judged as such.
    pub build: Option<super::BuildIn>,
}

/// A one-time code.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtpIn {
    /// Six digits.
    #[schema(pattern = "^[0-9]{6}$")]
    pub otp: String,
}

/// Asks for a code to the account's number, from a phone that takes the place of another.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacementIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub replacement_id: String,
    /// E.164: `+8613800138000`.
    #[schema(pattern = "^[+][1-9][0-9]{7,14}$")]
    pub phone: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub device_key: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub approve_key: String,
    /// As the person knows the phone.
    #[schema(min_length = 1, max_length = 100)]
    pub device_model: String,
    /// The build of the app; one that names none is judged as such.
    pub build: Option<super::BuildIn>,
    /// The account that this phone's files are of, where they are of one.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub account_id: Option<String>,
}

/// The proof that it is the account's person.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacementProofIn {
    /// Made by the phone, a new one for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The PIN, where the account has one; opened by the vault only.
    #[serde(default)]
    pub pin_box: Option<BoxIn>,
    /// In its place a new PIN, for one that is locked or forgotten: of a verified account, whose face check was made for a nonce.
    #[serde(default)]
    pub new_pin_box: Option<BoxIn>,
    /// The real name, where the account is verified and it was not shown yet.
    #[serde(default)]
    pub person: Option<PersonIn>,
}

/// Asks for a code, for a new approval key of this phone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub renewal_id: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub approve_key: String,
}

/// The proof for a new approval key.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalProofIn {
    /// Made by the phone, a new one for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// Six digits.
    #[schema(pattern = "^[0-9]{6}$")]
    pub otp: String,
    /// The PIN; opened by the vault only.
    pub pin_box: BoxIn,
}

/// Name, number and face of the account's person.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonIn {
    /// As the document carries it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The number; opened by the vault only.
    pub id_box: BoxIn,
    /// From the vendor's component.
    #[schema(min_length = 1, max_length = 200)]
    pub liveness_token: String,
    /// The nonce that the component was given.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub liveness_nonce: Option<String>,
}

/// A PIN that was chosen.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinIn {
    /// Opened by the vault only.
    pub pin_box: BoxIn,
}

/// Freezes an account by the code of its recovery sheet.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeIn {
    /// E.164.
    #[schema(pattern = "^[+][1-9][0-9]{7,14}$")]
    pub phone: String,
    /// The sheet's code.
    #[schema(min_length = 1, max_length = 200)]
    pub code: String,
}

/// A real-name check.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationIn {
    /// As the document carries it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// `number;birth;expiry;nationality`, of which a resident card needs the number alone; days as `yyyymmdd`. Opened by
    /// the vault only.
    pub id_box: BoxIn,
    /// From the vendor's component.
    #[schema(min_length = 1, max_length = 200)]
    pub liveness_token: String,
    /// The consent given.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub consent_id: String,
    /// The kind of document; without it, `resident_card`.
    #[serde(default)]
    #[schema(pattern = "^(resident_card|hong_kong_residence_permit|macau_residence_permit|taiwan_residence_permit|foreigner_card|hong_kong_macau_travel_permit|taiwan_travel_permit|foreign_passport)$")]
    pub document: Option<String>,
    /// The nonce that the token was made for.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub liveness_nonce: Option<String>,
    /// A guardian's code of consent, for a person under 16.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{8}$")]
    pub guardian_code: Option<String>,
}

/// A merchant's code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeeIn {
    /// From the printed code.
    #[schema(min_length = 1, max_length = 64)]
    pub payee_code: String,
}

/// What a person wants to do.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteIn {
    /// `top_up`, `pay`, `ask`, `withdraw` or `transfer`.
    #[schema(pattern = "^(top_up|pay|ask|withdraw|transfer)$")]
    pub kind: String,
    /// How much.
    pub amount: AmountIn,
    /// Who is paid.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub payee_id: Option<String>,
    /// The merchant's order number.
    #[schema(min_length = 1, max_length = 64)]
    pub order: Option<String>,
    /// The card, for a top-up or a withdrawal.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub card_id: Option<String>,
    /// The merchant's question.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub ask_id: Option<String>,
    /// How long a transfer waits, in milliseconds: one of the delays that the payee's answer names.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 86_400_000)]
    pub delay_ms: Option<u32>,
}

/// What a person agreed to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsIn {
    /// The same as in the path.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub intent_id: String,
    /// As quoted.
    #[schema(pattern = "^(top_up|pay|ask|withdraw|transfer)$")]
    pub kind: String,
    /// As quoted.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub quote_id: String,
    /// The payer.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub account_id: String,
    /// As quoted.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub payee_id: Option<String>,
    /// As quoted.
    #[schema(min_length = 1, max_length = 64)]
    pub order: Option<String>,
    /// As quoted.
    pub amount: AmountIn,
    /// As quoted.
    pub fee: AmountIn,
    /// One of the quote's sources.
    pub source: SourceWire,
    /// As quoted.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 86_400_000)]
    pub delay_ms: Option<u32>,
    /// As quoted.
    pub expires_at: i64,
    /// As quoted.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    pub challenge: String,
}

/// The proof of the person: one of the two.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalIn {
    /// A box bound to the digest of the terms.
    pub pin_box: Option<BoxIn>,
    /// A signature over the digest, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{86}$")]
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
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    pub proof: String,
}

/// A batch of payer codes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub batch_id: String,
    /// 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    pub count: u32,
}

/// Nothing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmptyIn {
}

// What is secret does not print.
impl std::fmt::Debug for OtpIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OtpIn(…)")
    }
}

impl std::fmt::Debug for PersonIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PersonIn(…)")
    }
}

impl std::fmt::Debug for VerificationIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VerificationIn(…)")
    }
}

impl std::fmt::Debug for FreezeIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FreezeIn(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_do_not_print() {
        let otp = OtpIn { otp: "135790".to_owned() };
        let freeze = FreezeIn { phone: "+8613800138000".to_owned(), code: "ABCD-EFGH".to_owned() };
        let id_box = || BoxIn { v: 1, suite: String::new(), kid: String::new(), enc: String::new(), ct: String::new() };
        let person = PersonIn { name: "张三".to_owned(), id_box: id_box(), liveness_token: "live-77".to_owned(), liveness_nonce: None };
        let verification = VerificationIn {
            name: "张三".to_owned(),
            id_box: id_box(),
            liveness_token: "live-77".to_owned(),
            consent_id: String::new(),
            document: None,
            liveness_nonce: None,
            guardian_code: Some("24680135".to_owned()),
        };
        let printed = format!("{otp:?} {freeze:?} {person:?} {verification:?}");
        assert!(!["135790", "138", "ABCD", "张三", "live-77", "24680135"].iter().any(|secret| printed.contains(secret)), "{printed}");
    }
}
