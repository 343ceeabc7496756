//! Consents: taken back at once, once and for all, by their own account alone, whatever arrives in which order.

use crate::common::{NAME, PIN, Town, id_number, ok, refused};
use kabao_base::Id;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const FIRST: &str = "2026-11";

async fn begun(town: &Town, number: u64) -> Phone {
    let mut phone = town.phone().await;
    ok(&phone.register(&format!("+86139{number:08}")).await.unwrap());
    ok(&phone.set_pin(PIN).await.unwrap());
    phone
}

async fn give(phone: &Phone, id: Id, version: &str) -> Reply {
    phone.call("POST", "/v1/consents", Some(json!({"consent_id": id, "document": "real_name", "version": version}))).await.unwrap()
}

async fn take_back(phone: &Phone, id: Id) -> Reply {
    take_back_of(phone, id, "real_name").await
}

async fn take_back_of(phone: &Phone, id: Id, document: &str) -> Reply {
    let path = format!("/v1/consents/{id}/withdrawal");
    phone.call("PUT", &path, Some(json!({"document": document, "version": FIRST}))).await.unwrap()
}

async fn check(phone: &Phone, consent: Id, verification: Id) -> Reply {
    let sealed = phone.seal(&kabao_proof::KeyPurpose::IdBox, b"kabao-id-1", verification.as_bytes(), &id_number(9));
    let body = json!({"name": NAME, "id_box": sealed.unwrap(), "liveness_token": "x", "consent_id": consent});
    phone.call("PUT", &format!("/v1/verifications/{verification}"), Some(body)).await.unwrap()
}

async fn given(phone: &Phone) -> Vec<Value> {
    let reply = phone.call("GET", "/v1/consents", None).await.unwrap();
    ok(&reply);
    reply.json["given"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_withdrawn_stops_at_once_and_stays_withdrawn() {
    let mut town = Town::new();
    let mut phone = begun(&town, 1).await;
    let (one, two) = (phone.make_id(), phone.make_id());
    ok(&give(&phone, one, FIRST).await);
    ok(&give(&phone, one, FIRST).await);
    assert_eq!(given(&phone).await.len(), 1);
    let at = {
        ok(&take_back(&phone, one).await);
        given(&phone).await[0]["withdrawn_at"].as_i64().unwrap()
    };
    // Again, later, and after a restart: the same.
    town.world.advance(5_000);
    town.restart();
    town.again(&mut phone);
    ok(&take_back(&phone, one).await);
    assert_eq!(given(&phone).await[0]["withdrawn_at"], json!(at));
    refused(&give(&phone, one, FIRST).await, 409, "consent_missing");
    refused(&check(&phone, one, phone.make_id()).await, 403, "consent_missing");
    // Taken back before it came: it never comes into force.
    ok(&take_back(&phone, two).await);
    refused(&give(&phone, two, FIRST).await, 409, "consent_missing");
    // A new one counts.
    ok(&phone.verify(NAME, &id_number(9), 5).await.unwrap());
}

#[tokio::test]
async fn a_check_under_way_ends_with_the_consent_and_a_late_answer_is_not_taken_up() {
    let town = Town::new();
    let phone = begun(&town, 1).await;
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"pending_times": 99}))).await;
    let reply = phone.verify(NAME, &id_number(9), 5).await.unwrap();
    assert_eq!((reply.status, reply.text("state")), (202, "pending"));
    let consent = given(&phone).await.into_iter().find(|entry| entry["document"] == "real_name").unwrap()["consent_id"].as_str().unwrap().to_owned();
    ok(&take_back(&phone, Id::parse(&consent).unwrap()).await);
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({}))).await;
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    let verification = account.json["verification"].clone();
    assert_eq!((verification["state"].as_str(), verification["code"].as_str(), verification["retriable"].as_bool()), (Some("rejected"), Some("consent_missing"), Some(true)));
    assert_eq!(account.json["class"], json!(0));
    ok(&phone.verify(NAME, &id_number(9), 5).await.unwrap());
}

