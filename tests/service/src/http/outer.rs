//! Around every request: size, faults, who it is from, and the signature of the answer.

use super::auth::{self, Incoming};
use super::errors::BODY_MAX;
use super::faults::Action;
use super::wire_fault::{Cut, WireFault};
use crate::keys::ANSWERS;
use crate::refusal::Refusal;
use crate::service::{Caller, Service, internal};
use crate::store::meta;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kabao_base::Code;
use kabao_proof::http::sign_answer;
use kabao_proof::{AnswerParts, Headers, RequestEcho, SigningParams};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

/// The middleware of every path.
pub async fn around(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    let action = service.faults.lock().unwrap_or_else(PoisonError::into_inner).meet(&method, &path);
    let mut fault = WireFault::default();
    match &action {
        Some(Action::DropBefore) => return marked(Response::default(), WireFault { delay_ms: 0, cut: Cut::Silent }),
        Some(Action::DropAfter) => fault.cut = Cut::Silent,
        Some(Action::Cut) => fault.cut = Cut::Half,
        Some(Action::DelayMs(ms)) => fault.delay_ms = *ms,
        // Only a running service can let a request wait; a simulation holds it in its own network.
        Some(Action::HoldMs(ms)) if tokio::runtime::Handle::try_current().is_ok() => {
            tokio::time::sleep(std::time::Duration::from_millis(*ms)).await;
        }
        _ => {}
    }
    let response = if path == "/v1" || path.starts_with("/v1/") {
        signed(&service, parts, body, next, action).await
    } else {
        plain(parts, body, next, action).await
    };
    marked(response, fault)
}

fn marked(mut response: Response, fault: WireFault) -> Response {
    // A path may have marked its answer itself: the acquirer has switches of its own.
    if fault != WireFault::default() || response.extensions().get::<WireFault>().is_none() {
        response.extensions_mut().insert(fault);
    }
    response
}

fn page() -> Response {
    let text = "<!doctype html><title>Wi-Fi</title><p>请先登录无线网络</p>";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// Paths of the acquirer: their own signatures, the same faults.
async fn plain(parts: Parts, body: Body, next: Next, action: Option<Action>) -> Response {
    match action {
        Some(Action::Html) => return page(),
        Some(Action::Status(status)) => return Refusal::of(status, Code::ServiceDown).into_response(),
        Some(Action::LieNotFound) => return Refusal::of(404, Code::NotFound).into_response(),
        _ => {}
    }
    let Ok(collected) = Limited::new(body, 2 * BODY_MAX).collect().await else {
        return Refusal::of(413, Code::InputTooLong).into_response();
    };
    let bytes = collected.to_bytes();
    if action == Some(Action::Duplicate) {
        let _ = guarded(next.clone().run(Request::from_parts(parts.clone(), Body::from(bytes.clone())))).await;
    }
    let mut response = guarded(next.run(Request::from_parts(parts, Body::from(bytes)))).await;
    match action {
        Some(Action::Unsigned) => {
            response.headers_mut().remove("lklapi-signature");
        }
        Some(Action::BadlySigned) => {
            response.headers_mut().insert("lklapi-signature", HeaderValue::from_static("AAAA"));
        }
        _ => {}
    }
    response
}

/// Paths of the wallet service.
async fn signed(service: &Arc<Service>, mut parts: Parts, body: Body, next: Next, action: Option<Action>) -> Response {
    if action == Some(Action::Html) {
        return page();
    }
    let (method, path) = (parts.method.as_str().to_owned(), parts.uri.path().to_owned());
    let query = parts.uri.query().map(str::to_owned);
    let headers = Headers::new(parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let readable = headers.as_ref().ok().cloned().unwrap_or_default();
    let unread = |bytes: &[u8]| auth::plain_echo(&method, &path, query.as_deref(), &readable, bytes);
    let bytes = match Limited::new(body, BODY_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            let too_large = error.downcast_ref::<LengthLimitError>().is_some();
            let refusal = if too_large { Refusal::of(413, Code::InputTooLong) } else { Refusal::argument("body") };
            return sign(service, refusal.into_response(), &unread(b""), None, None).await;
        }
    };
    let Ok(headers) = headers else {
        let refusal = Refusal::named(401, "signature_invalid");
        return sign(service, refusal.into_response(), &unread(&bytes), None, None).await;
    };
    let authority = authority(&parts.headers, &parts);
    let incoming = Incoming { method: &method, authority: &authority, path: &path, query: query.as_deref(), headers, body: &bytes };
    let echo = auth::echo(&incoming);
    let admitted = catch_unwind(AssertUnwindSafe(|| auth::admit(service, &incoming))).unwrap_or_else(|_| Err(internal()));
    let (response, last_head) = match admitted {
        Err(refusal) => (refusal.into_response(), None),
        Ok(admitted) => {
            if let Some(caller) = admitted.caller {
                parts.extensions.insert::<Caller>(caller);
            }
            let handle = || next.clone().run(Request::from_parts(parts.clone(), Body::from(bytes.clone())));
            let response = match &action {
                Some(Action::LieNotFound) => Refusal::of(404, Code::NotFound).into_response(),
                Some(Action::Status(status)) => faulty(*status).into_response(),
                Some(Action::Duplicate) => {
                    let _ = guarded(handle()).await;
                    guarded(handle()).await
                }
                _ => guarded(handle()).await,
            };
            (response, admitted.last_head)
        }
    };
    sign(service, response, &echo, last_head.as_deref(), action.as_ref()).await
}

fn faulty(status: u16) -> Refusal {
    match status {
        429 => Refusal::of(429, Code::TooManyRequests).retry_after(1_000),
        500 => internal(),
        status => Refusal::of(status, Code::ServiceDown).retry_after(1_000),
    }
}

/// The host that was asked, in lower case, as the signature covers it.
fn authority(headers: &HeaderMap, parts: &Parts) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(axum::http::uri::Authority::as_str));
    host.unwrap_or_default().to_ascii_lowercase()
}

/// Runs a handler; a panic becomes a signed `internal`, and the service lives on.
async fn guarded(future: impl Future<Output = Response>) -> Response {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll,
        Err(_) => Poll::Ready(internal().into_response()),
    })
    .await
}

/// Signs an answer over the request that it belongs to.
async fn sign(service: &Service, response: Response, echo: &RequestEcho, last_head: Option<&str>, action: Option<&Action>) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
    if action == Some(&Action::Unsigned) {
        return Response::from_parts(parts, Body::from(body));
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json").to_owned();
    let now = service.now();
    let epoch = meta::epoch(&service.state().db).unwrap_or(0);
    let answer = AnswerParts { status: parts.status.as_u16(), content_type: &content_type, body: &body, time_ms: now.as_ms(), epoch, last_head };
    let params = SigningParams { created: now.as_seconds(), nonce: "", keyid: ANSWERS };
    if let Ok(waiting) = sign_answer(&answer, echo, &params) {
        let mut base = waiting.base.clone();
        if action == Some(&Action::BadlySigned) {
            base.push(b'x');
        }
        let signature = service.keys.answers.sign(&base);
        for (name, value) in waiting.finish(&signature) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                parts.headers.insert(name, value);
            }
        }
    }
    if let Ok(value) = HeaderValue::try_from(content_type) {
        parts.headers.insert(header::CONTENT_TYPE, value);
    }
    Response::from_parts(parts, Body::from(body))
}
