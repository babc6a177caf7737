//! What the credential endpoint and the deferred credential endpoint answer ([OpenID4VCI §8.3, §9.2]).
//!
//! [OpenID4VCI §8.3, §9.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{MAX_CREDENTIAL_RESPONSE_BYTES, MAX_PROOFS};
use crate::openid4vci::identifiers::{NotificationId, TransactionId};
use crate::wire::parse_json;

const CREDENTIAL: &str = "credential";

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
