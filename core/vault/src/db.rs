//! An open file: one connection that writes, and one that reads unless one thread does all the work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{clear_device_failure, device_failure, is_device_failure};
use crate::folder::{Claim, Folder};
use crate::open::{open_reader, open_writer, with_key};
use crate::{FileKey, FileSpec, Presence, VaultError};

/// One open encrypted file. May be shared between threads; every call blocks the thread it runs on.
///
/// The wallet decides on which thread it works; this type only makes sure that one write happens at a time and that a
/// read sees one state of the file. Writes and reads do not wait for each other.
pub struct Db {
    // Order matters when dropped: the writer closes last and folds the log in, then the name is free.
    reader: Option<Mutex<Connection>>,
    writer: Mutex<Connection>,
    commits: Arc<AtomicU64>,
    poisoned: AtomicBool,
    _claim: Claim,
}

/// What a file has cost since it was opened. Differences between two readings are what a piece of work cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Pages of 4096 bytes read from disk and decrypted, by both connections.
    pub pages_read: u64,
    /// Pages written to the write-ahead log.
    pub frames_written: u64,
    /// Transactions committed after opening.
    pub commits: u64,
}

impl Db {
    /// Opens a file of the folder: lock, open, guard, key, probe, schema check, settings, read back, schema steps.
    ///
    /// A file that is refused for its key, its schema number or its plain text is left as it was found, byte for byte.
    ///
    /// # Errors
    /// [`VaultError::InUse`], [`VaultError::Missing`], [`VaultError::MissingBesideLog`], [`VaultError::NotEncrypted`],
    /// [`VaultError::WrongKeyOrDamaged`], [`VaultError::Corrupt`], [`VaultError::WrongFile`],
    /// [`VaultError::NewerSchema`], [`VaultError::Settings`], [`VaultError::Migration`], [`VaultError::Busy`],
    /// [`VaultError::DiskFull`], [`VaultError::ReadOnly`] and [`VaultError::Io`], each for what its name says.
    pub fn open(
        folder: &Folder,
        spec: &FileSpec,
        key: &FileKey,
        presence: Presence,
    ) -> Result<Self, VaultError> {
        let claim = folder.claim(spec.name)?;
        let path = claim.path();
        let keying = with_key(key);
        let mut writer = open_writer(&path, spec, presence, &keying)?;
        let reader = if spec.one_connection { None } else { Some(Mutex::new(open_reader(&path, spec, &keying)?)) };
        let commits = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&commits);
        writer.commit_hook(Some(move || {
            count.fetch_add(1, Ordering::Relaxed);
            false
        }))?;
        Ok(Self {
            reader,
            writer: Mutex::new(writer),
            commits,
            poisoned: AtomicBool::new(false),
            _claim: claim,
        })
    }

    /// Runs `work` in one transaction: committed when it returns a value, rolled back when it returns an error or
    /// panics. When this returns a value, the commit is as durable as the file promises.
    ///
    /// Values are always bound, never put into the text of a statement. Do not call `write` from inside `work`.
    ///
    /// # Errors
    /// What `work` returned; otherwise a [`VaultError`]. After [`VaultError::Io`] it is not known whether the commit
    /// is on disk: open the file again and look.
    pub fn write<T, E: From<VaultError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = hold(&self.writer);
        self.watched(&mut writer, |connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(VaultError::from)?;
            let value = work(&transaction)?;
            if let Some(code) = device_failure() {
                // The work swallowed a failure of the device: what it believes it wrote may not be there.
                return Err(VaultError::Io { code }.into());
            }
            if transaction.is_autocommit() {
                return Err(VaultError::TransactionLost.into());
            }
            transaction.commit().map_err(VaultError::from)?;
            Ok(value)
        })
    }

    /// Runs `work` on the connection that cannot write. All its queries see one state of the file, the last commit
    /// before it began.
    ///
    /// Do not call `read` from inside `work`.
    ///
    /// # Errors
    /// What `work` returned; otherwise a [`VaultError`].
    pub fn read<T, E: From<VaultError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut reader = hold(self.reader.as_ref().unwrap_or(&self.writer));
        self.watched(&mut reader, |connection| {
            let changes = connection.total_changes();
            // Never committed: dropped, it is rolled back.
            let transaction = connection.transaction().map_err(VaultError::from)?;
            let value = work(&transaction)?;
            if transaction.total_changes() == changes { Ok(value) } else { Err(VaultError::ReadOnly.into()) }
        })
    }

    /// Folds the write-ahead log into the file and empties it.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when a read holds it up for longer than the file's patience.
    pub fn checkpoint(&self) -> Result<(), VaultError> {
        let mut writer = hold(&self.writer);
        self.watched(&mut writer, |connection| fold_log(connection))
    }

    /// Folds the log in and closes. What could not be folded in stays in the log and is read at the next opening.
    ///
    /// What the file said and its key are then no longer in memory: the library overwrites what it frees, and the stack of
    /// this thread is overwritten. What was read into values of the caller is the caller's.
    ///
    /// # Errors
    /// As [`Db::checkpoint`]; the file is closed in any case.
    pub fn close(self) -> Result<(), VaultError> {
        let closed = self.close_all();
        kabao_vault_sys::wipe_stack();
        closed
    }

    // Apart, so that its calls lie deeper in the stack than the one that overwrites it.
    #[inline(never)]
    fn close_all(self) -> Result<(), VaultError> {
        if self.poisoned.load(Ordering::Acquire) {
            self.abandon();
            return Err(VaultError::Poisoned);
        }
        let folded = self.checkpoint();
        let close = |connection: Mutex<Connection>| -> Result<(), VaultError> {
            let connection = connection.into_inner().unwrap_or_else(PoisonError::into_inner);
            connection.close().map_err(|(_, error)| error.into())
        };
        // The reader first: the last one to close removes the log. Both close whatever the other said.
        let first = self.reader.map_or(Ok(()), close);
        let last = close(self.writer);
        folded.and(first).and(last)
    }

    /// Closes without touching the log, as if the process had ended here. For a connection that is no longer trusted.
    pub fn abandon(self) {
        self.keep_log();
    }

    /// What the file has cost since it was opened. Waits for running work.
    ///
    /// # Errors
    /// A [`VaultError::Statement`] when the library refuses to tell.
    pub fn counters(&self) -> Result<Counters, VaultError> {
        let writer = kabao_vault_sys::page_counts(&hold(&self.writer))?;
        let read_beside = match &self.reader {
            Some(reader) => kabao_vault_sys::page_counts(&hold(reader))?.read,
            None => 0,
        };
        Ok(Counters {
            pages_read: writer.read.saturating_add(read_beside),
            frames_written: writer.written,
            commits: self.commits.load(Ordering::Relaxed),
        })
    }

    /// True after a failure of the device: the file must be closed and opened again.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// Refuses work on a poisoned file, and poisons it when the device failed during the work. A failed sync may have
    /// dropped pages that memory still shows, so nothing that follows on this connection could be believed.
    fn watched<T, E: From<VaultError>>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.is_poisoned() {
            return Err(VaultError::Poisoned.into());
        }
        clear_device_failure();
        let outcome = work(connection);
        self.judge(connection, outcome.is_err());
        outcome
    }

    /// Apart from `watched`, which is compiled anew for each kind of work.
    fn judge(&self, connection: &Connection, refused: bool) {
        // The last code catches an error that the work turned into its own type without passing through this crate's.
        let failed = device_failure().is_some() || (refused && is_device_failure(kabao_vault_sys::last_code(connection)));
        if failed {
            self.poisoned.store(true, Ordering::Release);
            // Pages that cannot be believed must not be folded into the file when the connection closes.
            keep_log_of(connection);
        }
    }

    fn keep_log(&self) {
        if let Some(reader) = &self.reader {
            keep_log_of(&hold(reader));
        }
        keep_log_of(&hold(&self.writer));
    }
}

/// A panic inside the work has already rolled back; the connection is as good as before.
fn hold(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cannot fail on an open connection: it sets a flag in memory.
fn keep_log_of(connection: &Connection) {
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

fn fold_log(connection: &Connection) -> Result<(), VaultError> {
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 {
        Ok(())
    } else {
        Err(VaultError::Busy)
    }
}
