//! Where the browser takes the answer of an authorization request ([RFC 6749 §3.1.2], [RFC 8252 §7]).
//!
//! [RFC 6749 §3.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
//! [RFC 8252 §7]: https://www.rfc-editor.org/rfc/rfc8252#section-7

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::identifier::{MAX_URL_BYTES, UrlPolicy};

/// Schemes that no wallet has for its own and that a browser would run or show instead of handing them on.
const FORBIDDEN_SCHEMES: &[&str] = &[
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "mailto",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// An absolute URI without fragment and user information: `https`, a scheme of the wallet's own, or `http` on the
/// loopback interface of the resident's machine. Kept and compared exactly as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: String,
    url: Url,
}

impl RedirectUri {
    /// Reads a redirect URI.
    ///
    /// # Errors
    /// [`InvalidRedirectUri`].
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        if text.len() > MAX_URL_BYTES || text.bytes().any(|byte| !(0x21..0x7f).contains(&byte)) {
            return Err(InvalidRedirectUri);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri)?;
        let scheme_allowed = match url.scheme() {
            "https" => true,
            "http" => UrlPolicy::Development.permits(&url),
            other => !FORBIDDEN_SCHEMES.contains(&other),
        };
        let sound = scheme_allowed
            && is_plain(text, &url)
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        sound
            .then(|| Self {
                text: text.to_owned(),
                url,
            })
            .ok_or(InvalidRedirectUri)
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it leads, as a person is shown it: scheme, host and port of an address of the web, of any other the scheme alone. It is what a
    /// browser makes of the text, not what stands there.
    #[must_use]
    pub fn destination(&self) -> String {
        match self.url.scheme() {
            "http" | "https" => self.url.origin().ascii_serialization(),
            scheme => format!("{scheme}:"),
        }
    }

    /// Whether a client that registered `registered` may use this one: the same text, or on the loopback interface the
    /// same but for the port, which the operating system chooses ([RFC 8252 §7.3]).
    ///
    /// [RFC 8252 §7.3]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3
    #[must_use]
    pub fn is_allowed_by(&self, registered: &Self) -> bool {
        if self.text == registered.text {
            return true;
        }
        let is_loopback = |uri: &Self| uri.url.scheme() == "http";
        is_loopback(self)
            && is_loopback(registered)
            && self.url.host() == registered.url.host()
            && self.url.path() == registered.url.path()
            && self.url.query() == registered.url.query()
    }

    /// The URI with `parameters` behind whatever query it has already ([RFC 6749 §3.1.2]).
    ///
    /// [RFC 6749 §3.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
    #[must_use]
    pub fn with_parameters(&self, parameters: &[(&str, &str)]) -> Zeroizing<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(parameters);
        let added = Zeroizing::new(form.finish());
        // Only the first question mark begins the query; a later one is part of it.
        let separator = match self.text.split_once('?') {
            None => "?",
            Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
            Some(_) => "&",
        };
        // Blanks as %20: a reader that decodes the query as a URI and not as a form would keep the plus sign.
        Zeroizing::new(format!("{}{separator}{}", self.text, added.replace('+', "%20")))
    }

    /// The query that an answer at `url` adds to this URI; `None` when `url` leads elsewhere. Both are compared as a
    /// browser would write them.
    #[must_use]
    pub fn answer_query(&self, url: &str) -> Option<Zeroizing<String>> {
        let parsed = Url::parse(url).ok()?;
        let same = parsed.scheme() == self.url.scheme()
            && parsed.host() == self.url.host()
            && parsed.port_or_known_default() == self.url.port_or_known_default()
            && parsed.path() == self.url.path()
            && parsed.username().is_empty()
            && parsed.password().is_none();
        if !same {
            return None;
        }
        let query = parsed.query()?;
        let added = match self.url.query() {
            None | Some("") => query,
            Some(own) if own.ends_with('&') => query.strip_prefix(own)?,
            Some(own) => query.strip_prefix(own)?.strip_prefix('&')?,
        };
        Some(Zeroizing::new(added.to_owned()))
    }
}

/// Whether the text has no second reading. A browser takes a backslash for a slash, too few or too many slashes behind `https:` for two,
/// and some of these for a path of the page that it is on: what is compared and shown must be where it goes.
fn is_plain(text: &str, url: &Url) -> bool {
    let scheme = url.scheme();
    let authority = || {
        let behind = text.get(scheme.len()..)?.strip_prefix("://")?;
        behind.starts_with(|first| first != '/').then_some(())
    };
    !text.contains('\\') && (!matches!(scheme, "http" | "https") || authority().is_some())
}

