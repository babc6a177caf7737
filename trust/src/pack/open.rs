//! Verifying a pack (`docs/pack-format.md`, section 8).

use std::collections::{BTreeMap, BTreeSet};

use symbolon_crypto::x509::RevocationList;
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::bytes::PackedBytes;
use super::container::{Container, PackVersion, RawSection, SectionKind, sha256};
use super::list::{Aspect, PackedStatusList};
use super::manifest::Manifest;
use super::revocation::{
    self, MAX_PACKED_REVOCATION_LIST_BYTES, MAX_PACKED_REVOCATION_LISTS, PackedRevocationLists,
};
use super::sign::{Place, Signed};
use super::verbatim::{self, PackTimesOf, Verbatim};
use super::{LastSeen, Origin, Pack, PackError, PackTools, section, section_1};
use crate::trust_list::{RootOfTrust, TrustList, key_by_thumbprint};
use crate::validity::Validity;

/// What a pack says of itself. Nothing of it is verified: it serves to choose what to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackClaims {
    /// The version of the format.
    pub version: PackVersion,
    /// The sequence number.
    pub sequence: u64,
    /// When the distributor made it.
    pub created: UnixTime,
    /// The root of its section table.
    pub root: [u8; 32],
    /// What a partial pack covers.
    pub scopes: Vec<String>,
}

/// Reads what a pack says of itself, without verifying it.
///
/// # Errors
/// [`PackError`] when it is no pack.
pub fn claims(pack: &[u8]) -> Result<PackClaims, PackError> {
    let container = Container::parse(pack)?;
    let manifest = Manifest::read_unverified(container.manifest, container.version)?;
    Ok(PackClaims {
        version: container.version,
        sequence: manifest.sequence,
        created: manifest.created,
        root: container.root(),
        scopes: manifest.scopes,
    })
}

/// The revocation lists that stand in a pack, also in one that is refused because its time is over: what an authority has taken back stays taken
/// back. Nothing of the pack is verified, and the lists are not either: each counts where an authority of a chain signed it, whoever carried it.
#[must_use]
pub fn unverified_revocation_lists(pack: &[u8]) -> Vec<RevocationList> {
    let Ok(container) = Container::parse(pack) else {
        return Vec::new();
    };
    let sections = container.sections.iter();
    let sections = sections.filter(|section| section.kind == SectionKind::Revocation);
    let mut bytes = 0_usize;
    let within_budget = sections.take(MAX_PACKED_REVOCATION_LISTS).take_while(|section| {
        bytes = bytes.saturating_add(section.bytes.len());
        bytes <= MAX_PACKED_REVOCATION_LIST_BYTES
    });
    within_budget
        .filter_map(|section| revocation::unverified_list(section.bytes))
        .collect()
}

