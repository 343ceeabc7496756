//! A lost phone whose PIN is locked: the way to a new one stays open to the person, and to nobody else.
use crate::common::guest::Guest;
use crate::common::successor::*;
use crate::common::*;
use kabao_base::Id;
use kabao_service::kit::Phone;
use serde_json::{Value, json};

const NEW: &str = "480273";

/// Five wrong tries of whoever found the phone.
async fn lock(town: &Town, phone: &Phone, card: Id) {
    for _ in 0..5 {
        pays(town, phone, card, "975318").await;
    }
    assert_eq!(account(phone).await["pin_locked"], json!(true));
}

async fn pays(town: &Town, phone: &Phone, card: Id, pin: &str) -> Value {
    let quote = town.quote(phone, json!({"kind": "top_up", "amount": cny(500)})).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(pin)).unwrap();
    put(phone, &body).await.json["state"].clone()
}

async fn account(phone: &Phone) -> Value {
    phone.call("GET", "/v1/account", None).await.unwrap().json
}

async fn told(town: &Town, address: &str, what: &str) -> usize {
    let inbox = town.ask_dev("GET", &format!("/dev/inbox?phone={}", address.replace('+', "%2B")), None).await;
    inbox["messages"].as_array().unwrap().iter().filter(|message| message["text"].as_str().unwrap().contains(what)).count()
}

#[tokio::test]
async fn number_name_and_face_lead_to_a_new_phone_with_a_new_pin() {
    let mut town = Town::new();
    let (mut old, card) = town.person().await;
    let mail = old.make_id();
    ok(&old.call("POST", "/v1/contacts", Some(json!({"contact_id": mail, "kind": "email", "address": "li@example.com"}))).await.unwrap());
    let code = old.otp("li@example.com", "kabao").await.unwrap();
    ok(&old.call("POST", &format!("/v1/contacts/{mail}/otp"), Some(json!({"otp": code}))).await.unwrap());
    lock(&town, &old, card).await;
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let mut new = Successor::numbered(&town).await;
    let proof = new.phone.make_id();
    let body = json!({"proof_id": proof, "pin_box": new.pin_box(proof, PIN), "person": new.bound_person(proof, &id_number(0)).await});
    let locked = new.call("PUT", "/proof", Some(body)).await;
    refused(&locked, 403, "replace_pin_locked");
    assert_eq!(locked.json["field"], "pin");
    // The face was shown for this replacement: it is not asked for again. A weak PIN ends nothing.
    refused(&new.choose("111111", None).await, 422, "pin_repeats");
    refused(&new.choose("870605", None).await, 422, "pin_birth_date");
    assert_eq!(new.call("GET", "", None).await.text("state"), "proving");
    let done = new.choose(NEW, None).await;
    ok(&done);
    assert!(done.json["pin_by"].is_string() && done.json["low_until"].is_i64(), "{}", done.json);
    new.become_device(&done);
    // Told once each; the same again takes no other PIN.
    for address in [TEL, "li@example.com"] {
        for what in ["支付密码已通过实名核实重设", "你的账户已换到新手机"] {
            assert_eq!(told(&town, address, what).await, 1, "{address}: {what}");
        }
    }
    for pin in [NEW, "531970", PIN] {
        assert_eq!(new.choose(pin, None).await.json, done.json);
    }
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    let seen = account(&new.phone).await;
    assert_eq!((&seen["pin_locked"], &seen["limits"]["single"]), (&json!(false), &cny(50_000)));
    assert_eq!(pays(&town, &new.phone, card, PIN).await, "refused");
    assert_eq!(pays(&town, &new.phone, card, NEW).await, "succeeded");
    // A book of before brings neither the lock nor the old phone back.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    town.restart();
    town.again(&mut new.phone);
    town.again(&mut old);
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    assert_eq!(account(&new.phone).await["pin_locked"], json!(false));
    assert_eq!(new.call("GET", "", None).await.json["pin_by"], done.json["pin_by"]);
    assert_eq!(pays(&town, &new.phone, card, NEW).await, "succeeded");
}

#[tokio::test]
async fn a_face_of_elsewhere_chooses_no_pin() {
    let town = Town::new();
    let (old, card) = town.person().await;
    lock(&town, &old, card).await;
    let new = Successor::numbered(&town).await;
    refused(&new.choose(NEW, None).await, 400, "bad_argument");
    // Proven without a nonce: enough for the right PIN, not for another one.
    refused(&new.prove(PIN, &id_number(0)).await, 403, "replace_pin_locked");
    refused(&new.choose(NEW, None).await, 422, "liveness_stale");
    let proof = new.phone.make_id();
    let bare = json!({"proof_id": proof, "new_pin_box": new.new_pin_box(proof, NEW), "person": new.person(proof, NAME, &id_number(0)).await});
    refused(&new.call("PUT", "/proof", Some(bare)).await, 422, "liveness_stale");
    refused(&new.choose(NEW, Some(&id_number(8))).await, 422, "id_mismatch");
    // A PIN that was sealed as a proof, or for another try; both at once.
    let proof = new.phone.make_id();
    let mut body = json!({"proof_id": proof, "new_pin_box": new.pin_box(proof, NEW), "person": new.bound_person(proof, &id_number(0)).await});
    refused(&new.call("PUT", "/proof", Some(body.clone())).await, 422, "approval_refused");
    body["new_pin_box"] = new.new_pin_box(new.phone.make_id(), NEW);
    refused(&new.call("PUT", "/proof", Some(body.clone())).await, 422, "approval_refused");
    body["pin_box"] = new.pin_box(proof, PIN);
    refused(&new.call("PUT", "/proof", Some(body)).await, 400, "bad_argument");
    refused(&new.nonce().await, 409, "wrong_step");
    assert_eq!(account(&old).await["pin_locked"], json!(true), "nothing of it counted");
    // Frozen meanwhile: support alone.
    let of = old.account.unwrap();
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": of, "frozen": true}))).await;
    refused(&new.choose(NEW, None).await, 403, "account_frozen");
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": of, "frozen": false}))).await;
    assert_eq!(new.choose(NEW, None).await.text("state"), "done");
}

#[tokio::test]
async fn without_a_verified_name_support_is_named_and_a_sign_in_names_the_other_way() {
    let town = Town::new();
    let mut old = town.phone().await;
    ok(&old.register(TEL).await.unwrap());
    assert_eq!(old.set_pin(PIN).await.unwrap().status, 204);
    let new = Successor::numbered(&town).await;
    for _ in 0..4 {
        let proof = new.phone.make_id();
        refused(&new.call("PUT", "/proof", Some(json!({"proof_id": proof, "pin_box": new.pin_box(proof, "975310")}))).await, 422, "pin_wrong");
    }
    for _ in 0..2 {
        let proof = new.phone.make_id();
        refused(&new.call("PUT", "/proof", Some(json!({"proof_id": proof, "pin_box": new.pin_box(proof, "975310")}))).await, 403, "pin_locked_unverified");
    }
    refused(&new.choose(NEW, None).await, 403, "pin_locked_unverified");
    refused(&new.nonce().await, 409, "wrong_step");
    town.world.advance(60_001);
    let guest = Guest::numbered(&town).await;
    refused(&guest.prove(None, Some(PIN), None).await, 403, "sign_in_pin_locked");
}
