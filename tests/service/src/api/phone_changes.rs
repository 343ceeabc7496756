//! Another number for an account: a code to the new one; a code to the earlier one or, where that is gone, the real name;
//! and the PIN. The phone that asks is one of the account's.

use super::account::phone_of;
use super::registration::{LIFE_MS, TRIES, may_send, send};
use super::replacement::ask_person;
use super::secure::prove_pin;
use super::{App, phone};
use crate::http::errors::{Answer, Common, Sent};
use crate::number::{self, Change};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, SentCode, Service, State};
use crate::store::people::{Account, account};
use crate::store::{self, run};
use crate::ways::{self, Person, Stage, Way};
use crate::wire::{self, CodeSentOut, PersonIn, PhoneChangeIn, PhoneChangeOut, PhoneChangeProofIn, PhoneCodeIn};
use crate::world::make_digits;
use axum::extract::{Path, State as Part};
use kabao_base::{Code, Id, Otp, Timestamp};
use rusqlite::params;

const RESEND_MS: i64 = 60_000;

impl SentCode {
    /// Makes a code and sends it.
    pub(super) fn send(service: &Service, state: &mut State, to: &str, now: Timestamp) -> Outcome<SentCode> {
        may_send(&state.memory, to, now)?;
        let otp = make_digits(service.world.as_ref(), 6);
        send(&mut state.memory, to, &otp, now);
        Ok(SentCode { otp, sent_at: now, tries_left: TRIES, used: false })
    }

    /// Judges what was typed.
    pub(super) fn judge(&mut self, typed: &Otp, now: Timestamp) -> Outcome<()> {
        if self.tries_left == 0 {
            return Err(Refusal::of(403, Code::OtpLocked).field("otp"));
        }
        if now.since(self.sent_at) > LIFE_MS {
            return Err(Refusal::rule(Code::OtpExpired).field("otp"));
        }
        if typed.expose("compared with the code that was sent") == self.otp {
            return Ok(());
        }
        self.tries_left -= 1;
        let (status, code) = if self.tries_left == 0 { (403, Code::OtpLocked) } else { (422, Code::OtpWrong) };
        Err(Refusal::of(status, code).field("otp").left(self.tries_left))
    }

    /// What the phone is told of it.
    pub(super) fn told(&self, sent_to: String) -> CodeSentOut {
        CodeSentOut { sent_to, otp_length: 6, resend_after_ms: RESEND_MS, expires_at: self.sent_at.plus_ms(LIFE_MS).as_ms() }
    }
}

