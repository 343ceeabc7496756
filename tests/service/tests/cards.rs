//! Cards: the same number again, replacing and removing, credit, money that comes back to a card that is gone.

use crate::common::{NAME, PIN, Town, cny, id_number, ok, pan, payer_code, put, refused};
use kabao_base::Id;
use kabao_outside::World;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

/// The telephone number of the first person of a town.
const TEL: &str = "13800138000";
const CREDIT: &str = "6225760000000013";

fn card_id(reply: &Reply) -> Id {
    Id::parse(reply.text("card_id")).unwrap()
}

async fn cards(phone: &Phone) -> Value {
    let reply = phone.call("GET", "/v1/cards", None).await.unwrap();
    ok(&reply);
    reply.json
}

/// A card at the bank, on the first person's name.
async fn at_bank(town: &Town, pan: &str, more: Value) {
    let mut card = json!({"pan": pan, "name": NAME, "id_number": id_number(0), "phone": TEL, "bank": "招商银行"});
    card.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    town.ask_dev("POST", "/dev/bank/cards", Some(card)).await;
}

async fn pay(town: &Town, phone: &Phone, payee: &str, card: Id, fen: i64) -> (Id, Reply) {
    let quote = town.quote(phone, json!({"kind": "pay", "amount": cny(fen), "payee_id": payee})).await;
    let intent = phone.make_id();
    let body = phone.payment(intent, &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
    (intent, put(phone, &body).await)
}

/// The till asks above the cap, and the person answers from a card. Gives the till's order.
async fn ask_paid_by(town: &Town, phone: &Phone, card: Id, fen: i64) -> Value {
    let batch = json!({"batch_id": phone.make_id(), "count": 1});
    let tokens = phone.call("POST", "/v1/payer-codes", Some(batch)).await.unwrap();
    let code = payer_code(&tokens.json["tokens"][0], 0, town.world.now());
    let order = "till-1";
    town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": fen, "order": order}))).await;
    let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
    let ask = &page.json["asks"][0];
    let wanted = json!({"kind": "ask", "amount": ask["amount"], "payee_id": ask["payee_id"], "order": ask["order"], "ask_id": ask["ask_id"]});
    let quote = town.quote(phone, wanted).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
    let paid = put(phone, &body).await;
    ok(&paid);
    assert_eq!(paid.text("state"), "succeeded");
    json!(order)
}

#[tokio::test]
async fn the_same_number_is_the_same_card() {
    let town = Town::new();
    let (phone, first) = town.person().await;
    // Two bindings of one card at once, as from two screens: both codes count, and it is one card.
    let (one, sent) = phone.bind_begin(&pan(0), NAME, TEL, None).await.unwrap();
    ok(&sent);
    let otp_one = phone.otp(TEL, "bank").await.unwrap();
    let (two, sent) = phone.bind_begin(&pan(0), NAME, TEL, None).await.unwrap();
    ok(&sent);
    let bound = phone.bind_confirm(two, TEL).await.unwrap();
    ok(&bound);
    assert_eq!(card_id(&bound), first);
    let late = phone.call("POST", &format!("/v1/cards/{one}/otp"), Some(json!({"otp": otp_one}))).await.unwrap();
    ok(&late);
    assert_eq!(card_id(&late), first);
    assert_eq!(cards(&phone).await["cards"].as_array().unwrap().len(), 1);
    assert_eq!(town.top_up(&phone, first, 1_000).await.text("state"), "succeeded");

    // Removed and bound again: the same card, good again.
    ok(&phone.remove_card(phone.make_id(), first, PIN).await.unwrap());
    let all = cards(&phone).await;
    assert_eq!((all["cards"].as_array().unwrap().len(), all["earlier"][0]["card_id"].as_str()), (0, Some(first.to_string().as_str())));
    let again = phone.bind(&pan(0), NAME, TEL).await.unwrap();
    ok(&again);
    assert_eq!((card_id(&again), again.text("state")), (first, "bound"));
    assert_eq!(town.top_up(&phone, first, 1_000).await.text("state"), "succeeded");
    let stands = phone.call("GET", &format!("/v1/card-bindings/{one}"), None).await.unwrap();
    assert_eq!((stands.text("state"), card_id(&stands)), ("bound", first));
    refused(&phone.call("GET", &format!("/v1/card-bindings/{}", phone.make_id()), None).await.unwrap(), 404, "not_found");
    town.audit().await;
}

#[tokio::test]
async fn a_card_belongs_to_one_account_until_it_is_removed() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let (other, _) = town.person().await;
    let others_tel = "13800138001";
    // The bank would say yes to the other person now; the tokeniser says whose it is.
    at_bank(&town, &pan(0), json!({"id_number": id_number(1), "phone": others_tel})).await;
    refused(&other.bind(&pan(0), NAME, others_tel).await.unwrap(), 422, "card_taken");
    // Both in the middle of a binding: the second code comes too late.
    at_bank(&town, &pan(8), json!({})).await;
    let (mine, sent) = phone.bind_begin(&pan(8), NAME, TEL, None).await.unwrap();
    ok(&sent);
    at_bank(&town, &pan(8), json!({"id_number": id_number(1), "phone": others_tel})).await;
    let (theirs, sent) = other.bind_begin(&pan(8), NAME, others_tel, None).await.unwrap();
    ok(&sent);
    ok(&phone.bind_confirm(mine, TEL).await.unwrap());
    refused(&other.bind_confirm(theirs, others_tel).await.unwrap(), 422, "card_taken");
    // Nobody looks into, pays from or removes a card of somebody else.
    refused(&other.call("GET", &format!("/v1/card-bindings/{mine}"), None).await.unwrap(), 404, "not_found");
    refused(&other.remove_card(other.make_id(), card, PIN).await.unwrap(), 422, "card_unknown");
    let (_, sent) = other.bind_begin(&pan(9), NAME, others_tel, Some(card)).await.unwrap();
    refused(&sent, 422, "card_unknown");
    // Removed by its owner it is free.
    ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
    ok(&other.bind(&pan(0), NAME, others_tel).await.unwrap());
    refused(&phone.bind(&pan(0), NAME, TEL).await.unwrap(), 422, "card_taken");
}

