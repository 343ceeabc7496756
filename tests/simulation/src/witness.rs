//! Reads along on the way between phone and service: what must be true of every payment that is sent, and which edges of the
//! payment machine were walked under which fault.

use crate::net::Came;
use kabao_core::host::HttpRequest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A state in which the phone asked, what it heard, and what the network did to the exchange.
pub type Edge = (&'static str, String, &'static str);

#[derive(Default)]
struct Seen {
    /// The digest of the one body that each payment may have.
    bodies: BTreeMap<String, [u8; 32]>,
    /// The payment that used each quote.
    quotes: BTreeMap<String, String>,
    /// The transfers, in the order of their first sending.
    transfers: Vec<String>,
    /// How many requests named each payment.
    asked: BTreeMap<String, u64>,
    edges: BTreeMap<Edge, u64>,
    broken: Vec<String>,
}

/// Everybody's memory of what was on the wire.
#[derive(Default)]
pub struct Witness(Mutex<Seen>);

impl Witness {
    /// A request leaves the phone.
    pub fn sent(&self, request: &HttpRequest) {
        let Some((id, rest)) = payment(&request.target) else { return };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.asked.entry(id.to_owned()).or_default() += 1;
        if request.method != "PUT" || !rest.is_empty() {
            return;
        }
        let digest = kabao_proof::sha256(&request.body);
        if *seen.bodies.entry(id.to_owned()).or_insert(digest) != digest {
            seen.broken.push(format!("I2: {id} was sent with other bytes"));
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if body["terms"]["kind"] == "transfer" && !seen.transfers.iter().any(|known| known == id) {
            seen.transfers.push(id.to_owned());
        }
        let named = body["terms"]["intent_id"].as_str().unwrap_or_default();
        if named != id {
            seen.broken.push(format!("I2: {id} was sent with the terms of {named}"));
        }
        let quote = body["terms"]["quote_id"].as_str().unwrap_or_default().to_owned();
        let of = seen.quotes.entry(quote.clone()).or_insert_with(|| id.to_owned()).clone();
        if of != id {
            seen.broken.push(format!("I2: one approval was sent as {of} and as {id}"));
        }
    }

    /// The phone, or the call, was gone before an answer came.
    pub fn gone(&self, request: &HttpRequest) {
        if let Some(state) = state(request) {
            self.happened(state, "no answer", "killed");
        }
    }

    /// An answer reaches the phone, or none.
    pub fn came(&self, request: &HttpRequest, fault: &'static str, answer: &Came) {
        let Some(state) = state(request) else { return };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.edges.entry((state, heard(fault, answer), fault)).or_default() += 1;
    }

    /// Something happened to a payment in some state, on the phone itself.
    pub fn happened(&self, state: &'static str, event: &str, fault: &'static str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.edges.entry((state, event.to_owned(), fault)).or_default() += 1;
    }

    /// How many requests named this payment.
    pub fn asked(&self, intent: &str) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked.get(intent).copied().unwrap_or(0)
    }

    /// What was seen that must not be.
    pub fn broken(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).broken.clone()
    }

    /// How often each edge was walked.
    pub fn edges(&self) -> BTreeMap<Edge, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).edges.clone()
    }

    /// The transfers that were sent, oldest first.
    pub fn transfers(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).transfers.clone()
    }

    /// The payments that were sent.
    pub fn payments(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bodies.keys().cloned().collect()
    }
}

/// In which state of the payment a request is made.
fn state(request: &HttpRequest) -> Option<&'static str> {
    if request.target.starts_with("/v1/transfers/") && request.target.ends_with("/cancel") {
        return Some("waiting");
    }
    let (_, rest) = payment(&request.target)?;
    match (request.method, rest) {
        ("PUT", "") => Some("sending"),
        ("GET", "") => Some("unknown"),
        ("POST", "/abandon") => Some("fencing"),
        ("POST", "/proof") => Some("final"),
        _ => None,
    }
}

/// The id and what follows it.
fn payment(target: &str) -> Option<(&str, &str)> {
    target.strip_prefix("/v1/payments/")?.split_at_checked(32)
}

/// What the phone can make of an answer. One that is not the service's to this request says nothing, whatever it says.
fn heard(fault: &str, answer: &Came) -> String {
    let Ok(answer) = answer else { return "no answer".to_owned() };
    if ["stranger", "truncated", "stale answer", "answers swapped"].contains(&fault) {
        return "no proof".to_owned();
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let word = body["state"].as_str().or_else(|| body["code"].as_str());
    word.map_or_else(|| answer.status.to_string(), str::to_owned)
}
