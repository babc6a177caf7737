//! Encoding a set.

use super::bits::BitWriter;
use super::header::{
    Coding, FIXED_2_BYTES, HEADER_1_BYTES, MEMBERS_PER_BLOCK, MEMBERS_PER_BLOCK_1, RUNS_PER_BLOCK,
    number_bytes,
};
use super::index::{Entry, Even};
use super::runs::{Run, Runs};
use super::{MAGIC_1, MAGIC_2, MAX_RICE_PARAMETER, MAX_UNIVERSE, width_of};

/// Encodes the set of `members`, which rise strictly and lie below `universe`: as members or as runs, whichever is shorter.
///
/// The same members always give the same bytes.
///
/// # Errors
/// [`BuildSetError`] when the universe is above [`MAX_UNIVERSE`], a member is not below it, or the members do not
/// rise strictly.
pub fn build(members: &[u64], universe: u64) -> Result<Vec<u8>, BuildSetError> {
    build_of_runs(&checked(members, universe)?, universe)
}

/// Encodes the set of `members` in the first form, which readers of packs of versions 1 and 2 know.
///
/// # Errors
/// [`BuildSetError`], as for [`build`].
pub fn build_form_1(members: &[u64], universe: u64) -> Result<Vec<u8>, BuildSetError> {
    form_1_of_runs(&checked(members, universe)?, universe)
}

fn checked(members: &[u64], universe: u64) -> Result<Runs, BuildSetError> {
    if members.last().is_some_and(|last| *last >= universe) {
        return Err(BuildSetError::OutsideUniverse);
    }
    Runs::of_members(members).ok_or(BuildSetError::NotRising)
}

fn check_universe(runs: &Runs, universe: u64) -> Result<(), BuildSetError> {
    if universe > MAX_UNIVERSE {
        Err(BuildSetError::UniverseTooLarge)
    } else if runs.end() > universe {
        Err(BuildSetError::OutsideUniverse)
    } else {
        Ok(())
    }
}

/// Encodes the set of these runs.
pub(crate) fn build_of_runs(runs: &Runs, universe: u64) -> Result<Vec<u8>, BuildSetError> {
    check_universe(runs, universe)?;
    let plan = RunPlan::new(runs, universe);
    // As members each takes a bit at least, but for a block's first.
    let members = runs.members();
    let least_bits = members - members.div_ceil(MEMBERS_PER_BLOCK);
    if least_bits > plan.code_bits {
        let as_runs = plan.encode(runs, universe);
        // Nobody writes out the members of a few runs that have more than a machine has bits.
        if least_bits > as_runs.len() as u64 * 8 {
            return Ok(as_runs);
        }
        return Ok(shorter(encode_members(runs, universe), as_runs));
    }
    let as_members = encode_members(runs, universe);
    if plan.code_bits.div_ceil(8) >= as_members.len() as u64 {
        return Ok(as_members);
    }
    Ok(shorter(as_members, plan.encode(runs, universe)))
}

/// The shorter of two encodings, and the members where they are of one length.
fn shorter(as_members: Vec<u8>, as_runs: Vec<u8>) -> Vec<u8> {
    if as_runs.len() < as_members.len() {
        as_runs
    } else {
        as_members
    }
}

/// Encodes the set of these runs in the first form, as long as its members make it.
pub(crate) fn form_1_of_runs(runs: &Runs, universe: u64) -> Result<Vec<u8>, BuildSetError> {
    check_universe(runs, universe)?;
    let members = runs.members();
    let coded = CodedGaps::of_members(runs, MEMBERS_PER_BLOCK_1);
    // The best parameter lies next to the logarithm of the mean gap, and the exact lengths decide between the neighbours.
    let near = mean_logarithm(universe, members);
    let parameter = (near.saturating_sub(2)..=(near + 1).min(MAX_RICE_PARAMETER))
        .min_by_key(|parameter| coded.code_bits(*parameter))
        .unwrap_or(near);
    let written = write_members(runs, MEMBERS_PER_BLOCK_1, parameter);
    let code_bits = written.codes.len();
    let mut index = BitWriter::default();
    for entry in &written.entries {
        index.push(entry.first, width_of(universe.saturating_sub(1)));
        index.push(entry.code_offset, width_of(code_bits));
    }
    let mut bytes = Vec::with_capacity(HEADER_1_BYTES);
    bytes.extend_from_slice(&MAGIC_1);
    bytes.extend_from_slice(&parameter.to_le_bytes());
    for number in [universe, members, code_bits] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend(index.finish());
    bytes.extend(written.codes.finish());
    Ok(bytes)
}

