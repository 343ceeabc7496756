//! Merchant category codes (ISO 18245): four digits on merchant codes and card receipts that say what a merchant
//! sells; the group of a code, and the category under which a wallet shows the payment.

mod categories;
mod table;

pub use categories::MccCategory;

use kabao_base::Code;

/// A group of codes as ISO 18245 divides them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MccGroup {
    /// The first code of the group.
    pub first: u16,
    /// The last code of the group.
    pub last: u16,
    /// Stable name, `snake_case`: `transport`, `utilities` …
    pub key: &'static str,
}

/// A merchant category code, 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mcc(u16);

/// Why a text is no merchant category code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MccError {
    /// Not exactly four ASCII digits.
    #[error("a merchant category code has four digits")]
    Shape,
}

impl MccError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::mcc::MccError::Shape.code(), kabao_base::Code::CodeDamaged);
    /// ```
    pub fn code(self) -> Code {
        Code::CodeDamaged
    }
}

impl Mcc {
    /// Reads four digits.
    ///
    /// # Errors
    /// [`MccError::Shape`] for anything else, full-width digits included: the code is made by machines.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::mcc::{Mcc, MccError};
    /// assert_eq!(Mcc::read("5812").unwrap().digits(), "5812");
    /// assert_eq!(Mcc::read("58"), Err(MccError::Shape));
    /// ```
    pub fn read(text: &str) -> Result<Mcc, MccError> {
        if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MccError::Shape);
        }
        text.parse().map(Mcc).map_err(|_| MccError::Shape)
    }

    /// The four digits.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::mcc::Mcc::read("0742").unwrap().digits(), "0742");
    /// ```
    pub fn digits(self) -> String {
        format!("{:04}", self.0)
    }

    /// True for a code that ISO, a card scheme or Alipay describes. Others are unassigned, retired or one country's own.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::mcc::Mcc;
    /// assert!(Mcc::read("5812").unwrap().is_known());
    /// assert!(!Mcc::read("3999").unwrap().is_known());
    /// ```
    pub fn is_known(self) -> bool {
        let at = table::KNOWN.partition_point(|(_, last)| *last < self.0);
        table::KNOWN.get(at).is_some_and(|(first, _)| *first <= self.0)
    }

    /// The group of ISO 18245 that a known code belongs to; `None` for a code that nobody describes.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::mcc::Mcc;
    /// let group = Mcc::read("4121").unwrap().group().unwrap();
    /// assert_eq!((group.first, group.last, group.key), (4000, 4799, "transport"));
    /// ```
    pub fn group(self) -> Option<&'static MccGroup> {
        let group = table::GROUPS.iter().find(|group| (group.first..=group.last).contains(&self.0));
        group.filter(|_| self.is_known())
    }

    /// The category under which a wallet shows the payment. A code that nobody describes goes by its neighbours: the
    /// groups were made so that new codes fit in.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::mcc::{Mcc, MccCategory};
    /// assert_eq!(Mcc::read("5812").unwrap().category(), MccCategory::Dining);
    /// ```
    pub fn category(self) -> MccCategory {
        categories::of(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_cover_every_code_once() {
        let mut next = 0;
        for group in table::GROUPS {
            assert_eq!(group.first, next);
            next = group.last + 1;
        }
        assert_eq!(next, 10_000);
        assert!(table::KNOWN.windows(2).all(|pair| pair[0].0 <= pair[0].1 && pair[0].1 + 1 < pair[1].0));
    }

    #[test]
    fn as_many_codes_are_known_as_the_source_describes() {
        assert_eq!((0..10_000).filter(|code| Mcc(*code).is_known()).count(), 932);
        for (code, known) in [("0742", true), ("0741", false), ("9950", true), ("9951", false), ("0000", false), ("3072", true), ("3073", false)] {
            assert_eq!((Mcc::read(code).unwrap().is_known(), Mcc::read(code).unwrap().group().is_some()), (known, known), "{code}");
        }
    }

    #[test]
    fn only_four_digits_are_a_code() {
        for text in ["", "581", "58123", "58 2", "ABCD", "５８１２", "+581", "-581", "5812\n"] {
            assert_eq!(Mcc::read(text), Err(MccError::Shape), "{text}");
        }
    }
}
