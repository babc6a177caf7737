//! ATTACKS.md row 37: the power goes at every point of a scripted workload, and no acknowledged batch is missing, none is torn.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use symbolon_store::testing::{DyingDisk, Survivors};
use symbolon_store::{Batch, Space, Store, Tenant};

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
    let disk = DyingDisk::new(usize::MAX);
    let acknowledged = workload(&disk);
    assert_eq!(acknowledged.len(), BATCHES);
    // Guards the two tests above against becoming empty: a sync for each of these commits, and writes between them.
    assert!(disk.syncs() >= BATCHES, "{} syncs", disk.syncs());
    assert!(
        disk.operations() > 2 * BATCHES,
        "{} operations",
        disk.operations()
    );
}

fn cut_everywhere(survivors: impl Fn(usize) -> Survivors) {
    let whole = DyingDisk::new(usize::MAX);
    workload(&whole);
    let operations = whole.operations();
    for operation in 0..operations {
        let disk = DyingDisk::new(operation);
        let acknowledged = workload(&disk);
        let image = disk.after_the_cut(survivors(operation));
        let store = Store::open_with_backend(DyingDisk::from_image(image))
            .unwrap_or_else(|error| panic!("cut at {operation}: {error:?}"));
        check(&store, &acknowledged, operation);
    }
}

/// Twelve batches, one after the other. Each writes its row, three parts, the latest number, and deletes an older batch's part.
/// Returns the numbers that were acknowledged.
fn workload(disk: &DyingDisk) -> Vec<usize> {
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
