//! The rules of money as pure functions: no input or output, no clock, no chance. Whoever calls
//! hands in what is known and carries out what is asked for.
//!
//! - [`payment`]: a payment that the phone starts; [`merchant`]: one that a merchant starts
//! - [`onboarding`], [`verification`], [`binding`]: the way to a usable wallet
//! - [`law`]: what the law allows, as data; [`checks`] answers published cases about it (feature `checks`)
//! - [`rules`]: what an operator allows and charges, as data below the law
//! - [`refund`]: money that comes back; [`repeats`]: what may be the same thing paid twice
//! - [`limits`], [`fees`], [`sources`], [`statement`]: arithmetic, all of it checked

// An overflow in money is an error that is named, never a number that wraps.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

pub mod binding;
#[cfg(any(test, feature = "checks"))]
pub mod checks;
pub mod fees;
pub mod law;
pub mod limits;
pub mod merchant;
pub mod onboarding;
pub mod payment;
pub mod refund;
pub mod refusal;
pub mod repeats;
pub mod retry;
pub mod rules;
pub mod sources;
pub mod statement;
pub mod verification;

pub use refusal::Refusal;
pub use retry::retry_delay;
