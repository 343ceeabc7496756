//! A whole service in one thread, with a clock and a seed, and phones beside it.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

pub mod book;
pub mod guest;
pub mod successor;

use kabao_base::{Id, Timestamp};
use kabao_proof::PublicKey;
use kabao_service::kit::{Line, Phone, Reply};
use kabao_service::{RealWorld, Service, ServiceInfo, VaultConnection, World, dev_router, router};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A clock that stands until it is moved, and randomness from a seed.
pub struct Seeded {
    now: AtomicI64,
    state: AtomicU64,
}

impl Seeded {
    pub fn new(seed: u64) -> Arc<Seeded> {
        Arc::new(Seeded { now: AtomicI64::new(1_795_300_000_000), state: AtomicU64::new(seed) })
    }

    pub fn advance(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

impl World for Seeded {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // splitmix64: every call another value, the same in every run.
            let step = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            let mut mixed = step.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ (mixed >> 31)) as u8;
        }
    }
}

/// A folder that is removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("kabao-service-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// RSA keys take seconds to make: once for all tests of a file.
pub fn channel_keys() -> &'static Path {
    static KEYS: OnceLock<PathBuf> = OnceLock::new();
    KEYS.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("kabao-service-keys-{}", env!("CARGO_PKG_VERSION")));
        std::fs::create_dir_all(&path).unwrap();
        // Two test processes at once would write the same files: the first that makes the folder whole wins.
        let part = path.join(format!("part-{}", std::process::id()));
        let whole = path.join("whole");
        if !whole.join("lkl.json").is_file() {
            std::fs::create_dir_all(&part).unwrap();
            kabao_outside::lakala::ChannelKeys::open(&part, &RealWorld).unwrap();
            if std::fs::rename(&part, &whole).is_err() {
                let _ = std::fs::remove_dir_all(&part);
            }
        }
        whole
    })
}

pub fn info() -> ServiceInfo {
    ServiceInfo {
        url: "https://localhost".to_owned(),
        dev_url: "http://127.0.0.1:1".to_owned(),
        tls_ca_pem: String::new(),
        root_key: String::new(),
        spki_pins: Vec::new(),
        code_prefix: "97".to_owned(),
        code_length: 24,
        guid: "app.kabao".to_owned(),
        link_host: Some("pay.kabao.example".to_owned()),
    }
}

pub const PIN: &str = "135792";
pub const NAME: &str = "张三";

pub struct Town {
    pub folder: Folder,
    pub world: Arc<Seeded>,
    pub service: Arc<Service>,
    people: AtomicU64,
}

impl Town {
    pub fn new() -> Town {
        let (folder, world) = (Folder::new(), Seeded::new(7));
        let service = open(folder.path(), &world);
        Town { folder, world, service, people: AtomicU64::new(0) }
    }

    /// As after a crash: a new service over the same files.
    pub fn restart(&mut self) {
        self.service = open(self.folder.path(), &self.world);
    }

    pub fn dev(&self) -> Line {
        Line::InProcess(dev_router(self.service.clone()))
    }

    pub fn line(&self) -> Line {
        Line::InProcess(router(self.service.clone()))
    }

    pub async fn ask_dev(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, value) = self.dev().json(method, path, body).await.unwrap();
        assert_eq!(status, 200, "{method} {path}: {value}");
        value
    }

    pub async fn ask_dev_body(&self, path: &str, body: Value) -> Value {
        self.ask_dev("POST", path, Some(body)).await
    }

    pub async fn phone(&self) -> Phone {
        let mut phone = Phone::new(self.line(), self.dev(), "localhost", self.world.clone()).unwrap();
        phone.fetch_keys(&PublicKey::parse(&self.service.info().root_key).unwrap()).await.unwrap();
        phone
    }

    /// After a restart: the same phone at the new service.
    pub fn again(&self, phone: &mut Phone) {
        phone.line = self.line();
        phone.dev = self.dev();
    }

    /// A person with PIN, class II and one card; the card's id.
    pub async fn person(&self) -> (Phone, Id) {
        self.person_of_class(3).await
    }

    pub async fn person_of_class(&self, channels: u32) -> (Phone, Id) {
        let number = self.people.fetch_add(1, Ordering::SeqCst);
        let mut phone = self.phone().await;
        let tel = format!("+86138001380{number:02}");
        ok(&phone.register(&tel).await.unwrap());
        assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
        ok(&phone.verify(NAME, &id_number(number), channels).await.unwrap());
        let card = phone.bind(&pan(number), NAME, &tel[3..]).await.unwrap();
        ok(&card);
        let card = Id::parse(card.text("card_id")).unwrap();
        (phone, card)
    }

    pub fn skip_people(&self, count: u64) {
        self.people.fetch_add(count, Ordering::SeqCst);
    }

    /// The person tops up.
    pub async fn top_up(&self, phone: &Phone, card: Id, fen: i64) -> Reply {
        let quote = self.quote(phone, json!({"kind": "top_up", "amount": cny(fen)})).await;
        let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
        put(phone, &body).await
    }

    pub async fn quote(&self, phone: &Phone, body: Value) -> Value {
        let reply = phone.call("POST", "/v1/quotes", Some(body)).await.unwrap();
        ok(&reply);
        reply.json
    }

    pub async fn merchant(&self) -> String {
        let merchant = self.ask_dev("POST", "/dev/merchants", Some(json!({"name": "小面馆"}))).await;
        merchant["payee_id"].as_str().unwrap().to_owned()
    }

    /// The book is even and nobody owes.
    pub async fn audit(&self) -> Value {
        let audit = self.ask_dev("GET", "/dev/ledger", None).await;
        assert_eq!(audit["sum"], 0);
        for field in ["negative", "uneven", "astray"] {
            assert_eq!(audit[field], json!([]), "{audit}");
        }
        for execution in audit["executions"].as_array().unwrap() {
            assert_eq!(execution["count"], 1);
        }
        audit
    }

    pub async fn balance(&self, phone: &Phone) -> i64 {
        let reply = phone.call("GET", "/v1/account", None).await.unwrap();
        ok(&reply);
        reply.json["balance"]["minor"].as_i64().unwrap()
    }
}

