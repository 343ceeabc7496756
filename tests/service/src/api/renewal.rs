//! A new approval key for a phone whose old one died with a new finger or face: code by SMS and PIN, then low limits for a day.

use super::account::phone_of;
use super::registration::{LIFE_MS, TRIES, may_send, send, sent_out};
use super::App;
use super::secure::prove_pin;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Renewal};
use crate::store::people::account;
use crate::store::low::{self, LOW_MS};
use crate::store::{self, one, run};
use crate::wire::{self, RegistrationOut, RenewalIn, RenewalOut, RenewalProofIn};
use crate::world::make_digits;
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Otp};
use kabao_proof::digest::sha256_of;
use rusqlite::params;

/// Asks for a code to the account's number, or for another one.
#[utoipa::path(post, path = "/v1/approve-renewals", request_body = RenewalIn, responses((status = 200, body = RegistrationOut), Common))]
pub async fn begin(State(service): App, caller: Caller, Sent(body): Sent<RenewalIn>) -> Outcome<Answer> {
    let id = wire::id(&body.renewal_id, "renewal_id")?;
    let approve_key = wire::key(&body.approve_key, "approve_key")?;
    let now = service.now();
    let mut state = service.state();
    let phone = phone_of(&service, &account(&state.db, caller.account)?)?;
    if let Some(known) = state.memory.renewals.get(&id)
        && (known.device != caller.device || known.approve_key != approve_key)
    {
        return Err(Refusal::of(409, Code::IdReused));
    }
    if one(&state.db, "SELECT 1 FROM renewals WHERE renewal_id = ?1", [id.to_string()], |row| row.get::<_, i64>(0))?.is_some() {
        return Err(Refusal::of(409, Code::IdReused));
    }
    may_send(&state.memory, &phone, now)?;
    let otp = make_digits(service.world.as_ref(), 6);
    send(&mut state.memory, &phone, &otp, now);
    state.memory.renewals.insert(id, Renewal { device: caller.device, approve_key, otp, sent_at: now, tries_left: TRIES });
    sent_out(id, now)
}

/// Proves number and PIN; from then on the new key approves.
#[utoipa::path(put, path = "/v1/approve-renewals/{renewal_id}", params(("renewal_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = RenewalProofIn, responses((status = 200, body = RenewalOut), Common))]
pub async fn prove(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<RenewalProofIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "renewal_id")?, wire::id(&body.proof_id, "proof_id")?);
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let pin = body.pin_box.read("pin_box")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let sql = "SELECT device_id, low_until FROM renewals WHERE renewal_id = ?1";
    if let Some((device, low_until)) = one(&state.db, sql, [id.to_string()], |row| Ok((store::id_at(row, "device_id")?, row.get::<_, i64>(1)?)))? {
        return if device == caller.device { Answer::json(200, &RenewalOut { low_until }) } else { Err(Refusal::of(409, Code::IdReused)) };
    }
    let known = state.memory.renewals.get_mut(&id).filter(|known| known.device == caller.device);
    let known = known.ok_or_else(|| Refusal::rule(Code::OtpExpired).field("otp"))?;
    if known.tries_left == 0 {
        return Err(Refusal::of(403, Code::OtpLocked).field("otp"));
    }
    if now.since(known.sent_at) > LIFE_MS {
        return Err(Refusal::rule(Code::OtpExpired).field("otp"));
    }
    if typed.expose("compared with the code that was sent") != known.otp {
        known.tries_left -= 1;
        let (status, code) = if known.tries_left == 0 { (403, Code::OtpLocked) } else { (422, Code::OtpWrong) };
        return Err(Refusal::of(status, code).field("otp").left(known.tries_left));
    }
    let approve_key = known.approve_key;
    let parts = [
        "kabao-renew-1".to_owned(), id.to_string(), proof.to_string(), caller.account.to_string(), caller.device.to_string(), approve_key.to_string(),
    ];
    prove_pin(&service, state, caller.account, sha256_of(&[parts.join("\0").as_bytes()]), pin)?;
    let low_until = now.plus_ms(LOW_MS).as_ms();
    let (account_id, device) = (caller.account.to_string(), caller.device.to_string());
    store::write(&mut state.db, |tx| {
        run(tx, "UPDATE devices SET approve_key = ?2 WHERE device_id = ?1", params![device, approve_key.to_bytes()])?;
        low::begin(tx, caller.account, now)?;
        run(tx, "INSERT INTO renewals VALUES (?1, ?2, ?3)", params![id.to_string(), device, low_until])?;
        let notice: Id = service.make_id();
        run(tx, "INSERT INTO notices VALUES (?1, ?2, 'approval_renewed', ?3, ?4)", params![notice.to_string(), account_id, device, now.as_ms()])?;
        Ok(())
    })?;
    state.memory.renewals.remove(&id);
    let text = "【卡包】指纹或面容支付已重新开通，24小时内限额较低。如非本人操作，请立即冻结账户并联系客服。";
    crate::tell::person(&service, state, caller.account, text, now);
    Answer::json(200, &RenewalOut { low_until })
}
