//! Verification of certificate chains
//! ([RFC 5280 §6](https://www.rfc-editor.org/rfc/rfc5280#section-6), the part that this suite needs).
//!
//! Stricter than RFC 5280 where that costs nothing: every certificate between leaf and anchor counts towards path
//! lengths, and names compare as bytes.

use thiserror::Error;

use super::certificate::Certificate;
use super::name_constraints::Finding;
use crate::provider::CryptoProvider;
use crate::time::UnixTime;

/// The longest chain that is looked at. It bounds the signatures that a peer can make us check.
pub const MAX_CHAIN_CERTIFICATES: usize = 6;

/// The extended key usage of status list signers, `id-kp-oauthStatusSigning`
/// ([Token Status List §10](https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/)).
pub const STATUS_SIGNER_KEY_PURPOSE: &str = "1.3.6.1.5.5.7.3.30";

/// The extended key usage of signers of ISO mdocs (ISO/IEC 18013-5 Annex B).
pub const DOCUMENT_SIGNER_KEY_PURPOSE: &str = "1.0.18013.5.1.2";

/// The extended key usage of readers that authenticate themselves to ISO mdocs (ISO/IEC 18013-5 Annex B).
pub const READER_KEY_PURPOSE: &str = "1.0.18013.5.1.6";

/// The extended key usage of signers of VICALs, `id-mdl-kp-mdlVICAL` (ISO/IEC 18013-5, C.1.7.2).
pub const VICAL_SIGNER_KEY_PURPOSE: &str = "1.0.18013.5.1.8";

/// What the leaf's key is to be trusted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainProfile {
    /// To sign credentials.
    CredentialSigner,
    /// To sign ISO mdocs, right under the root of an issuing authority (IACA; ISO/IEC 18013-5 Annex B).
    DocumentSigner,
    /// To sign status lists.
    StatusSigner,
    /// To sign requests for presentations.
    RequestSigner,
    /// To sign trust lists.
    TrustListSigner,
    /// To sign lists of the issuing authorities of mdocs (VICAL; ISO/IEC 18013-5 Annex C).
    VicalSigner,
    /// To attest wallets and the keys that they hold.
    WalletProvider,
    /// To sign requests of mdoc readers (ISO/IEC 18013-5 Annex B).
    Reader,
    /// To prove that a wallet holds the leaf's key.
    Holder,
    /// To say what relying parties are registered to ask for.
    Registrar,
}

/// A chain whose every check has passed; only [`verify_chain`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedChain {
    /// The certificate of the signer.
    pub leaf: Certificate,
    /// The anchor under which it stands.
    pub anchor: Certificate,
    profile: ChainProfile,
}

impl VerifiedChain {
    /// The certificate of the signer.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The anchor under which it stands.
    #[must_use]
    pub const fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// What the leaf's key was found to be trusted for.
    #[must_use]
    pub const fn profile(&self) -> ChainProfile {
        self.profile
    }
}