fn open(folder: &Path, world: &Arc<Seeded>) -> Arc<Service> {
    let vault = VaultConnection::in_process(world.clone());
    Service::open_whole(folder, channel_keys(), vault, world.clone(), info()).unwrap()
}

pub fn cny(fen: i64) -> Value {
    json!({"minor": fen, "currency": "CNY"})
}

pub fn ok(reply: &Reply) {
    assert!(reply.signed, "unsigned: {reply:?}");
    assert!((200..300).contains(&reply.status), "{} {}", reply.status, reply.json);
}

pub fn refused(reply: &Reply, status: u16, code: &str) {
    assert!(reply.signed, "unsigned: {reply:?}");
    assert_eq!((reply.status, reply.code()), (status, code), "{}", reply.json);
}

pub async fn put(phone: &Phone, body: &Value) -> Reply {
    let intent = body["terms"]["intent_id"].as_str().unwrap();
    phone.call("PUT", &format!("/v1/payments/{intent}"), Some(body.clone())).await.unwrap()
}

/// A resident number with a right check digit, one for each person.
pub fn id_number(number: u64) -> String {
    let body = format!("11010119870605{:03}", number + 1);
    let rest = body.bytes().fold(0u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    let check = (12 - rest) % 11;
    if check == 10 { format!("{body}X") } else { format!("{body}{check}") }
}

/// A card number with a right check digit, one for each person.
pub fn pan(number: u64) -> String {
    let body = format!("62220202{:010}", number + 1);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 1 { digit } else if digit * 2 > 9 { digit * 2 - 9 } else { digit * 2 }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// The phone asks for its account to be closed, and the days of taking it back go by.
pub async fn close_for_good(town: &Town, phone: &Phone) {
    let (id, proof) = (phone.make_id(), phone.make_id());
    let (account, device) = (phone.account.unwrap(), phone.device.unwrap());
    let parts = ["kabao-close-1".to_owned(), id.to_string(), proof.to_string(), account.to_string(), device.to_string()];
    let digest = kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()]);
    let sealed = phone.seal(&kabao_proof::KeyPurpose::PinBox, b"kabao-pin-1", &digest, PIN).unwrap();
    let body = json!({"proof_id": proof, "confirmed": true, "pin_box": sealed});
    ok(&phone.call("PUT", &format!("/v1/closures/{id}"), Some(body)).await.unwrap());
    town.world.advance(8 * 86_400_000);
    town.ask_dev("POST", "/dev/tick", None).await;
    refused(&phone.call("GET", "/v1/account", None).await.unwrap(), 401, "account_closed");
}

/// The digits of a payer code at a moment.
pub fn payer_code(token: &Value, step_offset: i64, now: Timestamp) -> String {
    let id = token["token_id"].as_str().unwrap();
    let key = kabao_service::wire::bytes(token["key"].as_str().unwrap(), "key").unwrap();
    let step = now.as_seconds().div_euclid(30) + step_offset;
    let mut context = ring::hmac::Context::with_key(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key));
    for part in [&b"kabao-code-1"[..], b"97", id.as_bytes(), &step.to_be_bytes()] {
        context.update(part);
    }
    let head: [u8; 8] = context.sign().as_ref()[..8].try_into().unwrap();
    format!("97{id}{}{:010}", step.rem_euclid(10), u64::from_be_bytes(head) % 10_000_000_000)
}
