//! The offline pack: what a verifier carries where there is no network (`docs/pack-format.md`).
//!
//! A pack is a file of sections, each signed by the party it concerns: the registry operator says who is believed,
//! each issuer says what has become of its credentials, and the distributor's signature covers only the manifest. A
//! distributor can therefore delay and leave out, but never reinstate what an issuer has revoked.
//!
//! [`Pack::open`] verifies everything before anything is answered and reads the sets where they lie.

mod build;
mod container;
mod error;
mod fields;
mod last_seen;
mod manifest;
mod sign;
mod status_section;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::BTreeMap;

use symbolon_crypto::{CryptoProvider, UnixTime};

pub use self::build::{PackBuilder, PackTimes, PreparedPack, PreparedTrustSection, TrustSection};
use self::container::{Container, RawSection, sha256};
pub use self::container::{MAX_SECTIONS, SectionKind};
pub use self::error::{PackBuildError, PackError};
pub use self::last_seen::LastSeen;
use self::manifest::Manifest;
use self::sign::{Place, Signed};
use self::status_section::Aspect;
pub use self::status_section::{
    BitstringUris, PackStatus, PackedBitstringUris, PackedStatusList, PreparedStatusSection, StatusSection,
    StatusSectionInput,
};
use crate::trust_list::{RootOfTrust, TrustList, key_by_thumbprint};
use crate::validity::Validity;

/// A pack in which every signature and hash has been verified.
#[derive(Debug)]
pub struct Pack<'a> {
    manifest: Manifest,
    validity: Validity,
    trust_list: TrustList,
    trust_list_validity: Validity,
    lists: Vec<PackedStatusList<'a>>,
    /// Which list answers for a URI, and what the URI asks of it.
    addresses: BTreeMap<String, (usize, Aspect)>,
}

impl<'a> Pack<'a> {
    /// Verifies a pack, in the order of `docs/pack-format.md`, section 7.
    ///
    /// `last` is what [`Pack::last_seen`] gave for the pack accepted before, if there was one: without it nothing
    /// guards against an older pack than the one before.
    ///
    /// # Errors
    /// [`PackError`], one variant for each refusal. A pack that is refused is of no use at all, and a verifier keeps
    /// the one before.
    pub fn open(
        bytes: &'a [u8],
        root_of_trust: &RootOfTrust,
        provider: &dyn CryptoProvider,
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> Result<Self, PackError> {
        let container = Container::parse(bytes)?;
        let manifest = Manifest::open(container.manifest, root_of_trust, provider)?;
        if container.root() != manifest.root {
            return Err(PackError::SectionTable);
        }
        let validity = manifest.check_freshness(last, now)?;
        if container
            .sections
            .iter()
            .any(|section| sha256(section.bytes) != section.sha256)
        {
            return Err(PackError::SectionHash);
        }

        let Some((first, others)) = container.sections.split_first() else {
            return Err(PackError::Container);
        };
        let (trust_list, trust_list_validity) =
            open_trust_section(first, root_of_trust, provider, now, last)?;
        let mut lists = Vec::with_capacity(others.len());
        let mut addresses = BTreeMap::new();
        for section in others {
            if section.kind != SectionKind::Status {
                return Err(PackError::Container);
            }
            let list = PackedStatusList::open(section.bytes, &trust_list, provider, now)?;
            let newest_seen = last.and_then(|last| last.status_lists.get(list.uri()));
            if newest_seen.is_some_and(|seen| list.produced_at() < *seen) {
                return Err(PackError::StatusListRolledBack);
            }
            for (uri, aspect) in list.addresses() {
                if addresses.insert(uri.to_owned(), (lists.len(), aspect)).is_some() {
                    return Err(PackError::StatusListTwice);
                }
            }
            lists.push(list);
        }
        Ok(Self {
            manifest,
            validity,
            trust_list,
            trust_list_validity,
            lists,
            addresses,
        })
    }

    /// The sequence number, rising with every pack of a distributor.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.manifest.sequence
    }

