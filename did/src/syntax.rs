//! The syntax of DIDs and DID URLs ([DID Core §3](https://www.w3.org/TR/did-1.0/#identifier)).

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The longest DID URL that is read, in bytes. A `did:jwk` of P-384 with every member has some 500.
pub const MAX_DID_URL_BYTES: usize = 4 * 1024;

/// A decentralized identifier, such as `did:key:z6Mk…`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Did {
    text: String,
    /// Where the method-specific identifier begins.
    identifier: usize,
}

/// A DID with whatever stands behind it: a path, a query, a fragment.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DidUrl {
    did: Did,
    /// Path and query, with their separators.
    path_and_query: String,
    fragment: Option<String>,
}

/// The text is no DID or no DID URL, or longer than [`MAX_DID_URL_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a decentralized identifier")]
pub struct InvalidDid;

impl Did {
    /// Reads a DID; nothing may stand behind it.
    ///
    /// # Errors
    /// [`InvalidDid`].
    pub fn parse(text: &str) -> Result<Self, InvalidDid> {
        if text.len() > MAX_DID_URL_BYTES {
            return Err(InvalidDid);
        }
        let (method, identifier) = text
            .strip_prefix("did:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or(InvalidDid)?;
        let method_is_valid = !method.is_empty()
            && method
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let of_identifier = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        // The last segment is not empty; those before it may be.
        let identifier_is_valid = !identifier.is_empty()
            && !identifier.ends_with(':')
            && has_only(identifier.as_bytes(), of_identifier);
        if !method_is_valid || !identifier_is_valid {
            return Err(InvalidDid);
        }
        Ok(Self {
            identifier: text.len() - identifier.len(),
            text: text.to_owned(),
        })
    }

    /// The whole DID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the method, such as `key`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.text
            .strip_prefix("did:")
            .and_then(|rest| rest.split(':').next())
            .unwrap_or_default()
    }

    /// What follows the method.
    #[must_use]
    pub fn method_specific_identifier(&self) -> &str {
        self.text.get(self.identifier..).unwrap_or_default()
    }

    /// The DID URL of this DID with `fragment`.
    ///
    /// # Errors
    /// [`InvalidDid`] when the fragment has characters that need escaping.
    pub fn with_fragment(&self, fragment: &str) -> Result<DidUrl, InvalidDid> {
        DidUrl::parse(&format!("{self}#{fragment}"))
    }
}

impl DidUrl {
    /// Reads a DID URL. A relative one, such as `#0`, is refused: it depends on where it stands.
    ///
    /// # Errors
    /// [`InvalidDid`].
    pub fn parse(text: &str) -> Result<Self, InvalidDid> {
        if text.len() > MAX_DID_URL_BYTES {
            return Err(InvalidDid);
        }
        let (before, fragment) = match text.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (text, None),
        };
        let end_of_did = before.find(['/', '?']).unwrap_or(before.len());
        let (did, path_and_query) = before.split_at(end_of_did);
        // RFC 3986: `pchar`, "/" and "?".
        let of_url = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte);
        let rest_is_valid = has_only(path_and_query.as_bytes(), of_url)
            && has_only(fragment.unwrap_or_default().as_bytes(), of_url);
        if !rest_is_valid {
            return Err(InvalidDid);
        }
        Ok(Self {
            did: Did::parse(did)?,
            path_and_query: path_and_query.to_owned(),
            fragment: fragment.map(str::to_owned),
        })
    }

    /// The DID.
    #[must_use]
    pub const fn did(&self) -> &Did {
        &self.did
    }

    /// What stands between the DID and the fragment; empty as a rule.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// What stands behind `#`.
    #[must_use]
    pub fn fragment(&self) -> Option<&str> {
        self.fragment.as_deref()
    }
}

/// Whether every byte is allowed or part of a percent escape.
fn has_only(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> bool {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if allowed(*byte) => rest,
            _ => return false,
        };
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.did, self.path_and_query)?;
        self.fragment
            .as_ref()
            .map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

impl fmt::Debug for DidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Did> for DidUrl {
    fn from(did: Did) -> Self {
        Self {
            did,
            path_and_query: String::new(),
            fragment: None,
        }
    }
}

impl FromStr for Did {
    type Err = InvalidDid;

    fn from_str(text: &str) -> Result<Self, InvalidDid> {
        Self::parse(text)
    }
}

impl FromStr for DidUrl {
    type Err = InvalidDid;

    fn from_str(text: &str) -> Result<Self, InvalidDid> {
        Self::parse(text)
    }
}

impl Serialize for Did {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for DidUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Did {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for DidUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_parts() {
        let url = DidUrl::parse("did:web:example.org%3A8443:a/path?query=1#key-1").unwrap();
        assert_eq!(url.did().method(), "web");
        assert_eq!(url.did().method_specific_identifier(), "example.org%3A8443:a");
        assert_eq!(url.path_and_query(), "/path?query=1");
        assert_eq!(url.fragment(), Some("key-1"));
    }

    #[test]
    fn refuses_what_is_no_did() {
        for text in [
            "",
            "did",
            "did:",
            "did:key",
            "did:key:",
            "did:key:a:",
            "did::a",
            "did:Key:a",
            "DID:key:a",
            "did:key:a b",
            "did:key:a%2",
            "did:key:a%zz",
            "did:key:\u{e4}",
            "did:key:a#b",
            "did:key:a/b",
            "#0",
            "https://example.org",
        ] {
            assert_eq!(Did::parse(text), Err(InvalidDid), "{text}");
        }
        for text in [
            "#0",
            "did:key:a#b#c",
            "did:key:a#b c",
            "did:key:a?\u{e4}",
            "did:key:#a",
        ] {
            assert_eq!(DidUrl::parse(text), Err(InvalidDid), "{text}");
        }
    }

    #[test]
    fn refuses_more_bytes_than_the_budget() {
        let text = format!("did:key:{}", "a".repeat(MAX_DID_URL_BYTES));
        assert_eq!(Did::parse(&text), Err(InvalidDid));
        assert_eq!(DidUrl::parse(&text), Err(InvalidDid));
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_the_same(
            text in "did:[a-z0-9]{1,4}:([a-zA-Z0-9._:-]|%[0-9A-F]{2}){0,8}[a-z](/[a-z]{0,3})?(\\?[a-z=]{0,3})?(#[a-z0-9-]{0,3})?",
        ) {
            prop_assert_eq!(DidUrl::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "(did:)?\\PC{0,40}") {
            if let Ok(url) = DidUrl::parse(&text) {
                prop_assert_eq!(url.to_string(), text);
            }
        }
    }
}
