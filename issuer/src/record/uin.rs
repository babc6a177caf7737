use core::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A resident's number. How many digits it has is the schema's choice (10 by default); here it is 1 to 32 digits, so
/// that it can stand in keys and paths without escaping.
///
/// Personal data: there is no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uin(String);

/// The text is no resident's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a resident's number is 1 to {MAX_DIGITS} digits")]
pub struct NotAUin;

/// The longest reference number that the identity schema knows has 30 digits.
const MAX_DIGITS: usize = 32;

/// Digits that [`Uin::masked`] leaves readable.
const READABLE_DIGITS: usize = 4;

impl Uin {
    /// Reads a number.
    ///
    /// # Errors
    /// [`NotAUin`] for anything but 1 to 32 ASCII digits.
    pub fn parse(text: &str) -> Result<Self, NotAUin> {
        let fits = (1..=MAX_DIGITS).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAUin)
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as it may be printed on a card that others see: the last four digits, bullets for the others.
    #[must_use]
    pub fn masked(&self) -> String {
        let hidden = self.0.len().saturating_sub(READABLE_DIGITS);
        core::iter::repeat_n('•', hidden)
            .chain(self.0.chars().skip(hidden))
            .collect()
    }
}

impl fmt::Debug for Uin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uin(hidden)")
    }
}

impl TryFrom<String> for Uin {
    type Error = NotAUin;

    fn try_from(text: String) -> Result<Self, NotAUin> {
        Self::parse(&text)
    }
}

impl From<Uin> for String {
    fn from(uin: Uin) -> Self {
        uin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_digits_only() {
        assert!(Uin::parse("2345678901").is_ok());
        for text in [
            "",
            "23456 8901",
            "२३४५६७८९०१",
            "../2345678",
            "123456789012345678901234567890123",
        ] {
            assert_eq!(Uin::parse(text), Err(NotAUin));
        }
    }

    #[test]
    fn shows_four_digits_when_masked_and_none_when_debugged() {
        let uin = Uin::parse("2345678901").unwrap();
        assert_eq!(uin.masked(), "••••••8901");
        assert!(!format!("{uin:?}").contains("8901"));
    }
}
