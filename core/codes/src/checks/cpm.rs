//! Consumer-presented codes. The sets ask for the whole number of a card: their cases are
//! published test data, and this is the one place that writes it out.

use super::{Answer, Case, refused};
use crate::cpm;
use serde_json::{Value, json};

pub(super) const SETS: &[&str] = &["emv_cpm_valid", "emv_cpm_invalid"];

pub(super) fn answer(_: &str, case: &Case, _: (i32, u32, u32)) -> Answer {
    let text = case.get("input_base64").and_then(Value::as_str).ok_or("a case has a text named input_base64")?;
    let code = match cpm::read(text) {
        Ok(code) => code,
        Err(error) => return Ok(refused(&error)),
    };
    let view = code.view(&crate::table::Table::shipped());
    let aids: Vec<&str> = view.applications.iter().map(|application| application.aid.as_str()).collect();
    let hex: String = code.expose("a published case asks for it").iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(json!({
        "valid": true,
        "hex": hex,
        "payload_format": view.payload_format,
        "aids": aids,
        "pan": code.card_number().map(|number| number.expose("a published case asks for it").to_owned()),
    }))
}
