//! Any answer as lines of names and values, for a person at the shell.

use super::table::pad;
use serde_json::Value;

/// The value as lines. Money shows as its text; pictures of codes are left out.
pub fn lines(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if map.is_empty() => out.push_str("ok\n"),
        Value::Array(items) if items.is_empty() => out.push_str("-\n"),
        value => put(&mut out, value, 0),
    }
    out
}

fn put(out: &mut String, value: &Value, depth: usize) {
    let margin = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            let shown = || map.iter().filter(|(name, _)| !name.starts_with("picture") && !name.starts_with("bars"));
            let widest = shown().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in shown() {
                match plain(value) {
                    Some(text) => out.push_str(&format!("{margin}{}  {text}\n", pad(name, widest))),
                    None => {
                        out.push_str(&format!("{margin}{name}\n"));
                        put(out, value, depth + 1);
                    }
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                match plain(item) {
                    Some(text) => out.push_str(&format!("{margin}- {text}\n")),
                    None => {
                        out.push_str(&format!("{margin}- {}\n", index + 1));
                        put(out, item, depth + 1);
                    }
                }
            }
        }
        other => out.push_str(&format!("{margin}{}\n", plain(other).unwrap_or_default())),
    }
}

/// The value in one line, when it fits there.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => {
            let money = map.contains_key("minor") && map.contains_key("currency");
            money.then(|| map.get("text").and_then(Value::as_str).unwrap_or_default().to_owned())
        }
        Value::Array(items) if items.is_empty() => Some("-".to_owned()),
        Value::Array(_) => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn money_is_one_word_and_pictures_are_left_out() {
        let view = json!({
            "amount": {"minor": 2350, "currency": "CNY", "text": "¥23.50"},
            "picture": "███", "sources": [{"source": "balance", "usable": true}], "timeline": [],
        });
        assert_eq!(lines(&view), "amount    ¥23.50\nsources\n  - 1\n    source  balance\n    usable  true\ntimeline  -\n");
        assert_eq!((lines(&json!({})).as_str(), lines(&json!([])).as_str()), ("ok\n", "-\n"));
    }
}
