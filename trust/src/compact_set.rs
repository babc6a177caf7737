//! An exact set of whole numbers below a universe, small enough to carry and read where it lies.
//!
//! The members are sorted and the gaps between them Rice-coded. Every [`MEMBERS_PER_BLOCK`] members a *skip index*
//! entry holds the first member of the block itself and where the codes of the others begin, so that a lookup is
//! one binary search and at most a block of codes. At one member in a hundred the whole takes about 2 % more than
//! the information-theoretic bound. The byte layout is `docs/pack-format.md`, section 6.
//!
//! A set is read in place: [`CompactSet::open`] borrows, [`CompactSet::contains`] allocates nothing. Both are total:
//! hostile bytes give an error, never a panic or a loop longer than the bytes.

mod bits;
mod build;
#[cfg(test)]
mod tests;

use self::bits::{RiceReader, read_bits};
pub use self::build::{BuildSetError, build};

/// Members in one block of the skip index. 256 keeps the index near 2 % of the codes and a lookup near 128 codes;
/// half of it would cost another 2 %, twice of it would double the lookup.
pub const MEMBERS_PER_BLOCK: u64 = 256;

/// The largest universe: far above any population, and small enough that sums of gaps cannot overflow 64 bits.
pub const MAX_UNIVERSE: u64 = 1 << 48;

/// The largest Rice parameter, so that one code's remainder fits one 64-bit read.
pub(crate) const MAX_RICE_PARAMETER: u32 = 48;

/// The first four bytes of an encoded set.
pub(crate) const MAGIC: [u8; 4] = *b"SCS1";

/// Bytes before the skip index.
pub(crate) const HEADER_BYTES: usize = 32;

/// A set of numbers below its universe, borrowed from its encoding.
#[derive(Clone, Copy, Debug)]
pub struct CompactSet<'a> {
    universe: u64,
    count: u64,
    rice_parameter: u32,
    code_bits: u64,
    index: &'a [u8],
    codes: &'a [u8],
}

