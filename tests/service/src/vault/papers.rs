//! Documents as the vault judges them again: shape, check digit, birth, expiry. Computed here and not by the wallet's own
//! reader, which a phone may have been changed to leave out.

use chrono::{Datelike, NaiveDate};
use kabao_base::{Code, FoldKind, fold};
use zeroize::Zeroizing;

/// The kinds of documents.
pub const DOCUMENTS: [&str; 8] = [
    "resident_card", "hong_kong_residence_permit", "macau_residence_permit", "taiwan_residence_permit", "foreigner_card",
    "hong_kong_macau_travel_permit", "taiwan_travel_permit", "foreign_passport",
];
/// No document is valid for longer.
const LONGEST_YEARS: i32 = 50;

/// A document out of a box.
pub struct Paper {
    /// The number.
    pub number: Zeroizing<String>,
    /// The day of birth.
    pub birth: NaiveDate,
    /// The last day of validity.
    pub expires: Option<NaiveDate>,
    /// The nationality of a foreigner.
    pub nationality: Option<String>,
}

/// Completed years.
pub fn age(birth: NaiveDate, today: NaiveDate) -> u32 {
    let before = (today.month(), today.day()) < (birth.month(), birth.day());
    u32::try_from(today.year().saturating_sub(birth.year()).saturating_sub(i32::from(before))).unwrap_or(0)
}

/// `yyyymmdd`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten()
}

/// Reads `number;birth;expiry;nationality`, of which a resident card needs the number alone.
///
/// # Errors
/// The code of the catalogue that says what is wrong.
pub fn read(document: &str, text: &str, today: NaiveDate) -> Result<Paper, Code> {
    let mut parts = text.split(';');
    let mut part = || parts.next().unwrap_or_default();
    let (number, birth, expires, nationality) = (part(), part(), part(), part());
    let number = Zeroizing::new(fold(number, FoldKind::IdNumber).map_err(|_| Code::IdCharacters)?.to_ascii_uppercase());
    let by_number = match document {
        "hong_kong_macau_travel_permit" | "taiwan_travel_permit" | "foreign_passport" => {
            travel_shape(document, &number).then_some(()).ok_or(Code::DocumentNumber)?;
            None
        }
        "foreigner_card" if number.len() == 15 => Some(old_card(&number, today)?),
        _ => Some(eighteen(document, &number)?),
    };
    let birth = match (by_number, birth) {
        (Some(by_number), "") => by_number,
        (None, "") => return Err(Code::EmptyInput),
        (Some(by_number), text) => day(text).filter(|birth| *birth == by_number).ok_or(Code::DocumentOther)?,
        (None, text) => day(text).filter(|birth| birth.year() >= 1800).ok_or(Code::DateInvalid)?,
    };
    if birth > today {
        return Err(Code::IdFuture);
    }
    let expires = match expires {
        "" if document == "resident_card" => None,
        "" => return Err(Code::EmptyInput),
        text => Some(day(text).filter(|last| last.year() <= today.year().saturating_add(LONGEST_YEARS)).ok_or(Code::DateInvalid)?),
    };
    if expires.is_some_and(|last| last < today) {
        return Err(Code::DocumentExpired);
    }
    let nationality = Some(nationality).filter(|text| !text.is_empty()).map(str::to_owned);
    let nation = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase()) && text != "CHN";
    match (document, nationality.as_deref()) {
        ("foreign_passport", None) => return Err(Code::NationalityUnknown),
        // A number of 2023 has three digits where no nation is known.
        (_, Some(text)) if !(nation(text) || document == "foreigner_card" && text.len() == 3) => return Err(Code::NationalityUnknown),
        _ => {}
    }
    Ok(Paper { number, birth, expires, nationality })
}

fn travel_shape(document: &str, number: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    match document {
        "hong_kong_macau_travel_permit" => number.strip_prefix(['H', 'M']).is_some_and(|rest| digits(rest, 8)),
        "taiwan_travel_permit" => {
            digits(number, 8) || number.split_at_checked(10).is_some_and(|(head, tail)| digits(head, 10) && tail.len() == 1 && tail.bytes().all(|byte| byte.is_ascii_uppercase()))
        }
        _ => {
            let lawful = number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
            (5..=15).contains(&number.len()) && lawful && number.bytes().filter(u8::is_ascii_digit).count() >= 2
        }
    }
}

