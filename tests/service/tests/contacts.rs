//! Second contacts: what can be one, when it counts, what it hears, who takes it away.
use crate::common::*;
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

async fn add(phone: &Phone, id: Id, kind: &str, address: &str) -> Reply {
    phone.call("POST", "/v1/contacts", Some(json!({"contact_id": id, "kind": kind, "address": address}))).await.unwrap()
}

async fn confirm(phone: &Phone, id: Id, otp: &str) -> Reply {
    phone.call("POST", &format!("/v1/contacts/{id}/otp"), Some(json!({"otp": otp}))).await.unwrap()
}

async fn remove(phone: &Phone, id: Id, pin: Option<&str>) -> Reply {
    let proof = phone.make_id();
    let mut body = json!({"proof_id": proof});
    if let Some(pin) = pin {
        let (account, device) = (phone.account.unwrap(), phone.device.unwrap());
        let parts = ["kabao-contact-1".to_owned(), id.to_string(), proof.to_string(), account.to_string(), device.to_string()];
        body["pin_box"] = phone.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &sha256_of(&[parts.join("\0").as_bytes()]), pin).unwrap();
    }
    phone.call("POST", &format!("/v1/contacts/{id}/removal"), Some(body)).await.unwrap()
}

async fn heard(town: &Town, address: &str) -> Vec<String> {
    let inbox = town.ask_dev("GET", &format!("/dev/inbox?phone={}", address.replace('+', "%2B")), None).await;
    let messages = inbox["messages"].as_array().unwrap().iter().filter(|message| message["otp"] == "");
    messages.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn one_counts_once_its_code_came_back_and_hears_what_happens() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let (mail, number) = (phone.make_id(), phone.make_id());
    ok(&add(&phone, mail, "email", "Li.Xiaoman@Example.com").await);
    ok(&add(&phone, number, "phone", "+8617012345678").await);
    let code = phone.otp("li.xiaoman@example.com", "kabao").await.unwrap();
    // A code of one contact is none of another.
    refused(&confirm(&phone, number, &code).await, 422, "otp_wrong");
    let list = confirm(&phone, mail, &code).await;
    let mine = list.json["contacts"].as_array().unwrap().iter().find(|contact| contact["kind"] == "email").unwrap();
    assert_eq!(mine["state"], "verified", "{}", list.json);
    assert_eq!(confirm(&phone, mail, &code).await.json, list.json);
    let other = if code == "000000" { "000001" } else { "000000" };
    refused(&confirm(&phone, mail, other).await, 422, "otp_used");
    // A sheet, and freezing by it: the mailbox hears of both, the number that was not verified of neither.
    let hash = kabao_proof::hex(&sha256_of(&[b"kabao-sheet-1", b"ABCDABCDABCDABCD"]));
    for _ in 0..2 {
        assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    }
    let before = heard(&town, "li.xiaoman@example.com").await.len();
    let freeze = json!({"phone": "+8613800138000", "code": "ABCD-ABCD-ABCD-ABCD"});
    assert_eq!(phone.call("POST", "/v1/freeze", Some(freeze)).await.unwrap().status, 204);
    let told = heard(&town, "li.xiaoman@example.com").await;
    assert_eq!(told.len(), before + 1);
    assert!(told.last().unwrap().contains("冻结") && told.iter().filter(|text| text.contains("应急卡作废")).count() == 1, "{told:?}");
    assert!(heard(&town, "+8617012345678").await.is_empty());
    // Frozen, nothing about contacts is changed.
    refused(&add(&phone, phone.make_id(), "email", "b@example.com").await, 403, "account_frozen");
    refused(&remove(&phone, mail, Some(PIN)).await, 403, "account_frozen");
    town.restart();
    town.again(&mut phone);
    let kept = phone.call("GET", "/v1/contacts", None).await.unwrap();
    assert_eq!(kept.json["contacts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn removing_one_that_counts_needs_the_pin_and_holds_after_a_restore() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let (stranger, _) = town.person().await;
    let mail = phone.make_id();
    ok(&add(&phone, mail, "email", "a@example.com").await);
    let code = phone.otp("a@example.com", "kabao").await.unwrap();
    ok(&confirm(&phone, mail, &code).await);
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    refused(&add(&phone, phone.make_id(), "email", "b@example.com").await, 409, "contact_exists");
    refused(&remove(&stranger, mail, Some(PIN)).await, 404, "not_found");
    refused(&confirm(&stranger, mail, &code).await, 404, "not_found");
    refused(&remove(&phone, mail, None).await, 400, "bad_argument");
    refused(&remove(&phone, mail, Some("975310")).await, 422, "pin_wrong");
    assert_eq!(remove(&phone, mail, Some(PIN)).await.json["contacts"], json!([]));
    refused(&remove(&phone, mail, Some(PIN)).await, 404, "not_found");
    assert!(heard(&town, "a@example.com").await.last().unwrap().contains("移除"));
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    assert_eq!(phone.call("GET", "/v1/contacts", None).await.unwrap().json["contacts"], json!([]));
}

#[tokio::test]
async fn hostile_addresses_are_named_and_codes_are_bounded() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let body = |field: &str, value: Value| {
        let mut body = json!({"contact_id": phone.make_id(), "kind": "email", "address": "a@example.com"});
        body[field] = value;
        body
    };
    let cases = [
        (body("address", json!("")), 422, "email_invalid"), (body("address", json!("a".repeat(60_000))), 422, "email_invalid"),
        (body("address", json!("a@b")), 422, "email_invalid"), (body("address", json!("小满@b.cn")), 422, "email_invalid"),
        (body("address", json!("a@example.com\r\nBcc: b@c.cn")), 422, "email_invalid"), (body("address", json!("a\u{202e}@b.cn")), 422, "email_invalid"),
        (body("address", json!(1)), 400, "bad_argument"), (body("kind", json!("fax")), 400, "bad_argument"),
        (body("contact_id", json!("x")), 400, "bad_id"), (body("more", json!(1)), 400, "bad_argument"),
        (json!({"contact_id": phone.make_id(), "kind": "phone", "address": "+8613800138000"}), 422, "contact_same"),
        (json!({"contact_id": phone.make_id(), "kind": "phone", "address": "a@example.com"}), 422, "phone_invalid"),
    ];
    for (body, status, code) in cases {
        refused(&phone.call("POST", "/v1/contacts", Some(body)).await.unwrap(), status, code);
    }
    let id = phone.make_id();
    ok(&add(&phone, id, "email", "a@example.com").await);
    refused(&add(&phone, id, "email", "b@example.com").await, 409, "id_reused");
    refused(&add(&phone, id, "email", "a@example.com").await, 429, "otp_cooldown");
    let code = phone.otp("a@example.com", "kabao").await.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        refused(&confirm(&phone, id, wrong).await, 422, "otp_wrong");
    }
    refused(&confirm(&phone, id, wrong).await, 403, "otp_locked");
    refused(&confirm(&phone, id, &code).await, 403, "otp_locked");
    for more in 1..20 {
        ok(&add(&phone, phone.make_id(), "email", &format!("a{more}@example.com")).await);
    }
    refused(&add(&phone, phone.make_id(), "email", "b@example.com").await, 429, "too_many_requests");
    let list = phone.call("GET", "/v1/contacts", None).await.unwrap();
    assert_eq!(list.json["contacts"].as_array().unwrap().len(), 1, "one of each kind");
}
