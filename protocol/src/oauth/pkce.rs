//! Proof Key for Code Exchange ([RFC 7636]): whoever redeems a code shows that it is the one who asked for it.
//!
//! The method is `S256` alone. With `plain` the challenge is the verifier, and whoever sees the request can redeem the
//! code.
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The one `code_challenge_method` of this suite.
pub const S256: &str = "S256";

/// The shortest verifier, in characters ([RFC 7636 §4.1]).
///
/// [RFC 7636 §4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
pub const MIN_VERIFIER_CHARACTERS: usize = 43;

/// The longest verifier, in characters ([RFC 7636 §4.1]).
///
/// [RFC 7636 §4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
pub const MAX_VERIFIER_CHARACTERS: usize = 128;

/// The secret of the client, which it keeps until it redeems the code.
///
/// Wiped when dropped; neither `Clone` nor `Display`, and its `Debug` shows nothing.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// A verifier of 32 random bytes.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let bytes = Zeroizing::new(random_bytes::<32>(randomness)?);
        Ok(Self(base64url::encode(&*bytes)))
    }

    /// Takes the text of a verifier; `None` when its length or a character is not one of [RFC 7636 §4.1].
    ///
    /// [RFC 7636 §4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let verifier = Self(text.into());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let length = MIN_VERIFIER_CHARACTERS..=MAX_VERIFIER_CHARACTERS;
        (length.contains(&verifier.0.len()) && verifier.0.bytes().all(allowed)).then_some(verifier)
    }

    /// The challenge that goes into the authorization request.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The verifier itself, for the one place that sends or stores it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for CodeVerifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not a code verifier"))
    }
}

impl std::fmt::Debug for CodeVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CodeVerifier(..)")
    }
}

/// `code_challenge` of the method `S256`: the SHA-256 of a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads the parameters `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    /// [`CodeChallengeError`]. A method that is left out means `plain` ([RFC 7636 §4.3]), which is refused.
    ///
    /// [RFC 7636 §4.3]: https://www.rfc-editor.org/rfc/rfc7636#section-4.3
    pub fn parse(challenge: &str, method: Option<&str>) -> Result<Self, CodeChallengeError> {
        if method != Some(S256) {
            return Err(CodeChallengeError::Method);
        }
        base64url::decode(challenge)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(CodeChallengeError::Malformed)
    }

    /// Whether `verifier` is the secret behind this challenge. The comparison takes the same time either way.
    #[must_use]
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        self.0.ct_eq(&verifier.challenge().0).into()
    }
}

impl std::fmt::Display for CodeChallenge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&base64url::encode(&self.0))
    }
}

impl Serialize for CodeChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?, Some(S256)).map_err(serde::de::Error::custom)
    }
}

/// Why a challenge was refused. Both are `invalid_request` ([RFC 7636 §4.4.1]).
///
/// [RFC 7636 §4.4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.4.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodeChallengeError {
    /// `plain`, no method, or an unknown one.
    #[error("code_challenge_method must be S256")]
    Method,
    /// Not the SHA-256 of anything.
    #[error("code_challenge is malformed")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use symbolon_crypto::testing::SeededRandomness;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        assert_eq!(verifier.challenge().to_string(), CHALLENGE);
        let challenge = CodeChallenge::parse(CHALLENGE, Some("S256")).unwrap();
        assert!(challenge.is_met_by(&verifier));
    }

    #[test]
    fn another_verifier_does_not_meet_the_challenge() {
        let randomness = SeededRandomness::new(1);
        let ours = CodeVerifier::make(&randomness).unwrap();
        let other = CodeVerifier::make(&randomness).unwrap();
        assert_eq!(ours.expose().len(), MIN_VERIFIER_CHARACTERS);
        assert!(CodeVerifier::parse(ours.expose()).is_some());
        assert!(ours.challenge().is_met_by(&ours));
        assert!(!ours.challenge().is_met_by(&other));
    }

    #[test]
    fn a_verifier_has_the_length_and_the_characters_of_the_specification() {
        for text in [
            "a".repeat(42),
            "a".repeat(129),
            format!("{}+", "a".repeat(60)),
            format!("{}é", "a".repeat(60)),
        ] {
            assert!(CodeVerifier::parse(text.as_str()).is_none(), "{text}");
        }
        assert!(CodeVerifier::parse("-._~".repeat(32)).is_some());
    }

    #[test]
    fn refuses_plain_and_what_is_no_digest() {
        for method in [None, Some("plain"), Some("s256")] {
            assert_eq!(
                CodeChallenge::parse(CHALLENGE, method),
                Err(CodeChallengeError::Method)
            );
        }
        for challenge in [
            "",
            "abc",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            &"A".repeat(44),
        ] {
            assert_eq!(
                CodeChallenge::parse(challenge, Some("S256")),
                Err(CodeChallengeError::Malformed)
            );
        }
    }

    #[test]
    fn a_verifier_never_shows_in_debug_output() {
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        assert_eq!(format!("{verifier:?}"), "CodeVerifier(..)");
    }
}
