//! The answer to an authorization request, which the browser carries ([RFC 6749 §4.1.2], [RFC 9207]).
//!
//! [RFC 6749 §4.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
//! [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use super::authorization_request::State;
use super::error::{AuthorizationErrorCode, ErrorDescription};
use super::redirect_uri::RedirectUri;
use crate::identifier::IssuerIdentifier;
use crate::secret::AuthorizationCode;
use crate::wire::{Form, FormRefused};

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// What a server answers.
#[derive(Debug)]
pub enum AuthorizationAnswer {
    /// The code.
    Code(AuthorizationCode),
    /// No code.
    Refused {
        /// Why.
        error: AuthorizationErrorCode,
        /// For the developer of the client.
        description: Option<ErrorDescription>,
    },
}

/// An answer and what goes with it.
#[derive(Debug)]
pub struct AuthorizationResponse<'a> {
    /// The server: `iss`, in refusals too.
    pub issuer: &'a IssuerIdentifier,
    /// The `state` of the request.
    pub state: Option<&'a State>,
    /// The answer.
    pub answer: AuthorizationAnswer,
}

impl AuthorizationResponse<'_> {
    /// Where the browser goes with the answer.
    #[must_use]
    pub fn redirect(&self, to: &RedirectUri) -> Zeroizing<String> {
        let mut parameters = Vec::new();
        match &self.answer {
            AuthorizationAnswer::Code(code) => parameters.push(("code", code.expose())),
            AuthorizationAnswer::Refused { error, description } => {
                parameters.push(("error", error.as_str()));
                parameters.extend(
                    description
                        .as_ref()
                        .map(|description| ("error_description", description.as_str())),
                );
            }
        }
        parameters.extend(self.state.map(|state| ("state", state.as_str())));
        parameters.push(("iss", self.issuer.as_str()));
        to.with_parameters(&parameters)
    }
}

/// What a client remembers of its request.
#[derive(Debug, Clone, Copy)]
pub struct AnswerExpectations<'a> {
    /// Where it wanted the answer.
    pub redirect_uri: &'a RedirectUri,
    /// The `state` that it made.
    pub state: &'a State,
    /// The server that it sent the resident to.
    pub issuer: &'a IssuerIdentifier,
    /// Whether that server names itself in its answers.
    pub issuer_parameter: IssuerParameter,
}

/// Whether the metadata of a server has `authorization_response_iss_parameter_supported`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerParameter {
    /// It names itself: an answer without `iss` is another's.
    Promised,
    /// It does not say so. When it names itself all the same, the name must be right.
    NotPromised,
}

/// Reads the answer that the browser brought to `url`. An answer of another server, or to another request, is refused
/// before its code is looked at ([RFC 9207 §2.4], [RFC 6749 §10.12]).
///
/// # Errors
/// [`AuthorizationResponseError`]. Nothing is to be done with such an answer: the request is still waiting for its own.
///
/// [RFC 9207 §2.4]: https://www.rfc-editor.org/rfc/rfc9207#section-2.4
/// [RFC 6749 §10.12]: https://www.rfc-editor.org/rfc/rfc6749#section-10.12
pub fn parse(
    url: &str,
    expected: &AnswerExpectations<'_>,
) -> Result<AuthorizationAnswer, AuthorizationResponseError> {
    if url.len() > MAX_ANSWER_BYTES {
        return Err(AuthorizationResponseError::TooLarge);
    }
    let query = expected
        .redirect_uri
        .answer_query(url.trim())
        .ok_or(AuthorizationResponseError::WrongAddress)?;
    let mut form = Form::parse(query.as_bytes(), MAX_ANSWER_BYTES).map_err(|refused| match refused {
        FormRefused::TooLarge => AuthorizationResponseError::TooLarge,
        FormRefused::Repeated => AuthorizationResponseError::RepeatedParameter,
    })?;
    let state = form.take_value("state").unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(expected.state.as_str().as_bytes())) {
        return Err(AuthorizationResponseError::WrongState);
    }
    match (form.take_value("iss"), expected.issuer_parameter) {
        (Some(issuer), _) if issuer == expected.issuer.as_str() => {}
        (None, IssuerParameter::NotPromised) => {}
        (None, IssuerParameter::Promised) => return Err(AuthorizationResponseError::NoIssuer),
        (Some(_), _) => return Err(AuthorizationResponseError::WrongIssuer),
    }
    match (form.take_value("code"), form.take_value("error")) {
        (Some(code), None) => AuthorizationCode::parse(code)
            .map(AuthorizationAnswer::Code)
            .ok_or(AuthorizationResponseError::Code),
        (None, Some(error)) => Ok(AuthorizationAnswer::Refused {
            error: AuthorizationErrorCode::from_wire(&error),
            description: form
                .take_value("error_description")
                .and_then(|text| ErrorDescription::parse(&text)),
        }),
        (Some(_), Some(_)) | (None, None) => Err(AuthorizationResponseError::NotOneAnswer),
    }
}

