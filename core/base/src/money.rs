//! Money is a count of minor units (fen, cent) and a currency. Every operation is checked.

use crate::currency::Currency;
use crate::fold::{FoldError, FoldKind, fold};
use crate::language::Language;
use serde::{Deserialize, Serialize};

/// Why an amount was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Nothing was typed.
    #[error("the amount is empty")]
    Empty,
    /// Not an amount: other characters than digits and one decimal point.
    #[error("this is not an amount")]
    Malformed,
    /// A minus sign.
    #[error("the amount is negative")]
    Negative,
    /// More decimals than the currency has (12.345 yuan).
    #[error("more decimals than the currency has")]
    TooManyDecimals,
    /// Does not fit, or a sum does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// A hidden character (zero-width, bidirectional, control).
    #[error("the amount holds a hidden character")]
    HiddenCharacter,
    /// Two amounts of different currencies were put together.
    #[error("the currencies differ")]
    CurrencyMismatch,
    /// A currency that the wallet does not know.
    #[error("the currency is not known")]
    UnknownCurrency,
}

/// An amount in minor units (fen for CNY). May be negative where a difference is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Money {
    /// Count of minor units: 2350 is 23.50 yuan.
    pub minor: i64,
    /// The currency of the count.
    pub currency: Currency,
}

impl Money {
    /// An amount of renminbi in fen.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Money;
    /// assert_eq!(Money::fen(2350).plain(), "23.50");
    /// ```
    pub const fn fen(minor: i64) -> Money {
        Money { minor, currency: Currency::Cny }
    }

    /// Reads what a person typed: `23.50`, `1,000`, `２３．５`. The decimal mark is a point, a
    /// comma groups by three, and a currency sign may stand before. Nothing is rounded.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Currency, Money};
    /// assert_eq!(Money::parse("1,000", Currency::Cny), Ok(Money::fen(100_000)));
    /// assert!(Money::parse("1.234", Currency::Cny).is_err());
    /// ```
    pub fn parse(text: &str, currency: Currency) -> Result<Money, MoneyError> {
        let folded = fold(text, FoldKind::Amount).map_err(|error| match error {
            FoldError::Empty => MoneyError::Empty,
            FoldError::TooLong => MoneyError::Overflow,
            FoldError::Hidden { .. } => MoneyError::HiddenCharacter,
            FoldError::NotDigits => MoneyError::Malformed,
        })?;
        if folded.starts_with('-') {
            return Err(MoneyError::Negative);
        }
        let (whole, part) = match folded.split_once('.') {
            Some((whole, part)) => (whole, part),
            None => (folded.as_str(), ""),
        };
        let whole = ungroup(whole).ok_or(MoneyError::Malformed)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&whole) || !digits(part) || (whole.is_empty() && part.is_empty()) {
            return Err(MoneyError::Malformed);
        }
        let decimals = currency.decimals() as usize;
        if part.len() > decimals {
            return Err(MoneyError::TooManyDecimals);
        }
        let joined = format!("{whole}{part:0<decimals$}");
        let minor = joined.parse::<i64>().map_err(|_| MoneyError::Overflow)?;
        Ok(Money { minor, currency })
    }

    /// Sum of two amounts of one currency.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Money;
    /// assert_eq!(Money::fen(1).plus(Money::fen(2)), Ok(Money::fen(3)));
    /// assert!(Money::fen(i64::MAX).plus(Money::fen(1)).is_err());
    /// ```
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        self.same(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// Difference of two amounts of one currency; may be negative.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Money;
    /// assert_eq!(Money::fen(1).minus(Money::fen(2)), Ok(Money::fen(-1)));
    /// ```
    pub fn minus(self, other: Money) -> Result<Money, MoneyError> {
        self.same(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    fn same(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch) }
    }

    /// Plain digits with a decimal point and no sign of currency: `23.50`, `-0.05`.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Money;
    /// assert_eq!(Money::fen(-5).plain(), "-0.05");
    /// ```
    pub fn plain(self) -> String {
        let decimals = self.currency.decimals() as usize;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        let minus = if self.minor < 0 { "-" } else { "" };
        if decimals == 0 { format!("{minus}{whole}") } else { format!("{minus}{whole}.{part}") }
    }

    /// As a screen shows it: sign, groups of three, decimals: `¥1,234.50`, `-¥0.05`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_base::Money::fen(123_450).text(), "¥1,234.50");
    /// ```
    pub fn text(self) -> String {
        let plain = self.plain();
        let unsigned = plain.trim_start_matches('-');
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let minus = if self.minor < 0 { "-" } else { "" };
        let dot = if part.is_empty() { "" } else { "." };
        format!("{minus}{}{grouped}{dot}{part}", self.currency.sign())
    }

    /// What a screen shows, and what a screen reader says in the person's language. With [`Money::text`] and
    /// [`Money::spoken`] the only place where money becomes text.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Language, Money};
    /// assert_eq!(Money::fen(1250).view(Language::ZhCn).spoken, "十二元五角");
    /// ```
    pub fn view(self, language: Language) -> MoneyView {
        MoneyView { minor: self.minor, currency: self.currency, text: self.text(), spoken: self.spoken(language) }
    }
}

