//! Withdrawal: money from the balance to a card, whatever the bank does, and after an older copy of the book was put back.

use crate::common::{PIN, Town, cny, ok, put, refused};
use kabao_base::Id;
use kabao_outside::World;
use kabao_proof::{Document, HistoryEntry, RecordKind, Verdict};
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

fn asked(card: Id, fen: i64) -> Value {
    json!({"kind": "withdraw", "amount": cny(fen), "card_id": card})
}

async fn body(town: &Town, phone: &Phone, card: Id, fen: i64) -> Value {
    let quote = town.quote(phone, asked(card, fen)).await;
    phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap()
}

fn path(body: &Value, tail: &str) -> String {
    format!("/v1/payments/{}{tail}", body["terms"]["intent_id"].as_str().unwrap())
}

async fn how(phone: &Phone, body: &Value) -> Reply {
    phone.call("GET", &path(body, ""), None).await.unwrap()
}

async fn abandon(phone: &Phone, body: &Value) -> Reply {
    phone.call("POST", &path(body, "/abandon"), Some(json!({}))).await.unwrap()
}

async fn bank(town: &Town, faults: Value) {
    town.ask_dev("POST", "/dev/bank/faults", Some(faults)).await;
}

async fn holds(town: &Town) -> i64 {
    town.ask_dev("GET", "/dev/bank/holds", None).await["fen"].as_i64().unwrap()
}

fn verdict(phone: &Phone, reply: &Reply) -> Verdict {
    Verdict::open(&wire::bytes(reply.text("proof"), "proof").unwrap(), phone.keys.as_ref().unwrap()).unwrap()
}

fn refusal(phone: &Phone, reply: &Reply) -> String {
    match verdict(phone, reply) {
        Verdict::Refusal(refusal) => refusal.code,
        other => panic!("not a refusal: {other:?}"),
    }
}

/// The newest entry of the history.
async fn newest(phone: &Phone) -> HistoryEntry {
    let page = phone.call("GET", "/v1/history", None).await.unwrap();
    let last = page.json["entries"].as_array().unwrap().last().unwrap().clone();
    HistoryEntry::decode(&wire::bytes(last.as_str().unwrap(), "entry").unwrap()).unwrap()
}

async fn used(phone: &Phone, name: &str) -> i64 {
    let limits = phone.call("GET", "/v1/limits", None).await.unwrap();
    let counters = limits.json["counters"].as_array().unwrap().clone();
    counters.iter().find(|counter| counter["counter"] == name).map_or(0, |counter| counter["used"]["minor"].as_i64().unwrap())
}

/// Time passes, and what the service does by itself is done.
fn later(town: &Town) {
    for _ in 0..5 {
        town.world.advance(30_000);
        town.service.tick(town.world.now());
    }
}

#[tokio::test]
async fn the_balance_goes_to_the_card_with_its_fee_once() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    town.ask_dev("POST", "/dev/fees", Some(json!({"kind": "withdraw", "rate_ppm": 1_000}))).await;
    let quote = town.quote(&phone, asked(card, 5_500)).await;
    assert_eq!((quote["fee"]["minor"].as_i64(), quote["total"]["minor"].as_i64()), (Some(6), Some(5_506)), "5.5 fen is 6");
    assert_eq!((quote["payee_id"].as_str(), &quote["sources"]), (Some(card.to_string().as_str()), &json!([{"source": {"kind": "balance"}, "usable": true}])));
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();
    let done = put(&phone, &body).await;
    ok(&done);
    let Verdict::Receipt(receipt) = verdict(&phone, &done) else { panic!("{done:?}") };
    assert_eq!((receipt.kind, receipt.amount.minor, receipt.fee.minor, receipt.payee_id), (RecordKind::Withdraw, 5_500, 6, Some(card)));
    let stages: Vec<&str> = done.json["timeline"].as_array().unwrap().iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["accepted", "sent_to_bank", "bank_confirmed", "arrived"]);
    for _ in 0..2 {
        assert_eq!(put(&phone, &body).await.raw.body, done.raw.body);
        assert_eq!(abandon(&phone, &body).await.text("state"), "succeeded");
    }
    assert_eq!((town.balance(&phone).await, holds(&town).await), (4_494, 4_500));
    let entry = newest(&phone).await;
    assert_eq!((entry.kind, entry.state.as_str(), entry.amount.minor, entry.balance_after.unwrap().minor), (RecordKind::Withdraw, "done", -5_500, 4_494));
    // Money that stays the person's own is not spent: neither the day nor the year of payments counts it.
    let counters = [used(&phone, "withdraw_day").await, used(&phone, "day").await, used(&phone, "year").await, used(&phone, "own_day").await];
    assert_eq!((counters, used(&phone, "life").await, used(&phone, "free_withdraw").await), ([5_506, 0, 0, 0], 5_506, 5_500));
    town.audit().await;
}

