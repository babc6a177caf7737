//! Requests of a wallet and the parts of their answers that every endpoint shares.

use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::secret::AccessToken;
use zeroize::Zeroizing;

use crate::error::WalletError;
use crate::ports::{HttpRequest, HttpResponse, Method, TransportError};
use crate::wallet::Wallet;

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What to send with a `POST`.
pub(crate) enum Body {
    /// `Content-Length: 0`
    Empty,
    /// A form.
    Form(Zeroizing<String>),
    /// JSON under an access token.
    JsonWithToken(Vec<u8>, Zeroizing<String>),
}

impl Body {
    pub(crate) fn json_with_token(json: Vec<u8>, token: &AccessToken) -> Self {
        Self::JsonWithToken(json, Zeroizing::new(format!("Bearer {}", token.expose())))
    }
}

impl Wallet {
    pub(crate) async fn get(
        &self,
        url: &HttpUrl,
        accept: &'static str,
        max_response_bytes: usize,
    ) -> Result<HttpResponse, WalletError> {
        let request = HttpRequest {
            method: Method::Get,
            url: url.url().clone(),
            headers: vec![("accept", accept.to_owned())],
            body: Vec::new(),
            max_response_bytes,
        };
        answered(self.send(request).await?)
    }

    pub(crate) async fn post(
        &self,
        url: &HttpUrl,
        body: Body,
        accept: &'static str,
        max_response_bytes: usize,
    ) -> Result<HttpResponse, WalletError> {
        let mut headers = vec![("accept", accept.to_owned())];
        let body = match body {
            Body::Empty => Vec::new(),
            Body::Form(form) => {
                headers.push(("content-type", FORM.to_owned()));
                form.as_bytes().to_vec()
            }
            Body::JsonWithToken(json, authorization) => {
                headers.push(("content-type", JSON.to_owned()));
                headers.push(("authorization", authorization.as_str().to_owned()));
                json
            }
        };
        let request = HttpRequest {
            method: Method::Post,
            url: url.url().clone(),
            headers,
            body,
            max_response_bytes,
        };
        answered(self.send(request).await?)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        // Every URL was checked when it was parsed; one that slipped through still goes nowhere.
        if !self.policy.urls.permits(&request.url) {
            return Err(TransportError::Refused);
        }
        let limit = request.max_response_bytes;
        let response = self.ports.transport.send(request).await?;
        if response.body.len() > limit {
            return Err(TransportError::TooLarge);
        }
        Ok(response)
    }
}

/// Overload and failures of the peer pass; everything else is an answer.
fn answered(response: HttpResponse) -> Result<HttpResponse, WalletError> {
    match response.status {
        408 | 425 | 429 | 500..=599 => Err(WalletError::PeerUnavailable {
            status: response.status,
        }),
        _ => Ok(response),
    }
}

/// Whether the answer is a success of this media type.
pub(crate) fn is_success_of(response: &HttpResponse, media_type: &str) -> bool {
    response.is_success() && response.media_type() == media_type
}
