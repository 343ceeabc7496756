//! Card numbers: length, scheme and check digit. Which bank issued a card is the service's to say:
//! community lists of bank prefixes are old, and an unknown prefix must not stop a person.

use crate::fold_code;
use kabao_base::{CardNumber, Code, FoldError, FoldKind, fold};

/// The scheme of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardBrand {
    /// UnionPay 银联.
    UnionPay,
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    AmericanExpress,
    /// JCB.
    Jcb,
    /// Diners Club.
    Diners,
    /// Discover.
    Discover,
    /// Maestro.
    Maestro,
    /// Mir.
    Mir,
    /// None of these: for example a Chinese card of the years before UnionPay's prefixes.
    Other,
}

impl CardBrand {
    /// The name used in data, `unionpay`; absent for [`CardBrand::Other`].
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            CardBrand::UnionPay => "unionpay",
            CardBrand::Visa => "visa",
            CardBrand::Mastercard => "mastercard",
            CardBrand::AmericanExpress => "american-express",
            CardBrand::Jcb => "jcb",
            CardBrand::Diners => "diners-club",
            CardBrand::Discover => "discover",
            CardBrand::Maestro => "maestro",
            CardBrand::Mir => "mir",
            CardBrand::Other => return None,
        })
    }

    fn lengths(self) -> &'static [usize] {
        match self {
            CardBrand::UnionPay => &[14, 15, 16, 17, 18, 19],
            CardBrand::Visa => &[16, 18, 19],
            CardBrand::Mastercard => &[16],
            CardBrand::AmericanExpress => &[15],
            CardBrand::Jcb => &[16, 17, 18, 19],
            CardBrand::Diners => &[14, 16, 19],
            CardBrand::Discover => &[16, 19],
            CardBrand::Maestro => &[12, 13, 14, 15, 16, 17, 18, 19],
            CardBrand::Mir => &[16, 17, 18, 19],
            CardBrand::Other => &[13, 14, 15, 16, 17, 18, 19],
        }
    }
}

/// Prefix ranges of the schemes: first and last, both of one length. The longest that fits decides.
/// Source: braintree/credit-card-type (MIT, 2026-06).
#[rustfmt::skip]
const RANGES: [(CardBrand, u32, u32); 47] = [
    (CardBrand::Visa, 4, 4),
    (CardBrand::Mastercard, 51, 55), (CardBrand::Mastercard, 2221, 2229), (CardBrand::Mastercard, 223, 229),
    (CardBrand::Mastercard, 23, 26), (CardBrand::Mastercard, 270, 271), (CardBrand::Mastercard, 2720, 2720),
    (CardBrand::AmericanExpress, 34, 34), (CardBrand::AmericanExpress, 37, 37),
    (CardBrand::Diners, 300, 305), (CardBrand::Diners, 36, 36), (CardBrand::Diners, 38, 39),
    (CardBrand::Discover, 6011, 6011), (CardBrand::Discover, 644, 649), (CardBrand::Discover, 65, 65),
    (CardBrand::Jcb, 2131, 2131), (CardBrand::Jcb, 1800, 1800), (CardBrand::Jcb, 3528, 3589),
    (CardBrand::UnionPay, 620, 620), (CardBrand::UnionPay, 62100, 62182), (CardBrand::UnionPay, 62184, 62187),
    (CardBrand::UnionPay, 62185, 62197), (CardBrand::UnionPay, 62200, 62205), (CardBrand::UnionPay, 622010, 622999),
    (CardBrand::UnionPay, 62207, 62209), (CardBrand::UnionPay, 623, 626), (CardBrand::UnionPay, 6270, 6270),
    (CardBrand::UnionPay, 6272, 6272), (CardBrand::UnionPay, 6276, 6276), (CardBrand::UnionPay, 627700, 627779),
    (CardBrand::UnionPay, 627781, 627799), (CardBrand::UnionPay, 6282, 6289), (CardBrand::UnionPay, 6291, 6292),
    (CardBrand::UnionPay, 810, 810), (CardBrand::UnionPay, 8110, 8131), (CardBrand::UnionPay, 8132, 8151),
    (CardBrand::UnionPay, 8152, 8163), (CardBrand::UnionPay, 8164, 8171),
    (CardBrand::Maestro, 493698, 493698), (CardBrand::Maestro, 500000, 504174), (CardBrand::Maestro, 504176, 506698),
    (CardBrand::Maestro, 506779, 508999), (CardBrand::Maestro, 56, 59), (CardBrand::Maestro, 63, 63),
    (CardBrand::Maestro, 67, 67), (CardBrand::Maestro, 6, 6),
    (CardBrand::Mir, 2200, 2204),
];

/// What may be known and kept of a card number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardShape {
    /// The scheme.
    pub brand: CardBrand,
    /// 尾号: the last four digits.
    pub last4: String,
    /// Whether the check digit agrees. Some lawful UnionPay cards have none, so the answer is a
    /// hint to look again and not a refusal.
    pub check_digit_agrees: bool,
}

/// Why a card number was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Empty, far too long, with letters, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// No card of this scheme has so many digits.
    #[error("a card number has another length")]
    Length,
    /// The check digit is wrong, and cards of this scheme have one.
    #[error("the check digit is wrong")]
    CheckDigit,
}

impl CardError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            CardError::Typed(error) => fold_code(error),
            CardError::Length => Code::CardLength,
            CardError::CheckDigit => Code::CardCheckDigit,
        }
    }
}

