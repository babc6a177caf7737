//! What a provider says of itself ([OpenID Connect Discovery 1.0 §3], [OpenID Connect for Identity Assurance 1.0 §9], [RFC 9126 §5],
//! [RFC 9207 §3], [RFC 9449 §5.1]).
//!
//! [OpenID Connect Discovery 1.0 §3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
//! [OpenID Connect for Identity Assurance 1.0 §9]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html#section-9
//! [RFC 9126 §5]: https://www.rfc-editor.org/rfc/rfc9126#section-5
//! [RFC 9207 §3]: https://www.rfc-editor.org/rfc/rfc9207#section-3
//! [RFC 9449 §5.1]: https://www.rfc-editor.org/rfc/rfc9449#section-5.1

use serde::Serialize;

use crate::identifier::{HttpUrl, IssuerIdentifier};

/// Where the document stands below the identifier of a provider. It goes behind the path, unlike the documents of RFC 8414.
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// A provider that signs people in by the code flow with PKCE, whose clients sign assertions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenIdProviderMetadata {
    /// The provider.
    pub issuer: IssuerIdentifier,
    /// Where browsers begin.
    pub authorization_endpoint: HttpUrl,
    /// Where codes become tokens.
    pub token_endpoint: HttpUrl,
    /// Where the claims are.
    pub userinfo_endpoint: HttpUrl,
    /// The keys of the provider.
    pub jwks_uri: HttpUrl,
    /// Where requests are pushed.
    pub pushed_authorization_request_endpoint: HttpUrl,
    /// Whether some request that was not pushed is taken.
    pub require_pushed_authorization_requests: bool,
    /// The scope values.
    pub scopes_supported: Vec<String>,
    /// `code`.
    pub response_types_supported: Vec<&'static str>,
    /// `query`.
    pub response_modes_supported: Vec<&'static str>,
    /// `authorization_code`.
    pub grant_types_supported: Vec<&'static str>,
    /// The levels of assurance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    /// `pairwise`.
    pub subject_types_supported: Vec<&'static str>,
    /// The algorithms of ID tokens.
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    /// The algorithms of signed answers of the userinfo endpoint.
    pub userinfo_signing_alg_values_supported: Vec<&'static str>,
    /// `private_key_jwt`.
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// The algorithms of client assertions.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// The algorithms of DPoP proofs.
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    /// `S256`.
    pub code_challenge_methods_supported: Vec<&'static str>,
    /// `normal`.
    pub claim_types_supported: Vec<&'static str>,
    /// The claims that some policy gives.
    pub claims_supported: Vec<String>,
    /// The parameter `claims` is taken.
    pub claims_parameter_supported: bool,
    /// Request objects by value are not.
    pub request_parameter_supported: bool,
    /// Nor by reference.
    pub request_uri_parameter_supported: bool,
    /// Answers name the provider.
    pub authorization_response_iss_parameter_supported: bool,
    /// The languages of the pages.
    pub ui_locales_supported: Vec<String>,
    /// Whether claims come with how they were verified, and what is said of that.
    #[serde(flatten)]
    pub identity_assurance: IdentityAssuranceMetadata,
}

/// What a provider says about verified claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IdentityAssuranceMetadata {
    /// Whether there are any.
    pub verified_claims_supported: bool,
    /// The frameworks that the verification is made under.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trust_frameworks_supported: Vec<String>,
    /// The kinds of evidence that are named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence_supported: Vec<String>,
    /// The kinds of electronic records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub electronic_records_supported: Vec<String>,
    /// The kinds of documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents_supported: Vec<String>,
    /// How documents are checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents_check_methods_supported: Vec<String>,
    /// The claims that come verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims_in_verified_claims_supported: Vec<String>,
}
