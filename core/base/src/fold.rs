//! One function folds what a person typed before anything checks it.
//!
//! Full-width digits, spaces and hyphens come from Chinese keyboards and from pasted cards; they
//! are folded. Characters that a person cannot see are refused by name: a number that looks right
//! and is not right must not pass. A payment PIN is not folded at all (ASCII digits only).

/// What kind of text is folded; decides which separators may stand inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldKind {
    /// A telephone number: `+86`, `0086`, spaces and hyphens are taken off mainland numbers.
    Phone,
    /// A card number: spaces and hyphens inside.
    Card,
    /// An identity number: spaces and hyphens inside; x becomes X.
    IdNumber,
    /// A one-time code: spaces inside.
    Otp,
    /// An amount: sign of currency before, grouping commas kept for the reader to judge.
    Amount,
}

impl FoldKind {
    fn limit(self) -> usize {
        match self {
            FoldKind::Phone | FoldKind::Amount => 40,
            FoldKind::Card | FoldKind::IdNumber => 64,
            FoldKind::Otp => 20,
        }
    }
}

/// Why a text could not be folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Nothing but white space.
    #[error("nothing was typed")]
    Empty,
    /// Longer than any value of this kind.
    #[error("the text is too long")]
    TooLong,
    /// A character that cannot be seen.
    #[error("the text holds a hidden character: {name}")]
    Hidden {
        /// The sort of character: `zero-width`, `bidirectional` or `control`.
        name: &'static str,
    },
    /// Something other than digits where digits are expected.
    #[error("something other than digits was typed")]
    NotDigits,
}

/// Names the sort of a character that a person cannot see, or `None`.
///
/// # Examples
/// ```
/// use kabao_base::fold::hidden_kind;
/// assert_eq!(hidden_kind('\u{200b}'), Some("zero-width"));
/// assert_eq!(hidden_kind('最'), None);
/// ```
pub fn hidden_kind(character: char) -> Option<&'static str> {
    match character {
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{00ad}' | '\u{180e}' | '\u{034f}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Some("zero-width"),
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some("bidirectional"),
        '\t' | '\n' | '\r' => None,
        character if character.is_control() => Some("control"),
        '\u{2028}' | '\u{2029}' => Some("control"),
        _ => None,
    }
}

/// Folds `text`. Digits of full width become ASCII, separators that the kind allows disappear,
/// white space at both ends goes. Errors come before any judgement of the value.
///
/// # Examples
/// ```
/// use kabao_base::{FoldKind, fold};
/// assert_eq!(fold("１３８ ００１３-8000", FoldKind::Phone).as_deref(), Ok("13800138000"));
/// ```
pub fn fold(text: &str, kind: FoldKind) -> Result<String, FoldError> {
    // Longest lawful text, with room for separators; a megabyte is refused before it is walked.
    if text.len() > kind.limit() * 8 {
        return Err(FoldError::TooLong);
    }
    if let Some(name) = text.chars().find_map(hidden_kind) {
        return Err(FoldError::Hidden { name });
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(FoldError::Empty);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match narrow(character) {
            ' ' | '\u{00a0}' | '\u{3000}' => {}
            '\t' | '\n' | '\r' => return Err(FoldError::Hidden { name: "control" }),
            '-' if matches!(kind, FoldKind::Card | FoldKind::IdNumber | FoldKind::Phone) => {}
            '¥' | '￥' if kind == FoldKind::Amount && out.is_empty() => {}
            'x' if kind == FoldKind::IdNumber => out.push('X'),
            narrowed => out.push(narrowed),
        }
    }
    if kind == FoldKind::Phone {
        out = without_country(out);
    }
    if out.is_empty() {
        return Err(FoldError::Empty);
    }
    if out.chars().count() > kind.limit() {
        return Err(FoldError::TooLong);
    }
    let digits_only = matches!(kind, FoldKind::Card | FoldKind::Otp);
    if digits_only && !out.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FoldError::NotDigits);
    }
    Ok(out)
}

/// Full-width forms to their ASCII twins, typographic hyphens and minus signs to `-`.
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' => '-',
        '。' => '.',
        other => other,
    }
}

fn without_country(number: String) -> String {
    for prefix in ["+86", "0086"] {
        if let Some(rest) = number.strip_prefix(prefix) {
            return rest.to_owned();
        }
    }
    match number.strip_prefix("86") {
        // Another country's number may stand behind it, with + or 00.
        Some(rest) if rest.len() == 11 && rest.bytes().all(|byte| byte.is_ascii_digit()) && !rest.starts_with("00") => rest.to_owned(),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_by_kind() {
        assert_eq!(fold("+86 138-0013-8000", FoldKind::Phone).unwrap(), "13800138000");
        assert_eq!(fold("００８６１３８００１３８０００", FoldKind::Phone).unwrap(), "13800138000");
        assert_eq!(fold("+44 20 7946 0958", FoldKind::Phone).unwrap(), "+442079460958");
        for text in ["86+7527054318", "8600795797770"] {
            assert_eq!(fold(text, FoldKind::Phone).unwrap(), text);
        }
        assert_eq!(fold("6222 0202 0000 0000 000", FoldKind::Card).unwrap(), "6222020200000000000");
        assert_eq!(fold("11010519491231002ｘ", FoldKind::IdNumber).unwrap(), "11010519491231002X");
        assert_eq!(fold(" 123 456 ", FoldKind::Otp).unwrap(), "123456");
    }

    #[test]
    fn refuses_what_cannot_be_seen() {
        for (character, name) in [('\u{200b}', "zero-width"), ('\u{202e}', "bidirectional"), ('\0', "control"), ('\u{feff}', "zero-width")] {
            let text = format!("1380013{character}8000");
            assert_eq!(fold(&text, FoldKind::Phone), Err(FoldError::Hidden { name }));
        }
        assert_eq!(fold("12\n3456", FoldKind::Otp), Err(FoldError::Hidden { name: "control" }));
    }

    #[test]
    fn refuses_empty_long_and_letters() {
        assert_eq!(fold("  \u{3000} ", FoldKind::Card), Err(FoldError::Empty));
        assert_eq!(fold("--", FoldKind::Card), Err(FoldError::Empty));
        assert_eq!(fold(&"1".repeat(1 << 20), FoldKind::Card), Err(FoldError::TooLong));
        assert_eq!(fold("12a456", FoldKind::Otp), Err(FoldError::NotDigits));
    }
}
