//! What is kept, as tables that fit a terminal.

use super::table::{COLUMNS, Side, Table, cut, wrap};
use kabao_core::words::{Language, say};
use serde_json::Value;
use std::fmt::Write;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_u64).map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The inventory: a table of the counts, then why and how long for each, then the files on disk.
pub fn inventory(language: Language, view: &Value) -> String {
    let word = |name: &str| say(language, &format!("data.show.{name}"), &[]);
    let yes = |value: &Value, name: &str| word(if value.get(name).and_then(Value::as_bool).unwrap_or(false) { "yes" } else { "no" });
    let mut out = String::new();
    let mut table = Table::new(&[Side::Left, Side::Left, Side::Right, Side::Right, Side::Left, Side::Left, Side::Left]);
    let heads = ["what", "place", "count", "bytes", "encrypted", "exportable", "end"].map(word);
    table.row(&heads.each_ref().map(String::as_str));
    for item in list(view, "items") {
        let cells = [number(item, "count"), number(item, "bytes"), yes(item, "encrypted"), yes(item, "exportable")];
        let [count, bytes, encrypted, exportable] = cells.each_ref().map(String::as_str);
        table.row(&[text(item, "what"), text(item, "place_text"), count, bytes, encrypted, exportable, text(item, "end_text")]);
    }
    let _ = writeln!(out, "{table}");
    for item in list(view, "items") {
        let _ = writeln!(out, "  {}", cut(text(item, "what"), COLUMNS - 4));
        for line in wrap(text(item, "why"), COLUMNS - 4).into_iter().chain(wrap(&format!("{}: {}", word("keep"), text(item, "keep_text")), COLUMNS - 4)) {
            let _ = writeln!(out, "    {line}");
        }
    }
    let mut files = Table::new(&[Side::Left, Side::Right, Side::Left, Side::Left]);
    files.row(&[&word("files"), &word("bytes"), &word("encrypted"), ""]);
    for file in list(view, "files") {
        files.row(&[text(file, "name"), &number(file, "bytes"), &yes(file, "encrypted"), text(file, "kind_text")]);
    }
    let whole = view.get("complete").and_then(Value::as_bool).unwrap_or(false);
    let _ = writeln!(out, "\n{files}\n  {}", word(if whole { "complete" } else { "incomplete" }));
    out
}

/// Consents: how each document stands, then what was given and withdrawn.
pub fn consents(language: Language, view: &Value) -> String {
    let word = |name: &str| say(language, &format!("data.consent.{name}"), &[]);
    let mut out = String::new();
    for document in list(view, "documents") {
        let version = text(document, "given_version");
        let _ = writeln!(out, "  {}", cut(&format!("{}  {}  {version}", text(document, "title"), text(document, "state_text")), COLUMNS - 4));
        for line in wrap(text(document, "afterwards"), COLUMNS - 4) {
            let _ = writeln!(out, "    {line}");
        }
    }
    for entry in list(view, "history") {
        let mut line = format!("{}  {}  {} {}", text(entry, "title"), text(entry, "version"), word("at"), text(entry, "given_text"));
        if let Some(withdrawn) = entry.get("withdrawn_text").and_then(Value::as_str) {
            let _ = write!(line, "  {} {withdrawn}", word("withdrawn_at"));
        }
        if entry.get("service_knows").and_then(Value::as_bool) == Some(false) {
            let _ = write!(line, "  ({})", word("untold"));
        }
        for (index, line) in wrap(&line, COLUMNS - 4).into_iter().enumerate() {
            let _ = writeln!(out, "  {}{line}", if index == 0 { "" } else { "  " });
        }
    }
    out
}

/// What is typed, and what becomes of it.
pub fn fields(language: Language, view: &Value) -> String {
    let word = |name: &str| say(language, &format!("data.show.{name}"), &[]);
    let mut table = Table::new(&[Side::Left, Side::Left, Side::Left]);
    table.row(&[&word("fields"), &word("keep"), &word("mask")]);
    for field in view.as_array().into_iter().flatten() {
        table.row(&[text(field, "what"), text(field, "keep_text"), text(field, "mask_text")]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::table::width;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tables_fit_whatever_stands_in_them() {
        let long = "很长的名称".repeat(30);
        let item = |what: &str| json!({"what": what, "why": long, "place_text": long, "keep_text": long, "end_text": long, "count": u64::MAX, "bytes": u64::MAX, "encrypted": true, "exportable": false});
        let view = json!({"items": [item("账单"), item(&long)], "files": [{"name": long, "bytes": 7, "encrypted": false, "kind_text": long}], "complete": false});
        let entry = json!({"title": long, "version": long, "given_text": long, "withdrawn_text": long, "service_knows": false});
        let given = json!({"documents": [{"title": long, "state_text": long, "afterwards": long}], "history": [entry]});
        for language in [Language::ZhCn, Language::En] {
            for text in [inventory(language, &view), fields(language, &json!([{"what": long, "keep_text": long, "mask_text": long}])), consents(language, &given)] {
                assert!(text.lines().count() >= 2 && text.lines().all(|line| width(line) <= COLUMNS), "{text}");
                assert!(!text.contains("data."), "{text}");
            }
        }
    }
}
