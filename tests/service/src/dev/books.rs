//! The books as an auditor sees them.

use super::{App, done};
use crate::http::errors::{Answer, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::store::{self, all, history as chain, ledger as book, run};
use crate::wire;
use axum::extract::{Path, State};
use kabao_base::Code;
use kabao_proof::hex;
use serde_json::{Value, json};

/// The ledger: its sum, its accounts, how often each intent and token was executed, and what must be empty.
pub async fn ledger(State(service): App) -> Outcome<Answer> {
    let audit = book::audit(&service.state().db)?;
    let accounts: Vec<Value> = audit.accounts.iter().map(|(account, balance)| json!({"account": account, "balance": balance})).collect();
    let executions: Vec<Value> = audit
        .executions
        .iter()
        .map(|(reference, count)| json!({(if reference.len() == 32 { "intent_id" } else { "token_id" }): reference, "count": count}))
        .collect();
    let answer = json!({
        "sum": audit.sum, "accounts": accounts, "executions": executions,
        "negative": audit.negative, "uneven": audit.uneven, "astray": audit.astray,
    });
    Answer::json(200, &answer)
}

/// The whole history of an account, as the chain has it.
pub async fn history(State(service): App, Path(account): Path<String>) -> Outcome<Answer> {
    let account = wire::id(&account, "account")?;
    let state = service.state();
    let (seq, hash) = chain::head(&state.db, account).map_err(|_| Refusal::of(404, Code::NotFound))?;
    let sql = "SELECT body FROM history WHERE account_id = ?1 ORDER BY seq";
    let bodies: Vec<Vec<u8>> = all(&state.db, sql, [account.to_string()], |row| row.get(0))?;
    let entries: Vec<String> = bodies.iter().map(|body| wire::text(body)).collect();
    Answer::json(200, &json!({"seq": seq, "hash": hex(&hash), "entries": entries}))
}

/// What somebody of the operator has to look at.
pub async fn alarms(State(service): App) -> Outcome<Answer> {
    Answer::json(200, &json!({ "alarms": store::alarms::list(&service.state().db)? }))
}

/// Which tokens were consumed, by which order, and the digits that were read (those of this run only).
pub async fn tokens(State(service): App) -> Outcome<Answer> {
    let state = service.state();
    let sql = "SELECT token_id, route, acquirer_order, consumed_at FROM tokens WHERE consumed_at IS NOT NULL ORDER BY consumed_at, token_id";
    let rows: Vec<(String, String, String, i64)> = all(&state.db, sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let tokens: Vec<Value> = rows
        .into_iter()
        .map(|(token, route, order, at)| {
            let digits = state.memory.read_codes.get(&token);
            json!({"token_id": token, "route": route, "acquirer_order": order, "consumed_at": at, "digits": digits})
        })
        .collect();
    Answer::json(200, &json!({"tokens": tokens}))
}

/// Makes the service forget a phone.
pub async fn revoke_device(State(service): App, Path(device): Path<String>) -> Outcome<Answer> {
    let device = wire::id(&device, "device")?;
    store::write(&mut service.state().db, |tx| {
        run(tx, "UPDATE devices SET revoked = 1 WHERE device_id = ?1", [device.to_string()])?;
        run(tx, "UPDATE tokens SET revoked = 1 WHERE device_id = ?1", [device.to_string()])?;
        Ok(())
    })?;
    done()
}

/// What people were told about their accounts, oldest first.
pub async fn notices(State(service): App) -> Outcome<Answer> {
    let sql = "SELECT account_id, kind, device_id, at FROM notices ORDER BY at, notice_id";
    let rows: Vec<Value> = all(&service.state().db, sql, [], |row| {
        let (account, kind): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(json!({"account_id": account, "kind": kind, "device_id": row.get::<_, Option<String>>(2)?, "at": row.get::<_, i64>(3)?}))
    })?;
    Answer::json(200, &json!({"notices": rows}))
}

/// The list of builds.
pub async fn builds(State(service): App) -> Outcome<Answer> {
    Answer::json(200, &json!({ "builds": service.builds().lines() }))
}

/// Puts a line in: `{package, signing_digest?, channel?, core_version?, withdrawn?}`; an empty package is for apps that name no build.
pub async fn put_build(State(service): App, Sent(body): Sent<crate::builds::BuildLine>) -> Outcome<Answer> {
    service.builds().put(body)?;
    done()
}
