//! An exact set of whole numbers below a universe, small enough to carry and read where it lies.
//!
//! There are two ways to write one, and a writer takes the shorter:
//!
//! - **members**: the members are sorted and the gaps between them Rice-coded. At one member in a hundred that lie anywhere this takes
//!   about 2 % more than the information-theoretic bound.
//! - **runs**: members that follow one another are one run, and the gaps between runs and the lengths of runs are Rice-coded, each with a
//!   parameter of their own. Where whole batches are members this takes a fraction of the bound for members that lie anywhere.
//!
//! For every block of members or runs a *skip index* entry holds where the first of them begins and where the codes of the block
//! begin, so that a lookup is one search in the index and at most a block of codes. The byte layout is `docs/pack-format.md`,
//! section 10. Sets of the first form (`SCS1`: members only, with a longer index) are read as well.
//!
//! A set is read in place: [`CompactSet::open`] borrows, [`CompactSet::contains`] allocates nothing. Both are total:
//! hostile bytes give an error, never a panic or a loop longer than the bytes.

mod bits;
mod build;
mod header;
mod index;
mod runs;
#[cfg(test)]
mod tests;
mod walk;

pub use self::build::{BuildSetError, build, build_form_1};
pub(crate) use self::build::{build_of_runs, form_1_of_runs};
use self::header::Header;
use self::index::SkipIndex;
pub(crate) use self::runs::{Run, RunStream, Runs};
use self::walk::{Advance, BlockWalk};

/// The largest universe: far above any population, and small enough that sums of gaps cannot overflow 64 bits.
pub const MAX_UNIVERSE: u64 = 1 << 48;

/// The largest Rice parameter, so that one code's remainder fits one 64-bit read.
pub(crate) const MAX_RICE_PARAMETER: u32 = 48;

/// The first four bytes of an encoded set.
pub(crate) const MAGIC_1: [u8; 4] = *b"SCS1";
pub(crate) const MAGIC_2: [u8; 4] = *b"SCS2";

/// How a set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetForm {
    /// `SCS1`: members.
    One,
    /// `SCS2`: members or runs.
    Two,
}

/// A set of numbers below its universe, borrowed from its encoding.
#[derive(Clone, Copy, Debug)]
pub struct CompactSet<'a> {
    header: Header,
    index: SkipIndex<'a>,
    codes: &'a [u8],
    encoded_len: u64,
}

