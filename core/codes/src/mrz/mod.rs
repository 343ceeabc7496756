//! Machine-readable zones 机读码 of passports, cards and visas (ICAO 9303 parts 3 to 7), and the one line on the back
//! of the cards with which mainland residents enter Hong Kong, Macau and Taiwan.
//!
//! The lines give what an identity form asks of a foreign visitor: name, number, nationality, birth, sex, expiry. A
//! check digit that agrees says that the lines were read as they stand; it says nothing about the person or about
//! forgery, and one that does not agree says "read again". Why this is our own code and the crate `mrz` only a peer in
//! its tests: `docs/decisions/machine-readable-zones.md`.

mod digits;
mod fields;
mod layout;
#[cfg(test)]
mod tests;

pub use digits::check_digit;

use crate::identity::Sex;
use crate::names::{self, NameError, RealName};
use crate::travel::{self, TravelKind};
use crate::{Day, fold_code};
use kabao_base::{Code, FoldError, IdNumber};
use std::fmt;

/// A layout of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum MrzFormat {
    /// Three lines of 30: cards (part 5).
    Td1,
    /// Two lines of 36: larger cards (part 6).
    Td2,
    /// Two lines of 44: passports (part 4).
    Td3,
    /// Two lines of 44: visas (part 7).
    VisaA,
    /// Two lines of 36: visas (part 7).
    VisaB,
    /// One line of 30 that ICAO does not know: 往来港澳通行证 (CS) and 往来台湾通行证 (CD). Number, expiry and birth
    /// stand in this order, each with a check digit, and a check digit over all. There is no name in it.
    ChinaPermit,
}

impl MrzFormat {
    /// `TD3`.
    pub fn name(self) -> &'static str {
        match self {
            MrzFormat::Td1 => "TD1",
            MrzFormat::Td2 => "TD2",
            MrzFormat::Td3 => "TD3",
            MrzFormat::VisaA => "MRVA",
            MrzFormat::VisaB => "MRVB",
            MrzFormat::ChinaPermit => "CHINA",
        }
    }
}

/// Which check digits agree; absent where the layout has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MrzChecks {
    /// The document number.
    pub number: bool,
    /// The date of birth.
    pub birth: bool,
    /// The date of expiry.
    pub expiry: bool,
    /// The optional data; passports only.
    pub optional: Option<bool>,
    /// The digit over the others; visas have none.
    pub composite: Option<bool>,
}

/// A date of two-digit year. Not printed by Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct MrzDate {
    /// `yymmdd` as it stands; `<` where the issuer does not know.
    pub printed: String,
    /// The day that is meant; absent where it is unknown in whole or part, or does not exist.
    pub day: Option<Day>,
}

impl MrzDate {
    /// Whether the issuer left the date or whole parts of it open, which is lawful for a birth (part 3, 4.8) and done
    /// for the expiry of cards that have none.
    pub fn unknown(&self) -> bool {
        let part = |from: usize| self.printed.get(from..from + 2).unwrap_or_default();
        let whole = |part: &str| part == "<<" || (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
        self.printed.contains('<') && [0, 2, 4].into_iter().all(|from| whole(part(from)))
    }
}

impl fmt::Debug for MrzDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MrzDate")
    }
}

/// What the lines say. Debug prints the layout and the checks, nothing of the person.
pub struct Mrz {
    /// The layout.
    pub format: MrzFormat,
    /// The document code without fillers: `P`, `PO` (ordinary passport of China), `ID`, `CS`, `V`.
    pub code: String,
    /// The issuing state: mostly ISO 3166-1 alpha-3, and codes of ICAO such as `D`, `UNO`, `XOM`.
    pub issuer: String,
    /// The nationality, coded likewise; `XXA` for a person without one.
    pub nationality: String,
    /// The surname: parts with a space between, apostrophes and diacritics are lost already on the document. Empty
    /// where the lines have none.
    pub surname: String,
    /// The given names; may be cut at the end of the line.
    pub given: String,
    /// The document number without fillers.
    pub number: IdNumber,
    /// Optional data without fillers: a personal number in many states.
    pub optional: IdNumber,
    /// Date of birth: always in the past, and before the expiry.
    pub birth: MrzDate,
    /// Sex; absent where the document does not say.
    pub sex: Option<Sex>,
    /// Date of expiry: within fifty years of today. Some cards have none.
    pub expiry: MrzDate,
    /// The check digits.
    pub checks: MrzChecks,
    /// Whether letters stand where only letters can: no check digit covers name, states and sex.
    letters: bool,
}

impl Mrz {
    /// Whether every check digit of the layout agrees.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, mrz, travel::TravelKind};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let lines = "POCHNZHENGJIAN<<YANGBEN\nE900000821CHN8108038F2110189NGKELMPONBPJB978";
    /// let mrz = mrz::read(lines, today).unwrap();
    /// assert!(mrz.agrees());
    /// ```
    pub fn agrees(&self) -> bool {
        let MrzChecks { number, birth, expiry, optional, composite } = self.checks;
        number && birth && expiry && optional != Some(false) && composite != Some(false)
    }

    /// Whether the lines may fill a form: every check digit agrees, names and states have no digits, and the dates exist
    /// or are left open lawfully.
    ///
    /// # Errors
    /// [`MrzError::CheckDigit`], [`MrzError::Characters`] or [`MrzError::Date`]; all of them mean "read the lines
    /// again", not "forged".
    pub fn judge(&self) -> Result<(), MrzError> {
        if !self.agrees() {
            return Err(MrzError::CheckDigit);
        }
        if !self.letters {
            return Err(MrzError::Characters);
        }
        let exists = |date: &MrzDate| date.day.is_some() || date.unknown();
        if exists(&self.birth) && exists(&self.expiry) { Ok(()) } else { Err(MrzError::Date) }
    }

