//! What every other crate stands on: money, time, ids, secrets, data classes, folding of what a
//! person types, masking of what a person sees, and the catalogue of errors. No input or output.

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

pub mod catalogue;
pub mod class;
pub mod currency;
pub mod error;
pub mod fold;
pub mod id;
pub mod language;
pub mod mask;
pub mod money;
pub mod numerals;
pub mod secret;
pub mod spoken;
pub mod time;

pub use catalogue::Code;
pub use class::{C1, C2, Class};
pub use currency::Currency;
pub use error::{Actor, Cause, Certainty, Failure, Remedy};
pub use fold::{FoldError, FoldKind, fold};
pub use id::Id;
pub use language::Language;
pub use money::{Money, MoneyError, MoneyView};
pub use secret::{CardNumber, Cvv, IdNumber, Otp, Password, Pin, Secret};
pub use time::Timestamp;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
