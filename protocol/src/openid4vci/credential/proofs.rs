//! The key proofs of a credential request ([OpenID4VCI §8.2, appendix F]).
//!
//! [OpenID4VCI §8.2, appendix F]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::CredentialRequestError;
use crate::openid4vci::metadata::ProofTypeName;

/// The largest number of proofs in one request, whatever an issuer's batch size says.
pub const MAX_PROOFS: usize = 128;

/// The key proofs of a request: one kind, and for each key one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proofs {
    /// `jwt`: a signed JWT for each key, see [`crate::openid4vci::proof`].
    Jwt(Vec<String>),
    /// `attestation`: one JWT in which somebody vouches for all keys, see [`crate::openid4vci::key_attestation`].
    Attestation(String),
    /// `di_vp`: a presentation with a Data Integrity proof for each key, see [`crate::openid4vci::proof_di_vp`].
    DiVp(Vec<Map<String, Value>>),
}

impl Proofs {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ProofTypeName {
        match self {
            Self::Jwt(_) => ProofTypeName::Jwt,
            Self::Attestation(_) => ProofTypeName::Attestation,
            Self::DiVp(_) => ProofTypeName::DiVp,
        }
    }

    pub(super) fn from_value(proofs: Value) -> Result<Self, CredentialRequestError> {
        let Value::Object(kinds) = proofs else {
            return Err(CredentialRequestError::MalformedProofs);
        };
        let mut kinds = kinds.into_iter();
        let (Some((kind, list)), None) = (kinds.next(), kinds.next()) else {
            return Err(CredentialRequestError::NotOneProofType);
        };
        let kind = ProofTypeName::from_wire(&kind).ok_or(CredentialRequestError::UnsupportedProofType)?;
        let Value::Array(list) = list else {
            return Err(CredentialRequestError::MalformedProofs);
        };
        if list.is_empty() {
            return Err(CredentialRequestError::MalformedProofs);
        }
        if list.len() > MAX_PROOFS {
            return Err(CredentialRequestError::TooManyProofs);
        }
        match kind {
            ProofTypeName::Jwt => each(list, text).map(Self::Jwt),
            ProofTypeName::DiVp => each(list, object).map(Self::DiVp),
            ProofTypeName::Attestation => {
                let mut list = list.into_iter();
                match (list.next().and_then(text), list.next()) {
                    (Some(attestation), None) => Ok(Self::Attestation(attestation)),
                    (Some(_), Some(_)) => Err(CredentialRequestError::NotOneAttestation),
                    (None, _) => Err(CredentialRequestError::MalformedProofs),
                }
            }
        }
    }
}

fn each<T>(list: Vec<Value>, read: impl Fn(Value) -> Option<T>) -> Result<Vec<T>, CredentialRequestError> {
    list.into_iter()
        .map(|proof| read(proof).ok_or(CredentialRequestError::MalformedProofs))
        .collect()
}

fn text(proof: Value) -> Option<String> {
    match proof {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn object(proof: Value) -> Option<Map<String, Value>> {
    match proof {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

impl Serialize for Proofs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        let kind = self.kind().as_str();
        match self {
            Self::Jwt(list) => map.serialize_entry(kind, list)?,
            Self::Attestation(only) => map.serialize_entry(kind, &[only])?,
            Self::DiVp(list) => map.serialize_entry(kind, list)?,
        }
        map.end()
    }
}