/// Why a chain was refused. A position counts from the leaf, which has 0; the anchor's is the length of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// There is no certificate.
    #[error("the certificate chain is empty")]
    Empty,
    /// There are more than [`MAX_CHAIN_CERTIFICATES`].
    #[error("the certificate chain is too long")]
    TooLong,
    /// The leaf vouches for itself.
    #[error("the leaf certificate is self-signed")]
    SelfSignedLeaf,
    /// The chain holds a trust anchor, or an authority of the same name and key. Peers must leave it out
    /// (HAIP 1.0): what they send never makes an anchor.
    #[error("the certificate chain contains a trust anchor")]
    AnchorInChain,
    /// The next certificate, or for the last one any anchor, has another name than this one's issuer.
    #[error("the issuer of certificate {position} is not the next certificate")]
    IssuerMismatch {
        /// Whose issuer.
        position: usize,
    },
    /// The last certificate was issued by nobody who is trusted.
    #[error("the certificate chain does not end at a trust anchor")]
    UnknownAnchor,
    /// The issuer's key did not sign this certificate.
    #[error("the signature of certificate {position} does not verify")]
    Signature {
        /// Whose signature.
        position: usize,
    },
    /// The certificate is not valid yet.
    #[error("certificate {position} is not valid yet")]
    NotYetValid {
        /// Of which certificate.
        position: usize,
    },
    /// The certificate is not valid any more.
    #[error("certificate {position} has expired")]
    Expired {
        /// Of which certificate.
        position: usize,
    },
    /// The basic constraints do not make this issuer an authority.
    #[error("certificate {position} is not of a certification authority")]
    NotAnAuthority {
        /// Of which certificate.
        position: usize,
    },
    /// The key usage does not let this issuer sign certificates.
    #[error("the key of certificate {position} may not sign certificates")]
    MayNotSignCertificates {
        /// Of which certificate.
        position: usize,
    },
    /// More certificates stand below this authority's than it may have.
    #[error("the chain below certificate {position} is longer than it allows")]
    PathLength {
        /// Of which certificate.
        position: usize,
    },
    /// A critical extension is not understood.
    #[error("certificate {position} has a critical extension that is not supported")]
    UnknownCriticalExtension {
        /// Of which certificate.
        position: usize,
    },
    /// A certificate below has a name that this authority may not certify.
    #[error("a name in the chain is outside the name constraints of certificate {position}")]
    NameConstraints {
        /// Whose constraints.
        position: usize,
    },
    /// Constraints on kinds of names that cannot be enforced; ignoring them would widen what the authority may do.
    #[error("certificate {position} has name constraints of an unsupported kind")]
    UnsupportedNameConstraints {
        /// Of which certificate.
        position: usize,
    },
    /// The leaf is an authority's. A key that signs certificates signs nothing else.
    #[error("the leaf certificate is of a certification authority")]
    LeafIsAuthority,
    /// The leaf's key usage does not let it sign data.
    #[error("the key of the leaf certificate may not make signatures")]
    MayNotSignData,
    /// A status signer without [`STATUS_SIGNER_KEY_PURPOSE`].
    #[error("the leaf certificate is not for signing status lists")]
    NotForStatusLists,
    /// A signer of something else with [`STATUS_SIGNER_KEY_PURPOSE`].
    #[error("the leaf certificate is for signing status lists only")]
    ForStatusListsOnly,
    /// A document signer without a critical [`DOCUMENT_SIGNER_KEY_PURPOSE`].
    #[error("the leaf certificate is not for signing mdocs")]
    NotForMdocs,
    /// A signer of something else with [`DOCUMENT_SIGNER_KEY_PURPOSE`].
    #[error("the leaf certificate is for signing mdocs only")]
    ForMdocsOnly,
    /// A signer of VICALs without [`VICAL_SIGNER_KEY_PURPOSE`].
    #[error("the leaf certificate is not for signing VICALs")]
    NotForVicals,
    /// A signer of something else with [`VICAL_SIGNER_KEY_PURPOSE`].
    #[error("the leaf certificate is for signing VICALs only")]
    ForVicalsOnly,
    /// A reader without a critical [`READER_KEY_PURPOSE`].
    #[error("the leaf certificate is not for mdoc readers")]
    NotForReaders,
    /// A document signer that was not issued by an anchor itself.
    #[error("the document signer does not stand right under a trust anchor")]
    BetweenRootAndDocumentSigner,
    /// The document signer names no country, or another country or state than its root.
    #[error("the document signer and its root are not of one country")]
    Country,
}

