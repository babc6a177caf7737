//! Encoding a set.

use super::bits::BitWriter;
use super::{MAGIC, MAX_RICE_PARAMETER, MAX_UNIVERSE, MEMBERS_PER_BLOCK, width_of};

/// Encodes the set of `members`, which rise strictly and lie below `universe`.
///
/// The same members always give the same bytes.
///
/// # Errors
/// [`BuildSetError`] when the universe is above [`MAX_UNIVERSE`], a member is not below it, or the members do not
/// rise strictly.
pub fn build(members: &[u64], universe: u64) -> Result<Vec<u8>, BuildSetError> {
    if universe > MAX_UNIVERSE {
        return Err(BuildSetError::UniverseTooLarge);
    }
    if members.last().is_some_and(|last| *last >= universe) {
        return Err(BuildSetError::OutsideUniverse);
    }
    if members.is_sorted_by(|a, b| a < b) {
        let parameter = best_rice_parameter(members, universe);
        Ok(encode(members, universe, parameter))
    } else {
        Err(BuildSetError::NotRising)
    }
}

fn encode(members: &[u64], universe: u64, parameter: u32) -> Vec<u8> {
    let mut codes = BitWriter::default();
    let mut entries = Vec::with_capacity(members.len().div_ceil(BLOCK));
    for block in members.chunks(BLOCK) {
        let Some((first, others)) = block.split_first() else {
            continue;
        };
        entries.push((*first, codes.len()));
        let mut previous = *first;
        for member in others {
            codes.push_rice_code(member - previous - 1, parameter);
            previous = *member;
        }
    }

    let code_bits = codes.len();
    let mut index = BitWriter::default();
    for (first, offset) in entries {
        index.push(first, width_of(universe.saturating_sub(1)));
        index.push(offset, width_of(code_bits));
    }

    let mut bytes = Vec::new();
    bytes.extend_from_slice(&MAGIC);
    bytes.push(parameter as u8);
    bytes.extend_from_slice(&[0; 3]);
    bytes.extend_from_slice(&universe.to_le_bytes());
    bytes.extend_from_slice(&(members.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&code_bits.to_le_bytes());
    bytes.extend(index.finish());
    bytes.extend(codes.finish());
    bytes
}

/// The parameter that makes the codes shortest: the best lies next to the logarithm of the mean gap, and the exact
/// lengths decide between the neighbours.
fn best_rice_parameter(members: &[u64], universe: u64) -> u32 {
    let mean = universe.checked_div(members.len() as u64).unwrap_or(0);
    let near = mean.checked_ilog2().unwrap_or(0).min(MAX_RICE_PARAMETER);
    (near.saturating_sub(2)..=(near + 1).min(MAX_RICE_PARAMETER))
        .min_by_key(|parameter| code_length(members, *parameter))
        .unwrap_or(near)
}

fn code_length(members: &[u64], parameter: u32) -> u64 {
    members
        .chunks(BLOCK)
        .flat_map(|block| block.iter().zip(block.iter().skip(1)))
        .map(|(previous, member)| ((member - previous - 1) >> parameter) + 1 + u64::from(parameter))
        .fold(0, u64::saturating_add)
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

const BLOCK: usize = MEMBERS_PER_BLOCK as usize;
