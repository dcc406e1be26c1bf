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

/// The page of the program, then those of its subcommands, and of theirs.
pub(super) fn man() -> Result<Exit, Problem> {
    let mut page = Vec::new();
    render(&Cli::command(), "consign", &mut page)
        .map_err(|error| Problem::new("cannot make the manual page").because(&error))?;
    print(&page)
}

fn render(command: &clap::Command, name: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let shown: &'static str = name.to_owned().leak();
    clap_mangen::Man::new(command.clone().name(shown)).render(page)?;
    let mut below = command.get_subcommands().filter(|sub| sub.get_name() != "help");
    below.try_for_each(|sub| render(sub, &format!("{name}-{}", sub.get_name()), page))
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
