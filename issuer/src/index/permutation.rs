//! A keyed permutation of the numbers below a power of two.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use thiserror::Error;
use zeroize::Zeroizing;

/// A bijection on `0 .. 2^width`: a Feistel network whose rounds alternate between the two halves of the number.
///
/// The domain is a power of two, so every output is in range and no cycle has to be walked. Without the key the image of the next
/// number cannot be told from a random unused one.
#[derive(Clone)]
pub struct IndexPermutation {
    key: PermutationKey,
    width: IndexWidth,
}

impl IndexPermutation {
    /// The permutation that `key` selects. The key of a shard never changes, or indices would be given twice.
    #[must_use]
    pub const fn new(key: PermutationKey, width: IndexWidth) -> Self {
        Self { key, width }
    }

    /// The image of `number`; `None` when it is not below [`IndexWidth::capacity`].
    #[must_use]
    pub fn permute(&self, number: u32) -> Option<u32> {
        if number >= self.width.capacity() {
            return None;
        }
        let (mut high, mut low) = self.split(number);
        for round in 0..ROUNDS {
            // Each round adds a function of one half to the other, which undoes itself: a bijection whatever the function is.
            if round % 2 == 0 {
                high ^= self.round(round, low) & self.high_mask();
            } else {
                low ^= self.round(round, high) & self.low_mask();
            }
        }
        Some((high << self.low_bits()) | low)
    }

    fn split(&self, number: u32) -> (u32, u32) {
        (number >> self.low_bits(), number & self.low_mask())
    }

    fn round(&self, round: u8, half: u32) -> u32 {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.0.as_slice()) else {
            return 0;
        };
        mac.update(&[round, self.width.0]);
        mac.update(&half.to_be_bytes());
        let output = mac.finalize().into_bytes();
        output
            .iter()
            .take(4)
            .fold(0, |word, byte| (word << 8) | u32::from(*byte))
    }

    const fn low_bits(&self) -> u32 {
        (self.width.0 / 2) as u32
    }

    const fn low_mask(&self) -> u32 {
        (1 << self.low_bits()) - 1
    }

    const fn high_mask(&self) -> u32 {
        (1 << (self.width.0 as u32 - self.low_bits())) - 1
    }
}

/// The base-two logarithm of the number of indices in a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct IndexWidth(u8);

impl IndexWidth {
    /// 2^20 indices, the size of the lists in the specification's vectors: 256 KiB at two bits.
    pub const DEFAULT: Self = Self(20);

    /// Reads a width of 6 to 24 bits.
    ///
    /// # Errors
    /// [`IndexWidthError`] outside that range: smaller shards hide nobody, larger lists exceed what verifiers inflate.
    pub const fn from_bits(bits: u8) -> Result<Self, IndexWidthError> {
        if bits >= 6 && bits <= 24 {
            Ok(Self(bits))
        } else {
            Err(IndexWidthError)
        }
    }

    /// How many indices there are.
    #[must_use]
    pub const fn capacity(self) -> u32 {
        1 << self.0
    }
}

impl TryFrom<u8> for IndexWidth {
    type Error = IndexWidthError;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        Self::from_bits(bits)
    }
}

impl From<IndexWidth> for u8 {
    fn from(width: IndexWidth) -> Self {
        width.0
    }
}

/// A width that no shard may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a status list shard has 2^6 to 2^24 indices")]
pub struct IndexWidthError;

/// The secret of one shard's permutation.
#[derive(Clone)]
pub struct PermutationKey(Zeroizing<[u8; 32]>);

impl PermutationKey {
    /// Makes a key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self(Zeroizing::new(random_bytes::<32>(randomness)?)))
    }

    /// A key from its bytes, for tests and restored shards.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Serialize for PermutationKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(self.0.as_slice()))
    }
}

impl<'de> Deserialize<'de> for PermutationKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = base64url::decode(&text).map_err(|_| serde::de::Error::custom("not base64url"))?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| serde::de::Error::custom("not 32 bytes"))?;
        Ok(Self::from_bytes(bytes))
    }
}

/// Small halves need more rounds than the classic four; ten is what NIST SP 800-38G uses for FF1.
const ROUNDS: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn permutation(seed: u8, bits: u8) -> IndexPermutation {
        IndexPermutation::new(
            PermutationKey::from_bytes([seed; 32]),
            IndexWidth::from_bits(bits).unwrap(),
        )
    }

    #[test]
    fn every_number_has_its_own_index_at_even_and_odd_widths() {
        for bits in [6, 7, 11, 12, 13] {
            let permutation = permutation(7, bits);
            let capacity = 1_u32 << bits;
            let mut seen = vec![false; capacity as usize];
            for number in 0..capacity {
                let index = permutation.permute(number).unwrap() as usize;
                assert!(
                    !std::mem::replace(&mut seen[index], true),
                    "{index} twice at {bits} bits"
                );
            }
            assert_eq!(permutation.permute(capacity), None);
        }
    }

    #[test]
    fn the_default_domain_has_no_collision_over_a_sample() {
        let permutation = permutation(9, 20);
        let mut indices: Vec<_> = (0..50_000)
            .map(|number| permutation.permute(number).unwrap())
            .collect();
        indices.sort_unstable();
        indices.dedup();
        assert_eq!(indices.len(), 50_000);
        assert!(indices.iter().all(|index| *index < 1 << 20));
    }

    #[test]
    fn another_key_gives_another_order_and_the_order_is_not_the_counters() {
        let first: Vec<_> = (0..100)
            .map(|number| permutation(1, 20).permute(number).unwrap())
            .collect();
        let second: Vec<_> = (0..100)
            .map(|number| permutation(2, 20).permute(number).unwrap())
            .collect();
        assert_ne!(first, second);
        // A random order of a hundred rises about half the time; the counter's own order always does.
        let rises = first.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((30..70).contains(&rises), "{rises}");
    }

    #[test]
    fn the_permutation_is_frozen() {
        // Changing it would hand out indices of live shards again.
        let indices: Vec<_> = (0..4)
            .map(|number| permutation(1, 20).permute(number).unwrap())
            .collect();
        assert_eq!(indices, FROZEN);
    }

    const FROZEN: [u32; 4] = [1_031_995, 694_181, 446_986, 886_623];
}
