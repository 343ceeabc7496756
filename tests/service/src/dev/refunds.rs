//! The simulated merchant's answer to who wants money back. A merchant of the acquirer gives it back at its till, with its own keys; one of
//! our own by the service's clock. Silence is an answer that nobody gives.

use super::{App, text, till};
use crate::http::errors::{Answer, Sent};
use crate::refunds;
use crate::refusal::Outcome;
use crate::wire;
use axum::extract::State;
use serde_json::{Value, json};

/// Every request of every account.
pub async fn list(State(service): App) -> Outcome<Answer> {
    Answer::json(200, &json!({ "asks": refunds::everything(&service.state().db)? }))
}

/// Answers one: `{ask_id, answer: "approve" | "refuse", amount_fen?, why?, hold?}`. With `hold` the money is not given yet: approve again.
pub async fn answer(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let id = wire::id(text(&body, "ask_id")?, "ask_id")?;
    let hold = body.get("hold").and_then(Value::as_bool).unwrap_or(false);
    let fen = body.get("amount_fen").and_then(Value::as_i64);
    let why = body.get("why").and_then(Value::as_str);
    let at_till = refunds::answer(&service, id, text(&body, "answer")? == "approve", fen, why, hold)?;
    if let Some((origin, agreed)) = at_till.filter(|_| !hold) {
        // The same number for the same request: the platform carries it out once.
        let order: String = format!("RA{id}").chars().take(32).collect();
        let request = till::acquirer(&service)?.till.refund(&order, &origin, agreed, "退款");
        return till::post(&service, request).await;
    }
    Answer::json(200, &json!({}))
}