/// Verifies that an anchor vouches for the leaf of `chain`, for what `profile` says, at `now`.
///
/// `chain` has the leaf first and leaves the anchor out. `anchors` are trusted for whatever the caller asks about; an
/// expired one is not.
///
/// # Errors
/// [`ChainError`] names the first check that failed.
pub fn verify_chain(
    chain: &[Certificate],
    anchors: &[Certificate],
    profile: ChainProfile,
    now: UnixTime,
    provider: &dyn CryptoProvider,
) -> Result<VerifiedChain, ChainError> {
    let leaf = chain.first().ok_or(ChainError::Empty)?;
    // What costs little comes first, then signatures, and then what costs more than a signature.
    if chain.len() > MAX_CHAIN_CERTIFICATES {
        return Err(ChainError::TooLong);
    }
    if leaf.is_self_signed() {
        return Err(ChainError::SelfSignedLeaf);
    }
    if chain.iter().any(|certificate| {
        anchors
            .iter()
            .any(|anchor| is_same_authority(certificate, anchor))
    }) {
        return Err(ChainError::AnchorInChain);
    }
    check_leaf(leaf, profile)?;
    for (position, (certificate, issuer)) in chain.iter().zip(chain.iter().skip(1)).enumerate() {
        if certificate.issuer_name() != issuer.subject_name() {
            return Err(ChainError::IssuerMismatch { position });
        }
    }
    for (position, certificate) in chain.iter().enumerate() {
        check_each(certificate, position, now)?;
    }
    for (position, issuer) in chain.iter().enumerate().skip(1) {
        check_issuer(issuer, position)?;
    }
    for (position, (certificate, issuer)) in chain.iter().zip(chain.iter().skip(1)).enumerate() {
        certificate
            .verify_signed_by(issuer.public_key(), provider)
            .map_err(|_| ChainError::Signature { position })?;
    }
    let anchor = find_anchor(chain, anchors, now, provider)?;
    // Behind the signatures, because the work is the number of names times the number of constraints, and until an
    // anchor was found both were a stranger's choice.
    for (position, issuer) in chain.iter().enumerate().skip(1) {
        check_names(issuer, position, chain)?;
    }
    if profile == ChainProfile::DocumentSigner {
        check_document_signer(chain, anchor)?;
    }
    Ok(VerifiedChain {
        leaf: leaf.clone(),
        anchor: anchor.clone(),
        profile,
    })
}

/// Verifies that an anchor vouches for the authority whose certificate `chain` begins with, at `now`: the anchor. Every certificate is one
/// that may issue others; what the authority may sign beside is not asked.
///
/// `chain` has the authority first and leaves the anchor out.
///
/// # Errors
/// [`ChainError`] names the first check that failed. Positions count from 1, as if the authority had issued a leaf; that of what the anchor signed, and
/// the anchor's own, from 0.
pub fn verify_authority(
    chain: &[Certificate],
    anchors: &[Certificate],
    now: UnixTime,
    provider: &dyn CryptoProvider,
) -> Result<Certificate, ChainError> {
    if chain.is_empty() {
        return Err(ChainError::Empty);
    }
    if chain.len() >= MAX_CHAIN_CERTIFICATES {
        return Err(ChainError::TooLong);
    }
    let is_anchor = |one: &Certificate| anchors.iter().any(|anchor| is_same_authority(one, anchor));
    if chain.iter().any(is_anchor) {
        return Err(ChainError::AnchorInChain);
    }
    for (position, certificate) in (1_usize..).zip(chain) {
        check_each(certificate, position, now)?;
        check_issuer(certificate, position)?;
    }
    for (position, (certificate, issuer)) in (1_usize..).zip(chain.iter().zip(chain.iter().skip(1))) {
        if certificate.issuer_name() != issuer.subject_name() {
            return Err(ChainError::IssuerMismatch { position });
        }
        certificate
            .verify_signed_by(issuer.public_key(), provider)
            .map_err(|_| ChainError::Signature { position })?;
    }
    let anchor = find_anchor(chain, anchors, now, provider)?;
    check_issuer(anchor, chain.len().saturating_add(1))?;
    for (position, issuer) in chain.iter().enumerate().skip(1) {
        check_names(issuer, position, chain)?;
    }
    Ok(anchor.clone())
}

