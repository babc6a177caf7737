use proptest::prelude::*;

use super::super::*;
use super::world::{ISSUER, World};
use crate::status_list::{BitsPerStatus, Status};
use crate::testing::{DAY, NOW};

const HOUR: Duration = Duration::from_secs(3_600);

/// A list of so many entries with these indices invalid and those suspended.
fn compact_list(shard: u32, universe: u64, invalid: &[u64], suspended: &[u64]) -> CompactStatusList {
    let uri = format!("{ISSUER}/status/{shard:04}");
    CompactStatusList::of_indices(&uri, BitsPerStatus::Two, universe, invalid, suspended, None).unwrap()
}

fn pack(world: &World, sequence: u64, at: UnixTime, lists: Vec<CompactStatusList>) -> Vec<u8> {
    let section = world.issuer.status_section_of(lists, at);
    world
        .registry
        .pack(sequence, &world.trust_list(at), vec![section], at)
}

fn every(step: usize, universe: u64) -> Vec<u64> {
    (0..universe).step_by(step).collect()
}

#[test]
fn makes_the_pack_and_is_a_fraction_of_it() {
    let world = World::new();
    let lists = |further: &[u64]| {
        (0..20)
            .map(|shard| {
                let mut invalid = every(100, 100_000);
                if shard == 3 {
                    invalid.extend(further);
                    invalid.sort_unstable();
                }
                compact_list(shard, 100_000, &invalid, &[77])
            })
            .collect()
    };
    let base = pack(&world, 1, NOW, lists(&[]));
    let target = pack(&world, 2, NOW.plus(HOUR), lists(&[11, 99_999]));
    let small = delta(&base, &target).unwrap();
    assert!(Delta::parse(&small).unwrap().apply(&base).unwrap() == target);
    assert!(
        small.len() < 1_200 && target.len() > 20_000,
        "{} of {}",
        small.len(),
        target.len()
    );
    let changes = Delta::parse(&small).unwrap().changes().unwrap();
    let [
        SectionChange::Patched { .. },
        SectionChange::Status { indices, .. },
    ] = changes[..]
    else {
        panic!("{changes:?}");
    };
    assert_eq!(indices, 2);
    assert!(world.open_at(&target, NOW.plus(HOUR), None).is_ok());
}

#[test]
fn lists_come_and_go_and_grow() {
    let world = World::new();
    let base = vec![
        compact_list(1, 1_000, &[1, 5], &[]),
        compact_list(2, 1_000, &[8], &[9]),
        compact_list(4, 500, &every(3, 500), &[]),
    ];
    let target = vec![
        compact_list(0, 2_000, &[0, 1_999], &[]),
        compact_list(2, 1_000, &[8], &[]),
        compact_list(3, 64, &[], &[]),
        compact_list(4, 5_000, &every(3, 500), &[4_999]),
    ];
    let base = pack(&world, 1, NOW, base);
    let target = pack(&world, 2, NOW.plus(HOUR), target);
    let small = delta(&base, &target).unwrap();
    let small = Delta::parse(&small).unwrap();
    // Where a change does not make the section, the section comes whole, and nothing was shown.
    let changes = small.changes().unwrap();
    assert!(matches!(changes[1], SectionChange::Status { .. }), "{changes:?}");
    assert!(small.apply(&base).unwrap() == target);
}

#[test]
fn sections_come_and_go() {
    let world = World::new();
    let list = || vec![compact_list(1, 1_000, &[1, 5], &[])];
    let two = world.pack(1, NOW);
    let one = pack(&world, 2, NOW, list());
    for (base, target) in [(&two, &one), (&one, &two)] {
        let change = delta(base, target).unwrap();
        assert!(Delta::parse(&change).unwrap().apply(base).unwrap() == *target);
    }
}

#[test]
fn is_refused_on_another_base_and_says_which_one_it_needs() {
    let world = World::new();
    let at = |hours: u32| NOW.plus(HOUR * hours);
    let packs: Vec<_> = (0..4_u32)
        .map(|number| {
            let list = compact_list(1, 1_000, &every(100 + number as usize, 1_000), &[]);
            pack(&world, u64::from(number) + 1, at(number), vec![list])
        })
        .collect();
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|number| packs[number].as_slice());
    let from_third = delta(third, fourth).unwrap();
    let parsed = Delta::parse(&from_third).unwrap();
    assert_eq!((parsed.base_sequence(), parsed.target_sequence()), (3, 4));
    // A gap, a delta that was applied already, and another pack with the right number.
    for (base, in_force) in [(first, 1), (second, 2), (fourth, 4)] {
        let Err(DeltaError::OtherBase {
            base: needs,
            in_force: has,
        }) = parsed.apply(base)
        else {
            panic!("applied to another base");
        };
        assert_eq!((needs, has), (3, in_force));
    }
    let twin = pack(&world, 3, at(2), vec![compact_list(1, 1_000, &[1], &[])]);
    assert!(matches!(
        parsed.apply(&twin),
        Err(DeltaError::OtherBase { base: 3, in_force: 3 })
    ));
}

