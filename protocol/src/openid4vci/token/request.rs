//! The token request, by each of its grants ([OpenID4VCI §6.1], [RFC 6749 §4.1.3], [RFC 6749 §6]).
//!
//! [OpenID4VCI §6.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.1
//! [RFC 6749 §4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
//! [RFC 6749 §6]: https://www.rfc-editor.org/rfc/rfc6749#section-6

use thiserror::Error;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::oauth::client::{ClientParameters, ClientParametersError};
use crate::oauth::error::TokenErrorCode;
use crate::oauth::pkce::CodeVerifier;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::scope::{InvalidScope, Scope};
use crate::openid4vci::authorization_details::{InvalidAuthorizationDetails, RequestedCredential};
use crate::secret::{AuthorizationCode, PreAuthorizedCode, RefreshToken, TransactionCode};
use crate::wire::{Form, FormRefused};

/// `grant_type` of the pre-authorized flow.
pub const PRE_AUTHORIZED_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// `grant_type` of the authorization code flow.
pub const AUTHORIZATION_CODE_GRANT: &str = "authorization_code";

/// `grant_type` of a token that is renewed.
pub const REFRESH_TOKEN_GRANT: &str = "refresh_token";

/// The largest token request that is read, in bytes: room for a client assertion beside a code.
pub const MAX_TOKEN_REQUEST_BYTES: usize = 32 * 1024;

/// A token request. Unknown parameters are ignored.
#[derive(Debug)]
pub struct TokenRequest {
    /// What is redeemed.
    pub grant: TokenGrant,
    /// Who redeems it.
    pub client: ClientParameters,
    /// Which of the credentials that were granted the token is to be for; empty for all.
    pub authorization_details: Vec<RequestedCredential>,
}

/// What a token request redeems.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenGrant {
    /// The code of an offer.
    PreAuthorizedCode {
        /// The code.
        code: PreAuthorizedCode,
        /// The transaction code, when the offer wants one.
        tx_code: Option<TransactionCode>,
    },
    /// The code of an authorization response.
    AuthorizationCode {
        /// The code.
        code: AuthorizationCode,
        /// The address of the authorization request, which it must equal.
        redirect_uri: Option<RedirectUri>,
        /// The secret behind the challenge of the authorization request.
        code_verifier: CodeVerifier,
    },
    /// A refresh token.
    RefreshToken {
        /// The token.
        refresh_token: RefreshToken,
        /// Less than what was granted.
        scope: Option<Scope>,
    },
}

impl TokenRequest {
    /// A request for everything that `grant` is good for.
    #[must_use]
    pub const fn new(grant: TokenGrant, client: ClientParameters) -> Self {
        Self {
            grant,
            client,
            authorization_details: Vec::new(),
        }
    }

    /// Reads the form of a token request.
    ///
    /// # Errors
    /// [`TokenRequestError`]; its [`code`](TokenRequestError::code) is what the endpoint answers.
    pub fn parse_form(body: &[u8]) -> Result<Self, TokenRequestError> {
        let form = Form::parse_with_repeatable(body, MAX_TOKEN_REQUEST_BYTES, &["resource"]);
        let mut form = form.map_err(|refused| match refused {
            FormRefused::TooLarge => TokenRequestError::TooLarge,
            FormRefused::Repeated => TokenRequestError::RepeatedParameter,
        })?;
        let grant_type = form
            .take_value("grant_type")
            .ok_or(TokenRequestError::MissingGrantType)?;
        let grant = match grant_type.as_str() {
            PRE_AUTHORIZED_CODE_GRANT => TokenGrant::take_pre_authorized_code(&mut form)?,
            AUTHORIZATION_CODE_GRANT => TokenGrant::take_authorization_code(&mut form)?,
            REFRESH_TOKEN_GRANT => TokenGrant::take_refresh_token(&mut form)?,
            _ => return Err(TokenRequestError::UnsupportedGrantType),
        };
        let authorization_details = match form.take_value("authorization_details") {
            None => Vec::new(),
            Some(text) => RequestedCredential::parse_all(&text)?,
        };
        Ok(Self {
            grant,
            client: ClientParameters::take_from(&mut form)?,
            authorization_details,
        })
    }

    /// The form to post.
    #[must_use]
    pub fn to_form(&self) -> Zeroizing<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match &self.grant {
            TokenGrant::PreAuthorizedCode { code, tx_code } => {
                form.append_pair("grant_type", PRE_AUTHORIZED_CODE_GRANT);
                form.append_pair("pre-authorized_code", code.expose());
                if let Some(tx_code) = tx_code {
                    form.append_pair("tx_code", tx_code.expose());
                }
            }
            TokenGrant::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                form.append_pair("grant_type", AUTHORIZATION_CODE_GRANT);
                form.append_pair("code", code.expose());
                if let Some(redirect_uri) = redirect_uri {
                    form.append_pair("redirect_uri", redirect_uri.as_str());
                }
                form.append_pair("code_verifier", code_verifier.expose());
            }
            TokenGrant::RefreshToken { refresh_token, scope } => {
                form.append_pair("grant_type", REFRESH_TOKEN_GRANT);
                form.append_pair("refresh_token", refresh_token.expose());
                if let Some(scope) = scope {
                    form.append_pair("scope", &scope.to_string());
                }
            }
        }
        if !self.authorization_details.is_empty()
            && let Ok(details) = serde_json::to_string(&self.authorization_details)
        {
            form.append_pair("authorization_details", &details);
        }
        self.client.append_to(&mut form);
        Zeroizing::new(form.finish())
    }
}

