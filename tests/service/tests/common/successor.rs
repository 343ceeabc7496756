//! A phone on its way into the place of another.

use super::{NAME, Town, ok};
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

pub const TEL: &str = "+8613800138000";
pub const MODEL: &str = "New phone";

/// A phone on its way into the place of another.
pub struct Successor {
    pub phone: Phone,
    pub id: Id,
    pub account: Id,
}

impl Successor {
    pub async fn begin(town: &Town) -> (Successor, Reply) {
        let successor = Successor { phone: town.phone().await, id: Id::from_bytes([0; 16]), account: Id::from_bytes([0; 16]) };
        let successor = Successor { id: successor.phone.make_id(), ..successor };
        let reply = successor.ask_code(TEL).await;
        (successor, reply)
    }

    pub async fn ask_code(&self, tel: &str) -> Reply {
        let body = json!({
            "replacement_id": self.id, "phone": tel, "device_key": self.phone.device_key.public(),
            "approve_key": self.phone.approve_key.public(), "device_model": MODEL,
        });
        self.phone.call("POST", "/v1/device-replacements", Some(body)).await.unwrap()
    }

    pub async fn call(&self, method: &str, tail: &str, body: Option<Value>) -> Reply {
        let path = format!("/v1/device-replacements/{}{tail}", self.id);
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = self.phone.sign_as_self(method, &path, &bytes).unwrap();
        self.phone.call_with(method, &path, &headers, &bytes).await.unwrap()
    }

    /// The number is proven.
    pub async fn numbered(town: &Town) -> Successor {
        town.world.advance(60_001);
        let (mut successor, sent) = Successor::begin(town).await;
        ok(&sent);
        let otp = successor.phone.otp(TEL, "kabao").await.unwrap();
        let reply = successor.call("POST", "/otp", Some(json!({"otp": otp}))).await;
        ok(&reply);
        assert_eq!(reply.text("state"), "proving");
        successor.account = Id::parse(reply.text("account_id")).unwrap();
        successor
    }

    pub fn pin_box(&self, proof: Id, pin: &str) -> Value {
        self.sealed(("kabao-replace-1", b"kabao-pin-1"), proof, pin)
    }

    /// A new PIN in its box.
    pub fn new_pin_box(&self, proof: Id, pin: &str) -> Value {
        self.sealed(("kabao-replace-pin-1", b"kabao-pin-reset-1"), proof, pin)
    }

    fn sealed(&self, (bound, info): (&str, &[u8]), proof: Id, pin: &str) -> Value {
        let parts = [
            bound.to_owned(), self.id.to_string(), proof.to_string(), self.account.to_string(),
            self.phone.device_key.public().to_string(), self.phone.approve_key.public().to_string(), MODEL.to_owned(),
        ];
        let digest = sha256_of(&[parts.join("\0").as_bytes()]);
        self.phone.seal(&KeyPurpose::PinBox, info, &digest, pin).unwrap()
    }

    pub async fn person(&self, proof: Id, name: &str, number: &str) -> Value {
        let (_, token) = self.phone.dev.json("POST", "/dev/liveness", Some(json!({"channels": 5, "result": "ok"}))).await.unwrap();
        let aad = format!("{}\0{proof}", self.account);
        let sealed = self.phone.seal(&KeyPurpose::IdBox, b"kabao-id-1", aad.as_bytes(), number).unwrap();
        json!({"name": name, "id_box": sealed, "liveness_token": token["token"]})
    }

    pub async fn prove(&self, pin: &str, number: &str) -> Reply {
        self.prove_as(NAME, pin, number).await
    }

    /// The same under a name.
    pub async fn prove_as(&self, name: &str, pin: &str, number: &str) -> Reply {
        let proof = self.phone.make_id();
        let body = json!({"proof_id": proof, "pin_box": self.pin_box(proof, pin), "person": self.person(proof, name, number).await});
        self.call("PUT", "/proof", Some(body)).await
    }

    /// A nonce for a face check of this replacement.
    pub async fn nonce(&self) -> Reply {
        self.call("POST", "/liveness-nonces", Some(json!({}))).await
    }

    /// The same with a face that was checked for a nonce.
    pub async fn bound_person(&self, proof: Id, number: &str) -> Value {
        let nonce = self.nonce().await.text("nonce").to_owned();
        let token = self.phone.face(5, "ok", Some(&nonce)).await.unwrap();
        let mut person = self.person(proof, NAME, number).await;
        (person["liveness_token"], person["liveness_nonce"]) = (json!(token), json!(nonce));
        person
    }

    /// Chooses a new PIN, with the person where a number is given.
    pub async fn choose(&self, pin: &str, number: Option<&str>) -> Reply {
        let proof = self.phone.make_id();
        let mut body = json!({"proof_id": proof, "new_pin_box": self.new_pin_box(proof, pin)});
        if let Some(number) = number {
            body["person"] = self.bound_person(proof, number).await;
        }
        self.call("PUT", "/proof", Some(body)).await
    }

    pub fn become_device(&mut self, reply: &Reply) {
        assert_eq!(reply.text("state"), "done", "{}", reply.json);
        self.phone.account = Some(self.account);
        self.phone.device = Some(Id::parse(reply.text("device_id")).unwrap());
    }
}
