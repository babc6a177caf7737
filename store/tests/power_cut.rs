//! ATTACKS.md row 37: the power goes at every point of a scripted workload, and no acknowledged batch is missing, none is torn.
//!
//! The storage keeps what was synced apart from what was only written. At the chosen operation it dies: from then on everything
//! fails. What survives is the synced image, alone or with an arbitrary part of the unsynced writes, as a disk's cache would leave it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{Error, Result};
use std::sync::{Arc, Mutex};

use symbolon_store::{Batch, Space, StorageBackend, Store, Tenant};

#[test]
fn every_acknowledged_batch_survives_a_cut_at_every_operation_when_all_unsynced_writes_are_lost() {
    cut_everywhere(|_| Survivors::None);
}

#[test]
fn every_acknowledged_batch_survives_a_cut_at_every_operation_when_some_unsynced_writes_are_kept() {
    cut_everywhere(|operation| Survivors::Some {
        seed: operation as u64,
    });
}

#[test]
fn the_workload_reaches_the_disk_at_all() {
    let disk = Disk::new(usize::MAX);
    let acknowledged = workload(&disk);
    assert_eq!(acknowledged.len(), BATCHES);
    // Guards the two tests above against becoming empty: a sync for each of these commits, and writes between them.
    let state = disk.0.lock().unwrap();
    assert!(state.syncs >= BATCHES, "{} syncs", state.syncs);
    assert!(state.operations > 2 * BATCHES, "{} operations", state.operations);
}

fn cut_everywhere(survivors: impl Fn(usize) -> Survivors) {
    let whole = Disk::new(usize::MAX);
    workload(&whole);
    let operations = whole.0.lock().unwrap().operations;
    for operation in 0..operations {
        let disk = Disk::new(operation);
        let acknowledged = workload(&disk);
        let image = disk.after_the_cut(&survivors(operation));
        let store = Store::open_with_backend(Disk::from_image(image))
            .unwrap_or_else(|error| panic!("cut at {operation}: {error:?}"));
        check(&store, &acknowledged, operation);
    }
}

/// Twelve batches, one after the other. Each writes its row, three parts, the latest number, and deletes an older batch's part.
/// Returns the numbers that were acknowledged.
fn workload(disk: &Disk) -> Vec<usize> {
    let Ok(store) = Store::open_with_backend(disk.clone()) else {
        return Vec::new();
    };
    let tenant = Tenant::parse("default").unwrap();
    let mut acknowledged = Vec::new();
    for number in 0..BATCHES {
        let stamp = vec![number as u8; 3_000];
        let mut batch = Batch::new().put(tenant.key(LATEST, b""), stamp.clone());
        for part in 0..PARTS {
            batch = batch.put(tenant.key(ROWS, format!("{number:03}/{part}")), stamp.clone());
        }
        if let Some(older) = number.checked_sub(4) {
            batch = batch.delete(tenant.key(ROWS, format!("{older:03}/0")));
        }
        if store.commit(batch).is_ok() {
            acknowledged.push(number);
        }
    }
    acknowledged
}

fn check(store: &Store, acknowledged: &[usize], operation: usize) {
    let tenant = Tenant::parse("default").unwrap();
    let snapshot = store.snapshot().unwrap();
    let latest = snapshot
        .get(&tenant.key(LATEST, b""))
        .unwrap()
        .map(|stamp| usize::from(stamp[0]));
    let last_acknowledged = acknowledged.last().copied();
    assert!(
        latest >= last_acknowledged,
        "cut at {operation}: {last_acknowledged:?} was acknowledged, {latest:?} is there"
    );
    // At most the one batch that was under way may be there without an acknowledgement.
    let next = last_acknowledged.map_or(0, |number| number + 1);
    assert!(latest.is_none_or(|latest| latest <= next), "cut at {operation}");
    for number in 0..BATCHES {
        for part in 0..PARTS {
            let found = snapshot
                .get(&tenant.key(ROWS, format!("{number:03}/{part}")))
                .unwrap();
            let expected =
                latest.is_some_and(|latest| number <= latest && !(part == 0 && number + 4 <= latest));
            assert_eq!(
                found.is_some(),
                expected,
                "cut at {operation}: batch {number} is torn at part {part}"
            );
            assert!(found.is_none_or(|value| value == vec![number as u8; 3_000]));
        }
    }
}

const BATCHES: usize = 12;
const PARTS: usize = 3;
const ROWS: Space = Space::new("rows");
const LATEST: Space = Space::new("latest");

enum Survivors {
    None,
    Some { seed: u64 },
}

#[derive(Debug, Clone)]
struct Disk(Arc<Mutex<State>>);

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

impl Disk {
    fn new(dies_at: usize) -> Self {
        let empty = Vec::new();
        Self(Arc::new(Mutex::new(State {
            synced: empty.clone(),
            current: empty,
            unsynced: Vec::new(),
            operations: 0,
            syncs: 0,
            dies_at,
        })))
    }

    fn from_image(image: Vec<u8>) -> Self {
        let disk = Self::new(usize::MAX);
        {
            let mut state = disk.0.lock().unwrap();
            state.synced.clone_from(&image);
            state.current = image;
        }
        disk
    }

    fn after_the_cut(&self, survivors: &Survivors) -> Vec<u8> {
        let state = self.0.lock().unwrap();
        let mut image = state.synced.clone();
        if let Survivors::Some { seed } = survivors {
            let mut dice = *seed ^ 0x9e37_79b9_7f4a_7c15;
            for change in &state.unsynced {
                match change {
                    Change::Length(length) => {
                        if roll(&mut dice) {
                            image.resize(*length, 0);
                        }
                    }
                    // A disk writes sectors, each whole, in any order or not at all.
                    Change::Bytes(offset, bytes) => {
                        for (index, sector) in bytes.chunks(SECTOR).enumerate() {
                            if roll(&mut dice) {
                                put(&mut image, offset + index * SECTOR, sector);
                            }
                        }
                    }
                }
            }
        }
        image
    }

    /// Counts a change of the disk and refuses it once the power is gone.
    fn change(&self, apply: impl FnOnce(&mut State)) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        if state.operations >= state.dies_at {
            return Err(Error::other("the power is gone"));
        }
        state.operations += 1;
        apply(&mut state);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        Ok(self.0.lock().unwrap().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let state = self.0.lock().unwrap();
        let start = offset as usize;
        let found = state
            .current
            .get(start..start + out.len())
            .ok_or_else(|| Error::other("read past the end"))?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.change(|state| {
            state.current.resize(len as usize, 0);
            state.unsynced.push(Change::Length(len as usize));
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
        self.change(|state| {
            put(&mut state.current, offset as usize, data);
            state.unsynced.push(Change::Bytes(offset as usize, data.to_vec()));
        })
    }
}

fn put(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[offset..end].copy_from_slice(bytes);
}

/// A fair coin from a small reproducible generator (xorshift64*).
fn roll(state: &mut u64) -> bool {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 63 == 1
}

const SECTOR: usize = 512;
