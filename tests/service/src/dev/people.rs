//! What the operator's people do by hand: ask for a new check, give a number that was sold again free, refuse numbers.

use super::{App, done, text};
use crate::http::errors::{Answer, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::store::{self, run};
use axum::extract::State;
use kabao_base::Code;
use kabao_outside::World;
use rusqlite::params;
use serde_json::{Value, json};

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

/// Sends no code to numbers with a beginning: `{prefix, reachable}`.
pub async fn phone_rule(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let prefix = text(&body, "prefix")?;
    let reachable = body.get("reachable").and_then(Value::as_bool).unwrap_or(false);
    let sql = if reachable { "DELETE FROM phone_rules WHERE prefix = ?1" } else { "INSERT OR IGNORE INTO phone_rules VALUES (?1)" };
    run(&service.state().db, sql, [prefix])?;
    Answer::json(200, &json!({}))
}
