//! URLs as the specifications use them: compared as text, dereferenced as URLs.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use url::{Host, Url};

/// The longest URL accepted from a peer, in bytes. Deep links and forms carry URLs of this length everywhere.
pub const MAX_URL_BYTES: usize = 2048;

/// Which URLs an installation may use at all. Where a host name leads to is a question for the fetcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlPolicy {
    /// `https` only.
    Public,
    /// Also `http`, and only on the loopback interface: a machine that tries the suite out.
    Development,
}

impl UrlPolicy {
    /// Whether `url` has a scheme and host that this policy permits.
    #[must_use]
    pub fn permits(self, url: &Url) -> bool {
        match (url.scheme(), self) {
            ("https", _) => true,
            ("http", Self::Development) => match url.host() {
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                Some(Host::Domain(name)) => name == "localhost",
                None => false,
            },
            _ => false,
        }
    }
}

/// Why a text is no acceptable URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Longer than [`MAX_URL_BYTES`].
    #[error("the URL is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
    /// No absolute URL with a host.
    #[error("not an absolute URL with a host")]
    Malformed,
    /// Neither `https` nor `http`.
    #[error("the URL is neither https nor http")]
    Scheme,
    /// A user name or password, which only ever serves to deceive a reader.
    #[error("the URL carries a user name or password")]
    Credentials,
    /// A fragment.
    #[error("the URL has a fragment")]
    Fragment,
    /// A query where the specification allows none.
    #[error("the identifier has a query")]
    Query,
    /// The policy of this installation does not permit it.
    #[error("the URL must use https")]
    NotPermitted,
}

/// An absolute `https` or `http` URL without user information or fragment, kept exactly as it was written.
///
/// Equality is equality of the text: the specifications compare identifiers as strings, and a normalising
/// comparison would let two spellings pass for one another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HttpUrl {
    text: String,
    url: Url,
}

