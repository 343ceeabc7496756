//! From what was typed or scanned to a document.

use super::{DocumentKind, Paper, PaperError, PaperField};
use crate::identity::{self, IdDocument, IdentityError, ResidentNumber, nations};
use crate::mrz::{self, Mrz, MrzError};
use crate::names::{self, NameReading};
use crate::travel::{self, TravelError, TravelKind};
use crate::{Day, fold_code};
use kabao_base::{Code, FoldError, FoldKind, fold};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// No passport, permit or card is valid for longer.
const LONGEST_YEARS: i32 = 50;
/// Codes of nationality that ICAO 9303 part 3 has and ISO 3166-1 has not: Germany, British passports, the United
/// Nations, Interpol, the Order of Malta, Kosovo, the European Union, persons without a nationality.
const ICAO_NATIONS: [&str; 18] = [
    "D", "GBD", "GBN", "GBO", "GBP", "GBS", "UNO", "UNA", "UNK", "XPO", "XOM", "XCC", "RKS", "EUE", "XXA", "XXB", "XXC", "XXX",
];

/// What a person typed or an app scanned. Texts as they came; nothing is folded before.
#[derive(Clone, Copy)]
pub struct PaperForm<'a> {
    /// The document that the person chose.
    pub kind: DocumentKind,
    /// The name as on the document; may stay empty where `mrz` has it.
    pub name: &'a str,
    /// The number; may stay empty where `mrz` has it.
    pub id_number: &'a str,
    /// Date of birth: `1985-01-31`, `19850131`, with points or strokes between, or with 年月日.
    pub birth_date: Option<&'a str>,
    /// The last day of validity, written likewise; 长期 or `long_term` on a resident card.
    pub expires_on: Option<&'a str>,
    /// Three letters as the passport prints them.
    pub nationality: Option<&'a str>,
    /// The machine-readable lines of a passport, one under the other.
    pub mrz: Option<&'a str>,
}

impl PaperForm<'_> {
    /// An empty form.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::papers::{DocumentKind, PaperForm};
    /// assert_eq!(PaperForm::of(DocumentKind::ForeignPassport).name, "");
    /// ```
    pub const fn of(kind: DocumentKind) -> PaperForm<'static> {
        PaperForm { kind, name: "", id_number: "", birth_date: None, expires_on: None, nationality: None, mrz: None }
    }
}

impl std::fmt::Debug for PaperForm<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PaperForm({})", self.kind.as_str())
    }
}

/// Judges a form. `today` is the day in China; a document is valid up to and with its last day.
///
/// Where the machine-readable lines are given, every check digit has to agree; they fill what was left empty, and what
/// was typed has to agree with them.
///
/// # Examples
/// ```
/// use kabao_base::Code;
/// use kabao_codes::{Day, papers::{self, DocumentKind, PaperField, PaperForm}};
/// let today = Day::new(2026, 11, 22).unwrap();
/// let lines = "P<CANMARTIN<<SARAH<<<<<<<<<<<<<<<<<<<<<<<<<<\nZE000509<9CAN8501019F2301147<<<<<<<<<<<<<<08";
/// let form = PaperForm { mrz: Some(lines), ..PaperForm::of(DocumentKind::ForeignPassport) };
/// let refused = papers::read(&form, today).unwrap_err();
/// assert_eq!((refused.field, refused.code), (PaperField::ExpiresOn, Code::DocumentExpired));
/// let earlier = Day::new(2021, 1, 1).unwrap();
/// assert_eq!(papers::read(&form, earlier).unwrap().name.as_str(), "MARTIN SARAH");
/// ```
///
/// # Errors
/// [`PaperError`]: the field and the entry of the catalogue.
pub fn read(form: &PaperForm<'_>, today: Day) -> Result<Paper, PaperError> {
    let paper = match form.kind {
        DocumentKind::ForeignPassport => passport(form, today)?,
        DocumentKind::HongKongMacauTravelPermit | DocumentKind::TaiwanTravelPermit => permit(form, today)?,
        _ => card(form, today)?,
    };
    match paper.expires {
        Some(last) if last < today => refuse(PaperField::ExpiresOn, Code::DocumentExpired),
        Some(last) if last.year > today.year.saturating_add(LONGEST_YEARS) => refuse(PaperField::ExpiresOn, Code::DateInvalid),
        Some(last) if last <= paper.birth => refuse(PaperField::ExpiresOn, Code::DateInvalid),
        _ => Ok(paper),
    }
}

