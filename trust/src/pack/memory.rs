//! The memory of a verifier: which packs it accepted, so that none is ever taken back. Where it lies is the driver's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use symbolon_crypto::UnixTime;
use thiserror::Error;

use super::{AppliedPack, ApplyError, LastSeen, Pack, PackError, PackTools, apply};
use crate::trust_list::RootOfTrust;

/// Keeps the memory of a verifier where the driver wants it.
///
/// What was written must be there after a power cut before `write` answers, nobody else may write it, and it must never go back to an
/// earlier state: one that does lets an older pack, which knows of fewer revocations, be accepted again.
pub trait KeepPackMemory {
    /// Why it cannot be kept.
    type Error: core::error::Error + 'static;

    /// What was written last; nothing at first.
    ///
    /// # Errors
    /// It cannot be read now.
    fn read(&self) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Keeps these bytes in place of what was there.
    ///
    /// # Errors
    /// They are not kept.
    fn write(&self, memory: Vec<u8>) -> Result<(), Self::Error>;
}

/// Why nothing is known of the packs that were accepted, so that a rollback would not be noticed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackMemoryError<E: core::error::Error + 'static> {
    /// The memory cannot be read or written.
    #[error("what was accepted before cannot be read or written")]
    Storage(#[source] E),
    /// What was read is no memory of packs.
    #[error("what was kept is no memory of packs")]
    Unreadable(#[source] serde_json::Error),
}

/// The memory of one verifier. It holds the rules of every driver: what is opened is compared with what was accepted before, and what
/// is newer is remembered.
#[derive(Debug)]
pub struct PackMemory<K> {
    kept: K,
    /// Held from reading to writing: of two packs that are accepted at once the older one is not to be remembered last.
    turn: Mutex<()>,
}

impl<K: KeepPackMemory> PackMemory<K> {
    /// The memory that is kept there.
    pub const fn new(kept: K) -> Self {
        Self {
            kept,
            turn: Mutex::new(()),
        }
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was remembered last.
    ///
    /// # Errors
    /// [`PackMemoryError`].
    pub fn last_seen(&self) -> Result<Option<LastSeen>, PackMemoryError<K::Error>> {
        let kept = self.kept.read().map_err(PackMemoryError::Storage)?;
        kept.map(|bytes| serde_json::from_slice(&bytes).map_err(PackMemoryError::Unreadable))
            .transpose()
    }

    /// Opens a pack, by its applied form where that is the sealed one, against what is remembered, and remembers it when it is newer.
    /// An empty form is none.
    ///
    /// # Errors
    /// [`PackMemoryError`]; a refused pack is an answer, and changes nothing.
    pub fn accept<'a>(
        &self,
        pack: &'a [u8],
        form: &'a [u8],
        root_of_trust: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<Result<Pack<'a>, PackError>, PackMemoryError<K::Error>> {
        let _turn = self.turn();
        let last = self.last_seen()?;
        let opened = match &last {
            Some(last) => Pack::open_applied(pack, form, root_of_trust, tools, now, last),
            None => Pack::open_with(pack, root_of_trust, tools, now, None),
        };
        let pack = match opened {
            Ok(pack) => pack,
            Err(error) => return Ok(Err(error)),
        };
        self.replace(last.as_ref(), &pack.last_seen(last.as_ref()))?;
        Ok(Ok(pack))
    }

    /// Checks a pack, or a delta of the pack in force, against what is remembered. Nothing is remembered yet: once the driver
    /// keeps pack and form, it calls [`PackMemory::remember`].
    ///
    /// # Errors
    /// [`PackMemoryError`]; a refusal of what was brought is an answer.
    pub fn prepare(
        &self,
        incoming: &[u8],
        in_force: Option<&[u8]>,
        root_of_trust: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<Result<PreparedMemory, ApplyError>, PackMemoryError<K::Error>> {
        let before = self.last_seen()?;
        let applied = apply(incoming, in_force, root_of_trust, tools, now, before.as_ref());
        Ok(applied.map(|applied| PreparedMemory { applied, before }))
    }

    /// Remembers a pack that was prepared, and whose pack and form are kept.
    ///
    /// # Errors
    /// [`PackMemoryError`].
    pub fn remember(
        &self,
        prepared: &PreparedMemory,
    ) -> Result<Result<(), AcceptedMeanwhile>, PackMemoryError<K::Error>> {
        let _turn = self.turn();
        let last = self.last_seen()?;
        if last.as_ref() == Some(&prepared.applied.memory) {
            return Ok(Ok(()));
        }
        if last != prepared.before {
            return Ok(Err(AcceptedMeanwhile));
        }
        self.replace(last.as_ref(), &prepared.applied.memory)?;
        Ok(Ok(()))
    }

    fn replace(&self, before: Option<&LastSeen>, seen: &LastSeen) -> Result<(), PackMemoryError<K::Error>> {
        if before == Some(seen) {
            return Ok(());
        }
        let memory = serde_json::to_vec(seen).map_err(PackMemoryError::Unreadable)?;
        self.kept.write(memory).map_err(PackMemoryError::Storage)
    }
}

/// A pack that passed every check and is not remembered yet.
#[derive(Debug)]
pub struct PreparedMemory {
    applied: AppliedPack,
    before: Option<LastSeen>,
}

impl PreparedMemory {
    /// What to keep, in the order of its fields, before the pack is remembered.
    #[must_use]
    pub fn applied(&self) -> &AppliedPack {
        &self.applied
    }
}

/// Another pack was accepted after this one was checked. It may be the newer one: check this one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("another pack was accepted meanwhile")]
pub struct AcceptedMeanwhile;
