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
