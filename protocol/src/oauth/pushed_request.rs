//! Pushed authorization requests ([RFC 9126]).
//!
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126

use serde::{Deserialize, Deserializer, Serialize};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use thiserror::Error;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::authorization_request::{
    AuthorizationRequest, AuthorizationRequestError, MAX_AUTHORIZATION_REQUEST_BYTES, parse_form,
};
use super::client::{ClientParameters, ClientParametersError};
use super::error::AuthorizationErrorCode;
use super::request_object::SignedRequest;
use crate::identifier::{HttpUrl, MAX_URL_BYTES};
use crate::wire::parse_json;

/// How the names of pushed requests begin ([RFC 9126 §2.2]).
///
/// [RFC 9126 §2.2]: https://www.rfc-editor.org/rfc/rfc9126#section-2.2
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The largest answer that is read, in bytes.
pub const MAX_PUSHED_RESPONSE_BYTES: usize = 8 * 1024;

/// `request_uri`: the name that a server gave a pushed request. Whoever knows it can have the request shown once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RequestUri(String);

impl RequestUri {
    /// A fresh name of 32 random bytes.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let reference = base64url::encode(&random_bytes::<32>(randomness)?);
        Ok(Self(format!("{REQUEST_URI_PREFIX}{reference}")))
    }

    /// Takes a name; `None` when it is too long or no absolute URI. Servers are free in how they name requests.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed = text.len() <= MAX_URL_BYTES
            && text.bytes().all(|byte| (0x21..0x7f).contains(&byte))
            && Url::parse(&text).is_ok();
        allowed.then_some(Self(text))
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind [`REQUEST_URI_PREFIX`]; `None` for a name that this suite's servers did not give.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.0
            .strip_prefix(REQUEST_URI_PREFIX)
            .filter(|reference| !reference.is_empty())
    }
}

impl<'de> Deserialize<'de> for RequestUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not an absolute URI"))
    }
}

/// A request that a client pushes.
#[derive(Debug)]
pub struct PushedRequest {
    /// Who pushes it.
    pub client: ClientParameters,
    /// What it pushes.
    pub contents: PushedContents,
}

/// The two forms of a pushed request.
#[derive(Debug, PartialEq, Eq)]
pub enum PushedContents {
    /// The parameters.
    Plain(Box<AuthorizationRequest>),
    /// A signed object with them, and only those count ([RFC 9126 §3](https://www.rfc-editor.org/rfc/rfc9126#section-3)).
    Signed(SignedRequest),
}

impl PushedRequest {
    /// Reads the form of the endpoint.
    ///
    /// # Errors
    /// [`PushedRequestError`].
    pub fn parse_form(body: &[u8]) -> Result<Self, PushedRequestError> {
        let mut form = parse_form(body, MAX_AUTHORIZATION_REQUEST_BYTES)?;
        if form.take("request_uri").is_some() {
            return Err(AuthorizationRequestError::NestedRequestUri.into());
        }
        let client = ClientParameters::take_from(&mut form)?;
        let contents = match form.take_value("request") {
            Some(object) => PushedContents::Signed(
                SignedRequest::parse(object).ok_or(AuthorizationRequestError::RequestObject)?,
            ),
            None => {
                if let Some(client_id) = &client.client_id {
                    form.put("client_id", client_id.as_str().to_owned());
                }
                let request = AuthorizationRequest::take_from(&mut form);
                PushedContents::Plain(Box::new(request.map_err(|refused| refused.reason)?))
            }
        };
        Ok(Self { client, contents })
    }

    /// The form to post.
    #[must_use]
    pub fn to_form(&self) -> Zeroizing<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        self.client.append_to(&mut form);
        match &self.contents {
            PushedContents::Plain(request) => {
                for (name, value) in request.parameters() {
                    // The client has said who it is above.
                    if name != "client_id" || self.client.client_id.is_none() {
                        form.append_pair(name, &value);
                    }
                }
            }
            PushedContents::Signed(object) => {
                form.append_pair("request", object.as_str());
            }
        }
        Zeroizing::new(form.finish())
    }
}

/// Why a pushed request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PushedRequestError {
    /// What it says about the client.
    #[error(transparent)]
    Client(#[from] ClientParametersError),
    /// What it asks for.
    #[error(transparent)]
    Request(#[from] AuthorizationRequestError),
}

impl PushedRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::Client(error) => error.code().into(),
            Self::Request(error) => error.code(),
        }
    }
}

