//! Histories that lie, page by page, each signed by the service's own keys: what contradicts itself or what was signed
//! before is not kept, and what is true is taken when it is told again.

use crate::common::{Changes, NoHistory, Story, other, story, stranger};
use kabao_core::host::{HttpRequest, HttpResponse};
use kabao_money::payment::PaymentState;
use kabao_proof::documents::Document;
use kabao_proof::{Head, HistoryEntry, cose};
use kabao_simulation::liar::{decode, encode};
use kabao_simulation::{Came, Liar, Meddler};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The history of a page, to be told otherwise.
struct Pages<'a> {
    liar: &'a Liar,
    request: &'a HttpRequest,
    answer: &'a HttpResponse,
    body: Value,
    head: Head,
    entries: Vec<Vec<u8>>,
}

impl Pages<'_> {
    fn send(&self) -> Came {
        let mut body = self.body.clone();
        body["entries"] = self.entries.iter().map(|entry| json!(encode(entry))).collect();
        body["head"] = json!(self.liar.document(&self.head).unwrap());
        self.raw(&body)
    }

    fn raw(&self, body: &Value) -> Came {
        Ok(self.liar.answer(self.request, &Liar::envelope(self.answer), body.to_string().as_bytes()).unwrap())
    }

    fn entry(&mut self, place: usize, change: impl FnOnce(&mut HistoryEntry)) {
        let mut entry = HistoryEntry::decode(&self.entries[place]).unwrap();
        change(&mut entry);
        self.entries[place] = entry.encode();
    }

    /// Makes the chain of the page fit again, as only the service can.
    fn chained(&mut self) {
        let mut hash = kabao_proof::Digest32::parse(self.body["prev_hash"].as_str().unwrap()).unwrap().0;
        for entry in &self.entries {
            hash = kabao_proof::chain::next_hash(&hash, entry);
        }
        self.head.hash = hash;
    }
}

type Tale = fn(&mut Pages<'_>) -> Came;

/// Every wrong tale about the history; each page is signed.
const TALES: &[(&str, Tale)] = &[
    ("an entry is left out", |page| { page.entries.remove(1); page.send() }),
    ("an entry is left out and the chain fits", |page| { page.entries.remove(1); page.chained(); page.send() }),
    ("the first is left out", |page| { page.entries.remove(0); page.send() }),
    ("an entry is told twice", |page| { let twice = page.entries[1].clone(); page.entries.insert(1, twice); page.send() }),
    ("the page is told twice", |page| { page.entries.extend(page.entries.clone()); page.send() }),
    ("out of order", |page| { page.entries.reverse(); page.send() }),
    ("out of order and the chain fits", |page| { page.entries.swap(0, 1); page.chained(); page.send() }),
    ("a changed amount", |page| { page.entry(1, |entry| entry.amount.minor += 1); page.send() }),
    ("a changed name", |page| { page.entry(1, |entry| entry.payee_name.push('x')); page.send() }),
    ("no number", |page| { page.entry(0, |entry| entry.seq = 0); page.chained(); page.send() }),
    ("the last number there is", |page| { page.entry(0, |entry| entry.seq = u64::MAX); page.chained(); page.send() }),
    ("a page of the end of numbers", |page| {
        page.body["first_seq"] = json!(u64::MAX);
        page.entry(0, |entry| entry.seq = u64::MAX);
        page.chained();
        page.head.seq = u64::MAX;
        page.send()
    }),
    ("another first number", |page| { page.body["first_seq"] = json!(2); page.send() }),
    ("a head with a lower number", |page| { page.head.seq = 0; page.send() }),
    ("a head of another account", |page| { page.head.account_id = other(); page.send() }),
    ("a head with another hash", |page| { page.head.hash = [5; 32]; page.send() }),
    ("a head of an older epoch", |page| { page.head.epoch = 0; page.send() }),
    ("a head of a stranger", |page| {
        let mut body = page.body.clone();
        body["head"] = json!(Liar::document_by(&stranger(), "documents-1", &page.head).unwrap());
        page.raw(&body)
    }),
    ("a head by the key for answers", |page| {
        let mut body = page.body.clone();
        body["head"] = json!(Liar::document_by(&page.liar.answers, "answers-1", &page.head).unwrap());
        page.raw(&body)
    }),
    ("no head", |page| { let mut body = page.body.clone(); body["head"] = json!(""); page.raw(&body) }),
    ("another hash before", |page| { page.body["prev_hash"] = json!("ab".repeat(32)); page.chained(); page.send() }),
    ("a hash that is none", |page| { page.body["prev_hash"] = json!("zz"); let body = page.body.clone(); page.raw(&body) }),
    ("more and nothing", |page| { page.entries.clear(); page.body["more"] = json!(true); page.send() }),
    ("entries that are none", |page| { page.entries[1] = b"nothing".to_vec(); page.chained(); page.send() }),
    ("an entry of a megabyte", |page| { page.entries[1] = vec![0x61; 600_000]; page.chained(); page.send() }),
    ("an empty entry", |page| { page.entries[1].clear(); page.chained(); page.send() }),
    ("no balance", |page| {
        let mut body = page.body.clone();
        body["balance"] = Value::Null;
        page.raw(&body)
    }),
    ("a currency that nobody knows", |page| {
        let mut body = page.body.clone();
        body["balance"]["currency"] = json!("XXX");
        page.raw(&body)
    }),
    ("an object", |page| page.raw(&json!({ "entries": {} }))),
];

struct OneTale {
    liar: Arc<Liar>,
    tale: Tale,
    told: AtomicUsize,
}

impl Meddler for OneTale {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        if !request.target.starts_with("/v1/history") {
            return answer;
        }
        let answer = answer?;
        self.told.fetch_add(1, Ordering::AcqRel);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let head = decode(body["head"].as_str().unwrap()).unwrap();
        let head = Head::decode(&cose::read(&head).unwrap().payload).unwrap();
        let entries: Vec<Vec<u8>> =
            body["entries"].as_array().unwrap().iter().map(|entry| decode(entry.as_str().unwrap()).unwrap()).collect();
        if entries.len() < 3 {
            return Ok(answer);
        }
        (self.tale)(&mut Pages { liar: &self.liar, request, answer: &answer, body, head, entries })
    }
}

