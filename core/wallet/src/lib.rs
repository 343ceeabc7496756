//! The wallet itself. Start at [`Wallet::open`]; a payment reads as a walk: `codes::read` → `pay/scan` → `pay/quote`
//! → `pay/confirm` → `intents` → `pay/receipt` → `history`. Modules stand in the order in which they may use each
//! other: each one only those above it, and no feature another feature (`tests/layering.rs`).

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

/// What goes wrong, as it crosses to the apps.
pub mod error;
/// What the device lends: traits and the real implementation.
pub mod host;
/// Every sentence a person reads.
pub mod words;
/// The client of the wallet service: transport, signing, keys, its own wire types.
mod service;
/// Typed rows of the three files; the only SQL.
mod tables;
/// What all features share: files, client, clock, listeners, lock.
mod shared;
/// The engine: every movement of money goes through it.
mod intents;

/// Registration, PIN, recovery sheet, onboarding.
pub mod account;
/// Bound cards.
pub mod cards;
/// What is kept about the person: inventory, consents, export, erasing.
pub mod data;
/// Limits, fees, and what stands in the way of a payment.
pub mod limits;
/// Who runs this wallet, and under which licence.
pub mod operator;
/// The list of what happened, months, sync.
pub mod history;
/// The real name.
pub mod identity;
/// Scanning, quoting, confirming, watching, payer codes, receipts.
pub mod pay;

#[cfg(feature = "figures")]
#[doc(hidden)]
pub mod figures;
mod wallet;

pub use error::WalletError;
pub use kabao_vault::{WipingAllocator, engine_version, wipe_stack};
pub use shared::{EraseReport, Subscription, VerificationView, WalletEvent, WalletListener};
pub use wallet::{BuildIdentity, LockAfterView, ServiceSettings, Wallet, WalletSettings};
