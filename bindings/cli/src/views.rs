//! What the wallet gives, as JSON: for scripts, journeys and tables. One name for one thing, the same as in the API.

mod identity;
mod limits;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Failure, MoneyView, Timestamp};
use kabao_core::account::{
    AccountView, ClosurePoint, ClosureView, ContactView, ContactsView, OtpSentView, PhoneChangeView, ReplaceView,
};
use kabao_core::cards::{BindingView, CardDoubtView, CardLookView, CardView, SourcesView};
use kabao_core::data::{ConsentDocument, ConsentEntry, ConsentsView, ExportReport, FieldView, InventoryFile, InventoryItem, InventoryView};
use kabao_core::history::{HistoryItem, HistoryPage, MonthView, RecordView, SyncReport, VerifyReport};
use kabao_core::pay::{
    AskView, CodesView, PayerCodeView, PaymentView, QuoteView, ReceiptView, ScanView, WayToPay,
};
use kabao_core::words::{Language, explain};
use kabao_core::{EraseReport, WalletError, WalletEvent};
use kabao_codes::draw::Ink;
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
        json!({ "minor": self.minor, "currency": self.currency, "text": self.text })
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
            "cooling_days": self.cooling_days, "called_off": maybe(self.called_off.as_ref()), "kept_text": self.kept_text,
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

impl Json for ScanView {
    fn json(&self) -> Value {
        object(json!({
            "payee_id": self.payee_id, "payee_name": self.payee_name, "order": self.order,
            "amount": maybe(self.amount.as_ref()), "limit_class": self.limit_class,
            "static_left": maybe(self.static_left.as_ref()), "family": self.family, "owner": self.owner,
            "says": object(json!({
                "payee": self.says.payee, "amount": self.says.amount, "currency": self.says.currency, "order": self.says.order,
                "is_static": self.says.is_static, "amount_editable": self.says.amount_editable, "masked": self.says.masked,
                "category": self.says.category.map(|category| category.key()),
            })),
            "dangers": self.dangers.iter().map(|found| json!({ "danger": found.danger, "text": found.text })).collect::<Vec<_>>(),
            "hand_over": self.hand_over.as_ref().map_or(Value::Null, |found| object(json!({ "app": found.app, "text": found.text, "link": found.link }))),
            "title": self.words.title, "refusal": maybe(self.refusal.as_ref()),
        }))
    }
}

impl Json for QuoteView {
    fn json(&self) -> Value {
        let sources = self.sources.iter().map(|source| {
            object(json!({
                "source": source.source, "text": source.text, "usable": source.usable, "proposed": source.proposed,
                "is_default": source.is_default, "reason": maybe(source.reason.as_ref()),
            }))
        });
        object(json!({
            "default_passed_over": maybe(self.default_passed_over.as_ref()), "instead_of": self.instead_of,
            "warning": maybe(self.warning.as_ref()),
            "quote_id": self.quote_id, "payee_name": self.payee_name, "amount": self.amount.json(), "fee": self.fee.json(),
            "total": self.total.json(), "sources": sources.collect::<Vec<_>>(), "expires_at": self.expires_at,
        }))
    }
}

impl Json for PaymentView {
    fn json(&self) -> Value {
        let timeline = self.timeline.iter().map(|stage| json!({ "stage": stage.stage, "text": stage.text, "at": stage.at }));
        object(json!({
            "intent_id": self.intent_id, "kind": self.kind, "state": self.state.as_str(), "state_text": self.state_text,
            "payee_name": self.payee_name, "amount": self.amount.json(), "fee": self.fee.json(),
            "may_pay_again": self.may_pay_again, "dispatched": self.dispatched, "failure": maybe(self.failure.as_ref()),
            "record_id": self.record_id, "timeline": timeline.collect::<Vec<_>>(), "created_at": self.created_at,
            "instead_of": self.instead_of, "replaced_by": self.replaced_by, "warning": maybe(self.warning.as_ref()),
        }))
    }
}

impl Json for CodesView {
    fn json(&self) -> Value {
        object(json!({
            "version": self.version, "source": self.source, "source_text": self.source_text,
            "issued_at": self.issued_at.map(|at| at.json()), "age_text": self.age_text,
            "stored_at": self.stored_at.map(|at| at.json()), "outdated": self.outdated,
            "refused": maybe(self.refused.as_ref()), "refused_at": self.refused_at.map(|at| at.json()),
        }))
    }
}

