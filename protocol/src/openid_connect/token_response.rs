//! The answer of a provider's token endpoint ([OpenID Connect Core 1.0 §3.1.3.3]).
//!
//! [OpenID Connect Core 1.0 §3.1.3.3]: https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse

use serde::Serialize;

use crate::oauth::access_token::AccessTokenScheme;
use crate::oauth::scope::Scope;
use crate::secret::AccessToken;

/// What a code became. Sent with `Cache-Control: no-store`.
#[derive(Debug, Serialize)]
pub struct OpenIdTokenResponse {
    /// For the userinfo endpoint.
    #[serde(serialize_with = "crate::secret::serialize_exposed")]
    pub access_token: AccessToken,
    /// How it is shown.
    pub token_type: AccessTokenScheme,
    /// Its lifetime in seconds.
    pub expires_in: u64,
    /// Who signed in: a compact JWS.
    pub id_token: String,
    /// What was granted.
    pub scope: Scope,
}