#[tokio::test]
async fn while_the_bank_is_silent_the_money_is_neither_here_nor_lost() {
    for fault in ["hold", "lose_answer", "down"] {
        let mut town = Town::new();
        let (mut phone, card) = town.person().await;
        ok(&town.top_up(&phone, card, 10_000).await);
        bank(&town, json!({"movements": fault})).await;
        let body = body(&town, &phone, card, 9_000).await;
        let pending = put(&phone, &body).await;
        assert_eq!((pending.status, pending.text("state"), pending.text("proof")), (202, "processing", ""), "{fault}");
        assert_eq!(town.balance(&phone).await, 1_000, "it cannot be spent twice");
        let second = phone.call("POST", "/v1/quotes", Some(asked(card, 9_000))).await.unwrap();
        refused(&second, 422, "above_balance");
        let entry = newest(&phone).await;
        assert_eq!((entry.state.as_str(), entry.amount.minor, entry.receipt), ("pending", -9_000, None));
        // Neither a card on its way out nor an account does.
        let removal = json!({"card_id": card, "pin_box": body["approval"]["pin_box"]});
        refused(&phone.call("PUT", &format!("/v1/card-removals/{}", phone.make_id()), Some(removal)).await.unwrap(), 409, "card_in_flight");
        town.restart();
        town.again(&mut phone);
        // Nobody calls it off once the bank may have it.
        if fault != "down" {
            assert_eq!(abandon(&phone, &body).await.text("state"), if fault == "hold" { "dispatched" } else { "succeeded" });
        }
        bank(&town, json!({})).await;
        town.ask_dev("POST", "/dev/bank/settle", None).await;
        later(&town);
        let done = how(&phone, &body).await;
        assert_eq!(done.text("state"), "succeeded", "{fault}");
        assert_eq!((town.balance(&phone).await, holds(&town).await), (1_000, 1_000));
        assert_eq!(newest(&phone).await.state, "done");
        town.audit().await;
    }
}

