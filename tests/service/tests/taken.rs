//! What a stranger with the person's SIM and password cannot do, also with an older copy of the book behind the service.
use crate::common::guest::*;
use crate::common::*;
use kabao_base::Id;
use kabao_service::kit::{Phone, Reply};
use serde_json::json;

const HOUR: i64 = 3_600_000;
const SHEET: &str = "ABCD-ABCD-ABCD-ABCD";
const OTHER: &str = "WXYZ-WXYZ-WXYZ-WXYZ";

async fn with_password(town: &Town) -> (Phone, Id) {
    let (phone, card) = town.person().await;
    assert_eq!(set_password(&phone, phone.make_id(), PASSWORD, Some(PIN), None).await.status, 204);
    (phone, card)
}

async fn signed_in(town: &Town) -> Phone {
    let guest = Guest::numbered(town).await;
    let done = guest.prove(Some(PASSWORD), None, None).await;
    ok(&done);
    guest.settle(&done)
}

async fn pay(phone: &Phone, payee: &str, card: Id, fen: i64) -> Reply {
    let asked = json!({"kind": "pay", "amount": cny(fen), "payee_id": payee, "card_id": card});
    let quote = phone.call("POST", "/v1/quotes", Some(asked)).await.unwrap();
    if quote.status != 200 {
        return quote;
    }
    let body = phone.payment(phone.make_id(), &quote.json, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
    put(phone, &body).await
}

async fn low(phone: &Phone) -> i64 {
    let reply = phone.call("GET", "/v1/limits", None).await.unwrap();
    ok(&reply);
    let found = reply.json["counters"].as_array().unwrap().iter().find(|counter| counter["counter"] == "low");
    found.map_or(0, |counter| counter["used"]["minor"].as_i64().unwrap())
}

/// Two more cards of the person: a printed code takes 500.00 a day of each.
async fn cards(town: &Town, phone: &Phone, first: Id) -> [Id; 3] {
    let mut cards = [first; 3];
    for (place, number) in [(1, 40), (2, 41)] {
        let bound = phone.bind(&pan(number), NAME, "13800138000").await.unwrap();
        ok(&bound);
        cards[place] = Id::parse(bound.text("card_id")).unwrap();
        town.world.advance(61_000);
    }
    cards
}

#[tokio::test]
async fn low_limits_are_one_sum_over_every_sign_in() {
    let town = Town::new();
    let (owner, card) = with_password(&town).await;
    let cards = cards(&town, &owner, card).await;
    let payee = town.merchant().await;
    let thief = signed_in(&town).await;
    ok(&pay(&thief, &payee, cards[0], 40_000).await);
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let more = signed_in(&town).await;
    assert_eq!(low(&more).await, 40_000, "what was paid before the second sign-in counts");
    ok(&pay(&more, &payee, cards[1], 40_000).await);
    refused(&pay(&more, &payee, cards[2], 20_001).await, 422, "limit_new_device");
    town.world.advance(23 * HOUR);
    let third = signed_in(&town).await;
    refused(&pay(&third, &payee, cards[2], 20_001).await, 422, "limit_new_device");
    ok(&pay(&third, &payee, cards[2], 20_000).await);

    // A book from before the second sign-in: the sum of then goes on, for all of the time.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    assert_eq!(low(&third).await, 40_000);
    let standing = third.call("GET", "/v1/limits", None).await.unwrap();
    let until = standing.json["low_until"].as_i64().unwrap() - kabao_service::World::now(town.world.as_ref()).as_ms();
    assert!((23 * HOUR..=24 * HOUR).contains(&until), "{until}");
    refused(&pay(&third, &payee, cards[2], 60_001).await, 422, "limit_new_device");

    // A time of its own, a day after the last, begins at nothing.
    town.world.advance(25 * HOUR);
    assert_eq!(low(&third).await, 0);
    let fourth = signed_in(&town).await;
    assert_eq!(low(&fourth).await, 0);
    ok(&pay(&fourth, &payee, cards[0], 50_000).await);
}

#[tokio::test]
async fn what_is_given_back_is_given_to_the_same_sum() {
    let town = Town::new();
    let (owner, _) = with_password(&town).await;
    let card = owner.call("GET", "/v1/cards", None).await.unwrap().json["cards"][0]["card_id"].as_str().unwrap().to_owned();
    ok(&town.top_up(&owner, Id::parse(&card).unwrap(), 60_000).await);
    let thief = signed_in(&town).await;
    let batch = thief.call("POST", "/v1/payer-codes", Some(json!({"batch_id": thief.make_id(), "count": 1}))).await.unwrap();
    ok(&batch);
    let code = payer_code(&batch.json["tokens"][0], 0, kabao_service::World::now(town.world.as_ref()));
    let paid = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 9_000, "order": "T1"}))).await;
    assert_eq!(paid["code"], "BBS00000", "{paid}");
    let more = signed_in(&town).await;
    assert_eq!(low(&more).await, 9_000);
    let back = town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": "T1", "amount_fen": 4_000}))).await;
    assert_eq!(back["code"], "BBS00000", "{back}");
    assert_eq!(low(&more).await, 5_000);
    town.audit().await;
}

