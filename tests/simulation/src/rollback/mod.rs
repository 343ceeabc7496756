//! Old files, old pages and edited rows: what the phone notices of each, and when. A change that is not noticed has to be without effect:
//! the phone says of money what it said before.

mod edits;
mod told;

use crate::net::Weather;
use crate::phone::{Phone, Told, told};
use crate::run::{Folder, Parts, parts};
use kabao_core::pay::QuoteRequest;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// The bytes of a page, as the files are made.
const PAGE: usize = 4096;
const FILES: [&str; 3] = ["ledger.db", "mine.db", "cache.db"];

/// When a change was noticed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noticed {
    /// The files were not opened, with this code.
    AtOpening(String),
    /// A call that reads, or `verify`, said so: the code, or `chain` or `receipt`.
    WhenRead(String),
    /// The first answer of the service was not taken, with this code.
    AtFirstAnswer(String),
    /// Nobody noticed, and nothing that is said of money changed.
    WithoutEffect,
    /// The change is not possible: the file's own rules refuse it.
    Impossible,
    /// Nobody noticed, and the list of the history is an older one or has a gap: an old page of the file that can be fetched again. Known, and
    /// on the page.
    OlderList,
    /// Nobody noticed, and this is said otherwise.
    Not(String),
}

/// Copies of everything that a phone keeps.
#[derive(Clone)]
struct Copy {
    files: BTreeMap<&'static str, Vec<u8>>,
    keys: BTreeMap<String, Vec<u8>>,
}

impl Copy {
    fn of(phone: &Phone) -> Told<Copy> {
        let read = |name| std::fs::read(phone.folder.join(name)).map(|bytes| (name, bytes)).map_err(|error| format!("{name}: {error}"));
        Ok(Copy { files: FILES.into_iter().map(read).collect::<Result<_, _>>()?, keys: phone.secrets.copy() })
    }

    fn put(&self, phone: &Phone, files: &[&str], keys: bool) -> Told<()> {
        for name in files {
            for tail in ["-wal", "-shm", "-journal"] {
                let _ = std::fs::remove_file(phone.folder.join(format!("{name}{tail}")));
            }
            let bytes = self.files.get(name).ok_or("no such file")?;
            std::fs::write(phone.folder.join(name), bytes).map_err(|error| format!("{name}: {error}"))?;
        }
        if keys {
            phone.secrets.put_back(self.keys.clone());
        }
        Ok(())
    }
}

