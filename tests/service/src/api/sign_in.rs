//! A further phone of an account: the number, then the login password (an account without one: the PIN), then a code of the second
//! factor where it is on. No other phone is shut out. Real name instead is the way of `replacement`.

use super::registration::{TRIES, judge, may_send, send, sent_out};
use super::secure::{check_factor, check_password, digest, login_state, prove_pin};
use super::{App, phone};
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Pending, Service, SignInPending, State};
use crate::sign_in::{self, SignIn, needs};
use crate::store::people::account;
use crate::store::{self, one, run};
use crate::ways::{DAY_MS, PROVEN_MS, Stage};
use crate::wire::{self, OtpIn, RegistrationOut, SignInIn, SignInOut, SignInProofIn};
use crate::world::make_digits;
use axum::extract::{Path, State as Part};
use kabao_base::{Code, Otp, Timestamp};
use rusqlite::params;

/// How many wrong PINs an account has in a day in signing in, over all phones that try. Fewer than lock the PIN: who holds a stolen
/// SIM must not be able to take the PIN away from the person.
const PIN_TRIES: i64 = 2;
/// The forms of devices.
pub(super) const FORMS: [&str; 5] = ["phone", "tablet", "watch", "computer", "other"];

/// Asks for a code to the account's number, or for another one.
#[utoipa::path(post, path = "/v1/sign-ins", request_body = SignInIn, responses((status = 200, body = RegistrationOut), Common))]
pub async fn begin(Part(service): App, Sent(body): Sent<SignInIn>) -> Outcome<Answer> {
    let id = wire::id(&body.sign_in_id, "sign_in_id")?;
    let (device_key, approve_key) = (wire::key(&body.device_key, "device_key")?, wire::key(&body.approve_key, "approve_key")?);
    let model = wire::plain(&body.device_model, 100, "device_model")?.to_owned();
    if !FORMS.contains(&body.form.as_str()) {
        return Err(Refusal::argument("form"));
    }
    service.builds().admit(body.build.as_ref())?;
    if !phone::is_usable(&body.phone) {
        return Err(Refusal::rule(Code::PhoneInvalid).field("phone"));
    }
    let (now, mark) = (service.now(), service.keys.sealer.mark("phone", &body.phone));
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    // Before the number is looked at: it may be somebody else's by now.
    if let Some(of) = wire::maybe_id(body.account_id.as_deref(), "account_id")?
        && crate::closing::is_closed(&state.db, of)?
    {
        return Err(Refusal::of(401, Code::AccountClosed));
    }
    if let Some(SignInPending { pending, form }) = state.memory.sign_ins.get(&id) {
        let same = pending.device_key == device_key && pending.approve_key == approve_key && pending.phone == body.phone && pending.model == model;
        if !same || *form != body.form {
            return Err(Refusal::of(409, Code::IdReused));
        }
    }
    if let Some(known) = sign_in::load(&state.db, id)? {
        let same = known.device_key == device_key && known.approve_key == approve_key && known.phone_mark == mark && known.model == model;
        match known.stage {
            _ if !same || known.form != body.form => return Err(Refusal::of(409, Code::IdReused)),
            Stage::Void => return Err(Refusal::of(409, Code::ReplaceOvertaken)),
            Stage::Done => return Err(Refusal::of(409, Code::WrongStep)),
            Stage::Open => {}
        }
    }
    if one(&state.db, "SELECT 1 FROM accounts WHERE phone_mark = ?1", [mark], |row| row.get::<_, i64>(0))?.is_none() {
        return Err(Refusal::of(404, Code::PhoneUnknown).field("phone"));
    }
    may_send(&state.memory, &body.phone, now)?;
    let otp = make_digits(service.world.as_ref(), 6);
    send(&mut state.memory, &body.phone, &otp, now);
    let pending = Pending { phone: body.phone, device_key, approve_key, model, otp, sent_at: now, tries_left: TRIES, done: None };
    state.memory.sign_ins.insert(id, SignInPending { pending, form: body.form });
    sent_out(id, now)
}

/// Proves the number. An account that holds nothing is signed in by it.
#[utoipa::path(post, path = "/v1/sign-ins/{sign_in_id}/otp", params(("sign_in_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = OtpIn, responses((status = 200, body = SignInOut), Common))]
pub async fn otp(Part(service): App, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "sign_in_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let Some(waiting) = state.memory.sign_ins.get_mut(&id) else {
        // After a restart the code is forgotten; what it proved is not.
        let known = sign_in::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
        return view(&service, state, &known, now);
    };
    if judge(&mut waiting.pending, &typed, now)?.is_some() {
        let known = sign_in::load(&state.db, id)?.ok_or_else(|| Refusal::rule(Code::OtpUsed).field("otp"))?;
        return view(&service, state, &known, now);
    }
    let mark = service.keys.sealer.mark("phone", &waiting.pending.phone);
    let sql = "SELECT account_id FROM accounts WHERE phone_mark = ?1";
    let of = one(&state.db, sql, [&mark], |row| store::id_at(row, "account_id"))?.ok_or_else(|| Refusal::of(404, Code::PhoneUnknown).field("phone"))?;
    store::write(&mut state.db, |tx| sign_in::open(tx, id, of, &mark, waiting, now))?;
    waiting.pending.done = Some((of, id));
    let known = sign_in::load(&state.db, id)?.ok_or_else(crate::service::internal)?;
    let (who, login) = (account(&state.db, of)?, login_state(&service, of)?);
    if known.stage == Stage::Open && login.password_at.is_none() && !who.pin_set {
        // Nothing to prove and something to lose: only the real name will do.
        if who.class > 0 {
            return Err(Refusal::of(409, Code::SignInByReplacing));
        }
        if login.factor.is_none() {
            sign_in::complete(&service, state, &known, now)?;
        }
    }
    reload(&service, state, &known, now)
}

