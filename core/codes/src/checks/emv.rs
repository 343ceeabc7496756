//! Merchant-presented codes.

use super::{Answer, Case, input, refused};
use crate::emv;
use serde_json::{Value, json};

pub(super) const SETS: &[&str] = &["emv_mpm_valid", "emv_mpm_invalid"];

pub(super) fn answer(_: &str, case: &Case, _: (i32, u32, u32)) -> Answer {
    Ok(merchant_code(input(case)?))
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
