//! Rows of the register in `rows`, codes of merchants in `merchant`, what deceives in `deceit`, any input in `any`.

mod any;
mod deceit;
mod merchant;
mod rows;

use super::*;
use crate::collection::{CollectionCode, CollectionRequest, make_collection_code};
use kabao_base::{Currency, Money};

fn context() -> ReadContext {
    ReadContext { payer_prefix: Some("97".to_owned()), link_host: Some("pay.kabao.app".to_owned()), ..ReadContext::new("app.kabao") }
}

fn judged(text: &str) -> Verdict {
    read(text, &context())
}

fn collection(amount: Option<i64>, dynamic: bool) -> (CollectionCode, String) {
    let code = CollectionCode {
        payee_code: "M0001".to_owned(),
        order: Some("A17".to_owned()),
        amount: amount.map(Money::fen),
        currency: Currency::Cny,
        dynamic,
    };
    let text = make_collection_code(&CollectionRequest {
        guid: "app.kabao".to_owned(),
        code: code.clone(),
        name: "NOODLE HOUSE".to_owned(),
        city: "SHANGHAI".to_owned(),
        local_name: Some("面馆".to_owned()),
        category: "5812".to_owned(),
    });
    (code, text.unwrap())
}

/// A merchant code of these fields, with its checksum.
fn merchant(fields: &str) -> String {
    crate::emv::with_checksum(fields)
}
