//! A book that was put back to an older copy has forgotten what was signed after the copy: what it says must be no other truth.

use crate::common::book::*;
use crate::common::{Town, cny, ok, pan, payer_code, put, refused};
use kabao_base::Id;
use kabao_outside::World;
use kabao_service::kit::Phone;
use serde_json::{Value, json};

async fn pay_body(town: &Town, phone: &Phone, payee: &str, fen: i64, order: &str) -> Value {
    asked(town, phone, json!({"kind": "pay", "amount": cny(fen), "payee_id": payee, "order": order}), balance()).await
}

async fn top_up_body(town: &Town, phone: &Phone, card: Id, fen: i64) -> Value {
    asked(town, phone, json!({"kind": "top_up", "amount": cny(fen)}), json!({"kind": "card", "card_id": card})).await
}

#[tokio::test]
async fn a_late_original_under_a_quote_of_the_copy_does_not_outrun_its_tombstone() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    let mut bodies = vec![pay_body(&town, &phone, &payee, 1_000, "a").await, top_up_body(&town, &phone, card, 2_000).await];
    bodies.push(asked(&town, &phone, withdrawal(card, 3_000), balance()).await);
    let copy = snapshot(&town).await;
    let mut stones = Vec::new();
    for body in &bodies {
        stones.push(abandon(&phone, body).await);
    }
    restore(&town, &copy).await;
    for body in &bodies {
        // It was on its way all the while, its quote is in the copy and young.
        refused(&put(&phone, body).await, 422, "quote_unknown");
    }
    for (body, stone) in bodies.iter().zip(&stones) {
        assert_eq!((stone.text("state"), present(&phone, body, stone).await), ("tombstoned", 204));
        assert_eq!(put(&phone, body).await.status, 410);
    }
    assert_eq!((parts(&phone).await, holds(&town).await), ((10_000, 0), 10_000));
    // The service goes on: what is quoted now is paid.
    let fresh = pay_body(&town, &phone, &payee, 1_000, "a").await;
    assert_eq!(put(&phone, &fresh).await.text("state"), "succeeded");
    town.audit().await;
}

#[tokio::test]
async fn a_debit_that_the_book_lost_is_told_alike_by_whoever_is_asked() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let copy = snapshot(&town).await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    ok(&put(&phone, &body).await);
    restore(&town, &copy).await;
    // Nobody gave it up: a phone that holds the receipt presents it.
    refused(&how(&phone, &body).await, 404, "not_found");
    bank(&town, json!({"movements": "hold"})).await;
    let given_up = abandon(&phone, &body).await;
    assert_eq!((given_up.status, given_up.text("state")), (202, "dispatched"));
    let asked = how(&phone, &body).await;
    assert_eq!((asked.status, asked.text("state"), asked.text("proof")), (202, "processing", ""), "{}", asked.json);
    bank(&town, json!({})).await;
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    later(&town);
    let (asked, again) = (how(&phone, &body).await, abandon(&phone, &body).await);
    assert_eq!((asked.status, asked.text("state"), again.text("state")), (410, "tombstoned", "tombstoned"));
    assert_eq!((asked.text("proof"), holds(&town).await), (again.text("proof"), 0));
    town.audit().await;
}

#[tokio::test]
async fn a_withdrawal_that_was_signed_as_dead_is_not_paid_out_by_a_book_that_forgot_it() {
    for refused_by_bank in [false, true] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        ok(&town.top_up(&phone, card, 10_000).await);
        let copy = snapshot(&town).await;
        let body = asked(&town, &phone, withdrawal(card, 4_000), balance()).await;
        let end = if refused_by_bank {
            bank(&town, json!({"movements": "hold"})).await;
            assert_eq!(put(&phone, &body).await.text("state"), "processing");
            town.ask_dev("POST", "/dev/bank/state", Some(json!({"pan": pan(0), "state": "closed"}))).await;
            town.ask_dev("POST", "/dev/bank/settle", None).await;
            how(&phone, &body).await
        } else {
            // The vault has it, the book could not take it, and the bank never heard of it.
            torn(&town, &phone, &body, "payments").await;
            abandon(&phone, &body).await
        };
        assert_eq!(end.text("state"), if refused_by_bank { "refused" } else { "tombstoned" });
        // The bank says nothing while the older book comes back.
        bank(&town, json!({"silent_queries": true})).await;
        restore(&town, &copy).await;
        assert_eq!(parts(&phone).await, (10_000, 0));
        bank(&town, json!({})).await;
        later(&town);
        assert_eq!((parts(&phone).await, holds(&town).await), ((10_000, 0), 10_000));
        assert_eq!(present(&phone, &body, &end).await, 204);
        let code = if refused_by_bank { "card_closed" } else { "above_balance" };
        refused(&quoted(&phone, withdrawal(card, 10_001)).await, 422, code);
        assert_eq!(town.audit().await["executions"].as_array().unwrap().len(), 1, "the top-up");
    }
}

