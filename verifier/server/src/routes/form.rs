//! Bodies of wallets.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Whether the body is said to be a form, which is what wallets send ([OpenID4VP §5.10, §8.2]).
///
/// [OpenID4VP §5.10, §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| {
            media_type
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}
