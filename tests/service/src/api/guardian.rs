//! A guardian's consent to the account of a person under 16: a code that a verified adult makes and the minor types.

use super::App;
use super::classes::person;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::account;
use crate::store::{self, id_at, one, run};
use crate::wire::{EmptyIn, GuardianCodeOut};
use crate::world::make_digits;
use axum::extract::State;
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

const LIFE_MS: i64 = 10 * 60_000;
/// The age from which a person may agree for another.
const ADULT: u32 = 18;
/// How many wrong codes an account may type in a day.
const TRIES: i64 = 10;

/// Makes a code of consent. The newest one of an account is the only one.
#[utoipa::path(post, path = "/v1/guardian-codes", request_body = EmptyIn, responses((status = 200, body = GuardianCodeOut), Common))]
pub async fn make(State(service): App, caller: Caller, Sent(EmptyIn {}): Sent<EmptyIn>) -> Outcome<Answer> {
    let now = service.now();
    let mut state = service.state();
    let who = account(&state.db, caller.account)?;
    if who.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if person(&service, caller.account)?.filter(|_| who.class > 0).ok_or_else(|| Refusal::of(403, Code::WrongStep))?.age < ADULT {
        return Err(Refusal::of(403, Code::UnderAge));
    }
    let (code, expires_at) = (make_digits(service.world.as_ref(), 8), now.plus_ms(LIFE_MS).as_ms());
    let mark = service.keys.sealer.mark("guardian", &code);
    store::write(&mut state.db, |tx| {
        run(tx, "DELETE FROM guardian_codes WHERE account_id = ?1 AND used_by IS NULL OR expires_at <= ?2", params![caller.account.to_string(), now.as_ms()])?;
        run(tx, "INSERT INTO guardian_codes VALUES (?1, ?2, ?3, NULL)", params![mark, caller.account.to_string(), expires_at])?;
        Ok(())
    })?;
    Answer::json(200, &GuardianCodeOut { code, expires_at })
}

/// Uses a code up for one check and gives the guardian. Wrong ones are counted.
pub(super) fn take(tx: &Connection, service: &Service, minor: Id, code: &str, verification: Id, now: Timestamp) -> Outcome<Result<Id, Refusal>> {
    let bucket = format!("guardian:{}", now.china_day());
    let sql = "SELECT used FROM limit_uses WHERE account_id = ?1 AND bucket = ?2";
    let tries: i64 = one(tx, sql, params![minor.to_string(), bucket], |row| row.get(0))?.unwrap_or(0);
    if tries >= TRIES {
        return Ok(Err(Refusal::of(429, Code::TooManyRequests).retry_after(86_400_000)));
    }
    let sql = "UPDATE guardian_codes SET used_by = ?2 WHERE code_mark = ?1 AND used_by IS NULL AND expires_at > ?3 AND account_id <> ?4 RETURNING account_id";
    let mark = service.keys.sealer.mark("guardian", code);
    let found = one(tx, sql, params![mark, verification.to_string(), now.as_ms(), minor.to_string()], |row| id_at(row, "account_id"))?;
    if let Some(guardian) = found {
        return Ok(Ok(guardian));
    }
    let sql = "INSERT INTO limit_uses VALUES (?1, ?2, 1) ON CONFLICT (account_id, bucket) DO UPDATE SET used = used + 1";
    run(tx, sql, params![minor.to_string(), bucket])?;
    Ok(Err(Refusal::rule(Code::GuardianCode).field("guardian_code")))
}

/// A check that was never judged gives the code back.
pub(super) fn give_back(tx: &Connection, verification: Id) -> Outcome<()> {
    run(tx, "UPDATE guardian_codes SET used_by = NULL WHERE used_by = ?1", [verification.to_string()])?;
    Ok(())
}
