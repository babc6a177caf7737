//! A store read out whole, and a new one made of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use symbolon_store::testing::{DyingDisk, Survivors};
use symbolon_store::{Batch, LoadError, Loader, Space, Store, StoredEntry, Tenant};

const RECORDS: Space = Space::new("records");
const NONCES: Space = Space::new("nonces");
const BOTH: [&str; 2] = ["nonces", "records"];

fn filled() -> Store {
    let store = Store::open_in_memory().unwrap();
    for tenant in ["north", "south"] {
        let tenant = Tenant::parse(tenant).unwrap();
        let mut batch = Batch::new();
        for number in 0..40_u8 {
            batch = batch.put(tenant.key(RECORDS, [number]), vec![number; 100]);
        }
        store
            .commit(batch.put(tenant.key(NONCES, b"n"), vec![1]))
            .unwrap();
    }
    store
}

fn read_out(store: &Store, spaces: &[&str], max_bytes: usize) -> Vec<StoredEntry> {
    let snapshot = store.snapshot().unwrap();
    let mut all: Vec<StoredEntry> = Vec::new();
    loop {
        let after = all.last().map(|last| (last.space.clone(), last.key.clone()));
        let after = after
            .as_ref()
            .map(|(space, key)| (space.as_str(), key.as_slice()));
        let page = snapshot.dump(spaces, after, max_bytes).unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[test]
fn pages_of_any_size_hold_every_entry_of_the_spaces_once_and_of_no_others() {
    let store = filled();
    let whole = read_out(&store, &BOTH, usize::MAX);
    assert_eq!(whole.len(), 82);
    assert_eq!(store.snapshot().unwrap().count(&BOTH).unwrap(), 82);
    for max_bytes in [1, 107, 1_000, 5_000] {
        assert!(read_out(&store, &BOTH, max_bytes) == whole, "{max_bytes}");
    }
    let records = read_out(&store, &["records", "none-such"], 1_000);
    assert_eq!(records.len(), 80);
    assert!(records.iter().all(|entry| entry.space == "records"));
    assert_eq!(
        whole
            .iter()
            .filter(|entry| entry.tenant() == Some("north"))
            .count(),
        41
    );
}

#[test]
fn what_is_written_meanwhile_does_not_show() {
    let store = filled();
    let snapshot = store.snapshot().unwrap();
    let tenant = Tenant::parse("north").unwrap();
    let batch = Batch::new()
        .put(tenant.key(RECORDS, b"later"), vec![9])
        .delete(tenant.key(RECORDS, [0]));
    store.commit(batch).unwrap();
    let page = snapshot.dump(&["records"], None, usize::MAX).unwrap();
    assert_eq!(page.len(), 80);
    assert!(page.iter().all(|entry| !entry.key.ends_with(b"later")));
}

#[test]
fn a_new_store_of_the_entries_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.redb");
    let entries = read_out(&filled(), &BOTH, usize::MAX);
    let loader = Loader::create(&path).unwrap();
    for part in entries.chunks(17) {
        loader.load(part).unwrap();
    }
    drop(loader);
    let store = Store::open(&path).unwrap();
    assert!(read_out(&store, &BOTH, usize::MAX) == entries);
    store.close();
    // A store that is there is never filled once more.
    assert!(matches!(Loader::create(&path), Err(LoadError::Open(_))));
}

#[test]
fn a_disk_that_is_full_is_an_error_and_never_a_store_that_lacks_something() {
    let entries = read_out(&filled(), &BOTH, usize::MAX);
    let whole = DyingDisk::new(usize::MAX);
    Loader::create_with_backend(whole.clone())
        .unwrap()
        .load(&entries)
        .unwrap();
    for cut in 0..whole.operations() {
        let disk = DyingDisk::new(cut);
        let loaded = Loader::create_with_backend(disk.clone()).and_then(|loader| loader.load(&entries));
        if loaded.is_ok() {
            continue;
        }
        let Ok(store) = Store::open_with_backend(DyingDisk::from_image(disk.after_the_cut(Survivors::None)))
        else {
            continue;
        };
        let found = read_out(&store, &BOTH, usize::MAX);
        assert!(
            found.is_empty() || found == entries,
            "cut at {cut}: {} entries",
            found.len()
        );
    }
}
