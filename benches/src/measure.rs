//! Measuring in turns: a batch of the limit, a batch of the work, again and again; the median of the ratios counts.

use core::hint::black_box;
use core::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::row::{Row, Work};

/// How exactly to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How long a batch takes, in nanoseconds.
    pub batch_nanoseconds: u64,
    /// How many batches of each.
    pub rounds: usize,
}

impl Effort {
    /// For a table that is kept.
    pub const FULL: Self = Self {
        batch_nanoseconds: 20_000_000,
        rounds: 31,
    };
    /// For a look while something is being changed.
    pub const QUICK: Self = Self {
        batch_nanoseconds: 5_000_000,
        rounds: 9,
    };
}

/// What was measured of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Nanoseconds of one limit.
    pub limit_nanoseconds: f64,
    /// Nanoseconds of the work once.
    pub work_nanoseconds: f64,
    /// How many times its limit the work costs.
    pub times_limit: f64,
}

/// Measures a row.
pub fn measure(row: &mut Row, effort: Effort) -> Measured {
    let limit_count = calibrate(&mut row.limit, effort);
    let work_count = calibrate(&mut row.work, effort);
    let mut limits = Vec::with_capacity(effort.rounds);
    let mut works = Vec::with_capacity(effort.rounds);
    let mut ratios = Vec::with_capacity(effort.rounds);
    for _ in 0..effort.rounds {
        let limit = batch(&mut row.limit, limit_count);
        let work = batch(&mut row.work, work_count);
        limits.push(limit);
        works.push(work);
        ratios.push(work / limit);
    }
    Measured {
        limit_nanoseconds: median(limits),
        work_nanoseconds: median(works),
        times_limit: median(ratios),
    }
}

/// How often the work fits into a batch; warms up on the way.
fn calibrate(work: &mut Work, effort: Effort) -> u32 {
    let mut count = 1_u32;
    loop {
        let nanoseconds = batch(work, count) * f64::from(count);
        if nanoseconds * 2.0 >= precise(effort.batch_nanoseconds) || count >= 1 << 24 {
            return count;
        }
        count *= 2;
    }
}

/// Nanoseconds of the work once.
fn batch(work: &mut Work, count: u32) -> f64 {
    let start = cpu_nanoseconds();
    for _ in 0..count {
        work();
    }
    precise(cpu_nanoseconds().saturating_sub(start)) / f64::from(count)
}

/// Runs some work once: what it made, and the processor time of it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = cpu_nanoseconds();
    let made = work();
    (
        made,
        Duration::from_nanos(cpu_nanoseconds().saturating_sub(start)),
    )
}

/// The shortest processor time of several turns.
pub fn shortest<T>(turns: u32, mut work: impl FnMut() -> T) -> Duration {
    let times = (0..turns).map(|_| timed(|| black_box(work())).1);
    times.min().unwrap_or_default()
}

/// Processor time of the whole process, threads that the work starts included. Unlike the time on the wall it does not
/// count what other processes do meanwhile.
fn cpu_nanoseconds() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    part(time.tv_sec)
        .saturating_mul(1_000_000_000)
        .saturating_add(part(time.tv_nsec))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a measurement are far below what a float holds exactly"
)]
const fn precise(nanoseconds: u64) -> f64 {
    nanoseconds as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
