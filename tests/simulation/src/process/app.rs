//! The app as a process of its own: opens its files, makes one movement, and ends, unless it is killed before.

use super::line::far;
use crate::net::Net;
use crate::phone::{Phone, Told, told};
use crate::world::SimWorld;
use kabao_core::ServiceSettings;
use kabao_core::pay::QuoteRequest;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The movements that are cut off.
pub const FLOWS: [&str; 4] = ["top_up", "pay", "withdraw", "transfer"];

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
    if flow == "transfer" {
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

/// The life of the app.
///
/// # Errors
/// Something failed that may not; a payment without a result is no failure.
pub async fn run(orders: &Orders) -> Told<()> {
    let Orders { folder, socket, root_key, seed, elapsed_ms, flow, amount, merchant, friend } = orders;
    let mut phone = phone(&folder.join("phone"), socket, root_key, *seed, *elapsed_ms)?;
    phone.start().await.map_err(told)?;
    let request = request(&phone, flow, amount, merchant, friend).await?;
    let quote = phone.quote(request).await.map_err(told)?;
    println!("quoted");
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    phone.confirm(quote).await.map_err(told)?;
    println!("paid");
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    phone.wallet()?.close().await.map_err(told)
}
