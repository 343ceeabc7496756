//! People who are paid, and transfers, on the wire.

use super::AmountOut;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Looks a person up by number.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPayeeIn {
    /// E.164.
    #[schema(min_length = 8, max_length = 20)]
    pub phone: String,
    /// The first character of the name, which the masked name hides: to be sure that it is this person.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 8)]
    pub name_begins: Option<String>,
}

// A number of somebody else does not print.
impl std::fmt::Debug for PersonPayeeIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PersonPayeeIn(…)")
    }
}

/// A person who can be paid, as far as the payer may know.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonPayeeOut {
    /// For a quote of kind `transfer`.
    pub payee_id: String,
    /// All but the last character hidden.
    pub name_masked: String,
    /// As the payer typed it, masked.
    pub phone_masked: String,
    /// This payer has sent nothing there yet.
    pub first_time: bool,
    /// This payer has given the hidden beginning of the name.
    pub name_checked: bool,
    /// How long a transfer may wait, in milliseconds; while it waits it can be called back.
    pub delays_ms: Vec<i64>,
}

/// How a transfer stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TransferOut {
    /// `waiting`, `arrived`, `cancelled`, `returned` (the payee's account was closed).
    pub state: String,
    /// When it arrives, or would have.
    pub arrives_at: i64,
    /// The payer's record of the history.
    pub record_id: String,
    /// Who is paid, masked.
    pub payee_name: String,
    /// What arrives.
    pub amount: AmountOut,
}
