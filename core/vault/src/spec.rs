//! What the caller says about a file before it is opened.

use std::time::Duration;

use crate::VaultError;

/// How hard a commit tries to be on disk before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The folder entry is synced too until the file exists with its schema, then as [`Durability::Full`]. For a file
    /// whose first commit must not be undone by a power cut: without it the journal of the file's creation can come
    /// back and roll everything back.
    ExtraThenFull,
    /// A commit that answered survives a power cut.
    Full,
    /// The file stays whole after a power cut, the last commits may be gone. For what can be rebuilt.
    Normal,
}

/// One numbered step of a file's schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number; steps ascend from 1.
    pub version: u32,
    /// Its statements. They run in one transaction together with the new number, so they contain none of their own.
    pub sql: &'static str,
}

/// One encrypted file: its name, its durability and its schema steps.
#[derive(Clone, Copy, Debug)]
pub struct FileSpec {
    /// The file's name in the folder, for example `ledger.db`.
    pub name: &'static str,
    /// How commits are synced.
    pub durability: Durability,
    /// The schema, oldest step first. Steps that a released app contained never change.
    pub migrations: &'static [Migration],
    /// True for a file whose content can be fetched again; only such a file may be dropped.
    pub rebuildable: bool,
    /// The most pages of 4096 bytes the file may have; beyond it a write answers [`VaultError::DiskFull`].
    pub page_limit: Option<u32>,
    /// True when one thread does all the work on the file: reads then run on the connection that writes, and opening
    /// costs half. What a read writes is rolled back.
    pub one_connection: bool,
    /// How long a call waits for another connection's lock before it answers [`VaultError::Busy`]; at most a
    /// minute.
    pub patience: Duration,
}

impl FileSpec {
    /// A file that is never dropped, without a limit, that waits two seconds for a lock.
    #[must_use]
    pub const fn new(
        name: &'static str,
        durability: Durability,
        migrations: &'static [Migration],
    ) -> Self {
        Self {
            name,
            durability,
            migrations,
            rebuildable: false,
            page_limit: None,
            one_connection: false,
            patience: Duration::from_secs(2),
        }
    }

    /// The newest schema number; 0 without steps.
    pub(crate) fn newest(&self) -> u32 {
        self.migrations.last().map_or(0, |step| step.version)
    }

    /// The patience in whole milliseconds, at most a minute.
    pub(crate) fn patience_ms(&self) -> u32 {
        const MINUTE: u32 = 60_000;
        u32::try_from(self.patience.as_millis())
            .unwrap_or(MINUTE)
            .min(MINUTE)
    }

    /// Steps must ascend from 1, or a file could skip one.
    pub(crate) fn check(&self) -> Result<(), VaultError> {
        check_name(self.name)?;
        let mut before = 0_u32;
        for step in self.migrations {
            if step.version <= before || i32::try_from(step.version).is_err() {
                return Err(VaultError::MigrationOrder);
            }
            before = step.version;
        }
        Ok(())
    }

    /// A number derived from the name (FNV-1a) and written into the file, so that one of the wallet's files put in the
    /// place of another, which has the same key, is noticed.
    pub(crate) fn mark(&self) -> i32 {
        let hash = self.name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        // Kept positive and not zero: zero means "not marked".
        i32::try_from(hash >> 1).unwrap_or(1).max(1)
    }
}

/// Names come from code, stamps from callers; neither may leave the folder.
pub(crate) fn check_name(name: &str) -> Result<(), VaultError> {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !plain {
        return Err(VaultError::Name);
    }
    Ok(())
}
