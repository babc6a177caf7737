//! Offline packs at the size of a country: what they weigh, beside what no exact set can weigh less than, and what opening, asking and
//! changing them costs.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run should stop")]
#![expect(clippy::cast_precision_loss, reason = "ratios are shown with three digits")]

use core::fmt;
use core::hint::black_box;
use core::time::Duration;
use std::collections::BTreeSet;

use symbolon_crypto::UnixTime;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_trust::pack::{
    CompactStatusList, Delta, Pack, PackBuilder, PackStatus, PackTimes, PackTools, PackedStatusList,
    SectionChange, VerbatimForm, VerbatimSection, apply, delta,
};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, RootOfTrust, TrustList};

use crate::measure::{shortest, timed};
use crate::memory;
use crate::served::Served;

/// Where lists are that nobody serves: those of the generator.
const NOWHERE: &str = "https://issuer.example";

/// How the revoked lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Anywhere: indices are given out by a permutation.
    Uniform,
    /// In runs of sixteen, as where whole batches are revoked.
    Clustered,
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// How many credentials there are.
    pub credentials: u64,
    /// How many of them one list has.
    pub shard: u64,
    /// How many of a thousand are revoked.
    pub per_mille: u64,
    /// How they lie.
    pub spread: Spread,
}

/// One row of the table.
#[derive(Debug)]
pub struct Measured {
    case: Case,
    set_bytes: u64,
    entropy_bytes: f64,
    metadata_bytes: u64,
    delta_bytes: u64,
    delta_header_bytes: u64,
    build: Duration,
    apply: Duration,
    open: Duration,
    first_lookup: Duration,
    lookup: Duration,
    reader_bytes: u64,
    peak_bytes: u64,
    lists: Option<ListsMeasured>,
}

/// The same lists as their issuer serves them: signed, each with one bit for each credential, compressed with zlib.
#[derive(Debug)]
struct ListsMeasured {
    bytes: u64,
    collect: Duration,
    apply: Duration,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spread = match self.case.spread {
            Spread::Uniform => "uniform",
            Spread::Clustered => "in runs",
        };
        write!(
            f,
            "| {} M | {:.1} % {spread} | {} | {:.3} | {} | {} | {} | {:.0} ms | {:.0} ms | {:.2} ms | {:.1} µs | {:.0} ns | {:.1} MB | {} MB | ",
            self.case.credentials / 1_000_000,
            self.case.per_mille as f64 / 10.0,
            self.set_bytes,
            self.set_bytes as f64 / self.entropy_bytes,
            self.metadata_bytes,
            self.delta_bytes,
            self.delta_header_bytes,
            self.build.as_secs_f64() * 1e3,
            self.apply.as_secs_f64() * 1e3,
            self.open.as_secs_f64() * 1e3,
            self.first_lookup.as_secs_f64() * 1e6,
            self.lookup.as_secs_f64() * 1e9,
            self.reader_bytes as f64 / f64::from(1 << 20),
            self.peak_bytes >> 20,
        )?;
        match &self.lists {
            Some(lists) => write!(
                f,
                "{} | {:.2} | {:.0} ms | {:.0} ms |",
                lists.bytes,
                lists.bytes as f64 / self.entropy_bytes,
                lists.collect.as_secs_f64() * 1e3,
                lists.apply.as_secs_f64() * 1e3,
            ),
            None => write!(f, "- | - | - | - |"),
        }
    }
}

/// Numbers that look random and repeat.
struct Repeatable(u64);

impl Repeatable {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
}

struct World {
    registry: TestRegistry,
    issuer: TestIssuer,
}

impl World {
    fn trust_list(&self, at: UnixTime) -> TrustList {
        let issuers = vec![self.issuer.entry(vec![CredentialTypeRule::Any])];
        self.registry.trust_list(issuers, at)
    }

    fn root(&self) -> RootOfTrust {
        self.registry.root_of_trust(self.trust_list(NOW))
    }

    fn uri(&self, number: usize) -> String {
        format!("{}/status/{number:04}", self.issuer.identifier)
    }

    fn pack(&self, sequence: u64, at: UnixTime, case: &Case, shards: &[Vec<u64>]) -> Vec<u8> {
        let lists = shards.iter().enumerate().map(|(number, revoked)| {
            let uri = self.uri(number);
            CompactStatusList::of_indices(
                &uri,
                BitsPerStatus::Two,
                case.universe(number),
                revoked,
                &[],
                None,
            )
            .expect("a list is compacted")
        });
        let section = self.issuer.status_section_of(lists.collect(), at);
        self.registry
            .sign_pack(self.begun(sequence, at).with_status(section))
    }

