//! The documents with which a person proves who they are, and the form that each of them needs.
//!
//! A form is judged here before it is sent: which fields the document has, whether what was typed can stand on it,
//! whether it has expired and how old its holder is. Every refusal names the field. Whether the document exists and
//! belongs to the person is the register's to say; the service judges all of this again.
//!
//! What may be used in China to open a wallet: the resident identity card, the residence permits for residents of Hong
//! Kong, Macau and Taiwan, the travel permits with which they enter the mainland, the foreigner's permanent residence
//! card, and a foreign passport.

mod form;
#[cfg(test)]
mod tests;

pub use form::{PaperForm, read};

use crate::Day;
use crate::identity::Sex;
use crate::names::{NameNote, RealName};
use kabao_base::{Code, IdNumber, mask};
use zeroize::Zeroizing;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DocumentKind {
    /// Resident identity card 居民身份证 of 18 characters.
    ResidentCard,
    /// Residence permit 港澳台居民居住证 for a resident of Hong Kong: a number that begins with 810000.
    HongKongResidencePermit,
    /// The same for a resident of Macau: 820000.
    MacauResidencePermit,
    /// The same for a resident of Taiwan: 830000.
    TaiwanResidencePermit,
    /// Foreigner's permanent residence card 外国人永久居留身份证, of 2023 or before.
    ForeignerCard,
    /// 港澳居民来往内地通行证: with which residents of Hong Kong and Macau enter the mainland.
    HongKongMacauTravelPermit,
    /// 台湾居民来往大陆通行证: the same for residents of Taiwan.
    TaiwanTravelPermit,
    /// Passport of another state, with its two machine-readable lines.
    ForeignPassport,
}

impl DocumentKind {
    /// Every kind, in the order in which a form offers them.
    pub const ALL: [DocumentKind; 8] = [
        DocumentKind::ResidentCard,
        DocumentKind::HongKongResidencePermit,
        DocumentKind::MacauResidencePermit,
        DocumentKind::TaiwanResidencePermit,
        DocumentKind::HongKongMacauTravelPermit,
        DocumentKind::TaiwanTravelPermit,
        DocumentKind::ForeignerCard,
        DocumentKind::ForeignPassport,
    ];

    /// The name as the service and the words know it: `foreign_passport`.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::papers::DocumentKind;
    /// assert_eq!(DocumentKind::ForeignPassport.as_str(), "foreign_passport");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            DocumentKind::ResidentCard => "resident_card",
            DocumentKind::HongKongResidencePermit => "hong_kong_residence_permit",
            DocumentKind::MacauResidencePermit => "macau_residence_permit",
            DocumentKind::TaiwanResidencePermit => "taiwan_residence_permit",
            DocumentKind::ForeignerCard => "foreigner_card",
            DocumentKind::HongKongMacauTravelPermit => "hong_kong_macau_travel_permit",
            DocumentKind::TaiwanTravelPermit => "taiwan_travel_permit",
            DocumentKind::ForeignPassport => "foreign_passport",
        }
    }

    /// The kind of a name, or `None`.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::papers::DocumentKind;
    /// assert_eq!(DocumentKind::parse("foreigner_card"), Some(DocumentKind::ForeignerCard));
    /// assert_eq!(DocumentKind::parse("library_card"), None);
    /// ```
    pub fn parse(text: &str) -> Option<DocumentKind> {
        DocumentKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The fields that the form of this document must have. Birth and nationality are not asked where the number says
    /// them. A resident card is valid for 5 to 20 years or for good 长期, so its expiry may be typed and need not.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::papers::{DocumentKind, PaperField};
    /// assert!(DocumentKind::ForeignPassport.fields().contains(&PaperField::Nationality));
    /// assert!(!DocumentKind::ResidentCard.fields().contains(&PaperField::BirthDate));
    /// ```
    pub const fn fields(self) -> &'static [PaperField] {
        use PaperField as F;
        match self {
            DocumentKind::ResidentCard => &[F::Name, F::IdNumber],
            DocumentKind::HongKongResidencePermit
            | DocumentKind::MacauResidencePermit
            | DocumentKind::TaiwanResidencePermit
            | DocumentKind::ForeignerCard => &[F::Name, F::IdNumber, F::ExpiresOn],
            DocumentKind::HongKongMacauTravelPermit | DocumentKind::TaiwanTravelPermit => {
                &[F::Name, F::IdNumber, F::BirthDate, F::ExpiresOn]
            }
            DocumentKind::ForeignPassport => &[F::Name, F::IdNumber, F::Nationality, F::BirthDate, F::ExpiresOn],
        }
    }
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PaperField {
    /// The name as on the document.
    Name,
    /// The number of the document.
    IdNumber,
    /// The nationality: three letters, as the passport prints them.
    Nationality,
    /// The date of birth.
    BirthDate,
    /// The last day on which the document is valid.
    ExpiresOn,
    /// The machine-readable lines at the foot of a passport.
    Mrz,
}

