//! The strict profile: every departure of a code from EMVCo QR Code MPM 1.1. A code without
//! findings is one that the specification allows; most of the world's codes have some.

use super::details::{DetailKind, is_amount};
use super::{AccountKind, Field, MerchantCode, amount, is_template, numeric_currency, split, value};

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Fault {
    /// It must be there and is not.
    Missing,
    /// Its identifier stands twice at one level.
    Twice,
    /// It is there without a character.
    Empty,
    /// A value, a length or a character that the field may not have.
    Value,
    /// Kept by EMVCo for later.
    Reserved,
    /// It may be there only with another field: 56 where 55 says 02, 57 where 55 says 03.
    Unexpected,
    /// It should be a template and cannot be split into sub-fields.
    NotTemplate,
    /// Its globally unique identifier is neither an application identifier, nor a UUID without
    /// hyphens, nor a domain name turned round.
    Guid,
    /// The checksum is written in small letters.
    SmallLetters,
    /// Lengths count bytes, not characters.
    CountsBytes,
    /// The code has more than 512 bytes.
    TooLong,
}

/// One departure from the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Finding {
    /// The field, sub-fields after points: `54`, `62.05`, `62.50.00`. Empty for the whole code,
    /// `02` where no merchant account stands at all.
    pub field: String,
    /// What is wrong.
    pub fault: Fault,
}

impl MerchantCode {
    /// Every departure from the specification, in the order of the code; none for a strict code.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::emv::{read, with_checksum};
    /// assert!(read(&with_checksum("000201021645678901234567895204581253031565802CN5904Shop6004City")).unwrap().findings().is_empty());
    /// ```
    pub fn findings(&self) -> Vec<Finding> {
        let mut judge = Judge { code: self, found: Vec::new() };
        judge.whole();
        for field in &self.fields {
            judge.field(field);
        }
        judge.found
    }
}

struct Judge<'a> {
    code: &'a MerchantCode,
    found: Vec<Finding>,
}

