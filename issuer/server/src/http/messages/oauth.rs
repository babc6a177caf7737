//! OAuth: requests, tokens, challenges.
#![expect(
    dead_code,
    reason = "read as schemas alone; the messages are types of the protocol crate"
)]

use symbolon_http::openapi::ToSchema;

/// A pushed authorization request ([RFC 9126 §2.1](https://www.rfc-editor.org/rfc/rfc9126#section-2.1)): its parameters, or a signed
/// object that holds them.
#[derive(ToSchema)]
pub(in crate::http) struct PushedAuthorizationRequest {
    /// Who asks.
    client_id: Option<String>,
    /// `code`.
    response_type: Option<String>,
    /// Where the answer goes.
    redirect_uri: Option<String>,
    /// Credentials by the scopes of their configurations.
    scope: Option<String>,
    /// Credentials by their configurations, a JSON array (RFC 9396).
    authorization_details: Option<String>,
    /// The digest of the client's secret for this request (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// What the answer repeats.
    state: Option<String>,
    /// What the offer carried.
    issuer_state: Option<String>,
    /// The issuer (RFC 8707).
    resource: Option<String>,
    /// Languages for the pages, the preferred one first.
    ui_locales: Option<String>,
    /// The thumbprint of the key that the tokens will be bound to (RFC 9449, section 10).
    dpop_jkt: Option<String>,
    /// The signed request object (RFC 9101).
    request: Option<String>,
    /// How the client proves who it is (RFC 7523).
    client_assertion_type: Option<String>,
    /// The proof.
    client_assertion: Option<String>,
}

/// Where a pushed request waits ([RFC 9126 §2.2](https://www.rfc-editor.org/rfc/rfc9126#section-2.2)).
#[derive(ToSchema)]
pub(in crate::http) struct PushedAuthorizationResponse {
    /// What the authorization endpoint is asked with, once.
    request_uri: String,
    /// Seconds.
    expires_in: u64,
}

/// An authorization request that was not pushed, or the reference to one that was
/// ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)).
#[derive(ToSchema)]
pub(in crate::http) struct AuthorizationRequestForm {
    /// Who asks.
    client_id: Option<String>,
    /// What the endpoint of pushed requests answered.
    request_uri: Option<String>,
    /// The signed request object.
    request: Option<String>,
    /// `code`.
    response_type: Option<String>,
}

/// A token request ([OpenID4VCI §6.1]).
///
/// [OpenID4VCI §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1
#[derive(ToSchema)]
pub(in crate::http) struct TokenRequest {
    /// The kind of right that is shown.
    grant_type: GrantType,
    /// The code of an offer.
    #[schema(rename = "pre-authorized_code")]
    pre_authorized_code: Option<String>,
    /// The transaction code that the resident was told.
    tx_code: Option<String>,
    /// The code that the browser brought back.
    code: Option<String>,
    /// Where it brought it to.
    redirect_uri: Option<String>,
    /// The secret whose digest was in the request (RFC 7636).
    code_verifier: Option<String>,
    /// What renews an access token.
    refresh_token: Option<String>,
    /// Who asks.
    client_id: Option<String>,
    /// What is wanted of what was granted, a JSON array (RFC 9396).
    authorization_details: Option<String>,
    /// What is wanted of what was granted.
    scope: Option<String>,
    /// The issuer (RFC 8707).
    resource: Option<String>,
    /// How the client proves who it is (RFC 7523).
    client_assertion_type: Option<String>,
    /// The proof.
    client_assertion: Option<String>,
}

/// A kind of right.
#[derive(ToSchema)]
pub(in crate::http) enum GrantType {
    /// The code of an offer.
    #[schema(rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code")]
    PreAuthorizedCode,
    /// The code that the browser brought back.
    #[schema(rename = "authorization_code")]
    AuthorizationCode,
    /// The token that renews.
    #[schema(rename = "refresh_token")]
    RefreshToken,
}

/// A token response ([OpenID4VCI §6.2]).
///
/// [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2
#[derive(ToSchema)]
pub(in crate::http) struct TokenResponse {
    /// The token.
    access_token: String,
    /// How it is shown.
    token_type: TokenType,
    /// Its lifetime in seconds.
    expires_in: Option<u64>,
    /// What renews it.
    refresh_token: Option<String>,
    /// What was granted, where that is less than what was asked for.
    scope: Option<String>,
    /// What it is good for.
    authorization_details: Option<Vec<CredentialAuthorization>>,
}

/// How an access token is shown.
#[derive(ToSchema)]
pub(in crate::http) enum TokenType {
    /// As it is.
    Bearer,
    /// With a proof of the key that it is bound to.
    #[schema(rename = "DPoP")]
    Dpop,
}

/// What a token is good for ([OpenID4VCI §6.2]).
///
/// [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2
#[derive(ToSchema)]
pub(in crate::http) struct CredentialAuthorization {
    /// `openid_credential`.
    #[schema(rename = "type")]
    kind: String,
    /// The configuration.
    credential_configuration_id: String,
    /// What credential requests name.
    #[schema(min_items = 1)]
    credential_identifiers: Vec<String>,
}

/// A fresh challenge for the proof of an attested key ([OpenID4VCI appendix E]).
///
/// [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E
#[derive(ToSchema)]
pub(in crate::http) struct ChallengeResponse {
    /// The challenge.
    attestation_challenge: String,
}
