//! What a book that was put back to an older copy counts of payments that it had forgotten: as the book that was lost had counted them.

use super::limits::{Way, add, buckets, low_of, subtract};
use super::low;
use kabao_base::{Id, Timestamp};
use rusqlite::Connection;

/// A payment of some time ago that a book had forgotten.
pub struct Forgotten {
    /// The card that paid.
    pub card: Option<Id>,
    /// How it was made.
    pub way: Way,
    /// How much, fen.
    pub amount: i64,
    /// What was given back of it since, fen.
    pub returned: i64,
    /// When it was paid.
    pub paid_at: Timestamp,
}

impl Forgotten {
    fn each(&self, db: &Connection, account: Id, change: impl Fn(&Connection, Id, &str, i64) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        for bucket in buckets(self.card, self.way, self.paid_at).into_iter().chain(low_of(self.way, low::bucket_of(db, account, self.paid_at)?)) {
            // A lifetime gets nothing back.
            let counted = if bucket == "life" { self.amount } else { self.amount.saturating_sub(self.returned) };
            change(db, account, &bucket, counted)?;
        }
        Ok(())
    }

    /// Counts it where it was counted then.
    pub fn take(&self, db: &Connection, account: Id) -> rusqlite::Result<()> {
        self.each(db, account, add)
    }

    /// Undoes that: it turned out to be another payment.
    pub fn untake(&self, db: &Connection, account: Id) -> rusqlite::Result<()> {
        self.each(db, account, subtract)
    }
}
