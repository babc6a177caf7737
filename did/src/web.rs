//! The method [did:web](https://w3c-ccg.github.io/did-method-web/): where the document of a DID is served.

use thiserror::Error;

use crate::Did;

/// Which schemes a document may be fetched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebScheme {
    /// https alone.
    Https,
    /// https, and http on `localhost`: for development on one machine.
    HttpOnLocalhost,
}

/// The DID is no `did:web`, or names no host and path that a document could be served at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a did:web with a host")]
pub struct NotDidWeb;

/// The URL of the document of a `did:web` (method specification, section 2.5.2).
///
/// # Errors
/// [`NotDidWeb`] also for a host that is an IP address, and for path segments that leave their folder.
pub fn web_document_url(did: &Did, scheme: WebScheme) -> Result<String, NotDidWeb> {
    if did.method() != "web" {
        return Err(NotDidWeb);
    }
    let mut segments = did.method_specific_identifier().split(':');
    let authority = segments.next().ok_or(NotDidWeb)?;
    let (host, port) = match authority
        .split_once("%3A")
        .or_else(|| authority.split_once("%3a"))
    {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host_is_a_name = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        // An address in digits and dots is no name (section 2.2).
        && host.bytes().any(|byte| byte.is_ascii_alphabetic());
    let port_is_a_number =
        port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
    if !host_is_a_name || !port_is_a_number {
        return Err(NotDidWeb);
    }
    let name = if scheme == WebScheme::HttpOnLocalhost && host == "localhost" {
        "http"
    } else {
        "https"
    };
    let mut url = format!("{name}://{host}");
    if let Some(port) = port {
        url.push(':');
        url.push_str(port);
    }
    let mut has_path = false;
    for segment in segments {
        let leaves = matches!(segment, "" | "." | "..") || segment.contains('%');
        if leaves {
            return Err(NotDidWeb);
        }
        has_path = true;
        url.push('/');
        url.push_str(segment);
    }
    url.push_str(if has_path {
        "/did.json"
    } else {
        "/.well-known/did.json"
    });
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(did: &str, scheme: WebScheme) -> Option<String> {
        web_document_url(&Did::parse(did).unwrap(), scheme).ok()
    }

    #[test]
    fn a_document_is_well_known_or_below_its_path() {
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
            assert_eq!(url(did, WebScheme::Https).as_deref(), Some(expected));
        }
    }

    #[test]
    fn only_localhost_is_fetched_in_the_clear_and_only_in_development() {
        let local = "did:web:localhost%3A8080";
        assert_eq!(
            url(local, WebScheme::HttpOnLocalhost).as_deref(),
            Some("http://localhost:8080/.well-known/did.json")
        );
        assert_eq!(
            url(local, WebScheme::Https).as_deref(),
            Some("https://localhost:8080/.well-known/did.json")
        );
        assert!(
            url("did:web:example.com", WebScheme::HttpOnLocalhost)
                .unwrap()
                .starts_with("https:")
        );
    }

    #[test]
    fn refuses_what_is_no_host_or_leaves_its_folder() {
        for did in [
            "did:web:127.0.0.1",
            "did:web:10.0.0.1%3A80",
            "did:web:example.com%3A",
            "did:web:example.com%3A080",
            "did:web:example.com%3A99999",
            "did:web:user%40example.com",
            "did:web:example.com:..:a",
            "did:web:example.com::a",
            "did:web:example.com:a%2Fb",
            "did:key:example",
        ] {
            assert_eq!(url(did, WebScheme::Https), None, "{did}");
        }
    }
}
