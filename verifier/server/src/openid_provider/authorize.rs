//! `/openid/authorize`: a browser that a client sent begins a sign-in ([OpenID Connect Core 1.0 §3.1.2]).
//!
//! Nothing goes to an address before the client is known and the address is one of its own. The browser gets a key in a cookie: the
//! sign-in belongs to it from here on, and whoever else is sent to the page sees nothing.
//!
//! [OpenID Connect Core 1.0 §3.1.2]: https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State as Extracted};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use symbolon_pages::answer::see_other;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::authorization_request::AnswerAddress;
use symbolon_protocol::oauth::authorization_response::{AuthorizationAnswer, AuthorizationResponse};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::error::{AuthorizationErrorCode, ErrorDescription};
use symbolon_protocol::oauth::pushed_request::RequestUri;
use symbolon_protocol::openid_connect::authentication_request::{
    AuthenticationEndpointRequest, AuthenticationRequest,
};
use symbolon_verifier::openid_provider::{
    Begun, DeviceFlow, OpenIdClient, RequestPath, SignInId, SignInRecord, SignInRequest, pushed_request_id,
};
use symbolon_verifier::request::make_nonce;
use symbolon_verifier::store::{Insertion, StoreError};
use symbolon_verifier::transaction::order;
use thiserror::Error;

use super::Provider;
use super::page::Shown;
use super::sign_in::set_browser_key;
use crate::quota::QuotaUse;
use crate::relying_party::OpenedRelyingParty;
use crate::request::{MakeRequestError, RequestOrder};
use crate::routes::is_form;

/// Why no sign-in begins.
#[derive(Debug, Error)]
enum BeginFailure {
    /// There is nowhere safe to send the browser. The person is told, and may tell whoever runs the client.
    #[error("{description}")]
    Stay {
        code: AuthorizationErrorCode,
        description: String,
    },
    /// The client is told.
    #[error("{description}")]
    Tell {
        to: Box<AnswerAddress>,
        code: AuthorizationErrorCode,
        description: String,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) async fn by_address(
    Extracted(provider): Extracted<Arc<Provider>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    provider.answer_authorize(&headers, query.as_bytes()).await
}

/// The same by a form, which every provider takes ([OpenID Connect Core 1.0 §3.1.2.1]).
///
/// [OpenID Connect Core 1.0 §3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
pub(super) async fn by_form(
    Extracted(provider): Extracted<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if is_form(&headers) {
        provider.answer_authorize(&headers, &body).await
    } else {
        let said = "invalid_request: the request must be a form";
        provider.wrong_request(&headers, said)
    }
}

impl Provider {
    async fn answer_authorize(&self, headers: &HeaderMap, query: &[u8]) -> Response {
        match self.begin(query).await {
            Ok(record) => match self.page_of(&record.id) {
                Some(page) => {
                    let mut response = see_other(page.as_str());
                    set_browser_key(response.headers_mut(), self, &record);
                    response
                }
                None => self.unavailable(headers),
            },
            Err(BeginFailure::Tell {
                to,
                code,
                description,
            }) => {
                tracing::info!(code = code.as_str(), reason = %description, "a sign-in was refused");
                self.refuse_at(&to, code, &description)
            }
            Err(BeginFailure::Stay { code, description }) => {
                tracing::info!(code = code.as_str(), reason = %description, "a sign-in was refused");
                self.wrong_request(headers, &format!("{}: {description}", code.as_str()))
            }
            Err(BeginFailure::Store(error)) => {
                tracing::error!(%error, "a sign-in could not begin");
                self.unavailable(headers)
            }
        }
    }

    async fn begin(&self, query: &[u8]) -> Result<SignInRecord, BeginFailure> {
        let parsed = AuthenticationEndpointRequest::parse(query).map_err(|refused| {
            let (code, description) = (refused.reason.code(), refused.reason.to_string());
            match refused.tell {
                Some(to) if self.may_answer(&to) => BeginFailure::Tell {
                    to,
                    code,
                    description,
                },
                _ => BeginFailure::Stay { code, description },
            }
        })?;
        let (request, path) = match parsed {
            AuthenticationEndpointRequest::Plain(request) => (*request, RequestPath::Browser),
            AuthenticationEndpointRequest::Pushed {
                client_id,
                request_uri,
            } => (self.pushed(&client_id, &request_uri).await?, RequestPath::Pushed),
        };
        let stay = |description: &str| BeginFailure::Stay {
            code: AuthorizationErrorCode::InvalidRequest,
            description: description.to_owned(),
        };
        let (client, party) = self
            .client(&request.oauth.client_id)
            .ok_or_else(|| stay("the client is not known"))?;
        let client = client.rules();
        if !client.may_be_answered_at(&request.oauth.redirect_uri) {
            return Err(stay("redirect_uri is not one that the client has registered"));
        }
        let tell = |code: AuthorizationErrorCode, description: String| BeginFailure::Tell {
            to: Box::new(request.address()),
            code,
            description,
        };
        let begun = client.begin(&request, path);
        let begun = begun.map_err(|refusal| tell(refusal.code(), refusal.to_string()))?;
        // One that was pushed has been counted then.
        if path == RequestPath::Browser
            && let QuotaUse::Exhausted { .. } = self.state.use_quota(party).await?
        {
            let description = "the quota of the relying party is used up".to_owned();
            return Err(tell(AuthorizationErrorCode::TemporarilyUnavailable, description));
        }
        match self.open_sign_in(client, party, &request, &begun).await {
            Ok(record) => Ok(record),
            Err(error) => {
                tracing::error!(%error, "a sign-in could not begin");
                let description = "the presentation request cannot be made now".to_owned();
                Err(tell(AuthorizationErrorCode::ServerError, description))
            }
        }
    }

