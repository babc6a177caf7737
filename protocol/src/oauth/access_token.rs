//! Access tokens at protected resources ([RFC 6750], [RFC 9449 §7]).
//!
//! [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
//! [RFC 9449 §7]: https://www.rfc-editor.org/rfc/rfc9449#section-7

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::dpop::PROOF_ALGORITHMS;
use crate::secret::AccessToken;
use crate::wire::error_codes;

/// The longest `WWW-Authenticate` field that is read, in bytes.
pub const MAX_CHALLENGE_BYTES: usize = 4 * 1024;

error_codes! {
    /// What a protected resource says about an access token ([RFC 6750 §3.1], [RFC 9449 §7.1]).
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    /// [RFC 9449 §7.1]: https://www.rfc-editor.org/rfc/rfc9449#section-7.1
    pub enum ResourceErrorCode {
        /// Malformed, or the token was sent in more than one way. HTTP 400.
        InvalidRequest = "invalid_request",
        /// Expired, revoked, malformed, unknown, or bound to another key. HTTP 401.
        InvalidToken = "invalid_token",
        /// The token does not allow this. HTTP 403.
        InsufficientScope = "insufficient_scope",
        /// The proof of the key is missing or wrong. HTTP 401.
        InvalidDpopProof = "invalid_dpop_proof",
        /// The proof needs the nonce that the answer carries. HTTP 401.
        UseDpopNonce = "use_dpop_nonce",
    }
}

/// How a request presents its access token.
#[derive(Debug)]
pub enum PresentedAccessToken {
    /// Whoever holds it may use it. A token that is bound to a key must not come this way: the caller refuses it.
    Bearer(AccessToken),
    /// Only with a proof of the key that it is bound to, in a header field of its own.
    Dpop(AccessToken),
}

/// Why a request presents no usable access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// No `Authorization` header. The challenge then has no error code.
    #[error("the request carries no access token")]
    Missing,
    /// Another scheme, or a token with characters that no token has.
    #[error("the authorization header presents no access token")]
    Malformed,
    /// An `access_token` in the query, where logs and referrers would keep it.
    #[error("an access token must not travel in the query")]
    InQuery,
}

impl AccessTokenError {
    /// The protocol's code for this refusal; none for a request that did not try.
    #[must_use]
    pub const fn code(self) -> Option<ResourceErrorCode> {
        match self {
            Self::Missing => None,
            Self::Malformed | Self::InQuery => Some(ResourceErrorCode::InvalidRequest),
        }
    }
}

impl PresentedAccessToken {
    /// Reads the token from the `Authorization` header and the query of a request.
    ///
    /// # Errors
    /// [`AccessTokenError`]. A token in the query is refused even beside a good header.
    pub fn parse(authorization: Option<&str>, query: Option<&str>) -> Result<Self, AccessTokenError> {
        let in_query = query.is_some_and(|query| {
            url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
        });
        if in_query {
            return Err(AccessTokenError::InQuery);
        }
        let header = authorization.ok_or(AccessTokenError::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(AccessTokenError::Malformed)?;
        let token = token.trim_start_matches(' ');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if !token.bytes().all(allowed) {
            return Err(AccessTokenError::Malformed);
        }
        let token = AccessToken::parse(token).ok_or(AccessTokenError::Malformed)?;
        match AccessTokenScheme::parse(scheme) {
            Some(AccessTokenScheme::Bearer) => Ok(Self::Bearer(token)),
            Some(AccessTokenScheme::Dpop) => Ok(Self::Dpop(token)),
            None => Err(AccessTokenError::Malformed),
        }
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &AccessToken {
        match self {
            Self::Bearer(token) | Self::Dpop(token) => token,
        }
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> AccessTokenScheme {
        match self {
            Self::Bearer(_) => AccessTokenScheme::Bearer,
            Self::Dpop(_) => AccessTokenScheme::Dpop,
        }
    }
}

/// The authentication schemes of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessTokenScheme {
    /// [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)
    Bearer,
    /// [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)
    Dpop,
}

impl AccessTokenScheme {
    /// The scheme as header fields have it, and `token_type` too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    /// Reads the scheme, without regard to case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }

    /// The value of the `Authorization` header that presents `token`.
    #[must_use]
    pub fn authorization_header(self, token: &AccessToken) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(format!("{} {}", self.as_str(), token.expose()))
    }
}

impl Serialize for AccessTokenScheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Read without regard to case ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
impl<'de> Deserialize<'de> for AccessTokenScheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("the token type is not supported"))
    }
}

/// One challenge of a `WWW-Authenticate` header ([RFC 6750 §3], [RFC 9449 §7.1]). A resource that takes both schemes
/// sends a field for each.
///
/// [RFC 6750 §3]: https://www.rfc-editor.org/rfc/rfc6750#section-3
/// [RFC 9449 §7.1]: https://www.rfc-editor.org/rfc/rfc9449#section-7.1
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceChallenge {
    /// The scheme that is asked for.
    pub scheme: AccessTokenScheme,
    /// The code; none when the request carried no token at all.
    pub error: Option<ResourceErrorCode>,
}

impl ResourceChallenge {
    /// The challenge that answers `error` where tokens of `scheme` are taken.
    #[must_use]
    pub const fn answering(scheme: AccessTokenScheme, error: AccessTokenError) -> Self {
        Self {
            scheme,
            error: error.code(),
        }
    }

