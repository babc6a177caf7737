//! What is remembered of packs that were accepted.

use core::cell::{Cell, RefCell};

use symbolon_crypto::RustCryptoProvider;

use super::super::*;
use super::world::World;
use crate::testing::{DAY, NOW};

#[test]
fn a_pack_that_is_dated_earlier_does_not_take_the_clock_back() {
    let world = World::new();
    let last = world.open(&world.pack(5, NOW)).unwrap().last_seen(None);
    let earlier = world
        .registry
        .pack(6, &world.trust_list(NOW), Vec::new(), NOW.minus(DAY / 2));
    let pack = world.open_at(&earlier, NOW, Some(&last)).unwrap();
    assert_eq!(pack.last_seen(Some(&last)).created, NOW);
}

/// A memory that the tests can read, and break.
#[derive(Default)]
struct Kept {
    bytes: RefCell<Option<Vec<u8>>>,
    is_broken: Cell<bool>,
    writes: Cell<usize>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken")]
struct Broken;

impl KeepPackMemory for &Kept {
    type Error = Broken;

    fn read(&self) -> Result<Option<Vec<u8>>, Broken> {
        Ok(self.bytes.borrow().clone())
    }

    fn write(&self, memory: Vec<u8>) -> Result<(), Broken> {
        if self.is_broken.get() {
            return Err(Broken);
        }
        self.writes.set(self.writes.get() + 1);
        *self.bytes.borrow_mut() = Some(memory);
        Ok(())
    }
}

fn accept(world: &World, kept: &Kept, pack: &[u8]) -> Result<u64, PackError> {
    let memory = PackMemory::new(kept);
    let tools = PackTools::new(&RustCryptoProvider);
    let accepted = memory.accept(pack, &[], &world.root(), tools, NOW).unwrap();
    accepted.map(|pack| pack.sequence())
}

fn prepare(
    world: &World,
    kept: &Kept,
    incoming: &[u8],
    in_force: Option<&[u8]>,
) -> Result<PreparedMemory, ApplyError> {
    let tools = PackTools::new(&RustCryptoProvider);
    PackMemory::new(kept)
        .prepare(incoming, in_force, &world.root(), tools, NOW)
        .unwrap()
}

#[test]
fn a_memory_takes_no_pack_back_and_writes_only_what_is_new() {
    let (world, kept) = (World::new(), Kept::default());
    let (older, newer) = (world.pack(1, NOW), world.pack(2, NOW));
    assert_eq!(accept(&world, &kept, &older).unwrap(), 1);
    assert_eq!(accept(&world, &kept, &newer).unwrap(), 2);
    assert_eq!(accept(&world, &kept, &newer).unwrap(), 2);
    assert_eq!(kept.writes.get(), 2, "the same pack is remembered once");
    assert!(matches!(
        accept(&world, &kept, &older),
        Err(PackError::LowerSequence { .. })
    ));
    assert_eq!(kept.writes.get(), 2);
}

#[test]
fn a_memory_that_cannot_be_kept_lets_nothing_be_used() {
    let (world, kept) = (World::new(), Kept::default());
    let (pack, tools) = (world.pack(1, NOW), PackTools::new(&RustCryptoProvider));
    kept.is_broken.set(true);
    let memory = PackMemory::new(&kept);
    let accepted = memory.accept(&pack, &[], &world.root(), tools, NOW);
    assert!(matches!(accepted, Err(PackMemoryError::Storage(Broken))));
    let prepared = prepare(&world, &kept, &pack, None).unwrap();
    assert!(matches!(
        memory.remember(&prepared),
        Err(PackMemoryError::Storage(Broken))
    ));

    *kept.bytes.borrow_mut() = Some(b"{}".to_vec());
    let accepted = memory.accept(&pack, &[], &world.root(), tools, NOW);
    assert!(matches!(accepted, Err(PackMemoryError::Unreadable(_))));
}

#[test]
fn what_was_prepared_is_remembered_once_it_is_kept_and_opens_by_its_form() {
    let (world, kept) = (World::new(), Kept::default());
    let (base, next) = (world.pack(1, NOW), world.pack(2, NOW));
    accept(&world, &kept, &base).unwrap();
    let change = delta(&base, &next).unwrap();
    assert!(matches!(
        prepare(&world, &kept, &change, None),
        Err(ApplyError::NothingInForce)
    ));
    let before = kept.bytes.borrow().clone();
    let prepared = prepare(&world, &kept, &change, Some(&base)).unwrap();
    assert_eq!(
        *kept.bytes.borrow(),
        before,
        "nothing is remembered before it is kept"
    );
    assert!(prepared.applied().pack == next);

    let memory = PackMemory::new(&kept);
    memory.remember(&prepared).unwrap().unwrap();
    let AppliedPack { pack, form, .. } = prepared.applied();
    let tools = PackTools::new(&RustCryptoProvider);
    let opened = memory.accept(pack, form, &world.root(), tools, NOW).unwrap();
    assert!(opened.unwrap().is_sealed());
    assert!(matches!(
        accept(&world, &kept, &base),
        Err(PackError::LowerSequence { .. })
    ));
    // A second time is no harm: whoever was interrupted does it again.
    memory.remember(&prepared).unwrap().unwrap();
}

#[test]
fn what_was_prepared_does_not_take_back_what_was_accepted_meanwhile() {
    let (world, kept) = (World::new(), Kept::default());
    let prepared = prepare(&world, &kept, &world.pack(1, NOW), None).unwrap();
    accept(&world, &kept, &world.pack(2, NOW)).unwrap();
    let remembered = PackMemory::new(&kept).remember(&prepared).unwrap();
    assert_eq!(remembered, Err(AcceptedMeanwhile));
    assert_eq!(PackMemory::new(&kept).last_seen().unwrap().unwrap().sequence, 2);
}
