//! What is printed on a credit card beside its number: the last month of its life, and the security code. Both travel
//! once, in a box, and are stored nowhere.

use super::CardBrand;
use crate::fold_code;
use kabao_base::fold::hidden_kind;
use kabao_base::{Code, Cvv, FoldError, FoldKind, Timestamp, fold};
use std::fmt;

/// No card lives longer than this many years.
const LONGEST_LIFE: i32 = 20;
/// The longest lawful text is `2028年08月` in full width, with room for spaces.
const LONGEST_TEXT: usize = 64;

/// The last month of a card's life. It does not show itself in logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    year: i32,
    month: i32,
}

impl fmt::Debug for Expiry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Expiry(…)")
    }
}

impl Expiry {
    /// `MMYY`, as banks take it.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// use kabao_codes::cards::read_expiry;
    /// let now = Timestamp::from_ms(1_795_321_149_000); // November 2026
    /// assert_eq!(read_expiry("2028年8月", now).unwrap().mmyy(), "0828");
    /// ```
    pub fn mmyy(self) -> String {
        format!("{:02}{:02}", self.month, self.year.rem_euclid(100))
    }
}

/// Why an expiry date was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// Empty, far too long, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// Not a month and a year, or a year that no card reaches.
    #[error("not a month and a year")]
    Malformed,
    /// The month is over.
    #[error("the card has expired")]
    Expired,
    /// Both ways to read it give a month that may be meant.
    #[error("the month can be read in two ways")]
    Ambiguous,
}

impl ExpiryError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            ExpiryError::Typed(error) => fold_code(error),
            ExpiryError::Malformed => Code::CardExpiryMalformed,
            ExpiryError::Expired => Code::CardExpired,
            ExpiryError::Ambiguous => Code::CardExpiryAmbiguous,
        }
    }
}

/// Reads an expiry date as typed: `08/29` as cards print it, `29/08`, `0829`, `8-2029`, `2029年8月`. Where month first and
/// year first both give a month that may be meant, the person has to be asked. The last month counts whole, in UTC+8.
///
/// # Examples
/// ```
/// use kabao_base::Timestamp;
/// use kabao_codes::cards::{ExpiryError, read_expiry};
/// let now = Timestamp::from_ms(1_795_321_149_000); // November 2026
/// assert_eq!(read_expiry("08/29", now), read_expiry("２９/０８", now));
/// assert_eq!(read_expiry("10/26", now), Err(ExpiryError::Expired));
/// assert!(read_expiry("11/26", now).is_ok());
/// // In 2009 this was November 2010, or October 2011.
/// assert_eq!(read_expiry("11/10", Timestamp::from_ms(1_250_000_000_000)), Err(ExpiryError::Ambiguous));
/// ```
///
/// # Errors
/// [`ExpiryError`]: what a person may have mistyped, or that the card is over.
pub fn read_expiry(text: &str, now: Timestamp) -> Result<Expiry, ExpiryError> {
    if text.len() > LONGEST_TEXT {
        return Err(ExpiryError::Typed(FoldError::TooLong));
    }
    if let Some(name) = text.chars().find_map(hidden_kind) {
        return Err(ExpiryError::Typed(FoldError::Hidden { name }));
    }
    let text = text.trim().replace('年', "/").replace('月', "");
    if text.starts_with(['¥', '￥']) {
        return Err(ExpiryError::Malformed);
    }
    // An amount keeps its signs: digits become ASCII, spaces go, what separates stays.
    let folded = fold(&text, FoldKind::Amount)?;
    let this_month = now.china_month();
    let mut over = false;
    let mut usable: Vec<Expiry> = Vec::new();
    for (month, year) in readings(&folded)? {
        let Some(read) = month_of(month, year, this_month / 100) else { continue };
        if read.year * 100 + read.month < this_month {
            over = true;
        } else if read.year <= this_month / 100 + LONGEST_LIFE && !usable.contains(&read) {
            usable.push(read);
        }
    }
    match usable.as_slice() {
        [one] => Ok(*one),
        [] if over => Err(ExpiryError::Expired),
        [] => Err(ExpiryError::Malformed),
        _ => Err(ExpiryError::Ambiguous),
    }
}

