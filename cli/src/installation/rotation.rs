//! A new key in the place of an old one, so that nothing that the old one signed is orphaned (ATTACKS.md row 31).
//!
//! Verifiers learn of the new key before anything is signed with it, and keep the old one until its last credential has
//! expired. In every order of failure the worst is that a key is published that signs nothing.

use symbolon_crypto::signing::SoftwareKey;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{PublicKey, Randomness, SecretKey, UnixTime};
use symbolon_trust::trust_list::RootOfTrust;
use thiserror::Error;

use crate::configuration::identifier_text;
use crate::edge::SystemRandomness;
use crate::installation::certification::{
    CertificateProfile, CertificationError, Expected, Root, ask, check, give,
};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::init::{InitError, MISSING_ISSUER, renewed};
use crate::installation::keys::{KeyFileError, KeyPurpose, KeySlot};
use crate::installation::publication::{Publication, parts};
use crate::installation::retired::{RetiredKey, RetiredKeys};
use crate::installation::upgrade::ASSERTION_KEYS;
use crate::installation::{Installation, InstallationError, TRUST};
use symbolon_crypto::x509::request::CertificateRequest;

/// Why a key was not replaced, or its certificate not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RotationError {
    /// This key is named by what others have pinned.
    #[error("the key {} is pinned by verifiers and wallets: give them a new root of trust first", .0.name())]
    Pinned(KeyPurpose),
    /// The root that would certify the new key is on another machine.
    #[error(
        "the root of this key is not here: ask for a certificate with `symbolon keys request {} --new-key`",
        .0.name()
    )]
    RootElsewhere(KeyPurpose),
    /// A key could not be read or written.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The certificate.
    #[error(transparent)]
    Certification(#[from] CertificationError),
    /// The installation.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// What is published cannot be made or written.
    #[error(transparent)]
    Publication(#[from] InitError),
    /// The root of trust cannot be written.
    #[error("the trust list cannot be written")]
    TrustList,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] symbolon_crypto::RandomnessUnavailable),
}

/// What became of a certificate that was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is a new certificate of the key that signs.
    Renewed,
    /// It is the certificate of the key that waited for one, which signs from here on.
    Rotated,
}

/// The identifier that the certificate of a key must name.
#[must_use]
pub fn certified_identifier(installation: &Installation, purpose: KeyPurpose) -> String {
    let configuration = &installation.loaded.configuration;
    identifier_text(match purpose {
        KeyPurpose::RequestSigning => &configuration.verifier.identifier,
        _ => &installation.issuer().identifier,
    })
}

/// Takes in a certificate chain, leaf first. Whatever is refused leaves the old certificate in place.
///
/// # Errors
/// [`RotationError`].
pub fn take_certificate(
    installation: &Installation,
    profile: CertificateProfile,
    chain: Vec<Certificate>,
    new_root: Option<&Certificate>,
    now: UnixTime,
) -> Result<Taken, RotationError> {
    let (purpose, keys) = (profile.purpose, &installation.keys);
    let current = keys.read_key(purpose, &installation.provider)?;
    let next = match keys.has_key_in(purpose, KeySlot::Next)? {
        true => Some(keys.read_key_in(purpose, KeySlot::Next, &installation.provider)?),
        false => None,
    };
    let leaf = chain.first().map(|leaf| leaf.public_key().clone());
    let is_of = |key: &SoftwareKey| leaf.as_ref() == Some(key.public_key());
    let taken = if is_of(&current) {
        Taken::Renewed
    } else if next.as_ref().is_some_and(is_of) {
        Taken::Rotated
    } else {
        return Err(CertificationError::OtherKey.into());
    };
    let mut trust = installation.trust()?;
    let issuer = identifier_text(&installation.issuer().identifier);
    let expected = Expected {
        profile,
        identifier: &certified_identifier(installation, purpose),
        issuer: &issuer,
        new_root,
    };
    let accepted = check(
        chain,
        &expected,
        &trust.trust_list,
        installation.provider.as_ref(),
        now,
    )?;
    let chain: Vec<Vec<u8>> = accepted
        .chain
        .iter()
        .map(|certificate| certificate.der().to_vec())
        .collect();
    if let Some(anchor) = accepted.new_anchor {
        if purpose == KeyPurpose::RequestSigning {
            trust.trust_list.relying_parties.anchors.push(anchor);
        } else {
            let issuers = &mut trust.trust_list.issuers;
            let entry = issuers
                .iter_mut()
                .find(|entry| entry.identifier.as_str() == issuer);
            entry.ok_or(CertificationError::NotListed)?.anchors.push(anchor);
        }
        write_trust(installation, &mut trust, now)?;
    }
    match taken {
        Taken::Renewed => keys.write_chain(purpose, &chain)?,
        Taken::Rotated => {
            let until = keys
                .read_chain_of(purpose, current.public_key())?
                .first()
                .map_or(now, Certificate::not_after);
            retire(installation, purpose, current.public_key(), until, now)?;
            keys.promote(purpose, &chain)?;
        }
    }
    Ok(taken)
}

