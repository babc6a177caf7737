//! The parameters of an authorization request ([OpenID4VP §5]).
//!
//! [OpenID4VP §5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::client_id::ClientIdPrefix;
use super::client_id::{ClientId, ClientIdError};
use super::client_metadata::{ClientMetadata, ResponseEncryption};
use super::error::PresentationErrorCode;
use super::scope::{ScopeError, ScopeQueries};
use super::transaction_data::{MAX_TRANSACTIONS, TransactionData, TransactionDefect, TransactionTypes};
use super::verifier_info::{InvalidVerifierInfo, VerifierInfo};
use super::vp_formats::VpFormats;
use crate::dcql::{DcqlError, DcqlQuery};
use crate::identifier::{HttpUrl, UrlPolicy};
use crate::oauth::scope::Scope;
use crate::qr_transport;

/// The one response type of the specification.
pub const RESPONSE_TYPE: &str = "vp_token";

/// The response mode whose answers the browser carries.
const FRAGMENT: &str = "fragment";

const RESPONSE_URI: &str = "response_uri";
const REDIRECT_URI: &str = "redirect_uri";

/// The longest nonce and the longest state, in bytes; the useful length is about 43.
pub const MAX_NONCE_BYTES: usize = 512;

/// What a verifier asks for, and how it wants the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// Where the answer goes: `response_uri` where the wallet posts it, `redirect_uri` where the browser carries it; nowhere where it is
    /// shown as QR codes.
    pub response_uri: Option<HttpUrl>,
    /// What the holder's proof repeats; fresh for every request.
    pub nonce: RequestNonce,
    /// What the answer repeats.
    pub state: Option<RequestNonce>,
    /// What is asked for.
    pub dcql_query: DcqlQuery,
    /// The scope that stands for [`Self::dcql_query`] in the request, where one does.
    pub scope: Option<Scope>,
    /// What the verifier says of itself; of a client that was registered, what was registered.
    pub client_metadata: ClientMetadata,
    /// The transactions that the answer is to authorise; each of a type that is known here.
    pub transaction_data: Vec<TransactionData>,
    /// What others attest about the verifier, not validated.
    pub verifier_info: Vec<VerifierInfo>,
}

/// How an answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    /// `direct_post`: in the clear, within TLS.
    #[serde(rename = "direct_post")]
    DirectPost,
    /// `direct_post.jwt`: encrypted to a key of the request.
    #[serde(rename = "direct_post.jwt")]
    DirectPostJwt,
    /// `fragment`: in the clear, in the fragment of an address that the wallet has the browser open.
    #[serde(rename = "fragment")]
    Fragment,
    /// `symbolon_qr.jwt`: encrypted to a key of the request, and shown as QR codes to the verifier's camera
    /// ([`qr_transport`](crate::qr_transport)).
    #[serde(rename = "symbolon_qr.jwt")]
    SymbolonQrJwt,
}

/// What the reader of a request knows beforehand.
#[derive(Debug, Clone, Copy)]
pub struct RequestReader<'a> {
    /// Which URLs are allowed at all.
    pub urls: UrlPolicy,
    /// The queries that scopes stand for.
    pub scopes: &'a ScopeQueries,
    /// The metadata of the client, where it was registered.
    pub registered: Option<&'a ClientMetadata>,
    /// The types of transaction data that are known.
    pub transaction_types: &'a TransactionTypes,
}

impl ResponseMode {
    /// The string on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DirectPost => "direct_post",
            Self::DirectPostJwt => "direct_post.jwt",
            Self::Fragment => FRAGMENT,
            Self::SymbolonQrJwt => qr_transport::RESPONSE_MODE,
        }
    }

    /// Whether request and answer travel by QR codes and not over a network.
    #[must_use]
    pub const fn is_by_qr(self) -> bool {
        matches!(self, Self::SymbolonQrJwt)
    }

    /// Whether the browser carries the answer, and nobody posts it.
    #[must_use]
    pub const fn is_carried_by_browser(self) -> bool {
        matches!(self, Self::Fragment)
    }

    /// The parameter with the address of the answer.
    const fn address_parameter(self) -> &'static str {
        match self {
            Self::Fragment => REDIRECT_URI,
            Self::DirectPost | Self::DirectPostJwt | Self::SymbolonQrJwt => RESPONSE_URI,
        }
    }
}

/// A nonce or a state: URL-safe ASCII ([OpenID4VP §5.2]).
///
/// [OpenID4VP §5.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.2
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestNonce(String);

