//! The developer's console: what a test has to see and to turn. On a listener of its own, loopback only, and
//! never in a product.

mod acquirer;
mod bank;
mod books;
mod codes;
mod feeds;
mod people;
mod limits;
mod refunds;
mod restore;
mod switches;
mod till;

pub use acquirer::Acquirer;

use crate::http::errors::{Answer, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Service;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use kabao_base::Code;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) type App = State<Arc<Service>>;

/// The console as one service of HTTP; like the other router it needs no socket.
pub fn dev_router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/dev/info", get(async |State(service): App| Answer::json(200, &service.info())))
        .route("/dev/inbox", get(bank::inbox))
        .route("/dev/liveness", post(async |app: App, body: Sent<Value>| bank::pass(app, "liveness", body)))
        .route("/dev/merchants", get(codes::merchants).post(codes::add_merchant))
        .route("/dev/bank/cards", post(bank::add_card))
        .route("/dev/bank/refuse", post(async |app: App, body: Sent<Value>| bank::pass(app, "refuse_card", body)))
        .route("/dev/bank/state", post(async |app: App, body: Sent<Value>| bank::pass(app, "card_state", body)))
        .route("/dev/bank/balance", post(async |app: App, body: Sent<Value>| bank::pass(app, "card_balance", body)))
        .route("/dev/bank/faults", post(async |app: App, body: Sent<Value>| bank::pass(app, "bank_faults", body)))
        .route("/dev/bank/settle", post(bank::settle))
        .route("/dev/bank/incoming", get(bank::wires).post(bank::incoming))
        .route("/dev/bank/incoming/return", post(bank::return_wire))
        .route("/dev/bank/holds", get(async |app: App| bank::pass(app, "holds", Sent(Value::Null))))
        .route("/dev/vendor/faults", post(async |app: App, body: Sent<Value>| bank::pass(app, "vendor_faults", body)))
        .route("/dev/vendor/numbers", post(async |app: App, body: Sent<Value>| bank::pass(app, "number", body)))
        .route("/dev/vendor/reviews", get(async |app: App| bank::pass(app, "reviews", Sent(Value::Null))).post(async |app: App, body: Sent<Value>| bank::pass(app, "review", body)))
        .route("/dev/reverify", post(people::reverify))
        .route("/dev/holds", post(people::hold))
        .route("/dev/holds/lift", post(people::lift))
        .route("/dev/numbers/release", post(people::release_number))
        .route("/dev/phone-rules", post(people::phone_rule))
        .route("/dev/vendor/holders", post(async |app: App, body: Sent<Value>| bank::pass(app, "holder", body)))
        .route("/dev/acquirer/faults", post(switches::acquirer))
        .route("/dev/ledger", get(books::ledger))
        .route("/dev/history/{account}", get(books::history))
        .route("/dev/alarms", get(books::alarms))
        .route("/dev/tokens", get(books::tokens))
        .route("/dev/devices/{device}/revoke", post(books::revoke_device))
        .route("/dev/notices", get(books::notices))
        .route("/dev/fees", post(limits::set_fee))
        .route("/dev/limits", post(limits::put))
        .route("/dev/refunds", get(refunds::list).post(refunds::answer))
        .route("/dev/claims", get(people::claims).post(people::pay_claim))
        .route("/dev/builds", get(books::builds).post(books::put_build))
        .route("/dev/consents", post(switches::consent_version))
        .route("/dev/clock", post(switches::clock))
        .route("/dev/periods", post(switches::periods))
        .route("/dev/tick", post(switches::tick))
        .route("/dev/faults", get(switches::faults).post(switches::add_fault).delete(switches::clear_faults))
        .route("/dev/feeds/{name}", get(feeds::state).post(feeds::publish))
        .route("/dev/feeds/{name}/fault", post(feeds::fault))
        .route("/dev/snapshot", post(restore::snapshot))
        .route("/dev/restore", post(restore::restore))
        .route("/dev/rebuild", post(restore::rebuild))
        .route("/dev/till/charge", post(till::charge))
        .route("/dev/till/query", post(till::query))
        .route("/dev/till/refund", post(till::refund))
        .route("/dev/till/revoke", post(till::revoke))
        .route("/dev/till/notify", post(till::notify))
        .route("/dev/till/notifications", get(till::notifications))
        .fallback(async || Refusal::of(404, Code::NotFound))
        .with_state(service)
}

/// Text of a field, or 400.
pub(crate) fn text<'a>(body: &'a Value, field: &str) -> Outcome<&'a str> {
    body.get(field).and_then(Value::as_str).ok_or_else(|| Refusal::argument(field))
}

/// A number of a field, or 400.
pub(crate) fn number(body: &Value, field: &str) -> Outcome<i64> {
    body.get(field).and_then(Value::as_i64).ok_or_else(|| Refusal::argument(field))
}

/// An empty object.
pub(crate) fn done() -> Outcome<Answer> {
    Answer::json(200, &json!({}))
}