impl<'a> Pack<'a> {
    /// Verifies a pack, in the order of `docs/pack-format.md`, section 8.
    ///
    /// `last` is what [`Pack::last_seen`] gave for the pack accepted before, if there was one: without it nothing
    /// guards against an older pack than the one before.
    ///
    /// # Errors
    /// [`PackError`], one variant for each refusal. A pack that is refused is of no use at all, and a verifier keeps
    /// the one before.
    pub fn open_with(
        bytes: &'a [u8],
        root_of_trust: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> Result<Self, PackError> {
        let container = Container::parse(bytes)?;
        let version = container.version;
        let Some((first, others)) = container.sections.split_first() else {
            return Err(PackError::Container);
        };
        // Since version 2 the registry says whose manifests are believed, so its own statement comes first.
        let (manifest, trust_list) = match version {
            PackVersion::One => {
                let keys = &root_of_trust.pack_keys;
                let manifest = Manifest::open(container.manifest, version, keys, tools.crypto)?;
                (manifest, None)
            }
            PackVersion::Two | PackVersion::Three => {
                let list = trust_section(first, version, root_of_trust, tools.crypto)?;
                let keys = pack_keys(&list, root_of_trust);
                let manifest = Manifest::open(container.manifest, version, keys, tools.crypto)?;
                (manifest, Some(list))
            }
        };
        if container.root() != manifest.root {
            return Err(PackError::SectionTable);
        }
        let validity = manifest.check_freshness(last, now)?;
        let is_signed = |section: &RawSection<'_>| sha256(section.bytes) == section.sha256;
        if !container.sections.iter().all(is_signed) {
            return Err(PackError::SectionHash);
        }
        let trust_list = match trust_list {
            Some(list) => list,
            None => trust_section(first, version, root_of_trust, tools.crypto)?,
        };
        check_age(&trust_list, root_of_trust, last)?;
        let trust_list_validity = usable(&trust_list, now)?;
        check_scopes(&manifest, &trust_list)?;

        let mut pack = Self {
            version,
            validity,
            trust_list_validity,
            lists: Vec::with_capacity(others.len()),
            addresses: BTreeMap::new(),
            unproven: BTreeSet::new(),
            revocation_lists: PackedRevocationLists::default(),
            origins: Vec::with_capacity(others.len()),
            manifest,
            trust_list,
            is_sealed: false,
            bytes: PackedBytes::Borrowed(bytes),
        };
        for section in others {
            pack.take_section(section, tools, now, last)?;
        }
        pack.revocation_lists.compare(last, &pack.trust_list);
        Ok(pack)
    }

    fn take_section(
        &mut self,
        section: &RawSection<'a>,
        tools: PackTools<'_>,
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> Result<(), PackError> {
        let list = &self.trust_list;
        match (self.version, section.kind) {
            (_, SectionKind::Trust)
            | (PackVersion::One, SectionKind::Verbatim)
            | (PackVersion::One | PackVersion::Two, SectionKind::Revocation) => Err(PackError::Container),
            (PackVersion::One, SectionKind::Status) => {
                let list = section_1::open(section.bytes, list, tools.crypto, now)?;
                self.add_list(list, last)
            }
            (PackVersion::Two | PackVersion::Three, SectionKind::Status) => {
                let verified = section::open(section.bytes, self.version, list, tools.crypto, now)?;
                self.origins.push(Origin::Status {
                    lists: verified.lists.len(),
                    signer_until: verified.signer_until,
                    anchor: verified.anchor,
                    head: verified.head,
                });
                let mut lists = verified.lists.into_iter();
                lists.try_for_each(|list| self.add_list(list, last))
            }
            (PackVersion::Two | PackVersion::Three, SectionKind::Verbatim) => {
                let times = PackTimesOf {
                    valid_until: self.manifest.valid_until,
                    grace: self.manifest.grace,
                };
                match verbatim::open(section.bytes, list, tools, &times, now)? {
                    Verbatim::Proven(list) => {
                        self.origins.push(Origin::Verbatim);
                        self.add_list(list, last)
                    }
                    Verbatim::NotProvable { uri } => {
                        self.origins.push(Origin::NotProvable);
                        self.add_unproven(uri)
                    }
                }
            }
            (PackVersion::Three, SectionKind::Revocation) => {
                self.origins.push(Origin::Revocation {
                    sha256: sha256(section.bytes),
                });
                self.revocation_lists
                    .take(section.bytes, list, tools.crypto, now, last)
            }
        }
    }

    /// Adds a list, unless it is older than one that was seen, or there already.
    pub(super) fn add_list(
        &mut self,
        list: PackedStatusList<'a>,
        last: Option<&LastSeen>,
    ) -> Result<(), PackError> {
        let newest_seen = last.and_then(|last| last.status_lists.get(list.uri()));
        if newest_seen.is_some_and(|seen| list.produced_at() < *seen) {
            return Err(PackError::StatusListRolledBack);
        }
        for (uri, aspect) in list.addresses() {
            let place: (usize, Aspect) = (self.lists.len(), aspect);
            if self.unproven.contains(uri) {
                return Err(PackError::StatusListTwice);
            }
            if self.addresses.insert(uri.to_owned(), place).is_some() {
                return Err(PackError::StatusListTwice);
            }
        }
        self.lists.push(list);
        Ok(())
    }

    /// Adds that there is a list which cannot be proven here.
    pub(super) fn add_unproven(&mut self, uri: String) -> Result<(), PackError> {
        if self.addresses.contains_key(&uri) || !self.unproven.insert(uri) {
            return Err(PackError::StatusListTwice);
        }
        Ok(())
    }
}

/// Whose manifests are believed: those whom the registry names, or, where it names none, those of the root of trust.
fn pack_keys<'k>(list: &'k TrustList, root_of_trust: &'k RootOfTrust) -> &'k [symbolon_crypto::Jwk] {
    if list.pack_keys.is_empty() {
        &root_of_trust.pack_keys
    } else {
        &list.pack_keys
    }
}

/// A scope without a definition would cover nothing, and hide that lists are missing.
fn check_scopes(manifest: &Manifest, list: &TrustList) -> Result<(), PackError> {
    let is_unknown = |name: &&String| !list.scopes.contains_key(*name);
    match manifest.scopes.iter().find(is_unknown) {
        Some(name) => Err(PackError::UnknownScope { name: name.clone() }),
        None => Ok(()),
    }
}

fn trust_section(
    section: &RawSection<'_>,
    version: PackVersion,
    root_of_trust: &RootOfTrust,
    provider: &dyn CryptoProvider,
) -> Result<TrustList, PackError> {
    if section.kind != SectionKind::Trust {
        return Err(PackError::Container);
    }
    signed_list(section.bytes, Place::trust(version), root_of_trust, provider)
}

/// The trust list that a registry key of the root of trust has signed at a place.
pub(super) fn signed_list(
    bytes: &[u8],
    place: Place,
    root_of_trust: &RootOfTrust,
    provider: &dyn CryptoProvider,
) -> Result<TrustList, PackError> {
    let signed = Signed::parse(bytes, place)?;
    let key = signed
        .key_id()
        .and_then(|kid| key_by_thumbprint(&root_of_trust.registry_keys, kid))
        .ok_or(PackError::UnknownTrustSigner)?;
    let payload = signed
        .verify(provider, &key)
        .map_err(|_| PackError::TrustSignature)?;
    TrustList::parse(payload).map_err(PackError::TrustList)
}

/// A list never replaces one that was issued later, nor the pinned one.
pub(super) fn check_age(
    list: &TrustList,
    root_of_trust: &RootOfTrust,
    last: Option<&LastSeen>,
) -> Result<(), PackError> {
    let pinned = &root_of_trust.trust_list;
    let oldest = last.map_or(pinned.issued_at, |last| {
        last.trust_list_issued_at.max(pinned.issued_at)
    });
    if list.issued_at < oldest || list.sequence < pinned.sequence {
        Err(PackError::TrustListRolledBack)
    } else {
        Ok(())
    }
}

/// The validity of a trust list that can be used now.
pub(super) fn usable(list: &TrustList, now: UnixTime) -> Result<Validity, PackError> {
    match list.validity(now) {
        Validity::NotYetIssued => Err(PackError::ClockBeforeCreation {
            created: list.issued_at,
        }),
        Validity::Expired { expired_at } => Err(PackError::TrustListExpired { expired_at }),
        usable @ (Validity::Current | Validity::InGrace { .. }) => Ok(usable),
    }
}
