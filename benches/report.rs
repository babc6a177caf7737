//! Prints the table: work, limit, how many times its limit it costs, and what it should.
#![expect(clippy::print_stdout, reason = "a report is printed")]

use symbolon_benches::measure::{Effort, Measured, measure};
use symbolon_benches::{Provider, Row, Target, formats};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_set = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let effort = if is_set("--quick") {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    // Cargo adds `--bench`.
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    for provider in Provider::ALL {
        println!(
            "\n{:<62} {:>12} {:>12} {:>9} {:>8}",
            provider.name(),
            "limit",
            "here",
            "× limit",
            "target"
        );
        for row in formats::rows(provider, |name| {
            wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()))
        }) {
            print(row, effort);
        }
    }
}

fn print(mut row: Row, effort: Effort) {
    let Measured {
        limit_nanoseconds,
        work_nanoseconds,
        times_limit,
    } = measure(&mut row, effort);
    let (target, verdict) = match row.target {
        Target::Watched => ("-".to_owned(), ""),
        Target::AtMost(target) => (
            format!("{target:.2}"),
            if times_limit <= target { "" } else { "  missed" },
        ),
    };
    println!(
        "{:<62} {:>12} {:>12} {:>9.2} {:>8}{}",
        row.name,
        microseconds(limit_nanoseconds),
        microseconds(work_nanoseconds),
        times_limit,
        target,
        verdict,
    );
}

fn microseconds(nanoseconds: f64) -> String {
    if nanoseconds < 10_000.0 {
        format!("{nanoseconds:.0} ns")
    } else {
        format!("{:.1} µs", nanoseconds / 1000.0)
    }
}
