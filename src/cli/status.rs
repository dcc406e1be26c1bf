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
            let half = reading(&args.place);
            report::status_json(&reader, args.failed).and_then(|status| {
                let half = half.as_ref().map(|half| report::status_json(half, args.failed)).transpose()?;
                half.into_iter().fold(status, report::StatusJson::reading).write(&mut out)
            })
        } else {
            if args.watch {
                // Clears the screen. Nobody is left to see it when stdout is gone.
                let _ = write!(out, "\x1b[2J\x1b[H");
            }
            let read = told_of_reading(&args.place, args.failed, &mut out);
            read.and_then(|()| report::status_text(&reader, args.failed, &mut out))
        };
        let settled = counts.ready + counts.acting + counts.waiting + counts.pending == 0;
        if written.is_err() || !args.watch || settled {
            return finish(written);
        }
        drop(out);
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// The journal of the half of a migration that reads, beside the other; `None` of any other job, and where the other half
/// has not begun.
pub(super) fn reading(place: &WhereArgs) -> Option<Reader> {
    let job = job(place).ok().flatten().filter(|job| job.journal.exists())?;
    Reader::open(&job.reading()?.journal).ok()
}

/// What that half has come to.
fn told_of_reading(place: &WhereArgs, failed: bool, out: &mut impl Write) -> Result<(), report::ReportError> {
    let Some(reader) = reading(place) else { return Ok(()) };
    report::status_text(&reader, failed, out)?;
    writeln!(out)?;
    Ok(())
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
    let job = job(place)?.expect("what is no journal is a job");
    let reading = job.reading().filter(|_| !job.journal.exists());
    Ok(reading.map_or(job.journal, |reading| reading.journal))
}

/// The job that is named; `None` where a journal is.
fn job(place: &WhereArgs) -> Result<Option<Job>, Problem> {
    if place.journal.is_some() || is_sqlite(&place.job) {
        return Ok(None);
    }
    let over = Overrides { wave: place.wave.clone(), ..Overrides::default() };
    Job::load(&place.job, &over, &|_| None).map(Some).map_err(|error| Problem::of(&error).hint(error.hint()))
}

fn is_sqlite(path: &camino::Utf8Path) -> bool {
    use std::io::Read;
    let mut head = [0; 16];
    // A FIFO would be waited for.
    path.is_file()
        && fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && &head == b"SQLite format 3\0"
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(super) fn journal_problem(error: JournalError) -> Problem {
    Problem::of(&error).hint(error.hint())
}
