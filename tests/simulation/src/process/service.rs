//! The service is killed while phones press on it and a till charges their codes; it starts again on the same books, and in the end the
//! books are even, nothing was carried out twice, and every phone says what the book says.

use super::app::{phone, request};
use super::line::far;
use super::people::Person;
use super::server::{Desk, serve};
use crate::book::{Book, number, text};
use crate::console::Console;
use crate::phone::{Phone, Told, told};
use crate::world::SimWorld;
use kabao_money::payment::PaymentState;
use kabao_outside::World;
use kabao_service::vault::VaultConnection;
use kabao_service::{Acquirer, Service, dev_router, router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many phones press on it.
const PHONES: u32 = 3;
/// How soon after a payment arrived the service is killed, in microseconds.
const WORK_US: u32 = 60_000;
/// How long a start of the service may take, and how long a payment may then take to its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the service is told on its command line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Orders {
    folder: PathBuf,
    channels: PathBuf,
    seed: u64,
    elapsed_ms: i64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Falls {
    /// Kills.
    pub kills: u64,
    /// Those that left a payment or a charge in the book without its end.
    pub half_done: u64,
    /// Payments of which a phone knows, and how they ended.
    pub ends: BTreeMap<String, u64>,
    /// Charges at the till that were paid.
    pub charges: u64,
    /// What was lost, done twice or said wrongly.
    pub broken: Vec<String>,
}

/// The life of the service.
///
/// # Errors
/// It cannot start.
pub fn run(orders: &Orders) -> Told<()> {
    let say = |error: &dyn std::fmt::Display| error.to_string();
    let world = Arc::new(SimWorld::resumed(orders.seed, orders.elapsed_ms));
    let vault = VaultConnection::in_process(Arc::clone(&world) as Arc<dyn World>);
    let folder = orders.folder.join("service");
    let service = Service::open(&folder, vault, world as Arc<dyn World>, crate::run::info()).map_err(|error| say(&error))?;
    Acquirer::attach(&service, &orders.channels).map_err(|error| say(&error))?;
    let (api, dev) = (router(Arc::clone(&service)), dev_router(Arc::clone(&service)));
    std::fs::write(orders.folder.join("root-key"), service.info().root_key).map_err(|error| say(&error))?;
    serve(&socket(&orders.folder), &service, api, dev, &Arc::new(Desk::speaking()))
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("service.socket")
}

/// The process of the service, and everything that a start of it needs.
struct Running {
    program: PathBuf,
    orders: Orders,
    world: Arc<SimWorld>,
    child: Child,
    /// A word for each payment and each charge that arrives.
    arrivals: Receiver<()>,
}

impl Running {
    fn start(program: &Path, mut orders: Orders, world: &Arc<SimWorld>) -> Told<Running> {
        orders.seed = orders.seed.wrapping_add(1);
        orders.elapsed_ms = world.elapsed();
        let (child, arrivals) = spawn(program, &orders)?;
        Ok(Running { program: program.to_owned(), orders, world: Arc::clone(world), child, arrivals })
    }

    /// Waits until so much has arrived, but not for ever: phones that hear nothing ask less and less.
    fn wait_for(&self, arrivals: u32) {
        for _ in 0..arrivals {
            let _ = self.arrivals.recv_timeout(Duration::from_secs(2));
        }
    }

    fn kill(&mut self) -> Told<()> {
        self.child.kill().and_then(|()| self.child.wait()).map(|_| ()).map_err(|error| error.to_string())
    }

    fn again(&mut self) -> Told<()> {
        self.orders.seed = self.orders.seed.wrapping_add(1);
        self.orders.elapsed_ms = self.world.elapsed();
        (self.child, self.arrivals) = spawn(&self.program, &self.orders)?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Starts it, and waits until it answers.
fn spawn(program: &Path, orders: &Orders) -> Told<(Child, Receiver<()>)> {
    let say = |error: std::io::Error| error.to_string();
    let _ = std::fs::remove_file(socket(&orders.folder));
    let words = serde_json::to_string(orders).map_err(|error| error.to_string())?;
    let mut child = Command::new(program).args(["server", &words]).stdout(Stdio::piped()).spawn().map_err(say)?;
    let out = child.stdout.take().ok_or("the service says nothing")?;
    let (says, arrivals) = channel();
    std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|_| says.send(())));
    let began = Instant::now();
    while UnixStream::connect(socket(&orders.folder)).is_err() {
        if child.try_wait().map_err(say)?.is_some() || began.elapsed() > PATIENCE {
            let _ = child.kill();
            return Err("the service does not start".to_owned());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok((child, arrivals))
}

/// Kills the service so many times. `program` is the binary that becomes the service.
///
/// # Errors
/// The harness itself cannot go on.
pub fn kill(seed: u64, count: u64, program: &Path, folder: &Path, channels: &Path, loud: bool) -> Told<Falls> {
    kabao_outside::lakala::ChannelKeys::open(channels, &SimWorld::new(0, false)).map_err(|error| error.to_string())?;
    let world = Arc::new(SimWorld::new(seed, false));
    let orders = Orders { folder: folder.to_owned(), channels: channels.to_owned(), seed: seed.wrapping_mul(1_000_003), elapsed_ms: 0 };
    let mut service = Running::start(program, orders, &world)?;
    let root_key = std::fs::read_to_string(folder.join("root-key")).map_err(|error| error.to_string())?;
    let course = Course::default();
    let mut falls = Falls::default();
    let said: Told<Vec<Says>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..PHONES)
            .map(|which| {
                let (course, root_key, world) = (&course, &root_key, &world);
                scope.spawn(move || {
                    let said = super::in_real_time(live(which, seed, folder, root_key, world, course));
                    // Whoever fell over holds nobody up.
                    course.ready.fetch_add(u64::from(PHONES), Ordering::AcqRel);
                    course.settled.fetch_add(u64::from(PHONES), Ordering::AcqRel);
                    said.map_err(|error| error.to_string())?
                })
            })
            .collect();
        course.wait(&course.ready);
        let work = (|| {
            for turn in 0..count {
                service.wait_for(1 + world.pick(5));
                std::thread::sleep(Duration::from_micros(u64::from(world.pick(WORK_US))));
                service.kill()?;
                falls.kills += 1;
                let (payments, charges) = half_done(folder)?;
                falls.half_done += u64::from(payments + charges > 0);
                if loud {
                    println!("{:>6} killed with {payments} payments and {charges} charges without their end", turn + 1);
                }
                service.again()?;
                let faults = ["none", "none", "hold", "lose_answer"][world.pick(4) as usize];
                super::in_real_time(turn_the_bank(folder, faults)).map_err(|error| error.to_string())??;
            }
            super::in_real_time(turn_the_bank(folder, "none")).map_err(|error| error.to_string())??;
            Ok::<(), String>(())
        })();
        course.phase.store(1, Ordering::Release);
        course.wait(&course.settled);
        let later = super::in_real_time(ten_minutes_later(folder)).map_err(|error| error.to_string());
        course.phase.store(2, Ordering::Release);
        let said = threads.into_iter().map(|thread| thread.join().map_err(|_| "a phone fell over".to_owned())?).collect();
        work.and(later?).and(said)
    });
    let said = said?;
    service.kill()?;
    judge(&mut falls, folder, &said)?;
    Ok(falls)
}

