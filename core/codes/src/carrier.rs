//! Our own signed documents as the text of a QR code: `KB1`, a letter for the kind, `:`, and the bytes in
//! Base45 (RFC 9285), all of it in the characters that a QR code packs tightest.
//!
//! A carrier is not a payment: the reader of codes never pays one. What it holds is believed when its signature
//! is, not before. Base45 is written here because forty lines that refuse everything the RFC refuses are less to
//! trust than a package.

use kabao_base::Code;

/// The longest text in characters, the longest that the reader of codes takes. A QR code holds 4,296.
pub const LIMIT: usize = 4096;

const MARK: &str = "KB1";
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// What a carrier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CarrierKind {
    /// `R`: a receipt.
    Receipt,
    /// `F`: the code that freezes an account.
    FreezeCode,
    /// `S`: a recovery sheet.
    RecoverySheet,
    /// `D`: the pairing of another device.
    DevicePairing,
}

impl CarrierKind {
    /// The letter in the text.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::carrier::CarrierKind::Receipt.letter(), 'R');
    /// ```
    pub fn letter(self) -> char {
        match self {
            CarrierKind::Receipt => 'R',
            CarrierKind::FreezeCode => 'F',
            CarrierKind::RecoverySheet => 'S',
            CarrierKind::DevicePairing => 'D',
        }
    }

    fn of(letter: char) -> Option<CarrierKind> {
        [CarrierKind::Receipt, CarrierKind::FreezeCode, CarrierKind::RecoverySheet, CarrierKind::DevicePairing]
            .into_iter()
            .find(|kind| kind.letter() == letter)
    }
}

/// What a text carries.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Carried {
    /// The kind that the text names; the document says it again under its signature.
    pub kind: CarrierKind,
    /// The document, unjudged.
    pub bytes: Vec<u8>,
}

/// Shows the length: a recovery sheet does not print.
impl std::fmt::Debug for Carried {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Carried({:?}, {} B)", self.kind, self.bytes.len())
    }
}

/// Why a text carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CarrierError {
    /// It does not begin as a carrier does.
    #[error("the text is no document of this wallet")]
    NotCarrier,
    /// A kind of a later version.
    #[error("the text holds a kind of document that is not known")]
    Kind,
    /// No document at all.
    #[error("the document is empty")]
    Empty,
    /// More than [`LIMIT`] characters.
    #[error("the document is too long for a code")]
    TooLong,
    /// A character outside the 45, small letters among them.
    #[error("the text holds a character that does not belong there")]
    Character,
    /// Cut, or a group that stands for no bytes.
    #[error("the text is damaged")]
    Damaged,
}

impl CarrierError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Code;
    /// assert_eq!(kabao_codes::carrier::CarrierError::Damaged.code(), Code::CodeDamaged);
    /// ```
    pub fn code(self) -> Code {
        match self {
            CarrierError::NotCarrier | CarrierError::Kind => Code::CodeUnknown,
            CarrierError::Empty => Code::EmptyInput,
            CarrierError::TooLong => Code::InputTooLong,
            CarrierError::Character | CarrierError::Damaged => Code::CodeDamaged,
        }
    }
}

/// The kind that a text names at its front; `None` for a text that is no carrier. Quick: what follows is not read.
///
/// # Examples
/// ```
/// use kabao_codes::carrier::{CarrierKind, kind};
/// assert_eq!(kind("KB1R:BB8"), Some(CarrierKind::Receipt));
/// assert_eq!(kind("https://kb1r.example"), None);
/// ```
pub fn kind(text: &str) -> Option<CarrierKind> {
    split(trim(text)).ok().map(|(kind, _)| kind)
}

/// The text for a QR code.
///
/// # Examples
/// ```
/// use kabao_codes::carrier::{CarrierKind, make};
/// assert_eq!(make(CarrierKind::Receipt, b"AB").unwrap(), "KB1R:BB8");
/// ```
pub fn make(kind: CarrierKind, bytes: &[u8]) -> Result<String, CarrierError> {
    if bytes.is_empty() {
        return Err(CarrierError::Empty);
    }
    // Before anything is made: three characters stand for two bytes.
    if bytes.len() > LIMIT {
        return Err(CarrierError::TooLong);
    }
    let text = format!("{MARK}{}:{}", kind.letter(), encode(bytes));
    if text.len() > LIMIT { Err(CarrierError::TooLong) } else { Ok(text) }
}

/// Reads a text that a QR code held. White space at both ends is taken off, as scanners and files add it.
///
/// # Examples
/// ```
/// use kabao_codes::carrier::{CarrierError, CarrierKind, read};
/// let carried = read("KB1R:BB8\n").unwrap();
/// assert_eq!((carried.kind, carried.bytes.as_slice()), (CarrierKind::Receipt, &b"AB"[..]));
/// assert_eq!(read("KB1R:BB8B"), Err(CarrierError::Damaged));
/// ```
pub fn read(text: &str) -> Result<Carried, CarrierError> {
    let text = trim(text);
    if text.len() > LIMIT {
        return Err(CarrierError::TooLong);
    }
    let (kind, body) = split(text)?;
    if body.is_empty() {
        return Err(CarrierError::Empty);
    }
    Ok(Carried { kind, bytes: decode(body)? })
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn split(text: &str) -> Result<(CarrierKind, &str), CarrierError> {
    let rest = text.strip_prefix(MARK).ok_or(CarrierError::NotCarrier)?;
    let (letter, body) = rest.split_once(':').ok_or(CarrierError::NotCarrier)?;
    let mut letters = letter.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_uppercase() => CarrierKind::of(letter).map(|kind| (kind, body)).ok_or(CarrierError::Kind),
        _ => Err(CarrierError::NotCarrier),
    }
}

