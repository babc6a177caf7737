//! Requests under an access token ([RFC 6750], [RFC 9449 §7]).
//!
//! [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
//! [RFC 9449 §7]: https://www.rfc-editor.org/rfc/rfc9449#section-7

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::access_token::{AccessTokenScheme, ResourceChallenge, ResourceErrorCode};
use symbolon_protocol::oauth::dpop::{HttpMethod, ProvenRequest};
use symbolon_protocol::secret::AccessToken;

use super::nonces::{NonceOf, Novelty};
use super::{Body, DPOP, Headers, Sent};
use crate::error::WalletError;
use crate::ports::HttpResponse;
use crate::wallet::Wallet;

/// How often a request is sent again for a new nonce. A server that wants a third nonce in a row will want a fourth.
const MAX_ATTEMPTS: usize = 3;

/// Answers are encrypted where the wallet asked for it; errors never are.
const ACCEPTED: &str = "application/json, application/jwt";

/// A request under an access token.
#[derive(Clone, Copy)]
pub(crate) struct ResourceRequest<'a> {
    pub(crate) url: &'a HttpUrl,
    pub(crate) token: &'a AccessToken,
    /// The key that the token is bound to.
    pub(crate) key: Option<&'a KeyHandle>,
    pub(crate) body: ResourceBody<'a>,
    pub(crate) max_response_bytes: usize,
}

/// What is posted under an access token.
#[derive(Clone, Copy)]
pub(crate) enum ResourceBody<'a> {
    /// JSON.
    Json(&'a [u8]),
    /// JSON that was encrypted.
    Jwt(&'a str),
}

impl Wallet {
    /// Posts a request under an access token, with a proof of the key that the token is bound to.
    pub(crate) async fn post_to_resource(
        &self,
        request: ResourceRequest<'_>,
        now: UnixTime,
    ) -> Result<Sent, WalletError> {
        let url = request.url;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut headers = Headers::new();
            let nonce = self
                .nonces
                .last(url, NonceOf::Resource)
                .filter(|_| request.key.is_some());
            let scheme = match request.key {
                None => AccessTokenScheme::Bearer,
                Some(key) => {
                    let proven = ProvenRequest {
                        method: HttpMethod::Post,
                        url,
                        access_token: Some(request.token),
                    };
                    let Some(proof) = self.prove(key, proven, nonce.as_ref(), now)? else {
                        return Ok(Sent::KeyLocked);
                    };
                    headers.push((DPOP, proof));
                    AccessTokenScheme::Dpop
                }
            };
            let authorization = scheme.authorization_header(request.token);
            headers.push(("authorization", authorization.as_str().to_owned()));
            let body = match request.body {
                ResourceBody::Json(json) => Body::Json(json.to_vec()),
                ResourceBody::Jwt(jwt) => Body::Jwt(jwt.to_owned()),
            };
            let response = self
                .post_with(url, headers, body, ACCEPTED, request.max_response_bytes)
                .await?;
            let novelty = self
                .nonces
                .remember(url, NonceOf::Resource, nonce.as_ref(), &response);
            let again = wants_nonce(&response) && novelty == Novelty::Fresh && attempts < MAX_ATTEMPTS;
            if !again {
                return Ok(Sent::Answered(response));
            }
        }
    }
}

fn wants_nonce(response: &HttpResponse) -> bool {
    response.status == 401
        && response
            .header_values("www-authenticate")
            .flat_map(ResourceChallenge::parse_all)
            .any(|challenge| {
                challenge.scheme == AccessTokenScheme::Dpop
                    && challenge.error == Some(ResourceErrorCode::UseDpopNonce)
            })
}
