use proptest::prelude::*;

use super::super::bits::BitWriter;
use super::super::header::MEMBERS_PER_BLOCK_1;
use super::super::*;
use super::spread;

#[test]
fn answers_for_every_value_of_a_small_universe() {
    for count in [0_usize, 1, 2, 255, 256, 257, 511, 512, 513, 999, 1_000] {
        let members = spread(1_000, count, count as u64);
        let bytes = build_form_1(&members, 1_000).unwrap();
        let set = CompactSet::open(&bytes).unwrap();
        assert_eq!(set.len(), count as u64);
        for value in 0..1_000 {
            assert_eq!(
                set.contains(value),
                Ok(members.binary_search(&value).is_ok()),
                "{value} of {count}"
            );
        }
        assert_eq!(set.contains(1_000), Err(LookupError::OutsideUniverse));
    }
}

#[test]
fn holds_members_that_lie_far_apart_and_close_together() {
    let universe = MAX_UNIVERSE;
    let mut members: Vec<u64> = (0..2_000).collect();
    members.extend([1 << 40, (1 << 47) + 3, universe - 1]);
    let bytes = build_form_1(&members, universe).unwrap();
    let set = CompactSet::open(&bytes).unwrap();
    set.check_every_code().unwrap();
    assert_eq!(set.iter().collect::<Result<Vec<_>, _>>().unwrap(), members);
    assert_eq!(set.contains(universe - 2), Ok(false));
    assert_eq!(set.contains(universe - 1), Ok(true));
}

#[test]
fn an_empty_universe_has_no_members_and_no_answers() {
    let bytes = build_form_1(&[], 0).unwrap();
    let set = CompactSet::open(&bytes).unwrap();
    assert!(set.is_empty());
    assert_eq!(set.contains(0), Err(LookupError::OutsideUniverse));
}

#[test]
fn refuses_members_that_do_not_rise_or_lie_outside() {
    assert_eq!(build_form_1(&[2, 1], 10), Err(BuildSetError::NotRising));
    assert_eq!(build_form_1(&[1, 1], 10), Err(BuildSetError::NotRising));
    assert_eq!(build_form_1(&[1, 10], 10), Err(BuildSetError::OutsideUniverse));
    assert_eq!(
        build_form_1(&[], MAX_UNIVERSE + 1),
        Err(BuildSetError::UniverseTooLarge)
    );
}

