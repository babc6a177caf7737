//! Challenges for proofs of possession, and the endpoint that hands them out ([OAuth 2.0 Attestation-Based Client
//! Authentication]).
//!
//! [OAuth 2.0 Attestation-Based Client Authentication]: https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/

use serde::{Deserialize, Deserializer, Serialize};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};

use super::{MAX_CHALLENGE_BYTES, MAX_CHALLENGE_RESPONSE_BYTES};
use crate::wire::parse_json;

/// A challenge of an authorization server for proofs of possession: no secret, and without a meaning for the client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AttestationChallenge(String);

impl AttestationChallenge {
    /// A fresh one, of 16 random bytes.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self(base64url::encode(&random_bytes::<16>(randomness)?)))
    }

    /// Takes a challenge; `None` when it is empty, too long or not printable ASCII, which a header field could not
    /// carry.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed = !text.is_empty()
            && text.len() <= MAX_CHALLENGE_BYTES
            && text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        allowed.then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for AttestationChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not a challenge"))
    }
}

/// The answer of a challenge endpoint, to a POST without a body. Sent with `Cache-Control: no-store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// The challenge.
    pub attestation_challenge: AttestationChallenge,
}

impl ChallengeResponse {
    /// Reads the answer of a challenge endpoint; `None` when it is none.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        parse_json(body, MAX_CHALLENGE_RESPONSE_BYTES).ok()
    }
}
