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
    let made = store::write(&mut service.state().db, |tx| {
        super::consents::need(tx, caller.account, super::consents::FACE)?;
        make(tx, caller.account, nonce, now)
    })?;
    Answer::json(200, &made)
}

/// Makes a nonce for an account, or for a replacement: `of` is its id, and nobody else can use the nonce.
pub(super) fn make(tx: &Connection, of: Id, nonce: Id, now: Timestamp) -> Outcome<NonceOut> {
    let (of, expires_at) = (of.to_string(), now.plus_ms(LIFE_MS).as_ms());
    let sql = "SELECT count(*) FROM liveness_nonces WHERE account_id = ?1 AND expires_at > ?2";
    let live: i64 = one(tx, sql, params![of, now.as_ms()], |row| row.get(0))?.unwrap_or(0);
    if live >= MOST {
        return Err(Refusal::of(429, Code::TooManyRequests).retry_after(LIFE_MS));
    }
    run(tx, "DELETE FROM liveness_nonces WHERE account_id = ?1 AND expires_at <= ?2", params![of, now.as_ms()])?;
    run(tx, "INSERT INTO liveness_nonces VALUES (?1, ?2, ?3, NULL)", params![nonce.to_string(), of, expires_at])?;
    Ok(NonceOut { nonce: nonce.to_string(), expires_at })
}

/// Uses a nonce up for one check. One that is old, used for another check, or another account's is refused before anything is
/// judged. The same check again, after a lost answer, is the same use.
pub(super) fn take(tx: &Connection, of: Id, nonce: &str, check: Id, now: Timestamp) -> Outcome<()> {
    let sql = "UPDATE liveness_nonces SET used_by = ?3 WHERE nonce = ?1 AND account_id = ?2 AND (used_by IS NULL OR used_by = ?3) AND expires_at > ?4";
    match run(tx, sql, params![nonce, of.to_string(), check.to_string(), now.as_ms()])? {
        1 => Ok(()),
        _ => Err(Refusal::rule(Code::LivenessStale).field("liveness_nonce")),
    }
}

/// Whether a check was made with a nonce of this account or replacement.
pub(super) fn is_of(db: &Connection, of: Id, check: Id) -> Outcome<bool> {
    let sql = "SELECT 1 FROM liveness_nonces WHERE account_id = ?1 AND used_by = ?2";
    Ok(one(db, sql, params![of.to_string(), check.to_string()], |row| row.get::<_, i64>(0))?.is_some())
}

/// A check that was never judged gives its nonce back.
pub(super) fn give_back(tx: &Connection, check: Id) -> Outcome<()> {
    run(tx, "UPDATE liveness_nonces SET used_by = NULL WHERE used_by = ?1", [check.to_string()])?;
    Ok(())
}