fn refuse<T>(field: PaperField, code: Code) -> Result<T, PaperError> {
    Err(PaperError { field, code })
}

fn name_of(text: &str) -> Result<NameReading, PaperError> {
    names::read_with_notes(text).map_err(|error| PaperError { field: PaperField::Name, code: error.code() })
}

/// The cards whose number says birth and nationality.
fn card(form: &PaperForm<'_>, today: Day) -> Result<Paper, PaperError> {
    let name = name_of(form.name)?;
    let wrong = |error: IdentityError| PaperError { field: PaperField::IdNumber, code: error.code() };
    let number: ResidentNumber = match form.kind {
        DocumentKind::ForeignerCard => {
            // A resident's number in this form is no mistyped one: it is of another document.
            let other = || identity::read_resident(form.id_number, today).is_ok_and(|number| !number.upgraded);
            identity::read_foreigner(form.id_number, today)
                .map_err(|error| if other() { PaperError { field: PaperField::IdNumber, code: Code::DocumentOther } } else { wrong(error) })?
        }
        _ => match identity::read_resident(form.id_number, today) {
            Ok(number) if number.upgraded => return refuse(PaperField::IdNumber, Code::IdLegacy),
            Ok(number) => number,
            Err(_) if identity::read_foreigner(form.id_number, today).is_ok() => {
                return refuse(PaperField::IdNumber, Code::DocumentOther);
            }
            Err(error) => return Err(wrong(error)),
        },
    };
    let of = match number.document {
        IdDocument::Resident => DocumentKind::ResidentCard,
        IdDocument::HongKongPermit => DocumentKind::HongKongResidencePermit,
        IdDocument::MacauPermit => DocumentKind::MacauResidencePermit,
        IdDocument::TaiwanPermit => DocumentKind::TaiwanResidencePermit,
        IdDocument::ForeignerCard => DocumentKind::ForeignerCard,
    };
    if of != form.kind {
        return refuse(PaperField::IdNumber, Code::DocumentOther);
    }
    let typed = form.birth_date.filter(|text| !text.trim().is_empty());
    if let Some(text) = typed
        && birth(text, today)? != number.birth
    {
        return refuse(PaperField::BirthDate, Code::DocumentOther);
    }
    let expires = match form.expires_on.filter(|text| !text.trim().is_empty()) {
        None if form.kind == DocumentKind::ResidentCard => None,
        None => return refuse(PaperField::ExpiresOn, Code::EmptyInput),
        Some(text) if form.kind == DocumentKind::ResidentCard && matches!(text.trim(), "长期" | "long_term") => None,
        Some(text) => Some(date(PaperField::ExpiresOn, text)?),
    };
    Ok(Paper {
        kind: form.kind,
        name: name.name,
        name_notes: name.notes,
        number: number.normalised,
        birth: number.birth,
        sex: number.sex,
        nationality: number.nationality,
        expires,
    })
}

/// The travel permits: number by its series, dates as typed.
fn permit(form: &PaperForm<'_>, today: Day) -> Result<Paper, PaperError> {
    let name = name_of(form.name)?;
    let kind = match form.kind {
        DocumentKind::TaiwanTravelPermit => TravelKind::TaiwanResidentPermit,
        _ => TravelKind::HongKongMacauResidentPermit,
    };
    let number = travel_number(kind, form.id_number)?;
    Ok(Paper {
        kind: form.kind,
        name: name.name,
        name_notes: name.notes,
        number: number.number,
        birth: birth(form.birth_date.unwrap_or_default(), today)?,
        sex: None,
        nationality: None,
        expires: Some(date(PaperField::ExpiresOn, form.expires_on.unwrap_or_default())?),
    })
}

