//! Top-up by bank transfer, on the wire.

use super::AmountOut;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where to transfer money to, with which memo, and what came.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BankTransferOut {
    /// Whose account it is.
    pub name: String,
    /// Its number, digits only.
    pub account_no: String,
    /// Its bank.
    pub bank: String,
    /// Names the person's account; the same as long as the account lives.
    #[schema(pattern = "^KB[0-9A-HJKMNP-TV-Z]{8}[0-9]{2}$")]
    pub memo: String,
    /// How long it usually takes on a working day.
    pub usual_minutes: u32,
    /// What is sent at night, at a weekend or on a holiday is booked on the next working day.
    pub working_days_only: bool,
    /// What came, newest first, at most twenty.
    pub arrivals: Vec<ArrivalOut>,
}

/// One transfer that came with the memo.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ArrivalOut {
    /// The record of the history.
    pub record_id: String,
    /// How much.
    pub amount: AmountOut,
    /// `credited`, `returning` (on its way back to the sender), `returned`.
    pub state: String,
    /// Why it was not credited: a name of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What support finds it by.
    pub support_no: String,
    /// When the bank booked it.
    pub at: i64,
    /// When it was credited, or was back with the bank it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
}
