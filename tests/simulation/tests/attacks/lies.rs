//! Every lie about a payment, and who tells it.

use crate::common::{other, stranger};
use kabao_core::host::{HttpRequest, HttpResponse, TransportError};
use kabao_proof::documents::Document;
use kabao_proof::{Receipt, Refusal, Tombstone, cose};
use kabao_simulation::liar::{Envelope, decode};
use kabao_simulation::{Came, Liar, Meddler};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a lie is made of.
pub struct Truth<'a> {
    liar: &'a Liar,
    request: &'a HttpRequest,
    answer: HttpResponse,
    /// The honest receipt of this payment, when the answer carried one.
    receipt: Option<Receipt>,
    /// The proof of an earlier payment, as its answer carried it.
    earlier: &'a str,
    /// An earlier answer, as it came.
    stale: &'a HttpResponse,
}

impl Truth<'_> {
    fn envelope(&self) -> Envelope {
        Liar::envelope(&self.answer)
    }

    /// Signed as the service signs.
    fn signed(&self, body: &Value) -> Came {
        self.around(&self.envelope(), body)
    }

    fn around(&self, envelope: &Envelope, body: &Value) -> Came {
        Ok(self.liar.answer(self.request, envelope, body.to_string().as_bytes()).unwrap())
    }

    /// A success with this proof.
    fn proved(&self, state: &str, proof: &str) -> Came {
        let envelope = Envelope { status: 200, ..self.envelope() };
        self.around(&envelope, &json!({ "state": state, "proof": proof, "timeline": [] }))
    }

    /// The honest receipt with a change.
    fn receipt(&self, change: impl FnOnce(&mut Receipt)) -> Came {
        let Some(mut receipt) = self.receipt.clone() else { return Err(TransportError::Cut) };
        change(&mut receipt);
        self.proved("succeeded", &self.liar.document(&receipt).unwrap())
    }

    fn refusal(&self, change: impl FnOnce(&mut Refusal)) -> Option<Refusal> {
        let receipt = self.receipt.as_ref()?;
        let mut refusal = Refusal {
            intent_id: receipt.intent_id,
            token_id: None,
            account_id: receipt.account_id,
            code: "balance_low".to_owned(),
            attempts_left: None,
            at: receipt.at,
            epoch: receipt.epoch,
        };
        change(&mut refusal);
        Some(refusal)
    }

    fn tombstone(&self, change: impl FnOnce(&mut Tombstone)) -> Option<String> {
        let receipt = self.receipt.as_ref()?;
        let mut tombstone =
            Tombstone { intent_id: receipt.intent_id?, account_id: receipt.account_id, at: receipt.at, epoch: receipt.epoch };
        change(&mut tombstone);
        Some(self.liar.document(&tombstone).unwrap())
    }

    fn plain(status: u16, kind: &str, body: &[u8]) -> Came {
        Ok(HttpResponse { status, headers: vec![("content-type".to_owned(), kind.to_owned())], body: body.to_vec() })
    }
}

