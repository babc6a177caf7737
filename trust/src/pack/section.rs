//! A status section: what one issuer says about all its lists, under one signature (`docs/pack-format.md`, section 5).

use core::time::Duration;
use std::sync::Arc;

use ciborium::Value;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};

use super::container::{PackVersion, sha256};
use super::directory::{ListName, MAX_LISTS, SectionParts, SetPair, set_entry};
use super::fields::{self, Fields};
use super::list::{Aspect, PackedBitstringUris, PackedStatusList, StatedTimes};
use super::set::PackedSet;
use super::sign::{Place, PreparedSignature, Signed};
use super::signer::ListSigner;
use super::{PackBuildError, PackError};
use crate::compact_set::{self, Runs, SetForm};
use crate::status_list::signer::{NotAStatusSigner, StatusSigner};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::trust_list::{TrustList, TrustedIssuer};
use crate::validity::Validity;

/// What an issuer says about all the lists of a section.
#[derive(Debug, Clone)]
pub struct StatusSectionInput<'a> {
    /// The "as of" of every answer.
    pub produced_at: UnixTime,
    /// The last second in which the section is current. It bounds how long a distributor can hold back a newer one.
    pub valid_until: UnixTime,
    /// How much longer it may be used, with a warning.
    pub grace: Duration,
    /// The status signer's certificates, leaf first, without the anchor.
    pub x5chain: &'a [Certificate],
}

/// The URIs of the two W3C Bitstring Status Lists that say what a token status list says, at the same indices: one list
/// for each purpose. A section covers all three, so that no index is packed twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitstringUris<'a> {
    /// The list of purpose `revocation`: its bits are the invalid indices.
    pub revocation: &'a str,
    /// The list of purpose `suspension`: its bits are the suspended indices.
    pub suspension: &'a str,
}

/// One list, as a section carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactStatusList {
    uri: String,
    bits: BitsPerStatus,
    universe: u64,
    bitstring: Option<(String, String)>,
    invalid: Vec<u8>,
    suspended: Vec<u8>,
}

impl CompactStatusList {
    /// Compacts a list. `uri` is that of the list as it stands in credentials.
    ///
    /// # Errors
    /// [`PackBuildError`] when the list holds a state other than valid, invalid and suspended.
    pub fn of_list(
        uri: &str,
        list: &TokenStatusList,
        bitstring: Option<BitstringUris<'_>>,
    ) -> Result<Self, PackBuildError> {
        let (mut invalid, mut suspended) = (Vec::new(), Vec::new());
        for (index, status) in list.not_valid() {
            match status {
                Status::Valid => {}
                Status::Invalid => invalid.push(index),
                Status::Suspended => suspended.push(index),
                Status::ApplicationSpecific(_) | Status::Unregistered(_) => {
                    return Err(PackBuildError::StatusCannotBePacked);
                }
            }
        }
        Self::of_indices(uri, list.bits(), list.len(), &invalid, &suspended, bitstring)
    }

    /// Compacts a list of `universe` entries, of which these are invalid and those suspended: for an issuer that has the
    /// indices and need not write out the list. Both rise.
    ///
    /// # Errors
    /// [`PackBuildError`] when the indices do not rise or lie outside the list.
    pub fn of_indices(
        uri: &str,
        bits: BitsPerStatus,
        universe: u64,
        invalid: &[u64],
        suspended: &[u64],
        bitstring: Option<BitstringUris<'_>>,
    ) -> Result<Self, PackBuildError> {
        Ok(Self {
            uri: uri.to_owned(),
            bits,
            universe,
            bitstring: bitstring.map(|uris| (uris.revocation.to_owned(), uris.suspension.to_owned())),
            invalid: set_of(invalid, universe)?,
            suspended: set_of(suspended, universe)?,
        })
    }

    fn name(&self) -> ListName<'_> {
        ListName {
            uri: &self.uri,
            bits: self.bits,
            universe: self.universe,
            bitstring: self
                .bitstring
                .as_ref()
                .map(|(revocation, suspension)| (revocation.as_str(), suspension.as_str())),
        }
    }
}

