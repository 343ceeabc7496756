//! Identity numbers: GB 11643-1999 (residents), the residence permits of 2018 that share its
//! shape, and the two numbers of the foreigner's permanent residence card.
//!
//! Region codes change with the years and a number keeps the code of its day, so only the province
//! is judged: a list of counties would refuse lawful numbers. Whether name and number belong
//! together is the register's to say, not ours.

use crate::{Day, fold_code};
use kabao_base::{Code, FoldError, FoldKind, IdNumber, fold, mask};

/// What a number stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum IdDocument {
    /// Resident identity card 居民身份证.
    Resident,
    /// Residence permit for Hong Kong residents 港澳台居民居住证, region 810000.
    HongKongPermit,
    /// Residence permit for Macau residents, region 820000.
    MacauPermit,
    /// Residence permit for Taiwan residents, region 830000.
    TaiwanPermit,
    /// Foreigner's permanent residence card 外国人永久居留身份证.
    ForeignerCard,
}

/// The sex that a number states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Sex {
    /// Odd sequence number.
    Male,
    /// Even sequence number.
    Female,
}

/// What a lawful number says. The whole number is a secret: it is shown masked only.
#[derive(Debug)]
pub struct ResidentNumber {
    /// The document that carries numbers of this shape.
    pub document: IdDocument,
    /// The number in its canonical form: 18 characters, X in upper case.
    pub normalised: IdNumber,
    /// Date of birth.
    pub birth: Day,
    /// Sex; absent where the number does not state it (the foreigner's card before 2023).
    pub sex: Option<Sex>,
    /// Whether the typed number had 15 digits and was upgraded to 18.
    pub upgraded: bool,
}

impl ResidentNumber {
    /// `110***********8670`: all that may be kept or shown.
    pub fn masked(&self) -> String {
        mask::id_number(self.normalised.expose("only its mask leaves"))
    }
}

/// Why a number was not accepted. Says which part is wrong, never the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Empty, far too long, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// Neither 18 nor 15 characters.
    #[error("an identity number has 18 characters")]
    Length,
    /// A character that cannot stand at its place.
    #[error("a character cannot stand in an identity number")]
    Characters,
    /// No province, or no document, has this beginning.
    #[error("no identity number begins like this")]
    Region,
    /// The date of birth does not exist or lies before 1800.
    #[error("the date of birth does not exist")]
    BirthDate,
    /// The date of birth lies in the future.
    #[error("the date of birth lies in the future")]
    Future,
    /// The check digit is wrong: one digit was mistyped or two were swapped.
    #[error("the check digit is wrong")]
    CheckDigit,
}

impl IdentityError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            IdentityError::Typed(error) => fold_code(error),
            IdentityError::Length => Code::IdLength,
            IdentityError::Characters | IdentityError::Region => Code::IdCharacters,
            IdentityError::BirthDate => Code::IdBirthDate,
            IdentityError::Future => Code::IdFuture,
            IdentityError::CheckDigit => Code::IdCheckDigit,
        }
    }
}

/// Provinces of GB/T 2260 that have issued numbers, Taiwan included.
const PROVINCES: [&str; 32] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
];
/// Sequence numbers that marked people of a hundred years and more while years had two digits.
const CENTENARIANS: [&str; 4] = ["996", "997", "998", "999"];
const EARLIEST_YEAR: i32 = 1800;

/// Judges the number of a resident, or of a resident of Hong Kong, Macau or Taiwan with a permit.
/// 15 digits are upgraded to 18. `today` is the day in China; a birth after it is refused.
pub fn read_resident(text: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let typed = IdNumber::new(fold(text, FoldKind::IdNumber)?);
    let digits = typed.expose("it is judged");
    match digits.chars().count() {
        18 => eighteen(digits, today, resident_document(digits), false),
        15 => {
            let upgraded = upgrade(digits)?;
            eighteen(upgraded.expose("it is judged"), today, resident_document(digits), true)
        }
        _ => Err(IdentityError::Length),
    }
}

/// Judges the number of a foreigner's permanent residence card: 18 digits that begin with 9 (since
/// December 2023) or three letters and twelve digits (before).
pub fn read_foreigner(text: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let typed = IdNumber::new(fold(text, FoldKind::IdNumber)?);
    let number = typed.expose("it is judged");
    match number.chars().count() {
        18 => {
            let province = number.get(1..3).is_some_and(|code| PROVINCES.contains(&code));
            let document = (number.starts_with('9') && province).then_some(IdDocument::ForeignerCard);
            eighteen(number, today, document, false)
        }
        15 => old_foreigner(number, today),
        _ => Err(IdentityError::Length),
    }
}

