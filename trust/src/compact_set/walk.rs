//! Walking the codes of one block.

use super::LookupError;
use super::bits::RiceReader;
use super::header::{Coding, Header};
use super::index::SkipIndex;

/// A position among the members or runs of one block.
pub(super) struct BlockWalk<'a> {
    codes: RiceReader<'a>,
    coding: Coding,
    /// The first member of the piece.
    pub(super) start: u64,
    /// The first value behind it.
    end: u64,
    remaining: u64,
    /// No piece of this block ends behind it.
    limit: u64,
}

pub(super) enum Advance {
    Next,
    End,
    Malformed,
}

impl<'a> BlockWalk<'a> {
    /// Stands at the first piece of the block; `None` when its codes are wrong.
    pub(super) fn new(header: &Header, index: &SkipIndex<'a>, codes: &'a [u8], block: u64) -> Option<Self> {
        let entry = index.entry(block)?;
        let (code_end, limit) = if block + 1 == index.blocks() {
            (header.code_bits, header.universe)
        } else {
            let next = index.entry(block + 1)?;
            // Two runs that touch are one.
            let apart = match header.coding {
                Coding::Members { .. } => next.first,
                Coding::Runs { .. } => next.first.checked_sub(1)?,
            };
            (next.code_offset, apart)
        };
        let per_block = header.coding.per_block();
        let before = block.checked_mul(per_block)?;
        let pieces = header.pieces.checked_sub(before)?.min(per_block);
        let mut walk = Self {
            codes: RiceReader::new(codes, entry.code_offset, code_end),
            coding: header.coding,
            start: entry.first,
            end: entry.first,
            remaining: pieces.checked_sub(1)?,
            limit,
        };
        walk.take_length()?;
        Some(walk)
    }

    pub(super) const fn length(&self) -> u64 {
        self.end - self.start
    }

    /// Whether a value is a member of the pieces from here on.
    pub(super) fn has(&mut self, value: u64) -> Result<bool, LookupError> {
        loop {
            if value < self.end {
                return Ok(self.start <= value);
            }
            match self.advance() {
                Advance::Next => {}
                Advance::End => return Ok(false),
                Advance::Malformed => return Err(LookupError::Malformed),
            }
        }
    }

    #[inline]
    pub(super) fn advance(&mut self) -> Advance {
        let Some(remaining) = self.remaining.checked_sub(1) else {
            return if self.codes.is_at_end() {
                Advance::End
            } else {
                Advance::Malformed
            };
        };
        self.remaining = remaining;
        match self.take_gap().and_then(|()| self.take_length()) {
            Some(()) => Advance::Next,
            None => Advance::Malformed,
        }
    }

    #[inline]
    fn take_gap(&mut self) -> Option<()> {
        self.start = match self.coding {
            Coding::Members { gaps, .. } => self.end.checked_add(self.codes.next(gaps)?)?,
            Coding::Runs { gaps, .. } => self.end.checked_add(self.codes.next(gaps)?)?.checked_add(1)?,
        };
        Some(())
    }

    #[inline]
    fn take_length(&mut self) -> Option<()> {
        self.end = match self.coding {
            Coding::Members { .. } => self.start.checked_add(1)?,
            Coding::Runs { lengths, .. } => {
                let further = self.codes.next(lengths)?;
                self.start.checked_add(further)?.checked_add(1)?
            }
        };
        (self.end <= self.limit).then_some(())
    }
}
