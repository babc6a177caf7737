use proptest::prelude::*;

use super::super::bits::BitWriter;
use super::super::build::{CodedGaps, RunPlan, encode_members};
use super::super::header::{Coding, MEMBERS_PER_BLOCK, RUNS_PER_BLOCK, number_bytes};
use super::super::index::Even;
use super::super::*;
use super::{entropy_bytes, spread};

fn encode_runs(runs: &Runs, universe: u64) -> Vec<u8> {
    RunPlan::new(runs, universe).encode(runs, universe)
}

/// Runs of so many members, each at a place of its own.
fn in_runs(universe: u64, members: usize, run: u64, seed: u64) -> Vec<u64> {
    let starts = spread(universe / (run + 1), members.div_ceil(run as usize), seed);
    let runs = starts.iter().map(|start| start * (run + 1));
    runs.flat_map(|start| start..start + run).take(members).collect()
}

#[test]
fn takes_at_most_three_hundredths_more_than_the_entropy_of_one_in_a_hundred_of_a_million() {
    let bytes = build(&spread(1_000_000, 10_000, 1), 1_000_000).unwrap();
    let ratio = bytes.len() as f64 / entropy_bytes(1_000_000, 10_000);
    assert!(ratio <= 1.025, "{ratio}");
}

#[test]
fn stays_near_the_entropy_from_one_in_ten_thousand_to_one_in_four() {
    for (count, most) in [
        (1_000, 1.04),
        (100_000, 1.023),
        (300_000, 1.045),
        (1_000_000, 1.07),
        (2_500_000, 1.10),
    ] {
        let bytes = build(&spread(10_000_000, count, 7), 10_000_000).unwrap();
        let ratio = bytes.len() as f64 / entropy_bytes(10_000_000, count as u64);
        assert!(ratio <= most, "{count}: {ratio}");
    }
}

#[test]
fn runs_take_the_bits_of_their_places_and_lengths() {
    let members = in_runs(1 << 20, 10_000, 16, 3);
    let bytes = build(&members, 1 << 20).unwrap();
    let runs = 10_000 / 16;
    assert!(bytes.len() < runs * 18 / 8, "{}", bytes.len());
    assert_eq!(bytes[4], Coding::RUNS);
    let members_only = build_form_1(&members, 1 << 20).unwrap();
    assert!(bytes.len() * 6 < members_only.len());
}

/// Whatever a set is written as, it says what its members say.
fn agrees(members: &[u64], universe: u64, probes: impl Iterator<Item = u64> + Clone) {
    let runs = Runs::of_members(members).unwrap();
    for bytes in [
        build(members, universe).unwrap(),
        build_form_1(members, universe).unwrap(),
        encode_members(&runs, universe),
        encode_runs(&runs, universe),
    ] {
        let set = CompactSet::open(&bytes).unwrap();
        assert_eq!((set.len(), set.universe()), (members.len() as u64, universe));
        assert_eq!(set.encoded_len(), bytes.len() as u64);
        set.check_every_code().unwrap();
        assert!(set.iter().eq(members.iter().copied().map(Ok)));
        assert_eq!(Runs::of_set(&set).unwrap(), runs);
        for value in probes.clone() {
            let expected = members.binary_search(&value).is_ok();
            assert_eq!(set.contains(value), Ok(expected), "{value} of {universe}");
        }
        assert_eq!(set.contains(universe), Err(LookupError::OutsideUniverse));
    }
}

#[test]
fn answers_for_every_value_of_small_universes() {
    for universe in [1_u64, 2, 3, 64, 1_000] {
        agrees(&[], universe, 0..universe);
        agrees(&[universe - 1], universe, 0..universe);
        let all: Vec<u64> = (0..universe).collect();
        agrees(&all, universe, 0..universe);
        for step in [2, 3] {
            for from in 0..step {
                let some: Vec<u64> = (from..universe).step_by(step as usize).collect();
                agrees(&some, universe, 0..universe);
            }
        }
    }
    agrees(&[], 0, core::iter::empty());
}

