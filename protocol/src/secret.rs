//! Values that are worth as much as a password while they live.

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest secret accepted from a peer, in bytes. Tokens that carry a signed JWT stay well below.
pub const MAX_SECRET_BYTES: usize = 8 * 1024;

/// Serialises a secret inside the one message that carries it; the type itself has no `Serialize`.
pub(crate) fn serialize_exposed<S: Serializer>(
    secret: &impl Exposed,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.exposed())
}

/// As [`serialize_exposed`], for a secret that a message may lack.
pub(crate) fn serialize_optional<S: Serializer>(
    secret: &Option<impl Exposed>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.exposed()),
        None => serializer.serialize_none(),
    }
}

/// What [`serialize_exposed`] takes.
pub(crate) trait Exposed {
    fn exposed(&self) -> &str;
}

macro_rules! secret_text {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        ///
        /// Wiped when dropped. It has no `Clone` and no `Display`, and its `Debug` shows nothing, so that it
        /// reaches a log only through a deliberate [`Self::expose`].
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub struct $name(String);

        impl $name {
            /// Takes the text of the secret; `None` when it is empty, too long or not printable ASCII.
            #[must_use]
            pub fn parse(text: impl Into<String>) -> Option<Self> {
                let secret = Self(text.into());
                let printable = secret.0.bytes().all(|byte| (0x20..0x7f).contains(&byte));
                (!secret.0.is_empty() && secret.0.len() <= MAX_SECRET_BYTES && printable).then_some(secret)
            }

            /// The secret itself, for the one place that sends, stores or compares it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }

        }

        impl Exposed for $name {
            fn exposed(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?)
                    .ok_or_else(|| serde::de::Error::custom("not a non-empty printable string"))
            }
        }
    };
}

secret_text! {
    /// The code of the pre-authorized flow, single use and short-lived ([OpenID4VCI §4.1.1]).
    ///
    /// [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1
    PreAuthorizedCode
}
secret_text! {
    /// The transaction code that the issuer gave to the resident by another channel ([OpenID4VCI §6.1]).
    ///
    /// [OpenID4VCI §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1
    TransactionCode
}
secret_text! {
    /// An access token ([RFC 6749 §1.4]).
    ///
    /// [RFC 6749 §1.4]: https://www.rfc-editor.org/rfc/rfc6749#section-1.4
    AccessToken
}
secret_text! {
    /// An authorization code, single use and short-lived ([RFC 6749 §1.3.1]).
    ///
    /// [RFC 6749 §1.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-1.3.1
    AuthorizationCode
}
secret_text! {
    /// A refresh token ([RFC 6749 §1.5]).
    ///
    /// [RFC 6749 §1.5]: https://www.rfc-editor.org/rfc/rfc6749#section-1.5
    RefreshToken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_in_debug_output() {
        let token = AccessToken::parse("very-secret").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(..)");
        assert_eq!(token.expose(), "very-secret");
    }

    #[test]
    fn refuses_empty_oversized_and_unprintable_secrets() {
        assert!(AccessToken::parse("").is_none());
        assert!(AccessToken::parse("a\nb").is_none());
        assert!(AccessToken::parse("a".repeat(MAX_SECRET_BYTES + 1)).is_none());
    }
}