#[tokio::test]
async fn a_card_is_removed_by_pin_and_not_while_it_pays() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let merchant = town.merchant().await;
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({"movements": "hold"}))).await;
    let (intent, held) = pay(&town, &phone, &merchant, card, 700).await;
    assert_eq!(held.status, 202);
    let busy = phone.remove_card(phone.make_id(), card, PIN).await.unwrap();
    refused(&busy, 409, "card_in_flight");
    assert!(busy.json["retry_after_ms"].as_i64().unwrap() > 0);
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({}))).await;
    town.ask_dev("POST", "/dev/bank/settle", Some(json!({}))).await;
    let end = phone.call("GET", &format!("/v1/payments/{intent}"), None).await.unwrap();
    assert_eq!(end.text("state"), "succeeded");

    let wrong = phone.remove_card(phone.make_id(), card, "999999").await.unwrap();
    refused(&wrong, 422, "pin_wrong");
    assert_eq!(wrong.json["attempts_left"], 4);
    // A box made for one removal fits no other.
    let (removal, stolen) = (phone.make_id(), phone.make_id());
    let account = phone.account.unwrap();
    let digest = kabao_proof::digest::sha256_of(&[format!("kabao-unbind-1\0{stolen}\0{account}\0{card}").as_bytes()]);
    let sealed = phone.seal(&kabao_proof::KeyPurpose::PinBox, b"kabao-pin-1", &digest, PIN).unwrap();
    let body = json!({"card_id": card, "pin_box": sealed});
    refused(&phone.call("PUT", &format!("/v1/card-removals/{removal}"), Some(body)).await.unwrap(), 422, "approval_refused");

    // Quoted with the card, and the card removed before the payment: refused by name, and nothing else pays.
    let quote = town.quote(&phone, json!({"kind": "pay", "amount": cny(500), "payee_id": merchant})).await;
    let removal = phone.make_id();
    let gone = phone.remove_card(removal, card, PIN).await.unwrap();
    ok(&gone);
    assert_eq!(gone.text("state"), "unbound");
    ok(&phone.remove_card(removal, card, PIN).await.unwrap());
    ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
    refused(&phone.remove_card(removal, phone.make_id(), PIN).await.unwrap(), 409, "id_reused");
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
    let late = put(&phone, &body).await;
    assert_eq!(late.text("state"), "refused");
    let refusal = kabao_proof::cose::read(&kabao_service::wire::bytes(late.text("proof"), "proof").unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&refusal.payload).contains("card_unbound"));
    refused(&phone.call("POST", "/v1/quotes", Some(json!({"kind": "top_up", "amount": cny(1), "card_id": card}))).await.unwrap(), 422, "card_unbound");
    // The number is wiped where the tokeniser kept it; the card stays readable.
    let vault = rusqlite::Connection::open(town.folder.path().join("vault.db")).unwrap();
    let kept: i64 = vault.query_row("SELECT count(*) FROM cards WHERE length(pan_sealed) > 0", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 0);
    assert_eq!(cards(&phone).await["earlier"][0]["last4"], json!(pan(0)[15..]));
    town.audit().await;
}

