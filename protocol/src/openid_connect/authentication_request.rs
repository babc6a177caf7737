//! The authentication request ([OpenID Connect Core 1.0 §3.1.2.1]): an authorization request with PKCE, the scope `openid`, and what OpenID
//! Connect adds.
//!
//! Request objects are not taken, by value (`request`) or by reference; a `request_uri` is one that was pushed before. `login_hint`,
//! `id_token_hint`, `display` and whatever else is not named here are passed over: they are hints about sessions, and every sign-in
//! here is a new presentation.
//!
//! [OpenID Connect Core 1.0 §3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest

use thiserror::Error;
use url::form_urlencoded;

use super::claims_request::{ClaimsRequest, InvalidClaimsRequest};
use crate::oauth::authorization_request::{
    AnswerAddress, AuthorizationRequest, AuthorizationRequestError, AuthorizationRequestRefused,
    MAX_AUTHORIZATION_REQUEST_BYTES, MAX_REPEATED_VALUES, parse_form, take_address, take_client_id,
};
use crate::oauth::client::{ClientIdentifier, ClientParameters, ClientParametersError};
use crate::oauth::error::AuthorizationErrorCode;
use crate::oauth::pushed_request::{REQUEST_URI_PREFIX, RequestUri};
use crate::wire::Form;

/// The scope value without which a request is none of OpenID Connect.
pub const OPENID_SCOPE: &str = "openid";

/// The longest `nonce` that is read, in bytes. It is repeated in the ID token.
pub const MAX_NONCE_BYTES: usize = 512;

/// The longest value of `acr_values`, in bytes.
const MAX_ACR_BYTES: usize = 256;

/// Whether the person may be asked ([OpenID Connect Core 1.0 §3.1.2.1], `prompt`).
///
/// [OpenID Connect Core 1.0 §3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// It may be, by whatever is necessary; also where the request wants a new sign-in, which each is.
    Allowed,
    /// `none`: nothing may be shown.
    Forbidden,
}

/// A request for authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationRequest {
    /// What it is of OAuth. Its scope has [`OPENID_SCOPE`].
    pub oauth: AuthorizationRequest,
    /// What the ID token repeats.
    pub nonce: Option<String>,
    /// Whether the person may be asked.
    pub prompt: Prompt,
    /// How long ago the sign-in may have been, in seconds. Every sign-in is a new one, so each number is kept to.
    pub max_age: Option<u32>,
    /// The levels of assurance that are wished for, the preferred one first.
    pub acr_values: Vec<String>,
    /// The claims that are asked for.
    pub claims: ClaimsRequest,
}

