//! What came of a journey, one JSON line for each step, without what differs from run to run: ids, times, codes and
//! tokens appear as `$name` of their first use. Two faces that behave alike write the same bytes.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Writes a transcript.
#[derive(Default)]
pub struct Transcript {
    names: BTreeMap<String, String>,
    used: BTreeMap<String, u32>,
    lines: Vec<String>,
}

/// Under these keys stands something that another run makes anew.
const NAMED: &[&str] = &[
    "digits", "grouped", "our_order", "acquirer_order", "merchant_order", "order", "otp", "token", "payee_code", "source",
    "collection_code", "trade_no", "out_trade_no", "auth_code", "text_read", "next", "liveness_token",
    "waiting", "nonce",
];
/// Under these keys stands something of the moment, and equal moments mean nothing.
const OF_THE_MOMENT: &[(&str, &str)] = &[
    ("retry_after_ms", "$ms"), ("month", "$month"), ("document", "$document"), ("path", "$path"), ("folder", "$path"),
    ("qr_text", "$document"), ("uri", "$link"), ("typed_key", "$key"), ("backup_codes", "$codes"), ("factor_code", "$code"), ("last_seen_text", "$age"),
    ("manifest_sha256", "$digest"), ("history_text", "$age"), ("file_bytes", "$count"), ("resets_text", "$age"),
    ("picture", "$picture"), ("picture_coloured", "$picture"), ("bars_coloured", "$picture"), ("picture_svg", "$picture"),
    ("events", "$count"), ("changed", "$count"), ("files", "$count"), ("bytes", "$count"), ("sheet", "$sheet"),
];

/// From here on a number is a moment, in milliseconds since 1970: July 2017. In minor units it were fifteen thousand million yuan.
const MOMENTS: i64 = 1_500_000_000_000;

impl Transcript {
    /// Gives a value the name under which it was saved.
    pub fn name(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if is_made(text) => {
                self.names.entry(text.clone()).or_insert_with(|| format!("${name}"));
            }
            Value::Object(map) => {
                for (key, value) in map {
                    if key.ends_with("_id") || NAMED.contains(&key.as_str()) {
                        self.name(&format!("{name}.{key}"), value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Writes what a step gave.
    pub fn gave(&mut self, action: &str, value: &Value) {
        let value = if action == "make_recovery_sheet" { json!({ "sheet": value }) } else { value.clone() };
        let gives = self.scrub("", &value);
        self.lines.push(json!({ "do": action, "gives": gives }).to_string());
    }

    /// Writes how a step failed.
    pub fn failed(&mut self, action: &str, failure: &Value) {
        let mut kept = Map::new();
        for key in ["code", "certainty", "remedy", "field", "attempts_left"] {
            if let Some(value) = failure.get(key) {
                kept.insert(key.to_owned(), value.clone());
            }
        }
        self.lines.push(json!({ "do": action, "fails": kept }).to_string());
    }

    /// The whole, one line for each step.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn scrub(&mut self, key: &str, value: &Value) -> Value {
        if let Some((_, instead)) = OF_THE_MOMENT.iter().find(|(known, _)| *known == key) {
            return if value.is_null() { Value::Null } else { json!(instead) };
        }
        match value {
            Value::Number(number) if number.as_i64().is_some_and(|number| number >= MOMENTS) => json!("$time"),
            Value::String(_) if key.ends_with("age_text") => json!("$age"),
            Value::String(text) if is_moment(text) => json!("$time"),
            Value::String(text) => match self.names.get(text) {
                Some(name) => json!(name),
                None if (key.ends_with("_id") || NAMED.contains(&key)) && is_made(text) => {
                    let count = self.used.entry(key.to_owned()).and_modify(|count| *count += 1).or_insert(1);
                    let name = if *count == 1 { format!("${key}") } else { format!("${key}_{count}") };
                    self.names.insert(text.clone(), name.clone());
                    json!(name)
                }
                None => value.clone(),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.scrub(key, item)).collect()),
            // How often the wallet wrote into its journal depends on when an answer came.
            Value::Object(map) if map.get("id") == Some(&json!("journal")) => {
                let counted = |key: &String| if key == "count" { "bytes".to_owned() } else { key.clone() };
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.scrub(&counted(key), value))).collect())
            }
            Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), self.scrub(key, value))).collect()),
            other => other.clone(),
        }
    }
}

