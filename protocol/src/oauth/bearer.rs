//! Bearer tokens at protected resources ([RFC 6750]).
//!
//! [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750

use thiserror::Error;

use crate::secret::AccessToken;
use crate::wire::error_codes;

error_codes! {
    /// What a protected resource says about an access token ([RFC 6750 §3.1]).
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    pub enum BearerErrorCode {
        /// Malformed, or the token was sent in more than one way. HTTP 400.
        InvalidRequest = "invalid_request",
        /// Expired, revoked, malformed or unknown. HTTP 401.
        InvalidToken = "invalid_token",
        /// The token does not allow this. HTTP 403.
        InsufficientScope = "insufficient_scope",
    }
}

/// Why a request carries no usable bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BearerError {
    /// No `Authorization` header. The challenge then has no error code.
    #[error("the request carries no access token")]
    Missing,
    /// Another scheme, or a token with characters that no token has.
    #[error("the authorization header is not a bearer token")]
    Malformed,
    /// An `access_token` in the query, where logs and referrers would keep it.
    #[error("an access token must not travel in the query")]
    InQuery,
}

/// Reads the token from the `Authorization` header and the query of a request.
///
/// # Errors
/// [`BearerError`]. A token in the query is refused even beside a good header.
pub fn parse_bearer_token(
    authorization: Option<&str>,
    query: Option<&str>,
) -> Result<AccessToken, BearerError> {
    let in_query = query.is_some_and(|query| {
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
    });
    if in_query {
        return Err(BearerError::InQuery);
    }
    let header = authorization.ok_or(BearerError::Missing)?;
    let (scheme, token) = header.split_once(' ').ok_or(BearerError::Malformed)?;
    let token = token.trim_start_matches(' ');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("bearer") || !token.bytes().all(allowed) {
        return Err(BearerError::Malformed);
    }
    AccessToken::parse(token).ok_or(BearerError::Malformed)
}

/// The value of the `Authorization` header that carries `token`.
#[must_use]
pub fn authorization_header(token: &AccessToken) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(format!("Bearer {}", token.expose()))
}

/// The value of the `WWW-Authenticate` header that refuses a request ([RFC 6750 §3]).
///
/// [RFC 6750 §3]: https://www.rfc-editor.org/rfc/rfc6750#section-3
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BearerChallenge {
    /// The code; none when the request carried no token at all.
    pub error: Option<BearerErrorCode>,
}

impl BearerChallenge {
    /// The challenge that answers `error`.
    #[must_use]
    pub fn answering(error: BearerError) -> Self {
        let error = match error {
            BearerError::Missing => None,
            BearerError::Malformed | BearerError::InQuery => Some(BearerErrorCode::InvalidRequest),
        };
        Self { error }
    }

    /// The HTTP status that goes with the challenge.
    #[must_use]
    pub fn status(self) -> u16 {
        match self.error {
            Some(BearerErrorCode::InvalidRequest) => 400,
            Some(BearerErrorCode::InsufficientScope) => 403,
            _ => 401,
        }
    }

    /// The header value.
    #[must_use]
    pub fn header_value(self) -> String {
        match self.error {
            None => "Bearer".to_owned(),
            Some(error) => format!("Bearer error=\"{error}\""),
        }
    }

    /// Reads a header value; `None` when it is no bearer challenge.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, parameters) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let error = parameters.split(',').find_map(|parameter| {
            let (name, value) = parameter.trim().split_once('=')?;
            name.eq_ignore_ascii_case("error")
                .then(|| BearerErrorCode::from_wire(value.trim_matches('"')))
        });
        Some(Self { error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_token_of_the_header() {
        assert_eq!(
            parse_bearer_token(Some("bearer abc.DEF-1~"), Some("a=b"))
                .unwrap()
                .expose(),
            "abc.DEF-1~"
        );
    }

    #[test]
    fn refuses_a_token_in_the_query() {
        let error = parse_bearer_token(Some("Bearer abc"), Some("x=1&access_token=abc")).unwrap_err();
        assert_eq!(error, BearerError::InQuery);
        assert_eq!(BearerChallenge::answering(error).status(), 400);
    }

    #[test]
    fn refuses_other_schemes_and_odd_characters() {
        for header in ["Basic abc", "Bearer", "Bearer a b", "Bearer a,b", "Bearer "] {
            assert_eq!(
                parse_bearer_token(Some(header), None).unwrap_err(),
                BearerError::Malformed,
                "{header}"
            );
        }
        assert_eq!(parse_bearer_token(None, None).unwrap_err(), BearerError::Missing);
    }

    #[test]
    fn a_challenge_reads_back() {
        let challenge = BearerChallenge {
            error: Some(BearerErrorCode::InvalidToken),
        };
        assert_eq!(challenge.header_value(), "Bearer error=\"invalid_token\"");
        assert_eq!(BearerChallenge::parse(&challenge.header_value()), Some(challenge));
        assert_eq!(
            BearerChallenge::parse("Bearer"),
            Some(BearerChallenge { error: None })
        );
        assert_eq!(BearerChallenge::parse("DPoP error=\"x\""), None);
    }
}
