//! Claim 8, `cnf` ([RFC 8747](https://www.rfc-editor.org/rfc/rfc8747)).

use ciborium::Value;

use super::cwt::integer;

/// Member of `cnf` that holds the name of a key ([RFC 8747 §3.4](https://www.rfc-editor.org/rfc/rfc8747#section-3.4)).
const KEY_ID: i64 = 3;

/// What a token says about the key of its holder. Whoever photographs a printed code has all of it, so nothing is proven by
/// it: a reader must never take it for a binding.
#[derive(Debug, Clone, PartialEq)]
pub enum Confirmation {
    /// The name of a key that the parties know.
    KeyId(Vec<u8>),
    /// A confirmation method in another form, verbatim.
    Other(Value),
}

impl Confirmation {
    pub(super) fn to_cbor(&self) -> Value {
        match self {
            Self::KeyId(key_id) => Value::Map(vec![(Value::from(KEY_ID), Value::Bytes(key_id.clone()))]),
            Self::Other(value) => value.clone(),
        }
    }

    pub(super) fn from_cbor(value: Value) -> Self {
        match value.as_map().map(Vec::as_slice) {
            Some([(key, Value::Bytes(key_id))]) if integer(key) == Some(KEY_ID) => {
                Self::KeyId(key_id.clone())
            }
            _ => Self::Other(value),
        }
    }
}
