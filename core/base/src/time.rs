//! A point in time, and the calendar of the law (UTC+8).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// UTC milliseconds since 1970. `Instant` in Kotlin, `Date` in Swift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Timestamp, i64, { lower: |time| time.as_ms(), try_lift: |value| Ok(Timestamp::from_ms(value)) });

const DAY_MS: i64 = 86_400_000;
const CHINA_MS: i64 = 8 * 3_600_000;

impl Timestamp {
    /// From milliseconds since 1970, UTC.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(1_500).as_seconds(), 1);
    /// ```
    pub const fn from_ms(ms: i64) -> Timestamp {
        Timestamp(ms)
    }

    /// Milliseconds since 1970, UTC.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(1_500).as_ms(), 1_500);
    /// ```
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(-1).as_seconds(), -1);
    /// ```
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Later by `ms` milliseconds (earlier when negative); stops at the ends of the range.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(i64::MAX).plus_ms(1), Timestamp::from_ms(i64::MAX));
    /// ```
    pub const fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this time.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(30).since(Timestamp::from_ms(10)), 20);
    /// ```
    pub const fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar day of the law, counted from 1970-01-01 in UTC+8. Day limits reset with it.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// // 16:00 in UTC is the next midnight in China.
    /// assert_eq!(Timestamp::from_ms(16 * 3_600_000).china_day(), 1);
    /// ```
    pub const fn china_day(self) -> i64 {
        self.0.saturating_add(CHINA_MS).div_euclid(DAY_MS)
    }

    /// The first moment of the next day in UTC+8.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(0).china_day_end(), Timestamp::from_ms(16 * 3_600_000));
    /// ```
    pub const fn china_day_end(self) -> Timestamp {
        Timestamp(self.china_day().saturating_add(1).saturating_mul(DAY_MS).saturating_sub(CHINA_MS))
    }

    /// The first moment of the next year in UTC+8; the last moment there is when that is beyond every calendar.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(0).china_year_end().china_text(), "1971-01-01 00:00:00");
    /// ```
    pub fn china_year_end(self) -> Timestamp {
        let first = NaiveDate::from_ymd_opt(self.china_year().saturating_add(1), 1, 1).and_then(|date| date.and_hms_opt(0, 0, 0));
        first.map_or(Timestamp(i64::MAX), |time| Timestamp(time.and_utc().timestamp_millis().saturating_sub(CHINA_MS)))
    }

    /// Year and month in UTC+8, as `202611`.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(0).china_month(), 197_001);
    /// ```
    pub fn china_month(self) -> i32 {
        match self.china() {
            Some(time) => time.year().saturating_mul(100).saturating_add(time.month() as i32),
            None => 0,
        }
    }

    /// Year in UTC+8.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(-1).china_year(), 1970);
    /// ```
    pub fn china_year(self) -> i32 {
        self.china().map_or(0, |time| time.year())
    }

    /// The date in UTC+8.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(0).china_date().unwrap().to_string(), "1970-01-01");
    /// ```
    pub fn china_date(self) -> Option<NaiveDate> {
        self.china().map(|time| time.date_naive())
    }

    fn china(self) -> Option<DateTime<FixedOffset>> {
        let zone = FixedOffset::east_opt(8 * 3600)?;
        DateTime::<Utc>::from_timestamp_millis(self.0).map(|time| time.with_timezone(&zone))
    }

    /// `2026-11-22T04:19:09.000Z`; a time outside the calendar is shown as its number.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(0).rfc3339(), "1970-01-01T00:00:00.000Z");
    /// ```
    pub fn rfc3339(self) -> String {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
            None => format!("{}ms", self.0),
        }
    }

    /// `2026-11-22 12:19:09` in UTC+8, for receipts and terminals.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// assert_eq!(Timestamp::from_ms(0).china_text(), "1970-01-01 08:00:00");
    /// ```
    pub fn china_text(self) -> String {
        match self.china() {
            Some(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => format!("{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_turn_at_beijing_midnight() {
        let before = Timestamp::from_ms(1_795_276_799_999);
        assert_eq!(before.china_text(), "2026-11-21 23:59:59");
        assert_eq!(before.plus_ms(1).china_day(), before.china_day() + 1);
        assert_eq!(before.china_month(), 202_611);
    }

    #[test]
    fn extremes_do_not_panic() {
        for ms in [i64::MIN, i64::MAX, 0] {
            let time = Timestamp::from_ms(ms);
            let _ = (time.rfc3339(), time.china_text(), time.china_month(), time.plus_ms(i64::MAX));
        }
    }
}
