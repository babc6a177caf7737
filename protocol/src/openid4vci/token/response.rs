//! The token response ([OpenID4VCI §6.2], [RFC 6749 §5.1], [RFC 9449 §5]).
//!
//! [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2
//! [RFC 6749 §5.1]: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
//! [RFC 9449 §5]: https://www.rfc-editor.org/rfc/rfc9449#section-5

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::oauth::access_token::AccessTokenScheme;
use crate::oauth::scope::Scope;
use crate::openid4vci::authorization_details::{CredentialAuthorization, MAX_AUTHORIZATION_DETAILS};
use crate::openid4vci::identifiers::{ConfigurationId, CredentialIdentifier};
use crate::secret::{AccessToken, RefreshToken};
use crate::wire::parse_json;

/// The largest token response that is read, in bytes.
pub const MAX_TOKEN_RESPONSE_BYTES: usize = 64 * 1024;

/// A token response. Sent with `Cache-Control: no-store`.
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The token.
    #[serde(serialize_with = "crate::secret::serialize_exposed")]
    pub access_token: AccessToken,
    /// How it is presented: with `DPoP`, it is bound to the key of the proof that came with the request.
    pub token_type: AccessTokenScheme,
    /// Its lifetime in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// What renews it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::secret::serialize_optional"
    )]
    pub refresh_token: Option<RefreshToken>,
    /// What was granted, when that is less than what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// What it authorizes. When present, credential requests name a
    /// [`CredentialIdentifier`], otherwise a [`ConfigurationId`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<CredentialAuthorization>,
}

impl TokenResponse {
    /// Reads the response of a token endpoint.
    ///
    /// # Errors
    /// [`TokenResponseError`].
    pub fn parse(body: &[u8]) -> Result<Self, TokenResponseError> {
        let response: Self =
            parse_json(body, MAX_TOKEN_RESPONSE_BYTES).map_err(|_| TokenResponseError::Malformed)?;
        let details = &response.authorization_details;
        if details.len() > MAX_AUTHORIZATION_DETAILS
            || details
                .iter()
                .any(|entry| entry.credential_identifiers.len() > MAX_AUTHORIZATION_DETAILS)
        {
            return Err(TokenResponseError::TooManyAuthorizations);
        }
        if details
            .iter()
            .any(|entry| entry.credential_identifiers.is_empty())
        {
            return Err(TokenResponseError::NoCredentialIdentifiers);
        }
        Ok(response)
    }

    /// The dataset to ask for when `configuration` is wanted; `None` when the request names the configuration
    /// itself.
    #[must_use]
    pub fn identifier_for(&self, configuration: &ConfigurationId) -> Option<&CredentialIdentifier> {
        self.authorization_details
            .iter()
            .find(|entry| entry.credential_configuration_id == *configuration)
            .and_then(|entry| entry.credential_identifiers.first())
    }
}

/// Why a token response was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenResponseError {
    /// Not the JSON of the specification, over budget, or a token type that is not supported.
    #[error("the token response is malformed")]
    Malformed,
    /// More entries than [`MAX_AUTHORIZATION_DETAILS`].
    #[error("the token response authorizes more than {MAX_AUTHORIZATION_DETAILS} credentials")]
    TooManyAuthorizations,
    /// An entry without identifiers.
    #[error("an authorization of the token response has no credential identifiers")]
    NoCredentialIdentifiers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_reads_back_and_names_the_dataset() {
        let configuration = ConfigurationId::parse("national-identity").unwrap();
        let response = TokenResponse {
            access_token: AccessToken::parse("t0ken").unwrap(),
            token_type: AccessTokenScheme::Dpop,
            expires_in: Some(300),
            refresh_token: RefreshToken::parse("again"),
            scope: Scope::parse("identity").ok(),
            authorization_details: vec![CredentialAuthorization::new(
                configuration.clone(),
                vec![CredentialIdentifier::parse("one").unwrap()],
            )],
        };
        let text = serde_json::to_string(&response).unwrap();
        assert!(text.contains(r#""token_type":"DPoP""#), "{text}");
        let read = TokenResponse::parse(text.as_bytes()).unwrap();
        assert_eq!(read.access_token.expose(), "t0ken");
        assert_eq!(read.token_type, AccessTokenScheme::Dpop);
        assert_eq!(read.refresh_token.as_ref().unwrap().expose(), "again");
        assert_eq!(read.scope, response.scope);
        assert_eq!(read.identifier_for(&configuration).unwrap().as_str(), "one");
        assert_eq!(
            read.identifier_for(&ConfigurationId::parse("other").unwrap()),
            None
        );
    }

    #[test]
    fn what_is_not_there_is_not_written() {
        let text = r#"{"access_token":"a","token_type":"Bearer"}"#;
        let response = TokenResponse::parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&response).unwrap(), text);
    }

    #[test]
    fn refuses_an_authorization_without_identifiers_and_other_token_types() {
        let details =
            r#"[{"type":"openid_credential","credential_configuration_id":"a","credential_identifiers":[]}]"#;
        let body =
            format!(r#"{{"access_token":"a","token_type":"bearer","authorization_details":{details}}}"#);
        assert_eq!(
            TokenResponse::parse(body.as_bytes()).unwrap_err(),
            TokenResponseError::NoCredentialIdentifiers
        );
        assert_eq!(
            TokenResponse::parse(br#"{"access_token":"a","token_type":"mac"}"#).unwrap_err(),
            TokenResponseError::Malformed
        );
    }
}
