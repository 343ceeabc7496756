//! Limits on the wire.

use kabao_base::{Id, Money};
use serde::{Deserialize, Serialize};

/// What the service counted; kept as it came in the cache.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Counters {
    pub(crate) rules_version: u64,
    pub(crate) class: u8,
    pub(crate) frozen: bool,
    #[serde(default)]
    pub(crate) low_until: Option<i64>,
    pub(crate) balance: Money,
    #[serde(default)]
    pub(crate) held: Option<Money>,
    pub(crate) counters: Vec<Counter>,
    #[serde(default)]
    pub(crate) counted: Vec<Id>,
    pub(crate) own: OwnCaps,
    #[serde(default)]
    pub(crate) own_next: Option<OwnCaps>,
}

/// How much of one counter is used.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Counter {
    pub(crate) counter: String,
    #[serde(default)]
    pub(crate) card_id: Option<Id>,
    pub(crate) used: Money,
}

/// Caps that the person set.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct OwnCaps {
    #[serde(default)]
    pub(crate) single: Option<Money>,
    #[serde(default)]
    pub(crate) day: Option<Money>,
    pub(crate) from: i64,
}