/// The encoding of a set in a section, in which a set without members takes no bytes.
pub(super) fn set_of(members: &[u64], universe: u64) -> Result<Vec<u8>, compact_set::BuildSetError> {
    let bytes = compact_set::build(members, universe)?;
    Ok(if members.is_empty() { Vec::new() } else { bytes })
}

/// The same of runs, in the form of a version.
pub(super) fn encoded(
    runs: &Runs,
    universe: u64,
    form: SetForm,
) -> Result<Vec<u8>, compact_set::BuildSetError> {
    let bytes = match form {
        SetForm::One => compact_set::form_1_of_runs(runs, universe)?,
        SetForm::Two => compact_set::build_of_runs(runs, universe)?,
    };
    Ok(if runs.is_empty() { Vec::new() } else { bytes })
}

/// A status section that waits for the signature of the issuer's status key.
#[derive(Debug)]
pub struct PreparedStatusSection {
    signature: PreparedSignature,
    directory: Vec<u8>,
    sets: Vec<u8>,
}

/// A signed status section, ready to be packed by any distributor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSection(pub(super) Vec<u8>);

impl StatusSection {
    /// Prepares the section of these lists of one issuer, to be signed with `algorithm` by the key of the leaf of its chain.
    ///
    /// # Errors
    /// [`PackBuildError`] when there is no list, two have one URI, a URI is longer than 2,048 bytes, or the chain is empty.
    pub fn prepare(
        input: &StatusSectionInput<'_>,
        mut lists: Vec<CompactStatusList>,
        algorithm: SignatureAlgorithm,
    ) -> Result<PreparedStatusSection, PackBuildError> {
        lists.sort_by(|a, b| a.uri.cmp(&b.uri));
        if lists.is_empty() || !lists.is_sorted_by(|a, b| a.uri < b.uri) {
            return Err(PackBuildError::Lists);
        }
        let (mut names, mut table, mut sets) = (Vec::new(), Vec::new(), Vec::new());
        for list in &lists {
            list.name().write(&mut names).ok_or(PackBuildError::Lists)?;
            table.extend(set_entry(&list.invalid, &list.suspended));
            sets.extend_from_slice(&list.invalid);
            sets.extend_from_slice(&list.suspended);
        }
        let directory = directory(lists.len(), &names, &table).ok_or(PackBuildError::TooLarge)?;
        let payload = fields::encode(vec![
            (1, fields::time(input.produced_at)),
            (2, fields::time(input.valid_until)),
            (3, fields::duration(input.grace)),
            (4, Value::Bytes(sha256(&directory).to_vec())),
        ]);
        let place = Place::status(PackVersion::CURRENT);
        let signature = PreparedSignature::by_chain(place, algorithm, input.x5chain, payload)?;
        Ok(PreparedStatusSection {
            signature,
            directory,
            sets,
        })
    }

