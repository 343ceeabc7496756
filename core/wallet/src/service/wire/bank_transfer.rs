//! Top-up by bank transfer, on the wire.

use kabao_base::{Id, Money};
use serde::{Deserialize, Serialize};

/// Where to transfer money to, and what came; kept as it came in the cache.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct BankTransfer {
    pub(crate) name: String,
    pub(crate) account_no: String,
    pub(crate) bank: String,
    pub(crate) memo: String,
    pub(crate) usual_minutes: u32,
    pub(crate) working_days_only: bool,
    #[serde(default)]
    pub(crate) arrivals: Vec<Arrival>,
}

/// What came with the memo.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Arrival {
    pub(crate) record_id: Id,
    pub(crate) amount: Money,
    pub(crate) state: String,
    pub(crate) why: Option<String>,
    pub(crate) support_no: String,
    pub(crate) at: i64,
}
