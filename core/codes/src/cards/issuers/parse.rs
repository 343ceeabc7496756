//! Reads a table strictly: what this version does not understand is refused whole, so that a table never means less on one
//! phone than on another.

use super::{COUNTS, Issuers, KINDS, Record};
use serde::Deserialize;

/// The longest table that is read, in bytes.
const LIMIT: usize = 256 * 1024;
/// At most so many banks, and so many beginnings of all of them.
const BANKS: usize = 1_024;
const RECORDS: usize = 20_000;
/// Lengths that a card number can have.
const LENGTHS: std::ops::RangeInclusive<u8> = 13..=19;

/// Why a table was not taken. The table in use stays in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuersError {
    /// More than 256 KiB.
    #[error("the table of card beginnings is too long")]
    TooLong,
    /// Not JSON of this shape: a field is missing, unknown, twice there, or of another kind.
    #[error("the table of card beginnings cannot be read")]
    Shape,
    /// No bank, more than 1,024 of them, or more than 20,000 beginnings.
    #[error("the table of card beginnings has no rows or too many")]
    Rows,
    /// A bank's code or name is empty, too long, or has characters that it may not have.
    #[error("the table of card beginnings has a text that it may not have")]
    Text,
    /// A kind of card, a length or a beginning that cannot be, or one that stands there twice.
    #[error("the table of card beginnings has a beginning that cannot be")]
    Beginning,
    /// The version is zero, the same or lower.
    #[error("the table of card beginnings is not newer")]
    Downgrade,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    source: String,
    banks: Vec<Bank>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bank {
    code: String,
    name: String,
    cards: Vec<String>,
}

impl Issuers {
    /// Reads a table.
    ///
    /// # Errors
    /// [`IssuersError`]: what this version does not understand, or what cannot be.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::{Issuers, IssuersError};
    /// let one = r#"{"version": 2, "source": "a test", "banks": [{"code": "NEU", "name": "新银行", "cards": ["DC19 628888"]}]}"#;
    /// let bank = Issuers::parse(one.as_bytes()).unwrap().issuer("6288880000000000000").unwrap();
    /// assert_eq!(bank.bank_name.as_deref(), Some("新银行"));
    /// assert_eq!(Issuers::parse(b"{}"), Err(IssuersError::Shape));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Issuers, IssuersError> {
        if bytes.len() > LIMIT {
            return Err(IssuersError::TooLong);
        }
        let file: File = serde_json::from_slice(bytes).map_err(|_| IssuersError::Shape)?;
        if file.version == 0 {
            return Err(IssuersError::Downgrade);
        }
        if file.banks.is_empty() || file.banks.len() > BANKS {
            return Err(IssuersError::Rows);
        }
        let mut table = Issuers { version: file.version, source: text(file.source, 512)?, ..Issuers::default() };
        for (Bank { code, name, cards }, place) in file.banks.into_iter().zip(0u16..) {
            let plain = (2..=16).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            if !plain || name.chars().count() > 40 {
                return Err(IssuersError::Text);
            }
            table.banks.push((code, text(name, 160)?));
            for row in cards {
                take(&mut table.records, &row, place)?;
            }
        }
        table.records.sort_unstable();
        let twice = |pair: &[Record]| matches!(pair, [one, other] if one == other);
        if table.records.windows(2).any(twice) { Err(IssuersError::Beginning) } else { Ok(table) }
    }
}

/// `DC19 620062 620529`.
fn take(records: &mut Vec<Record>, row: &str, bank: u16) -> Result<(), IssuersError> {
    let (head, beginnings) = row.split_once(' ').ok_or(IssuersError::Beginning)?;
    let kind_and_length = KINDS.iter().zip(0u8..).find_map(|((code, _), kind)| Some((kind, number(head.strip_prefix(code)?)?)));
    let (kind, length) = kind_and_length.ok_or(IssuersError::Beginning)?;
    let length = u8::try_from(length).ok().filter(|length| LENGTHS.contains(length)).ok_or(IssuersError::Beginning)?;
    for digits in beginnings.split(' ') {
        let count = u8::try_from(digits.len()).ok().filter(|count| COUNTS.contains(count)).ok_or(IssuersError::Beginning)?;
        let beginning = number(digits).filter(|_| !digits.starts_with('0')).ok_or(IssuersError::Beginning)?;
        if records.len() >= RECORDS {
            return Err(IssuersError::Rows);
        }
        records.push(Record { count, beginning, length, bank, kind });
    }
    Ok(())
}