impl RequestNonce {
    /// Takes a nonce of unreserved URL characters; `None` for any other text, or one beyond [`MAX_NONCE_BYTES`].
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (!text.is_empty() && text.len() <= MAX_NONCE_BYTES && text.bytes().all(allowed)).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PresentationRequest {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// [`RequestDefect`].
    pub fn parse(claims: &Map<String, Value>, reader: &RequestReader<'_>) -> Result<Self, RequestDefect> {
        let text = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(RequestDefect::Malformed { member: name }),
        };
        for draft in [
            "presentation_definition",
            "presentation_definition_uri",
            "client_id_scheme",
        ] {
            if claims.contains_key(draft) {
                return Err(RequestDefect::DraftShape);
            }
        }
        let client_id = ClientId::parse(text("client_id")?.ok_or(RequestDefect::NoClientId)?)?;
        if text("response_type")? != Some(RESPONSE_TYPE) {
            return Err(RequestDefect::ResponseType);
        }
        let response_mode = match text("response_mode")? {
            Some("direct_post") => ResponseMode::DirectPost,
            Some("direct_post.jwt") => ResponseMode::DirectPostJwt,
            Some(FRAGMENT) => ResponseMode::Fragment,
            Some(qr_transport::RESPONSE_MODE) => ResponseMode::SymbolonQrJwt,
            _ => return Err(RequestDefect::ResponseMode),
        };
        let response_uri = if response_mode.is_by_qr() {
            no_address(claims)?;
            None
        } else {
            Some(response_uri(claims, &client_id, reader.urls)?)
        };
        let nonce = text("nonce")?
            .and_then(RequestNonce::parse)
            .ok_or(RequestDefect::Nonce)?;
        let state = match text("state")? {
            None => None,
            Some(state) => Some(RequestNonce::parse(state).ok_or(RequestDefect::State)?),
        };
        // One transaction that is not understood is enough to refuse: what the resident would confirm could not be shown.
        let transaction_data = match claims.get("transaction_data") {
            None => Vec::new(),
            Some(value) => TransactionData::parse_all(value, reader.transaction_types)?,
        };
        let verifier_info = match claims.get("verifier_info") {
            None => Vec::new(),
            Some(value) => VerifierInfo::parse_all(value)?,
        };
        let scope = match text("scope")? {
            None => None,
            Some(scope) => {
                Some(Scope::parse(scope).map_err(|_| RequestDefect::Scope(ScopeError::Malformed))?)
            }
        };
        let dcql_query = match (claims.get("dcql_query"), &scope) {
            (Some(query), None) => DcqlQuery::parse(query.to_string().as_bytes())?,
            (Some(_), Some(_)) => return Err(RequestDefect::QueryAndScope),
            (None, Some(scope)) => reader.scopes.query(scope).map_err(RequestDefect::Scope)?,
            (None, None) => return Err(RequestDefect::NoQuery),
        };
        let client_metadata = match (claims.get("client_metadata"), reader.registered) {
            (None, Some(registered)) => registered.clone(),
            (Some(_), Some(_)) => return Err(RequestDefect::RegisteredMetadata),
            (Some(_), None) if *client_id.prefix() == ClientIdPrefix::PreRegistered => {
                return Err(RequestDefect::RegisteredMetadata);
            }
            (None, None) => return Err(RequestDefect::ClientMetadata),
            (Some(metadata), None) => {
                serde_json::from_value(metadata.clone()).map_err(|_| RequestDefect::ClientMetadata)?
            }
        };
        let request = Self {
            client_id,
            response_mode,
            response_uri,
            nonce,
            state,
            dcql_query,
            scope,
            client_metadata,
            transaction_data,
            verifier_info,
        };
        request.check()?;
        Ok(request)
    }

    /// Checks what the specification demands of the parameters together; a verifier does so before it signs.
    ///
    /// # Errors
    /// [`RequestDefect`].
    pub fn check(&self) -> Result<(), RequestDefect> {
        match (self.response_mode.is_by_qr(), &self.response_uri) {
            (true, Some(_)) => return Err(RequestDefect::AddressByQr),
            (false, None) => return Err(RequestDefect::NoResponseUri),
            (true, None) | (false, Some(_)) => {}
        }
        // By QR code there is no address of its own that would tie an answer to its request.
        let needs_state = self.response_mode.is_by_qr() || self.dcql_query.asks_without_holder_binding();
        if self.state.is_none() && needs_state {
            return Err(RequestDefect::NoState);
        }
        if self.client_metadata.vp_formats_supported == VpFormats::default() {
            return Err(RequestDefect::Formats);
        }
        if self.transaction_data.len() > MAX_TRANSACTIONS {
            return Err(TransactionDefect::TooLarge.into());
        }
        for transaction in &self.transaction_data {
            transaction.check_against(&self.dcql_query)?;
        }
        for attestation in &self.verifier_info {
            attestation.check_against(&self.dcql_query)?;
        }
        self.response_encryption().map(|_| ())
    }

