//! Payees and quotes.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::pay::quote as quotes;
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::people::account;
use crate::store::{id_at, limits, one};
use crate::wire::{self, PayeeIn, PayeeOut, QuoteIn, QuoteOut};
use axum::extract::State;
use kabao_base::Code;

/// Who is behind a printed code, by the service's own word.
#[utoipa::path(post, path = "/v1/payees/resolve", request_body = PayeeIn, responses((status = 200, body = PayeeOut), Common))]
pub async fn resolve(State(service): App, caller: Caller, Sent(body): Sent<PayeeIn>) -> Outcome<Answer> {
    let code = wire::plain(&body.payee_code, 64, "payee_code")?;
    let now = service.now();
    let state = service.state();
    let found = one(&state.db, "SELECT payee_id, name FROM payees WHERE payee_code = ?1", [code], |row| {
        Ok((id_at(row, "payee_id")?, row.get::<_, String>(1)?))
    })?;
    let (id, name) = found.ok_or_else(|| Refusal::of(404, Code::PayeeUnknown).field("payee_code"))?;
    let class = account(&state.db, caller.account)?.class;
    let left = limits::left(&state.db, &service.rules(), caller.account, class, now)?;
    let answer = PayeeOut {
        payee_id: id.to_string(),
        name,
        kind: "merchant".to_owned(),
        limit_class: "D".to_owned(),
        static_left: left.static_day.into(),
    };
    Answer::json(200, &answer)
}

/// What it would cost and where the money may come from.
#[utoipa::path(post, path = "/v1/quotes", request_body = QuoteIn, responses((status = 200, body = QuoteOut), Common))]
pub async fn quote(State(service): App, caller: Caller, Sent(body): Sent<QuoteIn>) -> Outcome<Answer> {
    Answer::json(200, &quotes::make(&service, &caller, &body)?)
}