impl AuthenticationRequest {
    /// The request as a form, which reads back as the same.
    #[must_use]
    pub fn to_form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.oauth.parameters() {
            form.append_pair(name, &value);
        }
        if let Some(nonce) = &self.nonce {
            form.append_pair("nonce", nonce);
        }
        if self.prompt == Prompt::Forbidden {
            form.append_pair("prompt", "none");
        }
        if let Some(max_age) = self.max_age {
            form.append_pair("max_age", &max_age.to_string());
        }
        if !self.acr_values.is_empty() {
            form.append_pair("acr_values", &self.acr_values.join(" "));
        }
        if !self.claims.is_empty() {
            form.append_pair("claims", &self.claims.to_text());
        }
        form.finish()
    }

    /// Reads what [`Self::to_form`] wrote.
    ///
    /// # Errors
    /// [`AuthenticationRequestRefused`].
    pub fn parse_form(form: &[u8]) -> Result<Self, AuthenticationRequestRefused> {
        Self::take_from(&mut parse_form(form, MAX_AUTHORIZATION_REQUEST_BYTES)?)
    }

    /// Where the answer goes.
    #[must_use]
    pub fn address(&self) -> AnswerAddress {
        AnswerAddress {
            client_id: self.oauth.client_id.clone(),
            redirect_uri: self.oauth.redirect_uri.clone(),
            state: self.oauth.state.clone(),
        }
    }

    fn take_from(form: &mut Form) -> Result<Self, AuthenticationRequestRefused> {
        let nonce = form.take_value("nonce");
        let prompt = form.take_value("prompt");
        let max_age = form.take_value("max_age");
        let acr_values = form.take_value("acr_values").unwrap_or_default();
        let claims = form.take_value("claims");
        let oauth = AuthorizationRequest::take_from(form)?;
        let request = Self {
            oauth,
            nonce: None,
            prompt: Prompt::Allowed,
            max_age: None,
            acr_values: acr_values_of(&acr_values),
            claims: ClaimsRequest::default(),
        };
        request
            .clone()
            .completed(nonce, prompt.as_deref(), max_age.as_deref(), claims.as_deref())
            .map_err(|reason| AuthenticationRequestRefused {
                reason,
                tell: Some(Box::new(request.address())),
            })
    }

    fn completed(
        mut self,
        nonce: Option<String>,
        prompt: Option<&str>,
        max_age: Option<&str>,
        claims: Option<&str>,
    ) -> Result<Self, AuthenticationRequestError> {
        use AuthenticationRequestError as Error;
        let asks = self.oauth.scope.as_ref();
        if !asks.is_some_and(|scope| scope.contains(OPENID_SCOPE)) {
            return Err(Error::NotOpenId);
        }
        let is_printable = |text: &String| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if nonce
            .as_ref()
            .is_some_and(|nonce| nonce.len() > MAX_NONCE_BYTES || !is_printable(nonce))
        {
            return Err(Error::Nonce);
        }
        self.nonce = nonce;
        if let Some(prompt) = prompt {
            let values: Vec<&str> = prompt.split(' ').filter(|value| !value.is_empty()).collect();
            self.prompt = match (values.contains(&"none"), values.len()) {
                (true, 1) => Prompt::Forbidden,
                (true, _) => return Err(Error::Prompt),
                (false, _) => Prompt::Allowed,
            };
        }
        self.max_age = match max_age {
            None => None,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                // More than fits is longer than anybody can have been signed in.
                Some(text.parse().unwrap_or(u32::MAX))
            }
            Some(_) => return Err(Error::MaxAge),
        };
        if let Some(claims) = claims {
            self.claims = ClaimsRequest::parse(claims)?;
        }
        Ok(self)
    }
}

/// A wish: what cannot be read of it is passed over.
fn acr_values_of(text: &str) -> Vec<String> {
    text.split(' ')
        .filter(|value| (1..=MAX_ACR_BYTES).contains(&value.len()))
        .take(MAX_REPEATED_VALUES)
        .map(str::to_owned)
        .collect()
}

/// A request at the authorization endpoint of a provider.
#[derive(Debug, PartialEq, Eq)]
pub enum AuthenticationEndpointRequest {
    /// The parameters.
    Plain(Box<AuthenticationRequest>),
    /// They were pushed before, and only those count ([RFC 9126 §4]).
    ///
    /// [RFC 9126 §4]: https://www.rfc-editor.org/rfc/rfc9126#section-4
    Pushed {
        /// The client, which must be the one that pushed.
        client_id: ClientIdentifier,
        /// The name of the pushed request.
        request_uri: RequestUri,
    },
}

impl AuthenticationEndpointRequest {
    /// Reads the query of the endpoint, or the form that was posted to it.
    ///
    /// # Errors
    /// [`AuthenticationRequestRefused`].
    pub fn parse(query: &[u8]) -> Result<Self, AuthenticationRequestRefused> {
        let mut form = parse_form(query, MAX_AUTHORIZATION_REQUEST_BYTES)?;
        let object = form.take_value("request");
        let uri = form.take_value("request_uri");
        match (object, uri) {
            (None, None) => {
                AuthenticationRequest::take_from(&mut form).map(|request| Self::Plain(Box::new(request)))
            }
            (None, Some(uri)) if uri.starts_with(REQUEST_URI_PREFIX) => Ok(Self::Pushed {
                client_id: take_client_id(&mut form)?,
                request_uri: RequestUri::parse(uri).ok_or(AuthorizationRequestError::RequestUri)?,
            }),
            (Some(_), None) => Err(refuse_source(form, AuthenticationRequestError::RequestObject)),
            (None, Some(_)) => Err(refuse_source(form, AuthenticationRequestError::RequestUri)),
            (Some(_), Some(_)) => Err(AuthorizationRequestError::SeveralSources.into()),
        }
    }
}

