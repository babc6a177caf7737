mod form_1;
mod form_2;
mod runs;

use std::collections::BTreeSet;

fn pseudo_random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        // SplitMix64: a reproducible spread for size tests.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn spread(universe: u64, count: usize, seed: u64) -> Vec<u64> {
    let mut next = pseudo_random(seed);
    let mut set = BTreeSet::new();
    while set.len() < count {
        set.insert(next() % universe);
    }
    set.into_iter().collect()
}

/// log2 of the number of subsets of that size, in bytes.
fn entropy_bytes(universe: u64, count: u64) -> f64 {
    let p = count as f64 / universe as f64;
    (-(p * p.log2()) - (1.0 - p) * (1.0 - p).log2()) * universe as f64 / 8.0
}
