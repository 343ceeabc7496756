//! Answers and refusals as HTTP, and how bodies are read.

use crate::refusal::{ErrorBody, Outcome, Refusal};
use crate::service::Caller;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use kabao_base::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::IntoResponses;

/// The largest body of a request under `/v1`, in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// An answer before it is signed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// JSON.
    pub fn json(status: u16, value: &impl Serialize) -> Outcome<Answer> {
        let body = serde_json::to_vec(value).map_err(|_| crate::service::internal())?;
        Ok(Answer { status, content_type: "application/json", body })
    }

    /// 204.
    pub fn empty() -> Answer {
        Answer { status: 204, content_type: "application/json", body: Vec::new() }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let retry = self.body.retry_after_ms.filter(|_| matches!(self.status, 429 | 503));
        let mut response = Answer { status: self.status, content_type: "application/json", body }.into_response();
        if let Some(value) = retry.and_then(|ms| HeaderValue::from_str(&ms.saturating_add(999).div_euclid(1000).to_string()).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// A JSON body. Another content type is 415; anything that is not exactly the fields expected is 400.
pub struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Outcome<Sent<T>> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(Refusal::of(415, Code::BadArgument).field("content-type"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Refusal::argument("body"))?;
        // A list in the place of the fields would be taken for them, in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Refusal::argument("body"));
        }
        // The text of the error may quote the body: it stays here.
        serde_json::from_slice(&bytes).map(Sent).map_err(|_| Refusal::argument("body"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Outcome<Caller> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| Refusal::named(401, "signature_invalid"))
    }
}

/// What every path may answer beside its own.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub enum Common {
    /// The request cannot be read.
    #[response(status = 400)]
    Unreadable(#[to_schema] ErrorBody),
    /// The signature, its time, its nonce or its key.
    #[response(status = 401)]
    Signature(#[to_schema] ErrorBody),
    /// Not allowed now.
    #[response(status = 403)]
    NotNow(#[to_schema] ErrorBody),
    /// There is no such thing, as far as this service knows now.
    #[response(status = 404)]
    NotFound(#[to_schema] ErrorBody),
    /// Another method than the path has.
    #[response(status = 405)]
    Method(#[to_schema] ErrorBody),
    /// Something else was done under this id.
    #[response(status = 409)]
    Conflict(#[to_schema] ErrorBody),
    /// The body is larger than 64 KiB.
    #[response(status = 413)]
    TooLarge(#[to_schema] ErrorBody),
    /// Not JSON.
    #[response(status = 415)]
    NotJson(#[to_schema] ErrorBody),
    /// Refused by a rule.
    #[response(status = 422)]
    Rule(#[to_schema] ErrorBody),
    /// Slow down.
    #[response(status = 429)]
    Slow(#[to_schema] ErrorBody),
    /// The service cannot now.
    #[response(status = 503)]
    Down(#[to_schema] ErrorBody),
}
