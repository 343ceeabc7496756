//! Passwords, second factors, phones beside one another: what has to be proven, what counts once, what an old copy cannot bring back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod common;

use common::*;
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::World;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const TEL: &str = "+8613800138000";
const MODEL: &str = "Second phone";
const PASSWORD: &str = "four-tin-lamps";

fn digest(parts: &[&str]) -> [u8; 32] {
    sha256_of(&[parts.join("\0").as_bytes()])
}

/// The code of an authenticator app, so many steps beside now.
fn totp(town: &Town, secret: &str, beside: i64) -> String {
    let mut bits = Vec::new();
    for letter in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
        bits.extend((0..5).rev().map(|bit| value >> bit & 1));
    }
    let key: Vec<u8> = bits.chunks_exact(8).map(|byte| byte.iter().fold(0u8, |sum, bit| sum << 1 | u8::try_from(*bit).unwrap())).collect();
    let step = town.world.now().as_ms() / 30_000 + beside;
    let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn sealed(phone: &Phone, info: &[u8], digest: &[u8], plain: &str) -> Value {
    phone.seal(&KeyPurpose::PinBox, info, digest, plain).unwrap()
}

async fn set_password(phone: &Phone, change: Id, password: &str, pin: Option<&str>, old: Option<&str>) -> Reply {
    let (account, device) = (phone.account.unwrap().to_string(), phone.device.unwrap().to_string());
    let proof = phone.make_id();
    let bound = |kind: &str| digest(&[kind, &change.to_string(), &proof.to_string(), &account, &device]);
    let body = json!({
        "change_id": change, "proof_id": proof, "password_box": sealed(phone, b"kabao-password-set-1", format!("{account}\0{device}").as_bytes(), password),
        "pin_box": pin.map(|pin| sealed(phone, b"kabao-pin-1", &bound("kabao-password-pin-1"), pin)),
        "old_box": old.map(|old| sealed(phone, b"kabao-password-1", &bound("kabao-password-old-1"), old)),
    });
    phone.call("PUT", "/v1/account/password", Some(body)).await.unwrap()
}

fn factor_proof(phone: &Phone, kind: &str, of: &str, code: &str) -> (Id, Value) {
    let proof = phone.make_id();
    let parts = ["kabao-factor-1", kind, of, &proof.to_string(), &phone.account.unwrap().to_string(), &phone.device.unwrap().to_string()].map(str::to_owned);
    let bound = sha256_of(&[parts.join("\0").as_bytes()]);
    (proof, sealed(phone, b"kabao-factor-1", &bound, code))
}

