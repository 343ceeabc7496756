//! Clock and faults.

use super::{App, done, number};
use crate::http::errors::{Answer, Sent};
use crate::http::faults::Rule;
use crate::refusal::{Outcome, Refusal};
use axum::extract::State;
use kabao_outside::lakala::AcquirerFaults;
use serde_json::{Value, json};
use std::sync::PoisonError;

/// Puts the service's clock forward: `{advance_ms}`, or `{to_china_midnight_ms}`: so long after the next midnight of UTC+8, or
/// before it.
pub async fn clock(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let now = service.now();
    let advance = match body.get("to_china_midnight_ms").and_then(Value::as_i64) {
        Some(ms) => now.china_day_end().plus_ms(ms).since(now).max(0),
        None => number(&body, "advance_ms")?,
    };
    let offset = service.world.advance(advance);
    service.tick(service.now());
    Answer::json(200, &json!({"now": service.now(), "offset_ms": offset}))
}

/// Sets how long a closing can be taken back and a second contact counts: `{cooling_ms?, verify_again_ms?}`.
pub async fn periods(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let state = service.state();
    for name in [crate::closing::COOLING, crate::api::contacts::VERIFY_AGAIN] {
        if let Some(ms) = body.get(name).and_then(Value::as_i64).filter(|ms| *ms > 0) {
            crate::store::meta::set(&state.db, name, &ms.to_string())?;
        }
    }
    done()
}

/// Shows another version of a document from now on: `{version, document?}`, without one of the real-name check's.
pub async fn consent_version(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let version = crate::wire::plain(super::text(&body, "version")?, 40, "version")?.to_owned();
    let document = body.get("document").and_then(Value::as_str).unwrap_or(crate::api::consents::REAL_NAME);
    crate::api::consents::publish(&service.state().db, document, &version)?;
    done()
}

/// Does the periodic work now.
pub async fn tick(State(service): App) -> Outcome<Answer> {
    service.tick(service.now());
    Answer::json(200, &json!({"now": service.now()}))
}

/// The rules of the switchboard.
pub async fn faults(State(service): App) -> Outcome<Answer> {
    let rules = service.faults.lock().unwrap_or_else(PoisonError::into_inner).rules();
    Answer::json(200, &json!({"rules": rules}))
}

/// Adds a rule.
pub async fn add_fault(State(service): App, Sent(rule): Sent<Rule>) -> Outcome<Answer> {
    service.faults.lock().unwrap_or_else(PoisonError::into_inner).add(rule);
    done()
}

/// Ends every fault of the wire.
pub async fn clear_faults(State(service): App) -> Outcome<Answer> {
    service.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    done()
}

/// Sets the acquirer's switches.
pub async fn acquirer(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let acquirer = service.outside.get().ok_or_else(Refusal::down)?;
    let flag = |field: &str| body.get(field).and_then(Value::as_bool).unwrap_or(false);
    acquirer.inner.set_faults(AcquirerFaults {
        lose_answer: flag("lose_answer"),
        silent_queries: flag("silent_queries"),
        delay_ms: body.get("delay_ms").and_then(Value::as_u64).unwrap_or(0),
        cut: flag("cut"),
        duplicate_notifications: flag("duplicate_notifications"),
    });
    done()
}
