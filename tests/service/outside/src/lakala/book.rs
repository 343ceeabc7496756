//! The acquirer's book: payments, refunds and revocations, each under the merchant's number, which is unique.

use crate::port::World;
use kabao_base::Timestamp;
use kabao_vault_sys::Cached;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS trades(
    trade_no TEXT PRIMARY KEY, merchant_no TEXT NOT NULL, out_trade_no TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pay', 'refund', 'revoke')), origin TEXT REFERENCES trades(trade_no),
    amount INTEGER NOT NULL CHECK (amount > 0), state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'done', 'failed')),
    code TEXT, our_order TEXT, notify_url TEXT, made_at INTEGER NOT NULL, done_at INTEGER, ask_at INTEGER NOT NULL,
    UNIQUE (merchant_no, out_trade_no)) STRICT;
CREATE INDEX IF NOT EXISTS trades_open ON trades(ask_at) WHERE state IN ('open', 'waiting');
CREATE INDEX IF NOT EXISTS trades_origin ON trades(origin);
CREATE TABLE IF NOT EXISTS nonces(nonce TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS nonces_at ON nonces(at);
CREATE TABLE IF NOT EXISTS notifications(
    id INTEGER PRIMARY KEY AUTOINCREMENT, trade_no TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
    sent INTEGER NOT NULL, due_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'told', 'given_up', 'elsewhere'))) STRICT;
CREATE INDEX IF NOT EXISTS notifications_due ON notifications(due_at) WHERE state = 'due';
";

/// How far a trade is. `Open`: written down, and no answer of the wallet service yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Waiting,
    Done,
    Failed,
}

impl State {
    fn read(text: &str) -> State {
        match text {
            "done" => State::Done,
            "failed" => State::Failed,
            "waiting" => State::Waiting,
            _ => State::Open,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Waiting => "waiting",
            State::Done => "done",
            State::Failed => "failed",
        }
    }

    pub(super) fn is_final(self) -> bool {
        matches!(self, State::Done | State::Failed)
    }
}

/// A row of the book.
#[derive(Debug, Clone)]
pub(super) struct Trade {
    /// The acquirer's own number, and the key between acquirer and wallet service.
    pub(super) trade_no: String,
    pub(super) merchant_no: String,
    pub(super) out_trade_no: String,
    pub(super) kind: String,
    /// Of a refund or revocation: the payment's `trade_no`.
    pub(super) origin: Option<String>,
    pub(super) amount: i64,
    pub(super) state: State,
    /// Why it failed; a code of the catalogue.
    pub(super) code: Option<String>,
    pub(super) our_order: Option<String>,
    pub(super) notify_url: Option<String>,
    pub(super) made_at: Timestamp,
    pub(super) done_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "trade_no, merchant_no, out_trade_no, kind, origin, amount, state, code, our_order, notify_url, made_at, done_at";

impl Trade {
    pub(super) fn new(world: &dyn World, now: Timestamp, merchant_no: &str, out_trade_no: &str, kind: &str, amount: i64) -> Trade {
        let mut bytes = [0u8; 8];
        world.random(&mut bytes);
        let day: String = now.china_text().chars().take(10).filter(char::is_ascii_digit).collect();
        Trade {
            trade_no: format!("{day}11{:014}", u64::from_be_bytes(bytes) % 100_000_000_000_000),
            merchant_no: merchant_no.to_owned(),
            out_trade_no: out_trade_no.to_owned(),
            kind: kind.to_owned(),
            origin: None,
            amount,
            state: State::Open,
            code: None,
            our_order: None,
            notify_url: None,
            made_at: now,
            done_at: None,
        }
    }

    /// The number that stands in the payer's bill: the last 14 digits.
    pub(super) fn log_no(&self) -> &str {
        self.trade_no.get(self.trade_no.len().saturating_sub(14)..).unwrap_or_default()
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Trade> {
        let state: String = row.get(6)?;
        Ok(Trade {
            trade_no: row.get(0)?,
            merchant_no: row.get(1)?,
            out_trade_no: row.get(2)?,
            kind: row.get(3)?,
            origin: row.get(4)?,
            amount: row.get(5)?,
            state: State::read(&state),
            code: row.get(7)?,
            our_order: row.get(8)?,
            notify_url: row.get(9)?,
            made_at: Timestamp::from_ms(row.get(10)?),
            done_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_ms),
        })
    }