/// Enrols; gives the secret and the backup codes.
async fn enrol(town: &Town, phone: &Phone) -> (String, Vec<String>) {
    let id = phone.make_id();
    let offered = phone.call("POST", "/v1/second-factor", Some(json!({"enrolment_id": id}))).await.unwrap();
    ok(&offered);
    let secret = offered.text("secret").to_owned();
    let (proof, factor_box) = factor_proof(phone, "confirm", &id.to_string(), &totp(town, &secret, 0));
    let body = json!({"proof_id": proof, "factor_box": factor_box});
    let on = phone.call("PUT", &format!("/v1/second-factor/{id}"), Some(body)).await.unwrap();
    ok(&on);
    (secret, on.json["backup_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn off(phone: &Phone, code: &str) -> Reply {
    let (proof, factor_box) = factor_proof(phone, "off", "", code);
    phone.call("POST", "/v1/second-factor/off", Some(json!({"proof_id": proof, "factor_box": factor_box}))).await.unwrap()
}

/// A phone that is being signed in.
struct Guest {
    phone: Phone,
    id: Id,
    account: Id,
}

impl Guest {
    async fn begin(town: &Town) -> Guest {
        town.world.advance(60_001);
        let phone = town.phone().await;
        let guest = Guest { id: phone.make_id(), phone, account: Id::from_bytes([0; 16]) };
        ok(&guest.ask_code().await);
        guest
    }

    async fn ask_code(&self) -> Reply {
        self.phone.call("POST", "/v1/sign-ins", Some(self.request())).await.unwrap()
    }

    fn request(&self) -> Value {
        json!({
            "sign_in_id": self.id, "phone": TEL, "device_key": self.phone.device_key.public(), "approve_key": self.phone.approve_key.public(),
            "device_model": MODEL, "form": "phone",
        })
    }

    async fn call(&self, method: &str, tail: &str, body: Option<Value>) -> Reply {
        let path = format!("/v1/sign-ins/{}{tail}", self.id);
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = self.phone.sign_as_self(method, &path, &bytes).unwrap();
        self.phone.call_with(method, &path, &headers, &bytes).await.unwrap()
    }

    async fn numbered(town: &Town) -> Guest {
        let mut guest = Guest::begin(town).await;
        let otp = guest.phone.otp(TEL, "kabao").await.unwrap();
        let reply = guest.call("POST", "/otp", Some(json!({"otp": otp}))).await;
        ok(&reply);
        guest.account = Id::parse(reply.text("account_id")).unwrap();
        guest
    }

    fn proof(&self, proof: Id, password: Option<&str>, pin: Option<&str>, code: Option<&str>) -> Value {
        let (id, try_id, account) = (self.id.to_string(), proof.to_string(), self.account.to_string());
        let keys = (self.phone.device_key.public().to_string(), self.phone.approve_key.public().to_string());
        let bound = |what: &str| digest(&["kabao-sign-in-1", what, &id, &try_id, &account, &keys.0, &keys.1, MODEL]);
        json!({
            "proof_id": proof,
            "password_box": password.map(|text| sealed(&self.phone, b"kabao-password-1", &bound("password"), text)),
            "pin_box": pin.map(|text| sealed(&self.phone, b"kabao-pin-1", &bound("pin"), text)),
            "factor_box": code.map(|text| sealed(&self.phone, b"kabao-factor-1", &bound("factor"), text)),
        })
    }

    async fn prove(&self, password: Option<&str>, pin: Option<&str>, code: Option<&str>) -> Reply {
        self.call("PUT", "/proof", Some(self.proof(self.phone.make_id(), password, pin, code))).await
    }

    fn settle(mut self, reply: &Reply) -> Phone {
        assert_eq!(reply.text("state"), "done", "{}", reply.json);
        self.phone.account = Some(self.account);
        self.phone.device = Some(Id::parse(reply.text("device_id")).unwrap());
        self.phone
    }
}

#[tokio::test]
async fn a_password_is_proven_kept_slowly_and_locked_by_a_ladder() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let first = phone.make_id();
    refused(&set_password(&phone, first, "woaini1314", Some(PIN), None).await, 422, "password_common");
    refused(&set_password(&phone, first, "135792", Some(PIN), None).await, 422, "password_is_pin");
    // The phone's own rules pass it; it stands in published breaches.
    refused(&set_password(&phone, first, "Chocolate1", Some(PIN), None).await, 422, "password_common");
    refused(&set_password(&phone, first, &format!("tin-{}-lamps", &id_number(0)[6..14]), Some(PIN), None).await, 422, "password_birth_date");
    refused(&set_password(&phone, first, PASSWORD, None, None).await, 400, "bad_argument");
    refused(&set_password(&phone, first, PASSWORD, None, Some("x-y-z-old")).await, 409, "password_not_set");
    assert_eq!(set_password(&phone, first, PASSWORD, Some(PIN), None).await.status, 204);
    assert_eq!(set_password(&phone, first, PASSWORD, Some("000001"), None).await.status, 204, "the same change again is the same call");
    refused(&set_password(&phone, first, "nine-red-kites", Some(PIN), None).await, 409, "id_reused");
    refused(&set_password(&phone, phone.make_id(), PASSWORD, Some(PIN), None).await, 422, "password_same");

    // Five wrong ones, then the ladder; a restart and another phone change nothing.
    for left in (1..5).rev() {
        let no = set_password(&phone, phone.make_id(), "nine-red-kites", None, Some("wrong-wrong")).await;
        refused(&no, 422, "password_wrong");
        assert_eq!(no.json["attempts_left"], left);
    }
    let locked = set_password(&phone, phone.make_id(), "nine-red-kites", None, Some("wrong-wrong")).await;
    refused(&locked, 403, "password_locked");
    assert_eq!(locked.json["retry_after_ms"], 300_000);
    town.restart();
    town.again(&mut phone);
    refused(&set_password(&phone, phone.make_id(), "nine-red-kites", None, Some(PASSWORD)).await, 403, "password_locked");
    town.world.advance(300_001);
    let no = set_password(&phone, phone.make_id(), "nine-red-kites", None, Some("wrong-wrong")).await;
    assert_eq!((no.code(), &no.json["retry_after_ms"]), ("password_locked", &json!(900_000)), "the next step of the ladder");
    town.world.advance(900_001);
    assert_eq!(set_password(&phone, phone.make_id(), "nine-red-kites", None, Some(PASSWORD)).await.status, 204);
    let known = phone.call("GET", "/v1/account/security", None).await.unwrap();
    assert!(known.json["password_at"].as_i64().unwrap() > 0 && known.json.get("factor").is_none(), "{}", known.json);
}

#[tokio::test]
async fn a_second_factor_counts_each_code_once_and_is_shown_once() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let id = phone.make_id();
    let ask = || phone.call("POST", "/v1/second-factor", Some(json!({"enrolment_id": id})));
    let offered = ask().await.unwrap();
    ok(&offered);
    assert_eq!(ask().await.unwrap().text("secret"), offered.text("secret"), "a lost answer is given again");
    let other = phone.call("POST", "/v1/second-factor", Some(json!({"enrolment_id": phone.make_id()}))).await.unwrap();
    assert_ne!(other.text("secret"), offered.text("secret"), "another enrolment has another secret");
    town.world.advance(700_000);
    let (secret, codes) = enrol(&town, &phone).await;
    assert_eq!(codes.len(), 10);
    refused(&ask().await.unwrap(), 409, "factor_already_on");

    refused(&off(&phone, &totp(&town, &secret, 0)).await, 422, "factor_used");
    refused(&off(&phone, &totp(&town, &secret, -1)).await, 422, "factor_used");
    let early = off(&phone, &totp(&town, &secret, 2)).await;
    refused(&early, 422, "factor_time");
    assert_eq!(early.json["attempts_left"], 4);
    refused(&off(&phone, "ZZZZZZZZZZ").await, 422, "factor_wrong");

    // The same try again is the same try: the code is not used up by its own repeat.
    let issue = phone.make_id();
    let (proof, factor_box) = factor_proof(&phone, "backups", &issue.to_string(), &totp(&town, &secret, 1));
    let body = json!({"issue_id": issue, "proof_id": proof, "factor_box": factor_box});
    let issued = phone.call("POST", "/v1/second-factor/backup-codes", Some(body.clone())).await.unwrap();
    ok(&issued);
    let again = phone.call("POST", "/v1/second-factor/backup-codes", Some(body.clone())).await.unwrap();
    assert_eq!(again.json, issued.json);
    refused(&off(&phone, &codes[0]).await, 422, "factor_wrong");
    town.world.advance(600_001);
    refused(&phone.call("POST", "/v1/second-factor/backup-codes", Some(body)).await.unwrap(), 409, "factor_expired");

    // An enrolment that was confirmed does not give codes again after others were issued.
    let (proof, factor_box) = factor_proof(&phone, "confirm", &id.to_string(), "000000");
    let old = phone.call("PUT", &format!("/v1/second-factor/{id}"), Some(json!({"proof_id": proof, "factor_box": factor_box}))).await.unwrap();
    assert_eq!(old.status, 409, "{}", old.json);
    let backup = issued.json["backup_codes"][3].as_str().unwrap();
    assert_eq!(off(&phone, backup).await.status, 204);
    assert_eq!(off(&phone, backup).await.status, 204, "off is off");
}

