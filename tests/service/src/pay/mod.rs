//! Movements of money that a phone starts: quoted, accepted under one lock, carried out once, and always with a
//! signed end. Read in this order: `quote`, `accept`, `finish`, `settle`, `withdraw`, `transfer`, `wires`, `abandon`, `returns`, `proof`,
//! `rebuild`, `recall`.

pub mod abandon;
pub mod accept;
mod adopted;
pub mod finish;
pub(crate) mod missed;
pub mod proof;
pub mod quote;
pub mod rebuild;
pub(crate) mod recall;
pub mod returns;
pub mod settle;
pub mod transfer;
pub mod wire_memo;
pub mod wires;
pub mod withdraw;

use crate::refusal::Outcome;
use crate::store::limits::Way;
use crate::store::{all, id_at, maybe_id_at, one, run};
use crate::wire::{self, PaymentOut, StageOut};
use kabao_base::{Id, Timestamp};
use rusqlite::{Connection, Row, params};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Taken, nothing handed on.
    Accepted,
    /// The bank was asked.
    Sent,
    /// The bank was asked to forget it.
    Cancelling,
    /// The bank carried out what a restored book does not know.
    Orphan,
    /// Executed.
    Succeeded,
    /// Never executed under this id.
    Refused,
    /// Abandoned; never executed.
    Tombstoned,
}

impl State {
    const ALL: [(State, &'static str); 7] = [
        (State::Accepted, "accepted"),
        (State::Sent, "sent"),
        (State::Cancelling, "cancelling"),
        (State::Orphan, "orphan"),
        (State::Succeeded, "succeeded"),
        (State::Refused, "refused"),
        (State::Tombstoned, "tombstoned"),
    ];

    /// The word in the book.
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    fn read(text: &str) -> rusqlite::Result<State> {
        Self::ALL.iter().find(|row| row.1 == text).map(|row| row.0).ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Whether it has its signed end.
    pub fn is_final(self) -> bool {
        matches!(self, State::Succeeded | State::Refused | State::Tombstoned)
    }
}

/// A payment as the book has it.
#[derive(Debug, Clone)]
pub struct Payment {
    /// The phone's id of it.
    pub intent: Id,
    /// The payer.
    pub account: Id,
    /// The digest of the terms; absent for a tombstone of an id that was never seen.
    pub digest: Option<[u8; 32]>,
    /// `top_up`, `pay`, `ask`, `withdraw`, `transfer`; empty when the terms are not known.
    pub kind: String,
    /// Who is paid; the card of a withdrawal.
    pub payee: Option<Id>,
    /// The merchant's order number.
    pub order: Option<String>,
    /// The merchant's question.
    pub ask: Option<Id>,
    /// How much, fen.
    pub amount: i64,
    /// The fee, fen.
    pub fee: i64,
    /// The card, when the money comes from one.
    pub card: Option<Id>,
    /// Where it stands.
    pub state: State,
    /// The signed end.
    pub proof: Option<Vec<u8>>,
    /// The service's order; also the record of the history.
    pub order_id: Id,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// How often the bank was asked.
    pub tries: i64,
}

impl Payment {
    /// The card that a withdrawal goes to.
    pub fn to_card(&self) -> Option<Id> {
        self.payee.filter(|_| self.kind == "withdraw")
    }

    /// Amount and fee together.
    pub fn total(&self) -> i64 {
        self.amount.saturating_add(self.fee)
    }

    /// How limits see it.
    pub fn way(&self) -> Option<Way> {
        match self.kind.as_str() {
            "top_up" => Some(Way::TopUp),
            "pay" => Some(Way::Static),
            "ask" => Some(Way::Ask),
            "withdraw" => Some(Way::Withdraw),
            "transfer" => Some(Way::Transfer),
            _ => None,
        }
    }
}

fn read(row: &Row) -> rusqlite::Result<Payment> {
    let digest: Option<Vec<u8>> = row.get("digest")?;
    Ok(Payment {
        intent: id_at(row, "intent_id")?,
        account: id_at(row, "account_id")?,
        digest: digest.and_then(|bytes| bytes.try_into().ok()),
        kind: row.get::<_, Option<String>>("kind")?.unwrap_or_default(),
        payee: maybe_id_at(row, "payee_id")?,
        order: row.get::<_, Option<String>>("order_no")?.or(row.get("order_again")?),
        ask: maybe_id_at(row, "ask_id")?,
        amount: row.get("amount")?,
        fee: row.get("fee")?,
        card: maybe_id_at(row, "card_id")?,
        state: State::read(&row.get::<_, String>("state")?)?,
        proof: row.get("proof")?,
        order_id: id_at(row, "order_id")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        tries: row.get("tries")?,
    })
}

/// A payment by its intent.
pub fn load(db: &Connection, intent: Id) -> Outcome<Option<Payment>> {
    Ok(one(db, "SELECT * FROM payments WHERE intent_id = ?1", [intent.to_string()], read)?)
}

/// Payments whose bank has to be asked again.
pub(crate) fn due(db: &Connection, now: Timestamp) -> Outcome<Vec<Payment>> {
    let sql = "SELECT * FROM payments WHERE state IN ('accepted', 'sent', 'cancelling') AND next_try <= ?1 ORDER BY next_try, intent_id LIMIT 200";
    Ok(all(db, sql, [now.as_ms()], read)?)
}

/// Writes a stage down, once.
pub(crate) fn stage(tx: &Connection, intent: Id, stage: &str, at: Timestamp) -> Outcome<()> {
    run(tx, "INSERT OR IGNORE INTO stages VALUES (?1, ?2, ?3)", params![intent.to_string(), stage, at.as_ms()])?;
    Ok(())
}

/// A payment as the phone sees it.
pub(crate) fn view(db: &Connection, payment: &Payment, open_word: &str) -> Outcome<PaymentOut> {
    let state = if payment.state.is_final() { payment.state.text() } else { open_word };
    Ok(PaymentOut {
        state: state.to_owned(),
        proof: payment.proof.as_deref().map(wire::text),
        timeline: timeline(db, payment.intent)?,
    })
}

fn timeline(db: &Connection, intent: Id) -> Outcome<Vec<StageOut>> {
    let sql = "SELECT stage, at FROM stages WHERE intent_id = ?1 ORDER BY at, CASE stage WHEN 'accepted' THEN 0 WHEN 'sent_to_bank' THEN 1 \
               WHEN 'bank_confirmed' THEN 2 WHEN 'returned' THEN 4 ELSE 3 END";
    Ok(all(db, sql, [intent.to_string()], |row| Ok(StageOut { stage: row.get(0)?, at: row.get(1)? }))?)
}
