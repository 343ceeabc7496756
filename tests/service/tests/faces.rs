//! A face check is bound to who asked for it: an account, or a phone that replaces another.

use crate::common::{NAME, PIN, Town, id_number, ok, refused};
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const TEL: &str = "+8613800138000";
const MODEL: &str = "Second phone";

/// A phone on its way into the place of another, its number proven.
struct Next {
    phone: Phone,
    id: Id,
    account: Id,
}

impl Next {
    async fn numbered(town: &Town) -> Next {
        town.world.advance(60_001);
        let phone = town.phone().await;
        let id = phone.make_id();
        let mut next = Next { phone, id, account: id };
        let body = json!({"replacement_id": id, "phone": TEL, "device_key": next.phone.device_key.public(),
            "approve_key": next.phone.approve_key.public(), "device_model": MODEL});
        let bytes = body.to_string().into_bytes();
        let headers = next.phone.sign_as_self("POST", "/v1/device-replacements", &bytes).unwrap();
        ok(&next.phone.call_with("POST", "/v1/device-replacements", &headers, &bytes).await.unwrap());
        refused(&next.nonce().await, 404, "not_found");
        let otp = next.phone.otp(TEL, "kabao").await.unwrap();
        let reply = next.call("POST", "/otp", json!({"otp": otp})).await;
        ok(&reply);
        next.account = Id::parse(reply.text("account_id")).unwrap();
        next
    }

    async fn call(&self, method: &str, rest: &str, body: Value) -> Reply {
        let (path, bytes) = (format!("/v1/device-replacements/{}{rest}", self.id), body.to_string().into_bytes());
        let headers = self.phone.sign_as_self(method, &path, &bytes).unwrap();
        self.phone.call_with(method, &path, &headers, &bytes).await.unwrap()
    }

    async fn nonce(&self) -> Reply {
        self.call("POST", "/liveness-nonces", json!({})).await
    }

    async fn prove(&self, proof: Id, token: &str, nonce: Value) -> Reply {
        let parts = [
            "kabao-replace-1".to_owned(), self.id.to_string(), proof.to_string(), self.account.to_string(),
            self.phone.device_key.public().to_string(), self.phone.approve_key.public().to_string(), MODEL.to_owned(),
        ];
        let pin = self.phone.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &sha256_of(&[parts.join("\0").as_bytes()]), PIN).unwrap();
        let number = self.phone.seal(&KeyPurpose::IdBox, b"kabao-id-1", format!("{}\0{proof}", self.account).as_bytes(), &id_number(0)).unwrap();
        let person = json!({"name": NAME, "id_box": number, "liveness_token": token, "liveness_nonce": nonce});
        self.call("PUT", "/proof", json!({"proof_id": proof, "pin_box": pin, "person": person})).await
    }
}

#[tokio::test]
async fn a_face_on_a_new_phone_belongs_to_that_replacement_alone() {
    let town = Town::new();
    let (old, _) = town.person().await;
    let (one, two) = (Next::numbered(&town).await, Next::numbered(&town).await);
    let reply = one.nonce().await;
    ok(&reply);
    let nonce = reply.text("nonce").to_owned();
    let bound = old.face(5, "ok", Some(&nonce)).await.unwrap();
    // Not another replacement's, not the account's own, not nobody's, not in another shape.
    let proof = two.phone.make_id();
    refused(&two.prove(proof, &bound, json!(nonce)).await, 422, "liveness_stale");
    let of_the_account = old.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap().text("nonce").to_owned();
    refused(&one.prove(one.phone.make_id(), &bound, json!(of_the_account)).await, 422, "liveness_stale");
    refused(&one.prove(one.phone.make_id(), &bound, json!("0".repeat(32))).await, 422, "liveness_stale");
    for bad in [json!(""), json!("x"), json!("９".repeat(32)), json!("\u{202e}"), json!(1), json!([]), json!("9".repeat(50_000))] {
        let reply = one.prove(one.phone.make_id(), &bound, bad).await;
        assert_eq!(reply.status, 400, "{}", reply.json);
    }
    // A token that was made for a nonce says nothing without it, and the nonce says nothing with another token.
    refused(&one.prove(one.phone.make_id(), &bound, Value::Null).await, 422, "liveness_other");
    // Too late.
    town.world.advance(600_001);
    refused(&one.prove(one.phone.make_id(), &bound, json!(nonce)).await, 422, "liveness_stale");
    // Again, in time: once, and the same proof again is the same.
    let nonce = one.nonce().await.text("nonce").to_owned();
    let bound = old.face(5, "ok", Some(&nonce)).await.unwrap();
    let proof = one.phone.make_id();
    let done = one.prove(proof, &bound, json!(nonce)).await;
    assert_eq!(done.text("state"), "done", "{}", done.json);
    assert_eq!(one.prove(proof, &bound, json!(nonce)).await.json, done.json);
    // Done: there is no face to check any more, and the other replacement is void.
    refused(&one.nonce().await, 409, "wrong_step");
    refused(&two.nonce().await, 409, "replace_overtaken");
}

#[tokio::test]
async fn maintenance_gives_the_nonce_back_and_ten_are_the_most() {
    let town = Town::new();
    let (old, _) = town.person().await;
    let next = Next::numbered(&town).await;
    let nonce = next.nonce().await.text("nonce").to_owned();
    let bound = old.face(5, "ok", Some(&nonce)).await.unwrap();
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"maintenance_ms": 1_000}))).await;
    refused(&next.prove(next.phone.make_id(), &bound, json!(nonce)).await, 503, "vendor_maintenance");
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({}))).await;
    for _ in 1..10 {
        ok(&next.nonce().await);
    }
    refused(&next.nonce().await, 429, "too_many_requests");
    assert_eq!(next.prove(next.phone.make_id(), &bound, json!(nonce)).await.text("state"), "done");
}
