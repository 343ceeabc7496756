//! A new PIN for one that was forgotten or locked: what proves it, what does not, who hears of it, what survives.
use crate::common::*;
use kabao_base::Id;
use kabao_proof::{KeyPurpose, Verdict};
use kabao_proof::digest::sha256_of;
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

const TEL: &str = "+8613800138000";
const NEW: &str = "480273";

async fn begin(phone: &Phone, id: Id) -> Reply {
    phone.call("POST", "/v1/pin-resets", Some(json!({"reset_id": id}))).await.unwrap()
}

async fn otp(phone: &Phone, id: Id, otp: &str) -> Reply {
    phone.call("POST", &format!("/v1/pin-resets/{id}/otp"), Some(json!({"otp": otp}))).await.unwrap()
}

async fn state(phone: &Phone, id: Id) -> Reply {
    phone.call("GET", &format!("/v1/pin-resets/{id}"), None).await.unwrap()
}

/// A reset whose number is proven.
async fn proven(town: &Town, phone: &Phone) -> Id {
    let id = phone.make_id();
    town.world.advance(60_001);
    ok(&begin(phone, id).await);
    let reply = otp(phone, id, &phone.otp(TEL, "kabao").await.unwrap()).await;
    assert_eq!((reply.text("state"), &reply.json["needs_person"]), ("proving", &json!(true)));
    id
}

fn pin_box(phone: &Phone, id: Id, proof: Id, pin: &str) -> Value {
    let (account, device) = (phone.account.unwrap(), phone.device.unwrap());
    let parts = ["kabao-pin-reset-1".to_owned(), id.to_string(), proof.to_string(), account.to_string(), device.to_string()];
    phone.seal(&KeyPurpose::PinBox, b"kabao-pin-reset-1", &sha256_of(&[parts.join("\0").as_bytes()]), pin).unwrap()
}

async fn nonce(phone: &Phone) -> String {
    let reply = phone.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap();
    ok(&reply);
    reply.text("nonce").to_owned()
}

fn person(phone: &Phone, proof: Id, number: &str, token: &str) -> Value {
    let aad = format!("{}\0{proof}", phone.account.unwrap());
    let sealed = phone.seal(&KeyPurpose::IdBox, b"kabao-id-1", aad.as_bytes(), number).unwrap();
    json!({"name": NAME, "id_box": sealed, "liveness_token": token})
}

async fn send(phone: &Phone, id: Id, body: Value) -> Reply {
    phone.call("PUT", &format!("/v1/pin-resets/{id}/proof"), Some(body)).await.unwrap()
}

/// The new PIN, with the person where a number is given.
async fn prove(phone: &Phone, id: Id, pin: &str, number: Option<&str>) -> Reply {
    let proof = phone.make_id();
    let mut body = json!({"proof_id": proof, "pin_box": pin_box(phone, id, proof, pin)});
    if let Some(number) = number {
        let nonce = nonce(phone).await;
        let token = phone.face(5, "ok", Some(&nonce)).await.unwrap();
        body["person"] = person(phone, proof, number, &token);
        body["person"]["liveness_nonce"] = json!(nonce);
    }
    send(phone, id, body).await
}

fn refusal_code(phone: &Phone, reply: &Reply) -> (String, Option<u32>) {
    let proof = wire::bytes(reply.text("proof"), "proof").unwrap();
    match Verdict::open(&proof, phone.keys.as_ref().unwrap()).unwrap() {
        Verdict::Refusal(refusal) => (refusal.code, refusal.attempts_left),
        other => panic!("not a refusal: {other:?}"),
    }
}

/// How a payment with this PIN ends.
async fn pays(town: &Town, phone: &Phone, card: Id, pin: &str) -> Value {
    let quote = town.quote(phone, json!({"kind": "top_up", "amount": cny(500)})).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(pin)).unwrap();
    let reply = put(phone, &body).await;
    match reply.json["state"].as_str() {
        Some("refused") => {
            let (code, left) = refusal_code(phone, &reply);
            json!({"code": code, "left": left})
        }
        _ => reply.json,
    }
}

