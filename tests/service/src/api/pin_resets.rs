//! A new PIN for who forgot it, or whose PIN is locked: a code to the account's number, then real name, number of the document
//! and a face check made for a nonce of ours, then the new PIN. The phone that asks is one of the account's.

use super::account::phone_of;
use super::registration::may_send;
use super::replacement::ask_person;
use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::pin_reset::{self, Reset};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, SentCode, Service, State};
use crate::store::people::{Account, account};
use crate::store::{self, run};
use crate::ways::{self, Person, Stage, Way};
use crate::wire::{self, CodeSentOut, OtpIn, PersonIn, PinResetIn, PinResetOut, PinResetProofIn};
use axum::extract::{Path, State as Part};
use kabao_base::{Code, Id, Otp, Timestamp};
use rusqlite::params;

/// The codes of this way among those of the account's number.
const WHICH: &str = "pin";

/// Whether the account may have its PIN reset now. One without a verified name has nobody to prove, and holds nothing.
fn allowed(state: &State, caller: &Caller) -> Outcome<Account> {
    let who = ways::open_account(state, caller)?;
    match &who {
        Account { pin_set: false, .. } => Err(Refusal::of(403, Code::PinNotSet)),
        Account { class: 0, .. } => Err(Refusal::of(403, Code::WrongStep)),
        _ => Ok(who),
    }
}

/// The reset of this phone.
fn own(service: &Service, state: &mut State, caller: &Caller, id: Id) -> Outcome<Reset> {
    let known = pin_reset::load(&state.db, id)?.filter(|known| known.account == caller.account && known.device == caller.device);
    let known = pin_reset::catch_up(service, state, known.ok_or_else(|| Refusal::of(404, Code::NotFound))?)?;
    if known.stage == Stage::Void { Err(pin_reset::overtaken()) } else { Ok(known) }
}

fn answer(known: &Reset, who: &Account, now: Timestamp) -> Outcome<Answer> {
    if known.is_stale(now) {
        return Err(Refusal::rule(Code::OtpExpired).field("otp"));
    }
    let out = known.view(who, now)?;
    Answer::json(if out.state == "person_pending" { 202 } else { 200 }, &out)
}

/// Begins a reset, or sends its code again.
#[utoipa::path(post, path = "/v1/pin-resets", request_body = PinResetIn, responses((status = 200, body = CodeSentOut), Common))]
pub async fn begin(Part(service): App, caller: Caller, Sent(body): Sent<PinResetIn>) -> Outcome<Answer> {
    let id = wire::id(&body.reset_id, "reset_id")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = allowed(state, &caller)?;
    let stale = match pin_reset::load(&state.db, id)? {
        Some(known) if known.account != caller.account || known.device != caller.device => return Err(Refusal::of(409, Code::IdReused)),
        Some(known) => {
            let known = pin_reset::catch_up(&service, state, known)?;
            match known.stage {
                Stage::Void => return Err(pin_reset::overtaken()),
                Stage::Done => return Err(Refusal::of(409, Code::WrongStep)),
                Stage::Open if known.number_at.is_some() && !known.is_stale(now) => return Err(Refusal::of(409, Code::WrongStep)),
                Stage::Open => known.is_stale(now),
            }
        }
        None => {
            Way::Pin.may_begin(&state.db, caller.account, now)?;
            false
        }
    };
    let phone = phone_of(&service, &who)?;
    may_send(&state.memory, &phone, now)?;
    store::write(&mut state.db, |tx| {
        let sql = "INSERT OR IGNORE INTO pin_resets (reset_id, account_id, device_id, state, at) VALUES (?1, ?2, ?3, 'open', ?4)";
        run(tx, sql, params![id.to_string(), caller.account.to_string(), caller.device.to_string(), now.as_ms()])?;
        if stale {
            run(tx, "UPDATE pin_resets SET number_at = NULL WHERE reset_id = ?1", [id.to_string()])?;
        }
        Ok(())
    })?;
    let code = SentCode::send(&service, state, &phone, now)?;
    let told = code.told(who.phone_masked);
    state.memory.change_codes.insert((id, WHICH), code);
    Answer::json(200, &told)
}