/// Replaces a key that has a certificate, with the root that is in the installation.
///
/// # Errors
/// [`RotationError`]; the old key signs on.
pub fn rotate_certified(
    installation: &Installation,
    profile: CertificateProfile,
    now: UnixTime,
) -> Result<(), RotationError> {
    let (purpose, keys) = (profile.purpose, &installation.keys);
    if !keys.has_key(profile.root)? {
        return Err(RotationError::RootElsewhere(purpose));
    }
    let root_key = keys.read_key(profile.root, &installation.provider)?;
    let root = keys.read_chain_of(profile.root, root_key.public_key())?;
    let root = Root {
        key: &root_key,
        certificate: root.first().ok_or(CertificationError::Root)?,
    };
    let next = make_next(installation, purpose)?;
    let asked = ask(&profile, &next, &certified_identifier(installation, purpose))?;
    let asked = CertificateRequest::parse(&asked, installation.provider.as_ref())
        .map_err(|_| CertificationError::Nameless)?;
    let der = give(
        &profile,
        &asked,
        &root,
        profile.max_days(),
        &SystemRandomness,
        now,
    )?;
    let leaf = Certificate::parse(&der).map_err(|_| CertificationError::Root)?;
    take_certificate(installation, profile, vec![leaf], None, now)?;
    Ok(())
}

/// The key that is to sign once its certificate has come; made where there is none, so that asking twice asks for one key.
///
/// # Errors
/// [`RotationError`].
pub fn make_next(installation: &Installation, purpose: KeyPurpose) -> Result<SoftwareKey, RotationError> {
    let keys = &installation.keys;
    if !keys.has_key_in(purpose, KeySlot::Next)? {
        let algorithm = keys
            .read_key(purpose, &installation.provider)?
            .public_key()
            .algorithm();
        let key = SecretKey::generate(algorithm, &SystemRandomness)?;
        keys.write_key_in(purpose, KeySlot::Next, &key)?;
    }
    Ok(keys.read_key_in(purpose, KeySlot::Next, &installation.provider)?)
}

/// Replaces a key that verifiers know by the trust list: of cards or of W3C credentials. `until` is when the last credential
/// that the old key signed expires.
///
/// # Errors
/// [`RotationError`]; the old key signs on.
pub fn rotate_listed(
    installation: &Installation,
    purpose: KeyPurpose,
    until: UnixTime,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> Result<(), RotationError> {
    let keys = &installation.keys;
    let old = keys.read_key(purpose, &installation.provider)?;
    let algorithm = old.public_key().algorithm();
    let new = SecretKey::generate(algorithm, randomness)?;
    retire(installation, purpose, old.public_key(), until, now)?;

    let section = installation.issuer();
    let issuer = identifier_text(&section.identifier);
    let mut trust = installation.trust()?;
    let (issuers, mut documents) = parts(&mut trust.trust_list);
    let entry = issuers
        .iter_mut()
        .find(|entry| entry.identifier.as_str() == issuer)
        .ok_or(InitError::Identifier(MISSING_ISSUER))?;
    let retired = RetiredKeys::read(keys.path())?;
    if purpose == KeyPurpose::CardSigning {
        let known = retired.of(&[purpose], now);
        let mut listed: Vec<PublicKey> = vec![new.public_key()];
        listed.extend(known);
        entry.claim169_keys = listed.iter().map(PublicKey::to_jwk).collect();
    } else {
        let assertion = ASSERTION_KEYS
            .into_iter()
            .map(|(other, _)| match other == purpose {
                true => {
                    let provider = std::sync::Arc::clone(&installation.provider);
                    let copy = new
                        .to_pkcs8_der()
                        .ok()
                        .and_then(|der| SecretKey::from_pkcs8_der(&der).ok());
                    copy.map(|copy| SoftwareKey::new(other.handle(), copy, provider))
                        .ok_or(KeyFileError::Missing(other))
                }
                false => keys.read_key(other, &installation.provider),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let assertion: Vec<&SoftwareKey> = assertion.iter().collect();
        let retired = retired.of(&ASSERTION_KEYS.map(|(purpose, _)| purpose), now);
        // Where every key is a DID of its own, those that are gone for good go from the list too.
        entry.dids.clear();
        Publication::of(&issuer, &section.name, &assertion, &retired)?.enter(entry, &mut documents);
    }
    // Whom verifiers believe comes first: a key that is listed and signs nothing does no harm, the reverse does.
    write_trust(installation, &mut trust, now)?;
    keys.write_key(purpose, &new)?;
    Ok(())
}

/// Replaces a key that nobody lists, and whose public halves its server publishes. `until` is how long the old one stays published.
///
/// # Errors
/// [`RotationError`]; the old key signs on.
pub fn rotate_published(
    installation: &Installation,
    purpose: KeyPurpose,
    until: UnixTime,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> Result<(), RotationError> {
    let keys = &installation.keys;
    let old = keys.read_key(purpose, &installation.provider)?;
    let new = SecretKey::generate(old.public_key().algorithm(), randomness)?;
    retire(installation, purpose, old.public_key(), until, now)?;
    keys.write_key(purpose, &new)?;
    Ok(())
}

fn retire(
    installation: &Installation,
    purpose: KeyPurpose,
    key: &PublicKey,
    published_until: UnixTime,
    now: UnixTime,
) -> Result<(), RotationError> {
    let folder = installation.keys.path();
    let mut retired = RetiredKeys::read(folder)?;
    retired.add(
        folder,
        RetiredKey {
            purpose: purpose.name().to_owned(),
            public_key: key.to_jwk(),
            retired_at: now,
            published_until,
        },
    )?;
    Ok(())
}

fn write_trust(
    installation: &Installation,
    trust: &mut RootOfTrust,
    now: UnixTime,
) -> Result<(), RotationError> {
    renewed(&mut trust.trust_list, now);
    let path = installation.data_file(TRUST);
    let text = trust.to_json().map_err(|_| RotationError::TrustList)?;
    write_atomically(&path, &text, Readers::Everyone).map_err(|source| InitError::File { path, source })?;
    Ok(())
}
