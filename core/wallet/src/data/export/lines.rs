//! One thing as a line: of a table for people, of JSON for programs.

use super::csv::Cell;
use crate::service::wire::{Contact, Device};
use crate::tables::consents::ConsentRow;
use crate::tables::exports::Made;
use crate::tables::intents::IntentRow;
use crate::tables::records::RecordRow;
use crate::tables::refunds::AskRow;
use crate::words::{self, Language, say};
use kabao_base::Timestamp;
use serde_json::{Value, json};

/// Two files with the same lines: `<name>.csv` and `<name>.json`.
pub(super) struct Line {
    pub(super) cells: Vec<(String, bool)>,
    pub(super) value: Value,
}

impl Line {
    /// The row of the table.
    pub(super) fn row(&self) -> String {
        let cells: Vec<Cell<'_>> =
            self.cells.iter().map(|(text, number)| if *number { Cell::Number(text.clone()) } else { Cell::Text(text) }).collect();
        super::csv::row(&cells)
    }
}

fn text(value: impl Into<String>) -> (String, bool) {
    (value.into(), false)
}

fn number(value: impl ToString) -> (String, bool) {
    (value.to_string(), true)
}

/// A moment for programs.
pub(super) fn time(at: Timestamp) -> Value {
    json!({ "ms": at.as_ms(), "utc": at.rfc3339() })
}

/// The head of a table in the language of the person.
pub(super) fn head(language: Language, names: &[&str]) -> String {
    let words: Vec<String> = names.iter().map(|name| say(language, &format!("data.column.{name}"), &[])).collect();
    super::csv::row(&words.iter().map(|word| Cell::Text(word)).collect::<Vec<_>>())
}

pub(super) const HISTORY: [&str; 13] = [
    "time", "kind", "payee", "amount", "fee", "currency", "state", "route", "our_order", "acquirer_order", "merchant_order", "receipt", "id",
];

/// A record of the history. `receipt` is the name of its file and whether its signature holds.
pub(super) fn record(language: Language, row: &RecordRow, receipt: Option<&(String, bool)>) -> Line {
    let known = |key: String, plain: &str| if words::exists(&key) { say(language, &key, &[]) } else { plain.to_owned() };
    let cells = vec![
        text(row.at.china_text()),
        text(known(format!("record.kind.{}", row.kind), &row.kind)),
        text(&row.payee_name),
        number(row.amount.plain()),
        number(row.fee.plain()),
        text(row.amount.currency.code()),
        text(known(format!("record.state.{}", row.state), &row.state)),
        text(known(format!("way.{}", row.route), &row.route)),
        text(&row.our_order),
        text(row.acquirer_order.clone().unwrap_or_default()),
        text(row.merchant_order.clone().unwrap_or_default()),
        text(receipt.map(|(name, _)| name.clone()).unwrap_or_default()),
        text(row.record_id.to_string()),
    ];
    let value = json!({
        "record_id": row.record_id, "kind": row.kind, "state": row.state, "payee_name": row.payee_name,
        "amount_minor": row.amount.minor, "fee_minor": row.fee.minor, "currency": row.amount.currency.code(), "route": row.route,
        "our_order": row.our_order, "acquirer_order": row.acquirer_order, "merchant_order": row.merchant_order,
        "intent_id": row.intent_id, "original": row.original, "at": time(row.at), "updated_at": time(row.updated_at),
        "receipt": receipt.map(|(name, verified)| json!({ "file": name, "verified": verified })),
    });
    Line { cells, value }
}

pub(super) const PAYMENTS: [&str; 9] = ["time", "kind", "payee", "amount", "fee", "currency", "state", "reason", "id"];

/// A payment that this phone started.
pub(super) fn payment(language: Language, row: &IntentRow) -> Line {
    let kind = words::move_kind(language, &row.kind);
    let cells = vec![
        text(row.created_at.china_text()),
        text(kind),
        text(row.payee_name.clone().unwrap_or_default()),
        number(row.amount.plain()),
        number(row.fee.plain()),
        text(row.amount.currency.code()),
        text(words::payment(language, row.state)),
        text(row.code.clone().unwrap_or_default()),
        text(row.intent_id.to_string()),
    ];
    let value = json!({
        "intent_id": row.intent_id, "kind": row.kind, "payee_name": row.payee_name, "amount_minor": row.amount.minor,
        "fee_minor": row.fee.minor, "currency": row.amount.currency.code(), "state": row.state.as_str(), "code": row.code,
        "record_id": row.record_id, "created_at": time(row.created_at), "updated_at": time(row.updated_at),
    });
    Line { cells, value }
}

pub(super) const CONSENTS: [&str; 4] = ["document", "version", "given", "withdrawn"];

