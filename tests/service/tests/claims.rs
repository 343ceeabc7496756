//! Refunds that come after an account was closed for good: back to the card that takes them, else a claim with a number, paid by support
//! to the person and once.

use crate::common::*;
use kabao_base::Id;
use kabao_service::kit::Phone;
use serde_json::{Value, json};

/// A person who paid everything with a code at a till, has no card any more, and whose account is closed; the till's order.
async fn gone(town: &Town) -> (Phone, String) {
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 5_000).await);
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 1}))).await.unwrap();
    let code = payer_code(&batch.json["tokens"][0], 0, kabao_service::World::now(town.world.as_ref()));
    let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 5_000, "order": "till-0"}))).await;
    assert_eq!(charge["code"], "BBS00000", "{charge}");
    ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
    close_for_good(town, &phone).await;
    (phone, "till-0".to_owned())
}

async fn refund(town: &Town, order: &str, fen: i64) {
    let back = town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": order, "amount_fen": fen}))).await;
    assert_eq!(back["code"], "BBS00000", "{back}");
}

async fn claims(town: &Town) -> Vec<Value> {
    town.ask_dev("GET", "/dev/claims", None).await["claims"].as_array().unwrap().clone()
}

async fn pay(town: &Town, number: &Value, name: &str, document: &str) -> (u16, Value) {
    let body = json!({"claim_no": number, "name": name, "document_number": document});
    town.dev().json("POST", "/dev/claims", Some(body)).await.unwrap()
}

/// What stands on an account of the book; the book is even.
async fn on(town: &Town, account: &str) -> i64 {
    let audit = town.audit().await;
    let found = audit["accounts"].as_array().unwrap().iter().find(|row| row["account"] == account).map(|row| row["balance"].as_i64().unwrap());
    found.unwrap_or(0)
}

#[tokio::test]
async fn a_refund_after_the_end_is_a_claim_that_support_pays_once_to_the_person() {
    let mut town = Town::new();
    let (phone, order) = gone(&town).await;
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let document = id_number(0);
    refund(&town, &order, 2_000).await;
    refund(&town, &order, 500).await;
    let waiting = claims(&town).await;
    assert_eq!(waiting.iter().map(|claim| claim["amount_fen"].as_i64().unwrap()).sum::<i64>(), 2_500);
    assert_eq!((on(&town, "claims").await, on(&town, &format!("user:{}", phone.account.unwrap())).await), (2_500, 0));
    let first = waiting.iter().find(|claim| claim["amount_fen"] == 2_000).unwrap();
    let number = &first["claim_no"];
    assert!(first["paid_at"].is_null() && first["pay_by"].as_i64().unwrap() > first["at"].as_i64().unwrap());
    // Another name, another document, nobody's claim, and what no form should hold.
    for (name, shown) in [("李四", document.as_str()), (NAME, "11010119870605999X"), (NAME, &document[..17])] {
        assert_eq!(pay(&town, number, name, shown).await.1["code"], "not_the_person");
    }
    assert_eq!(pay(&town, &json!("K000000000000"), NAME, &document).await.0, 404);
    let megabyte = "6".repeat(1 << 20);
    for wrong in ["", "\u{202e}1", "1\u{200b}", megabyte.as_str()] {
        assert!((400..500).contains(&pay(&town, number, NAME, wrong).await.0));
        assert!((400..500).contains(&pay(&town, number, wrong, &document).await.0));
    }
    assert_eq!(pay(&town, number, "🏦", "🏦").await.1["code"], "not_the_person");
    assert_eq!(on(&town, "claims").await, 2_500);
    let (status, paid) = pay(&town, number, NAME, &document).await;
    assert_eq!((status, paid["amount_fen"].as_i64()), (200, Some(2_000)), "{paid}");
    assert!(paid["paid_at"].is_number());
    town.world.advance(60_000);
    assert_eq!(pay(&town, number, NAME, &document).await.1, paid, "asked again it is the same payout");
    assert_eq!(on(&town, "claims").await, 500);
    // An older copy of the book, twice: the same claims under the same numbers, the one that was paid stays paid.
    for round in 0..2 {
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
        town.restart();
        let again = claims(&town).await;
        let numbers = |claims: &[Value]| {
            let mut numbers: Vec<_> = claims.iter().map(|claim| (claim["claim_no"].clone(), claim["amount_fen"].clone())).map(|pair| format!("{pair:?}")).collect();
            numbers.sort();
            numbers
        };
        assert_eq!(numbers(&again), numbers(&waiting), "{round}");
        assert_eq!(on(&town, "claims").await, 500, "{round}");
        assert_eq!(pay(&town, number, NAME, &document).await.1["paid_at"], paid["paid_at"], "{round}");
        assert_eq!(on(&town, "claims").await, 500, "{round}");
    }
    // After three years support pays no more by itself; what is left stays in the books.
    let second = waiting.iter().find(|claim| claim["amount_fen"] == 500).unwrap();
    town.world.advance(3 * 366 * 86_400_000);
    assert_eq!(pay(&town, &second["claim_no"], NAME, &document).await.1["code"], "claim_over");
    assert_eq!(on(&town, "claims").await, 500);
}

#[tokio::test]
async fn what_a_card_paid_goes_back_to_it_while_its_bank_takes_it() {
    let town = Town::new();
    for (takes_back, waits) in [(true, 0), (false, 700)] {
        let (phone, card) = town.person().await;
        let order = paid_by_card(&town, &phone, card).await;
        ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
        close_for_good(&town, &phone).await;
        town.ask_dev("POST", "/dev/bank/faults", Some(json!({"takes_back": takes_back}))).await;
        refund(&town, &order, 700).await;
        for _ in 0..2 {
            town.world.advance(10_000);
            town.service.tick(kabao_service::World::now(town.world.as_ref()));
            assert_eq!((on(&town, "claims").await, on(&town, "suspense").await), (waits, 0), "{takes_back}");
        }
        assert_eq!(claims(&town).await.len(), usize::from(waits > 0));
    }
}

/// A charge above what a code may take, confirmed by the person from the card.
async fn paid_by_card(town: &Town, phone: &Phone, card: Id) -> String {
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 1}))).await.unwrap();
    let code = payer_code(&batch.json["tokens"][0], 0, kabao_service::World::now(town.world.as_ref()));
    let order = format!("till-{}", phone.account.unwrap());
    let order = order.get(..20).unwrap().to_owned();
    town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 12_000, "order": order}))).await;
    let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
    let ask = &page.json["asks"][0];
    let wanted = json!({"kind": "ask", "amount": ask["amount"], "payee_id": ask["payee_id"], "order": ask["order"], "ask_id": ask["ask_id"]});
    let quote = town.quote(phone, wanted).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
    let paid = put(phone, &body).await;
    assert_eq!(paid.text("state"), "succeeded", "{}", paid.json);
    order
}

#[tokio::test]
async fn the_person_hears_at_the_closing_what_becomes_of_later_refunds() {
    let town = Town::new();
    let (_, _) = gone(&town).await;
    let inbox = town.ask_dev("GET", "/dev/inbox?phone=%2B8613800138000", None).await;
    let told = inbox["messages"].as_array().unwrap().iter().filter(|sms| sms["text"].as_str().unwrap_or_default().contains("三年内可凭姓名和证件")).count();
    assert_eq!(told, 2, "when it begins and when it ends: {inbox}");
}
