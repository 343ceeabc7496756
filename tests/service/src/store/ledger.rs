//! Double entry in fen. A movement is a list of postings that sum to zero; the book refuses every other.

use super::{all, one, run};
use crate::refusal::{Outcome, Refusal};
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, ErrorCode, params};

/// Names of the accounts of the book.
pub mod name {
    use kabao_base::Id;

    /// The wallet's money at the bank: negative by what the service owes to everybody.
    pub const BANK: &str = "bank";
    /// Fees that the service earned.
    pub const FEES: &str = "fees";
    /// Refunds of closed accounts that wait for their person.
    pub const CLAIMS: &str = "claims";
    /// Money whose owner or fate is being cleared.
    pub const SUSPENSE: &str = "suspense";

    /// The balance of a person.
    pub fn user(account: Id) -> String {
        format!("user:{account}")
    }

    /// What is owed to a merchant.
    pub fn merchant(payee: Id) -> String {
        format!("merchant:{payee}")
    }
}

/// Why money moves. Of each purpose one movement per reference is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An intent or a charge is carried out.
    Execute,
    /// Money of a charge goes back.
    Refund,
    /// Money of unclear fate is parked.
    Suspend,
    /// Parked money goes back to its source.
    Return,
}

impl Purpose {
    fn text(self) -> &'static str {
        match self {
            Purpose::Execute => "execute",
            Purpose::Refund => "refund",
            Purpose::Suspend => "suspend",
            Purpose::Return => "return",
        }
    }
}

/// Books one movement. Postings of zero are left out.
///
/// Errors: `balance_low` when an account would become negative that may not; `id_reused` when the same
/// movement stands in the book already; `internal` when the postings do not sum to zero.
pub fn book(db: &Connection, purpose: Purpose, reference: &str, at: Timestamp, postings: &[(String, i64)]) -> Outcome<()> {
    let sum = postings.iter().try_fold(0i64, |sum, posting| sum.checked_add(posting.1));
    let moves = postings.iter().any(|posting| posting.1 != 0);
    if sum != Some(0) || !moves {
        return Err(Refusal::of(500, Code::Internal));
    }
    run(db, "INSERT INTO transactions (purpose, ref, at) VALUES (?1, ?2, ?3)", params![purpose.text(), reference, at.as_ms()])
        .map_err(|error| if is_constraint(&error) { Refusal::of(409, Code::IdReused) } else { Refusal::down() })?;
    let txn = db.last_insert_rowid();
    for (account, amount) in postings.iter().filter(|posting| posting.1 != 0) {
        let kind = account.split(':').next().unwrap_or_default();
        let negative = i64::from(kind == name::BANK);
        run(db, "INSERT OR IGNORE INTO ledger_accounts (account, kind, may_be_negative) VALUES (?1, ?2, ?3)", params![account, kind, negative])?;
        run(db, "INSERT INTO postings (txn, account, amount) VALUES (?1, ?2, ?3)", params![txn, account, amount])
            .map_err(|error| if is_constraint(&error) { Refusal::rule(Code::BalanceLow) } else { Refusal::down() })?;
    }
    Ok(())
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// The balance of an account; zero when it was never used.
pub fn balance(db: &Connection, account: &str) -> rusqlite::Result<i64> {
    Ok(one(db, "SELECT balance FROM ledger_accounts WHERE account = ?1", [account], |row| row.get(0))?.unwrap_or(0))
}

/// The balance of a person.
pub fn user_balance(db: &Connection, account: Id) -> rusqlite::Result<i64> {
    balance(db, &name::user(account))
}

/// What an auditor asks of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Sum of all postings; zero, or the book is wrong.
    pub sum: i64,
    /// Every account with its balance.
    pub accounts: Vec<(String, i64)>,
    /// Accounts that are negative and may not be.
    pub negative: Vec<String>,
    /// Movements whose postings do not sum to zero.
    pub uneven: Vec<i64>,
    /// Accounts whose balance is not the sum of their postings.
    pub astray: Vec<String>,
    /// How often each intent or charge was executed.
    pub executions: Vec<(String, i64)>,
}

