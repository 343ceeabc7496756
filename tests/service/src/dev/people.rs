//! What the operator's people do by hand: ask for a new check, give a number that was sold again free, refuse numbers.

use super::{App, done, number, text};
use crate::http::errors::{Answer, Sent};
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::store::people::account;
use crate::store::{self, run};
use crate::wire;
use axum::extract::State;
use kabao_base::Code;
use kabao_outside::World;
use rusqlite::params;
use serde_json::{Value, json};

/// More than any balance, so that sums stay in range.
const MOST_HELD: i64 = 100_000_000_000_000;

/// Asks every account for a new real-name check: `{by}`, a day as `2026-12-31`; null takes it back.
pub async fn reverify(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let by = body.get("by").and_then(Value::as_str);
    if by.is_some_and(|by| by.parse::<chrono::NaiveDate>().is_err()) {
        return Err(Refusal::argument("by"));
    }
    store::write(&mut service.state().db, |tx| {
        run(tx, "UPDATE accounts SET reverify_by = ?1", [by])?;
        Ok(())
    })?;
    done()
}

/// Support has the network operator's word that a number has another owner now: the account that had it keeps everything
/// but the number. Its phones are told and go on; without one, only the real name finds it again.
pub async fn release_number(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let phone = text(&body, "phone")?.to_owned();
    let e164 = if phone.starts_with('+') { phone } else { format!("+86{phone}") };
    let (mark, id, now) = (service.keys.sealer.mark("phone", &e164), service.make_id(), service.now());
    let mut free = [0u8; 32];
    service.world.random(&mut free);
    store::write(&mut service.state().db, |tx| {
        let sql = "UPDATE accounts SET phone_mark = ?2 WHERE phone_mark = ?1 RETURNING account_id";
        let account: String = store::one(tx, sql, params![mark, free.to_vec()], |row| row.get(0))?.ok_or_else(|| Refusal::of(404, Code::PhoneUnknown))?;
        run(tx, "UPDATE replacements SET state = 'void' WHERE account_id = ?1 AND state = 'open'", [&account])?;
        run(tx, "INSERT INTO notices VALUES (?1, ?2, 'number_released', NULL, ?3)", params![id.to_string(), account, now.as_ms()])?;
        Ok(())
    })?;
    done()
}

/// An order from outside holds a part of a balance: `{account_id, fen}` → `{hold_id}`.
pub async fn hold(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let (of, fen, now) = (wire::id(text(&body, "account_id")?, "account_id")?, number(&body, "fen")?, service.now());
    if !(1..=MOST_HELD).contains(&fen) {
        return Err(Refusal::argument("fen"));
    }
    let mut state = service.state();
    account(&state.db, of)?;
    let hold = holds::order(&service, &mut state, of, fen, now)?;
    Answer::json(200, &json!({ "hold_id": hold.to_string() }))
}

/// Lifts it: `{account_id, hold_id}`.
pub async fn lift(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let (of, hold, now) = (wire::id(text(&body, "account_id")?, "account_id")?, wire::id(text(&body, "hold_id")?, "hold_id")?, service.now());
    holds::lift(&service, &mut service.state(), of, hold, now)?;
    done()
}

/// Sends no code to numbers with a beginning: `{prefix, reachable}`.
pub async fn phone_rule(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let prefix = text(&body, "prefix")?;
    let reachable = body.get("reachable").and_then(Value::as_bool).unwrap_or(false);
    let sql = if reachable { "DELETE FROM phone_rules WHERE prefix = ?1" } else { "INSERT OR IGNORE INTO phone_rules VALUES (?1)" };
    run(&service.state().db, sql, [prefix])?;
    Answer::json(200, &json!({}))
}

/// Refunds that wait for the persons of closed accounts.
pub async fn claims(State(service): App) -> Outcome<Answer> {
    Answer::json(200, &json!({ "claims": crate::claims::list(&service.state().db)? }))
}

/// Support pays one to who shows name and document: `{claim_no, name, document_number}`.
pub async fn pay_claim(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let person = (wire::plain(text(&body, "name")?, wire::NAME_MOST, "name")?, wire::plain(text(&body, "document_number")?, 64, "document_number")?);
    let now = service.now();
    Answer::json(200, &crate::claims::pay(&service, &mut service.state(), text(&body, "claim_no")?, person, now)?)
}
