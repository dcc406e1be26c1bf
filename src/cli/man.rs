//! `consign completions` and `consign man`.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit, Problem};

pub(super) fn completions(shell: Shell) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "consign", &mut script);
    print(&script)
}

/// The page of the program, then those of its subcommands.
pub(super) fn man() -> Result<Exit, Problem> {
    let mut page = Vec::new();
    let command = Cli::command();
    let failed = |error: std::io::Error| Problem::new("cannot make the manual page").because(&error);
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for subcommand in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name: &'static str = format!("consign-{}", subcommand.get_name()).leak();
        clap_mangen::Man::new(subcommand.clone().name(name)).render(&mut page).map_err(failed)?;
    }
    print(&page)
}

fn print(bytes: &[u8]) -> Result<Exit, Problem> {
    let mut out = std::io::stdout();
    // What follows the last line end is written at the end of the process only, when nobody asks how that went.
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Problem::new("cannot write to stdout").because(&error))
        }
        _ => Ok(Exit::Success),
    }
}
