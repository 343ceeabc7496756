//! Publishing a table of code formats, and serving it wrongly.

use super::{App, done};
use crate::feeds::{FeedFault, Unpublished};
use crate::http::errors::{Answer, Sent};
use crate::refusal::{Outcome, Refusal};
use axum::extract::State;
use kabao_base::Timestamp;
use kabao_proof::Feed;
use serde_json::{Value, json};

/// Which versions there are, and the fault that is on.
pub async fn state(State(service): App) -> Outcome<Answer> {
    let feeds = service.feeds();
    Answer::json(200, &json!({"versions": feeds.versions(), "fault": feeds.fault()}))
}

/// Publishes a version: `{table, version?, not_after?}`. The table is an object, or a text that is taken byte for byte; the
/// version is the table's own when it is not given.
pub async fn publish(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let table = body.get("table").ok_or_else(|| Refusal::argument("table"))?;
    let (bytes, own) = match table {
        Value::String(text) => (text.clone().into_bytes(), serde_json::from_str::<Value>(text).unwrap_or_default()),
        object => (object.to_string().into_bytes(), object.clone()),
    };
    let version = body.get("version").or_else(|| own.get("version")).and_then(Value::as_u64).ok_or_else(|| Refusal::argument("version"))?;
    let not_after = body.get("not_after").and_then(Value::as_i64).map(Timestamp::from_ms);
    let feed = Feed { name: Feed::CODES.to_owned(), version, issued_at: service.now(), not_after, body: bytes };
    service.feeds().publish(&service.keys, &feed).map_err(|error| match error {
        Unpublished::NotNewer => Refusal::named(409, "not_newer"),
        Unpublished::NoFeed => Refusal::argument("table"),
        Unpublished::Disk => Refusal::down(),
    })?;
    Answer::json(200, &json!({"version": version}))
}

/// Turns a fault on: `{fault}`; null turns it off. `older` needs two versions.
pub async fn fault(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let fault = body.get("fault").cloned().ok_or_else(|| Refusal::argument("fault"))?;
    let fault: Option<FeedFault> = serde_json::from_value(fault).map_err(|_| Refusal::argument("fault"))?;
    let mut feeds = service.feeds();
    if fault == Some(FeedFault::Older) && feeds.versions().len() < 2 {
        return Err(Refusal::argument("fault"));
    }
    feeds.set_fault(fault);
    done()
}
