//! A text with its language, in UTF-8 or UTF-16 (Text RTD 1.0).

use super::{NdefError, Record, Tnf};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// UTF-8.
    Utf8,
    /// UTF-16: a mark at the front says which byte comes first; without a mark it is the high one.
    Utf16,
}

/// A text of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// The language, `zh-CN`: 1 to 63 ASCII characters.
    pub language: String,
    /// How it was written.
    pub encoding: TextEncoding,
}

const UTF16: u8 = 0x80;
const LANGUAGE: u8 = 0x3f;

impl Text {
    /// A text that will be written in UTF-8.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{NdefError, Text};
    /// assert_eq!(Text::new("收款", "zh").unwrap().write().unwrap(), "\x02zh收款".as_bytes());
    /// assert_eq!(Text::new("收款", ""), Err(NdefError::Language));
    /// ```
    pub fn new(text: &str, language: &str) -> Result<Text, NdefError> {
        language_length(language)?;
        Ok(Text { text: text.to_owned(), language: language.to_owned(), encoding: TextEncoding::Utf8 })
    }

    /// Reads the payload of a text.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::Text;
    /// assert_eq!(Text::read(b"\x02enHello").unwrap().text, "Hello");
    /// assert_eq!(Text::read(b"\x82en\xff\xfeH\0i\0").unwrap().text, "Hi");
    /// ```
    pub fn read(payload: &[u8]) -> Result<Text, NdefError> {
        let (status, rest) = payload.split_first().ok_or(NdefError::Language)?;
        let (language, bytes) = rest.split_at_checked(usize::from(status & LANGUAGE)).ok_or(NdefError::Language)?;
        let language = std::str::from_utf8(language).map_err(|_| NdefError::Language)?;
        language_length(language)?;
        let (text, encoding) = if status & UTF16 == 0 {
            (std::str::from_utf8(bytes).map_err(|_| NdefError::TextEncoding)?.to_owned(), TextEncoding::Utf8)
        } else {
            (utf16(bytes)?, TextEncoding::Utf16)
        };
        Ok(Text { text, language: language.to_owned(), encoding })
    }

    /// The payload of the text. UTF-16 is written with a mark and the high byte first.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{Text, TextEncoding};
    /// let text = Text { text: "A".into(), language: "en".into(), encoding: TextEncoding::Utf16 };
    /// assert_eq!(text.write().unwrap(), b"\x82en\xfe\xff\0A");
    /// ```
    pub fn write(&self) -> Result<Vec<u8>, NdefError> {
        let length = language_length(&self.language)?;
        let (flag, text) = match self.encoding {
            TextEncoding::Utf8 => (0, self.text.as_bytes().to_vec()),
            TextEncoding::Utf16 => (UTF16, std::iter::once(0xfeff).chain(self.text.encode_utf16()).flat_map(u16::to_be_bytes).collect()),
        };
        Ok([&[flag | length], self.language.as_bytes(), &text].concat())
    }

    /// The record of the text.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::Text;
    /// assert_eq!(Text::new("Hi", "en").unwrap().record().unwrap().kind(), b"T");
    /// ```
    pub fn record(&self) -> Result<Record, NdefError> {
        Record::new(Tnf::WellKnown, b"T", b"", &self.write()?)
    }
}

fn language_length(language: &str) -> Result<u8, NdefError> {
    match u8::try_from(language.len()) {
        Ok(length @ 1..=LANGUAGE) if language.is_ascii() => Ok(length),
        _ => Err(NdefError::Language),
    }
}

fn utf16(bytes: &[u8]) -> Result<String, NdefError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(NdefError::TextEncoding);
    }
    let (pairs, low_first) = match pairs {
        [[0xff, 0xfe], rest @ ..] => (rest, true),
        [[0xfe, 0xff], rest @ ..] => (rest, false),
        _ => (pairs, false),
    };
    let units = pairs.iter().map(|pair| if low_first { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) });
    char::decode_utf16(units).collect::<Result<_, _>>().map_err(|_| NdefError::TextEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_mark_decides_which_byte_comes_first() {
        for bytes in [&b"\x82zh\xff\xfe\x36\x65"[..], b"\x82zh\xfe\xff\x65\x36", b"\x82zh\x65\x36"] {
            assert_eq!(Text::read(bytes).unwrap().text, "收");
        }
        assert_eq!(Text::read(b"\x82zh\xd8\x3d\xde\x00").unwrap().text, "😀");
        assert_eq!(Text::read(b"\x82zh").unwrap().text, "");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"\x82enT"[..], b"\x02en\xff", b"\x82en\xd8\x00", b"\x82en\xdc\x00\x00A"] {
            assert_eq!(Text::read(bytes), Err(NdefError::TextEncoding));
        }
        for bytes in [&b""[..], b"\x00", b"\x01", b"\x02e", b"\x80\x00A", "\x02é".as_bytes(), b"\x02\xff\xfe"] {
            assert_eq!(Text::read(bytes), Err(NdefError::Language));
        }
        assert_eq!(Text::new("", &"a".repeat(64)), Err(NdefError::Language));
        assert!(Text::new("", &"a".repeat(63)).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "\\PC{0,60}", language in "[a-zA-Z-]{1,63}", wide in any::<bool>()) {
            let encoding = if wide { TextEncoding::Utf16 } else { TextEncoding::Utf8 };
            let text = Text { text, language, encoding };
            prop_assert_eq!(Text::read(&text.write().unwrap()).unwrap(), text);
        }
    }
}
