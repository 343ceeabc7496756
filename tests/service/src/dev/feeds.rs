//! Publishing versions of feeds, and serving them wrongly.

use super::{App, done};
use crate::feeds::{FeedFault, Unpublished};
use crate::http::errors::{Answer, Sent};
use crate::refusal::{Outcome, Refusal};
use axum::extract::{Path, State};
use kabao_base::{Code, Timestamp};
use kabao_proof::Feed;
use serde_json::{Value, json};

/// Which versions of a feed there are, and the fault that is on.
pub async fn state(State(service): App, Path(name): Path<String>) -> Outcome<Answer> {
    let (name, feeds) = (named(&name)?, service.feeds());
    Answer::json(200, &json!({"versions": feeds.versions(name), "fault": feeds.fault(name)}))
}

/// Publishes a version: `{table, version?, not_after?}`, or `{change, version?, not_after?}` for the newest one with the fields
/// of `change` in the place of its own (RFC 7396). The table is an object, or a text that is taken byte for byte; the version
/// is the table's own when it is not given, and of a change the next one.
pub async fn publish(State(service): App, Path(name): Path<String>, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let name = named(&name)?;
    let mut feeds = service.feeds();
    let table = match (body.get("table"), body.get("change")) {
        (Some(table), None) => table.clone(),
        (None, Some(change)) => {
            let newest = feeds.body(&service.keys, name).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            let mut table = newest.ok_or_else(|| Refusal::argument("change"))?;
            merge(&mut table, change);
            let next = feeds.newest(name).saturating_add(1);
            table["version"] = body.get("version").cloned().unwrap_or_else(|| next.into());
            table
        }
        _ => return Err(Refusal::argument("table")),
    };
    let (bytes, own) = match &table {
        Value::String(text) => (text.clone().into_bytes(), serde_json::from_str::<Value>(text).unwrap_or_default()),
        object => (object.to_string().into_bytes(), object.clone()),
    };
    let version = body.get("version").or_else(|| own.get("version")).and_then(Value::as_u64).ok_or_else(|| Refusal::argument("version"))?;
    let (now, not_after) = (service.now(), body.get("not_after").and_then(Value::as_i64).map(Timestamp::from_ms));
    let not_after = not_after.or_else(|| crate::feeds::life_ms(name).map(|ms| now.plus_ms(ms)));
    let feed = Feed { name: name.to_owned(), version, issued_at: now, not_after, body: bytes };
    feeds.publish(&service.keys, &feed).map_err(|error| match error {
        Unpublished::NotNewer => Refusal::named(409, "not_newer"),
        Unpublished::NoFeed => Refusal::argument("table"),
        Unpublished::Disk => Refusal::down(),
    })?;
    Answer::json(200, &json!({"version": version}))
}

/// Turns a fault of a feed on: `{fault}`; null turns it off. `older` needs two versions.
pub async fn fault(State(service): App, Path(name): Path<String>, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let name = named(&name)?;
    let fault = body.get("fault").cloned().ok_or_else(|| Refusal::argument("fault"))?;
    let fault: Option<FeedFault> = serde_json::from_value(fault).map_err(|_| Refusal::argument("fault"))?;
    let mut feeds = service.feeds();
    if fault == Some(FeedFault::Older) && feeds.versions(name).len() < 2 {
        return Err(Refusal::argument("fault"));
    }
    feeds.set_fault(name, fault);
    done()
}

fn named(name: &str) -> Outcome<&'static str> {
    crate::feeds::known(name).ok_or_else(|| Refusal::of(404, Code::NotFound))
}

/// RFC 7396: what is null goes, objects are gone into, everything else takes the place of what was there.
fn merge(into: &mut Value, change: &Value) {
    let Value::Object(fields) = change else {
        *into = change.clone();
        return;
    };
    for (name, value) in fields {
        match value {
            Value::Null => {
                into.as_object_mut().map(|object| object.remove(name));
            }
            Value::Object(_) if into.get(name).is_some_and(Value::is_object) => merge(&mut into[name.as_str()], value),
            other => into[name.as_str()] = other.clone(),
        }
    }
}
