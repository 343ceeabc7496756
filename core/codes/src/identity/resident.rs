//! Numbers of eighteen digits, and of fifteen.

use super::{IdDocument, IdNote, IdentityError, ResidentNumber, Sex, mod_11_2};
use crate::Day;
use kabao_base::{FoldKind, IdNumber, fold};

/// Provinces of GB/T 2260 that have issued numbers, Taiwan included.
pub(super) const PROVINCES: [&str; 32] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
];
/// Sequence numbers that marked people of a hundred years and more while years had two digits.
const CENTENARIANS: [&str; 4] = ["996", "997", "998", "999"];
/// The standard's own example was born in 1880.
const EARLIEST_YEAR: i32 = 1800;

/// Judges the number of a resident, or of a resident of Hong Kong, Macau or Taiwan with a permit.
/// 15 digits are upgraded to 18. `today` is the day in China; a birth after it is refused.
///
/// # Examples
/// ```
/// use kabao_codes::{Day, identity::{self, Sex}};
/// let today = Day::new(2026, 11, 22).unwrap();
/// let number = identity::read_resident("110105491231002", today).unwrap();
/// assert_eq!((number.birth.iso().as_str(), number.sex, number.upgraded), ("1949-12-31", Some(Sex::Female), true));
/// ```
///
/// # Errors
/// [`IdentityError`]: which part is wrong.
pub fn read_resident(text: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let typed = IdNumber::new(fold(text, FoldKind::IdNumber)?);
    let digits = typed.expose("it is judged");
    match digits.chars().count() {
        18 => eighteen(digits, today, document(digits)),
        15 => {
            let upgraded = upgrade(digits)?;
            let digits = upgraded.expose("it is judged");
            let number = eighteen(digits, today, document(digits))?;
            Ok(ResidentNumber { upgraded: true, ..number })
        }
        _ => Err(IdentityError::Length),
    }
}

fn document(digits: &str) -> Option<IdDocument> {
    match digits.get(..6)? {
        "810000" => Some(IdDocument::HongKongPermit),
        "820000" => Some(IdDocument::MacauPermit),
        "830000" => Some(IdDocument::TaiwanPermit),
        region => PROVINCES.contains(&region.get(..2)?).then_some(IdDocument::Resident),
    }
}

/// What all numbers of eighteen share: date, sequence, check digit.
pub(super) fn eighteen(number: &str, today: Day, document: Option<IdDocument>) -> Result<ResidentNumber, IdentityError> {
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
        upgraded: false,
        nationality: None,
        notes: Vec::<IdNote>::new(),
    })
}

pub(super) fn birth(digits: &str, today: Day) -> Result<Day, IdentityError> {
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
