//! One status list: its permutation and how far its counter was leased.

use std::fmt;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::BitsPerStatus;

use super::permutation::{IndexPermutation, IndexWidth, PermutationKey};

/// The number of a shard, the last segment of its status list's URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(u32);

impl ShardId {
    /// The first shard of an installation.
    pub const FIRST: Self = Self(0);

    /// The shard with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The one that follows; `None` after 2^32.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The place of one credential: a list and an index in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusIndex {
    /// The list.
    pub shard: ShardId,
    /// The index in the list.
    pub index: u32,
}

/// The form that a shard is opened in and keeps: a list whose entries changed their width would say something else about every credential
/// that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardForm {
    /// How many indices it has.
    pub width: IndexWidth,
    /// How many bits a status has.
    pub bits: BitsPerStatus,
}

/// What is stored of a shard.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its number.
    pub id: ShardId,
    /// Its size.
    pub width: IndexWidth,
    /// How many bits a status has; two in shards of versions that had no choice.
    #[serde(default = "two_bits", skip_serializing_if = "is_two_bits")]
    pub bits: BitsPerStatus,
    /// The key of its permutation, never changed.
    pub key: PermutationKey,
    /// How many numbers of its counter were leased: those below are spoken for.
    pub leased: u32,
    /// When it was opened.
    pub opened_at: UnixTime,
    /// Since when its list is not published any more, because everything in it has expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<UnixTime>,
}

impl Shard {
    /// An empty shard.
    #[must_use]
    pub const fn open(id: ShardId, form: ShardForm, key: PermutationKey, opened_at: UnixTime) -> Self {
        Self {
            id,
            width: form.width,
            bits: form.bits,
            key,
            leased: 0,
            opened_at,
            retired_at: None,
        }
    }

    /// Whether its list is published.
    #[must_use]
    pub const fn is_published(&self) -> bool {
        self.retired_at.is_none()
    }

    /// The shard once its list is not published any more.
    #[must_use]
    pub fn retired(&self, at: UnixTime) -> Self {
        Self {
            retired_at: Some(at),
            ..self.clone()
        }
    }

    /// The form that it was opened in.
    #[must_use]
    pub const fn form(&self) -> ShardForm {
        ShardForm {
            width: self.width,
            bits: self.bits,
        }
    }

    /// The shard with nothing left to lease.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self {
            leased: self.width.capacity(),
            ..self.clone()
        }
    }

    /// The shard after a lease of up to `block` numbers, and the lease; `None` when the shard is full. The lease may be used once the
    /// shard it comes with is durable.
    #[must_use]
    pub fn lease(&self, block: u32) -> Option<(Self, IndexLease)> {
        let end = self.leased.saturating_add(block).min(self.width.capacity());
        if end <= self.leased {
            return None;
        }
        let lease = IndexLease {
            shard: self.id,
            permutation: IndexPermutation::new(self.key.clone(), self.width),
            next: self.leased,
            end,
        };
        Some((
            Self {
                leased: end,
                ..self.clone()
            },
            lease,
        ))
    }
}

const fn two_bits() -> BitsPerStatus {
    BitsPerStatus::Two
}

const fn is_two_bits(bits: &BitsPerStatus) -> bool {
    matches!(bits, BitsPerStatus::Two)
}

/// Numbers of a shard's counter that belong to this process alone.
#[derive(Clone)]
pub struct IndexLease {
    shard: ShardId,
    permutation: IndexPermutation,
    next: u32,
    end: u32,
}

impl Iterator for IndexLease {
    type Item = StatusIndex;

    /// The next index, each given once.
    fn next(&mut self) -> Option<StatusIndex> {
        if self.next >= self.end {
            return None;
        }
        let index = self.permutation.permute(self.next)?;
        self.next += 1;
        Some(StatusIndex {
            shard: self.shard,
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(bits: BitsPerStatus) -> Shard {
        let width = IndexWidth::from_bits(6).unwrap();
        let key = PermutationKey::from_bytes([3; 32]);
        let form = ShardForm { width, bits };
        Shard::open(ShardId::FIRST, form, key, UnixTime::from_seconds(0))
    }

    #[test]
    fn a_shard_keeps_its_bits_and_those_of_earlier_versions_have_two() {
        let stored = serde_json::to_value(shard(BitsPerStatus::Two)).unwrap();
        assert_eq!(stored.get("bits"), None);
        let read: Shard = serde_json::from_value(stored).unwrap();
        assert_eq!(read.bits, BitsPerStatus::Two);
        for bits in [BitsPerStatus::One, BitsPerStatus::Four, BitsPerStatus::Eight] {
            let mut stored = serde_json::to_value(shard(bits)).unwrap();
            assert_eq!(stored["bits"], bits.count());
            let read: Shard = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(read.bits, bits);
            stored["bits"] = 3.into();
            assert!(serde_json::from_value::<Shard>(stored).is_err());
        }
    }

    #[test]
    fn a_shard_says_that_it_is_retired_and_those_of_earlier_versions_are_not() {
        let open = shard(BitsPerStatus::Two);
        let mut stored = serde_json::to_value(&open).unwrap();
        assert_eq!(stored.get("retired_at"), None);
        assert!(open.is_published());
        let at = UnixTime::from_seconds(7);
        stored = serde_json::to_value(open.closed().retired(at)).unwrap();
        let read: Shard = serde_json::from_value(stored).unwrap();
        assert_eq!((read.retired_at, read.is_published()), (Some(at), false));
    }

    #[test]
    fn leases_cover_a_shard_exactly_once_and_then_it_is_full() {
        let mut shard = shard(BitsPerStatus::Two);
        let mut indices = Vec::new();
        while let Some((after, lease)) = shard.lease(10) {
            indices.extend(lease.map(|place| place.index));
            shard = after;
        }
        indices.sort_unstable();
        assert_eq!(indices, (0..64).collect::<Vec<_>>());
        assert!(shard.lease(1).is_none());
        assert!(shard.lease(0).is_none());
    }
}
