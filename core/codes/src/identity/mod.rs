//! Identity numbers: GB 11643-1999 (residents), the residence permits of 2018 that share its
//! shape, and the two numbers of the foreigner's permanent residence card.
//!
//! Region codes change with the years and a number keeps the code of its day, so only the province
//! is judged: a list of counties would refuse lawful numbers. Whether name and number belong
//! together is the register's to say, not ours. A number is never hashed here: a hash of it can be
//! turned back by trying all of them. It is shown masked only.

mod digits;
mod foreigner;
pub mod nations;
mod resident;
#[cfg(test)]
mod tests;

pub use digits::mod_11_2;
pub use foreigner::read_foreigner;
pub use resident::read_resident;

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
    /// Whether the typed number had 15 digits and was upgraded to 18. Such numbers ended with 2012: they
    /// may be found in a history and identify nobody anew.
    pub upgraded: bool,
    /// Nationality of a foreigner: ISO 3166-1 alpha-3 where the code is known, else as the number has
    /// it. Absent for the others.
    pub nationality: Option<String>,
    /// What is unusual about the number and no reason to refuse it.
    pub notes: Vec<IdNote>,
}

/// What is unusual about a number that is lawful all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum IdNote {
    /// The province of application on a foreigner's card is none of GB/T 2260.
    UnknownProvince,
    /// The nationality is none of ISO 3166-1.
    UnknownNation,
}

impl ResidentNumber {
    /// `110***********8670`: all that may be kept or shown.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::{Day, identity};
    /// let today = Day::new(2026, 11, 22).unwrap();
    /// assert_eq!(identity::read_resident("11010519491231002x", today).unwrap().masked(), "110***********002X");
    /// ```
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

/// Judges a number of any document by its shape: a foreigner's card begins with 9 or with letters, the others with 1
/// to 8. For forms that do not ask for the document first.
///
/// # Examples
/// ```
/// use kabao_codes::{Day, identity::{self, IdDocument}};
/// let today = Day::new(2026, 11, 22).unwrap();
/// assert_eq!(identity::read("810000199408230021", today).unwrap().document, IdDocument::HongKongPermit);
/// assert_eq!(identity::read("932682198501010017", today).unwrap().nationality.as_deref(), Some("SAU"));
/// ```
///
/// # Errors
/// [`IdentityError`]: which part is wrong.
pub fn read(text: &str, today: Day) -> Result<ResidentNumber, IdentityError> {
    let typed = IdNumber::new(fold(text, FoldKind::IdNumber)?);
    let number = typed.expose("its first character says the document");
    let foreigner = number.starts_with(|first: char| first == '9' || first.is_alphabetic());
    if foreigner { read_foreigner(number, today) } else { read_resident(number, today) }
}

/// Whether a text has every mark of an identity number: the 18 characters of a resident or of a foreigner's card, or
/// the three letters and twelve digits of a card from before 2023. Used before a scanned code is sent anywhere: 18
/// digits may be an identity card and not a code. Old residents' numbers of 15 digits have no check digit, so no marks.
///
/// # Examples
/// ```
/// assert!(kabao_codes::identity::may_be_resident("11010519491231002X"));
/// assert!(!kabao_codes::identity::may_be_resident("110105194912310021"));
/// assert!(kabao_codes::identity::may_be_resident("KAZ110090123105"));
/// ```
pub fn may_be_resident(text: &str) -> bool {
    let ever = Day { year: 9999, month: 12, day: 31 };
    let old_card = text.len() == 15 && text.bytes().take(3).all(|byte| byte.is_ascii_alphabetic());
    text.is_ascii() && (text.len() == 18 || old_card) && read(text, ever).is_ok()
}
