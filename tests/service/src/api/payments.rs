//! Payments by their intent.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::pay::{self, Payment, State as PayState, abandon as fence, accept, proof as proofs};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::wire::{self, EmptyIn, PaidTwiceOut, PaymentIn, PaymentOut, ProofIn};
use axum::extract::{Path, State};
use kabao_base::{Code, Id};

/// Accepts a payment; the same id again gives the answer of the first.
#[utoipa::path(put, path = "/v1/payments/{intent_id}", params(("intent_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = PaymentIn,
    responses((status = 200, body = PaymentOut), (status = 202, body = PaymentOut), (status = 410, body = PaymentOut), Common))]
pub async fn pay(State(service): App, caller: Caller, Path(intent): Path<String>, Sent(body): Sent<PaymentIn>) -> Outcome<Answer> {
    let intent = wire::id(&intent, "intent_id")?;
    let payment = accept::put(&service, &caller, intent, &body)?;
    answer(&service, &payment, "processing", true)
}

/// How a payment stands. *Not found* is no refusal: it is not known now.
#[utoipa::path(get, path = "/v1/payments/{intent_id}", params(("intent_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = PaymentOut), (status = 202, body = PaymentOut), (status = 410, body = PaymentOut), Common))]
pub async fn state(State(service): App, caller: Caller, Path(intent): Path<String>) -> Outcome<Answer> {
    let intent = wire::id(&intent, "intent_id")?;
    let payment = known(&service, &caller, intent)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    answer(&service, &payment, "processing", true)
}

/// Gives a payment up: its result, a tombstone, or `dispatched`.
#[utoipa::path(post, path = "/v1/payments/{intent_id}/abandon", params(("intent_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = EmptyIn,
    responses((status = 200, body = PaymentOut), (status = 202, body = PaymentOut), Common))]
pub async fn abandon(State(service): App, caller: Caller, Path(intent): Path<String>, Sent(_): Sent<EmptyIn>) -> Outcome<Answer> {
    let intent = wire::id(&intent, "intent_id")?;
    let payment = fence::abandon(&service, &caller, intent)?;
    answer(&service, &payment, "dispatched", false)
}

/// Presents a receipt or tombstone of an older epoch. 200 when the order of the payment is paid twice: one of the two has to be asked back.
#[utoipa::path(post, path = "/v1/payments/{intent_id}/proof", params(("intent_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = ProofIn,
    responses((status = 200, body = PaidTwiceOut), (status = 204, description = "The book agrees"), Common))]
pub async fn proof(State(service): App, caller: Caller, Path(intent): Path<String>, Sent(body): Sent<ProofIn>) -> Outcome<Answer> {
    let intent = wire::id(&intent, "intent_id")?;
    let bytes = wire::bytes(&body.proof, "proof")?;
    match proofs::import(&service, &caller, intent, &bytes)? {
        Some(twice) => Answer::json(200, &twice),
        None => Ok(Answer::empty()),
    }
}

/// Of an orphan the money is known, and not the payment: whoever has its receipt presents it, whoever has none gives it up. From then on
/// its money is on its way back, and that is known here as it is to the answer of giving up.
fn known(service: &Service, caller: &Caller, intent: Id) -> Outcome<Option<Payment>> {
    let state = service.state();
    let Some(payment) = pay::load(&state.db, intent)?.filter(|payment| payment.account == caller.account) else { return Ok(None) };
    let told = payment.state != PayState::Orphan || pay::returns::is_begun(&state.db, intent)?;
    Ok(Some(payment).filter(|_| told))
}

fn answer(service: &Service, payment: &Payment, open_word: &str, tombstone_is_gone: bool) -> Outcome<Answer> {
    let view = pay::view(&service.state().db, payment, open_word)?;
    let status = match payment.state {
        PayState::Succeeded | PayState::Refused => 200,
        PayState::Tombstoned if tombstone_is_gone => 410,
        PayState::Tombstoned => 200,
        _ => 202,
    };
    Answer::json(status, &view)
}
