//! Cookies that tie what a page does to a browser.

use http::HeaderMap;
use http::header::COOKIE;

/// The value of the cookie of that name; `None` when there is none, or more than one, of which one may be planted.
#[must_use]
pub fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_cookie_is_read_and_two_are_none() {
        let read = |cookie| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))]);
            only(&headers, "own").map(str::to_owned)
        };
        assert_eq!(read("a=b; own=k"), Some("k".to_owned()));
        assert_eq!(read("own=k; own=l"), None);
        assert_eq!(read("own2=k; a=own"), None);
    }
}
