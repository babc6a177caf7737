//! The headers of the two forms, and what they say about the bytes behind them.

use super::{MAGIC_1, MAGIC_2, MAX_RICE_PARAMETER, MAX_UNIVERSE, OpenSetError, SetForm, width_of};

/// Bytes before the skip index of form 1.
pub(super) const HEADER_1_BYTES: usize = 32;

/// Bytes of form 2 before its numbers.
pub(super) const FIXED_2_BYTES: usize = 10;

/// Members in one block of form 1.
pub(super) const MEMBERS_PER_BLOCK_1: u64 = 256;

/// Members in one block of form 2. The shorter entries of its index take about as much as half as many of form 1.
pub(super) const MEMBERS_PER_BLOCK: u64 = 128;

/// Runs in one block, each of which has two codes.
pub(super) const RUNS_PER_BLOCK: u64 = 64;

/// The widest field of an entry of the index: a difference of two numbers up to 2^48, and its sign.
pub(super) const MAX_FIELD_BITS: u32 = 50;

/// What is coded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Members: the gaps between them.
    Members { per_block: u64, gaps: u32 },
    /// Runs of members: the gaps between them, and their lengths.
    Runs { gaps: u32, lengths: u32 },
}

impl Coding {
    pub(super) const MEMBERS: u8 = 0;
    pub(super) const RUNS: u8 = 1;

    pub(super) const fn per_block(self) -> u64 {
        match self {
            Self::Members { per_block, .. } => per_block,
            Self::Runs { .. } => RUNS_PER_BLOCK,
        }
    }

    /// How far apart the first pieces of two blocks lie at least: a run has a member, and one that is none behind it.
    pub(super) const fn least_stride(self) -> u64 {
        match self {
            Self::Members { per_block, .. } => per_block,
            Self::Runs { .. } => 2 * RUNS_PER_BLOCK,
        }
    }

    /// The least and the most bits that `pieces` members or runs below `universe` can take; `None` where no number holds them.
    fn code_bits(self, pieces: u64, universe: u64) -> Option<(u64, u64)> {
        // Each piece but a block's first has a gap, and each run a length. A code has a bit and its parameter at least, and all
        // quotients of gaps together, or of lengths, cannot exceed the universe.
        let gap_codes = pieces.saturating_sub(pieces.div_ceil(self.per_block()));
        let bounds = |codes: u64, parameter: u32| {
            let least = codes.checked_mul(u64::from(parameter) + 1)?;
            Some((least, least.checked_add(universe >> parameter)?))
        };
        match self {
            Self::Members { gaps, .. } => bounds(gap_codes, gaps),
            Self::Runs { gaps, lengths } => {
                let (least, most) = bounds(gap_codes, gaps)?;
                let (least_2, most_2) = bounds(pieces, lengths)?;
                Some((least.checked_add(least_2)?, most.checked_add(most_2)?))
            }
        }
    }
}

/// How many bits the two fields of an entry of the skip index have, and what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryLayout {
    pub(super) first: u32,
    pub(super) code_offset: u32,
    /// Whether the fields say how far each place lies from where it would lie if the blocks were all alike, and not the place.
    pub(super) is_from_even: bool,
}

impl EntryLayout {
    /// That of an index without entries.
    pub(super) const NONE: Self = Self {
        first: 0,
        code_offset: 0,
        is_from_even: true,
    };
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) form: SetForm,
    pub(super) coding: Coding,
    pub(super) universe: u64,
    pub(super) members: u64,
    /// How many members or runs are coded.
    pub(super) pieces: u64,
    pub(super) code_bits: u64,
    pub(super) entries: EntryLayout,
}

impl Header {
    pub(super) const fn empty(universe: u64) -> Self {
        Self {
            form: SetForm::Two,
            coding: Coding::Members {
                per_block: MEMBERS_PER_BLOCK,
                gaps: 0,
            },
            universe,
            members: 0,
            pieces: 0,
            code_bits: 0,
            entries: EntryLayout::NONE,
        }
    }

