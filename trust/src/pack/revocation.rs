//! A section with a revocation list of certificates, as its authority publishes it (`docs/pack-format.md`, section 7).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::x509::{
    Certificate, ChainError, MAX_CERTIFICATE_BYTES, MAX_CHAIN_CERTIFICATES, RevocationList, verify_authority,
};
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::container::Cursor;
use super::directory::MAX_URI_BYTES;
use super::{LastSeen, PackBuildError, PackError};
use crate::trust_list::TrustList;
use crate::validity::CLOCK_TOLERANCE;

/// Revocation lists of one pack. An authority has one, or a few with a place of their own each.
pub const MAX_PACKED_REVOCATION_LISTS: usize = 1_024;

/// The bytes of all revocation lists of one pack. They are read whole when a pack is opened.
pub const MAX_PACKED_REVOCATION_LIST_BYTES: usize = 16 << 20;

/// The certificates between the authority that signed a list and its anchor, itself included.
const MAX_AUTHORITIES: usize = MAX_CHAIN_CERTIFICATES - 1;

/// A revocation list as its authority publishes it, to be carried in a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationSection {
    pub(super) bytes: Vec<u8>,
    uri: String,
}

impl RevocationSection {
    /// Takes the DER of the list that was served at `uri`, a distribution point. The list is signed by `anchor`, a certificate of the trust list, where
    /// `authorities` is empty, and otherwise by the first of these, which lead to the anchor. It is verified by whoever applies the pack;
    /// [`RevocationSection::check`] says whether that will succeed.
    ///
    /// # Errors
    /// [`PackBuildError::RevocationList`] when the address or a certificate is too long, or there are more than five authorities.
    pub fn new(
        uri: &str,
        der: &[u8],
        authorities: &[Certificate],
        anchor: &Certificate,
    ) -> Result<Self, PackBuildError> {
        let refused = || PackBuildError::RevocationList;
        let length = u16::try_from(uri.len())
            .ok()
            .filter(|length| (1..=MAX_URI_BYTES).contains(&usize::from(*length)))
            .ok_or_else(refused)?;
        let count = u8::try_from(authorities.len())
            .ok()
            .filter(|count| usize::from(*count) <= MAX_AUTHORITIES)
            .ok_or_else(refused)?;
        let mut bytes = vec![count, 0];
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(uri.as_bytes());
        bytes.extend_from_slice(&anchor.sha256());
        for authority in authorities {
            let length = u16::try_from(authority.der().len()).map_err(|_| refused())?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(authority.der());
        }
        bytes.extend_from_slice(der);
        Ok(Self {
            bytes,
            uri: uri.to_owned(),
        })
    }

