//! The array of states and its compressed form (Token Status List, sections 4.1 to 4.3 and 7).

use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::{base64url, zlib};

/// What a status list says about one credential (Token Status List, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// `0x00`: in force.
    Valid,
    /// `0x01`: revoked, for good.
    Invalid,
    /// `0x02`: out of force for a while.
    Suspended,
    /// `0x03` and `0x0C` to `0x0F`: means what issuer and verifier agreed elsewhere.
    ApplicationSpecific(u8),
    /// A value that no registration gives a meaning. A verifier that meets it knows nothing.
    Unregistered(u8),
}

impl Status {
    /// The state that a value of the list stands for.
    #[must_use]
    pub fn from_value(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            3 | 0x0c..=0x0f => Self::ApplicationSpecific(value),
            _ => Self::Unregistered(value),
        }
    }

    /// The value that stands for this state in a list.
    #[must_use]
    pub fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::ApplicationSpecific(value) | Self::Unregistered(value) => value,
        }
    }
}

/// How many bits of the list one credential has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u8")]
pub enum BitsPerStatus {
    /// Valid or invalid.
    One,
    /// Suspension too.
    Two,
    /// Sixteen states.
    Four,
    /// 256 states.
    Eight,
}

impl BitsPerStatus {
    /// The number of bits.
    #[must_use]
    pub fn count(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The variant with that number of bits; nothing but 1, 2, 4 and 8 is allowed.
    #[must_use]
    pub fn from_count(count: u64) -> Option<Self> {
        match count {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// Whether a list with so many bits can hold `status`.
    #[must_use]
    pub fn holds(self, status: Status) -> bool {
        status.value() & !self.mask() == 0
    }

    fn per_byte(self) -> u64 {
        8 / u64::from(self.count())
    }

    fn mask(self) -> u8 {
        u8::MAX >> (8 - self.count())
    }
}

impl TryFrom<u64> for BitsPerStatus {
    type Error = InvalidBitsPerStatus;

    fn try_from(count: u64) -> Result<Self, Self::Error> {
        Self::from_count(count).ok_or(InvalidBitsPerStatus)
    }
}

impl From<BitsPerStatus> for u8 {
    fn from(bits: BitsPerStatus) -> Self {
        bits.count()
    }
}

/// A number of bits that no status has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a status has 1, 2, 4 or 8 bits")]
pub struct InvalidBitsPerStatus;

/// An array of states, the first in the lowest bits of the first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatusList {
    bits: BitsPerStatus,
    bytes: Vec<u8>,
}

impl TokenStatusList {
    /// A list in which every credential is valid, with room for at least `entries` of them: the length is rounded
    /// up to whole bytes.
    #[must_use]
    pub fn all_valid(bits: BitsPerStatus, entries: u32) -> Self {
        let bytes = u64::from(entries).div_ceil(bits.per_byte());
        // At most 2^32 bytes; on a 32-bit machine the allocator refuses before the conversion could.
        Self {
            bits,
            bytes: vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)],
        }
    }

    /// A list from its uncompressed bytes.
    #[must_use]
    pub fn from_bytes(bits: BitsPerStatus, bytes: Vec<u8>) -> Self {
        Self { bits, bytes }
    }

    /// Reads the `lst` member of a status list: base64url without padding over zlib.
    ///
    /// # Errors
    /// [`DecodeListError`] when the text is no base64url, the bytes no zlib stream, or the list longer than
    /// `max_bytes` when inflated. Nothing beyond that bound is ever allocated.
    pub fn decode(bits: BitsPerStatus, lst: &str, max_bytes: usize) -> Result<Self, DecodeListError> {
        let compressed = base64url::decode(lst).map_err(|_| DecodeListError::NotBase64Url)?;
        Self::inflate(bits, &compressed, max_bytes)
    }

    /// Reads the `lst` member of a status list in CBOR: zlib alone.
    pub(super) fn inflate(
        bits: BitsPerStatus,
        compressed: &[u8],
        max_bytes: usize,
    ) -> Result<Self, DecodeListError> {
        Ok(Self {
            bits,
            bytes: zlib::inflate(compressed, max_bytes)?,
        })
    }

    /// Writes the `lst` member of a status list, at the highest level, as section 4.1 recommends: a list is written
    /// rarely and read often. Another implementation's compressor may write other text for the
    /// same list: compare decoded lists.
    #[must_use]
    pub fn encode(&self) -> String {
        self.compressed().encode()
    }

