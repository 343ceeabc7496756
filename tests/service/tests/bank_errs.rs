//! A bank whose own book says something else than it was asked for.

use crate::common::book::*;
use crate::common::{Town, cny, ok, put};
use kabao_proof::Verdict;
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

fn refusal_code(phone: &Phone, reply: &Reply) -> String {
    assert_eq!((reply.status, reply.text("state")), (200, "refused"), "{}", reply.json);
    match Verdict::open(&wire::bytes(reply.text("proof"), "proof").unwrap(), phone.keys.as_ref().unwrap()).unwrap() {
        Verdict::Refusal(refusal) => refusal.code,
        other => panic!("not a refusal: {other:?}"),
    }
}

async fn alarms(town: &Town) -> Value {
    town.ask_dev("GET", "/dev/alarms", None).await["alarms"].clone()
}

#[tokio::test]
async fn a_bank_that_books_another_amount_makes_no_receipt() {
    for (booked, lost) in [(9, false), (5_001, false), (4_999, true)] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        let movements = if lost { "lose_answer" } else { "none" };
        bank(&town, json!({"movements": movements, "books_amount": booked})).await;
        let body = asked(&town, &phone, json!({"kind": "top_up", "amount": cny(5_000)}), json!({"kind": "card", "card_id": card})).await;
        let said = put(&phone, &body).await;
        bank(&town, json!({})).await;
        if lost {
            assert_eq!(said.text("state"), "processing");
        } else {
            assert_eq!(refusal_code(&phone, &said), "bank_refused");
        }
        later(&town);
        let end = how(&phone, &body).await;
        assert_eq!(refusal_code(&phone, &end), "bank_refused");
        // What it took is back on the card, whole, and somebody has to look at it.
        assert_eq!((town.balance(&phone).await, holds(&town).await), (0, 0));
        let alarms = alarms(&town).await;
        assert_eq!(alarms.as_array().unwrap().len(), 1, "{alarms}");
        let said = (&alarms[0]["ref"], &alarms[0]["reason"], alarms[0]["asked_fen"].as_i64(), alarms[0]["booked_fen"].as_i64());
        assert_eq!(said, (&body["terms"]["intent_id"], &json!("bank_amount"), Some(5_000), Some(booked)));
        assert_eq!(town.audit().await["executions"], json!([]));
    }
}

#[tokio::test]
async fn a_withdrawal_that_a_bank_books_otherwise_waits_for_somebody() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let body = asked(&town, &phone, withdrawal(card, 4_000), balance()).await;
    bank(&town, json!({"books_amount": 400})).await;
    assert_eq!(put(&phone, &body).await.text("state"), "processing");
    bank(&town, json!({})).await;
    later(&town);
    assert_eq!(abandon(&phone, &body).await.text("state"), "dispatched");
    assert_eq!(town.balance(&phone).await, 6_000);
    let alarms = alarms(&town).await;
    assert_eq!((alarms.as_array().unwrap().len(), alarms[0]["asked_fen"].as_i64(), alarms[0]["booked_fen"].as_i64()), (1, Some(4_000), Some(400)));
    // The bank puts its book right, and the receipt is ours again.
    let book = rusqlite::Connection::open(town.folder.path().join("bank.db")).unwrap();
    assert_eq!(book.execute("DELETE FROM booked", []).unwrap(), 1);
    later(&town);
    assert_eq!(how(&phone, &body).await.text("state"), "succeeded");
    town.audit().await;
}

#[tokio::test]
async fn a_bank_that_pays_out_what_is_dead_is_told_of() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    bank(&town, json!({"movements": "refuse", "code": "bank_refused"})).await;
    let body = asked(&town, &phone, withdrawal(card, 4_000), balance()).await;
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await), "bank_refused");
    later(&town);
    assert_eq!(alarms(&town).await, json!([]));
    let book = rusqlite::Connection::open(town.folder.path().join("bank.db")).unwrap();
    let sql = "UPDATE movements SET state = 'done', executed_at = ?1 WHERE kind = 'credit'";
    assert_eq!(book.execute(sql, [kabao_outside::World::now(town.world.as_ref()).as_ms()]).unwrap(), 1);
    later(&town);
    let alarms = alarms(&town).await;
    assert_eq!((&alarms[0]["ref"], &alarms[0]["reason"], alarms.as_array().unwrap().len()), (&body["terms"]["intent_id"], &json!("bank_paid_dead"), 1));
    assert_eq!(town.balance(&phone).await, 10_000);
    town.audit().await;
}
