//! The simulated outside world of the reference service: card bank, identity vendor and Lakala, with
//! books of their own and faults on switches. It never sees the wallet service's books.

mod port;
pub use port::*;
