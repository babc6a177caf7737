//! The one word.

use serde::{Deserialize, Serialize};

use super::{Authentic, Holder, Status, Trusted};
use crate::policy::HolderPolicy;

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All four axes hold, the holder proven by key.
    Valid,
    /// All but the holder hold, who is compared with the photo, or of whom the request asked no proof.
    Genuine,
    /// An axis fails.
    Invalid,
    /// No axis fails, and one is not known.
    Unknown,
}

impl Verdict {
    /// How much it counts where several are told as one: what is refused counts most, then what is not known.
    #[must_use]
    pub const fn severity(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Genuine => 1,
            Self::Unknown => 2,
            Self::Invalid => 3,
        }
    }

    /// The word for four answers. A failure outweighs what is unknown: a revoked credential is invalid whoever shows
    /// it. What is unknown outweighs what is good.
    #[must_use]
    pub fn judge(
        authentic: Authentic,
        trusted: Trusted,
        status: Status,
        holder: Holder,
        policy: HolderPolicy,
    ) -> Self {
        let parts = [
            match authentic {
                Authentic::Authentic => Self::Valid,
                Authentic::NotAuthentic => Self::Invalid,
                Authentic::Unknown => Self::Unknown,
            },
            match trusted {
                Trusted::Trusted => Self::Valid,
                Trusted::NotTrusted => Self::Invalid,
                Trusted::Unknown => Self::Unknown,
            },
            match status {
                Status::Good | Status::WithoutStatus => Self::Valid,
                Status::Suspended | Status::Revoked | Status::OutOfRange => Self::Invalid,
                Status::Unknown => Self::Unknown,
            },
            match (holder, policy) {
                (Holder::ProvenByKey, _) => Self::Valid,
                (Holder::CompareByEye, HolderPolicy::KeyOrPhoto) => Self::Genuine,
                // The request decides that, for the one credential that it asks for so.
                (Holder::NotAsked, _) => Self::Genuine,
                // Where a key is demanded, a credential that has none can never satisfy; a card with a photo is no
                // forgery for that, but it does not answer the question either.
                (Holder::NotBound, HolderPolicy::KeyProof) | (Holder::Refuted, _) => Self::Invalid,
                (Holder::CompareByEye, HolderPolicy::KeyProof)
                | (Holder::NotBound, HolderPolicy::KeyOrPhoto)
                | (Holder::NotChecked, _) => Self::Unknown,
            },
        ];
        [Self::Invalid, Self::Unknown, Self::Genuine]
            .into_iter()
            .find(|word| parts.contains(word))
            .unwrap_or(Self::Valid)
    }

    /// The word as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Genuine => "genuine",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        }
    }
}

impl core::fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.as_str())
    }
}
