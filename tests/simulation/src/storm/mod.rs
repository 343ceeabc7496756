//! A storm: a person pays, withdraws, sends money and calls it back, is charged, asks, gives up, locks and is cut off at random; the app is killed at any effect and its
//! calls are dropped at any await; its key store refuses to write; money is asked back; the service is put back to an older copy and lies; clocks jump. After every step the
//! books are read, and when the weather has cleared all promises are counted.

mod backs;
mod charges;
mod corners;
mod lies;
mod limits;
mod moves;
mod onward;
mod oracle;
mod steps;
pub mod kept;
pub mod sums;

use crate::book::{Book, number, text};
use crate::console::Console;
use crate::liar::Liar;
use crate::net::Net;
use crate::phone::{Phone, Told, told};
use crate::run::Parts;
use crate::world::SimWorld;
use kabao_core::WalletError;
use kabao_core::pay::{PaymentView, QuoteRequest};
use kabao_money::payment::PaymentState;
use kabao_service::Service;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The promises, as reports count them.
pub const PROMISES: [&str; 8] = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8"];

/// The parts of one run.
pub struct Storm {
    /// Time, randomness, trace.
    pub world: Arc<SimWorld>,
    /// The way between.
    pub net: Arc<Net>,
    /// The service.
    pub service: Arc<Service>,
    /// Its console.
    pub console: Console,
    /// The phone.
    pub phone: Phone,
    /// What the person was told about each payment: a final word must stay.
    pub seen: BTreeMap<String, PaymentState>,
    /// How often each promise was looked at.
    pub checked: BTreeMap<&'static str, u64>,
    folder: PathBuf,
    books: RefCell<BTreeMap<&'static str, Rc<Book>>>,
    liar: Arc<Liar>,
    merchant: String,
    unknown: u32,
    broken: BTreeSet<String>,
    /// The rate of each kind of payment, as the storm set it last.
    rates: BTreeMap<&'static str, u32>,
    /// Orders of tills: the number, the token of the code, the amount.
    orders: Vec<charges::Order>,
    /// Tokens of codes that were shown.
    shown: BTreeSet<String>,
    /// Whom the person sends money to.
    friend: Option<moves::Friend>,
    /// What the friend's phone said at the end.
    friend_says: Value,
    /// What the person was told of each transfer, once it was `arrived` or `cancelled`.
    transfers_told: BTreeMap<String, String>,
    snapshot: Option<String>,
    restored: bool,
    /// Payments without a result when the faults ended, and the longest that one then took, in milliseconds.
    open_at_clearing: u32,
    longest_ms: i64,
    /// The bank has been told to break its word: money may come back that nobody waits for.
    faithless: bool,
}

/// What a storm did, for a report.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Payments confirmed.
    pub confirmed: u32,
    /// Codes charged by a till.
    pub charged: u32,
    /// Kills of the app.
    pub crashes: u32,
    /// Payments without a result when the person was told.
    pub unknown: u32,
    /// Older copies of the service's book that were put back.
    pub restores: u32,
}

impl Storm {
    /// A run whose phone is set up and has money.
    pub async fn new(parts: Parts, folder: &Path) -> Told<Storm> {
        let Parts { world, net, service, console, phone } = parts;
        let mut storm = Storm {
            world,
            net,
            service,
            console,
            phone,
            seen: BTreeMap::new(),
            checked: PROMISES.into_iter().map(|name| (name, 0)).collect(),
            folder: folder.to_owned(),
            books: RefCell::default(),
            liar: Arc::new(Liar::of(folder)?),
            merchant: String::new(),
            unknown: 0,
            broken: BTreeSet::new(),
            rates: BTreeMap::new(),
            orders: Vec::new(),
            shown: BTreeSet::new(),
            friend: None,
            friend_says: Value::Null,
            transfers_told: BTreeMap::new(),
            snapshot: None,
            restored: false,
            open_at_clearing: 0,
            longest_ms: 0,
            faithless: false,
        };
        storm.phone.set_up(&storm.console).await?;
        let merchant = storm.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
        storm.merchant = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
        storm.befriend().await?;
        storm.top_up("300.00").await?;
        if storm.world.happens(60) {
            storm.let_time_pass().await;
        }
        if storm.world.happens(60) {
            storm.change_a_fee().await?;
        }
        Ok(storm)
    }

    /// A promise was looked at; `broken` says how it was broken.
    fn judge_one(&mut self, promise: &'static str, broken: Option<String>) {
        *self.checked.entry(promise).or_default() += 1;
        if let Some(sentence) = broken {
            self.broken.insert(format!("{promise}: {sentence}"));
        }
    }

    async fn top_up(&mut self, amount: &str) -> Told<bool> {
        // After a lost cache the cards come with the next sync.
        let cards = self.phone.wallet()?.cards().list().await.unwrap_or_default();
        let Some(card) = cards.first() else { return Ok(false) };
        let request = QuoteRequest::TopUp { amount: amount.to_owned(), card_id: card.card_id.clone() };
        Ok(self.confirm("top_up", request).await)
    }

    /// Pays and remembers what the person was told; an error that moved nothing is a word too.
    async fn confirm(&mut self, kind: &'static str, request: QuoteRequest) -> bool {
        let outcome = self.quoted(kind, request).await;
        match outcome {
            Ok(view) => {
                self.unknown += u32::from(!view.state.is_final());
                self.told(&view);
                true
            }
            Err(error) => {
                self.refused(&error);
                false
            }
        }
    }

