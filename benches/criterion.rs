//! The rows of the report under criterion, for its statistics and its comparison with the run before.

use core::time::Duration;

use criterion::Criterion;
use symbolon_benches::{Provider, formats};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(30)
        .configure_from_args();
    for provider in Provider::ALL {
        let mut group = criterion.benchmark_group(provider.name());
        for mut row in formats::rows(provider, |_| true) {
            group.bench_function(&row.name, |bencher| bencher.iter(&mut row.work));
        }
        group.finish();
    }
    criterion.final_summary();
}
