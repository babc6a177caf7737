//! Targets in processes of their own, some at a time.

use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

use symbolon_fuzz::Target;

use crate::Budget;

/// Runs the targets, `jobs` at a time, and says which of them broke.
pub(crate) fn run(targets: Vec<&'static Target>, budget: &Budget, jobs: usize) -> Result<ExitCode, String> {
    let program = std::env::current_exe().map_err(|error| format!("the program cannot be found: {error}"))?;
    let total = targets.len();
    let waiting = Mutex::new(targets.into_iter());
    let broken: Mutex<Vec<&'static Target>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
                    let Some(target) = next else { break };
                    let ended = Command::new(&program)
                        .args(["one", target.name, "--seconds", &budget.seconds.to_string()])
                        .args(["--seed", &budget.seed.to_string()])
                        .args(["--input-milliseconds", &budget.input_milliseconds.to_string()])
                        .arg("--saved")
                        .arg(&budget.saved)
                        .status();
                    let success = match &ended {
                        Ok(status) => status.success(),
                        Err(_) => false,
                    };
                    if !success {
                        println!("{}: BROKEN ({ended:?})", target.name);
                        if let Ok(mut broken) = broken.lock() {
                            broken.push(target);
                        }
                    }
                }
            });
        }
    });
    let broken = broken
        .into_inner()
        .map_err(|_| "a supervisor panicked".to_owned())?;
    println!("{} of {total} targets hold", total - broken.len());
    for target in &broken {
        println!(
            "to see it again: symbolon-fuzz reproduce {} {}",
            target.name,
            budget.current_input(target).display()
        );
    }
    Ok(if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
