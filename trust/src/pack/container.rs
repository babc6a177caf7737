//! The container: header, section table, and where everything lies (`docs/pack-format.md`, section 1).

use sha2::{Digest, Sha256};

use super::PackError;

pub(super) const MAGIC: &[u8; 8] = b"SYMBPACK";
pub(super) const VERSION: u16 = 1;
pub(super) const HEADER_BYTES: usize = 24;
pub(super) const ENTRY_BYTES: usize = 48;

/// Sections of one pack: a list shard holds a million credentials and more, so this is a large country.
pub const MAX_SECTIONS: u32 = 4_096;

/// A manifest takes about 200 bytes.
const MAX_MANIFEST_BYTES: u32 = 16_384;

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// The registry operator's trust list.
    Trust,
    /// One status list of one issuer.
    Status,
}

impl SectionKind {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Trust => 1,
            Self::Status => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Trust),
            2 => Some(Self::Status),
            _ => None,
        }
    }
}

/// A container whose parts have been found, and nothing of which has been believed.
#[derive(Debug)]
pub(super) struct Container<'a> {
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
        let version = rest.u16()?;
        if version != VERSION {
            return Err(PackError::Version { found: version });
        }
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
            table,
            manifest,
            sections,
        })
    }

    /// The one hash that stands for every section.
    pub(super) fn root(&self) -> [u8; 32] {
        root_of(self.table)
    }
}

pub(super) fn root_of(table: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(ROOT_PREFIX)
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

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (front, rest) = self.0.split_first_chunk::<N>().ok_or(PackError::Truncated)?;
        self.0 = rest;
        Ok(*front)
    }

    fn u8(&mut self) -> Result<u8, PackError> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, PackError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PackError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, PackError> {
        self.array().map(u64::from_le_bytes)
    }
}

const ROOT_PREFIX: &[u8; 22] = b"symbolon pack 1 root\0\0";
