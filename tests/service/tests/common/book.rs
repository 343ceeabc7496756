//! What a test about older copies of the book does: keeps one, puts it back, and asks a phone what it is told afterwards.

use super::{PIN, Town, cny, ok};
use kabao_base::Id;
use kabao_outside::World;
use kabao_proof::{Document, HistoryEntry};
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

pub async fn snapshot(town: &Town) -> Value {
    town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone()
}

pub async fn restore(town: &Town, snapshot: &Value) {
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": true}))).await;
}

pub async fn bank(town: &Town, faults: Value) {
    town.ask_dev("POST", "/dev/bank/faults", Some(faults)).await;
}

pub async fn holds(town: &Town) -> i64 {
    town.ask_dev("GET", "/dev/bank/holds", None).await["fen"].as_i64().unwrap()
}

pub fn path(body: &Value, tail: &str) -> String {
    format!("/v1/payments/{}{tail}", body["terms"]["intent_id"].as_str().unwrap())
}

pub async fn asked(town: &Town, phone: &Phone, quote: Value, source: Value) -> Value {
    let quote = town.quote(phone, quote).await;
    phone.payment(phone.make_id(), &quote, source, Some(PIN)).unwrap()
}

pub fn withdrawal(card: Id, fen: i64) -> Value {
    json!({"kind": "withdraw", "amount": cny(fen), "card_id": card})
}

pub fn transfer(payee: &str, fen: i64, delay_ms: i64) -> Value {
    json!({"kind": "transfer", "amount": cny(fen), "payee_id": payee, "delay_ms": delay_ms})
}

pub fn balance() -> Value {
    json!({"kind": "balance"})
}

pub async fn found(phone: &Phone) -> String {
    let found = phone.call("POST", "/v1/payees/person", Some(json!({"phone": "+8613800138001"}))).await.unwrap();
    ok(&found);
    found.text("payee_id").to_owned()
}

pub async fn quoted(phone: &Phone, quote: Value) -> Reply {
    phone.call("POST", "/v1/quotes", Some(quote)).await.unwrap()
}

pub async fn how(phone: &Phone, body: &Value) -> Reply {
    phone.call("GET", &path(body, ""), None).await.unwrap()
}

pub async fn abandon(phone: &Phone, body: &Value) -> Reply {
    phone.call("POST", &path(body, "/abandon"), Some(json!({}))).await.unwrap()
}

pub async fn present(phone: &Phone, body: &Value, answer: &Reply) -> u16 {
    phone.call("POST", &path(body, "/proof"), Some(json!({"proof": answer.text("proof")}))).await.unwrap().status
}

/// The balance, and how much of it is held.
pub async fn parts(phone: &Phone) -> (i64, i64) {
    let reply = phone.call("GET", "/v1/account", None).await.unwrap();
    ok(&reply);
    (reply.json["balance"]["minor"].as_i64().unwrap(), reply.json["held"]["minor"].as_i64().unwrap())
}

pub async fn records(phone: &Phone) -> Vec<HistoryEntry> {
    let page = phone.call("GET", "/v1/history", None).await.unwrap();
    let mut found: Vec<HistoryEntry> = Vec::new();
    for entry in page.json["entries"].as_array().unwrap() {
        let entry = HistoryEntry::decode(&wire::bytes(entry.as_str().unwrap(), "entry").unwrap()).unwrap();
        found.retain(|known| known.record_id != entry.record_id);
        found.push(entry);
    }
    found
}

pub fn later(town: &Town) {
    for _ in 0..5 {
        town.world.advance(30_000);
        town.service.tick(town.world.now());
    }
}

/// Two people, and how the first names the second, with so much in the balance.
pub async fn friends(fen: i64) -> (Town, Phone, Phone, String) {
    let town = Town::new();
    let (payer, card) = town.person().await;
    let (payee, _) = town.person().await;
    ok(&town.top_up(&payer, card, fen).await);
    let to = found(&payer).await;
    (town, payer, payee, to)
}

/// The vault has a movement, and the book could not take it into this table: as when the service dies between the two.
pub async fn torn(town: &Town, phone: &Phone, body: &Value, table: &str) {
    let other = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
    other.execute_batch(&format!("CREATE TRIGGER torn BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'torn'); END")).unwrap();
    let said = super::put(phone, body).await;
    assert_eq!(said.status, 503, "{}", said.json);
    other.execute_batch("DROP TRIGGER torn").unwrap();
}