#[test]
fn answers_at_the_edges_of_blocks() {
    for count in [
        1_u64, 63, 64, 65, 127, 128, 129, 191, 192, 255, 256, 257, 511, 512, 513,
    ] {
        for run in [1, 2, 5] {
            let members: Vec<u64> = (0..count)
                .flat_map(|place| place * 9 + 4..place * 9 + 4 + run)
                .collect();
            agrees(&members, count * 9 + 20, 0..count * 9 + 20);
        }
        let one_run: Vec<u64> = (7..7 + count).collect();
        agrees(&one_run, count + 9, 0..count + 9);
    }
}

#[test]
fn answers_for_ten_thousand_values_of_large_sets() {
    let universe = 1 << 22;
    for members in [
        spread(universe, 42_000, 5),
        in_runs(universe, 42_000, 16, 6),
        in_runs(universe, 42_000, 3, 7),
        // Everything at one end, so that no block begins where it would if all were alike.
        (universe - 50_000..universe)
            .filter(|value| value % 3 != 0)
            .collect(),
        (0..50_000).filter(|value| value % 7 != 0).collect(),
    ] {
        let random = spread(universe, 10_000, 8);
        let edges = members.iter().step_by(61);
        let edges = edges.flat_map(|member| member.saturating_sub(2)..(member + 3).min(universe));
        let probes: Vec<u64> = random.into_iter().chain(edges).collect();
        agrees(&members, universe, probes.into_iter());
    }
}

#[test]
fn a_set_of_one_run_may_have_more_members_than_any_machine_holds() {
    let mut runs = Runs::default();
    runs.push(Run {
        start: 3,
        end: MAX_UNIVERSE,
    });
    let bytes = build_of_runs(&runs, MAX_UNIVERSE).unwrap();
    assert!(bytes.len() < 60);
    let set = CompactSet::open(&bytes).unwrap();
    set.check_every_code().unwrap();
    assert_eq!(set.len(), MAX_UNIVERSE - 3);
    assert_eq!(set.contains(2), Ok(false));
    assert_eq!(set.contains(MAX_UNIVERSE - 1), Ok(true));
    assert_eq!(Runs::of_set(&set).unwrap(), runs);
    assert_eq!(set.iter().take(2).collect::<Vec<_>>(), [Ok(3), Ok(4)]);
}

#[test]
fn writes_members_unless_runs_are_shorter() {
    let mut ties = 0;
    for (members, universe) in (1..400_u64).map(|count| {
        let members: Vec<u64> = (0..count).filter(|place| place % 5 < count % 5 + 1).collect();
        (members, 400)
    }) {
        let runs = Runs::of_members(&members).unwrap();
        let as_members = encode_members(&runs, universe);
        let as_runs = encode_runs(&runs, universe);
        ties += usize::from(as_members.len() == as_runs.len());
        let shorter = if as_runs.len() < as_members.len() {
            as_runs
        } else {
            as_members
        };
        assert_eq!(build(&members, universe).unwrap(), shorter);
    }
    assert!(ties > 0, "no case has two encodings of the same length");
}

/// A set whose parts need not agree.
#[derive(Clone)]
struct Parts {
    coding: u8,
    parameters: [u8; 2],
    widths: [u8; 2],
    number_width: usize,
    numbers: Vec<u64>,
    entries: Vec<(u64, u64)>,
    codes: Vec<(u64, u32)>,
    code_bits: Option<u64>,
}

impl Parts {
    fn written(&self) -> Vec<u8> {
        let mut codes = BitWriter::default();
        for (value, parameter) in &self.codes {
            codes.push_rice_code(*value, *parameter);
        }
        let code_bits = self.code_bits.unwrap_or(codes.len());
        let blocks = self.entries.len() as u64;
        let (first, offset) = (Even::new(self.numbers[0], blocks), Even::new(code_bits, blocks));
        let mut index = BitWriter::default();
        for (block, entry) in (0..).zip(&self.entries) {
            index.push(first.field(block, entry.0), u32::from(self.widths[0]));
            index.push(offset.field(block, entry.1), u32::from(self.widths[1]));
        }
        let mut bytes = MAGIC_2.to_vec();
        bytes.push(self.coding);
        bytes.extend(self.parameters);
        bytes.extend(self.widths);
        bytes.push(self.number_width as u8);
        for number in self.numbers.iter().chain([&code_bits]) {
            bytes.extend(&number.to_le_bytes()[..self.number_width.min(8)]);
        }
        bytes.extend(index.finish());
        bytes.extend(codes.finish());
        bytes
    }

