use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::identifier::{HttpUrl, UrlPolicy};

/// The origin of a page: scheme, host and, unless it is the scheme's own, port, as browsers write it ([HTML, "serialization of an
/// origin"]). Two origins are one when their texts are.
///
/// [HTML, "serialization of an origin"]: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

/// The text is not the origin of a web page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an origin such as https://shop.example")]
pub struct InvalidOrigin;

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// [`InvalidOrigin`] for a URL with anything behind the port, for another spelling than the browser's, and for http outside a
    /// development installation.
    pub fn parse(text: &str, urls: UrlPolicy) -> Result<Self, InvalidOrigin> {
        let url = HttpUrl::parse(text).map_err(|_| InvalidOrigin)?;
        url.permitted(urls).map_err(|_| InvalidOrigin)?;
        let origin = Self::of(&url);
        if origin.0 == text {
            Ok(origin)
        } else {
            Err(InvalidOrigin)
        }
    }

    /// The origin of a URL.
    #[must_use]
    pub fn of(url: &HttpUrl) -> Self {
        Self(url.url().origin().ascii_serialization())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the holder's proof names as its audience, whoever signed the request ([OpenID4VP appendix A.4]).
    ///
    /// [OpenID4VP appendix A.4]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.4
    #[must_use]
    pub fn audience(&self) -> String {
        format!("origin:{}", self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Origin").field(&self.0).finish()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Whether plain http is permitted is decided where an origin comes in, not where one is read back.
impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, UrlPolicy::Development).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let parse = |text: &str| Origin::parse(text, UrlPolicy::Public);
        for text in ["https://shop.example", "https://shop.example:8443"] {
            assert_eq!(parse(text).unwrap().as_str(), text);
        }
        for text in [
            "https://shop.example/",
            "https://shop.example/page",
            "https://shop.example:443",
            "https://Shop.example",
            "https://user@shop.example",
            "http://shop.example",
            "http://127.0.0.1:8081",
            "ftp://shop.example",
            "null",
            "",
        ] {
            assert_eq!(parse(text), Err(InvalidOrigin), "{text}");
        }
        let local = Origin::parse("http://127.0.0.1:8081", UrlPolicy::Development).unwrap();
        assert_eq!(local.audience(), "origin:http://127.0.0.1:8081");
        let url = HttpUrl::parse("https://shop.example:443/a?b").unwrap();
        assert_eq!(Origin::of(&url).as_str(), "https://shop.example");
    }
}
