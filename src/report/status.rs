//! How far a job is, read from its journal.

use std::{
    cell::RefCell,
    fmt,
    io::{self, Write},
};

use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeSeq},
};

use super::{
    ReportError, summary,
    table::{Table, left, right},
    text::{self, JsonText, json_escaped},
};
use crate::journal::{Counts, EXPORT_KEY, ItemRow, JournalError, Reader, RunTotals, State, StatusFilter};

/// Gives each row to `each` until that fails.
pub(super) fn each_row(
    reader: &Reader,
    filter: StatusFilter,
    mut each: impl FnMut(ItemRow) -> io::Result<()>,
) -> Result<(), ReportError> {
    let mut result = Ok(());
    reader.rows(filter, |row| {
        if result.is_ok() {
            result = each(row);
        }
    })?;
    Ok(result?)
}

/// The name of an item on one line: its coordinates, and the place it comes from.
pub(super) fn name_of(row: &ItemRow) -> String {
    let line = row.line.map_or_else(String::new, |line| format!(":{line}"));
    match &row.gav {
        Some(gav) => format!("{} ({}{line})", text::printable(gav), text::printable(&row.path)),
        None => format!("{}{line}", text::printable(&row.path)),
    }
}

/// Writes where the items of a job stand; with `failed`, every item that failed or is blocked by one that did.
pub fn status_text(reader: &Reader, failed: bool, out: &mut dyn Write) -> Result<(), ReportError> {
    let counts = reader.counts()?;
    let target = reader.target_name()?;
    match target.strip_prefix(EXPORT_KEY) {
        Some(source) => writeln!(out, "source    {}", text::printable(source))?,
        None => writeln!(out, "target    {}", text::printable(&target))?,
    }
    write_last_run(&reader.last_run()?, &target, out)?;
    writeln!(out)?;
    write_counts(counts, out)?;
    if failed {
        write_failed(reader, out)?;
    } else if counts.failed > 0 {
        writeln!(out, "\n{} failed; `consign status JOB --failed` names them", text::count(counts.failed, "item"))?;
    }
    out.flush()?;
    Ok(())
}

fn write_last_run(run: &RunTotals, target: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "last run  {}", text::printable(&run.uuid))?;
    let ended = match (&run.outcome, run.ended) {
        (Some(outcome), Some(ended)) => format!("{} at {}", text::printable(outcome), text::time(ended)),
        _ => "has not ended: it is running, or was killed".to_owned(),
    };
    writeln!(out, "          began at {}, {ended}", text::time(run.started))?;
    let did = summary::totals_of(run, target);
    writeln!(out, "          {did}")
}

fn write_counts(mut counts: Counts, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(out, vec![left("state"), right("items")]);
    for state in State::ALL {
        let items = *counts.of(state);
        if items > 0 {
            table.row([state.as_str(), &text::number(items)])?;
        }
    }
    table.row(["total", &text::number(counts.total())])?;
    table.finish()
}

fn write_failed(reader: &Reader, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut any = false;
    each_row(reader, StatusFilter::Failed, |row| {
        writeln!(out)?;
        any = true;
        write!(out, "{}", if row.state == State::Failed { "failed" } else { "blocked" })?;
        summary::write_failure(&row, out)
    })?;
    if !any {
        writeln!(out, "\nnothing has failed")?;
    }
    Ok(())
}

/// The status as one JSON object; items are read from the journal while it is written, so that it may be of any size.
///
/// `{}` writes it on one line, `{:#}` on several; [`Serialize`] gives it to any other form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    target: String,
    counts: Counts,
    last_run: LastRun,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Rows<'a>>,
    /// The half of a migration that reads; the rest is about the one that writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<Box<Self>>,
}

#[derive(Debug, Serialize)]
struct LastRun {
    run: String,
    started: String,
    ended: Option<String>,
    outcome: Option<String>,
    published: u64,
    updated: u64,
    requests: u64,
    polls: u64,
    refused: u64,
    bytes: u64,
}

impl From<RunTotals> for LastRun {
    fn from(run: RunTotals) -> Self {
        Self {
            run: run.uuid,
            started: text::time(run.started),
            ended: run.ended.map(text::time),
            outcome: run.outcome,
            published: run.published,
            updated: run.updated,
            requests: run.requests,
            polls: run.polls,
            refused: run.refused,
            bytes: run.bytes,
        }
    }
}

