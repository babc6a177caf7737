//! The offline pack: what a verifier carries where there is no network (`docs/pack-format.md`).
//!
//! A pack is a file of sections, each signed by the party it concerns: the registry operator says who is believed,
//! each issuer says what has become of its credentials, and the distributor's signature covers only the manifest. A
//! distributor can therefore delay and leave out, but never reinstate what an issuer has revoked.
//!
//! # What a driver does
//!
//! A driver is whoever has files and a clock: the command line, an app, a page. It keeps three things for each verifier:
//!
//! 1. the **pack in force**, byte for byte as the distributor signed it,
//! 2. beside it the **applied form** that [`apply`] gave: a cache of what was verified and of the verbatim lists
//!    compacted, without which everything still works and takes longer,
//! 3. the **memory** ([`LastSeen`], in a [`PackMemory`]), in storage that survives a power cut and that nobody else writes: it holds the seal of the applied
//!    form, so that a form which somebody else wrote is not believed.
//!
//! *To take a new pack or a delta* (from a server, a file, QR frames), whatever of the two it is: call [`PackMemory::prepare`] with
//! the pack in force. If it refuses, nothing changes. If it accepts, replace the pack (atomically), then the form, then
//! the memory, **in this order** and without another process between: an interruption after any of the three leaves a
//! pack in force that opens. [`Delta::parse`] says which pack a delta needs, and [`claims`] what a pack says of itself, before anything is verified.
//!
//! *To judge*: call [`PackMemory::accept`] with the pack and the form. It compares seals and hashes instead of
//! signatures and reads the sets where they lie. A file from elsewhere is opened by [`Pack::open_with`], which verifies everything.
//!
//! *To distribute*: [`PackBuilder`] makes full packs, [`delta`] the difference of two, [`compact`] one delta of a chain of them.

mod applied;
mod build;
mod bytes;
mod container;
mod delta;
mod directory;
mod error;
mod fields;
mod last_seen;
mod list;
mod manifest;
mod memory;
mod open;
mod revocation;
mod section;
mod section_1;
mod set;
mod sign;
mod signer;
#[cfg(test)]
mod tests;
mod verbatim;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use symbolon_crypto::x509::{Certificate, RevocationList, SignerChain};
use symbolon_crypto::{CryptoProvider, UnixTime};

pub use self::applied::{AppliedPack, ApplyError, apply, is_delta, makes_again};
pub use self::build::{PackBuilder, PackTimes, PreparedPack, PreparedTrustSection, TrustSection};
pub use self::bytes::HeldBytes;
use self::bytes::PackedBytes;
pub use self::container::{MAX_SECTIONS, PackVersion, SectionKind};
pub use self::delta::{Compacted, Delta, DeltaError, MAX_PACK_BYTES, SectionChange, compact, delta};
pub use self::error::{PackBuildError, PackError};
pub use self::last_seen::LastSeen;
use self::list::Aspect;
pub use self::list::{PackStatus, PackedBitstringUris, PackedStatusList};
use self::manifest::Manifest;
pub use self::memory::{AcceptedMeanwhile, KeepPackMemory, PackMemory, PackMemoryError, PreparedMemory};
pub use self::open::{PackClaims, claims, unverified_revocation_lists};
use self::revocation::PackedRevocationLists;
pub use self::revocation::{
    MAX_PACKED_REVOCATION_LIST_BYTES, MAX_PACKED_REVOCATION_LISTS, PackedRevocationList, RevocationSection,
    SeenRevocationList,
};
pub use self::section::{
    BitstringUris, CompactStatusList, PreparedStatusSection, StatusSection, StatusSectionInput,
};
pub use self::verbatim::{
    CredentialNotProven, ProvenListCredential, StatusListCredentialVerifier, VerbatimForm, VerbatimSection,
};
use crate::trust_list::{RootOfTrust, TrustList};
use crate::validity::Validity;

