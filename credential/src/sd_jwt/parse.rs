//! The compact serialization ([RFC 9901 §4](https://www.rfc-editor.org/rfc/rfc9901.html#section-4)), within a budget.

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};
use symbolon_crypto::jose::jws::{CompactJws, JwsError};
use thiserror::Error;

use super::digest::DigestAlgorithm;
use super::disclosure::Disclosure;
use super::{KEY_BINDING_TYPE, SD_ALG};

/// What an SD-JWT may cost to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdJwtBudget {
    /// Length of the whole text, in bytes.
    pub bytes: usize,
    /// Number of disclosures.
    pub disclosures: usize,
    /// Objects and arrays within each other, in the payload, in a disclosure, and in the claims that come out.
    pub depth: usize,
    /// Members and elements in the payload, and in each disclosure.
    pub items: usize,
}

impl SdJwtBudget {
    /// Holds a credential with a portrait and some hundreds of claims: 1 MiB, 512 disclosures, depth 16.
    pub const DEFAULT: Self = Self {
        bytes: 1 << 20,
        disclosures: 512,
        depth: 16,
        items: 4096,
    };
}

/// Why a text is no SD-JWT that may be processed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdJwtParseError {
    /// Longer, deeper or with more disclosures than the budget allows.
    #[error("the SD-JWT is over its budget")]
    OverBudget,
    /// No `~` in the text: a plain JWT, or something else.
    #[error("not an SD-JWT: no tilde in it")]
    NotAnSdJwt,
    /// The issuer-signed JWT cannot be read.
    #[error("the issuer-signed JWT is malformed")]
    IssuerJwt(#[source] JwsError),
    /// The issuer-signed JWT's payload is no JSON object as it must be.
    #[error("the payload of the issuer-signed JWT is not a JSON object")]
    Payload,
    /// `_sd_alg` is no text or names an algorithm outside the set.
    #[error("the digest algorithm is not supported")]
    UnsupportedDigestAlgorithm,
    /// A disclosure is not base64url of a JSON array of two or three elements of the right types.
    #[error("disclosure {position} is malformed")]
    MalformedDisclosure {
        /// Which, from zero.
        position: usize,
    },
    /// A disclosure's claim is named `_sd` or `...`.
    #[error("disclosure {position} has a reserved claim name")]
    ReservedClaimName {
        /// Which, from zero.
        position: usize,
    },
    /// The key binding JWT cannot be read.
    #[error("the key binding JWT is malformed")]
    KeyBindingJwt(#[source] JwsError),
    /// The last part is a JWT, but not a key binding JWT.
    #[error("the JWT behind the disclosures is not of type {KEY_BINDING_TYPE}")]
    KeyBindingType,
    /// A holder was given an SD-JWT that carries a key binding already.
    #[error("an SD-JWT as an issuer delivers it has no key binding JWT")]
    UnexpectedKeyBinding,
}

/// An SD-JWT or SD-JWT+KB, read and not verified.
#[derive(Clone)]
pub struct SdJwt<'a> {
    text: &'a str,
    hashed_part: &'a str,
    issuer_jwt: CompactJws<'a>,
    payload: Map<String, Value>,
    digest_algorithm: DigestAlgorithm,
    disclosures: Vec<Disclosure<'a>>,
    key_binding: Option<CompactJws<'a>>,
    budget: SdJwtBudget,
}

