//! Merchant codes after EMVCo QR Code MPM 1.1: identifier, length, value, a checksum at the end.
//!
//! Lengths count characters and the checksum counts UTF-8 bytes: so the specification's own
//! example. A code that does not fit when characters are counted is read by bytes. Templates that
//! nobody here knows are kept as they are: reading is not judging.

use crate::hidden_in_code;
use kabao_base::Code;

/// One field: a two-digit identifier and its value, as it stands in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Field {
    /// `00` to `99`.
    pub id: String,
    /// The value.
    pub value: String,
}

/// A merchant code whose checksum agrees, field by field in the order of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MerchantCode {
    /// The fields in order, the checksum (63) last.
    pub fields: Vec<Field>,
    /// Identifiers that stand twice. Who pays by such a code may be shown one amount and charged
    /// another, so it is refused where money is asked for.
    pub duplicates: Vec<String>,
    /// Whether lengths count UTF-8 bytes, against the specification.
    pub counts_bytes: bool,
}

impl MerchantCode {
    /// The code as text, the checksum as it was read.
    pub fn text(&self) -> String {
        let count = |value: &str| if self.counts_bytes { value.len() } else { value.chars().count() };
        self.fields.iter().map(|field| format!("{}{:02}{}", field.id, count(&field.value), field.value)).collect()
    }

    /// The first value of an identifier.
    pub fn value(&self, id: &str) -> Option<&str> {
        value(&self.fields, id)
    }

    /// The template (identifiers 26 to 51) whose globally unique identifier is `guid`, with its
    /// sub-fields; case does not matter, as with every domain name.
    pub fn template(&self, guid: &str) -> Option<Vec<Field>> {
        self.fields.iter().filter(|field| ("26"..="51").contains(&field.id.as_str())).find_map(|field| {
            let parts = parts(&field.value).ok()?;
            value(&parts, "00").is_some_and(|found| found.eq_ignore_ascii_case(guid)).then_some(parts)
        })
    }
}

/// Why a merchant code cannot be read or does not ask for money as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmvError {
    /// Longer than 4096 characters.
    #[error("the code is too long")]
    TooLong,
    /// A zero-width, bidirectional or control character.
    #[error("the code holds a hidden character: {name}")]
    Hidden {
        /// The sort of character.
        name: &'static str,
    },
    /// The text ends inside a field, or before the checksum.
    #[error("the code is cut")]
    Cut,
    /// An identifier or a length is not two digits.
    #[error("the code has a wrong length or identifier")]
    Length,
    /// The code does not begin with field 00.
    #[error("this is not a merchant code")]
    NotMerchantCode,
    /// The checksum does not agree.
    #[error("the checksum of the code is wrong")]
    Crc,
    /// An identifier stands twice.
    #[error("field {id} stands twice")]
    Duplicate {
        /// The identifier.
        id: u8,
    },
    /// A value that its field does not allow.
    #[error("field {id} has a value that it may not have")]
    Value {
        /// The identifier.
        id: u8,
    },
    /// A currency that the wallet does not know.
    #[error("the currency of the code is not known")]
    Currency,
    /// A field is missing.
    #[error("field {id} is missing")]
    Missing {
        /// The identifier.
        id: u8,
    },
}

impl EmvError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            EmvError::TooLong => Code::InputTooLong,
            EmvError::Hidden { .. } | EmvError::Duplicate { .. } => Code::CodeHostile,
            EmvError::NotMerchantCode => Code::CodeUnknown,
            EmvError::Currency => Code::CurrencyUnknown,
            _ => Code::CodeDamaged,
        }
    }
}

/// The longest text that is read at all; the specification allows 512 characters.
pub const LIMIT: usize = 4096;

/// Reads a merchant code and checks its checksum.
pub fn read(text: &str) -> Result<MerchantCode, EmvError> {
    if text.len() > LIMIT * 4 || text.chars().count() > LIMIT {
        return Err(EmvError::TooLong);
    }
    if let Some(name) = hidden_in_code(text) {
        return Err(EmvError::Hidden { name });
    }
    let (fields, counts_bytes) = match whole(split_characters(text)) {
        Ok(fields) => (fields, false),
        Err(error) => (whole(split_bytes(text)).map_err(|_| error)?, true),
    };
    let stated = fields.last().map_or("", |field| field.value.as_str());
    let (body, _) = text.split_at_checked(text.len().saturating_sub(4)).ok_or(EmvError::Cut)?;
    if !stated.eq_ignore_ascii_case(&format!("{:04X}", crc(body.as_bytes()))) {
        return Err(EmvError::Crc);
    }
    let long_guid = fields.iter().find(|field| is_template(&field.id) && guid_length(&field.value) > 32);
    if let Some(field) = long_guid {
        return Err(EmvError::Value { id: number(&field.id) });
    }
    let mut duplicates: Vec<String> = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if fields.iter().take(index).any(|earlier| earlier.id == field.id) && !duplicates.contains(&field.id) {
            duplicates.push(field.id.clone());
        }
    }
    Ok(MerchantCode { fields, duplicates, counts_bytes })
}

/// Splits the value of a template into its sub-fields.
pub fn parts(value: &str) -> Result<Vec<Field>, EmvError> {
    split_characters(value).or_else(|error| split_bytes(value).map_err(|_| error))
}

/// CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, not reflected.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |start: u16, byte| {
        (0..8).fold(start ^ (u16::from(*byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    })
}

