//! The authorization request as a link: what the verifier's QR code carries ([OpenID4VP §5.7]).
//!
//! [OpenID4VP §5.7]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.7

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;
use url::{Url, form_urlencoded};

use super::client_id::{ClientId, ClientIdError, ClientIdPrefix};
use super::error::PresentationErrorCode;
use super::profile::RequestScheme;
use crate::identifier::{HttpUrl, UrlPolicy};

/// The most parameters of an unsigned request.
const MAX_PARAMETERS: usize = 64;

/// The parameters that are JSON within a link ([OpenID4VP §5.1]).
///
/// [OpenID4VP §5.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.1
const JSON_PARAMETERS: [&str; 4] = [
    "dcql_query",
    "client_metadata",
    "transaction_data",
    "verifier_info",
];

/// The longest request link that is read, in bytes.
pub const MAX_REQUEST_LINK_BYTES: usize = 64 * 1024;

/// The media type of a request object.
pub const REQUEST_OBJECT_MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// A request link. Where it leads to a signed request, no parameter beside `client_id` counts but those that lead there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLink {
    /// Who asks, unproven until the request object is verified; the object must name the same.
    pub client_id: ClientId,
    /// Where the request object is.
    pub request: RequestDelivery,
}

/// Where the request is.
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
    /// A signed request in the link itself.
    ByValue(String),
    /// The parameters in the link itself, for which nobody signed.
    Unsigned(UnsignedRequest),
}

/// The parameters of a request that nobody signed, `client_id` included. What JSON they hold is read; they are not checked
/// otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedRequest(Map<String, Value>);

impl UnsignedRequest {
    /// Takes the parameters of a request, which a verifier checked ([`PresentationRequest::check`]).
    ///
    /// [`PresentationRequest::check`]: super::request::PresentationRequest::check
    #[must_use]
    pub const fn new(parameters: Map<String, Value>) -> Self {
        Self(parameters)
    }

    /// Reads the parameters from a query, as [`Self::to_query`] writes it.
    ///
    /// # Errors
    /// [`RequestLinkError::RepeatedParameter`], [`RequestLinkError::Parameter`] and [`RequestLinkError::TooLarge`].
    pub fn parse(query: &str) -> Result<Self, RequestLinkError> {
        if query.len() > MAX_REQUEST_LINK_BYTES {
            return Err(RequestLinkError::TooLarge);
        }
        let mut parameters = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(RequestLinkError::TooLarge);
            }
            let value = if JSON_PARAMETERS.contains(&&*name) {
                json::parse_value(value.as_bytes(), JsonBudget::MESSAGE)
                    .map_err(|_| RequestLinkError::Parameter)?
            } else {
                Value::String(value.into_owned())
            };
            if parameters.insert(name.into_owned(), value).is_some() {
                return Err(RequestLinkError::RepeatedParameter);
            }
        }
        Ok(Self(parameters))
    }

    /// The parameters.
    #[must_use]
    pub const fn parameters(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The parameters as a query.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            match value {
                Value::String(text) => query.append_pair(name, text),
                value => query.append_pair(name, &value.to_string()),
            };
        }
        query.finish().replace('+', "%20")
    }
}

/// How a request object is fetched ([OpenID4VP §5.10]).
///
/// [OpenID4VP §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestUriMethod {
    /// GET.
    #[default]
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
    /// Reads `openid4vp://…`, `haip-vp://…`, or an https link of a wallet's own authorization endpoint.
    ///
    /// # Errors
    /// [`RequestLinkError`].
    pub fn parse(link: &str, policy: UrlPolicy) -> Result<Self, RequestLinkError> {
        if link.len() > MAX_REQUEST_LINK_BYTES {
            return Err(RequestLinkError::TooLarge);
        }
        let url = Url::parse(link).map_err(|_| RequestLinkError::NotARequestLink)?;
        let is_ours = RequestScheme::ALL
            .iter()
            .any(|scheme| scheme.as_str() == url.scheme());
        if !is_ours && !policy.permits(&url) {
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
        let may_be_unsigned = unsigned_client || *client_id.prefix() == ClientIdPrefix::PreRegistered;
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
            (None, None, None) if may_be_unsigned => {
                let request = UnsignedRequest::parse(url.query().unwrap_or_default())?;
                return Ok(Self {
                    client_id,
                    request: RequestDelivery::Unsigned(request),
                });
            }
            (None, None, None) => return Err(RequestLinkError::Unsigned),
            _ => return Err(RequestLinkError::Contradiction),
        };
        if unsigned_client {
            return Err(RequestLinkError::SignedRedirectUri);
        }
        Ok(Self { client_id, request })
    }

    /// The link, with a scheme that wallets register.
    #[must_use]
    pub fn to_uri(&self, scheme: RequestScheme) -> String {
        let start = format!("{}://?", scheme.as_str());
        if let RequestDelivery::Unsigned(request) = &self.request {
            return format!("{start}{}", request.to_query());
        }
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
            RequestDelivery::Unsigned(_) => {}
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
    /// The parameters stand in the link itself, and the client must sign them.
    #[error("the client must sign its request, and it is not signed")]
    Unsigned,
    /// A parameter that should hold JSON does not.
    #[error("a parameter of the request link is malformed")]
    Parameter,
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

    fn unsigned() -> UnsignedRequest {
        let parameters = serde_json::json!({
            "client_id": "clinic", "nonce": "a b+c&d", "dcql_query": {"credentials": [{"id": "ä"}]},
        });
        UnsignedRequest::new(parameters.as_object().unwrap().clone())
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
            RequestDelivery::Unsigned(unsigned()),
        ] {
            let client_id = match &request {
                RequestDelivery::Unsigned(_) => ClientId::parse("clinic").unwrap(),
                _ => ClientId::x509_hash([1; 32]),
            };
            let link = RequestLink { client_id, request };
            assert_eq!(
                RequestLink::parse(&link.to_uri(RequestScheme::HaipVp), UrlPolicy::Public),
                Ok(link.clone())
            );
            assert_eq!(
                RequestLink::parse(&link.to_uri(RequestScheme::OpenId4Vp), UrlPolicy::Public),
                Ok(link.clone())
            );
            let own = link
                .to_uri(RequestScheme::OpenId4Vp)
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
                format!("client_id=&{uri}"),
                RequestLinkError::ClientId(ClientIdError::Malformed),
            ),
            (
                "client_id=clinic&dcql_query={".to_owned(),
                RequestLinkError::Parameter,
            ),
            (
                "client_id=clinic&nonce=a&nonce=b".to_owned(),
                RequestLinkError::RepeatedParameter,
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
