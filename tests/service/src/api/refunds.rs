//! What a person asks merchants to give back.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::refunds::{self, Wanted};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::wire::{self, RefundAskIn, RefundAskOut, RefundAsksOut};
use axum::extract::{Path, State};
use kabao_base::Timestamp;

/// Asks for a payment back. The same again is the same answer; one claim for each two payments.
#[utoipa::path(put, path = "/v1/refunds/{ask_id}", params(("ask_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = RefundAskIn,
    responses((status = 200, body = RefundAskOut), Common))]
pub async fn ask(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<RefundAskIn>) -> Outcome<Answer> {
    let receipt = |text: &Option<String>, field: &str| text.as_deref().map(|text| wire::bytes(text, field)).transpose();
    let wanted = Wanted {
        id: wire::id(&id, "ask_id")?,
        account: caller.account,
        record: wire::id(&body.record_id, "record_id")?,
        other: wire::maybe_id(body.other_id.as_deref(), "other_id")?,
        amount: body.amount.read("amount")?,
        reason: refunds::REASONS.into_iter().find(|reason| *reason == body.reason).ok_or_else(|| Refusal::argument("reason"))?,
        receipt: receipt(&body.receipt, "receipt")?,
        other_receipt: receipt(&body.other_receipt, "other_receipt")?,
        asked_at: body.asked_at.map(Timestamp::from_ms),
    };
    Answer::json(200, &refunds::ask(&service, &wanted)?)
}

/// Everything that this account asked back.
#[utoipa::path(get, path = "/v1/refunds", responses((status = 200, body = RefundAsksOut), Common))]
pub async fn list(State(service): App, caller: Caller) -> Outcome<Answer> {
    let state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let answer = RefundAsksOut { asks: refunds::list(&state.db, caller.account)?, changed_at: refunds::changed_at(&state.db, caller.account)? };
    Answer::json(200, &answer)
}
