//! People who are paid, and transfers, on the wire.

use kabao_base::{Id, Money, Timestamp};
use serde::Deserialize;

/// Somebody who can be paid.
#[derive(Deserialize)]
pub(crate) struct PersonPayee {
    pub(crate) payee_id: Id,
    pub(crate) name_masked: String,
    pub(crate) phone_masked: String,
    pub(crate) first_time: bool,
    pub(crate) name_checked: bool,
    pub(crate) delays_ms: Vec<u32>,
}

/// How a transfer stands.
#[derive(Deserialize)]
pub(crate) struct Transfer {
    pub(crate) state: String,
    pub(crate) arrives_at: Timestamp,
    pub(crate) record_id: Id,
    pub(crate) payee_name: String,
    pub(crate) amount: Money,
}