impl<'a> CompactSet<'a> {
    /// Opens an encoded set that fills `bytes` exactly, and checks its header and its skip index.
    ///
    /// The codes themselves are not walked: that would cost as much as a thousand lookups. A code that is wrong is
    /// found by the lookup that meets it; [`CompactSet::check_every_code`] walks them all.
    ///
    /// # Errors
    /// [`OpenSetError`] when the bytes are not an encoded set of this version, or are longer or shorter than their
    /// header says, or the skip index does not rise.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenSetError> {
        let set = Self::reopen(bytes)?;
        set.check_index()?;
        Ok(set)
    }

    /// The set without members.
    pub(crate) const fn empty(universe: u64) -> Self {
        Self {
            universe,
            count: 0,
            rice_parameter: 0,
            code_bits: 0,
            index: &[],
            codes: &[],
        }
    }

    /// Opens a set that [`CompactSet::open`] has accepted before, without looking at its whole skip index again.
    pub(crate) fn reopen(bytes: &'a [u8]) -> Result<Self, OpenSetError> {
        let (header, body) = bytes
            .split_at_checked(HEADER_BYTES)
            .ok_or(OpenSetError::Truncated)?;
        if header.get(..4) != Some(&MAGIC) {
            return Err(OpenSetError::NotACompactSet);
        }
        let rice_parameter = header.get(4).copied().map_or(u32::MAX, u32::from);
        if rice_parameter > MAX_RICE_PARAMETER || header.get(5..8) != Some(&[0; 3]) {
            return Err(OpenSetError::Header);
        }
        let universe = little_endian_u64(header, 8)?;
        let count = little_endian_u64(header, 16)?;
        let code_bits = little_endian_u64(header, 24)?;
        if universe > MAX_UNIVERSE || count > universe {
            return Err(OpenSetError::Header);
        }
        // Each member but a block's first has one code of at least one bit and the parameter, and all quotients
        // together cannot exceed the universe: a header beyond either is a lie about the bytes that follow.
        let coded = count.saturating_sub(count.div_ceil(MEMBERS_PER_BLOCK));
        let least = coded
            .checked_mul(u64::from(rice_parameter) + 1)
            .ok_or(OpenSetError::Header)?;
        let most = least
            .checked_add(universe.checked_shr(rice_parameter).unwrap_or(0))
            .ok_or(OpenSetError::Header)?;
        if code_bits < least || code_bits > most {
            return Err(OpenSetError::Header);
        }

        let set = Self {
            universe,
            count,
            rice_parameter,
            code_bits,
            index: &[],
            codes: &[],
        };
        let index_bytes = set
            .blocks()
            .checked_mul(u64::from(set.entry_width()))
            .and_then(|bits| usize::try_from(bits.div_ceil(8)).ok())
            .ok_or(OpenSetError::Header)?;
        let (index, codes) = body
            .split_at_checked(index_bytes)
            .ok_or(OpenSetError::Truncated)?;
        let code_bytes = usize::try_from(code_bits.div_ceil(8)).map_err(|_| OpenSetError::Header)?;
        match codes.len().cmp(&code_bytes) {
            core::cmp::Ordering::Less => return Err(OpenSetError::Truncated),
            core::cmp::Ordering::Greater => return Err(OpenSetError::TrailingBytes),
            core::cmp::Ordering::Equal => {}
        }
        Ok(Self { index, codes, ..set })
    }

    /// The number of values that may be members: members lie in `0..universe`.
    #[must_use]
    pub fn universe(&self) -> u64 {
        self.universe
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count
    }

    /// How many bytes the set takes; none where a pack carries an empty one.
    #[must_use]
    pub fn encoded_len(&self) -> u64 {
        if self.index.is_empty() {
            return 0;
        }
        (HEADER_BYTES + self.index.len() + self.codes.len()) as u64
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether `value` is a member. Allocates nothing; reads at most one block of codes.
    ///
    /// # Errors
    /// [`LookupError::OutsideUniverse`] for a value that the set says nothing about, and [`LookupError::Malformed`]
    /// when a code on the way is wrong. Neither may be read as "not a member".
    pub fn contains(&self, value: u64) -> Result<bool, LookupError> {
        if value >= self.universe {
            return Err(LookupError::OutsideUniverse);
        }
        // The last block whose first member is not above the value.
        let (mut low, mut high) = (0, self.blocks());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(middle).ok_or(LookupError::Malformed)?.first <= value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(block) = low.checked_sub(1) else {
            return Ok(false);
        };
        let mut walk = self.walk(block).ok_or(LookupError::Malformed)?;
        loop {
            if walk.member >= value {
                return Ok(walk.member == value);
            }
            match walk.advance() {
                Advance::Next => {}
                Advance::End => return Ok(false),
                Advance::Malformed => return Err(LookupError::Malformed),
            }
        }
    }

    /// The members, rising. A wrong code ends the iteration with one error.
    pub fn iter(&self) -> impl Iterator<Item = Result<u64, LookupError>> + 'a {
        let set = *self;
        let mut ended = false;
        let members = (0..set.blocks()).flat_map(move |block| {
            let mut walk = set.walk(block);
            let mut failed = walk.is_none();
            let mut first = true;
            core::iter::from_fn(move || {
                if failed {
                    failed = false;
                    walk = None;
                    return Some(Err(LookupError::Malformed));
                }
                let current = walk.as_mut()?;
                if first {
                    first = false;
                    return Some(Ok(current.member));
                }
                match current.advance() {
                    Advance::Next => Some(Ok(current.member)),
                    Advance::End => None,
                    Advance::Malformed => {
                        walk = None;
                        Some(Err(LookupError::Malformed))
                    }
                }
            })
        });
        members.take_while(move |member| !core::mem::replace(&mut ended, member.is_err()))
    }

    /// Walks every code: afterwards no lookup below the universe can fail.
    ///
    /// # Errors
    /// [`LookupError::Malformed`] when any code is wrong.
    pub fn check_every_code(&self) -> Result<(), LookupError> {
        self.iter().try_for_each(|member| member.map(|_| ()))
    }

    fn blocks(&self) -> u64 {
        self.count.div_ceil(MEMBERS_PER_BLOCK)
    }

    fn entry_width(&self) -> u32 {
        width_of(self.universe.saturating_sub(1)) + width_of(self.code_bits)
    }

    fn entry(&self, block: u64) -> Option<IndexEntry> {
        let member_width = width_of(self.universe.saturating_sub(1));
        let at = block.checked_mul(u64::from(self.entry_width()))?;
        let first = read_bits(self.index, at, member_width)?;
        let code_offset = read_bits(self.index, at + u64::from(member_width), width_of(self.code_bits))?;
        Some(IndexEntry { first, code_offset })
    }

    fn walk(&self, block: u64) -> Option<BlockWalk<'a>> {
        let entry = self.entry(block)?;
        let last = block + 1 == self.blocks();
        let end = if last {
            self.code_bits
        } else {
            self.entry(block + 1)?.code_offset
        };
        let limit = if last {
            self.universe
        } else {
            self.entry(block + 1)?.first
        };
        let before = block.checked_mul(MEMBERS_PER_BLOCK)?;
        let remaining = self
            .count
            .checked_sub(before)?
            .min(MEMBERS_PER_BLOCK)
            .checked_sub(1)?;
        Some(BlockWalk {
            codes: RiceReader::new(self.codes, entry.code_offset, end, self.rice_parameter),
            member: entry.first,
            remaining,
            limit,
        })
    }

    fn check_index(&self) -> Result<(), OpenSetError> {
        let mut previous: Option<IndexEntry> = None;
        for block in 0..self.blocks() {
            let entry = self.entry(block).ok_or(OpenSetError::SkipIndex)?;
            let in_bounds = entry.first < self.universe && entry.code_offset <= self.code_bits;
            let rises = match previous {
                None => entry.code_offset == 0,
                Some(before) => {
                    entry.first.saturating_sub(before.first) >= MEMBERS_PER_BLOCK
                        && entry.code_offset > before.code_offset
                }
            };
            if !(in_bounds && rises) {
                return Err(OpenSetError::SkipIndex);
            }
            previous = Some(entry);
        }
        Ok(())
    }
}

