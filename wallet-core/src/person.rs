//! Several people on one phone: a parent holds the children's credentials, a carer the ward's.

use core::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use thiserror::Error;

use crate::identifiers::PersonId;

/// One of the people whose credentials a phone keeps. What is held for them is theirs alone: a wallet speaks for one person, and
/// what another holds is neither shown nor counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The wallet's name for them.
    pub id: PersonId,
    /// What to call them on this phone; absent for the person whose wallet was there before people had names.
    pub name: Option<PersonName>,
    /// When they were added; absent for the same one.
    pub added: Option<UnixTime>,
}

impl Person {
    /// The person whose wallet was there first.
    #[must_use]
    pub const fn first() -> Self {
        Self {
            id: PersonId::FIRST,
            name: None,
            added: None,
        }
    }
}

/// What to call a person on this phone: one line of 1 to 64 characters, without white space around it. It never leaves the phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// Text that names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a person's name is one line of 1 to {MAX_NAME_CHARACTERS} characters")]
pub struct NotAName;

/// What fits into a row of a list.
const MAX_NAME_CHARACTERS: usize = 64;

impl PersonName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the name, which is personal data.
impl fmt::Debug for PersonName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PersonName").finish_non_exhaustive()
    }
}

impl FromStr for PersonName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let is_name =
            (1..=MAX_NAME_CHARACTERS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_name {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName)
        }
    }
}

impl TryFrom<String> for PersonName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!("  Aïssatou ".parse::<PersonName>().unwrap().as_str(), "Aïssatou");
        assert!("é".repeat(64).parse::<PersonName>().is_ok());
        for wrong in ["", "  ", "two\nlines", "bell\u{7}", &"é".repeat(65)] {
            assert_eq!(wrong.parse::<PersonName>(), Err(NotAName), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_is_not_printed_by_accident() {
        let person = Person {
            name: "Aissatou".parse().ok(),
            ..Person::first()
        };
        assert!(!format!("{person:?}").contains("Aissatou"));
    }
}