impl Json for WayToPay {
    fn json(&self) -> Value {
        object(json!({ "way": self.way, "text": self.text, "usable": self.usable, "reason": maybe(self.reason.as_ref()) }))
    }
}

impl Json for PayerCodeView {
    fn json(&self) -> Value {
        json!({
            "showing_id": self.showing_id, "way": self.way, "digits": self.digits, "grouped": self.grouped,
            "picture": self.qr.terminal(Ink::LightTerminal), "picture_coloured": self.qr.terminal(Ink::Colours),
            "bars_coloured": self.bars.terminal(Ink::Colours, 3), "picture_svg": self.qr.svg("payer code 付款码"),
            "draw_again_at": self.draw_again_at, "cap": self.cap.json(), "clock_trusted": self.clock_trusted,
            "codes_left": self.codes_left,
        })
    }
}

impl Json for AskView {
    fn json(&self) -> Value {
        object(json!({
            "ask_id": self.ask_id, "payee_name": self.payee_name, "order": self.order, "amount": self.amount.json(),
            "expires_at": self.expires_at,
        }))
    }
}

impl Json for ReceiptView {
    fn json(&self) -> Value {
        object(json!({
            "record_id": self.record_id, "verified": self.verified, "payee_name": self.payee_name,
            "amount": self.amount.json(), "fee": self.fee.json(), "route": self.route, "route_text": self.route_text,
            "source": self.source, "source_text": self.source_text, "our_order": self.our_order, "acquirer_order": self.acquirer_order, "merchant_order": self.merchant_order,
            "at": self.at, "at_text": self.at_text, "document": URL_SAFE_NO_PAD.encode(&self.document),
            "qr_text": self.qr_text,
        }))
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
            "original": self.original, "updated_at": self.updated_at, "has_receipt": self.has_receipt,
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

impl Json for InventoryView {
    fn json(&self) -> Value {
        json!({ "items": all(&self.items), "files": all(&self.files), "file_bytes": self.file_bytes, "complete": self.complete, "at": self.at.json() })
    }
}

impl Json for InventoryItem {
    fn json(&self) -> Value {
        object(json!({
            "id": self.id, "what": self.what, "why": self.why, "place": snake(self.place), "place_text": self.place_text,
            "keep_text": self.keep_text, "count": self.count, "bytes": self.bytes, "encrypted": self.encrypted,
            "exportable": self.exportable, "end": snake(self.end), "end_text": self.end_text,
        }))
    }
}

impl Json for InventoryFile {
    fn json(&self) -> Value {
        json!({ "name": self.name, "kind": snake(self.kind), "kind_text": self.kind_text, "bytes": self.bytes, "encrypted": self.encrypted })
    }
}

impl Json for FieldView {
    fn json(&self) -> Value {
        json!({
            "name": self.name, "class": snake(self.class), "what": self.what, "why": self.why, "keep_text": self.keep_text,
            "mask_text": self.mask_text, "never_kept": self.never_kept,
        })
    }
}

impl Json for ConsentsView {
    fn json(&self) -> Value {
        object(json!({ "documents": all(&self.documents), "history": all(&self.history), "as_of": self.as_of.map(|at| at.json()) }))
    }
}

impl Json for ConsentDocument {
    fn json(&self) -> Value {
        object(json!({
            "document": self.document, "title": self.title, "state": snake(self.state), "state_text": self.state_text,
            "current_version": self.current_version, "given_version": self.given_version, "afterwards": self.afterwards,
        }))
    }
}

impl Json for ConsentEntry {
    fn json(&self) -> Value {
        object(json!({
            "consent_id": self.consent_id, "document": self.document, "title": self.title, "version": self.version,
            "given_at": self.given_at.json(), "given_text": self.given_text, "withdrawn_at": self.withdrawn_at.map(|at| at.json()),
            "withdrawn_text": self.withdrawn_text, "service_knows": self.service_knows,
        }))
    }
}

impl Json for ExportReport {
    fn json(&self) -> Value {
        object(json!({
            "folder": self.folder, "files": self.files, "bytes": self.bytes, "receipts": self.receipts,
            "wrong_receipts": self.wrong_receipts, "first_wrong_event": self.first_wrong_event, "manifest_sha256": self.manifest_sha256,
        }))
    }
}

impl Json for EraseReport {
    fn json(&self) -> Value {
        json!({ "files": self.files, "strangers": self.strangers, "keys_renewed": self.keys_renewed })
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