/// Whether a text was made by a machine: a word that a person chose (`balance`, `lakala`) keeps its own name.
fn is_made(text: &str) -> bool {
    text.len() >= 6 && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a text is a moment: `2026-11-23 01:11:13`, `2026-11-22T17:11:21.432Z`.
fn is_moment(text: &str) -> bool {
    let shape: String = text.chars().take(17).map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    ["0000-00-00 00:00:", "0000-00-00T00:00:"].contains(&shape.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(intent: &str, at: i64) -> String {
        let mut transcript = Transcript::default();
        transcript.name("paid", &json!({"intent_id": intent, "state": "succeeded"}));
        transcript.gave("confirm", &json!({"intent_id": intent, "created_at": at, "record_id": format!("{intent}0"), "source": "balance"}));
        transcript.gave("payment", &json!({"record_id": format!("{intent}0"), "timeline": [{"stage": "accepted", "at": at}]}));
        transcript.failed("pay", &json!({"code": "pin_wrong", "attempts_left": 4, "text": "…", "retry_after_ms": at}));
        transcript.text()
    }

    #[test]
    fn two_runs_write_the_same_bytes() {
        let (one, other) = (run("a1a1a1a1", MOMENTS), run("b2b2b2b2", MOMENTS + 1));
        assert_eq!(one, other);
        assert_eq!(
            one.lines().next().unwrap(),
            r#"{"do":"confirm","gives":{"created_at":"$time","intent_id":"$paid.intent_id","record_id":"$record_id","source":"balance"}}"#
        );
        assert!(one.contains(r#""record_id":"$record_id","timeline":[{"at":"$time","stage":"accepted"}]"#));
        assert!(one.ends_with("{\"do\":\"pay\",\"fails\":{\"attempts_left\":4,\"code\":\"pin_wrong\"}}\n"));
    }

    #[test]
    fn moments_and_ages_do_not_show_and_days_do() {
        let mut transcript = Transcript::default();
        let given = json!({"until": MOMENTS, "total": MOMENTS - 1, "given_text": "2026-11-23 01:11:13", "day": "2026-11-23", "age_text": "now"});
        transcript.gave("x", &given);
        let items = json!([{"id": "journal", "count": 17}, {"id": "cards", "count": 2}]);
        assert_eq!(Transcript::default().scrub("items", &items), json!([{"id": "journal", "count": "$count"}, {"id": "cards", "count": 2}]));
        let told = r#"{"age_text":"$age","day":"2026-11-23","given_text":"$time","total":1499999999999,"until":"$time"}"#;
        assert_eq!(transcript.text(), format!("{{\"do\":\"x\",\"gives\":{told}}}\n"));
    }

    #[test]
    fn another_outcome_shows() {
        let mut transcript = Transcript::default();
        transcript.gave("payment", &json!({"state": "failed"}));
        let failed = transcript.text();
        let mut transcript = Transcript::default();
        transcript.gave("payment", &json!({"state": "succeeded"}));
        assert_ne!(failed, transcript.text());
    }

    #[test]
    fn the_sheet_is_not_written_down() {
        let mut transcript = Transcript::default();
        transcript.gave("make_recovery_sheet", &json!({"code": "ABCD-EFGH-JKLM-NPQR"}));
        assert_eq!(transcript.text(), "{\"do\":\"make_recovery_sheet\",\"gives\":{\"sheet\":\"$sheet\"}}\n");
    }
}