/// The text is no acceptable redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("redirect_uri is not one that a wallet may have")]
pub struct InvalidRedirectUri;

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn takes_https_private_schemes_and_loopback() {
        for text in [
            "https://wallet.example/cb?a=b",
            "org.example.wallet:/cb",
            "eudi-openid4ci://authorize",
            "http://127.0.0.1:49152/callback",
            "http://[::1]/callback",
        ] {
            assert_eq!(uri(text).as_str(), text);
        }
    }

    #[test]
    fn parameters_stand_behind_whatever_query_there_is() {
        for (text, expected) in [
            ("https://wallet.example/cb", "https://wallet.example/cb?code=a"),
            ("https://wallet.example/cb?", "https://wallet.example/cb?code=a"),
            (
                "https://wallet.example/cb?b",
                "https://wallet.example/cb?b&code=a",
            ),
            (
                "https://wallet.example/cb?b&",
                "https://wallet.example/cb?b&code=a",
            ),
            (
                "https://wallet.example/cb?b?",
                "https://wallet.example/cb?b?&code=a",
            ),
            ("org.example.wallet:/cb?b=?", "org.example.wallet:/cb?b=?&code=a"),
        ] {
            let answer = uri(text).with_parameters(&[("code", "a")]);
            assert_eq!(*answer, expected);
            assert_eq!(
                uri(text).answer_query(&answer).unwrap().as_str(),
                "code=a",
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_a_browser_would_run_or_what_leads_elsewhere() {
        for text in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://wallet.example/cb",
            "http://127.0.0.1.example/cb",
            "https://wallet.example/cb#fragment",
            "https://a@wallet.example/cb",
            "https://wallet.example/c b",
            "https:\\\\wallet.example/cb",
            "https://wallet.example\\@bank.example/cb",
            "https:/wallet.example/cb",
            "https:///wallet.example/cb",
            "https:wallet.example/cb",
            "http:127.0.0.1/callback",
            "/cb",
            "",
        ] {
            assert_eq!(RedirectUri::parse(text), Err(InvalidRedirectUri), "{text}");
        }
        let long = format!("https://wallet.example/{}", "a".repeat(MAX_URL_BYTES));
        assert_eq!(RedirectUri::parse(&long), Err(InvalidRedirectUri));
    }

    #[test]
    fn what_is_shown_of_it_is_where_a_browser_goes() {
        for (text, shown) in [
            (
                "https://wallet.example:8443/back?x=1",
                "https://wallet.example:8443",
            ),
            ("https://wallet.example:443/back", "https://wallet.example"),
            (
                "https://wallet.example?x=https://bank.example/",
                "https://wallet.example",
            ),
            ("HTTPS://Wallet.Example/back", "https://wallet.example"),
            ("https://%77allet.example/back", "https://wallet.example"),
            ("http://127.0.0.1:49152/callback", "http://127.0.0.1:49152"),
            ("org.example.wallet:/back", "org.example.wallet:"),
            ("wallet://back/here", "wallet:"),
        ] {
            assert_eq!(uri(text).destination(), shown);
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_address_may_differ() {
        let registered = uri("http://127.0.0.1/callback");
        assert!(uri("http://127.0.0.1:49152/callback").is_allowed_by(&registered));
        for other in [
            "http://127.0.0.1:49152/callback2",
            "http://127.0.0.1:49152/callback?x=1",
            "http://127.0.0.2/callback",
            "http://localhost/callback",
            "https://127.0.0.1/callback",
        ] {
            assert!(!uri(other).is_allowed_by(&registered), "{other}");
        }
        let web = uri("https://wallet.example/cb");
        assert!(web.is_allowed_by(&web));
        for other in [
            "https://wallet.example:8443/cb",
            "https://wallet.example/cb/",
            "https://wallet.example/cb?",
            "https://WALLET.example/cb",
        ] {
            assert!(!uri(other).is_allowed_by(&web), "{other}");
        }
    }

    #[test]
    fn an_existing_query_is_kept_and_the_answer_read_behind_it() {
        for (text, with) in [
            (
                "https://w.example/cb",
                "https://w.example/cb?code=a%20b&state=%26",
            ),
            ("https://w.example", "https://w.example?code=a%20b&state=%26"),
            (
                "https://w.example/cb?x=1",
                "https://w.example/cb?x=1&code=a%20b&state=%26",
            ),
            (
                "https://w.example/cb?",
                "https://w.example/cb?code=a%20b&state=%26",
            ),
            ("org.example:/cb", "org.example:/cb?code=a%20b&state=%26"),
        ] {
            let uri = uri(text);
            let answer = uri.with_parameters(&[("code", "a b"), ("state", "&")]);
            assert_eq!(*answer, with);
            assert_eq!(*uri.answer_query(&answer).unwrap(), "code=a%20b&state=%26");
        }
    }

    #[test]
    fn an_answer_at_another_address_is_none() {
        let uri = uri("https://w.example/cb?x=1");
        for text in [
            "https://w.example/cb?code=a",
            "https://w.example/cb?x=12&code=a",
            "https://w.example/other?x=1&code=a",
            "https://evil.example/cb?x=1&code=a",
            "http://w.example/cb?x=1&code=a",
            "https://w.example:8443/cb?x=1&code=a",
            "https://w.example/cb",
            "nonsense",
        ] {
            assert_eq!(uri.answer_query(text), None, "{text}");
        }
        let answer = uri.answer_query("https://w.example/cb?x=1&code=a#fragment");
        assert_eq!(*answer.unwrap(), "code=a");
    }
}
