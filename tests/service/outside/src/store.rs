//! A book: one SQLite file of one party, or memory. Plain, because what is in it may be read: card and identity
//! numbers are fingerprints only.

use crate::error::OutsideError;
use kabao_vault_sys::Cached;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One connection; whoever holds it is alone in the book.
pub(crate) struct Book(Mutex<Connection>);

impl Book {
    /// Opens the file, makes it when missing, and makes the tables that are missing.
    pub(crate) fn open(path: Option<&Path>, tables: &str) -> Result<Book, OutsideError> {
        // Calling into the C library is also what links it.
        let _ = kabao_vault_sys::version();
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        // What the outside world said it did, it did: every commit is synced, and EXTRA keeps the rollback journal of
        // the file's creation from coming back.
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        connection.row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.execute_batch(tables)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Book(Mutex::new(connection)))
    }

    /// The connection. A holder that broke off left no open transaction: it was rolled back when it was dropped.
    pub(crate) fn hold(&self) -> MutexGuard<'_, Connection> {
        lock(&self.0)
    }
}

/// Locks; what a broken-off holder left is still whole, because every change of shared state is one assignment or one
/// transaction.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
