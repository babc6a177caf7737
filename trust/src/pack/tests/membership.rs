//! What a pack says is what the lists say, however the pack came to the reader: whole, by one delta, by several, by several made into
//! one; opened anew or by its seal. Asked are the indices beside every edge of a block of a set, and ten thousand others.

use proptest::prelude::*;
use symbolon_crypto::RustCryptoProvider;

use super::super::*;
use super::world::{ISSUER, World};
use crate::compact_set::Runs;
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::{DAY, NOW};

const HOUR: Duration = Duration::from_secs(3_600);
/// The list of the other issuer, which knows nothing of packs.
const VERBATIM: &str = "https://other.example/status/9";
/// Blocks of members and of runs are multiples of it.
const SMALLEST_BLOCK: usize = 64;
const ASKED_AT_RANDOM: usize = 10_000;

/// SplitMix64.
struct Repeatable(u64);

impl Repeatable {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

/// A list before anything was changed, and how it changes.
#[derive(Debug, Clone)]
struct Drawn {
    entries: u32,
    /// Of ten thousand, how many are not valid at first.
    density: u64,
    /// How many lie side by side.
    run: u64,
    /// How many are changed from one pack to the next.
    changes: u64,
    seed: u64,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let entries = prop_oneof![Just(1_u32), 2_u32..600, 10_000_u32..60_000];
    let density = prop_oneof![Just(0_u64), 1_u64..30, 50_u64..300, Just(3_000), Just(10_000)];
    let run = prop_oneof![Just(1_u64), Just(16), Just(700)];
    (entries, density, run, 0_u64..90, any::<u64>()).prop_map(|(entries, density, run, changes, seed)| {
        Drawn {
            entries,
            density,
            run,
            changes,
            seed,
        }
    })
}

impl Drawn {
    /// The list in each of three packs.
    fn lists(&self) -> [TokenStatusList; 3] {
        let mut random = Repeatable(self.seed);
        let mut first = TokenStatusList::all_valid(BitsPerStatus::Two, self.entries);
        let entries = first.len();
        for _ in 0..(entries * self.density).div_ceil(10_000 * self.run) {
            let start = random.below(entries);
            for index in start..(start + self.run).min(entries) {
                let status = [Status::Invalid, Status::Invalid, Status::Suspended][random.below(3) as usize];
                first.set(index, status).unwrap();
            }
        }
        let mut next = |list: &TokenStatusList| {
            let mut list = list.clone();
            for _ in 0..self.changes {
                let status = [Status::Valid, Status::Invalid, Status::Invalid, Status::Suspended]
                    [random.below(4) as usize];
                list.set(random.below(entries), status).unwrap();
            }
            list
        };
        let second = next(&first);
        let third = next(&second);
        [first, second, third]
    }
}

/// The indices beside the edges of the blocks of both sets of a list, the edges of the list, and as many others as are asked at random.
fn asked(list: &TokenStatusList, seed: u64) -> Vec<u64> {
    let mut asked = vec![0, list.len() - 1];
    for state in [Status::Invalid, Status::Suspended] {
        let members: Vec<u64> = list
            .not_valid()
            .filter(|(_, status)| *status == state)
            .map(|(index, _)| index)
            .collect();
        let runs = Runs::of_members(&members).unwrap();
        let first_members: Vec<u64> = runs.as_slice().iter().map(|run| run.start).collect();
        for block in members
            .chunks(SMALLEST_BLOCK)
            .chain(first_members.chunks(SMALLEST_BLOCK))
        {
            for edge in block.first().into_iter().chain(block.last()) {
                asked.extend((edge.saturating_sub(3)..=edge + 3).filter(|index| *index < list.len()));
            }
        }
    }
    let mut random = Repeatable(seed);
    asked.extend((0..ASKED_AT_RANDOM).map(|_| random.below(list.len())));
    asked
}

fn uri(shard: usize) -> String {
    format!("{ISSUER}/status/{shard:04}")
}

/// A pack of the lists of the issuer, under its own signature, and of the one that the other serves.
fn pack_of(world: &World, number: u32, own: &[&TokenStatusList], foreign: &TokenStatusList) -> Vec<u8> {
    let at = NOW.plus(HOUR * number);
    let lists = own
        .iter()
        .enumerate()
        .map(|(shard, list)| CompactStatusList::of_list(&uri(shard), list, None).unwrap());
    let section = world.issuer.status_section_of(lists.collect(), at);
    let token = world.other.status_token(VERBATIM, foreign, at);
    let verbatim = VerbatimSection::new(VERBATIM, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
    let times = PackTimes {
        created: at,
        valid_until: at.plus(DAY),
        grace: DAY,
    };
    let trust = world.registry.trust_section(&world.trust_list(at));
    let builder = PackBuilder::new(u64::from(number) + 1, times, trust);
    world
        .registry
        .sign_pack(builder.with_status(section).with_verbatim(verbatim))
}

fn says(pack: &Pack<'_>, uri: &str, list: &TokenStatusList, seed: u64) -> Result<(), TestCaseError> {
    for index in asked(list, seed) {
        let PackStatus::Listed { status, .. } = pack.status(uri, index) else {
            return Err(TestCaseError::fail(format!("{uri} says nothing of {index}")));
        };
        prop_assert_eq!(status, list.get(index).unwrap(), "{} of {}", index, uri);
    }
    let behind = matches!(pack.status(uri, list.len()), PackStatus::OutOfRange { .. });
    prop_assert!(behind, "the end of {uri}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_pack_says_what_the_lists_say_whichever_way_it_came(
        own in prop::collection::vec(drawn(), 1..4),
        foreign in drawn(),
        seed in any::<u64>(),
    ) {
        let world = World::new();
        let own: Vec<[TokenStatusList; 3]> = own.iter().map(Drawn::lists).collect();
        let foreign = foreign.lists();
        let packs: Vec<Vec<u8>> = (0..3)
            .map(|number| {
                let lists: Vec<&TokenStatusList> = own.iter().map(|lists| &lists[number]).collect();
                pack_of(&world, number as u32, &lists, &foreign[number])
            })
            .collect();
        let [first, second, third] = [&packs[0], &packs[1], &packs[2]];

        // Each way leads to the third pack, byte for byte.
        let steps = [delta(first, second).unwrap(), delta(second, third).unwrap()];
        let at_once = delta(first, third).unwrap();
        prop_assert!(Delta::parse(&at_once).unwrap().apply(first).unwrap() == *third);
        let halfway = Delta::parse(&steps[0]).unwrap().apply(first).unwrap();
        prop_assert!(halfway == *second);
        prop_assert!(Delta::parse(&steps[1]).unwrap().apply(&halfway).unwrap() == *third);
        match compact(first, &[&steps[0], &steps[1]]).unwrap() {
            Compacted::Delta(one) => {
                prop_assert!(Delta::parse(&one).unwrap().apply(first).unwrap() == *third);
            }
            Compacted::Pack(whole) => prop_assert!(whole == *third),
        }

        // What it says, opened anew and by the seal of what was applied along the way.
        let (root, now) = (world.root(), NOW.plus(HOUR * 2));
        let tools = PackTools::new(&RustCryptoProvider);
        let before = apply(first, None, &root, tools, now, None).unwrap();
        let held = apply(&at_once, Some(&before.pack), &root, tools, now, Some(&before.memory)).unwrap();
        let sealed = Pack::open_applied(&held.pack, &held.form, &root, tools, now, &held.memory).unwrap();
        prop_assert!(sealed.is_sealed());
        let anew = world.open_at(third, now, None).unwrap();
        for pack in [&sealed, &anew] {
            for (shard, lists) in own.iter().enumerate() {
                says(pack, &uri(shard), &lists[2], seed)?;
            }
            says(pack, VERBATIM, &foreign[2], seed)?;
        }
    }
}
