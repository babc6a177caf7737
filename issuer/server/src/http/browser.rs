//! The cookie that ties an authorization to a browser.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use symbolon_issuer::authorization::{AUTHORIZATION_SESSION_LIFETIME, BrowserKey, cookie_name};
use symbolon_pages::cookie::only;
use symbolon_protocol::identifier::IssuerIdentifier;
use zeroize::Zeroizing;

/// The browser's key, as it came; `None` when there is no such cookie, or more than one, of which one may be planted.
pub(crate) fn browser_key(headers: &HeaderMap, issuer: &IssuerIdentifier) -> Option<Zeroizing<String>> {
    only(headers, &cookie_name(issuer)).map(|key| Zeroizing::new(key.to_owned()))
}

/// Gives the browser its key. `SameSite=Lax`: the wallet leads here from elsewhere, and no other site's form may post with it.
pub(crate) fn set_browser_key(headers: &mut HeaderMap, issuer: &IssuerIdentifier, key: &BrowserKey) {
    let seconds = AUTHORIZATION_SESSION_LIFETIME.as_secs();
    set(headers, issuer, key.expose(), seconds);
}

/// Takes the key away, once everything is decided.
pub(crate) fn forget_browser_key(headers: &mut HeaderMap, issuer: &IssuerIdentifier) {
    set(headers, issuer, "", 0);
}

fn set(headers: &mut HeaderMap, issuer: &IssuerIdentifier, value: &str, seconds: u64) {
    let name = cookie_name(issuer);
    let secure = match issuer.url().url().scheme() {
        "https" => "; Secure",
        _ => "",
    };
    let cookie = Zeroizing::new(format!(
        "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    ));
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        headers.append(SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    fn headers(cookie: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))])
    }

    #[test]
    fn the_key_is_read_from_its_own_cookie_alone() {
        let plain = IssuerIdentifier::parse("http://127.0.0.1:8080").unwrap();
        let key = |cookie, issuer| browser_key(&headers(cookie), issuer).map(|key| key.to_string());
        assert_eq!(key("a=b; symbolon-authorization=k", &plain), Some("k".to_owned()));
        assert_eq!(
            key("symbolon-authorization=k; symbolon-authorization=l", &plain),
            None
        );
        let secure = IssuerIdentifier::parse("https://issuer.example").unwrap();
        assert_eq!(key("symbolon-authorization=k", &secure), None);
        assert_eq!(
            key("__Host-symbolon-authorization=k", &secure),
            Some("k".to_owned())
        );
    }

    #[test]
    fn issuers_of_one_host_have_a_cookie_each() {
        let names = ["", "/a", "/a/b", "/a-b", "/a%2Fb"].map(|path| {
            let issuer = IssuerIdentifier::parse(&format!("https://issuer.example{path}")).unwrap();
            let mut headers = HeaderMap::new();
            forget_browser_key(&mut headers, &issuer);
            let cookie = headers[SET_COOKIE].to_str().unwrap().to_owned();
            let name = cookie.split_once('=').unwrap().0.to_owned();
            assert!(
                name.starts_with("__Host-") && !name.contains(['/', '%', ';']),
                "{name}"
            );
            let sent = format!("{name}=k");
            let sent = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&sent).unwrap())]);
            assert!(browser_key(&sent, &issuer).is_some());
            name
        });
        assert_eq!(std::collections::BTreeSet::from(names).len(), 5);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_connections() {
        let secure = IssuerIdentifier::parse("https://issuer.example").unwrap();
        let key = BrowserKey::make(&symbolon_crypto::testing::SeededRandomness::new(1)).unwrap();
        let mut headers = HeaderMap::new();
        set_browser_key(&mut headers, &secure, &key);
        let cookie = headers[SET_COOKIE].to_str().unwrap();
        for attribute in ["__Host-", "; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(attribute), "{attribute}");
        }
    }
}
