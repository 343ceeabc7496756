//! Cards at the bank, and how a person binds one.

use super::Story;
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::cards::{BindRequest, CardView};
use kabao_simulation::phone::{ID_NUMBER, PHONE};
use serde_json::{Value, json};

/// A number at the bank, on the person's name.
pub async fn at_bank(story: &Story, pan: &str, more: Value) {
    let mut card = json!({ "pan": pan, "name": "张三", "id_number": ID_NUMBER, "phone": PHONE, "bank": "招商银行", "balance_fen": 1_000_000 });
    card.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    story.all.console.post("/dev/bank/cards", card).await.unwrap();
}

pub fn typed(pan: &str) -> BindRequest {
    BindRequest { card_number: pan.to_owned(), name: "张三".to_owned(), phone: PHONE.to_owned(), expiry: None, cvv: None, bank: None }
}

pub fn printed(pan: &str, expiry: &str) -> BindRequest {
    BindRequest { expiry: Some(expiry.to_owned()), cvv: Some("837".to_owned()), ..typed(pan) }
}

pub async fn otp(story: &Story) -> String {
    story.all.console.otp("bank", PHONE).await.unwrap()
}

pub async fn bound(story: &Story, wallet: &Wallet, request: BindRequest) -> CardView {
    let binding = wallet.cards().bind(request).await.unwrap();
    wallet.cards().confirm(binding.binding_id, otp(story).await).await.unwrap()
}

/// The bank's codes of before, newest first.
pub async fn codes(story: &Story, count: usize) -> Vec<String> {
    let inbox = story.all.console.get(&format!("/dev/inbox?phone={PHONE}")).await.unwrap();
    let all = inbox["messages"].as_array().unwrap().iter().filter(|sms| sms["from"] == "bank");
    all.rev().take(count).map(|sms| sms["otp"].as_str().unwrap().to_owned()).collect()
}

/// Confirms with the code of the two that is the right one.
pub async fn confirmed(wallet: &Wallet, binding: &str, codes: &[String]) -> CardView {
    for code in codes {
        match wallet.cards().confirm(binding.to_owned(), code.clone()).await {
            Ok(card) => return card,
            Err(error) => assert!(error.is(Code::OtpWrong), "{error:?}"),
        }
    }
    panic!("no code is right");
}
