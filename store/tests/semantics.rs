//! What a caller may rely on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use symbolon_store::{Batch, CommitError, Key, OpenError, ReadError, Requirement, Space, Store, Tenant};

const THINGS: Space = Space::new("things");
const OTHERS: Space = Space::new("others");

fn tenant() -> Tenant {
    Tenant::parse("default").unwrap()
}

fn key(suffix: &str) -> Key {
    tenant().key(THINGS, suffix)
}

#[test]
fn a_batch_is_applied_whole_or_not_at_all() {
    let store = Store::open_in_memory().unwrap();
    store
        .commit(
            Batch::new()
                .put(key("a"), b"1".to_vec())
                .put(key("b"), b"2".to_vec()),
        )
        .unwrap();
    let rejected = store.commit(
        Batch::new()
            .require_equals(key("a"), b"1".to_vec())
            .require_absent(key("b"))
            .put(key("a"), b"9".to_vec())
            .delete(key("b")),
    );
    assert!(matches!(
        rejected,
        Err(CommitError::RequirementFailed { position: 1 })
    ));
    assert_eq!(store.get(&key("a")).unwrap().unwrap(), b"1");
    assert_eq!(store.get(&key("b")).unwrap().unwrap(), b"2");
}

#[test]
fn each_kind_of_requirement_is_checked() {
    let store = Store::open_in_memory().unwrap();
    store.commit(Batch::new().put(key("a"), b"1".to_vec())).unwrap();
    let holds = |requirement| store.commit(Batch::new().require(requirement)).is_ok();
    assert!(holds(Requirement::Present(key("a"))));
    assert!(!holds(Requirement::Present(key("b"))));
    assert!(holds(Requirement::Absent(key("b"))));
    assert!(!holds(Requirement::Absent(key("a"))));
    assert!(holds(Requirement::Equals(key("a"), b"1".to_vec())));
    assert!(!holds(Requirement::Equals(key("a"), b"2".to_vec())));
    assert!(!holds(Requirement::Equals(key("b"), b"1".to_vec())));
}

#[test]
fn a_scan_is_ordered_bounded_by_prefix_and_tenant_and_pages_on() {
    let store = Store::open_in_memory().unwrap();
    let mut batch = Batch::new();
    for suffix in ["a/1", "a/2", "a/3", "b/1"] {
        batch = batch.put(key(suffix), suffix.as_bytes().to_vec());
    }
    let stranger = Tenant::parse("default2").unwrap();
    batch = batch.put(stranger.key(THINGS, "a/4"), b"stranger".to_vec());
    batch = batch.put(tenant().key(OTHERS, "a/5"), b"other space".to_vec());
    batch = batch.put(tenant().key(THINGS, [0xff, 0xff]), b"last".to_vec());
    store.commit(batch).unwrap();
    let suffixes = |prefix: &[u8], after: Option<&[u8]>, limit| -> Vec<Vec<u8>> {
        let entries = store.scan(&tenant(), THINGS, prefix, after, limit).unwrap();
        entries.into_iter().map(|entry| entry.suffix).collect()
    };
    assert_eq!(suffixes(b"a/", None, 2), [b"a/1", b"a/2"]);
    assert_eq!(suffixes(b"a/", Some(b"a/2"), 2), [b"a/3"]);
    assert_eq!(suffixes(b"a/", Some(b"0"), 1), [b"a/1"]);
    assert!(suffixes(b"a/", Some(b"c"), 9).is_empty());
    assert_eq!(suffixes(b"", None, 9).len(), 5);
    assert_eq!(suffixes(&[0xff], None, 9), [vec![0xff, 0xff]]);
    assert!(
        store
            .scan(&tenant(), Space::new("never written"), b"", None, 9)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_snapshot_does_not_see_later_commits() {
    let store = Store::open_in_memory().unwrap();
    store.commit(Batch::new().put(key("a"), b"old".to_vec())).unwrap();
    let before = store.snapshot().unwrap();
    store.commit(Batch::new().put(key("a"), b"new".to_vec())).unwrap();
    assert_eq!(before.get(&key("a")).unwrap().unwrap(), b"old");
    assert_eq!(store.get(&key("a")).unwrap().unwrap(), b"new");
}

#[test]
fn no_batch_is_lost_or_applied_twice_under_concurrency() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store.redb")).unwrap();
    let retries = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (store, retries) = (&store, &retries);
            scope.spawn(move || {
                for round in 0..25 {
                    // A shared counter by compare-and-set, and a private row in the same batch.
                    loop {
                        let current = store.get(&key("counter")).unwrap();
                        let next = current
                            .as_deref()
                            .map_or(0_u64, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
                            + 1;
                        let requirement = match current {
                            Some(bytes) => Requirement::Equals(key("counter"), bytes),
                            None => Requirement::Absent(key("counter")),
                        };
                        let batch = Batch::new()
                            .require(requirement)
                            .require_absent(key(&format!("row/{next}")))
                            .put(key("counter"), next.to_be_bytes().to_vec())
                            .put(
                                key(&format!("row/{next}")),
                                format!("{thread}/{round}").into_bytes(),
                            );
                        match store.commit(batch) {
                            Ok(()) => break,
                            Err(CommitError::RequirementFailed { position: 0 }) => {
                                retries.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
    });
    let rows = store.scan(&tenant(), THINGS, b"row/", None, 1_000).unwrap();
    let mut owners: Vec<_> = rows.into_iter().map(|entry| entry.value).collect();
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), 200);
}

#[test]
fn submitted_batches_are_answered_in_order_and_share_transactions() {
    let store = Store::open_in_memory().unwrap();
    let (answers, received) = channel();
    for number in 0..500_u32 {
        let answers = answers.clone();
        let batch = Batch::new()
            .require_absent(key("once"))
            .put(key("once"), vec![1])
            .put(key(&format!("{number}")), vec![1]);
        store.submit(batch, move |result| {
            answers.send((number, result.is_ok())).unwrap()
        });
    }
    let answers: Vec<_> = received.iter().take(500).collect();
    assert!(answers.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(answers.iter().filter(|(_, accepted)| *accepted).count(), 1);
    assert!(answers[0].1);
}

#[test]
fn a_callback_that_panics_does_not_stop_the_writer() {
    let store = Store::open_in_memory().unwrap();
    store.submit(Batch::new().put(key("a"), vec![1]), |_| {
        panic!("a caller's mistake")
    });
    store.commit(Batch::new().put(key("b"), vec![1])).unwrap();
}

#[test]
fn a_second_opening_is_refused_and_closing_lets_the_next_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = Store::open(&path).unwrap();
    assert!(matches!(Store::open(&path), Err(OpenError::AlreadyOpen)));
    store
        .commit(Batch::new().put(key("a"), b"kept".to_vec()))
        .unwrap();
    let clone = store.clone();
    store.close();
    store.close();
    assert!(matches!(clone.commit(Batch::new()), Err(CommitError::Closed)));
    assert!(matches!(clone.get(&key("a")), Err(ReadError::Closed)));
    let reopened = Store::open(&path).unwrap();
    assert_eq!(reopened.get(&key("a")).unwrap().unwrap(), b"kept");
    drop(reopened);
    drop(Store::open(&path).unwrap());
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "dear reader, this is not a database".repeat(200)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path), Err(OpenError::Database(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(matches!(
        Store::open(&folder.path().join("absent/store.redb")),
        Err(OpenError::Io(_))
    ));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_a_new_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    drop(Store::open(&path).unwrap());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}
