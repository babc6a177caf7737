//! The sets of a pack: where they lie, and whether they are the signed ones.

use std::sync::{Arc, OnceLock};

use super::PackError;
use super::bytes::{HeldBytes, PackedBytes};
use super::container::{PackVersion, sha256};
use crate::compact_set::{CompactSet, OpenSetError};

/// A set of indices whose hash its issuer has signed, in the pack or in the form that was made when the pack was applied.
///
/// Its hash is compared once: when the pack is verified, or, in a pack that was applied before, by the first lookup that
/// meets the set. No answer rests on bytes that were not compared.
#[derive(Debug, Clone)]
pub(super) struct PackedSet<'a> {
    bytes: PackedBytes<'a>,
    universe: u64,
    hash: [u8; 32],
    /// The version of the pack, which says what forms a set may have.
    version: PackVersion,
    is_signed: OnceLock<bool>,
}

impl<'a> PackedSet<'a> {
    /// A set to be compared when it is first asked.
    pub(super) fn unchecked(bytes: &'a [u8], universe: u64, hash: [u8; 32], version: PackVersion) -> Self {
        Self {
            bytes: PackedBytes::Borrowed(bytes),
            universe,
            hash,
            version,
            is_signed: OnceLock::new(),
        }
    }

    /// A set that was made on this device, of what has been verified.
    pub(super) fn made(bytes: Vec<u8>, universe: u64) -> Self {
        Self {
            hash: sha256(&bytes),
            bytes: PackedBytes::Made(bytes),
            universe,
            version: PackVersion::CURRENT,
            is_signed: OnceLock::from(true),
        }
    }

    /// The same set, whose bytes are kept with it.
    pub(super) fn holding(self, held: &Arc<HeldBytes>) -> PackedSet<'static> {
        PackedSet {
            bytes: self.bytes.holding(held),
            universe: self.universe,
            hash: self.hash,
            version: self.version,
            is_signed: self.is_signed,
        }
    }

    /// Compares the hash and reads the skip index, now.
    ///
    /// # Errors
    /// [`PackError`] when the bytes are others than the signed ones, or no set of the universe of the list.
    pub(super) fn check(&self) -> Result<(), PackError> {
        self.compare()?;
        self.is_signed.get_or_init(|| true);
        Ok(())
    }

    fn compare(&self) -> Result<(), PackError> {
        if sha256(&self.bytes) != self.hash {
            return Err(PackError::StatusSetHash);
        }
        // A set without members has no bytes.
        if self.bytes.is_empty() {
            return Ok(());
        }
        let set = CompactSet::open(&self.bytes).map_err(PackError::StatusSet)?;
        if !self.version.has_sets_of(set.form()) {
            return Err(PackError::StatusSet(OpenSetError::NotACompactSet));
        }
        if set.universe() == self.universe {
            Ok(())
        } else {
            Err(PackError::StatusSetUniverse)
        }
    }

    /// The set, once it is known to be the signed one; `None` when it is another.
    pub(super) fn view(&self) -> Option<CompactSet<'_>> {
        let is_signed = *self.is_signed.get_or_init(|| self.compare().is_ok());
        if !is_signed {
            return None;
        }
        view(&self.bytes, self.universe)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        self.hash
    }
}

/// The set in `bytes`, where no bytes are the set without members.
fn view(bytes: &[u8], universe: u64) -> Option<CompactSet<'_>> {
    if bytes.is_empty() {
        return Some(CompactSet::empty(universe));
    }
    CompactSet::reopen(bytes).ok()
}
