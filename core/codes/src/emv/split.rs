//! Identifier, length, value: the grammar under every level of a merchant code, and its checksum.

use super::{EmvError, Field};

/// Splits the value of a template into its sub-fields: lengths count characters, and bytes only
/// where the characters do not fit. One level: what is a template inside stays a value.
///
/// # Examples
///
/// ```
/// let parts = kabao_codes::emv::parts("0002ZH0104最佳运输0202北京").unwrap();
/// assert_eq!(parts[1].value, "最佳运输");
/// ```
pub fn parts(value: &str) -> Result<Vec<Field>, EmvError> {
    split_characters(value).or_else(|error| split_bytes(value).map_err(|_| error))
}

/// The sub-fields of a value in a code whose lengths are known to count characters or bytes.
pub(super) fn parts_counted(value: &str, counts_bytes: bool) -> Result<Vec<Field>, EmvError> {
    if counts_bytes { split_bytes(value).or_else(|_| split_characters(value)) } else { parts(value) }
}

/// The fields of a whole code, and whether its lengths count bytes.
pub(super) fn whole_code(text: &str) -> Result<(Vec<Field>, bool), EmvError> {
    match whole(split_characters(text)) {
        Ok(fields) => Ok((fields, false)),
        Err(error) if text.is_ascii() => Err(error),
        Err(error) => Ok((whole(split_bytes(text)).map_err(|_| error)?, true)),
    }
}

/// The checksum of merchant codes, CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, not reflected.
/// It covers the UTF-8 bytes of the code up to and including `6304`.
///
/// # Examples
///
/// ```
/// assert_eq!(kabao_codes::emv::crc(b"123456789"), 0x29b1);
/// ```
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc: u16, byte| {
        let [high, low] = crc.to_be_bytes();
        let step = STEPS.get(usize::from(high ^ byte)).copied().unwrap_or_default();
        u16::from_be_bytes([low, 0]) ^ step
    })
}

/// What each value of the leading byte does to the checksum: eight steps of the polynomial at once.
const STEPS: [u16; 256] = {
    let mut steps = [0u16; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        steps[byte] = crc;
        byte += 1;
    }
    steps
};

/// The fields of a merchant code with the checksum field after them.
///
/// # Examples
///
/// ```
/// use kabao_codes::emv::{read, with_checksum};
/// let text = with_checksum("00020101021126120008app.shop5802CN");
/// assert!(text.ends_with("63045AED") && read(&text).is_ok());
/// ```
pub fn with_checksum(fields: &str) -> String {
    let text = format!("{fields}6304");
    let sum = crc(text.as_bytes());
    text + &format!("{sum:04X}")
}

/// The identifiers that stand more than once, each named once, in the order of their repetition.
pub(super) fn twice(fields: &[Field]) -> Vec<String> {
    let mut count = [0u8; 100];
    let mut found = Vec::new();
    for field in fields {
        if let Some(seen) = count.get_mut(usize::from(number(&field.id))) {
            *seen = seen.saturating_add(1);
            if *seen == 2 {
                found.push(field.id.clone());
            }
        }
    }
    found
}

/// An identifier as a number; every identifier that was read is two digits.
pub(super) fn number(id: &str) -> u8 {
    id.parse().unwrap_or(0)
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
    if text.is_ascii() {
        return split_bytes(text);
    }
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
