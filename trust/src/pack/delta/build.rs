//! Making deltas, and making one of several.

use super::{
    Delta, DeltaError, HEADER_BYTES, MAGIC, PATCHED, STATUS, STATUS_FORM_1, UNCHANGED, WHOLE, check_versions,
    patch, status, write_sized,
};
use crate::compact_set::SetForm;
use crate::pack::container::{Container, Cursor, PackVersion, RawSection, SectionKind};
use crate::pack::directory::SectionParts;
use crate::pack::manifest::Manifest;
use crate::pack::{revocation, verbatim};

/// The delta that makes `target` of `base`. It has the version of `target`, and `base` has that version or the
/// one before; neither is verified here.
///
/// The delta has been applied once before it is returned, so it is known to make `target`, byte for byte.
///
/// # Errors
/// [`DeltaError::Base`] or [`DeltaError::BaseVersion`] when one of the two is no pack, or their versions have no delta.
pub fn delta(base: &[u8], target: &[u8]) -> Result<Vec<u8>, DeltaError> {
    let old = Container::parse(base).map_err(DeltaError::Base)?;
    let new = Container::parse(target).map_err(DeltaError::Base)?;
    check_versions(old.version, new.version)?;
    let base_manifest = Manifest::read_unverified(old.manifest, old.version)?;
    let target_manifest = Manifest::read_unverified(new.manifest, new.version)?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + new.manifest.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&new.version.number().to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&count(new.sections.len())?.to_le_bytes());
    bytes.extend_from_slice(&count(new.manifest.len())?.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&base_manifest.sequence.to_le_bytes());
    bytes.extend_from_slice(&old.root());
    bytes.extend_from_slice(&target_manifest.sequence.to_le_bytes());
    bytes.extend_from_slice(new.manifest);
    for section in &new.sections {
        bytes.extend(operation(&old, new.version, section)?);
    }
    if Delta::parse(&bytes)?.apply(base)? == target {
        Ok(bytes)
    } else {
        Err(DeltaError::Result)
    }
}

/// What brings a reader from one pack to a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compacted {
    /// One delta instead of several.
    Delta(Vec<u8>),
    /// The whole pack, which is smaller.
    Pack(Vec<u8>),
}

/// Makes one delta of several that follow one another, the first of them from `base`: or gives the whole pack, where that is
/// not longer.
///
/// # Errors
/// [`DeltaError`] of the first delta that does not follow the one before.
pub fn compact(base: &[u8], deltas: &[&[u8]]) -> Result<Compacted, DeltaError> {
    let mut target = base.to_vec();
    for next in deltas {
        target = Delta::parse(next)?.apply(&target)?;
    }
    let one = delta(base, &target)?;
    Ok(if one.len() < target.len() {
        Compacted::Delta(one)
    } else {
        Compacted::Pack(target)
    })
}

fn count(length: usize) -> Result<u32, DeltaError> {
    u32::try_from(length).map_err(|_| DeltaError::OverBudget)
}

/// The shortest way to make a section of what the base has.
fn operation(
    base: &Container<'_>,
    version: PackVersion,
    section: &RawSection<'_>,
) -> Result<Vec<u8>, DeltaError> {
    let same = |old: &RawSection<'_>| old.kind == section.kind && old.sha256 == section.sha256;
    if let Some(place) = base.sections.iter().position(same) {
        return starting(UNCHANGED, place);
    }
    let mut whole = vec![WHOLE, section.kind.code()];
    whole.extend_from_slice(&(section.bytes.len() as u64).to_le_bytes());
    whole.extend_from_slice(section.bytes);
    let Some((place, old)) = base
        .sections
        .iter()
        .enumerate()
        .find(|(_, old)| old.kind == section.kind && is_successor(section, old))
    else {
        return Ok(whole);
    };
    let change = match section.kind {
        SectionKind::Trust => patched(place, old, section)?,
        SectionKind::Status => status_change(place, old, version, section)?,
        // A list is compressed, and two of them have no pieces in common.
        SectionKind::Verbatim => None,
        SectionKind::Revocation => patched(place, old, section)?,
    };
    Ok(change
        .filter(|change| change.len() < whole.len())
        .unwrap_or(whole))
}

fn starting(operation: u8, place: usize) -> Result<Vec<u8>, DeltaError> {
    let mut bytes = vec![operation];
    bytes.extend_from_slice(&count(place)?.to_le_bytes());
    Ok(bytes)
}

fn patched(place: usize, old: &RawSection<'_>, new: &RawSection<'_>) -> Result<Option<Vec<u8>>, DeltaError> {
    let mut bytes = starting(PATCHED, place)?;
    let written = patch::build(old.bytes, new.bytes).and_then(|patch| write_sized(&mut bytes, &patch));
    Ok(written.map(|()| bytes))
}

/// A change that does not make the section is none: an issuer may encode its sets otherwise than this crate does, or as an
/// earlier version of it did.
fn status_change(
    place: usize,
    old: &RawSection<'_>,
    version: PackVersion,
    new: &RawSection<'_>,
) -> Result<Option<Vec<u8>>, DeltaError> {
    for (operation, form) in [(STATUS, SetForm::Two), (STATUS_FORM_1, SetForm::One)] {
        if !version.has_sets_of(form) {
            continue;
        }
        let Some(change) = status::build(old.bytes, new.bytes, form) else {
            continue;
        };
        let made = status::Change::read(&mut Cursor(&change), form)?.apply(old.bytes, super::MAX_PACK_BYTES);
        if made.is_ok_and(|made| made == new.bytes) {
            let mut bytes = starting(operation, place)?;
            bytes.extend(change);
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// Whether one section is about what another was about.
fn is_successor(new: &RawSection<'_>, old: &RawSection<'_>) -> bool {
    match new.kind {
        SectionKind::Trust => true,
        SectionKind::Status => match (SectionParts::parse(new.bytes), SectionParts::parse(old.bytes)) {
            (Ok(new), Ok(old)) => {
                let has = |uri: &str| old.names.iter().any(|name| name.uri == uri);
                new.names.iter().any(|name| has(name.uri))
            }
            _ => false,
        },
        SectionKind::Verbatim => match (verbatim::parse(new.bytes), verbatim::parse(old.bytes)) {
            (Ok(new), Ok(old)) => new.uri == old.uri,
            _ => false,
        },
        SectionKind::Revocation => match (revocation::uri(new.bytes), revocation::uri(old.bytes)) {
            (Ok(new), Ok(old)) => new == old,
            _ => false,
        },
    }
}
