//! The documents that people and programs rely on: what was agreed, what happened, which keys
//! count. Each is a map of deterministic CBOR with text keys, `v` = 1, and a content type of its
//! own; an absent value is an absent key; a key that is not known is refused. Ids are 16 bytes,
//! times are UTC milliseconds since 1970, money is a map of `currency` and `minor`.

mod entry;
mod feed;
mod keyset;
mod map;
mod outcome;
mod terms;
mod verdict;

pub use entry::{HistoryEntry, STATES};
pub use feed::{Feed, MAX_FEED_BODY};
pub use keyset::{ALGORITHM_BOX, ALGORITHM_SIGN, KeyPurpose, KeySet, SetKey};
pub use outcome::{Head, Receipt, ReceiptShows, RecordKind, Refusal, Tombstone};
pub use terms::{MoveKind, Source, Terms};
pub use verdict::Verdict;

use crate::cbor::CborError;
use crate::cose::{self, Cose, CoseError, CoseToSign};
use kabao_base::Timestamp;
use map::{Fields, Maker};

/// The version of every document of this release (key `v`).
pub const VERSION: u64 = 1;

/// Why a document was not accepted. The text names the field that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not deterministic CBOR.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// Not a signed object, or the signature does not fit.
    #[error("{0}")]
    Cose(#[from] CoseError),
    /// Not a map with text keys.
    #[error("not a document")]
    Shape,
    /// A version that is not known here.
    #[error("a version that is not known")]
    UnknownVersion,
    /// A key that is not known here.
    #[error("a field that is not known")]
    UnknownField,
    /// A field that is needed is not there.
    #[error("missing field: {0}")]
    Missing(&'static str),
    /// A field has the wrong kind or a value that is not allowed.
    #[error("malformed field: {0}")]
    Malformed(&'static str),
    /// A document of another kind than asked for.
    #[error("a document of another kind")]
    WrongKind,
    /// The key is not in the set.
    #[error("the key is not in the set")]
    UnknownKey,
    /// The key is in the set for another purpose or another algorithm.
    #[error("the key is for another purpose")]
    WrongPurpose,
    /// The key was not valid at the time of the document.
    #[error("the key was not valid at that time")]
    KeyNotValid,
}

/// A document: what is common to all.
pub trait Document: Sized {
    /// The content type under which it is signed.
    const CONTENT_TYPE: &'static str;

    /// Puts the fields down. Called by [`Document::encode`].
    #[doc(hidden)]
    fn put(&self, maker: &mut Maker);

    /// Takes the fields up. Called by [`Document::decode`].
    #[doc(hidden)]
    fn take(fields: &mut Fields) -> Result<Self, DocumentError>;

    /// The deterministic CBOR.
    fn encode(&self) -> Vec<u8> {
        let mut maker = Maker::new();
        maker.number("v", VERSION);
        self.put(&mut maker);
        maker.finish()
    }

    /// Reads the deterministic CBOR; any other encoding, version or field is refused.
    fn decode(bytes: &[u8]) -> Result<Self, DocumentError> {
        let mut fields = Fields::of(crate::cbor::decode(bytes)?)?;
        if fields.number("v")? != VERSION {
            return Err(DocumentError::UnknownVersion);
        }
        let document = Self::take(&mut fields)?;
        fields.finish()?;
        Ok(document)
    }

    /// The document ready for the signature of the key `kid`.
    fn to_sign(&self, kid: &str) -> Result<CoseToSign, DocumentError> {
        Ok(cose::to_sign(kid, Self::CONTENT_TYPE, &self.encode())?)
    }
}

/// A document that the service signs with a key for its purpose, at a time that stands in it.
trait Signed: Document {
    const PURPOSE: KeyPurpose = KeyPurpose::Documents;

    fn signed_at(&self) -> Timestamp;

    /// Checks kind, key and signature, then the document's own time against the key's life.
    fn open_from(cose: &Cose, keys: &KeySet) -> Result<Self, DocumentError> {
        if cose.content_type != Self::CONTENT_TYPE {
            return Err(DocumentError::WrongKind);
        }
        let key = keys.signing_key(&cose.kid, &Self::PURPOSE)?;
        cose.verify(&key.public_key()?)?;
        let document = Self::decode(&cose.payload)?;
        if key.is_valid_at(document.signed_at()) { Ok(document) } else { Err(DocumentError::KeyNotValid) }
    }
}

macro_rules! signed {
    ($($name:ident),*) => {$(
        impl Signed for $name {
            fn signed_at(&self) -> Timestamp { self.at }
        }

        impl $name {
            /// Opens a signed one: kind, key, purpose, signature and the life of the key are checked.
            pub fn open(bytes: &[u8], keys: &KeySet) -> Result<Self, DocumentError> {
                Self::open_from(&cose::read(bytes)?, keys)
            }
        }
    )*};
}

signed!(Receipt, Refusal, Tombstone, Head);

#[cfg(test)]
mod tests;
