//! Card numbers: length, scheme, check digit, and the bank where its beginning is known.
//!
//! Schemes and their ranges are data ([`brands`]), and so are the beginnings of Chinese issuers ([`issuers`]): a snapshot
//! that a community keeps and that the wallet service may sign anew, so an unknown beginning is an unknown bank and stops
//! nobody. The bank itself has the last word
//! when a card is bound.

pub mod brands;
pub mod issuers;
mod luhn;
mod printed;
#[cfg(test)]
mod tests;

pub use brands::{CardBrand, brand_of};
pub use issuers::{CardIssuer, CardType, Issuers, IssuersError};
pub use luhn::{luhn, luhn_check_digit};
pub use printed::{CvvError, Expiry, ExpiryError, read_cvv, read_expiry};

use crate::fold_code;
use kabao_base::{CardNumber, Code, FoldError, FoldKind, fold};

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
    /// Bank and type where the beginning is known; absent says nothing about the card.
    pub issuer: Option<CardIssuer>,
}

/// How a number stands while it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardProgress {
    /// The scheme, once one alone is possible.
    pub brand: Option<CardBrand>,
    /// Whether it can become or stay lawful by typing on.
    pub potentially_valid: bool,
    /// Whether it is lawful now.
    pub valid: bool,
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
///
/// # Examples
/// ```
/// use kabao_codes::cards::{self, CardBrand, CardType};
/// let (number, shape) = cards::read("6222 0202 0000 0000 000").unwrap();
/// assert_eq!((shape.brand, shape.last4.as_str(), shape.check_digit_agrees), (CardBrand::UnionPay, "0000", false));
/// let issuer = shape.issuer.unwrap();
/// assert_eq!((issuer.bank_code.as_deref(), issuer.card_type), (Some("ICBC"), Some(CardType::Debit)));
/// assert_eq!(format!("{number:?}"), "Secret(card number)");
/// ```
///
/// # Errors
/// [`CardError`]: what a person may have mistyped.
pub fn read(text: &str) -> Result<(CardNumber, CardShape), CardError> {
    read_with(text, &Issuers::shipped())
}

/// The same with the table of beginnings that is in use.
///
/// # Examples
/// ```
/// use kabao_codes::cards::{self, Issuers};
/// let newer = r#"{"version": 2, "source": "a test", "banks": [{"code": "NEU", "name": "新银行", "cards": ["DC19 628888"]}]}"#;
/// let (_, shape) = cards::read_with("6288 8800 0000 0000 000", &Issuers::parse(newer.as_bytes()).unwrap()).unwrap();
/// assert_eq!(shape.issuer.unwrap().bank_code.as_deref(), Some("NEU"));
/// ```
///
/// # Errors
/// As [`read`]. No table refuses a number that [`read`] takes.
pub fn read_with(text: &str, issuers: &Issuers) -> Result<(CardNumber, CardShape), CardError> {
    let number = CardNumber::new(fold(text, FoldKind::Card)?);
    let shape = judge_with(&number, issuers)?;
    Ok((number, shape))
}

/// Judges a whole card number of ASCII digits.
///
/// # Examples
/// ```
/// use kabao_base::CardNumber;
/// use kabao_codes::cards::{self, CardError};
/// let wrong = CardNumber::new("4012888888881882".to_owned());
/// assert_eq!(cards::judge(&wrong), Err(CardError::CheckDigit));
/// ```
///
/// # Errors
/// [`CardError::Length`] for a length that the scheme does not have, [`CardError::CheckDigit`] where every card of the
/// scheme has a check digit.
pub fn judge(number: &CardNumber) -> Result<CardShape, CardError> {
    judge_with(number, &Issuers::shipped())
}

fn judge_with(number: &CardNumber, issuers: &Issuers) -> Result<CardShape, CardError> {
    let digits = number.expose("length, scheme and check digit are judged");
    if digits.is_empty() {
        return Err(CardError::Typed(FoldError::Empty));
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CardError::Typed(FoldError::NotDigits));
    }
    let issuer = issuers.issuer(digits);
    // A table that knows fewer beginnings must not refuse what passed before.
    let chinese = issuer.is_some() || Issuers::shipped().issuer(digits).is_some();
    let brand = match brand_of(digits) {
        // What is left of 6 is Maestro by the published ranges; in China it is not.
        Some(CardBrand::Maestro) if digits.starts_with("62") => CardBrand::UnionPay,
        Some(CardBrand::Maestro) if chinese => CardBrand::Other,
        brand => brand.unwrap_or(CardBrand::Other),
    };
    if !brand.lengths().contains(&digits.len()) {
        return Err(CardError::Length);
    }
    let check_digit_agrees = luhn(digits);
    if !check_digit_agrees && !may_lack_check_digit(brand, digits, chinese) {
        return Err(CardError::CheckDigit);
    }
    let last4 = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    Ok(CardShape { brand, last4, check_digit_agrees, issuer })
}

/// UnionPay, and the beginnings that Chinese banks had before UnionPay's own: those with 9, and others that are known.
fn may_lack_check_digit(brand: CardBrand, digits: &str, chinese: bool) -> bool {
    brand == CardBrand::UnionPay || (brand == CardBrand::Other && (chinese || digits.starts_with('9')))
}

/// How a number stands while it is typed: digits only, folded already. Goes by the published ranges alone, so it is a
/// hint beside the field and no judgement: [`read`] decides.
///
/// # Examples
/// ```
/// use kabao_codes::cards::{self, CardBrand};
/// assert!(cards::progress("6222").potentially_valid);
/// assert_eq!(cards::progress("622202").brand, Some(CardBrand::UnionPay));
/// assert!(!cards::progress("5555555555554446").potentially_valid);
/// ```
pub fn progress(digits: &str) -> CardProgress {
    let no = CardProgress { brand: None, potentially_valid: false, valid: false };
    if digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return no;
    }
    match brand_of(digits) {
        Some(brand) => {
            let agrees = brand == CardBrand::UnionPay || luhn(digits);
            let valid = agrees && brand.lengths().contains(&digits.len());
            let longest = brand.lengths().last().copied().unwrap_or(0);
            CardProgress { brand: Some(brand), potentially_valid: digits.len() < longest || valid, valid }
        }
        None if brands::is_beginning(digits) => CardProgress { potentially_valid: true, ..no },
        // Chinese cards of the years before UnionPay's ranges.
        None => {
            let issuers = Issuers::shipped();
            CardProgress { potentially_valid: issuers.is_beginning(digits), valid: issuers.issuer(digits).is_some(), ..no }
        }
    }
}