/// How far the run has come.
#[derive(Default)]
struct Course {
    /// 0: phones press; 1: they come to their end; 2: they read.
    phase: AtomicU64,
    ready: AtomicU64,
    settled: AtomicU64,
}

impl Course {
    fn is(&self, phase: u64) -> bool {
        self.phase.load(Ordering::Acquire) == phase
    }

    fn wait(&self, count: &AtomicU64) {
        while count.load(Ordering::Acquire) < u64::from(PHONES) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// How far the clock is put forward in the end: tills ask again what became of their orders.
const LATER_MS: i64 = 600_000;

/// The bank answers, or does not; what it held before is carried out.
async fn turn_the_bank(folder: &Path, movements: &str) -> Told<()> {
    let console = Console::new(far(socket(folder)));
    console.post("/dev/bank/faults", json!({ "movements": movements })).await?;
    console.post("/dev/bank/settle", Value::Null).await?;
    let _ = console.post("/tick", Value::Null).await;
    Ok(())
}

async fn ten_minutes_later(folder: &Path) -> Told<()> {
    let console = Console::new(far(socket(folder)));
    console.post("/dev/clock", json!({ "advance_ms": LATER_MS })).await?;
    for _ in 0..5 {
        let _ = console.post("/tick", Value::Null).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// What the book has begun and not ended.
fn half_done(folder: &Path) -> Told<(i64, i64)> {
    let book = Book::open(&folder.join("service").join("service.db"))?;
    let one = |sql: &str| -> Told<i64> { Ok(book.rows(sql)?.first().map_or(0, |row| number(row, 0))) };
    Ok((one("SELECT count(*) FROM payments WHERE state IN ('accepted', 'sent', 'cancelling')")?, one("SELECT count(*) FROM charges WHERE state = 'asked'")?))
}

/// What a phone says in the end.
struct Says {
    account: String,
    balance: i64,
    payments: BTreeMap<String, PaymentState>,
    /// The orders of the till that its codes were charged by, each with its token.
    orders: Vec<(String, String)>,
}

/// A person who does not stop before it is over.
async fn live(which: u32, seed: u64, folder: &Path, root_key: &str, clock: &Arc<SimWorld>, course: &Course) -> Told<Says> {
    let person = Person::new(which + 101);
    let mut phone = phone(&folder.join(format!("{which}")).join("phone"), &socket(folder), root_key, seed * 7 + u64::from(which), clock.elapsed())?;
    let console = Console::new(far(socket(folder)));
    phone.set_up_as(&console, &person.number, &person.id_number, &person.card).await?;
    let wallet = phone.wallet()?;
    let account = wallet.account().view().await.map_err(told)?.account_id;
    console.post("/dev/limits", json!({ "account_id": account, "class": 3 })).await?;
    let merchant = console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
    let merchant = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
    let top_up = request(&phone, "top_up", "500.00", &merchant, "").await?;
    phone.pay(top_up).await.map_err(told)?;
    course.ready.fetch_add(1, Ordering::AcqRel);
    let mut says = Says { account, balance: 0, payments: BTreeMap::new(), orders: Vec::new() };
    let world = SimWorld::resumed(seed * 31 + u64::from(which), clock.elapsed());
    let (mut turn, mut friend) = (0, None);
    while course.is(0) {
        turn += 1;
        if friend.is_none() {
            // Before the other has an account, and while the service is away, nobody is found.
            let other = Person::new((which + 1) % PHONES + 101);
            friend = wallet.pay().payee_by_phone(other.number, None).await.ok().map(|found| found.payee_id);
        }
        let amount = format!("{}.{:02}", world.pick(3) + 1, world.pick(100));
        let flow = ["top_up", "top_up", "pay", "withdraw", "transfer", "charge"][world.pick(6) as usize];
        if flow == "charge" {
            charge(&phone, &console, &format!("till-{which}-{turn}"), &mut says.orders).await;
            continue;
        }
        // A service that is not there refuses a quote, and leaves a payment without a result.
        if let Ok(request) = request(&phone, flow, &amount, &merchant, friend.as_deref().unwrap_or_default()).await
            && let Ok(view) = phone.pay(request).await
        {
            says.payments.insert(view.intent_id, view.state);
        }
        if world.happens(30) {
            for open in wallet.pay().open_payments().await.map_err(told)? {
                let _ = wallet.pay().resolve(open.intent_id).await;
            }
        }
    }
    settle(&phone, &console).await?;
    course.settled.fetch_add(1, Ordering::AcqRel);
    while !course.is(2) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    phone.host.turn_clock(LATER_MS);
    read(&phone, &mut says).await?;
    Ok(says)
}

/// A code that two orders want, the first of them twice.
async fn charge(phone: &Phone, console: &Console, order: &str, orders: &mut Vec<(String, String)>) {
    let Ok(wallet) = phone.wallet() else { return };
    let Ok(code) = wallet.pay().show_code("lakala".to_owned()).await else {
        let _ = wallet.pay().prepare_codes().await;
        return;
    };
    let token = code.digits.get(2..13).unwrap_or_default().to_owned();
    for (turn, suffix) in ["", "", "-b"].into_iter().enumerate() {
        let order = format!("{order}{suffix}");
        let asked = json!({ "code": code.digits, "amount_fen": 101, "order": order });
        let _ = console.post("/dev/till/charge", asked).await;
        if turn != 1 {
            orders.push((order, token.clone()));
        }
    }
}

/// Nobody is killed any more: everything comes to its end.
async fn settle(phone: &Phone, console: &Console) -> Told<()> {
    let (wallet, began) = (phone.wallet()?, Instant::now());
    loop {
        // The service's clock work; who has nothing open waits for the others too.
        let _ = console.post("/tick", Value::Null).await;
        let open = wallet.pay().open_payments().await.map_err(told)?;
        if open.is_empty() || began.elapsed() > PATIENCE {
            return Ok(());
        }
        for payment in open {
            let _ = wallet.pay().resolve(payment.intent_id).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the phone has in the end.
async fn read(phone: &Phone, says: &mut Says) -> Told<()> {
    let wallet = phone.wallet()?;
    while !wallet.history().sync().await.map_err(told)?.complete {}
    says.balance = wallet.account().refresh().await.map_err(told)?.balance.map_or(-1, |balance| balance.minor);
    let book = Book::open(&phone.folder.join("../../service/service.db"))?;
    let sql = format!("SELECT intent_id FROM payments WHERE account_id = '{}'", says.account);
    let theirs: Vec<String> = book.rows(&sql)?.iter().map(|row| text(row, 0).to_owned()).collect();
    for intent in says.payments.keys().cloned().chain(theirs).collect::<BTreeSet<_>>() {
        let view = wallet.pay().payment(intent.clone()).await.map_err(|error| format!("{intent} is lost: {}", told(error)))?;
        says.payments.insert(intent, view.state);
    }
    wallet.close().await.map_err(told)
}

fn judge(falls: &mut Falls, folder: &Path, said: &[Says]) -> Told<()> {
    let (service, mut broken) = (folder.join("service"), Vec::new());
    broken.extend(super::judge_books(&service)?);
    let (book, acquirer) = (Book::open(&service.join("service.db"))?, Book::open(&service.join("acquirer.db"))?);
    let rows = book.rows("SELECT intent_id, state, kind FROM payments")?;
    let theirs: BTreeMap<&str, (&str, &str)> = rows.iter().map(|row| (text(row, 0), (text(row, 1), text(row, 2)))).collect();
    for says in said {
        for (intent, state) in &says.payments {
            let (at_service, kind) = theirs.get(intent.as_str()).copied().unwrap_or(("not known", ""));
            let holds = match state {
                PaymentState::Succeeded => at_service == "succeeded",
                PaymentState::Failed => ["refused", "tombstoned", "not known"].contains(&at_service),
                _ => false,
            };
            if !holds {
                broken.push(format!("{intent} is {} on the phone and {at_service} with the service", state.as_str()));
            }
            *falls.ends.entry(format!("{kind} {}", state.as_str())).or_default() += 1;
        }
        let sql = format!("SELECT balance FROM ledger_accounts WHERE account = 'user:{}'", says.account);
        let balance = book.rows(&sql)?.first().map_or(0, |row| number(row, 0));
        if balance != says.balance {
            broken.push(format!("a phone shows {}, its balance is {balance}", says.balance));
        }
    }
    // What a till was told as paid, the book has as paid, once for each code.
    let paid = acquirer.rows("SELECT out_trade_no, amount FROM trades WHERE kind = 'pay' AND state = 'done'")?;
    let ours = book.rows("SELECT merchant_order, amount FROM charges WHERE state IN ('paid', 'revoked')")?;
    let set = |rows: &[Vec<String>]| rows.iter().map(|row| (text(row, 0).to_owned(), number(row, 1))).collect::<BTreeSet<_>>();
    let (told, kept) = (set(&paid), set(&ours));
    broken.extend(told.symmetric_difference(&kept).map(|(order, amount)| format!("the order {order} of {amount} is paid for one side only")));
    let mut tokens = BTreeSet::new();
    for (order, token) in said.iter().flat_map(|says| &says.orders).filter(|(order, _)| told.iter().any(|(paid, _)| paid == order)) {
        if !tokens.insert(token) {
            broken.push(format!("the code {token} paid a second order, {order}"));
        }
    }
    falls.charges = u64::try_from(told.len()).unwrap_or(0);
    falls.broken = broken;
    Ok(())
}
