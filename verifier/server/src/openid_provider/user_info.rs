//! `/openid/userinfo`: what the client is told of the person ([OpenID Connect Core 1.0 §5.3]).
//!
//! [OpenID Connect Core 1.0 §5.3]: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo

use std::sync::Arc;

use axum::extract::{RawQuery, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use symbolon_crypto::Thumbprint;
use symbolon_protocol::oauth::access_token::{
    AccessTokenError, AccessTokenScheme, PresentedAccessToken, ResourceChallenge, ResourceErrorCode,
};
use symbolon_protocol::oauth::dpop::{DpopError, ExpectedKey, HttpMethod, ProvenRequest};
use symbolon_protocol::openid_connect::id_token::prepare_user_info;
use symbolon_verifier::openid_provider::{GrantRecord, UserInfoRefusal, grant_of_token};
use symbolon_verifier::store::StoreError;

use super::Provider;
use super::error::uncached;
use super::proof::ProofRefused;

/// Why a token opens nothing.
enum AccessRefused {
    Token(AccessTokenError),
    Challenge(AccessTokenScheme, ResourceErrorCode),
    Store(StoreError),
}

impl From<StoreError> for AccessRefused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) async fn by_get(
    Extracted(provider): Extracted<Arc<Provider>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    provider
        .answer_user_info(&headers, query.as_deref(), HttpMethod::Get)
        .await
}

pub(super) async fn by_post(
    Extracted(provider): Extracted<Arc<Provider>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    provider
        .answer_user_info(&headers, query.as_deref(), HttpMethod::Post)
        .await
}

impl Provider {
    async fn answer_user_info(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        method: HttpMethod,
    ) -> Response {
        match self.opened(headers, query, method).await {
            Ok(grant) => self.user_info(&grant),
            Err(AccessRefused::Token(error)) => {
                let both = [AccessTokenScheme::Bearer, AccessTokenScheme::Dpop];
                challenged(&both.map(|scheme| ResourceChallenge::answering(scheme, error)))
            }
            Err(AccessRefused::Challenge(scheme, code)) => {
                let error = Some(code);
                challenged(&[ResourceChallenge { scheme, error }])
            }
            Err(AccessRefused::Store(error)) => {
                tracing::error!(%error, "the store failed");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    /// The grant that the presented token opens.
    async fn opened(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        method: HttpMethod,
    ) -> Result<GrantRecord, AccessRefused> {
        let presented = presented(headers, query).map_err(AccessRefused::Token)?;
        let scheme = presented.scheme();
        let refused = |refusal: UserInfoRefusal| AccessRefused::Challenge(scheme, refusal.code());
        let deps = &self.state.dependencies;
        let id = grant_of_token(presented.token()).ok_or_else(|| refused(UserInfoRefusal::Token))?;
        let grant = deps.store.grant(&deps.tenant, &id).await?;
        // Of a client that the operator has taken away since nothing is told any more.
        let grant = grant.filter(|grant| self.clients.contains_key(&grant.client_id));
        let grant = grant.ok_or_else(|| refused(UserInfoRefusal::Token))?;
        let bound = grant.user_info(&presented, self.now()).map_err(refused)?;
        let Some(bound) = bound else {
            return Ok(grant);
        };
        let proof_refused = |error: DpopError| AccessRefused::Challenge(scheme, error.resource_code());
        let bound = Thumbprint::parse(bound).map_err(|_| AccessRefused::Store(StoreError::Unreadable))?;
        let proven = ProvenRequest {
            method,
            url: &self.addresses.user_info,
            access_token: Some(presented.token()),
        };
        match self.proof(headers, proven, ExpectedKey::Bound(&bound)).await {
            Ok(Some(_)) => Ok(grant),
            Ok(None) => Err(proof_refused(DpopError::Missing)),
            Err(ProofRefused::Proof(error)) => Err(proof_refused(error)),
            Err(ProofRefused::Store(error)) => Err(error.into()),
        }
    }

    fn user_info(&self, grant: &GrantRecord) -> Response {
        let mut claims = grant.user_info_claims.clone();
        claims.insert("sub".to_owned(), Value::from(grant.subject.as_str()));
        let client = self.clients.get(&grant.client_id);
        if client.is_none_or(|client| client.rules().document().userinfo_signed_response_alg.is_none()) {
            return uncached(StatusCode::OK, &claims);
        }
        let key = &self.signer.public_key;
        let prepared = prepare_user_info(key, &self.addresses.issuer, &grant.client_id, &claims);
        match self.sign(prepared) {
            Ok(signed) => {
                let headers = [(CONTENT_TYPE, "application/jwt"), (CACHE_CONTROL, "no-store")];
                (headers, signed).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "the key of ID tokens does not sign");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// The token of a request. It comes in the header field alone: what is in a body or a query ends up in logs.
fn presented(headers: &HeaderMap, query: Option<&str>) -> Result<PresentedAccessToken, AccessTokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let authorization = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().map_err(|_| AccessTokenError::Malformed)?),
        // Two readers would take two different tokens.
        (Some(_), Some(_)) => return Err(AccessTokenError::Malformed),
    };
    PresentedAccessToken::parse(authorization, query)
}

fn challenged(challenges: &[ResourceChallenge]) -> Response {
    let status = challenges.first().map_or(401, |challenge| challenge.status());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = (status, [(CACHE_CONTROL, "no-store")]).into_response();
    for challenge in challenges {
        if let Ok(value) = HeaderValue::from_str(&challenge.header_value()) {
            response.headers_mut().append(WWW_AUTHENTICATE, value);
        }
    }
    response
}
