//! Signed answers.

use super::fields::{Component, Found, Params, ToSign, Values, check_digest, content_digest, find, spell_signature};
use super::headers::{Headers, is_printable};
use super::request::SigningParams;
use super::{EPOCH, HttpSigError, LABEL, LAST_HEAD, TIME};
use crate::keys::{PublicKey, Signature};

/// What an answer consists of, as far as its signature is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerParts<'a> {
    /// The status, 100 to 599.
    pub status: u16,
    /// The header `content-type`, which the caller sends itself.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The service's time: UTC milliseconds since 1970.
    pub time_ms: i64,
    /// The service's epoch: a restored service starts a new one.
    pub epoch: u64,
    /// The head of the account's history that the service knows.
    pub last_head: Option<&'a str>,
}

/// What an answer covers of the request it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEcho {
    /// The method in capitals.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query with its question mark; `?` when there is none.
    pub query: String,
    /// The header `content-digest` of the request.
    pub content_digest: String,
    /// The request's signature; absent when it carried none.
    pub signature: Option<Signature>,
}

fn values(
    status: u16,
    content_type: &str,
    content_digest: &str,
    time: &str,
    epoch: &str,
    last_head: Option<&str>,
    echo: &RequestEcho,
) -> Result<Values, HttpSigError> {
    if !(100..=599).contains(&status) {
        return Err(HttpSigError::Malformed("@status"));
    }
    let mut values = vec![
        (Component::own("@status"), status.to_string()),
        (Component::own("content-type"), content_type.to_owned()),
        (Component::own("content-digest"), content_digest.to_owned()),
        (Component::own(TIME), time.to_owned()),
        (Component::own(EPOCH), epoch.to_owned()),
    ];
    values.extend(last_head.map(|head| (Component::own(LAST_HEAD), head.to_owned())));
    values.push((Component::of_request("@method"), echo.method.clone()));
    values.push((Component::of_request("@path"), echo.path.clone()));
    values.push((Component::of_request("@query"), echo.query.clone()));
    values.push((Component::of_request("content-digest"), echo.content_digest.clone()));
    if let Some(signature) = &echo.signature {
        values.push((Component::member_of_request("signature", LABEL), spell_signature(signature)));
    }
    Ok(values)
}

/// Prepares an answer for signing. Sign `base`, then `finish` gives the headers to send beside
/// `content-type`. The nonce of `params` is not used: the request's signature makes the answer unique.
pub fn sign_answer(
    parts: &AnswerParts<'_>,
    echo: &RequestEcho,
    params: &SigningParams<'_>,
) -> Result<ToSign, HttpSigError> {
    for (name, text, limit) in
        [("content-type", Some(parts.content_type), 256), (LAST_HEAD, parts.last_head, 512)]
    {
        let usable = |text: &str| !text.is_empty() && text.len() <= limit && is_printable(text) && text.trim() == text;
        if text.is_some_and(|text| !usable(text)) {
            return Err(HttpSigError::Malformed(name));
        }
    }
    let (digest, time, epoch) = (content_digest(parts.body), parts.time_ms.to_string(), parts.epoch.to_string());
    let values = values(parts.status, parts.content_type, &digest, &time, &epoch, parts.last_head, echo)?;
    let mut headers =
        vec![("content-digest".to_owned(), digest), (TIME.to_owned(), time), (EPOCH.to_owned(), epoch)];
    headers.extend(parts.last_head.map(|head| (LAST_HEAD.to_owned(), head.to_owned())));
    let params = Params { created: params.created, nonce: None, keyid: params.keyid.to_owned() };
    ToSign::new(values, &params, headers)
}

/// A signed answer as read. Nothing in it is to be believed before [`SignedAnswer::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAnswer {
    /// The key that is said to have signed.
    pub keyid: String,
    /// The service's time: UTC milliseconds since 1970.
    pub time_ms: i64,
    /// The service's epoch.
    pub epoch: u64,
    /// The head of the account's history that the service knows.
    pub last_head: Option<String>,
    /// When it was signed: whole seconds since 1970, UTC.
    pub created: i64,
    /// The bytes that were signed.
    pub base: Vec<u8>,
    /// The signature.
    pub signature: Signature,
}

/// Reads a signed answer to the request that `echo` stands for. An answer to another request has
/// another base and fails in [`SignedAnswer::verify`], or lacks the request's signature.
pub fn read_answer(
    status: u16,
    headers: &Headers,
    body: &[u8],
    echo: &RequestEcho,
) -> Result<SignedAnswer, HttpSigError> {
    let digest = headers.need("content-digest")?;
    check_digest(digest, body)?;
    let (time, epoch) = (headers.need(TIME)?, headers.need(EPOCH)?);
    let last_head = headers.get(LAST_HEAD);
    let values = values(status, headers.need("content-type")?, digest, time, epoch, last_head, echo)?;
    let Found { params, base, signature } = find(headers, &values, false)?;
    let time_ms = time.parse::<i64>().ok().filter(|number| number.to_string() == time);
    let epoch_number = epoch.parse::<u64>().ok().filter(|number| number.to_string() == epoch);
    Ok(SignedAnswer {
        keyid: params.keyid,
        time_ms: time_ms.ok_or(HttpSigError::Malformed(TIME))?,
        epoch: epoch_number.ok_or(HttpSigError::Malformed(EPOCH))?,
        last_head: last_head.map(str::to_owned),
        created: params.created,
        base,
        signature,
    })
}

impl SignedAnswer {
    /// Whether `key` signed the answer.
    pub fn verify(&self, key: &PublicKey) -> Result<(), HttpSigError> {
        key.verify(&self.base, &self.signature).map_err(|_| HttpSigError::WrongSignature)
    }
}
