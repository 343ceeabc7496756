//! A storm: a person pays, is charged, asks, gives up, locks and is cut off at random, and the app is killed in between.
//! Then the weather clears, and the promises are counted.

use crate::console::Console;
use crate::liar::decode;
use crate::net::{Net, Weather};
use crate::phone::{Phone, Told, told};
use crate::world::SimWorld;
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_service::Service;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

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
    merchant: String,
    unknown: u32,
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
}

impl Storm {
    /// A run whose phone is set up and has money.
    pub async fn new(
        world: Arc<SimWorld>,
        net: Arc<Net>,
        service: Arc<Service>,
        console: Console,
        phone: Phone,
    ) -> Told<Storm> {
        let mut storm =
            Storm { world, net, service, console, phone, seen: BTreeMap::new(), merchant: String::new(), unknown: 0 };
        storm.phone.set_up(&storm.console).await?;
        let merchant = storm.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
        storm.merchant = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
        storm.top_up("300.00").await?;
        Ok(storm)
    }

    async fn top_up(&mut self, amount: &str) -> Told<()> {
        let cards = self.phone.wallet()?.cards().list().await.map_err(told)?;
        let card_id = cards.first().ok_or("no card")?.card_id.clone();
        self.confirm(QuoteRequest::TopUp { amount: amount.to_owned(), card_id }).await;
        Ok(())
    }

    /// Pays and remembers what the person was told; an error that moved nothing is a word too.
    async fn confirm(&mut self, request: QuoteRequest) -> bool {
        match self.phone.pay(request).await {
            Ok(view) => {
                self.world.note(&format!("told {} {}", view.intent_id, view.state.as_str()));
                self.unknown += u32::from(!view.state.is_final());
                self.told(view.intent_id, view.state);
                true
            }
            Err(error) => {
                self.world.note(&format!("told {}", error.failure().code));
                false
            }
        }
    }

    fn told(&mut self, intent: String, state: PaymentState) {
        let before = self.seen.insert(intent, state);
        // I3: a final word is never taken back.
        assert!(before.is_none_or(|before| !before.is_final() || before == state), "{before:?} became {state:?}");
    }

    /// So many random steps.
    pub async fn rage(&mut self, steps: u32) -> Told<Tally> {
        let mut tally = Tally::default();
        for _ in 0..steps {
            self.step(&mut tally).await?;
            self.service.tick(self.service.now());
            tokio::time::sleep(Duration::from_millis(u64::from(self.world.pick(4_000)))).await;
        }
        tally.unknown = self.unknown;
        Ok(tally)
    }

    async fn step(&mut self, tally: &mut Tally) -> Told<()> {
        let choice = self.world.pick(16);
        self.world.note(&format!("step {choice}"));
        match choice {
            0 | 1 => self.change_weather(),
            2 | 3 => {
                let amount = format!("{}.{:02}", self.world.pick(40) + 1, self.world.pick(100));
                self.top_up(&amount).await?;
                tally.confirmed += 1;
            }
            4..=6 => {
                let scanned = self.phone.wallet()?.pay().read(self.merchant.clone()).await;
                let Some(payee_id) = scanned.ok().and_then(|scanned| scanned.payee_id) else { return Ok(()) };
                let amount = format!("{}.{:02}", self.world.pick(20), self.world.pick(99) + 1);
                let order = self.world.happens(50).then(|| format!("order-{}", self.world.pick(6)));
                tally.confirmed += u32::from(self.confirm(QuoteRequest::Pay { payee_id, amount, order }).await);
            }
            7..=9 => tally.charged += u32::from(self.charge().await?),
            10 => {
                for ask in self.phone.wallet()?.pay().asks().await.map_err(told)? {
                    match self.world.pick(3) {
                        0 => {
                            self.confirm(QuoteRequest::Ask { ask_id: ask.ask_id }).await;
                        }
                        1 => drop(self.phone.wallet()?.pay().decline(ask.ask_id).await),
                        _ => {}
                    }
                }
            }
            11 => {
                tally.crashes += 1;
                self.restart().await?;
            }
            12 => {
                let wallet = self.phone.wallet()?;
                wallet.lock().await.map_err(told)?;
                wallet.unlock().await.map_err(told)?;
            }
            13 => {
                for open in self.phone.wallet()?.pay().open_payments().await.map_err(told)? {
                    if self.world.happens(30) {
                        // Given up or not allowed now: the end is looked at when the storm is over.
                        let _ = self.phone.wallet()?.pay().abandon(open.intent_id).await;
                    } else if let Ok(view) = self.phone.wallet()?.pay().resolve(open.intent_id.clone()).await {
                        self.told(view.intent_id, view.state);
                    }
                }
            }
            14 => {
                let faults = ["none", "lose_answer", "hold", "down"];
                let fault = faults[self.world.pick(4) as usize];
                self.console.post("/dev/bank/faults", json!({ "movements": fault })).await?;
            }
            _ => {
                // Without network nothing new comes; what is here stays readable.
                let wallet = self.phone.wallet()?;
                let _ = wallet.history().sync().await;
                wallet.history().list(None).await.map_err(told)?;
            }
        }
        Ok(())
    }