/// What a reader of packs needs beside the pack.
#[derive(Clone, Copy)]
pub struct PackTools<'t> {
    /// Verifies signatures.
    pub crypto: &'t dyn CryptoProvider,
    /// Verifies Bitstring Status List credentials that a pack carries verbatim. Without it they are left out, and the rest of the pack is used.
    pub credentials: Option<&'t dyn StatusListCredentialVerifier>,
}

impl<'t> PackTools<'t> {
    /// Tools of a reader that verifies no status list credentials.
    #[must_use]
    pub fn new(crypto: &'t dyn CryptoProvider) -> Self {
        Self {
            crypto,
            credentials: None,
        }
    }

    /// The same with a verifier of status list credentials.
    #[must_use]
    pub fn with_credentials(self, credentials: &'t dyn StatusListCredentialVerifier) -> Self {
        Self {
            credentials: Some(credentials),
            ..self
        }
    }
}

/// A pack in which every signature and hash has been verified.
#[derive(Debug)]
pub struct Pack<'a> {
    version: PackVersion,
    manifest: Manifest,
    validity: Validity,
    trust_list: TrustList,
    trust_list_validity: Validity,
    lists: Vec<PackedStatusList<'a>>,
    /// Which list answers for a URI, and what the URI asks of it.
    addresses: BTreeMap<String, (usize, Aspect)>,
    /// The URIs of lists that are in the pack and cannot be proven here.
    unproven: BTreeSet<String>,
    revocation_lists: PackedRevocationLists,
    origins: Vec<Origin>,
    is_sealed: bool,
    bytes: PackedBytes<'a>,
}

/// Where the lists of a pack come from, section by section.
#[derive(Debug, Clone)]
enum Origin {
    /// So many lists of a status section.
    Status {
        lists: usize,
        signer_until: UnixTime,
        /// SHA-256 of the anchor that its signer stands under.
        anchor: [u8; 32],
        /// SHA-256 of the section up to its sets.
        head: [u8; 32],
    },
    /// One verbatim list.
    Verbatim,
    /// One verbatim list that cannot be proven here.
    NotProvable,
    /// One revocation list.
    Revocation {
        /// SHA-256 of the section.
        sha256: [u8; 32],
    },
}

impl<'a> Pack<'a> {
    /// Verifies a pack as [`Pack::open_with`] does, by a reader that verifies no status list credentials.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn open(
        bytes: &'a [u8],
        root_of_trust: &RootOfTrust,
        provider: &dyn CryptoProvider,
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> Result<Self, PackError> {
        Self::open_with(bytes, root_of_trust, PackTools::new(provider), now, last)
    }

    /// The version of the format.
    #[must_use]
    pub fn version(&self) -> PackVersion {
        self.version
    }

