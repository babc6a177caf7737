//! Taking a pack into use, and opening it again without verifying every signature again (`docs/pack-format.md`, section 9).

mod form;

use symbolon_crypto::UnixTime;

use super::delta::{Delta, DeltaError, MAGIC as DELTA_MAGIC};
use super::{LastSeen, Pack, PackError, PackTools, claims};
use crate::trust_list::RootOfTrust;

/// A pack that has been accepted: what a driver stores, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPack {
    /// The pack that is in force from now on.
    pub pack: Vec<u8>,
    /// The form for [`Pack::open_applied`]; empty for a pack of version 1, which has none.
    pub form: Vec<u8>,
    /// What to remember.
    pub memory: LastSeen,
}

/// Why nothing was applied. What was in force stays so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The pack, or the one that the delta makes, is refused.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The delta cannot be applied to the pack in force.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// It is a delta, and no pack is in force.
    #[error("a delta needs the pack that it changes, and none is in force")]
    NothingInForce,
}

/// Whether the bytes say that they are a delta.
#[must_use]
pub fn is_delta(bytes: &[u8]) -> bool {
    bytes.starts_with(DELTA_MAGIC)
}

/// Whether a delta makes the pack that is in force already, so that whoever brings it once more brings nothing new. Nothing of this is verified.
#[must_use]
pub fn makes_again(incoming: &[u8], in_force: &[u8]) -> bool {
    if !is_delta(incoming) {
        return false;
    }
    let (delta, held) = (Delta::parse(incoming).ok(), claims(in_force).ok());
    delta.zip(held).is_some_and(|(delta, held)| {
        (delta.target_sequence(), *delta.target_root()) == (held.sequence, held.root)
    })
}

/// Accepts a new pack, or a delta of the pack in force: makes the pack, verifies all of it, compacts its verbatim lists.
///
/// `in_force` is the pack that was accepted before, byte for byte, and `last` what was remembered with it.
///
/// # Errors
/// [`ApplyError`]; then nothing is to be changed.
pub fn apply(
    incoming: &[u8],
    in_force: Option<&[u8]>,
    root_of_trust: &RootOfTrust,
    tools: PackTools<'_>,
    now: UnixTime,
    last: Option<&LastSeen>,
) -> Result<AppliedPack, ApplyError> {
    let bytes = if is_delta(incoming) {
        let delta = Delta::parse(incoming)?;
        delta.apply(in_force.ok_or(ApplyError::NothingInForce)?)?
    } else {
        incoming.to_vec()
    };
    let pack = Pack::open_with(&bytes, root_of_trust, tools, now, last)?;
    let (form, memory) = pack.applied_form(root_of_trust, last);
    Ok(AppliedPack {
        pack: bytes,
        form,
        memory,
    })
}