#[tokio::test]
async fn a_password_that_was_changed_proves_nothing_any_more() {
    let mut town = Town::new();
    let (owner, _) = with_password(&town).await;
    let mut guest = Guest::numbered(&town).await;
    // Without a second factor there is no half-way.
    let (secret, _) = enrol(&town, &owner).await;
    let right = guest.proof(guest.phone.make_id(), Some(PASSWORD), None, None);
    let half = guest.call("PUT", "/proof", Some(right.clone())).await;
    assert_eq!((&half.json["needs_password"], &half.json["needs_factor"]), (&json!(false), &json!(true)), "{}", half.json);
    assert_eq!(set_password(&owner, owner.make_id(), "nine-red-kites", Some(PIN), None).await.status, 204);
    town.restart();
    town.again(&mut guest.phone);
    let now = guest.call("GET", "", None).await;
    assert_eq!((&now.json["needs_password"], &now.json["needs_factor"]), (&json!(true), &json!(true)), "{}", now.json);
    refused(&guest.prove(None, None, Some(&totp(&town, &secret, 1))).await, 400, "bad_argument");
    // The very call that was right before is wrong now.
    refused(&guest.call("PUT", "/proof", Some(right)).await, 422, "password_wrong");
    refused(&guest.prove(Some(PASSWORD), None, Some(&totp(&town, &secret, 1))).await, 422, "password_wrong");
    let done = guest.prove(Some("nine-red-kites"), None, Some(&totp(&town, &secret, 1))).await;
    ok(&done);
    assert_eq!(done.text("state"), "done");
}

async fn freeze(phone: &Phone, code: &str) -> Reply {
    phone.call("POST", "/v1/freeze", Some(json!({"phone": TEL, "code": code}))).await.unwrap()
}

async fn is_frozen(phone: &Phone) -> bool {
    let reply = phone.call("GET", "/v1/account", None).await.unwrap();
    ok(&reply);
    reply.json["frozen"] == true
}

