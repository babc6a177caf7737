//! What a resident types.

use thiserror::Error;

use crate::record::{Uin, VID_DIGITS, Vid};

/// A resident's number as it was typed: a UIN, or a virtual identifier that stands for one.
///
/// Which of the two it is is not asked of the resident: sixteen digits may be either, and the register decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentNumber {
    uin: Uin,
    vid: Option<Vid>,
}

/// The text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a resident's number")]
pub struct NotANumber;

/// The longest text that is looked at: a number of 32 digits with a separator after each.
const MAX_TYPED_CHARACTERS: usize = 64;

/// The shortest number: fewer digits are a slip of the finger.
const MIN_DIGITS: usize = 4;

impl ResidentNumber {
    /// Reads what was typed: digits of any script that has decimal digits of its own here, with spaces and hyphens between
    /// them as they are printed on cards.
    ///
    /// # Errors
    /// [`NotANumber`].
    pub fn parse(typed: &str) -> Result<Self, NotANumber> {
        let digits = decimal_digits(typed, MAX_TYPED_CHARACTERS).ok_or(NotANumber)?;
        if digits.len() < MIN_DIGITS {
            return Err(NotANumber);
        }
        let uin = Uin::parse(&digits).map_err(|_| NotANumber)?;
        let vid = (digits.len() == VID_DIGITS)
            .then(|| Vid::parse(&digits).ok())
            .flatten();
        Ok(Self { uin, vid })
    }

    /// The number as a UIN.
    #[must_use]
    pub const fn uin(&self) -> &Uin {
        &self.uin
    }

    /// The number as a virtual identifier, if it has as many digits as one.
    #[must_use]
    pub const fn vid(&self) -> Option<&Vid> {
        self.vid.as_ref()
    }
}

/// The digits of a typed text as ASCII, separators left out; `None` for anything else, or for a text of more than
/// `max_characters`.
pub(super) fn decimal_digits(typed: &str, max_characters: usize) -> Option<String> {
    let mut digits = String::new();
    for (position, character) in typed.chars().enumerate() {
        if position >= max_characters {
            return None;
        }
        match character {
            // Marks of direction come along when a number is copied out of a right-to-left text.
            ' ' | '-' | '\u{a0}' | '\u{2010}'..='\u{2013}' | '\u{200e}' | '\u{200f}' | '\u{202f}' => {}
            _ => digits.push(ascii_digit(character)?),
        }
    }
    Some(digits)
}

fn ascii_digit(character: char) -> Option<char> {
    let value = u32::from(character);
    // ASCII, Arabic-Indic, its Persian forms, Devanagari, Bengali.
    [0x30, 0x660, 0x6f0, 0x966, 0x9e6].iter().find_map(|zero| {
        let digit = value.checked_sub(*zero).filter(|digit| *digit < 10)?;
        char::from_digit(digit, 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_shipped_script_are_read_with_their_separators() {
        for typed in [
            "2345678901",
            " 2345 678-901 ",
            "٢٣٤٥٦٧٨٩٠١",
            "२३४५६७८९०१",
            "\u{200f}2345678901",
        ] {
            let number = ResidentNumber::parse(typed).unwrap();
            assert_eq!(number.uin().as_str(), "2345678901", "{typed}");
            assert!(number.vid().is_none());
        }
        let number = ResidentNumber::parse("9876 5432 1012 3456").unwrap();
        assert_eq!(number.vid().unwrap().as_str(), "9876543210123456");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in [
            "",
            "   ",
            "123",
            "23456x8901",
            "²345",
            "1".repeat(33).as_str(),
            "1 ".repeat(200).as_str(),
        ] {
            assert_eq!(ResidentNumber::parse(typed), Err(NotANumber), "{typed}");
        }
    }
}
