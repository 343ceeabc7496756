//! Comma-separated values as RFC 4180 has them, in UTF-8 with a mark at the beginning, so that spreadsheets read Chinese, and
//! with every text made harmless: none is a formula, and no long number is rounded.

use kabao_base::fold::hidden_kind;

/// The byte order mark that tells spreadsheets that this is UTF-8.
pub(super) const BOM: &str = "\u{feff}";

/// Digits from which on a spreadsheet makes a number of an order number and loses its end.
const LONG: usize = 12;

/// One value of a row.
pub(super) enum Cell<'a> {
    /// Somebody's text: names, order numbers.
    Text(&'a str),
    /// An amount or a count of ours, as plain digits.
    Number(String),
}

/// A row with its end. A text that begins like a formula, or is a long number, gets an apostrophe before it: whoever reads the
/// file with a program takes one apostrophe away. Hidden and control characters are left out; a line break becomes a space.
pub(super) fn row(cells: &[Cell<'_>]) -> String {
    let texts = cells.iter().map(|cell| match cell {
        Cell::Number(digits) => digits.clone(),
        Cell::Text(text) => quoted(&harmless(text)),
    });
    let mut line = texts.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().saturating_add(1));
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => clean.push(' '),
            other if other.is_control() || hidden_kind(other).is_some() => {}
            other => clean.push(other),
        }
    }
    // Full-width signs are formulas too where the spreadsheet folds them.
    let formula = clean.trim_start().starts_with(['=', '+', '-', '@', '\'', '＝', '＋', '－', '＠', '%', '|']);
    let number = clean.len() >= LONG && clean.bytes().all(|byte| byte.is_ascii_digit());
    if formula || number { format!("'{clean}") } else { clean }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_and_none_is_rounded() {
        for text in ["=1+1", "+86", "-2", "@SUM(A1)", " =cmd|' /C calc'!A0", "\t=1", "\u{200b}=1", "＝1", "'x", "|calc", "202611220000000001"] {
            let line = row(&[Cell::Text(text)]);
            assert!(line.trim_start_matches('"').starts_with('\''), "{text}: {line}");
        }
        assert_eq!(row(&[Cell::Text("老王, \"面\"\n馆"), Cell::Number("-12.50".to_owned()), Cell::Text("")]), "\"老王, \"\"面\"\" 馆\",-12.50,\r\n");
        assert_eq!(row(&[Cell::Text("a\u{202e}b\0c"), Cell::Text("12345678901")]), "abc,12345678901\r\n");
    }

    #[test]
    fn what_is_written_is_read() {
        // A reader after RFC 4180, written apart from the writer.
        fn read(line: &str) -> Vec<String> {
            let (mut cells, mut cell, mut inside, mut letters) = (Vec::new(), String::new(), false, line.strip_suffix("\r\n").unwrap().chars().peekable());
            while let Some(letter) = letters.next() {
                match letter {
                    '"' if inside && letters.peek() == Some(&'"') => cell.push(letters.next().unwrap()),
                    '"' => inside = !inside,
                    ',' if !inside => cells.push(std::mem::take(&mut cell)),
                    other => cell.push(other),
                }
            }
            cells.push(cell);
            cells
        }
        for text in ["", "a", "a,b", "\"", "\"\"", "=A1", "'", "''", "小,“面”;馆", "1234567890123"] {
            let back = read(&row(&[Cell::Text(text), Cell::Text("x")]));
            assert_eq!(back.len(), 2, "{text}");
            assert_eq!(back[0].strip_prefix('\'').unwrap_or(&back[0]), text, "{text}");
        }
    }
}
