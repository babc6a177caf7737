//! What ties an authorization to one browser.
//!
//! The browser holds an unguessable key in a cookie; the store holds its digest. Forms carry a second token that is derived from
//! it, so that neither a page of another site nor a form of another session can approve anything.

use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::identifier::IssuerIdentifier;

use crate::secret::{BearerSecret, InstallationSecret, Purpose, SecretDigest};

/// The key in a browser's cookie: what names an authorization session.
pub type BrowserKey = BearerSecret;

/// What every form of a session carries beside the cookie.
pub struct FormToken(String);

impl FormToken {
    /// The token of the session of a browser.
    #[must_use]
    pub fn derive(secret: &InstallationSecret, browser: &SecretDigest) -> Self {
        Self(base64url::encode(
            &secret.derive_tag(Purpose::FormToken, &[browser.as_bytes()]),
        ))
    }

    /// The token, for a hidden field.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a form brought this token.
    #[must_use]
    pub fn is(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

/// The name of the cookie. Over https it has the prefix that lets no other host of the domain, and no plain connection, set it
/// ([RFC 6265bis §4.1.3.2]). The prefix demands `Path=/`, so what keeps the issuers of one host from overwriting each other's
/// cookie is the path of the identifier in the name.
///
/// [RFC 6265bis §4.1.3.2]: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2
#[must_use]
pub fn cookie_name(issuer: &IssuerIdentifier) -> String {
    let url = issuer.url().url();
    let name = match url.scheme() {
        "https" => "__Host-symbolon-authorization",
        _ => "symbolon-authorization",
    };
    match url.path() {
        "" | "/" => name.to_owned(),
        // A path may hold what a cookie's name may not.
        path => format!("{name}-{}", base64url::encode(path.as_bytes())),
    }
}
