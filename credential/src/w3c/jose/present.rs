//! Presenting credentials in a `vp+jwt`
//! ([VC-JOSE-COSE §3.1.2](https://www.w3.org/TR/vc-jose-cose/#securing-vps-with-jose),
//! [OpenID4VP 1.0 §B.1.3.1](https://openid.net/specs/openid-4-verifiable-presentations-1_0.html)).

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_did::DidUrl;

use super::issue::PrepareJwtError;
use super::{PRESENTATION_CTY, PRESENTATION_TYP};
use crate::w3c::context::BASE_CONTEXT_V2;
use crate::w3c::enveloped::EnvelopedCredential;
use crate::w3c::presentation::VERIFIABLE_PRESENTATION;

/// A presentation as the holder is to sign it.
#[derive(Debug, Clone)]
pub struct PresentationToSign<'p> {
    /// The credentials; each is in its envelope already.
    pub credentials: &'p [EnvelopedCredential],
    /// The holder's key: a verification method of the DID that the credentials name as their subject.
    pub key_id: &'p DidUrl,
    /// The verifier's full client identifier.
    pub audience: &'p str,
    /// The nonce of the verifier's request.
    pub nonce: &'p str,
    /// Now.
    pub issued_at: UnixTime,
}

impl PresentationToSign<'_> {
    /// Prepares the token.
    ///
    /// # Errors
    /// [`PrepareJwtError`].
    pub fn prepare(&self, algorithm: SignatureAlgorithm) -> Result<PreparedJws, PrepareJwtError> {
        if self.key_id.fragment().is_none() {
            return Err(PrepareJwtError::OtherKey);
        }
        let mut header = Map::new();
        header.insert("typ".to_owned(), Value::from(PRESENTATION_TYP));
        header.insert("cty".to_owned(), Value::from(PRESENTATION_CTY));
        header.insert("kid".to_owned(), Value::from(self.key_id.to_string()));
        let holder = self.key_id.did().as_str();
        let credentials: Vec<Value> = self
            .credentials
            .iter()
            .map(EnvelopedCredential::to_value)
            .collect();
        let mut payload = Map::new();
        payload.insert(
            "@context".to_owned(),
            Value::Array(vec![Value::from(BASE_CONTEXT_V2)]),
        );
        payload.insert(
            "type".to_owned(),
            Value::Array(vec![Value::from(VERIFIABLE_PRESENTATION)]),
        );
        payload.insert("holder".to_owned(), Value::from(holder));
        payload.insert("verifiableCredential".to_owned(), Value::Array(credentials));
        payload.insert("iss".to_owned(), Value::from(holder));
        payload.insert("aud".to_owned(), Value::from(self.audience));
        payload.insert("nonce".to_owned(), Value::from(self.nonce));
        payload.insert("iat".to_owned(), Value::from(self.issued_at.seconds()));
        let payload = serde_json::to_vec(&payload).map_err(PrepareJwtError::Serialization)?;
        Ok(jws::prepare(algorithm, &header, &payload))
    }
}
