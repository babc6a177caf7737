//! Offline packs at the size of a country: what they weigh, beside what no exact set can weigh less than, and what opening, asking and
//! changing them costs.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run should stop")]
#![expect(clippy::cast_precision_loss, reason = "ratios are shown with three digits")]

use core::fmt;
use core::hint::black_box;
use core::time::Duration;
use std::collections::BTreeSet;
use std::time::Instant;

use symbolon_crypto::UnixTime;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_trust::pack::{
    CompactStatusList, Delta, Pack, PackBuilder, PackTimes, PackTools, SectionChange, apply, delta,
};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, RootOfTrust, TrustList};

const ISSUER: &str = "https://issuer.example";

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
    memory_bytes: u64,
    zlib_bytes: u64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spread = match self.case.spread {
            Spread::Uniform => "uniform",
            Spread::Clustered => "in runs",
        };
        write!(
            f,
            "| {} M | {:.1} % {spread} | {} | {:.3} | {} | {} | {} | {:.0} ms | {:.0} ms | {:.2} ms | {:.1} µs | {:.0} ns | {} MB | {} | {:.2} |",
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
            self.memory_bytes >> 20,
            self.zlib_bytes,
            self.zlib_bytes as f64 / self.entropy_bytes,
        )
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

    fn pack(&self, sequence: u64, at: UnixTime, case: &Case, shards: &[Vec<u64>]) -> Vec<u8> {
        let lists = shards.iter().enumerate().map(|(number, revoked)| {
            let uri = uri(number);
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
        let times = PackTimes {
            created: at,
            valid_until: at.plus(DAY),
            grace: DAY,
        };
        let trust = self.registry.trust_section(&self.trust_list(at));
        self.registry
            .sign_pack(PackBuilder::new(sequence, times, trust).with_status(section))
    }
}

fn uri(number: usize) -> String {
    format!("{ISSUER}/status/{number:04}")
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

    /// The same lists as Token Status Lists with one bit for each credential, compressed and not signed.
    fn zlib_bytes(&self, shards: &[Vec<u64>]) -> u64 {
        let bytes = |(number, shard): (usize, &Vec<u64>)| {
            let universe = u32::try_from(self.universe(number)).expect("a shard is smaller");
            let mut list = TokenStatusList::all_valid(BitsPerStatus::One, universe);
            for index in shard {
                list.set(*index, Status::Invalid).expect("an index of the list");
            }
            list.encode().len() as u64 * 3 / 4
        };
        // Every shard weighs the same: eight of them stand for all.
        let sample = shards.len().min(8);
        let sampled: u64 = shards.iter().take(sample).enumerate().map(bytes).sum();
        sampled * shards.len() as u64 / sample.max(1) as u64
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

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let started = Instant::now();
    let done = work();
    (done, started.elapsed())
}

/// The shortest of several turns: what the machine can do when it is left alone.
fn best<T>(turns: u32, mut work: impl FnMut() -> T) -> Duration {
    let times = (0..turns).map(|_| timed(|| black_box(work())).1);
    times.min().unwrap_or_default()
}

/// Builds, applies, opens and asks one case.
#[must_use]
pub fn measured(case: &Case) -> Measured {
    let world = World {
        registry: TestRegistry::new(1),
        issuer: TestIssuer::new(ISSUER, 100),
    };
    let mut random = Repeatable(0x2545_f491_4f6c_dd1d);
    let shards = case.revoked(&mut random);
    let tomorrow = NOW.plus(DAY / 2);
    let (bytes, build) = timed(|| world.pack(1, NOW, case, &shards));
    let root = world.root();
    let tools = PackTools::new(&AwsLcProvider);
    let (held, applying) =
        timed(|| apply(&bytes, None, &root, tools, NOW, None).expect("the pack is applied"));
    let open = || {
        Pack::open_applied(&held.pack, &held.form, &root, tools, NOW, &held.memory).expect("the pack opens")
    };
    let opening = best(20, open);
    let pack = open();
    assert!(pack.is_sealed(), "the pack is opened by its seal");
    let memory_bytes = resident_bytes();
    let mut places = Repeatable(7);
    let mut ask = || {
        let place = places.below(case.credentials);
        let number = usize::try_from(place / case.shard).unwrap_or(0);
        (number, place % case.shard)
    };
    let addresses: Vec<String> = (0..shards.len()).map(uri).collect();
    let look = |(number, index): (usize, u64)| {
        let uri = addresses.get(number).map_or("", String::as_str);
        black_box(pack.status(uri, index));
    };
    let first_lookup = timed(|| look((0, 1))).1;
    for number in 0..shards.len() {
        look((number, 0));
    }
    let rounds = 200_000;
    let lookup = timed(|| (0..rounds).for_each(|_| look(ask()))).1 / rounds;

    let later = case.after_a_day(&shards, &mut random);
    let next = world.pack(2, tomorrow, case, &later);
    let change = delta(&bytes, &next).expect("a delta is made");
    let changes = Delta::parse(&change)
        .and_then(|delta| delta.changes())
        .expect("a delta reads");
    let set_bytes_of_delta: u64 = changes
        .iter()
        .map(|change| match change {
            SectionChange::Status { set_bytes, .. } => *set_bytes,
            _ => 0,
        })
        .sum();
    let set_bytes = pack
        .status_lists()
        .flat_map(|list| {
            list.states()
                .map(|(_, set)| set.encoded_len())
                .collect::<Vec<_>>()
        })
        .sum();
    Measured {
        case: *case,
        set_bytes,
        entropy_bytes: case.entropy_bytes(&shards),
        metadata_bytes: bytes.len() as u64 - set_bytes,
        delta_bytes: change.len() as u64,
        delta_header_bytes: change.len() as u64 - set_bytes_of_delta,
        build,
        apply: applying,
        open: opening,
        first_lookup,
        lookup,
        memory_bytes,
        zlib_bytes: case.zlib_bytes(&shards),
    }
}

/// The most that this process has had in memory so far; 0 where the system does not say.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes << 10)
}