/// Begins a change, or sends the code that it waits for again: to the new number first, then to the earlier one.
#[utoipa::path(post, path = "/v1/phone-changes", request_body = PhoneChangeIn, responses((status = 200, body = CodeSentOut), Common))]
pub async fn begin(Part(service): App, caller: Caller, Sent(body): Sent<PhoneChangeIn>) -> Outcome<Answer> {
    let id = wire::id(&body.change_id, "change_id")?;
    if !phone::is_usable(&body.phone) {
        return Err(Refusal::rule(Code::PhoneInvalid).field("phone"));
    }
    let (now, mark) = (service.now(), service.keys.sealer.mark("phone", &body.phone));
    let mut state = service.state();
    let state = &mut *state;
    let who = ways::open_account(state, &caller)?;
    if phone::is_unreachable(&state.db, &body.phone)? {
        return Err(Refusal::rule(Code::PhoneUnreachable).field("phone"));
    }
    let known = match number::load(&state.db, id)? {
        Some(known) => {
            let same = known.account == caller.account && known.device == caller.device && known.new_mark == mark && known.old_reachable == body.old_reachable;
            match known.stage {
                _ if !same => return Err(Refusal::of(409, Code::IdReused)),
                Stage::Void => return Err(number::overtaken()),
                Stage::Done => return Err(Refusal::of(409, Code::WrongStep)),
                Stage::Open => Some(known),
            }
        }
        None => None,
    };
    match number::owner(&state.db, &mark)? {
        Some(owner) if owner == caller.account => return Err(Refusal::rule(Code::PhoneSame).field("phone")),
        Some(_) => return Err(Refusal::of(409, Code::PhoneInUse).field("phone")),
        None => {}
    }
    if !body.old_reachable {
        if who.class == 0 {
            return Err(Refusal::of(403, Code::OldNumberNeeded));
        }
        if !who.pin_set {
            return Err(Refusal::of(403, Code::PinNotSet));
        }
    }
    let old = phone_of(&service, &who)?;
    let stale = known.as_ref().is_some_and(|known| known.is_stale(now));
    let wants_old = match known.as_ref().filter(|_| !stale).map(Change::step) {
        None | Some("new_code") => false,
        Some("old_code") => true,
        Some(_) => return Err(Refusal::of(409, Code::WrongStep)),
    };
    if known.is_none() {
        Way::Number.may_begin(&state.db, caller.account, now)?;
    }
    let (which, to, masked) = match wants_old {
        true => ("old", old.clone(), who.phone_masked.clone()),
        false => ("new", body.phone.clone(), phone::masked(&body.phone)),
    };
    let code = SentCode::send(&service, state, &to, now)?;
    let sealer = &service.keys.sealer;
    let sealed = sealer.seal(service.world.as_ref(), &format!("change:{id}"), body.phone.as_bytes()).map_err(|_| crate::service::internal())?;
    store::write(&mut state.db, |tx| {
        let sql = "INSERT INTO phone_changes (change_id, account_id, device_id, new_mark, new_sealed, new_masked, old_mark, old_reachable, state, at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9) ON CONFLICT (change_id) DO UPDATE SET at = ?9";
        let old_mark = sealer.mark("phone", &old);
        let (account, device) = (caller.account.to_string(), caller.device.to_string());
        run(tx, sql, params![id.to_string(), account, device, mark, sealed, phone::masked(&body.phone), old_mark, body.old_reachable, now.as_ms()])?;
        if stale {
            run(tx, "UPDATE phone_changes SET new_at = NULL, old_at = NULL WHERE change_id = ?1", [id.to_string()])?;
        }
        Ok(())
    })?;
    let told = code.told(masked);
    state.memory.change_codes.insert((id, which), code);
    Answer::json(200, &told)
}

/// The change of this phone.
fn own(state: &State, caller: &Caller, id: Id) -> Outcome<Change> {
    let known = number::load(&state.db, id)?.filter(|known| known.account == caller.account && known.device == caller.device);
    let known = known.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if known.stage == Stage::Void { Err(number::overtaken()) } else { Ok(known) }
}

/// Proves one of the two numbers.
#[utoipa::path(post, path = "/v1/phone-changes/{change_id}/otp", params(("change_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = PhoneCodeIn, responses((status = 200, body = PhoneChangeOut), Common))]
pub async fn otp(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<PhoneCodeIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "change_id")?;
    let which = match body.which.as_str() {
        "new" => "new",
        "old" => "old",
        _ => return Err(Refusal::argument("which")),
    };
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = ways::open_account(state, &caller)?;
    let known = own(state, &caller, id)?;
    let proven = if which == "new" { known.new_at } else { known.old_at };
    let code = state.memory.change_codes.get_mut(&(id, which));
    if known.stage == Stage::Done || proven.is_some() {
        // Repeated after a lost answer. After a restart the code is forgotten; what it proved is not.
        return match code {
            Some(code) if typed.expose("compared with the code that was sent") != code.otp => Err(Refusal::rule(Code::OtpUsed).field("otp")),
            _ => answer(&known, &who, now),
        };
    }
    if which == "old" && (known.new_at.is_none() || !known.old_reachable) {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    code.ok_or_else(|| Refusal::rule(Code::OtpExpired).field("otp"))?.judge(&typed, now)?;
    let sql = if which == "new" { "UPDATE phone_changes SET new_at = ?2 WHERE change_id = ?1" } else { "UPDATE phone_changes SET old_at = ?2 WHERE change_id = ?1" };
    store::write(&mut state.db, |tx| Ok(run(tx, sql, params![id.to_string(), now.as_ms()])?))?;
    let known = own(state, &caller, id)?;
    // An account without a PIN and without a name holds nothing: its two numbers are the whole proof.
    if known.step() == "proving" && !who.pin_set && !known.needs_person(&who) {
        number::complete(&service, state, &known, now)?;
    }
    answer(&own(state, &caller, id)?, &who, now)
}

