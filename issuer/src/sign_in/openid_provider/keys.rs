//! The provider's keys, and what they signed.

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::{CompactJws, JwsError};
use symbolon_crypto::jose::rsa_jws::RsaJws;
use symbolon_crypto::{CryptoProvider, Jwk, PublicKey, RsaAlgorithm, RsaJwk, RsaPublicKey};

use super::ProviderError;
use super::discovery::{MAX_PROVIDER_DOCUMENT_BYTES, object};

/// Far more than a provider has at once.
const MAX_KEYS: usize = 32;

/// The keys that a provider publishes, those that this suite cannot use left out.
#[derive(Debug, Clone, Default)]
pub struct ProviderKeys(Vec<(Option<String>, ProviderKey)>);

#[derive(Debug, Clone)]
enum ProviderKey {
    Suite(PublicKey),
    Rsa(RsaPublicKey),
}

/// Which signatures of an outside provider count: what the suite signs with, and RSA, which most providers have alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenAlgorithm {
    Suite,
    Rsa(RsaAlgorithm),
}

impl ProviderKeys {
    /// Reads the document at `jwks_uri`.
    ///
    /// # Errors
    /// [`ProviderError::Malformed`].
    pub fn parse(body: &[u8]) -> Result<Self, ProviderError> {
        const WHAT: &str = "key set";
        let members: Map<String, Value> = object(body, WHAT)?;
        let keys = members.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(ProviderError::Malformed(WHAT))?;
        if keys.len() > MAX_KEYS {
            return Err(ProviderError::Malformed(WHAT));
        }
        Ok(Self(keys.iter().filter_map(read).collect()))
    }

    /// The claims of a JWT that one of the keys signed.
    ///
    /// # Errors
    /// [`ProviderError::Signature`], and [`ProviderError::UnknownKey`] where the provider may have changed its keys since
    /// they were read.
    pub(super) fn verified(
        &self,
        token: &str,
        what: &'static str,
        crypto: &dyn CryptoProvider,
    ) -> Result<Map<String, Value>, ProviderError> {
        let refused = |error: JwsError| match error {
            JwsError::OverBudget | JwsError::Malformed => ProviderError::Malformed(what),
            _ => ProviderError::Signature(what),
        };
        match algorithm_of(token, what)? {
            TokenAlgorithm::Suite => {
                let jws = CompactJws::parse(token, MAX_PROVIDER_DOCUMENT_BYTES).map_err(refused)?;
                let fits = |key: &ProviderKey| match key {
                    ProviderKey::Suite(key) if key.algorithm() == jws.header.algorithm => Some(key.clone()),
                    _ => None,
                };
                let key = self.only(jws.header.kid.as_deref(), fits)?;
                jws.verify(crypto, &key).map_err(refused)?;
                jws.payload_json().map_err(refused)
            }
            TokenAlgorithm::Rsa(algorithm) => {
                let jws = RsaJws::parse(token, MAX_PROVIDER_DOCUMENT_BYTES, algorithm).map_err(refused)?;
                let fits = |key: &ProviderKey| match key {
                    ProviderKey::Rsa(key) if key.serves(algorithm) => Some(key.clone()),
                    _ => None,
                };
                let key = self.only(jws.kid.as_deref(), fits)?;
                jws.verify(crypto, &key)
                    .map_err(|_| ProviderError::Signature(what))?;
                jws.payload_json().map_err(refused)
            }
        }
    }

    /// The key that a header names, or the only one that fits where it names none.
    fn only<K>(
        &self,
        kid: Option<&str>,
        fits: impl Fn(&ProviderKey) -> Option<K>,
    ) -> Result<K, ProviderError> {
        let mut found = self
            .0
            .iter()
            .filter(|(own, _)| kid.is_none() || own.as_deref() == kid)
            .filter_map(|(_, key)| fits(key));
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(ProviderError::UnknownKey),
        }
    }
}

fn read(key: &Value) -> Option<(Option<String>, ProviderKey)> {
    let signs = |use_: Option<&str>| use_.is_none_or(|use_| use_ == "sig");
    if let Ok(jwk) = serde_json::from_value::<RsaJwk>(key.clone()) {
        let read = RsaPublicKey::from_jwk(&jwk)
            .ok()
            .filter(|_| signs(jwk.use_.as_deref()))?;
        return Some((jwk.kid, ProviderKey::Rsa(read)));
    }
    let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
    let read = PublicKey::from_jwk(&jwk)
        .ok()
        .filter(|_| signs(jwk.use_.as_deref()))?;
    Some((jwk.kid, ProviderKey::Suite(read)))
}

/// The algorithm that a token's header names, of those that count. `none` and every symmetric one do not.
fn algorithm_of(token: &str, what: &'static str) -> Result<TokenAlgorithm, ProviderError> {
    for algorithm in [RsaAlgorithm::Rs256, RsaAlgorithm::Ps256] {
        match RsaJws::parse(token, MAX_PROVIDER_DOCUMENT_BYTES, algorithm) {
            Ok(_) => return Ok(TokenAlgorithm::Rsa(algorithm)),
            Err(JwsError::Algorithm) => {}
            Err(JwsError::OverBudget | JwsError::Malformed) => return Err(ProviderError::Malformed(what)),
            Err(_) => return Err(ProviderError::Signature(what)),
        }
    }
    Ok(TokenAlgorithm::Suite)
}
