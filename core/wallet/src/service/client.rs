//! One call: sign, send, check, and once more when the service told its time or keys.

use crate::error::Outcome;
use crate::host::{HttpRequest, HttpResponse, KeyRole, Transport, TransportError};
use crate::service::way::Way;
use crate::service::wire::WireError;
use crate::shared::{Core, ServiceClock, WalletEvent};
use crate::tables::events::{self, EventHead};
use crate::tables::{consents, device_report, marks};
use crate::tables::open::store_code;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Failure, Id, Timestamp};
use kabao_proof::{Headers, KeyPurpose, KeySet, RequestEcho, RequestParts, Signature, SignedAnswer, SigningParams};
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

const A_DAY: i64 = 86_400_000;

/// Whose key signs a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The key that stands in the body: registration.
    Itself,
    /// The registered device.
    Device(Id),
}

/// One request.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) signer: Signer,
}

/// A signed answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) time: Timestamp,
    /// The service's epoch when it answered; by now there may be a later one.
    pub(crate) epoch: u64,
}

impl Answer {
    /// The body of an answer that says yes; otherwise the service's no as an error.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Outcome<T> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal().into());
        }
        self.parse()
    }

    /// An answer that says yes and nothing more.
    pub(crate) fn accepted(&self) -> Outcome<()> {
        if (200..300).contains(&self.status) { Ok(()) } else { Err(self.refusal().into()) }
    }

    /// Whether it says no to what was asked, and not that the service cannot answer.
    pub(crate) fn is_no(&self) -> bool {
        (400..500).contains(&self.status)
    }

    /// The body, whatever the status.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Outcome<T> {
        serde_json::from_slice(&self.body).map_err(|_| Code::AnswerMalformed.into())
    }

    /// The service's no in the words of the catalogue.
    pub(crate) fn refusal(&self) -> Failure {
        let Ok(wire) = serde_json::from_slice::<WireError>(&self.body) else { return Failure::of(Code::AnswerMalformed) };
        let code = Code::parse(&wire.code).unwrap_or(match self.status {
            500.. => Code::ServiceDown,
            404 => Code::NotFound,
            _ => Code::AnswerMalformed,
        });
        let failure = Failure::of(code).retry_after(wire.retry_after_ms).left(wire.attempts_left);
        match wire.field {
            Some(field) => failure.in_field(&field),
            None => failure,
        }
    }
}

/// What the calls of one wallet share.
pub(crate) struct Client {
    transport: Arc<dyn Transport>,
    pub(super) keys: Mutex<Option<Arc<KeySet>>>,
    epoch: AtomicU64,
    checked: Mutex<EventHead>,
    pub(crate) way: Way,
}

impl Client {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Client {
        Client {
            transport,
            keys: Mutex::new(None),
            epoch: AtomicU64::new(0),
            checked: Mutex::new(EventHead::default()),
            way: Way::default(),
        }
    }

    /// The service's epoch as it was seen last; 0 before the first answer.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Takes up the epoch that an earlier run saw.
    pub(crate) fn restore_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Release);
    }

    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.transport.send(request).await
    }
}

impl Core {
    /// A request that a person makes: refused while the wallet is locked.
    pub(crate) fn request(&self, method: &'static str, path: String, body: Vec<u8>) -> Outcome<Request> {
        self.check_open()?;
        self.engine_request(method, path, body)
    }

    /// A request of the engine, which goes on while answers are on their way.
    pub(crate) fn engine_request(&self, method: &'static str, path: String, body: Vec<u8>) -> Outcome<Request> {
        let device = self.identity()?.device_id;
        Ok(Request { method, path, query: None, body: Zeroizing::new(body), signer: Signer::Device(device) })
    }

