//! Dates of birth: written `YYYYMMDD`, read in every form that deployments print.

use core::fmt;

use thiserror::Error;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateOfBirth {
    year: u16,
    month: u8,
    day: u8,
}

/// There is no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a date")]
pub struct InvalidDateOfBirth;

impl DateOfBirth {
    /// A day.
    ///
    /// # Errors
    /// [`InvalidDateOfBirth`] unless it is one, in the years 1 to 9999.
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, InvalidDateOfBirth> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if year == 0 || year > 9999 || day == 0 || day > days {
            Err(InvalidDateOfBirth)
        } else {
            Ok(Self { year, month, day })
        }
    }

    /// Reads `YYYYMMDD`, `YYYY-MM-DD` or `YYYY/MM/DD`. Forms that begin with the day are not guessed at.
    ///
    /// # Errors
    /// [`InvalidDateOfBirth`].
    pub fn parse(text: &str) -> Result<Self, InvalidDateOfBirth> {
        let digits: String = match text.len() {
            8 => text.to_owned(),
            10 => {
                let mut parts = text.splitn(3, ['-', '/']);
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(year), Some(month), Some(day))
                        if year.len() == 4
                            && month.len() == 2
                            && !text.contains('-') | !text.contains('/') =>
                    {
                        [year, month, day].concat()
                    }
                    _ => return Err(InvalidDateOfBirth),
                }
            }
            _ => return Err(InvalidDateOfBirth),
        };
        if digits.len() != 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(InvalidDateOfBirth);
        }
        let number: u32 = digits.parse().map_err(|_| InvalidDateOfBirth)?;
        let part = |value: u32| u8::try_from(value % 100).map_err(|_| InvalidDateOfBirth);
        let year = u16::try_from(number / 10_000).map_err(|_| InvalidDateOfBirth)?;
        Self::new(year, part(number / 100)?, part(number)?)
    }

    /// The year.
    #[must_use]
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// The month, from 1.
    #[must_use]
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// The day as `YYYYMMDD`, which is how Claim 169 writes it.
    #[must_use]
    pub fn compact(&self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

/// `YYYY-MM-DD`.
impl fmt::Display for DateOfBirth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_in_the_field_is_read_and_one_is_written() {
        for text in ["19840418", "1984-04-18", "1984/04/18"] {
            let date = DateOfBirth::parse(text).unwrap();
            assert_eq!((date.year(), date.month(), date.day()), (1984, 4, 18));
            assert_eq!(
                (date.compact().as_str(), date.to_string().as_str()),
                ("19840418", "1984-04-18")
            );
        }
    }

    #[test]
    fn no_day_is_guessed() {
        for text in [
            "",
            "1984",
            "18-04-1984",
            "18/04/1984",
            "1984-13-01",
            "19840230",
            "1984-04/18",
            "1984041",
            "198404180",
            "+9840418",
            "1984--4-18",
            "१९८४०४१८",
        ] {
            assert_eq!(DateOfBirth::parse(text), Err(InvalidDateOfBirth), "{text}");
        }
        assert!(DateOfBirth::parse("20000229").is_ok());
        assert!(DateOfBirth::parse("19000229").is_err());
    }
}
