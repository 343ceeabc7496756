//! Travel documents and their machine-readable zones.

use super::{Answer, Case, field, input, refused};
use crate::identity::Sex;
use crate::travel::{self, TravelKind};
use crate::{Day, mrz};
use serde_json::{Map, Value, json};

pub(super) const SETS: &[&str] = &["travel_documents", "mrz"];

pub(super) fn answer(set: &str, case: &Case, today: (i32, u32, u32)) -> Answer {
    if set == "travel_documents" {
        return travel_document(field(case, "doc_type"), input(case)?);
    }
    if field(case, "format") == "check-digit" {
        let digit = mrz::check_digit(input(case)?);
        return Ok(json!({ "check_digit": digit.map(String::from) }));
    }
    let today = Day::new(today.0, today.1, today.2).ok_or("today is not a day")?;
    let text = match case.get("input") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            lines.ok_or("a line is a text")?.join("\n")
        }
        _ => return Err("a case has a text or lines named input"),
    };
    Ok(match mrz::read(&text, today) {
        Ok(mrz) => zone(&mrz),
        Err(error) => refused(&error),
    })
}

/// The kinds that a name of the sets stands for, by the words in it; a comment may follow the name.
fn kinds(name: &str) -> Option<&'static [TravelKind]> {
    use TravelKind::*;
    let words: Vec<&str> = name.split([' ', '(']).next().unwrap_or_default().split('-').collect();
    let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
    let (hong_kong, macau, taiwan) = (has(&["hk", "hongkong"]), has(&["mo", "macao", "macau"]), has(&["tw", "taiwan"]));
    let mainland = has(&["cn", "prc", "mainland", "outbound"]);
    if has(&["passport"]) {
        return Some(match (hong_kong, macau, mainland) {
            (true, ..) => &[HongKongPassport],
            (_, true, _) => &[MacauPassport],
            (_, _, true) if has(&["any"]) => &[ChinesePassport, HongKongPassport, MacauPassport],
            (_, _, true) => &[ChinesePassport],
            _ => &[ForeignPassport],
        });
    }
    if !has(&["permit"]) {
        return None;
    }
    Some(match (hong_kong || macau, taiwan, mainland) {
        (true, _, false) => &[HongKongMacauResidentPermit],
        (true, _, true) => &[OutboundHongKongMacauPermit],
        (_, true, false) => &[TaiwanResidentPermit],
        (_, true, true) => &[OutboundTaiwanPermit],
        _ => return None,
    })
}

fn travel_document(name: &str, input: &str) -> Answer {
    let kinds = kinds(name).ok_or("this doc_type is not answered here")?;
    let outcomes: Vec<_> = kinds.iter().map(|kind| travel::read(*kind, input)).collect();
    let first_error = outcomes.iter().find_map(|outcome| outcome.as_ref().err());
    Ok(match (outcomes.iter().find_map(|outcome| outcome.as_ref().ok()), first_error) {
        (Some(document), _) => {
            json!({ "valid": true, "normalised": document.number.expose("the answer to a published case") })
        }
        (None, Some(error)) => refused(error),
        (None, None) => return Err("this doc_type is not answered here"),
    })
}

fn zone(read: &mrz::Mrz) -> Value {
    let checks = read.checks;
    let mut digits = Map::new();
    for (name, agrees) in [("number", checks.number), ("birth", checks.birth), ("expiry", checks.expiry)] {
        digits.insert(name.to_owned(), json!(agrees));
    }
    for (name, agrees) in [("optional", checks.optional), ("composite", checks.composite)] {
        if let Some(agrees) = agrees {
            digits.insert(name.to_owned(), json!(agrees));
        }
    }
    let sex = match read.sex {
        Some(Sex::Male) => "M",
        Some(Sex::Female) => "F",
        None => "<",
    };
    json!({
        "valid": read.judge().is_ok(),
        "checks": digits,
        "format": read.format.name(),
        "issuer": read.issuer,
        "surname": read.surname,
        "given": read.given,
        "number": read.number.expose("the answer to a published case"),
        "nationality": read.nationality,
        "birth": read.birth.printed,
        "sex": sex,
        "expiry": read.expiry.printed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_name() {
        for (name, number) in [
            ("cn-passport-any", "MA1234567"),
            ("cn-passport G series", "G12345678"),
            ("hk-passport", "KJ1234567"),
            ("macao-passport", "MA1234567"),
            ("hk-macao-travel-permit (with renewals)", "M1234567802"),
            ("tw-travel-permit", "1234567890B"),
            ("cn-hk-macao-permit", "CA1234567"),
            ("cn-tw-permit", "T12345678"),
            ("foreign-passport", "C01X00T47"),
        ] {
            assert_eq!(travel_document(name, number).unwrap()["valid"], json!(true), "{name}");
            assert_eq!(travel_document(name, "X").unwrap()["valid"], json!(false), "{name}");
        }
        assert!(kinds("driving-licence").is_none() && kinds("").is_none());
    }
}
