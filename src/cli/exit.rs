//! Exit codes, and errors as people see them.

use std::{error::Error, fmt::Display, io::Write, process::ExitCode};

use crate::report::printable;

/// How the process ends. The numbers are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything is done or skipped.
    Success,
    /// It could not start: usage, job file, credentials, lock. Or its results could not be written.
    CouldNotStart,
    /// It finished, and some items failed.
    Partial,
    /// It stopped before the end; running again goes on.
    Stopped,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::CouldNotStart => 1,
            Exit::Partial => 2,
            Exit::Stopped => 3,
        })
    }
}

/// The code of a run that was interrupted twice.
pub(super) const INTERRUPTED_TWICE: i32 = 130;

/// Something that keeps a command from doing what it was asked.
#[derive(Debug)]
pub(super) struct Problem {
    message: String,
    hint: Option<String>,
    exit: Exit,
}

impl Problem {
    pub(super) fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), hint: None, exit: Exit::CouldNotStart }
    }

    /// Adds an error and its causes.
    pub(super) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if !self.message.contains(&text) {
                self.message = format!("{}: {text}", self.message);
            }
            next = error.source();
        }
        self
    }

    /// An error that speaks for itself, with its causes.
    pub(super) fn of(error: &dyn Error) -> Self {
        let problem = Self::new(error);
        match error.source() {
            Some(source) => problem.because(source),
            None => problem,
        }
    }

    pub(super) fn hint(mut self, hint: Option<impl Display>) -> Self {
        self.hint = hint.map(|hint| hint.to_string());
        self
    }

    pub(super) fn exits(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// Tells people, on stderr.
    pub(super) fn print(&self) {
        let mut err = anstream::stderr().lock();
        let bold = anstyle::AnsiColor::Red.on_default().bold();
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(err, "{bold}error:{bold:#} {}", printable_lines(&self.message));
        if let Some(hint) = &self.hint {
            let _ = writeln!(err, "  hint: {}", printable_lines(hint));
        }
    }
}

/// Several lines, each without control characters: a parser's message shows the line it is about.
fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
