//! Patches of small texts: pieces that are copied from the old one and pieces that are new.

use std::collections::BTreeMap;

use super::{DeltaError, within};
use crate::pack::container::Cursor;

const COPY: u8 = 0;
const INSERT: u8 = 1;

/// Pieces shorter than this are not worth a copy.
const WINDOW: usize = 16;

/// Makes the new text.
pub(super) fn apply(old: &[u8], patch: &[u8], budget: usize) -> Result<Vec<u8>, DeltaError> {
    let mut rest = Cursor(patch);
    let mut new = Vec::new();
    while !rest.0.is_empty() {
        let piece = match rest.u8()? {
            COPY => {
                let (offset, length) = (rest.u32()?, rest.u32()?);
                let mut from = Cursor(old);
                from.take(u64::from(offset))?;
                from.take(u64::from(length))?
            }
            INSERT => super::sized(&mut rest)?,
            _ => return Err(DeltaError::Malformed),
        };
        // A patch without a bound could copy the whole text as often as it has instructions.
        within(new.len().saturating_add(piece.len()), budget)?;
        new.extend_from_slice(piece);
    }
    Ok(new)
}

/// A patch that makes `new` of `old`; `None` when one of them is longer than 32 bits count.
pub(super) fn build(old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    u32::try_from(old.len()).ok()?;
    u32::try_from(new.len()).ok()?;
    let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
    for (number, window) in old.chunks_exact(WINDOW).enumerate() {
        places.entry(window).or_insert(number * WINDOW);
    }
    let mut patch = Vec::new();
    let (mut written, mut at) = (0, 0);
    while let Some(window) = new.get(at..at + WINDOW) {
        let Some(place) = places.get(window) else {
            at += 1;
            continue;
        };
        let before = common_end(old.get(..*place)?, new.get(written..at)?);
        let after = common_begin(old.get(*place..)?, new.get(at..)?);
        let (from, begin) = (place - before, at - before);
        insert(&mut patch, new.get(written..begin)?)?;
        patch.push(COPY);
        patch.extend_from_slice(&u32::try_from(from).ok()?.to_le_bytes());
        patch.extend_from_slice(&u32::try_from(before + after).ok()?.to_le_bytes());
        at += after;
        written = at;
    }
    insert(&mut patch, new.get(written..)?)?;
    Some(patch)
}

fn insert(patch: &mut Vec<u8>, piece: &[u8]) -> Option<()> {
    if piece.is_empty() {
        return Some(());
    }
    patch.push(INSERT);
    super::write_sized(patch, piece)
}

fn common_begin(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

fn common_end(one: &[u8], other: &[u8]) -> usize {
    one.iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(|(a, b)| a == b)
        .count()
}
