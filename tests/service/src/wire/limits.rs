//! Limits: what is counted, and the caps that the person sets.

use super::{AmountIn, AmountOut, BoxIn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much of one counter is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CounterOut {
    /// `day`, `static_day`, `code_day`, `year`, `life` (from the balance), `low`, `own_day`, `top_up_day`, `withdraw_day`, `transfer_day`; `card_day` and
    /// `card_static` of a card; `free_top_up`, `free_pay`, `free_ask`, `free_withdraw`, `free_transfer` of the free quotas.
    pub counter: String,
    /// The card, for a counter of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
    /// Used.
    pub used: AmountOut,
}

/// Caps that the person set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnCapsOut {
    /// In one payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single: Option<AmountOut>,
    /// In a calendar day of UTC+8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<AmountOut>,
    /// From when on these count.
    pub from: i64,
}

/// What is counted, and against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CountersOut {
    /// As of when.
    pub at: i64,
    /// The version of the rules in force.
    pub rules_version: u64,
    /// 0 to 3.
    pub class: i64,
    /// Frozen.
    pub frozen: bool,
    /// Until when limits are low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_until: Option<i64>,
    /// The balance.
    pub balance: AmountOut,
    /// How much of it is held and cannot be paid with.
    pub held: AmountOut,
    /// What is used; what is not named is zero.
    pub counters: Vec<CounterOut>,
    /// The newest intents that are counted here, at most 200.
    pub counted: Vec<String>,
    /// The caps that count now.
    pub own: OwnCapsOut,
    /// Those that take their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_next: Option<OwnCapsOut>,
}

/// Caps to be. What is absent is no cap.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnCapsIn {
    /// In one payment.
    pub single: Option<AmountIn>,
    /// In a day.
    pub day: Option<AmountIn>,
    /// Made by the phone for each try of the PIN, so that a try whose answer was lost is not taken for the next one.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: Option<String>,
    /// The PIN, needed for a higher cap; bound to SHA-256 of `kabao-own-caps-1`, change id, proof id, account, single and day in
    /// fen (empty for none), zero bytes between.
    pub pin_box: Option<BoxIn>,
}
