//! Bodies as the description of the interface has them.
#![expect(
    dead_code,
    reason = "read as schemas alone; the messages are types of the protocol crate"
)]

use symbolon_http::openapi::ToSchema;

/// A request for authentication ([OpenID Connect Core 1.0 §3.1.2.1]), or the name of one that was pushed (RFC 9126).
///
/// [OpenID Connect Core 1.0 §3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
#[derive(ToSchema)]
pub(super) struct AuthenticationRequestForm {
    /// Who asks.
    client_id: Option<String>,
    /// What the endpoint of pushed requests answered; the other parameters are in that request then.
    request_uri: Option<String>,
    /// `code`.
    response_type: Option<String>,
    /// One of the client's own addresses.
    redirect_uri: Option<String>,
    /// `openid`, and which policy.
    scope: Option<String>,
    /// What the answer repeats.
    state: Option<String>,
    /// What the ID token repeats.
    nonce: Option<String>,
    /// The digest of the client's secret for this request (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// The claims that are asked for, a JSON object.
    claims: Option<String>,
    /// Levels of assurance, the preferred one first.
    acr_values: Option<String>,
    /// `none` is refused: every sign-in needs the wallet.
    prompt: Option<String>,
    /// Kept to in any case: every sign-in is a new one.
    max_age: Option<String>,
    /// Languages for the page, the preferred one first.
    ui_locales: Option<String>,
    /// The thumbprint of the key that the token will be bound to (RFC 9449, section 10).
    dpop_jkt: Option<String>,
}

/// The same, with how the client proves who it is (RFC 9126, RFC 7523).
#[derive(ToSchema)]
pub(super) struct PushedAuthenticationForm {
    /// Who asks.
    client_id: Option<String>,
    /// `code`.
    response_type: Option<String>,
    /// One of the client's own addresses.
    redirect_uri: Option<String>,
    /// `openid`, and which policy.
    scope: Option<String>,
    /// The digest of the client's secret for this request (RFC 7636).
    code_challenge: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
    /// The assertion. Its audience is the provider, its token endpoint or this address.
    client_assertion: Option<String>,
}

/// Where a pushed request waits (RFC 9126, section 2.2).
#[derive(ToSchema)]
pub(super) struct PushedAuthentication {
    /// What the authorization endpoint is asked with, once.
    request_uri: String,
    /// Seconds.
    expires_in: u64,
}

/// A token request ([OpenID Connect Core 1.0 §3.1.3.1]).
///
/// [OpenID Connect Core 1.0 §3.1.3.1]: https://openid.net/specs/openid-connect-core-1_0.html#TokenRequest
#[derive(ToSchema)]
pub(super) struct OpenIdTokenForm {
    /// `authorization_code`.
    grant_type: Option<String>,
    /// The code that the browser brought back.
    code: Option<String>,
    /// Where it brought it to.
    redirect_uri: Option<String>,
    /// The secret whose digest was in the request (RFC 7636).
    code_verifier: Option<String>,
    /// Who asks.
    client_id: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
    /// The assertion. Its audience is the provider or this address.
    client_assertion: Option<String>,
}

/// What a code became ([OpenID Connect Core 1.0 §3.1.3.3]).
///
/// [OpenID Connect Core 1.0 §3.1.3.3]: https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse
#[derive(ToSchema)]
pub(super) struct OpenIdTokens {
    /// For the userinfo endpoint.
    access_token: String,
    /// `Bearer` or `DPoP`.
    token_type: String,
    /// Seconds.
    expires_in: u64,
    /// Who signed in.
    id_token: String,
    /// What was granted.
    scope: String,
}
