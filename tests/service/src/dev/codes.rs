//! Merchants of our own, and the printed code that each of them hangs up (EMVCo MPM with our template).

use super::{App, text};
use crate::config::GUID;
use crate::http::errors::{Answer, Sent};
use crate::refusal::Outcome;
use crate::store::{self, all, run};
use crate::wire;
use crate::world::make_digits;
use axum::extract::State;
use rusqlite::params;
use serde_json::{Value, json};

/// Adds a merchant; gives its code and everything that is printed.
pub async fn add_merchant(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let name = wire::plain(text(&body, "name")?, 25, "name")?.to_owned();
    let no_credit = body.get("no_credit").and_then(Value::as_bool).unwrap_or(false);
    let (id, code, now) = (service.make_id(), format!("KB{}", make_digits(service.world.as_ref(), 14)), service.now());
    store::write(&mut service.state().db, |tx| {
        let sql = "INSERT INTO payees (payee_id, payee_code, name, no_credit, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        run(tx, sql, params![id.to_string(), code, name, no_credit, now.as_ms()])?;
        Ok(())
    })?;
    Answer::json(200, &shown(&id.to_string(), &code, &name))
}

/// Every merchant of our own.
pub async fn merchants(State(service): App) -> Outcome<Answer> {
    let sql = "SELECT payee_id, payee_code, name FROM payees WHERE payee_code IS NOT NULL ORDER BY created_at, payee_id";
    let rows: Vec<(String, String, String)> = all(&service.state().db, sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let merchants: Vec<Value> = rows.iter().map(|(id, code, name)| shown(id, code, name)).collect();
    Answer::json(200, &json!({"merchants": merchants}))
}

fn shown(id: &str, code: &str, name: &str) -> Value {
    json!({
        "payee_id": id, "payee_code": code, "name": name,
        "collection_code": {"guid": GUID, "payee_code": code, "mcc": "5411", "currency": "156", "country": "CN", "name": name, "city": "BEIJING"},
        "collection_code_text": printed(code, name),
    })
}

fn field(tag: &str, value: &str) -> String {
    // Lengths count characters (facts.md section 0, item 1).
    format!("{tag}{:02}{value}", value.chars().count())
}

/// The whole text of a printed code: static, without an amount.
pub fn printed(code: &str, name: &str) -> String {
    let template = [field("00", GUID), field("01", code)].concat();
    let parts = [
        field("00", "01"), field("01", "11"), field("26", &template), field("52", "5411"), field("53", "156"),
        field("58", "CN"), field("59", name), field("60", "BEIJING"), "6304".to_owned(),
    ];
    let text = parts.concat();
    let crc = text.bytes().fold(0xffff_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    });
    format!("{text}{crc:04X}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_printed_code_carries_a_crc_over_its_bytes() {
        let text = super::printed("KB00000000000001", "小面馆");
        assert!(text.starts_with("000201010211") && text.contains("5903小面馆"));
        // The same sum over the text with its own CRC behind, computed as the remainder, is zero.
        let sum = |bytes: &[u8]| bytes.iter().fold(0xffff_u16, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
        });
        assert_eq!(sum(b"123456789"), 0x29b1);
        assert_eq!(format!("{:04X}", sum(&text.as_bytes()[..text.len() - 4])), text[text.len() - 4..]);
    }
}
