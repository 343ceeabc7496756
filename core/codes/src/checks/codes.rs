//! Payer codes and printed links.

use super::{Answer, Case, input};
use crate::{links, payer};
use serde_json::json;

pub(super) const SETS: &[&str] = &["payment_codes", "merchant_qr_content"];

pub(super) fn answer(set: &str, case: &Case, _: (i32, u32, u32)) -> Answer {
    let input = input(case)?;
    if set == "payment_codes" {
        return Ok(json!({ "network": payer::classify(input).map(payer::PayerNetwork::name) }));
    }
    let found = links::classify(input.trim());
    Ok(json!({ "kind": found.name(), "inner": links::inner(input.trim()) }))
}
