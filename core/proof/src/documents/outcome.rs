//! What the service says happened, signed.

use super::map::{Fields, Maker};
use super::{Document, DocumentError, Source};
use kabao_base::{Id, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// What kind of record of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// Money came from a bound card into the balance.
    TopUp,
    /// A payment that the person started.
    Pay,
    /// A payment that the merchant started by reading a payer code.
    PayerCode,
    /// Money given back by the merchant.
    Refund,
    /// A payment undone because its outcome was not known in time.
    Reversal,
    /// Money went from the balance to a bound card.
    Withdraw,
    /// Money went to another person, or came from one.
    Transfer,
}

impl RecordKind {
    const ALL: [(RecordKind, &'static str); 7] = [
        (RecordKind::TopUp, "top_up"),
        (RecordKind::Pay, "pay"),
        (RecordKind::PayerCode, "payer_code"),
        (RecordKind::Refund, "refund"),
        (RecordKind::Reversal, "reversal"),
        (RecordKind::Withdraw, "withdraw"),
        (RecordKind::Transfer, "transfer"),
    ];

    /// The name on the wire: `top_up`, `pay`, `payer_code`, `refund`, `reversal`, `withdraw`, `transfer`.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// Reads the name on the wire.
    pub fn parse(text: &str) -> Option<RecordKind> {
        Self::ALL.iter().find(|row| row.1 == text).map(|row| row.0)
    }

    pub(super) fn take(fields: &mut Fields) -> Result<RecordKind, DocumentError> {
        RecordKind::parse(&fields.text("kind")?).ok_or(DocumentError::Malformed("kind"))
    }
}

/// Reads the id of a payer-code token: 11 digits.
pub(super) fn token_if(fields: &mut Fields) -> Result<Option<String>, DocumentError> {
    let token = fields.text_if("token_id")?;
    match &token {
        Some(id) if id.len() != 11 || !id.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(DocumentError::Malformed("token_id"))
        }
        _ => Ok(token),
    }
}

/// Money moved: the proof that a payment succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The receipt's own id.
    pub receipt_id: Id,
    /// The record of the history that it proves.
    pub record_id: Id,
    /// The phone's id of the movement, when the phone started it.
    pub intent_id: Option<Id>,
    /// The digest of the terms that the person confirmed.
    pub terms_digest: Option<[u8; 32]>,
    /// The payer-code token that was used, 11 digits.
    pub token_id: Option<String>,
    /// What kind of record.
    pub kind: RecordKind,
    /// The account.
    pub account_id: Id,
    /// Who was paid; the card of a withdrawal; whom it came from, with money that arrives.
    pub payee_id: Option<Id>,
    /// The name of who was paid.
    pub payee_name: String,
    /// What was paid, without the fee.
    pub amount: Money,
    /// The fee on top.
    pub fee: Money,
    /// Where the money came from.
    pub source: Source,
    /// The way it took: `lakala`, `kabao`, `bank`.
    pub route: String,
    /// The merchant's order number.
    pub order: Option<String>,
    /// The service's order number.
    pub our_order: String,
    /// The acquirer's order number.
    pub acquirer_order: Option<String>,
    /// The record that a refund or reversal belongs to.
    pub original: Option<Id>,
    /// When a transfer that waits arrives; absent when it did not wait.
    pub arrives_at: Option<Timestamp>,
    /// When it happened.
    pub at: Timestamp,
    /// The service's epoch.
    pub epoch: u64,
}

/// What a receipt proves of its holder, in one word. Who shows the receipt of money that came in has not paid anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptShows {
    /// The holder paid a merchant.
    Paid,
    /// The holder sent money to a person, and it arrived at once.
    Sent,
    /// The holder sent money that waits until `arrives_at` and can be called back until then.
    SentLater,
    /// Money came from a person.
    Received,
    /// A merchant gave money back.
    Refunded,
    /// A movement was undone.
    Undone,
    /// Money came from a card into the balance.
    ToppedUp,
    /// Money went from the balance to a card.
    Withdrawn,
}

impl ReceiptShows {
    /// As words are named: `paid`, `sent`, `sent_later`, `received`, `refunded`, `undone`, `topped_up`, `withdrawn`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ReceiptShows::Paid => "paid",
            ReceiptShows::Sent => "sent",
            ReceiptShows::SentLater => "sent_later",
            ReceiptShows::Received => "received",
            ReceiptShows::Refunded => "refunded",
            ReceiptShows::Undone => "undone",
            ReceiptShows::ToppedUp => "topped_up",
            ReceiptShows::Withdrawn => "withdrawn",
        }
    }
}

impl Receipt {
    /// What it proves of its holder.
    #[must_use]
    pub fn shows(&self) -> ReceiptShows {
        match self.kind {
            RecordKind::TopUp => ReceiptShows::ToppedUp,
            RecordKind::Withdraw => ReceiptShows::Withdrawn,
            RecordKind::Refund => ReceiptShows::Refunded,
            RecordKind::Reversal => ReceiptShows::Undone,
            RecordKind::Pay | RecordKind::PayerCode => ReceiptShows::Paid,
            // Only the phone of the one who sends has an intent.
            RecordKind::Transfer if self.intent_id.is_none() => ReceiptShows::Received,
            RecordKind::Transfer if self.arrives_at.is_some() => ReceiptShows::SentLater,
            RecordKind::Transfer => ReceiptShows::Sent,
        }
    }
}