/// Why an answer is not one to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationResponseError {
    /// Over budget.
    #[error("the authorization response is too large")]
    TooLarge,
    /// It came to another address.
    #[error("the authorization response came to another address")]
    WrongAddress,
    /// One parameter twice.
    #[error("a parameter of the authorization response is repeated")]
    RepeatedParameter,
    /// `state` is missing or another's: the answer is to a request that this client did not make.
    #[error("the authorization response has another state")]
    WrongState,
    /// `iss` is missing where the server promised it.
    #[error("the authorization response does not name its server")]
    NoIssuer,
    /// `iss` is another server: somebody mixed the two up.
    #[error("the authorization response is of another server")]
    WrongIssuer,
    /// Both a code and an error, or neither.
    #[error("the authorization response carries not exactly one of code and error")]
    NotOneAnswer,
    /// Characters or a length that no code has.
    #[error("the code of the authorization response is malformed")]
    Code,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Client {
        redirect_uri: RedirectUri,
        state: State,
        issuer: IssuerIdentifier,
    }

    impl Client {
        fn new() -> Self {
            Self {
                redirect_uri: RedirectUri::parse("https://wallet.example/cb?a=b").unwrap(),
                state: State::parse("our state").unwrap(),
                issuer: IssuerIdentifier::parse("https://as.example").unwrap(),
            }
        }

        fn parse(
            &self,
            url: &str,
            issuer_parameter: IssuerParameter,
        ) -> Result<AuthorizationAnswer, AuthorizationResponseError> {
            let expected = AnswerExpectations {
                redirect_uri: &self.redirect_uri,
                state: &self.state,
                issuer: &self.issuer,
                issuer_parameter,
            };
            parse(url, &expected)
        }

        fn answered(&self, answer: AuthorizationAnswer) -> Zeroizing<String> {
            let response = AuthorizationResponse {
                issuer: &self.issuer,
                state: Some(&self.state),
                answer,
            };
            response.redirect(&self.redirect_uri)
        }
    }

    #[test]
    fn a_code_reads_back_behind_the_query_that_was_there() {
        let client = Client::new();
        let url = client.answered(AuthorizationAnswer::Code(
            AuthorizationCode::parse("c+o d").unwrap(),
        ));
        assert_eq!(
            *url,
            "https://wallet.example/cb?a=b&code=c%2Bo%20d&state=our%20state&iss=https%3A%2F%2Fas.example"
        );
        match client.parse(&url, IssuerParameter::Promised) {
            Ok(AuthorizationAnswer::Code(code)) => assert_eq!(code.expose(), "c+o d"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_reads_back() {
        let client = Client::new();
        let url = client.answered(AuthorizationAnswer::Refused {
            error: AuthorizationErrorCode::AccessDenied,
            description: ErrorDescription::parse("the resident said no"),
        });
        match client.parse(&url, IssuerParameter::Promised) {
            Ok(AuthorizationAnswer::Refused { error, description }) => {
                assert_eq!(error, AuthorizationErrorCode::AccessDenied);
                assert_eq!(description.unwrap().as_str(), "the resident said no");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_of_another_server_or_to_another_request_is_refused() {
        use AuthorizationResponseError as Error;
        let client = Client::new();
        let base = "https://wallet.example/cb?a=b";
        let state = "state=our%20state";
        let iss = "iss=https://as.example";
        for (url, error) in [
            (format!("{base}&code=c&{iss}"), Error::WrongState),
            (format!("{base}&code=c&state=&{iss}"), Error::WrongState),
            (format!("{base}&code=c&state=theirs&{iss}"), Error::WrongState),
            (format!("{base}&code=c&{state}"), Error::NoIssuer),
            (
                format!("{base}&code=c&{state}&iss=https://evil.example"),
                Error::WrongIssuer,
            ),
            (
                format!("{base}&code=c&{state}&iss=https://as.example/"),
                Error::WrongIssuer,
            ),
            (format!("{base}&error=access_denied&{state}"), Error::NoIssuer),
            (
                format!("{base}&code=c&code=d&{state}&{iss}"),
                Error::RepeatedParameter,
            ),
            (
                format!("{base}&code=c&error=x&{state}&{iss}"),
                Error::NotOneAnswer,
            ),
            (format!("{base}&{state}&{iss}"), Error::NotOneAnswer),
            (format!("{base}&code=%00&{state}&{iss}"), Error::Code),
            (
                format!("https://evil.example/cb?a=b&code=c&{state}&{iss}"),
                Error::WrongAddress,
            ),
            (
                format!("{base}&code={}", "c".repeat(MAX_ANSWER_BYTES)),
                Error::TooLarge,
            ),
        ] {
            let refused = client.parse(&url, IssuerParameter::Promised);
            assert_eq!(refused.unwrap_err(), error, "{url}");
        }
        let unnamed = format!("{base}&code=c&{state}");
        assert!(client.parse(&unnamed, IssuerParameter::NotPromised).is_ok());
        let wrong = format!("{base}&code=c&{state}&iss=https://evil.example");
        assert_eq!(
            client.parse(&wrong, IssuerParameter::NotPromised).unwrap_err(),
            Error::WrongIssuer
        );
    }
}
