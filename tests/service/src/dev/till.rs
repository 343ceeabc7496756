//! A simulated till that speaks Lakala with its own keys, over the same router that answers real tills.

use super::acquirer::{Acquirer, pairs};
use super::{App, number, text};
use crate::http::errors::{Answer, Sent};
use crate::http::wire_fault::{Cut, WireFault};
use crate::refusal::{Outcome, Refusal};
use crate::service::Service;
use crate::world::make_digits;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use http_body_util::BodyExt;
use kabao_outside::OutsideError;
use kabao_outside::lakala::{Micropay, SignedRequest};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

pub(super) fn acquirer(service: &Service) -> Outcome<&Acquirer> {
    service.outside.get().ok_or_else(Refusal::down)
}

/// Posts a signed request and believes the answer only with the platform's signature.
pub(super) async fn post(service: &Arc<Service>, request: Result<SignedRequest, OutsideError>) -> Outcome<Answer> {
    let signed = request.map_err(|_| Refusal::down())?;
    let mut builder = Request::post(signed.path).header("host", "till.local");
    for (name, value) in &signed.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(Body::from(signed.body)).map_err(|_| Refusal::argument("body"))?;
    let response = crate::http::router(service.clone()).oneshot(request).await.unwrap_or_default();
    let fault = response.extensions().get::<WireFault>().copied().unwrap_or_default();
    if fault.cut != Cut::No {
        return Answer::json(200, &json!({"error": "connection closed"}));
    }
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
    match acquirer(service)?.till.read_answer(parts.status.as_u16(), &pairs(&parts.headers), &bytes) {
        Ok(answer) => Answer::json(200, &json!({"code": answer.code, "msg": answer.msg, "data": answer.data})),
        Err(error) => Answer::json(200, &json!({"error": error.to_string()})),
    }
}

fn order(service: &Service, body: &Value) -> String {
    let given = body.get("order").and_then(Value::as_str).map(str::to_owned);
    given.unwrap_or_else(|| format!("T{}", make_digits(service.world.as_ref(), 15)))
}

fn with_order(answer: Answer, order: &str) -> Outcome<Answer> {
    let mut value: Value = serde_json::from_slice(&answer.body).map_err(|_| crate::service::internal())?;
    if let Some(object) = value.as_object_mut() {
        object.insert("order".to_owned(), json!(order));
    }
    Answer::json(answer.status, &value)
}

/// Charges a payer code: `{code, amount_fen, order?, subject?, notify_url?}`.
pub async fn charge(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let order = order(&service, &body);
    let own = format!("{}/dev/till/notify", service.info().dev_url);
    let notify_url = body.get("notify_url").and_then(Value::as_str).unwrap_or(&own).to_owned();
    let request = acquirer(&service)?.till.micropay(&Micropay {
        out_trade_no: &order,
        auth_code: text(&body, "code")?,
        amount_fen: number(&body, "amount_fen")?,
        subject: body.get("subject").and_then(Value::as_str).unwrap_or("商品"),
        notify_url: Some(notify_url.as_str()).filter(|url| url.starts_with("http")),
    });
    with_order(post(&service, request).await?, &order)
}

/// Asks what became of an order: `{order}`.
pub async fn query(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let request = acquirer(&service)?.till.query(text(&body, "order")?);
    post(&service, request).await
}

/// Gives back: `{origin, amount_fen, order?}`.
pub async fn refund(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let order = order(&service, &body);
    let request = acquirer(&service)?.till.refund(&order, text(&body, "origin")?, number(&body, "amount_fen")?, "退货");
    with_order(post(&service, request).await?, &order)
}

/// Undoes: `{origin, order?}`.
pub async fn revoke(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let order = order(&service, &body);
    let request = acquirer(&service)?.till.revoke(&order, text(&body, "origin")?);
    with_order(post(&service, request).await?, &order)
}

/// Where the platform tells the till; answered as a merchant answers.
pub async fn notify(State(service): App, headers: HeaderMap, body: Bytes) -> Outcome<Answer> {
    let taken = acquirer(&service)?.notified(&pairs(&headers), &body);
    let code = if taken { "SUCCESS" } else { "FAIL" };
    Answer::json(if taken { 200 } else { 400 }, &json!({"code": code}))
}

/// What the till was told.
pub async fn notifications(State(service): App) -> Outcome<Answer> {
    Answer::json(200, &json!({"notifications": acquirer(&service)?.notes()}))
}