impl Document for Receipt {
    const CONTENT_TYPE: &'static str = "application/kabao-receipt+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.id("receipt_id", &self.receipt_id);
        maker.id("record_id", &self.record_id);
        maker.id_if("intent_id", self.intent_id.as_ref());
        maker.bytes_if("terms_digest", self.terms_digest.as_ref().map(|digest| &digest[..]));
        maker.text_if("token_id", self.token_id.as_deref());
        maker.text("kind", self.kind.as_str());
        maker.id("account_id", &self.account_id);
        maker.id_if("payee_id", self.payee_id.as_ref());
        maker.text("payee_name", &self.payee_name);
        maker.money("amount", self.amount);
        maker.money("fee", self.fee);
        self.source.put(maker);
        maker.text("route", &self.route);
        maker.text_if("order", self.order.as_deref());
        maker.text("our_order", &self.our_order);
        maker.text_if("acquirer_order", self.acquirer_order.as_deref());
        maker.id_if("original", self.original.as_ref());
        maker.time_if("arrives_at", self.arrives_at);
        maker.time("at", self.at);
        maker.number("epoch", self.epoch);
    }

    fn take(fields: &mut Fields) -> Result<Receipt, DocumentError> {
        Ok(Receipt {
            receipt_id: fields.id("receipt_id")?,
            record_id: fields.id("record_id")?,
            intent_id: fields.id_if("intent_id")?,
            terms_digest: fields.fixed_if("terms_digest")?,
            token_id: token_if(fields)?,
            kind: RecordKind::take(fields)?,
            account_id: fields.id("account_id")?,
            payee_id: fields.id_if("payee_id")?,
            payee_name: fields.text("payee_name")?,
            amount: fields.money("amount")?,
            fee: fields.money("fee")?,
            source: Source::take(fields)?,
            route: fields.text("route")?,
            order: fields.text_if("order")?,
            our_order: fields.text("our_order")?,
            acquirer_order: fields.text_if("acquirer_order")?,
            original: fields.id_if("original")?,
            arrives_at: fields.time_if("arrives_at")?,
            at: fields.time("at")?,
            epoch: fields.number("epoch")?,
        })
    }
}

/// No money moved and none will: the proof that a payment failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The phone's id of the movement, when the phone started it.
    pub intent_id: Option<Id>,
    /// The payer-code token that was refused, 11 digits.
    pub token_id: Option<String>,
    /// The account.
    pub account_id: Id,
    /// Why, as a stable `snake_case` code of the catalogue of errors.
    pub code: String,
    /// How many tries are left, where tries are counted.
    pub attempts_left: Option<u32>,
    /// When it was refused.
    pub at: Timestamp,
    /// The service's epoch.
    pub epoch: u64,
}

impl Document for Refusal {
    const CONTENT_TYPE: &'static str = "application/kabao-refusal+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.id_if("intent_id", self.intent_id.as_ref());
        maker.text_if("token_id", self.token_id.as_deref());
        maker.id("account_id", &self.account_id);
        maker.text("code", &self.code);
        if let Some(left) = self.attempts_left {
            maker.number("attempts_left", u64::from(left));
        }
        maker.time("at", self.at);
        maker.number("epoch", self.epoch);
    }

    fn take(fields: &mut Fields) -> Result<Refusal, DocumentError> {
        Ok(Refusal {
            intent_id: fields.id_if("intent_id")?,
            token_id: token_if(fields)?,
            account_id: fields.id("account_id")?,
            code: fields.text("code")?,
            attempts_left: fields.small_if("attempts_left")?,
            at: fields.time("at")?,
            epoch: fields.number("epoch")?,
        })
    }
}

/// An intent was given up before it was handed to a bank or acquirer; a late original is refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The phone's id of the movement.
    pub intent_id: Id,
    /// The account.
    pub account_id: Id,
    /// When it was given up.
    pub at: Timestamp,
    /// The service's epoch.
    pub epoch: u64,
}

impl Document for Tombstone {
    const CONTENT_TYPE: &'static str = "application/kabao-tombstone+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.id("intent_id", &self.intent_id);
        maker.id("account_id", &self.account_id);
        maker.time("at", self.at);
        maker.number("epoch", self.epoch);
    }

    fn take(fields: &mut Fields) -> Result<Tombstone, DocumentError> {
        Ok(Tombstone {
            intent_id: fields.id("intent_id")?,
            account_id: fields.id("account_id")?,
            at: fields.time("at")?,
            epoch: fields.number("epoch")?,
        })
    }
}

/// The end of an account's history: how many entries there are and the last link of their chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The account.
    pub account_id: Id,
    /// The number of the last entry; 0 when there is none.
    pub seq: u64,
    /// The link after the last entry (see [`crate::chain`]).
    pub hash: [u8; 32],
    /// When it was stated.
    pub at: Timestamp,
    /// The service's epoch.
    pub epoch: u64,
}

impl Document for Head {
    const CONTENT_TYPE: &'static str = "application/kabao-head+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.id("account_id", &self.account_id);
        maker.number("seq", self.seq);
        maker.bytes("hash", &self.hash);
        maker.time("at", self.at);
        maker.number("epoch", self.epoch);
    }

    fn take(fields: &mut Fields) -> Result<Head, DocumentError> {
        Ok(Head {
            account_id: fields.id("account_id")?,
            seq: fields.number("seq")?,
            hash: fields.fixed("hash")?,
            at: fields.time("at")?,
            epoch: fields.number("epoch")?,
        })
    }
}