#[test]
fn refuses_a_cut_and_a_lengthened_encoding() {
    let bytes = build_form_1(&spread(10_000, 700, 3), 10_000).unwrap();
    for length in 0..bytes.len() {
        assert!(CompactSet::open(&bytes[..length]).is_err(), "{length}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(
        CompactSet::open(&longer).unwrap_err(),
        OpenSetError::TrailingBytes
    );
}

#[test]
fn refuses_a_header_that_promises_more_than_the_bytes_can_hold() {
    let mut bytes = build_form_1(&[1, 2, 3], 10).unwrap();
    bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(CompactSet::open(&bytes).unwrap_err(), OpenSetError::Header);
    let mut bytes = build_form_1(&[1, 2, 3], 10).unwrap();
    bytes[24..32].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    assert_eq!(CompactSet::open(&bytes).unwrap_err(), OpenSetError::Header);
}

#[test]
fn a_block_that_does_not_decode_is_an_error_and_not_an_absence() {
    let members: Vec<u64> = (0..100).map(|i| i * 37).collect();
    let mut bytes = build_form_1(&members, 10_000).unwrap();
    let end = bytes.len();
    bytes[end - 40..].fill(0);
    let set = CompactSet::open(&bytes).unwrap();
    assert_eq!(set.contains(9_999), Err(LookupError::Malformed));
    assert_eq!(set.check_every_code(), Err(LookupError::Malformed));
}

#[test]
fn a_wrong_code_ends_the_iteration_with_one_error() {
    let members: Vec<u64> = (0..1_000).map(|place| place * 3).collect();
    let mut bytes = build_form_1(&members, 3_000).unwrap();
    let codes = CompactSet::open(&bytes).unwrap().codes.len();
    let start = bytes.len() - codes;
    bytes[start..start + 20].fill(0);
    let set = CompactSet::open(&bytes).unwrap();
    let found: Vec<_> = set.iter().collect();
    assert_eq!(found.iter().filter(|member| member.is_err()).count(), 1);
    assert_eq!(found.last(), Some(&Err(LookupError::Malformed)));
    assert_eq!(set.check_every_code(), Err(LookupError::Malformed));
}

/// A set whose parts need not agree: the skip index as given, and one code for each gap.
fn encoded(
    universe: u64,
    count: u64,
    parameter: u32,
    entries: &[(u64, u64)],
    gaps: impl IntoIterator<Item = u64>,
) -> Vec<u8> {
    let mut codes = BitWriter::default();
    gaps.into_iter()
        .for_each(|gap| codes.push_rice_code(gap, parameter));
    let code_bits = codes.len();
    let mut index = BitWriter::default();
    for (first, offset) in entries {
        index.push(*first, width_of(universe - 1));
        index.push(*offset, width_of(code_bits));
    }
    let mut bytes = MAGIC_1.to_vec();
    bytes.extend([parameter as u8, 0, 0, 0]);
    for number in [universe, count, code_bits] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(index.finish());
    bytes.extend(codes.finish());
    bytes
}

/// The codes of a block: of all its members but the first.
const CODES_PER_BLOCK: u64 = MEMBERS_PER_BLOCK_1 - 1;

fn no_gaps(count: u64) -> impl Iterator<Item = u64> {
    core::iter::repeat_n(0, count as usize)
}

#[test]
fn refuses_a_skip_index_that_is_not_in_order() {
    let two_blocks = |entries: &[(u64, u64)]| {
        let gaps = no_gaps(2 * CODES_PER_BLOCK);
        encoded(1_000, 2 * MEMBERS_PER_BLOCK_1, 0, entries, gaps)
    };
    let members: Vec<u64> = (0..512).collect();
    let right = two_blocks(&[(0, 0), (256, 255)]);
    assert_eq!(right, build_form_1(&members, 1_000).unwrap());
    for (entries, what) in [
        ([(0, 1), (256, 255)], "codes before the first block"),
        ([(0, 0), (255, 255)], "no room for a block of members"),
        ([(300, 0), (256, 255)], "the first members fall"),
        ([(0, 0), (256, 0)], "a block without codes"),
        ([(0, 255), (256, 0)], "the codes fall"),
        ([(0, 0), (1_000, 255)], "a first member outside the universe"),
        ([(0, 0), (256, 511)], "codes behind the last"),
    ] {
        let refused = CompactSet::open(&two_blocks(&entries)).map(drop);
        assert_eq!(refused, Err(OpenSetError::SkipIndex), "{what}");
    }
}

#[test]
fn codes_that_do_not_fit_the_skip_index_are_an_error_and_not_an_answer() {
    let asked = |bytes: &[u8], value| {
        let set = CompactSet::open(bytes).unwrap();
        assert_eq!(set.check_every_code(), Err(LookupError::Malformed));
        set.contains(value)
    };
    let count = 2 * MEMBERS_PER_BLOCK_1;
    // The last member of the first block is the first one of the second.
    let gaps = no_gaps(CODES_PER_BLOCK - 1)
        .chain([1])
        .chain(no_gaps(CODES_PER_BLOCK));
    let bytes = encoded(1_000, count, 0, &[(0, 0), (256, 256)], gaps);
    assert_eq!(asked(&bytes, 255), Err(LookupError::Malformed));
    // A member outside the universe.
    let bytes = encoded(10, 2, 0, &[(0, 0)], [9]);
    assert_eq!(asked(&bytes, 9), Err(LookupError::Malformed));
    // A code that belongs to neither block: what it adds could lie before the second.
    let gaps = no_gaps(2 * CODES_PER_BLOCK + 1);
    let bytes = encoded(1_000, count, 0, &[(0, 0), (300, 256)], gaps);
    assert_eq!(asked(&bytes, 299), Err(LookupError::Malformed));
    // The last code of the first block reaches into the second: one of a bit, and one longer than what is read at once.
    let bytes = encoded(
        1_000,
        count,
        0,
        &[(0, 0), (300, 254)],
        no_gaps(2 * CODES_PER_BLOCK),
    );
    assert_eq!(asked(&bytes, 255), Err(LookupError::Malformed));
    let far = 40 << 20;
    let gaps = no_gaps(CODES_PER_BLOCK - 1)
        .chain([far])
        .chain(no_gaps(CODES_PER_BLOCK));
    let end = CODES_PER_BLOCK * 21 + 40;
    let bytes = encoded(1 << 40, count, 20, &[(0, 0), (1 << 30, end - 5)], gaps);
    assert_eq!(asked(&bytes, far + 255), Err(LookupError::Malformed));
}

/// The layout is persisted in packs and frozen: a change of these bytes takes a decision record and a new version.
#[test]
fn the_encoding_of_version_1_is_frozen() {
    let bytes = build_form_1(&[3, 5, 6, 40, 41, 99], 100).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "5343533104000000640000000000000006000000000000001e00000000000000030023300226"
    );
}

proptest! {
    #[test]
    fn behaves_like_an_ordered_set(
        members in prop::collection::btree_set(0_u64..50_000, 0..1_500),
        probes in prop::collection::vec(0_u64..60_000, 50),
    ) {
        let sorted: Vec<u64> = members.iter().copied().collect();
        let bytes = build_form_1(&sorted, 50_000).unwrap();
        let set = CompactSet::open(&bytes).unwrap();
        prop_assert_eq!(set.iter().collect::<Result<Vec<_>, _>>().unwrap(), sorted);
        for probe in probes {
            match set.contains(probe) {
                Ok(found) => prop_assert_eq!(found, members.contains(&probe)),
                Err(error) => {
                    prop_assert_eq!(error, LookupError::OutsideUniverse);
                    prop_assert!(probe >= 50_000);
                }
            }
        }
    }

    #[test]
    fn changed_bytes_never_panic_or_hang(
        members in prop::collection::btree_set(0_u64..5_000, 1..700),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        probes in prop::collection::vec(0_u64..5_000, 20),
    ) {
        let sorted: Vec<u64> = members.into_iter().collect();
        let mut bytes = build_form_1(&sorted, 5_000).unwrap();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(set) = CompactSet::open(&bytes) {
            for probe in probes {
                let _ = set.contains(probe);
            }
            let _ = set.check_every_code();
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if bytes.len() > 32 {
            bytes[..4].copy_from_slice(&MAGIC_1);
        }
        if let Ok(set) = CompactSet::open(&bytes) {
            let _ = set.check_every_code();
        }
    }
}
