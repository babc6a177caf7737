//! The authorization request as a link: what the verifier's QR code carries ([OpenID4VP §5.7]).
//!
//! [OpenID4VP §5.7]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.7

use thiserror::Error;
use url::{Url, form_urlencoded};

use super::client_id::{ClientId, ClientIdError, ClientIdPrefix};
use super::error::PresentationErrorCode;
use crate::identifier::{HttpUrl, UrlPolicy};

/// The scheme of request links.
pub const REQUEST_SCHEME: &str = "openid4vp";

/// The longest request link that is read, in bytes.
pub const MAX_REQUEST_LINK_BYTES: usize = 64 * 1024;

/// The media type of a request object.
pub const REQUEST_OBJECT_MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// A request link. Of the parameters beside `client_id` only those that lead to the signed request count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLink {
    /// Who asks, unproven until the request object is verified; the object must name the same.
    pub client_id: ClientId,
    /// Where the request object is.
    pub request: RequestDelivery,
}

/// Where a signed request is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestDelivery {
    /// To be fetched. Redirects are not followed, and any HTTP error ends the transaction.
    ByReference {
        /// The address.
        request_uri: HttpUrl,
        /// How it is fetched.
        method: RequestUriMethod,
    },
    /// In the link itself.
    ByValue(String),
}

/// How a request object is fetched ([OpenID4VP §5.10]).
///
/// [OpenID4VP §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestUriMethod {
    /// GET.
    Get,
    /// POST, with `wallet_nonce` if the wallet likes; a wallet may use GET all the same.
    Post,
}

impl RequestUriMethod {
    /// The value of `request_uri_method`, whose case matters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

impl RequestLink {
    /// Reads `openid4vp://…`, or an https link of a wallet's own authorization endpoint.
    ///
    /// # Errors
    /// [`RequestLinkError`].
    pub fn parse(link: &str, policy: UrlPolicy) -> Result<Self, RequestLinkError> {
        if link.len() > MAX_REQUEST_LINK_BYTES {
            return Err(RequestLinkError::TooLarge);
        }
        let url = Url::parse(link).map_err(|_| RequestLinkError::NotARequestLink)?;
        if url.scheme() != REQUEST_SCHEME && !policy.permits(&url) {
            return Err(RequestLinkError::NotARequestLink);
        }
        let mut client_id = None;
        let mut request_uri = None;
        let mut method = None;
        let mut request = None;
        for (name, value) in url.query_pairs() {
            let slot = match &*name {
                "client_id" => &mut client_id,
                "request_uri" => &mut request_uri,
                "request_uri_method" => &mut method,
                "request" => &mut request,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(RequestLinkError::RepeatedParameter);
            }
        }
        let client_id = ClientId::parse(&client_id.ok_or(RequestLinkError::NoClientId)?)?;
        let unsigned_client = matches!(client_id.prefix(), ClientIdPrefix::RedirectUri(_));
        let request = match (request_uri, request, method.as_deref()) {
            (Some(uri), None, method) => {
                let request_uri =
                    HttpUrl::parse(&uri).map_err(|_| RequestLinkError::RequestUriNotPermitted)?;
                request_uri
                    .permitted(policy)
                    .map_err(|_| RequestLinkError::RequestUriNotPermitted)?;
                let method = match method {
                    None | Some("get") => RequestUriMethod::Get,
                    Some("post") => RequestUriMethod::Post,
                    Some(_) => return Err(RequestLinkError::Method),
                };
                RequestDelivery::ByReference { request_uri, method }
            }
            (None, Some(object), None) => RequestDelivery::ByValue(object),
            (None, None, None) => return Err(RequestLinkError::Unsigned),
            _ => return Err(RequestLinkError::Contradiction),
        };
        if unsigned_client {
            return Err(RequestLinkError::SignedRedirectUri);
        }
        Ok(Self { client_id, request })
    }

