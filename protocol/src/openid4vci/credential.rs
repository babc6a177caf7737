//! The credential endpoint ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use super::error::CredentialErrorCode;
use super::identifiers::{ConfigurationId, CredentialIdentifier, NotificationId, TransactionId};
use crate::wire::parse_json;

/// The largest credential request that is read, in bytes: a batch of proofs with certificate chains.
pub const MAX_CREDENTIAL_REQUEST_BYTES: usize = 512 * 1024;

/// The largest credential response that is read, in bytes: a batch of credentials with portraits.
pub const MAX_CREDENTIAL_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// The largest number of proofs in one request, whatever an issuer's batch size says.
pub const MAX_PROOFS: usize = 128;

const IDENTIFIER: &str = "credential_identifier";
const CONFIGURATION: &str = "credential_configuration_id";
const PROOFS: &str = "proofs";
const CREDENTIAL: &str = "credential";
const ENCRYPTION: &str = "credential_response_encryption";

/// What is asked for; exactly one of the two stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSelector {
    /// A dataset of the token response. Required when the token response named any.
    Identifier(CredentialIdentifier),
    /// A configuration. Required when the token response named no datasets.
    Configuration(ConfigurationId),
}

/// The key proofs of a request: one kind, and for each key one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proofs {
    /// `jwt`: a signed JWT for each key, see [`super::proof`].
    Jwt(Vec<String>),
}

/// A credential request. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRequest {
    /// What is asked for.
    pub selector: CredentialSelector,
    /// The keys to bind the credentials to, when the configuration binds to keys.
    pub proofs: Option<Proofs>,
}

impl CredentialRequest {
    /// Reads the body of a credential request.
    ///
    /// # Errors
    /// [`CredentialRequestError`]; its [`code`](CredentialRequestError::code) is what the endpoint answers.
    pub fn parse(body: &[u8]) -> Result<Self, CredentialRequestError> {
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
        if members.contains_key(ENCRYPTION) {
            return Err(CredentialRequestError::EncryptionNotSupported);
        }
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
            proofs: proofs.map(parse_proofs).transpose()?,
        })
    }
}

fn parse_proofs(proofs: Value) -> Result<Proofs, CredentialRequestError> {
    let Value::Object(kinds) = proofs else {
        return Err(CredentialRequestError::MalformedProofs);
    };
    let mut kinds = kinds.into_iter();
    let (Some((kind, list)), None) = (kinds.next(), kinds.next()) else {
        return Err(CredentialRequestError::NotOneProofType);
    };
    if kind != "jwt" {
        return Err(CredentialRequestError::UnsupportedProofType);
    }
    let Value::Array(list) = list else {
        return Err(CredentialRequestError::MalformedProofs);
    };
    if list.is_empty() {
        return Err(CredentialRequestError::MalformedProofs);
    }
    if list.len() > MAX_PROOFS {
        return Err(CredentialRequestError::TooManyProofs);
    }
    list.into_iter()
        .map(|proof| match proof {
            Value::String(jwt) => Ok(jwt),
            _ => Err(CredentialRequestError::MalformedProofs),
        })
        .collect::<Result<_, _>>()
        .map(Proofs::Jwt)
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
        if let Some(Proofs::Jwt(list)) = &self.proofs {
            map.serialize_entry(PROOFS, &std::collections::BTreeMap::from([("jwt", list)]))?;
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
    /// `proofs` is not an object of a non-empty array of strings.
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
    /// The wallet wants an encrypted response.
    #[error("encrypted credential responses are not supported")]
    EncryptionNotSupported,
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
            | Self::TooManyProofs => CredentialErrorCode::InvalidProof,
            Self::EncryptionNotSupported => CredentialErrorCode::InvalidEncryptionParameters,
        }
    }
}

/// One credential of a response ([OpenID4VCI §8.3, appendix A]): an object for `ldp_vc`, a text for every other format (the
/// compact form, or base64url where the format is binary).
///
/// [OpenID4VCI §8.3, appendix A]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuedCredential {
    /// A text.
    Text(String),
    /// A JSON object.
    Object(Map<String, Value>),
}