    /// Sends a request and gives the signed answer, whatever it says. An error means: no answer that can be believed.
    pub(crate) async fn call(&self, request: &Request) -> Outcome<Answer> {
        self.key_set().await?;
        let mut first = None;
        for _ in 0..2 {
            match self.attempt(request).await? {
                Attempt::Answer(answer) => {
                    if let Signer::Device(device) = request.signer
                        && answer.status == 401
                    {
                        match answer.refusal().code {
                            code if code == Code::DeviceRevoked.as_str() => self.note_revoked(device).await,
                            code if code == Code::AccountClosed.as_str() => self.note_closed(Some(device)).await,
                            _ => {}
                        }
                    }
                    if let Signer::Device(device) = request.signer
                        && answer.status == 401
                        && answer.refusal().code == Code::SignedOut.as_str()
                    {
                        self.note_signed_out(device).await;
                    }
                    return Ok(answer);
                }
                Attempt::Again(code) => first = Some(code),
            }
        }
        Err(first.unwrap_or(Code::AnswerMalformed).into())
    }

    /// Asks what everybody may know, without a key of this phone. A number that is used once goes with the query, so that the
    /// signed answer is to this question and its time is the present one.
    ///
    /// # Errors
    /// `clock_wrong` once, when the time told is more than a day from what this phone believed; from then on it is believed.
    pub(crate) async fn call_public(&self, path: String, query: String) -> Outcome<Answer> {
        self.key_set().await?;
        let query = format!("{query}&nonce={}", kabao_proof::hex(&self.random::<16>()?));
        let authority = self.client.transport.authority();
        let parts = RequestParts { method: "GET", authority: &authority, path: &path, query: Some(&query), body: b"", head: None };
        let echo = parts.echo(None).map_err(|_| Code::Internal)?;
        let sent = HttpRequest {
            method: "GET",
            target: format!("{path}?{query}"),
            headers: parts.unsigned_headers(),
            body: Vec::new(),
            timeout_ms: 0,
        };
        let believed = self.now();
        match self.checked(sent, &echo).await? {
            Attempt::Answer(answer) if answer.time.since(believed).checked_abs().is_none_or(|off| off > A_DAY) => {
                self.clock.believe(self.host.as_ref(), answer.time);
                self.client.way.trouble(Code::ClockWrong);
                Err(Code::ClockWrong.into())
            }
            Attempt::Answer(answer) => Ok(answer),
            Attempt::Again(code) => Err(code.into()),
        }
    }

    /// Sends, and believes what comes only with the service's signature over this request.
    async fn checked(&self, sent: HttpRequest, echo: &RequestEcho) -> Outcome<Attempt> {
        let response = self.exchange(sent).await?;
        let strange = |code: Code| {
            self.client.way.trouble(code);
            code
        };
        let headers = Headers::new(response.headers.iter().map(|(name, value)| (name, value))).map_err(|_| Code::AnswerMalformed)?;
        if !headers.is_signed() {
            return Err(strange(Code::AnswerUnsigned).into());
        }
        let answer = kabao_proof::http::read_answer(response.status, &headers, &response.body, echo)
            .map_err(|_| strange(Code::AnswerForged))?;
        if !self.check_signature(&answer).await? {
            return Err(strange(Code::AnswerForged).into());
        }
        self.client.way.clear();
        self.believe(&answer, response).await
    }