    /// What a partial pack covers, by the names that the trust list gives; empty for a pack that covers everything.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.manifest.scopes
    }

    /// Whether this pack covers at least these scopes of another one, as its own trust list defines them; none are everything. A holder of
    /// that pack who takes this one knows of no credential less than before.
    #[must_use]
    pub fn covers(&self, scopes: &[String]) -> bool {
        let own = &self.manifest.scopes;
        let beginnings = |name| self.trust_list.scopes.get(name);
        let is_within_own = |beginning: &String| {
            let of_own = own.iter().filter_map(beginnings).flatten();
            of_own
                .into_iter()
                .any(|wider| beginning.starts_with(wider.as_str()))
        };
        let is_covered = |name| beginnings(name).is_some_and(|all| all.iter().all(is_within_own));
        own.is_empty() || (!scopes.is_empty() && scopes.iter().all(is_covered))
    }

    /// The sequence number, rising with every pack of a distributor.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.manifest.sequence
    }

    /// The root of its section table, by which packs are told apart.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.manifest.root
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

    /// Until when everything in this pack is judged as at `now`, when it was opened: the pack, its trust list, each of its lists; that second included.
    /// Whoever keeps a pack open opens it again after that, and when the clock was set back; `None` where nothing changes any more.
    #[must_use]
    pub fn judged_alike_until(&self, now: UnixTime) -> Option<UnixTime> {
        let of = |issued_at, valid_until, grace| Validity::alike_until(issued_at, valid_until, grace, now);
        let (manifest, list) = (&self.manifest, &self.trust_list);
        let lists = self.lists.iter().map(|list| list.times.judged_alike_until(now));
        [
            of(manifest.created, manifest.valid_until, manifest.grace),
            of(list.issued_at, list.valid_until, list.grace),
        ]
        .into_iter()
        .chain(lists)
        .flatten()
        .min()
    }

    /// The status lists, by URI.
    pub fn status_lists(&self) -> impl Iterator<Item = &PackedStatusList<'a>> {
        self.lists.iter()
    }

    /// The revocation lists of certificates, in the order of the pack.
    #[must_use]
    pub fn revocation_lists(&self) -> &[PackedRevocationList] {
        self.revocation_lists.lists()
    }

    /// The URIs of status lists that the pack has and that cannot be proven here.
    pub fn unproven_status_lists(&self) -> impl Iterator<Item = &str> {
        self.unproven.iter().map(String::as_str)
    }

    /// The revocation lists to judge chains by, as if they had been fetched: each counts where an authority of a chain signed it.
    pub fn known_revocation_lists(&self) -> impl Iterator<Item = &RevocationList> {
        self.revocation_lists().iter().map(PackedRevocationList::list)
    }

    /// The revocation lists that an earlier pack had, of authorities that are still believed, and that this one lacks: its distributor left them out.
    #[must_use]
    pub fn missing_revocation_lists(&self) -> &[SeenRevocationList] {
        self.revocation_lists.missing()
    }

    /// When the newest revocation list of `issuer`, an authority of a chain that ends at `anchor`, was made that an earlier pack had and this one leaves out;
    /// `None` where it leaves out none. Of the certificates of that authority nothing is known then but by a list that is at least as new.
    #[must_use]
    pub fn left_out_revocation_list_of(
        &self,
        issuer: &Certificate,
        anchor: &Certificate,
    ) -> Option<UnixTime> {
        self.revocation_lists.left_out_of(issuer, anchor)
    }

    /// The certificates under which the list at a URI was signed; `None` where the pack has no such list, or no certificates stand behind its proof.
    #[must_use]
    pub fn status_signer(&self, uri: &str) -> Option<SignerChain> {
        let (place, _) = self.addresses.get(uri)?;
        self.lists.get(*place)?.signer.as_ref()?.chain()
    }

    /// What the pack says about the credential at `index` of the list at `uri`: a token status list, or one of the two
    /// Bitstring Status Lists that go with it. Of those each says its own purpose alone: a revoked credential is
    /// [`Status::Valid`](crate::status_list::Status::Valid) in a list of suspensions.
    #[must_use]
    pub fn status(&self, uri: &str, index: u64) -> PackStatus<'_> {
        self.addresses
            .get(uri)
            .and_then(|(place, aspect)| Some((self.lists.get(*place)?, *aspect)))
            .map_or_else(|| self.absent(uri), |(list, aspect)| list.status(aspect, index))
    }

    /// Why there is nothing about a list: it cannot be proven here, is none of a partial pack's, or is missing.
    fn absent(&self, uri: &str) -> PackStatus<'_> {
        if self.unproven.contains(uri) {
            return PackStatus::NotProvable;
        }
        let scopes = &self.manifest.scopes;
        let covers = |name: &String| {
            let beginnings = self.trust_list.scopes.get(name);
            beginnings.is_some_and(|all| all.iter().any(|beginning| uri.starts_with(beginning.as_str())))
        };
        if scopes.is_empty() || scopes.iter().any(covers) {
            PackStatus::Missing
        } else {
            PackStatus::NotCovered
        }
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
            revocation_lists: self.revocation_lists.seen(before, &self.trust_list),
            seal: before
                .filter(|before| before.root == self.manifest.root)
                .and_then(|before| before.seal),
        }
    }
}
