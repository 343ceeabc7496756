//! Answers published cases, one JSON line for one JSON line, so that anybody can put their own to
//! this crate. `tests/vectors/README.md` says which set asks which question.

use crate::identity::{IdDocument, ResidentNumber, Sex, mod_11_2, read_foreigner, read_resident};
use crate::{Day, cards, emv, links, names, payer, phones, pin};
use kabao_base::{CardNumber, FoldKind, Pin, fold, mask};
use serde_json::{Map, Value, json};

/// The sets that [`answer`] knows.
pub const SETS: &[&str] = &[
    "id_numbers",
    "names",
    "payment_codes",
    "passwords",
    "phones",
    "bank_cards",
    "emv_mpm_valid",
    "emv_mpm_invalid",
    "merchant_qr_content",
];

/// The person whose PIN the set `passwords` asks about.
const PIN_PHONE: &str = "13800138000";
const PIN_ID_NUMBER: &str = "110101199003078670";

/// Answers one case: `{"id": …, "actual": …}`, or `{"id": …, "error": …}` for a line that is no
/// case of the set. `today` is the day in China as year, month, day; births after it are refused.
/// The answer is one line, whatever the input.
pub fn answer(set: &str, line: &str, today: (i32, u32, u32)) -> String {
    let (id, outcome) = match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(case)) => {
            let id = case.get("id").cloned().unwrap_or(Value::Null);
            (id, actual(set, &case, today))
        }
        Ok(_) => (Value::Null, Err("a case is a JSON object")),
        Err(_) => (Value::Null, Err("not JSON")),
    };
    match outcome {
        Ok(actual) => json!({ "id": id, "actual": actual }).to_string(),
        Err(error) => json!({ "id": id, "error": error }).to_string(),
    }
}

fn actual(set: &str, case: &Map<String, Value>, today: (i32, u32, u32)) -> Result<Value, &'static str> {
    let text = |key: &str| case.get(key).and_then(Value::as_str);
    let input = text("input").ok_or("a case has a text named input")?;
    let kind = text("kind").unwrap_or_default();
    match set {
        "id_numbers" => {
            let today = Day::new(today.0, today.1, today.2).ok_or("today is not a day")?;
            id_number(text("doc_type").unwrap_or_default(), input, today)
        }
        "names" => Ok(match names::read(input) {
            Ok(name) => json!({ "valid": true, "normalised": name.as_str() }),
            Err(error) => refused(&error),
        }),
        "payment_codes" => Ok(json!({ "network": payer::classify(input).map(payer::PayerNetwork::name) })),
        "passwords" if kind == "payment-pin-policy" => Ok(chosen_pin(input)),
        "phones" => phone(kind, input),
        "bank_cards" => card(kind, input),
        "emv_mpm_valid" | "emv_mpm_invalid" => Ok(merchant_code(input)),
        "merchant_qr_content" => {
            let found = links::classify(input.trim());
            Ok(json!({ "kind": found.name(), "inner": links::inner(input.trim()) }))
        }
        _ => Err("this set or kind is not answered here"),
    }
}

fn refused(error: &dyn std::error::Error) -> Value {
    json!({ "valid": false, "reason": error.to_string() })
}

fn id_number(document: &str, input: &str, today: Day) -> Result<Value, &'static str> {
    let outcome = match document {
        "resident-18" | "resident-15" | "resident" | "" => read_resident(input, today),
        "hk-residence-permit" | "mo-residence-permit" | "tw-residence-permit" => read_resident(input, today),
        "foreigner-pr-2023" | "foreigner-pr-15" => read_foreigner(input, today),
        _ => return Err("this doc_type is not answered here"),
    };
    let wanted = match document {
        "hk-residence-permit" => Some(IdDocument::HongKongPermit),
        "mo-residence-permit" => Some(IdDocument::MacauPermit),
        "tw-residence-permit" => Some(IdDocument::TaiwanPermit),
        _ => None,
    };
    Ok(match outcome {
        Ok(number) if wanted.is_none_or(|wanted| wanted == number.document) => lawful(&number),
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

fn phone(kind: &str, input: &str) -> Result<Value, &'static str> {
    let outcome = phones::read(input);
    match kind {
        "cn-mobile-prefix" => Ok(json!({ "sms_capable_regex": outcome.is_ok() })),
        "normalise" => Ok(match outcome {
            Ok(number) => json!({ "valid": true, "e164": number.e164(), "mobile": true }),
            Err(phones::PhoneError::Landline) => {
                let digits = fold(input, FoldKind::Phone).unwrap_or_default();
                json!({ "valid": true, "e164": format!("+86{}", digits.strip_prefix('0').unwrap_or(&digits)), "mobile": false })
            }
            Err(error) => refused(&error),
        }),
        _ => Err("this kind is not answered here"),
    }
}

fn card(kind: &str, input: &str) -> Result<Value, &'static str> {
    let digits = fold(input, FoldKind::Card).unwrap_or_else(|_| input.to_owned());
    let brand = cards::brand_of(&digits).and_then(cards::CardBrand::name);
    match kind {
        "brand-detection" => Ok(json!({ "brand": brand, "luhn": cards::luhn(&digits) })),
        "number-validity" => {
            let (potentially_valid, valid) = cards::progress(&digits);
            Ok(json!({ "brand": brand, "valid": valid, "potentially_valid": potentially_valid }))
        }
        "luhn" => Ok(json!({ "luhn": cards::luhn(&digits) })),
        "luhn-check-digit" => Ok(json!({ "check_digit": cards::luhn_check_digit(&digits) })),
        "iso7064-mod11-2-check-digit" => Ok(json!({ "check_digit": mod_11_2(&digits) })),
        "masking" => {
            let number = CardNumber::new(digits);
            Ok(json!({ "masked": format!("**** {}", mask::card_tail(number.expose("only its tail is answered"))) }))
        }
        _ => Err("this kind is not answered here"),
    }
}

fn merchant_code(input: &str) -> Value {
    let code = match emv::read(input) {
        Ok(code) => code,
        Err(error) => return refused(&error),
    };
    let accounts: Vec<&str> =
        code.fields.iter().map(|field| field.id.as_str()).filter(|id| ("02"..="51").contains(id)).collect();
    let top_level: Vec<[&str; 2]> = code.fields.iter().map(|field| [field.id.as_str(), field.value.as_str()]).collect();
    json!({
        "valid": true,
        "poi": code.value("01"),
        "mcc": code.value("52"),
        "currency": code.value("53"),
        "amount": code.value("54"),
        "country": code.value("58"),
        "merchant_name": code.value("59"),
        "merchant_city": code.value("60"),
        "mai_ids": accounts,
        "duplicate_ids": code.duplicates,
        "top_level": top_level,
        "reencoded": code.text(),
    })
}

#[cfg(test)]
mod tests;
