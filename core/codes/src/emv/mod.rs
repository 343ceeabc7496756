//! Merchant codes after EMVCo QR Code MPM 1.1: identifier, length, value, a checksum at the end.
//!
//! Lengths count characters and the checksum counts UTF-8 bytes: so the specification's own
//! example. A code that does not fit when characters are counted is read by bytes.
//!
//! Reading is not judging: [`read`] takes every code whose fields and checksum hold, in any order,
//! with what schemes leave out or add, and keeps each value as it stands. [`MerchantCode::findings`]
//! lists where a code departs from the specification; [`MerchantCode::schemes`] names whose it is.
//! Templates are read to the two levels that the specification has, never deeper.

mod accounts;
mod details;
mod judge;
mod schemes;
mod split;

pub use accounts::{AccountKind, MerchantAccount, UnionPayAccount};
pub use details::{AdditionalData, ConsumerData, Detail, DetailKind, DetailValue, Initiation, LanguageTemplate, MerchantAmount, Template};
pub(crate) use details::{amount, numeric_currency};
pub use judge::{Fault, Finding};
pub use schemes::{Scheme, scheme_of_guid};
pub use split::{crc, parts, with_checksum};

use crate::hidden_in_code;
use kabao_base::Code;

/// One field: a two-digit identifier and its value, as it stands in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Field {
    /// `00` to `99`.
    pub id: String,
    /// The value.
    pub value: String,
}

/// A merchant code whose checksum agrees, field by field in the order of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MerchantCode {
    /// The fields in order, the checksum (63) last.
    pub fields: Vec<Field>,
    /// Identifiers that stand twice. Who pays by such a code may be shown one amount and charged
    /// another, so it is refused where money is asked for.
    pub duplicates: Vec<String>,
    /// Whether lengths count UTF-8 bytes, against the specification.
    pub counts_bytes: bool,
}

impl MerchantCode {
    /// The code as text, the checksum as it was read: the text that was read, to the character.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let text = with_checksum("00020129370016A00000067701011101130066812223333");
    /// assert_eq!(read(&text).unwrap().text(), text);
    /// ```
    pub fn text(&self) -> String {
        let count = |value: &str| if self.counts_bytes { value.len() } else { value.chars().count() };
        self.fields.iter().map(|field| format!("{}{:02}{}", field.id, count(&field.value), field.value)).collect()
    }

    /// The first value of an identifier.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let code = read(&with_checksum("00020126120008app.shop5802CN")).unwrap();
    /// assert_eq!(code.value("58"), Some("CN"));
    /// ```
    pub fn value(&self, id: &str) -> Option<&str> {
        value(&self.fields, id)
    }

    /// The template (identifiers 26 to 51) whose globally unique identifier is `guid`, with its
    /// sub-fields; case does not matter, as with every domain name.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// let code = read(&with_checksum("00020126120008app.shop5802CN")).unwrap();
    /// assert!(code.template("APP.SHOP").is_some());
    /// assert!(code.template("app.other").is_none());
    /// ```
    pub fn template(&self, guid: &str) -> Option<Vec<Field>> {
        self.templates(guid).next().map(|(_, parts)| parts)
    }

    /// Every template of `guid`, with its own identifier.
    pub(crate) fn templates(&self, guid: &str) -> impl Iterator<Item = (&str, Vec<Field>)> {
        self.fields.iter().filter(|field| ("26"..="51").contains(&field.id.as_str())).filter_map(move |field| {
            let parts = self.parts_of(&field.value).ok()?;
            value(&parts, "00").is_some_and(|found| found.eq_ignore_ascii_case(guid)).then_some((field.id.as_str(), parts))
        })
    }

    /// The sub-fields of one of this code's templates, counted as the code counts.
    fn parts_of(&self, value: &str) -> Result<Vec<Field>, EmvError> {
        split::parts_counted(value, self.counts_bytes)
    }
}