    /// Takes a section as a pack has it. It is verified by whoever opens the pack.
    ///
    /// # Errors
    /// [`PackError`] when it is none.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, PackError> {
        let uri = uri(&bytes)?;
        Ok(Self { bytes, uri })
    }

    /// The section as it stands in a pack.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The list that was served at `uri`, with whoever signed it: an anchor of the trust list, or an authority of these chains, each of which
    /// begins with an authority and leads to an anchor; `None` where none of them did.
    ///
    /// # Errors
    /// [`PackError`] as for whoever applies the pack.
    pub fn find(
        uri: &str,
        der: &[u8],
        chains: &[Vec<Certificate>],
        trust_list: &TrustList,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<Option<(Self, PackedRevocationList)>, PackError> {
        let list = RevocationList::parse(der).map_err(PackError::RevocationList)?;
        let mut refusal = None;
        let no_chain = Vec::new();
        for chain in core::iter::once(&no_chain).chain(chains) {
            for anchor in anchors(trust_list) {
                let signer = chain.first().unwrap_or(anchor);
                let leads_there = chain
                    .last()
                    .is_none_or(|last| last.issuer_name() == anchor.subject_name());
                if !leads_there || !list.names_issuer(signer) {
                    continue;
                }
                let Ok(section) = Self::new(uri, der, chain, anchor) else {
                    continue;
                };
                match section.check(trust_list, provider, now) {
                    Ok(packed) => return Ok(Some((section, packed))),
                    Err(error) => refusal = Some(error),
                }
            }
        }
        refusal.map_or(Ok(None), Err)
    }

    /// The address of the distribution point.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether a reader with this trust list will accept the list, and what it is to that reader.
    ///
    /// # Errors
    /// [`PackError`] as for whoever applies the pack.
    pub fn check(
        &self,
        trust_list: &TrustList,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<PackedRevocationList, PackError> {
        open(
            &self.bytes,
            trust_list,
            &AnchorIndex::of(trust_list),
            provider,
            now,
        )
    }
}

/// A revocation list of a pack, signed by an authority of its trust section.
#[derive(Debug, Clone)]
pub struct PackedRevocationList {
    uri: String,
    anchor: [u8; 32],
    /// The identity of the anchor.
    root: String,
    authority: Certificate,
    list: RevocationList,
    series: String,
}

impl PackedRevocationList {
    /// The address of the distribution point at which the list was had.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whose list it is: an anchor of the trust section, or an authority under one.
    #[must_use]
    pub const fn authority(&self) -> &Certificate {
        &self.authority
    }

    /// The list. Its `thisUpdate` is the "as of" of what it says.
    #[must_use]
    pub const fn list(&self) -> &RevocationList {
        &self.list
    }

    /// Whether the lists are of one authority and of the same of its certificates: a pack has one of them, the newest.
    #[must_use]
    pub fn is_about_the_same_as(&self, other: &Self) -> bool {
        self.series == other.series
    }

    /// Whether this list was made before another that it is [about the same](Self::is_about_the_same_as) as. Of two of one second the number tells.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        is_before(&self.list, &other.seen())
    }

    /// Whether readers that remember this have seen a newer one, and would refuse a pack with this list.
    #[must_use]
    pub fn is_rolled_back(&self, last: &LastSeen) -> bool {
        let seen = last.revocation_lists.get(&self.series);
        seen.is_some_and(|seen| is_before(&self.list, seen))
    }

    /// A digest of the key and the name of the anchor above its authority.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    fn seen(&self) -> SeenRevocationList {
        SeenRevocationList {
            uri: self.uri.clone(),
            anchor: base64url::encode(&self.anchor),
            authority: identity_of(&self.authority),
            root: self.root.clone(),
            this_update: self.list.this_update(),
            number: base64url::encode(self.list.number().as_bytes()),
            missing: false,
        }
    }
}

/// Whether a list is older than one that was seen. Of two of one second the number tells.
pub(super) fn is_before(list: &RevocationList, seen: &SeenRevocationList) -> bool {
    let rank = |number: &[u8]| (number.len(), number.to_vec());
    let number = base64url::decode(&seen.number).unwrap_or_default();
    (list.this_update(), rank(list.number().as_bytes())) < (seen.this_update, rank(&number))
}

/// The newest revocation list that was seen of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenRevocationList {
    /// Where it was had.
    pub uri: String,
    /// SHA-256 of the anchor above its authority. base64url.
    pub anchor: String,
    /// A digest of the key and the name of its authority. Empty in a memory that an earlier version wrote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// The same of the anchor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub root: String,
    /// When it was made.
    pub this_update: UnixTime,
    /// Its number. base64url of its octets.
    pub number: String,
    /// Whether the pack in force has none that takes its place, and still believes the authority: a distributor left it out.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub missing: bool,
}

impl SeenRevocationList {
    /// Whether `issuer`, which stands under `anchor`, is its authority.
    pub(super) fn is_of(&self, issuer: &Certificate, anchor: &Certificate) -> bool {
        if self.authority.is_empty() {
            self.anchor == base64url::encode(&anchor.sha256())
        } else {
            self.authority == identity_of(issuer)
        }
    }

    /// Whether its authority is an anchor, or stands under one, of whom these are the identities and fingerprints.
    fn is_under(&self, anchors: &BTreeSet<String>) -> bool {
        let mut names = [&self.authority, &self.root, &self.anchor].into_iter();
        names.any(|name| anchors.contains(name))
    }
}

/// Whose certificate it is, whatever else the certificate says: an authority that renews its own keeps key and name.
fn identity_of(certificate: &Certificate) -> String {
    digest_of([
        certificate.public_key().thumbprint().as_bytes().as_slice(),
        certificate.subject_name(),
    ])
}

/// What the lists have in common that take each other's place: the key of the authority, its name, and of which of its certificates they speak.
/// Nothing of it is the distributor's to choose.
pub(super) fn series_of(list: &RevocationList, authority: &Certificate) -> String {
    digest_of([
        authority.public_key().thumbprint().as_bytes().as_slice(),
        authority.subject_name(),
        list.scope_der(),
    ])
}

fn digest_of<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    base64url::encode(&digest.finalize())
}

struct Parts<'a> {
    uri: &'a str,
    anchor: [u8; 32],
    authorities: Vec<Certificate>,
    der: &'a [u8],
}

