//! What the ways that end with a proof have in common: to another phone, another number, a new PIN. Each has a row in the
//! book under the phone's id of it; what was proven stands there, codes are in memory only.

use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, State};
use crate::store::people::{Account, account};
use crate::store::{one, run};
use kabao_base::{Code, Id, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, params};

/// How long the proof of a number counts: until then the rest has to be proven.
pub const PROVEN_MS: i64 = 3_600_000;
/// A day: what is counted "in a day" is counted over the last 24 hours.
pub const DAY_MS: i64 = 86_400_000;
/// How many of one sort an account begins in a day: codes go to numbers that may be anybody's.
const PER_DAY: i64 = 10;
/// How many rejected real names an account has in a day, over all ways and all phones that try.
const PERSON_TRIES: i64 = 5;

/// Where a way stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Something is still to be proven.
    Open,
    /// What was asked for counts.
    Done,
    /// Another one was first.
    Void,
}

impl FromSql for Stage {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Stage> {
        match value.as_str()? {
            "open" => Ok(Stage::Open),
            "done" => Ok(Stage::Done),
            "void" => Ok(Stage::Void),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// How far the real name is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Not.
    None,
    /// The vendor has not answered.
    Pending,
    /// Proven.
    Passed,
}

impl Person {
    /// The word in the book.
    fn text(self) -> &'static str {
        match self {
            Person::None => "none",
            Person::Pending => "pending",
            Person::Passed => "passed",
        }
    }
}

impl FromSql for Person {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Person> {
        match value.as_str()? {
            "none" => Ok(Person::None),
            "pending" => Ok(Person::Pending),
            "passed" => Ok(Person::Passed),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A phone in the place of a lost one.
    Phone,
    /// Another number.
    Number,
    /// A PIN for who forgot it.
    Pin,
}

impl Way {
    /// Its table in the book, and there the names of its id and of when it began.
    fn table(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Way::Phone => ("replacements", "replacement_id", "number_at"),
            Way::Number => ("phone_changes", "change_id", "at"),
            Way::Pin => ("pin_resets", "reset_id", "at"),
        }
    }

    /// Whether the account may begin another one today.
    pub fn may_begin(self, db: &Connection, account: Id, now: Timestamp) -> Outcome<()> {
        let (table, _, began) = self.table();
        let sql = format!("SELECT count(*) FROM {table} WHERE account_id = ?1 AND {began} > ?2");
        let begun = one(db, &sql, params![account.to_string(), now.plus_ms(-DAY_MS).as_ms()], |row| row.get::<_, i64>(0))?;
        if begun.unwrap_or(0) >= PER_DAY { Err(Refusal::of(429, Code::TooManyRequests).retry_after(DAY_MS)) } else { Ok(()) }
    }

    /// Writes down what the vendor said of a name; a no counts among the account's tries of the day.
    pub fn keep_person(self, tx: &Connection, id: Id, (proof, person, rejected): (Id, Person, bool), now: Timestamp) -> Outcome<()> {
        let (table, key, _) = self.table();
        let sql = format!("UPDATE {table} SET person = ?2, person_proof = ?3 WHERE {key} = ?1");
        run(tx, &sql, params![id.to_string(), person.text(), proof.to_string()])?;
        if rejected {
            let sql = format!("UPDATE {table} SET rejected = iif(rejected_at > ?2, rejected, 0) + 1, rejected_at = ?3 WHERE {key} = ?1");
            run(tx, &sql, params![id.to_string(), now.plus_ms(-DAY_MS).as_ms(), now.as_ms()])?;
        }
        Ok(())
    }
}

/// Whether the account has a try of its real name left today. The tries are counted over all ways.
pub fn may_show_name(db: &Connection, account: Id, now: Timestamp) -> Outcome<()> {
    let mut rejected = 0;
    for way in [Way::Phone, Way::Number, Way::Pin] {
        let sql = format!("SELECT coalesce(sum(rejected), 0) FROM {} WHERE account_id = ?1 AND rejected_at > ?2", way.table().0);
        rejected += one(db, &sql, params![account.to_string(), now.plus_ms(-DAY_MS).as_ms()], |row| row.get::<_, i64>(0))?.unwrap_or(0);
    }
    if rejected >= PERSON_TRIES { Err(Refusal::of(403, Code::VerificationAttempts)) } else { Ok(()) }
}

/// The account of a phone that wants to go such a way now.
pub fn open_account(state: &State, caller: &Caller) -> Outcome<Account> {
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let who = account(&state.db, caller.account)?;
    match &who {
        Account { frozen: true, .. } => Err(Refusal::of(403, Code::AccountFrozen)),
        Account { closing: true, .. } => Err(Refusal::of(403, Code::AccountClosing)),
        _ => Ok(who),
    }
}
