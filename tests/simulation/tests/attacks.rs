//! Answers that lie: of strangers on the way, and of a service whose keys are in wrong hands. Never a final state without
//! the right proof, never a hang, nothing lost: when the truth is told again, it is taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{Changes, Story, other, story, stranger};
use kabao_core::host::{HttpRequest, HttpResponse, TransportError};
use kabao_money::payment::PaymentState;
use kabao_proof::documents::Document;
use kabao_proof::{KeySet, Receipt, Refusal, Tombstone, cose};
use kabao_simulation::liar::{Envelope, decode};
use kabao_simulation::{Came, Liar, Meddler};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a lie is made of.
struct Truth<'a> {
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

type Lie = fn(&Truth<'_>) -> Came;

/// Every lie about a payment. None of them proves anything.
const LIES: &[(&str, Lie)] = &[
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
struct OneLie {
    liar: Arc<Liar>,
    lie: Lie,
    earlier: String,
    stale: HttpResponse,
    told: AtomicUsize,
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

/// An earlier payment with its answer.
async fn earlier(story: &Story) -> (String, HttpResponse) {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    story.meddle(Changes::new("PUT", "/v1/payments/", move |_, answer| {
        *keep.lock().unwrap() = Some(answer.clone());
        Ok(answer)
    }));
    assert_eq!(story.top_up("3.00").await.state, PaymentState::Succeeded);
    let answer = kept.lock().unwrap().take().unwrap();
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    (said["proof"].as_str().unwrap().to_owned(), answer)
}

#[test]
fn no_lie_about_a_payment_ends_it() {
    story("lies", async |story: Story| {
        let (proof, stale) = earlier(&story).await;
        let pay = story.wallet().pay();
        for (count, (name, lie)) in LIES.iter().enumerate() {
            let one = Arc::new(OneLie {
                liar: Arc::clone(&story.liar),
                lie: *lie,
                earlier: proof.clone(),
                stale: stale.clone(),
                told: AtomicUsize::new(0),
            });
            story.all.net.meddle(Some(Arc::clone(&one) as _));
            let told = story.top_up(&format!("1.{count:02}")).await;
            assert!(!told.state.is_final(), "{name}: {:?}", told.state);
            assert!(!told.may_pay_again, "{name}");
            tokio::time::sleep(Duration::from_secs(120)).await;
            let view = pay.resolve(told.intent_id.clone()).await.unwrap();
            assert!(!view.state.is_final(), "{name}: {:?}", view.state);
            let heard = one.told.load(Ordering::Acquire);
            assert!((2..600).contains(&heard), "{name}: {heard} requests in two minutes");
            story.honest();
            let mut truth = pay.resolve(told.intent_id.clone()).await.unwrap();
            for _ in 0..5 {
                if !truth.state.is_final() {
                    truth = pay.resolve(told.intent_id.clone()).await.unwrap();
                }
            }
            assert_eq!(truth.state, PaymentState::Succeeded, "{name}: the truth");
        }
        let executions = story.executions().await;
        assert_eq!(executions.len(), LIES.len() + 1);
        assert!(executions.iter().all(|execution| execution["count"] == json!(1)));
        assert_eq!(story.records().await, LIES.len() + 1);
        let report = story.wallet().history().verify().await.unwrap();
        assert!(report.first_wrong_event.is_none() && report.wrong_receipts.is_empty(), "{report:?}");
    });
}

#[test]
fn a_second_signed_end_does_not_replace_the_first() {
    story("contradiction", async |story: Story| {
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("*", "/v1/payments/", move |request, answer| {
            let said: Value = serde_json::from_slice(&answer.body).unwrap();
            let Some(proof) = said["proof"].as_str() else { return Ok(answer) };
            let receipt = Receipt::decode(&cose::read(&decode(proof).unwrap()).unwrap().payload).unwrap();
            let refusal = Refusal {
                intent_id: receipt.intent_id, token_id: None, account_id: receipt.account_id, code: "balance_low".to_owned(),
                attempts_left: None, at: receipt.at, epoch: receipt.epoch,
            };
            let body = json!({ "state": "refused", "proof": liar.document(&refusal).unwrap() });
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        // A service that signs two ends lies with its own hand; the phone keeps the first, and the record tells the other.
        let told = story.top_up("8.00").await;
        assert_eq!(told.state, PaymentState::Failed);
        story.honest();
        assert_eq!(story.records().await, 1);
        let pay = story.wallet().pay();
        assert_eq!(pay.resolve(told.intent_id.clone()).await.unwrap().state, PaymentState::Failed);
        assert!(pay.abandon(told.intent_id).await.is_err());
        assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
    });
}

#[test]
fn giving_up_is_believed_only_with_a_tombstone() {
    story("give-up", async |story: Story| {
        let (proof, stale) = earlier(&story).await;
        let pay = story.wallet().pay();
        for (count, (name, lie)) in LIES.iter().enumerate().step_by(3) {
            story.honest();
            story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
            let told = story.top_up(&format!("2.{count:02}")).await;
            assert_eq!(told.state, PaymentState::Unknown, "{name}");
            let (liar, earlier, stale) = (Arc::clone(&story.liar), proof.clone(), stale.clone());
            story.meddle(OneLie { liar, lie: *lie, earlier, stale, told: AtomicUsize::new(0) });
            let view = pay.abandon(told.intent_id.clone()).await.unwrap();
            assert!(!view.state.is_final() && !view.may_pay_again, "{name}: {:?}", view.state);
            story.honest();
            story.all.console.post("/dev/bank/faults", json!({ "movements": "none" })).await.unwrap();
            story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
            let mut end = pay.resolve(told.intent_id.clone()).await.unwrap();
            for _ in 0..50 {
                if end.state.is_final() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(30)).await;
                story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
                end = pay.resolve(told.intent_id.clone()).await.unwrap();
            }
            let executed = story.executions().await.iter().any(|execution| execution["intent_id"] == json!(told.intent_id));
            let wanted = if executed { PaymentState::Succeeded } else { PaymentState::Failed };
            assert_eq!(end.state, wanted, "{name}");
        }
    });
}

#[test]
fn an_old_or_foreign_key_set_is_not_taken() {
    story("keys", async |story: Story| {
        let known = story.all.net.clone();
        let (liar, evil) = (Arc::clone(&story.liar), stranger());
        let honest = Arc::new(Mutex::new(Vec::new()));
        for case in 0..7 {
            let (liar, evil, honest) = (Arc::clone(&liar), evil.clone(), Arc::clone(&honest));
            known.meddle(Some(Arc::new(Changes::new("*", "/v1/", move |request, answer| {
                if request.target != "/v1/keys" {
                    // Signed by a key that only the wrong set names.
                    return Ok(Liar::answer_by(&evil, "answers-9", request, &Liar::envelope(&answer), &answer.body).unwrap());
                }
                *honest.lock().unwrap() = answer.body.clone();
                let mut set = KeySet::decode(&cose::read(&answer.body).unwrap().payload).unwrap();
                let mut added = set.keys[0].clone();
                (added.kid, added.public) = ("answers-9".to_owned(), evil.public().to_bytes().to_vec());
                set.keys.push(added);
                let body = match case {
                    // An older version and the same version, both by the true root.
                    0 => { set.version -= 1; liar.key_set(&set).unwrap() }
                    1 => liar.key_set(&set).unwrap(),
                    // A newer one by somebody else.
                    2 => {
                        set.version += 1;
                        let waiting = set.to_sign("root-1").unwrap();
                        let signature = evil.sign(&waiting.tbs);
                        waiting.finish(&signature).unwrap()
                    }
                    3 => vec![0xd2; 1 << 20],
                    4 => b"<html>".to_vec(),
                    5 => Vec::new(),
                    _ => return Err(TransportError::TooLong),
                };
                Ok(HttpResponse { body, ..answer })
            }))));
            let error = story.wallet().history().sync().await.unwrap_err();
            assert!(error.failure().code.starts_with("answer_"), "{case}: {error}");
        }
        story.honest();
        assert_eq!(story.top_up("5.00").await.state, PaymentState::Succeeded);
        assert_eq!(story.records().await, 1);
    });
}