/// Reads the whole book against itself.
pub fn audit(db: &Connection) -> rusqlite::Result<Audit> {
    Ok(Audit {
        sum: one(db, "SELECT coalesce(sum(amount), 0) FROM postings", [], |row| row.get(0))?.unwrap_or(0),
        accounts: all(db, "SELECT account, balance FROM ledger_accounts ORDER BY account", [], |row| Ok((row.get(0)?, row.get(1)?)))?,
        negative: all(db, "SELECT account FROM ledger_accounts WHERE balance < 0 AND may_be_negative = 0", [], |row| row.get(0))?,
        uneven: all(db, "SELECT txn FROM postings GROUP BY txn HAVING sum(amount) <> 0", [], |row| row.get(0))?,
        astray: all(
            db,
            "SELECT account FROM ledger_accounts a WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM postings p WHERE p.account = a.account)",
            [],
            |row| row.get(0),
        )?,
        executions: all(
            db,
            "SELECT ref, count(*) FROM transactions WHERE purpose = 'execute' GROUP BY ref ORDER BY ref",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::SCHEMA).unwrap();
        db
    }

    fn at() -> Timestamp {
        Timestamp::from_ms(1)
    }

    #[test]
    fn a_movement_sums_to_zero_and_happens_once() {
        let db = memory();
        let user = name::user(Id::from_bytes([1; 16]));
        let postings = [(name::BANK.to_owned(), -500), (user.clone(), 500)];
        book(&db, Purpose::Execute, "a", at(), &postings).unwrap();
        assert_eq!(book(&db, Purpose::Execute, "a", at(), &postings).unwrap_err().body.code, "id_reused");
        let uneven = [(name::BANK.to_owned(), -500), (user.clone(), 499)];
        assert_eq!(book(&db, Purpose::Execute, "b", at(), &uneven).unwrap_err().body.code, "internal");
        let audit = audit(&db).unwrap();
        assert_eq!((audit.sum, balance(&db, &user).unwrap()), (0, 500));
        assert_eq!(audit.executions, [("a".to_owned(), 1)]);
        assert!(audit.uneven.is_empty() && audit.astray.is_empty());
    }

    #[test]
    fn nobody_owes_the_service() {
        let mut db = memory();
        let user = name::user(Id::from_bytes([1; 16]));
        let refused = super::super::write(&mut db, |tx| {
            book(tx, Purpose::Execute, "a", at(), &[(user.clone(), -1), (name::FEES.to_owned(), 1)])
        });
        assert_eq!(refused.unwrap_err().body.code, "balance_low");
        assert!(audit(&db).unwrap().accounts.is_empty());
    }

    #[test]
    fn postings_are_final() {
        let db = memory();
        book(&db, Purpose::Execute, "a", at(), &[(name::BANK.to_owned(), -5), (name::SUSPENSE.to_owned(), 5)]).unwrap();
        assert!(db.execute("UPDATE postings SET amount = 6", []).is_err());
        assert!(db.execute("DELETE FROM postings", []).is_err());
    }

    /// Pseudo-random movements, many of them not lawful: the book stays even after each.
    #[test]
    fn any_order_of_movements_stays_even() {
        let mut db = memory();
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut next = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut booked = 0;
        for step in 0..400u64 {
            let from = if next(3) == 0 { name::BANK.to_owned() } else { name::user(Id::from_bytes([next(4) as u8; 16])) };
            let to = if next(5) == 0 { name::FEES.to_owned() } else { name::user(Id::from_bytes([next(4) as u8; 16])) };
            let amount = next(1_000) as i64;
            let done = super::super::write(&mut db, |tx| {
                book(tx, Purpose::Execute, &step.to_string(), at(), &[(from.clone(), -amount), (to.clone(), amount)])
            });
            booked += u32::from(done.is_ok());
            let audit = audit(&db).unwrap();
            assert_eq!(audit.sum, 0);
            assert!(audit.negative.is_empty() && audit.uneven.is_empty() && audit.astray.is_empty());
        }
        assert!(booked > 100, "the run must move money, moved {booked} times");
    }
}