#[tokio::test]
async fn money_for_a_card_that_is_gone_goes_to_the_balance() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    let order = ask_paid_by(&town, &phone, card, 12_000).await;
    // A refund that is on its way holds the card.
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({"movements": "down"}))).await;
    let back = town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": order, "amount_fen": 2_000}))).await;
    assert_eq!(back["code"], "BBS00000", "{back}");
    refused(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap(), 409, "card_refund_pending");
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({}))).await;
    town.world.advance(10_000);
    town.service.tick(town.world.now());
    ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
    assert_eq!(town.balance(&phone).await, 0, "the first refund went back to the card");

    let back = town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": order, "amount_fen": 3_000}))).await;
    assert_eq!(back["code"], "BBS00000", "{back}");
    town.world.advance(10_000);
    town.restart();
    town.again(&mut phone);
    town.service.tick(town.world.now());
    assert_eq!(town.balance(&phone).await, 3_000);
    let audit = town.audit().await;
    let suspense = audit["accounts"].as_array().unwrap().iter().find(|account| account["account"] == "suspense").unwrap();
    assert_eq!(suspense["balance"], 0, "{audit}");
    town.service.tick(town.world.now());
    assert_eq!(town.balance(&phone).await, 3_000, "once");
}

#[tokio::test]
async fn credit_has_rules_of_its_own() {
    let town = Town::new();
    let (phone, debit) = town.person().await;
    at_bank(&town, CREDIT, json!({"kind": "credit", "expiry": "0829", "cvv": "837"})).await;
    let needed = phone.bind(CREDIT, NAME, TEL).await.unwrap();
    refused(&needed, 422, "card_expiry_needed");
    assert_eq!(needed.text("field"), "expiry");
    let wrong = phone.bind(&format!("{CREDIT}|0829|838"), NAME, TEL).await.unwrap();
    refused(&wrong, 422, "card_cvv_refused");
    assert_eq!(wrong.text("field"), "cvv");
    let bound = phone.bind(&format!("{CREDIT}|0829|837"), NAME, TEL).await.unwrap();
    ok(&bound);
    assert_eq!(bound.text("kind"), "credit");
    let credit = card_id(&bound);
    // Neither is kept, sealed or not: what the tokeniser kept has the length of the number alone.
    let vault = rusqlite::Connection::open(town.folder.path().join("vault.db")).unwrap();
    let length = |pan: &str| -> i64 {
        let sql = "SELECT length(pan_sealed) FROM cards WHERE last4 = ?1 AND bound = 1";
        vault.query_row(sql, [&pan[pan.len() - 4..]], |row| row.get(0)).unwrap()
    };
    assert_eq!(length(CREDIT) - 16, length(&pan(0)) - 19);

    let top_up = |card: Id| json!({"kind": "top_up", "amount": cny(10_000), "card_id": card});
    refused(&phone.call("POST", "/v1/quotes", Some(top_up(credit))).await.unwrap(), 422, "credit_no_top_up");
    town.ask_dev("POST", "/dev/fees", Some(json!({"kind": "top_up_credit", "rate_ppm": 6000}))).await;
    let quote = town.quote(&phone, top_up(credit)).await;
    assert_eq!(quote["fee"]["minor"], 60);
    // A quote for the card without a fee is no quote for the one with.
    let free = town.quote(&phone, top_up(debit)).await;
    assert_eq!(free["fee"]["minor"], 0);
    let body = phone.payment(phone.make_id(), &free, json!({"kind": "card", "card_id": credit}), Some(PIN)).unwrap();
    refused(&put(&phone, &body).await, 422, "quote_altered");
    let open = town.quote(&phone, json!({"kind": "top_up", "amount": cny(10_000)})).await;
    let body = phone.payment(phone.make_id(), &open, json!({"kind": "card", "card_id": credit}), Some(PIN)).unwrap();
    assert_eq!(put(&phone, &body).await.text("state"), "refused");
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": credit}), Some(PIN)).unwrap();
    assert_eq!(put(&phone, &body).await.text("state"), "succeeded");
    assert_eq!(town.balance(&phone).await, 10_000);

    let shop = town.ask_dev("POST", "/dev/merchants", Some(json!({"name": "小面馆", "no_credit": true}))).await;
    let quote = town.quote(&phone, json!({"kind": "pay", "amount": cny(500), "payee_id": shop["payee_id"]})).await;
    let source = |id: Id| quote["sources"].as_array().unwrap().iter().find(|source| source["source"]["card_id"] == json!(id)).unwrap().clone();
    assert_eq!((source(credit)["reason"].as_str(), source(debit)["usable"].as_bool()), (Some("merchant_no_credit"), Some(true)));
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": credit}), Some(PIN)).unwrap();
    assert_eq!(put(&phone, &body).await.text("state"), "refused");
    town.audit().await;
}

