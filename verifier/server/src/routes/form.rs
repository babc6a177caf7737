//! Bodies of wallets and pages.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Whether the body is said to be a form, which is what wallets send ([OpenID4VP §5.10, §8.2]).
///
/// [OpenID4VP §5.10, §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    is_of(headers, "application/x-www-form-urlencoded")
}

/// Whether the body is said to be JSON. No form of another site's can say so.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    is_of(headers, "application/json")
}

fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|said| said.trim().eq_ignore_ascii_case(media_type))
}
