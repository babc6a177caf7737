//! Deltas: what turns one pack into a later one, byte for byte (`docs/pack-format.md`, section 7).
//!
//! A delta is believed no further than that: the pack that it makes is verified like any other, and every signature in it is that
//! of the party it concerns.

mod build;
mod patch;
mod status;
#[cfg(test)]
mod tests;

use super::PackError;
use super::container::{self, Container, Cursor, MAX_MANIFEST_BYTES, MAX_SECTIONS, PackVersion, SectionKind};
use super::manifest::Manifest;
use crate::compact_set::SetForm;

pub use self::build::{Compacted, compact, delta};

pub(super) const MAGIC: &[u8; 8] = b"SYMBDELT";
/// Bytes before the manifest.
const HEADER_BYTES: usize = 72;

/// The longest pack that a delta may make: 1.4 billion credentials at one in a hundred revoked take 15 MB.
pub const MAX_PACK_BYTES: usize = 256 << 20;

/// How a section of the target is made.
const UNCHANGED: u8 = 0;
const WHOLE: u8 = 1;
const PATCHED: u8 = 2;
const STATUS_FORM_1: u8 = 3;
const STATUS: u8 = 4;

/// Why a delta is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// The first bytes are not those of a delta.
    #[error("the file is not a delta of an offline pack")]
    NotADelta,
    /// A delta of another version.
    #[error("the delta has version {found}, this reader knows versions 2 and 3")]
    Version {
        /// The version found.
        found: u16,
    },
    /// The file ends before the delta does, goes on behind it, or contradicts itself.
    #[error("the delta is malformed")]
    Malformed,
    /// A bound of the format is exceeded.
    #[error("the delta exceeds a bound of its format")]
    OverBudget,
    /// The pack in force is another one than the delta changes: one is missing between them, or it was applied already.
    #[error("the delta changes the pack with sequence {base}, and the pack in force has sequence {in_force}")]
    OtherBase {
        /// The sequence of the pack that the delta changes.
        base: u64,
        /// The sequence of the pack in force.
        in_force: u64,
    },
    /// The pack in force cannot be read.
    #[error("the pack in force cannot be changed by a delta")]
    Base(#[source] PackError),
    /// The pack in force has a version that the delta cannot begin from.
    #[error("the pack in force is of a version that this delta does not change")]
    BaseVersion,
    /// What the delta makes is not the pack that its manifest is about.
    #[error("the delta does not make the pack that its manifest is about")]
    Result,
}

impl From<PackError> for DeltaError {
    fn from(error: PackError) -> Self {
        match error {
            PackError::OverBudget => Self::OverBudget,
            _ => Self::Malformed,
        }
    }
}

/// A delta whose form is right. Nothing of it is verified: that is done with the pack that it makes.
#[derive(Debug)]
pub struct Delta<'a> {
    version: PackVersion,
    base_sequence: u64,
    base_root: [u8; 32],
    target: Manifest,
    manifest: &'a [u8],
    sections: u32,
    operations: &'a [u8],
}