    fn may_answer(&self, to: &AnswerAddress) -> bool {
        self.client(&to.client_id)
            .is_some_and(|(client, _)| client.rules().may_be_answered_at(&to.redirect_uri))
    }

    /// A request that this client pushed. It is used up, whoever asks.
    async fn pushed(
        &self,
        client: &ClientIdentifier,
        uri: &RequestUri,
    ) -> Result<AuthenticationRequest, BeginFailure> {
        let unknown = || BeginFailure::Stay {
            code: AuthorizationErrorCode::InvalidRequestUri,
            description: "request_uri is unknown, used or expired, or is another client's".to_owned(),
        };
        let deps = &self.state.dependencies;
        let id = pushed_request_id(uri).ok_or_else(unknown)?;
        let record = deps.store.take_pushed_request(&deps.tenant, &id).await?;
        let record = record.filter(|record| record.client_id == *client && self.now() <= record.expires_at);
        let record = record.ok_or_else(unknown)?;
        AuthenticationRequest::parse_form(record.request.as_bytes()).map_err(|_| unknown())
    }

    /// Makes the requests of a sign-in: one for a wallet on the same device, whose answer is released to the browser that the wallet leads
    /// back alone, and one for a wallet elsewhere.
    async fn open_sign_in(
        &self,
        client: &OpenIdClient,
        party: &OpenedRelyingParty,
        request: &AuthenticationRequest,
        begun: &Begun<'_>,
    ) -> Result<SignInRecord, MakeRequestError> {
        let deps = &self.state.dependencies;
        let id = make_nonce(&*deps.randomness)?;
        let id = SignInId::parse(id.as_str()).map_err(|_| MakeRequestError::Collision)?;
        let now = self.now();
        let mut record = SignInRecord {
            tenant: deps.tenant.clone(),
            id,
            relying_party: party.name.clone(),
            request: request.to_form(),
            scope: begun.scope.document.scope.clone(),
            same_device: None,
            cross_device: None,
            created_at: now,
            expires_at: now.plus(self.state.configuration.request_lifetime()),
        };
        for device in &client.document().devices {
            match device {
                DeviceFlow::SameDevice => {
                    let back = self.return_of(&record.id)?;
                    record.same_device = Some(self.ask(party, begun, Some(back)).await?);
                }
                DeviceFlow::CrossDevice => {
                    record.cross_device = Some(self.ask(party, begun, None).await?);
                }
            }
        }
        match deps.store.insert_sign_in(record.clone()).await? {
            Insertion::Inserted => Ok(record),
            Insertion::AlreadyPresent => Err(MakeRequestError::Collision),
        }
    }

    async fn ask(
        &self,
        party: &OpenedRelyingParty,
        begun: &Begun<'_>,
        return_to: Option<HttpUrl>,
    ) -> Result<SignInRequest, MakeRequestError> {
        let policy = &begun.scope.policy;
        // A policy without a query is refused where the client is read.
        let query = policy.query().ok_or(MakeRequestError::NoIdentity)?;
        let types = &self.state.transaction_types;
        let order = RequestOrder {
            transactions: order::of_policy(&[], policy.transactions(), query, types)?,
            query: query.clone(),
            scope: None,
            choices: self.state.configuration.choices,
            return_to,
            page: None,
            relying_party: Some(party.name.clone()),
            policy: Some(policy.name().clone()),
            retention: self.state.retention(Some(party), Some(policy)),
            digital_credentials: None,
        };
        let made = self.state.make_request(order).await?;
        Ok(SignInRequest {
            id: made.record.id,
            link: made.link,
        })
    }

    /// Sends the browser to the client with an error. The address must be one of the client's.
    pub(super) fn refuse_at(
        &self,
        to: &AnswerAddress,
        error: AuthorizationErrorCode,
        description: &str,
    ) -> Response {
        let description = ErrorDescription::parse(description);
        self.answer_at(to, AuthorizationAnswer::Refused { error, description })
    }

    /// Sends the browser to the client, with the provider's name ([RFC 9207]).
    ///
    /// [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207
    pub(super) fn answer_at(&self, to: &AnswerAddress, answer: AuthorizationAnswer) -> Response {
        let response = AuthorizationResponse {
            issuer: &self.addresses.issuer,
            state: to.state.as_ref(),
            answer,
        };
        see_other(&response.redirect(&to.redirect_uri))
    }

    fn wrong_request(&self, headers: &HeaderMap, said: &str) -> Response {
        let shown = Shown {
            detail: Some(said),
            ..Shown::new("wrong-request-title", "wrong-request")
        };
        self.page(headers, StatusCode::BAD_REQUEST, &shown)
    }

    pub(super) fn unavailable(&self, headers: &HeaderMap) -> Response {
        let shown = Shown::new("unavailable-title", "unavailable");
        self.page(headers, StatusCode::SERVICE_UNAVAILABLE, &shown)
    }
}
