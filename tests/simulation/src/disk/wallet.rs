//! The whole wallet on a disk that remembers: set-up, payments, a code at a till, a lost answer, a kill, locking; then the
//! power goes at every operation, and the wallet that is opened on what is left must know everything that was said.

use super::book::{Book, Facts};
use super::{Figure, Point, Points};
use crate::net::{Net, Weather};
use crate::phone::{ID_NUMBER, PHONE, PIN, Phone, Told, told};
use crate::run::{Parts, parts};
use crate::world::SimWorld;
use axum::Router;
use kabao_core::ServiceSettings;
use kabao_core::account::{PersonProof, RegisterRequest, ReplaceProof};
use kabao_core::pay::QuoteRequest;
use kabao_disk::{Disk, Files, Folder as Model, Step, put};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A day that was recorded.
pub struct Tape {
    /// Every operation on the phone's files.
    pub steps: Vec<Step>,
    facts: Vec<Facts>,
    service: ServiceSettings,
}

impl Tape {
    /// How many operations it holds.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.steps.iter().filter(|step| !matches!(step, Step::Mark(_))).count()
    }

    /// The same day on a disk that says of every sync that it is done, and does none: what a judge has to notice.
    #[must_use]
    pub fn on_a_lying_disk(mut self) -> Tape {
        for step in &mut self.steps {
            if let Step::Sync { file, .. } = step {
                *step = Step::SyncFailed { file: std::mem::take(file) };
            }
        }
        self
    }

    /// How many payments and codes were at stake.
    #[must_use]
    pub fn at_stake(&self) -> (usize, usize) {
        self.facts.last().map_or((0, 0), |facts| (facts.payments.len(), facts.shown.len()))
    }
}

/// Records a day below `folder`. `channels` keeps the acquirer's keys, which take seconds to make.
///
/// # Errors
/// The day itself went wrong: without faults it must not.
pub async fn record(seed: u64, folder: &Path, channels: &Path) -> Told<Tape> {
    let mut all = parts(seed, false, folder, channels)?;
    let (disk, book) = beside(&all.phone, &all.net)?;
    day(&mut all, &book).await?;
    Ok(finished(&disk, &book, &all.phone, &all.net))
}

/// Records how another phone takes the place of the first.
///
/// # Errors
/// The replacement itself went wrong: without faults it must not.
pub async fn record_replacement(seed: u64, folder: &Path, channels: &Path) -> Told<Tape> {
    let mut all = parts(seed, false, folder, channels)?;
    all.phone.set_up(&all.console).await?;
    all.phone.wallet()?.close().await.map_err(told)?;
    let mut phone =
        Phone::new(folder.join("another"), Arc::clone(&all.world), Arc::clone(&all.net), all.phone.service());
    let (disk, book) = beside(&phone, &all.net)?;
    tokio::time::sleep(Duration::from_secs(61)).await;
    let wallet = phone.start().await.map_err(told)?;
    let account = wallet.account();
    let request = RegisterRequest { phone: PHONE.to_owned(), device_model: "Another phone".to_owned() };
    account.replace_begin(request).await.map_err(told)?;
    book.look(&wallet).await?;
    account.replace_otp(all.console.otp("kabao", PHONE).await?).await.map_err(told)?;
    book.look(&wallet).await?;
    let token = all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok" })).await?;
    let liveness_token = token["token"].as_str().ok_or("no liveness token")?.to_owned();
    let person = PersonProof { name: "张三".to_owned(), id_number: ID_NUMBER.to_owned(), liveness_token, liveness_nonce: None };
    account.replace_prove(ReplaceProof { pin: Some(PIN.to_owned()), person: Some(person) }).await.map_err(told)?;
    book.look(&wallet).await?;
    wallet.history().sync().await.map_err(told)?;
    book.look(&wallet).await?;
    wallet.close().await.map_err(told)?;
    drop((account, wallet));
    phone.crash().await;
    Ok(finished(&disk, &book, &phone, &all.net))
}

/// A disk and a book beside a phone that was never started.
fn beside(phone: &Phone, net: &Net) -> Told<(Arc<Disk>, Arc<Book>)> {
    std::fs::create_dir_all(&phone.folder).map_err(|error| error.to_string())?;
    let disk = Disk::watch(&phone.folder)?;
    let book = Book::new(Arc::clone(&disk));
    let told = Arc::clone(&book);
    phone.secrets.watch(Some(Arc::new(move |secrets| told.note(|facts| facts.secrets = secrets))));
    net.meddle(Some(Arc::clone(&book) as _));
    Ok((disk, book))
}

fn finished(disk: &Disk, book: &Book, phone: &Phone, net: &Net) -> Tape {
    net.meddle(None);
    phone.secrets.watch(None);
    Tape { steps: disk.journal(), facts: book.lines(), service: phone.service() }
}