impl<'a> Delta<'a> {
    /// Reads the header of a delta and the manifest of the pack that it makes.
    ///
    /// # Errors
    /// [`DeltaError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DeltaError> {
        let mut rest = Cursor(bytes);
        if rest.take(8).ok() != Some(MAGIC.as_slice()) {
            return Err(DeltaError::NotADelta);
        }
        let found = rest.u16()?;
        let version = PackVersion::from_number(found)
            .filter(|version| *version != PackVersion::One)
            .ok_or(DeltaError::Version { found })?;
        if rest.u16()? != 0 {
            return Err(DeltaError::Malformed);
        }
        let sections = rest.u32()?;
        let manifest_bytes = rest.u32()?;
        if rest.u32()? != 0 || sections == 0 {
            return Err(DeltaError::Malformed);
        }
        if sections > MAX_SECTIONS || manifest_bytes > MAX_MANIFEST_BYTES || bytes.len() > MAX_PACK_BYTES {
            return Err(DeltaError::OverBudget);
        }
        let base_sequence = rest.u64()?;
        let base_root = rest.array()?;
        let target_sequence = rest.u64()?;
        let manifest = rest.take(u64::from(manifest_bytes))?;
        let target = Manifest::read_unverified(manifest, version)?;
        if target.sequence != target_sequence {
            return Err(DeltaError::Malformed);
        }
        Ok(Self {
            version,
            base_sequence,
            base_root,
            target,
            manifest,
            sections,
            operations: rest.0,
        })
    }

    /// The sequence of the pack that it changes.
    #[must_use]
    pub const fn base_sequence(&self) -> u64 {
        self.base_sequence
    }

    /// The root of the pack that it changes.
    #[must_use]
    pub const fn base_root(&self) -> &[u8; 32] {
        &self.base_root
    }

    /// The sequence of the pack that it makes.
    #[must_use]
    pub const fn target_sequence(&self) -> u64 {
        self.target.sequence
    }

    /// The root of the pack that it makes.
    #[must_use]
    pub const fn target_root(&self) -> &[u8; 32] {
        &self.target.root
    }

    /// How each section of the pack is made, in their order.
    ///
    /// # Errors
    /// [`DeltaError`] when an operation cannot be read.
    pub fn changes(&self) -> Result<Vec<SectionChange>, DeltaError> {
        let operations = self.operations()?;
        let changes = operations.iter().map(|operation| match operation {
            Operation::Unchanged { .. } => SectionChange::Unchanged,
            Operation::Whole { kind, bytes } => SectionChange::Whole {
                kind: *kind,
                bytes: bytes.len() as u64,
            },
            Operation::Patched { patch, .. } => SectionChange::Patched {
                bytes: patch.len() as u64,
            },
            Operation::Status { change, .. } => change.summary(),
        });
        Ok(changes.collect())
    }

    /// Makes the pack. Whoever calls this verifies it next: [`apply`](super::apply) does both.
    ///
    /// # Errors
    /// [`DeltaError`].
    pub fn apply(&self, base: &[u8]) -> Result<Vec<u8>, DeltaError> {
        self.apply_within(base, MAX_PACK_BYTES)
    }

    /// Makes the pack, of which all sections together take so many bytes at most.
    fn apply_within(&self, base: &[u8], mut budget: usize) -> Result<Vec<u8>, DeltaError> {
        let base = Container::parse(base).map_err(DeltaError::Base)?;
        check_versions(base.version, self.version)?;
        if base.root() != self.base_root {
            let manifest = Manifest::read_unverified(base.manifest, base.version);
            return Err(DeltaError::OtherBase {
                base: self.base_sequence,
                in_force: manifest.map_err(DeltaError::Base)?.sequence,
            });
        }
        let mut sections: Vec<(SectionKind, Vec<u8>)> = Vec::new();
        for operation in self.operations()? {
            let (kind, bytes) = operation.make(&base, budget)?;
            budget = budget.checked_sub(bytes.len()).ok_or(DeltaError::OverBudget)?;
            sections.push((kind, bytes));
        }
        let sections: Vec<_> = sections
            .iter()
            .map(|(kind, bytes)| (*kind, bytes.as_slice()))
            .collect();
        let table = container::table_of(&sections);
        if container::root_of(self.version, &table) != self.target.root {
            return Err(DeltaError::Result);
        }
        container::write(self.version, self.manifest, &sections).ok_or(DeltaError::OverBudget)
    }

    fn operations(&self) -> Result<Vec<Operation<'a>>, DeltaError> {
        let mut rest = Cursor(self.operations);
        let operations = (0..self.sections)
            .map(|_| Operation::read(&mut rest, self.version))
            .collect::<Result<Vec<_>, _>>()?;
        if rest.0.is_empty() {
            Ok(operations)
        } else {
            Err(DeltaError::Malformed)
        }
    }
}