/// Why a merchant code cannot be read or does not ask for money as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmvError {
    /// Longer than 4096 characters.
    #[error("the code is too long")]
    TooLong,
    /// A zero-width, bidirectional or control character.
    #[error("the code holds a hidden character: {name}")]
    Hidden {
        /// The sort of character.
        name: &'static str,
    },
    /// The text ends inside a field, or before the checksum.
    #[error("the code is cut")]
    Cut,
    /// An identifier or a length is not two digits.
    #[error("the code has a wrong length or identifier")]
    Length,
    /// The code does not begin with field 00.
    #[error("this is not a merchant code")]
    NotMerchantCode,
    /// The checksum does not agree.
    #[error("the checksum of the code is wrong")]
    Crc,
    /// An identifier stands twice.
    #[error("field {id} stands twice")]
    Duplicate {
        /// The identifier.
        id: u8,
    },
    /// A value that its field does not allow.
    #[error("field {id} has a value that it may not have")]
    Value {
        /// The identifier.
        id: u8,
    },
    /// A currency that the wallet does not know.
    #[error("the currency of the code is not known")]
    Currency,
    /// A field is missing.
    #[error("field {id} is missing")]
    Missing {
        /// The identifier.
        id: u8,
    },
}

impl EmvError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::EmvError;
    /// assert_eq!(EmvError::Crc.code(), kabao_base::Code::CodeDamaged);
    /// ```
    pub fn code(self) -> Code {
        match self {
            EmvError::TooLong => Code::InputTooLong,
            EmvError::Hidden { .. } | EmvError::Duplicate { .. } => Code::CodeHostile,
            EmvError::NotMerchantCode => Code::CodeUnknown,
            EmvError::Currency => Code::CurrencyUnknown,
            _ => Code::CodeDamaged,
        }
    }
}

/// The longest text that is read at all; the specification allows 512 characters.
pub const LIMIT: usize = 4096;

/// Reads a merchant code and checks its checksum. What many schemes do is taken: a checksum in
/// lower-case digits, any order of the fields between the first (00) and the last (63), missing
/// category, name or city, templates that nobody here knows. A globally unique identifier of more
/// than 32 characters is refused, as the specification says.
///
/// # Examples
///
/// ```
/// use kabao_codes::emv::{EmvError, read};
/// let text = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A";
/// let code = read(text).unwrap();
/// assert_eq!(code.value("54"), Some("23.72"));
/// assert_eq!(read(&text.replace("23.72", "13.72")), Err(EmvError::Crc));
/// ```
pub fn read(text: &str) -> Result<MerchantCode, EmvError> {
    if text.len() > LIMIT && (text.len() > LIMIT * 4 || text.chars().count() > LIMIT) {
        return Err(EmvError::TooLong);
    }
    if let Some(name) = hidden_in_code(text) {
        return Err(EmvError::Hidden { name });
    }
    let (fields, counts_bytes) = split::whole_code(text)?;
    let stated = fields.last().map_or("", |field| field.value.as_str());
    let (body, _) = text.split_at_checked(text.len().saturating_sub(4)).ok_or(EmvError::Cut)?;
    if !stated.eq_ignore_ascii_case(&format!("{:04X}", crc(body.as_bytes()))) {
        return Err(EmvError::Crc);
    }
    let duplicates = split::twice(&fields);
    let code = MerchantCode { fields, duplicates, counts_bytes };
    let long_guid = code.fields.iter().find(|field| is_template(&field.id) && guid_length(&code, field) > 32);
    match long_guid {
        Some(field) => Err(EmvError::Value { id: split::number(&field.id) }),
        None => Ok(code),
    }
}

pub(crate) fn value<'a>(fields: &'a [Field], id: &str) -> Option<&'a str> {
    fields.iter().find(|field| field.id == id).map(|field| field.value.as_str())
}

/// Whether a field is a template that a globally unique identifier names.
fn is_template(id: &str) -> bool {
    ("26"..="51").contains(&id) || ("80"..="99").contains(&id)
}

/// How long the identifier of a template is. A message in hexadecimal UTF-16, which Thai wallets put
/// into 81, can look like a template by chance and has no identifier.
fn guid_length(code: &MerchantCode, template: &Field) -> usize {
    let message = template.id == "81" && template.value.len().is_multiple_of(4);
    if message && template.value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return 0;
    }
    code.parts_of(&template.value).ok().and_then(|parts| value(&parts, "00").map(|guid| guid.chars().count())).unwrap_or(0)
}

#[cfg(test)]
mod tests;
