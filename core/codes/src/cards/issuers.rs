//! Which Chinese bank issued a card, by the beginning of its number: one versioned table, `issuers.json`, that people can
//! read. The wallet service can send a newer one; it is signed, and the signature is checked before the bytes come here. A
//! table names banks and types. It makes no number lawful or unlawful that is the other without it, apart from the check digit
//! that cards of its issuers may lack.
//!
//! # Fields
//! - `version`: a count from 1; a table replaces only one with a lower version.
//! - `source`: where it comes from.
//! - `banks`: `code` and `name` of each, and `cards`: `DC19 620062 620529` for the beginnings of its debit cards of nineteen
//!   digits. `DC` debit 借记卡, `CC` credit 贷记卡, `SCC` quasi-credit 准贷记卡, `PC` prepaid 预付费卡.

mod parse;

pub use parse::IssuersError;

use std::sync::{Arc, OnceLock};

/// What a card pays with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardType {
    /// 借记卡.
    Debit,
    /// 贷记卡.
    Credit,
    /// 准贷记卡: a deposit with a small credit; treated as a credit card by most rules.
    QuasiCredit,
    /// 预付费卡.
    Prepaid,
}

impl CardType {
    /// `DC`, `CC`, `SCC`, `PC`, as bank interfaces write it.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::cards::CardType::QuasiCredit.code(), "SCC");
    /// ```
    pub fn code(self) -> &'static str {
        match self {
            CardType::Debit => "DC",
            CardType::Credit => "CC",
            CardType::QuasiCredit => "SCC",
            CardType::Prepaid => "PC",
        }
    }
}

/// What a beginning says about its issuer. Where two issuers share it, what they do not share is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardIssuer {
    /// The bank's code, `ICBC`; absent where two banks share the beginning.
    pub bank_code: Option<String>,
    /// The bank's Chinese name as the data has it; absent likewise.
    pub bank_name: Option<String>,
    /// The type; absent where the beginning is used for two types.
    pub card_type: Option<CardType>,
}

/// A beginning: its digits, their count, the length of the whole number, what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    count: u8,
    beginning: u64,
    length: u8,
    bank: u16,
    kind: u8,
}

/// The table: read-only once it is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Issuers {
    version: u64,
    source: String,
    banks: Vec<(String, String)>,
    /// Sorted, so that the records of a beginning stand together.
    records: Vec<Record>,
}

const KINDS: [(&str, CardType); 4] =
    [("DC", CardType::Debit), ("CC", CardType::Credit), ("SCC", CardType::QuasiCredit), ("PC", CardType::Prepaid)];
/// The shortest and the longest beginning.
const COUNTS: std::ops::RangeInclusive<u8> = 3..=10;
static SHIPPED: &[u8] = include_bytes!("issuers.json");

impl Issuers {
    /// The table that ships with this version.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::Issuers;
    /// assert!(Issuers::shipped().version() >= 1);
    /// ```
    pub fn shipped() -> Arc<Issuers> {
        static TABLE: OnceLock<Arc<Issuers>> = OnceLock::new();
        // A test reads the same bytes; an empty table would name no bank and stop nobody.
        TABLE.get_or_init(|| Arc::new(Issuers::parse(SHIPPED).unwrap_or_default())).clone()
    }

