//! The change of a status section: a new header of the issuer, and the indices that change.
//!
//! All lists of a section are counted through as one: an index of a list stands at the sum of the universes of the lists before
//! it and itself. A hundred shards of which each changes a little then cost one stream of gaps, and not a hundred.

use super::{DeltaError, SectionChange, patch, sized, within, write_sized};
use crate::compact_set::{self, CompactSet, MAX_UNIVERSE};
use crate::pack::container::Cursor;
use crate::pack::directory::{ListName, SectionParts, read_names, set_entry};
use crate::pack::section::{assemble, directory, set_of};

/// The streams of changes: what becomes invalid, what does so no longer, what becomes suspended, what does so no longer.
const STREAMS: usize = 4;

pub(super) struct Change<'a> {
    header: &'a [u8],
    names: &'a [u8],
    streams: [&'a [u8]; STREAMS],
}

impl<'a> Change<'a> {
    pub(super) fn read(rest: &mut Cursor<'a>) -> Result<Self, DeltaError> {
        Ok(Self {
            header: sized(rest)?,
            names: sized(rest)?,
            streams: [sized(rest)?, sized(rest)?, sized(rest)?, sized(rest)?],
        })
    }

    pub(super) fn summary(&self) -> SectionChange {
        let counts = self.streams.iter().filter(|stream| !stream.is_empty());
        let indices = counts.filter_map(|stream| CompactSet::open(stream).ok());
        SectionChange::Status {
            header_bytes: (self.header.len() + self.names.len()) as u64,
            set_bytes: self.streams.iter().map(|stream| stream.len() as u64).sum(),
            indices: indices.map(|set| set.len()).sum(),
        }
    }

    pub(super) fn apply(&self, base: &[u8], budget: usize) -> Result<Vec<u8>, DeltaError> {
        let base = SectionParts::parse(base).map_err(DeltaError::Base)?;
        let header = patch::apply(base.header, self.header, budget)?;
        let name_bytes = patch::apply(base.names_bytes, self.names, budget)?;
        let names = read_names(&name_bytes)?;
        let total = total_universe(&names)?;
        let mut streams: [Vec<u64>; STREAMS] = Default::default();
        for (stream, bytes) in streams.iter_mut().zip(&self.streams) {
            *stream = read_stream(bytes, total)?;
        }
        let mut waiting = streams.each_ref().map(Vec::as_slice);
        let mut lists = base.names.iter().zip(&base.sets).peekable();
        let (mut table, mut sets) = (Vec::new(), Vec::new());
        let mut offset = 0_u64;
        for name in &names {
            // Both sides rise by their URIs: what lies before this one was taken out.
            while lists.next_if(|(before, _)| before.uri < name.uri).is_some() {}
            let old = lists.next_if(|(before, _)| before.uri == name.uri);
            let end = offset.checked_add(name.universe).ok_or(DeltaError::Malformed)?;
            let [invalid_added, invalid_removed, suspended_added, suspended_removed] =
                waiting.each_mut().map(|stream| take_below(stream, end));
            let [old_invalid, old_suspended] = match old {
                Some((_, [(invalid, _), (suspended, _)])) => [*invalid, *suspended],
                None => [&[][..], &[]],
            };
            let place = Place {
                offset,
                universe: name.universe,
                has_same_universe: old.is_some_and(|(before, _)| before.universe == name.universe),
            };
            let invalid = place.rebuild(old_invalid, invalid_added, invalid_removed)?;
            let suspended = place.rebuild(old_suspended, suspended_added, suspended_removed)?;
            table.extend(set_entry(&invalid, &suspended));
            sets.extend(invalid);
            sets.extend(suspended);
            within(sets.len(), budget)?;
            offset = end;
        }
        let directory = directory(names.len(), &name_bytes, &table).ok_or(DeltaError::OverBudget)?;
        assemble(&header, &directory, &sets).ok_or(DeltaError::OverBudget)
    }
}

/// Where a list stands among all.
struct Place {
    offset: u64,
    universe: u64,
    /// A set can stay as it is only within the universe that it was encoded for.
    has_same_universe: bool,
}

impl Place {
    /// The set after its changes. What comes was not there, and what goes was: one change has one delta.
    fn rebuild(&self, old: &[u8], added: &[u64], removed: &[u64]) -> Result<Vec<u8>, DeltaError> {
        if added.is_empty() && removed.is_empty() && self.has_same_universe {
            return Ok(old.to_vec());
        }
        let mut members = members_of(old)?;
        let here = |all: &[u64]| -> Vec<u64> { all.iter().map(|member| member - self.offset).collect() };
        remove(&mut members, &here(removed))?;
        let members = insert(members, &here(added))?;
        set_of(&members, self.universe).map_err(|_| DeltaError::Malformed)
    }
}

