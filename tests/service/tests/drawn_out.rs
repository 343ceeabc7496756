//! A transfer that its payee drew out to a card before an older copy of the book was put back: the bank has paid it, so that it
//! comes to nobody a second time, whoever comes first, and also when the payee's account is closed.

use crate::common::{PIN, Town, close_for_good, cny, ok, put, refused};
use kabao_base::Id;
use kabao_outside::World;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

/// Two persons and what became of the money before the older copy: 100.00 came, 20.00 went over and was drawn out.
struct Tale {
    town: Town,
    payer: Phone,
    payee: Phone,
    card: Id,
    topped: (Value, Reply),
    sent: (Value, Reply),
    drawn: (Value, Reply),
    /// The book before all of it, and after the money had come.
    snapshots: [Value; 2],
}

const BEFORE: usize = 0;
const AFTER: usize = 1;

fn path(body: &Value, tail: &str) -> String {
    format!("/v1/payments/{}{tail}", body["terms"]["intent_id"].as_str().unwrap())
}

async fn pay(town: &Town, phone: &Phone, quote: Value, source: Value) -> (Value, Reply) {
    let quote = town.quote(phone, quote).await;
    let body = phone.payment(phone.make_id(), &quote, source, Some(PIN)).unwrap();
    let reply = put(phone, &body).await;
    ok(&reply);
    (body, reply)
}

fn balance() -> Value {
    json!({"kind": "balance"})
}

async fn snapshot(town: &Town) -> Value {
    town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone()
}

async fn tale() -> Tale {
    let town = Town::new();
    let (payer, from) = town.person().await;
    let (payee, card) = town.person().await;
    let before = snapshot(&town).await;
    let topped = pay(&town, &payer, json!({"kind": "top_up", "amount": cny(10_000)}), json!({"kind": "card", "card_id": from})).await;
    let found = payer.call("POST", "/v1/payees/person", Some(json!({"phone": "+8613800138001"}))).await.unwrap();
    ok(&found);
    let after = snapshot(&town).await;
    let asked = json!({"kind": "transfer", "amount": cny(2_000), "payee_id": found.text("payee_id"), "delay_ms": 0});
    let sent = pay(&town, &payer, asked, balance()).await;
    let drawn = pay(&town, &payee, json!({"kind": "withdraw", "amount": cny(2_000), "card_id": card}), balance()).await;
    assert_eq!((town.balance(&payer).await, town.balance(&payee).await, holds(&town).await), (8_000, 0, 8_000));
    Tale { town, payer, payee, card, topped, sent, drawn, snapshots: [before, after] }
}

/// What the bank holds for us.
async fn holds(town: &Town) -> i64 {
    town.ask_dev("GET", "/dev/bank/holds", None).await["fen"].as_i64().unwrap()
}

async fn restore(tale: &Tale, to: usize) {
    tale.town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": tale.snapshots[to], "rebuild": true}))).await;
}

async fn present(phone: &Phone, (body, answer): &(Value, Reply)) -> u16 {
    phone.call("POST", &path(body, "/proof"), Some(json!({"proof": answer.text("proof")}))).await.unwrap().status
}

fn later(town: &Town) {
    for _ in 0..5 {
        town.world.advance(30_000);
        town.service.tick(town.world.now());
    }
}

async fn unbind(tale: &Tale) {
    let reply = tale.payee.remove_card(tale.payee.make_id(), tale.card, PIN).await.unwrap();
    assert!((200..300).contains(&reply.status), "{}", reply.json);
}

async fn state(tale: &Tale) -> String {
    let intent = tale.sent.0["terms"]["intent_id"].as_str().unwrap();
    let reply = tale.payer.call("GET", &format!("/v1/transfers/{intent}"), None).await.unwrap();
    ok(&reply);
    reply.text("state").to_owned()
}

/// What the payer has is what the bank holds: nothing came twice, and nothing is gone.
async fn even(tale: &Tale) {
    assert_eq!((state(tale).await.as_str(), tale.town.balance(&tale.payer).await, holds(&tale.town).await), ("arrived", 8_000, 8_000));
    let audit = tale.town.audit().await;
    let accounts = audit["accounts"].as_array().unwrap();
    for left in ["suspense", "claims"] {
        assert!(accounts.iter().all(|account| account["account"] != left || account["balance"] == 0), "{audit}");
    }
}