fn answer(known: &Change, who: &Account, now: Timestamp) -> Outcome<Answer> {
    let out = known.view(who, now)?;
    Answer::json(if out.state == "person_pending" { 202 } else { 200 }, &out)
}

/// How it stands.
#[utoipa::path(get, path = "/v1/phone-changes/{change_id}", params(("change_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = PhoneChangeOut), (status = 202, body = PhoneChangeOut), Common))]
pub async fn state(Part(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "change_id")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let mut known = own(state, &caller, id)?;
    if known.person == Person::Pending && known.stage == Stage::Open && !known.is_stale(now) {
        judge(&service, state, &mut known, None, now)?;
    }
    let who = account(&state.db, caller.account)?;
    fresh(&known, now)?;
    answer(&known, &who, now)
}

/// A number that was proven too long ago has to be proven again.
fn fresh(known: &Change, now: Timestamp) -> Outcome<()> {
    if known.is_stale(now) { Err(Refusal::rule(Code::OtpExpired).field("otp")) } else { Ok(()) }
}

/// Proves the person: real name where it is needed, then the PIN. The name comes first, so that who holds the phone and not
/// the person's face spends no try of the PIN.
#[utoipa::path(put, path = "/v1/phone-changes/{change_id}/proof", params(("change_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = PhoneChangeProofIn, responses((status = 200, body = PhoneChangeOut), (status = 202, body = PhoneChangeOut), Common))]
pub async fn prove(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<PhoneChangeProofIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "change_id")?, wire::id(&body.proof_id, "proof_id")?);
    let pin = body.pin_box.as_ref().map(|sealed| sealed.read("pin_box")).transpose()?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = ways::open_account(state, &caller)?;
    let mut known = own(state, &caller, id)?;
    if known.stage == Stage::Done {
        return answer(&known, &who, now);
    }
    fresh(&known, now)?;
    if !matches!(known.step(), "proving" | "person_pending") {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    if known.needs_person(&who) {
        match (&body.person, known.person) {
            (None, Person::None) => return Err(Refusal::argument("person")),
            (None, _) => judge(&service, state, &mut known, None, now)?,
            (Some(person), _) => judge(&service, state, &mut known, Some((proof, person)), now)?,
        }
        if known.person == Person::Pending {
            return answer(&known, &who, now);
        }
    }
    if who.pin_set {
        let sealed = pin.ok_or_else(|| Refusal::argument("pin_box"))?;
        let phone = known.phone(&service)?;
        prove_pin(&service, state, known.account, known.digest(&phone, proof), sealed)?;
    }
    number::complete(&service, state, &known, now)?;
    answer(&own(state, &caller, id)?, &who, now)
}

fn judge(service: &Service, state: &mut State, known: &mut Change, shown: Option<(Id, &PersonIn)>, now: Timestamp) -> Outcome<()> {
    let before = known.person_proof.unwrap_or(known.id);
    let (proof, person, refusal) = ask_person(service, &state.db, (known.account, known.account), before, shown, now)?;
    store::write(&mut state.db, |tx| Way::Number.keep_person(tx, known.id, (proof, person, refusal.is_some()), now))?;
    (known.person, known.person_proof) = (person, Some(proof));
    match refusal {
        Some(code) => Err(Refusal::named(422, &code).field("name")),
        None => Ok(()),
    }
}