impl<'a> Parts<'a> {
    fn parse(section: &'a [u8]) -> Result<Self, PackError> {
        let malformed = PackError::RevocationSection;
        let mut rest = Cursor(section);
        let count = usize::from(rest.u8()?);
        if rest.u8()? != 0 || count > MAX_AUTHORITIES {
            return Err(malformed);
        }
        let length = rest.u16()?;
        if !(1..=MAX_URI_BYTES).contains(&usize::from(length)) {
            return Err(malformed);
        }
        let uri = core::str::from_utf8(rest.take(u64::from(length))?);
        let uri = uri.map_err(|_| PackError::RevocationSection)?;
        let anchor = rest.array()?;
        let mut authorities = Vec::with_capacity(count);
        for _ in 0..count {
            let length = rest.u16()?;
            if usize::from(length) > MAX_CERTIFICATE_BYTES {
                return Err(PackError::OverBudget);
            }
            let certificate = Certificate::parse(rest.take(u64::from(length))?);
            authorities.push(certificate.map_err(|_| PackError::RevocationSection)?);
        }
        Ok(Self {
            uri,
            anchor,
            authorities,
            der: rest.0,
        })
    }

    fn packed(self, anchor: &Certificate) -> Result<PackedRevocationList, PackError> {
        let list = RevocationList::parse(self.der).map_err(PackError::RevocationList)?;
        let first = self.authorities.into_iter().next();
        let authority = first.unwrap_or_else(|| anchor.clone());
        Ok(PackedRevocationList {
            uri: self.uri.to_owned(),
            anchor: self.anchor,
            root: identity_of(anchor),
            series: series_of(&list, &authority),
            authority,
            list,
        })
    }
}

/// The list of a section. Neither it nor the section is verified.
pub(super) fn unverified_list(section: &[u8]) -> Option<RevocationList> {
    RevocationList::parse(Parts::parse(section).ok()?.der).ok()
}

/// The authorities under which the signers of issuers stand.
fn anchors(trust_list: &TrustList) -> impl Iterator<Item = &Certificate> {
    trust_list.issuers.iter().flat_map(|issuer| &issuer.anchors)
}

/// Where in a trust list the anchor of each fingerprint stands.
#[derive(Debug)]
pub(super) struct AnchorIndex(BTreeMap<[u8; 32], (usize, usize)>);

impl AnchorIndex {
    fn of(trust_list: &TrustList) -> Self {
        let mut places = BTreeMap::new();
        for (issuer, entry) in trust_list.issuers.iter().enumerate() {
            for (position, anchor) in entry.anchors.iter().enumerate() {
                places.entry(anchor.sha256()).or_insert((issuer, position));
            }
        }
        Self(places)
    }

    fn find<'t>(&self, sha256: &[u8; 32], trust_list: &'t TrustList) -> Result<&'t Certificate, PackError> {
        let found = self.0.get(sha256).and_then(|(issuer, position)| {
            let issuer = trust_list.issuers.get(*issuer)?;
            issuer.anchors.get(*position)
        });
        found.ok_or(PackError::RevocationListOfNobody)
    }
}