fn travel_number(kind: TravelKind, text: &str) -> Result<travel::TravelDocument, PaperError> {
    travel::read(kind, text).map_err(|error| {
        let other = travel::kinds_of(text).into_iter().any(|known| known != kind && known != TravelKind::ForeignPassport);
        let code = match error {
            TravelError::Typed(error) => fold_code(error),
            TravelError::Shape if other => Code::DocumentOther,
            TravelError::Characters | TravelError::Shape => Code::DocumentNumber,
        };
        PaperError { field: PaperField::IdNumber, code }
    })
}

fn passport(form: &PaperForm<'_>, today: Day) -> Result<Paper, PaperError> {
    match form.mrz.filter(|lines| !lines.trim().is_empty()) {
        Some(lines) => scanned(form, lines, today),
        None => typed(form, today),
    }
}

/// A passport that was typed.
fn typed(form: &PaperForm<'_>, today: Day) -> Result<Paper, PaperError> {
    let name = latin_name(form.name)?;
    let number = travel_number(TravelKind::ForeignPassport, form.id_number)?;
    Ok(Paper {
        kind: form.kind,
        name: name.name,
        name_notes: name.notes,
        number: number.number,
        nationality: Some(nation(form.nationality.unwrap_or_default())?),
        birth: birth(form.birth_date.unwrap_or_default(), today)?,
        sex: None,
        expires: Some(date(PaperField::ExpiresOn, form.expires_on.unwrap_or_default())?),
    })
}

/// A passport by its machine-readable lines; what was typed beside them has to agree.
fn scanned(form: &PaperForm<'_>, lines: &str, today: Day) -> Result<Paper, PaperError> {
    let misread = |error: MrzError| {
        let code = match error {
            MrzError::Typed(error) => fold_code(error),
            _ => Code::MrzMisread,
        };
        PaperError { field: PaperField::Mrz, code }
    };
    let zone = mrz::read(lines, today).map_err(misread)?;
    zone.judge().map_err(misread)?;
    if zone.kind() != Some(TravelKind::ForeignPassport) || zone.nationality == "CHN" {
        return refuse(PaperField::Mrz, Code::DocumentOther);
    }
    let differs = |field| refuse(field, Code::MrzDiffers);
    let number = travel_number(TravelKind::ForeignPassport, zone.number.expose("it is judged"))
        .map_err(|error| PaperError { field: PaperField::Mrz, ..error })?;
    if !form.id_number.trim().is_empty() {
        let by_hand = travel_number(TravelKind::ForeignPassport, form.id_number)?;
        if by_hand.number.expose("compared with the lines") != number.number.expose("compared with what was typed") {
            return differs(PaperField::IdNumber);
        }
    }
    let name = match form.name.trim() {
        "" => {
            let holder = zone.holder().map_err(|_| PaperError { field: PaperField::Mrz, code: Code::MrzMisread })?;
            NameReading { name: holder, notes: Vec::new() }
        }
        text => {
            let name = latin_name(text)?;
            if !has_surname(name.name.as_str(), &zone) {
                return differs(PaperField::Name);
            }
            name
        }
    };
    let nationality = nation(&zone.nationality).map_err(|error| PaperError { field: PaperField::Mrz, ..error })?;
    if let Some(text) = form.nationality.filter(|text| !text.trim().is_empty())
        && nation(text)? != nationality
    {
        return differs(PaperField::Nationality);
    }
    let by_hand = form.birth_date.filter(|text| !text.trim().is_empty()).map(|text| birth(text, today)).transpose()?;
    let birth = match (zone.birth.day, by_hand) {
        // Two digits cannot tell a hundred years: the person can.
        (Some(day), Some(typed)) if day.month == typed.month && day.day == typed.day && (typed.year - day.year) % 100 == 0 => typed,
        (Some(_), Some(_)) => return differs(PaperField::BirthDate),
        (Some(day), None) | (None, Some(day)) => day,
        (None, None) => return refuse(PaperField::BirthDate, Code::EmptyInput),
    };
    let by_hand = form.expires_on.filter(|text| !text.trim().is_empty()).map(|text| date(PaperField::ExpiresOn, text)).transpose()?;
    let expires = match (zone.expiry.day, by_hand) {
        (Some(day), Some(typed)) if day != typed => return differs(PaperField::ExpiresOn),
        (Some(day), _) | (None, Some(day)) => day,
        (None, None) => return refuse(PaperField::ExpiresOn, Code::EmptyInput),
    };
    Ok(Paper {
        kind: form.kind,
        name: name.name,
        name_notes: name.notes,
        number: number.number,
        birth,
        sex: zone.sex,
        nationality: Some(nationality),
        expires: Some(expires),
    })
}

