//! Another number for an account: what proves it, who wins, who hears of it, what survives.
use crate::common::*;
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const OLD: &str = "+8613800138000";
const NEW: &str = "+8617012345678";

async fn begin(phone: &Phone, id: Id, tel: &str, old_reachable: bool) -> Reply {
    let body = json!({"change_id": id, "phone": tel, "old_reachable": old_reachable});
    phone.call("POST", "/v1/phone-changes", Some(body)).await.unwrap()
}

async fn otp(phone: &Phone, id: Id, which: &str, otp: &str) -> Reply {
    phone.call("POST", &format!("/v1/phone-changes/{id}/otp"), Some(json!({"which": which, "otp": otp}))).await.unwrap()
}

/// Asks for a code to one of the numbers and types it.
async fn typed(town: &Town, phone: &Phone, id: Id, which: &str, old_reachable: bool, new: &str) -> Reply {
    town.world.advance(60_001);
    ok(&begin(phone, id, new, old_reachable).await);
    let code = phone.otp(if which == "new" { new } else { OLD }, "kabao").await.unwrap();
    otp(phone, id, which, &code).await
}

fn pin_box(phone: &Phone, id: Id, proof: Id, tel: &str, pin: &str) -> Value {
    let parts = [
        "kabao-number-1".to_owned(), id.to_string(), proof.to_string(), phone.account.unwrap().to_string(), phone.device.unwrap().to_string(),
        tel.to_owned(),
    ];
    phone.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &sha256_of(&[parts.join("\0").as_bytes()]), pin).unwrap()
}

async fn prove(phone: &Phone, id: Id, tel: &str, pin: &str, person: Option<&str>) -> Reply {
    let proof = phone.make_id();
    let mut body = json!({"proof_id": proof, "pin_box": pin_box(phone, id, proof, tel, pin)});
    if let Some(number) = person {
        let (_, token) = phone.dev.json("POST", "/dev/liveness", Some(json!({"channels": 5, "result": "ok"}))).await.unwrap();
        let aad = format!("{}\0{proof}", phone.account.unwrap());
        let sealed = phone.seal(&KeyPurpose::IdBox, b"kabao-id-1", aad.as_bytes(), number).unwrap();
        body["person"] = json!({"name": NAME, "id_box": sealed, "liveness_token": token["token"]});
    }
    phone.call("PUT", &format!("/v1/phone-changes/{id}/proof"), Some(body)).await.unwrap()
}

async fn number(phone: &Phone) -> String {
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    ok(&account);
    account.text("phone_masked").to_owned()
}

#[tokio::test]
async fn codes_to_both_numbers_are_not_enough_without_the_pin() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let id = phone.make_id();
    // The earlier number proves nothing before the new one does.
    ok(&begin(&phone, id, NEW, true).await);
    refused(&otp(&phone, id, "old", "123456").await, 409, "wrong_step");
    let code = phone.otp(NEW, "kabao").await.unwrap();
    assert_eq!(otp(&phone, id, "new", &code).await.text("state"), "old_code");
    // The right code again is the same answer; a wrong one is not.
    assert_eq!(otp(&phone, id, "new", &code).await.text("state"), "old_code");
    let other = if code == "000000" { "000001" } else { "000000" };
    refused(&otp(&phone, id, "new", other).await, 422, "otp_used");
    refused(&prove(&phone, id, NEW, PIN, None).await, 409, "wrong_step");
    let reply = typed(&town, &phone, id, "old", true, NEW).await;
    assert_eq!((reply.text("state"), &reply.json["needs_pin"], &reply.json["needs_person"]), ("proving", &json!(true), &json!(false)));
    assert_eq!(number(&phone).await, "138****8000");
    // Neither without a PIN, nor with a wrong one, nor with one that was sealed for another number.
    let bare = phone.call("PUT", &format!("/v1/phone-changes/{id}/proof"), Some(json!({"proof_id": phone.make_id()}))).await.unwrap();
    refused(&bare, 400, "bad_argument");
    refused(&prove(&phone, id, NEW, "975310", None).await, 422, "pin_wrong");
    refused(&prove(&phone, id, "+8613700000000", PIN, None).await, 422, "approval_refused");
    assert_eq!(number(&phone).await, "138****8000");
    // What was proven survives a restart, and the last answer may be lost.
    town.restart();
    town.again(&mut phone);
    let done = prove(&phone, id, NEW, PIN, None).await;
    assert_eq!((done.text("state"), done.json.get("low_until")), ("done", None));
    assert_eq!(phone.call("GET", &format!("/v1/phone-changes/{id}"), None).await.unwrap().json, done.json);
    assert_eq!(prove(&phone, id, NEW, PIN, None).await.json, done.json);
    assert_eq!(number(&phone).await, "170****5678");
    // Every phone of the account learns the whole number.
    assert_eq!(phone.call("GET", "/v1/account", None).await.unwrap().json["phone"], NEW);
    refused(&begin(&phone, id, NEW, true).await, 409, "wrong_step");
    refused(&begin(&phone, phone.make_id(), NEW, true).await, 422, "phone_same");
    let notices = town.ask_dev("GET", "/dev/notices", None).await;
    assert_eq!(notices["notices"].as_array().unwrap().len(), 1);
    let inbox = town.ask_dev("GET", "/dev/inbox?phone=13800138000", None).await;
    let last = inbox["messages"].as_array().unwrap().iter().rfind(|sms| sms["from"] == "kabao").unwrap().clone();
    assert!(last["text"].as_str().unwrap().contains("170****5678") && last["otp"] == "", "{last}");
}

