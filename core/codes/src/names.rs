//! Names as identity documents carry them.
//!
//! The separator of minority names is U+00B7 by the inter-ministry notice of 2016; keyboards produce
//! many look-alikes, which become U+00B7. Chips of identity cards carry some rare characters at
//! private code points of GBK; these become the characters of GB 18030, with a note. Any other private
//! code point means something on one system only and nothing to the register: it is refused, and
//! the person is asked for the character itself, or goes to where the document can be seen. Length
//! and rarity are not judged further: whether name and number belong together is the register's to say.

mod characters;

use characters::{from_private, is_han, is_private, is_separator};
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
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::names::read("阿卜杜拉•买买提").unwrap().as_str(), "阿卜杜拉·买买提");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `*三`, for screens.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::names::read("张三").unwrap().masked(), "*三");
    /// ```
    pub fn masked(&self) -> String {
        mask::name(&self.0)
    }

    /// Whether two names are the same in every spelling that Unicode holds equal.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::names::read;
    /// assert!(read("Zoe\u{308}").unwrap().same(&read("Zoë").unwrap()));
    /// ```
    pub fn same(&self, other: &RealName) -> bool {
        self.0.nfc().eq(other.0.nfc())
    }
}

impl fmt::Debug for RealName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RealName")
    }
}

/// What was changed on the way from the typed to the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum NameNote {
    /// A private code point of GBK became the character of GB 18030. A register that answers "mismatch"
    /// may have the private one on file: the service may ask again with that spelling.
    PrivateCharacter,
    /// A look-alike became the separator U+00B7.
    Separator,
    /// A radical, as copied out of some documents, became the character that looks the same.
    Radical,
    /// Full-width letters, typographic apostrophes and hyphens became plain ones.
    Plain,
}

/// A name and what was changed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameReading {
    /// The name as it is stored and sent.
    pub name: RealName,
    /// The changes, each once; empty when the name stands as typed but for white space at its ends.
    pub notes: Vec<NameNote>,
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
    /// A private code point that no table knows: another system would show another character. Next:
    /// type the character itself (extension B and later included), or have the document checked by a person.
    #[error("a character of the name is private to one system")]
    Private,
    /// A digit, a sign, or a letter of another script.
    #[error("a character cannot stand in a name")]
    Characters,
}

impl NameError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::names::read("").unwrap_err().code(), kabao_base::Code::EmptyInput);
    /// ```
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
///
/// # Examples
/// ```
/// use kabao_codes::names::{self, NameError};
/// assert_eq!(names::read("迪里拜尔•尤努斯").unwrap().as_str(), "迪里拜尔·尤努斯");
/// assert_eq!(names::read("O\u{2019}Brien, Mary-Ann").unwrap().as_str(), "O'Brien, Mary-Ann");
/// assert_eq!(names::read("张 三"), Err(NameError::InnerSpace));
/// ```
///
/// # Errors
/// [`NameError`]: what cannot stand in a name. A name of one character and a long one are lawful.
pub fn read(text: &str) -> Result<RealName, NameError> {
    read_with_notes(text).map(|reading| reading.name)
}

/// Like [`read`], and says what was changed.
///
/// # Examples
/// ```
/// use kabao_codes::names::{self, NameNote};
/// let reading = names::read_with_notes("王\u{e863}").unwrap();
/// assert_eq!((reading.name.as_str(), reading.notes.as_slice()), ("王䶮", &[NameNote::PrivateCharacter][..]));
/// ```
///
/// # Errors
/// As [`read`].
pub fn read_with_notes(text: &str) -> Result<NameReading, NameError> {
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
    let mut notes = Vec::new();
    let mut mapped = String::with_capacity(text.len());
    for character in text.chars() {
        let (written, note) = plain(character);
        mapped.push(written);
        notes.extend(note);
    }
    if mapped.is_empty() {
        return Err(NameError::Empty);
    }
    if mapped.chars().any(is_private) {
        return Err(NameError::Private);
    }
    let name = if mapped.chars().any(is_han) { chinese(&mapped, &mut notes)? } else { latin(&mapped, &mut notes)? };
    notes.sort_unstable();
    notes.dedup();
    if name.chars().count() > LIMIT { Err(NameError::TooLong) } else { Ok(NameReading { name: RealName(name), notes }) }
}

/// The character of the stored form, and why it is another one.
fn plain(character: char) -> (char, Option<NameNote>) {
    match character {
        '\u{2f00}'..='\u{2fd5}' | '\u{2e9f}' | '\u{2ef3}' => {
            let same = std::iter::once(character).nfkc().next().unwrap_or(character);
            (same, (same != character).then_some(NameNote::Radical))
        }
        _ => {
            let known = from_private(character);
            (known, (known != character).then_some(NameNote::PrivateCharacter))
        }
    }
}

