//! What the provider says about itself ([OpenID Connect Discovery 1.0 §3]).
//!
//! [OpenID Connect Discovery 1.0 §3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_protocol::identifier::HttpUrl;

use super::{ProviderError, ProviderSettings};

/// The largest document of a provider that is read, in bytes: userinfo may carry a photo.
pub const MAX_PROVIDER_DOCUMENT_BYTES: usize = 512 << 10;

/// The endpoints that are used, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata {
    pub(super) authorization_endpoint: HttpUrl,
    pub(super) token_endpoint: HttpUrl,
    pub(super) jwks_uri: HttpUrl,
    pub(super) user_info_endpoint: Option<HttpUrl>,
    pub(super) answers_name_the_issuer: bool,
    pub(super) takes_claims_parameter: bool,
}

#[derive(Deserialize)]
struct Wire {
    issuer: String,
    authorization_endpoint: HttpUrl,
    token_endpoint: HttpUrl,
    jwks_uri: HttpUrl,
    #[serde(default)]
    userinfo_endpoint: Option<HttpUrl>,
    #[serde(default)]
    response_types_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    claims_parameter_supported: bool,
}

impl ProviderMetadata {
    /// Reads the document found at [`ProviderSettings::metadata_location`].
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn parse(body: &[u8], settings: &ProviderSettings) -> Result<Self, ProviderError> {
        let wire: Wire = object(body, "metadata")?;
        if wire.issuer != settings.issuer.as_str() {
            return Err(ProviderError::IssuerMismatch);
        }
        let endpoints = [&wire.authorization_endpoint, &wire.token_endpoint, &wire.jwks_uri];
        for url in endpoints.into_iter().chain(&wire.userinfo_endpoint) {
            url.permitted(settings.policy)
                .map_err(|_| ProviderError::EndpointNotPermitted)?;
        }
        // A list that is left out says nothing; one that is there says what cannot be done.
        let lacks = |list: &Option<Vec<String>>, wanted: &str| {
            list.as_ref()
                .is_some_and(|list| !list.iter().any(|entry| entry == wanted))
        };
        if lacks(&wire.response_types_supported, "code") {
            return Err(ProviderError::Unsupported("the response type code"));
        }
        if lacks(&wire.code_challenge_methods_supported, "S256") {
            return Err(ProviderError::Unsupported("PKCE with S256"));
        }
        if settings.client_key.is_some()
            && lacks(&wire.token_endpoint_auth_methods_supported, "private_key_jwt")
        {
            return Err(ProviderError::Unsupported("private_key_jwt"));
        }
        Ok(Self {
            authorization_endpoint: wire.authorization_endpoint,
            token_endpoint: wire.token_endpoint,
            jwks_uri: wire.jwks_uri,
            user_info_endpoint: wire.userinfo_endpoint,
            answers_name_the_issuer: wire.authorization_response_iss_parameter_supported,
            takes_claims_parameter: wire.claims_parameter_supported,
        })
    }

    /// Where the browser is sent.
    #[must_use]
    pub const fn authorization_endpoint(&self) -> &HttpUrl {
        &self.authorization_endpoint
    }

    /// Where codes become tokens.
    #[must_use]
    pub const fn token_endpoint(&self) -> &HttpUrl {
        &self.token_endpoint
    }

    /// Where the provider's keys are.
    #[must_use]
    pub const fn jwks_uri(&self) -> &HttpUrl {
        &self.jwks_uri
    }

    /// Where there is more about a person.
    #[must_use]
    pub const fn user_info_endpoint(&self) -> Option<&HttpUrl> {
        self.user_info_endpoint.as_ref()
    }
}

/// Reads a document that must be one object, within its budget and without repeated members.
pub(super) fn object<T: DeserializeOwned>(body: &[u8], what: &'static str) -> Result<T, ProviderError> {
    let budget = JsonBudget {
        bytes: MAX_PROVIDER_DOCUMENT_BYTES,
        ..JsonBudget::MESSAGE
    };
    let members: Map<String, Value> =
        json::parse(body, budget).map_err(|_| ProviderError::Malformed(what))?;
    serde_json::from_value(Value::Object(members)).map_err(|_| ProviderError::Malformed(what))
}