    async fn attempt(&self, request: &Request) -> Outcome<Attempt> {
        let nonce = URL_SAFE_NO_PAD.encode(self.random::<16>()?);
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner).text();
        let (keyid, head) = match request.signer {
            Signer::Itself => ("self".to_owned(), None),
            Signer::Device(device) => (format!("dev:{device}"), Some(head)),
        };
        let parts = RequestParts {
            method: request.method,
            authority: &self.client.transport.authority(),
            path: &request.path,
            query: request.query.as_deref(),
            body: &request.body,
            head: head.as_deref(),
        };
        let params = SigningParams { created: self.now().as_seconds(), nonce: &nonce, keyid: &keyid };
        let to_sign = kabao_proof::http::sign_request(&parts, &params).map_err(|_| Code::Internal)?;
        let signed = self.host.keys().sign(KeyRole::Device, to_sign.base.clone()).map_err(store_code)?;
        let signature = Signature::read(&signed).map_err(|_| Code::KeyStoreUnavailable)?;
        let echo = parts.echo(Some(signature)).map_err(|_| Code::Internal)?;
        let mut headers = to_sign.finish(&signature);
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let target = match &request.query {
            Some(query) => format!("{}?{query}", request.path),
            None => request.path.clone(),
        };
        let sent = HttpRequest { method: request.method, target, headers, body: request.body.to_vec(), timeout_ms: 0 };
        self.checked(sent, &echo).await
    }

    /// What a signed answer tells beside its body: the time, the epoch, the head that was seen of this phone.
    async fn believe(&self, answer: &SignedAnswer, response: HttpResponse) -> Outcome<Attempt> {
        let time = Timestamp::from_ms(answer.time_ms);
        let wire = |code: &str| {
            response.status == 401 && serde_json::from_slice::<WireError>(&response.body).is_ok_and(|wire| wire.code == code)
        };
        if wire("clock_skew") {
            // The service says that what this phone believed is wrong, in whichever direction.
            self.clock.believe(self.host.as_ref(), time);
            // A clock that is off by more than a day fails elsewhere too (certificates): the person must set it.
            if ServiceClock::too_far(self.host.as_ref(), time) {
                self.client.way.trouble(Code::ClockWrong);
                return Err(Code::ClockWrong.into());
            }
            return Ok(Attempt::Again(Code::ClockWrong));
        }
        if wire("replayed") {
            return Ok(Attempt::Again(Code::Replayed));
        }
        self.clock.learn(self.host.as_ref(), time);
        self.check_epoch(answer.epoch).await?;
        if let Some(last) = &answer.last_head {
            self.check_last_head(last).await?;
        }
        Ok(Attempt::Answer(Answer { status: response.status, body: Zeroizing::new(response.body), time, epoch: answer.epoch }))
    }

    async fn check_signature(&self, answer: &SignedAnswer) -> Outcome<bool> {
        for fetched in [false, true] {
            let keys = if fetched { self.fetch_key_set().await? } else { self.key_set().await? };
            let time = Timestamp::from_ms(answer.time_ms);
            if let Ok(key) = keys.signing_key_at(&answer.keyid, &KeyPurpose::Answers, time) {
                return Ok(answer.verify(&key).is_ok());
            }
        }
        Ok(false)
    }

    /// A higher epoch: the service was restored, and open payments are asked for before anything is sent again.
    async fn check_epoch(&self, epoch: u64) -> Outcome<()> {
        let known = self.client.epoch();
        if epoch == known {
            return Ok(());
        }
        if epoch < known {
            return Err(Code::AnswerForged.into());
        }
        let now = self.now();
        self.files(move |files| {
            files.commit(now, |tx, log| {
                // Of two answers on their way the later epoch may have been written already.
                if marks::get(tx, marks::EPOCH)?.and_then(|text| text.parse().ok()).is_some_and(|written: u64| written >= epoch) {
                    return Ok(());
                }
                marks::set(tx, marks::EPOCH, &epoch.to_string())?;
                if known > 0 {
                    // An older book may have forgotten what was withdrawn.
                    consents::tell_again(tx)?;
                    device_report::tell_again(tx)?;
                    marks::remove(tx, marks::BUILD_TOLD)?;
                }
                log.append(tx, "epoch", "service", epoch.to_string().as_bytes())
            })
        })
        .await?;
        let before = self.client.epoch.fetch_max(epoch, Ordering::AcqRel);
        if known > 0 && before < epoch {
            self.listeners.tell(WalletEvent::ServiceRestored);
            self.engine.restored.owe();
        }
        Ok(())
    }

    /// The service remembers the highest head that this phone ever sent. Higher than ours, or another one at the same
    /// number: this phone runs on an old copy of its files.
    async fn check_last_head(&self, last: &str) -> Outcome<()> {
        let last = EventHead::parse(last).ok_or(Code::AnswerMalformed)?;
        if *self.client.checked.lock().unwrap_or_else(PoisonError::into_inner) == last {
            return Ok(());
        }
        let mac = self.files(move |files| files.ledger(|conn| events::mac_of(conn, last.seq))).await?;
        if mac != Some(last.mac) {
            self.note_rolled_back().await;
            return Err(Code::RolledBack.into());
        }
        *self.client.checked.lock().unwrap_or_else(PoisonError::into_inner) = last;
        Ok(())
    }
}

enum Attempt {
    Answer(Answer),
    Again(Code),
}
