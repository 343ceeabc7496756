//! What phones say and hear about the person behind an account.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the vendor's component binds its token to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NonceOut {
    /// Once, for this account.
    pub nonce: String,
    /// Until when.
    pub expires_at: i64,
}

/// A guardian's code of consent.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct GuardianCodeOut {
    /// Eight digits, for one person.
    pub code: String,
    /// Until when.
    pub expires_at: i64,
}

/// Asks one more register about the person.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceCheckIn {
    /// Which one: one of the names in the answer.
    #[schema(pattern = "^[a-z_]{1,40}$")]
    pub source: String,
}

/// The class of the payment account and what the next one needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClassesOut {
    /// 0 to 3.
    pub class: i64,
    /// The highest class that the person may have; below 3 for who is under 18.
    pub highest: i64,
    /// The checks that agree, oldest first.
    pub checks: Vec<CheckOut>,
    /// How many checks each class needs, class I first.
    pub needs: Vec<i64>,
    /// Registers that can still be asked.
    pub sources: Vec<SourceStateOut>,
}

/// An external check that agrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckOut {
    /// A register, or `bank` for a bound card.
    pub source: String,
    /// The bank of a bound card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// When.
    pub at: i64,
}

/// A register that can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceStateOut {
    /// Its name.
    pub source: String,
    /// What it said last, when it did not agree: `source_mismatch`, `source_not_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}