#[tokio::test]
async fn another_version_and_other_peoples_consents() {
    let town = Town::new();
    let (phone, stranger) = (begun(&town, 1).await, begun(&town, 2).await);
    let id = phone.make_id();
    ok(&give(&phone, id, FIRST).await);
    refused(&take_back(&stranger, id).await, 409, "id_reused");
    refused(&give(&stranger, id, FIRST).await, 409, "id_reused");
    refused(&check(&stranger, id, stranger.make_id()).await, 403, "consent_missing");
    assert!(given(&stranger).await.is_empty());
    refused(&check(&phone, id, phone.make_id()).await, 403, "consent_missing");
    town.ask_dev("POST", "/dev/consents", Some(json!({"version": "2027-01"}))).await;
    refused(&check(&phone, id, phone.make_id()).await, 403, "consent_version");
    refused(&give(&phone, phone.make_id(), FIRST).await, 422, "consent_version");
    ok(&give(&phone, phone.make_id(), "2027-01").await);
    // Nobody's values.
    let path = format!("/v1/consents/{id}/withdrawal");
    for (body, status, code) in [
        (json!({"document": "faces", "version": FIRST}), 400, "bad_argument"),
        (json!({"document": "face", "version": FIRST}), 409, "id_reused"),
        (json!({"document": "real_name"}), 400, "bad_argument"),
        (json!({"document": "real_name", "version": ""}), 400, "empty_input"),
        (json!({"document": "real_name", "version": "9".repeat(41)}), 400, "input_too_long"),
        (json!({"document": "real_name", "version": "a\u{202e}b"}), 400, "hidden_character"),
        (json!({"document": "real_name", "version": FIRST, "x": 1}), 400, "bad_argument"),
        (json!([]), 400, "bad_argument"),
        (Value::Null, 400, "bad_argument"),
    ] {
        refused(&phone.call("PUT", &path, Some(body)).await.unwrap(), status, code);
    }
    refused(&phone.call("PUT", "/v1/consents/xyz/withdrawal", Some(json!({"document": "real_name", "version": FIRST}))).await.unwrap(), 400, "bad_id");
    assert_eq!(given(&phone).await.iter().filter(|entry| entry["withdrawn_at"].is_null()).count(), 2);
}

const CARD: &str = "6217001234567802";

#[tokio::test]
async fn each_step_needs_its_own_document_and_says_which() {
    let town = Town::new();
    let mut phone = town.phone().await;
    let tel = "+8613900000077";
    ok(&phone.register(tel).await.unwrap());
    ok(&phone.set_pin(PIN).await.unwrap());
    let nonce = async |phone: &Phone| phone.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap();
    let lacks = |reply: &Reply, code: &str, document: &str| {
        refused(reply, 403, code);
        assert_eq!(reply.text("field"), document);
    };
    lacks(&nonce(&phone).await, "consent_missing", "face");
    let real_name = phone.consent_to("real_name").await.unwrap();
    // One consent is never taken for another, whatever the check names.
    let mut ids = Vec::new();
    for document in ["terms", "privacy", "face"] {
        lacks(&check(&phone, real_name, phone.make_id()).await, "consent_missing", document);
        ids.push(phone.consent_to(document).await.unwrap());
    }
    lacks(&check(&phone, ids[2], phone.make_id()).await, "consent_missing", "real_name");
    ok(&nonce(&phone).await);
    // A newer version of one document stops the steps that need it, and no other.
    town.ask_dev("POST", "/dev/consents", Some(json!({"version": "2027-03", "document": "face"}))).await;
    lacks(&nonce(&phone).await, "consent_version", "face");
    lacks(&check(&phone, real_name, phone.make_id()).await, "consent_version", "face");
    let face = phone.consent_to("face").await.unwrap();
    ok(&nonce(&phone).await);
    ok(&phone.verify(NAME, &id_number(77), 5).await.unwrap());
    // A card needs its own.
    town.ask_dev("POST", "/dev/bank/cards", Some(json!({"pan": CARD, "name": NAME, "id_number": id_number(77), "phone": tel, "balance_fen": 0}))).await;
    let sealed = |id: Id| phone.seal(&kabao_proof::KeyPurpose::CardBox, b"kabao-card-1", format!("{}\0{id}", phone.account.unwrap()).as_bytes(), CARD).unwrap();
    let bind = async |phone: &Phone, id: Id| {
        let body = json!({"binding_id": id, "pan_box": sealed(id), "name": NAME, "phone": tel});
        phone.call("POST", "/v1/cards", Some(body)).await.unwrap()
    };
    let binding = phone.make_id();
    lacks(&bind(&phone, binding).await, "consent_missing", "card_binding");
    phone.consent_to("card_binding").await.unwrap();
    // Nothing was spent by the refusal: the same id goes on.
    ok(&bind(&phone, binding).await);
    // Taken back: no new face check; class, payments and the way to a card stay.
    for id in [face, ids[2]] {
        ok(&take_back_of(&phone, id, "face").await);
    }
    let lasting = given(&phone).await.into_iter().filter(|entry| entry["document"] == "face" && entry["withdrawn_at"].is_null());
    for entry in lasting {
        ok(&take_back_of(&phone, Id::parse(entry["consent_id"].as_str().unwrap()).unwrap(), "face").await);
    }
    lacks(&nonce(&phone).await, "consent_missing", "face");
    assert_eq!(phone.call("GET", "/v1/account", None).await.unwrap().json["class"], json!(3));
    ok(&phone.bind_confirm(binding, tel).await.unwrap());
}

