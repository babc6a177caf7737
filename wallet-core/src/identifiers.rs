//! What the wallet itself names: people, flows, credentials, entries of the history.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Randomness, RandomnessUnavailable};
use thiserror::Error;

/// Random bits are enough that two phones never choose the same identifier, and no identifier tells when it was made.
const IDENTIFIER_BYTES: usize = 16;

/// Text that is no identifier of this wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an identifier is 32 lower-case hexadecimal digits")]
pub struct NotAnIdentifier;

macro_rules! identifier {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; IDENTIFIER_BYTES]);

        impl $name {
            /// A fresh random identifier.
            ///
            /// # Errors
            /// [`RandomnessUnavailable`] when there is no randomness.
            pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
                let mut bytes = [0; IDENTIFIER_BYTES];
                randomness.fill(&mut bytes)?;
                Ok(Self(bytes))
            }

            /// The identifier with exactly these bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; IDENTIFIER_BYTES]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; IDENTIFIER_BYTES] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl FromStr for $name {
            type Err = NotAnIdentifier;

            fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
                parse_hexadecimal(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnIdentifier;

            fn try_from(text: String) -> Result<Self, NotAnIdentifier> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.to_string()
            }
        }
    };
}

identifier! {
    /// One run of receiving or presenting, from the link to its end. `Display` and `FromStr` are 32 hexadecimal digits.
    FlowId
}
identifier! {
    /// One credential held. `Display` and `FromStr` are 32 hexadecimal digits.
    CredentialId
}
identifier! {
    /// One entry of the history. `Display` and `FromStr` are 32 hexadecimal digits.
    HistoryId
}

identifier! {
    /// One refusal that is remembered. `Display` and `FromStr` are 32 hexadecimal digits.
    RefusalId
}

identifier! {
    /// One of the people whose credentials a phone keeps. `Display` and `FromStr` are 32 hexadecimal digits.
    PersonId
}

impl PersonId {
    /// The person whose wallet was there before there were people: whoever the phone belongs to. Everything that an earlier version
    /// stored is theirs.
    pub const FIRST: Self = Self([0; IDENTIFIER_BYTES]);
}

fn parse_hexadecimal(text: &str) -> Result<[u8; IDENTIFIER_BYTES], NotAnIdentifier> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(NotAnIdentifier),
    };
    if text.len() != IDENTIFIER_BYTES * 2 {
        return Err(NotAnIdentifier);
    }
    let mut bytes = [0; IDENTIFIER_BYTES];
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    for (target, [high, low]) in bytes.iter_mut().zip(pairs) {
        *target = digit(*high)? << 4 | digit(*low)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_survives_its_text() {
        let id = CredentialId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string(), "30313233343536373839616263646566");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn text_that_is_no_identifier_is_refused() {
        for text in [
            "",
            "30",
            "3031323334353637383961626364656G",
            "30313233343536373839616263646566 ",
            "é",
        ] {
            assert_eq!(text.parse::<FlowId>(), Err(NotAnIdentifier));
        }
    }
}