/// Proves the number.
#[utoipa::path(post, path = "/v1/pin-resets/{reset_id}/otp", params(("reset_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = OtpIn, responses((status = 200, body = PinResetOut), (status = 202, body = PinResetOut), Common))]
pub async fn otp(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "reset_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = allowed(state, &caller)?;
    let known = own(&service, state, &caller, id)?;
    let code = state.memory.change_codes.get_mut(&(id, WHICH));
    if known.number_at.is_some() || known.stage == Stage::Done {
        // Repeated after a lost answer. After a restart the code is forgotten; what it proved is not.
        return match code {
            Some(code) if typed.expose("compared with the code that was sent") != code.otp => Err(Refusal::rule(Code::OtpUsed).field("otp")),
            _ => answer(&known, &who, now),
        };
    }
    code.ok_or_else(|| Refusal::rule(Code::OtpExpired).field("otp"))?.judge(&typed, now)?;
    let sql = "UPDATE pin_resets SET number_at = ?2 WHERE reset_id = ?1";
    store::write(&mut state.db, |tx| Ok(run(tx, sql, params![id.to_string(), now.as_ms()])?))?;
    answer(&own(&service, state, &caller, id)?, &who, now)
}

/// How it stands.
#[utoipa::path(get, path = "/v1/pin-resets/{reset_id}", params(("reset_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = PinResetOut), (status = 202, body = PinResetOut), Common))]
pub async fn state(Part(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "reset_id")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let mut known = own(&service, state, &caller, id)?;
    if known.person == Person::Pending && known.stage == Stage::Open && !known.is_stale(now) {
        judge(&service, state, &mut known, None, now)?;
    }
    let who = account(&state.db, caller.account)?;
    answer(&known, &who, now)
}

/// Proves the person and takes the new PIN. The person comes first: a PIN is looked at only for who is the account's person.
#[utoipa::path(put, path = "/v1/pin-resets/{reset_id}/proof", params(("reset_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = PinResetProofIn, responses((status = 200, body = PinResetOut), (status = 202, body = PinResetOut), Common))]
pub async fn prove(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<PinResetProofIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "reset_id")?, wire::id(&body.proof_id, "proof_id")?);
    let sealed = body.pin_box.read("pin_box")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = allowed(state, &caller)?;
    let mut known = own(&service, state, &caller, id)?;
    if known.stage == Stage::Done {
        return answer(&known, &who, now);
    }
    if known.is_stale(now) {
        return Err(Refusal::rule(Code::OtpExpired).field("otp"));
    }
    match (known.person, &body.person) {
        _ if known.number_at.is_none() => return Err(Refusal::of(409, Code::WrongStep)),
        (Person::Passed, _) => {}
        (Person::None, None) => return Err(Refusal::argument("person")),
        (Person::Pending, None) => judge(&service, state, &mut known, None, now)?,
        // A face that was shown elsewhere is no face of now.
        (_, Some(PersonIn { liveness_nonce: None, .. })) => return Err(Refusal::argument("liveness_nonce")),
        (_, Some(person)) => judge(&service, state, &mut known, Some((proof, person)), now)?,
    }
    if known.person == Person::Pending {
        return answer(&known, &who, now);
    }
    let (_, phone) = pin_reset::holder(&service, state, &known)?;
    pin_reset::complete(&service, state, &known, proof, sealed, &phone, now)?;
    answer(&own(&service, state, &caller, id)?, &account(&state.db, caller.account)?, now)
}

/// Has the person judged, or asks again how the judging stands. A nonce is used up by the try that names it.
fn judge(service: &Service, state: &mut State, known: &mut Reset, shown: Option<(Id, &PersonIn)>, now: Timestamp) -> Outcome<()> {
    let before = known.person_proof.unwrap_or(known.id);
    let (proof, person, refusal) = ask_person(service, &state.db, (known.account, known.account), before, shown, now)?;
    store::write(&mut state.db, |tx| Way::Pin.keep_person(tx, known.id, (proof, person, refusal.is_some()), now))?;
    (known.person, known.person_proof) = (person, Some(proof));
    match refusal {
        Some(code) => Err(Refusal::named(422, &code).field("name")),
        None => Ok(()),
    }
}