/// How it stands.
#[utoipa::path(get, path = "/v1/sign-ins/{sign_in_id}", params(("sign_in_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = SignInOut), Common))]
pub async fn state(Part(service): App, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "sign_in_id")?;
    let now = service.now();
    let mut state = service.state();
    let known = sign_in::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    view(&service, &mut state, &known, now)
}

/// Proves the person: password or PIN, then a code where the second factor is on. A password that was right need not be typed again.
#[utoipa::path(put, path = "/v1/sign-ins/{sign_in_id}/proof", params(("sign_in_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = SignInProofIn, responses((status = 200, body = SignInOut), Common))]
pub async fn prove(Part(service): App, Path(id): Path<String>, Sent(body): Sent<SignInProofIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "sign_in_id")?, wire::id(&body.proof_id, "proof_id")?);
    let read = |sealed: &Option<wire::BoxIn>, field: &str| sealed.as_ref().map(|sealed| sealed.read(field)).transpose();
    let (password, pin, factor) = (read(&body.password_box, "password_box")?, read(&body.pin_box, "pin_box")?, read(&body.factor_box, "factor_box")?);
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let mut known = sign_in::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    live(&known, now)?;
    if known.stage == Stage::Done {
        return view(&service, state, &known, now);
    }
    let (who, login) = (account(&state.db, known.account)?, login_state(&service, known.account)?);
    let (needs_password, needs_pin, needs_factor) = needs(&known, &who, &login);
    if !needs_password && !needs_pin && known.secret_proven.is_none() && who.class > 0 {
        return Err(Refusal::of(409, Code::SignInByReplacing));
    }
    if needs_password {
        let sealed = password.ok_or_else(|| Refusal::argument("password_box"))?;
        check_password(&service, known.account, digest(&sign_in::parts(&known, "password", proof)), sealed)?;
    }
    if needs_pin {
        let sealed = pin.ok_or_else(|| Refusal::argument("pin_box"))?;
        let of_account = known.account.to_string();
        let sql = "SELECT coalesce(sum(pin_wrong), 0) FROM sign_ins WHERE account_id = ?1 AND number_at > ?2";
        let wrong = one(&state.db, sql, params![of_account, now.plus_ms(-DAY_MS).as_ms()], |row| row.get::<_, i64>(0))?.unwrap_or(0);
        if wrong >= PIN_TRIES {
            return Err(Refusal::of(429, Code::TooManyRequests).retry_after(DAY_MS));
        }
        let judged = prove_pin(&service, state, known.account, digest(&sign_in::parts(&known, "pin", proof)), sealed);
        if judged.as_ref().is_err_and(|no| no.body.code == Code::PinWrong.as_str()) {
            run(&state.db, "UPDATE sign_ins SET pin_wrong = pin_wrong + 1 WHERE sign_in_id = ?1", [known.id.to_string()])?;
        }
        judged.map_err(|no| super::replacement::instead(no, Code::SignInPinLocked))?;
    }
    if needs_password || needs_pin {
        let proven = sign_in::secret(&login);
        run(&state.db, "UPDATE sign_ins SET secret_proven = ?2 WHERE sign_in_id = ?1", [known.id.to_string(), proven.clone()])?;
        known.secret_proven = Some(proven);
    }
    if needs_factor {
        // A password that was right stays proven: what is missing is the code alone.
        let Some(sealed) = factor else { return view(&service, state, &known, now) };
        check_factor(&service, known.account, digest(&sign_in::parts(&known, "factor", proof)), sealed)?;
    }
    sign_in::complete(&service, state, &known, now)?;
    reload(&service, state, &known, now)
}

/// Whether it can go on.
fn live(known: &SignIn, now: Timestamp) -> Outcome<()> {
    match known.stage {
        Stage::Void => Err(Refusal::of(409, Code::ReplaceOvertaken)),
        Stage::Open if now.since(known.number_at) > PROVEN_MS => Err(Refusal::rule(Code::OtpExpired).field("otp")),
        _ => Ok(()),
    }
}

fn reload(service: &Service, state: &mut State, known: &SignIn, now: Timestamp) -> Outcome<Answer> {
    let known = sign_in::load(&state.db, known.id)?.ok_or_else(crate::service::internal)?;
    view(service, state, &known, now)
}

fn view(service: &Service, state: &mut State, known: &SignIn, now: Timestamp) -> Outcome<Answer> {
    live(known, now)?;
    let (who, login) = (account(&state.db, known.account)?, login_state(service, known.account)?);
    Answer::json(200, &sign_in::view(&state.db, known, &who, &login, now)?)
}
