use core::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A virtual identifier: an alias of a resident's number that the register can withdraw. 16 digits (ID-FORMATS §1).
///
/// Personal data: there is no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vid(String);

/// The text is no virtual identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a virtual identifier is {VID_DIGITS} digits")]
pub struct NotAVid;

/// Digits of a virtual identifier.
pub const VID_DIGITS: usize = 16;

impl Vid {
    /// Reads a virtual identifier.
    ///
    /// # Errors
    /// [`NotAVid`] for anything but 16 ASCII digits.
    pub fn parse(text: &str) -> Result<Self, NotAVid> {
        if text.len() == VID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAVid)
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Vid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vid(hidden)")
    }
}

impl TryFrom<String> for Vid {
    type Error = NotAVid;

    fn try_from(text: String) -> Result<Self, NotAVid> {
        Self::parse(&text)
    }
}

impl From<Vid> for String {
    fn from(vid: Vid) -> Self {
        vid.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sixteen_digits_and_never_shown() {
        let vid = Vid::parse("9876543210123456").unwrap();
        assert!(!format!("{vid:?}").contains("9876"));
        for text in ["", "987654321012345", "98765432101234567", "98765432101234x6"] {
            assert_eq!(Vid::parse(text), Err(NotAVid), "{text}");
        }
    }
}
