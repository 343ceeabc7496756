//! Consents: what there is, what was given, what was taken back.

use super::ConsentOut;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Takes a consent back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalIn {
    /// `real_name`.
    #[schema(pattern = "^real_name$")]
    pub document: String,
    /// The version that was consented to.
    #[schema(pattern = "^[ -~]{1,40}$")]
    pub version: String,
}

/// A consent that was given, and perhaps taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsentGiven {
    /// Its id.
    pub consent_id: String,
    /// What it is to.
    pub document: String,
    /// Which version.
    pub version: String,
    /// When it arrived, in milliseconds since 1970.
    pub at: i64,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
}

/// Documents and consents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsentsOut {
    /// The documents with the versions that are shown today.
    pub documents: Vec<ConsentOut>,
    /// What the account gave, oldest first.
    pub given: Vec<ConsentGiven>,
}