/// Removes grouping commas when they group by three; `None` when they stand elsewhere, because
/// `12,50` may mean twelve and a half to the person who typed it.
fn ungroup(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let mut parts = whole.split(',');
    let first = parts.next()?;
    let grouped = (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3);
    grouped.then(|| whole.replace(',', ""))
}

/// An amount ready for a screen and for a screen reader.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MoneyView {
    /// Count of minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
    /// As shown: `¥1,234.50`.
    pub text: String,
    /// As read aloud in the person's language: `一千二百三十四元五角`.
    pub spoken: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(text: &str) -> Result<i64, MoneyError> {
        Money::parse(text, Currency::Cny).map(|money| money.minor)
    }

    #[test]
    fn reads_what_people_type() {
        let cases = [
            ("23.50", 2350), ("23.5", 2350), ("23", 2300), ("0.01", 1), (".5", 50), ("98.", 9800),
            ("1,234,567.89", 123_456_789), ("２３．５０", 2350), (" ¥ 20 ", 2000), ("￥20", 2000),
        ];
        for (text, minor) in cases {
            assert_eq!(cny(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn refuses_by_name() {
        let cases = [
            ("", MoneyError::Empty), ("12.345", MoneyError::TooManyDecimals), ("-1", MoneyError::Negative),
            ("−1", MoneyError::Negative), ("12,50", MoneyError::Malformed), ("1.2.3", MoneyError::Malformed),
            ("1e3", MoneyError::Malformed), (".", MoneyError::Malformed), ("十", MoneyError::Malformed),
            ("92233720368547758.08", MoneyError::Overflow), ("1\u{200b}0", MoneyError::HiddenCharacter),
            ("\u{202e}10", MoneyError::HiddenCharacter), ("99999999999999999999", MoneyError::Overflow),
        ];
        for (text, error) in cases {
            assert_eq!(cny(text), Err(error), "{text:?}");
        }
        assert_eq!(cny(&"9".repeat(1 << 20)), Err(MoneyError::Overflow));
    }

    #[test]
    fn shows_and_says() {
        let view = Money::fen(123_450).view(Language::ZhCn);
        assert_eq!((view.text.as_str(), view.spoken.as_str()), ("¥1,234.50", "一千二百三十四元五角"));
        assert_eq!(Money::fen(123_450).view(Language::En).spoken, "one thousand two hundred thirty-four yuan and fifty fen");
        assert_eq!(Money::fen(-5).text(), "-¥0.05");
        assert_eq!(Money::fen(i64::MIN).plain(), "-92233720368547758.08");
        assert_eq!(Money { minor: 1200, currency: Currency::Jpy }.text(), "JP¥1,200");
        assert_eq!(Money { minor: 1200, currency: Currency::Kwd }.text(), "KWD\u{a0}1.200");
    }

    #[test]
    fn sums_are_checked() {
        assert_eq!(Money::fen(i64::MAX).plus(Money::fen(1)), Err(MoneyError::Overflow));
        let yen = Money { minor: 1, currency: Currency::Jpy };
        assert_eq!(Money::fen(1).plus(yen), Err(MoneyError::CurrencyMismatch));
    }

    proptest::proptest! {
        #[test]
        fn plain_reads_back(minor in 0i64..=i64::MAX) {
            let money = Money::fen(minor);
            proptest::prop_assert_eq!(Money::parse(&money.plain(), Currency::Cny), Ok(money));
        }
    }
}
