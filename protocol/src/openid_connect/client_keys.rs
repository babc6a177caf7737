//! The keys of a client, as it registered or publishes them ([RFC 7517 §5], `jwks` and `jwks_uri` of [OpenID Connect Registration 1.0 §2]).
//!
//! [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
//! [OpenID Connect Registration 1.0 §2]: https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata

use serde_json::{Map, Value};
use symbolon_crypto::{Jwk, PublicKey};
use thiserror::Error;

use crate::wire::parse_json;

/// The largest set that is read, in bytes.
pub const MAX_CLIENT_KEYS_BYTES: usize = 64 * 1024;

/// The most keys of a set that are looked at.
pub const MAX_CLIENT_KEYS: usize = 16;

/// Reads a set of keys, and keeps those that sign by an algorithm of the suite. Others are passed over: a client may have keys for other
/// servers and other purposes.
///
/// # Errors
/// [`InvalidClientKeys`] when the document is no set of public keys, or holds none that can be used.
pub fn parse_client_keys(body: &[u8]) -> Result<Vec<PublicKey>, InvalidClientKeys> {
    let document: Map<String, Value> =
        parse_json(body, MAX_CLIENT_KEYS_BYTES).map_err(|_| InvalidClientKeys)?;
    let Some(Value::Array(keys)) = document.get("keys") else {
        return Err(InvalidClientKeys);
    };
    if keys.len() > MAX_CLIENT_KEYS {
        return Err(InvalidClientKeys);
    }
    let mut usable = Vec::new();
    for key in keys {
        // A private key in the set is a mistake that must not go unnoticed.
        let jwk: Jwk = serde_json::from_value(key.clone()).map_err(|_| InvalidClientKeys)?;
        let signs = jwk.use_.as_deref().is_none_or(|use_| use_ == "sig");
        usable.extend(PublicKey::from_jwk(&jwk).ok().filter(|_| signs));
    }
    if usable.is_empty() {
        return Err(InvalidClientKeys);
    }
    Ok(usable)
}

/// The document is no set of public keys, or has none that signs by an algorithm of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no set of public keys with one that signs by ES256, ES384 or EdDSA")]
pub struct InvalidClientKeys;

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{SecretKey, SignatureAlgorithm};

    use super::*;

    fn jwk() -> Value {
        let key = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap();
        json!(key.public_key().to_jwk())
    }

    #[test]
    fn keeps_what_signs_and_passes_over_the_rest() {
        let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let mut encrypts = jwk();
        encrypts["use"] = json!("enc");
        let set = json!({"keys": [rsa, encrypts, jwk()]}).to_string();
        assert_eq!(parse_client_keys(set.as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn refuses_sets_without_a_usable_key_and_private_ones() {
        let mut private = jwk();
        private["d"] = json!("AQAB");
        for set in [
            json!({"keys": [private, jwk()]}),
            json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}),
            json!({"keys": []}),
            json!({"keys": {}}),
            json!({}),
            json!({"keys": vec![jwk(); 17]}),
        ] {
            assert_eq!(
                parse_client_keys(set.to_string().as_bytes()),
                Err(InvalidClientKeys)
            );
        }
    }
}