    /// Takes a section that an issuer has published, to pack it. It is verified by whoever opens the pack.
    #[must_use]
    pub fn from_published(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The section as an issuer publishes it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The URIs that the section claims to answer for: of its lists, and of their Bitstring Status Lists.
    ///
    /// # Errors
    /// [`PackError`] when it is no section of this version.
    pub fn uris(&self) -> Result<Vec<String>, PackError> {
        let parts = SectionParts::parse(&self.0)?;
        let uris = parts.names.iter().flat_map(|name| {
            let further = name.bitstring.iter().flat_map(|(one, other)| [*one, *other]);
            core::iter::once(name.uri).chain(further).map(str::to_owned)
        });
        Ok(uris.collect())
    }
}

/// The directory: number of lists, length of the names, the names, the table of sets.
pub(super) fn directory(lists: usize, names: &[u8], table: &[u8]) -> Option<Vec<u8>> {
    let lists = u32::try_from(lists).ok().filter(|lists| *lists <= MAX_LISTS)?;
    let name_bytes = u32::try_from(names.len()).ok()?;
    let mut directory = Vec::with_capacity(8 + names.len() + table.len());
    directory.extend_from_slice(&lists.to_le_bytes());
    directory.extend_from_slice(&name_bytes.to_le_bytes());
    directory.extend_from_slice(names);
    directory.extend_from_slice(table);
    Some(directory)
}

/// The whole section of its signed header, its directory and its sets.
pub(super) fn assemble(header: &[u8], directory: &[u8], sets: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(header.len())
        .ok()
        .filter(|length| *length <= MAX_HEADER_BYTES)?;
    let mut bytes = Vec::with_capacity(4 + header.len() + directory.len() + sets.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(directory);
    bytes.extend_from_slice(sets);
    Some(bytes)
}

impl PreparedStatusSection {
    /// What the status key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.signature.request(key)
    }

    /// Completes the section.
    ///
    /// # Errors
    /// [`PackBuildError`] when the signature has the wrong length for its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<StatusSection, PackBuildError> {
        let header = self.signature.finish(signature)?;
        assemble(&header, &self.directory, &self.sets)
            .map(StatusSection)
            .ok_or(PackBuildError::TooLarge)
    }
}

/// The key that signed a header with a chain, found good, and the signature with it.
pub(super) fn signer_of(
    signed: &Signed,
    issuer: &TrustedIssuer,
    at: UnixTime,
    provider: &dyn CryptoProvider,
) -> Result<StatusSigner, PackError> {
    let signer =
        StatusSigner::of_chain(&signed.x5chain()?, issuer, at, provider).map_err(|error| match error {
            NotAStatusSigner::Chain(error) => PackError::StatusSignerChain(error),
            NotAStatusSigner::OfAnotherIssuer => PackError::StatusSignerIsNotTheIssuer,
        })?;
    signed
        .verify(provider, &signer.key)
        .map_err(|_| PackError::StatusSignature)?;
    Ok(signer)
}

/// What the header of a section says.
#[derive(Debug)]
pub(super) struct Header {
    produced_at: UnixTime,
    valid_until: UnixTime,
    grace: Duration,
    directory: [u8; 32],
}

impl Header {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, PackError> {
        let mut claimed = Fields::parse(payload)?;
        let header = Self {
            produced_at: claimed.time(1)?,
            valid_until: claimed.time(2)?,
            grace: claimed.duration(3)?,
            directory: claimed.hash(4)?,
        };
        claimed.finish()?;
        Ok(header)
    }

    pub(super) fn times(&self, signer_until: UnixTime) -> StatedTimes {
        StatedTimes {
            produced_at: self.produced_at,
            valid_until: self.valid_until,
            grace: self.grace,
            signer_until,
        }
    }
}

/// A section whose signer, signature and directory have been verified.
#[derive(Debug)]
pub(super) struct VerifiedSection<'a> {
    pub(super) lists: Vec<PackedStatusList<'a>>,
    pub(super) signer_until: UnixTime,
    /// SHA-256 of the anchor that the signer stands under.
    pub(super) anchor: [u8; 32],
    /// SHA-256 of everything before the sets.
    pub(super) head: [u8; 32],
}

/// Verifies a section, every set included.
pub(super) fn open<'a>(
    section: &'a [u8],
    version: PackVersion,
    trust_list: &TrustList,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<VerifiedSection<'a>, PackError> {
    let parts = SectionParts::parse(section)?;
    let issuer = owner(&parts.names, trust_list)?;
    let signed = Signed::parse(parts.header, Place::status(version))?;
    // The date says as of when the chain must hold, and is believed only once the signature has been found good.
    let header = Header::parse(signed.unverified_payload())?;
    let signer = signer_of(&signed, issuer, header.produced_at, provider)?;
    if sha256(parts.directory) != header.directory {
        return Err(PackError::Directory);
    }
    let times = header.times(signer.until);
    if times.judge(now) == Validity::NotYetIssued {
        return Err(PackError::ClockBeforeCreation {
            created: times.produced_at,
        });
    }
    let list_signer = Arc::new(ListSigner::of(&signer.chain));
    let lists = lists(&parts, version, issuer, times, &list_signer, now);
    lists
        .iter()
        .flat_map(|list| &list.sets)
        .try_for_each(|(_, set)| set.check())?;
    Ok(VerifiedSection {
        lists,
        signer_until: signer.until,
        anchor: signer.chain.anchor.sha256(),
        head: sha256(parts.head),
    })
}

