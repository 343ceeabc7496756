//! Opening an account: phone, code by SMS, keys of the phone.

use super::{App, phone};
use crate::http::errors::{Answer, Common, Sent};
use crate::opened;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Memory, Pending, Service, Sms, internal};
use crate::store::{self, one, run};
use crate::wire::{self, OpenedOut, OtpIn, RegistrationIn, RegistrationOut};
use crate::world::make_digits;
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Otp, Timestamp};
use kabao_proof::chain;
use rusqlite::{Connection, params};

/// How long a code lives.
pub(super) const LIFE_MS: i64 = 5 * 60_000;
/// When another one may be asked for.
const RESEND_MS: i64 = 60_000;
/// How many codes a number gets in a day.
const PER_DAY: usize = 10;
/// How many wrong ones lock a registration.
pub(super) const TRIES: u32 = 5;

/// The key set of the service, signed by the offline root.
#[utoipa::path(get, path = "/v1/keys", responses(
    (status = 200, description = "COSE_Sign1 of the key set", content_type = "application/cose", body = Vec<u8>), Common))]
pub async fn keys(State(service): App) -> Outcome<Answer> {
    Ok(crate::http::routes::cose(service.keys.signed_set.clone()))
}

/// Opens an account, or sends the code again.
#[utoipa::path(post, path = "/v1/registrations", request_body = RegistrationIn, responses((status = 200, body = RegistrationOut), Common))]
pub async fn register(State(service): App, Sent(body): Sent<RegistrationIn>) -> Outcome<Answer> {
    let id = wire::id(&body.registration_id, "registration_id")?;
    let (device_key, approve_key) = (wire::key(&body.device_key, "device_key")?, wire::key(&body.approve_key, "approve_key")?);
    let model = wire::plain(&body.device_model, 100, "device_model")?.to_owned();
    service.builds().admit(body.build.as_ref())?;
    if !phone::is_usable(&body.phone) {
        return Err(Refusal::rule(Code::PhoneInvalid).field("phone"));
    }
    let now = service.now();
    let mut state = service.state();
    if phone::is_unreachable(&state.db, &body.phone)? {
        return Err(Refusal::rule(Code::PhoneUnreachable).field("phone"));
    }
    let mark = service.keys.sealer.mark("phone", &body.phone);
    let taken = one(&state.db, "SELECT 1 FROM accounts WHERE phone_mark = ?1", [mark], |row| row.get::<_, i64>(0))?;
    if taken.is_some() {
        return Err(Refusal::of(409, Code::PhoneTaken).field("phone"));
    }
    if let Some(known) = state.memory.registrations.get(&id) {
        let same = known.device_key == device_key && known.approve_key == approve_key && known.phone == body.phone;
        if !same {
            return Err(Refusal::of(409, Code::IdReused));
        }
    }
    may_send(&state.memory, &body.phone, now)?;
    let otp = make_digits(service.world.as_ref(), 6);
    send(&mut state.memory, &body.phone, &otp, now);
    let pending = Pending { phone: body.phone, device_key, approve_key, model, otp, sent_at: now, tries_left: TRIES, done: None };
    state.memory.registrations.insert(id, pending);
    sent_out(id, now)
}

/// A code was sent.
pub(super) fn sent_out(id: Id, now: Timestamp) -> Outcome<Answer> {
    let answer = RegistrationOut {
        registration_id: id.to_string(),
        otp_length: 6,
        resend_after_ms: RESEND_MS,
        expires_at: now.plus_ms(LIFE_MS).as_ms(),
    };
    Answer::json(200, &answer)
}

/// Whether the number may get another code now.
pub(super) fn may_send(memory: &Memory, phone: &str, now: Timestamp) -> Outcome<()> {
    // A notice is no code.
    let inbox: Vec<&Sms> = memory.inbox.get(phone).into_iter().flatten().filter(|sms| !sms.otp.is_empty()).collect();
    if let Some(last) = inbox.last() {
        let rest = RESEND_MS - now.since(last.at);
        if rest > 0 {
            return Err(Refusal::of(429, Code::OtpCooldown).retry_after(rest));
        }
    }
    let today = inbox.iter().filter(|sms| now.since(sms.at) < 86_400_000);
    match today.clone().count() < PER_DAY {
        true => Ok(()),
        false => {
            let oldest = today.map(|sms| sms.at).min().unwrap_or(now);
            Err(Refusal::of(429, Code::TooManyRequests).retry_after(86_400_000 - now.since(oldest)))
        }
    }
}

