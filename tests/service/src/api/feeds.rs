//! Feeds: what the service tells without a release of the app. The document is signed whoever asks; the profile is for
//! everybody, because it has to be read before there is an account.

use super::App;
use crate::http::errors::{Answer, Common};
use crate::http::routes::cose;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use kabao_proof::Feed;
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

/// What somebody has who may not be registered.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HeldByAnybody {
    /// The version that is held; absent or 0: none.
    after: Option<u64>,
    /// A number that is used once, at most 64 letters and digits: the answer's signature covers it.
    nonce: Option<String>,
}

/// The table of code formats: its newest version, when that is newer than the phone's.
#[utoipa::path(get, path = "/v1/feeds/codes", params(Held), responses(
    (status = 200, description = "COSE_Sign1 of the feed `codes`", content_type = "application/cose", body = Vec<u8>),
    (status = 204, description = "Nothing newer"), Common))]
pub async fn codes(State(service): App, _: Caller, held: Result<Query<Held>, QueryRejection>) -> Outcome<Answer> {
    let Query(held) = held.map_err(|_| Refusal::argument("query"))?;
    newest(&service, Feed::CODES, held.after)
}

/// Limits, fees and maintenance: the newest version, when that is newer than the phone's.
#[utoipa::path(get, path = "/v1/feeds/rules", params(Held), responses(
    (status = 200, description = "COSE_Sign1 of the feed `rules`", content_type = "application/cose", body = Vec<u8>),
    (status = 204, description = "Nothing newer"), Common))]
pub async fn rules(State(service): App, _: Caller, held: Result<Query<Held>, QueryRejection>) -> Outcome<Answer> {
    let Query(held) = held.map_err(|_| Refusal::argument("query"))?;
    newest(&service, Feed::RULES, held.after)
}

/// Which bank's cards begin how: the newest version of the table, when that is newer than the phone's.
#[utoipa::path(get, path = "/v1/feeds/cards", params(Held), responses(
    (status = 200, description = "COSE_Sign1 of the feed `cards`", content_type = "application/cose", body = Vec<u8>),
    (status = 204, description = "Nothing newer"), Common))]
pub async fn cards(State(service): App, _: Caller, held: Result<Query<Held>, QueryRejection>) -> Outcome<Answer> {
    let Query(held) = held.map_err(|_| Refusal::argument("query"))?;
    newest(&service, Feed::CARDS, held.after)
}

/// Who runs the wallet: the newest version, when that is newer than the one held. No signature is needed to ask.
#[utoipa::path(get, path = "/v1/feeds/profile", params(HeldByAnybody), responses(
    (status = 200, description = "COSE_Sign1 of the feed `profile`", content_type = "application/cose", body = Vec<u8>),
    (status = 204, description = "Nothing newer"), Common))]
pub async fn profile(State(service): App, held: Result<Query<HeldByAnybody>, QueryRejection>) -> Outcome<Answer> {
    let Query(held) = held.map_err(|_| Refusal::argument("query"))?;
    let plain = |nonce: &String| nonce.len() <= 64 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !held.nonce.as_ref().is_none_or(plain) {
        return Err(Refusal::argument("nonce"));
    }
    newest(&service, Feed::PROFILE, held.after)
}

fn newest(service: &Service, name: &str, after: Option<u64>) -> Outcome<Answer> {
    // The contract's number is one of 64 bits with a sign, and not below zero.
    let after = after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        return Err(Refusal::argument("query"));
    }
    let newer = service.feeds().serve(&service.keys, name, after, service.now());
    Ok(newer.map_or_else(Answer::empty, cose))
}
