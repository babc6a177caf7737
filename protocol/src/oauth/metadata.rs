//! Authorization server metadata ([RFC 8414]).
//!
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identifier::{HttpUrl, IssuerIdentifier, UrlPolicy};
use crate::openid4vci::token::PRE_AUTHORIZED_CODE_GRANT;
use crate::wire::{JsonRefused, parse_json};

/// The largest metadata document that is read, in bytes.
pub const MAX_METADATA_BYTES: usize = 256 * 1024;

/// What an authorization server says about itself ([RFC 8414 §2]). Members that this suite does not use are
/// ignored.
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
    /// May be left out by a server that knows the pre-authorized flow alone ([OpenID4VCI §12.3]).
    ///
    /// [OpenID4VCI §12.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.3
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_types_supported: Vec<String>,
    /// The grants; without this member `authorization_code` and `implicit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types_supported: Option<Vec<String>>,
    /// How clients authenticate at the token endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether the pre-authorized flow works without a `client_id` ([OpenID4VCI §12.3]).
    ///
    /// [OpenID4VCI §12.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.3
    #[serde(default, rename = "pre-authorized_grant_anonymous_access_supported")]
    pub pre_authorized_grant_anonymous_access_supported: bool,
}

impl AuthorizationServerMetadata {
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
        let endpoints = [&metadata.token_endpoint, &metadata.authorization_endpoint];
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
}
