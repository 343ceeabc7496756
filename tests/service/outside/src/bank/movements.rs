//! Money between cards and the wallet's account at the bank. The same id is carried out once.

use super::{BankFault, BankFaults, SimulatedBank};
use crate::error::OutsideError;
use super::cards::why_bad;
use crate::port::{Bank, BankAnswer, BookLine, CardStanding, StatementLine};
use crate::store::lock;
use kabao_base::{Currency, Id, Money, Timestamp};
use kabao_vault_sys::Cached;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What the bank tells by itself about a movement whose answer was lost or late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankCallback {
    /// The number of the callback; hand it to `callback_taken`.
    pub seq: i64,
    /// The id that the wallet service gave.
    pub id: Id,
    /// `debit` or `credit`.
    pub kind: String,
    /// The amount that the callback names; a fault makes it differ from what was asked.
    pub amount: Money,
    /// What became of the movement.
    pub answer: BankAnswer,
    /// When.
    pub at: Timestamp,
}

struct Movement {
    kind: String,
    token: String,
    amount: i64,
    state: String,
    code: Option<String>,
    bank_ref: Option<String>,
    booked: i64,
}

impl Movement {
    fn read(row: &Row<'_>) -> rusqlite::Result<Movement> {
        Ok(Movement {
            kind: row.get(0)?,
            token: row.get(1)?,
            amount: row.get(2)?,
            state: row.get(3)?,
            code: row.get(4)?,
            bank_ref: row.get(5)?,
            booked: row.get(6)?,
        })
    }

    fn answer(self) -> BankAnswer {
        answer(&self.state, self.code, self.bank_ref, Money::fen(self.booked))
    }
}

fn answer(state: &str, code: Option<String>, bank_ref: Option<String>, amount: Money) -> BankAnswer {
    match state {
        "done" => BankAnswer::Done { bank_ref: bank_ref.unwrap_or_default(), amount },
        "refused" | "cancelled" | "held_cancelled" => {
            BankAnswer::Refused { code: code.unwrap_or_else(|| "bank_refused".to_owned()) }
        }
        _ => BankAnswer::Pending,
    }
}