impl<'a> CompactSet<'a> {
    /// Opens an encoded set that fills `bytes` exactly, and checks its header and its skip index.
    ///
    /// The codes themselves are not walked: that would cost as much as a thousand lookups. A code that is wrong is
    /// found by the lookup that meets it; [`CompactSet::check_every_code`] walks them all.
    ///
    /// # Errors
    /// [`OpenSetError`] when the bytes are not an encoded set, or are longer or shorter than their
    /// header says, or the skip index does not rise.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenSetError> {
        let set = Self::reopen(bytes)?;
        set.check_index()?;
        Ok(set)
    }

    /// The set without members.
    pub(crate) const fn empty(universe: u64) -> Self {
        Self {
            header: Header::empty(universe),
            index: SkipIndex::EMPTY,
            codes: &[],
            encoded_len: 0,
        }
    }

    /// Opens a set that [`CompactSet::open`] has accepted before, without looking at its whole skip index again.
    pub(crate) fn reopen(bytes: &'a [u8]) -> Result<Self, OpenSetError> {
        let (header, body) = Header::parse(bytes)?;
        let (index, codes) = SkipIndex::split(&header, body)?;
        let code_bytes = usize::try_from(header.code_bits.div_ceil(8)).map_err(|_| OpenSetError::Header)?;
        match codes.len().cmp(&code_bytes) {
            core::cmp::Ordering::Less => return Err(OpenSetError::Truncated),
            core::cmp::Ordering::Greater => return Err(OpenSetError::TrailingBytes),
            core::cmp::Ordering::Equal => {}
        }
        Ok(Self {
            header,
            index,
            codes,
            encoded_len: bytes.len() as u64,
        })
    }

    /// How the set is written.
    #[must_use]
    pub fn form(&self) -> SetForm {
        self.header.form
    }

    /// The number of values that may be members: members lie in `0..universe`.
    #[must_use]
    pub fn universe(&self) -> u64 {
        self.header.universe
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.header.members
    }

    /// How many bytes the set takes; none where a pack carries an empty one.
    #[must_use]
    pub fn encoded_len(&self) -> u64 {
        self.encoded_len
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.header.members == 0
    }

    /// Whether `value` is a member. Allocates nothing; reads at most one block of codes.
    ///
    /// # Errors
    /// [`LookupError::OutsideUniverse`] for a value that the set says nothing about, and [`LookupError::Malformed`]
    /// when a code on the way is wrong. Neither may be read as "not a member".
    pub fn contains(&self, value: u64) -> Result<bool, LookupError> {
        if value >= self.header.universe {
            return Err(LookupError::OutsideUniverse);
        }
        let below = self.index.count_not_above(value).ok_or(LookupError::Malformed)?;
        let Some(block) = below.checked_sub(1) else {
            return Ok(false);
        };
        let mut walk = self.walk(block).ok_or(LookupError::Malformed)?;
        walk.has(value)
    }

    /// The members, rising. A wrong code ends the iteration with one error.
    pub fn iter(&self) -> impl Iterator<Item = Result<u64, LookupError>> + 'a {
        let mut runs = self.runs();
        let (mut next, mut end, mut ended) = (0, 0, false);
        core::iter::from_fn(move || {
            if ended {
                return None;
            }
            if next == end {
                match runs.next()? {
                    Ok((start, length)) => (next, end) = (start, start + length),
                    Err(error) => {
                        ended = true;
                        return Some(Err(error));
                    }
                }
            }
            next += 1;
            Some(Ok(next - 1))
        })
    }

    /// The first member and the length of each piece as it is written, rising; a piece of a set that is written as members has the length 1. A
    /// wrong code ends the iteration with one error.
    fn runs(&self) -> impl Iterator<Item = Result<(u64, u64), LookupError>> + 'a {
        let set = *self;
        let (mut block, mut walk, mut found, mut ended) = (0, None::<BlockWalk<'a>>, 0_u64, false);
        core::iter::from_fn(move || {
            if ended {
                return None;
            }
            let step = match &mut walk {
                Some(walk) => walk.advance(),
                None => Advance::End,
            };
            let step = match step {
                Advance::End if block < set.index.blocks() => {
                    walk = set.walk(block);
                    block += 1;
                    if walk.is_some() {
                        Advance::Next
                    } else {
                        Advance::Malformed
                    }
                }
                // What the header says of the members was not needed to find them.
                Advance::End if found != set.header.members => Advance::Malformed,
                step => step,
            };
            match (step, &walk) {
                (Advance::Next, Some(walk)) => {
                    found = found.saturating_add(walk.length());
                    Some(Ok((walk.start, walk.length())))
                }
                (Advance::End, _) => {
                    ended = true;
                    None
                }
                _ => {
                    ended = true;
                    Some(Err(LookupError::Malformed))
                }
            }
        })
    }

    /// Walks every code: afterwards no lookup below the universe can fail.
    ///
    /// # Errors
    /// [`LookupError::Malformed`] when any code is wrong.
    pub fn check_every_code(&self) -> Result<(), LookupError> {
        self.runs().try_for_each(|run| run.map(|_| ()))
    }

    fn walk(&self, block: u64) -> Option<BlockWalk<'a>> {
        BlockWalk::new(&self.header, &self.index, self.codes, block)
    }

    fn check_index(&self) -> Result<(), OpenSetError> {
        let header = &self.header;
        let mut previous = None;
        for block in 0..self.index.blocks() {
            let entry = self.index.entry(block).ok_or(OpenSetError::SkipIndex)?;
            let in_bounds = entry.first < header.universe && entry.code_offset <= header.code_bits;
            let rises = match previous {
                None => entry.code_offset == 0,
                Some(index::Entry { first, code_offset }) => {
                    entry.first.saturating_sub(first) >= header.coding.least_stride()
                        && entry.code_offset > code_offset
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
    /// The first bytes are not those of a set.
    #[error("the bytes are not an encoded set of form 1 or 2")]
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

/// The bits that hold every number up to `largest`.
pub(crate) fn width_of(largest: u64) -> u32 {
    u64::BITS - largest.leading_zeros()
}
