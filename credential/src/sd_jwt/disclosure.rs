//! Disclosures ([RFC 9901 §4.2](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2)).

use serde_json::Value;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::json::{self, JsonBudget};

use super::digest::DigestAlgorithm;
use super::parse::SdJwtParseError;
use super::{ELEMENT, SD};

/// A disclosure: the cleartext of one claim, as a slice of the text it came in.
#[derive(Clone, PartialEq)]
pub struct Disclosure<'a> {
    encoded: &'a str,
    digest: String,
    salt: String,
    name: Option<String>,
    value: Value,
}

impl<'a> Disclosure<'a> {
    /// Reads the disclosure at `position` of its SD-JWT and computes its digest, once.
    pub(super) fn parse(
        encoded: &'a str,
        position: usize,
        algorithm: DigestAlgorithm,
        budget: JsonBudget,
    ) -> Result<Self, SdJwtParseError> {
        let malformed = SdJwtParseError::MalformedDisclosure { position };
        let bytes = base64url::decode(encoded).map_err(|_| malformed.clone())?;
        let parsed = json::parse_value(&bytes, budget).map_err(|source| match source {
            json::JsonError::OverBudget => SdJwtParseError::OverBudget,
            _ => malformed.clone(),
        })?;
        let Value::Array(elements) = parsed else {
            return Err(malformed);
        };
        let mut elements = elements.into_iter();
        let (salt, name, value) = match (elements.next(), elements.next(), elements.next(), elements.next()) {
            (Some(Value::String(salt)), Some(value), None, None) => (salt, None, value),
            (Some(Value::String(salt)), Some(Value::String(name)), Some(value), None) => {
                (salt, Some(name), value)
            }
            _ => return Err(malformed),
        };
        // RFC 9901 §7.1 step 3.c.2.3: such a claim would be taken for digests by whoever processes the result.
        if matches!(name.as_deref(), Some(SD | ELEMENT)) {
            return Err(SdJwtParseError::ReservedClaimName { position });
        }
        Ok(Self {
            encoded,
            digest: algorithm.digest(encoded),
            salt,
            name,
            value,
        })
    }

    /// The disclosure as it travels: base64url text.
    #[must_use]
    pub const fn encoded(&self) -> &'a str {
        self.encoded
    }

    /// Its digest, base64url.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The salt, as text.
    #[must_use]
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// The claim's name; `None` for an array element.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The claim's value, in which further digests may stand.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }
}

/// Without the claim, which is personal data.
impl core::fmt::Debug for Disclosure<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Disclosure")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