#[tokio::test]
async fn what_the_bank_does_not_take_is_back_in_the_balance_with_the_reason() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    // Refused at once, and refused after it was accepted.
    for late in [false, true] {
        let body = body(&town, &phone, card, 4_000).await;
        bank(&town, if late { json!({"movements": "hold"}) } else { json!({"movements": "refuse", "code": "bank_refused"}) }).await;
        let first = put(&phone, &body).await;
        assert_eq!(first.status, if late { 202 } else { 200 });
        if late {
            town.ask_dev("POST", "/dev/bank/state", Some(json!({"pan": crate::common::pan(0), "state": "closed"}))).await;
            bank(&town, json!({})).await;
            town.ask_dev("POST", "/dev/bank/settle", None).await;
            later(&town);
        }
        let no = how(&phone, &body).await;
        assert_eq!((no.text("state"), refusal(&phone, &no)), ("refused", if late { "card_closed" } else { "bank_refused" }.to_owned()));
        assert_eq!(no.json["timeline"].as_array().unwrap().last().unwrap()["stage"], "returned");
        let entry = newest(&phone).await;
        assert_eq!((entry.kind, entry.state.as_str(), entry.balance_after.unwrap().minor), (RecordKind::Withdraw, "refused", 10_000));
        assert_eq!((town.balance(&phone).await, holds(&town).await, used(&phone, "withdraw_day").await, used(&phone, "life").await), (10_000, 10_000, 0, 0));
        bank(&town, json!({})).await;
    }
    // The card says from now on why.
    refused(&phone.call("POST", "/v1/quotes", Some(asked(card, 100))).await.unwrap(), 422, "card_closed");
    assert_eq!(town.audit().await["executions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn given_up_before_the_bank_has_it_it_is_dead_and_the_money_is_there() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    // The bank could not be reached at all: it has not heard of it.
    bank(&town, json!({"movements": "down"})).await;
    let body = body(&town, &phone, card, 4_000).await;
    assert_eq!(put(&phone, &body).await.status, 202);
    assert_eq!(abandon(&phone, &body).await.text("state"), "dispatched", "a bank that does not answer has promised nothing");
    bank(&town, json!({"movements": "hold"})).await;
    later(&town);
    let stone = how(&phone, &body).await;
    assert_eq!((stone.status, stone.text("state")), (410, "tombstoned"));
    assert_eq!((town.balance(&phone).await, holds(&town).await), (10_000, 10_000));
    // Never seen at all.
    let unseen = self::body(&town, &phone, card, 500).await;
    assert_eq!(abandon(&phone, &unseen).await.text("state"), "tombstoned");
    assert_eq!(put(&phone, &unseen).await.status, 410);
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    later(&town);
    assert_eq!((town.balance(&phone).await, holds(&town).await), (10_000, 10_000));
    town.audit().await;
}

#[tokio::test]
async fn who_may_not_withdraw_is_told_why_before_money_moves() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let quote = async |body: Value| phone.call("POST", "/v1/quotes", Some(body)).await.unwrap();
    refused(&quote(asked(card, 1)).await, 422, "above_balance");
    ok(&town.top_up(&phone, card, 10_000).await);
    refused(&quote(json!({"kind": "withdraw", "amount": cny(1)})).await, 400, "bad_argument");
    refused(&quote(asked(phone.make_id(), 1)).await, 422, "card_unknown");
    let (other, theirs) = town.person().await;
    refused(&quote(asked(theirs, 1)).await, 422, "card_unknown");
    for (extra, value) in [("payee_id", json!(card)), ("order", json!("a")), ("ask_id", json!(card))] {
        let mut body = asked(card, 1);
        body[extra] = value;
        refused(&quote(body).await, 400, "bad_argument");
    }
    refused(&quote(asked(card, 500_001)).await, 422, "limit_single");
    for fen in [0, -1] {
        assert_eq!(quote(asked(card, fen)).await.status, 422);
    }
    // By finger: not what leaves the wallet.
    let good = town.quote(&phone, asked(card, 700)).await;
    let finger = phone.payment(phone.make_id(), &good, json!({"kind": "balance"}), None).unwrap();
    assert_eq!(refusal(&phone, &put(&phone, &finger).await), "pin_always");
    // From anything but the balance, or to another card than the one that was shown.
    let good = body(&town, &phone, card, 700).await;
    for (field, value) in [("source", json!({"kind": "card", "card_id": card})), ("payee_id", json!(theirs)), ("payee_id", Value::Null), ("kind", json!("pay"))] {
        let mut bad = good.clone();
        bad["terms"][field] = value;
        refused(&put(&phone, &bad).await, 422, "quote_altered");
    }
    let wrong = town.quote(&phone, asked(card, 700)).await;
    let wrong = phone.payment(phone.make_id(), &wrong, json!({"kind": "balance"}), Some("975318")).unwrap();
    assert_eq!(refusal(&phone, &put(&phone, &wrong).await), "pin_wrong");
    // Class I: the lifetime counts withdrawals and refuses none, so that no money is locked in; it takes no top-up that could never
    // be spent.
    let account = |used: Value, class: i64| json!({"account_id": phone.account, "class": class, "used": [used]});
    town.ask_dev("POST", "/dev/limits", Some(account(json!({"counter": "life", "fen": 99_900}), 1))).await;
    ok(&quote(asked(card, 10_000)).await);
    refused(&quote(json!({"kind": "top_up", "amount": cny(1), "card_id": card})).await, 422, "limit_lifetime");
    town.ask_dev("POST", "/dev/limits", Some(account(json!({"counter": "life", "fen": 89_900}), 1))).await;
    ok(&quote(json!({"kind": "top_up", "amount": cny(100), "card_id": card})).await);
    refused(&quote(json!({"kind": "top_up", "amount": cny(101), "card_id": card})).await, 422, "limit_lifetime");
    town.ask_dev("POST", "/dev/limits", Some(account(json!({"counter": "withdraw_day", "fen": 499_950}), 3))).await;
    refused(&quote(asked(card, 51)).await, 422, "limit_day");
    // A quote that was good when it was made is judged again.
    let late = body(&town, &phone, card, 50).await;
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": phone.account, "frozen": true}))).await;
    assert_eq!(refusal(&phone, &put(&phone, &late).await), "account_frozen");
    refused(&quote(asked(card, 1)).await, 403, "account_frozen");
    assert_eq!((town.balance(&phone).await, town.balance(&other).await), (10_000, 0));
    town.audit().await;
}