    /// How the answer is encrypted; `None` for an answer in the clear.
    ///
    /// # Errors
    /// [`RequestDefect::NoEncryptionKey`] when encryption is demanded and no usable key is offered.
    pub fn response_encryption(&self) -> Result<Option<ResponseEncryption>, RequestDefect> {
        match self.response_mode {
            ResponseMode::DirectPost | ResponseMode::Fragment => Ok(None),
            ResponseMode::DirectPostJwt | ResponseMode::SymbolonQrJwt => self
                .client_metadata
                .response_encryption()
                .map(Some)
                .ok_or(RequestDefect::NoEncryptionKey),
        }
    }

    /// The parameters as claims of a request object, without those that say when and for whom it was signed.
    ///
    /// # Errors
    /// [`RequestDefect::Malformed`] when a part cannot be written as JSON, which no valid request causes.
    pub fn to_claims(&self) -> Result<Map<String, Value>, RequestDefect> {
        let query = serde_json::to_value(&self.dcql_query)
            .map_err(|_| RequestDefect::Malformed { member: "dcql_query" })?;
        let metadata = serde_json::to_value(&self.client_metadata).map_err(|_| RequestDefect::Malformed {
            member: "client_metadata",
        })?;
        let mut claims = Map::new();
        let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        add("response_type", json!(RESPONSE_TYPE));
        add("response_mode", json!(self.response_mode.as_str()));
        add("client_id", json!(self.client_id));
        if let Some(address) = &self.response_uri {
            add(self.response_mode.address_parameter(), json!(address));
        }
        add("nonce", json!(self.nonce.as_str()));
        if let Some(state) = &self.state {
            add("state", json!(state.as_str()));
        }
        if !self.transaction_data.is_empty() {
            let texts: Vec<&str> = self.transaction_data.iter().map(TransactionData::text).collect();
            add("transaction_data", json!(texts));
        }
        if !self.verifier_info.is_empty() {
            add("verifier_info", json!(self.verifier_info));
        }
        match &self.scope {
            None => add("dcql_query", query),
            Some(scope) => add("scope", json!(scope)),
        };
        // Those of a registered client are known, and must not be repeated (OpenID4VP §8.5).
        if *self.client_id.prefix() != ClientIdPrefix::PreRegistered {
            add("client_metadata", metadata);
        }
        Ok(claims)
    }
}

/// A request by QR code names no address: nobody must take it for one whose answer goes over a network.
pub(super) fn no_address(claims: &Map<String, Value>) -> Result<(), RequestDefect> {
    let named = [RESPONSE_URI, REDIRECT_URI]
        .iter()
        .any(|name| claims.contains_key(*name));
    if named {
        Err(RequestDefect::AddressByQr)
    } else {
        Ok(())
    }
}

/// Whether the claims say that the browser carries the answer.
pub(super) fn is_carried_by_browser(claims: &Map<String, Value>) -> bool {
    claims.get("response_mode").and_then(Value::as_str) == Some(FRAGMENT)
}

/// The address of the answer, read before everything else so that errors have somewhere to go: `redirect_uri` where the browser carries
/// the answer, otherwise `response_uri`, and never both. A client that is identified by this address may leave it out, and must not name
/// another ([OpenID4VP §5.9.3]).
///
/// [OpenID4VP §5.9.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.3
pub(super) fn response_uri(
    claims: &Map<String, Value>,
    client_id: &ClientId,
    policy: UrlPolicy,
) -> Result<HttpUrl, RequestDefect> {
    let (name, other, beside) = if is_carried_by_browser(claims) {
        (REDIRECT_URI, RESPONSE_URI, RequestDefect::ResponseUri)
    } else {
        (RESPONSE_URI, REDIRECT_URI, RequestDefect::RedirectUri)
    };
    if claims.contains_key(other) {
        return Err(beside);
    }
    let named = match claims.get(name) {
        None => None,
        Some(Value::String(text)) => {
            Some(HttpUrl::parse(text).map_err(|_| RequestDefect::ResponseUriNotPermitted)?)
        }
        Some(_) => return Err(RequestDefect::ResponseUriNotPermitted),
    };
    let url = match (named, client_id.prefix()) {
        (None, ClientIdPrefix::RedirectUri(address)) => address.clone(),
        (Some(url), ClientIdPrefix::RedirectUri(address)) if url != *address => {
            return Err(RequestDefect::ForeignResponseUri);
        }
        (named, _) => named.ok_or(RequestDefect::NoResponseUri)?,
    };
    url.permitted(policy)
        .map_err(|_| RequestDefect::ResponseUriNotPermitted)?;
    Ok(url)
}

