//! Certificates from another machine: asking for one, giving one, and taking one in.
//!
//! The machine that signs certificates need never have a network: requests and certificates are files that are carried.

use std::time::Duration;

use symbolon_credential::sd_jwt_vc::check_issuer_binding;
use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, SoftwareKey};
use symbolon_crypto::x509::issue::{
    self, DocumentSignerRequest, IssueError, LeafRequest, MAX_DOCUMENT_SIGNER_VALIDITY, Validity,
};
use symbolon_crypto::x509::request::{CertificateRequest, RequestedNames, request};
use symbolon_crypto::x509::{
    Certificate, ChainError, ChainProfile, DOCUMENT_SIGNER_KEY_PURPOSE, READER_KEY_PURPOSE,
    STATUS_SIGNER_KEY_PURPOSE, verify_chain,
};
use symbolon_crypto::{CryptoProvider, Randomness, UnixTime};
use symbolon_trust::trust_list::TrustList;
use thiserror::Error;
use url::{Host, Url};

use crate::installation::keys::KeyPurpose;

/// How long a certificate of a signer is valid at most: two years and a month to change it.
const MAX_LEAF_VALIDITY: Duration = Duration::from_secs(760 * 86_400);
/// Certificates are valid a little before they are made, for readers whose clock is slow.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(3600);
/// An mdoc says when it was signed, rounded down to up to a week, and readers want the certificate to have been valid then.
const MDOC_CLOCK_TOLERANCE: Duration = Duration::from_secs(8 * 86_400);

/// What the certificate of a key must be.
#[derive(Debug, Clone, Copy)]
pub struct CertificateProfile {
    /// The key.
    pub purpose: KeyPurpose,
    /// The root that gives it.
    pub root: KeyPurpose,
    /// What verifiers demand of it.
    pub chain: ChainProfile,
    /// Its common name.
    name: &'static str,
    extended_key_usage: Option<&'static str>,
    longest: Duration,
    tolerance: Duration,
}

impl CertificateProfile {
    /// The profile of a key's certificate; `None` for a key that has none.
    #[must_use]
    pub const fn of(purpose: KeyPurpose) -> Option<Self> {
        Some(match purpose {
            KeyPurpose::CredentialSigning => Self::ordinary(
                purpose,
                KeyPurpose::IssuersRoot,
                ChainProfile::CredentialSigner,
                "Credential signer",
                None,
            ),
            KeyPurpose::StatusSigning => Self::ordinary(
                purpose,
                KeyPurpose::IssuersRoot,
                ChainProfile::StatusSigner,
                "Status list signer",
                Some(STATUS_SIGNER_KEY_PURPOSE),
            ),
            // Wallets verify it as they verify the signer of a credential.
            KeyPurpose::MetadataSigning => Self::ordinary(
                purpose,
                KeyPurpose::IssuersRoot,
                ChainProfile::CredentialSigner,
                "Signer of issuer metadata",
                None,
            ),
            KeyPurpose::RequestSigning => Self::ordinary(
                purpose,
                KeyPurpose::RelyingPartiesRoot,
                ChainProfile::RequestSigner,
                "Verifier",
                Some(READER_KEY_PURPOSE),
            ),
            KeyPurpose::DocumentSigning => Self {
                longest: MAX_DOCUMENT_SIGNER_VALIDITY,
                tolerance: MDOC_CLOCK_TOLERANCE,
                ..Self::ordinary(
                    purpose,
                    KeyPurpose::DocumentsRoot,
                    ChainProfile::DocumentSigner,
                    "Document signer",
                    Some(DOCUMENT_SIGNER_KEY_PURPOSE),
                )
            },
            _ => return None,
        })
    }

    const fn ordinary(
        purpose: KeyPurpose,
        root: KeyPurpose,
        chain: ChainProfile,
        name: &'static str,
        extended_key_usage: Option<&'static str>,
    ) -> Self {
        Self {
            purpose,
            root,
            chain,
            name,
            extended_key_usage,
            longest: MAX_LEAF_VALIDITY,
            tolerance: CLOCK_TOLERANCE,
        }
    }

    /// The most days that a certificate of this profile may be valid from the day it is made.
    #[must_use]
    pub const fn max_days(&self) -> u64 {
        (self.longest.as_secs() - self.tolerance.as_secs()) / 86_400
    }
}

