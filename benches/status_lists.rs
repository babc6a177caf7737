//! What the status lists of a nation cost: reading the states of a shard from the store, publishing one that changed, signing all of them
//! again, the memory of it. Times are of the processor, on one thread.
//!
//! ```sh
//! cargo bench -p symbolon-benches --bench status_lists              # 100 million credentials, one in a hundred revoked
//! cargo bench -p symbolon-benches --bench status_lists -- 10        # 10 million
//! ```
#![expect(clippy::print_stdout, reason = "a report is printed")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run should stop"
)]

use std::time::Duration;

use symbolon_benches::measure::timed;
use symbolon_benches::status::{Published, Shards, median};
use symbolon_benches::{Provider, memory};

/// One in this many credentials is revoked.
const ONE_REVOKED_IN: u64 = 100;
/// Shards of 2^20 places, as an issuer has them by default.
const WIDTH: u32 = 20;
/// How many shards are published one by one for the time of one.
const SAMPLES: u32 = 24;

fn main() {
    let millions = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse::<u64>().ok())
        .unwrap_or(100);
    let entries = millions * 1_000_000;
    let count = u32::try_from(entries.div_ceil(1 << WIDTH)).unwrap();
    println!("{millions} million credentials in {count} lists of 2^{WIDTH}, one in {ONE_REVOKED_IN} revoked");

    let (shards, filling) = timed(|| Shards::fill(count, WIDTH, ONE_REVOKED_IN));
    row("marks of the revoked, written to the store", filling);
    println!("{:<58} {:>12}", "marks", shards.marks());
    println!("{:<58} {:>9} MB", "the store's file", shards.file_bytes() >> 20);

    let samples = SAMPLES.min(count);
    let each = |work: &mut dyn FnMut(u32)| {
        let times = (0..samples).map(|number| timed(|| work(number * (count / samples))).1);
        median(times.collect())
    };
    row(
        "one shard: its states read from the store",
        each(&mut |shard| drop(shards.states(shard))),
    );
    row(
        "one shard: one revocation committed",
        each(&mut |shard| shards.revoke_one(shard)),
    );
    let lists: Vec<_> = (0..samples).map(|number| shards.states(number)).collect();
    let mut next = lists.iter().cycle();
    row(
        "one shard: the Token Status List compressed",
        each(&mut |_| drop(next.next().unwrap().compressed())),
    );
    let signer = Provider::AwsLc;
    row(
        "one changed shard republished, in four lists",
        each(&mut |shard| {
            shards.revoke_one(shard);
            drop(Published::of_books(&shards, shard, signer));
        }),
    );

    let (published, publishing) = timed(|| {
        let all = (0..count).map(|shard| Published::of_books(&shards, shard, signer));
        all.collect::<Vec<_>>()
    });
    row("all of them, after a start", publishing);
    let (published, signing) = timed(|| {
        let all = published.into_iter().map(|list| list.sign_again(signer));
        all.collect::<Vec<_>>()
    });
    row("all of them signed again, on one processor", signing);
    let bytes: usize = published.iter().map(Published::memory).sum();
    println!("{:<58} {:>9} MB", "published lists in memory", bytes >> 20);
    println!(
        "{:<58} {:>9} kB",
        "one Token Status List as a JWT",
        published[0].jwt_bytes() >> 10
    );
    println!(
        "{:<58} {:>9} kB",
        "the same with gzip",
        published[0].gzip_bytes() >> 10
    );
    println!(
        "{:<58} {:>9} MB",
        "peak memory of the process",
        memory::peak() >> 20
    );
}

fn row(what: &str, time: Duration) {
    println!("{what:<58} {:>9.1} ms", time.as_secs_f64() * 1_000.0);
}