#[tokio::test]
async fn without_the_earlier_number_the_real_name_and_low_limits() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let id = phone.make_id();
    let reply = typed(&town, &phone, id, "new", false, NEW).await;
    assert_eq!((reply.text("state"), &reply.json["needs_person"]), ("proving", &json!(true)));
    refused(&otp(&phone, id, "old", "123456").await, 409, "wrong_step");
    refused(&prove(&phone, id, NEW, PIN, None).await, 400, "bad_argument");
    // Another person's number is refused before any try of the PIN is spent, five times a day at most.
    for _ in 0..5 {
        refused(&prove(&phone, id, NEW, "975310", Some(&id_number(8))).await, 422, "id_mismatch");
    }
    refused(&prove(&phone, id, NEW, PIN, Some(&id_number(0))).await, 403, "verification_attempts");
    town.world.advance(86_400_001);
    typed(&town, &phone, id, "new", false, NEW).await;
    let wrong = prove(&phone, id, NEW, "975310", Some(&id_number(0))).await;
    assert_eq!((wrong.code(), wrong.json["attempts_left"].as_i64()), ("pin_wrong", Some(4)));
    let done = prove(&phone, id, NEW, PIN, None).await;
    assert_eq!(done.text("state"), "done", "{}", done.json);
    assert!(done.json["low_until"].is_i64());
    assert_eq!(number(&phone).await, "170****5678");
    ok(&town.top_up(&phone, card, 100_000).await);
    let payee = town.merchant().await;
    let quote = |fen: i64| json!({"payee_id": payee, "kind": "pay", "amount": cny(fen)});
    refused(&phone.call("POST", "/v1/quotes", Some(quote(50_001))).await.unwrap(), 422, "limit_new_device");
    ok(&phone.call("POST", "/v1/quotes", Some(quote(1_000))).await.unwrap());
    town.world.advance(86_400_001);
    refused(&phone.call("POST", "/v1/quotes", Some(quote(50_001))).await.unwrap(), 422, "limit_static_code");
}

