//! The applied form: what was verified, and the verbatim lists compacted. It is this device's own and never travels.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use symbolon_crypto::UnixTime;

use crate::pack::bytes::{HeldBytes, PackedBytes};
use crate::pack::container::{Container, Cursor, PackVersion, RawSection, SectionKind, sha256};
use crate::pack::directory::SectionParts;
use crate::pack::list::{Aspect, PackedStatusList, StatedTimes};
use crate::pack::manifest::Manifest;
use crate::pack::revocation::PackedRevocationLists;
use crate::pack::section::VerifiedSigner;
use crate::pack::set::PackedSet;
use crate::pack::sign::{Place, Signed};
use crate::pack::signer::ListSigner;
use crate::pack::{LastSeen, Origin, Pack, PackError, PackTools, open, section, verbatim};
use crate::status_list::{BitsPerStatus, Status};
use crate::trust_list::{RootOfTrust, TrustList, TrustedIssuer};

const MAGIC: &[u8; 8] = b"SYMBHELD";

/// Raised whenever the rules of verification become stricter, so that what was verified by older ones is verified again.
const VERSION: u16 = 3;

const STATUS: u8 = 2;
const VERBATIM: u8 = 3;
const REVOCATION: u8 = 4;
const NOT_PROVABLE: u8 = 5;

impl Pack<'_> {
    /// The form in which this pack can be opened again under the same root of trust, and what to remember with it; the form
    /// is empty for a pack of version 1, and for one that was opened by its form, which is to be kept.
    #[must_use]
    pub fn applied_form(
        &self,
        root_of_trust: &RootOfTrust,
        before: Option<&LastSeen>,
    ) -> (Vec<u8>, LastSeen) {
        let mut memory = self.last_seen(before);
        if self.is_sealed {
            return (Vec::new(), memory);
        }
        let Some((head, sets)) = self.form(root_of_trust) else {
            memory.seal = None;
            return (Vec::new(), memory);
        };
        memory.seal = Some(sha256(&head));
        let mut form = head;
        form.extend(sets);
        (form, memory)
    }

    fn form(&self, root_of_trust: &RootOfTrust) -> Option<(Vec<u8>, Vec<u8>)> {
        if self.version == PackVersion::One {
            return None;
        }
        let container = Container::parse(&self.bytes).ok()?;
        let mut body = Vec::new();
        body.extend_from_slice(&self.manifest.root);
        body.extend_from_slice(&digest_of_root(root_of_trust));
        body.extend_from_slice(&sha256(container.manifest));
        body.extend_from_slice(&u32::try_from(self.origins.len()).ok()?.to_le_bytes());
        let mut sets = Vec::new();
        let mut lists = self.lists.iter();
        for origin in &self.origins {
            match origin {
                Origin::Status {
                    lists: count,
                    signer_until,
                    anchor,
                    head,
                } => {
                    let first = lists.next()?;
                    if *count > 1 {
                        lists.nth(count - 2)?;
                    }
                    body.push(STATUS);
                    write_text(&mut body, first.issuer.as_str())?;
                    body.extend_from_slice(&signer_until.seconds().to_le_bytes());
                    body.extend_from_slice(anchor);
                    body.extend_from_slice(head);
                }
                Origin::Verbatim => {
                    body.push(VERBATIM);
                    write_verbatim(&mut body, &mut sets, lists.next()?)?;
                }
                Origin::NotProvable => body.push(NOT_PROVABLE),
                Origin::Revocation { sha256 } => {
                    body.push(REVOCATION);
                    body.extend_from_slice(sha256);
                }
            }
        }
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&[0; 2]);
        head.extend_from_slice(&u32::try_from(body.len()).ok()?.to_le_bytes());
        head.extend(body);
        Some((head, sets))
    }
}

fn write_verbatim(body: &mut Vec<u8>, sets: &mut Vec<u8>, list: &PackedStatusList<'_>) -> Option<()> {
    write_text(body, &list.uri)?;
    write_text(body, list.issuer.as_str())?;
    body.push(aspect_code(list.aspect));
    body.push(list.bits.count());
    body.extend_from_slice(&list.universe.to_le_bytes());
    let times = &list.times;
    for time in [times.produced_at, times.valid_until, times.signer_until] {
        body.extend_from_slice(&time.seconds().to_le_bytes());
    }
    body.extend_from_slice(&times.grace.as_secs().to_le_bytes());
    body.extend_from_slice(&u16::try_from(list.sets.len()).ok()?.to_le_bytes());
    for (state, set) in &list.sets {
        body.push(state.value());
        body.extend_from_slice(&(set.bytes().len() as u64).to_le_bytes());
        body.extend_from_slice(&set.hash());
        sets.extend_from_slice(set.bytes());
    }
    write_signer(body, list.signer.as_deref())
}

