//! Signed requests.

use super::answer::RequestEcho;
use super::fields::{Component, Found, Params, ToSign, Values, check_digest, content_digest, find};
use super::headers::{Headers, is_printable};
use super::{HEAD, HttpSigError};
use crate::keys::{PublicKey, Signature};

const MAX_PATH: usize = 2048;

/// What a request consists of, as far as its signature is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestParts<'a> {
    /// The method in capitals: `PUT`.
    pub method: &'a str,
    /// Host, and port when it is not the scheme's own: `wallet.example` or `127.0.0.1:8443`.
    pub authority: &'a str,
    /// The path as it is sent, percent-encoded: `/v1/payments/…`.
    pub path: &'a str,
    /// The query as it is sent, without the question mark; absent when there is none.
    pub query: Option<&'a str>,
    /// The body; empty when there is none.
    pub body: &'a [u8],
    /// The head of the history that the phone knows (header `kabao-head`).
    pub head: Option<&'a str>,
}

/// What goes with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningParams<'a> {
    /// When it is made: whole seconds since 1970, UTC.
    pub created: i64,
    /// A word that is used once, 1 to 128 printable ASCII characters. Answers carry none: theirs is ignored.
    pub nonce: &'a str,
    /// The name of the key, 1 to 128 printable ASCII characters.
    pub keyid: &'a str,
}

impl RequestParts<'_> {
    /// What an answer to this request will cover. `signature` is the request's, when it is signed.
    pub fn echo(&self, signature: Option<Signature>) -> Result<RequestEcho, HttpSigError> {
        echo(self.method, self.path, self.query, content_digest(self.body), signature)
    }

    /// The headers that a request without a signature carries, so that its answer can name its body.
    pub fn unsigned_headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![("content-digest".to_owned(), content_digest(self.body))];
        headers.extend(self.head.map(|head| (HEAD.to_owned(), head.to_owned())));
        headers
    }
}

fn echo(
    method: &str,
    path: &str,
    query: Option<&str>,
    content_digest: String,
    signature: Option<Signature>,
) -> Result<RequestEcho, HttpSigError> {
    let (method, path, query) = (method_of(method)?, path_of(path)?, query_of(query)?);
    Ok(RequestEcho { method, path, query, content_digest, signature })
}

fn method_of(method: &str) -> Result<String, HttpSigError> {
    match method.len() {
        1..=16 if method.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(method.to_owned()),
        _ => Err(HttpSigError::Malformed("@method")),
    }
}

/// Lower case, without the default port of HTTPS (RFC 9421, 2.2.3).
fn authority_of(authority: &str) -> Result<String, HttpSigError> {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    match authority.len() {
        1..=255 if authority.bytes().all(usable) => {
            let lower = authority.to_ascii_lowercase();
            Ok(lower.strip_suffix(":443").unwrap_or(&lower).to_owned())
        }
        _ => Err(HttpSigError::Malformed("@authority")),
    }
}

fn path_of(path: &str) -> Result<String, HttpSigError> {
    if path.len() > MAX_PATH {
        return Err(HttpSigError::TooLarge("@path"));
    }
    let usable = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
    match path {
        "" => Ok("/".to_owned()),
        path if path.starts_with('/') && path.bytes().all(usable) => Ok(path.to_owned()),
        _ => Err(HttpSigError::Malformed("@path")),
    }
}

/// With its question mark; `?` alone when there is no query (RFC 9421, 2.2.7).
fn query_of(query: Option<&str>) -> Result<String, HttpSigError> {
    let query = query.unwrap_or_default();
    if query.len() > MAX_PATH {
        return Err(HttpSigError::TooLarge("@query"));
    }
    let usable = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    if query.bytes().all(usable) { Ok(format!("?{query}")) } else { Err(HttpSigError::Malformed("@query")) }
}

fn values(authority: &str, echo: &RequestEcho, head: Option<&str>) -> Result<Values, HttpSigError> {
    let mut values = vec![
        (Component::own("@method"), echo.method.clone()),
        (Component::own("@authority"), authority_of(authority)?),
        (Component::own("@path"), echo.path.clone()),
        (Component::own("@query"), echo.query.clone()),
        (Component::own("content-digest"), echo.content_digest.clone()),
    ];
    values.extend(head.map(|head| (Component::own(HEAD), head.to_owned())));
    Ok(values)
}

/// Prepares a request for signing. Sign `base`, then `finish` gives the headers to send.
pub fn sign_request(parts: &RequestParts<'_>, params: &SigningParams<'_>) -> Result<ToSign, HttpSigError> {
    let usable = |head: &str| !head.is_empty() && head.len() <= 512 && is_printable(head) && head.trim() == head;
    if parts.head.is_some_and(|head| !usable(head)) {
        return Err(HttpSigError::Malformed(HEAD));
    }
    let values = values(parts.authority, &parts.echo(None)?, parts.head)?;
    let params =
        Params { created: params.created, nonce: Some(params.nonce.to_owned()), keyid: params.keyid.to_owned() };
    ToSign::new(values, &params, parts.unsigned_headers())
}

/// A signed request as read. Nothing in it is to be believed before [`SignedRequest::verify`]; the
/// caller then checks that `created` is near and that `nonce` is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The key that is said to have signed.
    pub keyid: String,
    /// When it was signed: whole seconds since 1970, UTC.
    pub created: i64,
    /// The word that is used once.
    pub nonce: String,
    /// The head of the history that the phone knows.
    pub head: Option<String>,
    /// The bytes that were signed.
    pub base: Vec<u8>,
    /// The signature.
    pub signature: Signature,
    echo: RequestEcho,
}

/// Reads a signed request on the service's side. `authority` is the name under which the service
/// is reached; path and query are as received; `query` is without the question mark.
pub fn read_request(
    method: &str,
    authority: &str,
    path: &str,
    query: Option<&str>,
    headers: &Headers,
    body: &[u8],
) -> Result<SignedRequest, HttpSigError> {
    let digest = headers.need("content-digest")?;
    check_digest(digest, body)?;
    let mut echo = echo(method, path, query, digest.to_owned(), None)?;
    let head = headers.get(HEAD).map(str::to_owned);
    let Found { params, base, signature } = find(headers, &values(authority, &echo, head.as_deref())?, true)?;
    let nonce = params.nonce.ok_or(HttpSigError::Missing("nonce"))?;
    echo.signature = Some(signature);
    Ok(SignedRequest { keyid: params.keyid, created: params.created, nonce, head, base, signature, echo })
}

/// Reads a request to a public endpoint that carries no signature. A digest that is sent must fit.
pub fn read_unsigned(
    method: &str,
    path: &str,
    query: Option<&str>,
    headers: &Headers,
    body: &[u8],
) -> Result<RequestEcho, HttpSigError> {
    let digest = match headers.get("content-digest") {
        Some(digest) => {
            check_digest(digest, body)?;
            digest.to_owned()
        }
        None => content_digest(body),
    };
    echo(method, path, query, digest, None)
}

impl SignedRequest {
    /// Whether `key` signed the request.
    pub fn verify(&self, key: &PublicKey) -> Result<(), HttpSigError> {
        key.verify(&self.base, &self.signature).map_err(|_| HttpSigError::WrongSignature)
    }

    /// What the answer has to cover.
    pub const fn echo(&self) -> &RequestEcho {
        &self.echo
    }
}