/// Why bytes are not an encoded set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSetError {
    /// The bytes end before the set does.
    #[error("the encoded set is cut short")]
    Truncated,
    /// The bytes go on after the set.
    #[error("the encoded set is followed by further bytes")]
    TrailingBytes,
    /// The first bytes are not those of a set of this version.
    #[error("the bytes are not an encoded set of version 1")]
    NotACompactSet,
    /// A number in the header cannot be.
    #[error("the header of the encoded set contradicts itself")]
    Header,
    /// The skip index does not rise, or points outside the codes.
    #[error("the skip index of the encoded set is not in order")]
    SkipIndex,
}

/// Why a lookup has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The value is not below the universe.
    #[error("the value lies outside the universe of the set")]
    OutsideUniverse,
    /// The codes do not decode.
    #[error("the codes of the set do not decode")]
    Malformed,
}

#[derive(Clone, Copy)]
struct IndexEntry {
    first: u64,
    code_offset: u64,
}

/// A position among the members of one block.
struct BlockWalk<'a> {
    codes: RiceReader<'a>,
    member: u64,
    remaining: u64,
    /// Members of this block lie below it.
    limit: u64,
}

enum Advance {
    Next,
    End,
    Malformed,
}

impl BlockWalk<'_> {
    #[inline]
    fn advance(&mut self) -> Advance {
        let Some(remaining) = self.remaining.checked_sub(1) else {
            return if self.codes.is_at_end() {
                Advance::End
            } else {
                Advance::Malformed
            };
        };
        let Some(gap) = self.codes.next() else {
            return Advance::Malformed;
        };
        let Some(member) = self.member.checked_add(gap).and_then(|sum| sum.checked_add(1)) else {
            return Advance::Malformed;
        };
        if member >= self.limit {
            return Advance::Malformed;
        }
        self.member = member;
        self.remaining = remaining;
        Advance::Next
    }
}

/// The bits that hold every number up to `largest`.
pub(crate) fn width_of(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}

fn little_endian_u64(bytes: &[u8], at: usize) -> Result<u64, OpenSetError> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<8>())
        .map(|chunk| u64::from_le_bytes(*chunk))
        .ok_or(OpenSetError::Truncated)
}
