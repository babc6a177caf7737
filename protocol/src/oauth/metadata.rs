//! Authorization server metadata ([RFC 8414]).
//!
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414

use serde::{Deserialize, Serialize};
use symbolon_crypto::SignatureAlgorithm;
use thiserror::Error;

use super::authorization_response::IssuerParameter;
use crate::identifier::{HttpUrl, IssuerIdentifier, UrlPolicy};
use crate::openid4vci::token::{AUTHORIZATION_CODE_GRANT, PRE_AUTHORIZED_CODE_GRANT};
use crate::wire::{JsonRefused, parse_json};

/// The largest metadata document that is read, in bytes.
pub const MAX_METADATA_BYTES: usize = 256 * 1024;

/// What an authorization server says about itself ([RFC 8414 §2], and the specifications named at the members). Members
/// that this suite does not use are ignored.
///
/// [RFC 8414 §2]: https://www.rfc-editor.org/rfc/rfc8414#section-2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationServerMetadata {
    /// The server; equal to the identifier that its location was derived from.
    pub issuer: IssuerIdentifier,
    /// Where codes become tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<HttpUrl>,
    /// Where residents sign in; absent when the server knows the pre-authorized flow alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<HttpUrl>,
    /// Where requests are pushed ([RFC 9126 §5](https://www.rfc-editor.org/rfc/rfc9126#section-5)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<HttpUrl>,
    /// Whether requests that were not pushed are refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_pushed_authorization_requests: bool,
    /// Where challenges for client attestations come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_endpoint: Option<HttpUrl>,
    /// Where the URIs of all status lists of the issuer are listed ([Token Status List §9.1]).
    ///
    /// [Token Status List §9.1]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_list_aggregation_endpoint: Option<HttpUrl>,
    /// The keys of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<HttpUrl>,
    /// May be left out by a server that knows the pre-authorized flow alone ([OpenID4VCI §12.3]).
    ///
    /// [OpenID4VCI §12.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.3
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_types_supported: Vec<String>,
    /// How answers travel; without this member `query` and `fragment`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// The grants; without this member `authorization_code` and `implicit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types_supported: Option<Vec<String>>,
    /// Scopes; a server need not name all that it knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Types of `authorization_details` ([RFC 9396 §10](https://www.rfc-editor.org/rfc/rfc9396#section-10)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// The methods of Proof Key for Code Exchange; without this member none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// How clients authenticate at the token endpoint; without this member by a shared secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The algorithms of client assertions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// The algorithms of client attestations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_attestation_signing_alg_values_supported: Vec<String>,
    /// The algorithms of proofs of possession of attested keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_attestation_pop_signing_alg_values_supported: Vec<String>,
    /// The algorithms of DPoP proofs; without this member there is no DPoP ([RFC 9449 §5.1](https://www.rfc-editor.org/rfc/rfc9449#section-5.1)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// The algorithms of request objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_object_signing_alg_values_supported: Vec<String>,
    /// Whether requests that are not signed are refused ([RFC 9101 §10.5](https://www.rfc-editor.org/rfc/rfc9101#section-10.5)).
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_signed_request_object: bool,
    /// Whether every answer names the server in `iss` ([RFC 9207 §3](https://www.rfc-editor.org/rfc/rfc9207#section-3)).
    #[serde(default, skip_serializing_if = "is_false")]
    pub authorization_response_iss_parameter_supported: bool,
    /// The languages of the pages (BCP 47).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales_supported: Vec<String>,
    /// Whether the pre-authorized flow works without a `client_id` ([OpenID4VCI §12.3]).
    ///
    /// [OpenID4VCI §12.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.3
    #[serde(default, rename = "pre-authorized_grant_anonymous_access_supported")]
    pub pre_authorized_grant_anonymous_access_supported: bool,
}

const fn is_false(value: &bool) -> bool {
    !*value
}

impl AuthorizationServerMetadata {
    /// Metadata that says nothing but the name: a beginning to which a server adds what it can.
    #[must_use]
    pub const fn of(issuer: IssuerIdentifier) -> Self {
        Self {
            issuer,
            token_endpoint: None,
            authorization_endpoint: None,
            pushed_authorization_request_endpoint: None,
            require_pushed_authorization_requests: false,
            challenge_endpoint: None,
            status_list_aggregation_endpoint: None,
            jwks_uri: None,
            response_types_supported: Vec::new(),
            response_modes_supported: Vec::new(),
            grant_types_supported: None,
            scopes_supported: Vec::new(),
            authorization_details_types_supported: Vec::new(),
            code_challenge_methods_supported: Vec::new(),
            token_endpoint_auth_methods_supported: None,
            token_endpoint_auth_signing_alg_values_supported: Vec::new(),
            client_attestation_signing_alg_values_supported: Vec::new(),
            client_attestation_pop_signing_alg_values_supported: Vec::new(),
            dpop_signing_alg_values_supported: Vec::new(),
            request_object_signing_alg_values_supported: Vec::new(),
            require_signed_request_object: false,
            authorization_response_iss_parameter_supported: false,
            ui_locales_supported: Vec::new(),
            pre_authorized_grant_anonymous_access_supported: false,
        }
    }

