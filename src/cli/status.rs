//! `consign status`: how far a job got.

use std::{io::Write, time::Duration};

use camino::Utf8PathBuf;

use super::{
    Exit, Problem,
    args::{StatusArgs, WhereArgs},
    plan::finish,
};
use crate::{
    job::{Job, Overrides},
    journal::{JournalError, Reader},
    report,
};

pub(super) fn status(args: &StatusArgs) -> Result<Exit, Problem> {
    loop {
        let reader = open(&args.place)?;
        let counts = reader.counts().map_err(journal_problem)?;
        let mut out = anstream::stdout().lock();
        let written = if args.json {
            report::status_json(&reader, args.failed).and_then(|status| status.write(&mut out))
        } else {
            if args.watch {
                // Clears the screen. Nobody is left to see it when stdout is gone.
                let _ = write!(out, "\x1b[2J\x1b[H");
            }
            report::status_text(&reader, args.failed, &mut out)
        };
        let settled = counts.ready + counts.acting + counts.waiting + counts.pending == 0;
        if written.is_err() || !args.watch || settled {
            return finish(written);
        }
        drop(out);
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Opens the journal that a job file or a path names.
pub(super) fn open(place: &WhereArgs) -> Result<Reader, Problem> {
    Reader::open(&journal_path(place)?).map_err(journal_problem)
}

/// Where the journal is. A job file is text, a journal is not: what the path leads to decides, not its name.
pub(super) fn journal_path(place: &WhereArgs) -> Result<Utf8PathBuf, Problem> {
    if let Some(journal) = &place.journal {
        return Ok(journal.clone());
    }
    if is_sqlite(&place.job) {
        return match &place.wave {
            None => Ok(place.job.clone()),
            Some(_) => Err(Problem::new(format!("{} is a journal, and --wave is for a job", place.job))
                .hint(Some("name the job file, or the journal of that wave"))),
        };
    }
    let over = Overrides { wave: place.wave.clone(), ..Overrides::default() };
    let job = Job::load(&place.job, &over, &|_| None).map_err(|error| Problem::of(&error).hint(error.hint()))?;
    Ok(job.journal)
}

fn is_sqlite(path: &camino::Utf8Path) -> bool {
    use std::io::Read;
    let mut head = [0; 16];
    fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && &head == b"SQLite format 3\0"
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(super) fn journal_problem(error: JournalError) -> Problem {
    Problem::of(&error).hint(error.hint())
}
