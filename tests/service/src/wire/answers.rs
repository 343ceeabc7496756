//! What phones get.

use super::{CardOut, SourceWire};
use kabao_base::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An amount in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AmountOut {
    /// Fen.
    pub minor: i64,
    /// `CNY`.
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// A code was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegistrationOut {
    /// The registration.
    pub registration_id: String,
    /// How many digits the code has.
    pub otp_length: u32,
    /// When another code may be asked for.
    pub resend_after_ms: i64,
    /// Until when it counts.
    pub expires_at: i64,
}

/// The account is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenedOut {
    /// The account.
    pub account_id: String,
    /// This phone.
    pub device_id: String,
}

/// How the replacement of a phone stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplacementOut {
    /// The replacement.
    pub replacement_id: String,
    /// `proving`, `person_pending`, `done`.
    pub state: String,
    /// The account of the number.
    pub account_id: String,
    /// Whether the real name is still to be shown.
    pub needs_person: bool,
    /// Whether the PIN is still to be proven.
    pub needs_pin: bool,
    /// Whether the account is verified.
    pub verified: bool,
    /// Whether a PIN was chosen.
    pub pin_set: bool,
    /// This phone, once it is the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The try whose new PIN counts, where one was chosen on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_by: Option<String>,
    /// Until when limits are low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_until: Option<i64>,
    /// Payments of the earlier phone that a bank has and whose end is not known.
    pub open: Vec<OpenIntentOut>,
}

/// A new approval key counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RenewalOut {
    /// Until when limits are low.
    pub low_until: i64,
}

/// A payment whose end is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenIntentOut {
    /// The terms that were approved: deterministic CBOR, base64url.
    pub terms: String,
    /// Who is paid, or the bank that pays in.
    pub payee_name: String,
    /// When it was accepted.
    pub created_at: i64,
}

/// How the real-name check stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerificationView {
    /// `none`, `pending`, `passed`, `rejected`.
    pub state: String,
    /// Why rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retriable: Option<bool>,
    /// The class decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<i64>,
    /// The name, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_masked: Option<String>,
    /// The identity number, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_masked: Option<String>,
    /// How many rejected attempts are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// When the answer of the person who looks at it is there at the latest; the code is then `identity_review`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<i64>,
    /// The kind of document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Its last day, `2033-08-11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<String>,
    /// Whether the real name has to be verified again: `due`, `overdue`. Overdue, nothing is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverify: Option<String>,
    /// The last day before payments are held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverify_by: Option<String>,
}

/// A way to pay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelOut {
    /// Its name.
    pub channel: String,
    /// Whether it can be used now.
    pub usable: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is left of the limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitsOut {
    /// The most that one payment may be.
    pub single: AmountOut,
    /// Left today.
    pub day_left: AmountOut,
    /// Left this year (classes II and III).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year_left: Option<AmountOut>,
    /// Left at all (class I).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_left: Option<AmountOut>,
    /// Left today for printed codes.
    pub static_left: AmountOut,
    /// Until when they are low because the phone was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_until: Option<i64>,
}

/// The account at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountOut {
    /// The account.
    pub account_id: String,
    /// The phone, masked.
    pub phone_masked: String,
    /// The number, E.164: another phone of the account may have changed it.
    pub phone: String,
    /// 0 before the real-name check, then 1 to 3.
    pub class: i64,
    /// The real-name check.
    pub verification: VerificationView,
    /// A PIN was chosen.
    pub pin_set: bool,
    /// Five wrong tries.
    pub pin_locked: bool,
    /// The PIN is one that the identity number gives away.
    pub pin_must_change: bool,
    /// The recovery sheet was made.
    pub sheet_set: bool,
    /// The account is frozen.
    pub frozen: bool,
    /// The account is being closed: nothing is paid.
    pub closing: bool,
    /// The balance.
    pub balance: AmountOut,
    /// As of when.
    pub balance_at: i64,
    /// How much of the balance is held and cannot be paid with.
    pub held: AmountOut,
    /// The bound cards, oldest first.
    pub cards: Vec<CardOut>,
    /// The removed and the replaced ones: old payments name them.
    pub earlier_cards: Vec<CardOut>,
    /// Ways to pay, in the order to show.
    pub channels: Vec<ChannelOut>,
    /// What is left.
    pub limits: LimitsOut,
}

