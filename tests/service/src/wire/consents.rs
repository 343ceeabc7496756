//! Consents: what there is, what was given, what was taken back.

use super::ConsentOut;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A consent to one version of a document.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub consent_id: String,
    /// Which document.
    #[schema(pattern = "^(terms|privacy|real_name|face|card_binding)$")]
    pub document: String,
    /// The version that was shown.
    #[schema(max_length = 40)]
    pub version: String,
    /// SHA-256 of the text that was shown, hexadecimal. Another text than that of the version is another version.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub digest: Option<String>,
}

/// A document as it is shown today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsentTextOut {
    /// Its name.
    pub document: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the text, hexadecimal.
    pub digest: String,
    /// The text.
    pub text: String,
}

/// Takes a consent back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalIn {
    /// Which document.
    #[schema(pattern = "^(terms|privacy|real_name|face|card_binding)$")]
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
