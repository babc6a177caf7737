//! `scope` ([RFC 6749 §3.3]).
//!
//! [RFC 6749 §3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The longest scope that is read, in bytes.
pub const MAX_SCOPE_BYTES: usize = 4 * 1024;

/// The most values of one scope.
pub const MAX_SCOPE_VALUES: usize = 64;

/// A scope: one value or more, in their order and without repetitions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads a scope.
    ///
    /// # Errors
    /// [`InvalidScope`] when there is no value, a character is not allowed, or a budget is exceeded.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.len() > MAX_SCOPE_BYTES {
            return Err(InvalidScope);
        }
        let mut values: Vec<String> = Vec::new();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            if values.len() >= MAX_SCOPE_VALUES || !value.bytes().all(allowed) {
                return Err(InvalidScope);
            }
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
        if values.is_empty() {
            return Err(InvalidScope);
        }
        Ok(Self(values))
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether this is one of the values.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|known| known == value)
    }
}

/// The text is no scope: `invalid_scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("scope is malformed")]
pub struct InvalidScope;

impl std::fmt::Display for Scope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_once_and_in_order() {
        let scope = Scope::parse("b  a b").unwrap();
        assert_eq!(scope.to_string(), "b a");
        assert!(scope.contains("a") && !scope.contains("c"));
        assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
    }

    #[test]
    fn refuses_what_is_no_scope() {
        let many: Vec<String> = (0..=MAX_SCOPE_VALUES).map(|number| number.to_string()).collect();
        for text in [
            "",
            " ",
            "a\tb",
            "a\"",
            "a\\b",
            "é",
            &"a".repeat(MAX_SCOPE_BYTES + 1),
            &many.join(" "),
        ] {
            assert_eq!(Scope::parse(text), Err(InvalidScope), "{text}");
        }
    }
}