    /// A till charges a code that the phone shows, sometimes twice, sometimes above the cap.
    async fn charge(&mut self) -> Told<bool> {
        let pay = self.phone.wallet()?.pay();
        let Ok(code) = pay.show_code("lakala".to_owned()).await else {
            let _ = pay.prepare_codes().await;
            return Ok(false);
        };
        let amount = if self.world.happens(30) { 10_100 + self.world.pick(500) } else { 1 + self.world.pick(3000) };
        let order = format!("till-{}", self.world.elapsed());
        let charge = json!({ "code": code.digits, "amount_fen": amount, "order": order });
        self.console.post("/dev/till/charge", charge.clone()).await?;
        if self.world.happens(30) {
            self.console.post("/dev/till/charge", charge).await?;
        }
        if self.world.happens(20) {
            let again = json!({ "code": code.digits, "amount_fen": amount, "order": format!("{order}-b") });
            self.console.post("/dev/till/charge", again).await?;
        }
        if self.world.happens(15) {
            self.console.post("/dev/till/refund", json!({ "origin": order, "amount_fen": 1 + self.world.pick(amount) })).await?;
        }
        Ok(true)
    }

    fn change_weather(&self) {
        let often = |percent: u32| if self.world.happens(40) { self.world.pick(percent) } else { 0 };
        self.net.set(Weather {
            off: self.world.happens(15),
            lose_request: often(60),
            lose_answer: often(60),
            twice: often(40),
            slow: often(40),
            stranger: often(20),
        });
    }

    async fn restart(&mut self) -> Told<()> {
        self.phone.crash().await;
        self.phone.start().await.map_err(|error| format!("after a crash: {}", told(error)))?;
        Ok(())
    }

    /// Faults end; everything is given the time to become final.
    pub async fn clear_up(&mut self) -> Told<()> {
        self.world.note("clear");
        self.net.set(Weather::default());
        self.console.post("/dev/bank/faults", json!({ "movements": "none" })).await?;
        for _ in 0..200 {
            self.console.post("/dev/bank/settle", Value::Null).await?;
            tokio::time::sleep(Duration::from_secs(30)).await;
            self.service.tick(self.service.now());
            let pay = self.phone.wallet()?.pay();
            let open = pay.open_payments().await.map_err(told)?;
            if open.is_empty() {
                break;
            }
            for payment in open {
                let view = pay.resolve(payment.intent_id).await.map_err(told)?;
                self.told(view.intent_id, view.state);
            }
        }
        let wallet = self.phone.wallet()?;
        while !wallet.history().sync().await.map_err(told)?.complete {}
        Ok(())
    }

    /// Counts the promises. Every sentence is one that was broken.
    pub async fn judge(&mut self) -> Told<Vec<String>> {
        let mut broken = Vec::new();
        let wallet = self.phone.wallet()?;
        let open = wallet.pay().open_payments().await.map_err(told)?;
        if !open.is_empty() {
            broken.push(format!("I4: {} payments have no end", open.len()));
        }
        let ledger = self.console.get("/dev/ledger").await?;
        for (name, wanted) in [("sum", json!(0)), ("negative", json!([])), ("uneven", json!([])), ("astray", json!([]))] {
            if ledger[name] != wanted {
                broken.push(format!("I8: {name} is {}", ledger[name]));
            }
        }
        let executions = ledger["executions"].as_array().cloned().unwrap_or_default();
        if let Some(twice) = executions.iter().find(|execution| execution["count"] != json!(1)) {
            broken.push(format!("I2: {twice}"));
        }
        let executed: BTreeSet<&str> = executions.iter().filter_map(|execution| execution["intent_id"].as_str()).collect();
        let seen: Vec<String> = self.seen.keys().cloned().collect();
        for intent in seen {
            let view = wallet.pay().payment(intent.clone()).await.map_err(told)?;
            self.told(intent.clone(), view.state);
            match (view.state, executed.contains(intent.as_str())) {
                (PaymentState::Succeeded, true) | (PaymentState::Failed, false) => {}
                (state, executed) => broken.push(format!("I1/I3: {intent} is {state:?}, executed: {executed}")),
            }
        }
        broken.extend(self.compare_histories().await?);
        let report = wallet.history().verify().await.map_err(told)?;
        if report.first_wrong_event.is_some() || !report.wrong_receipts.is_empty() {
            broken.push(format!("I6: {report:?}"));
        }
        Ok(broken)
    }

    /// I4: the phone's history is the service's, record by record.
    async fn compare_histories(&self) -> Told<Vec<String>> {
        use kabao_proof::{Document, HistoryEntry};
        let wallet = self.phone.wallet()?;
        let account = wallet.account().view().await.map_err(told)?.account_id;
        let book = self.console.get(&format!("/dev/history/{account}")).await?;
        let mut theirs = BTreeMap::new();
        for entry in book["entries"].as_array().cloned().unwrap_or_default() {
            let bytes = decode(entry.as_str().unwrap_or_default())?;
            let entry = HistoryEntry::decode(&bytes).map_err(|error| error.to_string())?;
            theirs.insert(entry.record_id.to_string(), (entry.state, entry.amount.minor));
        }
        let mut ours = BTreeMap::new();
        let mut cursor = None;
        loop {
            let page = wallet.history().list(cursor).await.map_err(told)?;
            for item in page.items {
                ours.insert(item.record_id.unwrap_or_default(), (item.state, item.amount.minor));
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(if ours == theirs { Vec::new() } else { vec![format!("I4: phone {ours:?}, service {theirs:?}")] })
    }
}