#[tokio::test]
async fn of_two_phones_that_withdraw_everything_at_once_one_does() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let (first, second) = (body(&town, &phone, card, 10_000).await, body(&town, &phone, card, 10_000).await);
    let (one, two) = tokio::join!(put(&phone, &first), put(&phone, &second));
    let states = [one.text("state"), two.text("state")];
    assert!(states.contains(&"succeeded") && states.contains(&"refused"), "{states:?}");
    let no = if states[0] == "refused" { &one } else { &two };
    assert_eq!((refusal(&phone, no), town.balance(&phone).await, holds(&town).await), ("above_balance".to_owned(), 0, 0));
    town.audit().await;
}

#[tokio::test]
async fn a_restored_book_takes_up_again_what_the_bank_has() {
    for held in [false, true] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        ok(&town.top_up(&phone, card, 10_000).await);
        let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();
        if held {
            bank(&town, json!({"movements": "hold"})).await;
        }
        let body = body(&town, &phone, card, 4_000).await;
        let answer = put(&phone, &body).await;
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": true}))).await;
        // The phone heard nothing and gives it up: what the bank has is not called dead.
        let said = abandon(&phone, &body).await;
        assert_eq!(said.text("state"), if held { "dispatched" } else { "succeeded" });
        assert_eq!(town.balance(&phone).await, 6_000);
        if !held {
            let proof = json!({"proof": answer.text("proof")});
            assert_eq!(phone.call("POST", &path(&body, "/proof"), Some(proof)).await.unwrap().status, 204);
        }
        bank(&town, json!({})).await;
        town.ask_dev("POST", "/dev/bank/settle", None).await;
        later(&town);
        let done = how(&phone, &body).await;
        let Verdict::Receipt(receipt) = verdict(&phone, &done) else { panic!("{done:?}") };
        assert_eq!((done.text("state"), receipt.amount.minor), ("succeeded", 4_000));
        assert_eq!((town.balance(&phone).await, holds(&town).await), (6_000, 6_000));
        assert_eq!(town.audit().await["executions"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_restored_book_without_the_money_waits_for_the_phones_proofs() {
    for held in [false, true] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();
        let quote = town.quote(&phone, json!({"kind": "top_up", "amount": cny(10_000)})).await;
        let topped = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
        let receipt = put(&phone, &topped).await;
        ok(&receipt);
        if held {
            bank(&town, json!({"movements": "hold"})).await;
        }
        let body = body(&town, &phone, card, 4_000).await;
        let answer = put(&phone, &body).await;
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": true}))).await;
        assert_eq!(town.balance(&phone).await, 0);
        let nobody = abandon(&phone, &body).await;
        assert_eq!((nobody.status, nobody.code()), (503, "service_down"), "the bank has it: nobody calls it dead");
        for (body, answer) in [(&topped, &receipt), (&body, &answer)] {
            if !answer.text("proof").is_empty() {
                let proof = json!({"proof": answer.text("proof")});
                assert_eq!(phone.call("POST", &path(body, "/proof"), Some(proof)).await.unwrap().status, 204);
            }
        }
        bank(&town, json!({})).await;
        town.ask_dev("POST", "/dev/bank/settle", None).await;
        later(&town);
        assert_eq!(how(&phone, &body).await.text("state"), "succeeded");
        assert_eq!((town.balance(&phone).await, holds(&town).await), (6_000, 6_000));
        town.audit().await;
    }
}
