//! Answers the published cases of the set `regulation`; `tests/vectors/README.md` says what is asked.

use crate::law::{AccountUse, Factor, Strength, Verification, barcode_level, class_of, may};
use crate::limits::{AccountClass, BarcodeLevel, LimitHit, Movement, Period, Usage, check, left, used};
use kabao_base::{Money, Timestamp};
use serde_json::{Map, Value, json};

/// The sets that [`answer`] knows.
pub const SETS: &[&str] = &["regulation"];

type Answer = Result<Value, &'static str>;

/// Answers one case with one line: `{"id": …, "actual": …}`, or `{"id": …, "error": …}` for a line that is no
/// case of the set.
pub fn answer(set: &str, line: &str) -> String {
    let (id, outcome) = match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(case)) => {
            let id = case.get("id").cloned().unwrap_or(Value::Null);
            (id, if SETS.contains(&set) { actual(&case) } else { Err("this set is not answered here") })
        }
        Ok(_) => (Value::Null, Err("a case is a JSON object")),
        Err(_) => (Value::Null, Err("not JSON")),
    };
    match outcome {
        Ok(actual) => json!({ "id": id, "actual": actual }).to_string(),
        Err(error) => json!({ "id": id, "error": error }).to_string(),
    }
}

fn actual(case: &Map<String, Value>) -> Answer {
    let input = case.get("input").and_then(Value::as_object).ok_or("a case has an object named input")?;
    match case.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "class-by-channels" => {
            let channels = input.get("external_channels").and_then(Value::as_u64).ok_or("a count of channels")?;
            let external_channels = u32::try_from(channels).unwrap_or(u32::MAX);
            let face_to_face = input.get("face_to_face").and_then(Value::as_bool).unwrap_or(false);
            let class = class_of(Verification { external_channels, face_to_face });
            Ok(json!({ "max_class": class.map(AccountClass::as_str) }))
        }
        "class-use" => {
            let wanted = input.get("use").and_then(Value::as_str).ok_or("a use")?;
            // A use that the law does not name is not allowed.
            Ok(json!({ "allow": AccountUse::parse(wanted).is_some_and(|wanted| class(input).is_ok_and(|class| may(class, wanted))) }))
        }
        "class-cap" => {
            let caps = class(input)?.caps();
            let (cap, period) = match (caps.year, caps.lifetime) {
                (Some(cap), _) => (cap, Period::Year),
                (None, cap) => (cap.ok_or("a class without a cap")?, Period::Lifetime),
            };
            let own_account = input.get("to").and_then(Value::as_str) == Some("own same-name bank account");
            let now = Timestamp::from_ms(0);
            let before = Movement::Spent { amount: fen(input, "used_fen")?, at: now, own_account: false };
            let this = Movement::Spent { amount: fen(input, "amount_fen")?, at: now, own_account };
            let counted = |movements: &[Movement]| used(period, now, movements).map_err(|_| "not an amount");
            let fits = counted(&[before, this])?.minor <= cap.minor;
            // What is not counted is not capped either.
            Ok(json!({ "allow": fits || counted(&[this])?.minor == 0 }))
        }
        "auth-day-cap" => Ok(json!({ "day_cap_fen": strength(input)?.day_cap().map(|cap| cap.minor) })),
        "barcode-level" => {
            let is_static = match input.get("code").and_then(Value::as_str) {
                Some("static") => true,
                Some("dynamic") => false,
                _ => return Err("a code is static or dynamic"),
            };
            let level = barcode_level(is_static, strength(input)?);
            Ok(json!({ "level": format!("{level:?}"), "day_cap_fen": level.day_cap().map(|cap| cap.minor) }))
        }
        "static-500-per-account" => {
            let cap = BarcodeLevel::D.day_cap().ok_or("D has a cap")?;
            let static_left = left(cap, fen(input, "used_today_fen")?).map_err(|_| "not an amount")?;
            let hit: Result<(), LimitHit> = check(fen(input, "amount_fen")?, &Usage { static_left: Some(static_left), ..Usage::default() });
            Ok(json!({ "allow": hit.is_ok() }))
        }
        _ => Err("this kind is not answered here"),
    }
}

fn class(input: &Map<String, Value>) -> Result<AccountClass, &'static str> {
    input.get("class").and_then(Value::as_str).and_then(AccountClass::parse).ok_or("a class is I, II or III")
}

fn fen(input: &Map<String, Value>, name: &str) -> Result<Money, &'static str> {
    input.get(name).and_then(Value::as_i64).filter(|fen| *fen >= 0).map(Money::fen).ok_or("an amount in fen, not negative")
}

/// A name that is not known proves nothing.
fn strength(input: &Map<String, Value>) -> Result<Strength, &'static str> {
    let names = input.get("factors").and_then(Value::as_array).ok_or("a list of factors")?;
    let factors: Vec<Factor> = names.iter().filter_map(|name| Factor::parse(name.as_str()?)).collect();
    Ok(Strength::of(&factors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_cases_agree() {
        let file = include_str!("../../../tests/vectors/regulation.json");
        let file: Value = serde_json::from_str(file).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 18);
        for case in cases {
            let answer: Value = serde_json::from_str(&answer("regulation", &case.to_string())).unwrap();
            for (key, wanted) in case["expected"].as_object().unwrap() {
                assert_eq!(&answer["actual"][key], wanted, "{case}");
            }
        }
    }

    #[test]
    fn what_is_no_case_is_answered_and_named() {
        for line in ["", "[]", "{}", r#"{"id":1,"kind":"class-cap","input":{"class":"IV","used_fen":0,"amount_fen":1}}"#,
            r#"{"id":1,"kind":"class-cap","input":{"class":"I","used_fen":-1,"amount_fen":1}}"#,
            r#"{"id":1,"kind":"class-cap","input":{"class":"I","used_fen":9223372036854775807,"amount_fen":9223372036854775807}}"#,
            r#"{"id":1,"kind":"barcode-level","input":{"code":"odd","factors":[]}}"#, r#"{"id":1,"kind":"other","input":{}}"#] {
            assert!(answer("regulation", line).contains("\"error\""), "{line}");
        }
    }
}
