//! The `consign` command.

use std::{
    io::{ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;
use consign::cli::{self, Cli};

fn main() -> ExitCode {
    // clap's own code for a misuse is 2, which here means that some items failed.
    match Cli::try_parse() {
        Ok(cli) => cli::main(cli),
        Err(error) => {
            let misuse = error.use_stderr();
            match error.print().and_then(|()| std::io::stdout().flush()) {
                // A reader that has seen enough of the help closes the pipe.
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    // Nobody is left to tell when stderr is gone too.
                    let _ = writeln!(std::io::stderr(), "error: the output cannot be written: {error}");
                    ExitCode::from(1)
                }
                _ if misuse => ExitCode::from(1),
                _ => ExitCode::SUCCESS,
            }
        }
    }
}
