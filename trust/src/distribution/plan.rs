//! What a reader downloads, from what it has and what an index offers.

use crate::pack::{PackError, claims};

use super::index::{Digest, PackIndex, PublishedDelta, PublishedFile, PublishedPack};

/// The largest pack that anybody downloads unless told otherwise, in bytes: 1.4 billion credentials at 1 % revoked are 14 MB.
pub const MAX_PACK_BYTES: u64 = 256 << 20;

/// The folder of packs that were in force before, beside the file of the one in force.
pub const EARLIER_FOLDER: &str = "earlier";

/// A pack that is in force somewhere, by what a delta calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldPack {
    /// Its sequence number.
    pub sequence: u64,
    /// Its root.
    pub root: Digest,
}

impl HeldPack {
    /// What a pack says it is. Nothing of it is verified.
    ///
    /// # Errors
    /// [`PackError`] when it is no pack.
    pub fn of(pack: &[u8]) -> Result<Self, PackError> {
        let claims = claims(pack)?;
        Ok(Self {
            sequence: claims.sequence,
            root: Digest::from_bytes(claims.root),
        })
    }

    /// What the file of a pack is called that was in force before, in the folder [`EARLIER_FOLDER`] beside the one in force. The
    /// sequence has all its digits, so that names sort as packs do.
    #[must_use]
    pub fn earlier_file_name(&self) -> String {
        format!("{:020}-{}.pack", self.sequence, self.root)
    }
}

/// What is to be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan<'i> {
    /// Nothing: what is held is what is offered.
    Nothing,
    /// What changed since the pack that is held.
    Delta(&'i PublishedDelta),
    /// The whole pack.
    Full(&'i PublishedFile),
}

impl<'i> Plan<'i> {
    /// The file to download.
    #[must_use]
    pub const fn file(&self) -> Option<&'i PublishedFile> {
        match self {
            Self::Nothing => None,
            Self::Delta(delta) => Some(&delta.file),
            Self::Full(file) => Some(file),
        }
    }
}

/// Why an index offers nothing that could be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No pack of the scope.
    #[error("the distributor offers no pack of this scope")]
    NoSuchScope,
    /// It offers an older pack than the one in force.
    #[error("the distributor offers pack {offered}, older than pack {held} that is in force")]
    Behind {
        /// What it offers.
        offered: u64,
        /// What is held.
        held: u64,
    },
    /// It offers another pack under the number of the one in force.
    #[error("the distributor offers another pack {sequence} than the one in force")]
    Fork {
        /// The number.
        sequence: u64,
    },
    /// The smallest way to the pack is larger than the budget.
    #[error("the pack has {bytes} bytes, more than the {limit} that may be downloaded")]
    TooLarge {
        /// What would be downloaded.
        bytes: u64,
        /// The budget.
        limit: u64,
    },
}

impl PackIndex {
    /// The newest pack of a scope.
    #[must_use]
    pub fn pack(&self, scope: Option<&str>) -> Option<&PublishedPack> {
        self.packs.iter().find(|pack| pack.scope.as_deref() == scope)
    }

    /// What to download of a scope, by whoever holds `held`: the smallest file that leads to the offered pack.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan(
        &self,
        scope: Option<&str>,
        held: Option<HeldPack>,
        budget: u64,
    ) -> Result<Plan<'_>, PlanError> {
        let offered = self.pack(scope).ok_or(PlanError::NoSuchScope)?;
        let delta = match held {
            None => None,
            Some(held) if offered.sequence < held.sequence => {
                return Err(PlanError::Behind {
                    offered: offered.sequence,
                    held: held.sequence,
                });
            }
            Some(held) if offered.sequence == held.sequence && offered.root == held.root => {
                return Ok(Plan::Nothing);
            }
            Some(held) if offered.sequence == held.sequence => {
                return Err(PlanError::Fork {
                    sequence: held.sequence,
                });
            }
            Some(held) => offered.delta_from(held),
        };
        let plan = match delta {
            Some(delta) if is_worthwhile(delta.file.bytes, offered.full.bytes) => Plan::Delta(delta),
            _ => Plan::Full(&offered.full),
        };
        let bytes = plan.file().map_or(0, |file| file.bytes);
        if bytes > budget {
            return Err(PlanError::TooLarge { bytes, limit: budget });
        }
        Ok(plan)
    }
}

impl PublishedPack {
    /// What changed since the pack that is held, where it is still offered.
    #[must_use]
    pub fn delta_from(&self, held: HeldPack) -> Option<&PublishedDelta> {
        let of_base =
            |delta: &&PublishedDelta| delta.base_sequence == held.sequence && delta.base_root == held.root;
        self.deltas
            .iter()
            .filter(of_base)
            .min_by_key(|delta| delta.file.bytes)
    }
}

/// Whether a delta saves anything beside the whole pack.
#[must_use]
pub const fn is_worthwhile(delta_bytes: u64, full_bytes: u64) -> bool {
    delta_bytes < full_bytes
}