/// Digits and nothing beside them: no sign, as `parse` would take one.
fn number(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn text(text: String, longest: usize) -> Result<String, IssuersError> {
    let good = !text.trim().is_empty() && text.len() <= longest && crate::hidden_in_code(&text).is_none();
    if good { Ok(text) } else { Err(IssuersError::Text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn small() -> Value {
        json!({"version": 2, "source": "a test", "banks": [{"code": "NEU", "name": "新银行", "cards": ["DC19 628888 6288", "CC16 628888"]}]})
    }

    fn read(change: impl FnOnce(&mut Value)) -> Result<Issuers, IssuersError> {
        let mut table = small();
        change(&mut table);
        Issuers::parse(table.to_string().as_bytes())
    }

    #[test]
    fn what_cannot_be_is_refused_whole() {
        type Change = fn(&mut Value);
        let cards = |row: &'static str| move |table: &mut Value| table["banks"][0]["cards"][0] = json!(row);
        assert_eq!(read(|_| {}).unwrap().records.len(), 3);
        let wrong: [(IssuersError, Change); 12] = [
            (IssuersError::Shape, |table| table["tea"] = json!(1)),
            (IssuersError::Shape, |table| table["banks"][0]["tea"] = json!(1)),
            (IssuersError::Shape, |table| table["version"] = json!(-1)),
            (IssuersError::Downgrade, |table| table["version"] = json!(0)),
            (IssuersError::Rows, |table| table["banks"] = json!([])),
            (IssuersError::Rows, |table| table["banks"] = json!(vec![table["banks"][0].clone(); 1_025])),
            (IssuersError::Text, |table| table["banks"][0]["code"] = json!("neu")),
            (IssuersError::Text, |table| table["banks"][0]["name"] = json!(" ")),
            (IssuersError::Text, |table| table["banks"][0]["name"] = json!("新\u{202e}银行")),
            (IssuersError::Text, |table| table["banks"][0]["name"] = json!("新".repeat(41))),
            (IssuersError::Text, |table| table["source"] = json!("x".repeat(513))),
            (IssuersError::Beginning, |table| table["banks"][0]["cards"][1] = json!("DC19 628888")),
        ];
        for (error, change) in wrong {
            let what = { let mut table = small(); change(&mut table); table.to_string() };
            assert_eq!(read(change), Err(error), "{}", what.chars().take(200).collect::<String>());
        }
        for row in ["", "DC19", "DC19 ", "XC19 628888", "DC20 6288880", "DC12 628888", "DC19 62", "DC19 62888800000", "DC19 +28888", "DC19 ６28888", "DC19 028888", "DC19  628888", "DC+19 628888", "DC19 62888é"] {
            assert_eq!(read(cards(row)), Err(IssuersError::Beginning), "{row}");
        }
        let many: Vec<String> = (0..201u32).map(|row| (0..100u32).fold("DC19".to_owned(), |text, step| format!("{text} {}", 1_000_000 + row * 100 + step))).collect();
        assert_eq!(read(|table| table["banks"][0]["cards"] = json!(many)), Err(IssuersError::Rows));
        assert_eq!(Issuers::parse(&vec![b' '; LIMIT + 1]), Err(IssuersError::TooLong));
        assert_eq!(Issuers::parse(&vec![b'['; LIMIT]), Err(IssuersError::Shape));
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Issuers::parse(&bytes);
        }

        #[test]
        fn any_row_has_an_answer(row in ".{0,64}") {
            let _ = read(|table| table["banks"][0]["cards"][0] = json!(row));
        }
    }
}