    fn begun(&self, sequence: u64, at: UnixTime) -> PackBuilder {
        let times = PackTimes {
            created: at,
            valid_until: at.plus(DAY),
            grace: DAY,
        };
        let trust = self.registry.trust_section(&self.trust_list(at));
        PackBuilder::new(sequence, times, trust)
    }

    /// The lists as an issuer serves them that knows nothing of packs: fetched over HTTP by the distributor's own collector, and carried
    /// as they came. Every one is verified by the collector, and once more by the reader.
    fn lists(&self, served: &Served, case: &Case, shards: &[Vec<u64>]) -> ListsMeasured {
        let signed = shards.iter().enumerate().map(|(number, revoked)| {
            let universe = u32::try_from(case.universe(number)).expect("a shard is smaller");
            let mut list = TokenStatusList::all_valid(BitsPerStatus::One, universe);
            for index in revoked {
                list.set(*index, Status::Invalid).expect("an index of the list");
            }
            let uri = self.uri(number);
            let token = self.issuer.status_token(&uri, &list, NOW);
            (uri, token.into_bytes(), list.compressed().as_bytes().len() as u64)
        });
        let mut bytes = 0;
        served.serve(signed.map(|(uri, token, compressed)| {
            bytes += compressed;
            (uri, token)
        }));
        let tools = PackTools::new(&AwsLcProvider);
        let trust_list = self.trust_list(NOW);
        let is_good = |uri: &str, body: &[u8]| {
            let section = VerbatimSection::new(uri, VerbatimForm::TokenJwt, body);
            section.is_ok_and(|section| section.check(&trust_list, tools, NOW).is_ok())
        };
        let (collected, collect) = timed(|| served.collected(NOW, is_good));
        assert_eq!(collected.len(), shards.len(), "every list was had");
        let builder = collected.iter().fold(self.begun(1, NOW), |builder, list| {
            let section = VerbatimSection::new(&list.uri, VerbatimForm::TokenJwt, &list.body);
            builder.with_verbatim(section.expect("a list"))
        });
        let pack = self.registry.sign_pack(builder);
        let root = self.root();
        let (held, applying) = timed(|| apply(&pack, None, &root, tools, NOW, None).expect("it is applied"));
        let pack = Pack::open_applied(&held.pack, &held.form, &root, tools, NOW, &held.memory);
        let pack = pack.expect("it opens");
        let is_revoked = |number, index| {
            let status = pack.status(&self.uri(number), index);
            matches!(
                status,
                PackStatus::Listed {
                    status: Status::Invalid,
                    ..
                }
            )
        };
        let all_there =
            |(number, revoked): (usize, &Vec<u64>)| revoked.iter().all(|index| is_revoked(number, *index));
        assert!(
            shards.iter().enumerate().take(4).all(all_there),
            "the pack says what the lists say"
        );
        ListsMeasured {
            bytes,
            collect,
            apply: applying,
        }
    }
}

impl Case {
    fn universe(&self, number: usize) -> u64 {
        self.shard.min(self.credentials - number as u64 * self.shard)
    }

    /// The revoked of each list.
    fn revoked(&self, random: &mut Repeatable) -> Vec<Vec<u64>> {
        let shards = usize::try_from(self.credentials.div_ceil(self.shard)).unwrap_or(0);
        let run = match self.spread {
            Spread::Uniform => 1,
            Spread::Clustered => 16,
        };
        let of_shard = |number| {
            let universe = self.universe(number);
            let wanted = usize::try_from(universe * self.per_mille / 1_000).unwrap_or(0);
            let mut revoked = BTreeSet::new();
            while revoked.len() < wanted {
                let first = random.below(universe);
                revoked.extend((first..universe).take(run).take(wanted - revoked.len()));
            }
            revoked.into_iter().collect()
        };
        (0..shards).map(of_shard).collect()
    }

    /// What changes in a day where one in a hundred is revoked in a year.
    fn after_a_day(&self, shards: &[Vec<u64>], random: &mut Repeatable) -> Vec<Vec<u64>> {
        let mut later: Vec<BTreeSet<u64>> = shards
            .iter()
            .map(|shard| shard.iter().copied().collect())
            .collect();
        let mut waiting = self.credentials / 100 / 365;
        while waiting > 0 {
            let place = random.below(self.credentials);
            let shard = later.get_mut(usize::try_from(place / self.shard).unwrap_or(0));
            if shard.is_some_and(|shard| shard.insert(place % self.shard)) {
                waiting -= 1;
            }
        }
        later
            .into_iter()
            .map(|shard| shard.into_iter().collect())
            .collect()
    }