    /// The HTTP status that goes with the challenge.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self.error {
            Some(ResourceErrorCode::InvalidRequest) => 400,
            Some(ResourceErrorCode::InsufficientScope) => 403,
            _ => 401,
        }
    }

    /// The header value.
    #[must_use]
    pub fn header_value(self) -> String {
        let mut parameters = Vec::new();
        if let Some(error) = self.error {
            parameters.push(format!("error=\"{error}\""));
        }
        if self.scheme == AccessTokenScheme::Dpop {
            let names: Vec<&str> = PROOF_ALGORITHMS
                .iter()
                .map(|algorithm| algorithm.jose_name())
                .collect();
            parameters.push(format!("algs=\"{}\"", names.join(" ")));
        }
        let mut value = self.scheme.as_str().to_owned();
        if !parameters.is_empty() {
            value.push(' ');
            value.push_str(&parameters.join(", "));
        }
        value
    }

    /// Reads every challenge of these two schemes from a header value; other schemes are passed over.
    #[must_use]
    pub fn parse_all(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        if header.len() > MAX_CHALLENGE_BYTES {
            return challenges;
        }
        let mut of_known_scheme = false;
        for item in split_outside_quotes(header) {
            // An item is `scheme`, `scheme name=value` or `name=value`: a blank before any `=` ends a scheme.
            let (head, value) = item.split_once('=').unwrap_or((item, ""));
            let (scheme, name) = match head.trim().split_once(' ') {
                Some((scheme, name)) => (Some(scheme), name.trim()),
                None if item.contains('=') => (None, head.trim()),
                None => (Some(head.trim()), ""),
            };
            if let Some(scheme) = scheme {
                let known = AccessTokenScheme::parse(scheme);
                of_known_scheme = known.is_some();
                challenges.extend(known.map(|scheme| Self { scheme, error: None }));
            }
            if of_known_scheme
                && name.eq_ignore_ascii_case("error")
                && let Some(challenge) = challenges.last_mut()
            {
                let code = value.trim().trim_matches('"');
                challenge.error = Some(ResourceErrorCode::from_wire(code));
            }
        }
        challenges
    }
}

/// The items of a comma-separated list, where a comma in a quoted string separates nothing.
fn split_outside_quotes(header: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in header.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                items.push(header.get(start..at).unwrap_or_default().trim());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    items.push(header.get(start..).unwrap_or_default().trim());
    items.retain(|item| !item.is_empty());
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        authorization: Option<&str>,
        query: Option<&str>,
    ) -> Result<PresentedAccessToken, AccessTokenError> {
        PresentedAccessToken::parse(authorization, query)
    }

    #[test]
    fn reads_the_token_and_its_scheme() {
        let bearer = parse(Some("bearer abc.DEF-1~"), Some("a=b")).unwrap();
        assert_eq!(bearer.token().expose(), "abc.DEF-1~");
        assert_eq!(bearer.scheme(), AccessTokenScheme::Bearer);
        let dpop = parse(Some("dpop abc"), None).unwrap();
        assert_eq!(dpop.scheme(), AccessTokenScheme::Dpop);
        let header = AccessTokenScheme::Dpop.authorization_header(dpop.token());
        assert_eq!(*header, "DPoP abc");
    }

    #[test]
    fn refuses_a_token_in_the_query() {
        let error = parse(Some("Bearer abc"), Some("x=1&access_token=abc")).unwrap_err();
        assert_eq!(error, AccessTokenError::InQuery);
        let challenge = ResourceChallenge::answering(AccessTokenScheme::Bearer, error);
        assert_eq!(challenge.status(), 400);
    }

    #[test]
    fn refuses_other_schemes_and_odd_characters() {
        for header in [
            "Basic abc",
            "Bearer",
            "Bearer a b",
            "Bearer a,b",
            "Bearer ",
            "DPoP",
            "DPoP a\"b",
        ] {
            assert_eq!(
                parse(Some(header), None).unwrap_err(),
                AccessTokenError::Malformed,
                "{header}"
            );
        }
        assert_eq!(parse(None, None).unwrap_err(), AccessTokenError::Missing);
    }

    #[test]
    fn a_challenge_reads_back() {
        for (challenge, text) in [
            (
                ResourceChallenge {
                    scheme: AccessTokenScheme::Bearer,
                    error: Some(ResourceErrorCode::InvalidToken),
                },
                "Bearer error=\"invalid_token\"",
            ),
            (
                ResourceChallenge {
                    scheme: AccessTokenScheme::Bearer,
                    error: None,
                },
                "Bearer",
            ),
            (
                ResourceChallenge {
                    scheme: AccessTokenScheme::Dpop,
                    error: Some(ResourceErrorCode::UseDpopNonce),
                },
                "DPoP error=\"use_dpop_nonce\", algs=\"ES256 ES384 EdDSA\"",
            ),
        ] {
            assert_eq!(challenge.header_value(), text);
            assert_eq!(ResourceChallenge::parse_all(text), [challenge]);
        }
    }

    #[test]
    fn reads_several_challenges_of_one_field() {
        let text = r#"Basic realm="a, DPoP error=\"x\"", Bearer realm="x",error="invalid_token" , DPoP algs="ES256", error=use_dpop_nonce"#;
        assert_eq!(
            ResourceChallenge::parse_all(text),
            [
                ResourceChallenge {
                    scheme: AccessTokenScheme::Bearer,
                    error: Some(ResourceErrorCode::InvalidToken)
                },
                ResourceChallenge {
                    scheme: AccessTokenScheme::Dpop,
                    error: Some(ResourceErrorCode::UseDpopNonce)
                },
            ]
        );
        assert!(ResourceChallenge::parse_all(r#"Negotiate, error="invalid_token""#).is_empty());
    }
}