async fn lock(town: &Town, phone: &Phone, card: Id) {
    for _ in 0..5 {
        pays(town, phone, card, "975318").await;
    }
    assert_eq!(account(phone).await["pin_locked"], json!(true));
}

async fn account(phone: &Phone) -> Value {
    phone.call("GET", "/v1/account", None).await.unwrap().json
}

#[tokio::test]
async fn a_locked_pin_gives_way_to_a_new_one_by_number_name_and_face() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    let mail = phone.make_id();
    ok(&phone.call("POST", "/v1/contacts", Some(json!({"contact_id": mail, "kind": "email", "address": "li@example.com"}))).await.unwrap());
    let code = phone.otp("li@example.com", "kabao").await.unwrap();
    ok(&phone.call("POST", &format!("/v1/contacts/{mail}/otp"), Some(json!({"otp": code}))).await.unwrap());
    lock(&town, &phone, card).await;
    let id = proven(&town, &phone).await;
    // Killed and begun anew: what was proven stands.
    town.restart();
    town.again(&mut phone);
    assert_eq!(state(&phone, id).await.text("state"), "proving");
    let done = prove(&phone, id, NEW, Some(&id_number(0))).await;
    assert_eq!((done.status, done.text("state")), (200, "done"), "{}", done.json);
    assert!(done.json["low_until"].is_i64());
    let seen = account(&phone).await;
    assert_eq!((&seen["pin_locked"], &seen["limits"]["single"]), (&json!(false), &cny(50_000)));
    let old = pays(&town, &phone, card, PIN).await;
    assert_eq!((&old["code"], &old["left"]), (&json!("pin_wrong"), &json!(4)), "{old}");
    assert_eq!(pays(&town, &phone, card, NEW).await["state"], "succeeded");
    // Number and second contact hear of it, once.
    for address in [TEL, "li@example.com"] {
        let inbox = town.ask_dev("GET", &format!("/dev/inbox?phone={}", address.replace('+', "%2B")), None).await;
        let told = inbox["messages"].as_array().unwrap().iter().filter(|message| message["text"].as_str().unwrap().contains("支付密码已通过实名核实重设")).count();
        assert_eq!(told, 1, "{address}: {inbox}");
    }
    // The same again is the same answer, and takes no other PIN; nor does it tell which PIN counts.
    for pin in [NEW, "531970", PIN] {
        assert_eq!(prove(&phone, id, pin, None).await.json, done.json);
    }
    assert_eq!(pays(&town, &phone, card, NEW).await["state"], "succeeded");
    refused(&begin(&phone, id).await, 409, "wrong_step");
    town.audit().await;
}

