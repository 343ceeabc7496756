//! What stories of transfers share: somebody to pay, and time that passes.

use super::Story;
use super::people::Person;
use kabao_core::Wallet;
use kabao_core::pay::{PaymentView, QuoteRequest};
use kabao_simulation::Phone;
use kabao_simulation::phone::{PIN, consent_to_all};
use serde_json::json;
use std::time::Duration;

pub const HOURS_2: u32 = 7_200_000;

/// Another person with a verified account, on a phone of their own.
pub async fn friend(story: &Story) -> (Wallet, String) {
    let (person, mut phone): (Person, Phone) = (Person::new(41), story.another("friend"));
    let wallet = phone.start().await.unwrap();
    let account = wallet.account();
    account.register(person.register()).await.unwrap();
    account.enter_otp(story.all.console.otp("kabao", &person.tel).await.unwrap()).await.unwrap();
    account.choose_pin(PIN.to_owned()).await.unwrap();
    consent_to_all(&wallet).await.unwrap();
    wallet.identity().verify(person.document(story).await).await.unwrap();
    let found = story.wallet().pay().payee_by_phone(person.tel.clone(), Some("张".to_owned())).await.unwrap();
    assert!(found.first_time && found.name_checked);
    (wallet, found.payee_id)
}

pub async fn send(story: &Story, payee: &str, amount: &str, delay_ms: u32) -> PaymentView {
    let request = QuoteRequest::Transfer { payee_id: payee.to_owned(), amount: amount.to_owned(), delay_ms };
    story.all.phone.pay(request).await.unwrap()
}

pub async fn balance(wallet: &Wallet) -> i64 {
    while !wallet.history().sync().await.unwrap().complete {}
    wallet.account().refresh().await.unwrap().balance.unwrap().minor
}

pub async fn pass(story: &Story, ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    story.all.service.tick(story.all.service.now());
}

/// Nothing was carried out twice, and the book is even.
pub async fn once(story: &Story) -> usize {
    let executions = story.executions().await;
    assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    executions.len()
}