impl Judge<'_> {
    fn add(&mut self, field: impl Into<String>, fault: Fault) {
        self.found.push(Finding { field: field.into(), fault });
    }

    fn expect(&mut self, good: bool, field: &str, fault: Fault) {
        if !good {
            self.add(field, fault);
        }
    }

    fn whole(&mut self) {
        let code = self.code;
        self.expect(code.text().len() <= 512, "", Fault::TooLong);
        self.expect(!code.counts_bytes, "", Fault::CountsBytes);
        for id in &code.duplicates {
            self.add(id.clone(), Fault::Twice);
        }
        self.expect(code.fields.iter().any(|field| AccountKind::of(&field.id).is_some()), "02", Fault::Missing);
        for id in ["52", "53", "58", "59", "60"] {
            self.expect(code.value(id).is_some(), id, Fault::Missing);
        }
        // The tip or fee that field 55 announces.
        for (says, id) in [("02", "56"), ("03", "57")] {
            let announced = code.value("55") == Some(says);
            self.expect(!announced || code.value(id).is_some(), id, Fault::Missing);
            self.expect(announced || code.value(id).is_none(), id, Fault::Unexpected);
        }
    }

    fn field(&mut self, field: &Field) {
        let (id, text) = (field.id.as_str(), field.value.as_str());
        if text.is_empty() {
            return self.add(id, Fault::Empty);
        }
        let good = match id {
            "00" => text == "01",
            "01" => ["11", "12"].contains(&text),
            "52" => text.len() == 4 && digits(text),
            "53" => text.len() == 3 && digits(text),
            "54" => self.lawful_amount(text),
            "55" => ["01", "02", "03"].contains(&text),
            "56" => self.lawful_amount(text),
            "57" => is_percentage(text),
            "58" => text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
            "59" => is_plain(text, 25),
            "60" => is_plain(text, 15),
            "61" => is_plain(text, 10),
            "62" => return self.additional(text),
            "63" => return self.expect(!text.bytes().any(|byte| byte.is_ascii_lowercase()), id, Fault::SmallLetters),
            "64" => return self.language(text),
            id if is_template(id) => return self.template(id, text),
            id if ("65"..="79").contains(&id) => return self.add(id, Fault::Reserved),
            id if AccountKind::of(id) == Some(AccountKind::EmvCo) => return self.add(id, Fault::Reserved),
            _ => is_plain(text, 99),
        };
        self.expect(good, id, Fault::Value);
    }

    /// Digits with at most one point, not zero, and no more decimals than a currency that is known has.
    fn lawful_amount(&self, text: &str) -> bool {
        let currency = self.code.value("53").and_then(|text| numeric_currency(text).ok());
        is_amount(text) && currency.is_none_or(|currency| amount(text, currency).is_ok())
    }

    /// Sub-fields of a template, with what is wrong with their identifiers and empty values told.
    fn parts(&mut self, path: &str, text: &str) -> Option<Vec<Field>> {
        let Ok(parts) = self.code.parts_of(text) else {
            self.add(path, Fault::NotTemplate);
            return None;
        };
        for id in split::twice(&parts) {
            self.add(format!("{path}.{id}"), Fault::Twice);
        }
        for part in parts.iter().filter(|part| part.value.is_empty()) {
            self.add(format!("{path}.{}", part.id), Fault::Empty);
        }
        Some(parts)
    }

    fn template(&mut self, path: &str, text: &str) {
        let Some(parts) = self.parts(path, text) else { return };
        let field = format!("{path}.00");
        match value(&parts, "00") {
            None => self.add(field, Fault::Missing),
            Some(guid) => self.expect(guid.is_empty() || is_guid(guid), &field, Fault::Guid),
        }
    }

    fn additional(&mut self, text: &str) {
        for part in self.parts("62", text).unwrap_or_default() {
            let (path, text) = (format!("62.{}", part.id), part.value.as_str());
            if text.is_empty() {
                continue;
            }
            match part.id.as_str() {
                "09" => self.expect(is_consumer_data(text), &path, Fault::Value),
                "10" => self.expect(is_plain(text, 20), &path, Fault::Value),
                "11" => self.expect(is_plain(text, 3) && text.len() == 3, &path, Fault::Value),
                id if DetailKind::of(id).is_some() => self.expect(is_plain(text, 25), &path, Fault::Value),
                id if id >= "50" => self.template(&path, text),
                _ => self.add(path, Fault::Reserved),
            }
        }
    }

    fn language(&mut self, text: &str) {
        let Some(parts) = self.parts("64", text) else { return };
        for id in ["00", "01"] {
            self.expect(value(&parts, id).is_some(), &format!("64.{id}"), Fault::Missing);
        }
        for part in parts.iter().filter(|part| !part.value.is_empty()) {
            let (path, count) = (format!("64.{}", part.id), part.value.chars().count());
            match part.id.as_str() {
                "00" => {
                    let letters = part.value.bytes().all(|byte| byte.is_ascii_alphabetic());
                    self.expect(count == 2 && letters, &path, Fault::Value);
                }
                "01" => self.expect(count <= 25, &path, Fault::Value),
                "02" => self.expect(count <= 15, &path, Fault::Value),
                _ => self.add(path, Fault::Reserved),
            }
        }
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Format `ans`: the common character set is printable ASCII.
fn is_plain(text: &str, limit: usize) -> bool {
    text.len() <= limit && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// `00.01` to `99.99`, at most five characters, with or without decimals: `3`, `03.5`, `11.95`.
fn is_percentage(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    is_amount(text) && (1..=2).contains(&whole.len()) && part.len() <= 2
}

/// `A`, `M` and `E`, each at most once.
fn is_consumer_data(text: &str) -> bool {
    let count = |letter: char| text.chars().filter(|other| *other == letter).count();
    text.chars().all(|letter| "AME".contains(letter)) && ['A', 'M', 'E'].iter().all(|letter| count(*letter) <= 1)
}

/// An application identifier (5 to 16 bytes in hexadecimal digits), a UUID without hyphens (32 of
/// them) or a domain name turned round (at least two labels), at most 32 characters.
fn is_guid(guid: &str) -> bool {
    let hexadecimal = guid.len() >= 10 && guid.len().is_multiple_of(2) && guid.bytes().all(|byte| byte.is_ascii_hexdigit());
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let domain = guid.contains('.') && guid.split('.').all(label) && guid.bytes().any(|byte| byte.is_ascii_alphabetic());
    guid.len() <= 32 && (hexadecimal || domain)
}
