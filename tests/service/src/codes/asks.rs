//! Questions above the cap: asked, answered by the person, or lapsed.

use super::charge::{ChargeRow, entry, read};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::{self, all, history, one, run};
use crate::wire::AskOut;
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

/// How long a question is open.
pub const LIFE_MS: i64 = 60_000;

const BUSY: &str = "EXISTS (SELECT 1 FROM payments p WHERE p.ask_id = charges.ask_id AND p.state IN ('accepted', 'sent', 'cancelling'))";

/// Every open question of an account.
pub fn open(db: &Connection, account: Id, now: Timestamp) -> Outcome<Vec<AskOut>> {
    let sql = "SELECT * FROM charges WHERE account_id = ?1 AND state = 'asked' AND expires_at >= ?2 ORDER BY created_at, order_id";
    let rows = all(db, sql, params![account.to_string(), now.as_ms()], read)?;
    Ok(rows.into_iter().map(ask_out).collect())
}

fn ask_out(row: ChargeRow) -> AskOut {
    AskOut {
        ask_id: row.ask.map(|id| id.to_string()).unwrap_or_default(),
        token_id: row.token_id.unwrap_or_default(),
        payee_id: row.payee.map(|id| id.to_string()).unwrap_or_default(),
        payee_name: row.payee_name,
        order: row.merchant_order,
        amount: row.amount.into(),
        expires_at: row.expires_at.map_or(0, Timestamp::as_ms),
    }
}

/// Refuses every question whose time is over, unless the person's answer is with the bank.
pub(crate) fn lapse_due(service: &Service, now: Timestamp) -> Outcome<()> {
    let mut state = service.state();
    let sql = format!("SELECT * FROM charges WHERE state = 'asked' AND expires_at < ?1 AND NOT {BUSY} ORDER BY expires_at, order_id");
    for row in all(&state.db, &sql, [now.as_ms()], read)? {
        store::write(&mut state.db, |tx| close(tx, &row, Code::AskLapsed, now))?;
    }
    Ok(())
}

pub(super) fn close(tx: &Connection, row: &ChargeRow, code: Code, now: Timestamp) -> Outcome<()> {
    let sql = "UPDATE charges SET state = 'refused', code = ?2 WHERE order_id = ?1 AND state = 'asked'";
    let changed = run(tx, sql, params![row.order_id.to_string(), code.as_str()])?;
    match row.account {
        Some(account) if changed == 1 => history::append(tx, account, entry(row, "refused", None, None, now)),
        _ => Ok(()),
    }
}

/// Whether the person's answer to a question is with the bank.
pub(super) fn is_busy(db: &Connection, row: &ChargeRow) -> Outcome<bool> {
    let sql = format!("SELECT 1 FROM charges WHERE order_id = ?1 AND {BUSY}");
    Ok(one(db, &sql, [row.order_id.to_string()], |row| row.get::<_, i64>(0))?.is_some())
}

/// The person says no.
pub fn decline(service: &Service, caller: &Caller, ask: Id) -> Outcome<()> {
    let now = service.now();
    let mut state = service.state();
    let sql = "SELECT * FROM charges WHERE ask_id = ?1 AND account_id = ?2";
    let row = one(&state.db, sql, [ask.to_string(), caller.account.to_string()], read)?;
    let row = row.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if row.state == "refused" && row.code.as_deref() == Some(Code::AskDeclined.as_str()) {
        return Ok(());
    }
    if row.state == "refused" {
        return Err(Refusal::rule(Code::AskLapsed));
    }
    if row.state != "asked" || is_busy(&state.db, &row)? {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    store::write(&mut state.db, |tx| close(tx, &row, Code::AskDeclined, now))
}
