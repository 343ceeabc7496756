//! The encrypted files of the wallet: lock the folder, open, key, probe, migrate, one writer, one reader.
//! Knows no business: which tables there are is said by the caller's migrations.
//!
//! A file is opened in one fixed order ([`Db::open`]); a wrong key, damage, a newer schema, a busy file, a full disk,
//! a read-only place and a folder in use are different errors ([`VaultError`]). This is the only crate that opens a
//! database file, so that no plain one can appear beside the encrypted ones.

mod db;
mod erase;
mod error;
mod folder;
mod guard;
mod key;
mod open;
mod settings;
mod spec;
#[cfg(test)]
mod tests;

pub use db::{Counters, Db};
pub use erase::{Entry, EntryKind};
pub use error::VaultError;
pub use folder::Folder;
pub use key::{Cipher, FileKey, KeyEnvelope};
pub use open::Presence;
pub use kabao_vault_sys::{Cached, WipingAllocator, wipe_stack};
pub use spec::{Durability, FileSpec, Migration};

/// The version of the SQLite that this program carries, for a page about the app and for reports: `3.54.0`. It is never that of
/// another SQLite in the same process.
///
/// # Examples
/// ```
/// assert!(kabao_vault::engine_version().starts_with("3."));
/// ```
#[must_use]
pub fn engine_version() -> String {
    rusqlite::version().to_owned()
}