/// The number of certificates, each with its length, and the anchor; no certificates where none prove the list.
fn write_signer(body: &mut Vec<u8>, signer: Option<&ListSigner>) -> Option<()> {
    let Some(signer) = signer else {
        body.push(0);
        return Some(());
    };
    body.push(u8::try_from(signer.certificates.len()).ok()?);
    for der in &signer.certificates {
        body.extend_from_slice(&u16::try_from(der.len()).ok()?.to_le_bytes());
        body.extend_from_slice(der);
    }
    body.extend_from_slice(&signer.anchor.sha256());
    Some(())
}

fn write_text(body: &mut Vec<u8>, text: &str) -> Option<()> {
    body.extend_from_slice(&u16::try_from(text.len()).ok()?.to_le_bytes());
    body.extend_from_slice(text.as_bytes());
    Some(())
}

const fn aspect_code(aspect: Aspect) -> u8 {
    match aspect {
        Aspect::State => 0,
        Aspect::Revocation => 1,
        Aspect::Suspension => 2,
    }
}

const fn aspect_of_code(code: u8) -> Option<Aspect> {
    match code {
        0 => Some(Aspect::State),
        1 => Some(Aspect::Revocation),
        2 => Some(Aspect::Suspension),
        _ => None,
    }
}

/// What of the root of trust a verification rests on.
fn digest_of_root(root_of_trust: &RootOfTrust) -> [u8; 32] {
    let keys = (&root_of_trust.registry_keys, &root_of_trust.pack_keys);
    let pinned = &root_of_trust.trust_list;
    let age = (pinned.issued_at.seconds(), pinned.sequence);
    // Keys that cannot be written were never accepted: the digest is then that of no root of trust.
    let text = serde_json::to_vec(&(keys, age)).unwrap_or_default();
    sha256(&text)
}

impl<'a> Pack<'a> {
    /// Opens the pack in force again. Where `form` is the one that was sealed when the pack was applied, hashes are compared
    /// instead of signatures, the sets lie where they are, and each is compared when it is first asked; otherwise the pack is
    /// verified from the beginning, as [`Pack::open_with`] does. [`Pack::is_sealed`] tells which.
    ///
    /// # Errors
    /// [`PackError`] as for [`Pack::open_with`]: a pack that was accepted expires.
    pub fn open_applied(
        pack: &'a [u8],
        form: &'a [u8],
        root_of_trust: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
        last: &LastSeen,
    ) -> Result<Self, PackError> {
        let container = Container::parse(pack)?;
        match Sealed::of_form(form, &container, root_of_trust, last) {
            // A form that turns out to be damaged is no reason to do without the pack.
            Some(sealed) => sealed
                .reopen(pack, &container, now, last)
                .or_else(|_| Self::open_with(pack, root_of_trust, tools, now, Some(last))),
            None => Self::open_with(pack, root_of_trust, tools, now, Some(last)),
        }
    }

    /// Opens the pack in force again, as [`open_applied`](Pack::open_applied) does, and keeps its bytes with it: for whoever judges by one opened
    /// pack many times. Its sets are not copied. What was opened at `now` is judged as at `now`; [`Pack::judged_alike_until`] says how long
    /// that is so.
    ///
    /// # Errors
    /// As for [`open_applied`](Pack::open_applied).
    pub fn open_held(
        held: &Arc<HeldBytes>,
        root_of_trust: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
        last: &LastSeen,
    ) -> Result<Pack<'static>, PackError> {
        let opened = Pack::open_applied(held.pack(), held.form(), root_of_trust, tools, now, last)?;
        Ok(opened.holding(held))
    }

    fn holding(self, held: &Arc<HeldBytes>) -> Pack<'static> {
        Pack {
            version: self.version,
            manifest: self.manifest,
            validity: self.validity,
            trust_list: self.trust_list,
            trust_list_validity: self.trust_list_validity,
            lists: self.lists.into_iter().map(|list| list.holding(held)).collect(),
            addresses: self.addresses,
            unproven: self.unproven,
            revocation_lists: self.revocation_lists,
            origins: self.origins,
            is_sealed: self.is_sealed,
            bytes: self.bytes.holding(held),
        }
    }

    /// Whether this pack was opened by the seal of its applied form. Where it was not, [`Pack::applied_form`] makes one to store.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.is_sealed
    }
}

/// An applied form that is the sealed one, for this pack and this root of trust.
struct Sealed<'a> {
    sections: Vec<SealedSection>,
    rest: &'a [u8],
}