/// The text that a person consents to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsentOut {
    /// Its name.
    pub document: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the text, hexadecimal.
    pub digest: String,
}

/// Who is paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PayeeOut {
    /// The payee.
    pub payee_id: String,
    /// The name as the service knows it.
    pub name: String,
    /// `merchant`.
    pub kind: String,
    /// `D`: a printed code.
    pub limit_class: String,
    /// Left today for printed codes.
    pub static_left: AmountOut,
}

/// A source and whether it can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceOut {
    /// The source.
    pub source: SourceWire,
    /// Whether it can be used now.
    pub usable: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// What it would cost and where the money may come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuoteOut {
    /// The quote.
    pub quote_id: String,
    /// As asked.
    pub kind: String,
    /// The payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_id: Option<String>,
    /// The payee's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_name: Option<String>,
    /// The merchant's order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// How much.
    pub amount: AmountOut,
    /// The fee on top.
    pub fee: AmountOut,
    /// The version of the rules that it follows from.
    pub rules_version: u64,
    /// What was gone of the free quota before.
    pub free_used: AmountOut,
    /// Both together.
    pub total: AmountOut,
    /// Where the money may come from.
    pub sources: Vec<SourceOut>,
    /// How long a transfer waits before it arrives, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u32>,
    /// Nothing was ever transferred to this payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time: Option<bool>,
    /// Until when it counts.
    pub expires_at: i64,
    /// 32 bytes, base64url.
    pub challenge: String,
}

/// A stage and when it was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageOut {
    /// `accepted`, `sent_to_bank`, `bank_confirmed`, `sent` (of a transfer), `arrived`, `refused`, `abandoned`, `returned`.
    pub stage: String,
    /// When.
    pub at: i64,
}

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaymentOut {
    /// `succeeded`, `refused`, `processing`, `dispatched` or `tombstoned`.
    pub state: String,
    /// COSE bytes, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// What happened, in order.
    pub timeline: Vec<StageOut>,
}

/// Of the payment whose proof was presented: its order is paid twice, as a restored service took it once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaidTwiceOut {
    /// The merchant's order number.
    pub order: String,
    /// The record of the other payment, when the same account made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_id: Option<String>,
}

/// A payer code to be.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenOut {
    /// 11 digits.
    pub token_id: String,
    /// 32 bytes, base64url.
    pub key: String,
    /// Until when it can be used.
    pub not_after: i64,
    /// The most without a question.
    pub cap: AmountOut,
    /// The most with a clock that cannot be trusted.
    pub cap_untrusted: AmountOut,
}

impl std::fmt::Debug for TokenOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenOut(…)")
    }
}

/// Payer codes to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatchOut {
    /// The batch.
    pub batch_id: String,
    /// The first digits of the code.
    pub prefix: String,
    /// How many digits the code has.
    pub length: u32,
    /// The tokens.
    pub tokens: Vec<TokenOut>,
}

/// A merchant's question above the cap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AskOut {
    /// The question.
    pub ask_id: String,
    /// The token whose code was read.
    pub token_id: String,
    /// The payee.
    pub payee_id: String,
    /// The payee's name.
    pub payee_name: String,
    /// The merchant's order number.
    pub order: String,
    /// How much.
    pub amount: AmountOut,
    /// Until when it counts.
    pub expires_at: i64,
}

/// A page of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryOut {
    /// CBOR bytes, base64url.
    pub entries: Vec<String>,
    /// Number of the first entry of the page; 0 when there is none.
    pub first_seq: u64,
    /// The link before the first entry.
    pub prev_hash: String,
    /// COSE bytes, base64url.
    pub head: String,
    /// Whether there is a further page.
    pub more: bool,
    /// Every open question.
    pub asks: Vec<AskOut>,
    /// The balance.
    pub balance: AmountOut,
    /// As of when.
    pub balance_at: i64,
    /// How much of the balance is held and cannot be paid with.
    pub held: AmountOut,
    /// The newest version of each feed: a phone that has a lower one asks for it.
    pub feeds: BTreeMap<String, u64>,
    /// When a refund that the person asked for changed last; absent when none was ever asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunds_at: Option<i64>,
}