fn find(book: &Connection, id: Id) -> rusqlite::Result<Option<Movement>> {
    book.row(
        "SELECT kind, token, amount, state, code, bank_ref, COALESCE((SELECT b.amount FROM booked b WHERE b.id = movements.id), amount)
         FROM movements WHERE id = ?1", [id.to_string()], Movement::read)
        .optional()
}

impl Bank for SimulatedBank {
    fn debit(&self, id: Id, card_token: &str, amount: Money) -> BankAnswer {
        self.ask("debit", id, card_token, amount).unwrap_or(BankAnswer::Pending)
    }

    fn credit(&self, id: Id, card_token: &str, amount: Money) -> BankAnswer {
        self.ask("credit", id, card_token, amount).unwrap_or(BankAnswer::Pending)
    }

    fn query(&self, id: Id) -> BankAnswer {
        if self.is_silent() {
            return BankAnswer::Pending;
        }
        match find(&self.book.hold(), id) {
            Ok(Some(movement)) => movement.answer(),
            Ok(None) => BankAnswer::Unknown,
            Err(_) => BankAnswer::Pending,
        }
    }

    fn cancel(&self, id: Id) -> BankAnswer {
        if self.is_silent() {
            return BankAnswer::Pending;
        }
        self.cancel_now(id).unwrap_or(BankAnswer::Pending)
    }

    fn standing(&self, card_token: &str) -> CardStanding {
        if self.is_silent() {
            return CardStanding::Pending;
        }
        self.standing_of(card_token).unwrap_or(CardStanding::Pending)
    }

    fn end_agreement(&self, card_token: &str) -> bool {
        !self.is_silent() && self.book.hold().run("UPDATE bindings SET ended = 1 WHERE token = ?1", [card_token]).is_ok()
    }

    fn book(&self, since: Timestamp) -> Vec<BookLine> {
        self.book_since(since).unwrap_or_default()
    }

    fn statement(&self, since: Timestamp) -> Option<Vec<StatementLine>> {
        if self.is_silent() { None } else { self.statement_since(since).ok() }
    }

    fn sender(&self, id: Id) -> Option<String> {
        if self.is_silent() { None } else { self.sender_of(id).ok().flatten() }
    }

    fn send_back(&self, id: Id) -> BankAnswer {
        self.send_back_now(id).unwrap_or(BankAnswer::Pending)
    }
}

impl SimulatedBank {
    /// Carries out what was held. Each gives a callback.
    pub fn settle(&self) -> Result<usize, OutsideError> {
        let faults = self.faults();
        let mut book = self.book.hold();
        let book = book.transaction()?;
        let held: Vec<String> = book
            .prepare_cached("SELECT id FROM movements WHERE state IN ('held', 'held_cancelled') ORDER BY asked_at, id")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let count = held.len();
        for id in held.iter().filter_map(|id| Id::parse(id).ok()) {
            self.execute(&book, id)?;
            self.call_back(&book, id, &faults)?;
        }
        book.commit()?;
        Ok(count)
    }

    /// What the bank has to tell and has not been told to be taken, oldest first.
    pub fn callbacks(&self) -> Result<Vec<BankCallback>, OutsideError> {
        let book = self.book.hold();
        let mut query = book.prepare_cached("SELECT seq, id, kind, amount, state, code, bank_ref, at FROM callbacks ORDER BY seq")?;
        let rows = query.query_map([], |row| {
            let state: String = row.get(4)?;
            let id: String = row.get(1)?;
            Ok(Id::parse(&id).ok().zip(Some((
                row.get(0)?, row.get(2)?, row.get(3)?, answer(&state, row.get(5)?, row.get(6)?, Money::fen(row.get(3)?)), row.get(7)?))))
        })?;
        let mut all = Vec::new();
        for row in rows {
            if let Some((id, (seq, kind, fen, answer, at))) = row? {
                all.push(BankCallback { seq, id, kind, amount: Money::fen(fen), answer, at: Timestamp::from_ms(at) });
            }
        }
        Ok(all)
    }

    /// The wallet service has taken a callback; it does not come again.
    pub fn callback_taken(&self, seq: i64) -> Result<(), OutsideError> {
        self.book.hold().run("DELETE FROM callbacks WHERE seq = ?1", [seq])?;
        Ok(())
    }

    /// What the wallet holds at the bank, in fen: everything debited and transferred less everything credited and sent back.
    pub fn wallet_holds(&self) -> Result<i64, OutsideError> {
        let book = self.book.hold();
        let moved: i64 = book.row(
            "SELECT COALESCE(SUM(CASE kind WHEN 'debit' THEN 1 ELSE -1 END * COALESCE((SELECT b.amount FROM booked b WHERE b.id = movements.id), amount)), 0)
             FROM movements WHERE state = 'done'",
            [],
            |row| row.get(0),
        )?;
        Ok(moved.saturating_add(self.incoming_holds(&book)?))
    }

    fn is_silent(&self) -> bool {
        let faults = lock(&self.faults);
        faults.silent_queries || faults.movements == BankFault::Down
    }

    /// A bank in its maintenance window takes nothing new: a debit is refused and never carried out, a credit waits.
    fn closed_for_now(&self, kind: &str, id: Id, token: &str, amount: i64) -> rusqlite::Result<Option<BankAnswer>> {
        if !matches!(self.standing_of(token)?, CardStanding::Maintenance { .. }) {
            return Ok(None);
        }
        let mut book = self.book.hold();
        let book = book.transaction()?;
        if let Some(known) = find(&book, id)? {
            return Ok(Some(known.answer()));
        }
        if kind != "debit" {
            return Ok(Some(BankAnswer::Pending));
        }
        let now = self.world.now().as_ms();
        book.run(
            "INSERT INTO movements VALUES(?1, ?2, ?3, ?4, 'refused', 'bank_maintenance', NULL, ?5, NULL)",
            params![id.to_string(), kind, token, amount, now],
        )?;
        book.commit()?;
        Ok(Some(BankAnswer::Refused { code: "bank_maintenance".to_owned() }))
    }

    fn ask(&self, kind: &str, id: Id, token: &str, amount: Money) -> rusqlite::Result<BankAnswer> {
        let faults = self.faults();
        if faults.movements == BankFault::Down {
            return Ok(BankAnswer::Pending);
        }
        if amount.currency != Currency::Cny || amount.minor <= 0 {
            return Ok(BankAnswer::Refused { code: "bank_refused".to_owned() });
        }
        if let Some(answer) = self.closed_for_now(kind, id, token, amount.minor)? {
            return Ok(answer);
        }
        let mut book = self.book.hold();
        let book = book.transaction()?;
        if let Some(known) = find(&book, id)? {
            // A cancelled id has no content yet: the cancellation came first.
            let tombstone = known.kind == "cancel";
            if !tombstone && (known.kind != kind || known.token != token || known.amount != amount.minor) {
                return Ok(BankAnswer::Refused { code: "id_reused".to_owned() });
            }
            return Ok(known.answer());
        }
        let now = self.world.now().as_ms();
        book.run(
            "INSERT INTO movements VALUES(?1, ?2, ?3, ?4, 'held', NULL, NULL, ?5, NULL)",
            params![id.to_string(), kind, token, amount.minor, now],
        )?;
        let result = match &faults.movements {
            BankFault::Hold => BankAnswer::Pending,
            BankFault::Refuse(code) => {
                refuse(&book, id, code)?;
                BankAnswer::Refused { code: code.clone() }
            }
            BankFault::LoseAnswer => {
                self.execute(&book, id)?;
                self.call_back(&book, id, &faults)?;
                BankAnswer::Pending
            }
            BankFault::None | BankFault::Down => {
                self.execute(&book, id)?;
                if faults.duplicate_callbacks {
                    self.call_back(&book, id, &faults)?;
                }
                find(&book, id)?.map_or(BankAnswer::Pending, Movement::answer)
            }
        };
        book.commit()?;
        Ok(result)
    }

    /// Moves the money of a held movement, or refuses it.
    fn execute(&self, book: &Connection, id: Id) -> rusqlite::Result<()> {
        let Some(movement) = find(book, id)? else { return Ok(()) };
        let (takes_back, other) = (self.faults().takes_back, self.faults().books_amount);
        let amount = other.unwrap_or(movement.amount);
        let card: Option<(Vec<u8>, i64, Option<&'static str>)> = book
            .row(
                "SELECT cards.card, balance, cards.state, cards.expiry, bindings.ended FROM bindings JOIN cards USING(card) WHERE token = ?1",
                [&movement.token],
                |row| {
                    let (state, expiry): (String, Option<String>) = (row.get(2)?, row.get(3)?);
                    // Money comes back to an expired card as well: the account behind it lives on.
                    let expiry = expiry.filter(|_| movement.kind == "debit");
                    let ended = row.get::<_, bool>(4)? && !(takes_back && movement.kind != "debit");
                    Ok((row.get(0)?, row.get(1)?, why_bad(&state, expiry.as_deref(), ended, self.world.now())))
                },
            )
            .optional()?;
        let Some((card, balance, bad)) = card else { return refuse(book, id, "card_unknown") };
        if let Some(code) = bad {
            return refuse(book, id, code);
        }
        let after = match movement.kind.as_str() {
            "debit" => balance.checked_sub(amount).filter(|after| *after >= 0),
            _ => balance.checked_add(amount),
        };
        let Some(after) = after else {
            return refuse(book, id, if movement.kind == "debit" { "bank_balance_low" } else { "bank_refused" });
        };
        book.run("UPDATE cards SET balance = ?2 WHERE card = ?1", params![card, after])?;
        if amount != movement.amount {
            book.run("INSERT INTO booked VALUES(?1, ?2)", params![id.to_string(), amount])?;
        }
        let now = self.world.now();
        let mut tail = [0u8; 8];
        self.world.random(&mut tail);
        let bank_ref = format!(
            "{}{:012}", now.china_text().get(..10).unwrap_or_default().replace('-', ""), u64::from_be_bytes(tail) % 1_000_000_000_000);
        book.run(
            "UPDATE movements SET state = 'done', code = NULL, bank_ref = ?2, executed_at = ?3 WHERE id = ?1",
            params![id.to_string(), bank_ref, now.as_ms()],
        )?;
        Ok(())
    }

    fn call_back(&self, book: &Connection, id: Id, faults: &BankFaults) -> rusqlite::Result<()> {
        for _ in 0..if faults.duplicate_callbacks { 2 } else { 1 } {
            book.run(
                "INSERT INTO callbacks(id, kind, amount, state, code, bank_ref, at)
                 SELECT id, kind, COALESCE(?2, amount), state, code, bank_ref, ?3 FROM movements WHERE id = ?1",
                params![id.to_string(), faults.callback_amount, self.world.now().as_ms()],
            )?;
        }
        Ok(())
    }

    fn cancel_now(&self, id: Id) -> rusqlite::Result<BankAnswer> {
        let breaks_word = lock(&self.faults).breaks_cancel;
        let mut book = self.book.hold();
        let book = book.transaction()?;
        match find(&book, id)? {
            None => {
                // A tombstone: the movement may still be on its way, and will be refused when it comes.
                book.run(
                    "INSERT INTO movements VALUES(?1, 'cancel', '', 0, 'cancelled', 'payment_abandoned', NULL, ?2, NULL)",
                    params![id.to_string(), self.world.now().as_ms()],
                )?;
            }
            Some(held) if held.state == "held" => {
                let state = if breaks_word { "held_cancelled" } else { "cancelled" };
                book.run(
                    "UPDATE movements SET state = ?2, code = 'payment_abandoned' WHERE id = ?1", params![id.to_string(), state])?;
            }
            Some(_) => {}
        }
        let now = find(&book, id)?.map_or(BankAnswer::Pending, Movement::answer);
        book.commit()?;
        Ok(now)
    }

    fn book_since(&self, since: Timestamp) -> rusqlite::Result<Vec<BookLine>> {
        let book = self.book.hold();
        let mut query = book.prepare_cached(
            "SELECT id, kind, token, COALESCE((SELECT b.amount FROM booked b WHERE b.id = movements.id), amount), executed_at FROM movements WHERE state = 'done' AND executed_at >= ?1
             ORDER BY executed_at, rowid")?;
        let rows = query.query_map([since.as_ms()], |row| {
            let id: String = row.get(0)?;
            Ok((id, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?))
        })?;
        let mut lines = Vec::new();
        for row in rows {
            let (id, kind, card_token, fen, at) = row?;
            if let Ok(id) = Id::parse(&id) {
                lines.push(BookLine { id, kind, card_token, amount: Money::fen(fen), at: Timestamp::from_ms(at) });
            }
        }
        Ok(lines)
    }
}

fn refuse(book: &Connection, id: Id, code: &str) -> rusqlite::Result<()> {
    book.run("UPDATE movements SET state = 'refused', code = ?2 WHERE id = ?1", params![id.to_string(), code])?;
    Ok(())
}