fn members_of(set: &[u8]) -> Result<Vec<u64>, DeltaError> {
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let set = CompactSet::open(set).map_err(|_| DeltaError::Malformed)?;
    set.iter()
        .collect::<Result<_, _>>()
        .map_err(|_| DeltaError::Malformed)
}

fn remove(members: &mut Vec<u64>, removed: &[u64]) -> Result<(), DeltaError> {
    let before = members.len();
    let mut waiting = removed.iter().peekable();
    members.retain(|member| waiting.next_if_eq(&member).is_none());
    if waiting.peek().is_none() && before - members.len() == removed.len() {
        Ok(())
    } else {
        Err(DeltaError::Malformed)
    }
}

fn insert(members: Vec<u64>, added: &[u64]) -> Result<Vec<u64>, DeltaError> {
    let mut merged = Vec::with_capacity(members.len() + added.len());
    let mut waiting = added.iter().copied().peekable();
    for member in members {
        while let Some(new) = waiting.next_if(|new| *new < member) {
            merged.push(new);
        }
        if waiting.peek() == Some(&member) {
            return Err(DeltaError::Malformed);
        }
        merged.push(member);
    }
    merged.extend(waiting);
    Ok(merged)
}

/// Takes from the front of a rising stream what lies below `end`.
fn take_below<'s>(stream: &mut &'s [u64], end: u64) -> &'s [u64] {
    let all: &'s [u64] = stream;
    let count = all.partition_point(|member| *member < end);
    let (front, rest) = all.split_at_checked(count).unwrap_or((all, &[]));
    *stream = rest;
    front
}

fn total_universe(names: &[ListName<'_>]) -> Result<u64, DeltaError> {
    names
        .iter()
        .try_fold(0_u64, |sum, name| sum.checked_add(name.universe))
        .filter(|total| *total <= MAX_UNIVERSE)
        .ok_or(DeltaError::OverBudget)
}

fn read_stream(bytes: &[u8], total: u64) -> Result<Vec<u64>, DeltaError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let set = CompactSet::open(bytes).map_err(|_| DeltaError::Malformed)?;
    if set.universe() != total || set.is_empty() {
        return Err(DeltaError::Malformed);
    }
    set.iter()
        .collect::<Result<_, _>>()
        .map_err(|_| DeltaError::Malformed)
}

/// The change that makes `target` of `base`, both status sections; `None` where a change cannot express it.
pub(super) fn build(base: &[u8], target: &[u8]) -> Option<Vec<u8>> {
    let base = SectionParts::parse(base).ok()?;
    let target = SectionParts::parse(target).ok()?;
    let total = total_universe(&target.names).ok()?;
    let mut streams: [Vec<u64>; STREAMS] = Default::default();
    let [invalid_added, invalid_removed, suspended_added, suspended_removed] = &mut streams;
    let mut lists = base.names.iter().zip(&base.sets).peekable();
    let mut offset = 0_u64;
    for (name, [(invalid, _), (suspended, _)]) in target.names.iter().zip(&target.sets) {
        while lists.next_if(|(before, _)| before.uri < name.uri).is_some() {}
        let [old_invalid, old_suspended] = match lists.next_if(|(before, _)| before.uri == name.uri) {
            Some((_, [(invalid, _), (suspended, _)])) => [*invalid, *suspended],
            None => [&[][..], &[]],
        };
        compare(old_invalid, invalid, offset, invalid_added, invalid_removed)?;
        compare(
            old_suspended,
            suspended,
            offset,
            suspended_added,
            suspended_removed,
        )?;
        offset = offset.checked_add(name.universe)?;
    }
    let mut bytes = Vec::new();
    write_sized(&mut bytes, &patch::build(base.header, target.header)?)?;
    write_sized(&mut bytes, &patch::build(base.names_bytes, target.names_bytes)?)?;
    for stream in &streams {
        let set = if stream.is_empty() {
            Vec::new()
        } else {
            compact_set::build(stream, total).ok()?
        };
        write_sized(&mut bytes, &set)?;
    }
    Some(bytes)
}

/// Adds to the streams what comes and what goes from one set to the next, counted from `offset`.
fn compare(old: &[u8], new: &[u8], offset: u64, added: &mut Vec<u64>, removed: &mut Vec<u64>) -> Option<()> {
    if old == new {
        return Some(());
    }
    let (old, new) = (members_of(old).ok()?, members_of(new).ok()?);
    let mut old = old.into_iter().peekable();
    for member in new {
        while let Some(gone) = old.next_if(|gone| *gone < member) {
            removed.push(offset.checked_add(gone)?);
        }
        if old.next_if_eq(&member).is_none() {
            added.push(offset.checked_add(member)?);
        }
    }
    for gone in old {
        removed.push(offset.checked_add(gone)?);
    }
    Some(())
}
