//! What the wallet gives, as JSON: for scripts, journeys and tables. One name for one thing, the same as in the API.

mod data;
mod identity;
mod limits;
mod pay;
mod pictures;
mod refunds;

pub use pictures::{beside, drawn};

use kabao_base::{Failure, MoneyView, Timestamp};
use kabao_core::account::{
    AccountView, ClosurePoint, ClosureView, ContactView, ContactsView, OtpSentView, PhoneChangeView, PinResetView, ReplaceView,
};
use kabao_core::cards::{BindingView, CardDoubtView, CardLookView, CardView, SourcesView};
use kabao_core::history::{HistoryItem, HistoryPage, MonthView, RecordView, SyncReport, VerifyReport};
use kabao_core::words::{Language, explain};
use kabao_core::{WalletError, WalletEvent};
use serde_json::{Map, Value, json};

/// Says a value in JSON.
pub trait Json {
    /// The value.
    fn json(&self) -> Value;
}

/// `CorrectInput` → `correct_input`: how the names of choices are spelled.
pub fn snake(name: impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Bytes written as pairs of hexadecimal digits; `None` for anything else.
pub fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if digits.len() % 2 == 1 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Leaves out what is not there, everywhere.
pub fn lean(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, lean(value))).collect(),
        Value::Array(items) => items.into_iter().map(lean).collect(),
        other => other,
    }
}

/// Leaves out what is not there.
fn object(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>()),
        other => other,
    }
}

fn all<T: Json>(items: &[T]) -> Value {
    Value::Array(items.iter().map(Json::json).collect())
}

fn maybe<T: Json>(item: Option<&T>) -> Value {
    item.map_or(Value::Null, Json::json)
}

impl<T: Json> Json for Vec<T> {
    fn json(&self) -> Value {
        all(self)
    }
}

impl Json for Timestamp {
    fn json(&self) -> Value {
        json!(self.as_ms())
    }
}

impl Json for MoneyView {
    fn json(&self) -> Value {
        json!({ "minor": self.minor, "currency": self.currency, "text": self.text, "spoken": self.spoken })
    }
}

impl Json for Failure {
    fn json(&self) -> Value {
        object(json!({
            "code": self.code, "certainty": snake(self.certainty), "cause": snake(self.cause), "actor": snake(self.actor),
            "remedy": snake(self.remedy), "retry_after_ms": self.retry_after_ms, "field": self.field,
            "attempts_left": self.attempts_left,
        }))
    }
}

/// An error with the words for the person.
pub fn error(language: Language, error: &WalletError) -> Value {
    let failure = error.failure();
    let words = explain(language, failure);
    let mut told = failure.json();
    told["text"] = json!(words.text);
    told["next"] = json!(words.next);
    told
}

impl Json for OtpSentView {
    fn json(&self) -> Value {
        json!({ "phone_masked": self.phone_masked, "otp_length": self.otp_length, "resend_at": self.resend_at })
    }
}

impl Json for AccountView {
    fn json(&self) -> Value {
        object(json!({
            "account_id": self.account_id, "phone_masked": self.phone_masked, "account_class": self.account_class,
            "verification": self.verification.json(), "pin_set": self.pin_set, "pin_locked": self.pin_locked,
            "pin_must_change": self.pin_must_change, "recovery_sheet_kept": self.recovery_sheet_kept,
            "frozen": self.frozen, "balance": maybe(self.balance.as_ref()), "balance_at": self.balance_at,
            "balance_age_text": self.balance_age_text, "single_limit": maybe(self.single_limit.as_ref()),
            "day_left": maybe(self.day_left.as_ref()), "low_limits_until": self.low_limits_until,
        }))
    }
}

impl Json for ContactsView {
    fn json(&self) -> Value {
        let contact = |contact: &ContactView| {
            object(json!({
                "contact_id": contact.contact_id, "kind": snake(contact.kind), "address_masked": contact.address_masked,
                "verified": contact.verified, "verified_at": contact.verified_at, "verified_age_text": contact.verified_age_text,
                "verify_again": contact.verify_again,
            }))
        };
        let contacts: Vec<Value> = self.contacts.iter().map(contact).collect();
        object(json!({ "contacts": contacts, "advice": snake(self.advice), "known_at": self.known_at }))
    }
}

impl Json for ClosureView {
    fn json(&self) -> Value {
        let point = |point: &ClosurePoint| {
            object(json!({
                "point": point.point, "text": point.text, "blocks": point.blocks, "reason": maybe(point.reason.as_ref()),
                "amount": maybe(point.amount.as_ref()), "count": point.count,
            }))
        };
        let points: Vec<Value> = self.points.iter().map(point).collect();
        object(json!({
            "state": snake(self.state), "next": snake(self.next), "points": points, "closes_at": self.closes_at,
            "cooling_days": self.cooling_days, "called_off": maybe(self.called_off.as_ref()), "kept_text": self.kept_text, "refunds_text": self.refunds_text,
        }))
    }
}

