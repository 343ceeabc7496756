//! The bank, the vendor and the short messages, as a test sees and sets them.

use super::{App, text};
use crate::http::errors::{Answer, Sent};
use crate::pay::{returns, wires};
use crate::refusal::{Outcome, Refusal};
use crate::vault::{VaultAnswer, VaultCall};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// Hands a request to the bank or the vendor behind the vault.
pub fn pass(State(service): App, what: &str, Sent(body): Sent<Value>) -> Outcome<Answer> {
    match service.ask_vault(VaultCall::Dev { what: what.to_owned(), body })? {
        VaultAnswer::Json(Value::Null) => Err(Refusal::argument("body")),
        VaultAnswer::Json(value) => Answer::json(200, &value),
        _ => Err(Refusal::down()),
    }
}

#[derive(Deserialize)]
pub struct Phone {
    phone: String,
}

/// The short messages to a phone: the service's and the bank's, oldest first of each.
pub async fn inbox(State(service): App, Query(asked): Query<Phone>) -> Outcome<Answer> {
    let asked = asked.phone.replace(' ', "+");
    let national = asked.strip_prefix("+86").unwrap_or(&asked).to_owned();
    let spellings = [national.clone(), format!("+86{national}")];
    let mut all: Vec<Value> = Vec::new();
    {
        let state = service.state();
        for phone in &spellings {
            let messages = state.memory.inbox.get(phone).into_iter().flatten();
            all.extend(messages.map(|sms| json!({"from": "kabao", "text": sms.text, "otp": sms.otp, "at": sms.at})));
        }
    }
    for phone in &spellings {
        let call = VaultCall::Dev { what: "inbox".to_owned(), body: json!({"phone": phone}) };
        if let VaultAnswer::Json(Value::Array(messages)) = service.ask_vault(call)? {
            all.extend(messages);
        }
    }
    Answer::json(200, &json!({"messages": all}))
}

/// Gives the bank a test card with its holder and balance.
pub async fn add_card(app: App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    for field in ["pan", "name", "id_number", "phone"] {
        text(&body, field)?;
    }
    pass(app, "card", Sent(body))
}

/// The bank carries out what it held; the service hears of it at once.
pub async fn settle(State(service): App) -> Outcome<Answer> {
    let answer = pass(State(service.clone()), "settle", Sent(Value::Null))?;
    let now = service.now();
    crate::store::meta::set(&service.state().db, "book_read_at", "0")?;
    let _ = crate::pay::settle::resolve_due(&service, now);
    let _ = returns::reconcile(&service, now);
    Ok(answer)
}

/// Somebody transfers money to the wallet's account at another bank: `{amount_fen, memo, sender, bank_ref?, after_ms?}`; after so long the
/// statement shows it, as after a weekend.
pub async fn incoming(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    if super::number(&body, "amount_fen")? <= 0 {
        return Err(Refusal::argument("amount_fen"));
    }
    let answer = pass(State(service.clone()), "incoming", Sent(body))?;
    let _ = returns::reconcile(&service, service.now());
    Ok(answer)
}

/// What became of all of them.
pub async fn wires(State(service): App) -> Outcome<Answer> {
    Answer::json(200, &json!({ "wires": wires::list(&service.state().db)? }))
}

/// Support sends one back that nobody's memo was on: `{support_no}`.
pub async fn return_wire(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let now = service.now();
    wires::give_up(&service, &mut service.state(), text(&body, "support_no")?, now)?;
    super::done()
}
