//! Dates on instruments: a month or a day that a stroke could turn into another one gets 零 in front.
//!
//! Rule: clause 5 of the annex named in the [module](super). 壹, 贰 and 壹拾 as months, 壹 to 玖, 壹拾, 贰拾 and 叁拾 as
//! days take 零; 拾壹 to 拾玖 are written 壹拾壹 to 壹拾玖.

use super::CapitalError;
use crate::day::Day;
use crate::hidden_in_code;
use kabao_base::numerals::CAPITAL;

/// A day as an instrument carries it, its year digit by digit.
///
/// # Errors
/// [`CapitalError::Overflow`] for a year that does not have four digits; [`CapitalError::Malformed`] for a day that the
/// calendar does not have.
///
/// # Examples
/// ```
/// use kabao_codes::{Day, capital::dates};
/// assert_eq!(dates::make(Day { year: 2026, month: 2, day: 12 }).unwrap(), "贰零贰陆年零贰月壹拾贰日");
/// ```
pub fn make(day: Day) -> Result<String, CapitalError> {
    if !(1000..=9999).contains(&day.year) {
        return Err(CapitalError::Overflow);
    }
    let day = Day::new(day.year, day.month, day.day).ok_or(CapitalError::Malformed)?;
    let year: String = [1000, 100, 10, 1].iter().map(|place| CAPITAL.digit(u128::from(day.year.unsigned_abs() / place))).collect();
    Ok(format!("{year}年{}", make_month_and_day(day.month, day.day)?))
}

/// Month and day as an instrument carries them after a printed year.
///
/// # Errors
/// [`CapitalError::Malformed`] for a day that no year has.
///
/// # Examples
/// ```
/// use kabao_codes::capital::dates::make_month_and_day;
/// assert_eq!(make_month_and_day(10, 20).unwrap(), "零壹拾月零贰拾日");
/// assert!(make_month_and_day(2, 30).is_err());
/// ```
pub fn make_month_and_day(month: u32, day: u32) -> Result<String, CapitalError> {
    // 2000 had a 29 February.
    Day::new(2000, month, day).ok_or(CapitalError::Malformed)?;
    let zero = |wanted: bool| if wanted { "零" } else { "" };
    let month_zero = zero(matches!(month, 1 | 2 | 10));
    let day_zero = zero(matches!(day, 1..=10 | 20 | 30));
    let words = |value: u32| CAPITAL.whole(u128::from(value), &mut || false);
    Ok(format!("{month_zero}{}月{day_zero}{}日", words(month), words(day)))
}

/// Reads a whole date in capitals. 零 before 叁月 to 玖月 and before 壹拾壹月 and 壹拾贰月 is not asked for and is read.
///
/// # Errors
/// [`CapitalError::Everyday`] for everyday numerals, [`CapitalError::Malformed`] for what the rule would not write, a
/// missing 零 included: such an instrument is returned by the bank.
///
/// # Examples
/// ```
/// use kabao_codes::capital::{CapitalError, dates};
/// assert_eq!(dates::read("贰零贰陆年零壹月壹拾伍日").unwrap().iso(), "2026-01-15");
/// assert_eq!(dates::read("贰零贰陆年壹月壹拾伍日"), Err(CapitalError::Malformed));
/// ```
pub fn read(text: &str) -> Result<Day, CapitalError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CapitalError::Empty);
    }
    if text.chars().take(21).count() > 20 {
        return Err(CapitalError::TooLong);
    }
    if hidden_in_code(text).is_some() {
        return Err(CapitalError::Hidden);
    }
    if text.chars().any(|character| "0123456789０１２３４５６７８９〇一二三四五六七八九十".contains(character)) {
        return Err(CapitalError::Everyday);
    }
    let (year, rest) = text.split_once('年').ok_or(CapitalError::Malformed)?;
    let digits = year.chars().map(|character| CAPITAL.digits.iter().position(|known| *known == character));
    let year: i32 = digits
        .map(|digit| digit.and_then(|digit| i32::try_from(digit).ok()))
        .try_fold(0i32, |sum, digit| sum.checked_mul(10)?.checked_add(digit?))
        .filter(|_| year.chars().count() == 4)
        .ok_or(CapitalError::Malformed)?;
    let month_needs_no_zero = rest.strip_prefix('零').filter(|rest| !["壹月", "贰月", "壹拾月"].iter().any(|month| rest.starts_with(month)));
    let rest = month_needs_no_zero.unwrap_or(rest);
    (1..=12)
        .flat_map(|month| (1..=31).filter_map(move |day| Day::new(year, month, day)))
        .find(|day| make_month_and_day(day.month, day.day).is_ok_and(|spelling| spelling == rest))
        .ok_or(CapitalError::Malformed)
}