#[tokio::test]
async fn a_consent_is_to_the_text_that_was_shown() {
    let town = Town::new();
    let phone = begun(&town, 1).await;
    let shown = phone.call("GET", "/v1/consents/face", None).await.unwrap();
    assert_eq!(kabao_proof::Digest32::of(shown.text("text").as_bytes()).to_string(), shown.text("digest"));
    let give = async |id: Id, document: &str, digest: Value| {
        phone.call("POST", "/v1/consents", Some(json!({"consent_id": id, "document": document, "version": FIRST, "digest": digest}))).await.unwrap()
    };
    let id = phone.make_id();
    refused(&give(id, "face", json!("0".repeat(64))).await, 422, "consent_version");
    for digest in [json!(""), json!("0".repeat(63)), json!("é".repeat(32)), json!("9".repeat(50_000)), json!(1), json!([])] {
        refused(&give(id, "face", digest).await, 400, "bad_argument");
    }
    ok(&give(id, "face", shown.json["digest"].clone()).await);
    // The id of one consent is not the id of another.
    let other = phone.call("GET", "/v1/consents/terms", None).await.unwrap();
    refused(&give(id, "terms", other.json["digest"].clone()).await, 409, "id_reused");
    for document in ["", "FACE", "faces", "real_name ", "人脸", "f\u{200b}ace"] {
        refused(&give(phone.make_id(), document, Value::Null).await, 400, "bad_argument");
    }
    refused(&phone.call("GET", "/v1/consents/faces", None).await.unwrap(), 404, "not_found");
    assert_eq!(phone.call("GET", "/v1/consents", None).await.unwrap().json["documents"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_restored_book_hears_of_a_consent_again_and_of_a_withdrawal() {
    let town = Town::new();
    let phone = begun(&town, 1).await;
    let before = town.ask_dev("POST", "/dev/snapshot", Some(json!({}))).await;
    let id = phone.consent_to("face").await.unwrap();
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": before["snapshot"]}))).await;
    refused(&phone.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap(), 403, "consent_missing");
    // What was taken back meanwhile never comes into force in the older book.
    ok(&take_back_of(&phone, id, "face").await);
    let shown = phone.call("GET", "/v1/consents/face", None).await.unwrap();
    let again = json!({"consent_id": id, "document": "face", "version": shown.text("version")});
    refused(&phone.call("POST", "/v1/consents", Some(again)).await.unwrap(), 409, "consent_missing");
    phone.consent_to("face").await.unwrap();
    ok(&phone.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap());
}