    /// Writes the row; `false` when the merchant used the number before.
    pub(super) fn insert(&self, book: &Connection) -> rusqlite::Result<bool> {
        let used = find(book, &self.merchant_no, &self.out_trade_no)?.is_some();
        if used {
            return Ok(false);
        }
        book.run(
            &format!("INSERT INTO trades({COLUMNS}, ask_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"),
            params![
                self.trade_no, self.merchant_no, self.out_trade_no, self.kind, self.origin, self.amount, self.state.text(),
                self.code, self.our_order, self.notify_url, self.made_at.as_ms(), self.done_at.map(Timestamp::as_ms),
                self.made_at.plus_ms(5_000).as_ms()
            ],
        )?;
        Ok(true)
    }
}

pub(super) fn find(book: &Connection, merchant_no: &str, out_trade_no: &str) -> rusqlite::Result<Option<Trade>> {
    book.row(
        &format!("SELECT {COLUMNS} FROM trades WHERE merchant_no = ?1 AND out_trade_no = ?2"),
        [merchant_no, out_trade_no],
        Trade::read,
    )
    .optional()
}

pub(super) fn by_number(book: &Connection, trade_no: &str) -> rusqlite::Result<Option<Trade>> {
    book.row(&format!("SELECT {COLUMNS} FROM trades WHERE trade_no = ?1"), [trade_no], Trade::read).optional()
}

/// What is not settled and should be asked about again.
pub(super) fn to_ask(book: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Trade>> {
    let mut query = book.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM trades WHERE state IN ('open', 'waiting') AND ask_at <= ?1 ORDER BY ask_at, trade_no LIMIT 100"
    ))?;
    query.query_map([now.as_ms()], Trade::read)?.collect()
}

pub(super) fn ask_later(book: &Connection, trade_no: &str, at: Timestamp) -> rusqlite::Result<()> {
    book.run("UPDATE trades SET ask_at = ?2 WHERE trade_no = ?1", params![trade_no, at.as_ms()])?;
    Ok(())
}

/// Moves a trade on; `false` when it was final already and stays as it is.
pub(super) fn advance(
    book: &Connection, trade_no: &str, state: State, code: Option<&str>, our_order: Option<&str>, at: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = book.run(
        "UPDATE trades SET state = ?2, code = ?3, our_order = COALESCE(?4, our_order), done_at = ?5
         WHERE trade_no = ?1 AND state IN ('open', 'waiting')",
        params![trade_no, state.text(), code, our_order, state.is_final().then_some(at.as_ms())],
    )?;
    Ok(changed > 0)
}

/// What was given back of a payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct GivenBack {
    /// Given back, in fen.
    pub(super) done: i64,
    /// Given back or asked to be, in fen.
    pub(super) claimed: i64,
    /// The payment was revoked.
    pub(super) revoked: bool,
}

pub(super) fn given_back(book: &Connection, trade_no: &str) -> rusqlite::Result<GivenBack> {
    book.row(
        "SELECT COALESCE(SUM(amount) FILTER (WHERE state = 'done'), 0), COALESCE(SUM(amount) FILTER (WHERE state <> 'failed'), 0),
                COALESCE(MAX(kind = 'revoke' AND state = 'done'), 0)
         FROM trades WHERE origin = ?1",
        [trade_no],
        |row| Ok(GivenBack { done: row.get(0)?, claimed: row.get(1)?, revoked: row.get(2)? }),
    )
}

/// Remembers a nonce; `false` when it was used before. Nonces older than `forget_before` cannot come back, because
/// their requests are too old.
pub(super) fn use_nonce(book: &Connection, nonce: &str, now: Timestamp, forget_before: Timestamp) -> rusqlite::Result<bool> {
    book.run("DELETE FROM nonces WHERE at < ?1", [forget_before.as_ms()])?;
    Ok(book.run("INSERT OR IGNORE INTO nonces VALUES(?1, ?2)", params![nonce, now.as_ms()])? > 0)
}

/// Payments that were made since a time, for a wallet service that rebuilds its book.
pub(super) fn paid_since(book: &Connection, since: Timestamp) -> rusqlite::Result<Vec<Trade>> {
    let mut query = book.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM trades WHERE state = 'done' AND done_at >= ?1 ORDER BY done_at, rowid"
    ))?;
    query.query_map([since.as_ms()], Trade::read)?.collect()
}
