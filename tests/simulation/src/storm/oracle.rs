//! The oracle: the books after every step, and all promises when the weather has cleared.

use super::Storm;
use crate::book::{number, text};
use crate::liar::decode;
use crate::net::Weather;
use crate::phone::{CARD, ID_NUMBER, PIN, Told, told};
use kabao_money::payment::PaymentState;
use kabao_proof::{Document, HistoryEntry, RecordKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Every payment without a result has one so long after the faults ended, in milliseconds.
const RESOLVED_MS: i64 = 30 * 60_000;
/// The longest pause between two questions of the wallet, and a minute more: so long nobody looks at a payment, and the wallet asks by itself.
const ALONE_MS: i64 = kabao_money::retry::RETRY_CAP_MS + 60_000;

impl Storm {
    /// After every step: the book is even, nothing was carried out twice, and what the person was told is so.
    pub(super) async fn look(&mut self) -> Told<()> {
        let executed = self.look_at_the_book().await?;
        for sentence in self.net.witness.broken() {
            self.broken.insert(sentence);
        }
        self.judge_one("I2", None);
        if !self.restored {
            // A restored book is mended by the proofs that the phone presents; until then it may have forgotten.
            let wrong = self.seen.iter().find(|(intent, state)| state.is_final() && (**state == PaymentState::Succeeded) != executed.contains(*intent));
            self.judge_one("I3", wrong.map(|(intent, state)| format!("{intent} was told as {state:?}, carried out: {}", executed.contains(intent))));
        }
        self.compare_limits()?;
        self.look_for_the_undead()?;
        self.compare_onward(false)?;
        self.compare_charges(false)
    }

    /// I3: what was signed as dead does not live on at the bank. Of a bank that breaks its word, and of a book that has forgotten,
    /// there is no saying.
    fn look_for_the_undead(&mut self) -> Told<()> {
        if self.restored || self.faithless {
            return Ok(());
        }
        let dead = self.service_book()?.rows("SELECT intent_id FROM payments WHERE state = 'tombstoned'")?;
        if dead.is_empty() {
            return Ok(());
        }
        let bank = self.book("bank.db")?;
        let alive = bank.rows("SELECT id FROM movements WHERE state IN ('held', 'done')")?;
        let alive: BTreeSet<&str> = alive.iter().map(|row| text(row, 0)).collect();
        let undead = dead.iter().map(|row| text(row, 0)).find(|intent| alive.contains(intent));
        self.judge_one("I3", undead.map(|intent| format!("{intent} was signed as dead, and the bank has not let go of it")));
        Ok(())
    }

    async fn look_at_the_book(&mut self) -> Told<BTreeSet<String>> {
        let ledger = self.console.get("/dev/ledger").await?;
        for (name, wanted) in [("sum", json!(0)), ("negative", json!([])), ("uneven", json!([])), ("astray", json!([]))] {
            let wrong = (ledger[name] != wanted).then(|| format!("{name} is {}", ledger[name]));
            self.judge_one("I8", wrong);
        }
        let executions = ledger["executions"].as_array().cloned().unwrap_or_default();
        let twice = executions.iter().find(|execution| execution["count"] != json!(1));
        self.judge_one("I2", twice.map(|twice| format!("carried out more than once: {twice}")));
        let sql = "SELECT payee_id, order_no FROM payments WHERE state = 'succeeded' AND order_no IS NOT NULL GROUP BY payee_id, order_no HAVING count(*) > 1";
        let twice = self.service_book()?.rows(sql)?.pop();
        self.judge_one("I2", twice.map(|row| format!("the order {} was paid twice", text(&row, 1))));
        Ok(executions.iter().filter_map(|execution| execution["intent_id"].as_str().map(str::to_owned)).collect())
    }

    /// Faults end; everything is given the time to become final, and nobody gives anything up: that is for the wallet to do.
    pub async fn clear_up(&mut self) -> Told<()> {
        self.world.note("clear");
        self.net.set(Weather::default());
        self.phone.host.right_clock();
        self.phone.secrets.refuse_writes(false);
        self.bank(json!({ "movements": "none" })).await?;
        let cleared = self.world.elapsed();
        let mut asked = BTreeMap::new();
        for round in 0..200 {
            self.console.post("/dev/bank/settle", Value::Null).await?;
            tokio::time::sleep(Duration::from_secs(30)).await;
            self.service.tick(self.service.now());
            let pay = self.phone.wallet()?.pay();
            let open = pay.open_payments().await.map_err(told)?;
            if round == 0 {
                self.open_at_clearing = u32::try_from(open.len()).unwrap_or(u32::MAX);
                asked = open.iter().map(|payment| (payment.intent_id.clone(), self.net.witness.asked(&payment.intent_id))).collect();
            }
            let waited = self.world.elapsed() - cleared;
            if open.is_empty() {
                break;
            }
            self.longest_ms = waited;
            let late = (waited > RESOLVED_MS).then(|| format!("{} payments have no result 30 minutes after the faults ended", open.len()));
            self.judge_one("I4", late);
            if waited < ALONE_MS {
                continue;
            }
            let forgotten = open.iter().find(|payment| asked.get(&payment.intent_id).is_some_and(|before| self.net.witness.asked(&payment.intent_id) == *before));
            let forgotten = forgotten.map(|payment| format!("{} has no result, and the wallet does not ask for one", payment.intent_id));
            self.judge_one("I4", forgotten);
            for payment in open {
                match pay.resolve(payment.intent_id).await {
                    Ok(view) => self.told(&view),
                    Err(error) => self.refused(&error),
                }
            }
        }
        self.merchants_answer(true).await?;
        // Tills ask once more what became of their orders, and money that came too late has gone back.
        tokio::time::sleep(Duration::from_secs(400)).await;
        for _ in 0..3 {
            self.service.tick(self.service.now());
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let wallet = self.phone.wallet()?;
        while !wallet.history().sync().await.map_err(told)?.complete {}
        // The longest that a transfer waits is a day.
        if !self.net.witness.transfers().is_empty() {
            for hours in [2, 23] {
                tokio::time::sleep(Duration::from_secs(hours * 3_600)).await;
                self.service.tick(self.service.now());
            }
            while !wallet.history().sync().await.map_err(told)?.complete {}
            wallet.account().refresh().await.map_err(told)?;
        }
        Ok(())
    }

    /// The weather clears, and the promises are counted. What a step had found already is not waited for.
    pub async fn end(&mut self) -> Told<Vec<String>> {
        if !self.broken.is_empty() {
            return Ok(self.broken.iter().cloned().collect());
        }
        self.clear_up().await?;
        self.judge().await
    }

    /// What the phone says, for an oracle that is not ours: its account, every payment that it started, its history.
    pub async fn export(&self) -> Told<Value> {
        let wallet = self.phone.wallet()?;
        let view = wallet.account().view().await.map_err(told)?;
        let mut payments = Vec::new();
        for intent in self.seen.keys().cloned().chain(self.net.witness.payments()).collect::<BTreeSet<String>>() {
            let payment = wallet.pay().payment(intent).await.map_err(told)?;
            payments.push(json!({
                "intent_id": payment.intent_id, "kind": payment.kind, "state": payment.state.as_str(),
                "amount": payment.amount.minor, "fee": payment.fee.minor, "record_id": payment.record_id,
            }));
        }
        let (mut records, mut cursor) = (Vec::new(), None);
        loop {
            let page = wallet.history().list(cursor).await.map_err(told)?;
            for item in page.items {
                records.push(json!({
                    "record_id": item.record_id, "intent_id": item.intent_id, "kind": item.kind, "state": item.state,
                    "amount": item.amount.minor, "at": item.at.as_ms(),
                }));
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let orders: Vec<Value> = self.orders.iter().map(|order| json!({ "order": order.number, "token_id": order.token })).collect();
        let balance = view.balance.map(|balance| balance.minor);
        Ok(json!({ "account_id": view.account_id, "balance": balance, "payments": payments, "records": records, "orders": orders, "transfers": self.transfers_told, "friend": self.friend_says }))
    }

    /// Counts the promises. Every sentence is one that was broken.
    pub async fn judge(&mut self) -> Told<Vec<String>> {
        let executed = self.look_at_the_book().await?;
        let wallet = self.phone.wallet()?;
        let open = wallet.pay().open_payments().await.map_err(told)?;
        self.judge_one("I4", (!open.is_empty()).then(|| format!("{} payments have no end", open.len())));
        self.judge_payments(&executed).await?;
        self.compare_limits()?;
        self.compare_charges(true)?;
        self.read_transfers().await?;
        self.compare_onward(true)?;
        self.compare_histories().await?;
        self.compare_asked_back().await?;
        self.compare_sums().await?;
        let report = wallet.history().verify().await.map_err(told)?;
        let wrong = report.first_wrong_event.is_some() || !report.wrong_receipts.is_empty();
        self.judge_one("I6", wrong.then(|| format!("{report:?}")));
        self.look_for_secrets()?;
        for sentence in self.net.witness.broken() {
            self.broken.insert(sentence);
        }
        Ok(self.broken.iter().cloned().collect())
    }

    /// I1 and I3: every payment that was sent or carried out is in the phone's ledger, with the end that the book has.
    async fn judge_payments(&mut self, executed: &BTreeSet<String>) -> Told<()> {
        let wallet = self.phone.wallet()?;
        let all: BTreeSet<String> = self.seen.keys().cloned().chain(executed.iter().cloned()).chain(self.net.witness.payments()).collect();
        for intent in all {
            let view = match wallet.pay().payment(intent.clone()).await {
                Ok(view) => view,
                Err(error) => {
                    self.judge_one("I1", Some(format!("{intent} was sent and is not in the ledger: {}", told(error))));
                    continue;
                }
            };
            self.told(&view);
            let carried_out = executed.contains(&intent);
            let wrong = view.state.is_final() && (view.state == PaymentState::Succeeded) != carried_out;
            self.judge_one("I3", wrong.then(|| format!("{intent} is {:?}, carried out: {carried_out}", view.state)));
            if view.state == PaymentState::Failed && view.failure.is_none() {
                self.judge_one("I7", Some(format!("{intent} failed for no reason")));
            }
            if let Some(record) = view.record_id.filter(|_| view.state == PaymentState::Succeeded) {
                let receipt = wallet.pay().receipt(record).await;
                let proved = receipt.as_ref().is_ok_and(|receipt| receipt.verified);
                self.judge_one("I3", (!proved).then(|| format!("{intent} succeeded without a receipt")));
            }
        }
        Ok(())
    }

    /// The newest entry of each record, as the service's chain has it.
    async fn their_history(&self) -> Told<BTreeMap<String, HistoryEntry>> {
        let account = self.phone.wallet()?.account().view().await.map_err(told)?.account_id;
        let book = self.console.get(&format!("/dev/history/{account}")).await?;
        let mut records = BTreeMap::new();
        for entry in book["entries"].as_array().cloned().unwrap_or_default() {
            let bytes = decode(entry.as_str().unwrap_or_default())?;
            let entry = HistoryEntry::decode(&bytes).map_err(|error| error.to_string())?;
            records.insert(entry.record_id.to_string(), entry);
        }
        Ok(records)
    }

    /// I4: the phone's history is the service's, record by record, and its months are their sums. I1: what was moved is in it.
    async fn compare_histories(&mut self) -> Told<()> {
        let wallet = self.phone.wallet()?;
        let theirs = self.their_history().await?;
        let mut ours = BTreeMap::new();
        let mut months: BTreeMap<i32, (i64, i64, i64)> = BTreeMap::new();
        let mut cursor = None;
        loop {
            let page = wallet.history().list(cursor).await.map_err(told)?;
            for item in page.items {
                if !["refused", "pending"].contains(&item.state.as_str()) {
                    let month = months.entry(item.at.china_month()).or_default();
                    let minor = item.amount.minor;
                    // What went out went out with its fee.
                    let fee = item.record_id.as_ref().and_then(|id| theirs.get(id)).map_or(0, |entry| entry.fee.minor);
                    let spent = if minor < 0 { fee - minor } else { 0 };
                    *month = (month.0 + spent, month.1 + minor.max(0), month.2 + 1);
                }
                ours.insert(item.record_id.unwrap_or_default(), (item.state, item.amount.minor));
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let short: BTreeMap<String, (String, i64)> = theirs.iter().map(|(id, entry)| (id.clone(), (entry.state.clone(), entry.amount.minor))).collect();
        self.judge_one("I4", (ours != short).then(|| format!("phone {ours:?}, service {short:?}")));
        for (month, sums) in months {
            let view = wallet.history().month(Some(month)).await.map_err(told)?;
            let shown = (view.spent.minor, view.received.minor, view.count);
            self.judge_one("I4", (shown != sums).then(|| format!("the month {month} shows {shown:?}, its records sum to {sums:?}")));
        }
        if !(self.faithless || self.restored) {
            // The bank kept its word: then nothing comes back that was signed away, but what it booked otherwise than it was asked.
            let otherwise = self.service_book()?.rows("SELECT ref FROM alarms WHERE reason = 'bank_amount'")?;
            let back: Vec<String> = theirs.values().filter(|entry| entry.kind == RecordKind::Reversal).filter_map(|entry| Some(entry.intent_id?.to_string())).collect();
            let back = back.into_iter().find(|intent| !otherwise.iter().any(|row| text(row, 0) == intent));
            self.judge_one("I3", back.map(|intent| format!("{intent} was signed as dead and came from the bank")));
        }
        Ok(())
    }

    /// I8: the balance is the sum of the history, the phone shows it, and the bank holds what the book says.
    async fn compare_sums(&mut self) -> Told<()> {
        let wallet = self.phone.wallet()?;
        let view = wallet.account().view().await.map_err(told)?;
        let moved: i64 = self
            .their_history()
            .await?
            .values()
            .filter(|entry| entry.balance_after.is_some() && entry.state != "refused")
            .map(|entry| if entry.amount.minor < 0 { entry.amount.minor - entry.fee.minor } else { entry.amount.minor })
            .sum();
        let ledger = self.service_book()?.rows("SELECT account, balance FROM ledger_accounts")?;
        let balance = |name: &str| ledger.iter().find(|row| text(row, 0) == name).map_or(0, |row| number(row, 1));
        let user = balance(&format!("user:{}", view.account_id));
        self.judge_one("I1", (user != moved).then(|| format!("the balance is {user}, the history sums to {moved}")));
        let shown = view.balance.map(|balance| balance.minor);
        self.judge_one("I4", (shown != Some(user)).then(|| format!("the phone shows a balance of {shown:?}, it is {user}")));
        let holds = self.console.get("/dev/bank/holds").await?["fen"].as_i64();
        let bank = balance("bank");
        self.judge_one("I8", (holds != Some(-bank)).then(|| format!("the bank holds {holds:?}, the book says {}", -bank)));
        Ok(())
    }

    /// I5: nothing of the person's secrets in any file of the phone; of card and identity number nothing with the service.
    fn look_for_secrets(&mut self) -> Told<()> {
        let phone = self.phone.folder.clone();
        let found = find(&phone, &[PIN, CARD, ID_NUMBER])?;
        self.judge_one("I5", found);
        let found = find(&self.folder.join("service"), &[CARD, ID_NUMBER])?;
        self.judge_one("I5", found);
        Ok(())
    }
}

fn find(folder: &Path, secrets: &[&str]) -> Told<Option<String>> {
    let say = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(say)? {
        let path = entry.map_err(say)?.path();
        if path.is_dir() {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(say)?;
        let held = secrets.iter().find(|secret| memchr::memmem::find(&bytes, secret.as_bytes()).is_some());
        if held.is_some() {
            return Ok(Some(format!("a secret of the person stands in {}", path.display())));
        }
    }
    Ok(None)
}
