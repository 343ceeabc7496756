//! Text from outside on a terminal: what could act on it, or hide, is shown as its number.

use kabao_base::fold::hidden_kind;

/// The text in one line. Control, zero-width and direction characters and line breaks become `\u{1b}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character.is_control() || hidden_kind(character).is_some() {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// JSON in one line with the same characters as escapes of JSON: another program reads the same text from it.
pub fn visible_json(json: &str) -> String {
    let mut shown = String::new();
    for character in json.chars() {
        if character.is_control() || hidden_kind(character).is_some() {
            let mut units = [0; 2];
            shown.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_and_nothing_hides() {
        assert_eq!(visible("面馆 ¥12.50"), "面馆 ¥12.50");
        assert_eq!(visible("\u{1b}[2J\u{7}a\u{9b}1m\r\n"), "\\u{1b}[2J\\u{7}a\\u{9b}1m\\u{d}\\u{a}");
        assert_eq!(visible("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        let value = serde_json::json!({ "text": "\u{1b}\u{9b}1m\u{202e}\u{e0041}面" });
        let shown = visible_json(&value.to_string());
        assert_eq!(shown, "{\"text\":\"\\u001b\\u009b1m\\u202e\\udb40\\udc41面\"}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
