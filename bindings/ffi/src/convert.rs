//! What is more than handing on: the one place of this crate with branches. `tests/thin.rs` holds the rest to delegating.

/// Runs calls on the wallet's threads.
pub(crate) mod calls;
/// What the device lends.
pub(crate) mod device;
/// What happens when the code of the wallet or of the app panics or throws.
pub(crate) mod faults;