/// What is not taken is told to the client where the parameters beside it say where.
fn refuse_source(mut form: Form, reason: AuthenticationRequestError) -> AuthenticationRequestRefused {
    AuthenticationRequestRefused {
        reason,
        tell: take_address(&mut form).ok().map(Box::new),
    }
}

/// A request that a client pushes ([RFC 9126 §2.1]).
///
/// [RFC 9126 §2.1]: https://www.rfc-editor.org/rfc/rfc9126#section-2.1
#[derive(Debug)]
pub struct PushedAuthenticationRequest {
    /// Who pushes it.
    pub client: ClientParameters,
    /// What it pushes.
    pub request: Box<AuthenticationRequest>,
}

impl PushedAuthenticationRequest {
    /// Reads the form of the endpoint.
    ///
    /// # Errors
    /// [`PushedAuthenticationError`].
    pub fn parse_form(body: &[u8]) -> Result<Self, PushedAuthenticationError> {
        let refused = AuthenticationRequestError::OAuth;
        let mut form = parse_form(body, MAX_AUTHORIZATION_REQUEST_BYTES).map_err(refused)?;
        if form.take("request_uri").is_some() {
            return Err(refused(AuthorizationRequestError::NestedRequestUri).into());
        }
        if form.take("request").is_some() {
            return Err(AuthenticationRequestError::RequestObject.into());
        }
        let client = ClientParameters::take_from(&mut form)?;
        if let Some(client_id) = &client.client_id {
            form.put("client_id", client_id.as_str().to_owned());
        }
        let request = AuthenticationRequest::take_from(&mut form).map_err(|refused| refused.reason)?;
        Ok(Self {
            client,
            request: Box::new(request),
        })
    }
}

/// Why a pushed request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PushedAuthenticationError {
    /// What it says about the client.
    #[error(transparent)]
    Client(#[from] ClientParametersError),
    /// What it asks for.
    #[error(transparent)]
    Request(#[from] AuthenticationRequestError),
}

impl PushedAuthenticationError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::Client(error) => error.code().into(),
            Self::Request(error) => error.code(),
        }
    }
}

/// A request was refused before it was looked at whether this client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct AuthenticationRequestRefused {
    /// Why.
    #[source]
    pub reason: AuthenticationRequestError,
    /// Where the client can be told, if the provider allows that address.
    pub tell: Option<Box<AnswerAddress>>,
}

impl From<AuthorizationRequestRefused> for AuthenticationRequestRefused {
    fn from(refused: AuthorizationRequestRefused) -> Self {
        Self {
            reason: refused.reason.into(),
            tell: refused.tell,
        }
    }
}

impl From<AuthorizationRequestError> for AuthenticationRequestRefused {
    fn from(reason: AuthorizationRequestError) -> Self {
        Self {
            reason: reason.into(),
            tell: None,
        }
    }
}

/// Why a request for authentication was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthenticationRequestError {
    /// What it is of OAuth.
    #[error(transparent)]
    OAuth(#[from] AuthorizationRequestError),
    /// The scope lacks `openid`.
    #[error("scope must contain openid")]
    NotOpenId,
    /// Over budget, or with characters that it must not have.
    #[error("nonce is malformed")]
    Nonce,
    /// `none` beside something else.
    #[error("prompt none excludes every other")]
    Prompt,
    /// No number.
    #[error("max_age is malformed")]
    MaxAge,
    /// No claims request.
    #[error(transparent)]
    Claims(#[from] InvalidClaimsRequest),
    /// A request object by value.
    #[error("request objects are not supported")]
    RequestObject,
    /// A request object by reference.
    #[error("request_uri must be one that was pushed")]
    RequestUri,
}

impl AuthenticationRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::OAuth(error) => error.code(),
            Self::NotOpenId => AuthorizationErrorCode::InvalidScope,
            Self::RequestObject => AuthorizationErrorCode::RequestNotSupported,
            Self::RequestUri => AuthorizationErrorCode::RequestUriNotSupported,
            Self::Nonce | Self::Prompt | Self::MaxAge | Self::Claims(_) => {
                AuthorizationErrorCode::InvalidRequest
            }
        }
    }
}

#[cfg(test)]
mod tests;
