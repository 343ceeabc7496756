//! Names as identity documents carry them.
//!
//! The separator of minority names is U+00B7 by the inter-ministry notice of 2016; keyboards produce
//! many look-alikes, which become U+00B7. Chips of identity cards carry some rare characters at
//! private code points of GBK; these become the characters of GB 18030. Length and rarity are not
//! judged further: whether name and number belong together is the register's to say.

use kabao_base::{Code, fold::hidden_kind, mask};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The separator of the notice of 2016.
pub const SEPARATOR: char = '\u{b7}';
/// Twice what the notice asks a data field to hold.
const LIMIT: usize = 100;

/// A name in the form that is stored and sent. Debug does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RealName(String);

impl RealName {
    /// The normalised name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `*三`, for screens.
    pub fn masked(&self) -> String {
        mask::name(&self.0)
    }

    /// Whether two names are the same in every spelling that Unicode holds equal.
    pub fn same(&self, other: &RealName) -> bool {
        self.0.nfc().eq(other.0.nfc())
    }
}

impl fmt::Debug for RealName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RealName")
    }
}

/// Why a name was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was typed.
    #[error("nothing was typed")]
    Empty,
    /// More than 100 characters.
    #[error("the name is too long")]
    TooLong,
    /// A zero-width, bidirectional or control character.
    #[error("the name holds a hidden character: {name}")]
    Hidden {
        /// The sort of character.
        name: &'static str,
    },
    /// A space inside a Chinese name.
    #[error("a Chinese name has no space inside")]
    InnerSpace,
    /// A separator at an end, or two in a row.
    #[error("a separator stands between two parts of a name")]
    Separator,
    /// A digit, a sign, or a letter of another script.
    #[error("a character cannot stand in a name")]
    Characters,
}

impl NameError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            NameError::Empty => Code::EmptyInput,
            NameError::TooLong => Code::InputTooLong,
            NameError::Hidden { .. } => Code::HiddenCharacter,
            _ => Code::NameInvalid,
        }
    }
}

/// Judges and normalises a name: Chinese, Chinese with separators, or Latin as in a passport.
pub fn read(text: &str) -> Result<RealName, NameError> {
    // Four bytes are the longest character.
    if text.len() > LIMIT * 4 + 64 {
        return Err(NameError::TooLong);
    }
    let text = text.trim();
    if let Some(name) = text.chars().find_map(|character| match character {
        '\t' | '\n' | '\r' => Some("control"),
        other => hidden_kind(other),
    }) {
        return Err(NameError::Hidden { name });
    }
    let mapped: String = text.chars().map(from_private).collect();
    if mapped.is_empty() {
        return Err(NameError::Empty);
    }
    let name = if mapped.chars().any(is_han) { chinese(&mapped)? } else { latin(&mapped)? };
    if name.chars().count() > LIMIT { Err(NameError::TooLong) } else { Ok(RealName(name)) }
}

fn chinese(text: &str) -> Result<String, NameError> {
    let mut name = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if is_han(character) => name.push(character),
            _ if is_separator(character) => {
                if name.is_empty() || name.ends_with(SEPARATOR) {
                    return Err(NameError::Separator);
                }
                name.push(SEPARATOR);
            }
            _ if character.is_whitespace() => return Err(NameError::InnerSpace),
            _ => return Err(NameError::Characters),
        }
    }
    if name.ends_with(SEPARATOR) { Err(NameError::Separator) } else { Ok(name) }
}

/// Letters, single spaces, hyphens, apostrophes, full stops and commas: what passports print.
fn latin(text: &str) -> Result<String, NameError> {
    let narrow = |character| match character {
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        '\u{2019}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    };
    let mut name = String::with_capacity(text.len());
    let mut marks = 0;
    for character in text.chars().map(narrow).nfc() {
        marks = if matches!(character, '\u{300}'..='\u{36f}') { marks + 1 } else { 0 };
        match character {
            'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' if !matches!(character, '×' | '÷') => {
                name.push(character);
            }
            '\u{300}'..='\u{36f}' if marks <= 2 && !name.is_empty() => name.push(character),
            _ if name.is_empty() => return Err(NameError::Characters),
            '-' | '\'' | '.' | ',' => name.push(character),
            _ if is_separator(character) => name.push(SEPARATOR),
            _ if character.is_whitespace() => {
                if !name.ends_with(' ') {
                    name.push(' ');
                }
            }
            _ => return Err(NameError::Characters),
        }
    }
    if name.ends_with(SEPARATOR) { Err(NameError::Separator) } else { Ok(name) }
}

/// Unified ideographs of every extension, the compatibility block, and 〇.
fn is_han(character: char) -> bool {
    matches!(character,
        '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2fa1f}' | '\u{30000}'..='\u{3347f}')
}

/// The separator and the characters that are taken for it.
fn is_separator(character: char) -> bool {
    matches!(character,
        SEPARATOR | '\u{387}' | '\u{2022}' | '\u{2219}' | '\u{30fb}' | '\u{25cf}' | '\u{ff0e}' | '.' | '\u{2027}'
        | '\u{ff65}' | '\u{22c5}' | '\u{2024}' | '\u{fe52}' | '\u{2e31}')
}

/// The character of GB 18030 for a private code point of GBK (0xFE50 to 0xFEA0), where it is an
/// ideograph. Source: GB 18030-2005 and -2022 mapping tables.
fn from_private(character: char) -> char {
    const FIRST: u32 = 0xe815;
    let place = (character as u32).checked_sub(FIRST).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| PRIVATE.get(place)).and_then(|code| char::from_u32(*code)).unwrap_or(character)
}

