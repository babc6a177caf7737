//! HTTP through the platform's own stack.

use std::sync::Arc;

use symbolon_wallet_core as core;
use symbolon_wallet_core::BoxFuture;
use thiserror::Error;

/// Sends one HTTP request and returns the answer.
///
/// An implementation must
/// - **not follow redirects**: a redirect is an answer like any other. Following one would send codes and tokens to a host that no check
///   of the wallet has seen.
/// - stop reading after `max_response_bytes` and throw `TooLarge`.
/// - give up after a time of its choosing, with `Interrupted`.
/// - send no cookie, no credential and no header of its own that identifies the person or the device. Platforms add some by themselves
///   (`User-Agent`, `Accept-Language`): the first is to be the same for all phones, the second what the request says or `*`.
/// - keep nothing between two requests: no connection, no TLS session, no cache. An issuer and a verifier at one address, or one verifier
///   on two days, recognise a phone by a session that is resumed.
/// - throw `Unreachable` only when the peer certainly never saw the request. In doubt it is `Interrupted`.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure>;
}

/// The methods that the protocols use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// A header field.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Header {
    /// Its name; in lower case in requests, in any case in answers.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A request to send. Headers and body hold codes, tokens and credentials: never log them.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// Where to send it.
    pub url: String,
    /// The header fields to send.
    pub headers: Vec<Header>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
    /// How many bytes of body the answer may have.
    pub max_response_bytes: u64,
}

/// What the peer answered.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum TransportFailure {
    /// The request never left: no network, no such host, connection refused, certificate not accepted.
    #[error("the peer cannot be reached")]
    Unreachable,
    /// The connection broke or timed out after the request may have been sent.
    #[error("the connection broke before the answer arrived")]
    Interrupted,
    /// The answer is larger than allowed.
    #[error("the answer is larger than allowed")]
    TooLarge,
    /// The app's own policy refused the address.
    #[error("the address is refused by the app")]
    Refused,
}

/// What an implementation throws beside its own errors says nothing of how far it got.
impl From<uniffi::UnexpectedUniFFICallbackError> for TransportFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Interrupted
    }
}

impl From<TransportFailure> for core::TransportError {
    fn from(failure: TransportFailure) -> Self {
        match failure {
            TransportFailure::Unreachable => Self::Unreachable,
            TransportFailure::Interrupted => Self::Interrupted,
            TransportFailure::TooLarge => Self::TooLarge,
            TransportFailure::Refused => Self::Refused,
        }
    }
}

/// The app's transport as the wallet's port.
pub(crate) struct PlatformTransport(pub(crate) Arc<dyn Transport>);

impl core::Transport for PlatformTransport {
    fn send(
        &self,
        request: core::HttpRequest,
    ) -> BoxFuture<'_, Result<core::HttpResponse, core::TransportError>> {
        Box::pin(async move {
            // That the answer is not larger than allowed, the core looks after itself.
            let response = self.0.send(to_app(request)).await?;
            let headers = response.headers.into_iter();
            Ok(core::HttpResponse {
                status: response.status,
                headers: headers.map(|header| (header.name, header.value)).collect(),
                body: response.body,
            })
        })
    }
}

fn to_app(request: core::HttpRequest) -> HttpRequest {
    let headers = request.headers.into_iter().map(|(name, value)| Header {
        name: name.to_owned(),
        value,
    });
    HttpRequest {
        method: match request.method {
            core::Method::Get => HttpMethod::Get,
            core::Method::Post => HttpMethod::Post,
        },
        url: request.url.into(),
        headers: headers.collect(),
        body: request.body,
        max_response_bytes: u64::try_from(request.max_response_bytes).unwrap_or(u64::MAX),
    }
}
