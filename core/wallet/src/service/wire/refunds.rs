//! What was asked back from merchants, on the wire.

use kabao_base::{Id, Money};
use serde::{Deserialize, Serialize};

/// Everything that the account asked back; kept as it came in the cache.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct RefundAsks {
    pub(crate) asks: Vec<RefundAsk>,
    #[serde(default)]
    pub(crate) changed_at: Option<i64>,
}

/// How one stands.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct RefundAsk {
    pub(crate) ask_id: Id,
    pub(crate) record_id: Id,
    pub(crate) other_id: Option<Id>,
    pub(crate) amount: Money,
    pub(crate) agreed: Option<Money>,
    pub(crate) reason: String,
    pub(crate) state: String,
    pub(crate) why: Option<String>,
    pub(crate) refund_id: Option<Id>,
    pub(crate) asked_at: i64,
    pub(crate) answered_at: Option<i64>,
    pub(crate) due_at: Option<i64>,
}