/// Why the parameters of a request were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestDefect {
    /// A member has not the type that the specification gives it.
    #[error("{member} is malformed")]
    Malformed {
        /// The member.
        member: &'static str,
    },
    /// The request speaks a draft.
    #[error("the request has the shape of a draft: OpenID4VP 1.0 Final with dcql_query is supported")]
    DraftShape,
    /// No client identifier.
    #[error("client_id is missing")]
    NoClientId,
    /// The client identifier is refused.
    #[error(transparent)]
    ClientId(#[from] ClientIdError),
    /// Something else than a presentation is wanted.
    #[error("response_type is not {RESPONSE_TYPE}")]
    ResponseType,
    /// No response mode, or one that is not supported.
    #[error("response_mode is neither direct_post nor direct_post.jwt nor fragment")]
    ResponseMode,
    /// An address in a request whose answer is shown as QR codes.
    #[error("a request by QR code must name no address for its answer")]
    AddressByQr,
    /// `redirect_uri`, which must not stand beside these response modes ([OpenID4VP §8.2]).
    ///
    /// [OpenID4VP §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2
    #[error("redirect_uri must not be present with a direct_post response mode")]
    RedirectUri,
    /// `response_uri`, which says nothing where the browser carries the answer.
    #[error("response_uri must not be present with the response mode fragment")]
    ResponseUri,
    /// No address for the answer.
    #[error("response_uri is missing")]
    NoResponseUri,
    /// The client is identified by another address.
    #[error("response_uri is not the address that identifies the client")]
    ForeignResponseUri,
    /// The address is no https URL.
    #[error("response_uri must be an https URL")]
    ResponseUriNotPermitted,
    /// No nonce, or not URL-safe, or too long.
    #[error("nonce is missing or has characters that a nonce must not have")]
    Nonce,
    /// Not URL-safe, or too long.
    #[error("state has characters that a state must not have")]
    State,
    /// A credential without holder binding is asked for, or the answer comes by QR code, and nothing ties it to the request.
    #[error("state is required when a credential without holder binding is asked for, and by QR code")]
    NoState,
    /// Transaction data that are not understood, or that nothing which is asked for can authorise.
    #[error(transparent)]
    TransactionData(#[from] TransactionDefect),
    /// Attestations about the verifier that are none.
    #[error(transparent)]
    VerifierInfo(#[from] InvalidVerifierInfo),
    /// Nothing is asked for.
    #[error("dcql_query is missing")]
    NoQuery,
    /// A scope that stands for no query.
    #[error(transparent)]
    Scope(ScopeError),
    /// Both.
    #[error("dcql_query and scope exclude each other")]
    QueryAndScope,
    /// The query is refused.
    #[error(transparent)]
    Query(#[from] DcqlError),
    /// Missing or malformed.
    #[error("client_metadata is missing or malformed")]
    ClientMetadata,
    /// Metadata of a client whose metadata were registered.
    #[error("client_metadata must not be present for a client that was registered")]
    RegisteredMetadata,
    /// The verifier reads no format that this suite writes.
    #[error("the verifier reads no credential format that is supported here")]
    Formats,
    /// No usable key.
    #[error("the answer is to be encrypted and client_metadata has no usable key or encryption")]
    NoEncryptionKey,
}

impl RequestDefect {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> PresentationErrorCode {
        match self {
            Self::ResponseType => PresentationErrorCode::UnsupportedResponseType,
            Self::TransactionData(_) => PresentationErrorCode::InvalidTransactionData,
            Self::Scope(_) => PresentationErrorCode::InvalidScope,
            Self::RegisteredMetadata => PresentationErrorCode::InvalidClient,
            Self::Formats => PresentationErrorCode::VpFormatsNotSupported,
            Self::ClientId(error) => error.code(),
            _ => PresentationErrorCode::InvalidRequest,
        }
    }
}

#[cfg(test)]
mod tests;
