//! Items as a page that needs nothing but itself: no script, no request to anywhere, light and dark.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::ReportMeta;
use crate::{
    journal::{Counts, ItemRow, Reader, RunTotals, State, StatusFilter},
    report::{ReportError, printable, status::each_row, summary, text},
};

/// Even if something slipped through, the page may load and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("report.css");

pub(super) fn write(reader: &Reader, meta: &ReportMeta, out: &mut dyn Write) -> Result<(), ReportError> {
    let counts = reader.counts()?;
    writeln!(out, "{}", opening(meta).into_string())?;
    writeln!(out, "{}", overview(meta, &counts, &reader.last_run()?, &reader.target_name()?).into_string())?;
    write_failures(reader, out)?;
    write_items(reader, &counts, out)?;
    writeln!(out, "</main></body></html>")?;
    Ok(())
}

/// Everything before the content; `body` and `main` are closed by [`write`].
fn opening(meta: &ReportMeta) -> Markup {
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">"))
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { (printable(&meta.job)) " – consign" }
            style { (PreEscaped(STYLE)) }
        }
        (PreEscaped("<body><main>"))
    }
}

fn overview(meta: &ReportMeta, counts: &Counts, run: &RunTotals, target: &str) -> Markup {
    let did = summary::totals_of(run, target);
    html! {
        h1 { (printable(&meta.job)) }
        p.lead {
            @if counts.failed > 0 { (text::number(counts.failed)) " of " (text::count(counts.total(), "item")) " failed" }
            @else if counts.open() > 0 { (text::number(counts.open())) " of " (text::count(counts.total(), "item")) " left to do" }
            @else { "all of " (text::count(counts.total(), "item")) " done or skipped" }
        }
        (bar(*counts))
        dl {
            dt { "target" } dd { (printable(&meta.target)) }
            dt { "last run" } dd { (printable(&run.uuid)) }
            dt { "began" } dd { (text::time(run.started)) }
            dt { "ended" } dd {
                @match (run.ended, &run.outcome) {
                    (Some(ended), Some(outcome)) => { (text::time(ended)) ", " (printable(outcome)) }
                    _ => { "not yet, or it was killed" }
                }
            }
            dt { "it did" } dd { (did) }
        }
    }
}

/// States in the order of the bar: what is good first.
const ORDER: [State; 8] = [
    State::Done,
    State::Skipped,
    State::Acting,
    State::Waiting,
    State::Ready,
    State::Pending,
    State::Blocked,
    State::Failed,
];

fn present(mut counts: Counts) -> Vec<(State, u64)> {
    ORDER.map(|state| (state, *counts.of(state))).into_iter().filter(|(_, n)| *n > 0).collect()
}

/// The shares of the states, in words below and as a bar above.
fn bar(counts: Counts) -> Markup {
    html! {
        div.bar aria-hidden="true" {
            @for (state, n) in present(counts) { span class=(state.as_str()) style={ "flex-grow:" (n) } {} }
        }
        ul.states {
            @for (state, n) in present(counts) { li { span class={ "dot " (state) } {} (text::number(n)) " " (state) } }
        }
    }
}

/// What failed, each with its reason and hint; nothing at all when nothing did.
fn write_failures(reader: &Reader, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut any = false;
    each_row(reader, StatusFilter::Failed, |row| {
        if !any {
            any = true;
            writeln!(out, "<h2>What failed, and what waits for it</h2>\n<ol class=\"failures\">")?;
        }
        writeln!(out, "{}", failure(&row).into_string())
    })?;
    if any {
        writeln!(out, "</ol>")?;
    }
    Ok(())
}

fn failure(row: &ItemRow) -> Markup {
    html! {
        li {
            (badge(row.state)) " " strong { (printable(row.gav.as_deref().unwrap_or(&row.path))) }
            @if row.gav.is_some() { " " span.path { (place(row)) } }
            p { (text::reason(row.message.as_deref(), row.class.as_deref(), row.http)) }
            @if let Some(hint) = &row.hint { p.hint { "Hint: " (printable(hint)) } }
        }
    }
}

fn badge(state: State) -> Markup {
    html! { span class={ "badge " (state) } { (state) } }
}

fn place(row: &ItemRow) -> String {
    let line = row.line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}", printable(&row.path))
}

fn write_items(reader: &Reader, counts: &Counts, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "{}", table_opening(counts).into_string())?;
    each_row(reader, StatusFilter::All, |row| write_row(&row, out))?;
    writeln!(out, "</tbody></table></section>")?;
    Ok(())
}

/// The heads of the table, and buttons that leave only one state in it: radio buttons, for a page without scripts.
fn table_opening(counts: &Counts) -> Markup {
    html! {
        (PreEscaped("<section class=\"items\">"))
        h2 { "All items" }
        div.filter role="radiogroup" aria-label="Show items by state" {
            label { input type="radio" name="show" value="all" checked; " all" }
            @for (state, _) in present(*counts) {
                label { input type="radio" name="show" value=(state.as_str()); " " (state) }
            }
        }
        (PreEscaped("<table>"))
        thead { tr { th { "State" } th { "Asset" } th { "Source" } th { "Remark" } } }
        (PreEscaped("<tbody>"))
    }
}

fn write_row(row: &ItemRow, out: &mut dyn Write) -> io::Result<()> {
    let remark = row.message.is_some().then(|| text::reason(row.message.as_deref(), row.class.as_deref(), row.http));
    let markup = html! {
        tr class=(row.state.as_str()) {
            td { (badge(row.state)) }
            td {
                (printable(row.gav.as_deref().unwrap_or("–")))
                @if let Some(gav) = &row.published_as { br; "as " (printable(gav)) }
            }
            td.path { (place(row)) }
            td { @if let Some(remark) = remark { (remark) } }
        }
    };
    writeln!(out, "{}", markup.into_string())
}