/// Sends a code.
pub(super) fn send(memory: &mut Memory, phone: &str, otp: &str, now: Timestamp) {
    let text = format!("【卡包】验证码{otp}，5分钟内有效。请勿告诉他人。");
    memory.inbox.entry(phone.to_owned()).or_default().push(Sms { text, otp: otp.to_owned(), at: now });
}

/// Judges a typed code: what it opened before, nothing yet where it is right for the first time, or the refusal with the tries left.
pub(super) fn judge(pending: &mut Pending, typed: &Otp, now: Timestamp) -> Outcome<Option<(Id, Id)>> {
    let right = typed.expose("compared with the code that was sent") == pending.otp;
    if pending.done.is_some() {
        return if right { Ok(pending.done) } else { Err(Refusal::rule(Code::OtpUsed).field("otp")) };
    }
    if pending.tries_left == 0 {
        return Err(Refusal::of(403, Code::OtpLocked).field("otp"));
    }
    if now.since(pending.sent_at) > LIFE_MS {
        return Err(Refusal::rule(Code::OtpExpired).field("otp"));
    }
    if !right {
        pending.tries_left -= 1;
        let (status, code) = if pending.tries_left == 0 { (403, Code::OtpLocked) } else { (422, Code::OtpWrong) };
        return Err(Refusal::of(status, code).field("otp").left(pending.tries_left));
    }
    Ok(None)
}

/// Confirms the code; the account is open.
#[utoipa::path(post, path = "/v1/registrations/{registration_id}/otp", params(("registration_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = OtpIn, responses((status = 200, body = OpenedOut), Common))]
pub async fn otp(State(service): App, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "registration_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let Some(pending) = state.memory.registrations.get_mut(&id) else {
        // After a restart the code is forgotten; what it opened is not.
        let sql = "SELECT account_id, device_id FROM devices WHERE registration_id = ?1";
        let opened = one(&state.db, sql, [id.to_string()], |row| Ok((store::id_at(row, "account_id")?, store::id_at(row, "device_id")?)))?;
        let (account, device) = opened.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
        return answer(&service, &state.db, account, device);
    };
    if let Some((account, device)) = judge(pending, &typed, now)? {
        return answer(&service, &state.db, account, device);
    }
    let (account, device) = (service.make_id(), service.make_id());
    store::write(&mut state.db, |tx| open_account(tx, &service, id, pending, account, device, now))?;
    pending.done = Some((account, device));
    answer(&service, &state.db, account, device)
}

fn answer(service: &Service, db: &Connection, account: Id, device: Id) -> Outcome<Answer> {
    opened::keep(service, db, account, device)?;
    Answer::json(200, &OpenedOut { account_id: account.to_string(), device_id: device.to_string() })
}

fn open_account(tx: &Connection, service: &Service, registration: Id, pending: &Pending, account: Id, device: Id, now: Timestamp) -> Outcome<()> {
    let sealer = &service.keys.sealer;
    let sealed = sealer
        .seal(service.world.as_ref(), &format!("phone:{account}"), pending.phone.as_bytes())
        .map_err(|_| internal())?;
    let sql = "INSERT OR IGNORE INTO accounts (account_id, phone_mark, phone_sealed, phone_masked, history_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let opened = run(
        tx,
        sql,
        params![account.to_string(), sealer.mark("phone", &pending.phone), sealed, phone::masked(&pending.phone), chain::genesis(&account), now.as_ms()],
    )?;
    if opened == 0 {
        return Err(Refusal::of(409, Code::PhoneTaken).field("phone"));
    }
    let sql = "INSERT INTO devices (device_id, account_id, registration_id, device_key, approve_key, model, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    run(
        tx,
        sql,
        params![
            device.to_string(), account.to_string(), registration.to_string(), pending.device_key.to_bytes(),
            pending.approve_key.to_bytes(), pending.model, now.as_ms()
        ],
    )?;
    Ok(())
}
