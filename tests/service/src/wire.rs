//! The JSON of the contract. Requests refuse fields that they do not know; ids, amounts and bytes come as
//! text and are read by the functions at the end, so that each refusal has its own name.

use crate::refusal::{Outcome, Refusal};
use crate::store::limits::AMOUNT_MAX;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Currency, Id, Money, fold};
use kabao_proof::{Digest32, PublicKey, SealedBox};
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

/// An amount in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AmountOut {
    /// Fen.
    pub minor: i64,
    /// `CNY`.
    #[schema(value_type = String)]
    pub currency: Currency,
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
}

/// A bound card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardOut {
    /// The card.
    pub card_id: String,
    /// What the card is called instead of its number.
    pub token: String,
    /// The last four digits.
    pub last4: String,
    /// The bank's name.
    pub bank: String,
    /// The scheme.
    pub brand: String,
    /// When it was bound.
    pub bound_at: i64,
}

/// The bound cards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardsOut {
    /// The cards, oldest first.
    pub cards: Vec<CardOut>,
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
}

/// The account at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountOut {
    /// The account.
    pub account_id: String,
    /// The phone, masked.
    pub phone_masked: String,
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
    /// The balance.
    pub balance: AmountOut,
    /// As of when.
    pub balance_at: i64,
    /// The cards, oldest first.
    pub cards: Vec<CardOut>,
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

/// The bank's code was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BindingOut {
    /// `otp_sent` or `pending`.
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
    /// Until when it counts.
    pub expires_at: i64,
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
    /// Both together.
    pub total: AmountOut,
    /// Where the money may come from.
    pub sources: Vec<SourceOut>,
    /// Until when it counts.
    pub expires_at: i64,
    /// 32 bytes, base64url.
    pub challenge: String,
}

/// A stage and when it was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageOut {
    /// `accepted`, `sent_to_bank`, `bank_confirmed`, `arrived`, `refused`, `abandoned`.
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

/// A payer code to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
}

/// Reads an id of the path or of a body.
pub fn id(text: &str, field: &str) -> Outcome<Id> {
    Id::parse(text).map_err(|_| Refusal::of(400, Code::BadId).field(field))
}

/// Reads an id that may be absent.
pub fn maybe_id(text: Option<&str>, field: &str) -> Outcome<Option<Id>> {
    text.map(|text| id(text, field)).transpose()
}

/// Reads base64url without padding.
pub fn bytes(text: &str, field: &str) -> Outcome<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::argument(field))
}

/// Writes base64url without padding.
pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads 64 hexadecimal digits.
pub fn digest(text: &str, field: &str) -> Outcome<[u8; 32]> {
    Digest32::parse(text).map(|digest| digest.0).map_err(|_| Refusal::argument(field))
}

/// Reads a public key.
pub fn key(text: &str, field: &str) -> Outcome<PublicKey> {
    PublicKey::parse(text).map_err(|_| Refusal::argument(field))
}

impl AmountIn {
    /// The amount, which may be zero: a fee.
    pub fn or_zero(&self, field: &str) -> Outcome<i64> {
        let currency = Currency::parse(&self.currency).ok().filter(|currency| currency.code() == self.currency);
        if currency != Some(Currency::Cny) {
            return Err(Refusal::rule(Code::CurrencyUnknown).field(field));
        }
        let Some(minor) = self.minor.as_i64() else {
            let fraction = self.minor.as_f64().is_some_and(|number| number.fract() != 0.0);
            let negative = self.minor.as_f64().is_some_and(|number| number < 0.0);
            let code = match (fraction, negative) {
                (_, true) => Code::AmountNegative,
                (true, _) => Code::AmountDecimals,
                _ => Code::AmountTooLarge,
            };
            return Err(Refusal::rule(code).field(field));
        };
        match minor {
            ..0 => Err(Refusal::rule(Code::AmountNegative).field(field)),
            0..=AMOUNT_MAX => Ok(minor),
            _ => Err(Refusal::rule(Code::AmountTooLarge).field(field)),
        }
    }

    /// The amount in fen, more than zero.
    pub fn read(&self, field: &str) -> Outcome<i64> {
        match self.or_zero(field)? {
            0 => Err(Refusal::rule(Code::AmountZero).field(field)),
            minor => Ok(minor),
        }
    }
}

impl From<i64> for AmountOut {
    fn from(minor: i64) -> AmountOut {
        AmountOut { minor, currency: Currency::Cny }
    }
}

impl BoxIn {
    /// The box as the vault takes it.
    pub fn read(&self, field: &str) -> Outcome<SealedBox> {
        let fits = self.suite.len() <= 64 && self.kid.len() <= 64 && self.enc.len() <= 128 && self.ct.len() <= 512;
        if !fits {
            return Err(Refusal::argument(field));
        }
        Ok(SealedBox {
            v: self.v,
            suite: self.suite.clone(),
            kid: self.kid.clone(),
            enc: bytes(&self.enc, field)?,
            ct: bytes(&self.ct, field)?,
        })
    }
}

/// Text that people see or tills send: neither empty nor longer than `limit` characters, nothing hidden in it.
pub fn plain<'a>(text: &'a str, limit: usize, field: &str) -> Outcome<&'a str> {
    if text.trim().is_empty() {
        return Err(Refusal::of(400, Code::EmptyInput).field(field));
    }
    if text.chars().count() > limit {
        return Err(Refusal::of(400, Code::InputTooLong).field(field));
    }
    let hidden = text.chars().any(|character| fold::hidden_kind(character).is_some() || character.is_control());
    if hidden { Err(Refusal::of(400, Code::HiddenCharacter).field(field)) } else { Ok(text) }
}

/// Money of the books.
pub const fn fen(minor: i64) -> Money {
    Money { minor, currency: Currency::Cny }
}
