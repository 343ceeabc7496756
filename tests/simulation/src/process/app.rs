//! The app as a process of its own: opens its files, makes one movement, and ends, unless it is killed before.

use super::line::far;
use crate::console::Console;
use crate::net::Net;
use crate::phone::{Phone, Told, told};
use crate::world::SimWorld;
use kabao_core::ServiceSettings;
use kabao_core::pay::QuoteRequest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The movements that are cut off.
pub const FLOWS: [&str; 7] = ["top_up", "pay", "withdraw", "transfer", "payer_code", "ask", "call_back"];
/// What a till asks for above the cap of a code, in fen, on top of the drawn amount.
const ABOVE_THE_CAP: u64 = 10_100;

/// What the app is told on its command line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Orders {
    /// The folder of the run.
    pub folder: PathBuf,
    /// Where the service answers.
    pub socket: PathBuf,
    /// The service's root key.
    pub root_key: String,
    /// Of the app's randomness: no two starts have the same.
    pub seed: u64,
    /// How long the run has lasted, in milliseconds.
    pub elapsed_ms: i64,
    /// One of [`FLOWS`].
    pub flow: String,
    /// In yuan.
    pub amount: String,
    /// The merchant's code.
    pub merchant: String,
    /// The friend's account.
    pub friend: String,
}

/// Where the service stands, as a phone is told.
fn settings(root_key: &str) -> ServiceSettings {
    ServiceSettings {
        url: "https://wallet.test".to_owned(),
        tls_ca_pem: String::new(),
        spki_pins: Vec::new(),
        root_key: root_key.to_owned(),
        guid: "app.kabao".to_owned(),
        link_host: Some("pay.kabao.example".to_owned()),
    }
}

/// A phone whose service answers over a socket.
pub(super) fn phone(folder: &Path, socket: &Path, root_key: &str, seed: u64, elapsed_ms: i64) -> Told<Phone> {
    let world = Arc::new(SimWorld::resumed(seed, elapsed_ms));
    let net = Arc::new(Net::new(Arc::clone(&world), far(socket.to_owned())));
    let phone = Phone::new(folder.to_owned(), world, net, settings(root_key));
    super::lasting(&phone.secrets, folder.parent().unwrap_or(folder))?;
    Ok(phone)
}

/// The request of a flow.
pub(super) async fn request(phone: &Phone, flow: &str, amount: &str, merchant: &str, friend: &str) -> Told<QuoteRequest> {
    let (wallet, amount) = (phone.wallet()?, amount.to_owned());
    if flow == "transfer" || flow == "call_back" {
        return Ok(QuoteRequest::Transfer { payee_id: friend.to_owned(), amount, delay_ms: 7_200_000 });
    }
    if flow == "pay" {
        let scanned = wallet.pay().read(merchant.to_owned()).await.map_err(told)?;
        let payee_id = scanned.payee_id.ok_or("the merchant's code names nobody")?;
        return Ok(QuoteRequest::Pay { payee_id, amount, order: None });
    }
    let cards = wallet.cards().list().await.map_err(told)?;
    let card_id = cards.first().map(|card| card.card_id.clone()).ok_or("no card")?;
    Ok(if flow == "withdraw" { QuoteRequest::Withdraw { amount, card_id } } else { QuoteRequest::TopUp { amount, card_id } })
}

/// A line for whoever watches.
fn say(line: &str) -> Told<()> {
    println!("{line}");
    std::io::stdout().flush().map_err(|error| error.to_string())
}

/// Shows a code, which a till charges with so many fen on top of the drawn amount; the phone has not heard of it yet.
async fn charge(phone: &Phone, orders: &Orders, more: u64, shown: impl FnOnce(&str) -> Told<()>) -> Told<()> {
    let pay = phone.wallet()?.pay();
    pay.prepare_codes().await.map_err(told)?;
    let code = pay.show_code("lakala".to_owned()).await.map_err(told)?;
    shown(&code.showing_id)?;
    let fen: u64 = orders.amount.replace('.', "").parse().map_err(|_| "no amount")?;
    let (order, till) = (format!("till-{}", orders.seed), Console::new(far(orders.socket.clone())));
    till.post("/dev/till/charge", json!({ "code": code.digits, "amount_fen": fen + more, "order": order })).await.map(|_| ())
}

/// The question of the till above the cap, once the phone has heard of it.
async fn asked(phone: &Phone) -> Told<QuoteRequest> {
    let wallet = phone.wallet()?;
    for _ in 0..200 {
        wallet.history().sync().await.map_err(told)?;
        let newest = wallet.pay().asks().await.map_err(told)?.into_iter().max_by_key(|ask| ask.expires_at);
        if let Some(ask) = newest {
            return Ok(QuoteRequest::Ask { ask_id: ask.ask_id });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("the till asked for nothing".to_owned())
}

/// The life of the app. Its first line is `quoted`, with the code or the transfer that it is about where that is no open payment.
///
/// # Errors
/// Something failed that may not; a payment without a result is no failure.
pub async fn run(orders: &Orders) -> Told<()> {
    let Orders { folder, socket, root_key, seed, elapsed_ms, flow, amount, merchant, friend } = orders;
    let mut phone = phone(&folder.join("phone"), socket, root_key, *seed, *elapsed_ms)?;
    phone.start().await.map_err(told)?;
    if flow == "payer_code" {
        charge(&phone, orders, 0, |showing| say(&format!("quoted {showing}"))).await?;
        while !phone.wallet()?.history().sync().await.map_err(told)?.complete {}
    } else {
        let request = if flow == "ask" {
            charge(&phone, orders, ABOVE_THE_CAP, |_| Ok(())).await?;
            asked(&phone).await?
        } else {
            request(&phone, flow, amount, merchant, friend).await?
        };
        let quote = phone.quote(request).await.map_err(told)?;
        if flow == "call_back" {
            let sent = phone.confirm(quote).await.map_err(told)?;
            say(&format!("quoted {}", sent.intent_id))?;
            phone.wallet()?.pay().cancel_transfer(sent.intent_id).await.map_err(told)?;
        } else {
            say("quoted")?;
            phone.confirm(quote).await.map_err(told)?;
        }
    }
    say("paid")?;
    phone.wallet()?.close().await.map_err(told)
}