/// A passport prints the name in Latin letters; another spelling cannot be compared with it.
fn latin_name(text: &str) -> Result<NameReading, PaperError> {
    let name = name_of(text)?;
    let latin = name.name.as_str().chars().all(|sign| !sign.is_alphabetic() || matches!(sign, 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'));
    if latin { Ok(name) } else { refuse(PaperField::Name, Code::NameNotLatin) }
}

/// Whether every part of the surname that the lines print stands in a typed name. The lines have lost marks over
/// letters and spell some letters with two, so only parts that are plain on both sides decide.
fn has_surname(typed: &str, zone: &Mrz) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty()).map(str::to_uppercase).collect()
    };
    let typed = words(typed);
    // A mark over a letter: the spelling of the lines follows rules of each state, so the register compares.
    if typed.iter().any(|part| !part.is_ascii()) {
        return true;
    }
    let joined: String = typed.iter().map(String::as_str).collect();
    words(&zone.surname).iter().all(|part| typed.contains(part) || joined.contains(part.as_str()))
}

fn nation(text: &str) -> Result<String, PaperError> {
    let wrong = |code| PaperError { field: PaperField::Nationality, code };
    let mut code = fold(text, FoldKind::IdNumber).map_err(|error| wrong(fold_code(error)))?;
    code.make_ascii_uppercase();
    let known = nations::numeric_of(&code).is_some() || ICAO_NATIONS.contains(&code.as_str());
    match code.as_str() {
        "CHN" => Err(wrong(Code::DocumentOther)),
        _ if known => Ok(code),
        _ => Err(wrong(Code::NationalityUnknown)),
    }
}

fn birth(text: &str, today: Day) -> Result<Day, PaperError> {
    let day = date(PaperField::BirthDate, text)?;
    match day {
        day if day > today => refuse(PaperField::BirthDate, Code::IdFuture),
        day if day.year < 1800 => refuse(PaperField::BirthDate, Code::DateInvalid),
        day => Ok(day),
    }
}

/// A date as people write it: year, month, day.
fn date(field: PaperField, text: &str) -> Result<Day, PaperError> {
    let wrong = |code| PaperError { field, code };
    // Hyphens and spaces are kept until the parts are told apart.
    if text.len() > 128 {
        return Err(wrong(Code::InputTooLong));
    }
    let seen = fold(text, FoldKind::IdNumber).map_err(|error: FoldError| wrong(fold_code(error)))?;
    let narrow = |sign: char| match sign {
        '\u{ff10}'..='\u{ff19}' => char::from_u32(sign as u32 - 0xfee0).unwrap_or(sign),
        other => other,
    };
    let plain: Zeroizing<String> = Zeroizing::new(text.trim().chars().map(narrow).collect());
    let parts: Vec<&str> = plain.split(|sign: char| !sign.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let lawful = seen.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, '.' | '/' | '年' | '月' | '日' | '号'));
    let number = |text: &str| text.parse::<u32>().ok();
    let day = match parts.as_slice() {
        _ if !lawful => None,
        [whole] => Day::from_digits(whole),
        [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
            let year = year.parse::<i32>().ok();
            year.zip(number(month)).zip(number(day)).and_then(|((year, month), day)| Day::new(year, month, day))
        }
        _ => None,
    };
    day.ok_or(wrong(Code::DateInvalid))
}
