//! A new approval key in the place of one that is lost.
use crate::common::*;
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::kit::Phone;
use serde_json::json;

const TEL: &str = "+8613800138000";

#[tokio::test]
async fn a_new_approval_key_needs_code_and_pin_and_lowers_the_limits() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    let key = Phone::new(town.line(), town.dev(), "localhost", town.world.clone()).unwrap().approve_key;
    let renewal = phone.make_id();
    let (account, device) = (phone.account.unwrap(), phone.device.unwrap());
    let body = |id: Id, key: &kabao_proof::SoftwareKey| json!({"renewal_id": id, "approve_key": key.public()});
    town.world.advance(60_001);
    ok(&phone.call("POST", "/v1/approve-renewals", Some(body(renewal, &key))).await.unwrap());
    refused(&phone.call("POST", "/v1/approve-renewals", Some(body(renewal, &phone.device_key))).await.unwrap(), 409, "id_reused");
    let otp = phone.otp(TEL, "kabao").await.unwrap();
    let proof = |phone: &Phone, pin: &str, otp: &str| {
        let proof = phone.make_id();
        let parts = [
            "kabao-renew-1".to_owned(), renewal.to_string(), proof.to_string(), account.to_string(), device.to_string(), key.public().to_string(),
        ];
        let digest = sha256_of(&[parts.join("\0").as_bytes()]);
        json!({"proof_id": proof, "otp": otp, "pin_box": phone.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &digest, pin).unwrap()})
    };
    let path = format!("/v1/approve-renewals/{renewal}");
    let wrong = if otp == "000000" { "000001" } else { "000000" };
    refused(&phone.call("PUT", &path, Some(proof(&phone, PIN, wrong))).await.unwrap(), 422, "otp_wrong");
    let reply = phone.call("PUT", &path, Some(proof(&phone, "975310", &otp))).await.unwrap();
    assert_eq!((reply.code(), reply.json["attempts_left"].as_i64()), ("pin_wrong", Some(4)));
    // Nothing approves with the new key before, and nothing with the old one afterwards.
    let pay = async |town: &Town, phone: &Phone, fen: i64| {
        let quote = town.quote(phone, json!({"kind": "top_up", "amount": cny(fen)})).await;
        let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), None).unwrap();
        put(phone, &body).await.text("state").to_owned()
    };
    assert_eq!(pay(&town, &phone, 100).await, "succeeded");
    let done = phone.call("PUT", &path, Some(proof(&phone, PIN, &otp))).await.unwrap();
    ok(&done);
    assert_eq!(pay(&town, &phone, 200).await, "refused");
    phone.approve_key = key.clone();
    assert_eq!(pay(&town, &phone, 300).await, "succeeded");
    let limits = phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(limits.json["limits"]["single"], cny(50_000));
    // After a lost answer and a restart it is the same renewal; another phone has no part in it.
    town.restart();
    town.again(&mut phone);
    assert_eq!(phone.call("PUT", &path, Some(proof(&phone, PIN, &otp))).await.unwrap().json, done.json);
    let (stranger, _) = town.person().await;
    refused(&stranger.call("PUT", &path, Some(proof(&stranger, PIN, &otp))).await.unwrap(), 409, "id_reused");
    town.audit().await;
}
