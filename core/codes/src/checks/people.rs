//! Identity numbers, names, payment PINs and phone numbers.

use super::{Answer, Case, field, input, refused};
use crate::identity::{IdDocument, ResidentNumber, Sex, read_foreigner, read_resident};
use crate::{Day, names, phones, pin};
use kabao_base::Pin;
use serde_json::{Value, json};

pub(super) const SETS: &[&str] = &["id_numbers", "names", "passwords", "phones"];

/// The person whose PIN the set `passwords` asks about.
const PIN_PHONE: &str = "13800138000";
const PIN_ID_NUMBER: &str = "110101199003078670";

pub(super) fn answer(set: &str, case: &Case, today: (i32, u32, u32)) -> Answer {
    let (input, kind) = (input(case)?, field(case, "kind"));
    match set {
        "id_numbers" => {
            let today = Day::new(today.0, today.1, today.2).ok_or("today is not a day")?;
            id_number(field(case, "doc_type"), input, today)
        }
        "names" => Ok(match names::read(input) {
            Ok(name) => json!({ "valid": true, "normalised": name.as_str() }),
            Err(error) => refused(&error),
        }),
        "passwords" if kind == "payment-pin-policy" => Ok(chosen_pin(input)),
        "phones" => phone(kind, input),
        _ => Err("this kind is not answered here"),
    }
}

fn id_number(document: &str, input: &str, today: Day) -> Answer {
    let outcome = match document {
        "resident-18" | "resident-15" | "resident" | "" => read_resident(input, today),
        "hk-residence-permit" | "mo-residence-permit" | "tw-residence-permit" => read_resident(input, today),
        "foreigner-pr-2023" | "foreigner-pr-15" => read_foreigner(input, today),
        _ => return Err("this doc_type is not answered here"),
    };
    // Hong Kong and Macau have one document, 港澳居民居住证; a set may name it by Hong Kong alone.
    let wanted: &[IdDocument] = match document {
        "hk-residence-permit" => &[IdDocument::HongKongPermit, IdDocument::MacauPermit],
        "mo-residence-permit" => &[IdDocument::MacauPermit],
        "tw-residence-permit" => &[IdDocument::TaiwanPermit],
        _ => &[],
    };
    Ok(match outcome {
        Ok(number) if wanted.is_empty() || wanted.contains(&number.document) => lawful(&number),
        Ok(_) => json!({ "valid": false, "reason": "the number belongs to another document" }),
        Err(error) => refused(&error),
    })
}

fn lawful(number: &ResidentNumber) -> Value {
    let normalised = number.normalised.expose("the answer to a published case");
    let mut answer = json!({ "valid": true, "birth": number.birth.iso(), "normalised": normalised });
    if let Some(sex) = number.sex {
        answer["sex"] = json!(if sex == Sex::Male { "M" } else { "F" });
    }
    if number.upgraded {
        answer["upgraded"] = json!(normalised);
    }
    answer
}

fn chosen_pin(input: &str) -> Value {
    let Ok(typed) = Pin::read(input.to_owned()) else { return json!({ "accept": false, "reason": "shape" }) };
    match pin::judge(&typed, PIN_PHONE, Some(PIN_ID_NUMBER)) {
        Ok(()) => json!({ "accept": true }),
        Err(refusal) => json!({ "accept": false, "reason": refusal.to_string() }),
    }
}

fn phone(kind: &str, input: &str) -> Answer {
    match kind {
        "cn-mobile-prefix" => Ok(json!({ "sms_capable_regex": phones::read(input).is_ok() })),
        "normalise" => Ok(match phones::classify(input) {
            Ok(number) => {
                json!({ "valid": true, "e164": number.e164(), "mobile": number.kind().takes_sms() == Some(true) })
            }
            Err(error) => refused(&error),
        }),
        _ => Err("this kind is not answered here"),
    }
}
