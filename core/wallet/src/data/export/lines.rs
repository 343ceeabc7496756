//! One thing as a line: of a table for people, of JSON for programs.

use super::csv::Cell;
use crate::tables::consents::ConsentRow;
use crate::tables::intents::IntentRow;
use crate::tables::records::RecordRow;
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

fn time(at: Timestamp) -> Value {
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

pub(super) const CARDS: [&str; 3] = ["bank", "brand", "last4"];

/// A bound card.
pub(super) fn card(bank: &str, brand: &str, last4: &str) -> Line {
    Line { cells: vec![text(bank), text(brand), text(last4)], value: json!({ "bank": bank, "brand": brand, "last4": last4 }) }
}

pub(super) const SETTINGS: [&str; 3] = ["name", "value", "time"];

/// Something that the person chose.
pub(super) fn setting(name: &str, value: &str, at: Timestamp) -> Line {
    Line { cells: vec![text(name), text(value), text(at.china_text())], value: json!({ "name": name, "value": value, "at": time(at) }) }
}