/// The anchor that issued the last certificate. Several may have its issuer's name, as when an authority changes its
/// key; one of them must pass every check.
fn find_anchor<'a>(
    chain: &[Certificate],
    anchors: &'a [Certificate],
    now: UnixTime,
    provider: &dyn CryptoProvider,
) -> Result<&'a Certificate, ChainError> {
    let last = chain.last().ok_or(ChainError::Empty)?;
    let position = chain.len();
    let mut refusal = ChainError::UnknownAnchor;
    for anchor in anchors
        .iter()
        .filter(|anchor| anchor.subject_name() == last.issuer_name())
    {
        let checked = check_each(anchor, position, now)
            .and_then(|()| check_issuer(anchor, position))
            .and_then(|()| {
                last.verify_signed_by(anchor.public_key(), provider)
                    .map_err(|_| ChainError::Signature {
                        position: position.saturating_sub(1),
                    })
            })
            .and_then(|()| check_names(anchor, position, chain));
        match checked {
            Ok(()) => return Ok(anchor),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn is_same_authority(certificate: &Certificate, anchor: &Certificate) -> bool {
    certificate == anchor
        || (certificate.subject_name() == anchor.subject_name()
            && certificate.public_key() == anchor.public_key())
}

fn check_leaf(leaf: &Certificate, profile: ChainProfile) -> Result<(), ChainError> {
    if leaf.is_ca() {
        return Err(ChainError::LeafIsAuthority);
    }
    if !leaf.key_usage().is_some_and(|usage| usage.digital_signature()) {
        return Err(ChainError::MayNotSignData);
    }
    let is_for = |purpose: &str| leaf.extended_key_usage().iter().any(|one| one == purpose);
    let must_be_for = |purpose, otherwise| {
        if is_for(purpose) && leaf.extended_key_usage_is_critical() {
            Ok(())
        } else {
            Err(otherwise)
        }
    };
    match profile {
        ChainProfile::StatusSigner if !is_for(STATUS_SIGNER_KEY_PURPOSE) => {
            return Err(ChainError::NotForStatusLists);
        }
        ChainProfile::StatusSigner => {}
        // Otherwise the key that is online to sign status lists could issue credentials.
        _ if is_for(STATUS_SIGNER_KEY_PURPOSE) => return Err(ChainError::ForStatusListsOnly),
        _ => {}
    }
    match profile {
        ChainProfile::DocumentSigner => must_be_for(DOCUMENT_SIGNER_KEY_PURPOSE, ChainError::NotForMdocs),
        _ if is_for(DOCUMENT_SIGNER_KEY_PURPOSE) => Err(ChainError::ForMdocsOnly),
        ChainProfile::VicalSigner if is_for(VICAL_SIGNER_KEY_PURPOSE) => Ok(()),
        ChainProfile::VicalSigner => Err(ChainError::NotForVicals),
        _ if is_for(VICAL_SIGNER_KEY_PURPOSE) => Err(ChainError::ForVicalsOnly),
        ChainProfile::Reader => must_be_for(READER_KEY_PURPOSE, ChainError::NotForReaders),
        _ => Ok(()),
    }
}

/// What ISO/IEC 18013-5 Annex B wants of a document signer and its root beyond RFC 5280.
fn check_document_signer(chain: &[Certificate], anchor: &Certificate) -> Result<(), ChainError> {
    let [leaf] = chain else {
        return Err(ChainError::BetweenRootAndDocumentSigner);
    };
    let country = leaf.subject_country().ok_or(ChainError::Country)?;
    let in_state = anchor
        .subject_state()
        .is_none_or(|state| leaf.subject_state() == Some(state));
    if anchor.subject_country() == Some(country) && in_state {
        Ok(())
    } else {
        Err(ChainError::Country)
    }
}

fn check_each(certificate: &Certificate, position: usize, now: UnixTime) -> Result<(), ChainError> {
    if now < certificate.not_before() {
        return Err(ChainError::NotYetValid { position });
    }
    if now > certificate.not_after() {
        return Err(ChainError::Expired { position });
    }
    if !certificate.unknown_critical_extensions().is_empty() {
        return Err(ChainError::UnknownCriticalExtension { position });
    }
    Ok(())
}

/// Checks that the certificate at `position` may issue those below it, whatever their names are.
fn check_issuer(issuer: &Certificate, position: usize) -> Result<(), ChainError> {
    if !issuer.is_ca() {
        return Err(ChainError::NotAnAuthority { position });
    }
    if !issuer.key_usage().is_some_and(|usage| usage.key_cert_sign()) {
        return Err(ChainError::MayNotSignCertificates { position });
    }
    // The leaf does not count: at position 1 there is nothing between it and its issuer.
    let between = position.saturating_sub(1);
    if issuer
        .path_length()
        .is_some_and(|allowed| between > usize::from(allowed))
    {
        return Err(ChainError::PathLength { position });
    }
    Ok(())
}

/// Holds the names below the certificate at `position` against its name constraints.
fn check_names(issuer: &Certificate, position: usize, chain: &[Certificate]) -> Result<(), ChainError> {
    let Some(constraints) = issuer.name_constraints() else {
        return Ok(());
    };
    for certificate in chain.iter().take(position) {
        match constraints.check(certificate) {
            Finding::Allowed => {}
            Finding::Violated => return Err(ChainError::NameConstraints { position }),
            Finding::Unsupported => return Err(ChainError::UnsupportedNameConstraints { position }),
        }
    }
    Ok(())
}
