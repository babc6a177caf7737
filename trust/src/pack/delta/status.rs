//! The change of a status section: a new header of the issuer, and the indices that change.
//!
//! All lists of a section are counted through as one: an index of a list stands at the sum of the universes of the lists before
//! it and itself. A hundred shards of which each changes a little then cost one stream of gaps, and not a hundred.

use super::{DeltaError, SectionChange, patch, sized, within, write_sized};
use crate::compact_set::{CompactSet, MAGIC_1, MAX_UNIVERSE, Run, RunStream, Runs, SetForm};
use crate::pack::container::Cursor;
use crate::pack::directory::{ListName, SectionParts, read_names, set_entry};
use crate::pack::section::{assemble, directory, encoded};

/// The streams of changes: what becomes invalid, what does so no longer, what becomes suspended, what does so no longer.
const STREAMS: usize = 4;

pub(super) struct Change<'a> {
    /// How the streams are written, and the sets that change.
    form: SetForm,
    header: &'a [u8],
    names: &'a [u8],
    streams: [&'a [u8]; STREAMS],
}

impl<'a> Change<'a> {
    pub(super) fn read(rest: &mut Cursor<'a>, form: SetForm) -> Result<Self, DeltaError> {
        Ok(Self {
            form,
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
        let [one, two, three, four] = self.streams;
        let stream = |bytes| read_stream(bytes, total, self.form).map(RunStream::new);
        let mut waiting = [stream(one)?, stream(two)?, stream(three)?, stream(four)?];
        let mut lists = base.names.iter().zip(&base.sets).peekable();
        let (mut table, mut sets) = (Vec::new(), Vec::new());
        let mut offset = 0_u64;
        for name in &names {
            // Both sides rise by their URIs: what lies before this one was taken out.
            while lists.next_if(|(before, _)| before.uri < name.uri).is_some() {}
            let old = lists.next_if(|(before, _)| before.uri == name.uri);
            let end = offset.checked_add(name.universe).ok_or(DeltaError::Malformed)?;
            let [invalid_added, invalid_removed, suspended_added, suspended_removed] =
                waiting.each_mut().map(|stream| stream.take_below(end, offset));
            let [old_invalid, old_suspended] = match old {
                Some((_, [(invalid, _), (suspended, _)])) => [*invalid, *suspended],
                None => [&[][..], &[]],
            };
            let place = Place {
                form: self.form,
                universe: name.universe,
                has_same_universe: old.is_some_and(|(before, _)| before.universe == name.universe),
            };
            let invalid = place.rebuild(old_invalid, &invalid_added, &invalid_removed)?;
            let suspended = place.rebuild(old_suspended, &suspended_added, &suspended_removed)?;
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

/// What a set of a list becomes.
struct Place {
    form: SetForm,
    universe: u64,
    /// A set can stay as it is only within the universe that it was encoded for.
    has_same_universe: bool,
}

impl Place {
    /// The set after its changes. What comes was not there, and what goes was: one change has one delta.
    fn rebuild(&self, old: &[u8], added: &Runs, removed: &Runs) -> Result<Vec<u8>, DeltaError> {
        let has_form = self.form == SetForm::One || !old.starts_with(&MAGIC_1);
        if added.is_empty() && removed.is_empty() && self.has_same_universe && has_form {
            return Ok(old.to_vec());
        }
        let members = runs_of(old, self.form)?;
        if !removed.without(&members).is_empty() {
            return Err(DeltaError::Malformed);
        }
        let members = members.without(removed).with(added);
        let members = members.ok_or(DeltaError::Malformed)?;
        encoded(&members, self.universe, self.form).map_err(|_| DeltaError::Malformed)
    }
}

/// The runs of a set. A change in the first form knows of no other: written out in it, a set of a few runs could fill the memory.
fn runs_of(set: &[u8], form: SetForm) -> Result<Runs, DeltaError> {
    if set.is_empty() {
        return Ok(Runs::default());
    }
    let set = CompactSet::open(set).map_err(|_| DeltaError::Malformed)?;
    if form == SetForm::One && set.form() != SetForm::One {
        return Err(DeltaError::Malformed);
    }
    Runs::of_set(&set).map_err(|_| DeltaError::Malformed)
}

fn total_universe(names: &[ListName<'_>]) -> Result<u64, DeltaError> {
    names
        .iter()
        .try_fold(0_u64, |sum, name| sum.checked_add(name.universe))
        .filter(|total| *total <= MAX_UNIVERSE)
        .ok_or(DeltaError::OverBudget)
}

fn read_stream(bytes: &[u8], total: u64, form: SetForm) -> Result<Runs, DeltaError> {
    if bytes.is_empty() {
        return Ok(Runs::default());
    }
    let set = CompactSet::open(bytes).map_err(|_| DeltaError::Malformed)?;
    if set.universe() != total || set.is_empty() || set.form() != form {
        return Err(DeltaError::Malformed);
    }
    Runs::of_set(&set).map_err(|_| DeltaError::Malformed)
}

/// The change that makes `target` of `base`, both status sections, with sets of this form; `None` where a change cannot express it.
pub(super) fn build(base: &[u8], target: &[u8], form: SetForm) -> Option<Vec<u8>> {
    let base = SectionParts::parse(base).ok()?;
    let target = SectionParts::parse(target).ok()?;
    let total = total_universe(&target.names).ok()?;
    let mut streams: [Runs; STREAMS] = Default::default();
    let [invalid_added, invalid_removed, suspended_added, suspended_removed] = &mut streams;
    let mut lists = base.names.iter().zip(&base.sets).peekable();
    let mut offset = 0_u64;
    for (name, [(invalid, _), (suspended, _)]) in target.names.iter().zip(&target.sets) {
        while lists.next_if(|(before, _)| before.uri < name.uri).is_some() {}
        let [old_invalid, old_suspended] = match lists.next_if(|(before, _)| before.uri == name.uri) {
            Some((_, [(invalid, _), (suspended, _)])) => [*invalid, *suspended],
            None => [&[][..], &[]],
        };
        let end = offset.checked_add(name.universe)?;
        for (old, new, added, removed) in [
            (old_invalid, *invalid, &mut *invalid_added, &mut *invalid_removed),
            (
                old_suspended,
                *suspended,
                &mut *suspended_added,
                &mut *suspended_removed,
            ),
        ] {
            if old == new {
                continue;
            }
            let (old, new) = (runs_of(old, form).ok()?, runs_of(new, form).ok()?);
            append(added, &new.without(&old), offset, end)?;
            append(removed, &old.without(&new), offset, end)?;
        }
        offset = end;
    }
    let mut bytes = Vec::new();
    write_sized(&mut bytes, &patch::build(base.header, target.header)?)?;
    write_sized(&mut bytes, &patch::build(base.names_bytes, target.names_bytes)?)?;
    for stream in &streams {
        write_sized(&mut bytes, &encoded(stream, total, form).ok()?)?;
    }
    Some(bytes)
}

/// Adds the runs of one list to a stream, which ends before `end`: what a list had behind its new end cannot be said.
fn append(stream: &mut Runs, runs: &Runs, offset: u64, end: u64) -> Option<()> {
    for run in runs.as_slice() {
        let moved = Run {
            start: offset.checked_add(run.start)?,
            end: offset.checked_add(run.end)?,
        };
        if moved.end > end {
            return None;
        }
        stream.push(moved);
    }
    Some(())
}