/// A change of what lies on the phone.
#[derive(Debug, Clone)]
enum Change {
    /// These files of before, and the key store of before or not.
    Files(Vec<&'static str>, bool),
    /// One page of before in a file of now.
    OldPage(&'static str, usize),
    /// One bit of a page.
    Flipped(&'static str, usize),
    /// One field of a row of the ledger, by somebody who has the key.
    Field(edits::Field),
}

impl Change {
    /// The class, and which of it.
    fn words(&self) -> (String, String) {
        match self {
            Change::Files(files, false) => (format!("whole files: {}", files.join(", ")), String::new()),
            Change::Files(files, true) => (format!("whole files: {}the key store", files.iter().map(|file| format!("{file}, ")).collect::<String>()), String::new()),
            Change::OldPage(file, page) => (format!("an old page of {file}"), format!("page {page}")),
            Change::Flipped(file, page) => (format!("a bit of {file}"), format!("page {page}")),
            Change::Field(field) => (format!("a field of {}", field.name()), field.what()),
        }
    }
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Searched {
    /// Of each class, when it was noticed, how often.
    pub classes: BTreeMap<(String, Noticed), u64>,
    /// Changes of files and pages that were made, and that were not noticed and not without effect.
    pub files: u64,
    /// The same of fields.
    pub fields: u64,
    /// What was not noticed and said otherwise, with what repeats it.
    pub broken: Vec<String>,
}

/// A phone with an old copy and a new one.
struct Ground {
    parts: Parts,
    old: Copy,
    new: Copy,
    truth: Vec<String>,
    _folder: Folder,
}

impl Ground {
    /// The `turn`-th of a seed: each stands in a folder of its own.
    async fn new(seed: u64, turn: u64, channels: &Path) -> Told<Ground> {
        let folder = Folder::new(&format!("rollback-{seed}-{turn}")).map_err(|error| error.to_string())?;
        let mut parts = parts(seed, false, folder.path(), channels)?;
        parts.phone.set_up(&parts.console).await?;
        let merchant = parts.console.post("/dev/merchants", json!({ "name": "Corner shop" })).await?;
        let merchant = merchant["collection_code_text"].as_str().ok_or("no collection code")?.to_owned();
        pay(&parts, &merchant, "top_up", "300.00").await?;
        pay(&parts, &merchant, "pay", "20.00").await?;
        let old = rest(&mut parts.phone).await?;
        parts.phone.start().await.map_err(told)?;
        pay(&parts, &merchant, "pay", "3.00").await?;
        pay(&parts, &merchant, "withdraw", "5.00").await?;
        let code = parts.phone.wallet()?.pay().show_code("lakala".to_owned()).await.map_err(told)?;
        parts.console.post("/dev/till/charge", json!({ "code": code.digits, "amount_fen": 100, "order": "till-1" })).await?;
        read(&parts).await?;
        let truth = say(&parts).await?;
        let new = rest(&mut parts.phone).await?;
        Ok(Ground { parts, old, new, truth, _folder: folder })
    }

    /// Every change of every class.
    fn changes(&self) -> Told<Vec<Change>> {
        let mut all = vec![
            Change::Files(vec!["ledger.db"], false),
            Change::Files(vec!["mine.db"], false),
            Change::Files(vec!["cache.db"], false),
            Change::Files(vec!["ledger.db", "mine.db"], false),
            Change::Files(FILES.to_vec(), false),
            Change::Files(FILES.to_vec(), true),
            Change::Files(Vec::new(), true),
        ];
        for name in FILES {
            let (old, new) = (&self.old.files[name], &self.new.files[name]);
            for page in 0..new.len().div_ceil(PAGE) {
                let place = page * PAGE..(page + 1) * PAGE;
                if old.get(place.clone()).is_some_and(|page| Some(page) != new.get(place.clone())) {
                    all.push(Change::OldPage(name, page));
                }
                all.push(Change::Flipped(name, page));
            }
        }
        all.extend(edits::fields(&self.parts.phone)?.into_iter().map(Change::Field));
        Ok(all)
    }

    fn apply(&self, change: &Change, seed: u64) -> Told<bool> {
        let phone = &self.parts.phone;
        self.new.put(phone, &FILES, true)?;
        match change {
            Change::Files(files, keys) => self.old.put(phone, files, *keys)?,
            Change::OldPage(name, page) => {
                let mut bytes = self.new.files[name].clone();
                let place = page * PAGE..(page + 1) * PAGE;
                bytes[place.clone()].copy_from_slice(&self.old.files[name][place]);
                std::fs::write(phone.folder.join(name), bytes).map_err(|error| error.to_string())?;
            }
            Change::Flipped(name, page) => {
                let mut bytes = self.new.files[name].clone();
                let bit = usize::try_from(seed % 4000).unwrap_or(0);
                if let Some(byte) = bytes.get_mut(page * PAGE + 40 + bit) {
                    *byte ^= 0x40;
                }
                std::fs::write(phone.folder.join(name), bytes).map_err(|error| error.to_string())?;
            }
            Change::Field(field) => return edits::edit(phone, field),
        }
        Ok(true)
    }

    /// The next start after a change: without a network, `verify`, then with one.
    async fn judge(&mut self, change: &Change, seed: u64) -> Told<Noticed> {
        if !self.apply(change, seed)? {
            return Ok(Noticed::Impossible);
        }
        self.parts.net.set(Weather { off: true, ..Weather::default() });
        let noticed = self.look().await;
        self.parts.net.set(Weather::default());
        self.parts.phone.crash().await;
        noticed
    }

    async fn look(&mut self) -> Told<Noticed> {
        let wallet = match self.parts.phone.start().await {
            Ok(wallet) => wallet,
            Err(error) => return Ok(Noticed::AtOpening(told(error))),
        };
        match wallet.history().verify().await {
            Err(error) => return Ok(Noticed::WhenRead(told(error))),
            Ok(report) if report.first_wrong_event.is_some() => return Ok(Noticed::WhenRead("chain".to_owned())),
            Ok(report) if !report.wrong_receipts.is_empty() => return Ok(Noticed::WhenRead("receipt".to_owned())),
            Ok(_) => {}
        }
        self.parts.net.set(Weather::default());
        if let Err(code) = read(&self.parts).await {
            return Ok(Noticed::AtFirstAnswer(code));
        }
        match say(&self.parts).await {
            Err(code) => Ok(Noticed::WhenRead(code)),
            Ok(said) if said.iter().any(|line| line.ends_with("receipt false")) => Ok(Noticed::WhenRead("receipt".to_owned())),
            Ok(said) if said == self.truth => Ok(Noticed::WithoutEffect),
            Ok(said) => {
                let other = said.iter().find(|line| !self.truth.contains(line)).or_else(|| self.truth.iter().find(|line| !said.contains(line)));
                Ok(Noticed::Not(other.cloned().unwrap_or_default()))
            }
        }
    }

    /// Whether the copy of now is still the newest that the service knows of.
    async fn is_good(&mut self) -> Told<bool> {
        self.new.put(&self.parts.phone, &FILES, true)?;
        let good = self.parts.phone.start().await.is_ok() && read(&self.parts).await.is_ok();
        self.parts.phone.crash().await;
        Ok(good)
    }
}

async fn rest(phone: &mut Phone) -> Told<Copy> {
    phone.wallet()?.close().await.map_err(told)?;
    phone.crash().await;
    Copy::of(phone)
}

async fn pay(parts: &Parts, merchant: &str, kind: &str, amount: &str) -> Told<()> {
    let (wallet, amount) = (parts.phone.wallet()?, amount.to_owned());
    let card_id = wallet.cards().list().await.map_err(told)?.first().map(|card| card.card_id.clone()).ok_or("no card")?;
    let request = match kind {
        "top_up" => QuoteRequest::TopUp { amount, card_id },
        "withdraw" => QuoteRequest::Withdraw { amount, card_id },
        _ => {
            let payee_id = wallet.pay().read(merchant.to_owned()).await.map_err(told)?.payee_id.ok_or("nobody")?;
            QuoteRequest::Pay { payee_id, amount, order: None }
        }
    };
    parts.phone.pay(request).await.map(|_| ()).map_err(told)
}

/// Everything new from the service.
async fn read(parts: &Parts) -> Told<()> {
    let wallet = parts.phone.wallet()?;
    while !wallet.history().sync().await.map_err(told)?.complete {}
    wallet.account().refresh().await.map(|_| ()).map_err(told)
}

/// What the phone says of money: the balance, every record, every payment of which it or the history knows.
async fn say(parts: &Parts) -> Told<Vec<String>> {
    let wallet = parts.phone.wallet()?;
    let view = wallet.account().view().await.map_err(told)?;
    let mut said = vec![format!("balance {:?}", view.balance.map(|balance| balance.minor))];
    let intents = parts.net.witness.payments();
    for item in wallet.history().list(None).await.map_err(told)?.items {
        said.push(format!("{} {} {} {}", item.kind, item.state, item.amount.minor, item.at.as_ms()));
    }
    for intent in intents {
        let payment = wallet.pay().payment(intent).await.map_err(told)?;
        if let Some(record) = payment.record_id.clone() {
            let receipt = wallet.pay().receipt(record).await.map_err(told)?;
            said.push(format!("{} receipt {}", payment.intent_id, receipt.verified));
        }
        said.push(format!("{} {} {} {} {}", payment.intent_id, payment.kind, payment.state.as_str(), payment.amount.minor, payment.fee.minor));
    }
    for open in wallet.pay().open_payments().await.map_err(told)? {
        said.push(format!("open {}", open.intent_id));
    }
    Ok(said)
}

/// Makes every `every`-th change, from the seed's place on, of the classes whose name holds `only`; whole files always.
///
/// # Errors
/// The harness itself cannot go on.
pub async fn search(seed: u64, every: u64, only: &str, channels: &Path, searched: &mut Searched) -> Told<()> {
    let (mut ground, mut turn) = (Ground::new(seed, 0, channels).await?, 0);
    ground.new.put(&ground.parts.phone, &FILES, true)?;
    let changes = ground.changes()?;
    for (place, change) in changes.iter().enumerate() {
        let (name, what) = change.words();
        let chosen = u64::try_from(place).unwrap_or(0).wrapping_add(seed) % every.max(1) == 0;
        if !name.contains(only) || !(chosen || matches!(change, Change::Files(..))) {
            continue;
        }
        let noticed = ground.judge(change, seed).await?;
        let count = if matches!(change, Change::Field(_)) { &mut searched.fields } else { &mut searched.files };
        *count += u64::from(noticed != Noticed::Impossible);
        // What the ledger says is as before; what the file says that can be fetched again is not.
        let of_cache = matches!(change, Change::OldPage("cache.db", _)) && matches!(&noticed, Noticed::Not(line) if !line.contains("balance"));
        let noticed = if of_cache { Noticed::OlderList } else { noticed };
        if let Noticed::Not(line) = &noticed {
            searched.broken.push(format!("seed {seed}: {name} {what}: not noticed, and says {line}"));
        }
        *searched.classes.entry((name, noticed)).or_default() += 1;
        // What was healed went to the service: the copy of now is an old one since.
        if !ground.is_good().await? {
            turn += 1;
            ground = Ground::new(seed, turn, channels).await?;
        }
    }
    Ok(())
}
