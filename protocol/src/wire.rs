//! What every wire type of this crate shares: bounded JSON, forms without repeated parameters, error codes.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;

/// Why a JSON document of a peer was refused before its members were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum JsonRefused {
    #[error("the document is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the document is not the JSON that the specification describes")]
    Malformed,
}

/// Parses `bytes` as a JSON object of at most `limit` bytes, without duplicate members, deep nesting or trailing bytes.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, JsonRefused> {
    if bytes.len() > limit {
        return Err(JsonRefused::TooLarge { limit });
    }
    // Every document of these specifications is an object. Read straight into a type, an array of the members'
    // values would pass as well.
    let budget = JsonBudget {
        bytes: limit,
        ..JsonBudget::DEFAULT
    };
    let members: Map<String, Value> = json::parse(bytes, budget).map_err(|_| JsonRefused::Malformed)?;
    serde_json::from_value(Value::Object(members)).map_err(|_| JsonRefused::Malformed)
}

/// The most parameters of a form or of a query. Requests of these protocols have about a dozen.
const MAX_PARAMETERS: usize = 64;

/// Why a form was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormRefused {
    TooLarge,
    Repeated,
}

/// The parameters of an `application/x-www-form-urlencoded` body. A repeated parameter is refused, because two
/// readers would take two different values ([RFC 6749 §3.2]).
///
/// [RFC 6749 §3.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.2
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(bytes: &[u8], limit: usize) -> Result<Self, FormRefused> {
        Self::parse_with_repeatable(bytes, limit, &[])
    }

    /// As [`Form::parse`], where the parameters named in `repeatable` may come more than once.
    pub(crate) fn parse_with_repeatable(
        bytes: &[u8],
        limit: usize,
        repeatable: &[&str],
    ) -> Result<Self, FormRefused> {
        if bytes.len() > limit {
            return Err(FormRefused::TooLarge);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(FormRefused::TooLarge);
            }
            let is_known = parameters.iter().any(|(known, _)| *known == name);
            if is_known && !repeatable.contains(&&*name) {
                return Err(FormRefused::Repeated);
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    /// Removes a parameter and returns its value.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// As [`Form::take`], for the endpoints of OAuth, where a parameter without a value counts as left out
    /// ([RFC 6749 §3.1, §3.2]).
    ///
    /// [RFC 6749 §3.1, §3.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
    pub(crate) fn take_value(&mut self, name: &str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    /// Removes every occurrence of a parameter that may come more than once, and returns the values.
    pub(crate) fn take_values(&mut self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        while let Some(value) = self.take(name) {
            if !value.is_empty() {
                values.push(value);
            }
        }
        values
    }

    /// Puts a parameter in, as if it had come with the form.
    pub(crate) fn put(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// A form of no parameters.
    pub(crate) const fn empty() -> Self {
        Self(Vec::new())
    }
}

/// Declares an enum of protocol error codes together with their wire strings. A code that is not known reads as
/// `Unrecognised`, because extensions add codes and the peer's text must not travel further than this.
macro_rules! error_codes {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $wire:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$inner])* $variant,)+
            /// A code that this crate does not know; never sent.
            Unrecognised,
        }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The string on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Unrecognised => "invalid_request",
                }
            }

            /// Reads the string on the wire.
            #[must_use]
            pub fn from_wire(text: &str) -> Self {
                match text {
                    $($wire => Self::$variant,)+
                    _ => Self::Unrecognised,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from_wire(&text))
            }
        }
    };
}
pub(crate) use error_codes;