    /// The link with the scheme that every wallet registers.
    #[must_use]
    pub fn to_uri(&self) -> String {
        let start = format!("{REQUEST_SCHEME}://?");
        let length = start.len();
        let mut query = form_urlencoded::Serializer::for_suffix(start, length);
        query.append_pair("client_id", self.client_id.as_str());
        match &self.request {
            RequestDelivery::ByReference { request_uri, method } => {
                query.append_pair("request_uri", request_uri.as_str());
                // GET is what its absence means, and a QR code is the smaller for it.
                if *method == RequestUriMethod::Post {
                    query.append_pair("request_uri_method", method.as_str());
                }
            }
            RequestDelivery::ByValue(object) => {
                query.append_pair("request", object);
            }
        }
        query.finish().replace('+', "%20")
    }
}

/// Why a request link was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestLinkError {
    /// Longer than [`MAX_REQUEST_LINK_BYTES`].
    #[error("the request link is longer than {MAX_REQUEST_LINK_BYTES} bytes")]
    TooLarge,
    /// Another kind of link.
    #[error("this is not a presentation request link")]
    NotARequestLink,
    /// One parameter twice.
    #[error("a parameter of the request link is repeated")]
    RepeatedParameter,
    /// Nobody asks.
    #[error("the request link has no client_id")]
    NoClientId,
    /// The client identifier is refused.
    #[error(transparent)]
    ClientId(#[from] ClientIdError),
    /// `request_uri` is no https URL.
    #[error("the address of the request must be an https URL")]
    RequestUriNotPermitted,
    /// A method that is neither `get` nor `post`.
    #[error("request_uri_method is neither get nor post")]
    Method,
    /// The parameters stand in the link itself, where nobody vouches for them.
    #[error("the request is not signed")]
    Unsigned,
    /// Two requests in one link, or a method without an address.
    #[error("the request link contradicts itself")]
    Contradiction,
    /// A client with the prefix `redirect_uri`, which cannot sign.
    #[error("a client identified by redirect_uri cannot sign its request")]
    SignedRedirectUri,
}

impl RequestLinkError {
    /// The protocol's code for this refusal. It is shown, not sent: nothing in a link says whom to tell.
    #[must_use]
    pub fn code(self) -> PresentationErrorCode {
        match self {
            Self::Method => PresentationErrorCode::InvalidRequestUriMethod,
            _ => PresentationErrorCode::InvalidRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(query: &str) -> Result<RequestLink, RequestLinkError> {
        RequestLink::parse(&format!("openid4vp://?{query}"), UrlPolicy::Public)
    }

    #[test]
    fn a_link_reads_back() {
        for request in [
            RequestDelivery::ByReference {
                request_uri: HttpUrl::parse("https://clinic.example/requests/1?a=b&c=d").unwrap(),
                method: RequestUriMethod::Post,
            },
            RequestDelivery::ByReference {
                request_uri: HttpUrl::parse("https://clinic.example/requests/1").unwrap(),
                method: RequestUriMethod::Get,
            },
            RequestDelivery::ByValue("a.b.c".to_owned()),
        ] {
            let link = RequestLink {
                client_id: ClientId::x509_hash([1; 32]),
                request,
            };
            assert_eq!(
                RequestLink::parse(&link.to_uri(), UrlPolicy::Public),
                Ok(link.clone())
            );
            let own = link
                .to_uri()
                .replace("openid4vp://", "https://wallet.example/authorize");
            assert_eq!(RequestLink::parse(&own, UrlPolicy::Public), Ok(link));
        }
    }

    #[test]
    fn each_broken_link_is_refused_for_its_own_reason() {
        let id = "client_id=x509_san_dns:clinic.example";
        let uri = "request_uri=https://clinic.example/r";
        for (query, error) in [
            (uri.to_owned(), RequestLinkError::NoClientId),
            (
                format!("client_id=clinic&{uri}"),
                RequestLinkError::ClientId(ClientIdError::NotRegistered),
            ),
            (format!("{id}&{id}&{uri}"), RequestLinkError::RepeatedParameter),
            (id.to_owned(), RequestLinkError::Unsigned),
            (
                format!("{id}&response_type=vp_token&nonce=x"),
                RequestLinkError::Unsigned,
            ),
            (
                format!("{id}&{uri}&request=a.b.c"),
                RequestLinkError::Contradiction,
            ),
            (
                format!("{id}&request=a.b.c&request_uri_method=get"),
                RequestLinkError::Contradiction,
            ),
            (
                format!("{id}&{uri}&request_uri_method=GET"),
                RequestLinkError::Method,
            ),
            (
                format!("{id}&request_uri=http://clinic.example/r"),
                RequestLinkError::RequestUriNotPermitted,
            ),
            (
                format!("{id}&request_uri=file:///etc/passwd"),
                RequestLinkError::RequestUriNotPermitted,
            ),
            (
                format!("client_id=redirect_uri:https://clinic.example/cb&{uri}"),
                RequestLinkError::SignedRedirectUri,
            ),
        ] {
            assert_eq!(link(&query), Err(error), "{query}");
        }
        assert_eq!(
            RequestLinkError::Method.code(),
            PresentationErrorCode::InvalidRequestUriMethod
        );
    }
}