pub(crate) fn value<'a>(fields: &'a [Field], id: &str) -> Option<&'a str> {
    fields.iter().find(|field| field.id == id).map(|field| field.value.as_str())
}

fn number(id: &str) -> u8 {
    id.parse().unwrap_or(0)
}

fn is_template(id: &str) -> bool {
    ("26"..="51").contains(&id) || ("80"..="99").contains(&id)
}

fn guid_length(template: &str) -> usize {
    parts(template).ok().and_then(|parts| value(&parts, "00").map(|guid| guid.chars().count())).unwrap_or(0)
}

/// The first field is 00, the last is 63 with four hexadecimal digits, and no other is 63.
fn whole(split: Result<Vec<Field>, EmvError>) -> Result<Vec<Field>, EmvError> {
    let fields = split?;
    let first = fields.first().ok_or(EmvError::Cut)?;
    if first.id != "00" || first.value.len() != 2 || !first.value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EmvError::NotMerchantCode);
    }
    let last = fields.last().ok_or(EmvError::Cut)?;
    if last.id != "63" {
        return Err(EmvError::Cut);
    }
    if last.value.len() != 4 || !last.value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(EmvError::Value { id: 63 });
    }
    if fields.iter().filter(|field| field.id == "63").count() > 1 {
        return Err(EmvError::Duplicate { id: 63 });
    }
    Ok(fields)
}

fn split_characters(text: &str) -> Result<Vec<Field>, EmvError> {
    split(text, |rest, count| match rest.char_indices().nth(count) {
        Some((end, _)) => rest.split_at_checked(end),
        None if rest.chars().count() == count => Some((rest, "")),
        None => None,
    })
}

fn split_bytes(text: &str) -> Result<Vec<Field>, EmvError> {
    split(text, |rest, count| rest.split_at_checked(count))
}

fn split<'a>(text: &'a str, take: impl Fn(&'a str, usize) -> Option<(&'a str, &'a str)>) -> Result<Vec<Field>, EmvError> {
    let two_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut fields = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (Some(id), Some(length), Some(tail)) = (rest.get(..2), rest.get(2..4), rest.get(4..)) else {
            return Err(if rest.is_ascii() { EmvError::Cut } else { EmvError::Length });
        };
        if !two_digits(id) || !two_digits(length) {
            return Err(EmvError::Length);
        }
        let count = length.parse().map_err(|_| EmvError::Length)?;
        let (value, after) = take(tail, count).ok_or(EmvError::Cut)?;
        fields.push(Field { id: id.to_owned(), value: value.to_owned() });
        rest = after;
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A";

    #[test]
    fn reads_the_example_of_the_specification() {
        let code = read(EXAMPLE).unwrap();
        assert_eq!((code.value("54"), code.value("53")), (Some("23.72"), Some("156")));
        assert_eq!(parts(code.value("64").unwrap()).unwrap()[1].value, "最佳运输");
        let ours = code.template("d15600000001").unwrap();
        assert_eq!(value(&ours, "03"), Some("12345678"));
        assert!(code.duplicates.is_empty());
    }

    #[test]
    fn every_cut_and_every_changed_digit_is_refused() {
        for (end, _) in EXAMPLE.char_indices() {
            assert!(read(&EXAMPLE[..end]).is_err(), "cut at {end}");
        }
        for (at, character) in EXAMPLE.char_indices().filter(|(_, character)| character.is_ascii_digit()) {
            let other = if character == '9' { '8' } else { '9' };
            let changed = format!("{}{other}{}", &EXAMPLE[..at], &EXAMPLE[at + 1..]);
            assert!(read(&changed).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        let error = |text: &str| read(text).unwrap_err();
        assert_eq!(error(""), EmvError::Cut);
        assert_eq!(error("0002"), EmvError::Cut);
        assert_eq!(error("0002010a01x"), EmvError::Length);
        assert_eq!(error("00020163040000"), EmvError::Crc);
        assert_eq!(error("01021163040000"), EmvError::NotMerchantCode);
        assert_eq!(error("000201630500000"), EmvError::Value { id: 63 });
        // The right checksum in a field that is not the checksum.
        let body = "0002016204";
        assert_eq!(error(&format!("{body}{:04X}", crc(body.as_bytes()))), EmvError::Cut);
        assert_eq!(error("000201\u{202e}"), EmvError::Hidden { name: "bidirectional" });
        assert_eq!(error(&"0".repeat(1 << 20)), EmvError::TooLong);
    }

    #[test]
    fn checksum_of_the_catalogue() {
        assert_eq!(crc(b"123456789"), 0x29b1);
    }

    #[test]
    fn what_stands_twice_is_told() {
        let body = "00020154015540195802CN6304";
        let text = format!("{body}{:04X}", crc(body.as_bytes()));
        let code = read(&text);
        assert_eq!(code.as_ref().unwrap().text(), text);
        assert_eq!(code.unwrap().duplicates, ["54"]);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,80}") {
            let _ = (read(&text), parts(&text));
        }

        #[test]
        fn any_body_with_a_checksum_has_an_answer(body in "(0[0-9]|[1-9][0-9]|0002|01|最|é|[0-9]){0,60}") {
            let body = format!("000201{body}6304");
            if let Ok(code) = read(&format!("{body}{:04x}", crc(body.as_bytes()))) {
                prop_assert_eq!(code.value("00"), Some("01"));
            }
        }
    }
}
