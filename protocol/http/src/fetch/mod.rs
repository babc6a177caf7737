//! The guarded fetcher: every outbound request of a server or of the command line goes through it.
//!
//! A URL in a credential, a request or a metadata document is chosen by a stranger. So the address is checked after the
//! name was resolved, and the connection goes to exactly the address that was checked; redirects are followed only where
//! the caller allows them, each checked like the first; bytes and time are bounded.

mod address;
mod download;
mod resolver;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use thiserror::Error;
use url::{Host, Url};

pub use address::FetchPolicy;
pub use download::{Download, DownloadPatience};
use resolver::GuardedResolver;

/// How long a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a whole fetch may take, redirects and body included. A body that trickles forever ends here.
const FETCH_LIMIT: Duration = Duration::from_secs(20);

/// Fetches within a [`FetchPolicy`]. Clones share their connections.
#[derive(Clone)]
pub struct GuardedFetcher {
    client: reqwest::Client,
    policy: FetchPolicy,
    plain_http: PlainHttp,
}

/// Whether a public address may be asked by plain http.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlainHttp {
    Refused,
    Permitted,
}

/// What to fetch.
#[derive(Clone)]
pub struct Fetch {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Header fields.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// The most bytes of body that are read.
    pub max_bytes: usize,
    /// Whether redirects are followed.
    pub redirects: Redirects,
}

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// A redirect is an answer like any other. For whatever carries a code, a token or a credential.
    Refuse,
    /// At most this many, each checked like the first address. For public documents.
    Follow {
        /// The most.
        at_most: u8,
    },
}

impl Fetch {
    /// A GET of a public document that follows up to three redirects.
    #[must_use]
    pub const fn document(url: Url, max_bytes: usize) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            max_bytes,
            redirects: Redirects::Follow { at_most: 3 },
        }
    }

    /// The same with a header field.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, within the limit.
    pub body: Vec<u8>,
}

impl Fetched {
    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The media type of the body in lower case, without parameters; empty when there is none.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The policy does not permit this address.
    #[error("the address is not permitted")]
    Refused,
    /// The request never left: no such host, connection refused, or a certificate that is not accepted.
    #[error("the peer cannot be reached")]
    Unreachable,
    /// The connection broke, or the time was up, after the request may have been sent.
    #[error("the connection broke before the answer arrived")]
    Interrupted,
    /// The body is larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// More redirects than allowed, or one that names no address.
    #[error("the answer redirects too often or nowhere")]
    Redirect,
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

impl GuardedFetcher {
    /// A fetcher under `policy`.
    ///
    /// # Errors
    /// [`FetchError::Client`] when the HTTP client cannot be made.
    pub fn new(policy: FetchPolicy) -> Result<Self, FetchError> {
        let client = reqwest::Client::builder()
            // A proxy would make the connection, to an address that nobody checked.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(GuardedResolver::new(policy)))
            .connect_timeout(CONNECT_LIMIT)
            .build()
            .map_err(FetchError::Client)?;
        Ok(Self {
            client,
            policy,
            plain_http: PlainHttp::Refused,
        })
    }

    /// The same under the same guards, by plain http as well: for documents that are signed themselves and that their publishers offer so, as
    /// revocation lists ([RFC 5280 §8](https://www.rfc-editor.org/rfc/rfc5280#section-8)). Whoever sits in between sees what is asked for, and can
    /// withhold it.
    #[must_use]
    pub fn for_signed_documents(&self) -> Self {
        Self {
            plain_http: PlainHttp::Permitted,
            ..self.clone()
        }
    }

    /// Fetches.
    ///
    /// # Errors
    /// [`FetchError`]; an HTTP error status is no error of this call.
    pub async fn fetch(&self, fetch: Fetch) -> Result<Fetched, FetchError> {
        let whole = async {
            let response = self.open(&fetch, FETCH_LIMIT).await?;
            read(response, fetch.max_bytes).await
        };
        tokio::time::timeout(FETCH_LIMIT, whole)
            .await
            .unwrap_or(Err(FetchError::Interrupted))
    }

    /// Sends the request and follows redirects, until there is an answer whose body may be read.
    async fn open(&self, fetch: &Fetch, limit: Duration) -> Result<reqwest::Response, FetchError> {
        let mut left = match fetch.redirects {
            Redirects::Refuse => None,
            Redirects::Follow { at_most } => Some(at_most),
        };
        let mut url = fetch.url.clone();
        loop {
            self.check(&url)?;
            let response = self.send(fetch, url.clone(), limit).await?;
            let follow = left.is_some() && response.status().is_redirection();
            let Some(location) = response.headers().get(LOCATION).filter(|_| follow) else {
                return Ok(response);
            };
            left = left.and_then(|left| left.checked_sub(1));
            if left.is_none() {
                return Err(FetchError::Redirect);
            }
            let location = location.to_str().map_err(|_| FetchError::Redirect)?;
            url = url.join(location).map_err(|_| FetchError::Redirect)?;
        }
    }

    /// Checks what stands in the URL; names are checked when they are resolved.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        let loopback_name = matches!(url.host(), Some(Host::Domain("localhost")));
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::Refused),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Refused);
        }
        if literal.is_some_and(|address| !self.policy.permits(address)) {
            return Err(FetchError::Refused);
        }
        let is_loopback = loopback_name || literal.is_some_and(|address| address.is_loopback());
        match (url.scheme(), self.policy) {
            ("https", _) => Ok(()),
            ("http", _) if self.plain_http == PlainHttp::Permitted => Ok(()),
            ("http", FetchPolicy::Configured) => Ok(()),
            ("http", FetchPolicy::Development) if is_loopback => Ok(()),
            _ => Err(FetchError::Refused),
        }
    }

    async fn send(&self, fetch: &Fetch, url: Url, limit: Duration) -> Result<reqwest::Response, FetchError> {
        let mut request = self.client.request(fetch.method.clone(), url).timeout(limit);
        for (name, value) in &fetch.headers {
            request = request.header(name, value);
        }
        // An empty POST still says how long it is (OpenID4VCI §7.1 asks for it at the nonce endpoint).
        if !fetch.body.is_empty() || fetch.method == Method::POST {
            request = request.body(fetch.body.clone());
        }
        request.send().await.map_err(|error| {
            if resolver::was_refused(&error) {
                FetchError::Refused
            } else if error.is_connect() {
                FetchError::Unreachable
            } else {
                FetchError::Interrupted
            }
        })
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Fetched, FetchError> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    if announces_more(&response, limit) {
        return Err(FetchError::TooLarge { limit });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Interrupted)? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(FetchError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched {
        status,
        headers,
        body,
    })
}

/// Whether an answer says itself that its body is too long.
fn announces_more(response: &reqwest::Response, limit: usize) -> bool {
    response
        .content_length()
        .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
}
