//! The container: header, section table, and where everything lies (`docs/pack-format.md`, section 1).

use sha2::{Digest, Sha256};

use super::PackError;
use crate::compact_set::SetForm;

pub(super) const MAGIC: &[u8; 8] = b"SYMBPACK";
pub(super) const HEADER_BYTES: usize = 24;
pub(super) const ENTRY_BYTES: usize = 48;

/// Sections of one pack: a list shard holds a million credentials and more, so this is a large country.
pub const MAX_SECTIONS: u32 = 4_096;

/// A manifest takes about 200 bytes.
pub(super) const MAX_MANIFEST_BYTES: u32 = 16_384;

/// A version of the format that this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackVersion {
    /// One status list for each section. Read, and not written any more.
    One,
    /// All lists of an issuer in one section, verbatim lists, scopes, deltas. Read, and not written any more.
    Two,
    /// The same with sets of runs, and with revocation lists of certificates.
    Three,
}

impl PackVersion {
    /// The version that is written.
    pub(super) const CURRENT: Self = Self::Three;

    /// The number in the header of the format.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    pub(super) const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            _ => None,
        }
    }

    /// Whether a set in a pack of this version may have this form.
    pub(super) const fn has_sets_of(self, form: SetForm) -> bool {
        match (self, form) {
            (_, SetForm::One) | (Self::Three, SetForm::Two) => true,
            (Self::One | Self::Two, SetForm::Two) => false,
        }
    }

    const fn root_prefix(self) -> &'static [u8; 22] {
        match self {
            Self::One => b"symbolon pack 1 root\0\0",
            Self::Two => b"symbolon pack 2 root\0\0",
            Self::Three => b"symbolon pack 3 root\0\0",
        }
    }
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// The registry operator's trust list.
    Trust,
    /// Status lists of one issuer: one in version 1, all that it signs together since version 2.
    Status,
    /// A signed status list as its issuer serves it.
    Verbatim,
    /// A revocation list of certificates as its authority publishes it; since version 3.
    Revocation,
}

impl SectionKind {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Trust => 1,
            Self::Status => 2,
            Self::Verbatim => 3,
            Self::Revocation => 4,
        }
    }

    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Trust),
            2 => Some(Self::Status),
            3 => Some(Self::Verbatim),
            4 => Some(Self::Revocation),
            _ => None,
        }
    }
}

/// A container whose parts have been found, and nothing of which has been believed.
#[derive(Debug)]
pub(super) struct Container<'a> {
    pub(super) version: PackVersion,
    pub(super) table: &'a [u8],
    pub(super) manifest: &'a [u8],
    pub(super) sections: Vec<RawSection<'a>>,
}

#[derive(Debug)]
pub(super) struct RawSection<'a> {
    pub(super) kind: SectionKind,
    pub(super) bytes: &'a [u8],
    pub(super) sha256: &'a [u8],
}

impl<'a> Container<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, PackError> {
        let mut rest = Cursor(bytes);
        let magic = rest.take(8)?;
        if magic != MAGIC {
            return Err(PackError::NotAPack);
        }
        let found = rest.u16()?;
        let version = PackVersion::from_number(found).ok_or(PackError::Version { found })?;
        if rest.u16()? != 0 {
            return Err(PackError::Container);
        }
        let sections = rest.u32()?;
        let manifest_bytes = rest.u32()?;
        if rest.u32()? != 0 || sections == 0 {
            return Err(PackError::Container);
        }
        if sections > MAX_SECTIONS || manifest_bytes > MAX_MANIFEST_BYTES {
            return Err(PackError::OverBudget);
        }
        let table = rest.take(u64::from(sections) * ENTRY_BYTES as u64)?;
        let manifest = rest.take(u64::from(manifest_bytes))?;
        let sections = table
            .chunks_exact(ENTRY_BYTES)
            .map(|entry| {
                let mut entry = Cursor(entry);
                let kind = entry
                    .u8()
                    .and_then(|code| SectionKind::from_code(code).ok_or(PackError::Container))?;
                if entry.take(7)? != [0; 7] {
                    return Err(PackError::Container);
                }
                let length = entry.u64()?;
                Ok(RawSection {
                    kind,
                    bytes: rest.take(length)?,
                    sha256: entry.take(32)?,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if !rest.0.is_empty() {
            return Err(PackError::TrailingBytes);
        }
        Ok(Self {
            version,
            table,
            manifest,
            sections,
        })
    }

    /// The one hash that stands for every section.
    pub(super) fn root(&self) -> [u8; 32] {
        root_of(self.version, self.table)
    }
}

/// Writes a pack. `None` where it would exceed a bound of the format.
pub(super) fn write(
    version: PackVersion,
    manifest: &[u8],
    sections: &[(SectionKind, &[u8])],
) -> Option<Vec<u8>> {
    let count = u32::try_from(sections.len())
        .ok()
        .filter(|count| *count <= MAX_SECTIONS)?;
    let manifest_bytes = u32::try_from(manifest.len())
        .ok()
        .filter(|bytes| *bytes <= MAX_MANIFEST_BYTES)?;
    let table = table_of(sections);
    let content: usize = sections.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut pack = Vec::with_capacity(HEADER_BYTES + table.len() + manifest.len() + content);
    pack.extend_from_slice(MAGIC);
    pack.extend_from_slice(&version.number().to_le_bytes());
    pack.extend_from_slice(&[0; 2]);
    pack.extend_from_slice(&count.to_le_bytes());
    pack.extend_from_slice(&manifest_bytes.to_le_bytes());
    pack.extend_from_slice(&[0; 4]);
    pack.extend(table);
    pack.extend_from_slice(manifest);
    for (_, bytes) in sections {
        pack.extend_from_slice(bytes);
    }
    Some(pack)
}

/// The section table.
pub(super) fn table_of(sections: &[(SectionKind, &[u8])]) -> Vec<u8> {
    let mut table = Vec::with_capacity(sections.len() * ENTRY_BYTES);
    for (kind, bytes) in sections {
        table.push(kind.code());
        table.extend_from_slice(&[0; 7]);
        table.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        table.extend_from_slice(&sha256(bytes));
    }
    table
}

pub(super) fn root_of(version: PackVersion, table: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(version.root_prefix())
        .chain_update(table)
        .finalize()
        .into()
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Reads from the front of borrowed bytes; a length is checked before anything is taken.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], PackError> {
        let length = usize::try_from(length).map_err(|_| PackError::Truncated)?;
        let (front, rest) = self.0.split_at_checked(length).ok_or(PackError::Truncated)?;
        self.0 = rest;
        Ok(front)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (front, rest) = self.0.split_first_chunk::<N>().ok_or(PackError::Truncated)?;
        self.0 = rest;
        Ok(*front)
    }

    pub(super) fn u8(&mut self) -> Result<u8, PackError> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PackError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PackError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, PackError> {
        self.array().map(u64::from_le_bytes)
    }
}