#[tokio::test]
async fn a_new_card_takes_the_place_of_an_old_one() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    at_bank(&town, &pan(3), json!({"bank": "工商银行"})).await;
    at_bank(&town, &pan(4), json!({"bank": "工商银行"})).await;
    at_bank(&town, &pan(5), json!({"bank": "建设银行"})).await;
    let old = card_id(&phone.bind(&pan(3), NAME, TEL).await.unwrap());
    let merchant = town.merchant().await;
    let (_, paid) = pay(&town, &phone, &merchant, old, 800).await;
    ok(&paid);
    let (binding, other) = phone.bind_begin(&pan(5), NAME, TEL, Some(old)).await.unwrap();
    refused(&other, 422, "card_other_bank");
    refused(&phone.bind_confirm(binding, TEL).await.unwrap(), 409, "wrong_step");
    // Money in flight from the old card does not hold the new one up.
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({"movements": "hold"}))).await;
    let (flying, held) = pay(&town, &phone, &merchant, old, 900).await;
    assert_eq!(held.status, 202);
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({}))).await;
    let (binding, sent) = phone.bind_begin(&pan(4), NAME, TEL, Some(old)).await.unwrap();
    ok(&sent);
    let new = phone.bind_confirm(binding, TEL).await.unwrap();
    ok(&new);
    assert_eq!((new.text("replaces"), new.text("state")), (old.to_string().as_str(), "bound"));
    let all = cards(&phone).await;
    assert_eq!((all["earlier"][0]["card_id"].as_str(), all["earlier"][0]["state"].as_str()), (Some(old.to_string().as_str()), Some("replaced")));
    town.ask_dev("POST", "/dev/bank/settle", Some(json!({}))).await;
    let end = phone.call("GET", &format!("/v1/payments/{flying}"), None).await.unwrap();
    assert_eq!(end.text("state"), "succeeded");
    // The old one pays nothing new; bound again by its number it is itself.
    let (_, late) = pay(&town, &phone, &merchant, card_id(&new), 100).await;
    ok(&late);
    let (_, twice) = phone.bind_begin(&pan(4), NAME, TEL, Some(old)).await.unwrap();
    refused(&twice, 422, "card_unbound");
    let again = phone.bind(&pan(3), NAME, TEL).await.unwrap();
    assert_eq!((card_id(&again), again.text("state")), (old, "bound"));
    town.audit().await;
}

