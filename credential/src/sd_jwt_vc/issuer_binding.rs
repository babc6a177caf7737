//! Whether a key is the key of the issuer that a credential names (ATTACKS row 1 of the threat model; draft-25 §3.5).

use thiserror::Error;
use url::{Host, Url};

/// The issuer that the credential names is not who the certificate was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the credential's issuer is not named by the certificate")]
pub struct IssuerBindingRejected;

/// Checks that `issuer` (claim `iss`) is named by the leaf certificate whose key signed: it equals a URI of the subject
/// alternative names, or it is an https URL whose host equals a DNS name of them.
///
/// The chain of that leaf must have been verified; without that the names are the attacker's own.
///
/// # Errors
/// [`IssuerBindingRejected`].
pub fn check_issuer_binding<U: AsRef<str>, D: AsRef<str>>(
    issuer: &str,
    san_uris: &[U],
    san_dns: &[D],
) -> Result<(), IssuerBindingRejected> {
    if san_uris.iter().any(|uri| uri.as_ref() == issuer) {
        return Ok(());
    }
    let url = Url::parse(issuer).map_err(|_| IssuerBindingRejected)?;
    let Some(Host::Domain(host)) = url.host() else {
        return Err(IssuerBindingRejected);
    };
    // No wildcards: a certificate for every host of a domain would name every issuer there.
    let named = url.scheme() == "https"
        && san_dns
            .iter()
            .any(|name| name.as_ref().eq_ignore_ascii_case(host));
    if named { Ok(()) } else { Err(IssuerBindingRejected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(issuer: &str, uris: &[&str], dns: &[&str]) -> bool {
        check_issuer_binding(issuer, uris, dns).is_ok()
    }

    #[test]
    fn a_uri_must_be_equal_and_a_host_must_be_equal() {
        assert!(check("http://127.0.0.1:8080", &["http://127.0.0.1:8080"], &[]));
        assert!(check("https://issuer.example/tenant", &[], &["issuer.example"]));
        assert!(check("https://issuer.example", &[], &["Issuer.Example"]));
        assert!(!check(
            "https://issuer.example",
            &["https://issuer.example/"],
            &[]
        ));
        assert!(!check("https://sub.issuer.example", &[], &["issuer.example"]));
        assert!(!check("https://sub.issuer.example", &[], &["*.issuer.example"]));
        assert!(!check("http://issuer.example", &[], &["issuer.example"]));
        assert!(!check(
            "https://issuer.example@evil.example",
            &[],
            &["issuer.example"]
        ));
        assert!(!check("https://127.0.0.1", &[], &["127.0.0.1"]));
        assert!(!check("did:web:issuer.example", &[], &["issuer.example"]));
    }
}