/// GB 11643-1999, with the beginnings that tell the documents apart.
fn eighteen(document: &str, number: &str) -> Result<NaiveDate, Code> {
    if number.len() == 15 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Code::IdLegacy);
    }
    let (Some(body), Some(check)) = (number.get(..17).filter(|_| number.len() == 18), number.get(17..)) else { return Err(Code::IdLength) };
    if !body.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Code::IdCharacters);
    }
    let kind = match body.get(..6).unwrap_or_default() {
        "810000" => "hong_kong_residence_permit",
        "820000" => "macau_residence_permit",
        "830000" => "taiwan_residence_permit",
        region if region.starts_with('9') => "foreigner_card",
        _ => "resident_card",
    };
    if kind != document {
        return Err(Code::DocumentOther);
    }
    let birth = body.get(6..14).and_then(day).filter(|birth| birth.year() >= 1800).ok_or(Code::IdBirthDate)?;
    let rest = body.bytes().fold(0u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    let wanted = match (12 - rest) % 11 {
        10 => "X".to_owned(),
        digit => digit.to_string(),
    };
    if wanted == check { Ok(birth) } else { Err(Code::IdCheckDigit) }
}

/// The card of before 2023: three letters, four digits of the place, six of the birth, one, and a check digit.
fn old_card(number: &str, today: NaiveDate) -> Result<NaiveDate, Code> {
    let (head, tail) = number.split_at_checked(3).ok_or(Code::IdCharacters)?;
    if !head.bytes().all(|byte| byte.is_ascii_uppercase()) || !tail.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Code::IdCharacters);
    }
    let values: Vec<u32> = number.chars().filter_map(|sign| sign.to_digit(36)).collect();
    let (check, body) = values.split_last().ok_or(Code::IdCharacters)?;
    if body.iter().zip([7, 3, 1].into_iter().cycle()).map(|(value, weight)| value * weight).sum::<u32>() % 10 != *check {
        return Err(Code::IdCheckDigit);
    }
    let short = tail.get(4..10).unwrap_or_default();
    let born = |century: &str| day(&format!("{century}{short}")).filter(|birth| *birth <= today);
    born("20").or_else(|| born("19")).ok_or(Code::IdBirthDate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
    }

    #[test]
    fn every_document_by_its_own_rule() {
        for (document, text) in [
            ("resident_card", "11010519491231002X"), ("resident_card", "11010519491231002x;19491231;20310101;"),
            ("hong_kong_residence_permit", "810000199408230021;;20310101;"), ("foreigner_card", "932682198501010017;;20310101;SAU"),
            ("foreigner_card", "KAZ110090123105;;20310101;KAZ"), ("hong_kong_macau_travel_permit", "H12345678;19940823;20310101;"),
            ("taiwan_travel_permit", "1234567890B;19940823;20310101;"), ("foreign_passport", "GA302922;19890412;20330811;CAN"),
            ("foreign_passport", "GA302922;19890412;20261122;D"),
        ] {
            assert!(read(document, text, today()).is_ok(), "{document} {text}");
        }
        for (document, text, code) in [
            ("resident_card", "110105491231002", Code::IdLegacy), ("resident_card", "110105194912310021", Code::IdCheckDigit),
            ("resident_card", "110105194902300020", Code::IdBirthDate), ("resident_card", "11010520301231002X", Code::IdCheckDigit),
            ("resident_card", "810000199408230021", Code::DocumentOther), ("resident_card", "1101051949123100３X", Code::IdCheckDigit),
            ("resident_card", "11010519491231002X;19491230", Code::DocumentOther), ("resident_card", "", Code::IdCharacters),
            ("resident_card", "11010519491231002X;;20261121", Code::DocumentExpired), ("resident_card", "11010519491231002X;;9", Code::DateInvalid),
            ("macau_residence_permit", "820000199408230021;;", Code::IdCheckDigit), ("foreigner_card", "KAZ110090123106;;20310101;KAZ", Code::IdCheckDigit),
            ("hong_kong_macau_travel_permit", "H1234567;19940823;20310101;", Code::DocumentNumber),
            ("hong_kong_macau_travel_permit", "H12345678;;20310101;", Code::EmptyInput),
            ("foreign_passport", "GA302922;19890412;;CAN", Code::EmptyInput), ("foreign_passport", "GA302922;19890412;20330811;", Code::NationalityUnknown),
            ("foreign_passport", "GA302922;19890412;20330811;CHN", Code::NationalityUnknown), ("foreign_passport", "GA302922;20270101;20330811;CAN", Code::IdFuture),
            ("foreign_passport", "GA302922;19890412;21330811;CAN", Code::DateInvalid), ("foreign_passport", "GA;19890412;20330811;CAN", Code::DocumentNumber),
        ] {
            assert_eq!(read(document, text, today()).err(), Some(code), "{document} {text}");
        }
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        let born = |text| day(text).unwrap();
        assert_eq!((age(born("20081122"), today()), age(born("20081123"), today()), age(born("20300101"), today())), (18, 17, 0));
    }
}
