//! Money that comes for an account that is closed for good, as refunds do: it goes to the card that paid as long as its bank takes it,
//! and otherwise waits as a claim with a number, until support pays it to the person, who shows name and document. The vault
//! knows who the person was by a keyed mark alone, and writes a payout down before the book does: a book that is put back to
//! an older copy pays nothing twice.

use crate::closing;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service};
use crate::store::ledger::{self, Purpose, name};
use crate::store::{self, all, id_at, one, run};
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

/// How long a claim is paid out at the counter: the general limit of civil claims, three years (Civil Code, article 188). Later the
/// money stays in the books, and the law decides.
pub const YEARS: u32 = 3;
const LIFE_MS: i64 = 3 * 365 * 86_400_000;

/// A claim.
struct Claim {
    number: String,
    account: Id,
    reference: Id,
    amount: i64,
    at: i64,
    pay_by: i64,
    paid_at: Option<i64>,
}

impl Claim {
    fn read(row: &Row) -> rusqlite::Result<Claim> {
        Ok(Claim {
            number: row.get("claim_no")?,
            account: id_at(row, "account_id")?,
            reference: id_at(row, "reference")?,
            amount: row.get("amount")?,
            at: row.get("at")?,
            pay_by: row.get("pay_by")?,
            paid_at: row.get("paid_at")?,
        })
    }

    fn told(&self) -> Value {
        json!({
            "claim_no": self.number, "account_id": self.account.to_string(), "amount_fen": self.amount, "at": self.at, "pay_by": self.pay_by,
            "paid_at": self.paid_at,
        })
    }
}

/// The number that people say. Derived from what the money is from, so that a book that is put back gives it again.
fn number_of(reference: Id) -> String {
    let hash = sha256_of(&[b"kabao-claim-1", reference.as_bytes()]);
    let head = hash.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("K{:012}", head % 1_000_000_000_000)
}

/// Where money for an account goes: to its balance, or where claims wait when it is closed for good.
pub fn holder(db: &Connection, account: Id) -> Outcome<String> {
    Ok(if closing::is_closed(db, account)? { name::CLAIMS.to_owned() } else { name::user(account) })
}

/// Money that was booked to where claims wait is a claim; once for each reference.
pub fn open(tx: &Connection, account: Id, reference: Id, amount: i64, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO claims (claim_no, account_id, reference, amount, at, pay_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (at, pay_by) = (now.as_ms(), now.plus_ms(LIFE_MS).as_ms());
    run(tx, sql, params![number_of(reference), account.to_string(), reference.to_string(), amount, at, pay_by])?;
    settle(tx, reference)
}

/// Books the payout that the vault has written down, when both are there and it is not booked yet.
fn settle(tx: &Connection, reference: Id) -> Outcome<()> {
    let sql = "SELECT c.amount, p.at FROM claims c JOIN claim_payouts p USING (reference) WHERE c.reference = ?1 AND c.paid_at IS NULL";
    let Some((amount, at)) = one(tx, sql, [reference.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))? else { return Ok(()) };
    run(tx, "UPDATE claims SET paid_at = ?2 WHERE reference = ?1", params![reference.to_string(), at])?;
    let paid = [(name::CLAIMS.to_owned(), -amount), (name::BANK.to_owned(), amount)];
    ledger::book(tx, Purpose::Return, &format!("claim:{reference}"), Timestamp::from_ms(at), &paid)
}

/// Writes what the vault decided into a book that was put back. The claim itself may come later, with the acquirer's book.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    run(tx, "INSERT OR IGNORE INTO claim_payouts (reference, at) VALUES (?1, ?2)", params![row.decision.to_string(), row.at.as_ms()])?;
    settle(tx, row.decision)
}

/// Every claim, oldest first.
pub fn list(db: &Connection) -> Outcome<Vec<Value>> {
    Ok(all(db, "SELECT * FROM claims ORDER BY at, claim_no", [], Claim::read)?.iter().map(Claim::told).collect())
}

/// Support pays a claim to who shows the name and the document of the account's person. Asked again it is the same payout.
pub fn pay(service: &Service, state: &mut service::State, number: &str, person: (&str, &str), now: Timestamp) -> Outcome<Value> {
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let load = |db: &Connection| one(db, "SELECT * FROM claims WHERE claim_no = ?1", [number], Claim::read);
    let claim = load(&state.db)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    let asked = VaultCall::IsClosedPerson { account: claim.account, name: person.0.to_owned(), number: person.1.to_owned() };
    let VaultAnswer::Weighed { repeat: true } = service.ask_vault(asked)? else { return Err(Refusal::named(422, "not_the_person")) };
    if claim.paid_at.is_none() {
        if now.as_ms() > claim.pay_by {
            return Err(Refusal::named(409, "claim_over"));
        }
        let row = DecisionRow { decision: claim.reference, account: claim.account, body: Decision::ClaimPaid { amount: claim.amount }, at: now };
        let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::KeepDecision(row))? else { return Err(Refusal::down()) };
        let row = rows.into_iter().find(|row| row.decision == claim.reference).ok_or_else(Refusal::down)?;
        store::write(&mut state.db, |tx| apply(tx, &row))?;
    }
    Ok(load(&state.db)?.ok_or_else(service::internal)?.told())
}
