//! A password, a second factor, and a phone that is signed in with them beside the first.

use super::{Town, ok};
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::World;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

pub const TEL: &str = "+8613800138000";
pub const MODEL: &str = "Second phone";
pub const PASSWORD: &str = "four-tin-lamps";

pub fn digest(parts: &[&str]) -> [u8; 32] {
    sha256_of(&[parts.join("\0").as_bytes()])
}

pub fn sealed(phone: &Phone, info: &[u8], digest: &[u8], plain: &str) -> Value {
    phone.seal(&KeyPurpose::PinBox, info, digest, plain).unwrap()
}

pub async fn set_password(phone: &Phone, change: Id, password: &str, pin: Option<&str>, old: Option<&str>) -> Reply {
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

/// The code of an authenticator app, so many steps beside now.
pub fn totp(town: &Town, secret: &str, beside: i64) -> String {
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

pub fn factor_proof(phone: &Phone, kind: &str, of: &str, code: &str) -> (Id, Value) {
    let proof = phone.make_id();
    let parts = ["kabao-factor-1", kind, of, &proof.to_string(), &phone.account.unwrap().to_string(), &phone.device.unwrap().to_string()].map(str::to_owned);
    let bound = sha256_of(&[parts.join("\0").as_bytes()]);
    (proof, sealed(phone, b"kabao-factor-1", &bound, code))
}

/// Enrols; gives the secret and the backup codes.
pub async fn enrol(town: &Town, phone: &Phone) -> (String, Vec<String>) {
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

pub async fn off(phone: &Phone, code: &str) -> Reply {
    let (proof, factor_box) = factor_proof(phone, "off", "", code);
    phone.call("POST", "/v1/second-factor/off", Some(json!({"proof_id": proof, "factor_box": factor_box}))).await.unwrap()
}

/// Keeps a recovery sheet, with the PIN where it takes the place of another.
pub async fn keep_sheet(phone: &Phone, code: &str, pin: Option<&str>) -> Reply {
    let hash = kabao_proof::hex(&sha256_of(&[b"kabao-sheet-1", code.replace('-', "").as_bytes()]));
    let proof = phone.make_id();
    let (account, device) = (phone.account.unwrap().to_string(), phone.device.unwrap().to_string());
    let bound = digest(&["kabao-sheet-pin-1", &hash, &proof.to_string(), &account, &device]);
    let mut body = json!({"sheet_hash": hash});
    if let Some(pin) = pin {
        (body["proof_id"], body["pin_box"]) = (json!(proof), sealed(phone, b"kabao-pin-1", &bound, pin));
    }
    phone.call("PUT", "/v1/account/recovery-sheet", Some(body)).await.unwrap()
}

/// A phone that is being signed in.
pub struct Guest {
    pub phone: Phone,
    pub id: Id,
    pub account: Id,
}

impl Guest {
    pub async fn begin(town: &Town) -> Guest {
        town.world.advance(60_001);
        let phone = town.phone().await;
        let guest = Guest { id: phone.make_id(), phone, account: Id::from_bytes([0; 16]) };
        ok(&guest.ask_code().await);
        guest
    }

    pub async fn ask_code(&self) -> Reply {
        self.phone.call("POST", "/v1/sign-ins", Some(self.request())).await.unwrap()
    }

    pub fn request(&self) -> Value {
        json!({
            "sign_in_id": self.id, "phone": TEL, "device_key": self.phone.device_key.public(), "approve_key": self.phone.approve_key.public(),
            "device_model": MODEL, "form": "phone",
        })
    }

    pub async fn call(&self, method: &str, tail: &str, body: Option<Value>) -> Reply {
        let path = format!("/v1/sign-ins/{}{tail}", self.id);
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = self.phone.sign_as_self(method, &path, &bytes).unwrap();
        self.phone.call_with(method, &path, &headers, &bytes).await.unwrap()
    }

    pub async fn numbered(town: &Town) -> Guest {
        let mut guest = Guest::begin(town).await;
        let otp = guest.phone.otp(TEL, "kabao").await.unwrap();
        let reply = guest.call("POST", "/otp", Some(json!({"otp": otp}))).await;
        ok(&reply);
        guest.account = Id::parse(reply.text("account_id")).unwrap();
        guest
    }

    pub fn proof(&self, proof: Id, password: Option<&str>, pin: Option<&str>, code: Option<&str>) -> Value {
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

    pub async fn prove(&self, password: Option<&str>, pin: Option<&str>, code: Option<&str>) -> Reply {
        self.call("PUT", "/proof", Some(self.proof(self.phone.make_id(), password, pin, code))).await
    }

    pub fn settle(mut self, reply: &Reply) -> Phone {
        assert_eq!(reply.text("state"), "done", "{}", reply.json);
        self.phone.account = Some(self.account);
        self.phone.device = Some(Id::parse(reply.text("device_id")).unwrap());
        self.phone
    }
}
