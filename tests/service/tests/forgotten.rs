//! Money that left a book which was then put back to an older copy: it does not leave a second time, whoever asks, and whatever the
//! copy knows of cards, top-ups and transfers.

use crate::common::book::*;
use crate::common::{NAME, PIN, Town, cny, ok, pan, put, refused};
use kabao_base::Id;
use kabao_outside::World;
use kabao_proof::{HistoryEntry, Verdict};
use kabao_service::kit::Reply;
use kabao_service::wire;
use serde_json::{Value, json};

#[tokio::test]
async fn a_withdrawal_to_a_card_that_the_copy_does_not_know_is_taken_up() {
    for (held, done) in [(false, true), (true, true), (true, false)] {
        let town = Town::new();
        let (phone, card) = town.person().await;
        ok(&town.top_up(&phone, card, 50_000).await);
        let copy = snapshot(&town).await;
        let other = phone.bind(&pan(40), NAME, "13800138000").await.unwrap();
        ok(&other);
        if held {
            bank(&town, json!({"movements": "hold"})).await;
        }
        let body = asked(&town, &phone, withdrawal(Id::parse(other.text("card_id")).unwrap(), 10_000), balance()).await;
        put(&phone, &body).await;
        let before = records(&phone).await;
        restore(&town, &copy).await;
        // Before anybody shows anything.
        assert_eq!(parts(&phone).await, (40_000, 0));
        refused(&quoted(&phone, withdrawal(card, 40_001)).await, 422, "above_balance");
        assert_eq!(abandon(&phone, &body).await.text("state"), if held { "dispatched" } else { "succeeded" });
        if !done {
            town.ask_dev("POST", "/dev/bank/state", Some(json!({"pan": pan(40), "state": "closed"}))).await;
        }
        bank(&town, json!({})).await;
        town.ask_dev("POST", "/dev/bank/settle", None).await;
        later(&town);
        let left = if done { 40_000 } else { 50_000 };
        assert_eq!((how(&phone, &body).await.text("state"), parts(&phone).await), (if done { "succeeded" } else { "refused" }, (left, 0)));
        assert_eq!(holds(&town).await, left);
        let (was, is) = (before.last().unwrap(), records(&phone).await.pop().unwrap());
        assert_eq!((is.record_id, &is.payee_name, is.payee_id), (was.record_id, &was.payee_name, was.payee_id));
        town.audit().await;
    }
}

#[tokio::test]
async fn what_was_paid_out_of_money_that_the_copy_does_not_have_is_held_until_it_comes() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let (_friend, _) = town.person().await;
    let payee = found(&phone).await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let copy = snapshot(&town).await;
    let topped = asked(&town, &phone, json!({"kind": "top_up", "amount": cny(5_000)}), json!({"kind": "card", "card_id": card})).await;
    let receipt = put(&phone, &topped).await;
    ok(&receipt);
    let body = asked(&town, &phone, withdrawal(card, 12_000), balance()).await;
    ok(&put(&phone, &body).await);
    assert_eq!((parts(&phone).await, holds(&town).await), ((3_000, 0), 3_000));
    restore(&town, &copy).await;
    for _ in 0..2 {
        assert_eq!(parts(&phone).await, (10_000, 10_000));
        for quote in [withdrawal(card, 1), transfer(&payee, 1, 0)] {
            refused(&quoted(&phone, quote).await, 422, "above_balance");
        }
        // Nobody signs that it was refused, or dead: it was carried out.
        for said in [put(&phone, &body).await, abandon(&phone, &body).await] {
            refused(&said, 503, "service_down");
        }
        later(&town);
    }
    assert_eq!(present(&phone, &topped, &receipt).await, 204);
    assert_eq!((parts(&phone).await, holds(&town).await), ((3_000, 0), 3_000));
    later(&town);
    assert_eq!(how(&phone, &body).await.text("state"), "succeeded");
    ok(&quoted(&phone, withdrawal(card, 3_000)).await);
    town.audit().await;
}

