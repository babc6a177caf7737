//! The array of states and its compressed form (§3.3, §3.4 and §4.1).

use symbolon_credential::w3c::StatusSize;
use symbolon_crypto::encoding::zlib::InflateError;
use symbolon_crypto::encoding::{base64url, gzip};
use thiserror::Error;

use crate::status_list::{Status, TokenStatusList};

/// The fewest entries a list may have: fewer would tell the issuer too well whom somebody asks about.
pub const MIN_ENTRIES: u64 = 131_072;

/// The multibase prefix of base64url without padding.
const BASE64URL: char = 'u';

/// An array of states, the first in the highest bits of the first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitstringStatusList {
    size: StatusSize,
    bytes: Vec<u8>,
}

/// A list as it is published: `encodedList`, and how many bits an entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedBitstring {
    size: StatusSize,
    text: String,
}

impl EncodedBitstring {
    /// How many bits an entry has.
    #[must_use]
    pub const fn size(&self) -> StatusSize {
        self.size
    }

    /// `encodedList`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Why a list cannot be read or an entry not be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BitstringError {
    /// Not multibase base64url.
    #[error("the status list is not base64url in multibase")]
    NotMultibase,
    /// Not gzip, or longer than allowed when inflated.
    #[error("the status list does not inflate")]
    Inflate(#[from] InflateError),
    /// Fewer than [`MIN_ENTRIES`].
    #[error("the status list has fewer than {MIN_ENTRIES} entries")]
    TooShort,
    /// Behind the end.
    #[error("the index lies behind the end of the status list")]
    OutOfRange,
    /// More bits than an entry has.
    #[error("the status does not fit the bits of an entry")]
    DoesNotFit,
}

impl BitstringStatusList {
    /// A list of zeros with room for at least `entries`, and never fewer than [`MIN_ENTRIES`].
    #[must_use]
    pub fn zeros(size: StatusSize, entries: u32) -> Self {
        let bits = u64::from(entries)
            .max(MIN_ENTRIES)
            .saturating_mul(u64::from(size.bits()));
        // Fewer than 2^36 bits; on a 32-bit machine the allocator refuses before the conversion could.
        let bytes = usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX);
        Self {
            size,
            bytes: vec![0; bytes],
        }
    }

    /// The list of one bit for each entry that says in which places of a Token Status List one of `states` stands: the
    /// suite keeps one state for each index, and publishes it in both forms.
    #[must_use]
    pub fn of_states(list: &TokenStatusList, states: &[Status]) -> Self {
        let entries = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let mut bitstring = Self::zeros(StatusSize::ONE, entries);
        for (index, status) in list.not_valid() {
            if states.contains(&status) {
                // No index of the list is behind the end of one that is as long.
                let _ = bitstring.set(index, 1);
            }
        }
        bitstring
    }

    /// The list that says the value of every place of a Token Status List, for the purpose `message`. A value that `size` has no room for
    /// is left at zero.
    #[must_use]
    pub fn of_values(list: &TokenStatusList, size: StatusSize) -> Self {
        let entries = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let mut bitstring = Self::zeros(size, entries);
        for (index, status) in list.not_valid() {
            // As above; and a value that does not fit changes nothing.
            let _ = bitstring.set(index, status.value());
        }
        bitstring
    }

    /// Reads `encodedList`: multibase over gzip, of at most `max_bytes` when inflated. Nothing beyond that is allocated.
    ///
    /// # Errors
    /// [`BitstringError`].
    pub fn decode(size: StatusSize, encoded: &str, max_bytes: usize) -> Result<Self, BitstringError> {
        let compressed = encoded
            .strip_prefix(BASE64URL)
            .and_then(|text| base64url::decode(text).ok())
            .ok_or(BitstringError::NotMultibase)?;
        let list = Self {
            size,
            bytes: gzip::inflate(&compressed, max_bytes)?,
        };
        if list.len() < MIN_ENTRIES {
            Err(BitstringError::TooShort)
        } else {
            Ok(list)
        }
    }

    /// Writes `encodedList`. Another implementation's compressor may write another text for the same list: compare
    /// decoded lists.
    #[must_use]
    pub fn encode(&self) -> String {
        self.encoded().text
    }

    /// The list as it is published, to be signed as often as it has to be without being compressed again.
    #[must_use]
    pub fn encoded(&self) -> EncodedBitstring {
        let mut text = String::from(BASE64URL);
        base64url::encode_into(&gzip::deflate(&self.bytes), &mut text);
        EncodedBitstring {
            size: self.size,
            text,
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.bytes.len() as u64).saturating_mul(8) / u64::from(self.size.bits())
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bits an entry has.
    #[must_use]
    pub const fn size(&self) -> StatusSize {
        self.size
    }

    /// The uncompressed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value at `index`.
    ///
    /// # Errors
    /// [`BitstringError::OutOfRange`].
    pub fn get(&self, index: u64) -> Result<u8, BitstringError> {
        let mut value = 0;
        for bit in self.bits_of(index)? {
            let (byte, mask) = place(bit);
            let byte = self.bytes.get(byte).ok_or(BitstringError::OutOfRange)?;
            value = (value << 1) | u8::from(byte & mask != 0);
        }
        Ok(value)
    }

    /// Writes the value at `index`.
    ///
    /// # Errors
    /// [`BitstringError::OutOfRange`] or [`BitstringError::DoesNotFit`]; the list is then unchanged.
    pub fn set(&mut self, index: u64, value: u8) -> Result<(), BitstringError> {
        if u64::from(value) >= self.size.values() {
            return Err(BitstringError::DoesNotFit);
        }
        let bits = self.bits_of(index)?;
        for (position, bit) in bits.rev().enumerate() {
            let (byte, mask) = place(bit);
            let byte = self.bytes.get_mut(byte).ok_or(BitstringError::OutOfRange)?;
            if value >> position & 1 == 1 {
                *byte |= mask;
            } else {
                *byte &= !mask;
            }
        }
        Ok(())
    }

    /// The bits of an entry, all of which are in the list.
    fn bits_of(&self, index: u64) -> Result<core::ops::Range<u64>, BitstringError> {
        if index >= self.len() {
            return Err(BitstringError::OutOfRange);
        }
        let size = u64::from(self.size.bits());
        let first = index * size;
        Ok(first..first + size)
    }
}

/// The byte of a bit and the mask that selects it.
fn place(bit: u64) -> (usize, u8) {
    (usize::try_from(bit / 8).unwrap_or(usize::MAX), 0x80 >> (bit % 8))
}
