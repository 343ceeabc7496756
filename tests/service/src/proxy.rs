//! A loopback proxy that signs: for tools that know nothing of our signatures (curl, schemathesis, a browser).
//! It registers a test device of its own and passes requests and answers through.

use crate::client::Client;
use crate::config::{ServiceInfo, write_private};
use crate::kit::{Line, Phone, Raw, Reply};
use crate::listen::accept;
use crate::refusal::Refusal;
use crate::world::{RealWorld, make_digits};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use kabao_base::{Code, Id};
use kabao_proof::{Digest32, PublicKey, SoftwareKey, hex};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A proxy that runs; dropping it ends it.
pub struct Proxy {
    /// Origin to which unsigned requests are sent.
    pub url: String,
    /// The account of the test device.
    pub account: Id,
    tasks: JoinSet<()>,
}

impl Proxy {
    /// Ends the proxy.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

#[derive(Serialize, Deserialize)]
struct DeviceFile {
    device: String,
    approve: String,
    account_id: Id,
    device_id: Id,
    root_key: String,
}

/// Starts the proxy on a loopback address. The device is kept in `key_file` (readable by this user only) and
/// made when there is none: registered, verified, with the PIN 135792, a card, and 100.00 on it.
pub async fn sign_proxy(listen: SocketAddr, info: &ServiceInfo, key_file: &Path) -> io::Result<Proxy> {
    if !listen.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the signing proxy listens on loopback only"));
    }
    let phone = device(info, key_file).await?;
    let account = phone.account.ok_or_else(|| io::Error::other("not registered"))?;
    let listener = TcpListener::bind(listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(listener, None, Router::new().fallback(pass).with_state(Arc::new(phone))));
    Ok(Proxy { url, account, tasks })
}

async fn device(info: &ServiceInfo, key_file: &Path) -> io::Result<Phone> {
    let client = Client::service(info)?;
    let authority = client.authority();
    let dev = Line::Net(Client::plain(&info.dev_url)?);
    let mut phone = Phone::new(Line::Net(client), dev, &authority, Arc::new(RealWorld))?;
    let root = PublicKey::parse(&info.root_key).map_err(io::Error::other)?;
    phone.fetch_keys(&root).await?;
    if let Ok(bytes) = std::fs::read(key_file) {
        let file: DeviceFile = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
        if file.root_key == info.root_key {
            let key = |text: &str| -> io::Result<SoftwareKey> {
                let secret = Digest32::parse(text).map_err(io::Error::other)?;
                SoftwareKey::from_secret(&secret.0).map_err(io::Error::other)
            };
            (phone.device_key, phone.approve_key) = (key(&file.device)?, key(&file.approve)?);
            (phone.account, phone.device) = (Some(file.account_id), Some(file.device_id));
            return Ok(phone);
        }
    }
    onboard(&mut phone).await?;
    let (Some(account_id), Some(device_id)) = (phone.account, phone.device) else {
        return Err(io::Error::other("the test device could not be registered"));
    };
    let file = DeviceFile {
        device: hex(&phone.device_key.secret_bytes()[..]),
        approve: hex(&phone.approve_key.secret_bytes()[..]),
        account_id,
        device_id,
        root_key: info.root_key.clone(),
    };
    write_private(key_file, &serde_json::to_vec(&file).map_err(io::Error::other)?)?;
    Ok(phone)
}

fn must(what: &str, reply: &Reply) -> io::Result<()> {
    let done = (200..300).contains(&reply.status);
    if done { Ok(()) } else { Err(io::Error::other(format!("{what}: {} {}", reply.status, reply.code()))) }
}

