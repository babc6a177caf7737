//! Credentials and presentations as JWTs: `vc+jwt` and `vp+jwt`
//! ([VC-JOSE-COSE §3.1](https://www.w3.org/TR/vc-jose-cose/#with-jose)), and reading the JWTs of VCDM 1.1
//! ([§6.3.1](https://www.w3.org/TR/vc-data-model/#json-web-token)).
//!
//! Reading checks all that can be checked without a key: the kind of token, the document, and that the token's own claims
//! say the same as the document. The signature is another step, which makes a [`Verified`](crate::Verified).

mod credential;
mod issue;
mod issuer_key;
mod legacy;
mod present;
mod presentation;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use symbolon_crypto::jose::jws::CompactJws;

pub use credential::{JwtCredential, JwtCredentialError};
pub use issue::{PrepareJwtError, prepare_credential};
pub use issuer_key::IssuerKey;
pub use present::PresentationToSign;
pub use presentation::{
    ExpectedPresentation, HolderProof, JwtPresentation, JwtPresentationError, PresentationRejected,
};

/// The `typ` of a credential.
pub const CREDENTIAL_TYP: &str = "vc+jwt";
/// The `cty` of a credential.
pub const CREDENTIAL_CTY: &str = "vc";
/// The `typ` of a presentation.
pub const PRESENTATION_TYP: &str = "vp+jwt";
/// The `cty` of a presentation.
pub const PRESENTATION_CTY: &str = "vp";

/// Which data model a token is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The payload is the document.
    Document,
    /// VCDM 1.1: the document is in a claim.
    Claim,
}

/// Tells the form by `typ`. A token of VCDM 1.1 has `JWT` or none, and is told from all other JWTs by its claim alone,
/// which [`legacy`] demands.
fn form(jws: &CompactJws<'_>, typ: &str) -> Option<Form> {
    match &jws.header.typ {
        Some(_) if jws.expect_type(typ).is_ok() => Some(Form::Document),
        Some(other) if !other.eq_ignore_ascii_case("JWT") => None,
        _ => Some(Form::Claim),
    }
}

/// The key that a message of another kind than a JWT names; there, `iss` has no place.
pub(super) fn issuer_key<'c>(
    issuer: &str,
    kid: Option<&'c str>,
    certificates: &'c [Vec<u8>],
) -> Result<IssuerKey<'c>, issuer_key::NotTheIssuersKey> {
    issuer_key::issuer_key(issuer, kid, certificates, false)
}

/// Whether `cty`, which may be missing, is `expected`.
fn content_type_is(jws: &CompactJws<'_>, expected: &str) -> bool {
    jws.header.cty.as_deref().is_none_or(|cty| {
        cty.strip_prefix("application/")
            .unwrap_or(cty)
            .eq_ignore_ascii_case(expected)
    })
}
