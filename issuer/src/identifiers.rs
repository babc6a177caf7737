//! Names of the things an issuer keeps. Each is parsed once, at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use thiserror::Error;

pub use symbolon_protocol::openid4vci::identifiers::ConfigurationId;

/// A text that is no identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a {kind}")]
pub struct IdentifierError {
    /// What was expected.
    pub kind: &'static str,
}

macro_rules! random_identifier {
    ($(#[$documentation:meta])* $name:ident, $kind:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Characters of its text.
            pub const LENGTH: usize = 32;

            /// Makes a new one of 128 random bits.
            ///
            /// # Errors
            /// When there is no randomness.
            pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
                Ok(Self(hexadecimal(&random_bytes::<16>(randomness)?)))
            }

            /// The identifier as text: 32 lower-case hexadecimal digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                if text.len() == Self::LENGTH && text.bytes().all(digit) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdentifierError { kind: $kind })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentifierError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

random_identifier! {
    /// An offer in the issuer's book. Whoever knows it knows nothing of the offer's secrets, so operators may pass it on.
    OfferId, "offer identifier"
}

random_identifier! {
    /// Where an offer by reference is fetched ([OpenID4VCI §4.1.3]); knowing it is the right to read the offer.
    ///
    /// [OpenID4VCI §4.1.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.3
    OfferAddress, "address of an offer"
}

random_identifier! {
    /// An issued credential in the issuer's books. It never appears in the credential itself.
    CredentialId, "credential identifier"
}

random_identifier! {
    /// A credential that an operator has to approve ([OpenID4VCI §9]). Only the wallet that asked for it may use it.
    ///
    /// [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9
    TransactionId, "transaction identifier"
}

random_identifier! {
    /// One credential response, of which a wallet tells what became of it ([OpenID4VCI §11]).
    ///
    /// [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11
    NotificationId, "notification identifier"
}

random_identifier! {
    /// The tokens that came of one authorization code: they end together.
    FamilyId, "token family"
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_one_spelling() {
        assert!("0123456789abcdef0123456789abcdef".parse::<OfferId>().is_ok());
        assert!("0123456789ABCDEF0123456789abcdef".parse::<OfferId>().is_err());
        assert!("0123456789abcdef".parse::<CredentialId>().is_err());
    }
}