/// Takes a card number as typed (spaces, hyphens and full-width digits are folded) and judges it.
/// The caller wipes its own copy of the text.
pub fn read(text: &str) -> Result<(CardNumber, CardShape), CardError> {
    let number = CardNumber::new(fold(text, FoldKind::Card)?);
    let shape = judge(&number)?;
    Ok((number, shape))
}

/// Judges a whole card number of ASCII digits.
pub fn judge(number: &CardNumber) -> Result<CardShape, CardError> {
    let digits = number.expose("length, scheme and check digit are judged");
    if digits.is_empty() {
        return Err(CardError::Typed(FoldError::Empty));
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CardError::Typed(FoldError::NotDigits));
    }
    let brand = brand_of(digits).unwrap_or(CardBrand::Other);
    if !brand.lengths().contains(&digits.len()) {
        return Err(CardError::Length);
    }
    let check_digit_agrees = luhn(digits);
    // UnionPay, and prefixes with 9 that only Chinese banks have, may lack the check digit.
    let may_lack = brand == CardBrand::UnionPay || digits.starts_with('9');
    if !check_digit_agrees && !may_lack {
        return Err(CardError::CheckDigit);
    }
    let last4 = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    Ok(CardShape { brand, last4, check_digit_agrees })
}

/// The scheme of a number or of its beginning; `None` when no scheme or several remain possible.
pub fn brand_of(digits: &str) -> Option<CardBrand> {
    let possible = possible(digits);
    if !possible.is_empty() && possible.iter().all(|(_, whole)| *whole > 0) {
        return possible.iter().max_by_key(|(_, whole)| *whole).map(|(brand, _)| *brand);
    }
    match possible.as_slice() {
        [(brand, _)] => Some(*brand),
        _ => None,
    }
}

/// Whether a number can become lawful by typing on, and whether it is lawful now.
pub fn progress(digits: &str) -> (bool, bool) {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return (false, false);
    }
    let Some(brand) = brand_of(digits) else { return (!possible(digits).is_empty(), false) };
    let agrees = brand == CardBrand::UnionPay || luhn(digits);
    let longest = brand.lengths().last().copied().unwrap_or(0);
    let valid = agrees && brand.lengths().contains(&digits.len());
    (digits.len() < longest || valid, valid)
}

/// The schemes that a beginning can belong to, each with the length of its longest prefix that
/// stands whole in the beginning (0 when the beginning is shorter than every prefix).
fn possible(digits: &str) -> Vec<(CardBrand, usize)> {
    let mut found: Vec<(CardBrand, usize)> = Vec::new();
    for (brand, first, last) in RANGES {
        let (first, last) = (first.to_string(), last.to_string());
        let length = first.len().min(digits.len());
        let (Some(head), Some(low), Some(high)) = (digits.get(..length), first.get(..length), last.get(..length)) else {
            continue;
        };
        if head < low || head > high {
            continue;
        }
        let whole = if digits.len() >= first.len() { first.len() } else { 0 };
        match found.iter_mut().find(|(known, _)| *known == brand) {
            Some((_, best)) => *best = whole.max(*best),
            None => found.push((brand, whole)),
        }
    }
    found
}

/// Whether the last digit is the Luhn check digit of the others.
pub fn luhn(digits: &str) -> bool {
    digits.len() > 1 && luhn_sum(digits.bytes().rev(), false).is_some_and(|sum| sum % 10 == 0)
}

/// The Luhn check digit that follows `digits`; `None` for other input than digits.
pub fn luhn_check_digit(digits: &str) -> Option<char> {
    let sum = luhn_sum(digits.bytes().rev(), true)?;
    char::from_digit((10 - sum % 10) % 10, 10)
}

fn luhn_sum(reversed: impl Iterator<Item = u8>, first_doubled: bool) -> Option<u32> {
    let mut doubled = first_doubled;
    let mut sum = 0u32;
    for byte in reversed {
        let digit = char::from(byte).to_digit(10)?;
        let part = if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit };
        sum = sum.checked_add(part)?;
        doubled = !doubled;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_forgets_all_but_the_tail() {
        let (number, shape) = read("6222 0202-0000 ００００ 000").unwrap();
        assert_eq!((shape.brand, shape.last4.as_str()), (CardBrand::UnionPay, "0000"));
        assert!(!shape.check_digit_agrees);
        assert_eq!(format!("{number:?}"), "Secret(card number)");
        assert_eq!(read("4012888888881881").unwrap().1.brand, CardBrand::Visa);
        assert_eq!(read("9551000000000000000").unwrap().1.brand, CardBrand::Other);
    }

    #[test]
    fn names_what_is_wrong() {
        assert_eq!(read("4012888888881882").unwrap_err(), CardError::CheckDigit);
        assert_eq!(read("622202020000").unwrap_err(), CardError::Length);
        assert_eq!(read("62220202000000000000").unwrap_err(), CardError::Length);
        assert_eq!(read("6222020200000000x").unwrap_err().code(), Code::NotDigits);
        assert_eq!(read("62220202\u{200b}00000000").unwrap_err().code(), Code::HiddenCharacter);
        assert_eq!(read("").unwrap_err().code(), Code::EmptyInput);
        assert_eq!(read(&"6".repeat(1 << 20)).unwrap_err().code(), Code::InputTooLong);
        assert_eq!(judge(&CardNumber::new("é".repeat(8))).unwrap_err().code(), Code::NotDigits);
    }

    #[test]
    fn check_digits() {
        assert_eq!((luhn("1428572"), luhn("1428573"), luhn(""), luhn("0")), (true, false, false, false));
        assert_eq!(luhn_check_digit("4992739871"), Some('6'));
        assert_eq!(luhn_check_digit("12x"), None);
    }
}