#[test]
fn refuses_every_truncation_and_every_flipped_bit() {
    let world = World::new();
    let list = |invalid: &[u64]| {
        vec![
            compact_list(1, 10_000, invalid, &[4]),
            compact_list(2, 64, &[3], &[]),
        ]
    };
    let base = pack(&world, 1, NOW, list(&every(50, 10_000)));
    let target = pack(&world, 2, NOW.plus(HOUR), list(&every(49, 10_000)));
    let small = delta(&base, &target).unwrap();
    let made = |bytes: &[u8]| Delta::parse(bytes).and_then(|delta| delta.apply(&base));
    for length in 0..small.len() {
        assert!(made(&small[..length]).is_err(), "{length}");
    }
    let mut longer = small.clone();
    longer.push(0);
    assert!(made(&longer).is_err());
    let root = world.root();
    let provider = symbolon_crypto::RustCryptoProvider;
    for place in 0..small.len() {
        let mut changed = small.clone();
        changed[place] ^= 1 << (place % 8);
        let tools = PackTools::new(&provider);
        // Whatever a changed delta makes, it is not accepted: at the latest the signatures refuse it.
        let now = NOW.plus(HOUR);
        match apply(&changed, Some(&base), &root, tools, now, None) {
            Err(_) => {}
            // Some bits are for messages alone, or say the same otherwise.
            Ok(applied) => assert!(applied.pack == target, "byte {place}"),
        }
    }
}

#[test]
fn several_deltas_become_one_or_the_whole_pack() {
    let world = World::new();
    let at = |day: u32| NOW.plus(HOUR * day);
    let packs: Vec<_> = (0..5_u32)
        .map(|day| {
            let mut invalid = every(100, 200_000);
            invalid.extend((0..u64::from(day)).map(|further| further * 7_000 + 1));
            invalid.sort_unstable();
            pack(
                &world,
                u64::from(day) + 1,
                at(day),
                vec![compact_list(1, 200_000, &invalid, &[])],
            )
        })
        .collect();
    let deltas: Vec<_> = packs
        .windows(2)
        .map(|pair| delta(&pair[0], &pair[1]).unwrap())
        .collect();
    let chain: Vec<&[u8]> = deltas.iter().map(Vec::as_slice).collect();
    let Compacted::Delta(one) = compact(&packs[0], &chain).unwrap() else {
        panic!("a delta is smaller than this pack");
    };
    assert!(Delta::parse(&one).unwrap().apply(&packs[0]).unwrap() == packs[4]);
    assert!(one.len() < deltas.iter().map(Vec::len).sum());
    // One is missing between two.
    let gap = compact(&packs[0], &[chain[0], chain[2]]);
    assert!(matches!(gap, Err(DeltaError::OtherBase { base: 3, in_force: 2 })));

    // Where everything is another, the pack itself is what a reader gets.
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let strange = TrustSection::from_published(vec![0xff; 64]);
    let strange = world.registry.sign_pack(PackBuilder::new(8, times, strange));
    let other = world.registry.pack(9, &world.trust_list(NOW), Vec::new(), NOW);
    let to_other = delta(&strange, &other).unwrap();
    assert!(compact(&strange, &[&to_other]).unwrap() == Compacted::Pack(other));
}

#[test]
fn a_pack_of_version_1_has_no_deltas() {
    let world = World::new();
    let first: &[u8] = include_bytes!("frozen-pack-1.bin");
    let second = world.pack(1, NOW);
    assert!(matches!(delta(first, &second), Err(DeltaError::BaseVersion)));
    assert!(matches!(delta(&second, first), Err(DeltaError::BaseVersion)));
    assert!(matches!(Delta::parse(&second), Err(DeltaError::NotADelta)));
}

/// How many entries a list has, and the state of those that have one.
type States = (u64, Vec<(u64, u8)>);

fn states() -> impl Strategy<Value = States> {
    (1_u64..5_000).prop_flat_map(|universe| {
        let marks = prop::collection::btree_map(0..universe, 0_u8..3, 0..200);
        (
            Just(universe),
            marks.prop_map(|marks| marks.into_iter().collect()),
        )
    })
}

fn list_of(shard: u32, (universe, marks): &States) -> CompactStatusList {
    let with = |value| -> Vec<u64> {
        let marks = marks.iter().filter(|(_, state)| *state == value);
        marks.map(|(index, _)| *index).collect()
    };
    compact_list(shard, *universe, &with(1), &with(2))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_delta_makes_the_pack_and_the_pack_says_what_the_lists_say(
        before in prop::collection::btree_map(0_u32..6, states(), 1..4),
        after in prop::collection::btree_map(0_u32..6, states(), 1..4),
    ) {
        let world = World::new();
        let lists = |all: &BTreeMap<u32, States>| {
            all.iter().map(|(shard, states)| list_of(*shard, states)).collect::<Vec<_>>()
        };
        let base = pack(&world, 1, NOW, lists(&before));
        let target = pack(&world, 2, NOW.plus(HOUR), lists(&after));
        let change = delta(&base, &target).unwrap();
        prop_assert!(Delta::parse(&change).unwrap().apply(&base).unwrap() == target);
        let opened = world.open_at(&target, NOW.plus(HOUR), None).unwrap();
        for (shard, (universe, marks)) in &after {
            let uri = format!("{ISSUER}/status/{shard:04}");
            let marks: BTreeMap<u64, u8> = marks.iter().copied().collect();
            for index in 0..*universe {
                let expected = Status::from_value(marks.get(&index).copied().unwrap_or(0));
                let PackStatus::Listed { status, .. } = opened.status(&uri, index) else {
                    return Err(TestCaseError::fail("not listed"));
                };
                prop_assert_eq!(status, expected);
            }
            let behind = matches!(opened.status(&uri, *universe), PackStatus::OutOfRange { .. });
            prop_assert!(behind);
        }
    }

    #[test]
    fn never_panics_on_arbitrary_operations(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let world = World::new();
        let base = world.pack(1, NOW);
        let target = world.pack(2, NOW.plus(DAY / 2));
        let mut bytes = delta(&base, &target).unwrap();
        bytes.truncate(300);
        bytes.extend(tail);
        let made = Delta::parse(&bytes).and_then(|delta| delta.apply(&base));
        prop_assert!(made.is_err());
    }
}
