//! Batches of payer codes.

use super::App;
use crate::codes::tokens;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::Outcome;
use crate::service::Caller;
use crate::wire::{self, BatchIn, BatchOut};
use axum::extract::State;

/// Makes a batch of tokens, or gives the one of the same id again.
#[utoipa::path(post, path = "/v1/payer-codes", request_body = BatchIn, responses((status = 200, body = BatchOut), Common))]
pub async fn provision(State(service): App, caller: Caller, Sent(body): Sent<BatchIn>) -> Outcome<Answer> {
    let batch = wire::id(&body.batch_id, "batch_id")?;
    Answer::json(200, &tokens::provision(&service, &caller, batch, body.count)?)
}
