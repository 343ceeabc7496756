//! The way between two processes: one request and one answer over a Unix socket, each as a length and a JSON text.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tower::ServiceExt;

/// Longer than anything that the service takes or says.
const LONGEST: u32 = 64 << 20;

/// What goes one way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Parcel {
    /// Of a request.
    pub method: String,
    /// Of a request.
    pub target: String,
    /// Of an answer.
    pub status: u16,
    /// Both.
    pub headers: Vec<(String, String)>,
    /// In hexadecimal digits.
    pub body: String,
}

/// Writes one.
///
/// # Errors
/// The other side is gone.
pub fn write(stream: &mut UnixStream, parcel: &Parcel) -> io::Result<()> {
    let text = serde_json::to_vec(parcel)?;
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), text.as_slice()].concat())
}

/// Reads one.
///
/// # Errors
/// The other side is gone, or speaks something else.
pub fn read(stream: &mut UnixStream) -> io::Result<Parcel> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other("too long"));
    }
    let mut text = vec![0; length as usize];
    stream.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

fn headers(map: &axum::http::HeaderMap) -> Vec<(String, String)> {
    map.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

fn bytes(hex: &str) -> io::Result<Vec<u8>> {
    let digit = |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..hex.len()).step_by(2).map(digit).collect::<Option<_>>().ok_or_else(|| io::Error::other("no bytes"))
}

/// A router whose answers come from another process. One that cannot be reached, or that dies over the question, answers with a
/// status that no service gives and without a signature.
pub fn far(socket: PathBuf) -> Router {
    Router::new().fallback(move |request: Request| {
        let socket = socket.clone();
        async move { ask(&socket, request).await.unwrap_or_else(|_| gone()) }
    })
}

fn gone() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer
}

async fn ask(socket: &Path, request: Request) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let parcel = Parcel {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: headers(&parts.headers),
        body: kabao_proof::hex(&body),
        ..Parcel::default()
    };
    let mut stream = UnixStream::connect(socket)?;
    write(&mut stream, &parcel)?;
    let answer = read(&mut stream)?;
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(bytes(&answer.body)?)).map_err(io::Error::other)
}

/// Answers a request that came from elsewhere.
///
/// # Errors
/// It is no request.
pub async fn answer(router: Router, parcel: Parcel) -> io::Result<Parcel> {
    let mut builder = axum::http::Request::builder().method(parcel.method.as_str()).uri(&parcel.target);
    for (name, value) in &parcel.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(Body::from(bytes(&parcel.body)?)).map_err(io::Error::other)?;
    let (parts, body) = router.oneshot(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (headers, body) = (headers(&parts.headers), kabao_proof::hex(&body));
    Ok(Parcel { status: parts.status.as_u16(), headers, body, ..Parcel::default() })
}
