//! The table of code formats, newer than the one that the app brought with it.

use super::App;
use crate::http::errors::{Answer, Common};
use crate::http::routes::cose;
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

/// What the phone has.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Held {
    /// The version that the phone has; absent or 0: none.
    after: Option<u64>,
}

/// The table of code formats: its newest version, when that is newer than the phone's.
#[utoipa::path(get, path = "/v1/feeds/codes", params(Held), responses(
    (status = 200, description = "COSE_Sign1 of the feed `codes`", content_type = "application/cose", body = Vec<u8>),
    (status = 204, description = "Nothing newer"), Common))]
pub async fn codes(State(service): App, _: Caller, held: Result<Query<Held>, QueryRejection>) -> Outcome<Answer> {
    let Query(held) = held.map_err(|_| Refusal::argument("query"))?;
    let now = service.now();
    // The contract's number is one of 64 bits with a sign, and not below zero.
    let after = held.after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        return Err(Refusal::argument("query"));
    }
    let newer = service.feeds().serve(&service.keys, after, now);
    Ok(newer.map_or_else(Answer::empty, cose))
}
