//! The app is killed at any moment of a movement, or at every call to the system that writes; then it starts again, first without a
//! network, and everything that it or the service knows is compared.

use super::app::{FLOWS, Orders};
use super::server::{Desk, Sought, serve};
use crate::book::{Book, number, text};
use crate::net::Weather;
use crate::phone::{CARD, ID_NUMBER, ID_NUMBER_OF_FRIEND, PHONE, PHONE_OF_FRIEND, Phone, Told, told};
use crate::run::{Parts, parts};
use kabao_core::Wallet;
use kabao_money::payment::PaymentState;
use kabao_service::{dev_router, router};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Every call that carries bytes out of the process, or makes them last.
const WRITES: [&str; 9] = ["pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "write", "sendto", "writev"];
/// How long an answer about a payment is held at most, and how soon after it left the app may be killed, in microseconds.
const LONGEST_HOLD_US: u32 = 100_000;
const STORING_US: u32 = 600;
/// How often a payment is asked for before it counts as without an end: twenty seconds.
const ROUNDS: u32 = 1_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Kills {
    /// Kills that hit.
    pub hits: u64,
    /// Those after which the next start knew of a payment without a result.
    pub in_flight: u64,
    /// Apps that had ended before.
    pub missed: u64,
    /// Of each movement, what the phone knew at the next start, and what the service had: how often.
    pub states: BTreeMap<(String, String, String), u64>,
    /// What was lost, done twice or said wrongly.
    pub broken: Vec<String>,
    /// A part that could not be run, and why.
    pub not_run: Option<String>,
}

impl Kills {
    fn add(&mut self, flow: &str, phone: &str, service: &str) {
        self.hits += 1;
        self.in_flight += u64::from(!["nothing", "paid", "refused", "waiting", "cancelled"].contains(&phone));
        *self.states.entry((flow.to_owned(), phone.to_owned(), service.to_owned())).or_default() += 1;
    }

    /// The share of kills that hit while a payment had no result, in a hundred.
    #[must_use]
    pub fn share(&self) -> u64 {
        (self.in_flight * 100).checked_div(self.hits).unwrap_or(0)
    }
}

/// The service, the phone's files, and the program that is killed.
pub struct Ground {
    program: PathBuf,
    folder: PathBuf,
    parts: Parts,
    desk: Arc<Desk>,
    orders: Orders,
    starts: u64,
    /// The codes that were shown.
    shown: BTreeSet<String>,
    loud: bool,
}

impl Ground {
    /// A service, a phone that is set up and has money, and a friend. `program` is the binary that becomes the app.
    ///
    /// # Errors
    /// Something of it cannot be made.
    pub async fn new(seed: u64, program: &Path, folder: &Path, channels: &Path, loud: bool) -> Told<Ground> {
        let mut parts = parts(seed, false, folder, channels)?;
        super::lasting(&parts.phone.secrets, folder)?;
        parts.phone.set_up(&parts.console).await?;
        let account = parts.phone.wallet()?.account().view().await.map_err(told)?.account_id;
        parts.console.post("/dev/limits", json!({ "account_id": account, "class": 3 })).await?;
        let mut friend = Phone::new(folder.join("friend"), Arc::clone(&parts.world), Arc::clone(&parts.net), parts.phone.service());
        let wallet = friend.open_account(&parts.console, PHONE_OF_FRIEND, ID_NUMBER_OF_FRIEND).await?;
        wallet.close().await.map_err(told)?;
        drop(wallet);
        friend.crash().await;
        let wallet = parts.phone.wallet()?;
        let payee = wallet.pay().payee_by_phone(PHONE_OF_FRIEND.to_owned(), Some("张".to_owned())).await.map_err(told)?;
        let merchant = parts.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
        let merchant = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
        let top_up = super::app::request(&parts.phone, "top_up", "900.00", &merchant, "").await?;
        parts.phone.pay(top_up).await.map_err(told)?;
        wallet.close().await.map_err(told)?;
        drop(wallet);
        parts.phone.crash().await;
        let (socket, desk) = (folder.join("service.socket"), Arc::new(Desk::default()));
        let (at, service, seen) = (socket.clone(), Arc::clone(&parts.service), Arc::clone(&desk));
        std::thread::spawn(move || serve(&at, &service, router(Arc::clone(&service)), dev_router(Arc::clone(&service)), &seen));
        let root_key = parts.service.info().root_key;
        let (flow, amount) = (String::new(), String::new());
        let orders = Orders { folder: folder.to_owned(), socket, root_key, seed, elapsed_ms: 0, flow, amount, merchant, friend: payee.payee_id };
        Ok(Ground { program: program.to_owned(), folder: folder.to_owned(), parts, desk, orders, starts: 0, shown: BTreeSet::new(), loud })
    }

    /// The words that start the app for one movement.
    fn words(&mut self, flow: &str) -> Told<[String; 2]> {
        self.starts += 1;
        let fen = 50 + self.parts.world.pick(100);
        let orders = Orders {
            seed: self.orders.seed.wrapping_mul(1_000_003).wrapping_add(self.starts),
            elapsed_ms: self.parts.world.elapsed(),
            flow: flow.to_owned(),
            amount: format!("{}.{:02}", fen / 100, fen % 100),
            ..self.orders.clone()
        };
        Ok(["app".to_owned(), serde_json::to_string(&orders).map_err(|error| error.to_string())?])
    }

    /// So many kills at random moments, each movement in turn.
    ///
    /// # Errors
    /// The harness itself cannot go on.
    pub async fn at_random(&mut self, count: u64, kills: &mut Kills) -> Told<()> {
        let usual = self.undisturbed(kills).await?;
        for turn in 0..count {
            let flow = FLOWS[usize::try_from(turn).unwrap_or(0) % FLOWS.len()];
            let hold = self.parts.world.pick(LONGEST_HOLD_US);
            self.desk.clear(Sought::of(flow), i64::from(hold));
            let mut child = self.launch(flow)?;
            let (moment, within) = match self.parts.world.pick(40) {
                0 => (Moment::Confirmed, usual.sending),
                1..=38 => (Moment::Arrived, (usual.answering / 2).saturating_add(hold) / 8 * 7),
                _ => (Moment::Answered, STORING_US),
            };
            let after = self.parts.world.pick(within.max(1));
            let (hit, about) = strike(&mut child, &self.desk, moment, Duration::from_micros(u64::from(after)))?;
            self.judge(flow, &format!("{after} µs after {}", moment.words()), about.as_deref(), hit, kills).await?;
            if !kills.broken.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn launch(&mut self, flow: &str) -> Told<Child> {
        let words = self.words(flow)?;
        Command::new(&self.program).args(words).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())
    }

    /// How long things take here and now.
    async fn undisturbed(&mut self, kills: &mut Kills) -> Told<Usual> {
        self.desk.clear(Sought::Payment, 0);
        let mut child = self.launch("pay")?;
        let mut out = BufReader::new(child.stdout.take().ok_or("the app says nothing")?);
        let mut line = String::new();
        let mut at = |line: &mut String| out.read_line(line).map(|_| self.desk.now_us()).map_err(|error| error.to_string());
        let quoted = at(&mut line)?;
        at(&mut line)?;
        let (Some(arrived), Some(answered)) = self.desk.seen() else { return Err("the app pays nothing".to_owned()) };
        child.wait().map_err(|error| error.to_string())?;
        self.judge("pay", "undisturbed", None, false, kills).await?;
        let micros = |from: i64, to: i64| u32::try_from((to - from).max(1)).unwrap_or(u32::MAX);
        Ok(Usual { sending: micros(quoted, arrived), answering: micros(arrived, answered) })
    }

    /// A kill at every `every`-th call to the system that writes, of one movement.
    ///
    /// # Errors
    /// The harness itself cannot go on.
    pub async fn at_every_write(&mut self, flow: &str, every: u64, kills: &mut Kills) -> Told<()> {
        if !Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success()) {
            kills.not_run = Some("strace does not work here".to_owned());
            return Ok(());
        }
        self.desk.clear(Sought::Payment, 0);
        for (call, count) in self.count_writes(flow, kills).await? {
            for place in (1..=count).filter(|place| (place - 1) % every.max(1) == 0) {
                let inject = format!("inject={call}:signal=KILL:when={place}");
                let words = self.words(flow)?;
                let mut line = Command::new("strace");
                line.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]).arg(&self.program).args(words);
                let status = line.stdout(Stdio::null()).stderr(Stdio::null()).status().map_err(|error| error.to_string())?;
                self.judge(flow, &format!("at {call} {place}"), None, !status.success(), kills).await?;
                if !kills.broken.is_empty() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// How often an undisturbed movement makes each call.
    async fn count_writes(&mut self, flow: &str, kills: &mut Kills) -> Told<BTreeMap<&'static str, u64>> {
        let (log, words) = (self.folder.join("strace.log"), self.words(flow)?);
        let mut line = Command::new("strace");
        line.args(["-f", "-qq", "-o"]).arg(&log).args(["-e", &format!("trace={}", WRITES.join(","))]).arg(&self.program).args(words);
        let status = line.stdout(Stdio::null()).status().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("{flow} does not work under strace"));
        }
        self.judge(flow, "undisturbed", None, false, kills).await?;
        let seen = std::fs::read_to_string(&log).map_err(|error| error.to_string())?;
        let count = |call: &str| seen.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|word| word.starts_with(&format!("{call}(")))).count();
        Ok(WRITES.into_iter().map(|call| (call, u64::try_from(count(call)).unwrap_or(0))).filter(|(_, count)| *count > 0).collect())
    }

    /// What the book has of each payment of this run.
    fn payments(&self) -> Told<BTreeMap<String, String>> {
        let book = Book::open(&self.folder.join("service").join("service.db"))?;
        let rows = book.rows("SELECT intent_id, state FROM payments")?;
        Ok(rows.iter().map(|row| (text(row, 0).to_owned(), text(row, 1).to_owned())).collect())
    }

    /// The next start: without a network, then with one.
    async fn judge(&mut self, flow: &str, what: &str, about: Option<&str>, hit: bool, kills: &mut Kills) -> Told<()> {
        let mut broken = Vec::new();
        let theirs = self.payments()?;
        super::lasting(&self.parts.phone.secrets, &self.folder)?;
        self.parts.net.set(Weather { off: true, ..Weather::default() });
        let wallet = match self.parts.phone.start().await {
            Ok(wallet) => wallet,
            Err(error) => {
                kills.broken.push(format!("{flow}, killed {what}: the next start says {}", told(error)));
                return Ok(());
            }
        };
        let open = wallet.pay().open_payments().await.map_err(told)?;
        let (first, at_service) = match (open.first(), about) {
            (Some(payment), _) => (payment.state.as_str().to_owned(), theirs.get(&payment.intent_id).map_or("not known", String::as_str).to_owned()),
            (None, Some(about)) => self.beside(&wallet, flow, about).await?,
            (None, None) => ("nothing".to_owned(), "-".to_owned()),
        };
        if flow == "payer_code" && about.is_some_and(|code| !self.shown.insert(code.to_owned())) {
            broken.push(format!("the code {} was shown a second time", about.unwrap_or_default()));
        }
        if hit {
            kills.add(flow, &first, &at_service);
        } else {
            kills.missed += 1;
        }
        if self.loud && hit {
            println!("{:>6} {flow}, killed {what}: the phone knows {first}, the service has it as {at_service}", kills.hits);
        }
        for payment in open.iter().filter(|payment| payment.may_pay_again || payment.state.is_final()) {
            broken.push(format!("{} is open as {:?}, paying again is called {}", payment.intent_id, payment.state, payment.may_pay_again));
        }
        self.parts.net.set(Weather::default());
        self.settle(&mut broken).await?;
        while !wallet.history().sync().await.map_err(told)?.complete {}
        if let Some(about) = about {
            broken.extend(self.ends(&wallet, flow, about, &first).await?);
        }
        for (intent, state) in self.payments()? {
            match wallet.pay().payment(intent.clone()).await {
                Ok(view) if (view.state == PaymentState::Succeeded) == (state == "succeeded") && view.state.is_final() => {}
                Ok(view) => broken.push(format!("{intent} is {state} with the service and {:?} on the phone", view.state)),
                Err(error) => broken.push(format!("{intent} is {state} with the service, the phone has lost it: {}", told(error))),
            }
        }
        broken.extend(super::judge_books(&self.folder.join("service"))?);
        let book = Book::open(&self.folder.join("service").join("service.db"))?;
        let view = wallet.account().refresh().await.map_err(told)?;
        let sql = format!("SELECT balance FROM ledger_accounts WHERE account = 'user:{}'", view.account_id);
        let balance = book.rows(&sql)?.first().map_or(0, |row| number(row, 0));
        if view.balance.as_ref().map(|shown| shown.minor) != Some(balance) {
            broken.push(format!("the phone shows {:?}, the balance is {balance}", view.balance.map(|shown| shown.minor)));
        }
        self.provide(&wallet, &view.account_id, balance).await?;
        let verified = wallet.history().verify().await.map_err(told)?;
        if verified.first_wrong_event.is_some() || !verified.wrong_receipts.is_empty() {
            broken.push(format!("the chain of events does not hold: {verified:?}"));
        }
        wallet.close().await.map_err(told)?;
        drop(wallet);
        self.parts.phone.crash().await;
        let broken: BTreeSet<String> = broken.into_iter().collect();
        kills.broken.extend(broken.into_iter().map(|sentence| format!("{flow}, killed {what}: {sentence}")));
        Ok(())
    }

    /// How the phone and the book have a code or a transfer, which are no open payments.
    async fn beside(&self, wallet: &Wallet, flow: &str, about: &str) -> Told<(String, String)> {
        let book = Book::open(&self.folder.join("service").join("service.db"))?;
        let sql = if flow == "payer_code" { "SELECT state, token_id FROM charges" } else { "SELECT state, intent_id FROM transfers" };
        let theirs = book.rows(sql)?.iter().find(|row| text(row, 1) == about).map_or_else(|| "not known".to_owned(), |row| text(row, 0).to_owned());
        let ours = if flow == "payer_code" {
            let (state, _) = wallet.pay().showing(about.to_owned()).await.map_err(told)?;
            format!("{state:?}").to_lowercase()
        } else {
            wallet.pay().transfer(about.to_owned()).await.map_err(told)?.state
        };
        Ok((ours, theirs))
    }

    /// What was charged is paid on the phone, what was not is still only shown; a transfer is what the service has, and called back
    /// when the wish was stored before the kill.
    async fn ends(&self, wallet: &Wallet, flow: &str, about: &str, before: &str) -> Told<Option<String>> {
        let mut last = (String::new(), String::new());
        for _ in 0..ROUNDS {
            last = self.beside(wallet, flow, about).await?;
            let right = match (flow, last.0.as_str(), last.1.as_str()) {
                ("payer_code", "paid", "paid") | ("payer_code", "shown", "not known") | ("call_back", "cancelled", "cancelled") => true,
                ("call_back", "waiting", "waiting") => before == "waiting",
                _ => false,
            };
            if right {
                return Ok(None);
            }
            while !wallet.history().sync().await.map_err(told)?.complete {}
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Some(format!("{about}, known as {before} before, ends as {} on the phone and {} with the service", last.0, last.1)))
    }

    /// Money for the next movements, and limits as on the first day.
    async fn provide(&self, wallet: &Wallet, account: &str, balance: i64) -> Told<()> {
        if balance >= 40_000 {
            return Ok(());
        }
        let used: Vec<_> = ["day", "own_day", "year", "top_up_day", "code_day", "withdraw_day", "transfer_day"].iter().map(|counter| json!({ "counter": counter, "fen": 0 })).collect();
        self.parts.console.post("/dev/limits", json!({ "account_id": account, "used": used })).await?;
        wallet.limits().refresh().await.map_err(told)?;
        // Thousands of movements are more than the bank gives a card to begin with.
        let card = json!({ "pan": CARD, "name": "张三", "id_number": ID_NUMBER, "phone": PHONE, "balance_fen": 1_000_000 });
        self.parts.console.post("/dev/bank/cards", card).await?;
        let request = super::app::request(&self.parts.phone, "top_up", "900.00", "", "").await?;
        let state = self.parts.phone.pay(request).await.map_err(told)?.state;
        if state == PaymentState::Succeeded { Ok(()) } else { Err(format!("the top-up for the next movements is {state:?}")) }
    }

    async fn settle(&mut self, broken: &mut Vec<String>) -> Told<()> {
        let pay = self.parts.phone.wallet()?.pay();
        for _ in 0..ROUNDS {
            let open = pay.open_payments().await.map_err(told)?;
            if open.is_empty() {
                return Ok(());
            }
            self.parts.service.tick(self.parts.service.now());
            for payment in open {
                let _ = pay.resolve(payment.intent_id).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        broken.push("a payment without an end".to_owned());
        Ok(())
    }
}

/// How long the parts of a movement take, in microseconds.
struct Usual {
    sending: u32,
    answering: u32,
}

/// From when on the time to the kill is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Confirmed,
    Arrived,
    Answered,
}

impl Moment {
    fn words(self) -> &'static str {
        match self {
            Moment::Confirmed => "the PIN",
            Moment::Arrived => "the service had it",
            Moment::Answered => "the answer had left",
        }
    }

    fn is_over(self, desk: &Desk) -> bool {
        match self {
            Moment::Confirmed => true,
            Moment::Arrived => desk.seen().0.is_some(),
            Moment::Answered => desk.seen().1.is_some(),
        }
    }
}

/// Waits for the moment and kills. Whether the app was still there, and the code or transfer that it is about.
fn strike(child: &mut Child, desk: &Desk, moment: Moment, after: Duration) -> Told<(bool, Option<String>)> {
    let say = |error: std::io::Error| error.to_string();
    let out = child.stdout.take().ok_or("the app says nothing")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).map_err(say)?;
    let began = Instant::now();
    while !moment.is_over(desk) && child.try_wait().map_err(say)?.is_none() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_micros(100));
    }
    std::thread::sleep(after);
    let hit = child.try_wait().map_err(say)?.is_none();
    child.kill().map_err(say)?;
    child.wait().map_err(say)?;
    Ok((hit, line.split_whitespace().nth(1).map(str::to_owned)))
}
