//! The names that issuer and wallet use for one another's things.

use serde::{Deserialize, Deserializer, Serialize};

/// The longest identifier accepted from a peer, in bytes.
pub const MAX_IDENTIFIER_BYTES: usize = 512;

macro_rules! identifier_text {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// Takes an identifier; `None` when it is empty, too long or has a control character.
            #[must_use]
            pub fn parse(text: impl Into<String>) -> Option<Self> {
                let text = text.into();
                let allowed = !text.is_empty()
                    && text.len() <= MAX_IDENTIFIER_BYTES
                    && !text.chars().any(char::is_control);
                allowed.then_some(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?)
                    .ok_or_else(|| serde::de::Error::custom("not a non-empty identifier"))
            }
        }
    };
}

identifier_text! {
    /// The name of a credential configuration in the issuer's metadata.
    ConfigurationId
}
identifier_text! {
    /// The name of one credential dataset, from the token response.
    CredentialIdentifier
}
identifier_text! {
    /// Ties a wallet's notification to the issuance it speaks of.
    NotificationId
}
identifier_text! {
    /// Ties a deferred credential to its request.
    TransactionId
}
identifier_text! {
    /// A challenge of the issuer for key proofs. No secret: whoever asks gets one.
    CNonce
}
