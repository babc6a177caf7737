//! Why an authorization request is refused, and who is told ([RFC 6749 §4.1.2.1]).
//!
//! [RFC 6749 §4.1.2.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1

use thiserror::Error;

use super::State;
use crate::oauth::client::ClientIdentifier;
use crate::oauth::error::AuthorizationErrorCode;
use crate::oauth::pkce::CodeChallengeError;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::InvalidScope;
use crate::openid4vci::authorization_details::InvalidAuthorizationDetails;

/// Where a request wants its answer. It is the sender's wish: a server allows it for the client before it goes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerAddress {
    /// Who asks.
    pub client_id: ClientIdentifier,
    /// Where to.
    pub redirect_uri: RedirectUri,
    /// What the answer repeats.
    pub state: Option<State>,
}

impl AnswerAddress {
    pub(super) fn refuse(self, reason: AuthorizationRequestError) -> AuthorizationRequestRefused {
        AuthorizationRequestRefused {
            reason,
            tell: Some(Box::new(self)),
        }
    }
}

/// A request was refused before it was looked at whether this client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct AuthorizationRequestRefused {
    /// Why.
    #[source]
    pub reason: AuthorizationRequestError,
    /// Where the client can be told, if the server allows that address; `None` when the resident has to be told in the
    /// browser, because the request does not say who asks or where the answer goes.
    pub tell: Option<Box<AnswerAddress>>,
}

impl From<AuthorizationRequestError> for AuthorizationRequestRefused {
    fn from(reason: AuthorizationRequestError) -> Self {
        Self { reason, tell: None }
    }
}

/// Why an authorization request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationRequestError {
    /// Over budget.
    #[error("the authorization request is too large")]
    TooLarge,
    /// One parameter twice.
    #[error("a parameter is repeated")]
    RepeatedParameter,
    /// No client.
    #[error("client_id is missing")]
    MissingClientId,
    /// Characters or a length that no identifier has.
    #[error("client_id is malformed")]
    ClientId,
    /// No address for the answer.
    #[error("redirect_uri is missing")]
    MissingRedirectUri,
    /// Not an address that a wallet may have.
    #[error("redirect_uri is not one that a wallet may have")]
    RedirectUri,
    /// Over budget, or with characters that it must not have.
    #[error("state is malformed")]
    State,
    /// No `response_type`.
    #[error("response_type is missing")]
    MissingResponseType,
    /// Something else than a code.
    #[error("response_type must be code")]
    ResponseType,
    /// Another way than the query of the redirect.
    #[error("response_mode must be query")]
    ResponseMode,
    /// No challenge.
    #[error("code_challenge is missing")]
    MissingCodeChallenge,
    /// A challenge that is not of `S256`.
    #[error(transparent)]
    CodeChallenge(#[from] CodeChallengeError),
    /// No scope.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// No `authorization_details`.
    #[error(transparent)]
    AuthorizationDetails(#[from] InvalidAuthorizationDetails),
    /// Over budget, or with characters that it must not have.
    #[error("issuer_state is malformed")]
    IssuerState,
    /// No identifier of an issuer.
    #[error("resource is not the identifier of an issuer")]
    Resource,
    /// No thumbprint.
    #[error("dpop_jkt is malformed")]
    DpopThumbprint,
    /// `request` beside `request_uri`.
    #[error("request and request_uri exclude each other")]
    SeveralSources,
    /// A `request_uri` in a request that is pushed, or in a request object.
    #[error("request_uri must not be in this request")]
    NestedRequestUri,
    /// A request object in a request object.
    #[error("request must not be in a request object")]
    NestedRequestObject,
    /// No URI.
    #[error("request_uri is malformed")]
    RequestUri,
    /// Over budget, or no JWT.
    #[error("the request object is malformed")]
    RequestObject,
}

impl AuthorizationRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::ResponseType => AuthorizationErrorCode::UnsupportedResponseType,
            Self::Scope(_) => AuthorizationErrorCode::InvalidScope,
            Self::AuthorizationDetails(_) => AuthorizationErrorCode::InvalidAuthorizationDetails,
            Self::Resource => AuthorizationErrorCode::InvalidTarget,
            Self::RequestUri => AuthorizationErrorCode::InvalidRequestUri,
            Self::RequestObject | Self::NestedRequestObject => AuthorizationErrorCode::InvalidRequestObject,
            _ => AuthorizationErrorCode::InvalidRequest,
        }
    }
}