enum SealedSection {
    Status {
        issuer: String,
        signer: VerifiedSigner,
        head: [u8; 32],
    },
    Verbatim(SealedList),
    NotProvable,
    Revocation([u8; 32]),
}

struct SealedList {
    uri: String,
    issuer: String,
    aspect: Aspect,
    bits: BitsPerStatus,
    universe: u64,
    times: StatedTimes,
    sets: Vec<(Status, u64, [u8; 32])>,
    signer: Option<SealedSigner>,
}

struct SealedSigner {
    certificates: Vec<Vec<u8>>,
    anchor: [u8; 32],
}

impl<'a> Sealed<'a> {
    fn of_form(
        form: &'a [u8],
        container: &Container<'_>,
        root_of_trust: &RootOfTrust,
        last: &LastSeen,
    ) -> Option<Self> {
        let mut rest = Cursor(form);
        if rest.take(8).ok()? != MAGIC || rest.u16().ok()? != VERSION || rest.u16().ok()? != 0 {
            return None;
        }
        let body_bytes = rest.u32().ok()?;
        let mut body = Cursor(rest.take(u64::from(body_bytes)).ok()?);
        let head = form.get(..form.len().checked_sub(rest.0.len())?)?;
        let root: [u8; 32] = body.array().ok()?;
        let is_for_this = last.seal == Some(sha256(head))
            && container.version != PackVersion::One
            && root == container.root()
            && body.array::<32>().ok()? == digest_of_root(root_of_trust)
            && body.array::<32>().ok()? == sha256(container.manifest);
        if !is_for_this {
            return None;
        }
        let count = body.u32().ok()?;
        let sections = (0..count)
            .map(|_| SealedSection::read(&mut body))
            .collect::<Option<_>>()?;
        body.0.is_empty().then_some(Self {
            sections,
            rest: rest.0,
        })
    }

    fn reopen(
        self,
        bytes: &'a [u8],
        container: &Container<'a>,
        now: UnixTime,
        last: &LastSeen,
    ) -> Result<Pack<'a>, PackError> {
        let Some((first, others)) = container.sections.split_first() else {
            return Err(PackError::Container);
        };
        let manifest = Manifest::read_unverified(container.manifest, container.version)?;
        let validity = manifest.check_freshness(Some(last), now)?;
        let trust_list = trust_list_of(first, container.version)?;
        let trust_list_validity = open::usable(&trust_list, now)?;
        if others.len() != self.sections.len() {
            return Err(PackError::SectionTable);
        }
        let mut pack = Pack {
            version: container.version,
            manifest,
            validity,
            trust_list,
            trust_list_validity,
            lists: Vec::new(),
            addresses: BTreeMap::new(),
            unproven: BTreeSet::new(),
            revocation_lists: PackedRevocationLists::default(),
            origins: Vec::new(),
            is_sealed: true,
            bytes: PackedBytes::Borrowed(bytes),
        };
        let mut sets = Cursor(self.rest);
        for (raw, sealed) in others.iter().zip(&self.sections) {
            match (raw.kind, sealed) {
                (SectionKind::Status, SealedSection::Status { issuer, signer, head }) => {
                    let parts = SectionParts::parse(raw.bytes)?;
                    if sha256(parts.head) != *head {
                        return Err(PackError::SectionHash);
                    }
                    let lists = {
                        let issuer = pack
                            .trust_list
                            .issuer(issuer)
                            .ok_or(PackError::StatusListOfNobody)?;
                        section::reopen(&parts, container.version, issuer, signer, now)?
                    };
                    lists
                        .into_iter()
                        .try_for_each(|list| pack.add_list(list, Some(last)))?;
                }
                (SectionKind::Verbatim, SealedSection::Verbatim(list)) => {
                    let parts = verbatim::parse(raw.bytes)?;
                    if parts.uri != list.uri {
                        return Err(PackError::SectionHash);
                    }
                    let list = list.reopen(&mut sets, &pack.trust_list, now)?;
                    pack.add_list(list, Some(last))?;
                }
                (SectionKind::Verbatim, SealedSection::NotProvable) => {
                    pack.add_unproven(verbatim::parse(raw.bytes)?.uri.to_owned())?;
                }
                (SectionKind::Revocation, SealedSection::Revocation(hash)) => {
                    if sha256(raw.bytes) != *hash {
                        return Err(PackError::SectionHash);
                    }
                    pack.revocation_lists
                        .take_verified(raw.bytes, &pack.trust_list, Some(last))?;
                }
                _ => return Err(PackError::Container),
            }
        }
        pack.revocation_lists.compare(Some(last), &pack.trust_list);
        Ok(pack)
    }
}