impl HttpUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`], except [`UrlError::Query`] and [`UrlError::NotPermitted`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong);
        }
        // The parser forgives surrounding blanks and control characters; an identifier has none.
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(UrlError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| UrlError::Malformed)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(UrlError::Scheme);
        }
        if url.host().is_none() {
            return Err(UrlError::Malformed);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        Ok(Self {
            text: text.to_owned(),
            url,
        })
    }

    /// Refuses a URL that `policy` does not permit.
    ///
    /// # Errors
    /// [`UrlError::NotPermitted`].
    pub fn permitted(&self, policy: UrlPolicy) -> Result<&Self, UrlError> {
        if policy.permits(&self.url) {
            Ok(self)
        } else {
            Err(UrlError::NotPermitted)
        }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host name or address, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl std::fmt::Debug for HttpUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("HttpUrl").field(&self.text).finish()
    }
}

impl std::fmt::Display for HttpUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for HttpUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for HttpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The identifier of a credential issuer or of an authorization server: a URL without query and fragment
/// ([OpenID4VCI §12.2.1], [RFC 8414 §2]).
///
/// [OpenID4VCI §12.2.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.1
/// [RFC 8414 §2]: https://www.rfc-editor.org/rfc/rfc8414#section-2
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssuerIdentifier(HttpUrl);

impl IssuerIdentifier {
    /// Reads an identifier.
    ///
    /// # Errors
    /// [`UrlError`], except [`UrlError::NotPermitted`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url = HttpUrl::parse(text)?;
        if url.url.query().is_some() {
            return Err(UrlError::Query);
        }
        Ok(Self(url))
    }

    /// Refuses an identifier that `policy` does not permit.
    ///
    /// # Errors
    /// [`UrlError::NotPermitted`].
    pub fn permitted(&self, policy: UrlPolicy) -> Result<&Self, UrlError> {
        self.0.permitted(policy).map(|_| self)
    }

    /// The text as it was written; the only form in which identifiers are compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The identifier as a URL.
    #[must_use]
    pub fn url(&self) -> &HttpUrl {
        &self.0
    }

    /// Where a well-known document of this issuer stands: the suffix goes between host and path, and a slash at
    /// the end of the path is dropped ([RFC 8414 §3.1]).
    ///
    /// [RFC 8414 §3.1]: https://www.rfc-editor.org/rfc/rfc8414#section-3.1
    #[must_use]
    pub fn well_known(&self, document: WellKnown) -> HttpUrl {
        let path = self.0.url.path().trim_end_matches('/');
        let mut url = self.0.url.clone();
        url.set_path(&format!("{}{path}", document.path()));
        HttpUrl {
            text: url.as_str().to_owned(),
            url,
        }
    }

    /// The URL of an endpoint below the identifier; `path` begins with a slash.
    ///
    /// # Errors
    /// [`UrlError`] when `path` makes no valid URL.
    pub fn endpoint(&self, path: &str) -> Result<HttpUrl, UrlError> {
        HttpUrl::parse(&format!("{}{path}", self.as_str().trim_end_matches('/')))
    }
}

impl std::fmt::Debug for IssuerIdentifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("IssuerIdentifier")
            .field(&self.as_str())
            .finish()
    }
}

impl std::fmt::Display for IssuerIdentifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for IssuerIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IssuerIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The well-known documents of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WellKnown {
    /// Credential issuer metadata ([OpenID4VCI §12.2.2]).
    ///
    /// [OpenID4VCI §12.2.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.2
    CredentialIssuer,
    /// Authorization server metadata ([RFC 8414 §3]).
    ///
    /// [RFC 8414 §3]: https://www.rfc-editor.org/rfc/rfc8414#section-3
    AuthorizationServer,
    /// The keys of an issuer of SD-JWT VCs ([SD-JWT VC §3.5]).
    ///
    /// [SD-JWT VC §3.5]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
    JwtVcIssuer,
}

impl WellKnown {
    /// The path on a host whose issuer identifier has no path of its own.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::CredentialIssuer => "/.well-known/openid-credential-issuer",
            Self::AuthorizationServer => "/.well-known/oauth-authorization-server",
            Self::JwtVcIssuer => "/.well-known/jwt-vc-issuer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_suffix_goes_between_host_and_path() {
        let at = |text| {
            IssuerIdentifier::parse(text)
                .unwrap()
                .well_known(WellKnown::CredentialIssuer)
                .as_str()
                .to_owned()
        };
        assert_eq!(
            at("https://example.org"),
            "https://example.org/.well-known/openid-credential-issuer"
        );
        assert_eq!(
            at("https://example.org/"),
            "https://example.org/.well-known/openid-credential-issuer"
        );
        assert_eq!(
            at("https://example.org:8443/tenant/a"),
            "https://example.org:8443/.well-known/openid-credential-issuer/tenant/a"
        );
    }

    #[test]
    fn identifiers_are_compared_as_text() {
        let plain = IssuerIdentifier::parse("https://example.org").unwrap();
        for other in [
            "https://example.org/",
            "https://EXAMPLE.org",
            "https://example.org:443",
        ] {
            assert_ne!(plain, IssuerIdentifier::parse(other).unwrap(), "{other}");
        }
    }

    #[test]
    fn refuses_what_no_identifier_may_have() {
        assert_eq!(
            IssuerIdentifier::parse("https://a@example.org"),
            Err(UrlError::Credentials)
        );
        assert_eq!(
            IssuerIdentifier::parse("https://example.org/?x"),
            Err(UrlError::Query)
        );
        assert_eq!(
            IssuerIdentifier::parse("https://example.org/#x"),
            Err(UrlError::Fragment)
        );
        assert_eq!(
            IssuerIdentifier::parse("ftp://example.org"),
            Err(UrlError::Scheme)
        );
        assert_eq!(
            IssuerIdentifier::parse(" https://example.org"),
            Err(UrlError::Malformed)
        );
        assert_eq!(IssuerIdentifier::parse("example.org"), Err(UrlError::Malformed));
        let long = format!("https://example.org/{}", "a".repeat(MAX_URL_BYTES));
        assert_eq!(IssuerIdentifier::parse(&long), Err(UrlError::TooLong));
    }

    #[test]
    fn plain_http_is_for_development_on_loopback_alone() {
        let permits = |policy: UrlPolicy, text: &str| policy.permits(&Url::parse(text).unwrap());
        assert!(!permits(UrlPolicy::Public, "http://127.0.0.1:8080"));
        assert!(permits(UrlPolicy::Development, "http://127.0.0.1:8080"));
        assert!(permits(UrlPolicy::Development, "http://localhost:8080"));
        assert!(permits(UrlPolicy::Development, "http://[::1]:8080"));
        assert!(!permits(UrlPolicy::Development, "http://example.org"));
        assert!(!permits(UrlPolicy::Development, "http://localhost.example.org"));
    }
}
