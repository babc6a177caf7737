//! The table of offline packs in `docs/performance.md`: signed, sharded lists of up to 1.4 billion credentials; up to 100 million
//! served over HTTP besides, and carried as they are served. Times are of the processor.
//!
//! ```sh
//! cargo bench -p symbolon-benches --bench packs                 # everything, some minutes
//! cargo bench -p symbolon-benches --bench packs -- --quick      # ten million
//! ```
#![expect(clippy::print_stdout, reason = "a report is printed")]

use symbolon_benches::packs::{Case, Spread, measured};
use symbolon_benches::served::Served;

const SHARD: u64 = 1 << 20;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    println!(
        "| credentials | revoked | set bytes | ÷ entropy bound | metadata bytes | delta a day | of it headers | build | apply | open | first lookup | lookup | reader's memory | peak | zlib lists | ÷ entropy bound | collected | applied |"
    );
    println!("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let served = Served::new();
    let sizes: &[u64] = if is_quick {
        &[10_000_000]
    } else {
        &[1_000_000, 10_000_000, 100_000_000, 1_400_000_000]
    };
    for credentials in sizes {
        for per_mille in [1, 10, 20] {
            for spread in [Spread::Uniform, Spread::Clustered] {
                // The largest comes of a generator, and is there to show that nothing grows faster than the data.
                let is_served = *credentials <= 100_000_000;
                if !is_served && (per_mille != 10 || spread != Spread::Uniform) {
                    continue;
                }
                let case = Case {
                    credentials: *credentials,
                    shard: SHARD,
                    per_mille,
                    spread,
                };
                println!("{}", measured(&case, is_served.then_some(&served)));
            }
        }
    }
}
