//! HTTP, as far as a wallet needs it.

use thiserror::Error;
use url::Url;

use super::BoxFuture;

/// Sends one HTTP request and returns the answer.
///
/// An implementation must
/// - **not follow redirects**: a redirect is an answer like any other. Following one would send codes and tokens to a
///   host that no check of this crate has seen ([OpenID4VP §5.10], errata).
/// - stop reading after [`HttpRequest::max_response_bytes`] and report [`TransportError::TooLarge`].
/// - give up after a time of its choosing, with [`TransportError::Interrupted`].
/// - send no cookie, no credential and no header of its own that identifies the person or the device.
/// - tell [`TransportError::Unreachable`] from [`TransportError::Interrupted`] honestly: the first promises that the peer
///   never saw the request. In doubt it is `Interrupted`.
///
/// [OpenID4VP §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10
pub trait Transport: Send + Sync {
    /// Sends `request`.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

/// The methods that OpenID4VCI and OpenID4VP use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request to send. It has no `Debug`, because headers and body hold codes, tokens and credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to send it; `https`, or `http` on loopback under [`UrlPolicy::Development`](symbolon_protocol::identifier::UrlPolicy).
    pub url: Url,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for `GET`.
    pub body: Vec<u8>,
    /// How many bytes of body the answer may have.
    pub max_response_bytes: usize,
}

/// What the peer answered.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names in any case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The values of the header fields of this name.
    pub fn header_values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The media type of the body in lower case, without parameters; empty when the peer gave none.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.header_values("content-type")
            .next()
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The request never left: no network, no such host, connection refused, certificate not accepted.
    #[error("the peer cannot be reached")]
    Unreachable,
    /// The connection broke or timed out after the request may have been sent. The peer may have acted on it.
    #[error("the connection broke before the answer arrived")]
    Interrupted,
    /// The answer is larger than allowed. The peer has acted on the request.
    #[error("the answer is larger than allowed")]
    TooLarge,
    /// The application's own policy refused the address.
    #[error("the address is refused by the application")]
    Refused,
}