/// How a delta makes one section, for whoever looks at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionChange {
    /// It stays as it is.
    Unchanged,
    /// It comes whole: new, or cheaper than a change.
    Whole {
        /// What it is.
        kind: SectionKind,
        /// Its length.
        bytes: u64,
    },
    /// Pieces of it are replaced.
    Patched {
        /// What that takes.
        bytes: u64,
    },
    /// Indices of lists change their state, under a new header of their issuer.
    Status {
        /// The bytes of the header's and the directory's changes.
        header_bytes: u64,
        /// The bytes of the changed indices.
        set_bytes: u64,
        /// How many indices change.
        indices: u64,
    },
}

enum Operation<'a> {
    Unchanged { from: u32 },
    Whole { kind: SectionKind, bytes: &'a [u8] },
    Patched { from: u32, patch: &'a [u8] },
    Status { from: u32, change: status::Change<'a> },
}

impl<'a> Operation<'a> {
    fn read(rest: &mut Cursor<'a>, version: PackVersion) -> Result<Self, DeltaError> {
        Ok(match rest.u8()? {
            UNCHANGED => Self::Unchanged { from: rest.u32()? },
            WHOLE => {
                let kind = SectionKind::from_code(rest.u8()?).ok_or(DeltaError::Malformed)?;
                let length = rest.u64()?;
                Self::Whole {
                    kind,
                    bytes: rest.take(length)?,
                }
            }
            PATCHED => Self::Patched {
                from: rest.u32()?,
                patch: sized(rest)?,
            },
            STATUS_FORM_1 => Self::Status {
                from: rest.u32()?,
                change: status::Change::read(rest, SetForm::One)?,
            },
            STATUS if version.has_sets_of(SetForm::Two) => Self::Status {
                from: rest.u32()?,
                change: status::Change::read(rest, SetForm::Two)?,
            },
            _ => return Err(DeltaError::Malformed),
        })
    }

    fn make(&self, base: &Container<'_>, budget: usize) -> Result<(SectionKind, Vec<u8>), DeltaError> {
        let section = |from: u32| {
            let place = usize::try_from(from).ok();
            place
                .and_then(|place| base.sections.get(place))
                .ok_or(DeltaError::Malformed)
        };
        match self {
            Self::Unchanged { from } => {
                let section = section(*from)?;
                within(section.bytes.len(), budget)?;
                Ok((section.kind, section.bytes.to_vec()))
            }
            Self::Whole { kind, bytes } => Ok((*kind, bytes.to_vec())),
            Self::Patched { from, patch } => {
                let section = section(*from)?;
                Ok((section.kind, patch::apply(section.bytes, patch, budget)?))
            }
            Self::Status { from, change } => {
                let section = section(*from)?;
                if section.kind != SectionKind::Status {
                    return Err(DeltaError::Malformed);
                }
                Ok((SectionKind::Status, change.apply(section.bytes, budget)?))
            }
        }
    }
}

/// A delta has the version of the pack that it makes, and changes a pack of that version or the one before. Version 1 has none.
fn check_versions(base: PackVersion, target: PackVersion) -> Result<(), DeltaError> {
    match (base, target) {
        (PackVersion::Two, PackVersion::Two | PackVersion::Three)
        | (PackVersion::Three, PackVersion::Three) => Ok(()),
        _ => Err(DeltaError::BaseVersion),
    }
}

fn within(bytes: usize, budget: usize) -> Result<(), DeltaError> {
    if bytes > budget {
        Err(DeltaError::OverBudget)
    } else {
        Ok(())
    }
}

/// Bytes behind their length in 32 bits.
fn sized<'a>(rest: &mut Cursor<'a>) -> Result<&'a [u8], DeltaError> {
    let length = rest.u32()?;
    Ok(rest.take(u64::from(length))?)
}

fn write_sized(bytes: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    bytes.extend_from_slice(&u32::try_from(part.len()).ok()?.to_le_bytes());
    bytes.extend_from_slice(part);
    Some(())
}