async fn onboard(phone: &mut Phone) -> io::Result<()> {
    let (name, tail) = ("测试", make_digits(&RealWorld, 8));
    let tel = format!("138{tail}");
    must("registration", &phone.register(&format!("+86{tel}")).await?)?;
    must("PIN", &phone.set_pin("135792").await?)?;
    must("real name", &phone.verify(name, &resident_number(&make_digits(&RealWorld, 3)), 5).await?)?;
    let card = phone.bind(&card_number(&make_digits(&RealWorld, 10)), name, &tel).await?;
    must("card", &card)?;
    let body = json!({"kind": "top_up", "amount": {"minor": 10_000, "currency": "CNY"}});
    let quote = phone.call("POST", "/v1/quotes", Some(body)).await?;
    must("quote", &quote)?;
    let intent = phone.make_id();
    let source = json!({"kind": "card", "card_id": card.text("card_id")});
    let payment = phone.payment(intent, &quote.json, source, None)?;
    must("top-up", &phone.call("PUT", &format!("/v1/payments/{intent}"), Some(payment)).await?)
}

/// A resident number with a right check digit (GB 11643): born 1987-06-05, three digits free.
fn resident_number(sequence: &str) -> String {
    let year = 1950 + u32::from(sequence.bytes().map(u16::from).sum::<u16>()) % 50;
    let body = format!("110101{year}{:02}{:02}{sequence}", 1 + year % 12, 10 + year % 18);
    let rest = body.bytes().fold(0u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    match (12 - rest) % 11 {
        10 => format!("{body}X"),
        check => format!("{body}{check}"),
    }
}

/// A card number with a right check digit (ISO/IEC 7812): ten digits free.
fn card_number(middle: &str) -> String {
    let body = format!("62220202{middle}");
    let digit = |(place, digit): (usize, u8)| match (place % 2, u32::from(digit - b'0') * 2) {
        (1, double) => double / 2,
        (_, double) if double > 9 => double - 9,
        (_, double) => double,
    };
    let sum: u32 = body.bytes().rev().enumerate().map(digit).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// 65 bytes in base64url, as far as one can see.
fn is_key(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 87 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
}

/// A registration, and what takes another phone's place, is signed by the key in its body: the proxy puts its own there, which it can sign with.
fn keyed(phone: &Phone, path: &str, body: Bytes) -> Bytes {
    if !["/v1/registrations", "/v1/device-replacements", "/v1/sign-ins"].contains(&path) {
        return body;
    }
    match serde_json::from_slice::<serde_json::Value>(&body) {
        // What is no key stays, so that the service refuses it: only a key in its place is exchanged.
        Ok(mut value) if ["device_key", "approve_key"].iter().all(|field| is_key(&value[*field])) => {
            value["device_key"] = json!(phone.device_key.public());
            value["approve_key"] = json!(phone.approve_key.public());
            Bytes::from(value.to_string())
        }
        _ => body,
    }
}

/// Signs a request as it came and hands the answer back as it came.
async fn pass(State(phone): State<Arc<Phone>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Refusal::argument("body").into_response() };
    let body: Bytes = keyed(&phone, parts.uri.path(), body.to_bytes());
    let path = parts.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let itself = ["/v1/registrations", "/v1/device-replacements", "/v1/sign-ins"].iter().any(|path| parts.uri.path().starts_with(path));
    let signed = match itself {
        true => phone.sign_as_self(parts.method.as_str(), path, &body),
        false => phone.sign(parts.method.as_str(), path, &body),
    };
    // What the signature's rules do not allow (a query of many kilobytes) is refused here, as the service would.
    let Ok(mut headers) = signed else { return Refusal::argument("query").into_response() };
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    if let Some(value) = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        headers.push(("content-type".to_owned(), value.to_owned()));
    }
    match phone.line.send(parts.method.as_str(), path, &headers, &body).await {
        Ok(raw) => hand_back(raw),
        Err(_) => Refusal::of(502, Code::NetDown).into_response(),
    }
}

fn hand_back(raw: Raw) -> Response {
    let mut response = Response::new(Body::from(raw.body));
    *response.status_mut() = StatusCode::from_u16(raw.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in raw.headers {
        let of_connection = ["connection", "transfer-encoding", "content-length", "keep-alive"].contains(&name.as_str());
        if let (false, Ok(name), Ok(value)) = (of_connection, HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