#[tokio::test]
async fn another_phone_is_signed_in_beside_the_first() {
    let town = Town::new();
    let (first, _) = town.person().await;
    assert_eq!(set_password(&first, first.make_id(), PASSWORD, Some(PIN), None).await.status, 204);
    let (secret, codes) = enrol(&town, &first).await;
    let guest = Guest::numbered(&town).await;
    refused(&guest.prove(None, Some(PIN), None).await, 400, "bad_argument");
    refused(&guest.prove(Some("wrong-wrong"), None, Some(&totp(&town, &secret, 0))).await, 422, "password_wrong");
    let half = guest.prove(Some(PASSWORD), None, None).await;
    ok(&half);
    assert_eq!((half.text("state"), &half.json["needs_password"], &half.json["needs_factor"]), ("proving", &json!(false), &json!(true)));
    refused(&guest.prove(None, None, Some("ZZZZZZZZZZ")).await, 422, "factor_wrong");
    // The same try twice at once: one device, one use of the code.
    let proof = guest.proof(guest.phone.make_id(), None, None, Some(&codes[4]));
    let (one, other) = tokio::join!(guest.call("PUT", "/proof", Some(proof.clone())), guest.call("PUT", "/proof", Some(proof)));
    assert_eq!((one.text("state"), one.text("device_id")), ("done", other.text("device_id")), "{} {}", one.json, other.json);
    assert!(one.json["low_until"].as_i64().unwrap() > 0);
    let second = guest.settle(&one);
    for phone in [&first, &second] {
        ok(&phone.call("GET", "/v1/account", None).await.unwrap());
    }
    let list = second.call("GET", "/v1/devices", None).await.unwrap();
    assert_eq!(list.json["devices"].as_array().unwrap().len(), 2, "{}", list.json);

    // A used backup code stays used, and a box of one phone fits no other.
    let mut third = Guest::numbered(&town).await;
    ok(&third.prove(Some(PASSWORD), None, None).await);
    refused(&third.prove(None, None, Some(&codes[4])).await, 422, "factor_used");
    let stolen = third.proof(third.phone.make_id(), None, None, Some(&codes[5]));
    third.phone.device_key = second.device_key.clone();
    let path = format!("/v1/sign-ins/{}/proof", third.id);
    let bytes = stolen.to_string().into_bytes();
    let headers = third.phone.sign_as_self("PUT", &path, &bytes).unwrap();
    refused(&third.phone.call_with("PUT", &path, &headers, &bytes).await.unwrap(), 401, "signature_invalid");
}