    /// Whether the document has expired on `today`; `None` where it has no date of expiry.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, mrz, travel::TravelKind};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let lines = "POCHNZHENGJIAN<<YANGBEN\nE900000821CHN8108038F2110189NGKELMPONBPJB978";
    /// let mrz = mrz::read(lines, today).unwrap();
    /// assert_eq!(mrz.expired(today), Some(true));
    /// ```
    pub fn expired(&self, today: Day) -> Option<bool> {
        self.expiry.day.map(|day| day < today)
    }

    /// Surname and given names in one line, as forms ask for the name in a passport.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, mrz, travel::TravelKind};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let lines = "POCHNZHENGJIAN<<YANGBEN\nE900000821CHN8108038F2110189NGKELMPONBPJB978";
    /// let mrz = mrz::read(lines, today).unwrap();
    /// assert_eq!(mrz.holder().unwrap().as_str(), "ZHENGJIAN YANGBEN");
    /// ```
    ///
    /// # Errors
    /// Where the lines have no name, or one with digits: a misread.
    pub fn holder(&self) -> Result<RealName, NameError> {
        names::read(format!("{} {}", self.surname, self.given).trim())
    }

    /// The kind of travel document by code, issuer and shape of the number; `None` where none fits (visas, identity
    /// cards of other states).
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, mrz, travel::TravelKind};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let lines = "POCHNZHENGJIAN<<YANGBEN\nE900000821CHN8108038F2110189NGKELMPONBPJB978";
    /// let mrz = mrz::read(lines, today).unwrap();
    /// assert_eq!(mrz.kind(), Some(TravelKind::ChinesePassport));
    /// ```
    pub fn kind(&self) -> Option<TravelKind> {
        let number = self.number.expose("its shape says the kind");
        let first = travel::kinds_of(number).into_iter().find(|kind| match kind {
            TravelKind::ChinesePassport | TravelKind::HongKongPassport | TravelKind::MacauPassport => self.code.starts_with('P'),
            TravelKind::ForeignPassport => false,
            _ => !self.code.starts_with('P'),
        });
        match self.format {
            MrzFormat::ChinaPermit if self.code == "CD" => Some(TravelKind::OutboundTaiwanPermit),
            MrzFormat::ChinaPermit => Some(TravelKind::OutboundHongKongMacauPermit),
            MrzFormat::VisaA | MrzFormat::VisaB => None,
            _ if self.issuer == "CHN" => first,
            MrzFormat::Td3 => Some(TravelKind::ForeignPassport),
            _ => None,
        }
    }

    /// `E*****678`: the number as it may be kept or shown.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, mrz, travel::TravelKind};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let lines = "POCHNZHENGJIAN<<YANGBEN\nE900000821CHN8108038F2110189NGKELMPONBPJB978";
    /// let mrz = mrz::read(lines, today).unwrap();
    /// assert_eq!(mrz.masked(), "E*****082");
    /// ```
    pub fn masked(&self) -> String {
        travel::masked(self.number.expose("only its mask leaves"))
    }
}

impl fmt::Debug for Mrz {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mrz").field("format", &self.format).field("checks", &self.checks).finish_non_exhaustive()
    }
}

/// Why lines could not be read. Says nothing of their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MrzError {
    /// Empty, far too long, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// A character other than A to Z, 0 to 9 and the filler.
    #[error("a character cannot stand in a machine-readable zone")]
    Characters,
    /// Lines of no layout: cut, joined, or of a document that has a layout of its own.
    #[error("the lines have no layout that is known")]
    Layout,
    /// A check digit does not agree: one character was misread.
    #[error("a check digit does not agree")]
    CheckDigit,
    /// A date that does not exist.
    #[error("a date does not exist")]
    Date,
}

impl MrzError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            MrzError::Typed(error) => fold_code(error),
            MrzError::Characters => Code::IdCharacters,
            MrzError::Layout => Code::IdLength,
            MrzError::CheckDigit => Code::IdCheckDigit,
            MrzError::Date => Code::IdBirthDate,
        }
    }
}

/// Reads the lines of a document, one under the other or joined without a break. Lower case, full-width characters,
/// spaces and angle quotes for fillers are folded; fillers that were cut off the line of the name are put back. A
/// character that was misread is not guessed. `today` is the day in China and decides the centuries.
///
/// # Examples
/// ```
/// use kabao_codes::{Day, mrz};
/// let today = Day::new(2026, 11, 22).unwrap();
/// let lines = "P<CANMARTIN<<SARAH<<<<<<<<<<<<<<<<<<<<<<<<<<\nZE000509<9CAN8501019F2301147<<<<<<<<<<<<<<08";
/// let mrz = mrz::read(lines, today).unwrap();
/// assert!(mrz.judge().is_ok());
/// assert_eq!((mrz.surname.as_str(), mrz.given.as_str(), mrz.nationality.as_str()), ("MARTIN", "SARAH", "CAN"));
/// assert_eq!((mrz.birth.day, mrz.expired(today)), (Day::new(1985, 1, 1), Some(true)));
/// ```
///
/// # Errors
/// [`MrzError::Layout`] where lines have no known layout, [`MrzError::Characters`] and [`MrzError::Typed`] for what
/// cannot stand in one. Check digits that do not agree are no error here: see [`Mrz::judge`].
pub fn read(text: &str, today: Day) -> Result<Mrz, MrzError> {
    fields::read(&layout::lines(text)?, today)
}
