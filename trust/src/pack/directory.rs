//! The directory of a status section: which lists it is about, and the hashes of their sets (`docs/pack-format.md`, section 5).

use super::PackError;
use super::container::{Cursor, sha256};
use crate::compact_set::MAX_UNIVERSE;
use crate::status_list::BitsPerStatus;

/// Lists in one section.
pub(super) const MAX_LISTS: u32 = 65_536;

/// Bytes of one entry of the table of sets: length and hash of the invalid set, then of the suspended one.
pub(super) const SET_ENTRY_BYTES: usize = 80;

/// The longest URI of a list, in bytes.
pub(super) const MAX_URI_BYTES: usize = 2_048;

/// What a section says about one list beside its sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListName<'a> {
    pub(super) uri: &'a str,
    pub(super) bits: BitsPerStatus,
    pub(super) universe: u64,
    /// The Bitstring Status Lists of revocations and of suspensions.
    pub(super) bitstring: Option<(&'a str, &'a str)>,
}

impl ListName<'_> {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Option<()> {
        bytes.push(self.bits.count());
        bytes.push(u8::from(self.bitstring.is_some()));
        bytes.extend_from_slice(&self.universe.to_le_bytes());
        write_uri(bytes, self.uri)?;
        if let Some((revocation, suspension)) = self.bitstring {
            write_uri(bytes, revocation)?;
            write_uri(bytes, suspension)?;
        }
        Some(())
    }
}

fn write_uri(bytes: &mut Vec<u8>, uri: &str) -> Option<()> {
    let length = u16::try_from(uri.len())
        .ok()
        .filter(|length| (1..=MAX_URI_BYTES).contains(&usize::from(*length)))?;
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(uri.as_bytes());
    Some(())
}

fn read_uri<'a>(rest: &mut Cursor<'a>) -> Result<&'a str, PackError> {
    let length = rest.u16()?;
    if !(1..=MAX_URI_BYTES).contains(&usize::from(length)) {
        return Err(PackError::Directory);
    }
    core::str::from_utf8(rest.take(u64::from(length))?).map_err(|_| PackError::Directory)
}

/// Reads the names of a section, which rise by their URIs and fill the bytes.
pub(super) fn read_names(bytes: &[u8]) -> Result<Vec<ListName<'_>>, PackError> {
    let mut rest = Cursor(bytes);
    let mut names: Vec<ListName<'_>> = Vec::new();
    while !rest.0.is_empty() {
        let bits = BitsPerStatus::from_count(u64::from(rest.u8()?)).ok_or(PackError::Directory)?;
        let has_bitstring = match rest.u8()? {
            0 => false,
            1 => true,
            _ => return Err(PackError::Directory),
        };
        let universe = rest.u64()?;
        let uri = read_uri(&mut rest)?;
        let bitstring = if has_bitstring {
            Some((read_uri(&mut rest)?, read_uri(&mut rest)?))
        } else {
            None
        };
        let rises = names.last().is_none_or(|before| before.uri < uri);
        if universe > MAX_UNIVERSE || !rises {
            return Err(PackError::Directory);
        }
        names.push(ListName {
            uri,
            bits,
            universe,
            bitstring,
        });
        if names.len() > MAX_LISTS as usize {
            return Err(PackError::OverBudget);
        }
    }
    Ok(names)
}

/// Writes the entry of the table for the two sets of a list.
pub(super) fn set_entry(invalid: &[u8], suspended: &[u8]) -> Vec<u8> {
    let mut entry = Vec::with_capacity(SET_ENTRY_BYTES);
    for set in [invalid, suspended] {
        entry.extend_from_slice(&(set.len() as u64).to_le_bytes());
        entry.extend_from_slice(&sha256(set));
    }
    entry
}

/// The invalid and the suspended set of a list, each with its hash.
pub(super) type SetPair<'a> = [(&'a [u8], [u8; 32]); 2];

/// A section whose parts have been found, and nothing of which has been believed.
#[derive(Debug)]
pub(super) struct SectionParts<'a> {
    /// The signed header.
    pub(super) header: &'a [u8],
    /// What the header signs: from the number of lists to the end of the table of sets.
    pub(super) directory: &'a [u8],
    /// The bytes of the names.
    pub(super) names_bytes: &'a [u8],
    pub(super) names: Vec<ListName<'a>>,
    pub(super) sets: Vec<SetPair<'a>>,
    /// Everything before the sets.
    pub(super) head: &'a [u8],
}

impl<'a> SectionParts<'a> {
    pub(super) fn parse(section: &'a [u8]) -> Result<Self, PackError> {
        let mut rest = Cursor(section);
        let header_bytes = rest.u32()?;
        if header_bytes > super::section::MAX_HEADER_BYTES {
            return Err(PackError::OverBudget);
        }
        let header = rest.take(u64::from(header_bytes))?;
        let from_directory = rest.0;
        let lists = rest.u32()?;
        let name_bytes = rest.u32()?;
        if lists == 0 {
            return Err(PackError::Directory);
        }
        if lists > MAX_LISTS {
            return Err(PackError::OverBudget);
        }
        let names_bytes = rest.take(u64::from(name_bytes))?;
        let names = read_names(names_bytes)?;
        if names.len() != lists as usize {
            return Err(PackError::Directory);
        }
        let mut table = Cursor(rest.take(u64::from(lists) * SET_ENTRY_BYTES as u64)?);
        let directory = front_of(from_directory, rest.0)?;
        let head = front_of(section, rest.0)?;
        let mut set = || -> Result<(&'a [u8], [u8; 32]), PackError> {
            let length = table.u64()?;
            let hash = table.array()?;
            Ok((rest.take(length)?, hash))
        };
        let sets = names
            .iter()
            .map(|_| Ok([set()?, set()?]))
            .collect::<Result<Vec<_>, PackError>>()?;
        if !rest.0.is_empty() {
            return Err(PackError::TrailingBytes);
        }
        Ok(Self {
            header,
            directory,
            names_bytes,
            names,
            sets,
            head,
        })
    }
}

/// What of `whole` lies before `rest`, which is its end.
fn front_of<'a>(whole: &'a [u8], rest: &[u8]) -> Result<&'a [u8], PackError> {
    whole
        .len()
        .checked_sub(rest.len())
        .and_then(|length| whole.get(..length))
        .ok_or(PackError::Truncated)
}
