//! Requests of a wallet and the parts of their answers that every endpoint shares.

mod nonces;
mod resource;
mod server;

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::{KeyHandle, SignOutcome};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::dpop::{self, DpopNonce, ProvenRequest};
use symbolon_protocol::oauth::jwt::JwtId;
use zeroize::Zeroizing;

use crate::error::WalletError;
use crate::ports::{HttpRequest, HttpResponse, Method, TransportError};
use crate::wallet::Wallet;

pub(crate) use nonces::{DpopNonces, NonceOf};
pub(crate) use resource::{ResourceBody, ResourceRequest};
pub(crate) use server::ServerRequest;

pub(crate) const JSON: &str = "application/json";
pub(crate) const JWT: &str = "application/jwt";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The header field of a DPoP proof, in lower case as the transport port wants it.
const DPOP: &str = "dpop";

/// What to send with a `POST`.
pub(crate) enum Body {
    /// `Content-Length: 0`
    Empty,
    /// A form.
    Form(Zeroizing<String>),
    /// JSON.
    Json(Vec<u8>),
    /// An encrypted JWT.
    Jwt(String),
}

/// Header fields beside those that every request has.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// What came of a request that a key has to sign for.
pub(crate) enum Sent {
    /// The answer.
    Answered(HttpResponse),
    /// Nothing was sent: the key waits for the person.
    KeyLocked,
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
        self.post_with(url, Headers::new(), body, accept, max_response_bytes)
            .await
    }

    pub(crate) async fn post_with(
        &self,
        url: &HttpUrl,
        mut headers: Headers,
        body: Body,
        accept: &'static str,
        max_response_bytes: usize,
    ) -> Result<HttpResponse, WalletError> {
        headers.push(("accept", accept.to_owned()));
        let body = match body {
            Body::Empty => Vec::new(),
            Body::Form(form) => {
                headers.push(("content-type", FORM.to_owned()));
                form.as_bytes().to_vec()
            }
            Body::Json(json) => {
                headers.push(("content-type", JSON.to_owned()));
                json
            }
            Body::Jwt(jwt) => {
                headers.push(("content-type", JWT.to_owned()));
                jwt.into_bytes()
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

    /// The proof that this wallet holds the key of its tokens; `None` while the key waits for the person.
    fn prove(
        &self,
        key: &KeyHandle,
        request: ProvenRequest<'_>,
        nonce: Option<&DpopNonce>,
        now: UnixTime,
    ) -> Result<Option<String>, WalletError> {
        let key = self.ports.keys.describe(key)?;
        let jti = JwtId::make(self.ports.randomness.as_ref())?;
        let prepared = dpop::prepare(&key.public_key, request, &jti, nonce, now);
        match self.ports.keys.sign(&prepared.request(key.handle))? {
            SignOutcome::Signed(signature) => Ok(Some(prepared.finish(&signature))),
            SignOutcome::Locked => Ok(None),
        }
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