impl Serialize for IssuedCredential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Text(text) => map.serialize_entry(CREDENTIAL, text)?,
            Self::Object(object) => map.serialize_entry(CREDENTIAL, object)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for IssuedCredential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members: Map<String, Value> = Map::deserialize(deserializer)?;
        match members.remove(CREDENTIAL) {
            Some(Value::String(text)) => Ok(Self::Text(text)),
            Some(Value::Object(object)) => Ok(Self::Object(object)),
            _ => Err(serde::de::Error::custom("a credential is a text or an object")),
        }
    }
}

/// What the credential endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialResponse {
    /// The credentials; HTTP 200.
    Issued {
        /// Non-empty; one for each proof, unless the issuer issued fewer.
        credentials: Vec<IssuedCredential>,
        /// For the wallet's notification.
        notification_id: Option<NotificationId>,
    },
    /// Not ready; HTTP 202.
    Deferred {
        /// For the deferred credential endpoint.
        transaction_id: TransactionId,
        /// How long to wait, in seconds; never zero.
        interval: u64,
    },
}

#[derive(Serialize, Deserialize)]
struct ResponseMembers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<Vec<IssuedCredential>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notification_id: Option<NotificationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction_id: Option<TransactionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
}

impl CredentialResponse {
    /// Reads a response whose HTTP status was 200 or 202.
    ///
    /// # Errors
    /// [`CredentialResponseError`].
    pub fn parse(body: &[u8]) -> Result<Self, CredentialResponseError> {
        let members: ResponseMembers = parse_json(body, MAX_CREDENTIAL_RESPONSE_BYTES)
            .map_err(|_| CredentialResponseError::Malformed)?;
        match (members.credentials, members.transaction_id) {
            (Some(credentials), None) if credentials.is_empty() => {
                Err(CredentialResponseError::NoCredentials)
            }
            (Some(credentials), None) if credentials.len() > MAX_PROOFS => {
                Err(CredentialResponseError::TooManyCredentials)
            }
            (Some(credentials), None) => Ok(Self::Issued {
                credentials,
                notification_id: members.notification_id,
            }),
            (None, Some(transaction_id)) => match members.interval {
                Some(interval) if interval > 0 => Ok(Self::Deferred {
                    transaction_id,
                    interval,
                }),
                _ => Err(CredentialResponseError::NoInterval),
            },
            (Some(_), Some(_)) | (None, None) => Err(CredentialResponseError::NotOneOutcome),
        }
    }

    /// The HTTP status that goes with the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Issued { .. } => 200,
            Self::Deferred { .. } => 202,
        }
    }
}

impl Serialize for CredentialResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = match self.clone() {
            Self::Issued {
                credentials,
                notification_id,
            } => ResponseMembers {
                credentials: Some(credentials),
                notification_id,
                transaction_id: None,
                interval: None,
            },
            Self::Deferred {
                transaction_id,
                interval,
            } => ResponseMembers {
                credentials: None,
                notification_id: None,
                transaction_id: Some(transaction_id),
                interval: Some(interval),
            },
        };
        members.serialize(serializer)
    }
}

