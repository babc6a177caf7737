//! What the log says of keys.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The name of a key, by its purpose: 1 to 64 letters, digits, dots, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeyName(String);

impl KeyName {
    /// Takes a name; `None` for what no key is called.
    #[must_use]
    pub fn parse(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        ((1..=64).contains(&name.len()) && name.bytes().all(allowed)).then_some(Self(name))
    }
}

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("not the name of a key"))
    }
}

/// What an operator did to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyChange {
    /// It was made, because there was none.
    Made,
    /// Another was made, to take its place once it is certified.
    Prepared,
    /// Another took its place.
    Replaced,
    /// It got another certificate.
    Certified,
    /// Its authority has taken its certificate back.
    Revoked,
    /// Whoever trusts this issuer was given a further root for it.
    RootAdded,
    /// Its secret half went from a plain file into the encrypted one.
    Encrypted,
}