    /// The bytes of the table that ships, as a person would read them.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::Issuers;
    /// assert!(Issuers::parse(Issuers::shipped_bytes()).is_ok());
    /// ```
    pub fn shipped_bytes() -> &'static [u8] {
        SHIPPED
    }

    /// The count of this table; a newer one has a higher one.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::cards::Issuers::default().version(), 0);
    /// ```
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where the table comes from.
    ///
    /// # Examples
    /// ```
    /// assert!(kabao_codes::cards::Issuers::shipped().source().contains("bankcardinfo"));
    /// ```
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Takes `newer` in the place of this table.
    ///
    /// # Errors
    /// [`IssuersError::Downgrade`] when its version is the same or lower: an old table would bring back what was withdrawn.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::{Issuers, IssuersError};
    /// let same = Issuers::parse(Issuers::shipped_bytes()).unwrap();
    /// assert_eq!(Issuers::shipped().replace_with(same), Err(IssuersError::Downgrade));
    /// ```
    pub fn replace_with(&self, newer: Issuers) -> Result<Issuers, IssuersError> {
        if newer.version > self.version { Ok(newer) } else { Err(IssuersError::Downgrade) }
    }

    /// The issuer of a whole number, by its longest known beginning for numbers of its length; `None` where the table does
    /// not know one, which says nothing about the card.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::{CardType, Issuers};
    /// let table = Issuers::shipped();
    /// let bank = table.issuer("6236688888888888888").unwrap();
    /// assert_eq!((bank.bank_code.as_deref(), bank.card_type), (Some("CCB"), Some(CardType::Debit)));
    /// let shared = table.issuer("6225160000000000").unwrap();
    /// assert_eq!((shared.bank_code, shared.card_type), (None, Some(CardType::Debit)));
    /// assert_eq!(table.issuer("1234568749"), None);
    /// ```
    pub fn issuer(&self, digits: &str) -> Option<CardIssuer> {
        self.longest(digits, |record| usize::from(record.length) == digits.len())
    }

    /// The issuer of a number that is still typed, once six digits are there: what all known cards with its beginning
    /// share.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::Issuers;
    /// let table = Issuers::shipped();
    /// assert_eq!(table.issuer_of_beginning("622202").unwrap().bank_name.as_deref(), Some("中国工商银行"));
    /// assert_eq!(table.issuer_of_beginning("62220"), None);
    /// ```
    pub fn issuer_of_beginning(&self, digits: &str) -> Option<CardIssuer> {
        if digits.len() < 6 { None } else { self.longest(digits, |record| usize::from(record.length) >= digits.len()) }
    }

    /// Whether a known card begins like this, or what is there is the beginning of a known beginning.
    pub(super) fn is_beginning(&self, digits: &str) -> bool {
        let longer = |record: &Record| record.beginning.to_string().starts_with(digits);
        self.records.iter().any(longer) || self.issuer_of_beginning(digits).is_some()
    }

    fn longest(&self, digits: &str, fits: impl Fn(&Record) -> bool) -> Option<CardIssuer> {
        COUNTS.rev().find_map(|count| {
            let head = digits.get(..usize::from(count)).filter(|head| head.bytes().all(|byte| byte.is_ascii_digit()))?;
            let key = (count, head.parse::<u64>().ok()?);
            let from = self.records.partition_point(|record| (record.count, record.beginning) < key);
            let same = self.records.get(from..)?.iter().take_while(|record| (record.count, record.beginning) == key);
            self.shared(same.filter(|record| fits(record)))
        })
    }

    /// What records have in common; `None` for no record.
    fn shared<'a>(&self, mut records: impl Iterator<Item = &'a Record>) -> Option<CardIssuer> {
        let first = records.next()?;
        let (mut bank, mut kind) = (Some(first.bank), Some(first.kind));
        for record in records {
            bank = bank.filter(|bank| *bank == record.bank);
            kind = kind.filter(|kind| *kind == record.kind);
        }
        let bank = bank.and_then(|bank| self.banks.get(usize::from(bank)));
        Some(CardIssuer {
            bank_code: bank.map(|(code, _)| code.clone()),
            bank_name: bank.map(|(_, name)| name.clone()),
            card_type: kind.and_then(|kind| KINDS.get(usize::from(kind))).map(|(_, kind)| *kind),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_record_of_the_data_is_read() {
        let table = Issuers::shipped();
        assert_eq!((table.records.len(), table.banks.len()), (1804, 124));
        for record in &table.records {
            assert!(COUNTS.contains(&record.count) && (15..=19).contains(&record.length));
        }
    }

    #[test]
    fn what_two_issuers_share_is_said_and_no_more() {
        let mut keys: BTreeMap<(u8, u64, u8), Vec<&Record>> = BTreeMap::new();
        let table = Issuers::shipped();
        for record in &table.records {
            keys.entry((record.count, record.beginning, record.length)).or_default().push(record);
        }
        let shared: Vec<_> = keys.values().filter(|records| records.len() > 1).collect();
        assert_eq!(shared.len(), 23);
        for records in shared {
            let digits = format!("{:0<width$}", records[0].beginning, width = usize::from(records[0].length));
            let issuer = table.issuer(&digits).unwrap();
            assert_eq!(issuer.bank_code, None, "{digits}");
            assert_eq!(issuer.card_type.is_some(), records.iter().all(|record| record.kind == records[0].kind));
        }
    }

    #[test]
    fn the_longest_beginning_decides_and_the_length_counts() {
        let table = Issuers::shipped();
        let code = |digits: &str| table.issuer(digits).and_then(|issuer| issuer.bank_code);
        assert_eq!(code("6215980000000000000"), table.issuer_of_beginning("621598").and_then(|issuer| issuer.bank_code));
        assert_eq!(code("6222021234567890123").as_deref(), Some("ICBC"));
        assert_eq!(code("62220212345678901"), None);
        assert_eq!(code("9551000000000000000").as_deref(), Some("PSBC"));
        for text in ["", "6", "62220", "é".repeat(9).as_str(), "622202😀", &"6".repeat(1 << 20)] {
            assert_eq!(code(text), None);
            let _ = (table.issuer_of_beginning(text), table.is_beginning(text));
        }
    }
}
