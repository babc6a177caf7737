//! Building a pack: the trust section, and the manifest over all sections.

use core::time::Duration;

use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};

use super::container::{self, MAX_SECTIONS, PackVersion, SectionKind, root_of, table_of};
use super::manifest::Manifest;
use super::open::{check_age, signed_list};
use super::sign::{Place, PreparedSignature};
use super::{PackBuildError, PackError, RevocationSection, StatusSection, VerbatimSection};
use crate::trust_list::{RootOfTrust, TrustList};

/// A trust section that waits for the signature of the registry key.
#[derive(Debug)]
pub struct PreparedTrustSection(PreparedSignature);

/// A signed trust section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSection(Vec<u8>);

impl TrustSection {
    /// Prepares the trust section of `list`, to be signed by the registry key whose public half is `signer`.
    ///
    /// # Errors
    /// [`PackBuildError`] when the list contradicts itself.
    pub fn prepare(list: &TrustList, signer: &PublicKey) -> Result<PreparedTrustSection, PackBuildError> {
        let payload = list.to_json()?;
        Ok(PreparedTrustSection(PreparedSignature::by_key(
            Place::trust(PackVersion::CURRENT),
            signer,
            payload,
        )))
    }

    /// Takes a section that the registry has published, to pack it. It is verified by whoever opens the pack.
    #[must_use]
    pub fn from_published(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The trust list in it, if a registry key of the root of trust has signed it and it is no older than the list there.
    ///
    /// # Errors
    /// [`PackError`]. Whether the list can be used now is another question, which [`TrustList::validity`] answers.
    pub fn verify(
        &self,
        root_of_trust: &RootOfTrust,
        provider: &dyn CryptoProvider,
    ) -> Result<TrustList, PackError> {
        let list = signed_list(
            &self.0,
            Place::trust(PackVersion::CURRENT),
            root_of_trust,
            provider,
        )?;
        check_age(&list, root_of_trust, None)?;
        Ok(list)
    }

    /// The section as the registry publishes it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PreparedTrustSection {
    /// What the registry key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.0.request(key)
    }

    /// Completes the section.
    ///
    /// # Errors
    /// [`PackBuildError`] when the signature has the wrong length for its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<TrustSection, PackBuildError> {
        self.0.finish(signature).map(TrustSection)
    }
}

/// When a pack was made and how long it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackTimes {
    /// When the distributor made it.
    pub created: UnixTime,
    /// The last second in which it is current.
    pub valid_until: UnixTime,
    /// How much longer it may be used, with a warning. At most 2^32 - 1 seconds.
    pub grace: Duration,
}

/// Collects the sections of a pack.
#[derive(Debug)]
pub struct PackBuilder {
    sequence: u64,
    times: PackTimes,
    scopes: Vec<String>,
    sections: Vec<(SectionKind, Vec<u8>)>,
}

impl PackBuilder {
    /// Begins a pack with its trust section. The sequence must be above that of every pack before: readers refuse
    /// another.
    #[must_use]
    pub fn new(sequence: u64, times: PackTimes, trust: TrustSection) -> Self {
        Self {
            sequence,
            times,
            scopes: Vec::new(),
            sections: vec![(SectionKind::Trust, trust.0)],
        }
    }

    /// Makes a partial pack, which covers these scopes of its trust list and nothing else. Without a scope it covers
    /// everything.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = String>) -> Self {
        self.scopes.extend(scopes);
        self.scopes.sort_unstable();
        self.scopes.dedup();
        self
    }

    /// Adds a status section.
    #[must_use]
    pub fn with_status(mut self, section: StatusSection) -> Self {
        self.sections.push((SectionKind::Status, section.0));
        self
    }

    /// Adds a signed status list as its issuer serves it.
    #[must_use]
    pub fn with_verbatim(mut self, section: VerbatimSection) -> Self {
        self.sections.push((SectionKind::Verbatim, section.bytes));
        self
    }

    /// Adds a revocation list of certificates. A partial pack carries them like a whole one: certificates belong to authorities and not to scopes.
    #[must_use]
    pub fn with_revocation_list(mut self, section: RevocationSection) -> Self {
        self.sections.push((SectionKind::Revocation, section.bytes));
        self
    }

    /// Prepares the manifest, to be signed by the pack key whose public half is `signer`.
    ///
    /// # Errors
    /// [`PackBuildError`] when there are more than [`MAX_SECTIONS`] sections.
    pub fn prepare(self, signer: &PublicKey) -> Result<PreparedPack, PackBuildError> {
        let within_bounds = u32::try_from(self.sections.len()).is_ok_and(|count| count <= MAX_SECTIONS);
        if !within_bounds {
            return Err(PackBuildError::TooLarge);
        }
        let table = table_of(&borrowed(&self.sections));
        let manifest = Manifest {
            sequence: self.sequence,
            created: self.times.created,
            valid_until: self.times.valid_until,
            grace: self.times.grace,
            root: root_of(PackVersion::CURRENT, &table),
            scopes: self.scopes,
        };
        let signature =
            PreparedSignature::by_key(Place::manifest(PackVersion::CURRENT), signer, manifest.payload());
        Ok(PreparedPack {
            signature,
            sections: self.sections,
        })
    }
}

fn borrowed(sections: &[(SectionKind, Vec<u8>)]) -> Vec<(SectionKind, &[u8])> {
    sections
        .iter()
        .map(|(kind, bytes)| (*kind, bytes.as_slice()))
        .collect()
}

/// A pack that waits for the signature of the pack key.
#[derive(Debug)]
pub struct PreparedPack {
    signature: PreparedSignature,
    sections: Vec<(SectionKind, Vec<u8>)>,
}

impl PreparedPack {
    /// What the pack key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.signature.request(key)
    }

    /// Completes the pack.
    ///
    /// # Errors
    /// [`PackBuildError`] when the signature has the wrong length for its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, PackBuildError> {
        let manifest = self.signature.finish(signature)?;
        container::write(PackVersion::CURRENT, &manifest, &borrowed(&self.sections))
            .ok_or(PackBuildError::TooLarge)
    }
}
