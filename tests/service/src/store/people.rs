//! Accounts and cards as rows.

use super::{all, id_at, maybe_id_at, one, run};
use crate::refusal::{Outcome, Refusal};
use crate::service::internal;
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, Row, params};

/// An account as the book has it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// The phone, sealed.
    pub phone_sealed: Vec<u8>,
    /// The phone, masked.
    pub phone_masked: String,
    /// 0 to 3.
    pub class: i64,
    /// The name, masked.
    pub name_masked: Option<String>,
    /// The identity number, masked.
    pub id_masked: Option<String>,
    /// A PIN was chosen.
    pub pin_set: bool,
    /// Five wrong tries.
    pub pin_locked: bool,
    /// The PIN is a weak one for this person.
    pub pin_must_change: bool,
    /// The recovery sheet was made.
    pub sheet_set: bool,
    /// Frozen.
    pub frozen: bool,
    /// The kind of document.
    pub document: Option<String>,
    /// Its last day, ISO 8601.
    pub expires_on: Option<String>,
    /// Until when the operator wants the real name verified again.
    pub reverify_by: Option<String>,
    /// On its way out: it can be taken back, and pays nothing.
    pub closing: bool,
}

/// The account, which exists because a device of it signed.
pub fn account(db: &Connection, id: Id) -> Outcome<Account> {
    let sql = "SELECT *, EXISTS (SELECT 1 FROM closures c WHERE c.account_id = accounts.account_id AND c.state = 'cooling') AS closing \
               FROM accounts WHERE account_id = ?1";
    one(db, sql, [id.to_string()], |row| {
        Ok(Account {
            id,
            phone_sealed: row.get("phone_sealed")?,
            phone_masked: row.get("phone_masked")?,
            class: row.get("class")?,
            name_masked: row.get("name_masked")?,
            id_masked: row.get("id_masked")?,
            pin_set: row.get("pin_set")?,
            pin_locked: row.get("pin_locked")?,
            pin_must_change: row.get("pin_must_change")?,
            sheet_set: row.get::<_, Option<Vec<u8>>>("sheet_hash")?.is_some(),
            frozen: row.get("frozen")?,
            document: row.get("document")?,
            expires_on: row.get("expires_on")?,
            reverify_by: row.get("reverify_by")?,
            closing: row.get("closing")?,
        })
    })?
    .ok_or_else(internal)
}

/// A bound card.
#[derive(Debug, Clone)]
pub struct Card {
    /// Its id.
    pub id: Id,
    /// Its token.
    pub token: String,
    /// The last four digits.
    pub last4: String,
    /// The bank.
    pub bank: String,
    /// The scheme.
    pub brand: String,
    /// `debit`, `credit`, `quasi_credit`, `prepaid`.
    pub kind: String,
    /// `bound`, `unbound`, `replaced`.
    pub state: String,
    /// Why its bank would not debit it, as it said last.
    pub reason: Option<String>,
    /// Until when its bank does not serve.
    pub until: Option<i64>,
    /// The card whose place it took.
    pub replaces: Option<Id>,
    /// When it was bound.
    pub bound_at: i64,
    /// When it was removed or replaced.
    pub ended_at: Option<i64>,
}

impl Card {
    /// Whether it pays with the bank's money. A deposit with a small credit counts as such, as with most rules.
    pub fn is_credit(&self) -> bool {
        matches!(self.kind.as_str(), "credit" | "quasi_credit")
    }

    /// Why it cannot pay now, whatever the amount.
    pub fn why_not(&self, now: Timestamp) -> Option<Code> {
        if self.state != "bound" {
            return Some(Code::CardUnbound);
        }
        if self.until.is_some_and(|until| now.as_ms() < until) {
            return Some(Code::BankMaintenance);
        }
        self.reason.as_deref().map(|reason| Code::parse(reason).unwrap_or(Code::BankRefused))
    }
}

fn card(row: &Row) -> rusqlite::Result<Card> {
    Ok(Card {
        id: id_at(row, "card_id")?,
        token: row.get("token")?,
        last4: row.get("last4")?,
        bank: row.get("bank")?,
        brand: row.get("brand")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        until: row.get("until")?,
        replaces: maybe_id_at(row, "replaces")?,
        bound_at: row.get("bound_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// The bound cards of an account, oldest first.
pub fn cards(db: &Connection, account: Id) -> Outcome<Vec<Card>> {
    let sql = "SELECT * FROM cards WHERE account_id = ?1 AND state = 'bound' ORDER BY bound_at, card_id";
    Ok(all(db, sql, [account.to_string()], card)?)
}

/// The removed and the replaced ones, newest first.
pub fn earlier_cards(db: &Connection, account: Id) -> Outcome<Vec<Card>> {
    let sql = "SELECT * FROM cards WHERE account_id = ?1 AND state <> 'bound' ORDER BY ended_at DESC, card_id LIMIT 50";
    Ok(all(db, sql, [account.to_string()], card)?)
}

/// Writes down what a bank said of a card that it would not debit.
pub fn note_reason(db: &Connection, card: Id, reason: Option<&str>, until: Option<Timestamp>) -> Outcome<()> {
    let sql = "UPDATE cards SET reason = ?2, until = ?3 WHERE card_id = ?1 AND (reason IS NOT ?2 OR until IS NOT ?3)";
    run(db, sql, params![card.to_string(), reason, until.map(Timestamp::as_ms)])?;
    Ok(())
}

/// A card of an account, bound or not.
pub fn card_of(db: &Connection, account: Id, id: Id) -> Outcome<Card> {
    let sql = "SELECT * FROM cards WHERE account_id = ?1 AND card_id = ?2";
    one(db, sql, [account.to_string(), id.to_string()], card)?.ok_or_else(|| Refusal::rule(Code::CardUnknown).field("card_id"))
}

/// Who can be paid.
#[derive(Debug, Clone)]
pub struct Payee {
    /// Its name.
    pub name: String,
    /// The acquirer, for a merchant of an acquirer.
    pub route: Option<String>,
    /// It takes no credit.
    pub no_credit: bool,
}

/// A payee by id.
pub fn payee(db: &Connection, id: Id) -> Outcome<Payee> {
    let sql = "SELECT name, route, no_credit FROM payees WHERE payee_id = ?1";
    one(db, sql, [id.to_string()], |row| Ok(Payee { name: row.get(0)?, route: row.get(1)?, no_credit: row.get(2)? }))?
        .ok_or_else(|| Refusal::of(404, Code::PayeeUnknown).field("payee_id"))
}
