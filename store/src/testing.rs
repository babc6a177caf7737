//! A disk that dies: the storage of power-cut tests (ATTACKS.md row 37).
//!
//! It keeps what was synced apart from what was only written, and at a chosen operation it dies: from then on everything fails. What
//! survives is the synced image, alone or with an arbitrary part of the unsynced writes, as a disk's cache would leave it.

use std::io::{Error, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// What of the unsynced writes is on the disk after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survivors {
    /// Nothing.
    None,
    /// About half of the sectors, chosen by the seed.
    Some {
        /// The same seed chooses the same sectors.
        seed: u64,
    },
}

/// A disk in memory that dies at a chosen operation.
#[derive(Debug, Clone)]
pub struct DyingDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    synced: Vec<u8>,
    current: Vec<u8>,
    unsynced: Vec<Change>,
    operations: usize,
    syncs: usize,
    dies_at: usize,
}

#[derive(Debug)]
enum Change {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

impl DyingDisk {
    /// An empty disk that carries out so many changes (writes, resizes, syncs) and then dies.
    #[must_use]
    pub fn new(dies_at: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            synced: Vec::new(),
            current: Vec::new(),
            unsynced: Vec::new(),
            operations: 0,
            syncs: 0,
            dies_at,
        })))
    }

    /// A disk that lives, with what another left.
    #[must_use]
    pub fn from_image(image: Vec<u8>) -> Self {
        Self::from_image_until(image, usize::MAX)
    }

    /// A disk with what another left, that carries out so many changes and then dies.
    #[must_use]
    pub fn from_image_until(image: Vec<u8>, dies_at: usize) -> Self {
        let disk = Self::new(dies_at);
        {
            let mut state = disk.lock();
            state.synced.clone_from(&image);
            state.current = image;
        }
        disk
    }

    /// How many changes were carried out.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.lock().operations
    }

    /// How many of them were syncs.
    #[must_use]
    pub fn syncs(&self) -> usize {
        self.lock().syncs
    }

    /// What is on the disk when the power comes back.
    #[must_use]
    pub fn after_the_cut(&self, survivors: Survivors) -> Vec<u8> {
        let state = self.lock();
        let mut image = state.synced.clone();
        if let Survivors::Some { seed } = survivors {
            let mut dice = seed ^ 0x9e37_79b9_7f4a_7c15;
            for change in &state.unsynced {
                match change {
                    Change::Length(length) => {
                        if roll(&mut dice) {
                            image.resize(*length, 0);
                        }
                    }
                    // A disk writes sectors, each whole, in any order or not at all.
                    Change::Bytes(offset, bytes) => {
                        for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                            if roll(&mut dice) {
                                put(&mut image, offset + index * SECTOR_BYTES, sector);
                            }
                        }
                    }
                }
            }
        }
        image
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a change of the disk and refuses it once the power is gone.
    fn change(&self, apply: impl FnOnce(&mut State)) -> Result<()> {
        let mut state = self.lock();
        if state.operations >= state.dies_at {
            return Err(Error::other("the power is gone"));
        }
        state.operations += 1;
        apply(&mut state);
        Ok(())
    }
}

impl StorageBackend for DyingDisk {
    fn len(&self) -> Result<u64> {
        Ok(self.lock().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let state = self.lock();
        let start = position(offset)?;
        let found = state
            .current
            .get(start..start + out.len())
            .ok_or_else(|| Error::other("read past the end"))?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let len = position(len)?;
        self.change(|state| {
            state.current.resize(len, 0);
            state.unsynced.push(Change::Length(len));
        })
    }

    fn sync_data(&self) -> Result<()> {
        self.change(|state| {
            state.syncs += 1;
            state.synced.clone_from(&state.current);
            state.unsynced.clear();
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let offset = position(offset)?;
        self.change(|state| {
            put(&mut state.current, offset, data);
            state.unsynced.push(Change::Bytes(offset, data.to_vec()));
        })
    }
}

fn position(offset: u64) -> Result<usize> {
    usize::try_from(offset).map_err(Error::other)
}

fn put(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    if let Some(target) = image.get_mut(offset..end) {
        target.copy_from_slice(bytes);
    }
}

/// A fair coin from a small reproducible generator (xorshift64*).
fn roll(state: &mut u64) -> bool {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 63 == 1
}

/// The unit in which disks write.
const SECTOR_BYTES: usize = 512;