    fn opened(&self) -> Result<(), OpenSetError> {
        CompactSet::open(&self.written()).map(drop)
    }

    fn asked(&self, value: u64) -> Result<bool, LookupError> {
        let bytes = self.written();
        let set = CompactSet::open(&bytes).unwrap();
        assert_eq!(set.check_every_code(), Err(LookupError::Malformed));
        set.contains(value)
    }
}

/// Two blocks of runs of two members with two between: 0, 1, 4, 5, 8, 9 and so on.
fn two_blocks() -> Parts {
    let runs = 2 * RUNS_PER_BLOCK;
    let codes_per_block = 2 * RUNS_PER_BLOCK - 1;
    Parts {
        coding: Coding::RUNS,
        parameters: [0, 0],
        widths: [20, 20],
        number_width: 2,
        numbers: vec![1_000, 2 * runs, runs],
        entries: vec![(0, 0), (4 * RUNS_PER_BLOCK, 2 * codes_per_block)],
        codes: vec![(1, 0); (2 * codes_per_block) as usize],
        code_bits: None,
    }
}

#[test]
fn reads_parts_that_agree() {
    let bytes = two_blocks().written();
    let set = CompactSet::open(&bytes).unwrap();
    set.check_every_code().unwrap();
    for value in 0..600 {
        assert_eq!(set.contains(value), Ok(value < 512 && value % 4 < 2), "{value}");
    }
}

#[test]
fn refuses_headers_that_cannot_be() {
    type Change = fn(&mut Parts);
    let changes: &[(Change, &str)] = &[
        (|parts| parts.coding = 2, "an unknown coding"),
        (
            |parts| parts.coding = Coding::MEMBERS,
            "members with a parameter for lengths",
        ),
        (|parts| parts.parameters[0] = 49, "a parameter of gaps"),
        (|parts| parts.parameters[1] = 49, "a parameter of lengths"),
        (|parts| parts.widths[0] = 51, "a field of the index"),
        (|parts| parts.widths[1] = 51, "another field of the index"),
        (|parts| parts.number_width = 0, "numbers without bytes"),
        (
            |parts| parts.number_width = 3,
            "numbers with more bytes than they need",
        ),
        (|parts| parts.number_width = 9, "numbers with more than eight"),
        (|parts| parts.numbers[1] = 127, "fewer members than runs"),
        (|parts| parts.numbers[1] = 1_000 - 126, "no room between the runs"),
        (
            |parts| parts.numbers[1] = 1_001,
            "more members than there are numbers",
        ),
        (|parts| parts.numbers[2] = 0, "members without runs"),
        (|parts| parts.code_bits = Some(100), "too few codes for the runs"),
        (
            |parts| parts.code_bits = Some(20_000),
            "more codes than the universe can need",
        ),
    ];
    for (change, what) in changes {
        let mut parts = two_blocks();
        if *what == "members with a parameter for lengths" {
            parts.parameters[1] = 1;
        }
        change(&mut parts);
        assert_eq!(parts.opened(), Err(OpenSetError::Header), "{what}");
    }
    // The universe is at most 2^48, and so are the bits of codes.
    let mut parts = two_blocks();
    (parts.number_width, parts.numbers[0]) = (7, MAX_UNIVERSE + 1);
    assert_eq!(parts.opened(), Err(OpenSetError::Header));
    let mut parts = two_blocks();
    (parts.number_width, parts.numbers[0]) = (7, MAX_UNIVERSE);
    parts.code_bits = Some(MAX_UNIVERSE + 1);
    assert_eq!(parts.opened(), Err(OpenSetError::Header));
    let mut parts = two_blocks();
    parts.code_bits = Some(300_000);
    parts.number_width = number_bytes(300_000);
    assert_eq!(parts.opened(), Err(OpenSetError::Header));
}

#[test]
fn refuses_parameters_that_no_set_has() {
    let refused = |bytes: &[u8], place: usize, value| {
        let mut changed = bytes.to_vec();
        changed[place] = value;
        CompactSet::open(&changed).map(drop) == Err(OpenSetError::Header)
    };
    // Without codes nothing else tells.
    let empty = build(&[], 10).unwrap();
    assert!(refused(&empty, 5, 49));
    assert!(!refused(&empty, 5, 48));
    assert!(refused(&empty, 6, 1), "members have no lengths");
    let no_runs = encode_runs(&Runs::default(), 10);
    assert!(refused(&no_runs, 5, 49));
    assert!(refused(&no_runs, 6, 49));
    assert!(!refused(&no_runs, 6, 48));
}

