//! What the service's answers look like on the wire. Unknown fields are passed over: a newer service says more.

mod secure;

pub(crate) use secure::*;
mod bank_transfer;

pub(crate) use bank_transfer::{Arrival, BankTransfer};
mod limits;

pub(crate) use limits::{Counters, OwnCaps};
mod people;

pub(crate) use people::{PersonPayee, Transfer};
mod refunds;

pub(crate) use refunds::{RefundAsk, RefundAsks};

use kabao_base::{Id, Money};
use kabao_proof::{Source, Terms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(crate) struct WireError {
    pub(crate) code: String,
    pub(crate) field: Option<String>,
    pub(crate) retry_after_ms: Option<i64>,
    pub(crate) attempts_left: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct OtpSent {
    pub(crate) otp_length: u32,
    pub(crate) resend_after_ms: i64,
}

#[derive(Deserialize)]
pub(crate) struct Registered {
    pub(crate) account_id: Id,
    pub(crate) device_id: Id,
}

/// How the replacement of a phone stands.
#[derive(Deserialize)]
pub(crate) struct Replacement {
    pub(crate) state: String,
    pub(crate) account_id: Id,
    pub(crate) needs_person: bool,
    pub(crate) needs_pin: bool,
    pub(crate) verified: bool,
    pub(crate) pin_set: bool,
    pub(crate) device_id: Option<Id>,
    pub(crate) pin_by: Option<Id>,
    pub(crate) low_until: Option<i64>,
    #[serde(default)]
    pub(crate) open: Vec<OpenIntent>,
}

/// A code was sent, and where.
#[derive(Deserialize)]
pub(crate) struct CodeSent {
    pub(crate) sent_to: String,
    pub(crate) otp_length: u32,
    pub(crate) resend_after_ms: i64,
}

/// How the change of a number stands.
#[derive(Deserialize)]
pub(crate) struct PhoneChange {
    pub(crate) state: String,
    pub(crate) phone_masked: String,
    pub(crate) needs_person: bool,
    pub(crate) needs_pin: bool,
    pub(crate) low_until: Option<i64>,
}

/// How the reset of a PIN stands.
#[derive(Deserialize)]
pub(crate) struct PinReset {
    pub(crate) reset_id: Id,
    pub(crate) state: String,
    pub(crate) needs_person: bool,
    pub(crate) done_by: Option<Id>,
    pub(crate) low_until: Option<i64>,
}

/// The second contacts; kept as they came in the cache.
#[derive(Deserialize, Serialize)]
pub(crate) struct Contacts {
    pub(crate) contacts: Vec<Contact>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Contact {
    pub(crate) contact_id: Id,
    pub(crate) kind: String,
    pub(crate) masked: String,
    pub(crate) state: String,
    pub(crate) verified_at: Option<i64>,
    pub(crate) verify_again_at: Option<i64>,
}

/// How the closing of the account stands.
#[derive(Deserialize)]
pub(crate) struct Closure {
    pub(crate) state: String,
    pub(crate) closure_id: Option<Id>,
    pub(crate) closes_at: Option<i64>,
    pub(crate) blocked: Option<String>,
    pub(crate) points: Vec<ClosurePoint>,
    pub(crate) cooling_ms: i64,
    pub(crate) kept_years: u32,
    /// Absent with a service that does not say.
    #[serde(default)]
    pub(crate) claim_years: u32,
}

#[derive(Deserialize)]
pub(crate) struct ClosurePoint {
    pub(crate) point: String,
    pub(crate) blocks: bool,
    pub(crate) code: Option<String>,
    pub(crate) count: i64,
}

/// A payment of the earlier phone without an end.
#[derive(Deserialize)]
pub(crate) struct OpenIntent {
    pub(crate) terms: String,
    #[serde(default)]
    pub(crate) payee_name: String,
    pub(crate) created_at: i64,
}

/// The account as the service sees it; kept as it came in the cache.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Account {
    #[serde(default)]
    pub(crate) account_id: Option<Id>,
    pub(crate) phone_masked: String,
    /// The whole number, for the account's row alone: what is kept of the answer has the masked one.
    #[serde(default, skip_serializing)]
    pub(crate) phone: Option<String>,
    pub(crate) class: u8,
    pub(crate) verification: Verification,
    pub(crate) pin_set: bool,
    #[serde(default)]
    pub(crate) pin_locked: bool,
    #[serde(default)]
    pub(crate) pin_must_change: bool,
    pub(crate) sheet_set: bool,
    pub(crate) frozen: bool,
    /// Whether the account is being closed.
    #[serde(default)]
    pub(crate) closing: bool,
    pub(crate) balance: Money,
    pub(crate) balance_at: i64,
    /// How much of the balance is held and cannot be paid with.
    #[serde(default)]
    pub(crate) held: Option<Money>,
    pub(crate) cards: Vec<Card>,
    /// Removed and replaced ones: old payments name them.
    #[serde(default)]
    pub(crate) earlier_cards: Vec<Card>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) limits: Limits,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Verification {
    pub(crate) state: String,
    pub(crate) code: Option<String>,
    pub(crate) retriable: Option<bool>,
    pub(crate) name_masked: Option<String>,
    pub(crate) id_masked: Option<String>,
    #[serde(default)]
    pub(crate) class: Option<u8>,
    #[serde(default)]
    pub(crate) attempts_left: Option<u32>,
    #[serde(default)]
    pub(crate) review_by: Option<i64>,
    #[serde(default)]
    pub(crate) document: Option<String>,
    #[serde(default)]
    pub(crate) expires_on: Option<String>,
    #[serde(default)]
    pub(crate) reverify: Option<String>,
    #[serde(default)]
    pub(crate) reverify_by: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Card {
    pub(crate) card_id: Id,
    pub(crate) last4: String,
    pub(crate) bank: String,
    pub(crate) brand: String,
    /// `debit`, `credit`, `quasi_credit`, `prepaid`; empty from a service that does not say.
    #[serde(default)]
    pub(crate) kind: String,
    /// `bound`, `unbound`, `replaced`.
    #[serde(default)]
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) until: Option<i64>,
    pub(crate) replaces: Option<Id>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Cards {
    pub(crate) cards: Vec<Card>,
    #[serde(default)]
    pub(crate) earlier: Vec<Card>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Channel {
    pub(crate) channel: String,
    pub(crate) usable: bool,
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Limits {
    pub(crate) single: Option<Money>,
    pub(crate) day_left: Option<Money>,
    pub(crate) year_left: Option<Money>,
    pub(crate) lifetime_left: Option<Money>,
    pub(crate) static_left: Option<Money>,
    #[serde(default)]
    pub(crate) low_until: Option<i64>,
}

/// A document as it is shown today.
#[derive(Deserialize, Serialize)]
pub(crate) struct ConsentText {
    pub(crate) document: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) text: String,
}

/// The versions of the texts of today, and what the account consented to. Kept are the versions; what was given is kept in the ledger.
#[derive(Deserialize, Serialize)]
pub(crate) struct Consents {
    #[serde(default)]
    pub(crate) documents: Vec<ConsentVersion>,
    #[serde(default, skip_serializing)]
    pub(crate) given: Vec<crate::shared::Given>,
}

/// A text in its version of today.
#[derive(Deserialize, Serialize)]
pub(crate) struct ConsentVersion {
    pub(crate) document: String,
    pub(crate) version: String,
}

/// How a binding stands.
#[derive(Deserialize)]
pub(crate) struct Binding {
    pub(crate) state: String,
    pub(crate) last4: Option<String>,
    pub(crate) bank: Option<String>,
    pub(crate) brand: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) card_id: Option<Id>,
}

#[derive(Deserialize)]
pub(crate) struct Payee {
    pub(crate) payee_id: Id,
    pub(crate) name: String,
    pub(crate) limit_class: Option<String>,
    pub(crate) static_left: Option<Money>,
}

#[derive(Deserialize)]
pub(crate) struct Quote {
    pub(crate) quote_id: Id,
    pub(crate) payee_id: Option<Id>,
    pub(crate) payee_name: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) amount: Money,
    pub(crate) fee: Money,
    /// What was gone of the free quota before.
    #[serde(default)]
    pub(crate) free_used: Option<Money>,
    pub(crate) total: Money,
    pub(crate) sources: Vec<QuoteSource>,
    #[serde(default)]
    pub(crate) delay_ms: Option<u32>,
    #[serde(default)]
    pub(crate) first_time: Option<bool>,
    pub(crate) expires_at: i64,
    #[serde(with = "kabao_proof::base64url")]
    pub(crate) challenge: [u8; 32],
}

#[derive(Deserialize)]
pub(crate) struct QuoteSource {
    pub(crate) source: Source,
    pub(crate) usable: bool,
    pub(crate) reason: Option<String>,
    pub(crate) until: Option<i64>,
}

/// What is put under a payment's id: the same bytes at every attempt.
#[derive(Serialize)]
pub(crate) struct Put<'terms> {
    pub(crate) terms: &'terms Terms,
    pub(crate) approval: Approval,
}

/// What proves that the person agreed to the terms.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Approval {
    /// The PIN, sealed for these terms.
    PinBox(kabao_proof::SealedBox),
    /// The approval key's signature over the digest, base64url.
    ApproveSignature(String),
}

