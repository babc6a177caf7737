//! OpenID4VP over the Digital Credentials API ([OpenID4VP appendix A]): the request, and the answer.
//!
//! Whoever signs, the answer is bound to the origin: it is the audience of every proof, and there is no `state` and no address.
//!
//! [OpenID4VP appendix A]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A

mod answer;
mod signed;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use symbolon_crypto::UnixTime;
use thiserror::Error;

pub use self::answer::{OriginAnswer, answer_data, refusal_data};
pub use self::signed::{
    MAX_SIGNATURES, MultisignedRequest, SignedOriginRequest, prepare_multisigned, prepare_signed,
    signed_requests,
};
use crate::dcql::DcqlQuery;
use crate::openid4vp::client_id::{ClientId, ClientIdPrefix};
use crate::openid4vp::client_metadata::{ClientMetadata, ResponseEncryption};
use crate::openid4vp::error::PresentationErrorCode;
use crate::openid4vp::request::{RESPONSE_TYPE, RequestDefect, RequestNonce};
use crate::openid4vp::request_object::{ClientProof, RequestObjectError};
use crate::openid4vp::transaction_data::TransactionDefect;
use crate::openid4vp::vp_formats::VpFormats;

/// How an answer travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OriginResponseMode {
    /// `dc_api`: in the clear, through browser and page.
    #[serde(rename = "dc_api")]
    DcApi,
    /// `dc_api.jwt`: encrypted to a key of the request.
    #[default]
    #[serde(rename = "dc_api.jwt")]
    DcApiJwt,
}

impl OriginResponseMode {
    /// The string on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DcApi => "dc_api",
            Self::DcApiJwt => "dc_api.jwt",
        }
    }
}

/// What a page asks for, and how it wants the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRequest {
    /// How the answer travels.
    pub response_mode: OriginResponseMode,
    /// What the holder's proof repeats; fresh for every request.
    pub nonce: RequestNonce,
    /// What is asked for.
    pub dcql_query: DcqlQuery,
    /// What the verifier says of itself; of a client that was registered, what was registered.
    pub client_metadata: ClientMetadata,
}

/// Why a request over the Digital Credentials API was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OriginRequestError {
    /// `data` is not what the protocol says.
    #[error("the request has not the form of its protocol")]
    Malformed,
    /// A parameter of one signature stands where those of all stand ([OpenID4VP appendix A.3.2.2]).
    ///
    /// [OpenID4VP appendix A.3.2.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.3.2.2
    #[error("{parameter} must stand in the protected header of a signature")]
    OutsideProtectedHeader {
        /// The parameter.
        parameter: &'static str,
    },
    /// Signed, and does not say for which origins.
    #[error("expected_origins is missing or malformed")]
    NoExpectedOrigins,
    /// Made for other origins than the one that sent it: somebody else's request is being replayed.
    #[error("the request was made for another origin")]
    ForeignOrigin,
    /// Neither `dc_api` nor `dc_api.jwt`.
    #[error("response_mode is neither dc_api nor dc_api.jwt")]
    ResponseMode,
    /// The object is refused.
    #[error(transparent)]
    Object(#[from] RequestObjectError),
}

impl From<RequestDefect> for OriginRequestError {
    fn from(defect: RequestDefect) -> Self {
        Self::Object(RequestObjectError::Parameters(defect))
    }
}

impl OriginRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(&self) -> PresentationErrorCode {
        match self {
            Self::Object(error) => error.code(),
            _ => PresentationErrorCode::InvalidRequest,
        }
    }
}

