//! The token endpoint with a pre-authorized code ([OpenID4VCI §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::identifiers::{ConfigurationId, CredentialIdentifier};
use crate::oauth::error::TokenErrorCode;
use crate::secret::{AccessToken, PreAuthorizedCode, TransactionCode};
use crate::wire::{Form, FormRefused, parse_json};

/// `grant_type` of the pre-authorized flow.
pub const PRE_AUTHORIZED_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// The largest token request that is read, in bytes.
pub const MAX_TOKEN_REQUEST_BYTES: usize = 16 * 1024;

/// The largest token response that is read, in bytes.
pub const MAX_TOKEN_RESPONSE_BYTES: usize = 64 * 1024;

/// The largest number of entries in `authorization_details`, and of credential identifiers in each.
pub const MAX_AUTHORIZATION_DETAILS: usize = 64;

const GRANT_TYPE: &str = "grant_type";
const CODE: &str = "pre-authorized_code";
const TX_CODE: &str = "tx_code";
const CLIENT_ID: &str = "client_id";

/// A token request ([OpenID4VCI §6.1]).
///
/// [OpenID4VCI §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1
#[derive(Debug)]
pub struct TokenRequest {
    /// The code of the offer.
    pub code: PreAuthorizedCode,
    /// The transaction code, when the offer wants one.
    pub tx_code: Option<TransactionCode>,
    /// The wallet, when it names itself. Names are not authentication.
    pub client_id: Option<String>,
}

impl TokenRequest {
    /// Reads the form of a token request.
    ///
    /// # Errors
    /// [`TokenRequestError`]; its [`code`](TokenRequestError::code) is what the endpoint answers.
    pub fn parse_form(body: &[u8]) -> Result<Self, TokenRequestError> {
        let mut form = Form::parse(body, MAX_TOKEN_REQUEST_BYTES).map_err(|refused| match refused {
            FormRefused::TooLarge => TokenRequestError::TooLarge,
            FormRefused::Repeated => TokenRequestError::RepeatedParameter,
        })?;
        let grant = form.take(GRANT_TYPE).ok_or(TokenRequestError::MissingGrantType)?;
        if grant != PRE_AUTHORIZED_CODE_GRANT {
            return Err(TokenRequestError::UnsupportedGrantType);
        }
        let code = form.take(CODE).ok_or(TokenRequestError::MissingCode)?;
        // A code that no issuer could have made is a wrong code, not a malformed request.
        let code = PreAuthorizedCode::parse(code).ok_or(TokenRequestError::ImpossibleCode)?;
        let tx_code = match form.take(TX_CODE) {
            None => None,
            Some(text) => {
                Some(TransactionCode::parse(text).ok_or(TokenRequestError::ImpossibleTransactionCode)?)
            }
        };
        Ok(Self {
            code,
            tx_code,
            client_id: form.take(CLIENT_ID),
        })
    }

    /// The form to post.
    #[must_use]
    pub fn to_form(&self) -> Zeroizing<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair(GRANT_TYPE, PRE_AUTHORIZED_CODE_GRANT);
        form.append_pair(CODE, self.code.expose());
        if let Some(tx_code) = &self.tx_code {
            form.append_pair(TX_CODE, tx_code.expose());
        }
        if let Some(client_id) = &self.client_id {
            form.append_pair(CLIENT_ID, client_id);
        }
        Zeroizing::new(form.finish())
    }
}

/// Why a token request was refused before any code was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenRequestError {
    /// Over budget.
    #[error("the token request is too large")]
    TooLarge,
    /// One parameter twice.
    #[error("a parameter is repeated")]
    RepeatedParameter,
    /// No grant.
    #[error("grant_type is missing")]
    MissingGrantType,
    /// Another grant.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
    /// No code.
    #[error("pre-authorized_code is missing")]
    MissingCode,
    /// A code with characters or a length that no code has.
    #[error("the pre-authorized code is wrong")]
    ImpossibleCode,
    /// A transaction code with characters or a length that none has.
    #[error("the transaction code is wrong")]
    ImpossibleTransactionCode,
}