/// The rows of a journal, read when they are written.
#[derive(Debug)]
struct Rows<'a> {
    reader: &'a Reader,
    filter: StatusFilter,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sequence = RefCell::new(serializer.serialize_seq(None)?);
        let mut result = Ok(());
        let read = self.reader.rows(self.filter, |row| {
            if result.is_ok() {
                result = sequence.borrow_mut().serialize_element(&row);
            }
        });
        result?;
        read.map_err(|error: JournalError| S::Error::custom(error))?;
        sequence.into_inner().end()
    }
}

/// The status as JSON; with `failed`, the array `items` of those that failed or are blocked by one that did.
pub fn status_json(reader: &Reader, failed: bool) -> Result<StatusJson<'_>, ReportError> {
    StatusJson::read(reader, failed.then_some(StatusFilter::Failed))
}

/// The status as JSON, with all items.
pub fn report_json(reader: &Reader) -> Result<StatusJson<'_>, ReportError> {
    StatusJson::read(reader, Some(StatusFilter::All))
}

impl<'a> StatusJson<'a> {
    fn read(reader: &'a Reader, items: Option<StatusFilter>) -> Result<Self, ReportError> {
        Ok(Self {
            job: None,
            target: reader.target_name()?,
            counts: reader.counts()?,
            last_run: reader.last_run()?.into(),
            items: items.map(|filter| Rows { reader, filter }),
            reading: None,
        })
    }

    /// Names the job.
    #[must_use]
    pub fn job(mut self, job: impl Into<String>) -> Self {
        self.job = Some(job.into());
        self
    }

    /// Tells of the half of a migration that reads as well.
    #[must_use]
    pub fn reading(mut self, reading: Self) -> Self {
        self.reading = Some(Box::new(reading));
        self
    }

    /// Writes it on one line, with its end.
    pub fn write(&self, mut out: &mut dyn Write) -> Result<(), ReportError> {
        serde_json::to_writer(JsonText(&mut out), self)?;
        writeln!(out)?;
        out.flush()?;
        Ok(())
    }
}

impl fmt::Display for StatusJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(self, f)
    }
}

/// Writes a value as JSON: on one line, or with `{:#}` on several.
pub(super) fn write_json(value: &impl Serialize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let json = if f.alternate() { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    f.write_str(&json_escaped(&json.map_err(|_| fmt::Error)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, HOSTILE, drawn, is_harmless};

    #[tokio::test]
    async fn status_says_where_items_stand_and_how_the_last_run_went() {
        let fixture = Fixture::of_every_fate().await;
        insta::assert_snapshot!(drawn(|out| status_text(fixture.journal.reader(), false, out)));
    }

    #[tokio::test]
    async fn failed_names_what_failed_and_what_it_blocks() {
        let fixture = Fixture::of_every_fate().await;
        insta::assert_snapshot!(drawn(|out| status_text(fixture.journal.reader(), true, out)));
    }

    #[tokio::test]
    async fn json_has_counts_and_with_failed_the_items() {
        let fixture = Fixture::of_every_fate().await;
        let reader = fixture.journal.reader();
        let json = drawn(|out| Ok(write!(out, "{:#}", status_json(reader, true)?.job("nightly"))?));
        insta::assert_snapshot!(json);
        let plain = serde_json::to_value(status_json(reader, false).unwrap()).unwrap();
        assert_eq!(plain.get("items"), None);
        assert_eq!(plain["counts"]["failed"], 2);
    }

    #[tokio::test]
    async fn hostile_words_reach_a_terminal_written_out() {
        let fixture = Fixture::hostile().await;
        let text = drawn(|out| status_text(fixture.journal.reader(), true, out));
        assert!(is_harmless(&text), "{text:?}");
        assert!(text.contains("\\u{1b}[2J<script>"), "{text}");
    }

    #[tokio::test]
    async fn hostile_words_come_through_json_as_they_are() {
        let fixture = Fixture::hostile().await;
        let line = status_json(fixture.journal.reader(), true).unwrap().to_string();
        assert_eq!(line.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["items"][0]["message"], format!("+{HOSTILE}"));
    }

    #[tokio::test]
    async fn a_closed_pipe_is_told_apart() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let fixture = Fixture::of_every_fate().await;
        let reader = fixture.journal.reader();
        assert!(status_text(reader, true, &mut Closed).unwrap_err().is_closed_pipe());
        assert!(status_json(reader, true).unwrap().write(&mut Closed).unwrap_err().is_closed_pipe());
    }
}
