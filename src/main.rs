//! The `consign` command.

use std::process::ExitCode;

use clap::Parser;
use consign::cli::{self, Cli};

fn main() -> ExitCode {
    // clap's own code for a misuse is 2, which here means that some items failed.
    match Cli::try_parse() {
        Ok(cli) => cli::main(cli),
        Err(error) => {
            let misuse = error.use_stderr();
            // Nobody is left to tell when the stream is gone.
            let _ = error.print();
            if misuse { ExitCode::from(1) } else { ExitCode::SUCCESS }
        }
    }
}