    /// The bytes that a set of so many of so many takes at least: the logarithm of the number of such sets.
    fn entropy_bytes(&self, shards: &[Vec<u64>]) -> f64 {
        let bits = |(number, shard): (usize, &Vec<u64>)| {
            let (all, some) = (self.universe(number) as f64, shard.len() as f64);
            log2_factorial(all) - log2_factorial(some) - log2_factorial(all - some)
        };
        shards.iter().enumerate().map(bits).sum::<f64>() / 8.0
    }
}

/// By Stirling's series, whose error is below a bit for any number here.
fn log2_factorial(n: f64) -> f64 {
    if n < 2.0 {
        return 0.0;
    }
    let nats = n * n.ln() - n + 0.5 * (core::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n);
    nats / core::f64::consts::LN_2
}

/// Builds, applies, opens and asks one case; with `served`, the lists are served and collected over HTTP besides.
#[must_use]
pub fn measured(case: &Case, served: Option<&Served>) -> Measured {
    let address = served.map_or(NOWHERE, Served::address);
    let world = World {
        registry: TestRegistry::new(1),
        issuer: TestIssuer::new(address, 100),
    };
    let mut random = Repeatable(0x2545_f491_4f6c_dd1d);
    memory::forget_peak();
    let shards = case.revoked(&mut random);
    let (bytes, build) = timed(|| world.pack(1, NOW, case, &shards));
    let root = world.root();
    let tools = PackTools::new(&AwsLcProvider);
    let (held, applying) =
        timed(|| apply(&bytes, None, &root, tools, NOW, None).expect("the pack is applied"));
    let peak_bytes = memory::peak();
    memory::forget_peak();
    let before = memory::now();
    let open = || {
        Pack::open_applied(&held.pack, &held.form, &root, tools, NOW, &held.memory).expect("the pack opens")
    };
    let opening = shortest(20, open);
    let pack = open();
    assert!(pack.is_sealed(), "the pack is opened by its seal");
    let (first_lookup, lookup) = lookups(&world, case, &shards, &pack);
    let reader_bytes = memory::peak().saturating_sub(before);

    let later = case.after_a_day(&shards, &mut random);
    let next = world.pack(2, NOW.plus(DAY / 2), case, &later);
    let (delta_bytes, set_bytes_of_delta) = delta_bytes(&bytes, &next);
    let sets = |list: &PackedStatusList<'_>| list.states().map(|(_, set)| set.encoded_len()).sum::<u64>();
    let set_bytes = pack.status_lists().map(sets).sum();
    Measured {
        case: *case,
        set_bytes,
        entropy_bytes: case.entropy_bytes(&shards),
        metadata_bytes: bytes.len() as u64 - set_bytes,
        delta_bytes,
        delta_header_bytes: delta_bytes - set_bytes_of_delta,
        build,
        apply: applying,
        open: opening,
        first_lookup,
        lookup,
        reader_bytes,
        peak_bytes,
        lists: served.map(|served| world.lists(served, case, &shards)),
    }
}

/// The first lookup of a list, which compares its hash, and one of many.
fn lookups(world: &World, case: &Case, shards: &[Vec<u64>], pack: &Pack<'_>) -> (Duration, Duration) {
    let addresses: Vec<String> = (0..shards.len()).map(|number| world.uri(number)).collect();
    let look = |(number, index): (usize, u64)| {
        let uri = addresses.get(number).map_or("", String::as_str);
        black_box(pack.status(uri, index));
    };
    let first_lookup = timed(|| look((0, 1))).1;
    for number in 0..shards.len() {
        look((number, 0));
    }
    let mut places = Repeatable(7);
    let rounds = 100_000;
    let mut ask = || {
        for _ in 0..rounds {
            let place = places.below(case.credentials);
            look((
                usize::try_from(place / case.shard).unwrap_or(0),
                place % case.shard,
            ));
        }
    };
    (first_lookup, shortest(5, &mut ask) / rounds)
}

/// What a delta takes, and how much of it are the sets.
fn delta_bytes(base: &[u8], target: &[u8]) -> (u64, u64) {
    let change = delta(base, target).expect("a delta is made");
    let changes = Delta::parse(&change)
        .and_then(|delta| delta.changes())
        .expect("a delta reads");
    let of_sets = |change: &SectionChange| match change {
        SectionChange::Status { set_bytes, .. } => *set_bytes,
        _ => 0,
    };
    (change.len() as u64, changes.iter().map(of_sets).sum())
}