/// Two bytes are a number of three digits in base 45, the lowest first; a last byte alone is two digits.
fn encode(bytes: &[u8]) -> String {
    let digit = |number: u16| char::from(ALPHABET.get(usize::from(number % 45)).copied().unwrap_or_default());
    let mut text = String::with_capacity(bytes.len() / 2 * 3 + 2);
    for pair in bytes.chunks(2) {
        let number = pair.iter().fold(0u16, |number, byte| number << 8 | u16::from(*byte));
        text.extend([digit(number), digit(number / 45)]);
        if pair.len() == 2 {
            text.push(digit(number / 2025));
        }
    }
    text
}

fn decode(text: &str) -> Result<Vec<u8>, CarrierError> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for group in text.as_bytes().chunks(3) {
        let mut number = 0u32;
        for character in group.iter().rev() {
            let digit = ALPHABET.iter().zip(0u32..).find(|(known, _)| *known == character);
            number = number * 45 + digit.ok_or(CarrierError::Character)?.1;
        }
        match group.len() {
            3 => bytes.extend(u16::try_from(number).map_err(|_| CarrierError::Damaged)?.to_be_bytes()),
            2 => bytes.push(u8::try_from(number).map_err(|_| CarrierError::Damaged)?),
            _ => return Err(CarrierError::Damaged),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_the_rfc() {
        for (bytes, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode("FGW").unwrap(), [0xff, 0xff]);
        assert_eq!(decode("GGW"), Err(CarrierError::Damaged));
        assert_eq!(decode(":::"), Err(CarrierError::Damaged));
        assert_eq!(decode("U5").unwrap(), [0xff]);
        assert_eq!(decode("V5"), Err(CarrierError::Damaged));
        assert_eq!(decode("BB8B"), Err(CarrierError::Damaged));
        assert_eq!(decode("bb8"), Err(CarrierError::Character));
    }

    #[test]
    fn what_is_no_carrier_is_named() {
        for (text, error) in [
            ("", CarrierError::NotCarrier),
            ("KB1", CarrierError::NotCarrier),
            ("KB1:BB8", CarrierError::NotCarrier),
            ("KB1RR:BB8", CarrierError::NotCarrier),
            ("kb1r:BB8", CarrierError::NotCarrier),
            ("KB2R:BB8", CarrierError::NotCarrier),
            ("KB1r:BB8", CarrierError::NotCarrier),
            ("KB1X:BB8", CarrierError::Kind),
            ("KB1R:", CarrierError::Empty),
            ("KB1R:bb8", CarrierError::Character),
            ("KB1R:BB最", CarrierError::Character),
            ("KB1R:BB8\u{200b}", CarrierError::Character),
            ("KB1R:B", CarrierError::Damaged),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert_eq!(make(CarrierKind::Receipt, b""), Err(CarrierError::Empty));
    }

    #[test]
    fn the_limit_is_the_readers() {
        let longest = (LIMIT - 5) / 3 * 2 + 1;
        let text = make(CarrierKind::Receipt, &vec![0xff; longest - 1]).unwrap();
        assert!(text.len() <= LIMIT && crate::draw::qr_of_level(&text, crate::draw::QrLevel::L).is_ok());
        assert_eq!(make(CarrierKind::Receipt, &vec![0xff; longest + 1]), Err(CarrierError::TooLong));
        assert_eq!(make(CarrierKind::Receipt, &vec![0xff; 1 << 20]), Err(CarrierError::TooLong));
        assert_eq!(read(&format!("KB1R:{}", "0".repeat(1 << 20))), Err(CarrierError::TooLong));
    }

    #[test]
    fn what_is_carried_does_not_print() {
        assert_eq!(format!("{:?}", read("KB1S:BB8").unwrap()), "Carried(RecoverySheet, 2 B)");
    }

    proptest! {
        #[test]
        fn what_is_made_is_read(bytes in proptest::collection::vec(any::<u8>(), 1..300), letter in "[RFSD]") {
            let kind = CarrierKind::of(letter.chars().next().unwrap()).unwrap();
            let text = make(kind, &bytes).unwrap();
            prop_assert!(text.bytes().all(|byte| ALPHABET.contains(&byte)));
            // A space at the end would be lost to scanners.
            prop_assert!(!text.ends_with(' '));
            prop_assert_eq!(read(&text).unwrap(), Carried { kind, bytes });
        }

        #[test]
        fn any_body_has_an_answer(body in "[0-9A-Z $%*+./:-]{0,60}") {
            if let Ok(carried) = read(&format!("KB1R:{body}")) {
                prop_assert_eq!(make(carried.kind, &carried.bytes).unwrap(), format!("KB1R:{}", body.trim_end()));
            }
        }
    }
}
