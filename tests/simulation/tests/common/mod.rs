//! What the attacks share: a phone that is set up, and people on the way.
#![allow(dead_code, reason = "each file of tests uses a part")]

pub mod bad;
pub mod cards;
pub mod moves;
pub mod people;
pub mod transfers;

use kabao_core::Wallet;
use kabao_core::error::Outcome;
use kabao_core::host::{HttpRequest, HttpResponse, TransportError};
use kabao_core::pay::{ConfirmRequest, PaymentProof, PaymentView, QuoteRequest, QuoteView};
use kabao_proof::SoftwareKey;
use kabao_simulation::phone::PIN;
use kabao_simulation::run::{Folder, Parts, parts};
use kabao_simulation::{Came, Liar, Meddler, in_one_thread};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

/// The acquirer's keys take seconds to make; all tests share them.
pub fn channels() -> &'static Path {
    static CHANNELS: OnceLock<Folder> = OnceLock::new();
    CHANNELS.get_or_init(|| kabao_simulation::run::channels("channels").unwrap()).path()
}

/// A run, and the service's keys in wrong hands.
pub struct Story {
    pub all: Parts,
    pub liar: Arc<Liar>,
}

/// A story on a new phone.
pub fn fresh<F: Future<Output = ()>>(name: &str, work: impl FnOnce(Story) -> F) {
    let folder = Folder::new(name).unwrap();
    let channels = channels();
    in_one_thread(async {
        let all = parts(7, false, folder.path(), channels).unwrap();
        let liar = Arc::new(Liar::of(folder.path()).unwrap());
        work(Story { all, liar }).await;
    })
    .unwrap();
}

/// A story on a phone that is set up.
pub fn story<F: Future<Output = ()>>(name: &str, work: impl FnOnce(Story) -> F) {
    fresh(name, async |mut story: Story| {
        story.all.phone.set_up(&story.all.console).await.unwrap();
        work(story).await;
    });
}

impl Story {
    pub fn wallet(&self) -> Wallet {
        self.all.phone.wallet().unwrap()
    }

    pub async fn top_up_request(&self, amount: &str) -> QuoteRequest {
        let card_id = self.wallet().cards().list().await.unwrap()[0].card_id.clone();
        QuoteRequest::TopUp { amount: amount.to_owned(), card_id }
    }

    pub async fn top_up(&self, amount: &str) -> PaymentView {
        self.all.phone.pay(self.top_up_request(amount).await).await.unwrap()
    }

    pub async fn merchant(&self) -> String {
        let merchant = self.all.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await.unwrap();
        let text = merchant["collection_code_text"].as_str().unwrap().to_owned();
        self.wallet().pay().read(text).await.unwrap().payee_id.unwrap()
    }

    /// Every payment that the service carried out, with how often. The book is even.
    pub async fn executions(&self) -> Vec<Value> {
        let ledger = self.all.console.get("/dev/ledger").await.unwrap();
        assert_eq!(ledger["sum"], json!(0));
        ledger["executions"].as_array().unwrap().clone()
    }

    /// Brings the whole history and gives how many records there are.
    pub async fn records(&self) -> usize {
        let wallet = self.wallet();
        while !wallet.history().sync().await.unwrap().complete {}
        let (mut count, mut cursor) = (0, None);
        loop {
            let page = wallet.history().list(cursor).await.unwrap();
            count += page.items.len();
            cursor = page.next;
            if cursor.is_none() {
                return count;
            }
        }
    }

    /// Puts somebody on the way.
    pub fn meddle(&self, meddler: impl Meddler + 'static) {
        self.all.net.meddle(Some(Arc::new(meddler)));
    }

    /// Nobody is on the way any more.
    pub fn honest(&self) {
        self.all.net.meddle(None);
    }
}

/// The proposed source, the PIN.
pub fn confirmation(quote: &QuoteView) -> ConfirmRequest {
    ConfirmRequest {
        quote_id: quote.quote_id.clone(),
        total_minor: quote.total.minor,
        source: quote.sources.iter().find(|source| source.proposed).unwrap().source.clone(),
        proof: PaymentProof::Pin { pin: PIN.to_owned() },
        again: true,
    }
}

pub async fn confirm(wallet: &Wallet, quote: &QuoteView) -> Outcome<PaymentView> {
    wallet.pay().confirm(confirmation(quote)).await
}

/// A key that is not the service's.
pub fn stranger() -> SoftwareKey {
    SoftwareKey::from_secret(&[9; 32]).unwrap()
}

/// An id of somebody else.
pub fn other() -> kabao_base::Id {
    kabao_base::Id::from_bytes([7; 16])
}

type Change = dyn FnMut(&HttpRequest, HttpResponse) -> Came + Send;

/// Changes the answers to requests of one method and path.
pub struct Changes {
    method: &'static str,
    path: &'static str,
    change: Mutex<Box<Change>>,
}

impl Changes {
    pub fn new(
        method: &'static str,
        path: &'static str,
        change: impl FnMut(&HttpRequest, HttpResponse) -> Came + Send + 'static,
    ) -> Changes {
        Changes { method, path, change: Mutex::new(Box::new(change)) }
    }
}

impl Meddler for Changes {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let meant = request.target.starts_with(self.path) && (self.method == "*" || request.method == self.method);
        match answer {
            Ok(answer) if meant => (self.change.lock().unwrap())(request, answer),
            other => other,
        }
    }
}

/// Nobody is told any history.
pub struct NoHistory;

impl Meddler for NoHistory {
    fn instead(&self, request: &HttpRequest) -> Option<Came> {
        request.target.starts_with("/v1/history").then_some(Err(TransportError::Unreachable))
    }
}

/// Counts requests, and holds the answers to some.
#[derive(Default)]
pub struct Holds {
    pub seen: Mutex<Vec<String>>,
    pub holds: Mutex<Vec<(&'static str, u64)>>,
}

impl Meddler for Holds {
    fn instead(&self, request: &HttpRequest) -> Option<Came> {
        self.seen.lock().unwrap().push(format!("{} {}", request.method, request.target));
        None
    }

    fn hold_ms(&self, request: &HttpRequest) -> u64 {
        let mut holds = self.holds.lock().unwrap();
        let found = holds.iter().position(|(path, _)| request.target.starts_with(path));
        found.map_or(0, |place| holds.remove(place).1)
    }
}
