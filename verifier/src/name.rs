//! The names that an operator gives to relying parties and policies.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The longest name, in characters.
pub const MAX_NAME_CHARACTERS: usize = 64;

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 64 characters of a-z, 0-9 and -, and begins with a letter or a digit")]
pub struct InvalidName;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads a name: 1 to [`MAX_NAME_CHARACTERS`] characters of `a-z`, `0-9` and `-`, the first of which is no `-`. It may
            /// stand in a path, in a file's name and at the front of a command.
            ///
            /// # Errors
            /// [`InvalidName`] for any other text.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                if text.is_empty()
                    || text.len() > MAX_NAME_CHARACTERS
                    || text.starts_with('-')
                    || !text.bytes().all(allowed)
                {
                    return Err(InvalidName);
                }
                Ok(Self(text.to_owned()))
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl core::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// The name of a relying party.
    RelyingPartyName
}
name! {
    /// The name of a policy.
    PolicyName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_nothing_in_a_path_or_on_a_command_line() {
        for name in ["bank", "2nd-hand", "a"] {
            assert!(PolicyName::parse(name).is_ok(), "{name}");
        }
        for text in ["", "-v", "a/b", "..", "Bank", "a b", "ä", &"a".repeat(65)] {
            assert_eq!(RelyingPartyName::parse(text), Err(InvalidName), "{text}");
        }
    }
}