/// A consent.
pub(super) fn consent(language: Language, row: &ConsentRow) -> Line {
    let cells = vec![
        text(crate::data::consents::title(language, &row.document)),
        text(&row.version),
        text(row.at.china_text()),
        text(row.withdrawn_at.map(Timestamp::china_text).unwrap_or_default()),
    ];
    let value = json!({
        "consent_id": row.consent_id, "document": row.document, "version": row.version, "given_at": time(row.at),
        "withdrawn_at": row.withdrawn_at.map(time), "digest": row.digest,
    });
    Line { cells, value }
}

/// A word of the catalogue; what it has no word for stays what it is.
fn known(language: Language, group: &str, plain: &str) -> String {
    let key = format!("{group}.{plain}");
    if words::exists(&key) { say(language, &key, &[]) } else { plain.to_owned() }
}

pub(super) const CARDS: [&str; 6] = ["bank", "brand", "last4", "kind", "state", "id"];

/// A card, bound or earlier: bank, brand and last four digits.
pub(super) fn card(language: Language, id: &str, [bank, brand, last4]: [&str; 3], kind: &str, state: &str) -> Line {
    let cells = vec![
        text(bank), text(brand), text(last4), text(known(language, "card.kind", kind)), text(known(language, "data.state", state)), text(id),
    ];
    Line { cells, value: json!({ "card_id": id, "bank": bank, "brand": brand, "last4": last4, "kind": kind, "state": state }) }
}

pub(super) const CONTACTS: [&str; 4] = ["kind", "contact", "state", "time"];

/// A second contact, masked. `verified_at` is when it was proven last.
pub(super) fn contact(language: Language, row: &Contact) -> Line {
    let at = row.verified_at.map(Timestamp::from_ms);
    let cells = vec![
        text(known(language, "data.contact", &row.kind)), text(&row.masked), text(known(language, "data.state", &row.state)),
        text(at.map(Timestamp::china_text).unwrap_or_default()),
    ];
    let value = json!({
        "contact_id": row.contact_id, "kind": row.kind, "masked": row.masked, "state": row.state, "verified_at": at.map(time),
        "verify_again_at": row.verify_again_at.map(Timestamp::from_ms).map(time),
    });
    Line { cells, value }
}

pub(super) const DEVICES: [&str; 5] = ["name", "kind", "first_seen", "last_seen", "state"];

/// A phone of the account.
pub(super) fn device(language: Language, row: &Device) -> Line {
    let (first, last) = (Timestamp::from_ms(row.first_seen), Timestamp::from_ms(row.last_seen));
    let state = match &row.ended_by {
        Some(by) => known(language, "device", by),
        None => known(language, "data.state", if row.this { "this" } else { "signed_in" }),
    };
    let cells = vec![text(&row.model), text(known(language, "device", &row.form)), text(first.china_text()), text(last.china_text()), text(state)];
    let value = json!({
        "device_id": row.device_id, "model": row.model, "form": row.form, "first_seen": time(first), "last_seen": time(last), "this": row.this,
        "ended_at": row.ended_at.map(Timestamp::from_ms).map(time), "ended_by": row.ended_by, "capabilities": row.capabilities,
    });
    Line { cells, value }
}

pub(super) const REFUNDS: [&str; 5] = ["time", "amount", "reason", "state", "id"];

/// Something that was asked back on this phone. What became of it stands with the answers of the service.
pub(super) fn refund(language: Language, row: &AskRow) -> Line {
    let cells = vec![
        text(row.at.china_text()), number(row.amount.plain()), text(known(language, "refund.reason", &row.reason)),
        text(known(language, "data.state", &row.state)), text(row.ask_id.to_string()),
    ];
    let value = json!({
        "ask_id": row.ask_id, "record_id": row.record_id, "other_id": row.other_id, "amount_minor": row.amount.minor,
        "currency": row.amount.currency.code(), "reason": row.reason, "state": row.state, "code": row.code, "at": time(row.at),
    });
    Line { cells, value }
}

pub(super) const EXPORTS: [&str; 4] = ["time", "place", "files", "bytes"];

/// An earlier export.
pub(super) fn export(row: &Made) -> Line {
    let cells = vec![text(row.at.china_text()), text(&row.folder), number(row.files), number(row.bytes)];
    Line { cells, value: json!({ "at": time(row.at), "folder": row.folder, "files": row.files, "bytes": row.bytes }) }
}

pub(super) const SETTINGS: [&str; 3] = ["name", "value", "time"];

/// Something that the person chose.
pub(super) fn setting(name: &str, value: &str, at: Timestamp) -> Line {
    Line { cells: vec![text(name), text(value), text(at.china_text())], value: json!({ "name": name, "value": value, "at": time(at) }) }
}
