//! The answer ([OpenID4VP appendix A.4]).
//!
//! [OpenID4VP appendix A.4]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.4

use serde_json::{Map, Value, json};
use symbolon_crypto::Randomness;
use symbolon_crypto::jose::jwe::JweCodec;

use crate::openid4vp::client_metadata::ResponseEncryption;
use crate::openid4vp::error::PresentationErrorCode;
use crate::openid4vp::response::{AuthorizationResponse, DirectPost, ResponseError, VpToken};

/// What a wallet answers, as the page has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginAnswer {
    /// An encrypted answer.
    Encrypted(String),
    /// Presentations.
    Presented(VpToken),
    /// A refusal; also a wallet that encrypts its answers may send it in the clear.
    Refused(PresentationErrorCode),
}

impl OriginAnswer {
    /// Reads the `data` of an answer.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse(data: &Map<String, Value>) -> Result<Self, ResponseError> {
        match (data.get("response"), data.get("vp_token"), data.get("error")) {
            (Some(Value::String(jwe)), None, None) => Ok(Self::Encrypted(jwe.clone())),
            (None, Some(token), None) => {
                let token: VpToken =
                    serde_json::from_value(token.clone()).map_err(|_| ResponseError::VpToken)?;
                token.check()?;
                Ok(Self::Presented(token))
            }
            (None, None, Some(Value::String(error))) => {
                Ok(Self::Refused(PresentationErrorCode::from_wire(error)))
            }
            _ => Err(ResponseError::NotOneAnswer),
        }
    }

    /// Reads the content of a decrypted answer.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse_decrypted(payload: &[u8]) -> Result<Self, ResponseError> {
        match DirectPost::parse_decrypted(payload)? {
            DirectPost::Answer(answer) => Ok(Self::Presented(answer.vp_token)),
            DirectPost::Refusal(refusal) => Ok(Self::Refused(refusal.error)),
            DirectPost::Encrypted(_) => Err(ResponseError::NotOneAnswer),
        }
    }
}

/// The `data` of an answer with these presentations, encrypted where the request wants it so.
///
/// # Errors
/// [`ResponseError`].
pub fn answer_data(
    vp_token: VpToken,
    encryption: Option<&ResponseEncryption>,
    codec: &dyn JweCodec,
    randomness: &dyn Randomness,
) -> Result<Map<String, Value>, ResponseError> {
    let (name, value) = match encryption {
        None => (
            "vp_token",
            serde_json::to_value(&vp_token).map_err(|_| ResponseError::VpToken)?,
        ),
        Some(encryption) => {
            let response = AuthorizationResponse {
                vp_token,
                state: None,
            };
            ("response", json!(response.to_jwe(encryption, codec, randomness)?))
        }
    };
    Ok(Map::from_iter([(name.to_owned(), value)]))
}

/// The `data` of a refusal.
#[must_use]
pub fn refusal_data(error: PresentationErrorCode) -> Map<String, Value> {
    Map::from_iter([("error".to_owned(), json!(error.as_str()))])
}