/// Month and year as digits, each way round.
fn readings(text: &str) -> Result<[(&str, &str); 2], ExpiryError> {
    let separated = text.split_once(['/', '-', '.']);
    let parts = match separated {
        Some(parts) => [parts, parts],
        None if text.is_ascii() && text.len() == 4 => [text.split_at(2); 2],
        // A year of four digits stands before or behind.
        None if text.is_ascii() && text.len() == 6 => [text.split_at(2), text.split_at(4)],
        None => return Err(ExpiryError::Malformed),
    };
    let [(month, year), (first, second)] = parts;
    let digits = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if [month, year, first, second].into_iter().all(digits) { Ok([(month, year), (second, first)]) } else { Err(ExpiryError::Malformed) }
}

fn month_of(month: &str, year: &str, this_year: i32) -> Option<Expiry> {
    if month.len() > 2 {
        return None;
    }
    let month: i32 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    let digits: i32 = year.parse().ok()?;
    let year = match year.len() {
        4 => digits,
        2 => {
            let near = this_year / 100 * 100 + digits;
            if near < this_year - 50 { near + 100 } else { near }
        }
        _ => return None,
    };
    Some(Expiry { year, month })
}

/// Why a security code was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CvvError {
    /// Empty, far too long, with letters, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// Cards of this scheme have another number of digits there.
    #[error("a security code has another length")]
    Length,
}

impl CvvError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            CvvError::Typed(error) => fold_code(error),
            CvvError::Length => Code::CardCvvMalformed,
        }
    }
}

