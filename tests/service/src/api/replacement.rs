//! A phone that takes the place of a lost one: the number, then the real name, then the PIN; then the earlier phone is
//! shut out in one step. The real name is judged before the PIN, so that who holds a stolen SIM spends no try of it.

use super::registration::{TRIES, judge, may_send, send, sent_out};
use super::secure::prove_pin;
use super::account::phone_of;
use super::{App, face, phone};
use crate::http::errors::{Answer, Common, Sent};
use crate::pin_reset::{self, NewPin};
use crate::refusal::{Outcome, Refusal};
use crate::replace::{self, Replacement};
use crate::service::{Pending, Service, State};
use crate::store::people::{Account, account};
use crate::store::{self, one};
use crate::vault::{IdentityState, Liveness, VaultAnswer, VaultCall};
use crate::ways::{self, PROVEN_MS, Person, Stage, Way};
use crate::wire::{self, EmptyIn, NonceOut, OtpIn, PersonIn, RegistrationOut, ReplacementIn, ReplacementOut, ReplacementProofIn};
use crate::world::make_digits;
use axum::extract::{Path, State as Part};
use kabao_base::{Code, Id, Otp, Timestamp};
use rusqlite::Connection;

fn overtaken() -> Refusal {
    Refusal::of(409, Code::ReplaceOvertaken)
}

/// Asks for a code to the account's number, or for another one.
#[utoipa::path(post, path = "/v1/device-replacements", request_body = ReplacementIn, responses((status = 200, body = RegistrationOut), Common))]
pub async fn begin(Part(service): App, Sent(body): Sent<ReplacementIn>) -> Outcome<Answer> {
    let id = wire::id(&body.replacement_id, "replacement_id")?;
    let (device_key, approve_key) = (wire::key(&body.device_key, "device_key")?, wire::key(&body.approve_key, "approve_key")?);
    let model = wire::plain(&body.device_model, 100, "device_model")?.to_owned();
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
    if let Some(known) = state.memory.replacements.get(&id) {
        let same = known.device_key == device_key && known.approve_key == approve_key && known.phone == body.phone && known.model == model;
        if !same {
            return Err(Refusal::of(409, Code::IdReused));
        }
    }
    if let Some(known) = replace::load(&state.db, id)? {
        let same = known.device_key == device_key && known.approve_key == approve_key && known.phone_mark == mark && known.model == model;
        match known.stage {
            _ if !same => return Err(Refusal::of(409, Code::IdReused)),
            Stage::Void => return Err(overtaken()),
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
    state.memory.replacements.insert(id, pending);
    sent_out(id, now)
}

/// Proves the number.
#[utoipa::path(post, path = "/v1/device-replacements/{replacement_id}/otp", params(("replacement_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = OtpIn, responses((status = 200, body = ReplacementOut), Common))]
pub async fn otp(Part(service): App, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "replacement_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let Some(pending) = state.memory.replacements.get_mut(&id) else {
        // After a restart the code is forgotten; what it proved is not.
        let known = replace::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
        return view(&service, state, &known, now);
    };
    if judge(pending, &typed, now)?.is_some() {
        let known = replace::load(&state.db, id)?.ok_or_else(|| Refusal::rule(Code::OtpUsed).field("otp"))?;
        return view(&service, state, &known, now);
    }
    let mark = service.keys.sealer.mark("phone", &pending.phone);
    let sql = "SELECT account_id FROM accounts WHERE phone_mark = ?1";
    let account = one(&state.db, sql, [&mark], |row| store::id_at(row, "account_id"))?;
    let account = account.ok_or_else(|| Refusal::of(404, Code::PhoneUnknown).field("phone"))?;
    store::write(&mut state.db, |tx| replace::open(tx, id, account, &mark, pending, now))?;
    pending.done = Some((account, id));
    let known = replace::load(&state.db, id)?.ok_or_else(crate::service::internal)?;
    step(&service, state, known, now)
}

/// How it stands.
#[utoipa::path(get, path = "/v1/device-replacements/{replacement_id}", params(("replacement_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = ReplacementOut), (status = 202, body = ReplacementOut), Common))]
pub async fn state(Part(service): App, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "replacement_id")?;
    let now = service.now();
    let mut state = service.state();
    let mut known = replace::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if known.person == Person::Pending && known.stage == Stage::Open {
        judge_person(&service, &mut state, &mut known, None, now)?;
    }
    view(&service, &mut state, &known, now)
}

