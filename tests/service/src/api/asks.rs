//! A merchant's question above the cap.

use super::App;
use crate::codes::asks as questions;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::Outcome;
use crate::service::Caller;
use crate::wire::{self, EmptyIn};
use axum::extract::{Path, State};

/// The person says no.
#[utoipa::path(post, path = "/v1/asks/{ask_id}/decline", params(("ask_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = EmptyIn,
    responses((status = 204, description = "Declined"), Common))]
pub async fn decline(State(service): App, caller: Caller, Path(ask): Path<String>, Sent(_): Sent<EmptyIn>) -> Outcome<Answer> {
    let ask = wire::id(&ask, "ask_id")?;
    questions::decline(&service, &caller, ask)?;
    Ok(Answer::empty())
}