#[tokio::test]
async fn a_transfer_is_there_again_for_both_and_waits_as_it_did() {
    for (delay, called_back) in [(0, false), (7_200_000, false), (7_200_000, true)] {
        let (town, payer, payee, to) = friends(10_000).await;
        let copy = snapshot(&town).await;
        let body = asked(&town, &payer, transfer(&to, 4_000, delay), balance()).await;
        let sent = put(&payer, &body).await;
        ok(&sent);
        let cancel = format!("/v1/transfers/{}/cancel", body["terms"]["intent_id"].as_str().unwrap());
        if called_back {
            ok(&payer.call("POST", &cancel, Some(json!({}))).await.unwrap());
        }
        let before = (records(&payer).await, records(&payee).await);
        town.world.advance(60_000);
        restore(&town, &copy).await;
        let (mine, theirs) = match (delay, called_back) {
            (0, _) => (6_000, 4_000),
            (_, true) => (10_000, 0),
            (_, false) => (6_000, 0),
        };
        assert_eq!(((mine, 0), (theirs, 0)), (parts(&payer).await, parts(&payee).await));
        // The same records in the same states, and a receipt of the same transfer.
        let told = |records: &[HistoryEntry]| -> Vec<_> { records.iter().map(|entry| (entry.record_id, entry.state.clone(), entry.amount.minor, entry.at)).collect() };
        assert_eq!(told(&before.0)[..2], told(&records(&payer).await)[..2]);
        assert_eq!(before.1.len(), records(&payee).await.len());
        let open = |reply: &Reply| match Verdict::open(&wire::bytes(reply.text("proof"), "proof").unwrap(), payer.keys.as_ref().unwrap()).unwrap() {
            Verdict::Receipt(receipt) => (receipt.record_id, receipt.terms_digest, receipt.amount, receipt.at, receipt.arrives_at),
            other => panic!("not a receipt: {other:?}"),
        };
        assert_eq!(open(&sent), open(&how(&payer, &body).await));
        assert_eq!((put(&payer, &body).await.text("state"), abandon(&payer, &body).await.text("state")), ("succeeded", "succeeded"));
        assert_eq!(present(&payer, &body, &sent).await, 204);
        town.world.advance(delay);
        town.service.tick(town.world.now());
        let at_last = if called_back { (10_000, 0) } else { (6_000, 4_000) };
        assert_eq!((town.balance(&payer).await, town.balance(&payee).await), at_last);
        // Once more, from the same copy.
        restore(&town, &copy).await;
        assert_eq!((town.balance(&payer).await, town.balance(&payee).await), at_last);
        town.audit().await;
    }
}

#[tokio::test]
async fn an_account_that_was_opened_after_the_copy_goes_on_with_its_phone() {
    let town = Town::new();
    let (_other, _) = town.person().await;
    let (friend, _) = town.person().await;
    let copy = snapshot(&town).await;
    let (phone, card) = town.person().await;
    let topped = asked(&town, &phone, json!({"kind": "top_up", "amount": cny(30_000)}), json!({"kind": "card", "card_id": card})).await;
    let receipt = put(&phone, &topped).await;
    ok(&receipt);
    let to = found(&phone).await;
    let sent = asked(&town, &phone, transfer(&to, 4_000, 0), balance()).await;
    ok(&put(&phone, &sent).await);
    assert_eq!((town.balance(&phone).await, town.balance(&friend).await), (26_000, 4_000));
    for _ in 0..2 {
        restore(&town, &copy).await;
        // The phone is no stranger, the PIN is chosen, and the number is taken.
        let account = phone.call("GET", "/v1/account", None).await.unwrap();
        ok(&account);
        assert_eq!((&account.json["pin_set"], &account.json["class"], &account.json["balance"]["minor"]), (&json!(true), &json!(0), &json!(0)));
        refused(&town.phone().await.register("+8613800138002").await.unwrap(), 409, "phone_taken");
        // The phone shows what it has: the money is there, and what went over went over.
        assert_eq!(present(&phone, &topped, &receipt).await, 204);
        assert_eq!((parts(&phone).await, parts(&friend).await), ((26_000, 0), (4_000, 0)));
        assert_eq!(how(&phone, &sent).await.text("state"), "succeeded");
        town.audit().await;
    }
    // Real name and card anew, and the money can be had.
    refused(&quoted(&phone, withdrawal(card, 1)).await, 403, "wrong_step");
    ok(&phone.verify(NAME, &crate::common::id_number(2), 3).await.unwrap());
    let bound = phone.bind(&pan(2), NAME, "13800138002").await.unwrap();
    ok(&bound);
    let out = asked(&town, &phone, withdrawal(Id::parse(bound.text("card_id")).unwrap(), 26_000), balance()).await;
    assert_eq!(put(&phone, &out).await.text("state"), "succeeded");
    assert_eq!((town.balance(&phone).await, holds(&town).await), (0, 4_000));
    town.audit().await;
}

#[tokio::test]
async fn a_closed_account_that_was_opened_after_the_copy_is_closed_and_leaves_its_number() {
    let town = Town::new();
    let copy = snapshot(&town).await;
    let (phone, card) = town.person().await;
    assert!((200..300).contains(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap().status));
    // Neither the number nor the phone stays with the vault.
    let opened = || -> Value {
        let vault = rusqlite::Connection::open(town.folder.path().join("vault.db")).unwrap();
        let body: String = vault.query_row("SELECT body FROM decisions WHERE decision = account ORDER BY seq LIMIT 1", [], |row| row.get(0)).unwrap();
        serde_json::from_str::<Value>(&body).unwrap()["opened"].clone()
    };
    let before = opened();
    assert_eq!(before["model"], json!("Test phone"));
    crate::common::close_for_good(&town, &phone).await;
    let after = opened();
    assert_eq!((&after["model"], &after["phone_sealed"], &after["phone_masked"]), (&json!(""), &json!(""), &before["phone_masked"]));
    assert!(!before["phone_sealed"].as_str().unwrap().is_empty() && after["phone_mark"] != before["phone_mark"]);
    let mut anew = town.phone().await;
    ok(&anew.register("+8613800138000").await.unwrap());
    restore(&town, &copy).await;
    refused(&phone.call("GET", "/v1/account", None).await.unwrap(), 401, "account_closed");
    let account = anew.call("GET", "/v1/account", None).await.unwrap();
    ok(&account);
    assert_eq!(account.json["pin_set"], json!(false));
}

