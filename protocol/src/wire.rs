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
        if bytes.len() > limit {
            return Err(FormRefused::TooLarge);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(FormRefused::Repeated);
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    /// Removes a parameter and returns its value.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
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