async fn counters(phone: &Phone) -> Value {
    let limits = phone.call("GET", "/v1/limits", None).await.unwrap();
    ok(&limits);
    limits.json["counters"].clone()
}

async fn code(town: &Town, phone: &Phone) -> String {
    let batch = json!({"batch_id": phone.make_id(), "count": 1});
    let tokens = phone.call("POST", "/v1/payer-codes", Some(batch)).await.unwrap();
    payer_code(&tokens.json["tokens"][0], 0, World::now(town.world.as_ref()))
}

async fn till(town: &Town, path: &str, body: Value) {
    let said = town.ask_dev("POST", &format!("/dev/till/{path}"), Some(body)).await;
    assert!(["BBS00000", "BBS10000"].contains(&said["code"].as_str().unwrap()), "{said}");
}

#[tokio::test]
async fn what_receipts_mend_is_counted_as_it_was_and_a_refund_takes_the_same_away() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 60_000).await);
    let payee = town.merchant().await;
    let (small, large) = (code(&town, &phone).await, code(&town, &phone).await);
    // One is on its way when the copy is made.
    bank(&town, json!({"movements": "hold"})).await;
    let slow = top_up_body(&town, &phone, card, 700).await;
    assert_eq!(put(&phone, &slow).await.text("state"), "processing");
    let copy = snapshot(&town).await;
    bank(&town, json!({})).await;
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    let arrived = how(&phone, &slow).await;
    assert_eq!(arrived.text("state"), "succeeded");
    let before = counters(&phone).await;
    // A top-up, a printed code, a payer code, and a question that was answered from a card.
    let topped = top_up_body(&town, &phone, card, 1_000).await;
    let paid = pay_body(&town, &phone, &payee, 2_000, "a").await;
    let receipts = [put(&phone, &topped).await, put(&phone, &paid).await];
    till(&town, "charge", json!({"code": small, "amount_fen": 500, "order": "T1"})).await;
    till(&town, "charge", json!({"code": large, "amount_fen": 40_000, "order": "T2"})).await;
    let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
    let ask = &page.json["asks"][0];
    let wanted = json!({"kind": "ask", "amount": ask["amount"], "payee_id": ask["payee_id"], "order": ask["order"], "ask_id": ask["ask_id"]});
    let answered = asked(&town, &phone, wanted, json!({"kind": "card", "card_id": card})).await;
    let receipt = put(&phone, &answered).await;
    assert_eq!(receipt.text("state"), "succeeded");
    let counted = counters(&phone).await;
    assert_ne!(before, counted);
    town.world.advance(60_000);
    for of_till_first in [true, false] {
        restore(&town, &copy).await;
        let mut shown = vec![(&slow, &arrived), (&topped, &receipts[0]), (&paid, &receipts[1]), (&answered, &receipt)];
        if !of_till_first {
            shown.reverse();
        }
        for (body, answer) in shown {
            assert_eq!(present(&phone, body, answer).await, 204);
        }
        assert_eq!(counters(&phone).await, counted, "{of_till_first}");
    }
    // What the merchants give back is taken from where it was counted, and from nothing else.
    till(&town, "refund", json!({"origin": "T2", "amount_fen": 40_000})).await;
    till(&town, "refund", json!({"origin": "T1", "amount_fen": 500})).await;
    let used = |counters: &Value, name: &str| -> i64 {
        counters.as_array().unwrap().iter().find(|counter| counter["counter"] == name).map_or(0, |counter| counter["used"]["minor"].as_i64().unwrap())
    };
    let now = counters(&phone).await;
    assert_eq!(["code_day", "card_day", "static_day", "day", "own_day"].map(|name| used(&now, name)), [0, 0, 2_000, 2_000, 2_000], "{now}");
    assert_eq!(["code_day", "card_day", "static_day", "day", "own_day"].map(|name| used(&counted, name)), [500, 40_000, 2_000, 2_500, 42_500], "{counted}");
    town.audit().await;
}