impl PaperField {
    /// The name as errors say it: `expires_on`.
    pub const fn as_str(self) -> &'static str {
        match self {
            PaperField::Name => "name",
            PaperField::IdNumber => "id_number",
            PaperField::Nationality => "nationality",
            PaperField::BirthDate => "birth_date",
            PaperField::ExpiresOn => "expires_on",
            PaperField::Mrz => "mrz",
        }
    }
}

/// Why a form was not accepted: the field that is meant and the entry of the error catalogue. Holds nothing of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a field of the document is not right")]
pub struct PaperError {
    /// The field.
    pub field: PaperField,
    /// The entry of the catalogue.
    pub code: Code,
}

/// What a document says of its holder. The number and the dates are secrets: Debug shows the kind alone.
pub struct Paper {
    /// The document.
    pub kind: DocumentKind,
    /// The name in the form that is sent.
    pub name: RealName,
    /// What was changed in the name on the way there; tell the person.
    pub name_notes: Vec<NameNote>,
    /// The number in its canonical form.
    pub number: IdNumber,
    /// Date of birth.
    pub birth: Day,
    /// Sex, where the document states it.
    pub sex: Option<Sex>,
    /// ISO 3166-1 alpha-3 or a code of ICAO, of a foreigner.
    pub nationality: Option<String>,
    /// The last day of validity; absent where it was not typed or the card is valid for good.
    pub expires: Option<Day>,
}

impl std::fmt::Debug for Paper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Paper({})", self.kind.as_str())
    }
}

impl Paper {
    /// The number as it may be kept or shown.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, papers::{self, DocumentKind, PaperForm}};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let form = PaperForm { name: "张三", id_number: "11010519491231002x", ..PaperForm::of(DocumentKind::ResidentCard) };
    /// assert_eq!(papers::read(&form, today).unwrap().masked(), "110***********002X");
    /// ```
    pub fn masked(&self) -> String {
        let number = self.number.expose("only its mask leaves");
        match self.kind {
            DocumentKind::HongKongMacauTravelPermit | DocumentKind::TaiwanTravelPermit | DocumentKind::ForeignPassport => {
                crate::travel::masked(number)
            }
            _ => mask::id_number(number),
        }
    }

    /// How old the holder is on a day.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::{Day, papers::{self, DocumentKind, PaperForm}};
    /// # let today = Day::new(2026, 11, 22).unwrap();
    /// let form = PaperForm { name: "张三", id_number: "11010519491231002x", ..PaperForm::of(DocumentKind::ResidentCard) };
    /// assert_eq!(papers::read(&form, today).unwrap().age(today), 76);
    /// ```
    pub fn age(&self, today: Day) -> u32 {
        self.birth.age_on(today)
    }

    /// What goes into the box for the identity check, and nowhere else: number, birth, expiry and nationality with a
    /// semicolon between, days as `yyyymmdd`, what is not known left empty.
    pub fn sealed_text(&self) -> Zeroizing<String> {
        let day = |day: Day| format!("{:04}{:02}{:02}", day.year, day.month, day.day);
        Zeroizing::new(format!(
            "{};{};{};{}",
            self.number.expose("sealed for the identity check"),
            day(self.birth),
            self.expires.map(day).unwrap_or_default(),
            self.nationality.as_deref().unwrap_or_default()
        ))
    }
}