/// Why a credential response was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CredentialResponseError {
    /// Over budget, not the JSON of the specification, or a credential that is no text.
    #[error("the credential response is malformed")]
    Malformed,
    /// Both `credentials` and `transaction_id`, or neither.
    #[error("the credential response has not exactly one of credentials and transaction_id")]
    NotOneOutcome,
    /// An empty list.
    #[error("the credential response has an empty list of credentials")]
    NoCredentials,
    /// More than [`MAX_PROOFS`].
    #[error("the credential response has more than {MAX_PROOFS} credentials")]
    TooManyCredentials,
    /// A deferred response without a positive interval.
    #[error("the deferred response has no positive interval")]
    NoInterval,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back() {
        for selector in [
            CredentialSelector::Configuration(ConfigurationId::parse("a").unwrap()),
            CredentialSelector::Identifier(CredentialIdentifier::parse("a").unwrap()),
        ] {
            let request = CredentialRequest {
                selector,
                proofs: Some(Proofs::Jwt(vec!["x.y.z".to_owned()])),
            };
            assert_eq!(
                CredentialRequest::parse(&serde_json::to_vec(&request).unwrap()),
                Ok(request)
            );
        }
    }

    #[test]
    fn each_broken_request_gets_its_code() {
        use CredentialErrorCode as Code;
        for (body, code) in [
            ("[]", Code::InvalidCredentialRequest),
            ("{}", Code::InvalidCredentialRequest),
            (
                r#"{"credential_identifier":"a","credential_configuration_id":"b"}"#,
                Code::InvalidCredentialRequest,
            ),
            (
                r#"{"credential_configuration_id":1}"#,
                Code::InvalidCredentialRequest,
            ),
            (
                r#"{"credential_configuration_id":""}"#,
                Code::UnknownCredentialConfiguration,
            ),
            (
                r#"{"credential_configuration_id":"a","proofs":{}}"#,
                Code::InvalidProof,
            ),
            (
                r#"{"credential_configuration_id":"a","proofs":{"jwt":[]}}"#,
                Code::InvalidProof,
            ),
            (
                r#"{"credential_configuration_id":"a","proofs":{"jwt":[1]}}"#,
                Code::InvalidProof,
            ),
            (
                r#"{"credential_configuration_id":"a","proofs":{"jwt":["a"],"di_vp":[]}}"#,
                Code::InvalidProof,
            ),
            (
                r#"{"credential_configuration_id":"a","proofs":{"di_vp":[{}]}}"#,
                Code::InvalidProof,
            ),
            (
                r#"{"credential_configuration_id":"a","credential_response_encryption":{}}"#,
                Code::InvalidEncryptionParameters,
            ),
        ] {
            let error = CredentialRequest::parse(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{body}: {error}");
        }
    }

    #[test]
    fn names_the_draft_that_it_does_not_speak() {
        for body in [
            r#"{"format":"vc+sd-jwt","vct":"a","proof":{"proof_type":"jwt","jwt":"a"}}"#,
            r#"{"credential_configuration_id":"a","proof":{"proof_type":"jwt","jwt":"a"}}"#,
        ] {
            assert_eq!(
                CredentialRequest::parse(body.as_bytes()),
                Err(CredentialRequestError::DraftShape)
            );
        }
    }

    #[test]
    fn a_response_reads_back() {
        let issued = CredentialResponse::Issued {
            credentials: vec![
                IssuedCredential::Text("a~".to_owned()),
                IssuedCredential::Object(Map::from_iter([(
                    "type".to_owned(),
                    "VerifiableCredential".into(),
                )])),
            ],
            notification_id: NotificationId::parse("n"),
        };
        let deferred = CredentialResponse::Deferred {
            transaction_id: TransactionId::parse("t").unwrap(),
            interval: 5,
        };
        for response in [issued, deferred] {
            assert_eq!(
                CredentialResponse::parse(&serde_json::to_vec(&response).unwrap()),
                Ok(response)
            );
        }
    }

    #[test]
    fn refuses_a_response_that_is_both_or_neither() {
        for (body, error) in [
            (
                r#"{"credentials":[{"credential":"a"}],"transaction_id":"t","interval":1}"#,
                "NotOneOutcome",
            ),
            (r#"{"credential":"a"}"#, "NotOneOutcome"),
            (r#"{"credentials":[]}"#, "NoCredentials"),
            (r#"{"transaction_id":"t"}"#, "NoInterval"),
            (r#"{"transaction_id":"t","interval":0}"#, "NoInterval"),
        ] {
            assert_eq!(
                format!("{:?}", CredentialResponse::parse(body.as_bytes()).unwrap_err()),
                error
            );
        }
    }
}
