//! A day of the calendar, without a time.

use chrono::{Datelike, NaiveDate};
use kabao_base::Timestamp;

/// A day of the Gregorian calendar that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Day {
    /// The year, `1990`.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
}

impl Day {
    /// The day, or `None` when the calendar does not have it (30 February).
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::Day;
    /// assert!(Day::new(2024, 2, 29).is_some() && Day::new(2023, 2, 29).is_none());
    /// ```
    pub fn new(year: i32, month: u32, day: u32) -> Option<Day> {
        NaiveDate::from_ymd_opt(year, month, day).map(|_| Day { year, month, day })
    }

    /// The day in China (UTC+8) at a point in time; `None` outside the calendar.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// use kabao_codes::Day;
    /// assert_eq!(Day::in_china(Timestamp::from_ms(0)), Day::new(1970, 1, 1));
    /// ```
    pub fn in_china(time: Timestamp) -> Option<Day> {
        time.china_date().map(|date| Day { year: date.year(), month: date.month(), day: date.day() })
    }

    /// `1990-03-07`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::Day::new(1990, 3, 7).unwrap().iso(), "1990-03-07");
    /// ```
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// How many years somebody who was born on this day has completed on `today`: one more on each birthday, on the
    /// first of March for who was born on the 29th of February. Nought before the birth.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::Day;
    /// let born = Day::new(2008, 11, 23).unwrap();
    /// assert_eq!(born.age_on(Day::new(2026, 11, 22).unwrap()), 17);
    /// assert_eq!(born.age_on(Day::new(2026, 11, 23).unwrap()), 18);
    /// ```
    pub fn age_on(self, today: Day) -> u32 {
        let before = (today.month, today.day) < (self.month, self.day);
        let years = today.year.saturating_sub(self.year).saturating_sub(i32::from(before));
        u32::try_from(years).unwrap_or(0)
    }

    /// Reads `yyyymmdd`.
    pub(crate) fn from_digits(digits: &str) -> Option<Day> {
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Day::new(digits.get(..4)?.parse().ok()?, digits.get(4..6)?.parse().ok()?, digits.get(6..)?.parse().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist() {
        assert_eq!(Day::new(2023, 2, 29), None);
        assert_eq!(Day::from_digits("20240229").map(Day::iso).as_deref(), Some("2024-02-29"));
        assert_eq!(Day::from_digits("2024022x"), None);
        assert_eq!(Day::from_digits("２024022"), None);
    }

    #[test]
    fn the_day_turns_in_china() {
        let before = Timestamp::from_ms(1_795_276_799_999);
        assert_eq!(Day::in_china(before).unwrap().iso(), "2026-11-21");
        assert_eq!(Day::in_china(before.plus_ms(1)).unwrap().iso(), "2026-11-22");
    }
}