pub type Lie = fn(&Truth<'_>) -> Came;

/// Every lie about a payment. None of them proves anything.
pub const LIES: &[(&str, Lie)] = &[
    ("the receipt of an earlier payment", |truth| truth.proved("succeeded", truth.earlier)),
    ("another intent", |truth| truth.receipt(|receipt| receipt.intent_id = Some(other()))),
    ("no intent", |truth| truth.receipt(|receipt| receipt.intent_id = None)),
    ("another account", |truth| truth.receipt(|receipt| receipt.account_id = other())),
    ("another amount", |truth| truth.receipt(|receipt| receipt.amount.minor += 1)),
    ("another fee", |truth| truth.receipt(|receipt| receipt.fee.minor += 1)),
    ("another currency", |truth| truth.receipt(|receipt| receipt.amount.currency = kabao_base::Currency::Usd)),
    ("other terms", |truth| truth.receipt(|receipt| receipt.terms_digest = Some([3; 32]))),
    ("no terms", |truth| truth.receipt(|receipt| receipt.terms_digest = None)),
    ("before the key's life", |truth| truth.receipt(|receipt| receipt.at = kabao_base::Timestamp::from_ms(0))),
    ("a success that is called refused", |truth| match &truth.receipt {
        Some(receipt) => truth.proved("refused", &truth.liar.document(receipt).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("a success that is called processing", |truth| match &truth.receipt {
        Some(receipt) => truth.proved("processing", &truth.liar.document(receipt).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("signed by the key for answers", |truth| match &truth.receipt {
        Some(receipt) => truth.proved("succeeded", &Liar::document_by(&truth.liar.answers, "answers-1", receipt).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("signed by the key for answers under the other name", |truth| match &truth.receipt {
        Some(receipt) => truth.proved("succeeded", &Liar::document_by(&truth.liar.answers, "documents-1", receipt).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("signed by a stranger", |truth| match &truth.receipt {
        Some(receipt) => truth.proved("succeeded", &Liar::document_by(&stranger(), "documents-1", receipt).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("a refusal by the wrong key", |truth| match truth.refusal(|_| {}) {
        Some(refusal) => truth.proved("refused", &Liar::document_by(&truth.liar.answers, "answers-1", &refusal).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("a refusal of another account", |truth| match truth.refusal(|refusal| refusal.account_id = other()) {
        Some(refusal) => truth.proved("refused", &truth.liar.document(&refusal).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("a refusal of nothing", |truth| match truth.refusal(|refusal| refusal.intent_id = None) {
        Some(refusal) => truth.proved("refused", &truth.liar.document(&refusal).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("a refusal that is called success", |truth| match truth.refusal(|_| {}) {
        Some(refusal) => truth.proved("succeeded", &truth.liar.document(&refusal).unwrap()),
        None => Err(TransportError::Cut),
    }),
    ("a tombstone of another", |truth| match truth.tombstone(|tombstone| tombstone.intent_id = other()) {
        Some(proof) => truth.proved("tombstoned", &proof),
        None => Err(TransportError::Cut),
    }),
    ("a tombstone that is called refused", |truth| match truth.tombstone(|_| {}) {
        Some(proof) => truth.proved("refused", &proof),
        None => Err(TransportError::Cut),
    }),
    ("success without proof", |truth| truth.signed(&json!({ "state": "succeeded", "timeline": [] }))),
    ("refused without proof", |truth| truth.signed(&json!({ "state": "refused", "code": "balance_low" }))),
    ("tombstoned without proof", |truth| truth.signed(&json!({ "state": "tombstoned", "proof": null }))),
    ("an empty proof", |truth| truth.proved("succeeded", "")),
    ("a proof that is no base64", |truth| truth.proved("succeeded", "%%%")),
    ("a proof of a megabyte", |truth| truth.proved("succeeded", &"A".repeat(900_000))),
    ("another state", |truth| truth.signed(&json!({ "state": "paid" }))),
    ("nothing", |truth| truth.signed(&json!({}))),
    ("no object", |truth| truth.signed(&json!([[[[]]]]))),
    ("nested", |truth| {
        let body = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        Ok(truth.liar.answer(truth.request, &truth.envelope(), body.as_bytes()).unwrap())
    }),
    ("an empty body", |truth| Ok(truth.liar.answer(truth.request, &truth.envelope(), b"").unwrap())),
    ("a signed megabyte", |truth| Ok(truth.liar.answer(truth.request, &truth.envelope(), &vec![b'9'; 1 << 20]).unwrap())),
    ("the answer to another request", |truth| Ok(truth.stale.clone())),
    ("a lower epoch", |truth| {
        let envelope = Envelope { epoch: truth.envelope().epoch.saturating_sub(1), ..truth.envelope() };
        Ok(truth.liar.answer(truth.request, &envelope, &truth.answer.body).unwrap())
    }),
    ("a head that is none", |truth| {
        let envelope = Envelope { last_head: Some("garbage".to_owned()), ..truth.envelope() };
        Ok(truth.liar.answer(truth.request, &envelope, &truth.answer.body).unwrap())
    }),
    ("a head of the future", |truth| {
        let envelope = Envelope { last_head: Some(format!("{};{}", u64::MAX, "ab".repeat(32))), ..truth.envelope() };
        Ok(truth.liar.answer(truth.request, &envelope, &truth.answer.body).unwrap())
    }),
    ("another head at a number that is known", |truth| {
        let envelope = Envelope { last_head: Some(format!("1;{}", "ab".repeat(32))), ..truth.envelope() };
        Ok(truth.liar.answer(truth.request, &envelope, &truth.answer.body).unwrap())
    }),
    ("an answer of a time at which the key was none", |truth| {
        let envelope = Envelope { time_ms: 1, ..truth.envelope() };
        Ok(truth.liar.answer(truth.request, &envelope, &truth.answer.body).unwrap())
    }),
    ("an answer by the key for documents", |truth| {
        let (key, body) = (&truth.liar.documents, &truth.answer.body);
        Ok(Liar::answer_by(key, "documents-1", truth.request, &truth.envelope(), body).unwrap())
    }),
    ("an answer by a stranger", |truth| {
        Ok(Liar::answer_by(&stranger(), "answers-1", truth.request, &truth.envelope(), &truth.answer.body).unwrap())
    }),
    ("an answer by a key that nobody knows", |truth| {
        Ok(Liar::answer_by(&stranger(), "answers-2", truth.request, &truth.envelope(), &truth.answer.body).unwrap())
    }),
    ("a changed body", |truth| {
        let mut answer = truth.answer.clone();
        answer.body.push(b' ');
        Ok(answer)
    }),
    ("a changed status", |truth| Ok(HttpResponse { status: 202, ..truth.answer.clone() }).map(|mut answer| {
        answer.status = if truth.answer.status == 202 { 200 } else { 202 };
        answer
    })),
    ("without its signature", |truth| {
        let mut answer = truth.answer.clone();
        answer.headers.retain(|(name, _)| !name.starts_with("signature"));
        Ok(answer)
    }),
    ("half a signature", |truth| {
        let mut answer = truth.answer.clone();
        answer.headers.retain(|(name, _)| name != "signature-input");
        Ok(answer)
    }),
    ("two signatures", |truth| {
        let mut answer = truth.answer.clone();
        let twice: Vec<_> = answer.headers.iter().filter(|(name, _)| name.starts_with("signature")).cloned().collect();
        answer.headers.extend(twice);
        Ok(answer)
    }),
    ("headers without end", |truth| {
        let mut answer = truth.answer.clone();
        answer.headers.push(("signature".to_owned(), "a".repeat(1 << 20)));
        Ok(answer)
    }),
    ("HTML", |_| Truth::plain(200, "text/html", b"<html>Welcome to the hotel</html>")),
    ("unsigned success", |_| Truth::plain(200, "application/json", b"{\"state\":\"succeeded\"}")),
    ("an unsigned megabyte", |_| Truth::plain(200, "application/json", &vec![b'{'; 1 << 20])),
    ("a redirect", |_| {
        let mut answer = Truth::plain(302, "text/html", b"")?;
        answer.headers.push(("location".to_owned(), "https://elsewhere.test/".to_owned()));
        Ok(answer)
    }),
    ("unsigned not found", |_| Truth::plain(404, "application/json", b"{\"code\":\"not_found\"}")),
    ("too long", |_| Err(TransportError::TooLong)),
    ("untrusted", |_| Err(TransportError::Untrusted)),
    ("a certificate of another time", |_| Err(TransportError::CertificateTime)),
    ("clock_skew for ever", |truth| {
        truth.around(&Envelope { status: 401, ..truth.envelope() }, &json!({ "code": "clock_skew" }))
    }),
    ("replayed for ever", |truth| {
        truth.around(&Envelope { status: 401, ..truth.envelope() }, &json!({ "code": "replayed" }))
    }),
    ("a code that nobody knows", |truth| {
        truth.around(&Envelope { status: 418, ..truth.envelope() }, &json!({ "code": "teapot", "field": "f".repeat(9999) }))
    }),
    ("a signed 500", |truth| truth.around(&Envelope { status: 500, ..truth.envelope() }, &json!({ "code": "internal" }))),
    ("an unsettled end as an error", |truth| {
        truth.around(&Envelope { status: 409, ..truth.envelope() }, &json!({ "code": "payment_refused" }))
    }),
];

/// Tells one lie in the place of every answer about payments; the key set stays true.
pub struct OneLie {
    pub liar: Arc<Liar>,
    pub lie: Lie,
    pub earlier: String,
    pub stale: HttpResponse,
    pub told: AtomicUsize,
}

impl Meddler for OneLie {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        if !request.target.starts_with("/v1/payments/") {
            return answer;
        }
        self.told.fetch_add(1, Ordering::AcqRel);
        let answer = answer?;
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let proof = said.as_ref().and_then(|said| said["proof"].as_str()).and_then(|text| decode(text).ok());
        let receipt = proof.and_then(|proof| Receipt::decode(&cose::read(&proof).ok()?.payload).ok());
        (self.lie)(&Truth { liar: &self.liar, request, answer, receipt, earlier: &self.earlier, stale: &self.stale })
    }
}