impl TokenRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> TokenErrorCode {
        match self {
            Self::TooLarge | Self::RepeatedParameter | Self::MissingGrantType | Self::MissingCode => {
                TokenErrorCode::InvalidRequest
            }
            Self::UnsupportedGrantType => TokenErrorCode::UnsupportedGrantType,
            Self::ImpossibleCode | Self::ImpossibleTransactionCode => TokenErrorCode::InvalidGrant,
        }
    }
}

/// How an access token is presented. Read without regard to case ([RFC 6749 §5.1]).
///
/// [RFC 6749 §5.1]: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// Whoever holds it may use it ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
    Bearer,
}

impl<'de> Deserialize<'de> for TokenType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.eq_ignore_ascii_case("bearer") {
            Ok(Self::Bearer)
        } else {
            Err(serde::de::Error::custom("the token type is not supported"))
        }
    }
}

/// One entry of `authorization_details` in a token response ([OpenID4VCI §6.2]).
///
/// [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialAuthorization {
    #[serde(rename = "type")]
    kind: CredentialAuthorizationType,
    /// The configuration that is authorized.
    pub credential_configuration_id: ConfigurationId,
    /// The datasets; never empty.
    pub credential_identifiers: Vec<CredentialIdentifier>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum CredentialAuthorizationType {
    #[serde(rename = "openid_credential")]
    OpenIdCredential,
}

impl CredentialAuthorization {
    /// Authorizes `identifiers` of a configuration.
    #[must_use]
    pub fn new(configuration: ConfigurationId, identifiers: Vec<CredentialIdentifier>) -> Self {
        Self {
            kind: CredentialAuthorizationType::OpenIdCredential,
            credential_configuration_id: configuration,
            credential_identifiers: identifiers,
        }
    }
}

/// A token response ([OpenID4VCI §6.2]). Sent with `Cache-Control: no-store`.
///
/// [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The token.
    #[serde(serialize_with = "crate::secret::serialize_exposed")]
    pub access_token: AccessToken,
    /// How it is presented.
    pub token_type: TokenType,
    /// Its lifetime in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
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
    fn a_request_reads_back() {
        let request = TokenRequest {
            code: PreAuthorizedCode::parse("a+b c/&=").unwrap(),
            tx_code: TransactionCode::parse("493536"),
            client_id: None,
        };
        let read = TokenRequest::parse_form(request.to_form().as_bytes()).unwrap();
        assert_eq!(read.code.expose(), "a+b c/&=");
        assert_eq!(read.tx_code.unwrap().expose(), "493536");
    }

    #[test]
    fn each_malformed_request_gets_its_code() {
        use TokenErrorCode::{InvalidGrant, InvalidRequest, UnsupportedGrantType};
        let grant = "grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code";
        for (body, code) in [
            (String::new(), InvalidRequest),
            (
                "grant_type=authorization_code&code=x".to_owned(),
                UnsupportedGrantType,
            ),
            (grant.to_owned(), InvalidRequest),
            (format!("{grant}&pre-authorized_code="), InvalidGrant),
            (format!("{grant}&pre-authorized_code=a&tx_code=%0a"), InvalidGrant),
            (
                format!("{grant}&pre-authorized_code=a&pre-authorized_code=b"),
                InvalidRequest,
            ),
            (
                format!(
                    "{grant}&pre-authorized_code={}",
                    "a".repeat(MAX_TOKEN_REQUEST_BYTES)
                ),
                InvalidRequest,
            ),
        ] {
            let error = TokenRequest::parse_form(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    }

    #[test]
    fn a_response_reads_back_and_names_the_dataset() {
        let configuration = ConfigurationId::parse("national-identity").unwrap();
        let response = TokenResponse {
            access_token: AccessToken::parse("t0ken").unwrap(),
            token_type: TokenType::Bearer,
            expires_in: Some(300),
            authorization_details: vec![CredentialAuthorization::new(
                configuration.clone(),
                vec![CredentialIdentifier::parse("one").unwrap()],
            )],
        };
        let read = TokenResponse::parse(&serde_json::to_vec(&response).unwrap()).unwrap();
        assert_eq!(read.access_token.expose(), "t0ken");
        assert_eq!(read.identifier_for(&configuration).unwrap().as_str(), "one");
        assert_eq!(
            read.identifier_for(&ConfigurationId::parse("other").unwrap()),
            None
        );
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