/// Why a certificate was not asked for, given or taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificationError {
    /// Keys of this purpose have no certificate.
    #[error("the key {} has no certificate", .0.name())]
    NoCertificate(KeyPurpose),
    /// The request or certificate cannot be made.
    #[error("cannot make it")]
    Issue(#[from] IssueError),
    /// The request asks for an extended key usage that the profile does not have, or not for the one that it has.
    #[error("the request is not for a {}: it asks for another extended key usage", .0.name())]
    ExtendedKeyUsage(KeyPurpose),
    /// The request names nobody.
    #[error("the request names no URI and no DNS name")]
    Nameless,
    /// Longer than the profile allows.
    #[error("a certificate of this kind is valid for 1 to {max_days} days")]
    Days {
        /// The most.
        max_days: u64,
    },
    /// Longer than the root itself.
    #[error("the certificate would outlive its root, which ends {until}")]
    OutlivesRoot {
        /// The root's last second.
        until: String,
    },
    /// The root's own certificate does not serve.
    #[error("the certificate of the root is not an authority's, or another key's")]
    Root,
    /// The certificate is for another key.
    #[error("the certificate is for another key than the one that this installation has")]
    OtherKey,
    /// The chain does not verify.
    #[error("the certificate is refused: {0}")]
    Chain(#[from] ChainError),
    /// The certificate names somebody else.
    #[error("the certificate does not name {identifier}")]
    OtherName {
        /// The identifier that it must name.
        identifier: String,
    },
    /// What was given as a root is none.
    #[error(
        "the certificate given as a root is no self-signed certificate of an authority, or not valid now"
    )]
    NotARoot,
    /// One root for issuers and for relying parties.
    #[error(
        "this root is trusted for the other side already: a root for issuers must never vouch for relying parties (docs/adr/0003)"
    )]
    SharedRoot,
    /// The trust list does not name the issuer.
    #[error("the trust list of the installation does not name its issuer")]
    NotListed,
}

/// Asks for a certificate for `key`, in the name of whoever has `identifier`. Returns DER.
///
/// # Errors
/// [`CertificationError::Issue`].
pub fn ask(
    profile: &CertificateProfile,
    key: &SoftwareKey,
    identifier: &str,
) -> Result<Vec<u8>, CertificationError> {
    let host = Url::parse(identifier).ok().and_then(|url| match url.host() {
        Some(Host::Domain(name)) => Some(name.to_owned()),
        _ => None,
    });
    let names = RequestedNames {
        subject_name: profile.name.to_owned(),
        san_uris: vec![identifier.to_owned()],
        san_dns: host.into_iter().collect(),
        extended_key_usage: profile.extended_key_usage.map(str::to_owned),
    };
    let description = key.describe(key.handle()).map_err(IssueError::Key)?;
    Ok(request(&names, &description, key)?)
}

/// A root that gives certificates.
pub struct Root<'a> {
    /// Its key.
    pub key: &'a SoftwareKey,
    /// Its certificate.
    pub certificate: &'a Certificate,
}

/// Gives a certificate of `profile` for a request, valid for so many days. Returns DER.
///
/// # Errors
/// [`CertificationError`] when the request does not fit the profile or the validity is out of bounds.
pub fn give(
    profile: &CertificateProfile,
    request: &CertificateRequest,
    root: &Root<'_>,
    days: u64,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> Result<Vec<u8>, CertificationError> {
    let asked: Vec<&str> = request.extended_key_usage.iter().map(String::as_str).collect();
    if asked != profile.extended_key_usage.into_iter().collect::<Vec<_>>() {
        return Err(CertificationError::ExtendedKeyUsage(profile.purpose));
    }
    if request.san_uris.is_empty() && request.san_dns.is_empty() {
        return Err(CertificationError::Nameless);
    }
    let max_days = profile.max_days();
    if days == 0 || days > max_days {
        return Err(CertificationError::Days { max_days });
    }
    let validity = Validity {
        not_before: now.minus(profile.tolerance),
        not_after: now.plus(Duration::from_secs(days * 86_400)),
    };
    if validity.not_after > root.certificate.not_after() {
        return Err(CertificationError::OutlivesRoot {
            until: root.certificate.not_after().rfc3339(),
        });
    }
    if !root.certificate.is_ca() || root.certificate.public_key() != root.key.public_key() {
        return Err(CertificationError::Root);
    }
    let description = root.key.describe(root.key.handle()).map_err(IssueError::Key)?;
    let subject_name = request
        .subject_name
        .clone()
        .unwrap_or_else(|| profile.name.to_owned());
    Ok(match profile.purpose {
        KeyPurpose::DocumentSigning => issue::document_signer(
            &DocumentSignerRequest {
                subject_name,
                contact_uri: request
                    .san_uris
                    .first()
                    .cloned()
                    .ok_or(CertificationError::Nameless)?,
                validity,
                public_key: request.public_key.clone(),
            },
            root.certificate,
            &description,
            root.key,
            randomness,
        )?,
        purpose => leaf(
            &LeafRequest {
                subject_name,
                san_uris: request.san_uris.clone(),
                san_dns: request.san_dns.clone(),
                validity,
                extended_key_usage: extended_key_usage(purpose),
                public_key: request.public_key.clone(),
            },
            // Wallets hold the registration of a relying party against its identifier; nobody else has one.
            request
                .organization_identifier
                .as_deref()
                .filter(|_| purpose == KeyPurpose::RequestSigning),
            root,
            &description,
            randomness,
        )?,
    })
}

fn leaf(
    request: &LeafRequest,
    organization: Option<&str>,
    root: &Root<'_>,
    description: &KeyDescription,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    match organization {
        None => issue::leaf(request, root.certificate, description, root.key, randomness),
        Some(organization) => issue::organization_leaf(
            request,
            organization,
            root.certificate,
            description,
            root.key,
            randomness,
        ),
    }
}

/// The extended key usage of a leaf for keys of this purpose.
pub(super) const fn extended_key_usage(purpose: KeyPurpose) -> Option<issue::KeyPurpose> {
    match purpose {
        KeyPurpose::StatusSigning => Some(issue::KeyPurpose::StatusLists),
        // The same key signs requests for mdocs, whose wallets look for it.
        KeyPurpose::RequestSigning => Some(issue::KeyPurpose::Readers),
        _ => None,
    }
}

/// What a certificate that was brought is held against.
pub struct Expected<'a> {
    /// What it must be.
    pub profile: CertificateProfile,
    /// The identifier of the installation's issuer, or of its verifier for [`KeyPurpose::RequestSigning`].
    pub identifier: &'a str,
    /// The identifier of the issuer, whose entry in the trust list has the anchors.
    pub issuer: &'a str,
    /// A root that is not trusted yet, and that the operator vouches for.
    pub new_root: Option<&'a Certificate>,
}