#[tokio::test]
async fn an_intent_with_the_id_of_a_decision_calls_nothing_back() {
    let (town, payer, payee, to) = friends(10_000).await;
    let copy = snapshot(&town).await;
    let body = asked(&town, &payer, transfer(&to, 4_000, 0), balance()).await;
    ok(&put(&payer, &body).await);
    let first = Id::parse(body["terms"]["intent_id"].as_str().unwrap()).unwrap();
    for label in ["kabao-transfer-cancel-1", "kabao-transfer-void-1"] {
        let hash = kabao_proof::digest::sha256_of(&[label.as_bytes(), first.as_bytes()]);
        let quote = town.quote(&payer, transfer(&to, 1, 0)).await;
        let sly = payer.payment(Id::from_bytes(hash[..16].try_into().unwrap()), &quote, balance(), Some(PIN)).unwrap();
        ok(&put(&payer, &sly).await);
    }
    restore(&town, &copy).await;
    assert_eq!((town.balance(&payer).await, town.balance(&payee).await), (5_998, 4_002));
    assert_eq!((abandon(&payer, &body).await.text("state"), town.audit().await["executions"].as_array().unwrap().len()), ("succeeded", 4));
}

#[tokio::test]
async fn one_that_the_book_does_not_take_holds_up_no_other() {
    let (town, payer, payee, to) = friends(10_000).await;
    let copy = snapshot(&town).await;
    let mut bodies = Vec::new();
    for fen in [1_000, 2_000] {
        let body = asked(&town, &payer, transfer(&to, fen, 0), balance()).await;
        ok(&put(&payer, &body).await);
        bodies.push(body);
    }
    // A copy in which nothing of the first can be written down.
    let file = town.folder.path().join("snapshots").join(format!("{}.db", copy.as_str().unwrap()));
    let trigger = "CREATE TRIGGER torn BEFORE INSERT ON transfers WHEN NEW.amount = 1000 BEGIN SELECT RAISE(ABORT, 'torn'); END";
    rusqlite::Connection::open(file).unwrap().execute_batch(trigger).unwrap();
    restore(&town, &copy).await;
    assert_eq!((parts(&payer).await, parts(&payee).await), ((8_000, 1_000), (2_000, 0)));
    refused(&quoted(&payer, transfer(&to, 7_001, 0)).await, 422, "above_balance");
    rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap().execute_batch("DROP TRIGGER torn").unwrap();
    later(&town);
    assert_eq!((parts(&payer).await, parts(&payee).await), ((7_000, 0), (3_000, 0)));
    assert_eq!(how(&payer, &bodies[0]).await.text("state"), "succeeded");
    town.audit().await;
}

#[tokio::test]
async fn a_transfer_that_died_on_its_way_into_the_book_is_carried_out_once_or_never() {
    for abandoned in [false, true] {
        let (town, payer, _payee, to) = friends(10_000).await;
        let body = asked(&town, &payer, transfer(&to, 4_000, 0), balance()).await;
        let copy = snapshot(&town).await;
        torn(&town, &payer, &body, "transfers").await;
        assert_eq!(town.balance(&payer).await, 10_000);
        town.world.advance(1_000);
        let said = if abandoned { abandon(&payer, &body).await } else { put(&payer, &body).await };
        assert_eq!(said.text("state"), if abandoned { "tombstoned" } else { "succeeded" });
        let left = if abandoned { 10_000 } else { 6_000 };
        assert_eq!(town.balance(&payer).await, left);
        let before = records(&payer).await;
        restore(&town, &copy).await;
        assert_eq!(parts(&payer).await, (left, 0));
        assert_eq!(records(&payer).await.iter().map(|entry| entry.record_id).collect::<Vec<_>>(), before.iter().map(|entry| entry.record_id).collect::<Vec<_>>());
        // What was signed as dead stays so, also for a late repetition.
        let late = put(&payer, &body).await;
        if abandoned { refused(&late, 422, "quote_unknown") } else { assert_eq!(late.text("state"), "succeeded", "{}", late.json) }
        assert_eq!(town.balance(&payer).await, left);
        town.audit().await;
    }
}

#[tokio::test]
async fn a_torn_transfer_that_is_refused_when_it_comes_again_is_never_carried_out() {
    let (town, payer, _payee, to) = friends(10_000).await;
    let body = asked(&town, &payer, transfer(&to, 4_000, 0), balance()).await;
    let copy = snapshot(&town).await;
    torn(&town, &payer, &body, "transfers").await;
    town.world.advance(3_600_000);
    let said = put(&payer, &body).await;
    assert_eq!(said.text("state"), "refused", "its quote is over");
    restore(&town, &copy).await;
    assert_eq!(parts(&payer).await, (10_000, 0));
    town.audit().await;
}
