//! The simulated outside world of the reference service: card bank, identity vendor and Lakala, with
//! books of their own and faults on switches. It never sees the wallet service's books.

mod bank;
mod error;
mod fingerprint;
mod identity;
pub mod lakala;
mod port;
mod store;
#[cfg(test)]
mod testing;

pub use bank::{BankCallback, BankFault, BankFaults, CardState, IncomingTransfer, OtpRefused, SimulatedBank, TestCard};
pub use error::OutsideError;
pub use identity::{LivenessResult, SimulatedVendor, VendorFaults};
pub use port::*;
