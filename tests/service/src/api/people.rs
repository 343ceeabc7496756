//! People who can be paid, by their number; and transfers that can be called back.

use super::App;
use super::account::ready;
use super::phone;
use crate::http::errors::{Answer, Common, Sent};
use crate::number;
use crate::pay::transfer;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::account;
use crate::store::{self, one, run};
use crate::vault::{VaultAnswer, VaultCall};
use crate::wire::{self, EmptyIn, PersonPayeeIn, PersonPayeeOut};
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

const DAY_MS: i64 = 86_400_000;
/// How many numbers an account may look up in a day whose people it has never paid: a list of numbers is not to be tried out. The
/// same person again is no other number.
const ASKS: i64 = 30;
/// How many wrong names in a day.
const WRONG: i64 = 5;

/// Who has this number, as far as somebody who pays may know; with a beginning of the name, whether it is right.
#[utoipa::path(post, path = "/v1/payees/person", request_body = PersonPayeeIn, responses((status = 200, body = PersonPayeeOut), Common))]
pub async fn person(State(service): App, caller: Caller, Sent(body): Sent<PersonPayeeIn>) -> Outcome<Answer> {
    let number = wire::plain(&body.phone, 20, "phone")?;
    let begins = body.name_begins.as_deref().map(|text| wire::plain(text, 8, "name_begins")).transpose()?;
    if !phone::is_usable(number) {
        return Err(Refusal::rule(Code::PhoneInvalid).field("phone"));
    }
    let now = service.now();
    let mut state = service.state();
    ready(&state.db, caller.account, now)?;
    let (asked, wrong, again_in) = tries(&state.db, caller.account, now)?;
    let found = number::owner_of(&service, &state.db, number)?;
    let seen = found.map(|payee| is_known(&state.db, caller.account, payee)).transpose()?.unwrap_or(false);
    if (asked >= ASKS && !seen) || (begins.is_some() && wrong >= WRONG) {
        return Err(Refusal::of(429, Code::TooManyRequests).retry_after(again_in));
    }
    let Some(payee) = found else {
        count(&state.db, caller.account, (1, 0), now)?;
        return Err(Refusal::of(404, Code::PayeeNotHere).field("phone"));
    };
    if payee == caller.account {
        return Err(Refusal::rule(Code::PayeeIsSelf).field("phone"));
    }
    if let Some(code) = transfer::why_not_payee(&state.db, payee)? {
        count(&state.db, caller.account, (i64::from(!seen), 0), now)?;
        return Err(Refusal::rule(code).field("phone"));
    }
    let sql = "SELECT name_checked, paid_at FROM known_people WHERE payer = ?1 AND payee = ?2";
    let ids = [caller.account.to_string(), payee.to_string()];
    let known = one(&state.db, sql, ids, |row| Ok((row.get::<_, bool>(0)?, row.get::<_, Option<i64>>(1)?)))?;
    let (mut checked, paid) = known.map_or((false, None), |known| known);
    if let Some(begins) = begins {
        match service.ask_vault(VaultCall::NameBegins { account: payee, begins: begins.to_owned() })? {
            VaultAnswer::Done => checked = true,
            VaultAnswer::Refused { .. } => {
                count(&state.db, caller.account, (i64::from(!seen), 1), now)?;
                let left = u32::try_from(WRONG.saturating_sub(wrong).saturating_sub(1)).unwrap_or(0);
                return Err(Refusal::rule(Code::PayeeNameWrong).field("name_begins").left(left));
            }
            _ => return Err(Refusal::down()),
        }
    }
    let who = account(&state.db, payee)?;
    store::write(&mut state.db, |tx| {
        if !seen {
            count(tx, caller.account, (1, 0), now)?;
        }
        let sql = "INSERT INTO known_people (payer, payee, name_checked, looked_at) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (payer, payee) DO UPDATE SET name_checked = ?3, looked_at = ?4";
        run(tx, sql, params![caller.account.to_string(), payee.to_string(), checked, now.as_ms()])?;
        Ok(())
    })?;
    let answer = PersonPayeeOut {
        payee_id: payee.to_string(),
        name_masked: who.name_masked.unwrap_or_else(|| "*".to_owned()),
        phone_masked: phone::masked(number),
        first_time: paid.is_none(),
        name_checked: checked,
        delays_ms: transfer::DELAYS_MS.to_vec(),
    };
    Answer::json(200, &answer)
}

/// How often people were looked up in this day of the account, how often with a wrong name, and in how long the next one begins.
fn tries(db: &Connection, of: Id, now: Timestamp) -> Outcome<(i64, i64, i64)> {
    let sql = "SELECT asked, wrong, since FROM people_asks WHERE account_id = ?1 AND since > ?2";
    let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?));
    let found = one(db, sql, params![of.to_string(), now.plus_ms(-DAY_MS).as_ms()], read)?;
    Ok(found.map_or((0, 0, 0), |(asked, wrong, since)| (asked, wrong, since.saturating_add(DAY_MS).saturating_sub(now.as_ms()).clamp(1, DAY_MS))))
}

/// Whether the payer found this person before.
fn is_known(db: &Connection, payer: Id, payee: Id) -> Outcome<bool> {
    let sql = "SELECT 1 FROM known_people WHERE payer = ?1 AND payee = ?2";
    Ok(one(db, sql, [payer.to_string(), payee.to_string()], |row| row.get::<_, i64>(0))?.is_some())
}

fn count(db: &Connection, of: Id, (asked, wrong): (i64, i64), now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO people_asks VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id) DO UPDATE SET \
               asked = CASE WHEN since > ?5 THEN asked ELSE 0 END + ?2, wrong = CASE WHEN since > ?5 THEN wrong ELSE 0 END + ?3, \
               since = CASE WHEN since > ?5 THEN since ELSE ?4 END";
    run(db, sql, params![of.to_string(), asked, wrong, now.as_ms(), now.plus_ms(-DAY_MS).as_ms()])?;
    Ok(())
}

/// How a transfer stands.
#[utoipa::path(get, path = "/v1/transfers/{intent_id}", params(("intent_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = wire::TransferOut), Common))]
pub async fn state(State(service): App, caller: Caller, Path(intent): Path<String>) -> Outcome<Answer> {
    let intent = wire::id(&intent, "intent_id")?;
    due(&service);
    Answer::json(200, &transfer::view(&service, caller.account, intent)?)
}

/// Calls a transfer back before it arrives.
#[utoipa::path(post, path = "/v1/transfers/{intent_id}/cancel", params(("intent_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = EmptyIn,
    responses((status = 200, body = wire::TransferOut), Common))]
pub async fn cancel(State(service): App, caller: Caller, Path(intent): Path<String>, Sent(_): Sent<EmptyIn>) -> Outcome<Answer> {
    let intent = wire::id(&intent, "intent_id")?;
    Answer::json(200, &transfer::cancel(&service, caller.account, intent)?)
}

/// What is due by now is not told as waiting.
fn due(service: &Service) {
    let _ = transfer::deliver_due(service, service.now());
}