#[tokio::test]
async fn a_code_a_name_or_a_face_alone_resets_nothing() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    lock(&town, &phone, card).await;
    let id = phone.make_id();
    refused(&state(&phone, id).await, 404, "not_found");
    town.world.advance(60_001);
    ok(&begin(&phone, id).await);
    // Before the code nothing is judged.
    refused(&prove(&phone, id, NEW, Some(&id_number(0))).await, 409, "wrong_step");
    let code = phone.otp(TEL, "kabao").await.unwrap();
    let other = if code == "000000" { "000001" } else { "000000" };
    refused(&otp(&phone, id, other).await, 422, "otp_wrong");
    ok(&otp(&phone, id, &code).await);
    refused(&otp(&phone, id, other).await, 422, "otp_used");
    refused(&prove(&phone, id, NEW, None).await, 400, "bad_argument");
    // A face without a nonce, for a nonce of nobody, for one of somebody else, and one that was used.
    let proof = phone.make_id();
    let token = phone.face(5, "ok", None).await.unwrap();
    let bare = json!({"proof_id": proof, "pin_box": pin_box(&phone, id, proof, NEW), "person": person(&phone, proof, &id_number(0), &token)});
    refused(&send(&phone, id, bare.clone()).await, 400, "bad_argument");
    let (stranger, _) = town.person().await;
    let used = nonce(&phone).await;
    for (nonce, code) in [(phone.make_id().to_string(), "liveness_stale"), (nonce(&stranger).await, "liveness_stale"), (used.clone(), "liveness_stale")] {
        let mut body = bare.clone();
        body["person"]["liveness_nonce"] = json!(nonce);
        let reply = send(&phone, id, body).await;
        // The token was made for no nonce: the vendor refuses the third.
        assert!(reply.code() == code || nonce == used, "{}", reply.json);
        assert_eq!(reply.status, 422);
    }
    // Used up by that try: worth nothing in another one.
    let other_try = phone.make_id();
    let mut again = json!({"proof_id": other_try, "pin_box": pin_box(&phone, id, other_try, NEW), "person": person(&phone, other_try, &id_number(0), &token)});
    again["person"]["liveness_nonce"] = json!(used);
    refused(&send(&phone, id, again).await, 422, "liveness_stale");
    // Another person's number; a weak PIN; a PIN that was sealed for another reset.
    refused(&prove(&phone, id, NEW, Some(&id_number(8))).await, 422, "id_mismatch");
    refused(&prove(&phone, id, "111111", Some(&id_number(0))).await, 422, "pin_repeats");
    refused(&prove(&phone, id, "870605", None).await, 422, "pin_birth_date");
    let proof = phone.make_id();
    let astray = json!({"proof_id": proof, "pin_box": pin_box(&phone, phone.make_id(), proof, NEW)});
    refused(&send(&phone, id, astray).await, 422, "approval_refused");
    // Somebody else goes on with nothing; an account without a name has nobody to prove.
    refused(&state(&stranger, id).await, 404, "not_found");
    refused(&begin(&stranger, id).await, 409, "id_reused");
    let mut nobody = town.phone().await;
    ok(&nobody.register("+8613900139009").await.unwrap());
    refused(&begin(&nobody, nobody.make_id()).await, 403, "pin_not_set");
    assert_eq!(nobody.set_pin(PIN).await.unwrap().status, 204);
    refused(&begin(&nobody, nobody.make_id()).await, 403, "wrong_step");
    assert_eq!(account(&phone).await["pin_locked"], json!(true));
    assert_eq!(pays(&town, &phone, card, NEW).await["code"], "pin_locked");
    assert_eq!(prove(&phone, id, NEW, None).await.text("state"), "done");
}

#[tokio::test]
async fn tries_are_bounded_over_all_ways_and_codes_grow_old() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let id = proven(&town, &phone).await;
    for _ in 0..5 {
        refused(&prove(&phone, id, NEW, Some(&id_number(8))).await, 422, "id_mismatch");
    }
    refused(&prove(&phone, id, NEW, Some(&id_number(0))).await, 403, "verification_attempts");
    let other = proven(&town, &phone).await;
    refused(&prove(&phone, other, NEW, Some(&id_number(0))).await, 403, "verification_attempts");
    // An hour later the number has to be proven again; ten are begun in a day at most.
    town.world.advance(3_600_001);
    refused(&state(&phone, id).await, 422, "otp_expired");
    refused(&prove(&phone, id, NEW, None).await, 422, "otp_expired");
    ok(&begin(&phone, id).await);
    let mut begun = 0;
    let last = loop {
        town.world.advance(600_001);
        let reply = begin(&phone, phone.make_id()).await;
        begun += 1;
        if reply.status != 200 || begun > 10 {
            break reply;
        }
    };
    refused(&last, 429, "too_many_requests");
    town.world.advance(86_400_001);
    let last = proven(&town, &phone).await;
    assert_eq!(prove(&phone, last, NEW, Some(&id_number(0))).await.text("state"), "done");
}

#[tokio::test]
async fn of_two_resets_one_wins_and_another_number_asks_for_a_code_anew() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let (first, second) = (proven(&town, &phone).await, proven(&town, &phone).await);
    assert_eq!(prove(&phone, first, NEW, Some(&id_number(0))).await.text("state"), "done");
    for reply in [prove(&phone, second, "531970", Some(&id_number(0))).await, state(&phone, second).await, begin(&phone, second).await] {
        refused(&reply, 409, "pin_reset_done");
    }
    assert_eq!(pays(&town, &phone, card, NEW).await["state"], "succeeded");
    // Frozen in between: nothing goes on.
    let third = proven(&town, &phone).await;
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": phone.account.unwrap(), "frozen": true}))).await;
    refused(&prove(&phone, third, "531970", Some(&id_number(0))).await, 403, "account_frozen");
    refused(&begin(&phone, phone.make_id()).await, 403, "account_frozen");
}

