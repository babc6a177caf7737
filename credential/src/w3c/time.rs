//! `dateTimeStamp` ([VCDM 2.0 §4.9 and §B](https://www.w3.org/TR/vc-data-model-2.0/#representing-time),
//! [XML Schema 1.1 §3.4.28](https://www.w3.org/TR/xmlschema11-2/#dateTimeStamp)).

use core::time::Duration;

use symbolon_crypto::UnixTime;
use thiserror::Error;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Whether a time said its offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeZone {
    /// `Z`, or an offset.
    Stated,
    /// Nothing: to be read as UTC, and not to be issued.
    Missing,
}

/// A moment, as a document writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTimeStamp {
    /// To the second.
    pub time: UnixTime,
    /// Whether it said its offset.
    pub zone: TimeZone,
    /// The digits of the fraction of a second, without the zeros at their end.
    fraction: String,
}

/// No `dateTimeStamp`, or one outside of the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a dateTimeStamp")]
pub struct InvalidDateTime;

impl DateTimeStamp {
    /// Reads a `dateTimeStamp`, or a `dateTime` without an offset.
    ///
    /// # Errors
    /// [`InvalidDateTime`].
    pub fn parse(text: &str) -> Result<Self, InvalidDateTime> {
        let (date, time_and_zone) = text.split_once('T').ok_or(InvalidDateTime)?;
        if !matches_shape(date, "0000-00-00") {
            return Err(InvalidDateTime);
        }
        let end_of_time = time_and_zone.find(['Z', '+', '-']).unwrap_or(time_and_zone.len());
        let (time, zone) = time_and_zone.split_at(end_of_time);
        let (clock, fraction) = match time.split_once('.') {
            Some((clock, digits)) if is_digits(digits) => (clock, digits.trim_end_matches('0')),
            Some(_) => return Err(InvalidDateTime),
            None => (time, ""),
        };
        if !matches_shape(clock, "00:00:00") || clock.ends_with(":60") {
            return Err(InvalidDateTime);
        }
        let (offset, zone) = match zone {
            "" => ("Z", TimeZone::Missing),
            "Z" => ("Z", TimeZone::Stated),
            offset if is_offset(offset) => (offset, TimeZone::Stated),
            _ => return Err(InvalidDateTime),
        };
        // The end of a day may be written as its 24th hour.
        let (clock, later) = match clock {
            "24:00:00" if fraction.is_empty() => ("00:00:00", DAY),
            clock => (clock, Duration::ZERO),
        };
        let time =
            UnixTime::parse_rfc3339(&format!("{date}T{clock}{offset}")).map_err(|_| InvalidDateTime)?;
        Ok(Self {
            time: time.plus(later),
            zone,
            fraction: fraction.to_owned(),
        })
    }

    /// Whether this is a later moment than `other`, fractions included.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        // Without zeros at the end, fractions sort as texts do.
        (self.time, &self.fraction) > (other.time, &other.fraction)
    }
}

/// `+hh:mm` or `-hh:mm`, fourteen hours at most.
fn is_offset(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    matches_shape(rest, "00:00") && (rest <= "13:59" || rest == "14:00")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits where the shape has a zero, and the shape's character elsewhere.
fn matches_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}