fn trust_list_of(section: &RawSection<'_>, version: PackVersion) -> Result<TrustList, PackError> {
    if section.kind != SectionKind::Trust || sha256(section.bytes) != section.sha256 {
        return Err(PackError::SectionHash);
    }
    let signed = Signed::parse(section.bytes, Place::trust(version))?;
    TrustList::parse(signed.unverified_payload()).map_err(PackError::TrustList)
}

impl SealedSection {
    fn read(body: &mut Cursor<'_>) -> Option<Self> {
        match body.u8().ok()? {
            STATUS => Some(Self::Status {
                issuer: read_text(body)?,
                signer: VerifiedSigner {
                    until: read_time(body)?,
                    anchor: body.array().ok()?,
                },
                head: body.array().ok()?,
            }),
            NOT_PROVABLE => Some(Self::NotProvable),
            REVOCATION => Some(Self::Revocation(body.array().ok()?)),
            VERBATIM => SealedList::read(body).map(Self::Verbatim),
            _ => None,
        }
    }
}

impl SealedList {
    fn read(body: &mut Cursor<'_>) -> Option<Self> {
        let (uri, issuer) = (read_text(body)?, read_text(body)?);
        let aspect = aspect_of_code(body.u8().ok()?)?;
        let bits = BitsPerStatus::from_count(u64::from(body.u8().ok()?))?;
        let universe = body.u64().ok()?;
        let (produced_at, valid_until, signer_until) = (read_time(body)?, read_time(body)?, read_time(body)?);
        let grace = Duration::from_secs(body.u64().ok()?);
        let count = body.u16().ok()?;
        let sets = (0..count)
            .map(|_| {
                let state = Status::from_value(body.u8().ok()?);
                Some((state, body.u64().ok()?, body.array().ok()?))
            })
            .collect::<Option<_>>()?;
        let signer = SealedSigner::read(body)?;
        Some(Self {
            uri,
            issuer,
            aspect,
            bits,
            universe,
            times: StatedTimes {
                produced_at,
                valid_until,
                grace,
                signer_until,
            },
            sets,
            signer,
        })
    }

    fn reopen<'a>(
        &self,
        rest: &mut Cursor<'a>,
        trust_list: &TrustList,
        now: UnixTime,
    ) -> Result<PackedStatusList<'a>, PackError> {
        let issuer = trust_list
            .issuer(&self.issuer)
            .ok_or(PackError::StatusListOfNobody)?;
        let signer = self
            .signer
            .as_ref()
            .map(|signer| signer.reopen(issuer))
            .transpose()?;
        let sets = self
            .sets
            .iter()
            .map(|(state, length, hash)| {
                let bytes = rest.take(*length)?;
                let set = PackedSet::unchecked(bytes, self.universe, *hash, PackVersion::CURRENT);
                Ok((*state, set))
            })
            .collect::<Result<_, PackError>>()?;
        Ok(PackedStatusList {
            uri: self.uri.clone(),
            bitstring: None,
            aspect: self.aspect,
            issuer: issuer.identifier.clone(),
            validity: self.times.judge(now),
            times: self.times,
            bits: self.bits,
            universe: self.universe,
            sets,
            signer: signer.map(Arc::new),
        })
    }
}

impl SealedSigner {
    /// The outer `None` where the form does not read.
    #[expect(clippy::option_option, reason = "a list may have no signer with certificates")]
    fn read(body: &mut Cursor<'_>) -> Option<Option<Self>> {
        let count = body.u8().ok()?;
        if count == 0 {
            return Some(None);
        }
        let certificates = (0..count)
            .map(|_| {
                let length = body.u16().ok()?;
                Some(body.take(u64::from(length)).ok()?.to_vec())
            })
            .collect::<Option<_>>()?;
        Some(Some(Self {
            certificates,
            anchor: body.array().ok()?,
        }))
    }

    fn reopen(&self, issuer: &TrustedIssuer) -> Result<ListSigner, PackError> {
        let mut anchors = issuer.anchors.iter();
        let anchor = anchors.find(|anchor| anchor.sha256() == self.anchor);
        Ok(ListSigner {
            certificates: self.certificates.clone(),
            anchor: anchor.ok_or(PackError::StatusListOfNobody)?.clone(),
        })
    }
}

fn read_text(body: &mut Cursor<'_>) -> Option<String> {
    let length = body.u16().ok()?;
    let bytes = body.take(u64::from(length)).ok()?;
    core::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn read_time(body: &mut Cursor<'_>) -> Option<UnixTime> {
    Some(UnixTime::from_seconds(i64::from_le_bytes(body.array().ok()?)))
}
