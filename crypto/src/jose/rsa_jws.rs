//! Reading a JWS that is signed with RSA, where a caller expects one.
//!
//! [`CompactJws`](super::jws::CompactJws) refuses every RSA algorithm, and so does whoever reads credentials, proofs, requests
//! or tokens of the suite. This reader is for the ID tokens of OpenID Providers that are not ours, most of which have RS256
//! alone, and takes the one algorithm that its caller names.

use core::fmt;

use serde_json::{Map, Value};

use super::jws::{JwsError, MAX_HEADER_BYTES};
use crate::algorithm::RsaAlgorithm;
use crate::encoding::base64url;
use crate::encoding::json::{self, JsonBudget};
use crate::key::RsaPublicKey;
use crate::provider::{CryptoProvider, RsaNotVerified};

/// A compact JWS whose RSA signature has not been checked.
#[derive(Clone)]
pub struct RsaJws<'a> {
    algorithm: RsaAlgorithm,
    /// `kid`, a hint at the key.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
    /// The decoded payload.
    pub payload: Vec<u8>,
    signing_input: &'a str,
    signature: Vec<u8>,
}

impl<'a> RsaJws<'a> {
    /// Reads a compact JWS of at most `max_bytes` whose `alg` is `algorithm`.
    ///
    /// # Errors
    /// [`JwsError`]: [`JwsError::Algorithm`] for every other `alg`, [`JwsError::Critical`] for any `crit`.
    pub fn parse(text: &'a str, max_bytes: usize, algorithm: RsaAlgorithm) -> Result<Self, JwsError> {
        if text.len() > max_bytes {
            return Err(JwsError::OverBudget);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        let header = header_members(header, algorithm)?;
        if header.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        Ok(Self {
            algorithm,
            kid: optional_text(&header, "kid")?,
            typ: optional_text(&header, "typ")?,
            payload: base64url::decode(payload).map_err(|_| JwsError::Malformed)?,
            signing_input,
            signature: base64url::decode(signature).map_err(|_| JwsError::Malformed)?,
        })
    }

    /// Verifies the signature.
    ///
    /// # Errors
    /// [`RsaNotVerified`].
    pub fn verify(&self, provider: &dyn CryptoProvider, key: &RsaPublicKey) -> Result<(), RsaNotVerified> {
        provider.verify_rsa(
            key,
            self.algorithm,
            self.signing_input.as_bytes(),
            &self.signature,
        )
    }

    /// Reads the payload as a strict JSON value of a type.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] when it is none.
    pub fn payload_json<T: serde::de::DeserializeOwned>(&self) -> Result<T, JwsError> {
        json::parse(&self.payload, JsonBudget::DEFAULT).map_err(|_| JwsError::Malformed)
    }
}

/// Without the payload, which may be personal data.
impl fmt::Debug for RsaJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaJws")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The members of a protected header in base64url whose `alg` is `algorithm`.
fn header_members(text: &str, algorithm: RsaAlgorithm) -> Result<Map<String, Value>, JwsError> {
    let budget = JsonBudget {
        bytes: MAX_HEADER_BYTES,
        ..JsonBudget::DEFAULT
    };
    let bytes = base64url::decode(text).map_err(|_| JwsError::Malformed)?;
    let Ok(Value::Object(members)) = json::parse_value(&bytes, budget) else {
        return Err(JwsError::Malformed);
    };
    if members.get("alg").and_then(Value::as_str) == Some(algorithm.jose_name()) {
        Ok(members)
    } else {
        Err(JwsError::Algorithm)
    }
}

fn optional_text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, JwsError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwsError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::RustCryptoProvider;
    use crate::testing::rsa_figures::PEM;

    fn token(header: &str) -> String {
        format!("{}.e30.AA", base64url::encode(header.as_bytes()))
    }

    #[test]
    fn takes_the_algorithm_that_was_named_and_no_other() {
        let read = |header: &str| RsaJws::parse(&token(header), 4096, RsaAlgorithm::Rs256).err();
        assert_eq!(read(r#"{"alg":"RS256","kid":"a"}"#), None);
        for header in [
            r#"{"alg":"PS256"}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":["RS256"]}"#,
            "{}",
        ] {
            assert_eq!(read(header), Some(JwsError::Algorithm), "{header}");
        }
        assert_eq!(
            read(r#"{"alg":"RS256","crit":["exp"]}"#),
            Some(JwsError::Critical)
        );
        assert_eq!(
            read(r#"{"alg":"RS256","alg":"RS256"}"#),
            Some(JwsError::Malformed)
        );
        assert_eq!(read(r#"{"alg":"RS256","kid":1}"#), Some(JwsError::Malformed));
        let over = RsaJws::parse("a.b.c", 4, RsaAlgorithm::Rs256).err();
        assert_eq!(over, Some(JwsError::OverBudget));
    }

    #[test]
    fn the_pure_rust_provider_says_that_it_cannot_tell() {
        let text = token(r#"{"alg":"RS256"}"#);
        let jws = RsaJws::parse(&text, 4096, RsaAlgorithm::Rs256).unwrap();
        let key = RsaPublicKey::from_public_key_pem(PEM).unwrap();
        assert_eq!(
            jws.verify(&RustCryptoProvider, &key),
            Err(RsaNotVerified::Unsupported)
        );
    }
}
