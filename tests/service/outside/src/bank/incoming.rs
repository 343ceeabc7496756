//! Transfers that people make at other banks to the wallet's own account: what the statement says of them, and sending one back.

use super::{BankFault, SimulatedBank};
use crate::error::OutsideError;
use crate::port::{BankAnswer, StatementLine};
use kabao_base::{Id, Money, Timestamp};
use kabao_vault_sys::Cached;
use ring::digest::{Context, SHA256};
use rusqlite::{Connection, OptionalExtension, params};

/// As much of a text as a statement carries, in characters.
const MOST: usize = 200;

/// A transfer as another bank hands it in.
#[derive(Clone, Default)]
pub struct IncomingTransfer<'a> {
    /// The number that both banks know it by; one is made where it is empty.
    pub bank_ref: &'a str,
    /// How much, fen.
    pub amount_fen: i64,
    /// What the sender typed.
    pub memo: &'a str,
    /// Whose account it comes from, as that bank knows the person.
    pub sender: &'a str,
    /// How long it waits for the next batch; banks book what is sent at night or at a weekend on the next working day.
    pub after_ms: i64,
}

/// The id of a transfer: made of the number that the banks know it by, so that it is the same whoever reads the statement.
fn derive(bank_ref: &str) -> Id {
    let mut context = Context::new(&SHA256);
    context.update(b"kabao-incoming-1\0");
    context.update(bank_ref.as_bytes());
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Id::from_bytes(bytes)
}

fn cut(text: &str) -> String {
    text.chars().take(MOST).collect()
}

impl SimulatedBank {
    /// Takes a transfer in, and calls back. The same number again is the same transfer, whatever else it says; only the callback is repeated.
    pub fn take_in(&self, transfer: &IncomingTransfer<'_>) -> Result<(Id, String), OutsideError> {
        let now = self.world.now();
        let bank_ref = match transfer.bank_ref {
            "" => {
                let mut tail = [0u8; 8];
                self.world.random(&mut tail);
                format!("IN{:016}", u64::from_be_bytes(tail) % 10_000_000_000_000_000)
            }
            given => cut(given),
        };
        let id = derive(&bank_ref);
        let twice = self.faults().duplicate_callbacks;
        let mut book = self.book.hold();
        let book = book.transaction()?;
        book.run(
            "INSERT OR IGNORE INTO incoming(id, bank_ref, amount, memo, sender, value_at, shown_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id.to_string(), bank_ref, transfer.amount_fen, cut(transfer.memo), cut(transfer.sender), now.as_ms(),
                now.plus_ms(transfer.after_ms.max(0)).as_ms()
            ],
        )?;
        for _ in 0..if twice { 2 } else { 1 } {
            book.run(
                "INSERT INTO callbacks(id, kind, amount, state, at) SELECT id, 'incoming', amount, 'done', ?2 FROM incoming WHERE id = ?1",
                params![id.to_string(), now.as_ms()],
            )?;
        }
        book.commit()?;
        Ok((id, bank_ref))
    }

    /// What came to the wallet's account and was not sent back, as far as the statement shows it by now.
    pub(super) fn incoming_holds(&self, book: &Connection) -> rusqlite::Result<i64> {
        let sql = "SELECT COALESCE(SUM(amount), 0) FROM incoming WHERE shown_at <= ?1 AND returned_at IS NULL";
        book.row(sql, [self.world.now().as_ms()], |row| row.get(0))
    }

    pub(super) fn statement_since(&self, since: Timestamp) -> rusqlite::Result<Vec<StatementLine>> {
        let book = self.book.hold();
        let mut query = book.prepare_cached(
            "SELECT id, amount, memo, shown_at, returned_at IS NOT NULL FROM incoming WHERE shown_at BETWEEN ?1 AND ?2 ORDER BY shown_at, rowid")?;
        let rows = query.query_map([since.as_ms(), self.world.now().as_ms()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?, row.get::<_, bool>(4)?))
        })?;
        let mut lines = Vec::new();
        for row in rows {
            let (id, fen, memo, at, returned) = row?;
            if let Ok(id) = Id::parse(&id) {
                lines.push(StatementLine { id, amount: Money::fen(fen), memo, at: Timestamp::from_ms(at), returned });
            }
        }
        Ok(lines)
    }

    pub(super) fn sender_of(&self, id: Id) -> rusqlite::Result<Option<String>> {
        self.book.hold().row("SELECT sender FROM incoming WHERE id = ?1", [id.to_string()], |row| row.get(0)).optional()
    }

    /// Sends one back to the account that it came from, whole and once.
    pub(super) fn send_back_now(&self, id: Id) -> rusqlite::Result<BankAnswer> {
        let fault = self.faults().movements;
        if matches!(fault, BankFault::Down | BankFault::Hold) {
            return Ok(BankAnswer::Pending);
        }
        let book = self.book.hold();
        let sql = "UPDATE incoming SET returned_at = COALESCE(returned_at, ?2) WHERE id = ?1 AND shown_at <= ?2 RETURNING bank_ref, amount";
        let found: Option<(String, i64)> = book.row(sql, params![id.to_string(), self.world.now().as_ms()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(match (found, fault) {
            (None, _) => BankAnswer::Unknown,
            (Some(_), BankFault::LoseAnswer) => BankAnswer::Pending,
            (Some((bank_ref, amount)), _) => BankAnswer::Done { bank_ref, amount: Money::fen(amount) },
        })
    }
}
