//! Parts of balances that may not be spent for a while: an order from outside, a dispute, and what was paid out of a book that was lost
//! until this one has taken it up. The money stays in the balance; what is held of it cannot be paid with. The vault writes
//! orders down first: a book that is put back to an older copy does not set the money free.

use crate::closing;
use crate::refusal::Outcome;
use crate::service::{Service, State};
use crate::store::{self, ledger, one, run};
use crate::vault::{Decision, DecisionRow};
use kabao_base::{Id, Timestamp};
use rusqlite::{Connection, params};

/// An order holds so much, fen. More than there is can be ordered: what comes in later is held too.
pub fn order(service: &Service, state: &mut State, of: Id, amount: i64, now: Timestamp) -> Outcome<Id> {
    let row = DecisionRow { decision: service.make_id(), account: of, body: Decision::Hold { amount }, at: now };
    closing::keep(service, row.decision, of, row.body.clone(), now)?;
    store::write(&mut state.db, |tx| apply(tx, &row))?;
    Ok(row.decision)
}

/// The order is lifted.
pub fn lift(service: &Service, state: &mut State, of: Id, hold: Id, now: Timestamp) -> Outcome<()> {
    let row = DecisionRow { decision: service.make_id(), account: of, body: Decision::Lifted { hold }, at: now };
    closing::keep(service, row.decision, of, row.body.clone(), now)?;
    store::write(&mut state.db, |tx| apply(tx, &row))
}

/// How much of the balance is held: at most all of it.
pub fn held(db: &Connection, account: Id) -> rusqlite::Result<i64> {
    let sql = "SELECT (SELECT coalesce(sum(amount), 0) FROM holds WHERE account_id = ?1 AND lifted_at IS NULL) \
               + (SELECT coalesce(sum(amount), 0) FROM untaken WHERE account_id = ?1)";
    let ordered: i64 = one(db, sql, [account.to_string()], |row| row.get(0))?.unwrap_or(0);
    Ok(ordered.min(ledger::user_balance(db, account)?))
}

/// What can be paid with.
pub fn spendable(db: &Connection, account: Id) -> rusqlite::Result<i64> {
    Ok(ledger::user_balance(db, account)?.saturating_sub(held(db, account)?))
}

/// Writes a decision into the book; also into one that was put back.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    match &row.body {
        Decision::Hold { amount } => {
            let sql = "INSERT OR IGNORE INTO holds (hold_id, account_id, amount, at) VALUES (?1, ?2, ?3, ?4)";
            run(tx, sql, params![row.decision.to_string(), row.account.to_string(), amount, row.at.as_ms()])?;
        }
        Decision::Lifted { hold } => {
            let sql = "UPDATE holds SET lifted_at = coalesce(lifted_at, ?3) WHERE hold_id = ?1 AND account_id = ?2";
            run(tx, sql, params![hold.to_string(), row.account.to_string(), row.at.as_ms()])?;
        }
        _ => {}
    }
    Ok(())
}