#[tokio::test]
async fn an_older_copy_of_the_book_brings_no_locked_pin_and_no_high_limits_back() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    lock(&town, &phone, card).await;
    let id = proven(&town, &phone).await;
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let done = prove(&phone, id, NEW, Some(&id_number(0))).await;
    assert_eq!(done.text("state"), "done");
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    town.restart();
    town.again(&mut phone);
    let seen = account(&phone).await;
    assert_eq!((&seen["pin_locked"], &seen["limits"]["single"]), (&json!(false), &cny(50_000)));
    assert_eq!(state(&phone, id).await.json, done.json);
    assert_eq!(pays(&town, &phone, card, NEW).await["state"], "succeeded");
    assert_eq!(pays(&town, &phone, card, PIN).await["code"], "pin_wrong");
}

#[tokio::test]
async fn choosing_all_pins_one_after_the_other_finds_none() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    // The PIN itself again is the same call again.
    for _ in 0..3 {
        assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    }
    for guess in ["480273", "531970", "480274", "480275"] {
        refused(&phone.set_pin(guess).await.unwrap(), 409, "wrong_step");
    }
    refused(&phone.set_pin("480276").await.unwrap(), 403, "pin_locked");
    refused(&phone.set_pin(PIN).await.unwrap(), 403, "pin_locked");
    assert_eq!(account(&phone).await["pin_locked"], json!(true));
}

#[tokio::test]
async fn another_name_with_the_right_number_resets_no_pin() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let id = proven(&town, &phone).await;
    for tries in 0..6 {
        let (proof, nonce) = (phone.make_id(), nonce(&phone).await);
        let token = phone.face(5, "ok", Some(&nonce)).await.unwrap();
        let mut body = json!({"proof_id": proof, "pin_box": pin_box(&phone, id, proof, NEW), "person": person(&phone, proof, &id_number(0), &token)});
        (body["person"]["liveness_nonce"], body["person"]["name"]) = (json!(nonce), json!("王五"));
        let reply = send(&phone, id, body).await;
        assert_eq!(reply.code(), if tries < 5 { "id_mismatch" } else { "verification_attempts" });
    }
    assert_eq!(state(&phone, id).await.text("state"), "proving");
}

#[tokio::test]
async fn what_is_no_request_is_refused_by_name() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let id = proven(&town, &phone).await;
    let bad = ["", "0", "😀", "\u{202e}", "\u{200b}", "１２３", &"1".repeat(1 << 20)];
    for text in bad {
        let begun = phone.call("POST", "/v1/pin-resets", Some(json!({"reset_id": text}))).await.unwrap();
        let typed = otp(&phone, id, text).await;
        let proof = phone.make_id();
        // What is too long or nothing at all is not sealed in the first place.
        let sealed = pin_box(&phone, id, proof, if text.is_empty() { "0" } else { text.get(..6).unwrap_or(text) });
        let pin = send(&phone, id, json!({"proof_id": proof, "pin_box": sealed})).await;
        let mut face = json!({"proof_id": proof, "pin_box": pin_box(&phone, id, proof, NEW), "person": person(&phone, proof, &id_number(0), "x")});
        face["person"]["liveness_nonce"] = json!(text);
        let mut name = face.clone();
        name["person"]["liveness_nonce"] = json!(nonce(&phone).await);
        name["person"]["name"] = json!(text);
        for reply in [begun, typed, pin, send(&phone, id, face).await, send(&phone, id, name).await] {
            assert!((400..500).contains(&reply.status), "{} {}", reply.status, reply.json);
        }
    }
    assert_eq!(state(&phone, id).await.text("state"), "proving");
}
