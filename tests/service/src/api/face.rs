//! What a face check is bound to: a number of ours, for one account and a few minutes.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::{self, one, run};
use crate::wire::{EmptyIn, NonceOut};
use axum::extract::State;
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

/// How long a face check may take.
const LIFE_MS: i64 = 10 * 60_000;
/// How many face checks an account may begin in that time.
const MOST: i64 = 10;

/// Makes a nonce for the vendor's component in the app.
#[utoipa::path(post, path = "/v1/liveness-nonces", request_body = EmptyIn, responses((status = 200, body = NonceOut), Common))]
pub async fn nonce(State(service): App, caller: Caller, Sent(EmptyIn {}): Sent<EmptyIn>) -> Outcome<Answer> {
    let (now, nonce) = (service.now(), service.make_id());
    let expires_at = now.plus_ms(LIFE_MS).as_ms();
    store::write(&mut service.state().db, |tx| {
        super::consents::need(tx, caller.account, super::consents::FACE)?;
        let account = caller.account.to_string();
        let sql = "SELECT count(*) FROM liveness_nonces WHERE account_id = ?1 AND expires_at > ?2";
        let live: i64 = one(tx, sql, params![account, now.as_ms()], |row| row.get(0))?.unwrap_or(0);
        if live >= MOST {
            return Err(Refusal::of(429, Code::TooManyRequests).retry_after(LIFE_MS));
        }
        run(tx, "DELETE FROM liveness_nonces WHERE account_id = ?1 AND expires_at <= ?2", params![account, now.as_ms()])?;
        run(tx, "INSERT INTO liveness_nonces VALUES (?1, ?2, ?3, NULL)", params![nonce.to_string(), account, expires_at])?;
        Ok(())
    })?;
    Answer::json(200, &NonceOut { nonce: nonce.to_string(), expires_at })
}

/// Uses a nonce up for one check. One that is old, used, or another account's is refused before anything is judged.
pub(super) fn take(tx: &Connection, account: Id, nonce: &str, verification: Id, now: Timestamp) -> Outcome<()> {
    let sql = "UPDATE liveness_nonces SET used_by = ?3 WHERE nonce = ?1 AND account_id = ?2 AND used_by IS NULL AND expires_at > ?4";
    match run(tx, sql, params![nonce, account.to_string(), verification.to_string(), now.as_ms()])? {
        1 => Ok(()),
        _ => Err(Refusal::rule(Code::LivenessStale).field("liveness_nonce")),
    }
}