async fn messages(town: &Town) -> Vec<String> {
    let path = format!("/dev/inbox?phone={}", TEL.replace('+', "%2B"));
    let inbox = town.ask_dev("GET", &path, None).await;
    inbox["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

/// Verified, with a PIN, without a card, and closing.
async fn closing(town: &Town) -> (Phone, Id) {
    let mut phone = town.phone().await;
    ok(&phone.register(TEL).await.unwrap());
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    ok(&phone.verify(NAME, &id_number(0), 5).await.unwrap());
    assert_eq!(keep_sheet(&phone, SHEET, None).await.status, 204);
    let (id, proof) = (phone.make_id(), phone.make_id());
    let (account, device) = (phone.account.unwrap().to_string(), phone.device.unwrap().to_string());
    let bound = digest(&["kabao-close-1", &id.to_string(), &proof.to_string(), &account, &device]);
    let body = json!({"proof_id": proof, "confirmed": true, "pin_box": sealed(&phone, b"kabao-pin-1", &bound, PIN)});
    let begun = phone.call("PUT", &format!("/v1/closures/{id}"), Some(body)).await.unwrap();
    assert_eq!(begun.text("state"), "cooling", "{}", begun.json);
    (phone, id)
}

#[tokio::test]
async fn freezing_calls_a_closing_off() {
    let town = Town::new();
    let (phone, _) = closing(&town).await;
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    assert_eq!(freeze(&phone, SHEET).await.status, 204);
    let said = messages(&town).await;
    assert!(said.last().unwrap().contains("注销已撤销"), "{said:?}");
    let view = phone.call("GET", "/v1/closures", None).await.unwrap();
    assert_eq!(view.text("state"), "open", "{}", view.json);
    // Also in a book from before.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    town.world.advance(8 * 24 * HOUR);
    town.ask_dev("POST", "/dev/tick", None).await;
    assert!(is_frozen(&phone).await, "frozen, and not closed");
    assert_eq!(phone.call("GET", "/v1/closures", None).await.unwrap().text("state"), "open");
}

#[tokio::test]
async fn a_frozen_account_is_not_closed_at_the_end_of_the_days() {
    let town = Town::new();
    let (phone, _) = closing(&town).await;
    // As a book has it that was written before freezing called closings off.
    let book = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
    assert_eq!(book.execute("UPDATE accounts SET frozen = 1", []).unwrap(), 1);
    town.world.advance(8 * 24 * HOUR);
    town.ask_dev("POST", "/dev/tick", None).await;
    let view = phone.call("GET", "/v1/closures", None).await.unwrap();
    assert_eq!((view.text("state"), view.text("blocked")), ("open", "account_frozen"), "{}", view.json);
}

#[tokio::test]
async fn an_older_copy_of_the_book_neither_unfreezes_nor_brings_an_old_sheet_back() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    assert_eq!(keep_sheet(&phone, SHEET, None).await.status, 204);
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let body = json!({"snapshot": copy["snapshot"]});
    assert_eq!(keep_sheet(&phone, OTHER, Some(PIN)).await.status, 204);
    assert_eq!(keep_sheet(&phone, OTHER, None).await.status, 204, "again");
    town.ask_dev("POST", "/dev/restore", Some(body.clone())).await;
    refused(&freeze(&phone, SHEET).await, 422, "otp_wrong");
    assert_eq!(freeze(&phone, OTHER).await.status, 204);
    assert_eq!(freeze(&phone, OTHER).await.status, 204, "again");
    town.ask_dev("POST", "/dev/restore", Some(body.clone())).await;
    assert!(is_frozen(&phone).await);
    town.restart();
    town.again(&mut phone);
    let asked = json!({"kind": "pay", "amount": cny(100), "payee_id": town.merchant().await});
    refused(&phone.call("POST", "/v1/quotes", Some(asked)).await.unwrap(), 403, "account_frozen");
    // What support let go on goes on, also in a copy of the frozen book.
    let frozen = town.ask_dev("POST", "/dev/snapshot", None).await;
    let account = phone.account.unwrap().to_string();
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": account, "frozen": false}))).await;
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": frozen["snapshot"]}))).await;
    assert!(!is_frozen(&phone).await);
}

#[tokio::test]
async fn a_sheet_is_not_replaced_by_who_has_sim_and_password_alone() {
    let mut town = Town::new();
    let (mut owner, _) = with_password(&town).await;
    let before = messages(&town).await.len();
    assert_eq!(keep_sheet(&owner, SHEET, None).await.status, 204, "the first sheet needs nothing");
    assert_eq!(messages(&town).await.len(), before, "nobody is told of the first one");
    let mut thief = signed_in(&town).await;
    // Waiting helps no more than a restart or an older copy of the book.
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    for wait in [0, 25 * HOUR] {
        town.world.advance(wait);
        town.restart();
        town.again(&mut thief);
        refused(&keep_sheet(&thief, OTHER, None).await, 400, "bad_argument");
    }
    let wrong = keep_sheet(&thief, OTHER, Some("975310")).await;
    refused(&wrong, 422, "pin_wrong");
    assert_eq!(wrong.json["attempts_left"], 4);
    // A box for one sheet is none for another, and a box of one phone none of another's.
    let (account, device) = (thief.account.unwrap().to_string(), thief.device.unwrap().to_string());
    let (proof, hash) = (thief.make_id(), "ab".repeat(32));
    let bound = digest(&["kabao-sheet-pin-1", &"cd".repeat(32), &proof.to_string(), &account, &device]);
    let body = json!({"sheet_hash": hash, "proof_id": proof, "pin_box": sealed(&thief, b"kabao-pin-1", &bound, PIN)});
    refused(&thief.call("PUT", "/v1/account/recovery-sheet", Some(body)).await.unwrap(), 422, "approval_refused");
    let nobody = json!({"sheet_hash": hash, "pin_box": sealed(&thief, b"kabao-pin-1", &bound, PIN)});
    refused(&thief.call("PUT", "/v1/account/recovery-sheet", Some(nobody)).await.unwrap(), 400, "bad_argument");
    for text in ["", "é", "\u{202e}12", "👨‍👩‍👧", "１２３４", "a\u{200b}b"].map(str::to_owned).into_iter().chain(["9".repeat(50_000)]) {
        for field in ["sheet_hash", "proof_id", "pin_box"] {
            let mut body = json!({"sheet_hash": hash, "proof_id": thief.make_id()});
            body[field] = json!(text);
            let reply = thief.call("PUT", "/v1/account/recovery-sheet", Some(body)).await.unwrap();
            assert!((400..500).contains(&reply.status) && !reply.code().is_empty(), "{field} {text:.20}: {} {}", reply.status, reply.json);
        }
    }
    // The person does it with the PIN; the number hears of it; the same sheet again, without an answer, needs no PIN.
    town.again(&mut owner);
    let before = messages(&town).await.len();
    for pin in [Some(PIN), None] {
        assert_eq!(keep_sheet(&owner, OTHER, pin).await.status, 204);
    }
    let said = messages(&town).await;
    assert!(said.len() == before + 1 && said.last().unwrap().contains("应急卡作废"), "{said:?}");
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    refused(&freeze(&owner, SHEET).await, 422, "otp_wrong");
    assert_eq!(freeze(&owner, OTHER).await.status, 204);
}