/// Whether a text has every mark of a resident's number. Used before a scanned code is sent
/// anywhere: 18 digits may be an identity card and not a code.
pub fn may_be_resident(text: &str) -> bool {
    let ever = Day { year: 9999, month: 12, day: 31 };
    text.is_ascii() && text.len() == 18 && (read_resident(text, ever).is_ok() || read_foreigner(text, ever).is_ok())
}

fn resident_document(digits: &str) -> Option<IdDocument> {
    match digits.get(..6)? {
        "810000" => Some(IdDocument::HongKongPermit),
        "820000" => Some(IdDocument::MacauPermit),
        "830000" => Some(IdDocument::TaiwanPermit),
        region => PROVINCES.contains(&region.get(..2)?).then_some(IdDocument::Resident),
    }
}

fn eighteen(number: &str, today: Day, document: Option<IdDocument>, upgraded: bool) -> Result<ResidentNumber, IdentityError> {
    let (body, check) = number.split_at_checked(17).ok_or(IdentityError::Characters)?;
    let digits = body.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !check.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X') {
        return Err(IdentityError::Characters);
    }
    let document = document.ok_or(IdentityError::Region)?;
    let birth = birth(body.get(6..14).unwrap_or_default(), today)?;
    if mod_11_2(body).map(String::from).as_deref() != Some(check) {
        return Err(IdentityError::CheckDigit);
    }
    let odd = body.bytes().last().is_some_and(|byte| byte % 2 == 1);
    Ok(ResidentNumber {
        document,
        normalised: IdNumber::new(number.to_owned()),
        birth,
        sex: Some(if odd { Sex::Male } else { Sex::Female }),
        upgraded,
    })
}

fn birth(digits: &str, today: Day) -> Result<Day, IdentityError> {
    let day = Day::from_digits(digits).filter(|day| day.year >= EARLIEST_YEAR).ok_or(IdentityError::BirthDate)?;
    if day > today { Err(IdentityError::Future) } else { Ok(day) }
}

/// The number of 1984 to 1999 had two digits of the year and no check digit.
fn upgrade(digits: &str) -> Result<IdNumber, IdentityError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdentityError::Characters);
    }
    let (Some(region), Some(born), Some(sequence)) = (digits.get(..6), digits.get(6..12), digits.get(12..)) else {
        return Err(IdentityError::Characters);
    };
    let century = if CENTENARIANS.contains(&sequence) { "18" } else { "19" };
    let mut body = zeroize::Zeroizing::new(String::with_capacity(18));
    for part in [region, century, born, sequence] {
        body.push_str(part);
    }
    let check = mod_11_2(&body).ok_or(IdentityError::Characters)?;
    body.push(check);
    Ok(IdNumber::new(std::mem::take(&mut *body)))
}

fn old_foreigner(number: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let (Some(nation), Some(body), Some(check)) = (number.get(..3), number.get(..14), number.as_bytes().get(14).copied()) else {
        return Err(IdentityError::Characters);
    };
    let digits = number.bytes().skip(3).all(|byte| byte.is_ascii_digit());
    if !digits || !nation.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(IdentityError::Characters);
    }
    // Two digits of the year: the latest century that is not in the future.
    let short = body.get(7..13).unwrap_or_default();
    let birth = match birth(&format!("20{short}"), today) {
        Ok(day) => day,
        Err(_) => birth(&format!("19{short}"), today)?,
    };
    if icao_check(body) != Some(check) {
        return Err(IdentityError::CheckDigit);
    }
    let normalised = IdNumber::new(number.to_owned());
    Ok(ResidentNumber { document: IdDocument::ForeignerCard, normalised, birth, sex: None, upgraded: false })
}

/// The check character of ISO 7064 MOD 11-2 over digits: `0` to `9` or `X`; `None` for other input.
pub fn mod_11_2(digits: &str) -> Option<char> {
    let mut sum = 0;
    for character in digits.chars() {
        sum = (sum + character.to_digit(10)?) * 2 % 11;
    }
    match (12 - sum) % 11 {
        10 => Some('X'),
        digit => char::from_digit(digit, 10),
    }
}

