//! `POST /openid/par`: requests that clients push ([RFC 9126]).
//!
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extracted;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use symbolon_protocol::oauth::authorization_request::AuthorizationRequestError;
use symbolon_protocol::oauth::dpop::{ExpectedKey, HttpMethod, ProvenRequest};
use symbolon_protocol::oauth::pushed_request::{PushedAuthorizationResponse, RequestUri};
use symbolon_protocol::openid_connect::authentication_request::{
    AuthenticationRequestError, PushedAuthenticationError, PushedAuthenticationRequest,
};
use symbolon_verifier::openid_provider::{
    PUSHED_REQUEST_LIFETIME, PushedRequestRecord, RequestPath, pushed_request_id,
};
use symbolon_verifier::store::{Insertion, StoreError};

use super::Provider;
use super::error::{ClientRefused, uncached};
use crate::quota::QuotaUse;
use crate::routes::is_form;

pub(super) async fn push(
    Extracted(provider): Extracted<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match provider.push(&headers, &body).await {
        Ok(answer) => uncached(StatusCode::CREATED, &answer),
        Err(refused) => refused.answer(&headers),
    }
}

impl Provider {
    async fn push(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<PushedAuthorizationResponse, ClientRefused> {
        if !is_form(headers) {
            return Err(ClientRefused::NotAForm);
        }
        let pushed = PushedAuthenticationRequest::parse_form(body)?;
        let client = self.authenticate(headers, &pushed.client).await?;
        let mut request = pushed.request;
        if request.oauth.client_id != *client.rules.client_id() {
            return Err(ClientRefused::UnknownClient);
        }
        if !client.rules.may_be_answered_at(&request.oauth.redirect_uri) {
            let reason = AuthenticationRequestError::OAuth(AuthorizationRequestError::RedirectUri);
            return Err(PushedAuthenticationError::Request(reason).into());
        }
        // Refused now rather than in somebody's browser.
        if let Err(refusal) = client.rules.begin(&request, RequestPath::Pushed) {
            return Err(ClientRefused::Request {
                code: refusal.code(),
                description: refusal.to_string(),
            });
        }
        // A proof binds the code as `dpop_jkt` does, and where both are there they must agree (RFC 9449 §10.1).
        let proven = ProvenRequest {
            method: HttpMethod::Post,
            url: &self.addresses.pushed,
            access_token: None,
        };
        let expected = request.oauth.dpop_jkt.as_ref();
        let expected = expected.map_or(ExpectedKey::Any, ExpectedKey::Bound);
        if let Some(proof) = self.proof(headers, proven, expected).await? {
            request.oauth.dpop_jkt = Some(*proof.thumbprint());
        }
        if let QuotaUse::Exhausted { .. } = self.state.use_quota(client.party).await? {
            return Err(ClientRefused::Quota);
        }
        let deps = &self.state.dependencies;
        let unavailable = || ClientRefused::Store(StoreError::Unreadable);
        let request_uri = RequestUri::make(&*deps.randomness).map_err(|_| unavailable())?;
        let record = PushedRequestRecord {
            tenant: deps.tenant.clone(),
            id: pushed_request_id(&request_uri).ok_or_else(unavailable)?,
            client_id: client.rules.client_id().clone(),
            request: request.to_form(),
            expires_at: self.now().plus(PUSHED_REQUEST_LIFETIME),
        };
        match deps.store.insert_pushed_request(record).await? {
            Insertion::Inserted => Ok(PushedAuthorizationResponse {
                request_uri,
                expires_in: PUSHED_REQUEST_LIFETIME.as_secs(),
            }),
            Insertion::AlreadyPresent => Err(unavailable()),
        }
    }
}
