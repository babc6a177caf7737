//! The documents that anybody may read.
#![expect(
    dead_code,
    reason = "read as schemas alone; the documents are types of the protocol crate"
)]

use std::collections::BTreeMap;

use serde_json::Value;
use symbolon_http::openapi::ToSchema;

/// What the issuer offers and where ([OpenID4VCI §12.2.4]).
///
/// [OpenID4VCI §12.2.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.4
#[derive(ToSchema)]
pub(in crate::http) struct CredentialIssuerMetadata {
    /// The issuer.
    credential_issuer: String,
    /// Where tokens come from; the issuer itself without it.
    authorization_servers: Option<Vec<String>>,
    /// Where credentials come from.
    credential_endpoint: String,
    /// Where nonces come from.
    nonce_endpoint: Option<String>,
    /// Where credentials come from that were not ready.
    deferred_credential_endpoint: Option<String>,
    /// Where wallets tell what became of credentials.
    notification_endpoint: Option<String>,
    /// How requests are encrypted.
    #[schema(value_type = Option<Object>)]
    credential_request_encryption: Option<Value>,
    /// How answers are encrypted.
    #[schema(value_type = Option<Object>)]
    credential_response_encryption: Option<Value>,
    /// How many credentials one request may ask for.
    batch_credential_issuance: Option<BatchIssuance>,
    /// How the issuer is shown.
    #[schema(value_type = Option<Vec<Object>>)]
    display: Option<Vec<Value>>,
    /// What there is, by its name. Each has the members of its format (appendix A of the specification).
    #[schema(value_type = BTreeMap<String, Object>)]
    credential_configurations_supported: BTreeMap<String, Value>,
}

/// How many credentials one request may ask for.
#[derive(ToSchema)]
pub(in crate::http) struct BatchIssuance {
    /// So many.
    batch_size: u32,
}

/// What the authorization server can do ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
#[derive(ToSchema)]
pub(in crate::http) struct AuthorizationServerMetadata {
    /// The server: the issuer.
    issuer: String,
    /// Where codes become tokens.
    token_endpoint: Option<String>,
    /// Where residents sign in.
    authorization_endpoint: Option<String>,
    /// Where requests are pushed.
    pushed_authorization_request_endpoint: Option<String>,
    /// Whether requests that were not pushed are refused.
    require_pushed_authorization_requests: Option<bool>,
    /// Where challenges for attestations come from.
    challenge_endpoint: Option<String>,
    /// Where the URIs of all status lists are listed.
    status_list_aggregation_endpoint: Option<String>,
    /// The keys of the server.
    jwks_uri: Option<String>,
    /// What may be asked for.
    response_types_supported: Option<Vec<String>>,
    /// How answers travel.
    response_modes_supported: Option<Vec<String>>,
    /// The grants.
    grant_types_supported: Option<Vec<String>>,
    /// Scopes.
    scopes_supported: Option<Vec<String>>,
    /// Types of `authorization_details`.
    authorization_details_types_supported: Option<Vec<String>>,
    /// Methods of Proof Key for Code Exchange.
    code_challenge_methods_supported: Option<Vec<String>>,
    /// How clients prove who they are.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Algorithms of client assertions.
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    /// Algorithms of client attestations.
    client_attestation_signing_alg_values_supported: Option<Vec<String>>,
    /// Algorithms of proofs of attested keys.
    client_attestation_pop_signing_alg_values_supported: Option<Vec<String>>,
    /// Algorithms of DPoP proofs.
    dpop_signing_alg_values_supported: Option<Vec<String>>,
    /// Algorithms of request objects.
    request_object_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether requests that are not signed are refused.
    require_signed_request_object: Option<bool>,
    /// Whether answers name the server.
    authorization_response_iss_parameter_supported: Option<bool>,
    /// The languages of the pages.
    ui_locales_supported: Option<Vec<String>>,
    /// Whether the pre-authorized flow works without a `client_id`.
    #[schema(rename = "pre-authorized_grant_anonymous_access_supported")]
    pre_authorized_grant_anonymous_access_supported: Option<bool>,
}

/// All status lists ([Token Status List §9.3](https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/)).
#[derive(ToSchema)]
pub(in crate::http) struct StatusListAggregation {
    /// The URIs of status list tokens.
    status_lists: Vec<String>,
}

/// The keys that sign SD-JWT VCs ([SD-JWT VC §3.5](https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/)).
#[derive(ToSchema)]
pub(in crate::http) struct JwtVcIssuerMetadata {
    /// The issuer.
    issuer: String,
    /// Its keys.
    jwks: JsonWebKeySet,
}

/// Public keys ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
#[derive(ToSchema)]
pub(in crate::http) struct JsonWebKeySet {
    /// The keys.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Value>,
}
