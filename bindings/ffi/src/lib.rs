//! The boundary to Kotlin and Swift. Start at [`KabaoWallet::open`]: it gives one client per feature, and each client's
//! calls delegate to the wallet in one line. Every call runs on the wallet's own threads; who gives up waiting for one
//! does not stop it. Records, events and errors come from the crates that own them.

uniffi::setup_scaffolding!();

/// What this library frees is overwritten: arguments and answers on their way over the boundary, buffers of the network.
#[global_allocator]
static MEMORY: kabao_core::WipingAllocator = kabao_core::WipingAllocator::new();

/// What is more than handing on.
mod convert;
/// Every sentence a person reads about failures and steps.
mod words;

/// Registration, PIN, recovery sheet, onboarding.
mod account;
/// Passwords, the second factor, devices, signing in and out.
mod secure;
/// Bound cards.
mod cards;
/// What is kept about the person.
mod data;
/// Limits, fees, and what stands in the way of a payment.
mod limits;
/// Who runs the wallet.
mod operator;
/// The list of what happened.
mod history;
/// The real name.
mod identity;
/// Paying.
mod pay;
/// Reading a tag.
mod tag;
/// Opening, locking, closing.
mod wallet;

use convert::{calls, device, faults};

pub use account::AccountClient;
pub use cards::CardsClient;
pub use data::DataClient;
#[cfg(feature = "dev-keys")]
pub use device::dev_only_software_keys;
pub use faults::{engine_version, fault_places};
pub use history::HistoryClient;
pub use identity::IdentityClient;
pub use limits::LimitsClient;
pub use operator::OperatorClient;
pub use pay::{PayClient, ShowingView};
pub use tag::TagReader;
pub use wallet::{EventSubscription, KabaoWallet, set_aside_lost_wallet};
pub use words::{explain_failure, language_of_tag, onboarding_words, screen_words, showing_words};
