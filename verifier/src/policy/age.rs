//! Completed years on a day of the calendar.

use symbolon_crypto::UnixTime;
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// The day of the calendar that is `offset_minutes` ahead of UTC at `now`; `None` outside the calendar.
pub(crate) fn day(now: UnixTime, offset_minutes: i16) -> Option<Date> {
    let offset = UtcOffset::from_whole_seconds(i32::from(offset_minutes) * 60).ok()?;
    OffsetDateTime::from_unix_timestamp(now.seconds())
        .ok()?
        .checked_to_offset(offset)
        .map(OffsetDateTime::date)
}

/// Reads `yyyy-MM-dd` (RFC 3339 `full-date`, ISO/IEC 18013-5 §7.2.1). Whatever is less than a day says of nobody how old they are.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// Completed years on `day`; `None` before birth. Who was born on 29 February turns a year older on 1 March of a common year: a
/// verifier that took the day before would take a minor for an adult where the law says March.
pub(crate) fn completed_years(born: Date, day: Date) -> Option<u16> {
    let birthday_to_come = (u8::from(day.month()), day.day()) < (u8::from(born.month()), born.day());
    let years = day.year() - born.year() - i32::from(birthday_to_come);
    u16::try_from(years).ok()
}