/// The check digit of ICAO 9303 (weights 7 3 1, letters from A = 10), as an ASCII byte.
fn icao_check(text: &str) -> Option<u8> {
    let mut sum = 0;
    for (character, weight) in text.chars().zip([7, 3, 1].into_iter().cycle()) {
        sum += character.to_digit(36)? * weight;
    }
    u8::try_from(sum % 10).ok().map(|digit| b'0' + digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: Day = Day { year: 2026, month: 11, day: 22 };

    fn error(text: &str) -> IdentityError {
        read_resident(text, TODAY).unwrap_err()
    }

    #[test]
    fn reads_the_examples_of_the_standard() {
        let number = read_resident("11010519491231002x", TODAY).unwrap();
        assert_eq!(number.normalised.expose("test"), "11010519491231002X");
        assert_eq!((number.birth.iso().as_str(), number.sex), ("1949-12-31", Some(Sex::Female)));
        assert_eq!(read_resident("440524188001010014", TODAY).unwrap().birth.year, 1880);
        assert_eq!(read_resident(" １１０１０５-19491231-002Ｘ", TODAY).unwrap().masked(), "110***********002X");
    }

    #[test]
    fn upgrades_fifteen_digits() {
        let number = read_resident("110105491231002", TODAY).unwrap();
        assert_eq!((number.normalised.expose("test"), number.upgraded), ("11010519491231002X", true));
        // A sequence of 996 to 999 marked people born in the century before.
        assert_eq!(read_resident("110105900101998", TODAY).unwrap().birth.iso(), "1890-01-01");
    }

    #[test]
    fn names_what_is_wrong() {
        assert_eq!(error("110105194912310021"), IdentityError::CheckDigit);
        assert_eq!(error("110105194902310021"), IdentityError::BirthDate);
        assert_eq!(error("110105174912310021"), IdentityError::BirthDate);
        assert_eq!(error("110105203012310021"), IdentityError::Future);
        assert_eq!(error("990426199112010074"), IdentityError::Region);
        assert_eq!(error("11010519491231002"), IdentityError::Length);
        assert_eq!(error("1101051949123100A1"), IdentityError::Characters);
        assert_eq!(error("X10105194912310021"), IdentityError::Characters);
        assert_eq!(error("11010549123100X"), IdentityError::Characters);
        assert_eq!(error("११०१०५१९४९१२३१००२X"), IdentityError::Characters);
        assert_eq!(error("1101051949\u{200b}1231002X").code(), Code::HiddenCharacter);
        assert_eq!(error("").code(), Code::EmptyInput);
        assert_eq!(error(&"1".repeat(1 << 20)).code(), Code::InputTooLong);
    }

    #[test]
    fn a_birth_is_judged_by_the_day_handed_in() {
        let day = Day { year: 1990, month: 3, day: 6 };
        assert_eq!(read_resident("110101199003078670", day).unwrap_err(), IdentityError::Future);
        assert!(read_resident("110101199003078670", Day { day: 7, ..day }).is_ok());
    }

    #[test]
    fn reads_the_other_documents() {
        let permit = read_resident("810000199408230021", TODAY).unwrap();
        assert_eq!(permit.document, IdDocument::HongKongPermit);
        let card = read_foreigner("932682198501010017", TODAY).unwrap();
        assert_eq!((card.document, card.birth.iso().as_str()), (IdDocument::ForeignerCard, "1985-01-01"));
        assert_eq!(read_foreigner("kaz110090123105", TODAY).unwrap_err(), IdentityError::Characters);
        assert_eq!(read_foreigner("KAZ110090123105", TODAY).unwrap().birth.iso(), "1990-12-31");
        assert_eq!(read_foreigner("KAZ110090123106", TODAY).unwrap_err(), IdentityError::CheckDigit);
        assert_eq!(read_resident("932682198501010017", TODAY).unwrap_err(), IdentityError::Region);
    }

    #[test]
    fn printing_shows_no_digit() {
        let number = read_resident("110101199003078670", TODAY).unwrap();
        assert!(!format!("{number:?}").contains("8670"));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,40}") {
            let _ = (read_resident(&text, TODAY), read_foreigner(&text, TODAY), may_be_resident(&text));
        }

        /// The weights of the standard, another way to the check digit than the one above.
        #[test]
        fn every_lawful_number_is_read(province in 0usize..32, county in 0u32..10_000, days in 0i32..80_000, sequence in 0u32..1000) {
            const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
            let (year, month, day) = (1800 + days / 366, 1 + days as u32 % 12, 1 + days as u32 % 28);
            let body = format!("{}{county:04}{year}{month:02}{day:02}{sequence:03}", PROVINCES[province]);
            let sum: u32 = body.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
            let text = format!("{body}{}", "10X98765432".as_bytes()[(sum % 11) as usize] as char);
            let number = read_resident(&text, TODAY).unwrap();
            prop_assert_eq!(number.birth, Day { year, month, day });
            prop_assert_eq!(number.sex, Some(if sequence % 2 == 1 { Sex::Male } else { Sex::Female }));
            prop_assert_eq!(number.normalised.expose("test"), text);
            prop_assert!(!number.upgraded);
        }

        #[test]
        fn one_mistyped_digit_is_found(place in 0usize..17, digit in 0u8..10) {
            let lawful = "110101199003078670";
            let mut bytes = lawful.as_bytes().to_vec();
            let changed = bytes[place] != b'0' + digit;
            bytes[place] = b'0' + digit;
            prop_assert_eq!(read_resident(std::str::from_utf8(&bytes).unwrap(), TODAY).is_err(), changed);
        }
    }
}