    /// The list compressed, to be signed as often as it has to be without being compressed again.
    #[must_use]
    pub fn compressed(&self) -> CompressedStatusList {
        CompressedStatusList {
            bits: self.bits,
            bytes: zlib::deflate(&self.bytes, zlib::Effort::Best),
        }
    }

    /// How many bits each credential has.
    #[must_use]
    pub fn bits(&self) -> BitsPerStatus {
        self.bits
    }

    /// How many states the list holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.bytes.len() as u64).saturating_mul(self.bits.per_byte())
    }

    /// Whether the list holds no state at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The uncompressed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The state at `index`.
    ///
    /// # Errors
    /// [`IndexOutOfRange`] behind the end of the list: the credential must then be refused (section 8.3).
    pub fn get(&self, index: u64) -> Result<Status, IndexOutOfRange> {
        let (byte, shift) = self.place(index);
        let byte = usize::try_from(byte)
            .ok()
            .and_then(|byte| self.bytes.get(byte))
            .ok_or(IndexOutOfRange)?;
        Ok(Status::from_value((byte >> shift) & self.bits.mask()))
    }

    /// Writes the state at `index`.
    ///
    /// # Errors
    /// [`SetStatusError`] behind the end of the list, or when the value does not fit the list's bits; the list is
    /// then unchanged.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), SetStatusError> {
        let (byte, shift) = self.place(index);
        let mask = self.bits.mask();
        if !self.bits.holds(status) {
            return Err(SetStatusError::DoesNotFit);
        }
        let byte = usize::try_from(byte)
            .ok()
            .and_then(|byte| self.bytes.get_mut(byte))
            .ok_or(SetStatusError::OutOfRange(IndexOutOfRange))?;
        *byte = (*byte & !(mask << shift)) | (status.value() << shift);
        Ok(())
    }

    /// The indices whose state is not [`Status::Valid`], rising, with that state. Bytes of zeros are passed over
    /// eight at a time, so a sparse list of a hundred million takes milliseconds.
    pub fn not_valid(&self) -> impl Iterator<Item = (u64, Status)> + '_ {
        let per_byte = self.bits.per_byte();
        self.bytes
            .chunks(8)
            .enumerate()
            .filter(|(_, chunk)| chunk.iter().any(|byte| *byte != 0))
            .flat_map(|(number, chunk)| {
                chunk
                    .iter()
                    .enumerate()
                    .map(move |(offset, byte)| (number as u64 * 8 + offset as u64, *byte))
            })
            .filter(|(_, byte)| *byte != 0)
            .flat_map(move |(place, byte)| {
                (0..per_byte).filter_map(move |slot| {
                    let shift = slot * u64::from(self.bits.count());
                    let value = (byte >> shift) & self.bits.mask();
                    (value != 0).then(|| (place * per_byte + slot, Status::from_value(value)))
                })
            })
    }

    fn place(&self, index: u64) -> (u64, u32) {
        let per_byte = self.bits.per_byte();
        let slot = (index % per_byte) as u32;
        (index / per_byte, slot * u32::from(self.bits.count()))
    }
}

/// A list as it is published: the zlib stream of section 4.1. It is the costly part of a publication, and stays right until a state
/// changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressedStatusList {
    bits: BitsPerStatus,
    bytes: Vec<u8>,
}

impl CompressedStatusList {
    /// How many bits each credential has.
    #[must_use]
    pub const fn bits(&self) -> BitsPerStatus {
        self.bits
    }

    /// The `lst` member of a status list in CBOR.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The `lst` member of a status list in JSON.
    #[must_use]
    pub fn encode(&self) -> String {
        base64url::encode(&self.bytes)
    }
}

/// The index lies behind the end of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the index lies behind the end of the status list")]
pub struct IndexOutOfRange;

/// Why a state was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetStatusError {
    /// The index lies behind the end of the list.
    #[error(transparent)]
    OutOfRange(#[from] IndexOutOfRange),
    /// The list has too few bits for the state.
    #[error("the status does not fit the bits of the list")]
    DoesNotFit,
}

/// Why the text of a list could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeListError {
    /// Not base64url without padding.
    #[error("the status list is not base64url")]
    NotBase64Url,
    /// Not a zlib stream, or longer than allowed when inflated.
    #[error("the status list does not inflate")]
    Inflate(#[from] zlib::InflateError),
}
