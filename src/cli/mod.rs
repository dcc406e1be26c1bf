//! The command line: one file per subcommand, each arguments → one library call → exit code.

mod args;
mod change;
mod connect;
mod cutover;
mod exit;
mod explain;
mod export;
mod hub;
mod init;
mod logging;
mod man;
mod migrate;
mod plan;
mod report;
mod run;
mod sandbox;
mod signals;
mod status;
mod undo;
mod verify;
mod visible;

use std::process::ExitCode;

pub use args::Cli;
use args::Command;
use exit::{Exit, Problem};

/// Does what the command line says.
pub fn main(cli: Cli) -> ExitCode {
    logging::start(cli.verbose);
    let result = match cli.command {
        Command::Run(args) => run::run(&args, cli.quiet, false),
        Command::Export(args) => export::export(&args, cli.quiet),
        Command::Retry(args) => run::run(&args, cli.quiet, true),
        Command::Plan(args) => plan::plan(&args, cli.verbose > 0, cli.quiet),
        Command::Status(args) => status::status(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Report(args) => report::report(&args),
        Command::Cutover(args) => cutover::cutover(&args, cli.quiet),
        Command::Undo(args) => undo::undo(&args),
        Command::Verify(args) => verify::verify(&args, cli.quiet),
        Command::Hub(args) => hub::hub(&args),
        Command::Sandbox(args) => sandbox::sandbox(&args),
        Command::Init(args) => init::init(&args),
        Command::Completions { shell } => man::completions(shell),
        Command::Man => man::man(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(problem) => {
            problem.print();
            problem.exit().into()
        }
    }
}

/// Runs a future on a runtime of its own.
fn block_on<T>(future: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new("cannot start").because(&error))?
        .block_on(future)
}