#[tokio::test]
async fn an_order_that_was_paid_twice_stands_twice_and_its_payer_is_told() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let (friend, theirs) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    ok(&town.top_up(&friend, theirs, 10_000).await);
    let payee = town.merchant().await;
    let copy = snapshot(&town).await;
    let first = pay_body(&town, &phone, &payee, 1_000, "a").await;
    let receipt = put(&phone, &first).await;
    ok(&receipt);
    let alone = pay_body(&town, &phone, &payee, 300, "b").await;
    let other_receipt = put(&phone, &alone).await;
    for payer in [&phone, &friend] {
        restore(&town, &copy).await;
        let anew = pay_body(&town, payer, &payee, 1_000, "a").await;
        let again = put(payer, &anew).await;
        assert_eq!(again.text("state"), "succeeded");
        let shown = json!({"proof": receipt.text("proof")});
        for _ in 0..2 {
            let said = phone.call("POST", &path(&first, "/proof"), Some(shown.clone())).await.unwrap();
            ok(&said);
            // Whose record the other one is stays with whom it belongs to.
            let other = records(payer).await.into_iter().find(|entry| entry.intent_id.is_some_and(|id| anew["terms"]["intent_id"] == id.to_string())).unwrap();
            let wanted = if payer.account == phone.account { json!({"order": "a", "other_id": other.record_id}) } else { json!({"order": "a"}) };
            assert_eq!((said.status, said.json), (200, wanted));
        }
        assert_eq!(present(&phone, &alone, &other_receipt).await, 204, "an order that was paid once");
        let book = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
        let sql = "SELECT count(*) FROM payments WHERE state = 'succeeded' AND payee_id = ?1 GROUP BY payee_id, coalesce(order_no, order_again) ORDER BY 1";
        let mut select = book.prepare(sql).unwrap();
        let times: Vec<i64> = select.query_map([&payee], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(times, [1, 2]);
        // Both stand under their order in the histories.
        let of_order = records(&phone).await.iter().chain(&records(&friend).await).filter(|entry| entry.order.as_deref() == Some("a")).count();
        assert_eq!(of_order, 2);
        town.audit().await;
    }
}

/// The network plays a request again that the lost book had answered: the one that was put back has forgotten it. Nobody gives up a payment by it
/// whose receipt the phone holds.
#[tokio::test]
async fn a_request_that_the_lost_book_took_is_not_taken_again() {
    for pause_ms in [0, 60_000] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        let copy = snapshot(&town).await;
        let body = top_up_body(&town, &phone, card, 5_000).await;
        let paid = put(&phone, &body).await;
        let path = format!("/v1/payments/{}/abandon", body["terms"]["intent_id"].as_str().unwrap());
        let headers = phone.sign("POST", &path, b"{}").unwrap();
        assert_eq!(phone.call_with("POST", &path, &headers, b"{}").await.unwrap().text("state"), "succeeded");
        town.world.advance(pause_ms);
        restore(&town, &copy).await;
        let again = phone.call_with("POST", &path, &headers, b"{}").await.unwrap();
        refused(&again, 401, if pause_ms == 0 { "replayed" } else { "clock_skew" });
        assert_eq!((present(&phone, &body, &paid).await, parts(&phone).await, holds(&town).await), (204, (5_000, 0), 5_000));
        town.audit().await;
    }
}

/// The copy has the money of a lost payment in suspense, where it waited for its phone; after the copy was made it went back to its card.
#[tokio::test]
async fn money_that_went_back_after_the_copy_is_not_in_it_any_more() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let first = snapshot(&town).await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    let paid = put(&phone, &body).await;
    restore(&town, &first).await;
    let second = snapshot(&town).await;
    assert_eq!(abandon(&phone, &body).await.text("state"), "tombstoned");
    assert_eq!(holds(&town).await, 0);
    restore(&town, &second).await;
    assert_eq!(how(&phone, &body).await.text("state"), "tombstoned");
    assert_eq!((present(&phone, &body, &paid).await, parts(&phone).await, holds(&town).await), (409, (0, 0), 0));
    town.audit().await;
}

#[tokio::test]
async fn a_charge_that_waits_for_its_money_is_given_back_when_it_is_there() {
    for (undone, state) in [("revoke", "REVOKED"), ("refund", "REFUND")] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        let (code, other) = (code(&town, &phone).await, code(&town, &phone).await);
        ok(&town.top_up(&phone, card, 500).await);
        let copy = snapshot(&town).await;
        let topped = top_up_body(&town, &phone, card, 1_000).await;
        let receipt = put(&phone, &topped).await;
        till(&town, "charge", json!({"code": code, "amount_fen": 900, "order": "T1"})).await;
        restore(&town, &copy).await;
        // What is there is owed to that till.
        let more = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": other, "amount_fen": 400, "order": "T2"}))).await;
        assert!(more["msg"].as_str().unwrap().contains("balance_low"), "{more}");
        // The top-up that paid it is not in the copy, and its phone is away: the till wants it undone all the same.
        let said = town.ask_dev("POST", &format!("/dev/till/{undone}"), Some(json!({"origin": "T1", "order": "T1-back", "amount_fen": 900}))).await;
        assert_eq!(said["code"], "BBS11112", "its outcome is not known yet: {said}");
        assert_eq!(present(&phone, &topped, &receipt).await, 204);
        later(&town);
        let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
        assert_eq!(page.json["balance"]["minor"], 1_500, "{undone}");
        let told = town.ask_dev("POST", "/dev/till/query", Some(json!({"order": "T1"}))).await;
        assert_eq!(told["data"]["trade_state"], state, "{told}");
        town.audit().await;
    }
}
