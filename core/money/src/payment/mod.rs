//! A payment that the phone starts: top-up, payment by collection code, confirmation of what a
//! merchant asked. Promises: executed at most once, and final only by a signed word.
//!
//! ```text
//! Draft → Approved → Queued → Sending → Succeeded | Failed | Unknown
//! Unknown → Succeeded | Failed | Sending (same id) | Fencing
//! Fencing → Succeeded | Failed | Unknown (it was handed to a bank)
//! Approved, Queued → Fencing (given up before it was sent)
//! ```
//!
//! - Anything but a signed answer is *Unknown*. *Not found* is not *Failed*: the same bytes go
//!   under the same id again, unless the service was restored since, or the person gave up.
//! - *Failed* needs a signed refusal, a finished reversal or a tombstone. So a payment that is
//!   given up before it was sent is fenced as well.
//! - A final state stays. The same verdict again changes nothing; another verdict is reported as
//!   [`StepRefused::Contradiction`] and changes nothing either.

mod machine;
mod types;

pub use machine::{due, step};
pub use types::{PaymentEffect, PaymentEvent, PaymentFacts, PaymentState, PaymentStep, StepRefused};

#[cfg(test)]
mod explored;
#[cfg(test)]
mod table;