pub(super) fn encode_members(runs: &Runs, universe: u64) -> Vec<u8> {
    let coded = CodedGaps::of_members(runs, MEMBERS_PER_BLOCK);
    let members = runs.members();
    let gaps = coded.best_parameter(mean_logarithm(universe, members));
    let written = write_members(runs, MEMBERS_PER_BLOCK, gaps);
    form_2(
        written,
        universe,
        Coding::MEMBERS,
        [gaps, 0],
        &[universe, members],
    )
}

/// The parameters of a set that is written as runs, and what its codes take.
pub(super) struct RunPlan {
    gaps: u32,
    lengths: u32,
    code_bits: u64,
}

impl RunPlan {
    pub(super) fn new(runs: &Runs, universe: u64) -> Self {
        let (count, members) = (runs.as_slice().len() as u64, runs.members());
        let coded_gaps = CodedGaps::of_runs(runs);
        let coded_lengths = CodedGaps::of_lengths(runs);
        let gaps = coded_gaps.best_parameter(mean_logarithm(universe.saturating_sub(members), count));
        let lengths = coded_lengths.best_parameter(mean_logarithm(members, count));
        Self {
            gaps,
            lengths,
            code_bits: coded_gaps
                .code_bits(gaps)
                .saturating_add(coded_lengths.code_bits(lengths)),
        }
    }

    pub(super) fn encode(&self, runs: &Runs, universe: u64) -> Vec<u8> {
        let mut written = Written::default();
        let mut end = 0;
        for (number, run) in (0_u64..).zip(runs.as_slice()) {
            if number.is_multiple_of(RUNS_PER_BLOCK) {
                written.begin_block(run.start);
            } else {
                let gap = run.start - end - 1;
                written.codes.push_rice_code(gap, self.gaps);
            }
            let further = run.end - run.start - 1;
            written.codes.push_rice_code(further, self.lengths);
            end = run.end;
        }
        let numbers = [universe, runs.members(), runs.as_slice().len() as u64];
        form_2(
            written,
            universe,
            Coding::RUNS,
            [self.gaps, self.lengths],
            &numbers,
        )
    }
}

/// Codes, and where their blocks begin.
#[derive(Default)]
struct Written {
    entries: Vec<Entry>,
    codes: BitWriter,
}

impl Written {
    fn begin_block(&mut self, first: u64) {
        self.entries.push(Entry {
            first,
            code_offset: self.codes.len(),
        });
    }
}

fn write_members(runs: &Runs, per_block: u64, parameter: u32) -> Written {
    let mut written = Written::default();
    let (mut number, mut end) = (0_u64, 0);
    for member in runs.as_slice().iter().flat_map(|run| run.start..run.end) {
        if number.is_multiple_of(per_block) {
            written.begin_block(member);
        } else {
            written.codes.push_rice_code(member - end, parameter);
        }
        end = member + 1;
        number += 1;
    }
    written
}