#[test]
fn refuses_a_cut_and_a_lengthened_encoding() {
    for bytes in [
        build(&spread(10_000, 700, 3), 10_000).unwrap(),
        build(&in_runs(10_000, 3_000, 10, 3), 10_000).unwrap(),
    ] {
        for length in 0..bytes.len() {
            assert!(CompactSet::open(&bytes[..length]).is_err(), "{length}");
        }
        let mut longer = bytes;
        longer.push(0);
        let refused = CompactSet::open(&longer).map(drop);
        assert_eq!(refused, Err(OpenSetError::TrailingBytes));
    }
    let mut other = build(&[1, 2, 3], 10).unwrap();
    other[3] = b'3';
    assert_eq!(
        CompactSet::open(&other).map(drop),
        Err(OpenSetError::NotACompactSet)
    );
}

#[test]
fn refuses_a_skip_index_that_is_not_in_order() {
    let half = 2 * (2 * RUNS_PER_BLOCK - 1);
    for (entries, what) in [
        ([(0, 1), (256, half)], "codes before the first block"),
        (
            [(0, 0), (2 * RUNS_PER_BLOCK - 1, half)],
            "no room for a block of runs",
        ),
        ([(300, 0), (256, half)], "the first members fall"),
        ([(0, 0), (256, 0)], "a block without codes"),
        ([(0, 0), (1_000, half)], "a first member outside the universe"),
        ([(0, 0), (256, 2 * half + 1)], "codes behind the last"),
    ] {
        let mut parts = two_blocks();
        parts.entries = entries.to_vec();
        assert_eq!(parts.opened(), Err(OpenSetError::SkipIndex), "{what}");
    }
    // A field that says a place before zero: the second lies further back than there is.
    let mut bytes = two_blocks().written();
    let entries = 10 + 4 * 2;
    bytes[entries] |= 1;
    assert_eq!(CompactSet::open(&bytes).map(drop), Err(OpenSetError::SkipIndex));
}

#[test]
fn codes_that_do_not_fit_are_an_error_and_not_an_answer() {
    let last_of_first = (2 * RUNS_PER_BLOCK - 2) as usize;
    // The last run of the first block goes up to the second: two runs that touch are one, and this is not it.
    let mut touching = two_blocks();
    touching.codes[last_of_first] = (3, 0);
    touching.entries[1].1 += 2;
    assert_eq!(touching.asked(255), Err(LookupError::Malformed));
    // One less is no longer.
    let mut apart = two_blocks();
    apart.codes[last_of_first] = (2, 0);
    apart.entries[1].1 += 1;
    apart.numbers[1] += 1;
    let bytes = apart.written();
    let set = CompactSet::open(&bytes).unwrap();
    assert_eq!((set.contains(254), set.contains(255)), (Ok(true), Ok(false)));
    set.check_every_code().unwrap();
    // A run, and a gap, that end outside the universe.
    let mut outside = two_blocks();
    outside.codes.last_mut().unwrap().0 = 700;
    assert_eq!(outside.asked(600), Err(LookupError::Malformed));
    let mut outside = two_blocks();
    let codes = outside.codes.len();
    outside.codes[codes - 2].0 = 700;
    assert_eq!(outside.asked(600), Err(LookupError::Malformed));
    // A code that belongs to neither block, and one that belongs to both.
    let mut left = two_blocks();
    left.codes.insert(last_of_first, (1, 0));
    left.entries[1].1 += 2;
    assert_eq!(left.asked(255), Err(LookupError::Malformed));
    let mut reaching = two_blocks();
    reaching.entries[1].1 -= 1;
    assert_eq!(reaching.asked(255), Err(LookupError::Malformed));
    // The number of members is known only once every run was read.
    let mut more = two_blocks();
    more.numbers[1] += 1;
    let bytes = more.written();
    let set = CompactSet::open(&bytes).unwrap();
    assert_eq!(set.contains(5), Ok(true));
    assert_eq!(set.check_every_code(), Err(LookupError::Malformed));
    assert_eq!(set.iter().filter(Result::is_err).count(), 1);
    assert!(Runs::of_set(&set).is_err());
}

