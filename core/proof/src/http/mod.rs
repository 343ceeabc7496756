//! Signed requests and answers: HTTP Message Signatures (RFC 9421) with P-256 over the digest of
//! the body (RFC 9530). Label `kabao`, algorithm `ecdsa-p256-sha256`.
//!
//! A request covers `@method @authority @path @query content-digest`, and `kabao-head` when it is
//! sent; its parameters are `created`, `nonce`, `alg`, `keyid`. An answer covers `@status
//! content-type content-digest kabao-time kabao-epoch`, `kabao-last-head` when it is sent, the
//! request's `@method @path @query content-digest`, and the request's signature when it had one;
//! its parameters are `created`, `alg`, `keyid`. An answer therefore fits one request only.

mod answer;
mod fields;
mod headers;
mod request;

pub use answer::{AnswerParts, RequestEcho, SignedAnswer, read_answer, sign_answer};
pub use fields::{ToSign, content_digest};
pub use headers::Headers;
pub use request::{RequestParts, SignedRequest, SigningParams, read_request, read_unsigned, sign_request};

/// The label of the signature.
pub const LABEL: &str = "kabao";
/// The algorithm, by its name in the IANA registry of RFC 9421.
pub const ALGORITHM: &str = "ecdsa-p256-sha256";
/// The header that carries the head of the history that the phone knows.
pub const HEAD: &str = "kabao-head";
/// The header that carries the service's time: UTC milliseconds since 1970, decimal.
pub const TIME: &str = "kabao-time";
/// The header that carries the service's epoch, decimal.
pub const EPOCH: &str = "kabao-epoch";
/// The header that carries the head of the history that the service knows.
pub const LAST_HEAD: &str = "kabao-last-head";

/// Why a message was not signed or not accepted. The text names the header or part that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpSigError {
    /// A header or part that is needed is not there.
    #[error("missing: {0}")]
    Missing(&'static str),
    /// A header or part cannot be read, or is there twice.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// A header or part is longer than accepted.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// The body is not the one that the digest names.
    #[error("the digest does not fit the body")]
    WrongDigest,
    /// The signature does not cover exactly what it has to.
    #[error("the signature does not cover what it has to")]
    WrongCoverage,
    /// Another algorithm than ecdsa-p256-sha256.
    #[error("another algorithm than expected")]
    WrongAlgorithm,
    /// Not exactly one signature with the label `kabao`.
    #[error("not exactly one signature with the expected label")]
    WrongLabel,
    /// The signature does not fit the key.
    #[error("the signature does not fit")]
    WrongSignature,
}

#[cfg(test)]
mod tests;
