//! A merchant endpoint in the shape of Lakala's open platform v3, with an acquirer behind it.
//!
//! `keys` is the folder that merchant and platform share, `wire` what is signed and how, `acquirer` the entry for every
//! path, `pay` and `give_back` what an order goes through, `notify` what the merchant is told without asking, `till`
//! the merchant's side.

mod acquirer;
mod book;
mod codes;
mod fields;
mod give_back;
mod keys;
mod notify;
mod pay;
mod till;
mod wire;

#[cfg(test)]
mod tests;

pub use acquirer::{Acquirer, AcquirerFaults, AcquirerLine, LakalaResponse};
pub use codes::Reply;
pub use keys::ChannelKeys;
pub use notify::{Notification, is_acknowledgement};
pub use till::{Micropay, SignedRequest, Till, TillAnswer, TillError, TillNotification};

/// The till scans the payer code.
pub const MICROPAY: &str = "/api/v3/labs/trans/micropay";
/// The till shows a code; not offered.
pub const PREORDER: &str = "/api/v3/labs/trans/preorder";
/// What became of an order.
pub const TRADEQUERY: &str = "/api/v3/labs/query/tradequery";
/// Gives back a part or all.
pub const REFUND: &str = "/api/v3/labs/relation/refund";
/// Undoes a payment.
pub const REVOKED: &str = "/api/v3/labs/relation/revoked";
/// Closes a preorder; not offered.
pub const CLOSE: &str = "/api/v3/labs/relation/close";
/// Every path that `Acquirer::handle` answers.
pub const PATHS: [&str; 6] = [MICROPAY, PREORDER, TRADEQUERY, REFUND, REVOKED, CLOSE];
