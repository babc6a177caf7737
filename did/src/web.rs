//! The method [did:web](https://w3c-ccg.github.io/did-method-web/): a document at a place that the identifier names. It is
//! worth what the web server and its certificate are worth.

use thiserror::Error;

use crate::{Did, InvalidDid};

/// Which schemes a document may be fetched by, and so which hosts a DID may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebScheme {
    /// https alone, from names of the public internet. The fetcher must still refuse addresses that are not public: any
    /// name may lead to any address.
    Https,
    /// `localhost` too, over http: for development on one machine.
    HttpOnLocalhost,
}

/// The DID is no `did:web`, or names no host and path that a document could be served at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a did:web with a host")]
pub struct NotDidWeb;

/// Where the document of a `did:web` is
/// ([§2.5.2](https://w3c-ccg.github.io/did-method-web/#read-resolve)).
///
/// # Errors
/// [`NotDidWeb`] for another method, an address instead of a host name, and anything that has a second spelling.
pub fn web_document_url(did: &Did, scheme: WebScheme) -> Result<String, NotDidWeb> {
    if did.method() != "web" {
        return Err(NotDidWeb);
    }
    let place = WebPlace::parse(did.method_specific_identifier(), scheme)?;
    Ok(place.url("did.json"))
}

/// The `did:web` whose document is served below a URL, such as `did:web:localhost%3A8080` for `http://127.0.0.1:8080`:
/// the method has no addresses, and a loopback address has a name.
///
/// # Errors
/// [`InvalidDid`] when the URL has an address, a query, a fragment, or characters that a path of a DID cannot have.
pub fn web_did_of(url: &str) -> Result<Did, InvalidDid> {
    let (rest, schemes) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, WebScheme::Https),
        (None, Some(rest)) => (rest, WebScheme::HttpOnLocalhost),
        (None, None) => return Err(InvalidDid),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some("") => ("localhost", None),
        Some(port) => ("localhost", port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let host = if host == "127.0.0.1" { "localhost" } else { host };
    // Over http nothing but this machine is meant, whatever the scheme is elsewhere.
    if schemes == WebScheme::HttpOnLocalhost && host != "localhost" {
        return Err(InvalidDid);
    }
    let port = port.map(|port| format!("%3A{port}")).unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let path: String = path
        .split('/')
        .filter(|_| !path.is_empty())
        .map(|segment| format!(":{segment}"))
        .collect();
    let did = Did::parse(&format!("did:web:{host}{port}{path}"))?;
    web_document_url(&did, WebScheme::HttpOnLocalhost)
        .map(|_| did)
        .map_err(|_| InvalidDid)
}

/// A place on the web as `did:web` writes it: `host%3Aport:path:path`.
struct WebPlace<'d> {
    scheme: &'static str,
    host: &'d str,
    port: Option<u16>,
    path: Vec<&'d str>,
}

impl<'d> WebPlace<'d> {
    fn parse(identifier: &'d str, scheme: WebScheme) -> Result<Self, NotDidWeb> {
        let mut segments = identifier.split(':');
        let authority = segments.next().unwrap_or_default();
        // In capitals alone: `%3a` would be another DID of the same place.
        let (host, port) = match authority.split_once("%3A") {
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (authority, None),
        };
        let local = host == "localhost";
        if !(is_public_name(host) || local && scheme == WebScheme::HttpOnLocalhost) {
            return Err(NotDidWeb);
        }
        let path: Vec<&str> = segments.collect();
        if !path.iter().all(|segment| is_path_segment(segment)) {
            return Err(NotDidWeb);
        }
        Ok(Self {
            scheme: if local { "http" } else { "https" },
            host,
            port,
            path,
        })
    }

    /// Where a file of this place is: in its folder, or with the other well-known files when it has none.
    fn url(&self, file: &str) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let folder = if self.path.is_empty() {
            ".well-known".to_owned()
        } else {
            self.path.join("/")
        };
        format!("{}://{}{port}/{folder}/{file}", self.scheme, self.host)
    }
}

pub(crate) fn parse_port(port: &str) -> Result<u16, NotDidWeb> {
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    let port = is_number.then(|| port.parse().ok()).flatten();
    port.ok_or(NotDidWeb)
}

