use core::fmt;

use symbolon_crypto::UnixTime;
use thiserror::Error;
use time::{Date, Month, OffsetDateTime};

/// A day of the Gregorian calendar that exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(Date);

/// The text is no date, or a day that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a date of the calendar")]
pub struct NotADate;

impl CalendarDate {
    /// A date from its parts.
    ///
    /// # Errors
    /// [`NotADate`] when there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, NotADate> {
        if !(1..=9999).contains(&year) {
            return Err(NotADate);
        }
        let month = Month::try_from(month).map_err(|_| NotADate)?;
        Date::from_calendar_date(year, month, day)
            .map(Self)
            .map_err(|_| NotADate)
    }

    /// The UTC day of `time`.
    ///
    /// # Errors
    /// [`NotADate`] outside the years 1 to 9999.
    pub fn of(time: UnixTime) -> Result<Self, NotADate> {
        let date = OffsetDateTime::from_unix_timestamp(time.seconds())
            .map_err(|_| NotADate)?
            .date();
        Self::new(date.year(), u8::from(date.month()), date.day())
    }

    /// Reads `yyyy/MM/dd`, `yyyy-MM-dd` and `dd-MM-yyyy`, which cannot be taken for one another.
    ///
    /// `dd/MM/yyyy` is refused: `MM/dd/yyyy` looks the same.
    ///
    /// # Errors
    /// [`NotADate`] for any other text and for days that do not exist.
    pub fn parse(text: &str) -> Result<Self, NotADate> {
        let dashed = text.contains('-');
        let mut parts = text.split(if dashed { '-' } else { '/' });
        let (Some(first), Some(month), Some(last), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotADate);
        };
        match (first.len(), last.len()) {
            (4, 2) => Self::new(
                i32::from(digits(first, 4)?),
                narrow(digits(month, 2)?)?,
                narrow(digits(last, 2)?)?,
            ),
            (2, 4) if dashed => Self::new(
                i32::from(digits(last, 4)?),
                narrow(digits(month, 2)?)?,
                narrow(digits(first, 2)?)?,
            ),
            _ => Err(NotADate),
        }
    }

    /// Year, 1 to 9999.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.year()
    }

    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        u8::from(self.0.month())
    }

    /// Day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.0.day()
    }

    /// `yyyy/MM/dd`, as ID records hold it.
    #[must_use]
    pub fn slashed(self) -> String {
        format!("{:04}/{:02}/{:02}", self.year(), self.month(), self.day())
    }

    /// `yyyy-MM-dd`, as ISO 8601 and credentials have it.
    #[must_use]
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }

    /// `yyyyMMdd`, as Claim 169 has it.
    #[must_use]
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year(), self.month(), self.day())
    }

    /// Completed years on `day`; 0 before birth. Who was born on 29 February turns a year older on 1 March of a
    /// common year.
    #[must_use]
    pub fn age_on(self, day: Self) -> u16 {
        let years =
            day.year() - self.year() - i32::from((day.month(), day.day()) < (self.month(), self.day()));
        u16::try_from(years).unwrap_or(0)
    }

    /// The date this many days earlier, or the first of year 1.
    #[must_use]
    pub fn days_earlier(self, days: u32) -> Self {
        self.0
            .checked_sub(time::Duration::days(i64::from(days)))
            .and_then(|date| Self::new(date.year(), u8::from(date.month()), date.day()).ok())
            .unwrap_or(self)
    }
}

fn digits(text: &str, count: usize) -> Result<u16, NotADate> {
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| NotADate)
    } else {
        Err(NotADate)
    }
}

fn narrow(value: u16) -> Result<u8, NotADate> {
    u8::try_from(value).map_err(|_| NotADate)
}

/// Hidden: a date of birth is personal data.
impl fmt::Debug for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CalendarDate(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_notations_that_cannot_be_confused() {
        let expected = CalendarDate::new(1987, 11, 25);
        for text in ["1987/11/25", "1987-11-25", "25-11-1987"] {
            assert!(CalendarDate::parse(text) == expected, "{text}");
        }
    }

    #[test]
    fn refuses_days_that_do_not_exist_and_notations_that_could_be_confused() {
        for text in [
            "2023/02/29",
            "31-04-2000",
            "25/11/1987",
            "1987/1/5",
            "",
            "0000/01/01",
            "19870/1/1",
            "+987/11/25",
        ] {
            assert!(CalendarDate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_completed_years() {
        let born = CalendarDate::new(2008, 2, 29).unwrap();
        let on = |y, m, d| born.age_on(CalendarDate::new(y, m, d).unwrap());
        assert_eq!(on(2026, 2, 28), 17);
        assert_eq!(on(2026, 3, 1), 18);
        assert_eq!(on(2000, 1, 1), 0);
    }
}