/// Makes a nonce for the vendor's component on the new phone. The number has to be proven; the nonce is this replacement's alone.
#[utoipa::path(post, path = "/v1/device-replacements/{replacement_id}/liveness-nonces", params(("replacement_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = EmptyIn, responses((status = 200, body = NonceOut), Common))]
pub async fn nonce(Part(service): App, Path(id): Path<String>, Sent(EmptyIn {}): Sent<EmptyIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "replacement_id")?;
    let (now, nonce) = (service.now(), service.make_id());
    let mut state = service.state();
    let known = replace::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    live(&known, now)?;
    let who = account(&state.db, known.account)?;
    // A name that was proven with another face check is shown once more for a new PIN.
    let enough = !needs_person(&who, &known) && (who.class == 0 || face_is_bound(&state.db, &known)?);
    if known.stage == Stage::Done || enough {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    Answer::json(200, &store::write(&mut state.db, |tx| face::make(tx, id, nonce, now))?)
}

/// Proves the person: real name where the account has one, then the PIN where one was chosen, or a new one in its place.
#[utoipa::path(put, path = "/v1/device-replacements/{replacement_id}/proof", params(("replacement_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = ReplacementProofIn, responses((status = 200, body = ReplacementOut), (status = 202, body = ReplacementOut), Common))]
pub async fn prove(Part(service): App, Path(id): Path<String>, Sent(body): Sent<ReplacementProofIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "replacement_id")?, wire::id(&body.proof_id, "proof_id")?);
    let pin = body.pin_box.as_ref().map(|sealed| sealed.read("pin_box")).transpose()?;
    let new_pin = body.new_pin_box.as_ref().map(|sealed| sealed.read("new_pin_box")).transpose()?;
    if pin.is_some() && new_pin.is_some() {
        return Err(Refusal::argument("new_pin_box"));
    }
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let mut known = replace::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    live(&known, now)?;
    if known.stage == Stage::Done {
        return view(&service, state, &known, now);
    }
    // A vault that took a new PIN before the book could say so.
    pin_reset::learn(&service, state, known.id)?;
    let who = account(&state.db, known.account)?;
    if new_pin.is_some() {
        may_choose(&who, body.person.as_ref())?;
    }
    let again = new_pin.is_some() && body.person.is_some() && !face_is_bound(&state.db, &known)?;
    if again || needs_person(&who, &known) {
        match (&body.person, known.person) {
            (None, Person::None) => return Err(Refusal::argument("person")),
            (None, _) => judge_person(&service, state, &mut known, None, now)?,
            (Some(person), _) => judge_person(&service, state, &mut known, Some((proof, person)), now)?,
        }
        if known.person == Person::Pending {
            return view(&service, state, &known, now);
        }
    }
    match new_pin {
        Some(_) if !face_is_bound(&state.db, &known)? => return Err(Refusal::rule(Code::LivenessStale).field("liveness_nonce")),
        Some(sealed) => {
            let phone = phone_of(&service, &who)?;
            let digest = replace::new_pin_digest(&known, proof);
            let new = NewPin { decision: known.id, account: known.account, device: known.id, proof, digest, sealed };
            pin_reset::take(&service, state, new, &phone, now)?;
        }
        None if who.pin_set => {
            let sealed = pin.ok_or_else(|| Refusal::argument("pin_box"))?;
            let judged = prove_pin(&service, state, known.account, replace::digest(&known, proof), sealed);
            judged.map_err(|no| instead(no, if who.class > 0 { Code::ReplacePinLocked } else { Code::PinLockedUnverified }))?;
        }
        None => {}
    }
    replace::complete(&service, state, &known, now)?;
    let known = replace::load(&state.db, id)?.ok_or_else(crate::service::internal)?;
    view(&service, state, &known, now)
}

/// Whether a new PIN may be chosen on the way. One without a verified name has nobody to prove.
fn may_choose(who: &Account, person: Option<&PersonIn>) -> Outcome<()> {
    match (who, person) {
        (Account { pin_set: false, .. }, _) => Err(Refusal::of(403, Code::PinNotSet)),
        (Account { class: 0, .. }, _) => Err(Refusal::of(403, Code::PinLockedUnverified).field("pin")),
        (Account { frozen: true, .. }, _) => Err(Refusal::of(403, Code::AccountFrozen)),
        // A face that was shown elsewhere is no face of now.
        (_, Some(PersonIn { liveness_nonce: None, .. })) => Err(Refusal::rule(Code::LivenessStale).field("liveness_nonce")),
        _ => Ok(()),
    }
}

/// Whether the name was proven with a face check that was made for this replacement.
fn face_is_bound(db: &Connection, known: &Replacement) -> Outcome<bool> {
    let Some(proof) = known.person_proof.filter(|_| known.person == Person::Passed) else { return Ok(false) };
    face::is_of(db, known.id, proof)
}

/// A locked PIN is told with the step that leads on from where the phone is.
pub(super) fn instead(no: Refusal, code: Code) -> Refusal {
    if no.body.code == Code::PinLocked.as_str() { Refusal::of(403, code).field("pin") } else { no }
}

