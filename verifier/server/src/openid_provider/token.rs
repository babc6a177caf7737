//! `POST /openid/token`: a code becomes an ID token and an access token ([OpenID Connect Core 1.0 §3.1.3]).
//!
//! [OpenID Connect Core 1.0 §3.1.3]: https://openid.net/specs/openid-connect-core-1_0.html#TokenEndpoint

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extracted;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use symbolon_protocol::oauth::dpop::{ExpectedKey, HttpMethod, ProvenRequest};
use symbolon_protocol::openid_connect::id_token::IdTokenClaims;
use symbolon_protocol::openid_connect::token_response::OpenIdTokenResponse;
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest};
use symbolon_verifier::openid_provider::{
    ACCESS_TOKEN_LIFETIME, CodeRedemption, GrantRecord, GrantRefusal, ID_TOKEN_LIFETIME, RedeemedGrant,
    grant_of_code,
};
use symbolon_verifier::store::Replacement;

use super::Provider;
use super::error::{ClientRefused, uncached};
use crate::routes::is_form;

/// By which method a person signs in: they prove to have a key (RFC 8176 §2).
const AUTHENTICATION_METHODS: [&str; 1] = ["pop"];

pub(super) async fn token(
    Extracted(provider): Extracted<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match provider.redeem(&headers, &body).await {
        Ok(answer) => uncached(StatusCode::OK, &answer),
        Err(refused) => refused.answer(&headers),
    }
}

impl Provider {
    async fn redeem(&self, headers: &HeaderMap, body: &[u8]) -> Result<OpenIdTokenResponse, ClientRefused> {
        if !is_form(headers) {
            return Err(ClientRefused::NotAForm);
        }
        let request = TokenRequest::parse_form(body)?;
        let client = self.authenticate(headers, &request.client).await?;
        let TokenGrant::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
        } = request.grant
        else {
            return Err(ClientRefused::Grant);
        };
        let proven = ProvenRequest {
            method: HttpMethod::Post,
            url: &self.addresses.token,
            access_token: None,
        };
        let proof = self.proof(headers, proven, ExpectedKey::Any).await?;
        let proven_key = proof.map(|proof| proof.thumbprint().to_string());
        let deps = &self.state.dependencies;
        let id = grant_of_code(&code).ok_or(ClientRefused::UnknownCode)?;
        let grant = deps.store.grant(&deps.tenant, &id).await?;
        let grant = grant.ok_or(ClientRefused::UnknownCode)?;
        let redemption = CodeRedemption {
            client: client.rules,
            redirect_uri: redirect_uri.as_ref(),
            code_verifier: &code_verifier,
            proven_key: proven_key.as_deref(),
        };
        let redeemed = match grant.redeem(redemption, self.now(), &*deps.randomness) {
            Ok(redeemed) => redeemed,
            Err(GrantRefusal::Used) => return Err(self.end(grant).await?.into()),
            Err(refusal) => return Err(refusal.into()),
        };
        // Signed before anything is stored: a key that does not answer costs the client nothing but another try.
        let id_token = self.id_token(&redeemed)?;
        let replaced = deps
            .store
            .replace_grant(&deps.tenant, grant, redeemed.next.clone());
        if replaced.await? == Replacement::Changed {
            // Somebody was faster with the same code.
            let grant = deps.store.grant(&deps.tenant, &id).await?;
            let grant = grant.ok_or(ClientRefused::UnknownCode)?;
            return Err(self.end(grant).await?.into());
        }
        Ok(OpenIdTokenResponse {
            access_token: redeemed.access_token,
            token_type: redeemed.scheme,
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
            id_token,
            scope: redeemed.next.scope,
        })
    }

    /// Ends a grant whose code came a second time.
    async fn end(&self, grant: GrantRecord) -> Result<GrantRefusal, ClientRefused> {
        tracing::warn!(relying_party = %grant.relying_party, "a code came a second time: its token is ended");
        let deps = &self.state.dependencies;
        let ended = grant.ended();
        // Where it has changed in between, somebody else has ended it.
        let _ = deps.store.replace_grant(&deps.tenant, grant, ended).await?;
        Ok(GrantRefusal::Used)
    }

    fn id_token(&self, redeemed: &RedeemedGrant) -> Result<String, ClientRefused> {
        let grant = &redeemed.next;
        let now = self.now();
        let claims = IdTokenClaims {
            issuer: &self.addresses.issuer,
            audience: &grant.client_id,
            subject: &grant.subject,
            issued_at: now,
            expires_at: now.plus(ID_TOKEN_LIFETIME),
            authenticated_at: grant.authenticated_at,
            nonce: grant.nonce.as_deref(),
            acr: grant.acr.as_deref(),
            amr: &AUTHENTICATION_METHODS,
            access_token: &redeemed.access_token,
        };
        let prepared = claims.prepare(&self.signer.public_key, &grant.id_token_claims);
        self.sign(prepared).map_err(|_| ClientRefused::NoSignature)
    }
}