/// Takes a security code as typed: three digits, four with American Express. The caller wipes its own copy.
///
/// # Examples
/// ```
/// use kabao_codes::cards::{CardBrand, CvvError, read_cvv};
/// assert_eq!(format!("{:?}", read_cvv("８３７", CardBrand::UnionPay).unwrap()), "Secret(card security code)");
/// assert_eq!(read_cvv("837", CardBrand::AmericanExpress).err(), Some(CvvError::Length));
/// ```
///
/// # Errors
/// [`CvvError`]: what a person may have mistyped.
pub fn read_cvv(text: &str, brand: CardBrand) -> Result<Cvv, CvvError> {
    let cvv = Cvv::new(fold(text, FoldKind::Otp)?);
    let right = match (brand, cvv.expose("its length is checked").len()) {
        (CardBrand::AmericanExpress, length) => length == 4,
        (CardBrand::Other, length) => length == 3 || length == 4,
        (_, length) => length == 3,
    };
    if right { Ok(cvv) } else { Err(CvvError::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// November 2026.
    const NOW: Timestamp = Timestamp::from_ms(1_795_321_149_000);

    fn read(text: &str) -> Result<String, ExpiryError> {
        read_expiry(text, NOW).map(Expiry::mmyy)
    }

    #[test]
    fn both_ways_round_and_in_every_spelling() {
        for text in ["08/29", "8/29", "29/08", "29/8", "0829", "2908", "08-29", "08.29", "08/2029", "2029/08", "082029", "202908", "０８／２９", " 08 / 29 ", "29年08月", "2029年8月"] {
            assert_eq!(read(text).as_deref(), Ok("0829"), "{text}");
        }
        assert_eq!(read("11/26").as_deref(), Ok("1126"), "the present month counts whole");
        assert_eq!(read("12/46").as_deref(), Ok("1246"));
    }

    #[test]
    fn what_is_over_and_what_is_no_month() {
        for text in ["10/26", "26/10", "12/11", "1212", "01/01", "12/1999", "0100"] {
            assert_eq!(read(text), Err(ExpiryError::Expired), "{text}");
        }
        for text in ["13/29", "00/29", "29/00", "13/13", "08/47", "08/2099", "082", "08299", "8", "08/", "/29", "08/029", "08//29", "08/29/01", "a8/29", "+8/29", "¥08/29", "08:29"] {
            assert_eq!(read(text), Err(ExpiryError::Malformed), "{text}");
        }
    }

    #[test]
    fn two_readings_that_both_may_be_meant_are_a_question() {
        // August 2009: both 11/10 and 10/11 lie ahead; 08/11 does, and 11/08 is over.
        let then = Timestamp::from_ms(1_250_000_000_000);
        assert_eq!(read_expiry("11/10", then), Err(ExpiryError::Ambiguous));
        assert_eq!(read_expiry("1110", then), Err(ExpiryError::Ambiguous));
        assert_eq!(read_expiry("08/11", then).map(Expiry::mmyy).as_deref(), Ok("0811"));
        assert_eq!(read_expiry("10/10", then).map(Expiry::mmyy).as_deref(), Ok("1010"));
        assert_eq!(read_expiry("11/2010", then).map(Expiry::mmyy).as_deref(), Ok("1110"));
        // The end of a century: the next one is meant.
        let end = Timestamp::from_ms(4_100_000_000_000);
        assert_eq!(end.china_year(), 2099);
        assert_eq!(read_expiry("08/13", end).map(|expiry| expiry.year), Ok(2113));
    }

    #[test]
    fn hostile_text_is_refused_by_name() {
        let typed = |text: &str| match read_expiry(text, NOW) {
            Err(ExpiryError::Typed(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(typed(""), FoldError::Empty);
        assert_eq!(typed("  \u{3000}"), FoldError::Empty);
        assert_eq!(typed(&"0".repeat(1 << 20)), FoldError::TooLong);
        assert_eq!(typed("08\u{200b}/29"), FoldError::Hidden { name: "zero-width" });
        assert_eq!(typed("\u{202e}08/29"), FoldError::Hidden { name: "bidirectional" });
        assert_eq!(read("0😀29"), Err(ExpiryError::Malformed));
    }

    #[test]
    fn a_security_code_has_its_length() {
        let length = |text: &str, brand| read_cvv(text, brand).map(|cvv| cvv.expose("compared").to_owned());
        assert_eq!(length("837", CardBrand::UnionPay).as_deref(), Ok("837"));
        assert_eq!(length(" 8 3 7 ", CardBrand::Visa).as_deref(), Ok("837"));
        assert_eq!(length("8371", CardBrand::AmericanExpress).as_deref(), Ok("8371"));
        assert_eq!(length("8371", CardBrand::Other).as_deref(), Ok("8371"));
        for (text, brand) in [("8371", CardBrand::Visa), ("83", CardBrand::Other), ("83715", CardBrand::Other), ("837", CardBrand::AmericanExpress)] {
            assert_eq!(length(text, brand), Err(CvvError::Length));
        }
        for (text, error) in [("", FoldError::Empty), ("8a7", FoldError::NotDigits), ("8\u{200d}37", FoldError::Hidden { name: "zero-width" })] {
            assert_eq!(length(text, CardBrand::Visa), Err(CvvError::Typed(error)));
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,20}") {
            let _ = (read_expiry(&text, NOW), read_cvv(&text, CardBrand::Other));
        }

        #[test]
        fn what_is_printed_is_read(ahead in 0i32..240) {
            let month = 11 - 1 + ahead;
            let (year, month) = (2026 + month / 12, month % 12 + 1);
            for text in [format!("{month:02}/{:02}", year % 100), format!("{:02}/{month:02}", year % 100), format!("{year}-{month}")] {
                prop_assert_eq!(read_expiry(&text, NOW), Ok(Expiry { year, month }));
            }
        }
    }
}