#[tokio::test]
async fn a_stolen_sim_alone_signs_nobody_in_and_takes_no_pin_away() {
    let town = Town::new();
    let (_first, _) = town.person().await;
    let guest = Guest::begin(&town).await;
    refused(&guest.call("GET", "", None).await, 404, "not_found");
    refused(&guest.prove(None, Some(PIN), None).await, 404, "not_found");
    refused(&guest.call("POST", "/otp", Some(json!({"otp": "000000"}))).await, 422, "otp_wrong");
    let otp = guest.phone.otp(TEL, "kabao").await.unwrap();
    // The code counts for what asked for it: not for a replacement, not for another sign-in.
    let other = Guest { id: guest.phone.make_id(), phone: town.phone().await, account: guest.account };
    refused(&other.call("POST", "/otp", Some(json!({"otp": otp}))).await, 404, "not_found");
    let path = format!("/v1/device-replacements/{}/otp", guest.id);
    let body = json!({"otp": otp}).to_string().into_bytes();
    let headers = guest.phone.sign_as_self("POST", &path, &body).unwrap();
    refused(&guest.phone.call_with("POST", &path, &headers, &body).await.unwrap(), 404, "not_found");
    let known = guest.call("POST", "/otp", Some(json!({"otp": otp}))).await;
    assert_eq!((&known.json["needs_pin"], &known.json["needs_password"]), (&json!(true), &json!(false)));
    let mut guest = guest;
    guest.account = Id::parse(known.text("account_id")).unwrap();
    for left in [4, 3] {
        let no = guest.prove(None, Some("246813"), None).await;
        refused(&no, 422, "pin_wrong");
        assert_eq!(no.json["attempts_left"], left);
    }
    refused(&guest.prove(None, Some("246813"), None).await, 429, "too_many_requests");
    // On another phone as well; and the person still pays, with a PIN that is not locked.
    let second = Guest::numbered(&town).await;
    refused(&second.prove(None, Some(PIN), None).await, 429, "too_many_requests");
    // The same id with other keys is another's.
    let mut stranger = second.request();
    stranger["approve_key"] = json!(guest.phone.approve_key.public());
    town.world.advance(60_001);
    refused(&second.phone.call("POST", "/v1/sign-ins", Some(stranger)).await.unwrap(), 409, "id_reused");
    town.world.advance(86_400_001);
    let third = Guest::numbered(&town).await;
    let done = third.prove(None, Some(PIN), None).await;
    ok(&done);
    third.settle(&done);
}

