//! What a run came to: the last line of `--json`, and the last words to people.

use std::{fmt, io::Write, time::Duration};

use serde::{Serialize, Serializer};

use super::{
    ReportError,
    status::{each_row, name_of},
    text,
};
use crate::journal::{Counts, EXPORT_KEY, ItemRow, PORTAL_KEY, Reader, RunTotals, State, StatusFilter};

/// How many failures the summary names; `status --failed` has them all.
const NAMED: usize = 10;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything is done or skipped.
    Complete,
    /// It came to its end, and some items failed.
    Partial,
    /// It was stopped before the end.
    Stopped,
}

impl Outcome {
    /// The word of the journal and of `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The name of the job.
    pub job: String,
    /// The run's own id.
    pub run: String,
    /// How it ended.
    pub outcome: Outcome,
    /// All items of the job by state, not only those that this run touched.
    pub counts: Counts,
    /// Publications that the server accepted in this run.
    pub published: u64,
    /// Updates of what existed that the server accepted in this run.
    pub updated: u64,
    /// Versions that were brought into the directory in this run; only of a run that reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exported: Option<u64>,
    /// What was made on a portal in this run; only of a run that works on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<u64>,
    /// Requests sent.
    pub requests: u64,
    /// Of these, polls of status links.
    pub polls: u64,
    /// Answers that told us to slow down.
    pub refused: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// How long it took, in seconds.
    #[serde(serialize_with = "to_the_millisecond")]
    pub seconds: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn to_the_millisecond<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((seconds * 1000.0).round() / 1000.0)
}

/// The summary as the last JSON line shows it.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    #[serde(flatten)]
    summary: &'a Summary,
}

impl Summary {
    pub(super) fn document(&self) -> Document<'_> {
        Document { kind: "summary", schema: 1, summary: self }
    }

    /// The last line of `run --json`, without its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string(&self.document()).expect("numbers and text always have a JSON form");
        text::json_escaped(&json).into_owned()
    }

    /// Says to people what happened, what failed, and what to do next. `job` is what commands call the job: its file.
    pub fn write_text(&self, job: &str, reader: &Reader, out: &mut dyn Write) -> Result<(), ReportError> {
        let job = text::printable(job);
        let took = text::duration(Duration::try_from_secs_f64(self.seconds).unwrap_or_default());
        writeln!(out, "{}: {}", text::printable(&self.job), self.headline(&took))?;
        writeln!(out, "  items     {}", states(&self.counts))?;
        writeln!(out, "  this run  {}", self.totals())?;
        if self.counts.failed > 0 {
            write_failures(&job, reader, out)?;
        }
        for advice in self.advice(&job) {
            writeln!(out, "{advice}")?;
        }
        out.flush()?;
        Ok(())
    }

    fn headline(&self, took: &str) -> String {
        let total = text::count(self.counts.total(), "item");
        match self.outcome {
            Outcome::Complete => format!("complete after {took}: {total}"),
            Outcome::Partial => {
                format!("finished after {took}: {} of {total} failed", text::number(self.counts.failed))
            }
            Outcome::Stopped => {
                format!("stopped after {took}, before the end: {} of {total} left", text::number(self.counts.open()))
            }
        }
    }

    fn totals(&self) -> String {
        let door = (self.requests, self.polls, self.refused);
        match (self.exported, self.created) {
            (Some(exported), _) => read_totals(exported, door),
            (None, Some(created)) => totals(created, CREATED, self.updated, door, self.bytes),
            (None, None) => totals(self.published, PUBLISHED, self.updated, door, self.bytes),
        }
    }

    fn advice(&self, job: &str) -> Vec<String> {
        let mut advice = Vec::new();
        if self.outcome == Outcome::Stopped {
            advice.push("next: run the same command again to go on where this run stopped".to_owned());
        }
        if self.counts.failed > 0 {
            advice.push(format!("next: mend what failed, then `consign retry {job}` takes up that and what it blocks"));
        }
        if self.outcome != Outcome::Stopped && self.counts.pending > 0 {
            advice.push(format!("{} left out of this run by --only", text::count(self.counts.pending, "item")));
        }
        advice
    }
}

/// Counts by state, those that are not zero: `12 done, 3 failed`.
pub(super) fn states(counts: &Counts) -> String {
    let mut counts = *counts;
    let order = [
        State::Done,
        State::Skipped,
        State::Failed,
        State::Acting,
        State::Waiting,
        State::Ready,
        State::Blocked,
        State::Pending,
    ];
    let parts = order.map(|state| (*counts.of(state), state));
    let shown = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, state)| format!("{} {state}", text::number(n)));
    match text::join(shown, ", ") {
        none if none.is_empty() => "none".to_owned(),
        some => some,
    }
}

/// What a run does that publishes.
const PUBLISHED: &str = "published";

/// What a run does that works on a portal.
const CREATED: &str = "created";

/// What a run did, on one line; `word` says how what is new came to be there.
fn totals(new: u64, word: &str, updated: u64, door: (u64, u64, u64), bytes: u64) -> String {
    let sent = [(new, word), (updated, "updated")];
    let sent = sent.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", text::number(n)));
    let mut parts: Vec<String> = sent.collect();
    if parts.is_empty() {
        parts.push(format!("nothing {word} or updated"));
    }
    parts.push(asked(door));
    parts.push(format!("{} sent", text::bytes(bytes)));
    parts.join(", ")
}

