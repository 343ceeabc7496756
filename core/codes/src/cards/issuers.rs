//! Which Chinese bank issued a card, by the beginning of its number: `issuers.txt` beside this file says whence.

use std::sync::LazyLock;

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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    count: u8,
    beginning: u64,
    length: u8,
    bank: u8,
    kind: u8,
}

struct Table {
    banks: Vec<(&'static str, &'static str)>,
    /// Sorted, so that the records of a beginning stand together.
    records: Vec<Record>,
}

const KINDS: [(&str, CardType); 4] =
    [("DC", CardType::Debit), ("CC", CardType::Credit), ("SCC", CardType::QuasiCredit), ("PC", CardType::Prepaid)];
/// The shortest and the longest beginning of the data.
const COUNTS: std::ops::RangeInclusive<u8> = 3..=10;

static TABLE: LazyLock<Table> = LazyLock::new(|| parse(include_str!("issuers.txt")));

/// A line that is none of the file is left out; a test says that there is none.
fn parse(text: &'static str) -> Table {
    let mut table = Table { banks: Vec::new(), records: Vec::new() };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((head, rest)) = line.split_once(' ') else { continue };
        let kind_and_length = KINDS.iter().zip(0u8..).find_map(|((code, _), kind)| {
            let length = head.strip_prefix(code).and_then(|length| length.parse().ok())?;
            Some((kind, length))
        });
        let Some((kind, length)) = kind_and_length else {
            table.banks.push((head, rest));
            continue;
        };
        let Some(bank) = table.banks.len().checked_sub(1).and_then(|bank| u8::try_from(bank).ok()) else { continue };
        for digits in rest.split(' ') {
            if let (Ok(beginning), Ok(count)) = (digits.parse(), u8::try_from(digits.len())) {
                table.records.push(Record { count, beginning, length, bank, kind });
            }
        }
    }
    table.records.sort_unstable();
    table
}

/// The issuer of a whole number, by its longest known beginning for numbers of its length; `None` where the data does
/// not know one, which says nothing about the card.
///
/// # Examples
/// ```
/// use kabao_codes::cards::{CardType, issuers::issuer};
/// let bank = issuer("6236688888888888888").unwrap();
/// assert_eq!((bank.bank_code.as_deref(), bank.card_type), (Some("CCB"), Some(CardType::Debit)));
/// let shared = issuer("6225160000000000").unwrap();
/// assert_eq!((shared.bank_code, shared.card_type), (None, Some(CardType::Debit)));
/// assert_eq!(issuer("1234568749"), None);
/// ```
pub fn issuer(digits: &str) -> Option<CardIssuer> {
    longest(digits, |record| usize::from(record.length) == digits.len())
}

/// The issuer of a number that is still typed, once six digits are there: what all known cards with its beginning
/// share.
///
/// # Examples
/// ```
/// use kabao_codes::cards::issuers::issuer_of_beginning;
/// assert_eq!(issuer_of_beginning("622202").unwrap().bank_name.as_deref(), Some("中国工商银行"));
/// assert_eq!(issuer_of_beginning("62220"), None);
/// ```
pub fn issuer_of_beginning(digits: &str) -> Option<CardIssuer> {
    if digits.len() < 6 { None } else { longest(digits, |record| usize::from(record.length) >= digits.len()) }
}

/// Whether a known card begins like this, or what is there is the beginning of a known beginning.
pub(super) fn is_beginning(digits: &str) -> bool {
    let longer = |record: &Record| record.beginning.to_string().starts_with(digits);
    TABLE.records.iter().any(longer) || issuer_of_beginning(digits).is_some()
}

fn longest(digits: &str, fits: impl Fn(&Record) -> bool) -> Option<CardIssuer> {
    COUNTS.rev().find_map(|count| {
        let head = digits.get(..usize::from(count)).filter(|head| head.bytes().all(|byte| byte.is_ascii_digit()))?;
        let key = (count, head.parse::<u64>().ok()?);
        let from = TABLE.records.partition_point(|record| (record.count, record.beginning) < key);
        let same = TABLE.records.get(from..)?.iter().take_while(|record| (record.count, record.beginning) == key);
        shared(same.filter(|record| fits(record)))
    })
}

/// What records have in common; `None` for no record.
fn shared<'a>(mut records: impl Iterator<Item = &'a Record>) -> Option<CardIssuer> {
    let first = records.next()?;
    let (mut bank, mut kind) = (Some(first.bank), Some(first.kind));
    for record in records {
        bank = bank.filter(|bank| *bank == record.bank);
        kind = kind.filter(|kind| *kind == record.kind);
    }
    let bank = bank.and_then(|bank| TABLE.banks.get(usize::from(bank)));
    Some(CardIssuer {
        bank_code: bank.map(|(code, _)| (*code).to_owned()),
        bank_name: bank.map(|(_, name)| (*name).to_owned()),
        card_type: kind.and_then(|kind| KINDS.get(usize::from(kind))).map(|(_, kind)| *kind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_line_of_the_data_is_read() {
        let words: usize = include_str!("issuers.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && line.as_bytes().last().is_some_and(u8::is_ascii_digit))
            .map(|line| line.split(' ').count() - 1)
            .sum();
        assert_eq!((TABLE.records.len(), TABLE.banks.len()), (words, 124));
        assert_eq!(TABLE.records.len(), 1804);
        for record in &TABLE.records {
            assert!(COUNTS.contains(&record.count) && (15..=19).contains(&record.length));
        }
    }

    #[test]
    fn what_two_issuers_share_is_said_and_no_more() {
        let mut keys: BTreeMap<(u8, u64, u8), Vec<&Record>> = BTreeMap::new();
        for record in &TABLE.records {
            keys.entry((record.count, record.beginning, record.length)).or_default().push(record);
        }
        let shared: Vec<_> = keys.values().filter(|records| records.len() > 1).collect();
        assert_eq!(shared.len(), 23);
        for records in shared {
            let digits = format!("{:0<width$}", records[0].beginning, width = usize::from(records[0].length));
            let issuer = issuer(&digits).unwrap();
            assert_eq!(issuer.bank_code, None, "{digits}");
            assert_eq!(issuer.card_type.is_some(), records.iter().all(|record| record.kind == records[0].kind));
        }
    }

    #[test]
    fn the_longest_beginning_decides_and_the_length_counts() {
        let code = |digits: &str| issuer(digits).and_then(|issuer| issuer.bank_code);
        assert_eq!(code("6215980000000000000"), issuer_of_beginning("621598").and_then(|issuer| issuer.bank_code));
        assert_eq!(code("6222021234567890123").as_deref(), Some("ICBC"));
        assert_eq!(code("62220212345678901"), None);
        assert_eq!(code("9551000000000000000").as_deref(), Some("PSBC"));
        for text in ["", "6", "62220", "é".repeat(9).as_str(), "622202😀", &"6".repeat(1 << 20)] {
            assert_eq!(code(text), None);
            let _ = (issuer_of_beginning(text), is_beginning(text));
        }
    }
}
