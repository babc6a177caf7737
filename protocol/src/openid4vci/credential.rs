//! The credential endpoint ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

mod proofs;
mod response;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use super::encryption::{InvalidResponseEncryption, ResponseEncryption};
use super::error::CredentialErrorCode;
use super::identifiers::{ConfigurationId, CredentialIdentifier};
use crate::wire::parse_json;

pub use proofs::{MAX_PROOFS, Proofs};
pub use response::{CredentialResponse, CredentialResponseError, IssuedCredential};

/// The largest credential request that is read, in bytes: a batch of proofs with certificate chains.
pub const MAX_CREDENTIAL_REQUEST_BYTES: usize = 512 * 1024;

/// The largest credential response that is read, in bytes: a batch of credentials with portraits.
pub const MAX_CREDENTIAL_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

const IDENTIFIER: &str = "credential_identifier";
const CONFIGURATION: &str = "credential_configuration_id";
const PROOFS: &str = "proofs";
pub(super) const ENCRYPTION: &str = "credential_response_encryption";

/// What is asked for; exactly one of the two stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSelector {
    /// A dataset of the token response. Required when the token response named any.
    Identifier(CredentialIdentifier),
    /// A configuration. Required when the token response named no datasets.
    Configuration(ConfigurationId),
}

/// A credential request. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRequest {
    /// What is asked for.
    pub selector: CredentialSelector,
    /// The keys to bind the credentials to, when the configuration binds to keys.
    pub proofs: Option<Proofs>,
    /// How the answer is to be encrypted; only a request that is encrypted itself may say so.
    pub response_encryption: Option<ResponseEncryption>,
}

/// How a request travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestCarriage {
    /// As plain JSON.
    Plain,
    /// As a JWE to a key of the issuer.
    Encrypted,
}

impl CredentialRequest {
    /// Reads the body of a credential request that came as plain JSON.
    ///
    /// # Errors
    /// [`CredentialRequestError`]; its [`code`](CredentialRequestError::code) is what the endpoint answers.
    pub fn parse(body: &[u8]) -> Result<Self, CredentialRequestError> {
        Self::parse_carried(body, RequestCarriage::Plain)
    }

    /// Reads a credential request that came as `carriage` says.
    ///
    /// # Errors
    /// As [`CredentialRequest::parse`].
    pub fn parse_carried(body: &[u8], carriage: RequestCarriage) -> Result<Self, CredentialRequestError> {
        let mut members: Map<String, Value> =
            parse_json(body, MAX_CREDENTIAL_REQUEST_BYTES).map_err(|_| CredentialRequestError::Malformed)?;
        let identifier = members.remove(IDENTIFIER);
        let configuration = members.remove(CONFIGURATION);
        let proofs = members.remove(PROOFS);
        // `proof` and `format` were how drafts up to 13 asked. A wallet that speaks them would otherwise be told
        // that its proof is missing, and nobody would know why.
        let draft = (members.contains_key("proof") && proofs.is_none())
            || (members.contains_key("format") && identifier.is_none() && configuration.is_none());
        if draft {
            return Err(CredentialRequestError::DraftShape);
        }
        let response_encryption = members
            .remove(ENCRYPTION)
            .map(|wanted| ResponseEncryption::of_request(wanted, carriage))
            .transpose()?;
        let selector = match (identifier, configuration) {
            (Some(Value::String(text)), None) => CredentialSelector::Identifier(
                CredentialIdentifier::parse(text).ok_or(CredentialRequestError::UnknownIdentifier)?,
            ),
            (None, Some(Value::String(text))) => CredentialSelector::Configuration(
                ConfigurationId::parse(text).ok_or(CredentialRequestError::UnknownConfiguration)?,
            ),
            (Some(_), Some(_)) => return Err(CredentialRequestError::BothIdentifiers),
            (None, None) => return Err(CredentialRequestError::NeitherIdentifier),
            (Some(_), None) | (None, Some(_)) => return Err(CredentialRequestError::Malformed),
        };
        Ok(Self {
            selector,
            proofs: proofs.map(Proofs::from_value).transpose()?,
            response_encryption,
        })
    }
}

impl Serialize for CredentialRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.selector {
            CredentialSelector::Identifier(identifier) => map.serialize_entry(IDENTIFIER, identifier)?,
            CredentialSelector::Configuration(configuration) => {
                map.serialize_entry(CONFIGURATION, configuration)?
            }
        }
        if let Some(proofs) = &self.proofs {
            map.serialize_entry(PROOFS, proofs)?;
        }
        if let Some(encryption) = &self.response_encryption {
            map.serialize_entry(ENCRYPTION, encryption)?;
        }
        map.end()
    }
}

/// Why a credential request was refused before any proof was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CredentialRequestError {
    /// Over budget, or not the JSON of the specification.
    #[error("the credential request is malformed")]
    Malformed,
    /// `proof` or `format`: the wallet speaks a draft.
    #[error("the credential request has the shape of a draft: OpenID4VCI 1.0 Final is supported")]
    DraftShape,
    /// Both identifiers.
    #[error("the credential request names both a credential identifier and a configuration")]
    BothIdentifiers,
    /// Neither identifier.
    #[error("the credential request names neither a credential identifier nor a configuration")]
    NeitherIdentifier,
    /// A text that is no configuration anywhere.
    #[error("no credential configuration has this name")]
    UnknownConfiguration,
    /// A text that is no dataset anywhere.
    #[error("no credential dataset has this name")]
    UnknownIdentifier,
    /// `proofs` is not an object of a non-empty array of what its kind has.
    #[error("the proofs of the credential request are malformed")]
    MalformedProofs,
    /// No kind of proof, or several.
    #[error("proofs must have exactly one proof type")]
    NotOneProofType,
    /// A kind that is not supported.
    #[error("the proof type is not supported")]
    UnsupportedProofType,
    /// More than [`MAX_PROOFS`].
    #[error("the credential request has more than {MAX_PROOFS} proofs")]
    TooManyProofs,
    /// An `attestation` proof beside others.
    #[error("there must be exactly one attestation proof")]
    NotOneAttestation,
    /// The wallet wants an encrypted response, and how is not said, or not by means that are offered.
    #[error(transparent)]
    ResponseEncryption(#[from] InvalidResponseEncryption),
}

impl CredentialRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> CredentialErrorCode {
        match self {
            Self::Malformed | Self::DraftShape | Self::BothIdentifiers | Self::NeitherIdentifier => {
                CredentialErrorCode::InvalidCredentialRequest
            }
            Self::UnknownConfiguration => CredentialErrorCode::UnknownCredentialConfiguration,
            Self::UnknownIdentifier => CredentialErrorCode::UnknownCredentialIdentifier,
            Self::MalformedProofs
            | Self::NotOneProofType
            | Self::UnsupportedProofType
            | Self::NotOneAttestation
            | Self::TooManyProofs => CredentialErrorCode::InvalidProof,
            Self::ResponseEncryption(_) => CredentialErrorCode::InvalidEncryptionParameters,
        }
    }
}

#[cfg(test)]
mod tests;