/// A set of form 2. The code bits are the last number of its header.
fn form_2(written: Written, universe: u64, coding: u8, parameters: [u32; 2], numbers: &[u64]) -> Vec<u8> {
    let code_bits = written.codes.len();
    let blocks = written.entries.len() as u64;
    let (even_first, even_offset) = (Even::new(universe, blocks), Even::new(code_bits, blocks));
    let fields = |(block, entry): (u64, &Entry)| {
        let first = even_first.field(block, entry.first);
        (first, even_offset.field(block, entry.code_offset))
    };
    let fields: Vec<(u64, u64)> = (0..).zip(&written.entries).map(fields).collect();
    let first_width = width_of(fields.iter().map(|(first, _)| *first).max().unwrap_or(0));
    let offset_width = width_of(fields.iter().map(|(_, offset)| *offset).max().unwrap_or(0));
    let mut index = BitWriter::default();
    for (first, offset) in fields {
        index.push(first, first_width);
        index.push(offset, offset_width);
    }

    let width = number_bytes(universe.max(code_bits));
    let mut bytes = Vec::with_capacity(FIXED_2_BYTES + 4 * width);
    bytes.extend_from_slice(&MAGIC_2);
    let [gaps, lengths] = parameters;
    bytes.extend([
        coding,
        gaps as u8,
        lengths as u8,
        first_width as u8,
        offset_width as u8,
    ]);
    bytes.push(width as u8);
    for number in numbers.iter().chain([&code_bits]) {
        bytes.extend(number.to_le_bytes().iter().take(width));
    }
    bytes.extend(index.finish());
    bytes.extend(written.codes.finish());
    bytes
}

/// The numbers that are coded with one parameter: those that are not zero, and how many there are in all.
pub(super) struct CodedGaps {
    pub(super) not_zero: Vec<u64>,
    pub(super) count: u64,
}

impl CodedGaps {
    fn of_members(runs: &Runs, per_block: u64) -> Self {
        let (mut number, mut end) = (0_u64, 0);
        let mut not_zero = Vec::with_capacity(runs.as_slice().len());
        for run in runs.as_slice() {
            if !number.is_multiple_of(per_block) {
                not_zero.push(run.start - end);
            }
            number += run.end - run.start;
            end = run.end;
        }
        Self {
            not_zero,
            count: number - number.div_ceil(per_block),
        }
    }

    fn of_runs(runs: &Runs) -> Self {
        let pairs = (1_u64..).zip(runs.as_slice().windows(2));
        let gaps = pairs.filter(|(number, _)| !number.is_multiple_of(RUNS_PER_BLOCK));
        let gap = |(_, pair): (u64, &[Run])| match pair {
            [before, after] => after.start - before.end - 1,
            _ => 0,
        };
        let not_zero: Vec<u64> = gaps.map(gap).collect();
        Self {
            count: not_zero.len() as u64,
            not_zero,
        }
    }

    fn of_lengths(runs: &Runs) -> Self {
        let lengths = runs.as_slice().iter().map(|run| run.end - run.start - 1);
        Self {
            not_zero: lengths.collect(),
            count: runs.as_slice().len() as u64,
        }
    }

    /// How many bits the codes take.
    pub(super) fn code_bits(&self, parameter: u32) -> u64 {
        // All of them together are no more than a universe, so that their sum has no end to watch for.
        let quotients: u64 = self.not_zero.iter().map(|gap| gap >> parameter).sum();
        let fixed = self.count.saturating_mul(u64::from(parameter) + 1);
        quotients.saturating_add(fixed)
    }

    /// The smallest of the parameters that make the codes shortest. What one more saves falls with each, so that whoever stops
    /// at the first that saves nothing stands at the best.
    pub(super) fn best_parameter(&self, near: u32) -> u32 {
        let mut best = near;
        let mut bits = self.code_bits(best);
        while let Some(smaller) = best.checked_sub(1) {
            let others = self.code_bits(smaller);
            if others > bits {
                break;
            }
            (best, bits) = (smaller, others);
        }
        while best < MAX_RICE_PARAMETER {
            let others = self.code_bits(best + 1);
            if others >= bits {
                break;
            }
            (best, bits) = (best + 1, others);
        }
        best
    }
}

/// The whole part of the logarithm of a mean, where a best parameter is near; 0 without any.
fn mean_logarithm(sum: u64, count: u64) -> u32 {
    let mean = sum.checked_div(count).unwrap_or(0);
    mean.checked_ilog2().unwrap_or(0).min(MAX_RICE_PARAMETER)
}

/// Why a set cannot be encoded. Each is a mistake of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildSetError {
    /// The universe is above [`MAX_UNIVERSE`].
    #[error("the universe of the set is above 2^48")]
    UniverseTooLarge,
    /// A member is not below the universe.
    #[error("a member lies outside the universe of the set")]
    OutsideUniverse,
    /// The members are not strictly rising.
    #[error("the members of the set do not rise")]
    NotRising,
}