/// A certificate that may be taken in.
#[derive(Debug)]
pub struct Accepted {
    /// The chain without its anchor, leaf first.
    pub chain: Vec<Certificate>,
    /// The root under which it stands, if the trust list is to have it from now on.
    pub new_anchor: Option<Certificate>,
}

/// Checks a chain that was brought, leaf first, as verifiers will. Whether its key is ours is the caller's to know.
///
/// # Errors
/// [`CertificationError`].
pub fn check(
    mut chain: Vec<Certificate>,
    expected: &Expected<'_>,
    trust: &TrustList,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<Accepted, CertificationError> {
    let issuer = trust
        .issuer(expected.issuer)
        .ok_or(CertificationError::NotListed)?;
    let parties = &trust.relying_parties.anchors;
    let (ours, others) = match expected.profile.purpose {
        KeyPurpose::RequestSigning => (parties, &issuer.anchors),
        _ => (&issuer.anchors, parties),
    };
    let mut anchors = ours.clone();
    if let Some(root) = expected.new_root {
        if !root.is_root(provider) || now < root.not_before() || now > root.not_after() {
            return Err(CertificationError::NotARoot);
        }
        let same = |other: &Certificate| other.public_key() == root.public_key();
        if others.iter().any(same) {
            return Err(CertificationError::SharedRoot);
        }
        anchors.push(root.clone());
    }
    // Authorities hand out the chain with the root at its end; what is sent to verifiers must leave it out.
    while chain.len() > 1 && chain.last().is_some_and(|last| anchors.contains(last)) {
        chain.pop();
    }
    let verified = verify_chain(&chain, &anchors, expected.profile.chain, now, provider)?;
    if !names(verified.leaf(), expected) {
        return Err(CertificationError::OtherName {
            identifier: expected.identifier.to_owned(),
        });
    }
    let new_anchor = (!ours.contains(verified.anchor())).then(|| verified.anchor().clone());
    Ok(Accepted { chain, new_anchor })
}

/// Whether the names of a leaf are what verifiers look for.
fn names(leaf: &Certificate, expected: &Expected<'_>) -> bool {
    let identifier = expected.identifier;
    match expected.profile.purpose {
        KeyPurpose::CredentialSigning | KeyPurpose::MetadataSigning => {
            check_issuer_binding(identifier, leaf.san_uris(), leaf.san_dns()).is_ok()
        }
        KeyPurpose::StatusSigning => leaf.san_uris().iter().any(|uri| uri == identifier),
        KeyPurpose::RequestSigning => Url::parse(identifier).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default();
            leaf.san_dns().iter().any(|name| name.eq_ignore_ascii_case(host))
                || leaf
                    .san_uris()
                    .iter()
                    .any(|uri| Url::parse(uri).is_ok_and(|uri| uri.origin() == url.origin()))
        }),
        // An mdoc's signer is found by its root; its certificate names a country and no address.
        _ => true,
    }
}

#[cfg(test)]
mod tests;
