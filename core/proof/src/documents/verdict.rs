//! The end of a payment, in whichever of its three signed forms.

use super::{Document, DocumentError, KeySet, Receipt, Refusal, Signed, Tombstone};
use crate::cose;
use kabao_base::{Id, Timestamp};

/// The signed proof of how a payment ended. Without one it has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time is held, and most are receipts")]
pub enum Verdict {
    /// Money moved.
    Receipt(Receipt),
    /// No money moved and none will.
    Refusal(Refusal),
    /// Given up before anything was handed over.
    Tombstone(Tombstone),
}

impl Verdict {
    /// Opens whichever of the three it is. Kind, key, purpose, signature and the life of the key are checked.
    pub fn open(bytes: &[u8], keys: &KeySet) -> Result<Verdict, DocumentError> {
        let cose = cose::read(bytes)?;
        match cose.content_type.as_str() {
            Receipt::CONTENT_TYPE => Receipt::open_from(&cose, keys).map(Verdict::Receipt),
            Refusal::CONTENT_TYPE => Refusal::open_from(&cose, keys).map(Verdict::Refusal),
            Tombstone::CONTENT_TYPE => Tombstone::open_from(&cose, keys).map(Verdict::Tombstone),
            _ => Err(DocumentError::WrongKind),
        }
    }

    /// The phone's id of the movement, when the phone started it.
    pub fn intent_id(&self) -> Option<Id> {
        match self {
            Verdict::Receipt(receipt) => receipt.intent_id,
            Verdict::Refusal(refusal) => refusal.intent_id,
            Verdict::Tombstone(tombstone) => Some(tombstone.intent_id),
        }
    }

    /// The payer-code token, when the merchant started it.
    pub fn token_id(&self) -> Option<&str> {
        match self {
            Verdict::Receipt(receipt) => receipt.token_id.as_deref(),
            Verdict::Refusal(refusal) => refusal.token_id.as_deref(),
            Verdict::Tombstone(_) => None,
        }
    }

    /// The account that it is about.
    pub fn account_id(&self) -> Id {
        match self {
            Verdict::Receipt(receipt) => receipt.account_id,
            Verdict::Refusal(refusal) => refusal.account_id,
            Verdict::Tombstone(tombstone) => tombstone.account_id,
        }
    }

    /// When it was decided.
    pub fn at(&self) -> Timestamp {
        match self {
            Verdict::Receipt(receipt) => receipt.at,
            Verdict::Refusal(refusal) => refusal.at,
            Verdict::Tombstone(tombstone) => tombstone.at,
        }
    }

    /// The service's epoch.
    pub fn epoch(&self) -> u64 {
        match self {
            Verdict::Receipt(receipt) => receipt.epoch,
            Verdict::Refusal(refusal) => refusal.epoch,
            Verdict::Tombstone(tombstone) => tombstone.epoch,
        }
    }
}
