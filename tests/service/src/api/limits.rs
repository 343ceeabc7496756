//! Limits: what is counted, and the caps that the person sets.

use super::App;
use super::secure::prove_pin;
use crate::closing;
use crate::http::errors::{Answer, Common, Sent};
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::account;
use crate::store::{self, ledger, limits, low, own_caps};
use crate::vault::Decision;
use crate::wire::{self, AmountIn, AmountOut, CounterOut, CountersOut, OwnCapsIn, OwnCapsOut};
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use rusqlite::Connection;

/// What is counted of every limit of the account, and against which rules.
#[utoipa::path(get, path = "/v1/limits", responses((status = 200, body = CountersOut), Common))]
pub async fn counters(State(service): App, caller: Caller) -> Outcome<Answer> {
    let now = service.now();
    let state = service.state();
    Answer::json(200, &view(&service, &state.db, caller.account, now)?)
}

/// Sets the caps of one's own. A lower one counts at once; a higher one, or none, needs the PIN and waits as the rules say. The
/// same change again is the same answer.
#[utoipa::path(put, path = "/v1/limits/own/{change_id}", params(("change_id" = String, Path)), request_body = OwnCapsIn,
    responses((status = 200, body = CountersOut), Common))]
pub async fn set_own(State(service): App, caller: Caller, Path(change): Path<String>, Sent(body): Sent<OwnCapsIn>) -> Outcome<Answer> {
    let change = wire::id(&change, "change_id")?;
    let read = |amount: &Option<AmountIn>, field: &str| amount.as_ref().map(|amount| amount.read(field)).transpose();
    let wanted = own_caps::Caps { single: read(&body.single, "single")?, day: read(&body.day, "day")? };
    if wanted.single.zip(wanted.day).is_some_and(|(single, day)| day < single) {
        return Err(Refusal::rule(Code::OwnCapMalformed).field("day"));
    }
    let proof = crate::wire::maybe_id(body.proof_id.as_deref(), "proof_id")?;
    let sealed = body.pin_box.as_ref().map(|sealed| sealed.read("pin_box")).transpose()?;
    let (now, rules) = (service.now(), service.rules());
    let mut state = service.state();
    let who = account(&state.db, caller.account)?;
    if who.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if who.class == 0 || !who.pin_set {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    let held = own_caps::load(&state.db, caller.account, now)?;
    if held.change == Some(change) {
        // The same change is the same wish, or it is no change of ours.
        let same = held.next.map_or(held.caps, |(next, _)| next) == wanted;
        return if same { Answer::json(200, &view(&service, &state.db, caller.account, now)?) } else { Err(Refusal::of(409, Code::IdReused)) };
    }
    if own_caps::raises(held.caps, wanted) {
        let sealed = sealed.ok_or_else(|| Refusal::rule(Code::OwnCapRaise).field("pin"))?;
        let text = |cap: Option<i64>| cap.map(|fen| fen.to_string()).unwrap_or_default();
        let proof = proof.ok_or_else(|| Refusal::argument("proof_id"))?;
        let parts = ["kabao-own-caps-1".to_owned(), change.to_string(), proof.to_string(), caller.account.to_string(), text(wanted.single), text(wanted.day)];
        prove_pin(&service, &state, caller.account, sha256_of(&[parts.join("\0").as_bytes()]), sealed)?;
    }
    let from = now.plus_ms(rules.raise_wait_ms());
    // An older copy of the book must not open what the person closed.
    let kept = Decision::OwnCaps { held: [held.caps.single, held.caps.day], wanted: [wanted.single, wanted.day], from: from.as_ms() };
    closing::keep(&service, change, caller.account, kept, now)?;
    store::write(&mut state.db, |tx| own_caps::set(tx, caller.account, change, held.caps, wanted, now, from))?;
    Answer::json(200, &view(&service, &state.db, caller.account, now)?)
}

fn view(service: &Service, db: &Connection, id: Id, now: Timestamp) -> Outcome<CountersOut> {
    let who = account(db, id)?;
    let own = own_caps::load(db, id, now)?;
    let out = |caps: own_caps::Caps, from: i64| OwnCapsOut { single: caps.single.map(AmountOut::from), day: caps.day.map(AmountOut::from), from };
    let counters = limits::counters(db, id, now)?;
    Ok(CountersOut {
        at: now.as_ms(),
        rules_version: service.rules().version,
        class: who.class,
        frozen: who.frozen,
        low_until: low::until(db, id, now)?,
        balance: ledger::user_balance(db, id)?.into(),
        held: holds::held(db, id)?.into(),
        counters: counters.into_iter().map(|(counter, card_id, used)| CounterOut { counter, card_id, used: used.into() }).collect(),
        counted: limits::counted(db, id)?,
        own: out(own.caps, own.since),
        own_next: own.next.map(|(caps, from)| out(caps, from)),
    })
}