    /// Reads the document that was found at the well-known location of `expected`.
    ///
    /// # Errors
    /// [`ServerMetadataError`].
    pub fn parse(
        body: &[u8],
        expected: &IssuerIdentifier,
        policy: UrlPolicy,
    ) -> Result<Self, ServerMetadataError> {
        let metadata: Self = parse_json(body, MAX_METADATA_BYTES).map_err(|refused| match refused {
            JsonRefused::TooLarge { limit } => ServerMetadataError::TooLarge { limit },
            JsonRefused::Malformed => ServerMetadataError::Malformed,
        })?;
        if metadata.issuer != *expected {
            return Err(ServerMetadataError::IssuerMismatch);
        }
        let endpoints = [
            &metadata.token_endpoint,
            &metadata.authorization_endpoint,
            &metadata.pushed_authorization_request_endpoint,
            &metadata.challenge_endpoint,
            &metadata.status_list_aggregation_endpoint,
            &metadata.jwks_uri,
        ];
        for url in endpoints.into_iter().flatten() {
            url.permitted(policy)
                .map_err(|_| ServerMetadataError::EndpointNotPermitted)?;
        }
        Ok(metadata)
    }

    /// Whether the pre-authorized flow is offered. Servers that leave `grant_types_supported` out are believed
    /// when they have a token endpoint: the offer itself named the grant.
    #[must_use]
    pub fn supports_pre_authorized_code(&self) -> bool {
        self.token_endpoint.is_some()
            && self
                .grant_types_supported
                .as_ref()
                .is_none_or(|grants| grants.iter().any(|grant| grant == PRE_AUTHORIZED_CODE_GRANT))
    }

    /// Whether the authorization code flow is offered.
    #[must_use]
    pub fn supports_authorization_code(&self) -> bool {
        self.token_endpoint.is_some()
            && self.authorization_endpoint.is_some()
            && self
                .grant_types_supported
                .as_ref()
                .is_none_or(|grants| grants.iter().any(|grant| grant == AUTHORIZATION_CODE_GRANT))
    }

    /// Whether clients may authenticate in this way.
    #[must_use]
    pub fn takes_authentication(&self, method: &str) -> bool {
        self.token_endpoint_auth_methods_supported
            .as_ref()
            .is_some_and(|methods| methods.iter().any(|known| known == method))
    }

    /// Whether the server binds tokens to keys, with proofs of this algorithm.
    #[must_use]
    pub fn takes_dpop(&self, algorithm: SignatureAlgorithm) -> bool {
        names(&self.dpop_signing_alg_values_supported, algorithm)
    }

    /// Whether answers are promised to name the server.
    #[must_use]
    pub const fn issuer_parameter(&self) -> IssuerParameter {
        if self.authorization_response_iss_parameter_supported {
            IssuerParameter::Promised
        } else {
            IssuerParameter::NotPromised
        }
    }
}

/// Whether an algorithm is among those that a member names. Names of algorithms that this suite does not know are passed
/// over.
fn names(list: &[String], algorithm: SignatureAlgorithm) -> bool {
    list.iter()
        .any(|name| SignatureAlgorithm::from_jose_name(name) == Some(algorithm))
}