#[tokio::test]
async fn a_restored_book_brings_no_removed_card_back() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let merchant = town.merchant().await;
    let copy = town.ask_dev("POST", "/dev/snapshot", Some(json!({}))).await;
    at_bank(&town, CREDIT, json!({"kind": "credit", "expiry": "0829", "cvv": "837"})).await;
    let credit = card_id(&phone.bind(&format!("{CREDIT}|0829|837"), NAME, TEL).await.unwrap());
    ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    town.ask_dev("POST", "/dev/rebuild", Some(json!({}))).await;
    // The book shows the removed card; its bank knows better.
    let shown = cards(&phone).await;
    assert_eq!(shown["cards"][0]["reason"], "card_unbound");
    let reply = phone.call("POST", "/v1/quotes", Some(json!({"kind": "pay", "amount": cny(100), "payee_id": merchant}))).await.unwrap();
    refused(&reply, 422, "balance_low");
    // The card that the book has lost is bound again by its owner.
    let again = phone.bind(&format!("{CREDIT}|0829|837"), NAME, TEL).await.unwrap();
    ok(&again);
    assert_ne!(card_id(&again), credit);
    let (_, paid) = pay(&town, &phone, &merchant, card_id(&again), 100).await;
    assert_eq!(paid.text("state"), "succeeded");
    town.audit().await;
}

#[tokio::test]
async fn hostile_values_about_cards_are_named() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let sealed = phone.seal(&kabao_proof::KeyPurpose::PinBox, b"kabao-pin-1", b"other", PIN).unwrap();
    let removal = phone.make_id();
    let path = format!("/v1/card-removals/{removal}");
    for (body, status, code) in [
        (json!({"card_id": "x", "pin_box": sealed}), 400, "bad_id"),
        (json!({"card_id": card.to_string().to_uppercase(), "pin_box": sealed}), 400, "bad_id"),
        (json!({"card_id": phone.make_id(), "pin_box": sealed}), 422, "card_unknown"),
        (json!({"card_id": card, "pin_box": sealed, "more": 1}), 400, "bad_argument"),
        (json!({"card_id": card}), 400, "bad_argument"),
        (json!({"card_id": card, "pin_box": {"v": 1, "suite": "x", "kid": "x", "enc": "!", "ct": "x"}}), 400, "bad_argument"),
        (json!({"card_id": "😀".repeat(10), "pin_box": sealed}), 400, "bad_id"),
        (json!([]), 400, "bad_argument"),
    ] {
        let reply = phone.call("PUT", &path, Some(body)).await.unwrap();
        refused(&reply, status, code);
    }
    refused(&phone.call("PUT", "/v1/card-removals/x", Some(json!({"card_id": card, "pin_box": sealed}))).await.unwrap(), 400, "bad_id");
    refused(&phone.call("GET", "/v1/card-bindings/x", None).await.unwrap(), 400, "bad_id");
    for content in ["", "|", "||", "6222|0829", "abc|0829|837", "6225760000000013|0829|837|9", &"9".repeat(63), "６２２５|８|３"] {
        let reply = phone.bind(content, NAME, TEL).await.unwrap();
        assert_eq!(reply.status, 422, "{content}: {}", reply.json);
    }
    assert_eq!(cards(&phone).await["cards"].as_array().unwrap().len(), 1);
}
