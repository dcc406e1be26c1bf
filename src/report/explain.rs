//! The whole history of one item, and what it means now.

use std::{
    fmt,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::Value;

use super::{
    ReportError,
    status::{name_of, write_json},
    table::{Table, left, right},
    text,
};
use crate::journal::{EventRow, ItemRow, Reader, State};

/// What the journal knows about the items of one name: usually one; more when a duplicate was diagnosed beside it.
///
/// `{}` writes it as JSON on one line, `{:#}` on several.
#[derive(Debug, Serialize)]
pub struct Explanation {
    name: String,
    target: String,
    items: Vec<Explained>,
}

#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    row: ItemRow,
    /// By which ids the target knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<Value>,
    needs: Vec<Need>,
    events: Vec<Told>,
    meaning: String,
}

#[derive(Debug, Serialize)]
struct Need {
    gav: String,
    /// `None`: it is no item of this job.
    state: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Told {
    time: String,
    #[serde(flatten)]
    event: EventRow,
}

/// How many of the items that a name can mean are told.
const CANDIDATES: usize = 10;

/// Explains an item as JSON. `name` is its coordinates, the path it comes from, or so much of the coordinates that it
/// means one item only: `asset/version`, `asset`.
///
/// # Errors
/// Also when the journal has no such item, or several.
pub fn explain_json(reader: &Reader, name: &str) -> Result<Explanation, ReportError> {
    let target = reader.target_name()?;
    let mut rows = reader.find(name)?;
    if rows.is_empty() {
        rows = reader.find(&one_meant(reader, name, &target)?)?;
    }
    let items = rows.into_iter().map(|row| explain(reader, row)).collect::<Result<_, _>>()?;
    Ok(Explanation { name: name.to_owned(), target, items })
}

/// Explains an item to people, by the same names as [`explain_json`].
///
/// # Errors
/// Also when the journal has no such item, or several.
pub fn explain_text(reader: &Reader, name: &str, out: &mut dyn Write) -> Result<(), ReportError> {
    let explanation = explain_json(reader, name)?;
    for (place, item) in explanation.items.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_item(item, out)?;
    }
    out.flush()?;
    Ok(())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(self, f)
    }
}

/// The one item that a part of its coordinates means.
fn one_meant(reader: &Reader, part: &str, target: &str) -> Result<String, ReportError> {
    let name = text::printable(part).into_owned();
    let mut candidates = reader.meant_by(part, CANDIDATES + 1)?;
    if candidates.is_empty() {
        return Err(ReportError::NoSuchItem { name, target: text::printable(target).into_owned() });
    }
    if candidates.len() == 1 {
        return Ok(candidates.remove(0));
    }
    let more = candidates.len() > CANDIDATES;
    candidates.truncate(CANDIDATES);
    let candidates = candidates.iter().map(|gav| text::printable(gav).into_owned()).collect();
    Err(ReportError::Ambiguous { name, candidates, more })
}

fn explain(reader: &Reader, row: ItemRow) -> Result<Explained, ReportError> {
    let mut needs = Vec::new();
    for gav in reader.needs(row.id)? {
        let state = reader.find(&gav)?.first().map(|row| row.state.as_str());
        needs.push(Need { gav, state });
    }
    let events = reader.events(row.id)?.into_iter().map(|event| Told { time: text::time(event.at), event }).collect();
    let meaning = meaning(&row);
    // A journal that no run has brought up to date knows none.
    let ids = row.gav.as_deref().and_then(|gav| reader.ids_of(gav).ok().flatten());
    let ids = ids.and_then(|ids| serde_json::from_str(&ids).ok());
    Ok(Explained { row, ids, needs, events, meaning })
}

/// What the state of an item means for whoever asks.
fn meaning(row: &ItemRow) -> String {
    let reason = || text::reason(row.message.as_deref(), row.class.as_deref(), row.http);
    match row.state {
        State::Pending => "not put in order yet: the next run takes it up, unless --only leaves it out".to_owned(),
        State::Blocked if row.class.is_some() => {
            format!("blocked by a failure: {}; once that is mended, `consign retry` takes both up", reason())
        }
        State::Blocked => "waits for another item of this job: one it needs, or an older version of it".to_owned(),
        State::Ready => "nothing holds it up: a run does it as soon as there is room".to_owned(),
        State::Acting => "a step was begun and its outcome is not written yet: a run is doing it, or was killed; \
                          the next run asks the server before it sends anything again"
            .to_owned(),
        State::Waiting if row.message.is_some() => {
            format!("is tried again when its time comes, after this: {}", reason())
        }
        State::Waiting => "the server works on it: a run asks for the result when its time comes".to_owned(),
        State::Done => match &row.published_as {
            Some(gav) => format!("done, as {}; nothing is left to do unless its source changes", text::printable(gav)),
            None => "done; nothing is left to do unless its source changes".to_owned(),
        },
        State::Skipped => format!("left as it is: {}", reason()),
        State::Failed => format!("failed: {}; mend it, then `consign retry`", reason()),
    }
}

