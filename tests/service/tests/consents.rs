//! Consents: taken back at once, once and for all, by their own account alone, whatever arrives in which order.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{NAME, PIN, Town, id_number, ok, refused};
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
    let path = format!("/v1/consents/{id}/withdrawal");
    phone.call("PUT", &path, Some(json!({"document": "real_name", "version": FIRST}))).await.unwrap()
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
    let consent = given(&phone).await[0]["consent_id"].as_str().unwrap().to_owned();
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
    town.ask_dev("POST", "/dev/consents", Some(json!({"version": "2027-01"}))).await;
    refused(&check(&phone, id, phone.make_id()).await, 403, "consent_version");
    refused(&give(&phone, phone.make_id(), FIRST).await, 422, "consent_version");
    ok(&give(&phone, phone.make_id(), "2027-01").await);
    // Nobody's values.
    let path = format!("/v1/consents/{id}/withdrawal");
    for (body, status, code) in [
        (json!({"document": "face", "version": FIRST}), 400, "bad_argument"),
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