impl OriginRequest {
    /// Reads the parameters of a request. Those that are not defined for this way of asking, such as `state`, are ignored.
    ///
    /// # Errors
    /// [`OriginRequestError`].
    pub fn parse(
        claims: &Map<String, Value>,
        registered: Option<&ClientMetadata>,
    ) -> Result<Self, OriginRequestError> {
        let text = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(RequestDefect::Malformed { member: name }),
        };
        if claims.contains_key("presentation_definition") || claims.contains_key("client_id_scheme") {
            return Err(RequestDefect::DraftShape.into());
        }
        if text("response_type")? != Some(RESPONSE_TYPE) {
            return Err(RequestDefect::ResponseType.into());
        }
        let response_mode = match text("response_mode")? {
            Some("dc_api") => OriginResponseMode::DcApi,
            Some("dc_api.jwt") => OriginResponseMode::DcApiJwt,
            _ => return Err(OriginRequestError::ResponseMode),
        };
        let nonce = text("nonce")?
            .and_then(RequestNonce::parse)
            .ok_or(RequestDefect::Nonce)?;
        // An unknown type must be refused, and what the resident would confirm is not shown.
        if claims.contains_key("transaction_data") {
            return Err(RequestDefect::TransactionData(TransactionDefect::UnknownType).into());
        }
        let query = claims.get("dcql_query").ok_or(RequestDefect::NoQuery)?;
        let dcql_query = DcqlQuery::parse(query.to_string().as_bytes()).map_err(RequestDefect::Query)?;
        let client_metadata = match (claims.get("client_metadata"), registered) {
            (None, Some(registered)) => registered.clone(),
            (Some(_), Some(_)) => return Err(RequestDefect::RegisteredMetadata.into()),
            (None, None) => return Err(RequestDefect::ClientMetadata.into()),
            (Some(metadata), None) => {
                serde_json::from_value(metadata.clone()).map_err(|_| RequestDefect::ClientMetadata)?
            }
        };
        let request = Self {
            response_mode,
            nonce,
            dcql_query,
            client_metadata,
        };
        request.check()?;
        Ok(request)
    }

    /// Checks what the specification demands of the parameters together; a verifier does so before it asks.
    ///
    /// # Errors
    /// [`RequestDefect`].
    pub fn check(&self) -> Result<(), RequestDefect> {
        if self.client_metadata.vp_formats_supported == VpFormats::default() {
            return Err(RequestDefect::Formats);
        }
        self.response_encryption().map(|_| ())
    }

    /// How the answer is encrypted; `None` for an answer in the clear.
    ///
    /// # Errors
    /// [`RequestDefect::NoEncryptionKey`] when encryption is demanded and no usable key is offered.
    pub fn response_encryption(&self) -> Result<Option<ResponseEncryption>, RequestDefect> {
        match self.response_mode {
            OriginResponseMode::DcApi => Ok(None),
            OriginResponseMode::DcApiJwt => self
                .client_metadata
                .response_encryption()
                .map(Some)
                .ok_or(RequestDefect::NoEncryptionKey),
        }
    }

    /// The parameters: the `data` of a request without a signature ([OpenID4VP appendix A.3.1]).
    ///
    /// # Errors
    /// [`RequestDefect`] when the request is not one that a wallet would accept.
    ///
    /// [OpenID4VP appendix A.3.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.3.1
    pub fn to_data(&self) -> Result<Map<String, Value>, RequestDefect> {
        self.check()?;
        let value = |member: &'static str, value: serde_json::Result<Value>| {
            value.map_err(|_| RequestDefect::Malformed { member })
        };
        let query = value("dcql_query", serde_json::to_value(&self.dcql_query))?;
        let metadata = value("client_metadata", serde_json::to_value(&self.client_metadata))?;
        Ok(Map::from_iter([
            ("response_type".to_owned(), json!(RESPONSE_TYPE)),
            ("response_mode".to_owned(), json!(self.response_mode.as_str())),
            ("nonce".to_owned(), json!(self.nonce.as_str())),
            ("dcql_query".to_owned(), query),
            ("client_metadata".to_owned(), metadata),
        ]))
    }
}

/// A request whose client is established and whose parameters are sound. It is only made by [`SignedOriginRequest::verify`] and
/// [`VerifiedOriginRequest::unsigned`].
#[derive(Debug, Clone)]
pub struct VerifiedOriginRequest {
    request: OriginRequest,
    client_id: Option<ClientId>,
    proof: ClientProof,
    expires_at: Option<UnixTime>,
}

impl VerifiedOriginRequest {
    /// A request without a signature. Nobody but the origin asks: `client_id` and `expected_origins` are ignored ([OpenID4VP
    /// appendix A.2]).
    ///
    /// # Errors
    /// [`OriginRequestError`].
    ///
    /// [OpenID4VP appendix A.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.2
    pub fn unsigned(data: &Map<String, Value>) -> Result<Self, OriginRequestError> {
        Ok(Self {
            request: OriginRequest::parse(data, None)?,
            client_id: None,
            proof: ClientProof::Nothing,
            expires_at: None,
        })
    }

    /// The parameters.
    #[must_use]
    pub const fn request(&self) -> &OriginRequest {
        &self.request
    }

    /// Who signed; `None` where nobody did.
    #[must_use]
    pub const fn client_id(&self) -> Option<&ClientId> {
        self.client_id.as_ref()
    }

    /// How it is known who asks, beside the origin.
    #[must_use]
    pub const fn proof(&self) -> &ClientProof {
        &self.proof
    }

    /// Until when an answer is welcome, where the request says so.
    #[must_use]
    pub const fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }
}

/// Whether a request of this client is signed.
fn can_sign(client_id: &ClientId) -> bool {
    !matches!(client_id.prefix(), ClientIdPrefix::RedirectUri(_))
}
