//! The signed CWT that publishes a list (Token Status List, sections 5.2 and 8.3), for readers of mdocs that have CBOR and no
//! JSON. The verifiers of this suite prefer the JWT where there are both; the states are the same.

use ciborium::Value;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::{self, PreparedSign1, Sign1Header, Tagging};
use symbolon_crypto::encoding::cbor;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::Certificate;

use super::{CompressedStatusList, PrepareStatusListError, StatusListClaims, TokenStatusList};

/// The `typ` of a status list token as a CWT.
pub const STATUS_LIST_CWT_TYP: &str = "application/statuslist+cwt";

/// Claim keys of RFC 8392 and of Token Status List, section 14.4.
pub(super) const SUBJECT: i64 = 2;
pub(super) const EXPIRES: i64 = 4;
pub(super) const ISSUED_AT: i64 = 6;
pub(super) const STATUS_LIST: i64 = 65_533;
pub(super) const TIME_TO_LIVE: i64 = 65_534;

/// Members of the `StatusList` map (section 4.3).
pub(super) const BITS: &str = "bits";
pub(super) const LIST: &str = "lst";
pub(super) const AGGREGATION_URI: &str = "aggregation_uri";

/// A status list token as a CWT that waits for the signature of the status key.
#[derive(Debug)]
pub struct PreparedStatusListCwt {
    sign1: PreparedSign1,
    algorithm: SignatureAlgorithm,
}

impl PreparedStatusListCwt {
    /// Prepares the token of a list. `x5chain` is the status signer's chain, leaf first, without the anchor.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] as for the JWT.
    pub fn prepare(
        claims: &StatusListClaims,
        list: &TokenStatusList,
        algorithm: SignatureAlgorithm,
        x5chain: &[Certificate],
    ) -> Result<Self, PrepareStatusListError> {
        Self::prepare_compressed(claims, &list.compressed(), algorithm, x5chain)
    }

    /// The same of a list that was compressed before.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] as for the JWT.
    pub fn prepare_compressed(
        claims: &StatusListClaims,
        list: &CompressedStatusList,
        algorithm: SignatureAlgorithm,
        x5chain: &[Certificate],
    ) -> Result<Self, PrepareStatusListError> {
        let ttl = claims.time_to_live.map(|ttl| ttl.as_secs());
        if ttl == Some(0) {
            return Err(PrepareStatusListError::TimeToLiveBelowOneSecond);
        }
        if x5chain.is_empty() {
            return Err(PrepareStatusListError::EmptyChain);
        }
        let mut states = vec![
            (Value::from(BITS), Value::from(list.bits().count())),
            (Value::from(LIST), Value::Bytes(list.as_bytes().to_vec())),
        ];
        if let Some(uri) = &claims.aggregation_uri {
            states.push((Value::from(AGGREGATION_URI), Value::from(uri.as_str())));
        }
        let members = [
            (SUBJECT, Some(Value::from(claims.uri.as_str()))),
            (EXPIRES, claims.expires_at.map(|time| Value::from(time.seconds()))),
            (ISSUED_AT, Some(Value::from(claims.issued_at.seconds()))),
            (STATUS_LIST, Some(Value::Map(states))),
            (TIME_TO_LIVE, ttl.map(Value::from)),
        ];
        let members = members
            .into_iter()
            .filter_map(|(key, value)| Some((Value::from(key), value?)))
            .collect();
        let header = Sign1Header {
            key_id: None,
            x5chain: x5chain
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect(),
            typ: Some(STATUS_LIST_CWT_TYP.to_owned()),
        };
        let payload = cbor::encode(&Value::Map(members));
        Ok(Self {
            sign1: cose::prepare(algorithm, &header, payload, &[]),
            algorithm,
        })
    }

    /// What the status key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.sign1.request(key)
    }

    /// Completes the token: the body of `application/statuslist+cwt`.
    ///
    /// # Errors
    /// [`PrepareStatusListError::Signature`] when the signature has the wrong length for its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, PrepareStatusListError> {
        if signature.len() != self.algorithm.signature_bytes() {
            return Err(PrepareStatusListError::Signature);
        }
        self.sign1
            .finish(signature.to_vec(), Tagging::Tagged)
            .map_err(|_| PrepareStatusListError::Serialization)
    }
}