/// From U+E815 on.
#[rustfmt::skip]
const PRIVATE: [u32; 80] = [
    0x2e81, 0x20087, 0x20089, 0x200cc, 0x2e84, 0x3473, 0x3447, 0x2e88, 0x2e8b, 0x9fb4,
    0x359e, 0x361a, 0x360e, 0x2e8c, 0x2e97, 0x396e, 0x3918, 0x9fb5, 0x39cf, 0x39df,
    0x3a73, 0x39d0, 0x9fb6, 0x9fb7, 0x3b4e, 0x3c6e, 0x3ce0, 0x2ea7, 0x215d7, 0x9fb8,
    0x2eaa, 0x4056, 0x415f, 0x2eae, 0x4337, 0x2eb3, 0x2eb6, 0x2eb7, 0x2298f, 0x43b1,
    0x43ac, 0x2ebb, 0x43dd, 0x44d6, 0x4661, 0x464c, 0x9fb9, 0x4723, 0x4729, 0x477c,
    0x478d, 0x2eca, 0x4947, 0x497a, 0x497d, 0x4982, 0x4983, 0x4985, 0x4986, 0x499f,
    0x499b, 0x49b7, 0x49b6, 0x9fba, 0x241fe, 0x4ca3, 0x4c9f, 0x4ca0, 0x4ca1, 0x4c77,
    0x4ca2, 0x4d13, 0x4d14, 0x4d15, 0x4d16, 0x4d17, 0x4d18, 0x4d19, 0x4dae, 0x9fbb,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> String {
        read(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn takes_names_as_documents_carry_them() {
        for text in ["张三", "欧阳娜娜", "王䶮", "王𬱖", "迪里拜尔·尤努斯", "张", "〇一", "O'BRIEN, MARY-ANN", "Zoë Müller"] {
            assert_eq!(name(text), text);
        }
        assert_eq!(name("\u{3000}张三 "), "张三");
    }

    #[test]
    fn normalises_separators_and_private_characters() {
        for separator in ['•', '∙', '・', '●', '．', '.', '‧', '･', '⋅', '·'] {
            assert_eq!(name(&format!("迪里拜尔{separator}尤努斯")), "迪里拜尔·尤努斯");
        }
        assert_eq!(name("王\u{e863}"), "王䶮");
        assert_eq!(name("王\u{e85f}"), "王䴖");
        assert_eq!(name("\u{e816}"), "\u{20087}");
        assert_eq!(name("Ｊｏｈｎ  Ｓｍｉｔｈ"), "John Smith");
        assert_eq!(name("q\u{308}o"), "q\u{308}o");
        assert!(read("Zoe\u{308}").unwrap().same(&read("Zoë").unwrap()));
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, error) in [
            ("", NameError::Empty),
            (" \u{3000}", NameError::Empty),
            ("张 三", NameError::InnerSpace),
            ("·尤努斯", NameError::Separator),
            ("尤努斯·", NameError::Separator),
            ("迪里··尤努斯", NameError::Separator),
            ("张三1", NameError::Characters),
            ("张a", NameError::Characters),
            ("张😀", NameError::Characters),
            ("123", NameError::Characters),
            ("Иван", NameError::Characters),
            ("王\u{e000}", NameError::Characters),
            ("Zoe\u{328}\u{330}\u{331}\u{332}", NameError::Characters),
            ("张三\u{202e}", NameError::Hidden { name: "bidirectional" }),
            ("张\u{200b}三", NameError::Hidden { name: "zero-width" }),
            ("张\n三", NameError::Hidden { name: "control" }),
        ] {
            assert_eq!(read(text).err(), Some(error), "{text:?}");
        }
        assert_eq!(read(&"张".repeat(101)).err(), Some(NameError::TooLong));
        assert_eq!(read(&"张".repeat(1 << 20)).err(), Some(NameError::TooLong));
        assert!(read(&"张".repeat(100)).is_ok());
    }

    #[test]
    fn printing_shows_no_name() {
        assert_eq!(format!("{:?}", read("张三").unwrap()), "RealName");
    }

    proptest! {
        #[test]
        fn a_normalised_name_stays_as_it_is(text in "[张三·•.A-Za-z é]{0,12}") {
            if let Ok(once) = read(&text) {
                prop_assert_eq!(read(once.as_str()).unwrap(), once);
            }
        }
    }
}