#[tokio::test]
async fn what_was_transferred_and_drawn_out_is_so_again_without_any_phone() {
    let tale = tale().await;
    restore(&tale, AFTER).await;
    assert_eq!((tale.town.balance(&tale.payer).await, tale.town.balance(&tale.payee).await), (8_000, 0));
    later(&tale.town);
    even(&tale).await;
    // Another phone of the payer finds nothing to spend a second time, and proofs that come late change nothing.
    refused(&tale.payer.call("POST", "/v1/quotes", Some(json!({"kind": "transfer", "amount": cny(8_001), "payee_id": tale.payee.account, "delay_ms": 0}))).await.unwrap(), 422, "above_balance");
    for (phone, shown) in [(&tale.payer, &tale.sent), (&tale.payee, &tale.drawn), (&tale.payer, &tale.topped)] {
        assert_eq!(present(phone, shown).await, 204);
    }
    later(&tale.town);
    even(&tale).await;
}

#[tokio::test]
async fn an_account_does_not_close_over_what_its_bank_paid_out_of_a_lost_book() {
    let tale = tale().await;
    restore(&tale, BEFORE).await;
    unbind(&tale).await;
    let closure = tale.payee.call("GET", "/v1/closures", None).await.unwrap();
    let points = closure.json["points"].as_array().unwrap().clone();
    let open = points.iter().find(|point| point["point"] == "in_flight").unwrap();
    assert_eq!((open["blocks"].as_bool(), open["count"].as_i64()), (Some(true), Some(1)), "{points:?}");
    let id = tale.payee.make_id();
    let asked = json!({"proof_id": tale.payee.make_id(), "confirmed": true});
    refused(&tale.payee.call("PUT", &format!("/v1/closures/{id}"), Some(asked)).await.unwrap(), 409, "closure_in_flight");
    // The payer's phone is on again: everything is where it was, and nothing stands in the way any more.
    assert_eq!(present(&tale.payer, &tale.topped).await, 204);
    assert_eq!((tale.town.balance(&tale.payer).await, tale.town.balance(&tale.payee).await), (8_000, 0));
    later(&tale.town);
    even(&tale).await;
    assert_eq!((tale.town.balance(&tale.payee).await, present(&tale.payee, &tale.drawn).await), (0, 204));
    close_for_good(&tale.town, &tale.payee).await;
    even(&tale).await;
}

#[tokio::test]
async fn what_a_closed_payee_drew_out_does_not_come_back_to_the_payer() {
    for to in [BEFORE, AFTER] {
        let tale = tale().await;
        unbind(&tale).await;
        close_for_good(&tale.town, &tale.payee).await;
        restore(&tale, to).await;
        for _ in 0..2 {
            assert_eq!([present(&tale.payer, &tale.topped).await, present(&tale.payer, &tale.sent).await], [204, 204]);
            later(&tale.town);
            even(&tale).await;
        }
    }
}

#[tokio::test]
async fn a_payee_who_drew_nothing_out_and_closed_gives_it_back() {
    let town = Town::new();
    let (payer, from) = town.person().await;
    let (payee, card) = town.person().await;
    let before = snapshot(&town).await;
    let topped = pay(&town, &payer, json!({"kind": "top_up", "amount": cny(10_000)}), json!({"kind": "card", "card_id": from})).await;
    let found = payer.call("POST", "/v1/payees/person", Some(json!({"phone": "+8613800138001"}))).await.unwrap();
    let asked = json!({"kind": "transfer", "amount": cny(2_000), "payee_id": found.text("payee_id"), "delay_ms": 7_200_000});
    let sent = pay(&town, &payer, asked, balance()).await;
    let tale = Tale { town, payer, payee, card, topped, drawn: sent.clone(), sent, snapshots: [before.clone(), before] };
    restore(&tale, BEFORE).await;
    unbind(&tale).await;
    close_for_good(&tale.town, &tale.payee).await;
    assert_eq!(present(&tale.payer, &tale.topped).await, 204);
    later(&tale.town);
    assert_eq!((state(&tale).await.as_str(), tale.town.balance(&tale.payer).await, holds(&tale.town).await), ("returned", 10_000, 10_000));
    tale.town.audit().await;
}
