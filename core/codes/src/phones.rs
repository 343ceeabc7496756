//! Mobile numbers of mainland China that can receive an SMS. The ranges are data; which operator
//! serves a number cannot be told from it since numbers may be taken along (December 2019).

use crate::fold_code;
use kabao_base::{Code, FoldError, FoldKind, fold, mask};
use std::fmt;

/// First and last prefix of each range that is sold for phones. Three digits, four or five where a
/// range is shared. Left out: ranges of things (141, 144, 146, 148), and what is not given out.
/// Source: the SMS-capable rule of VincentSit/ChinaMobilePhoneNumberRegex (2022).
const RANGES: [(&str, &str); 16] = [
    ("130", "139"),
    ("145", "145"),
    ("147", "147"),
    ("149", "149"),
    ("150", "153"),
    ("155", "159"),
    ("162", "162"),
    ("165", "167"),
    ("170", "173"),
    ("1740", "1740"),
    ("17410", "17412"),
    ("1749", "1749"),
    ("175", "179"),
    ("180", "189"),
    ("190", "193"),
    ("195", "199"),
];

/// A mainland mobile number of eleven digits. Debug shows it masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MobileNumber(String);

impl MobileNumber {
    /// `13800138000`, as sent to the service.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `+8613800138000`.
    pub fn e164(&self) -> String {
        format!("+86{}", self.0)
    }

    /// `138****8000`, for screens.
    pub fn masked(&self) -> String {
        mask::phone(&self.0)
    }
}

impl fmt::Debug for MobileNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

/// Why a number cannot be used to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Empty, far too long, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// Letters or signs.
    #[error("a phone number has digits only")]
    NotDigits,
    /// A mobile number has eleven digits.
    #[error("a mobile number has eleven digits")]
    Length,
    /// A range that is not sold for phones, so no SMS arrives.
    #[error("no phone has a number of this range")]
    NotMobile,
    /// A landline or a service number.
    #[error("a landline cannot receive an SMS")]
    Landline,
    /// A number of another country.
    #[error("a number of another country")]
    Foreign,
}

impl PhoneError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            PhoneError::Typed(error) => fold_code(error),
            PhoneError::NotDigits => Code::NotDigits,
            _ => Code::PhoneInvalid,
        }
    }
}

/// Judges a number as typed: with or without `+86`, `0086`, spaces, hyphens, full-width digits.
pub fn read(text: &str) -> Result<MobileNumber, PhoneError> {
    let number = fold(text, FoldKind::Phone)?;
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PhoneError::NotDigits);
    }
    if number.starts_with('+') {
        return Err(PhoneError::Foreign);
    }
    if is_landline(&number) {
        return Err(PhoneError::Landline);
    }
    if number.len() != 11 {
        return Err(PhoneError::Length);
    }
    if is_mobile(&number) { Ok(MobileNumber(number)) } else { Err(PhoneError::NotMobile) }
}

fn is_mobile(number: &str) -> bool {
    RANGES.iter().any(|(first, last)| number.get(..first.len()).is_some_and(|head| *first <= head && head <= *last))
}

/// Area code and subscriber number (010 and 02x with eight digits, others with seven or eight), or
/// a 400/800 service number.
fn is_landline(number: &str) -> bool {
    let subscriber = |rest: Option<&str>, lengths: &[usize]| {
        rest.is_some_and(|rest| lengths.contains(&rest.len()) && rest.starts_with(|first| ('2'..='8').contains(&first)))
    };
    match number.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', ..] => subscriber(number.get(3..), &[8]),
        [b'0', b'3'..=b'9', ..] => subscriber(number.get(4..), &[7, 8]),
        [b'4' | b'8', b'0', b'0', ..] => number.len() == 10,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_masks() {
        for text in ["13800138000", "+86 138-0013-8000", "００８６１３８００１３８０００", " 86 13800138000 "] {
            let number = read(text).unwrap();
            assert_eq!((number.as_str(), number.e164().as_str()), ("13800138000", "+8613800138000"));
            assert_eq!(format!("{number:?}"), "138****8000");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, error) in [
            ("1380013800", PhoneError::Length),
            ("138001380000", PhoneError::Length),
            ("14112345678", PhoneError::NotMobile),
            ("17413345678", PhoneError::NotMobile),
            ("12345678901", PhoneError::NotMobile),
            ("010-62345678", PhoneError::Landline),
            ("400-810-8888", PhoneError::Landline),
            ("+85291234567", PhoneError::Foreign),
            ("1380013800a", PhoneError::NotDigits),
            ("+", PhoneError::NotDigits),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert_eq!(read("1380013\u{202e}8000").unwrap_err().code(), Code::HiddenCharacter);
        assert_eq!(read(&"1".repeat(1 << 20)).unwrap_err().code(), Code::InputTooLong);
        for range in ["120", "140", "144", "154", "160", "164", "194", "1741", "1743", "1748"] {
            assert_eq!(read(&format!("{range:9<11}")), Err(PhoneError::NotMobile), "{range}");
        }
        for range in ["17400", "17412", "17499", "133", "145", "166", "170", "199"] {
            assert!(read(&format!("{range:0<11}")).is_ok(), "{range}");
        }
    }
}
