//! Payments and payer codes on a phone whose disk fails: at every operation of a payment that can fail, once and for ever.
//!
//! One phone goes on from fault to fault. After each the app is killed and started again on a disk that works: what was
//! said has to be known, what was sent has to be in the ledger, nothing was carried out twice, and whoever was told that
//! nothing happened was told the truth.

use super::Figure;
use super::book::Book;
use super::wallet::missing;
use crate::phone::{Told, told};
use crate::run::{Parts, parts};
use kabao_base::{Certainty, Code};
use kabao_core::WalletError;
use kabao_core::pay::QuoteRequest;
use kabao_disk::{Disk, Fault, FaultKind};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// What a person may be told: what the disk does, or that the outcome is not known.
const NAMED: [Code; 6] =
    [Code::StorageFull, Code::StorageFailed, Code::StorageReadOnly, Code::StorageBusy, Code::Locked, Code::PaymentUnknown];

/// What went wrong with a payment and with a code.
#[derive(Default)]
struct Wrong {
    payment: Option<WalletError>,
    code: Option<WalletError>,
}

struct Strain {
    all: Parts,
    disk: Arc<Disk>,
    book: Arc<Book>,
    payee_id: String,
    seed: u64,
}

/// Plays every fault at every `every`-th place of a payment and of a code's showing.
///
/// # Errors
/// The story itself went wrong without a fault.
pub async fn fail_everywhere(seed: u64, every: u64, folder: &Path, channels: &Path) -> Told<Figure> {
    let mut strain = begin(seed, folder, channels).await?;
    let mut figure = Figure::default();
    strain.disk.plan(None);
    let wrong = strain.act().await?;
    if let Some(error) = wrong.payment.or(wrong.code) {
        return Err(format!("without a fault: {}", told(error)));
    }
    let chances = FaultKind::HONEST.map(|kind| (kind, strain.disk.chances(kind)));
    for (kind, count) in chances {
        figure.operations += usize::try_from(count).unwrap_or(0);
        for lasting in [false, true] {
            let mut at = 1 + (seed + u64::from(lasting)) % every.max(1);
            while at <= count {
                let fault = Fault { kind, at, lasting };
                if let Some(broken) = strain.one(fault, &mut figure).await? {
                    figure.break_at(format!("{}: {broken}", strain.label(fault)));
                }
                at += every.max(1);
            }
        }
    }
    strain.all.net.meddle(None);
    strain.all.phone.secrets.watch(None);
    Ok(figure)
}

async fn begin(seed: u64, folder: &Path, channels: &Path) -> Told<Strain> {
    let mut all = parts(seed, false, folder, channels)?;
    std::fs::create_dir_all(&all.phone.folder).map_err(|error| error.to_string())?;
    let disk = Disk::watch(&all.phone.folder)?;
    let book = Book::new(Arc::clone(&disk));
    all.net.meddle(Some(Arc::clone(&book) as _));
    all.phone.set_up(&all.console).await?;
    let wallet = all.phone.wallet()?;
    let cards = wallet.cards().list().await.map_err(told)?;
    let card_id = cards.first().ok_or("no card")?.card_id.clone();
    let top_up = QuoteRequest::TopUp { amount: "300.00".to_owned(), card_id };
    book.told(&all.phone.pay(top_up).await.map_err(told)?);
    let merchant = all.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
    let text = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
    let payee_id = wallet.pay().read(text).await.map_err(told)?.payee_id.ok_or("no payee")?;
    Ok(Strain { all, disk, book, payee_id, seed })
}

impl Strain {
    fn label(&self, fault: Fault) -> String {
        let lasting = if fault.lasting { "for ever" } else { "once" };
        format!("seed {} {} at {} {lasting}", self.seed, fault.kind.name(), fault.at)
    }

    /// A payment and a code.
    async fn act(&self) -> Told<Wrong> {
        let mut wrong = Wrong::default();
        let request = QuoteRequest::Pay { payee_id: self.payee_id.clone(), amount: "0.01".to_owned(), order: None };
        match self.all.phone.pay(request).await {
            Ok(view) => self.book.told(&view),
            Err(error) => wrong.payment = Some(error),
        }
        match self.all.phone.wallet()?.pay().show_code("lakala".to_owned()).await {
            Ok(code) => self.book.note(|facts| {
                facts.shown.insert(code.showing_id);
            }),
            Err(error) => wrong.code = Some(error),
        }
        Ok(wrong)
    }

    /// How often payments were carried out; an error when one was twice, or when the book is not even.
    async fn carried_out(&self) -> Told<Result<usize, String>> {
        let ledger = self.all.console.get("/dev/ledger").await?;
        let executions = ledger["executions"].as_array().cloned().unwrap_or_default();
        let twice = executions.iter().find(|execution| execution["count"] != json!(1));
        Ok(match twice {
            Some(twice) => Err(format!("carried out more than once: {twice}")),
            None if ledger["sum"] != json!(0) => Err(format!("the sum is {}", ledger["sum"])),
            None => Ok(executions.iter().filter(|execution| execution["intent_id"] != Value::Null).count()),
        })
    }

    async fn one(&mut self, fault: Fault, figure: &mut Figure) -> Told<Option<String>> {
        figure.count(kabao_proof::digest::sha256(self.label(fault).as_bytes()));
        let before = self.carried_out().await?;
        self.disk.plan(Some(fault));
        let wrong = self.act().await?;
        self.disk.plan(None);
        self.all.phone.crash().await;
        let wallet = match self.all.phone.start().await {
            Ok(wallet) => wallet,
            Err(error) => return Err(format!("{}: it does not open again: {}", self.label(fault), told(error))),
        };
        let facts = self.book.lines().pop().unwrap_or_default();
        let mut broken = missing(&wallet, &facts).await?;
        let after = self.carried_out().await?;
        match (before, after) {
            (_, Err(twice)) => broken = broken.or(Some(twice)),
            (Ok(before), Ok(after)) if after > before => {
                let lie = wrong.payment.as_ref().filter(|error| error.failure().certainty == Certainty::Certain);
                broken = broken.or(lie.map(|lie| format!("it happened, and the word was {}", lie.failure().code)));
            }
            _ => {}
        }
        if let Some(strange) = [&wrong.payment, &wrong.code].into_iter().flatten().find(|error| !NAMED.iter().any(|code| error.is(*code))) {
            broken = broken.or(Some(format!("the error is {}", strange.failure().code)));
        }
        // The next fault meets a phone without open payments, and with codes.
        for open in wallet.pay().open_payments().await.map_err(told)? {
            let view = wallet.pay().resolve(open.intent_id).await.map_err(told)?;
            self.book.told(&view);
        }
        wallet.pay().prepare_codes().await.map_err(told)?;
        Ok(broken)
    }
}
