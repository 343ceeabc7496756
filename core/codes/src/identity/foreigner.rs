//! The two numbers of the foreigner's permanent residence card; cards of both kinds are in use.

use super::resident::{PROVINCES, birth, eighteen};
use super::{IdDocument, IdNote, IdentityError, ResidentNumber, nations};
use crate::{Day, mrz};
use kabao_base::{FoldKind, IdNumber, fold};
use zeroize::Zeroizing;

/// Judges the number of a foreigner's permanent residence card. Since December 2023: 9, two digits of the province,
/// three of the nationality (ISO 3166-1 numeric), then date, sequence and check digit as residents have them. Before:
/// three letters of the nationality (alpha-3), four digits of the place, the date with two digits of the year, one of a
/// sequence, one check digit of ICAO 9303. Sources: public notes on the adaptation guide of 2023, with its examples.
///
/// # Examples
/// ```
/// use kabao_codes::{Day, identity};
/// let today = Day::new(2026, 11, 22).unwrap();
/// let card = identity::read_foreigner("KAZ110090123105", today).unwrap();
/// assert_eq!((card.birth.iso().as_str(), card.nationality.as_deref(), card.sex), ("1990-12-31", Some("KAZ"), None));
/// ```
///
/// # Errors
/// [`IdentityError`]: which part is wrong. A province or a nationality that the tables do not know is a note.
pub fn read_foreigner(text: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let mut folded = Zeroizing::new(fold(text, FoldKind::IdNumber)?);
    folded.make_ascii_uppercase();
    match folded.chars().count() {
        18 => {
            let document = folded.starts_with('9').then_some(IdDocument::ForeignerCard);
            let number = eighteen(&folded, today, document)?;
            let province = folded.get(1..3).is_some_and(|code| PROVINCES.contains(&code));
            let nation = folded.get(3..6).unwrap_or_default();
            let known = nations::alpha3_of(nation);
            let nationality = Some(known.unwrap_or(nation).to_owned());
            Ok(ResidentNumber { nationality, notes: notes(province, known.is_some()), ..number })
        }
        15 => old(&folded, today),
        _ => Err(IdentityError::Length),
    }
}

fn notes(province: bool, nation: bool) -> Vec<IdNote> {
    let found = [(!province).then_some(IdNote::UnknownProvince), (!nation).then_some(IdNote::UnknownNation)];
    found.into_iter().flatten().collect()
}

fn old(number: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let (Some(nation), Some(body), Some(check)) = (number.get(..3), number.get(..14), number.get(14..)) else {
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
    if mrz::check_digit(body).map(String::from).as_deref() != Some(check) {
        return Err(IdentityError::CheckDigit);
    }
    Ok(ResidentNumber {
        document: IdDocument::ForeignerCard,
        normalised: IdNumber::new(number.to_owned()),
        birth,
        sex: None,
        upgraded: false,
        nationality: Some(nation.to_owned()),
        notes: notes(true, nations::numeric_of(nation).is_some()),
    })
}