/// What a run that only reads did, on one line.
pub(super) fn read_totals(exported: u64, door: (u64, u64, u64)) -> String {
    let exported =
        if exported == 0 { "nothing exported".to_owned() } else { format!("{} exported", text::number(exported)) };
    format!("{exported}, {}", asked(door))
}

/// What a run did, as its journal tells it.
pub(super) fn totals_of(run: &RunTotals, target: &str) -> String {
    let door = (run.requests, run.polls, run.refused);
    if target.starts_with(EXPORT_KEY) {
        read_totals(run.updated, door)
    } else {
        let word = if target.starts_with(PORTAL_KEY) { CREATED } else { PUBLISHED };
        totals(run.published, word, run.updated, door, run.bytes)
    }
}

/// Requests, and what became of them.
fn asked((requests, polls, refused): (u64, u64, u64)) -> String {
    let mut asked = text::count(requests, "request");
    let of_these = [(polls, "polls"), (refused, "told to slow down")];
    let of_these = of_these.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", text::number(n)));
    let of_these = text::join(of_these, ", ");
    if !of_these.is_empty() {
        asked.push_str(&format!(" ({of_these})"));
    }
    asked
}

/// Names the first failures; those that only wait for a failed item are not named.
fn write_failures(job: &str, reader: &Reader, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "failed:")?;
    let mut failed = 0;
    each_row(reader, StatusFilter::Failed, |row| {
        if row.state != State::Failed {
            return Ok(());
        }
        failed += 1;
        if failed <= NAMED { write_failure(&row, out) } else { Ok(()) }
    })?;
    if failed > NAMED {
        let more = text::number((failed - NAMED) as u64);
        writeln!(out, "  … and {more} more: consign status {job} --failed")?;
    }
    Ok(())
}

/// One failure: its name, what happened, what to do.
pub(super) fn write_failure(row: &ItemRow, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "  {}", name_of(row))?;
    writeln!(out, "    {}", text::reason(row.message.as_deref(), row.class.as_deref(), row.http))?;
    if let Some(hint) = &row.hint {
        writeln!(out, "    hint: {}", text::printable(hint))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, drawn, is_harmless};

    fn summary(outcome: Outcome, fixture: &Fixture) -> Summary {
        Summary {
            job: "nightly".to_owned(),
            run: "0193-run".to_owned(),
            outcome,
            counts: fixture.journal.counts().unwrap(),
            published: 2,
            updated: 0,
            exported: None,
            created: None,
            requests: 1_204,
            polls: 400,
            refused: 3,
            bytes: 12_345_678,
            seconds: 65.123_456,
        }
    }

    fn text(outcome: Outcome, fixture: &Fixture) -> String {
        drawn(|out| summary(outcome, fixture).write_text("jobs/nightly.toml", fixture.journal.reader(), out))
    }

    #[tokio::test]
    async fn the_last_json_line_is_the_one_that_scripts_rely_on() {
        let fixture = Fixture::of_every_fate().await;
        insta::assert_snapshot!(summary(Outcome::Partial, &fixture).to_json(), @r#"{"type":"summary","schema":1,"job":"nightly","run":"0193-run","outcome":"partial","counts":{"pending":0,"blocked":1,"ready":1,"acting":0,"waiting":1,"done":2,"skipped":2,"failed":2},"published":2,"updated":0,"requests":1204,"polls":400,"refused":3,"bytes":12345678,"seconds":65.123}"#);
    }

    #[tokio::test]
    async fn a_partial_run_names_what_failed_and_what_to_do() {
        let fixture = Fixture::of_every_fate().await;
        insta::assert_snapshot!(text(Outcome::Partial, &fixture));
    }

    #[tokio::test]
    async fn a_stopped_run_says_how_to_go_on() {
        let fixture = Fixture::empty().await;
        insta::assert_snapshot!(text(Outcome::Stopped, &fixture), @r"
        nightly: stopped after 1m 05s, before the end: 0 of 0 items left
          items     none
          this run  2 published, 1,204 requests (400 polls, 3 told to slow down), 12.3 MB sent
        next: run the same command again to go on where this run stopped
        ");
    }

    #[test]
    fn what_was_published_and_what_was_updated_are_told_apart() {
        let told = |published, updated| totals(published, PUBLISHED, updated, (3, 0, 0), 0);
        assert!(told(2, 1).starts_with("2 published, 1 updated, 3 requests"));
        assert!(told(0, 1).starts_with("1 updated, 3 requests"));
        assert!(told(0, 0).starts_with("nothing published or updated, 3 requests"));
        let brought = |target: &str| totals_of(&RunTotals { published: 2, ..RunTotals::default() }, target);
        assert!(brought("portal:t/p").starts_with("2 created") && brought("org").starts_with("2 published"));
    }

    #[tokio::test]
    async fn ten_failures_are_named_and_the_others_counted() {
        let fixture = Fixture::of_failures(1_013).await;
        let text = text(Outcome::Partial, &fixture);
        assert_eq!(text.matches("is not YAML").count(), 10);
        assert!(text.contains("… and 1,003 more: consign status jobs/nightly.toml --failed"), "{text}");
    }

    #[tokio::test]
    async fn hostile_words_are_written_out() {
        let fixture = Fixture::hostile().await;
        let text = text(Outcome::Partial, &fixture);
        assert!(is_harmless(&text), "{text:?}");
    }
}
