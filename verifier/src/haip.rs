//! The High Assurance Interoperability Profile ([HAIP 1.0 §5]) on the verifier's side.
//!
//! HAIP takes choices away. What a verifier chose, and what a request asks for, is checked against it: the first where a
//! verifier is started, the second where a request is made.
//!
//! [HAIP 1.0 §5]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-5

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::format::CredentialFormat;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::request::ResponseMode;
use thiserror::Error;

use crate::choices::{RequestChoices, RequestTransport};

/// A choice that the profile does not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileContradiction {
    /// Another kind of client identifier.
    #[error("profile haip contradicts client_id_prefix: it must be \"x509_hash\" (HAIP §5)")]
    ClientIdPrefix,
    /// An answer in the clear.
    #[error("profile haip contradicts response_mode: it must be \"direct_post.jwt\" (HAIP §5.1)")]
    ResponseMode,
    /// A request in a link.
    #[error("profile haip contradicts request_delivery: it must be \"reference\" (HAIP §5.1)")]
    RequestDelivery,
    /// A scope in place of a query.
    #[error("profile haip contradicts scopes: requests hold DCQL queries (HAIP §5)")]
    Scope,
    /// Another format.
    #[error("profile haip contradicts the query: its formats must be dc+sd-jwt and mso_mdoc (HAIP §5)")]
    Format,
    /// Another algorithm.
    #[error("profile haip contradicts the key request-signing: it must be an ES256 key (HAIP §7)")]
    Algorithm,
    /// The certificate vouches for itself.
    #[error(
        "profile haip contradicts the certificate of the key request-signing: it must not be self-signed (HAIP §5)"
    )]
    SelfSigned,
    /// The anchor would travel with what it anchors.
    #[error(
        "profile haip contradicts the certificates of the key request-signing: the anchor does not belong to them (HAIP §5)"
    )]
    Anchor,
}

/// Refuses choices that contradict the profile.
///
/// # Errors
/// [`ProfileContradiction`].
pub fn check_choices(choices: &RequestChoices) -> Result<(), ProfileContradiction> {
    if choices.client_id_prefix != ClientIdKind::X509Hash {
        return Err(ProfileContradiction::ClientIdPrefix);
    }
    if choices.response_mode != ResponseMode::DirectPostJwt {
        return Err(ProfileContradiction::ResponseMode);
    }
    if choices.request_delivery != RequestTransport::Reference {
        return Err(ProfileContradiction::RequestDelivery);
    }
    Ok(())
}

/// Refuses a query that contradicts the profile.
///
/// # Errors
/// [`ProfileContradiction::Format`].
pub fn check_query(query: &DcqlQuery) -> Result<(), ProfileContradiction> {
    let fits = query.credentials().iter().all(|credential| {
        matches!(
            credential.meta.format(),
            CredentialFormat::SdJwtVc | CredentialFormat::MsoMdoc
        )
    });
    if fits {
        Ok(())
    } else {
        Err(ProfileContradiction::Format)
    }
}

/// Refuses certificates that contradict the profile.
///
/// # Errors
/// [`ProfileContradiction`].
pub fn check_chain(chain: &[Certificate]) -> Result<(), ProfileContradiction> {
    let (leaf, others) = chain.split_first().ok_or(ProfileContradiction::SelfSigned)?;
    if leaf.public_key().algorithm() != SignatureAlgorithm::Es256 {
        return Err(ProfileContradiction::Algorithm);
    }
    if leaf.is_self_signed() {
        return Err(ProfileContradiction::SelfSigned);
    }
    // A certificate that vouches for itself further up can only be the anchor.
    if others.iter().any(Certificate::is_self_signed) {
        return Err(ProfileContradiction::Anchor);
    }
    Ok(())
}

/// What the profile demands of a verifier, and by what this one does it.
pub const SWITCHED_ON: [(&str, &str); 8] = [
    (
        "§5",
        "requests signed under x509_hash, with the certificates in x5c",
    ),
    ("§5", "DCQL queries for the formats dc+sd-jwt and mso_mdoc"),
    (
        "§5",
        "answers encrypted by ECDH-ES on P-256 to a key that is fresh for each request",
    ),
    (
        "§5",
        "both A128GCM and A256GCM in encrypted_response_enc_values_supported",
    ),
    (
        "§5.1",
        "requests to be fetched by request_uri, answers by direct_post.jwt",
    ),
    ("§5.1", "links with the scheme haip-vp"),
    (
        "§5.1",
        "a redirect_uri with a fresh code for browsers on the same device, and a session that it is bound to",
    ),
    ("§7", "ES256 and SHA-256"),
];

#[cfg(test)]
mod tests {
    use symbolon_trust::testing::{TestAuthority, TestKey};

    use super::*;

    #[test]
    fn each_choice_that_the_profile_does_not_leave_is_refused_by_name() {
        let good = RequestChoices::default();
        assert_eq!(check_choices(&good), Ok(()));
        for kind in ClientIdKind::ALL {
            let choices = RequestChoices {
                client_id_prefix: kind,
                ..good
            };
            assert_eq!(check_choices(&choices).is_ok(), kind == ClientIdKind::X509Hash);
        }
        let plain = RequestChoices {
            response_mode: ResponseMode::DirectPost,
            ..good
        };
        assert_eq!(check_choices(&plain), Err(ProfileContradiction::ResponseMode));
        let by_value = RequestChoices {
            request_delivery: RequestTransport::Value,
            ..good
        };
        assert_eq!(
            check_choices(&by_value),
            Err(ProfileContradiction::RequestDelivery)
        );
    }

    #[test]
    fn other_formats_are_refused() {
        let query = |format: &str, meta: &str| {
            let text = format!(r#"{{"credentials":[{{"id":"a","format":"{format}","meta":{meta}}}]}}"#);
            check_query(&DcqlQuery::parse(text.as_bytes()).unwrap())
        };
        assert_eq!(query("dc+sd-jwt", r#"{"vct_values":["v"]}"#), Ok(()));
        assert_eq!(query("mso_mdoc", r#"{"doctype_value":"d"}"#), Ok(()));
        assert_eq!(
            query("ldp_vc", r#"{"type_values":[["https://a.example/T"]]}"#),
            Err(ProfileContradiction::Format)
        );
    }

    #[test]
    fn a_chain_has_an_es256_leaf_and_no_anchor() {
        let authority = TestAuthority::new(1);
        let leaf = |algorithm| {
            let key = TestKey::new(algorithm, 2);
            authority.issue(key.public_key(), "https://clinic.example", None)
        };
        let (good, root) = (leaf(SignatureAlgorithm::Es256), authority.certificate().clone());
        assert_eq!(check_chain(core::slice::from_ref(&good)), Ok(()));
        assert_eq!(
            check_chain(&[leaf(SignatureAlgorithm::Es384)]),
            Err(ProfileContradiction::Algorithm)
        );
        assert_eq!(
            check_chain(core::slice::from_ref(&root)),
            Err(ProfileContradiction::SelfSigned)
        );
        assert_eq!(check_chain(&[good, root]), Err(ProfileContradiction::Anchor));
    }
}