#[tokio::test]
async fn a_second_contact_that_becomes_the_number_is_no_second_contact_any_more() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let (number, mail) = (phone.make_id(), phone.make_id());
    for (id, kind, address) in [(number, "phone", NEW), (mail, "email", "li@example.com")] {
        ok(&phone.call("POST", "/v1/contacts", Some(json!({"contact_id": id, "kind": kind, "address": address}))).await.unwrap());
        let code = phone.otp(address, "kabao").await.unwrap();
        ok(&phone.call("POST", &format!("/v1/contacts/{id}/otp"), Some(json!({"otp": code}))).await.unwrap());
    }
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let id = phone.make_id();
    typed(&town, &phone, id, "new", true, NEW).await;
    typed(&town, &phone, id, "old", true, NEW).await;
    assert_eq!(prove(&phone, id, NEW, PIN, None).await.text("state"), "done");
    for _ in 0..2 {
        let list = phone.call("GET", "/v1/contacts", None).await.unwrap();
        let kinds: Vec<&str> = list.json["contacts"].as_array().unwrap().iter().map(|contact| contact["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["email"], "the mailbox goes on counting: {}", list.json);
        // An older copy of the book does not bring it back.
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
        town.restart();
        town.again(&mut phone);
    }
    town.world.advance(60_001);
    let again = json!({"contact_id": phone.make_id(), "kind": "phone", "address": NEW});
    refused(&phone.call("POST", "/v1/contacts", Some(again)).await.unwrap(), 422, "contact_same");
}

#[tokio::test]
async fn an_account_that_cannot_be_proven_keeps_its_number() {
    let town = Town::new();
    let mut phone = town.phone().await;
    ok(&phone.register(OLD).await.unwrap());
    refused(&begin(&phone, phone.make_id(), NEW, false).await, 403, "old_number_needed");
    // Its two numbers are the whole proof of an account that can hold nothing.
    let id = phone.make_id();
    typed(&town, &phone, id, "new", true, NEW).await;
    let done = typed(&town, &phone, id, "old", true, NEW).await;
    assert_eq!(done.text("state"), "done", "{}", done.json);
    assert_eq!(number(&phone).await, "170****5678");
}

#[tokio::test]
async fn of_two_changes_one_wins_and_of_two_accounts_one_gets_the_number() {
    let town = Town::new();
    let (one, _) = town.person().await;
    let (other, _) = town.person().await;
    let (first, second, theirs) = (one.make_id(), one.make_id(), other.make_id());
    for (phone, id, tel) in [(&one, first, NEW), (&one, second, "+8617112345678")] {
        typed(&town, phone, id, "new", true, tel).await;
        typed(&town, phone, id, "old", true, tel).await;
    }
    assert_eq!(typed(&town, &other, theirs, "new", false, NEW).await.text("state"), "proving");
    assert_eq!(prove(&one, first, NEW, PIN, None).await.text("state"), "done");
    refused(&prove(&one, second, "+8617112345678", PIN, None).await, 409, "change_overtaken");
    refused(&one.call("GET", &format!("/v1/phone-changes/{second}"), None).await.unwrap(), 409, "change_overtaken");
    refused(&prove(&other, theirs, NEW, PIN, Some(&id_number(1))).await, 409, "phone_in_use");
    refused(&begin(&other, other.make_id(), NEW, true).await, 409, "phone_in_use");
    assert_eq!((number(&one).await.as_str(), number(&other).await.as_str()), ("170****5678", "138****8001"));
    // Nobody goes on with the change of somebody else.
    let mine = one.make_id();
    town.world.advance(60_001);
    ok(&begin(&one, mine, "+8617212345678", true).await);
    refused(&other.call("GET", &format!("/v1/phone-changes/{mine}"), None).await.unwrap(), 404, "not_found");
    refused(&otp(&other, mine, "new", "123456").await, 404, "not_found");
    refused(&begin(&other, mine, "+8617212345678", true).await, 409, "id_reused");
    refused(&begin(&one, mine, "+8617312345678", true).await, 409, "id_reused");
    refused(&begin(&one, mine, "+8617212345678", false).await, 409, "id_reused");
}

#[tokio::test]
async fn an_older_copy_of_the_book_does_not_give_the_number_back() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let hash = kabao_proof::hex(&sha256_of(&[b"kabao-sheet-1", b"ABCDABCDABCDABCD"]));
    assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let id = phone.make_id();
    typed(&town, &phone, id, "new", false, NEW).await;
    assert_eq!(prove(&phone, id, NEW, PIN, Some(&id_number(0))).await.text("state"), "done");
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"], "rebuild": false}))).await;
    town.restart();
    town.again(&mut phone);
    assert_eq!(number(&phone).await, "170****5678");
    let limits = phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(limits.json["limits"]["single"], cny(50_000), "low limits are not forgotten either");
    assert_eq!(phone.call("GET", &format!("/v1/phone-changes/{id}"), None).await.unwrap().text("state"), "done");
    // The earlier number is nobody's: it replaces nothing, and opens an account of its own.
    let mut heir = town.phone().await;
    let body = json!({
        "replacement_id": heir.make_id(), "phone": OLD, "device_key": heir.device_key.public(),
        "approve_key": heir.approve_key.public(), "device_model": "Heir",
    });
    refused(&heir.call("POST", "/v1/device-replacements", Some(body)).await.unwrap(), 404, "phone_unknown");
    ok(&heir.register(OLD).await.unwrap());
    assert_ne!(heir.account, phone.account);
    // Who knows the earlier number only, and holds the sheet, freezes the account and not the heir's.
    let frozen = phone.call("POST", "/v1/freeze", Some(json!({"phone": OLD, "code": "ABCD-ABCD-ABCD-ABCD"}))).await.unwrap();
    assert_eq!(frozen.status, 204, "{}", frozen.json);
    assert_eq!(phone.call("GET", "/v1/account", None).await.unwrap().json["frozen"], json!(true));
    assert_eq!(heir.call("GET", "/v1/account", None).await.unwrap().json["frozen"], json!(false));
    town.world.advance(60_001);
    refused(&begin(&phone, phone.make_id(), "+8617212345678", true).await, 403, "account_frozen");
}

