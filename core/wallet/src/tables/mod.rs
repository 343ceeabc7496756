//! The three files as typed rows, and the only place with SQL. A file may be one step ahead of another one: nothing
//! spans two files, and every reader accepts that.

pub(crate) mod account;
pub(crate) mod agree;
pub(crate) mod choices;
pub(crate) mod consents;
pub(crate) mod device_report;
pub(crate) mod erase;
pub(crate) mod events;
pub(crate) mod exports;
pub(crate) mod feeds;
pub(crate) mod intents;
pub(crate) mod links;
pub(crate) mod inventory;
pub(crate) mod marks;
pub(crate) mod open;
pub(crate) mod phone_change;
pub(crate) mod pin_reset;
pub(crate) mod receipts;
pub(crate) mod recheck;
pub(crate) mod records;
pub(crate) mod refunds;
pub(crate) mod replacement;
pub(crate) mod sign_in;
pub(crate) mod sync;
pub(crate) mod tokens;
pub(crate) mod transfers;

use crate::error::Outcome;
use events::{EventHead, Log};
use kabao_base::{Id, Timestamp};
use kabao_vault::{Db, Folder};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The open files of one wallet. Lives on the database thread.
pub(crate) struct Files {
    ledger: Db,
    mine: Db,
    cache: Db,
    chain_key: Zeroizing<[u8; 32]>,
    head: Arc<Mutex<EventHead>>,
    // Last: the folder's lock goes when the files are closed.
    folder: Folder,
}

impl Files {
    /// One durable commit of the ledger, with the events that say what happened.
    pub(crate) fn commit<T>(
        &self,
        at: Timestamp,
        work: impl FnOnce(&Transaction<'_>, &mut Log<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut log = Log::after(&self.chain_key, self.head(), at);
        let value = self.ledger.write(|tx| work(tx, &mut log))?;
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = log.head();
        Ok(value)
    }

    /// Reads the ledger.
    pub(crate) fn ledger<T>(&self, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
        self.ledger.read(work)
    }

    /// Changes the cache.
    pub(crate) fn cache_write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Outcome<T>) -> Outcome<T> {
        self.cache.write(work)
    }

    /// Reads the cache.
    pub(crate) fn cache<T>(&self, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
        self.cache.read(work)
    }

    /// Reads what the person made.
    pub(crate) fn mine<T>(&self, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
        self.mine.read(work)
    }

    /// Changes what the person made; the ledger then remembers the revision, so that an old copy is noticed.
    pub(crate) fn mine_write<T>(
        &self,
        at: Timestamp,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let (value, revision) = self.mine.write(|tx| {
            let value = work(tx)?;
            Ok::<_, crate::WalletError>((value, choices::next_revision(tx)?))
        })?;
        self.commit(at, |tx, log| {
            marks::set(tx, marks::MINE_REVISION, &revision.to_string())?;
            log.append(tx, "mine", "revision", revision.to_string().as_bytes())
        })?;
        Ok(value)
    }

    /// The head of the event chain.
    pub(crate) fn head(&self) -> EventHead {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks every event of the chain, and every payment against its newest event; the number of the first wrong one, if any.
    pub(crate) fn verify_events(&self) -> Outcome<Option<u64>> {
        self.ledger.read(|conn| match events::first_wrong(conn, &self.chain_key)? {
            None => agree::first_wrong(conn),
            wrong => Ok(wrong),
        })
    }

    /// Folds the logs in and closes all three.
    pub(crate) fn close(self) -> Outcome<()> {
        let results = [self.ledger.close(), self.mine.close(), self.cache.close()];
        for result in results {
            result?;
        }
        Ok(())
    }

    /// Pages read and frames written so far, by file: ledger, mine, cache.
    pub(crate) fn counters(&self) -> Outcome<[kabao_vault::Counters; 3]> {
        Ok([self.ledger.counters()?, self.mine.counters()?, self.cache.counters()?])
    }
}

fn shape(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, String::new(), Type::Text)
}

/// An id that stands as text.
fn id_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Id> {
    Id::parse(&row.get::<_, String>(column)?).map_err(|_| shape(column))
}

/// An id that may be absent.
fn id_if(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Id>> {
    row.get::<_, Option<String>>(column)?.map(|text| Id::parse(&text).map_err(|_| shape(column))).transpose()
}

/// 32 bytes.
fn hash_at(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; 32]> {
    row.get::<_, Vec<u8>>(column)?.try_into().map_err(|_| shape(column))
}

/// A moment.
fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_ms)
}

/// A count that is never negative.
fn count_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| shape(column))
}

/// As the database keeps counts.
fn count_of(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