/// Why authorization server metadata was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServerMetadataError {
    /// Over budget.
    #[error("the authorization server metadata is larger than {limit} bytes")]
    TooLarge {
        /// The budget.
        limit: usize,
    },
    /// Not the JSON of RFC 8414.
    #[error("the authorization server metadata is malformed")]
    Malformed,
    /// The document speaks for another server than the one asked ([RFC 8414 §3.3]).
    ///
    /// [RFC 8414 §3.3]: https://www.rfc-editor.org/rfc/rfc8414#section-3.3
    #[error("the authorization server metadata names another issuer")]
    IssuerMismatch,
    /// An endpoint without https.
    #[error("an endpoint of the authorization server does not use https")]
    EndpointNotPermitted,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &[u8] = br#"{"issuer":"https://as.example","token_endpoint":"https://as.example/token",
        "grant_types_supported":["urn:ietf:params:oauth:grant-type:pre-authorized_code"],
        "pre-authorized_grant_anonymous_access_supported":true,"something_new":[1]}"#;

    #[test]
    fn reads_a_server_of_the_pre_authorized_flow() {
        let issuer = IssuerIdentifier::parse("https://as.example").unwrap();
        let metadata = AuthorizationServerMetadata::parse(DOCUMENT, &issuer, UrlPolicy::Public).unwrap();
        assert!(metadata.supports_pre_authorized_code());
        assert!(metadata.pre_authorized_grant_anonymous_access_supported);
    }

    #[test]
    fn refuses_a_document_that_speaks_for_another_server() {
        let issuer = IssuerIdentifier::parse("https://as.example/").unwrap();
        assert_eq!(
            AuthorizationServerMetadata::parse(DOCUMENT, &issuer, UrlPolicy::Public),
            Err(ServerMetadataError::IssuerMismatch)
        );
    }

    #[test]
    fn refuses_a_plain_token_endpoint() {
        let issuer = IssuerIdentifier::parse("https://as.example").unwrap();
        let text =
            String::from_utf8_lossy(DOCUMENT).replace("https://as.example/token", "http://127.0.0.1/token");
        assert_eq!(
            AuthorizationServerMetadata::parse(text.as_bytes(), &issuer, UrlPolicy::Public),
            Err(ServerMetadataError::EndpointNotPermitted)
        );
    }

    #[test]
    fn reads_a_server_of_the_high_assurance_profile() {
        let document = br#"{"issuer":"https://as.example","token_endpoint":"https://as.example/token",
            "authorization_endpoint":"https://as.example/authorize",
            "pushed_authorization_request_endpoint":"https://as.example/par",
            "require_pushed_authorization_requests":true,"challenge_endpoint":"https://as.example/challenge",
            "response_types_supported":["code"],"code_challenge_methods_supported":["S256"],
            "token_endpoint_auth_methods_supported":["attest_jwt_client_auth"],
            "dpop_signing_alg_values_supported":["PS256","ES256"],
            "authorization_response_iss_parameter_supported":true}"#;
        let issuer = IssuerIdentifier::parse("https://as.example").unwrap();
        let metadata = AuthorizationServerMetadata::parse(document, &issuer, UrlPolicy::Public).unwrap();
        assert!(metadata.supports_authorization_code());
        assert!(metadata.require_pushed_authorization_requests);
        assert!(metadata.takes_authentication("attest_jwt_client_auth"));
        assert!(!metadata.takes_authentication("none"));
        assert!(metadata.takes_dpop(SignatureAlgorithm::Es256));
        assert!(!metadata.takes_dpop(SignatureAlgorithm::EdDsa));
        assert_eq!(metadata.issuer_parameter(), IssuerParameter::Promised);
        let written = serde_json::to_vec(&metadata).unwrap();
        let again = AuthorizationServerMetadata::parse(&written, &issuer, UrlPolicy::Public);
        assert_eq!(again, Ok(metadata));
    }

    #[test]
    fn what_a_server_does_not_say_is_not_assumed() {
        let issuer = IssuerIdentifier::parse("https://as.example").unwrap();
        let metadata = AuthorizationServerMetadata::of(issuer.clone());
        assert!(!metadata.supports_authorization_code() && !metadata.supports_pre_authorized_code());
        assert!(!metadata.takes_authentication("none"));
        assert_eq!(metadata.issuer_parameter(), IssuerParameter::NotPromised);
        let written = serde_json::to_vec(&metadata).unwrap();
        let again = AuthorizationServerMetadata::parse(&written, &issuer, UrlPolicy::Public);
        assert_eq!(again, Ok(metadata));
    }

    #[test]
    fn refuses_each_plain_endpoint() {
        let issuer = IssuerIdentifier::parse("https://as.example").unwrap();
        for member in [
            "token_endpoint",
            "authorization_endpoint",
            "pushed_authorization_request_endpoint",
            "challenge_endpoint",
            "status_list_aggregation_endpoint",
            "jwks_uri",
        ] {
            let document = format!(r#"{{"issuer":"https://as.example","{member}":"http://as.example/x"}}"#);
            let refused = AuthorizationServerMetadata::parse(document.as_bytes(), &issuer, UrlPolicy::Public);
            assert_eq!(
                refused,
                Err(ServerMetadataError::EndpointNotPermitted),
                "{member}"
            );
        }
    }
}
