//! A service that lies: it holds the real keys, so that its signatures hold, and says what it likes.

use crate::phone::Told;
use kabao_core::host::{HttpRequest, HttpResponse};
use kabao_proof::documents::Document;
use kabao_proof::http::{read_request, sign_answer};
use kabao_proof::{AnswerParts, Digest32, Headers, SigningParams, SoftwareKey};
use serde_json::Value;
use std::path::Path;

/// The keys of a simulated service in other hands.
pub struct Liar {
    /// Signs answers.
    pub answers: SoftwareKey,
    /// Signs documents.
    pub documents: SoftwareKey,
    /// Signs feeds.
    pub feeds: SoftwareKey,
    /// Signs key sets.
    pub root: SoftwareKey,
}

/// What stands around the body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The status.
    pub status: u16,
    /// The service's time in milliseconds.
    pub time_ms: i64,
    /// The service's epoch.
    pub epoch: u64,
    /// The head of this phone's events that the service had seen.
    pub last_head: Option<String>,
}

impl Liar {
    /// Takes the keys out of the folder of a run.
    pub fn of(folder: &Path) -> Told<Liar> {
        let text = std::fs::read(folder.join("service").join("service.keys")).map_err(|error| error.to_string())?;
        let file: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let key = |name: &str| {
            let secret = Digest32::parse(file[name].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
            SoftwareKey::from_secret(&secret.0).map_err(|error| error.to_string())
        };
        Ok(Liar { answers: key("answers")?, documents: key("documents")?, feeds: key("feeds")?, root: key("root")? })
    }

    /// A document signed by the key for documents, as JSON carries it.
    pub fn document<D: Document>(&self, document: &D) -> Told<String> {
        Liar::document_by(&self.documents, "documents-1", document)
    }

    /// A document signed by any key under any name.
    pub fn document_by<D: Document>(key: &SoftwareKey, name: &str, document: &D) -> Told<String> {
        Ok(encode(&signed_by(key, name, document)?))
    }

    /// A feed signed by any key under any name.
    pub fn feed_by(key: &SoftwareKey, name: &str, feed: &kabao_proof::Feed) -> Told<Vec<u8>> {
        signed_by(key, name, feed)
    }

    /// A key set signed by the root.
    pub fn key_set(&self, set: &kabao_proof::KeySet) -> Told<Vec<u8>> {
        signed_by(&self.root, "root-1", set)
    }

    /// What stands around an honest answer.
    pub fn envelope(answer: &HttpResponse) -> Envelope {
        let header = |name: &str| answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let number = |name: &str| header(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        Envelope {
            status: answer.status,
            time_ms: number("kabao-time"),
            epoch: u64::try_from(number("kabao-epoch")).unwrap_or(0),
            last_head: header("kabao-last-head"),
        }
    }

    /// An answer to `request` whose signature holds.
    pub fn answer(&self, request: &HttpRequest, envelope: &Envelope, body: &[u8]) -> Told<HttpResponse> {
        Liar::answer_by(&self.answers, "answers-1", request, envelope, body)
    }

    /// The same by any key under any name.
    pub fn answer_by(
        key: &SoftwareKey,
        name: &str,
        request: &HttpRequest,
        envelope: &Envelope,
        body: &[u8],
    ) -> Told<HttpResponse> {
        let say = |error: kabao_proof::HttpSigError| error.to_string();
        let headers = Headers::new(request.headers.iter().map(|(name, value)| (name, value))).map_err(say)?;
        let (path, query) = match request.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (request.target.as_str(), None),
        };
        let read = read_request(request.method, "wallet.test", path, query, &headers, &request.body).map_err(say)?;
        let parts = AnswerParts {
            status: envelope.status,
            content_type: "application/json",
            body,
            time_ms: envelope.time_ms,
            epoch: envelope.epoch,
            last_head: envelope.last_head.as_deref(),
        };
        let params = SigningParams { created: envelope.time_ms.div_euclid(1000), nonce: "unused", keyid: name };
        let to_sign = sign_answer(&parts, read.echo(), &params).map_err(say)?;
        let signature = key.sign(&to_sign.base);
        let mut headers = to_sign.finish(&signature);
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        Ok(HttpResponse { status: envelope.status, headers, body: body.to_vec() })
    }
}

fn signed_by<D: Document>(key: &SoftwareKey, name: &str, document: &D) -> Told<Vec<u8>> {
    let waiting = document.to_sign(name).map_err(|error| error.to_string())?;
    let signature = key.sign(&waiting.tbs);
    waiting.finish(&signature).map_err(|error| error.to_string())
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Bytes(#[serde(with = "kabao_proof::digest::base64url")] Vec<u8>);

/// Bytes as the wire carries them: base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    match serde_json::to_value(Bytes(bytes.to_vec())) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The bytes of a text of the wire.
pub fn decode(text: &str) -> Told<Vec<u8>> {
    serde_json::from_value::<Bytes>(Value::String(text.to_owned())).map(|bytes| bytes.0).map_err(|error| error.to_string())
}