#[test]
fn a_history_that_contradicts_itself_is_not_kept() {
    story("tales", async |mut story: Story| {
        for amount in ["1.00", "2.00", "3.00"] {
            story.top_up(amount).await;
        }
        for fresh in [true, false] {
            for (name, tale) in TALES {
                if fresh {
                    // Without a cache the phone asks for the newest page.
                    story.wallet().close().await.unwrap();
                    std::fs::remove_file(story.all.phone.folder.join("cache.db")).unwrap();
                    story.all.phone.start().await.unwrap();
                } else {
                    // With one it asks for what is new.
                    story.honest();
                    assert!(story.wallet().history().sync().await.unwrap().complete);
                    quietly(&story).await;
                }
                let before = story.wallet().history().list(None).await.unwrap().items;
                let one = Arc::new(OneTale { liar: Arc::clone(&story.liar), tale: *tale, told: AtomicUsize::new(0) });
                story.all.net.meddle(Some(Arc::clone(&one) as _));
                let error = story.wallet().history().sync().await.expect_err(name);
                let code = error.failure().code.as_str();
                assert!(matches!(code, "history_inconsistent" | "answer_malformed"), "{name}: {code}");
                assert!(one.told.load(Ordering::Acquire) <= 3, "{name}");
                assert_eq!(story.wallet().history().list(None).await.unwrap().items, before, "{name}");
            }
        }
        story.honest();
        assert_eq!(story.records().await, 3 + 3 * TALES.len());
        let report = story.wallet().history().verify().await.unwrap();
        assert!(report.first_wrong_event.is_none() && report.wrong_receipts.is_empty(), "{report:?}");
    });
}

#[test]
fn a_history_that_was_verified_is_not_told_otherwise_later() {
    story("tales-rewritten", async |mut story: Story| {
        for amount in ["1.00", "2.00", "3.00"] {
            story.top_up(amount).await;
        }
        assert!(story.wallet().history().sync().await.unwrap().complete);
        story.wallet().close().await.unwrap();
        std::fs::remove_file(story.all.phone.folder.join("cache.db")).unwrap();
        story.all.phone.start().await.unwrap();
        // Every hash fits and the head is signed: only what the ledger remembers of it speaks against it.
        let tale: Tale = |page| { page.entry(1, |entry| entry.amount.minor += 1); page.chained(); page.send() };
        story.meddle(OneTale { liar: Arc::clone(&story.liar), tale, told: AtomicUsize::new(0) });
        let error = story.wallet().history().sync().await.unwrap_err();
        assert!(error.is(kabao_base::Code::HistoryInconsistent), "{error:?}");
        story.honest();
        assert_eq!(story.records().await, 3);
    });
}

/// Three payments whose records the phone has not fetched.
async fn quietly(story: &Story) {
    // Cards are known again after a lost cache once the account was asked for.
    story.wallet().account().refresh().await.unwrap();
    story.meddle(NoHistory);
    for amount in ["1.00", "2.00", "3.00"] {
        assert_eq!(story.top_up(amount).await.state, PaymentState::Succeeded);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[test]
fn a_sync_of_a_service_without_end_ends() {
    story("endless", async |story: Story| {
        quietly(&story).await;
        let (liar, asked) = (Arc::clone(&story.liar), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&asked);
        let made: Mutex<Option<(HistoryEntry, [u8; 32])>> = Mutex::new(None);
        // Each page has one more entry, and there is always more.
        story.meddle(Changes::new("GET", "/v1/history", move |request, answer| {
            count.fetch_add(1, Ordering::AcqRel);
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            let head = Head::decode(&cose::read(&decode(body["head"].as_str().unwrap()).unwrap()).unwrap().payload).unwrap();
            let mut made = made.lock().unwrap();
            let (entry, prev) = match made.take() {
                Some((mut entry, hash)) => { entry.seq += 1; (entry, hash) }
                None => {
                    let first = decode(body["entries"][0].as_str().unwrap()).unwrap();
                    let prev = kabao_proof::Digest32::parse(body["prev_hash"].as_str().unwrap()).unwrap().0;
                    (HistoryEntry::decode(&first).unwrap(), prev)
                }
            };
            let bytes = entry.encode();
            body["entries"] = json!([encode(&bytes)]);
            body["first_seq"] = json!(entry.seq);
            body["prev_hash"] = json!(kabao_proof::hex(&prev));
            body["more"] = json!(true);
            let head = Head { seq: u64::from(u32::MAX), ..head };
            body["head"] = json!(liar.document(&head).unwrap());
            *made = Some((entry, kabao_proof::chain::next_hash(&prev, &bytes)));
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        let report = story.wallet().history().sync().await.unwrap();
        assert!(!report.complete && asked.load(Ordering::Acquire) <= 200, "{report:?}");
        // What a service said before, it has to say again; otherwise the person is told.
        story.honest();
        let error = story.wallet().history().sync().await.unwrap_err();
        assert_eq!(error.failure().code, "history_inconsistent");
        // Money is not held up by it.
        assert_eq!(story.top_up("5.00").await.state, PaymentState::Succeeded);
    });
}