impl<'a> SdJwt<'a> {
    /// Reads an SD-JWT, or an SD-JWT+KB. No signature, digest or claim is judged here.
    ///
    /// # Errors
    /// [`SdJwtParseError`].
    pub fn parse(text: &'a str, budget: SdJwtBudget) -> Result<Self, SdJwtParseError> {
        if text.len() > budget.bytes {
            return Err(SdJwtParseError::OverBudget);
        }
        let (hashed_part, key_binding) = match text.rfind('~') {
            Some(last) => text.split_at(last.saturating_add(1)),
            None => return Err(SdJwtParseError::NotAnSdJwt),
        };
        let json_budget = JsonBudget {
            bytes: budget.bytes,
            depth: budget.depth,
            items: budget.items,
        };
        let mut parts = hashed_part.strip_suffix('~').unwrap_or(hashed_part).split('~');
        let issuer_jwt = CompactJws::parse(parts.next().unwrap_or_default(), budget.bytes)
            .map_err(SdJwtParseError::IssuerJwt)?;
        let payload = match json::parse_value(&issuer_jwt.payload, json_budget) {
            Ok(Value::Object(payload)) => payload,
            Err(JsonError::OverBudget) => return Err(SdJwtParseError::OverBudget),
            _ => return Err(SdJwtParseError::Payload),
        };
        let digest_algorithm = match payload.get(SD_ALG) {
            None => DigestAlgorithm::default(),
            Some(name) => name
                .as_str()
                .and_then(DigestAlgorithm::from_name)
                .ok_or(SdJwtParseError::UnsupportedDigestAlgorithm)?,
        };
        let mut disclosures = Vec::new();
        for (position, encoded) in parts.enumerate() {
            if position >= budget.disclosures {
                return Err(SdJwtParseError::OverBudget);
            }
            disclosures.push(Disclosure::parse(
                encoded,
                position,
                digest_algorithm,
                json_budget,
            )?);
        }
        let key_binding = if key_binding.is_empty() {
            None
        } else {
            let jwt = CompactJws::parse(key_binding, budget.bytes).map_err(SdJwtParseError::KeyBindingJwt)?;
            if jwt.expect_type(KEY_BINDING_TYPE).is_err() {
                return Err(SdJwtParseError::KeyBindingType);
            }
            Some(jwt)
        };
        Ok(Self {
            text,
            hashed_part,
            issuer_jwt,
            payload,
            digest_algorithm,
            disclosures,
            key_binding,
            budget,
        })
    }

    /// Reads an SD-JWT as a holder receives it from an issuer: one with a key binding is refused
    /// ([RFC 9901 §7.2](https://www.rfc-editor.org/rfc/rfc9901.html#section-7.2)), for somebody else has presented it.
    ///
    /// # Errors
    /// [`SdJwtParseError`].
    pub fn parse_received(text: &'a str, budget: SdJwtBudget) -> Result<Self, SdJwtParseError> {
        // Before anything else is read: a key binding is refused whether it is well-formed or not.
        if text.contains('~') && !text.ends_with('~') {
            return Err(SdJwtParseError::UnexpectedKeyBinding);
        }
        Self::parse(text, budget)
    }

    /// The whole text.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Everything up to and with the last `~`: what `sd_hash` is computed over.
    #[must_use]
    pub const fn hashed_part(&self) -> &'a str {
        self.hashed_part
    }

    /// The issuer-signed JWT.
    #[must_use]
    pub const fn issuer_jwt(&self) -> &CompactJws<'a> {
        &self.issuer_jwt
    }

    /// The issuer-signed JWT as text.
    #[must_use]
    pub fn issuer_jwt_text(&self) -> &'a str {
        self.hashed_part
            .split_once('~')
            .map_or(self.hashed_part, |(jwt, _)| jwt)
    }

    /// The issuer-signed payload as it stands, digests and all. What it says is in [`process`](super::process).
    #[must_use]
    pub const fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// The digest algorithm of the payload.
    #[must_use]
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest_algorithm
    }

    /// The disclosures, in their order.
    #[must_use]
    pub fn disclosures(&self) -> &[Disclosure<'a>] {
        &self.disclosures
    }

    /// The key binding JWT, if there is one.
    #[must_use]
    pub const fn key_binding(&self) -> Option<&CompactJws<'a>> {
        self.key_binding.as_ref()
    }

    /// The budget it was read with.
    #[must_use]
    pub const fn budget(&self) -> SdJwtBudget {
        self.budget
    }
}

/// Without the claims, which are personal data.
impl core::fmt::Debug for SdJwt<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SdJwt")
            .field("bytes", &self.text.len())
            .field("disclosures", &self.disclosures.len())
            .field("key_binding", &self.key_binding.is_some())
            .finish_non_exhaustive()
    }
}