impl Json for PhoneChangeView {
    fn json(&self) -> Value {
        object(json!({
            "state": snake(self.state), "phone_masked": self.phone_masked, "needs_person": self.needs_person, "needs_pin": self.needs_pin,
            "low_limits_until": self.low_limits_until, "account": maybe(self.account.as_ref()),
        }))
    }
}

impl Json for PinResetView {
    fn json(&self) -> Value {
        object(json!({
            "state": snake(self.state), "needs_person": self.needs_person, "low_limits_until": self.low_limits_until,
            "account": maybe(self.account.as_ref()),
        }))
    }
}

impl Json for ReplaceView {
    fn json(&self) -> Value {
        object(json!({
            "state": snake(self.state), "needs_person": self.needs_person, "needs_pin": self.needs_pin,
            "open_payments": self.open_payments, "low_limits_until": self.low_limits_until,
            "account": maybe(self.account.as_ref()),
        }))
    }
}

impl Json for BindingView {
    fn json(&self) -> Value {
        object(json!({
            "binding_id": self.binding_id, "state": self.state, "last4": self.last4, "bank": self.bank, "brand": self.brand,
            "card_id": self.card_id, "failure": maybe(self.failure.as_ref()),
        }))
    }
}

impl Json for CardView {
    fn json(&self) -> Value {
        object(json!({
            "card_id": self.card_id, "last4": self.last4, "bank": self.bank, "brand": self.brand, "kind": self.kind,
            "kind_text": self.kind_text, "text": self.text, "state": self.state, "reason": maybe(self.reason.as_ref()),
            "is_default": self.is_default, "replaces": self.replaces,
        }))
    }
}

impl Json for CardLookView {
    fn json(&self) -> Value {
        object(json!({
            "state": snake(self.state), "digits": self.digits, "brand": self.brand, "bank_code": self.bank_code,
            "bank_name": self.bank_name, "kind": self.kind, "kind_text": self.kind_text, "asks_printed": self.asks_printed,
            "problem": maybe(self.problem.as_ref()),
        }))
    }
}

impl Json for CardDoubtView {
    fn json(&self) -> Value {
        json!({ "field": self.field, "hint": self.hint, "text": self.text })
    }
}

impl Json for SourcesView {
    fn json(&self) -> Value {
        let sources = self.sources.iter().map(|source| {
            object(json!({
                "source": source.source, "text": source.text, "usable": source.usable, "reason": maybe(source.reason.as_ref()),
                "is_default": source.is_default, "proposed": source.proposed,
            }))
        });
        object(json!({ "sources": sources.collect::<Vec<_>>(), "default_passed_over": maybe(self.default_passed_over.as_ref()) }))
    }
}

impl Json for HistoryItem {
    fn json(&self) -> Value {
        object(json!({
            "record_id": self.record_id, "intent_id": self.intent_id, "kind": self.kind, "kind_text": self.kind_text,
            "state": self.state, "state_text": self.state_text, "title": self.title, "amount": self.amount.json(),
            "at": self.at, "at_text": self.at_text,
        }))
    }
}

impl Json for HistoryPage {
    fn json(&self) -> Value {
        object(json!({ "open": all(&self.open), "items": all(&self.items), "next": self.next }))
    }
}

impl Json for RecordView {
    fn json(&self) -> Value {
        object(json!({
            "item": self.item.json(), "fee": self.fee.json(), "route": self.route, "route_text": self.route_text,
            "merchant_order": self.merchant_order, "our_order": self.our_order, "acquirer_order": self.acquirer_order,
            "original": self.original, "updated_at": self.updated_at, "has_receipt": self.has_receipt, "warning": maybe(self.warning.as_ref()),
        }))
    }
}

impl Json for MonthView {
    fn json(&self) -> Value {
        json!({ "month": self.month, "spent": self.spent.json(), "received": self.received.json(), "count": self.count })
    }
}

impl Json for SyncReport {
    fn json(&self) -> Value {
        json!({ "changed": self.changed, "asks": self.asks, "complete": self.complete })
    }
}

impl Json for VerifyReport {
    fn json(&self) -> Value {
        object(json!({
            "events": self.events, "first_wrong_event": self.first_wrong_event, "receipts": self.receipts,
            "wrong_receipts": self.wrong_receipts,
        }))
    }
}

impl Json for WalletEvent {
    fn json(&self) -> Value {
        match self {
            WalletEvent::State { locked } => json!({ "event": "state", "locked": locked }),
            WalletEvent::PaymentChanged { intent_id } => json!({ "event": "payment_changed", "intent_id": intent_id }),
            WalletEvent::RecordArrived { record_id } => json!({ "event": "record_arrived", "record_id": record_id }),
            WalletEvent::AskArrived { ask_id } => json!({ "event": "ask_arrived", "ask_id": ask_id }),
            WalletEvent::Notice { title, body, record_id } => {
                object(json!({ "event": "notice", "title": title, "body": body, "record_id": record_id }))
            }
            WalletEvent::ServiceRestored => json!({ "event": "service_restored" }),
        }
    }
}
