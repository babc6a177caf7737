//! The deferred credential endpoint ([OpenID4VCI §9]): asking again for what was not ready. The answer is a
//! [`CredentialResponse`](super::credential::CredentialResponse).
//!
//! [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use super::credential::{ENCRYPTION, RequestCarriage};
use super::encryption::{InvalidResponseEncryption, ResponseEncryption};
use super::error::CredentialErrorCode;
use super::identifiers::TransactionId;
use crate::wire::parse_json;

/// The largest deferred credential request that is read, in bytes.
pub const MAX_DEFERRED_REQUEST_BYTES: usize = 16 * 1024;

const TRANSACTION: &str = "transaction_id";

/// A deferred credential request. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferredCredentialRequest {
    /// The transaction of an earlier response.
    pub transaction_id: TransactionId,
    /// How the answer is to be encrypted; in the clear without it, whatever the credential request said.
    pub response_encryption: Option<ResponseEncryption>,
}

impl DeferredCredentialRequest {
    /// Reads the body of a request that came as `carriage` says.
    ///
    /// # Errors
    /// [`DeferredRequestError`]; its [`code`](DeferredRequestError::code) is what the endpoint answers.
    pub fn parse(body: &[u8], carriage: RequestCarriage) -> Result<Self, DeferredRequestError> {
        let mut members: Map<String, Value> =
            parse_json(body, MAX_DEFERRED_REQUEST_BYTES).map_err(|_| DeferredRequestError::Malformed)?;
        let transaction_id = match members.remove(TRANSACTION) {
            Some(Value::String(text)) => {
                TransactionId::parse(text).ok_or(DeferredRequestError::ImpossibleTransaction)?
            }
            _ => return Err(DeferredRequestError::Malformed),
        };
        let response_encryption = members
            .remove(ENCRYPTION)
            .map(|wanted| ResponseEncryption::of_request(wanted, carriage))
            .transpose()?;
        Ok(Self {
            transaction_id,
            response_encryption,
        })
    }
}

impl Serialize for DeferredCredentialRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(TRANSACTION, &self.transaction_id)?;
        if let Some(encryption) = &self.response_encryption {
            map.serialize_entry(ENCRYPTION, encryption)?;
        }
        map.end()
    }
}

/// Why a deferred credential request was refused before any transaction was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeferredRequestError {
    /// Over budget, or not the JSON of the specification.
    #[error("the deferred credential request is malformed")]
    Malformed,
    /// A text that is no transaction anywhere.
    #[error("no transaction has this name")]
    ImpossibleTransaction,
    /// How the response should be encrypted.
    #[error(transparent)]
    ResponseEncryption(#[from] InvalidResponseEncryption),
}

impl DeferredRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> CredentialErrorCode {
        match self {
            Self::Malformed => CredentialErrorCode::InvalidCredentialRequest,
            Self::ImpossibleTransaction => CredentialErrorCode::InvalidTransactionId,
            Self::ResponseEncryption(_) => CredentialErrorCode::InvalidEncryptionParameters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openid4vci::encryption::tests::wanted;

    #[test]
    fn a_request_reads_back_and_encrypts_only_when_encrypted() {
        let mut request = DeferredCredentialRequest {
            transaction_id: TransactionId::parse("t").unwrap(),
            response_encryption: None,
        };
        let body = serde_json::to_vec(&request).unwrap();
        assert_eq!(
            DeferredCredentialRequest::parse(&body, RequestCarriage::Plain),
            Ok(request.clone())
        );
        request.response_encryption = Some(wanted());
        let body = serde_json::to_vec(&request).unwrap();
        assert_eq!(
            DeferredCredentialRequest::parse(&body, RequestCarriage::Encrypted),
            Ok(request)
        );
        let refused = DeferredCredentialRequest::parse(&body, RequestCarriage::Plain).unwrap_err();
        assert_eq!(refused.code(), CredentialErrorCode::InvalidEncryptionParameters);
    }

    #[test]
    fn each_broken_request_gets_its_code() {
        use CredentialErrorCode as Code;
        for (body, code) in [
            ("[]", Code::InvalidCredentialRequest),
            ("{}", Code::InvalidCredentialRequest),
            (r#"{"transaction_id":1}"#, Code::InvalidCredentialRequest),
            (r#"{"transaction_id":""}"#, Code::InvalidTransactionId),
        ] {
            let error =
                DeferredCredentialRequest::parse(body.as_bytes(), RequestCarriage::Plain).unwrap_err();
            assert_eq!(error.code(), code, "{body}");
        }
    }
}
