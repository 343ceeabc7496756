//! What somebody of the operator has to look at: money that a bank moved otherwise than it was asked.

use super::{all, run};
use crate::refusal::Outcome;
use kabao_base::{Id, Timestamp};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

/// Why somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The bank booked another amount than it was asked for.
    BankAmount,
    /// The bank paid out what was signed as never carried out.
    BankPaidDead,
}

impl Reason {
    fn text(self) -> &'static str {
        match self {
            Reason::BankAmount => "bank_amount",
            Reason::BankPaidDead => "bank_paid_dead",
        }
    }
}

/// Writes one down, once for each movement and reason.
pub fn raise(db: &Connection, reference: Id, reason: Reason, asked: i64, booked: i64, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT OR IGNORE INTO alarms (ref, reason, asked, booked, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    run(db, sql, params![reference.to_string(), reason.text(), asked, booked, now.as_ms()])?;
    Ok(())
}

/// All of them, oldest first, for the developer's console.
pub fn list(db: &Connection) -> Outcome<Vec<Value>> {
    let read = |row: &rusqlite::Row| {
        Ok(json!({
            "ref": row.get::<_, String>("ref")?, "reason": row.get::<_, String>("reason")?, "asked_fen": row.get::<_, i64>("asked")?,
            "booked_fen": row.get::<_, i64>("booked")?, "at": row.get::<_, i64>("at")?,
        }))
    };
    Ok(all(db, "SELECT * FROM alarms ORDER BY at, ref", [], read)?)
}
