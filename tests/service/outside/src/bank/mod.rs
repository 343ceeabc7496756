//! The simulated card bank: cards and their money, with a book of its own.
//!
//! The book holds no card number, name, identity number or phone: fingerprints and the last four digits. One-time codes
//! live in memory; after a restart they are expired. Of a transfer from another bank it has the sender's name and what was typed, as a statement does.

mod binding;
mod cards;
mod incoming;
mod movements;
#[cfg(test)]
mod tests;

pub use binding::OtpRefused;
pub use cards::{CardState, TestCard};
pub use incoming::IncomingTransfer;
pub use movements::BankCallback;

use crate::error::OutsideError;
use crate::fingerprint::Fingerprints;
use crate::port::{SmsSender, World};
use crate::store::{Book, lock};
use binding::OtpState;
use kabao_base::{Id, Timestamp};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS cards(
    card BLOB PRIMARY KEY, last4 TEXT NOT NULL, bank TEXT NOT NULL, brand TEXT NOT NULL, holder BLOB NOT NULL,
    id_number BLOB NOT NULL, phone BLOB NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'frozen', 'joint')), kind TEXT NOT NULL, expiry TEXT, cvv BLOB) STRICT;
CREATE TABLE IF NOT EXISTS refused_numbers(card BLOB PRIMARY KEY, code TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bindings(
    binding TEXT PRIMARY KEY, elements BLOB NOT NULL, card BLOB NOT NULL, token TEXT UNIQUE, ended INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS movements(
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, token TEXT NOT NULL, amount INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'done', 'refused', 'cancelled', 'held_cancelled')),
    code TEXT, bank_ref TEXT, asked_at INTEGER NOT NULL, executed_at INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS booked(id TEXT PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount > 0)) STRICT;
CREATE INDEX IF NOT EXISTS movements_by_time ON movements(executed_at);
CREATE TABLE IF NOT EXISTS callbacks(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
    state TEXT NOT NULL, code TEXT, bank_ref TEXT, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS incoming(
    id TEXT PRIMARY KEY, bank_ref TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL CHECK (amount > 0), memo TEXT NOT NULL, sender TEXT NOT NULL,
    value_at INTEGER NOT NULL, shown_at INTEGER NOT NULL, returned_at INTEGER) STRICT;
";

/// How the bank misbehaves towards the next movements, until the switch is set back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BankFault {
    /// It does not.
    #[default]
    None,
    /// It carries the movement out and does not answer.
    LoseAnswer,
    /// It takes the movement, does not answer, and carries it out at `settle`.
    Hold,
    /// It refuses with this code of the catalogue.
    Refuse(String),
    /// It cannot be reached: no answer to anything, and nothing is taken.
    Down,
}

/// The switches of the bank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BankFaults {
    /// What happens to movements.
    pub movements: BankFault,
    /// Queries and cancellations get no answer, although movements are carried out.
    pub silent_queries: bool,
    /// The bank says that a held movement is cancelled and carries it out all the same at `settle`.
    pub breaks_cancel: bool,
    /// Every callback comes twice.
    pub duplicate_callbacks: bool,
    /// Callbacks name this amount, in fen, instead of the true one.
    pub callback_amount: Option<i64>,
    /// Movements are booked with this amount, in fen, instead of what was asked for.
    pub books_amount: Option<i64>,
    /// Of a check that fails the bank says only that it failed (`card_refused`), not what was wrong.
    pub masks_reasons: bool,
    /// Money comes back to cards whose agreement has ended as well.
    pub takes_back: bool,
    /// A bank by name that does not serve until then: nothing is taken, and it says so.
    pub maintenance: Option<(String, Timestamp)>,
}

/// The simulated card bank. Every call may come from any thread.
pub struct SimulatedBank {
    book: Book,
    prints: Fingerprints,
    world: Arc<dyn World>,
    sms: Mutex<Option<Arc<dyn SmsSender>>>,
    otps: Mutex<HashMap<Id, OtpState>>,
    faults: Mutex<BankFaults>,
}

impl SimulatedBank {
    /// Opens the bank's book (and makes it when missing); `None` keeps it in memory. The key of the fingerprints lies
    /// beside the file, with the ending `key`.
    pub fn open(path: Option<&Path>, world: Arc<dyn World>) -> Result<SimulatedBank, OutsideError> {
        Ok(SimulatedBank {
            book: Book::open(path, TABLES)?,
            prints: Fingerprints::open(path, world.as_ref())?,
            world,
            sms: Mutex::new(None),
            otps: Mutex::new(HashMap::new()),
            faults: Mutex::new(BankFaults::default()),
        })
    }

    /// Says who delivers the bank's short messages. Without one, a check of a card gets no answer.
    pub fn set_sms(&self, sender: Arc<dyn SmsSender>) {
        *lock(&self.sms) = Some(sender);
    }

    /// Sets all switches; `BankFaults::default()` ends every fault.
    pub fn set_faults(&self, faults: BankFaults) {
        *lock(&self.faults) = faults;
    }

    /// Until when the bank of this name does not serve.
    fn maintenance_of(&self, bank: &str) -> Option<Timestamp> {
        let faults = lock(&self.faults);
        let (_, until) = faults.maintenance.as_ref().filter(|(name, _)| name == bank)?;
        (self.world.now() < *until).then_some(*until)
    }

    /// The switches as they stand.
    pub fn faults(&self) -> BankFaults {
        lock(&self.faults).clone()
    }
}