fn chinese(text: &str, notes: &mut Vec<NameNote>) -> Result<String, NameError> {
    let mut name = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if is_han(character) => name.push(character),
            _ if is_separator(character) => {
                if name.is_empty() || name.ends_with(SEPARATOR) {
                    return Err(NameError::Separator);
                }
                notes.extend((character != SEPARATOR).then_some(NameNote::Separator));
                name.push(SEPARATOR);
            }
            _ if character.is_whitespace() => return Err(NameError::InnerSpace),
            _ => return Err(NameError::Characters),
        }
    }
    if name.ends_with(SEPARATOR) { Err(NameError::Separator) } else { Ok(name) }
}

/// Letters, single spaces, hyphens, apostrophes, full stops and commas: what passports print.
fn latin(text: &str, notes: &mut Vec<NameNote>) -> Result<String, NameError> {
    let narrow = |character| match character {
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}' => '\'',
        '\u{2010}' | '\u{2011}' | '\u{ff0d}' => '-',
        other => other,
    };
    notes.extend(text.chars().any(|character| narrow(character) != character).then_some(NameNote::Plain));
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
            _ if is_separator(character) => {
                notes.extend((character != SEPARATOR).then_some(NameNote::Separator));
                name.push(SEPARATOR);
            }
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
            ("王\u{e000}", NameError::Private),
            ("王\u{f8ff}", NameError::Private),
            ("王\u{f0000}", NameError::Private),
            ("王\u{10fffd}", NameError::Private),
            // A radical of GBK that is no character of a name.
            ("王\u{e815}", NameError::Characters),
            ("葛\u{fe00}城", NameError::Hidden { name: "zero-width" }),
            // Another way to write the same character, as some keyboards add it: it is not seen either.
            ("葛\u{e0100}城", NameError::Hidden { name: "zero-width" }),
            ("\u{301}", NameError::Characters),
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
    fn says_what_was_changed() {
        for (text, wanted, notes) in [
            ("王䶮", "王䶮", &[][..]),
            ("迪里拜尔·尤努斯", "迪里拜尔·尤努斯", &[]),
            ("迪里拜尔ㆍ尤努斯", "迪里拜尔·尤努斯", &[NameNote::Separator]),
            ("⽅⼀", "方一", &[NameNote::Radical]),
            ("王\u{e863}•\u{e863}", "王䶮·䶮", &[NameNote::PrivateCharacter, NameNote::Separator]),
            ("Ｏ\u{2019}Brien", "O'Brien", &[NameNote::Plain]),
            ("J.・R.", "J.·R.", &[NameNote::Separator]),
        ] {
            let reading = read_with_notes(text).unwrap();
            assert_eq!((reading.name.as_str(), reading.notes.as_slice()), (wanted, notes), "{text}");
        }
    }

    #[test]
    fn characters_of_every_extension_and_long_names_pass() {
        for character in ['\u{3400}', '\u{20000}', '\u{2a700}', '\u{2b740}', '\u{2b820}', '\u{2ceb0}', '\u{2ebf0}', '\u{30000}', '\u{31350}', '\u{9fff}'] {
            assert_eq!(name(&format!("王{character}")), format!("王{character}"));
        }
        // Fifty characters and more, as the notice asks; each of four bytes.
        let long = "\u{20087}".repeat(60);
        assert_eq!(name(&long), long);
        let parts = ["买买提"; 12].join("·");
        assert_eq!(name(&parts), parts);
    }

    #[test]
    fn mixed_normal_forms_are_one_name() {
        // A compatibility ideograph stays as typed and is the same name.
        let (compatible, unified) = (read("\u{f9d1}").unwrap(), read("\u{516d}").unwrap());
        assert!(compatible.same(&unified) && compatible.as_str() == "\u{f9d1}");
        assert_eq!(name("Nguye\u{302}\u{303}n Va\u{306}n"), "Nguyễn Văn");
    }

    #[test]
    fn printing_shows_no_name() {
        assert_eq!(format!("{:?}", read("张三").unwrap()), "RealName");
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,60}") {
            let _ = read_with_notes(&text);
        }

        #[test]
        fn a_normalised_name_stays_as_it_is(text in "[张三·•.A-Za-z é]{0,12}") {
            if let Ok(once) = read(&text) {
                prop_assert_eq!(read(once.as_str()).unwrap(), once);
            }
        }
    }
}