#[tokio::test]
async fn a_phone_on_its_way_with_the_earlier_number_has_to_begin_anew() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    town.world.advance(60_001);
    let thief = town.phone().await;
    let replacement = thief.make_id();
    let body = json!({
        "replacement_id": replacement, "phone": OLD, "device_key": thief.device_key.public(),
        "approve_key": thief.approve_key.public(), "device_model": "Thief",
    });
    ok(&thief.call("POST", "/v1/device-replacements", Some(body)).await.unwrap());
    let code = thief.otp(OLD, "kabao").await.unwrap();
    let path = format!("/v1/device-replacements/{replacement}");
    let bytes = json!({"otp": code}).to_string().into_bytes();
    let headers = thief.sign_as_self("POST", &format!("{path}/otp"), &bytes).unwrap();
    ok(&thief.call_with("POST", &format!("{path}/otp"), &headers, &bytes).await.unwrap());
    // A code of that flow is worth nothing in this one.
    let id = phone.make_id();
    typed(&town, &phone, id, "new", true, NEW).await;
    refused(&otp(&phone, id, "old", &code).await, 422, "otp_expired");
    typed(&town, &phone, id, "old", true, NEW).await;
    assert_eq!(prove(&phone, id, NEW, PIN, None).await.text("state"), "done");
    let headers = thief.sign_as_self("GET", &path, b"").unwrap();
    refused(&thief.call_with("GET", &path, &headers, b"").await.unwrap(), 409, "replace_overtaken");
}

#[tokio::test]
async fn hostile_values_are_named_and_codes_are_bounded() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let body = |field: &str, value: Value| {
        let mut body = json!({"change_id": phone.make_id(), "phone": NEW, "old_reachable": true});
        body[field] = value;
        body
    };
    let cases = [
        (body("phone", json!("")), 422, "phone_invalid"), (body("phone", json!("13800138001")), 422, "phone_invalid"),
        (body("phone", json!("+8614412345678")), 422, "phone_invalid"), (body("phone", json!("9".repeat(60_000))), 422, "phone_invalid"),
        (body("phone", json!("+86１7012345678")), 422, "phone_invalid"), (body("phone", json!(1)), 400, "bad_argument"),
        (body("change_id", json!("x")), 400, "bad_id"), (body("old_reachable", json!("yes")), 400, "bad_argument"),
        (body("more", json!(1)), 400, "bad_argument"), (json!([]), 400, "bad_argument"),
    ];
    for (body, status, code) in cases {
        refused(&phone.call("POST", "/v1/phone-changes", Some(body)).await.unwrap(), status, code);
    }
    let id = phone.make_id();
    ok(&begin(&phone, id, NEW, true).await);
    for bad in ["", "12345", "１２３４５６７", "12345a", "\u{202e}12345"] {
        refused(&otp(&phone, id, "new", bad).await, 422, "otp_wrong");
    }
    refused(&otp(&phone, id, "both", "123456").await, 400, "bad_argument");
    let code = phone.otp(NEW, "kabao").await.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in (1..5).rev() {
        let reply = otp(&phone, id, "new", wrong).await;
        assert_eq!((reply.code(), reply.json["attempts_left"].as_i64()), ("otp_wrong", Some(left)));
    }
    refused(&otp(&phone, id, "new", wrong).await, 403, "otp_locked");
    refused(&otp(&phone, id, "new", &code).await, 403, "otp_locked");
    // One account cannot have codes sent to half the country.
    for more in 1..10 {
        ok(&begin(&phone, phone.make_id(), &format!("+861701234560{more}"), true).await);
    }
    refused(&begin(&phone, phone.make_id(), "+8617012345610", true).await, 429, "too_many_requests");
}