/// What the service says about a payment.
#[derive(Deserialize)]
pub(crate) struct PaymentState {
    pub(crate) state: String,
    pub(crate) proof: Option<String>,
    #[serde(default)]
    pub(crate) timeline: Vec<Stage>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Stage {
    pub(crate) stage: String,
    pub(crate) at: i64,
}

#[derive(Deserialize)]
pub(crate) struct Batch {
    pub(crate) prefix: String,
    pub(crate) length: u32,
    pub(crate) tokens: Vec<Token>,
}

#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) token_id: String,
    pub(crate) key: String,
    pub(crate) not_after: i64,
    pub(crate) cap: Money,
    pub(crate) cap_untrusted: Money,
}

#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) entries: Vec<String>,
    pub(crate) first_seq: u64,
    pub(crate) prev_hash: String,
    pub(crate) head: String,
    pub(crate) more: bool,
    #[serde(default)]
    pub(crate) asks: Vec<Ask>,
    pub(crate) balance: Money,
    pub(crate) balance_at: i64,
    /// How much of the balance is held and cannot be paid with.
    #[serde(default)]
    pub(crate) held: Option<Money>,
    /// The newest version of each feed.
    #[serde(default)]
    pub(crate) feeds: BTreeMap<String, u64>,
    /// When a refund that was asked for changed last.
    #[serde(default)]
    pub(crate) refunds_at: Option<i64>,
}

/// A merchant's question above the cap of a payer code.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Ask {
    pub(crate) ask_id: Id,
    pub(crate) token_id: String,
    pub(crate) payee_name: String,
    pub(crate) order: Option<String>,
    pub(crate) amount: Money,
    pub(crate) expires_at: i64,
}