/// The answer to a pushed request, with HTTP 201 and `Cache-Control: no-store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedAuthorizationResponse {
    /// The name to send to the authorization endpoint, once.
    pub request_uri: RequestUri,
    /// How long it is good, in seconds.
    pub expires_in: u64,
}

impl PushedAuthorizationResponse {
    /// Reads an answer; `None` when it is none.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        parse_json(body, MAX_PUSHED_RESPONSE_BYTES).ok()
    }

    /// The address that the browser opens.
    #[must_use]
    pub fn authorization_url(&self, endpoint: &HttpUrl, client: &super::client::ClientIdentifier) -> Url {
        let mut url = endpoint.url().clone();
        url.query_pairs_mut()
            .append_pair("client_id", client.as_str())
            .append_pair("request_uri", self.request_uri.as_str());
        url
    }
}

#[cfg(test)]
mod tests {
    use super::super::authorization_request::tests::request;
    use super::super::client::ClientIdentifier;
    use super::super::client_assertion::ClientAssertion;
    use super::*;
    use symbolon_crypto::testing::SeededRandomness;

    #[test]
    fn a_pushed_request_reads_back() {
        let request = request();
        let pushed = PushedRequest {
            client: ClientParameters {
                client_id: Some(request.client_id.clone()),
                assertion: ClientAssertion::parse("a.b.c"),
            },
            contents: PushedContents::Plain(Box::new(request.clone())),
        };
        let form = pushed.to_form();
        assert_eq!(form.matches("client_id=").count(), 1);
        let read = PushedRequest::parse_form(form.as_bytes()).unwrap();
        assert_eq!(read.client.client_id, Some(request.client_id.clone()));
        assert_eq!(read.client.assertion, ClientAssertion::parse("a.b.c"));
        assert_eq!(read.contents, PushedContents::Plain(Box::new(request)));
    }

    #[test]
    fn a_signed_request_hides_whatever_stands_beside_it() {
        let body = b"client_id=wallet&request=a.b.c&scope=everything&response_type=token";
        let read = PushedRequest::parse_form(body).unwrap();
        assert_eq!(
            read.contents,
            PushedContents::Signed(SignedRequest::parse("a.b.c").unwrap())
        );
    }

    #[test]
    fn each_malformed_request_gets_its_code() {
        use AuthorizationErrorCode as Code;
        let good = request().to_form();
        for (body, code) in [
            (format!("{good}&request_uri=urn:x"), Code::InvalidRequest),
            (format!("{good}&client_secret=x"), Code::InvalidClient),
            (format!("{good}&scope=x"), Code::InvalidRequest),
            ("client_id=a&request=%20".to_owned(), Code::InvalidRequestObject),
            (
                good.replace("response_type=code", "response_type=token"),
                Code::UnsupportedResponseType,
            ),
            (String::new(), Code::InvalidRequest),
        ] {
            let error = PushedRequest::parse_form(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{body}");
        }
    }

    #[test]
    fn a_name_of_ours_has_its_reference_and_another_has_none() {
        let randomness = SeededRandomness::new(1);
        let name = RequestUri::make(&randomness).unwrap();
        assert_eq!(name.reference().map(str::len), Some(43));
        assert_ne!(name, RequestUri::make(&randomness).unwrap());
        for other in [
            "https://as.example/request/1",
            "urn:ietf:params:oauth:request_uri:",
        ] {
            assert_eq!(RequestUri::parse(other).unwrap().reference(), None);
        }
        for text in ["", "reference", "urn:a b"] {
            assert!(RequestUri::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_answer_leads_the_browser_to_the_endpoint() {
        let answer = br#"{"request_uri":"urn:ietf:params:oauth:request_uri:a&b","expires_in":60}"#;
        let answer = PushedAuthorizationResponse::parse(answer).unwrap();
        let endpoint = HttpUrl::parse("https://as.example/authorize?tenant=1").unwrap();
        let client = ClientIdentifier::parse("https://wallet.example").unwrap();
        assert_eq!(
            answer.authorization_url(&endpoint, &client).as_str(),
            "https://as.example/authorize?tenant=1&client_id=https%3A%2F%2Fwallet.example&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aa%26b"
        );
        assert!(PushedAuthorizationResponse::parse(br#"{"request_uri":"urn:a"}"#).is_none());
    }
}