    async fn quoted(&mut self, kind: &'static str, request: QuoteRequest) -> Result<PaymentView, WalletError> {
        let quote = self.phone.quote(request).await?;
        let rate = self.rates.get(kind).copied().unwrap_or(0);
        let wanted = limits::fee(quote.amount.minor, rate);
        let wrong = (wanted != quote.fee.minor || quote.total.minor != quote.amount.minor + quote.fee.minor)
            .then(|| format!("{kind} of {} at {rate} ppm costs {}, not {wanted}", quote.amount.minor, quote.fee.minor));
        self.judge_one("I8", wrong);
        self.phone.confirm(quote).await
    }

    fn told(&mut self, view: &PaymentView) {
        let (intent, state) = (view.intent_id.clone(), view.state);
        self.world.note(&format!("told {intent} {}", state.as_str()));
        let before = self.seen.insert(intent.clone(), state);
        let back = before.filter(|before| before.is_final() && *before != state);
        self.judge_one("I3", back.map(|before| format!("{intent}: {before:?} became {state:?}")));
        let again = !state.is_final() && view.may_pay_again;
        self.judge_one("I3", again.then(|| format!("{intent} is {state:?}, and paying again is called safe")));
    }

    /// I7: every no has a place in the catalogue, and nothing fails inside.
    fn refused(&mut self, error: &WalletError) {
        let failure = error.failure();
        self.world.note(&format!("told {}", failure.code));
        let known = kabao_base::Code::parse(&failure.code).is_some_and(|code| code != kabao_base::Code::Internal);
        self.judge_one("I7", (!known).then(|| format!("{} has no next step", failure.code)));
        // The phone computes every fee itself, and shows no quote with another one. A restored service starts with older rules.
        let differs = error.is(kabao_base::Code::FeeDiffers) && !self.restored;
        self.judge_one("I8", differs.then(|| "a quote has another fee than the signed rules give".to_owned()));
    }

    /// So many random steps; the books are read after each. Stops at the first broken promise.
    pub async fn rage(&mut self, steps: u32) -> Told<Tally> {
        let mut tally = Tally::default();
        for _ in 0..steps {
            self.step(&mut tally).await?;
            self.service.tick(self.service.now());
            tokio::time::sleep(Duration::from_millis(u64::from(self.world.pick(4_000)))).await;
            self.look().await?;
            if !self.broken.is_empty() {
                break;
            }
        }
        tally.unknown = self.unknown;
        Ok(tally)
    }

    /// What happened to every payment without a result, beside what came over the network.
    async fn note_open(&self, event: &str, fault: &'static str) -> Told<()> {
        for open in self.phone.wallet()?.pay().open_payments().await.map_err(told)? {
            // As the person was told last; of one that was cut off before, nothing was.
            let state = self.seen.get(&open.intent_id).map_or("sending", |state| state.as_str());
            self.net.witness.happened(state, event, fault);
        }
        Ok(())
    }

    /// How the service's book says that everything ended.
    pub fn ends(&self) -> Told<BTreeMap<String, u64>> {
        let sql = "SELECT coalesce(kind, '') || ' ' || state, count(*) FROM payments WHERE kind <> 'transfer' OR state <> 'succeeded' GROUP BY 1
                   UNION ALL SELECT 'transfer ' || state, count(*) FROM transfers GROUP BY 1
                   UNION ALL SELECT 'charge ' || state, count(*) FROM charges GROUP BY 1";
        let rows = self.service_book()?.rows(sql)?;
        Ok(rows.iter().map(|row| (text(row, 0).to_owned(), u64::try_from(number(row, 1)).unwrap_or(0))).collect())
    }

    /// What came of the payments that had no result when the faults ended: how many, and the longest wait in milliseconds.
    pub fn clearing(&self) -> (u32, i64) {
        (self.open_at_clearing, self.longest_ms)
    }

    /// The app is killed and starts again; now and then it is killed at some effect of its start as well.
    async fn restart(&mut self) -> Told<()> {
        self.phone.crash().await;
        for _ in 0..2 {
            if !self.world.happens(25) {
                break;
            }
            let host = Arc::clone(&self.phone.host);
            host.light_fuse(1 + self.world.pick(12));
            tokio::select! {
                biased;
                () = host.burnt() => {}
                started = self.phone.start() => {
                    started.map_err(|error| format!("I1: after a crash: {}", told(error)))?;
                    host.put_out();
                    return self.note_open("resumed", "killed").await;
                }
            }
            self.phone.crash().await;
        }
        self.phone.start().await.map_err(|error| format!("I1: after a crash: {}", told(error)))?;
        self.note_open("resumed", "killed").await
    }

    fn service_book(&self) -> Told<Rc<Book>> {
        self.book("service.db")
    }

    /// A book of the other side; opened once, as the service puts older copies back into the same file.
    fn book(&self, name: &'static str) -> Told<Rc<Book>> {
        let mut books = self.books.borrow_mut();
        if let Some(book) = books.get(name) {
            return Ok(Rc::clone(book));
        }
        let book = Rc::new(Book::open(&self.folder.join("service").join(name))?);
        books.insert(name, Rc::clone(&book));
        Ok(book)
    }

    async fn bank(&mut self, faults: Value) -> Told<()> {
        self.console.post("/dev/bank/faults", faults).await.map(|_| ())
    }
}