impl TokenGrant {
    fn take_pre_authorized_code(form: &mut Form) -> Result<Self, TokenRequestError> {
        let code = form
            .take_value("pre-authorized_code")
            .ok_or(TokenRequestError::MissingPreAuthorizedCode)?;
        // A code that no issuer could have made is a wrong code, not a malformed request.
        let code = PreAuthorizedCode::parse(code).ok_or(TokenRequestError::ImpossiblePreAuthorizedCode)?;
        let tx_code = form
            .take_value("tx_code")
            .map(|text| TransactionCode::parse(text).ok_or(TokenRequestError::ImpossibleTransactionCode))
            .transpose()?;
        Ok(Self::PreAuthorizedCode { code, tx_code })
    }

    fn take_authorization_code(form: &mut Form) -> Result<Self, TokenRequestError> {
        let code = form.take_value("code").ok_or(TokenRequestError::MissingCode)?;
        let code = AuthorizationCode::parse(code).ok_or(TokenRequestError::ImpossibleCode)?;
        let redirect_uri = form
            .take_value("redirect_uri")
            .map(|text| RedirectUri::parse(&text).map_err(|_| TokenRequestError::ImpossibleRedirectUri))
            .transpose()?;
        let code_verifier = form
            .take_value("code_verifier")
            .ok_or(TokenRequestError::MissingCodeVerifier)?;
        let code_verifier =
            CodeVerifier::parse(code_verifier).ok_or(TokenRequestError::ImpossibleCodeVerifier)?;
        Ok(Self::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
        })
    }

    fn take_refresh_token(form: &mut Form) -> Result<Self, TokenRequestError> {
        let token = form
            .take_value("refresh_token")
            .ok_or(TokenRequestError::MissingRefreshToken)?;
        let refresh_token = RefreshToken::parse(token).ok_or(TokenRequestError::ImpossibleRefreshToken)?;
        let scope = form
            .take_value("scope")
            .map(|text| Scope::parse(&text))
            .transpose()?;
        Ok(Self::RefreshToken { refresh_token, scope })
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
    /// No code of an offer.
    #[error("pre-authorized_code is missing")]
    MissingPreAuthorizedCode,
    /// A code with characters or a length that no code has.
    #[error("the pre-authorized code is wrong")]
    ImpossiblePreAuthorizedCode,
    /// A transaction code with characters or a length that none has.
    #[error("the transaction code is wrong")]
    ImpossibleTransactionCode,
    /// No authorization code.
    #[error("code is missing")]
    MissingCode,
    /// A code with characters or a length that no code has.
    #[error("the code is wrong")]
    ImpossibleCode,
    /// An address that no authorization request had.
    #[error("redirect_uri is not that of the authorization request")]
    ImpossibleRedirectUri,
    /// No verifier, though every code of this suite has a challenge.
    #[error("code_verifier is missing")]
    MissingCodeVerifier,
    /// A verifier with characters or a length that none has.
    #[error("the code verifier is wrong")]
    ImpossibleCodeVerifier,
    /// No refresh token.
    #[error("refresh_token is missing")]
    MissingRefreshToken,
    /// A token with characters or a length that none has.
    #[error("the refresh token is wrong")]
    ImpossibleRefreshToken,
    /// No scope.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// No `authorization_details`.
    #[error(transparent)]
    AuthorizationDetails(#[from] InvalidAuthorizationDetails),
    /// What it says about the client.
    #[error(transparent)]
    Client(#[from] ClientParametersError),
}

impl TokenRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> TokenErrorCode {
        match self {
            Self::TooLarge
            | Self::RepeatedParameter
            | Self::MissingGrantType
            | Self::MissingPreAuthorizedCode
            | Self::MissingCode
            | Self::MissingCodeVerifier
            | Self::MissingRefreshToken => TokenErrorCode::InvalidRequest,
            Self::UnsupportedGrantType => TokenErrorCode::UnsupportedGrantType,
            Self::ImpossiblePreAuthorizedCode
            | Self::ImpossibleTransactionCode
            | Self::ImpossibleCode
            | Self::ImpossibleRedirectUri
            | Self::ImpossibleCodeVerifier
            | Self::ImpossibleRefreshToken => TokenErrorCode::InvalidGrant,
            Self::Scope(_) => TokenErrorCode::InvalidScope,
            Self::AuthorizationDetails(_) => TokenErrorCode::InvalidAuthorizationDetails,
            Self::Client(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::ClientIdentifier;
    use crate::oauth::client_assertion::ClientAssertion;
    use crate::openid4vci::identifiers::ConfigurationId;

    fn read_back(grant: TokenGrant) -> TokenRequest {
        let client = ClientParameters {
            client_id: ClientIdentifier::parse("wallet"),
            assertion: ClientAssertion::parse("a.b.c"),
        };
        let mut request = TokenRequest::new(grant, client);
        let configuration = ConfigurationId::parse("identity").unwrap();
        request.authorization_details = vec![RequestedCredential::new(configuration, Vec::new())];
        let read = TokenRequest::parse_form(request.to_form().as_bytes()).unwrap();
        assert_eq!(read.client.client_id, request.client.client_id);
        assert_eq!(read.client.assertion, request.client.assertion);
        assert_eq!(read.authorization_details, request.authorization_details);
        read
    }

    #[test]
    fn a_request_of_each_grant_reads_back() {
        let offered = read_back(TokenGrant::PreAuthorizedCode {
            code: PreAuthorizedCode::parse("a+b c/&=").unwrap(),
            tx_code: TransactionCode::parse("493536"),
        });
        assert!(matches!(
            offered.grant,
            TokenGrant::PreAuthorizedCode { code, tx_code: Some(tx_code) }
                if code.expose() == "a+b c/&=" && tx_code.expose() == "493536"
        ));
        let authorized = read_back(TokenGrant::AuthorizationCode {
            code: AuthorizationCode::parse("c&d").unwrap(),
            redirect_uri: RedirectUri::parse("https://wallet.example/cb?a=b").ok(),
            code_verifier: CodeVerifier::parse("v".repeat(43)).unwrap(),
        });
        assert!(matches!(
            authorized.grant,
            TokenGrant::AuthorizationCode { code, redirect_uri: Some(redirect_uri), code_verifier }
                if code.expose() == "c&d"
                    && redirect_uri.as_str() == "https://wallet.example/cb?a=b"
                    && code_verifier.expose() == "v".repeat(43)
        ));
        let renewed = read_back(TokenGrant::RefreshToken {
            refresh_token: RefreshToken::parse("r").unwrap(),
            scope: Scope::parse("a b").ok(),
        });
        assert!(matches!(
            renewed.grant,
            TokenGrant::RefreshToken { refresh_token, scope: Some(scope) }
                if refresh_token.expose() == "r" && scope.to_string() == "a b"
        ));
    }

    #[test]
    fn each_malformed_request_gets_its_code() {
        use TokenErrorCode as Code;
        let offered = "grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code";
        let verifier = "v".repeat(43);
        let authorized = format!("grant_type=authorization_code&code=a&code_verifier={verifier}");
        let long = "a".repeat(MAX_TOKEN_REQUEST_BYTES);
        for (body, code) in [
            (String::new(), Code::InvalidRequest),
            (
                "grant_type=password&code=x".to_owned(),
                Code::UnsupportedGrantType,
            ),
            (offered.to_owned(), Code::InvalidRequest),
            (format!("{offered}&pre-authorized_code="), Code::InvalidRequest),
            (format!("{offered}&pre-authorized_code=%0a"), Code::InvalidGrant),
            (
                format!("{offered}&pre-authorized_code=a&tx_code=%0a"),
                Code::InvalidGrant,
            ),
            (
                format!("{offered}&pre-authorized_code=a&pre-authorized_code=b"),
                Code::InvalidRequest,
            ),
            (
                format!("{offered}&pre-authorized_code={long}"),
                Code::InvalidRequest,
            ),
            (
                format!("grant_type=authorization_code&code_verifier={verifier}"),
                Code::InvalidRequest,
            ),
            (
                "grant_type=authorization_code&code=a".to_owned(),
                Code::InvalidRequest,
            ),
            (
                "grant_type=authorization_code&code=a&code_verifier=short".to_owned(),
                Code::InvalidGrant,
            ),
            (authorized.replace("code=a", "code=%0a"), Code::InvalidGrant),
            (
                format!("{authorized}&redirect_uri=javascript:1"),
                Code::InvalidGrant,
            ),
            (format!("{authorized}&client_id=%0a"), Code::InvalidRequest),
            (format!("{authorized}&client_secret=a"), Code::InvalidClient),
            (
                format!("{authorized}&authorization_details=[]"),
                Code::InvalidAuthorizationDetails,
            ),
            ("grant_type=refresh_token".to_owned(), Code::InvalidRequest),
            (
                "grant_type=refresh_token&refresh_token=%0a".to_owned(),
                Code::InvalidGrant,
            ),
            (
                "grant_type=refresh_token&refresh_token=a&scope=%22".to_owned(),
                Code::InvalidScope,
            ),
        ] {
            let error = TokenRequest::parse_form(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    }
}
