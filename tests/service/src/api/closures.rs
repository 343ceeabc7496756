//! Closing an account as its phone asks for it: the list of what has to be settled, the asking, the taking back.

use super::App;
use super::secure::prove_pin;
use crate::closing::{self, Stage};
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::people::account;
use crate::wire::{self, ClosureIn, ClosureOut};
use axum::extract::{Path, State as Part};
use kabao_base::{Code, Id};
use kabao_proof::digest::sha256_of;

/// What has to be settled, and how the closing stands.
#[utoipa::path(get, path = "/v1/closures", responses((status = 200, body = ClosureOut), Common))]
pub async fn view(Part(service): App, caller: Caller) -> Outcome<Answer> {
    Answer::json(200, &closing::view(&service.state().db, caller.account)?)
}

/// Asks for the account to be closed, with the PIN. From here on nothing is paid, and it can be taken back for some days.
#[utoipa::path(put, path = "/v1/closures/{closure_id}", params(("closure_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = ClosureIn, responses((status = 200, body = ClosureOut), Common))]
pub async fn close(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<ClosureIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "closure_id")?, wire::id(&body.proof_id, "proof_id")?);
    let pin = body.pin_box.as_ref().map(|sealed| sealed.read("pin_box")).transpose()?;
    if !body.confirmed {
        return Err(Refusal::argument("confirmed"));
    }
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let who = account(&state.db, caller.account)?;
    if let Some(known) = closing::load(&state.db, id)? {
        return match known.stage {
            _ if known.account != caller.account => Err(Refusal::of(409, Code::IdReused)),
            // Repeated after a lost answer.
            Stage::Cooling => Answer::json(200, &closing::view(&state.db, caller.account)?),
            _ => Err(Refusal::of(409, Code::WrongStep)),
        };
    }
    if who.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if who.closing {
        return Err(Refusal::of(409, Code::AccountClosing));
    }
    if let Some(code) = closing::points(&state.db, caller.account)?.into_iter().find_map(|point| point.code) {
        return Err(Refusal::named(409, &code));
    }
    if who.pin_set {
        let sealed = pin.ok_or_else(|| Refusal::argument("pin_box"))?;
        prove_pin(&service, state, caller.account, digest(&caller, id, proof), sealed)?;
    }
    closing::begin(&service, state, id, caller.account, caller.device, now)?;
    Answer::json(200, &closing::view(&state.db, caller.account)?)
}

/// What a PIN's box is bound to.
fn digest(caller: &Caller, closure: Id, proof: Id) -> [u8; 32] {
    let parts = ["kabao-close-1".to_owned(), closure.to_string(), proof.to_string(), caller.account.to_string(), caller.device.to_string()];
    sha256_of(&[parts.join("\0").as_bytes()])
}

/// Takes the closing back, while its days last: a request that a phone of the account signs is enough.
#[utoipa::path(post, path = "/v1/closures/{closure_id}/reopening", params(("closure_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = ClosureOut), Common))]
pub async fn reopen(Part(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "closure_id")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let known = closing::load(&state.db, id)?.filter(|known| known.account == caller.account);
    let known = known.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if known.stage == Stage::Cooling && known.closes_at <= now.as_ms() {
        // Its time is over; the end is a matter of moments.
        return Err(Refusal::of(409, Code::WrongStep));
    }
    if known.stage == Stage::Cooling {
        closing::reopen(&service, state, &known, now)?;
    }
    Answer::json(200, &closing::view(&state.db, caller.account)?)
}
