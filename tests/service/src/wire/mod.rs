//! The JSON of the contract. Requests refuse fields that they do not know; ids, amounts and bytes come as
//! text and are read by the functions of `read`, so that each refusal has its own name.

mod answers;
mod build;
mod consents;
mod devices;
mod change;
mod identity;
mod cards;
mod limits;
mod pin_reset;
mod read;
mod refunds;
mod requests;
mod secure;
mod transfers;
mod bank_transfer;

pub use answers::*;
pub use build::*;
pub use consents::*;
pub use devices::*;
pub use change::*;
pub use identity::*;
pub use cards::*;
pub use limits::*;
pub use pin_reset::*;
pub use read::{NAME_MOST, bytes, digest, fen, id, key, maybe_id, plain, text};
pub use refunds::*;
pub use requests::*;
pub use secure::*;
pub use transfers::*;
pub use bank_transfer::*;