fn write_item(item: &Explained, out: &mut dyn Write) -> io::Result<()> {
    let row = &item.row;
    writeln!(out, "{}", name_of(row))?;
    writeln!(out, "  state  {}", row.state)?;
    if let Some(step) = &row.step {
        writeln!(out, "  step   {}, attempt {}", text::printable(step), row.attempt)?;
    }
    if let Some(gav) = &row.published_as {
        writeln!(out, "  as     {}", text::printable(gav))?;
    }
    for (name, id) in item.ids.iter().filter_map(Value::as_object).flatten() {
        let id = id.as_str().map_or_else(|| id.to_string(), |id| text::printable(id).into_owned());
        writeln!(out, "  {name:<5}  {id}")?;
    }
    for need in &item.needs {
        let state = need.state.unwrap_or("not an item of this job: it must be on the server");
        writeln!(out, "  needs  {} ({state})", text::printable(&need.gav))?;
    }
    writeln!(out)?;
    write_events(&item.events, out)?;
    writeln!(out, "\n  now: {}", item.meaning)?;
    if let Some(hint) = &row.hint {
        writeln!(out, "  hint: {}", text::printable(hint))?;
    }
    Ok(())
}

fn write_events(events: &[Told], out: &mut dyn Write) -> io::Result<()> {
    let columns =
        vec![left("  time"), right("run"), left("state"), left("step"), right("attempt"), right("http"), left("note")];
    let mut table = Table::new(out, columns);
    for Told { time, event } in events {
        table.row([
            format!("  {time}"),
            event.run.to_string(),
            event.state.to_string(),
            event.step.clone().unwrap_or_default(),
            if event.attempt > 0 { event.attempt.to_string() } else { String::new() },
            event.http.map(|status| status.to_string()).unwrap_or_default(),
            event.note.clone().unwrap_or_default(),
        ])?;
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, drawn, is_harmless};

    #[tokio::test]
    async fn a_failed_item_is_explained_with_its_needs_its_history_and_what_to_do() {
        let fixture = Fixture::of_every_fate().await;
        insta::assert_snapshot!(drawn(|out| explain_text(fixture.journal.reader(), "acme/orders/1.0.0", out)));
    }

    #[tokio::test]
    async fn a_blocked_item_names_the_failure_it_waits_for() {
        let fixture = Fixture::of_every_fate().await;
        insta::assert_snapshot!(drawn(|out| explain_text(fixture.journal.reader(), "acme/shop/1.0.0", out)));
    }

    #[tokio::test]
    async fn an_item_is_found_by_its_path_and_explained_as_json() {
        let fixture = Fixture::of_every_fate().await;
        let reader = fixture.journal.reader();
        let mut json = serde_json::to_value(explain_json(reader, "oas/billing.yaml").unwrap()).unwrap();
        for event in json["items"][0]["events"].as_array_mut().unwrap() {
            assert!(event["time"].as_str().unwrap().ends_with('Z'));
            event["at"] = 0.into();
            event["time"] = "".into();
        }
        insta::assert_json_snapshot!(json);
    }

    #[tokio::test]
    async fn what_the_journal_does_not_know_is_an_error_that_names_it() {
        let fixture = Fixture::empty().await;
        let error = explain_json(fixture.journal.reader(), "a/b\x1b/1").unwrap_err();
        assert_eq!(error.to_string(), "the journal has no item `a/b\\u{1b}/1` for target sandbox:acme");
    }

    #[tokio::test]
    async fn a_part_of_the_coordinates_will_do_where_it_means_one_item() {
        let fixture = Fixture::of_every_fate().await;
        let reader = fixture.journal.reader();
        let explained = |name: &str| drawn(|out| explain_text(reader, name, out));
        let whole = explained("acme/orders/1.0.0");
        for part in ["orders/1.0.0", "orders", "acme/orders"] {
            assert_eq!(explained(part), whole);
        }
        for nothing in ["1.0.0", "0", "ers/1.0.0", "ers", "", "/", "acme", "%", "orders/1"] {
            let error = explain_json(reader, nothing).unwrap_err();
            assert!(matches!(error, ReportError::NoSuchItem { .. }), "{nothing}: {error}");
        }
    }

    #[tokio::test]
    async fn hostile_words_are_written_out() {
        let fixture = Fixture::hostile().await;
        let mut name = None;
        fixture.journal.reader().rows(crate::journal::StatusFilter::All, |row| name = Some(row.path)).unwrap();
        let text = drawn(|out| explain_text(fixture.journal.reader(), &name.unwrap(), out));
        assert!(is_harmless(&text), "{text:?}");
    }
}
