//! One target in one process.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use symbolon_fuzz::{ALLOCATION_LIMIT_BYTES, Mutator, Reading, Target};

use crate::{ALLOCATOR, Budget};

/// The stack of a thread that serves requests: what recurses by input must fit in.
const STACK_BYTES: usize = 2 << 20;
/// Inputs that are kept to be changed again.
const MAX_CORPUS: usize = 512;
/// The longest input that is kept.
const MAX_KEPT_BYTES: usize = 16 << 10;
/// Of inputs that are accepted for no new reason, one in this many is kept, so that changes add up.
const KEPT_OF_ACCEPTED: usize = 64;
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Exit status when an input broke something.
const BROKEN: u8 = 1;

/// Runs a target until its time is over or an input breaks something.
pub(crate) fn run(target: &'static Target, budget: &Budget) -> Result<ExitCode, String> {
    let file = budget.current_input(target);
    let current = File::create(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let clock = Arc::new(Clock::start());
    watch(target, budget, &clock);
    let budget = budget.clone();
    let ended = thread::Builder::new()
        .name(target.name.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            Campaign {
                target,
                current,
                clock,
                tally: Tally::default(),
            }
            .run(&budget)
        })
        .map_err(|error| format!("{}: {error}", target.name))?
        .join();
    match ended {
        Ok(Ok(())) => {
            // Nothing broke, so nothing is to be saved.
            std::fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Err(problem)) => {
            println!("{}: {problem}", target.name);
            Ok(ExitCode::from(BROKEN))
        }
        Err(_) => Ok(ExitCode::from(BROKEN)),
    }
}

/// What the watching thread looks at: milliseconds since the start at which the present input was begun, or 0.
struct Clock {
    started: Instant,
    begun: AtomicU64,
}

impl Clock {
    fn start() -> Self {
        Self {
            started: Instant::now(),
            begun: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }
}

/// Ends the process when one input takes too long.
fn watch(target: &'static Target, budget: &Budget, clock: &Arc<Clock>) {
    let (clock, limit) = (Arc::clone(clock), budget.input_milliseconds);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(100));
            let begun = clock.begun.load(Ordering::Relaxed);
            if begun != 0 && clock.now().saturating_sub(begun) > limit {
                println!("{}: an input takes more than {limit} ms", target.name);
                std::process::exit(i32::from(BROKEN));
            }
        }
    });
}

struct Campaign {
    target: &'static Target,
    current: File,
    clock: Arc<Clock>,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    inputs: u64,
    accepted: u64,
    slowest: Duration,
}

impl Campaign {
    fn run(mut self, budget: &Budget) -> Result<(), String> {
        let mut corpus = (self.target.seeds)();
        if corpus.is_empty() {
            return Err("there are no seeds".to_owned());
        }
        let mut readings = HashSet::new();
        for (number, seed) in corpus.iter().enumerate() {
            let reading = self.read(seed)?;
            if reading != Reading::Accepted {
                return Err(format!("seed {number} is refused"));
            }
            readings.insert(reading);
        }
        let mut mutator = Mutator::new(budget.seed, &corpus);
        let started = Instant::now();
        let mut report_at = REPORT_INTERVAL;
        loop {
            let elapsed = started.elapsed();
            if elapsed >= Duration::from_secs(budget.seconds) {
                self.report("done", elapsed, corpus.len(), readings.len());
                return Ok(());
            }
            if elapsed >= report_at {
                self.report("runs", elapsed, corpus.len(), readings.len());
                report_at += REPORT_INTERVAL;
            }
            let input = mutator.next(&corpus);
            let reading = self.read(&input)?;
            let is_new = readings.insert(reading);
            let one_of_many = reading == Reading::Accepted && mutator.below(KEPT_OF_ACCEPTED) == 0;
            if (is_new || one_of_many) && corpus.len() < MAX_CORPUS && input.len() <= MAX_KEPT_BYTES {
                corpus.push(input);
            }
        }
    }

    /// Reads one input under all limits.
    fn read(&mut self, input: &[u8]) -> Result<Reading, String> {
        // Cut to its length only where something breaks, so that most inputs cost one call.
        let written = self
            .current
            .set_len(0)
            .and_then(|()| self.current.write_all_at(input, 0));
        written.map_err(|error| format!("the input cannot be saved: {error}"))?;
        let limit = ALLOCATOR.allocated().saturating_add(ALLOCATION_LIMIT_BYTES);
        ALLOCATOR
            .set_limit(limit)
            .map_err(|()| "the limit of memory cannot be set".to_owned())?;
        self.clock.begun.store(self.clock.now(), Ordering::Relaxed);
        let begun = Instant::now();
        let reading = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input)));
        self.tally.slowest = self.tally.slowest.max(begun.elapsed());
        self.clock.begun.store(0, Ordering::Relaxed);
        let reading = reading.map_err(|_| "an input makes it panic".to_owned())?;
        self.tally.inputs += 1;
        self.tally.accepted += u64::from(reading == Reading::Accepted);
        Ok(reading)
    }

    fn report(&self, state: &str, elapsed: Duration, corpus: usize, readings: usize) {
        let Tally {
            inputs,
            accepted,
            slowest,
        } = self.tally;
        let a_second = u128::from(inputs) * 1000 / elapsed.as_millis().max(1);
        println!(
            "{}: {state} {} s, {inputs} inputs, {a_second} a second, {accepted} accepted, {readings} outcomes, {corpus} kept, slowest {} ms",
            self.target.name,
            elapsed.as_secs(),
            slowest.as_millis()
        );
    }
}