async fn day(all: &mut Parts, book: &Book) -> Told<()> {
    all.phone.set_up(&all.console).await?;
    book.look(&all.phone.wallet()?).await?;
    let cards = all.phone.wallet()?.cards().list().await.map_err(told)?;
    let card_id = cards.first().ok_or("no card")?.card_id.clone();
    let top_up = || QuoteRequest::TopUp { amount: "300.00".to_owned(), card_id: card_id.clone() };
    book.told(&all.phone.pay(top_up()).await.map_err(told)?);
    let merchant = all.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
    let text = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
    let scanned = all.phone.wallet()?.pay().read(text).await.map_err(told)?;
    let payee_id = scanned.payee_id.ok_or("no payee")?;
    let pay = |amount: &str| QuoteRequest::Pay { payee_id: payee_id.clone(), amount: amount.to_owned(), order: None };
    book.told(&all.phone.pay(pay("23.50")).await.map_err(told)?);
    // A till takes what a code allows.
    let wallet = all.phone.wallet()?;
    for fen in [1200, 345] {
        let code = wallet.pay().show_code("lakala".to_owned()).await.map_err(told)?;
        book.note(|facts| {
            facts.shown.insert(code.showing_id.clone());
        });
        let charge = json!({ "code": code.digits, "amount_fen": fen, "order": format!("till-{fen}") });
        all.console.post("/dev/till/charge", charge).await?;
        wallet.history().sync().await.map_err(told)?;
        book.look(&wallet).await?;
    }
    // An answer is lost, and the app is killed before it can ask.
    book.lose_answers(true);
    let lost = all.phone.pay(pay("6.00")).await.map_err(told)?;
    book.told(&lost);
    drop(wallet);
    all.phone.crash().await;
    book.lose_answers(false);
    let wallet = all.phone.start().await.map_err(told)?;
    book.look(&wallet).await?;
    book.told(&wallet.pay().resolve(lost.intent_id).await.map_err(told)?);
    wallet.lock().await.map_err(told)?;
    wallet.unlock().await.map_err(told)?;
    book.told(&all.phone.pay(pay("1.80")).await.map_err(told)?);
    wallet.history().sync().await.map_err(told)?;
    book.look(&wallet).await?;
    wallet.close().await.map_err(told)?;
    drop(wallet);
    all.phone.crash().await;
    Ok(())
}

/// The power goes at every operation of a day, or at every so-manieth point.
///
/// # Errors
/// The system's own, when the scratch folder cannot be written.
pub async fn cut_everywhere(tape: &Tape, model: Model, seed: u64, count: u64, every: usize, scratch: &Path) -> Told<Figure> {
    let world = Arc::new(SimWorld::new(seed, false));
    let net = Arc::new(Net::new(Arc::clone(&world), Router::new()));
    net.set(Weather { off: true, ..Weather::default() });
    let mut figure = Figure::over(tape.operations());
    let mut known: BTreeMap<([u8; 32], usize), Option<String>> = BTreeMap::new();
    let nothing = Facts::default();
    let points = |seed| Points::of(Files::new(), &tape.steps, model, seed).step_by(every.max(1)).map(move |point| (seed, point));
    for (seed, point) in (seed..seed.saturating_add(count)).flat_map(points) {
        figure.count(point.digest);
        let facts = point.marks.checked_sub(1).and_then(|last| tape.facts.get(last)).unwrap_or(&nothing);
        let broken = match known.get(&(point.digest, point.marks)) {
            Some(known) => known.clone(),
            None => {
                let broken = judge(&point, facts, tape, &world, &net, scratch).await?;
                known.insert((point.digest, point.marks), broken.clone());
                broken
            }
        };
        if let Some(broken) = broken {
            figure.break_at(format!("seed {seed} {model:?} {}: {broken}", point.place()));
        }
    }
    Ok(figure)
}

async fn judge(
    point: &Point,
    facts: &Facts,
    tape: &Tape,
    world: &Arc<SimWorld>,
    net: &Arc<Net>,
    scratch: &Path,
) -> Told<Option<String>> {
    let _ = std::fs::remove_dir_all(scratch);
    put(scratch, &point.files).map_err(|error| error.to_string())?;
    // Watched, so that nothing waits for the real disk.
    let _disk = Disk::watch(scratch)?;
    let mut phone = Phone::new(scratch.to_owned(), Arc::clone(world), Arc::clone(net), tape.service.clone());
    phone.secrets.put_back(facts.secrets.clone());
    let broken = match phone.start().await {
        Err(error) => Some(format!("the wallet does not open: {}", told(error))),
        Ok(wallet) => {
            let missing = missing(&wallet, facts).await?;
            let closed = wallet.close().await.map_err(|error| format!("it does not close: {}", told(error)));
            missing.or(closed.err())
        }
    };
    phone.crash().await;
    Ok(broken)
}

/// What was said and is not known any more.
pub(super) async fn missing(wallet: &kabao_core::Wallet, facts: &Facts) -> Told<Option<String>> {
    let report = wallet.history().verify().await.map_err(told)?;
    if report.first_wrong_event.is_some() || !report.wrong_receipts.is_empty() {
        return Ok(Some(format!("the chain does not hold: {report:?}")));
    }
    if report.events < facts.events {
        return Ok(Some(format!("{} events of {}", report.events, facts.events)));
    }
    for (id, said) in &facts.payments {
        match (wallet.pay().payment(id.clone()).await, said) {
            (Err(error), _) => return Ok(Some(format!("payment {id}: {}", told(error)))),
            (Ok(view), Some(said)) if said.is_final() && view.state != *said => {
                return Ok(Some(format!("payment {id} was {said:?} and is {:?}", view.state)));
            }
            _ => {}
        }
    }
    for showing in &facts.shown {
        if let Err(error) = wallet.pay().showing(showing.clone()).await {
            return Ok(Some(format!("code {showing} was shown: {}", told(error))));
        }
    }
    let step = wallet.account().onboarding_next().await.map_err(told)?.kind;
    match facts.steps.iter().rposition(|known| *known == step) {
        // The steps of a day only go on; one that was passed does not come back.
        Some(place) if place + 1 < facts.steps.len() => Ok(Some(format!("the set-up is back at {step:?}"))),
        _ => Ok(None),
    }
}