#[test]
fn the_first_run_of_a_block_is_within_it_too() {
    let mut parts = two_blocks();
    parts.entries = vec![(0, 0)];
    parts.numbers = vec![10, 5, 1];
    parts.number_width = 1;
    parts.codes = vec![(10, 0)];
    assert_eq!(parts.asked(9), Err(LookupError::Malformed));
}

/// The layout is persisted in packs and frozen: a change of these bytes takes a decision record and a new version.
#[test]
fn the_encoding_of_form_2_is_frozen() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let members = build(&[3, 5, 6, 40, 41, 99], 100).unwrap();
    assert_eq!(hex(&members), FROZEN_MEMBERS);
    let runs: Vec<u64> = (3..20).chain(40..72).chain([99]).collect();
    assert_eq!(hex(&build(&runs, 100).unwrap()), FROZEN_RUNS);
    let many: Vec<u64> = (0..70).flat_map(|run| run * 12 + 2..run * 12 + 9).collect();
    assert_eq!(hex(&build(&many, 900).unwrap()), FROZEN_TWO_BLOCKS);
}

const FROZEN_MEMBERS: &str = "5343533200040003000164061e0623300226";
const FROZEN_RUNS: &str = "534353320104030300016432031d0684835703";
const FROZEN_TWO_BLOCKS: &str = "534353320101020a09028403ea0146002802040000143a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4aaaa4a4a4a4a4";

/// Members that lie as they come, or in runs.
fn members() -> impl Strategy<Value = Vec<u64>> {
    let run = (0_u64..50_000, prop_oneof![Just(1), 1_u64..40, 1_u64..3_000]);
    let runs = prop::collection::vec(run, 0..400);
    runs.prop_map(|runs| {
        let all = runs.iter().flat_map(|(start, length)| *start..start + length);
        all.filter(|member| *member < 50_000)
            .collect::<std::collections::BTreeSet<u64>>()
            .into_iter()
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn behaves_like_an_ordered_set(
        members in members(),
        probes in prop::collection::vec(0_u64..50_000, 50),
    ) {
        agrees(&members, 50_000, probes.into_iter());
    }

    #[test]
    fn the_parameter_is_the_best_of_all(numbers in prop::collection::vec(
        prop_oneof![0_u64..4, 0_u64..1_000, 0..MAX_UNIVERSE],
        0..60,
    ), near in 0_u32..=48) {
        let coded = CodedGaps { count: numbers.len() as u64, not_zero: numbers };
        let best = (0..=MAX_RICE_PARAMETER).min_by_key(|parameter| coded.code_bits(*parameter));
        prop_assert_eq!(Some(coded.best_parameter(near)), best);
    }

    #[test]
    fn changed_bytes_never_panic_or_hang(
        members in members(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        probes in prop::collection::vec(0_u64..50_000, 20),
    ) {
        let runs = Runs::of_members(&members).unwrap();
        for mut bytes in [encode_members(&runs, 50_000), encode_runs(&runs, 50_000)] {
            for (place, value) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
            if let Ok(set) = CompactSet::open(&bytes) {
                for probe in &probes {
                    let _ = set.contains(*probe);
                }
                if set.check_every_code().is_ok() {
                    // What reads as a set is one: it can be written and says the same.
                    let runs = Runs::of_set(&set).unwrap();
                    let again = build_of_runs(&runs, set.universe()).unwrap();
                    prop_assert_eq!(Runs::of_set(&CompactSet::open(&again).unwrap()).unwrap(), runs);
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), coding in 0_u8..2) {
        if bytes.len() > 10 {
            bytes[..4].copy_from_slice(&MAGIC_2);
            bytes[4] = coding;
            bytes[9] = bytes[9] % 8 + 1;
        }
        if let Ok(set) = CompactSet::open(&bytes) {
            let _ = (set.check_every_code(), set.contains(set.universe() / 2));
        }
    }
}

#[test]
fn a_block_holds_as_many_as_the_format_says() {
    assert_eq!((MEMBERS_PER_BLOCK, RUNS_PER_BLOCK), (128, 64));
}