/// Two labels at least, in small letters, and the last no number: what ends in a number is an address to a URL reader
/// ([URL Standard §3.5](https://url.spec.whatwg.org/#ends-in-a-number-checker)), also in its hexadecimal and short forms.
pub(crate) fn is_public_name(host: &str) -> bool {
    const MAX_NAME_BYTES: usize = 253;
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let last_is_a_name = host
        .rsplit_once('.')
        .is_some_and(|(_, last)| last.starts_with(|first: char| first.is_ascii_lowercase()));
    host.len() <= MAX_NAME_BYTES && last_is_a_name && host.split('.').all(label)
}

/// Without escapes, which have several spellings, and without steps upwards.
fn is_path_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment != "."
        && segment != ".."
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str, scheme: WebScheme) -> Result<String, NotDidWeb> {
        web_document_url(&Did::parse(text).unwrap(), scheme)
    }

    #[test]
    fn the_examples_of_the_specification_lead_to_their_documents() {
        for (did, expected) in [
            (
                "did:web:w3c-ccg.github.io",
                "https://w3c-ccg.github.io/.well-known/did.json",
            ),
            (
                "did:web:w3c-ccg.github.io:user:alice",
                "https://w3c-ccg.github.io/user/alice/did.json",
            ),
            (
                "did:web:example.com%3A3000:user:alice",
                "https://example.com:3000/user/alice/did.json",
            ),
        ] {
            assert_eq!(url(did, WebScheme::Https).unwrap(), expected);
        }
    }

    #[test]
    fn localhost_is_for_development_alone() {
        let did = "did:web:localhost%3A8080";
        assert_eq!(url(did, WebScheme::Https), Err(NotDidWeb));
        let expected = "http://localhost:8080/.well-known/did.json";
        assert_eq!(url(did, WebScheme::HttpOnLocalhost).unwrap(), expected);
    }

    #[test]
    fn addresses_second_spellings_and_steps_upwards_are_refused() {
        for did in [
            "did:key:z6Mk",
            "did:web:127.0.0.1",
            "did:web:169.254.169.254:latest",
            "did:web:10.1",
            "did:web:example.0x7f",
            "did:web:2130706433",
            "did:web:%5B%3A%3A1%5D",
            "did:web:intranet",
            "did:web:Example.com",
            "did:web:example.com%3a8080",
            "did:web:example.com%3A",
            "did:web:example.com%3A0",
            "did:web:example.com%3A080",
            "did:web:example.com%3A65536",
            "did:web:example.com%3A80%3A80",
            "did:web:example.com.",
            "did:web:.example.com",
            "did:web:-a.com",
            "did:web:user%40example.com",
            "did:web:example.com%2F",
            "did:web:example.com:..:a",
            "did:web:example.com:.:a",
            "did:web:example.com::a",
            "did:web:example.com:a%2F..%2Fb",
            "did:web:example.com:%61",
        ] {
            assert_eq!(url(did, WebScheme::HttpOnLocalhost), Err(NotDidWeb), "{did}");
        }
    }

    #[test]
    fn the_did_of_a_url_leads_back_to_it() {
        for (url, did) in [
            ("https://issuer.example", "did:web:issuer.example"),
            ("https://issuer.example/", "did:web:issuer.example"),
            (
                "https://issuer.example:8443/tenants/one",
                "did:web:issuer.example%3A8443:tenants:one",
            ),
            ("http://127.0.0.1:8080", "did:web:localhost%3A8080"),
            ("http://[::1]:8080/a", "did:web:localhost%3A8080:a"),
            ("http://localhost", "did:web:localhost"),
        ] {
            assert_eq!(web_did_of(url).unwrap().as_str(), did);
        }
        for url in [
            "http://issuer.example",
            "ftp://issuer.example",
            "https://192.168.0.1",
            "https://issuer.example/a?b",
            "https://issuer.example/a#b",
            "https://issuer.example/a//b",
            "https://user@issuer.example",
        ] {
            assert!(web_did_of(url).is_err(), "{url}");
        }
    }
}