#[tokio::test]
async fn who_is_signed_out_stays_out_and_five_is_the_limit() {
    let mut town = Town::new();
    let (first, _) = town.person().await;
    assert_eq!(set_password(&first, first.make_id(), PASSWORD, Some(PIN), None).await.status, 204);
    let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await;
    let mut phones = Vec::new();
    for _ in 0..4 {
        let guest = Guest::numbered(&town).await;
        let done = guest.prove(Some(PASSWORD), None, None).await;
        phones.push(guest.settle(&done));
    }
    let late = Guest::numbered(&town).await;
    refused(&late.prove(Some(PASSWORD), None, None).await, 409, "device_limit");
    let out = |phone: &Phone, device: Id| {
        let (path, body) = (format!("/v1/devices/{device}/sign-out"), json!({"sign_out_id": phone.make_id()}));
        (path, body)
    };
    let batch = phones[0].call("POST", "/v1/payer-codes", Some(json!({"batch_id": first.make_id(), "count": 1}))).await.unwrap();
    ok(&batch);
    let (path, body) = out(&first, phones[0].device.unwrap());
    assert_eq!(first.call("POST", &path, Some(body.clone())).await.unwrap().status, 204);
    assert_eq!(first.call("POST", &path, Some(body.clone())).await.unwrap().status, 204, "again");
    // The id of a sign-out is not another phone's.
    let (other, _) = out(&first, phones[1].device.unwrap());
    refused(&first.call("POST", &other, Some(body)).await.unwrap(), 409, "id_reused");
    refused(&phones[0].call("GET", "/v1/account", None).await.unwrap(), 401, "signed_out");
    let code = payer_code(&batch.json["tokens"][0], 0, town.world.now());
    let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 900}))).await;
    assert_ne!(charge["code"], "BBS00000", "{charge}");
    let done = late.prove(None, None, None).await;
    ok(&done);
    let late = late.settle(&done);

    // Somebody else's phone is no phone of this account.
    let (stranger, _) = town.person().await;
    let (path, body) = out(&stranger, first.device.unwrap());
    refused(&stranger.call("POST", &path, Some(body)).await.unwrap(), 404, "not_found");
    ok(&first.call("GET", "/v1/account", None).await.unwrap());

    // A book from before any of this: out stays out, in stays in.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot["snapshot"]}))).await;
    refused(&phones[0].call("GET", "/v1/account", None).await.unwrap(), 401, "signed_out");
    for phone in [&first, &phones[1], &phones[2], &phones[3], &late] {
        ok(&phone.call("GET", "/v1/account", None).await.unwrap());
    }
    town.restart();
    let mut gone = phones.remove(0);
    town.again(&mut gone);
    refused(&gone.call("GET", "/v1/account", None).await.unwrap(), 401, "signed_out");
}

#[tokio::test]
async fn hostile_values_are_named() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let texts = ["", "é", "\u{202e}12", "👨‍👩‍👧", "１２３４５６", "a\u{200b}b"].map(str::to_owned).into_iter().chain(["9".repeat(50_000)]);
    for text in texts {
        let guest = Guest { id: phone.make_id(), phone: town.phone().await, account: phone.account.unwrap() };
        for field in ["sign_in_id", "phone", "device_key", "approve_key", "device_model", "form"] {
            let mut body = guest.request();
            body[field] = json!(text);
            let reply = guest.phone.call("POST", "/v1/sign-ins", Some(body)).await.unwrap();
            // A name of a model may hold nearly everything that can be seen.
            let model = field == "device_model" && (400..500).contains(&reply.status) | (reply.status == 200);
            assert!(model || (400..500).contains(&reply.status), "{field} {text:.20}: {} {}", reply.status, reply.json);
            assert!(!reply.code().is_empty() || reply.status == 200, "{field} {text:.20}");
        }
        let boxed = json!({"v": 1, "suite": text, "kid": text, "enc": text, "ct": text});
        let bodies = [
            ("PUT", "/v1/account/password".to_owned(), json!({"change_id": phone.make_id(), "password_box": boxed})),
            ("POST", "/v1/second-factor".to_owned(), json!({"enrolment_id": text})),
            ("PUT", format!("/v1/second-factor/{}", phone.make_id()), json!({"proof_id": text, "factor_box": boxed})),
            ("POST", "/v1/second-factor/backup-codes".to_owned(), json!({"issue_id": phone.make_id(), "proof_id": phone.make_id(), "factor_box": boxed})),
            ("POST", "/v1/second-factor/off".to_owned(), json!({"proof_id": phone.make_id(), "factor_box": boxed})),
            ("POST", format!("/v1/devices/{}/sign-out", phone.make_id()), json!({"sign_out_id": text})),
        ];
        for (method, path, body) in bodies {
            let reply = phone.call(method, &path, Some(body)).await.unwrap();
            // What is off is off, whatever is shown as the proof.
            let is_off = path.ends_with("/off") && reply.status == 204;
            assert!(is_off || (400..500).contains(&reply.status) && !reply.code().is_empty(), "{path} {text:.20}: {} {}", reply.status, reply.json);
        }
    }
    town.audit().await;
}
