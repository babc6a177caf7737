//! `symbolon`: reads the command line, runs the command, and turns its answer into an exit status.

use std::process::ExitCode;

use clap::Parser as _;
use symbolon_cli::arguments::Arguments;
use symbolon_cli::commands;

fn main() -> ExitCode {
    // A usage error ends here with status 2.
    let arguments = Arguments::parse();
    match commands::run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            commands::show::error(&error);
            ExitCode::from(commands::FAILED)
        }
    }
}