/// Verifies a revocation list, as one that was fetched from its distribution point. Whether it is still in force is asked when a chain is judged.
fn open(
    section: &[u8],
    trust_list: &TrustList,
    anchors: &AnchorIndex,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<PackedRevocationList, PackError> {
    let parts = Parts::parse(section)?;
    let anchor = anchors.find(&parts.anchor, trust_list)?;
    let authorities = parts.authorities.clone();
    let packed = parts.packed(anchor)?;
    let made = packed.list.this_update();
    check_authority(&authorities, anchor, made, provider).map_err(PackError::RevocationListAuthority)?;
    packed
        .list
        .verify(&packed.authority, provider)
        .map_err(PackError::RevocationListRejected)?;
    if !packed.list.is_published_at(&packed.uri) {
        return Err(PackError::RevocationListElsewhere);
    }
    if now.plus(CLOCK_TOLERANCE) < made {
        return Err(PackError::ClockBeforeCreation { created: made });
    }
    Ok(packed)
}

/// The authority must have been one when the list was made.
fn check_authority(
    authorities: &[Certificate],
    anchor: &Certificate,
    made: UnixTime,
    provider: &dyn CryptoProvider,
) -> Result<(), ChainError> {
    if !authorities.is_empty() {
        return verify_authority(authorities, core::slice::from_ref(anchor), made, provider).map(drop);
    }
    if made < anchor.not_before() {
        Err(ChainError::NotYetValid { position: 0 })
    } else if made > anchor.not_after() {
        Err(ChainError::Expired { position: 0 })
    } else {
        Ok(())
    }
}

/// What a section is about, to find the one that it takes the place of in another pack.
pub(super) fn uri(section: &[u8]) -> Result<String, PackError> {
    Parts::parse(section).map(|parts| parts.uri.to_owned())
}

/// The revocation lists of a pack, within the budget.
#[derive(Debug, Default)]
pub(super) struct PackedRevocationLists {
    lists: Vec<PackedRevocationList>,
    series: BTreeSet<String>,
    bytes: usize,
    absent: Vec<SeenRevocationList>,
    missing: Vec<SeenRevocationList>,
    /// The anchors of the trust list of the pack, once a section has asked for one.
    anchors: Option<AnchorIndex>,
}

impl PackedRevocationLists {
    pub(super) fn lists(&self) -> &[PackedRevocationList] {
        &self.lists
    }

    /// Verifies the list of a section and adds it.
    pub(super) fn take(
        &mut self,
        section: &[u8],
        trust_list: &TrustList,
        provider: &dyn CryptoProvider,
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> Result<(), PackError> {
        let anchors = self.anchors.get_or_insert_with(|| AnchorIndex::of(trust_list));
        let list = open(section, trust_list, anchors, provider, now)?;
        self.add(list, last)
    }

    /// Adds the list of a section that was verified before.
    pub(super) fn take_verified(
        &mut self,
        section: &[u8],
        trust_list: &TrustList,
        last: Option<&LastSeen>,
    ) -> Result<(), PackError> {
        let anchors = self.anchors.get_or_insert_with(|| AnchorIndex::of(trust_list));
        let parts = Parts::parse(section)?;
        let anchor = anchors.find(&parts.anchor, trust_list)?;
        let list = parts.packed(anchor)?;
        self.add(list, last)
    }

    /// Adds a list, unless it is older than one that was seen, or there is one already that it would take the place of.
    fn add(&mut self, list: PackedRevocationList, last: Option<&LastSeen>) -> Result<(), PackError> {
        if !self.series.insert(list.series.clone()) {
            return Err(PackError::RevocationListTwice);
        }
        if last.is_some_and(|last| list.is_rolled_back(last)) {
            return Err(PackError::RevocationListRolledBack);
        }
        self.bytes = self.bytes.saturating_add(list.list.der().len());
        self.lists.push(list);
        if self.lists.len() > MAX_PACKED_REVOCATION_LISTS || self.bytes > MAX_PACKED_REVOCATION_LIST_BYTES {
            return Err(PackError::OverBudget);
        }
        Ok(())
    }

    /// Those that were seen before, of authorities that are still believed, and that nothing here takes the place of.
    pub(super) fn missing(&self) -> &[SeenRevocationList] {
        &self.missing
    }

    /// When the newest list of `issuer`, which stands under `anchor`, was made that was seen before and that nothing here takes the place of. Whether the
    /// trust list has the anchor from which the distributor said to have come does not matter: another may lead to the same authority.
    pub(super) fn left_out_of(&self, issuer: &Certificate, anchor: &Certificate) -> Option<UnixTime> {
        let of_it = self.absent.iter().filter(|seen| seen.is_of(issuer, anchor));
        of_it.map(|seen| seen.this_update).max()
    }

    /// Compares all lists of a pack with what was seen before.
    pub(super) fn compare(&mut self, last: Option<&LastSeen>, trust_list: &TrustList) {
        let Some(last) = last else {
            return;
        };
        let is_absent = |series: &String| !self.series.contains(series);
        let seen = self.seen(Some(last), trust_list);
        self.absent = seen
            .into_iter()
            .filter(|(series, _)| is_absent(series))
            .map(|(_, seen)| seen)
            .collect();
        self.missing = self.absent.iter().filter(|seen| seen.missing).cloned().collect();
    }

    /// What is to be remembered: of each authority the newest, also where this pack leaves it out.
    pub(super) fn seen(
        &self,
        before: Option<&LastSeen>,
        trust_list: &TrustList,
    ) -> BTreeMap<String, SeenRevocationList> {
        let mut seen = before
            .map(|before| before.revocation_lists.clone())
            .unwrap_or_default();
        if !seen.is_empty() {
            let anchors: BTreeSet<_> = anchors(trust_list)
                .flat_map(|anchor| [identity_of(anchor), base64url::encode(&anchor.sha256())])
                .collect();
            for one in seen.values_mut() {
                one.missing = one.is_under(&anchors);
            }
        }
        seen.extend(self.lists.iter().map(|list| (list.series.clone(), list.seen())));
        seen
    }
}