/// A section that was verified before, whose head is the one that was verified then. Its sets are compared when they are asked.
pub(super) fn reopen<'a>(
    parts: &SectionParts<'a>,
    version: PackVersion,
    issuer: &TrustedIssuer,
    verified: &VerifiedSigner,
    now: UnixTime,
) -> Result<Vec<PackedStatusList<'a>>, PackError> {
    let signed = Signed::parse(parts.header, Place::status(version))?;
    let times = Header::parse(signed.unverified_payload())?.times(verified.until);
    let anchor = issuer
        .anchors
        .iter()
        .find(|anchor| anchor.sha256() == verified.anchor);
    let signer = Arc::new(ListSigner {
        certificates: signed.certificates().to_vec(),
        anchor: anchor.ok_or(PackError::StatusListOfNobody)?.clone(),
    });
    Ok(lists(parts, version, issuer, times, &signer, now))
}

/// What was found of the signer of a section when it was verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct VerifiedSigner {
    /// When the first certificate of its chain ends.
    pub(super) until: UnixTime,
    /// SHA-256 of the anchor that it stands under.
    pub(super) anchor: [u8; 32],
}

/// The one issuer whose lists these are.
pub(super) fn owner<'t>(
    names: &[ListName<'_>],
    trust_list: &'t TrustList,
) -> Result<&'t TrustedIssuer, PackError> {
    let mut uris = names.iter().flat_map(|name| {
        let further = name.bitstring.iter().flat_map(|(one, other)| [*one, *other]);
        core::iter::once(name.uri).chain(further)
    });
    let first = uris.next().ok_or(PackError::Directory)?;
    let issuer = trust_list
        .issuer_of_status_list(first)
        .ok_or(PackError::StatusListOfNobody)?;
    let is_owner = |uri: &str| {
        trust_list
            .issuer_of_status_list(uri)
            .is_some_and(|owner| owner.identifier == issuer.identifier)
    };
    if uris.all(is_owner) {
        Ok(issuer)
    } else {
        Err(PackError::StatusListOfNobody)
    }
}

fn lists<'a>(
    parts: &SectionParts<'a>,
    version: PackVersion,
    issuer: &TrustedIssuer,
    times: StatedTimes,
    signer: &Arc<ListSigner>,
    now: UnixTime,
) -> Vec<PackedStatusList<'a>> {
    let validity = times.judge(now);
    let of_list = |(name, sets): (&ListName<'a>, &SetPair<'a>)| {
        let [invalid, suspended] =
            sets.map(|(bytes, hash)| PackedSet::unchecked(bytes, name.universe, hash, version));
        PackedStatusList {
            uri: name.uri.to_owned(),
            bitstring: name
                .bitstring
                .map(|(revocation, suspension)| PackedBitstringUris {
                    revocation: revocation.to_owned(),
                    suspension: suspension.to_owned(),
                }),
            aspect: Aspect::State,
            issuer: issuer.identifier.clone(),
            times,
            validity,
            bits: name.bits,
            universe: name.universe,
            sets: vec![(Status::Invalid, invalid), (Status::Suspended, suspended)],
            signer: Some(Arc::clone(signer)),
        }
    };
    parts.names.iter().zip(&parts.sets).map(of_list).collect()
}

/// A signed header holds a hash, three numbers and at most six certificates.
pub(super) const MAX_HEADER_BYTES: u32 = 65_536;
