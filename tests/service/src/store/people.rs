//! Accounts and cards as rows.

use super::{all, id_at, one};
use crate::refusal::{Outcome, Refusal};
use crate::service::internal;
use kabao_base::{Code, Id};
use rusqlite::{Connection, Row};

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
}

/// The account, which exists because a device of it signed.
pub fn account(db: &Connection, id: Id) -> Outcome<Account> {
    let sql = "SELECT * FROM accounts WHERE account_id = ?1";
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
    /// When it was bound.
    pub bound_at: i64,
}

fn card(row: &Row) -> rusqlite::Result<Card> {
    Ok(Card {
        id: id_at(row, "card_id")?,
        token: row.get("token")?,
        last4: row.get("last4")?,
        bank: row.get("bank")?,
        brand: row.get("brand")?,
        bound_at: row.get("bound_at")?,
    })
}

/// The cards of an account, oldest first.
pub fn cards(db: &Connection, account: Id) -> Outcome<Vec<Card>> {
    Ok(all(db, "SELECT * FROM cards WHERE account_id = ?1 ORDER BY bound_at, card_id", [account.to_string()], card)?)
}

/// A card of an account.
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
}

/// A payee by id.
pub fn payee(db: &Connection, id: Id) -> Outcome<Payee> {
    let sql = "SELECT name, route FROM payees WHERE payee_id = ?1";
    one(db, sql, [id.to_string()], |row| Ok(Payee { name: row.get(0)?, route: row.get(1)? }))?
        .ok_or_else(|| Refusal::of(404, Code::PayeeUnknown).field("payee_id"))
}
