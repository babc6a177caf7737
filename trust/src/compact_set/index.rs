//! The skip index: where each block begins, in the universe and in the codes.

use super::bits::read_bits;
use super::header::{EntryLayout, Header};
use super::{MAX_UNIVERSE, OpenSetError};

/// Where a block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The first member of the block.
    pub(super) first: u64,
    /// The bit within the codes at which those of the block begin.
    pub(super) code_offset: u64,
}

/// The skip index of a set, read where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct SkipIndex<'a> {
    bytes: &'a [u8],
    blocks: u64,
    layout: EntryLayout,
    even_first: Even,
    even_offset: Even,
}

impl<'a> SkipIndex<'a> {
    pub(super) const EMPTY: Self = Self {
        bytes: &[],
        blocks: 0,
        layout: EntryLayout::NONE,
        even_first: Even { step: 0 },
        even_offset: Even { step: 0 },
    };

    /// Takes the index from the front of what follows the header.
    pub(super) fn split(header: &Header, body: &'a [u8]) -> Result<(Self, &'a [u8]), OpenSetError> {
        let blocks = header.pieces.div_ceil(header.coding.per_block());
        let entry = header.entries;
        let length = blocks
            .checked_mul(u64::from(entry.first + entry.code_offset))
            .and_then(|bits| usize::try_from(bits.div_ceil(8)).ok())
            .ok_or(OpenSetError::Header)?;
        let (bytes, codes) = body.split_at_checked(length).ok_or(OpenSetError::Truncated)?;
        let index = Self {
            bytes,
            blocks,
            layout: entry,
            even_first: Even::new(header.universe, blocks),
            even_offset: Even::new(header.code_bits, blocks),
        };
        Ok((index, codes))
    }

    pub(super) const fn blocks(&self) -> u64 {
        self.blocks
    }

    pub(super) fn entry(&self, block: u64) -> Option<Entry> {
        let offset = self.field(block, self.layout.first, self.layout.code_offset)?;
        Some(Entry {
            first: self.first(block)?,
            code_offset: self.placed(self.even_offset, block, offset)?,
        })
    }

    #[inline]
    fn first(&self, block: u64) -> Option<u64> {
        let first = self.field(block, 0, self.layout.first)?;
        self.placed(self.even_first, block, first)
    }

    /// So many bits of an entry, behind so many others of it.
    #[inline]
    fn field(&self, block: u64, behind: u32, width: u32) -> Option<u64> {
        let at = block.checked_mul(u64::from(self.layout.first + self.layout.code_offset))?;
        read_bits(self.bytes, at + u64::from(behind), width)
    }

    #[inline]
    fn placed(&self, even: Even, block: u64, field: u64) -> Option<u64> {
        if self.layout.is_from_even {
            even.moved(block, field)
        } else {
            Some(field)
        }
    }

    /// How many blocks begin at or below a value: the first guess is where the value would lie if all blocks were alike, and from
    /// there the distance doubles until the place is enclosed.
    pub(super) fn count_not_above(&self, value: u64) -> Option<u64> {
        let Some(last) = self.blocks.checked_sub(1) else {
            return Some(0);
        };
        let guess = self.even_first.block_of(value).min(last);
        // Blocks below `low` begin at or below the value, those from `high` on above it.
        let (mut low, mut high) = (0, self.blocks);
        let mut distance = 1;
        if self.first(guess)? <= value {
            low = guess + 1;
            while low < high {
                let probe = (low + distance - 1).min(last);
                if self.first(probe)? > value {
                    high = probe;
                    break;
                }
                low = probe + 1;
                distance *= 2;
            }
        } else {
            high = guess;
            while low < high {
                let probe = high.saturating_sub(distance);
                if self.first(probe)? <= value {
                    low = probe + 1;
                    break;
                }
                high = probe;
                distance *= 2;
            }
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.first(middle)? <= value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }
}

/// Where the blocks would begin if they were all alike: at multiples of a step in 2^-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Even {
    step: u64,
}

const FRACTION_BITS: u32 = 15;

impl Even {
    /// Divides `total`, at most 2^48.
    pub(super) fn new(total: u64, blocks: u64) -> Self {
        let step = (total.min(MAX_UNIVERSE) << FRACTION_BITS).checked_div(blocks);
        Self {
            step: step.unwrap_or(0),
        }
    }

    fn place(self, block: u64) -> u64 {
        block.saturating_mul(self.step) >> FRACTION_BITS
    }

    fn block_of(self, place: u64) -> u64 {
        (place << FRACTION_BITS).checked_div(self.step).unwrap_or(0)
    }

    /// The place that lies as far from the even one as a field says: twice the distance forward, or twice the distance back less one.
    #[inline]
    fn moved(self, block: u64, field: u64) -> Option<u64> {
        let distance = (field >> 1) + (field & 1);
        if field & 1 == 0 {
            self.place(block).checked_add(distance)
        } else {
            self.place(block).checked_sub(distance)
        }
    }

    /// The field that says where a block begins.
    pub(super) fn field(self, block: u64, place: u64) -> u64 {
        let even = self.place(block);
        match place.checked_sub(even) {
            Some(forward) => forward << 1,
            None => ((even - place) << 1) - 1,
        }
    }
}