    /// The header, and what follows it.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), OpenSetError> {
        let magic = bytes.first_chunk::<4>().ok_or(OpenSetError::Truncated)?;
        let (header, rest) = match *magic {
            MAGIC_1 => Self::parse_1(bytes)?,
            MAGIC_2 => Self::parse_2(bytes)?,
            _ => return Err(OpenSetError::NotACompactSet),
        };
        header.check()?;
        Ok((header, rest))
    }

    fn parse_1(bytes: &[u8]) -> Result<(Self, &[u8]), OpenSetError> {
        let (header, rest) = bytes
            .split_first_chunk::<HEADER_1_BYTES>()
            .ok_or(OpenSetError::Truncated)?;
        let [_, _, _, _, gaps, 0, 0, 0, numbers @ ..] = header else {
            return Err(OpenSetError::Header);
        };
        let (universe, numbers) = number(numbers, 8)?;
        let (members, numbers) = number(numbers, 8)?;
        let (code_bits, _) = number(numbers, 8)?;
        let header = Self {
            form: SetForm::One,
            coding: Coding::Members {
                per_block: MEMBERS_PER_BLOCK_1,
                gaps: u32::from(*gaps),
            },
            universe,
            members,
            pieces: members,
            code_bits,
            entries: EntryLayout {
                first: width_of(universe.saturating_sub(1)),
                code_offset: width_of(code_bits),
                is_from_even: false,
            },
        };
        Ok((header, rest))
    }

    fn parse_2(bytes: &[u8]) -> Result<(Self, &[u8]), OpenSetError> {
        let (fixed, rest) = bytes
            .split_first_chunk::<FIXED_2_BYTES>()
            .ok_or(OpenSetError::Truncated)?;
        let [_, _, _, _, coding, gaps, lengths, first, code_offset, width] = fixed.map(u32::from);
        let width = usize::try_from(width)
            .ok()
            .filter(|width| (1..=8).contains(width))
            .ok_or(OpenSetError::Header)?;
        let (universe, rest) = number(rest, width)?;
        let (members, rest) = number(rest, width)?;
        let (coding, pieces, rest) = match u8::try_from(coding) {
            Ok(Coding::MEMBERS) if lengths == 0 => {
                let per_block = MEMBERS_PER_BLOCK;
                (Coding::Members { per_block, gaps }, members, rest)
            }
            Ok(Coding::RUNS) => {
                let (runs, rest) = number(rest, width)?;
                (Coding::Runs { gaps, lengths }, runs, rest)
            }
            _ => return Err(OpenSetError::Header),
        };
        let (code_bits, rest) = number(rest, width)?;
        // One number has one way to be written.
        if width != number_bytes(universe.max(code_bits)) || first.max(code_offset) > MAX_FIELD_BITS {
            return Err(OpenSetError::Header);
        }
        let header = Self {
            form: SetForm::Two,
            coding,
            universe,
            members,
            pieces,
            code_bits,
            entries: EntryLayout {
                first,
                code_offset,
                is_from_even: true,
            },
        };
        Ok((header, rest))
    }

    fn check(&self) -> Result<(), OpenSetError> {
        let parameter = match self.coding {
            Coding::Members { gaps, .. } => gaps,
            Coding::Runs { gaps, lengths } => gaps.max(lengths),
        };
        // Between two runs there is one at least that is no member.
        let least_universe = match self.coding {
            Coding::Members { .. } => Some(self.members),
            Coding::Runs { .. } => self.members.checked_add(self.pieces.saturating_sub(1)),
        };
        let is_possible = parameter <= MAX_RICE_PARAMETER
            && self.universe <= MAX_UNIVERSE
            && self.code_bits <= MAX_CODE_BITS
            && self.pieces <= self.members
            && (self.pieces == 0) == (self.members == 0)
            && least_universe.is_some_and(|least| least <= self.universe);
        if !is_possible {
            return Err(OpenSetError::Header);
        }
        // A header beyond either bound is a lie about the bytes that follow.
        let (least, most) = self
            .coding
            .code_bits(self.pieces, self.universe)
            .ok_or(OpenSetError::Header)?;
        if (least..=most).contains(&self.code_bits) {
            Ok(())
        } else {
            Err(OpenSetError::Header)
        }
    }
}

/// How many bytes each number of a header of form 2 takes whose largest is this.
pub(super) fn number_bytes(largest: u64) -> usize {
    (width_of(largest).div_ceil(8)).max(1) as usize
}

/// A number of so many bytes, at most eight, and what follows it.
fn number(bytes: &[u8], width: usize) -> Result<(u64, &[u8]), OpenSetError> {
    let (number, rest) = bytes.split_at_checked(width).ok_or(OpenSetError::Truncated)?;
    let value = number
        .iter()
        .rev()
        .fold(0, |value, byte| (value << 8) | u64::from(*byte));
    Ok((value, rest))
}

/// More than the codes of any set that a machine holds.
const MAX_CODE_BITS: u64 = 1 << 48;
