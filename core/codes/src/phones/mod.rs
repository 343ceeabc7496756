//! Telephone numbers: mobile numbers of the mainland by range, landlines and service numbers by shape, numbers of other
//! countries by the shape of E.164 (the service knows their plans; so much data is not carried on a phone:
//! `docs/decisions/phone-ranges.md`).

mod plan;
#[cfg(test)]
mod tests;

use crate::fold_code;
use kabao_base::{Code, FoldError, FoldKind, fold, mask};
use std::fmt;

/// What a number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PhoneKind {
    /// A mobile number of the mainland.
    Mobile,
    /// A mobile number from the ranges of operators without a network of their own 虚拟运营商. Lawful and registered by
    /// name like any other; some banks refuse to reserve one for a card.
    VirtualOperator,
    /// A satellite phone, or one of the emergency networks. Takes SMS.
    Satellite,
    /// A thing 物联网卡, thirteen digits: a meter, a car.
    Things,
    /// A landline of the mainland.
    Landline,
    /// A number of a firm: 400, 800, 95 and 96, and short public ones.
    Service,
    /// A number of another country, judged by its shape alone.
    Foreign,
}

impl PhoneKind {
    /// Whether a person reads an SMS there. Not known on the phone for other countries.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::phones::PhoneKind;
    /// assert_eq!((PhoneKind::Mobile.takes_sms(), PhoneKind::Foreign.takes_sms()), (Some(true), None));
    /// ```
    pub fn takes_sms(self) -> Option<bool> {
        match self {
            PhoneKind::Mobile | PhoneKind::VirtualOperator | PhoneKind::Satellite => Some(true),
            PhoneKind::Things | PhoneKind::Landline | PhoneKind::Service => Some(false),
            PhoneKind::Foreign => None,
        }
    }
}

/// A number of any kind. Debug shows it masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    kind: PhoneKind,
    e164: String,
}

impl PhoneNumber {
    /// What the number is for.
    pub fn kind(&self) -> PhoneKind {
        self.kind
    }

    /// `+861062345678`: country, area without its nought, subscriber.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// `+861*******78`, for screens.
    pub fn masked(&self) -> String {
        mask::phone(&self.e164)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

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
    /// A mobile number has eleven digits, a number with its country seven to fifteen.
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

/// Judges the number of a person who registers: a mainland mobile number that takes SMS, as typed, with or without
/// `+86`, `0086`, spaces, hyphens, brackets, full-width digits.
///
/// # Examples
/// ```
/// use kabao_codes::phones::{self, PhoneError};
/// assert_eq!(phones::read("+86 138-0013-8000").unwrap().as_str(), "13800138000");
/// assert_eq!(phones::read("010-62345678"), Err(PhoneError::Landline));
/// ```
///
/// # Errors
/// [`PhoneError`]: what the number is instead, or what is wrong with it.
pub fn read(text: &str) -> Result<MobileNumber, PhoneError> {
    let number = classify(text)?;
    match number.kind {
        PhoneKind::Mobile | PhoneKind::VirtualOperator | PhoneKind::Satellite => {
            Ok(MobileNumber(number.e164.strip_prefix("+86").unwrap_or(&number.e164).to_owned()))
        }
        PhoneKind::Things => Err(PhoneError::NotMobile),
        PhoneKind::Landline | PhoneKind::Service => Err(PhoneError::Landline),
        PhoneKind::Foreign => Err(PhoneError::Foreign),
    }
}

/// Says what a number is: of the mainland, or of another country where `+` or `00` stands before it.
///
/// # Examples
/// ```
/// use kabao_codes::phones::{PhoneKind, classify};
/// let landline = classify("(010) 6234 5678").unwrap();
/// assert_eq!((landline.kind(), landline.e164()), (PhoneKind::Landline, "+861062345678"));
/// assert_eq!(classify("+852 9123 4567").unwrap().kind(), PhoneKind::Foreign);
/// assert_eq!(classify("1410123456789").unwrap().kind(), PhoneKind::Things);
/// ```
///
/// # Errors
/// [`PhoneError::Length`] and [`PhoneError::NotMobile`] for what is no number, [`PhoneError::NotDigits`] and
/// [`PhoneError::Typed`] for what cannot stand in one.
pub fn classify(text: &str) -> Result<PhoneNumber, PhoneError> {
    if text.len() > 256 {
        return Err(PhoneError::Typed(FoldError::TooLong));
    }
    let bare: String = text.chars().map(|character| if is_bracket(character) { ' ' } else { character }).collect();
    let number = fold(&bare, FoldKind::Phone)?;
    let china = names_china(&bare);
    let abroad = number.strip_prefix('+').or_else(|| number.strip_prefix("00")).filter(|_| !china);
    let digits = abroad.unwrap_or(&number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PhoneError::NotDigits);
    }
    if abroad.is_some() {
        let lawful = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
        let e164 = format!("+{digits}");
        return if lawful { Ok(PhoneNumber { kind: PhoneKind::Foreign, e164 }) } else { Err(PhoneError::Length) };
    }
    let domestic = |kind, number: &str| Ok(PhoneNumber { kind, e164: format!("+86{number}") });
    if let Some(range) = plan::find(digits) {
        return domestic(range.kind, digits);
    }
    if is_service(digits) {
        return domestic(PhoneKind::Service, digits);
    }
    // The nought before the area is left out behind the country.
    let with_nought = if china && !digits.starts_with('0') { format!("0{digits}") } else { digits.to_owned() };
    if is_landline(&with_nought) {
        return domestic(PhoneKind::Landline, with_nought.trim_start_matches('0'));
    }
    if digits.len() == 11 { Err(PhoneError::NotMobile) } else { Err(PhoneError::Length) }
}

fn is_bracket(character: char) -> bool {
    matches!(character, '(' | ')' | '（' | '）' | '.' | '．')
}

/// Whether the country was written, which folding takes off.
fn names_china(text: &str) -> bool {
    let head: String = text.chars().filter(|character| !character.is_whitespace()).take(4).collect();
    let head: String = fold(&head, FoldKind::Amount).unwrap_or_default();
    head.starts_with("+86") || head.starts_with("0086")
}

/// 400 and 800 with seven digits more; 95 and 96 with three to six; the short numbers of the state and the networks.
fn is_service(number: &str) -> bool {
    match number.as_bytes() {
        [b'4' | b'8', b'0', b'0', ..] => number.len() == 10,
        [b'9', b'5' | b'6', ..] => (5..=8).contains(&number.len()),
        [b'1', b'1' | b'2', ..] => (3..=5).contains(&number.len()),
        [b'1', b'0', b'0', ..] => number.len() == 5,
        _ => false,
    }
}

/// Area code and subscriber number: 010 and 02x with eight digits, others with seven or eight.
fn is_landline(number: &str) -> bool {
    let subscriber = |rest: Option<&str>, lengths: &[usize]| {
        rest.is_some_and(|rest| lengths.contains(&rest.len()) && !rest.starts_with('0'))
    };
    match number.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', ..] => subscriber(number.get(3..), &[8]),
        // No area has these: 400 and 800 begin service numbers, and behind +86 the two would look the same.
        [b'0', b'4' | b'8', b'0', b'0', ..] => false,
        [b'0', b'3'..=b'9', ..] => subscriber(number.get(4..), &[7, 8]),
        _ => false,
    }
}
