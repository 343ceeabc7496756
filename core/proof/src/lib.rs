//! What is signed, sealed and chained, and how each is checked. Used by the wallet on the phone,
//! by the reference service and by `kabao verify`, so that all three read a proof alike.
//!
//! Nothing here reads a clock, a file or a random source: times and random bytes are handed in.
//! Signing is in two steps (`to_sign`, then `finish`) so that the key may live in hardware.

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

pub mod boxes;
pub mod cbor;
pub mod chain;
pub mod cose;
mod curve;
pub mod digest;
pub mod documents;
pub mod http;
pub mod keys;
#[cfg(any(test, feature = "software-keys"))]
pub mod software;

pub use boxes::{BoxError, BoxPrivateKey, BoxPublicKey, FnRng, SealedBox};
pub use cbor::CborError;
pub use cose::{Cose, CoseError, CoseToSign};
pub use digest::{Digest32, base64url, hex, sha256};
pub use documents::{
    Document, DocumentError, Feed, Head, HistoryEntry, KeyPurpose, KeySet, MoveKind, Receipt, ReceiptShows, RecordKind, Refusal, SetKey,
    Source, Terms, Tombstone, Verdict,
};
pub use http::{
    AnswerParts, Headers, HttpSigError, RequestEcho, RequestParts, SignedAnswer, SignedRequest, SigningParams, ToSign,
};
pub use keys::{KeyError, PublicKey, Signature};
#[cfg(any(test, feature = "software-keys"))]
pub use software::SoftwareKey;
/// The random source that boxes take, by the name of the traits it implements.
pub use hpke::rand_core;