    /// When the distributor made the pack.
    #[must_use]
    pub fn created(&self) -> UnixTime {
        self.manifest.created
    }

    /// The last second in which the pack is current.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.manifest.valid_until
    }

    /// How much longer it may be used, with a warning.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.manifest.grace
    }

    /// [`Validity::Current`], or [`Validity::InGrace`], which a verifier shows.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The trust list that the registry operator signed.
    #[must_use]
    pub fn trust_list(&self) -> &TrustList {
        &self.trust_list
    }

    /// [`Validity::Current`], or [`Validity::InGrace`], which a verifier shows.
    #[must_use]
    pub fn trust_list_validity(&self) -> Validity {
        self.trust_list_validity
    }

    /// The status lists, by URI.
    pub fn status_lists(&self) -> impl Iterator<Item = &PackedStatusList<'a>> {
        self.lists.iter()
    }

    /// What the pack says about the credential at `index` of the list at `uri`: a token status list, or one of the two
    /// Bitstring Status Lists that go with it. Of those each says its own purpose alone: a revoked credential is
    /// [`Status::Valid`](crate::status_list::Status::Valid) in a list of suspensions.
    #[must_use]
    pub fn status(&self, uri: &str, index: u64) -> PackStatus<'_> {
        self.addresses
            .get(uri)
            .and_then(|(place, aspect)| Some((self.lists.get(*place)?, *aspect)))
            .map_or(PackStatus::NotCovered, |(list, aspect)| {
                list.status(aspect, index)
            })
    }

    /// What to remember once this pack is in use. A list that this pack leaves out stays remembered, so that leaving
    /// it out once does not allow an older one later.
    #[must_use]
    pub fn last_seen(&self, before: Option<&LastSeen>) -> LastSeen {
        let mut status_lists = before
            .map(|before| before.status_lists.clone())
            .unwrap_or_default();
        for list in &self.lists {
            status_lists.insert(list.uri().to_owned(), list.produced_at());
        }
        LastSeen {
            sequence: self.manifest.sequence,
            // A distributor may number its packs higher and date them lower; the clock is held to the latest date seen.
            created: before.map_or(self.manifest.created, |before| {
                before.created.max(self.manifest.created)
            }),
            root: self.manifest.root,
            trust_list_issued_at: self.trust_list.issued_at,
            status_lists,
        }
    }
}

fn open_trust_section(
    section: &RawSection<'_>,
    root_of_trust: &RootOfTrust,
    provider: &dyn CryptoProvider,
    now: UnixTime,
    last: Option<&LastSeen>,
) -> Result<(TrustList, Validity), PackError> {
    if section.kind != SectionKind::Trust {
        return Err(PackError::Container);
    }
    let signed = Signed::parse(section.bytes, Place::Trust)?;
    let key = signed
        .key_id()
        .and_then(|kid| key_by_thumbprint(&root_of_trust.registry_keys, kid))
        .ok_or(PackError::UnknownTrustSigner)?;
    let payload = signed
        .verify(provider, &key)
        .map_err(|_| PackError::TrustSignature)?;
    let trust_list = TrustList::parse(payload).map_err(PackError::TrustList)?;
    let oldest = last
        .map(|last| last.trust_list_issued_at)
        .map_or(root_of_trust.trust_list.issued_at, |seen| {
            seen.max(root_of_trust.trust_list.issued_at)
        });
    if trust_list.issued_at < oldest {
        return Err(PackError::TrustListRolledBack);
    }
    match trust_list.validity(now) {
        Validity::NotYetIssued => Err(PackError::ClockBeforeCreation {
            created: trust_list.issued_at,
        }),
        Validity::Expired { expired_at } => Err(PackError::TrustListExpired { expired_at }),
        usable @ (Validity::Current | Validity::InGrace { .. }) => Ok((trust_list, usable)),
    }
}