fn needs_person(who: &Account, known: &Replacement) -> bool {
    who.class > 0 && known.person != Person::Passed
}

/// An account without a PIN and without a name holds nothing: its number is the whole proof.
fn step(service: &Service, state: &mut State, known: Replacement, now: Timestamp) -> Outcome<Answer> {
    let who = account(&state.db, known.account)?;
    if known.stage == Stage::Open && !who.pin_set && !needs_person(&who, &known) {
        replace::complete(service, state, &known, now)?;
        let known = replace::load(&state.db, known.id)?.ok_or_else(crate::service::internal)?;
        return view(service, state, &known, now);
    }
    view(service, state, &known, now)
}

/// Whether it can go on.
fn live(known: &Replacement, now: Timestamp) -> Outcome<()> {
    match known.stage {
        Stage::Void => Err(overtaken()),
        Stage::Open if now.since(known.number_at) > PROVEN_MS => Err(Refusal::rule(Code::OtpExpired).field("otp")),
        _ => Ok(()),
    }
}

fn view(service: &Service, state: &mut State, known: &Replacement, now: Timestamp) -> Outcome<Answer> {
    live(known, now)?;
    let who = account(&state.db, known.account)?;
    let out = replace::view(service, &state.db, known, &who)?;
    Answer::json(if out.state == "person_pending" { 202 } else { 200 }, &out)
}

/// Has the name judged, or asks again how the judging stands. Silence of the vendor stays `pending`.
fn judge_person(service: &Service, state: &mut State, known: &mut Replacement, shown: Option<(Id, &PersonIn)>, now: Timestamp) -> Outcome<()> {
    let (proof, person, refusal) = ask_person(service, &state.db, (known.account, known.id), known.person_proof.unwrap_or(known.id), shown, now)?;
    store::write(&mut state.db, |tx| Way::Phone.keep_person(tx, known.id, (proof, person, refusal.is_some()), now))?;
    known.person = person;
    known.person_proof = Some(proof);
    match refusal {
        Some(code) => Err(Refusal::named(422, &code).field("name")),
        None => Ok(()),
    }
}

/// Has the name judged, for a replacement or for another number; without one, asks again about the proof of before. Gives the
/// proof that counts, what the vendor says and, after a no, why. Rejected names are counted over all ways. A nonce has to be of
/// `owner`: the replacement, or the account whose number is changed.
pub(crate) fn ask_person(
    service: &Service,
    db: &Connection,
    (account, owner): (Id, Id),
    before: Id,
    shown: Option<(Id, &PersonIn)>,
    now: Timestamp,
) -> Outcome<(Id, Person, Option<String>)> {
    let (proof, name, sealed, liveness) = match shown {
        None => (before, String::new(), None, Liveness::default()),
        Some((proof, person)) => {
            let name = wire::plain(&person.name, wire::NAME_MOST, "name").map_err(|_| Refusal::rule(Code::NameInvalid).field("name"))?;
            let token = wire::plain(&person.liveness_token, 200, "liveness_token")?;
            ways::may_show_name(db, account, now)?;
            let sealed = person.id_box.read("id_box")?;
            let nonce = person.liveness_nonce.as_deref().map(|nonce| wire::id(nonce, "liveness_nonce")).transpose()?;
            if let Some(nonce) = nonce {
                face::take(db, owner, &nonce.to_string(), proof, now)?;
            }
            (proof, name.trim().to_owned(), Some(sealed), Liveness { token: token.to_owned(), nonce: nonce.map(|nonce| nonce.to_string()) })
        }
    };
    let (person, refusal) = match service.ask_vault(VaultCall::ProvePerson { proof, account, name, sealed, liveness })? {
        VaultAnswer::Identity { state: IdentityState::Passed(_), .. } => (Person::Passed, None),
        VaultAnswer::Identity { state: IdentityState::Pending | IdentityState::Review { .. }, .. } => (Person::Pending, None),
        VaultAnswer::Identity { state: IdentityState::Maintenance { retry_after_ms }, .. } => {
            face::give_back(db, proof)?;
            return if shown.is_some() { Err(Refusal::of(503, Code::VendorMaintenance).retry_after(retry_after_ms)) } else { Ok((proof, Person::Pending, None)) };
        }
        VaultAnswer::Identity { state: IdentityState::Rejected { code, .. }, .. } => (Person::None, Some(code)),
        // The box does not open, or the number never reached the vault: nothing was judged, and it is no try.
        VaultAnswer::Refused { code, .. } if shown.is_some() => {
            face::give_back(db, proof)?;
            return Err(Refusal::named(422, &code).field("id_box"));
        }
        _ => (Person::None, Some(Code::LivenessFailed.as_str().to_owned())),
    };
    Ok((proof, person, refusal))
}
