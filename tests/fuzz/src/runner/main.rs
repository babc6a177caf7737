//! `symbolon-fuzz`: every target for some seconds, on the stable compiler, the same way for the same seed.
//!
//! Each target runs in a process of its own, because an exhausted stack or an allocation beyond the limit ends a process. The
//! input that is being read stands in a file before it is read, so that it is there however the process ends.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program of the checks reports on its standard streams and measures time"
)]

mod campaign;
mod supervise;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cap::Cap;
use clap::{Parser, Subcommand};
use symbolon_fuzz::{Reading, TARGETS, Target, target};

/// Counts what is allocated, and refuses what is beyond the limit of an input.
#[global_allocator]
static ALLOCATOR: Cap<std::alloc::System> = Cap::new(std::alloc::System, usize::MAX);

#[derive(Parser)]
#[command(about = "Runs the fuzz targets of Symbolon", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    work: Work,
}

const EXAMPLES: &str = "Examples:
  symbolon-fuzz run --seconds 30 --jobs 2
  symbolon-fuzz run --seconds 600 --seed 7 mdoc_device_response
  symbolon-fuzz reproduce mdoc_device_response target/fuzz/mdoc_device_response-7.input";

#[derive(Subcommand)]
enum Work {
    /// Runs targets, all of them unless some are named.
    Run {
        #[command(flatten)]
        budget: Budget,
        /// How many at a time.
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Which.
        targets: Vec<String>,
    },
    /// Runs one target in this process.
    #[command(hide = true)]
    One {
        #[command(flatten)]
        budget: Budget,
        target: String,
    },
    /// Reads one saved input.
    Reproduce { target: String, file: PathBuf },
    /// Writes the seeds, one folder for each target, as cargo-fuzz takes a corpus.
    Seeds { folder: PathBuf },
    /// Names the targets.
    List,
}

/// What a run may take.
#[derive(clap::Args, Clone)]
struct Budget {
    /// Seconds for each target.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The seed. The same seed makes the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The longest that one input may take, in milliseconds of the clock on the wall.
    #[arg(long, default_value_t = 10_000)]
    input_milliseconds: u64,
    /// Where inputs that break something are saved.
    #[arg(long, default_value = "target/fuzz")]
    saved: PathBuf,
}

impl Budget {
    /// Where the input stands that is being read.
    fn current_input(&self, target: &Target) -> PathBuf {
        self.saved.join(format!("{}-{}.input", target.name, self.seed))
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().work) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn run(work: Work) -> Result<ExitCode, String> {
    match work {
        Work::Run {
            budget,
            jobs,
            targets,
        } => {
            let chosen = if targets.is_empty() {
                TARGETS.iter().collect()
            } else {
                targets.iter().map(|name| named(name)).collect::<Result<_, _>>()?
            };
            make_folder(&budget.saved)?;
            supervise::run(chosen, &budget, jobs)
        }
        Work::One { budget, target } => {
            make_folder(&budget.saved)?;
            campaign::run(named(&target)?, &budget)
        }
        Work::Reproduce { target, file } => {
            let target = named(&target)?;
            let input = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            println!("{:?}", (target.run)(&input));
            Ok(ExitCode::SUCCESS)
        }
        Work::Seeds { folder } => write_seeds(&folder),
        Work::List => {
            for target in TARGETS {
                println!("{}", target.name);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn named(name: &str) -> Result<&'static Target, String> {
    target(name).ok_or_else(|| format!("there is no target {name}"))
}

fn make_folder(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn write_seeds(folder: &Path) -> Result<ExitCode, String> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        make_folder(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            if (target.run)(seed) != Reading::Accepted {
                return Err(format!("seed {number} of {} is refused", target.name));
            }
            let file = folder.join(format!("seed-{number}"));
            fs::write(&file, seed).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
