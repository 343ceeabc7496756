//! A phone for tests and tools: it signs, seals and checks as the contract says, over any line. It is no
//! wallet: it keeps nothing, retries nothing, and shows every answer as it came.

mod consents;

use crate::http::wire_fault::{Cut, WireFault};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use kabao_base::{Id, Timestamp};
use kabao_outside::World;
use kabao_proof::http::{read_answer, sign_request};
use kabao_proof::{FnRng, Headers, KeyPurpose, KeySet, PublicKey, RequestParts, SealedBox, SigningParams, SoftwareKey, Terms, boxes};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use tower::ServiceExt;

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Raw {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// How requests travel.
#[derive(Clone)]
pub enum Line {
    /// Straight into a router, without a socket.
    InProcess(Router),
    /// Over plain HTTP or HTTPS.
    Net(crate::client::Client),
}

impl Line {
    /// Sends a request. A connection that a fault closes is an error.
    pub async fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> io::Result<Raw> {
        match self {
            Line::Net(client) => client.send(method, path, headers, body).await,
            Line::InProcess(router) => {
                let mut request = Request::builder().method(method).uri(path);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                let request = request.body(Body::from(body.to_vec())).map_err(io::Error::other)?;
                let response = router.clone().oneshot(request).await.unwrap_or_default();
                let fault = response.extensions().get::<WireFault>().copied().unwrap_or_default();
                if fault.cut != Cut::No {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                let (parts, body) = response.into_parts();
                let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
                let pair = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
                    (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
                };
                Ok(Raw { status: parts.status.as_u16(), headers: parts.headers.iter().map(pair).collect(), body })
            }
        }
    }

    /// Sends JSON without a signature: for the developer's console. Gives status and JSON.
    pub async fn json(&self, method: &str, path: &str, body: Option<Value>) -> io::Result<(u16, Value)> {
        let bytes = body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = [("host".to_owned(), "localhost".to_owned()), ("content-type".to_owned(), "application/json".to_owned())];
        let raw = self.send(method, path, &headers, &bytes).await?;
        Ok((raw.status, serde_json::from_slice(&raw.body).unwrap_or(Value::Null)))
    }
}

/// An answer that was checked.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body as JSON; null when it is none.
    pub json: Value,
    /// The answer as it came.
    pub raw: Raw,
    /// Whether the service signed it for this request.
    pub signed: bool,
    /// The service's epoch.
    pub epoch: u64,
    /// The head that the service had before.
    pub last_head: Option<String>,
}

impl Reply {
    /// The code of an error; empty when there is none.
    pub fn code(&self) -> &str {
        self.json.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// Text of a field; empty when there is none.
    pub fn text(&self, field: &str) -> &str {
        self.json.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A phone with keys in memory.
pub struct Phone {
    /// The service.
    pub line: Line,
    /// The developer's console.
    pub dev: Line,
    /// What the phone asks for time and randomness.
    pub world: Arc<dyn World>,
    /// The host that it signs for.
    pub authority: String,
    /// The device key.
    pub device_key: SoftwareKey,
    /// The approval key.
    pub approve_key: SoftwareKey,
    /// The account, once opened.
    pub account: Option<Id>,
    /// The device, once registered.
    pub device: Option<Id>,
    /// The head that it sends.
    pub head: String,
    /// The service's keys.
    pub keys: Option<KeySet>,
}

fn lost(what: &'static str) -> io::Error {
    io::Error::other(what)
}

impl Phone {
    /// A new phone, not registered.
    pub fn new(line: Line, dev: Line, authority: &str, world: Arc<dyn World>) -> io::Result<Phone> {
        let key = || SoftwareKey::from_random(|bytes| world.random(bytes)).map_err(|_| lost("no key"));
        Ok(Phone {
            device_key: key()?,
            approve_key: key()?,
            line,
            dev,
            authority: authority.to_owned(),
            account: None,
            device: None,
            head: format!("0;{}", "00".repeat(32)),
            keys: None,
            world: world.clone(),
        })
    }

    /// A new random id.
    pub fn make_id(&self) -> Id {
        crate::world::make_id(self.world.as_ref())
    }

    /// Fetches the key set and believes it by the root's signature.
    pub async fn fetch_keys(&mut self, root: &PublicKey) -> io::Result<()> {
        let headers = [("host".to_owned(), self.authority.clone())];
        let raw = self.line.send("GET", "/v1/keys", &headers, b"").await?;
        self.keys = Some(KeySet::open(&raw.body, root).map_err(|_| lost("the key set does not verify"))?);
        Ok(())
    }

    /// The headers of a signed request.
    pub fn sign(&self, method: &str, path: &str, body: &[u8]) -> io::Result<Vec<(String, String)>> {
        self.sign_at(method, path, body, self.world.now())
    }

    /// The headers of a request that says it was made at `created`.
    pub fn sign_at(&self, method: &str, path: &str, body: &[u8], created: Timestamp) -> io::Result<Vec<(String, String)>> {
        let keyid = self.device.map_or_else(|| "self".to_owned(), |device| format!("dev:{device}"));
        self.sign_by(method, path, body, created, &keyid)
    }

    /// The headers of a request that the key in its body signs: a registration.
    pub fn sign_as_self(&self, method: &str, path: &str, body: &[u8]) -> io::Result<Vec<(String, String)>> {
        self.sign_by(method, path, body, self.world.now(), "self")
    }

    fn sign_by(&self, method: &str, path: &str, body: &[u8], created: Timestamp, keyid: &str) -> io::Result<Vec<(String, String)>> {
        let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
        let head = (keyid != "self").then_some(self.head.as_str());
        let parts = RequestParts { method, authority: &self.authority, path: bare, query, body, head };
        let nonce = self.make_id().to_string();
        let params = SigningParams { created: created.as_seconds(), nonce: &nonce, keyid };
        let waiting = sign_request(&parts, &params).map_err(|_| lost("the request cannot be signed"))?;
        let signature = self.device_key.sign(&waiting.base);
        let mut headers = waiting.finish(&signature);
        headers.push(("host".to_owned(), self.authority.clone()));
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Ok(headers)
    }

    /// Sends a signed request and checks the signature of the answer.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> io::Result<Reply> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = self.sign(method, path, &bytes)?;
        self.call_with(method, path, &headers, &bytes).await
    }

    /// Sends a request with these headers and checks the signature of the answer.
    pub async fn call_with(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> io::Result<Reply> {
        let raw = self.line.send(method, path, headers, body).await?;
        let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
        let sent = Headers::new(headers.iter().map(|(name, value)| (name, value))).map_err(|_| lost("bad headers"))?;
        let echo = if sent.is_signed() {
            kabao_proof::http::read_request(method, &self.authority, bare, query, &sent, body).map(|request| request.echo().clone())
        } else {
            kabao_proof::http::read_unsigned(method, bare, query, &sent, body)
        };
        let got = Headers::new(raw.headers.iter().map(|(name, value)| (name, value))).unwrap_or_default();
        let answer = echo.ok().and_then(|echo| read_answer(raw.status, &got, &raw.body, &echo).ok());
        let verified = answer.filter(|answer| {
            let key = self.keys.as_ref().and_then(|keys| keys.signing_key(&answer.keyid, &KeyPurpose::Answers).ok()?.public_key().ok());
            key.is_some_and(|key| answer.verify(&key).is_ok())
        });
        Ok(Reply {
            status: raw.status,
            json: serde_json::from_slice(&raw.body).unwrap_or(Value::Null),
            signed: verified.is_some(),
            epoch: verified.as_ref().map_or(0, |answer| answer.epoch),
            last_head: verified.and_then(|answer| answer.last_head),
            raw,
        })
    }

    /// Seals `plain` for the vault.
    pub fn seal(&self, purpose: &KeyPurpose, info: &[u8], aad: &[u8], plain: &str) -> io::Result<Value> {
        let keys = self.keys.as_ref().ok_or_else(|| lost("no keys"))?;
        let key = keys.box_key(purpose, self.world.now()).map_err(|_| lost("no box key"))?;
        let mut rng = FnRng(|bytes: &mut [u8]| self.world.random(bytes));
        let sealed: SealedBox = boxes::seal(&key, info, aad, plain.as_bytes(), &mut rng).map_err(|_| lost("not sealed"))?;
        serde_json::to_value(sealed).map_err(io::Error::other)
    }

    fn ids(&self) -> io::Result<(Id, Id)> {
        self.account.zip(self.device).ok_or_else(|| lost("not registered"))
    }

    /// The last one-time code that `from` sent to a phone number.
    pub async fn otp(&self, phone: &str, from: &str) -> io::Result<String> {
        let path = format!("/dev/inbox?phone={}", phone.replace('+', "%2B"));
        let (_, inbox) = self.dev.json("GET", &path, None).await?;
        let messages = inbox.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        let last = messages.iter().rev().find(|message| message.get("from").and_then(Value::as_str) == Some(from));
        last.and_then(|message| message.get("otp")?.as_str().map(str::to_owned)).ok_or_else(|| lost("no code came"))
    }

    /// Opens an account: registration and code.
    pub async fn register(&mut self, phone: &str) -> io::Result<Reply> {
        let id = self.make_id();
        let body = json!({
            "registration_id": id, "phone": phone, "device_key": self.device_key.public(),
            "approve_key": self.approve_key.public(), "device_model": "Test phone",
        });
        let first = self.call("POST", "/v1/registrations", Some(body)).await?;
        if first.status != 200 {
            return Ok(first);
        }
        let otp = self.otp(phone, "kabao").await?;
        let reply = self.call("POST", &format!("/v1/registrations/{id}/otp"), Some(json!({"otp": otp}))).await?;
        self.account = Id::parse(reply.text("account_id")).ok();
        self.device = Id::parse(reply.text("device_id")).ok();
        Ok(reply)
    }

    /// Chooses a PIN.
    pub async fn set_pin(&self, pin: &str) -> io::Result<Reply> {
        let (account, device) = self.ids()?;
        let aad = format!("{account}\0{device}");
        let sealed = self.seal(&KeyPurpose::PinBox, b"kabao-pin-set-1", aad.as_bytes(), pin)?;
        self.call("PUT", "/v1/account/pin", Some(json!({"pin_box": sealed}))).await
    }

    /// Gives the consents and has a person verified.
    pub async fn verify(&self, name: &str, id_number: &str, channels: u32) -> io::Result<Reply> {
        let (account, _) = self.ids()?;
        let (_, token) = self.dev.json("POST", "/dev/liveness", Some(json!({"channels": channels, "result": "ok"}))).await?;
        let (consent, verification) = (self.consent_to_a_check().await?, self.make_id());
        let aad = format!("{account}\0{verification}");
        let sealed = self.seal(&KeyPurpose::IdBox, b"kabao-id-1", aad.as_bytes(), id_number)?;
        let body = json!({"name": name, "id_box": sealed, "liveness_token": token.get("token"), "consent_id": consent});
        self.call("PUT", &format!("/v1/verifications/{verification}"), Some(body)).await
    }

    /// Consents and has a person verified by a document: `sealed` is what the box holds, `more` joins the body.
    pub async fn verify_as(&self, document: &str, name: &str, sealed: &str, more: Value) -> io::Result<Reply> {
        let (account, _) = self.ids()?;
        let (consent, verification) = (self.consent_to_a_check().await?, self.make_id());
        let aad = format!("{account}\0{verification}");
        let sealed = self.seal(&KeyPurpose::IdBox, b"kabao-id-1", aad.as_bytes(), sealed)?;
        let mut body = json!({"name": name, "id_box": sealed, "liveness_token": "none", "consent_id": consent, "document": document});
        for (field, value) in more.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        self.call("PUT", &format!("/v1/verifications/{verification}"), Some(body)).await
    }

    /// A token of the liveness vendor.
    pub async fn face(&self, channels: u32, result: &str, nonce: Option<&str>) -> io::Result<String> {
        let (_, token) = self.dev.json("POST", "/dev/liveness", Some(json!({"channels": channels, "result": result, "nonce": nonce}))).await?;
        token.get("token").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| lost("no token"))
    }

    /// Asks the bank about a card: `content` is the number, or `number|MMYY|code` of a credit card.
    pub async fn bind_begin(&self, content: &str, name: &str, phone: &str, replaces: Option<Id>) -> io::Result<(Id, Reply)> {
        let (account, _) = self.ids()?;
        self.consent_to("card_binding").await?;
        let binding = self.make_id();
        let aad = format!("{account}\0{binding}");
        let sealed = self.seal(&KeyPurpose::CardBox, b"kabao-card-1", aad.as_bytes(), content)?;
        let mut body = json!({"binding_id": binding, "pan_box": sealed, "name": name, "phone": phone});
        if let Some(old) = replaces {
            body["replaces"] = json!(old);
        }
        Ok((binding, self.call("POST", "/v1/cards", Some(body)).await?))
    }

    /// Gives the bank the newest code that it sent to `phone`.
    pub async fn bind_confirm(&self, binding: Id, phone: &str) -> io::Result<Reply> {
        let otp = self.otp(phone, "bank").await?;
        self.call("POST", &format!("/v1/cards/{binding}/otp"), Some(json!({"otp": otp}))).await
    }

    /// Binds a card whose bank knows `phone`.
    pub async fn bind(&self, content: &str, name: &str, phone: &str) -> io::Result<Reply> {
        let (binding, first) = self.bind_begin(content, name, phone, None).await?;
        if first.status != 200 {
            return Ok(first);
        }
        self.bind_confirm(binding, phone).await
    }

    /// Removes a card by PIN.
    pub async fn remove_card(&self, removal: Id, card: Id, pin: &str) -> io::Result<Reply> {
        let (account, _) = self.ids()?;
        let parts = format!("kabao-unbind-1\0{removal}\0{account}\0{card}");
        let digest = kabao_proof::digest::sha256_of(&[parts.as_bytes()]);
        let sealed = self.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &digest, pin)?;
        self.call("PUT", &format!("/v1/card-removals/{removal}"), Some(json!({"card_id": card, "pin_box": sealed}))).await
    }

    /// The body of a PUT for a quote: terms, and the approval by PIN, or by the approval key without one.
    pub fn payment(&self, intent: Id, quote: &Value, source: Value, pin: Option<&str>) -> io::Result<Value> {
        let (account, _) = self.ids()?;
        let mut terms = json!({
            "intent_id": intent, "kind": quote["kind"], "quote_id": quote["quote_id"], "account_id": account,
            "amount": quote["amount"], "fee": quote["fee"], "source": source,
            "expires_at": quote["expires_at"], "challenge": quote["challenge"],
        });
        for field in ["payee_id", "order", "delay_ms"] {
            if let Some(value) = quote.get(field) {
                terms[field] = value.clone();
            }
        }
        let digest = terms_digest(&terms).ok_or_else(|| lost("not terms"))?;
        let approval = match pin {
            Some(pin) => json!({"pin_box": self.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &digest, pin)?}),
            None => json!({"approve_signature": crate::wire::text(self.approve_key.sign(&digest).as_bytes())}),
        };
        Ok(json!({"terms": terms, "approval": approval}))
    }
}

/// The digest of terms as the contract spells them in JSON.
pub fn terms_digest(terms: &Value) -> Option<[u8; 32]> {
    use kabao_base::Money;
    use kabao_proof::{MoveKind, Source};
    let id = |field: &str| Id::parse(terms.get(field)?.as_str()?).ok();
    let money = |field: &str| serde_json::from_value::<Money>(terms.get(field)?.clone()).ok();
    let source = terms.get("source")?;
    let terms = Terms {
        intent_id: id("intent_id")?,
        kind: serde_json::from_value::<MoveKind>(terms.get("kind")?.clone()).ok()?,
        quote_id: id("quote_id")?,
        account_id: id("account_id")?,
        payee_id: id("payee_id"),
        order: terms.get("order").and_then(Value::as_str).map(str::to_owned),
        amount: money("amount")?,
        fee: money("fee")?,
        source: match source.get("card_id").and_then(Value::as_str) {
            Some(card) => Source::Card(Id::parse(card).ok()?),
            None => Source::Balance,
        },
        delay_ms: terms.get("delay_ms").and_then(Value::as_u64).and_then(|delay| u32::try_from(delay).ok()),
        expires_at: Timestamp::from_ms(terms.get("expires_at")?.as_i64()?),
        challenge: crate::wire::bytes(terms.get("challenge")?.as_str()?, "challenge").ok()?.try_into().ok()?,
    };
    Some(terms.digest())
}
