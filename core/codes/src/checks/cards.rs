//! Numbers of bank cards.

use super::{Answer, Case, field, input};
use crate::cards;
use crate::identity::mod_11_2;
use kabao_base::{CardNumber, FoldKind, fold, mask};
use serde_json::json;

pub(super) const SETS: &[&str] = &["bank_cards"];

pub(super) fn answer(_: &str, case: &Case, _: (i32, u32, u32)) -> Answer {
    let (kind, input) = (field(case, "kind"), input(case)?);
    let digits = fold(input, FoldKind::Card).unwrap_or_else(|_| input.to_owned());
    let brand = cards::brand_of(&digits).and_then(cards::CardBrand::name);
    match kind {
        "brand-detection" => Ok(json!({ "brand": brand, "luhn": cards::luhn(&digits) })),
        "number-validity" => {
            let cards::CardProgress { potentially_valid, valid, .. } = cards::progress(&digits);
            Ok(json!({ "brand": brand, "valid": valid, "potentially_valid": potentially_valid }))
        }
        "cn-bin-lookup" => Ok(match cards::Issuers::shipped().issuer(&digits) {
            Some(issuer) => json!({
                "bankCode": issuer.bank_code,
                "bankName": issuer.bank_name,
                "cardType": issuer.card_type.map(cards::CardType::code),
            }),
            None => json!({ "error": "no issuer is known for this beginning" }),
        }),
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
