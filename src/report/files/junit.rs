//! Items as JUnit XML: a test case for each, for the CI servers that read it.

use std::io::{self, Write};

use quick_xml::escape::escape;

use super::ReportMeta;
use crate::{
    journal::{ItemRow, Reader, State, StatusFilter},
    report::{ReportError, printable, status::each_row, text},
};

pub(super) fn write(reader: &Reader, meta: &ReportMeta, out: &mut dyn Write) -> Result<(), ReportError> {
    let (counts, run) = (reader.counts()?, reader.last_run()?);
    let totals = format!(
        r#"tests="{}" failures="{}" errors="0" skipped="{}""#,
        counts.total(),
        counts.failed,
        counts.skipped + counts.open()
    );
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="consign" {totals}>"#)?;
    let (name, time) = (xml(&meta.job), text::time(run.started));
    writeln!(out, r#"  <testsuite name="{name}" hostname="{}" timestamp="{time}" {totals}>"#, xml(&meta.target))?;
    each_row(reader, StatusFilter::All, |row| write_case(&row, out))?;
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    Ok(())
}

/// What may stand in XML, in text and attributes alike. Control characters are written out: XML 1.0 has no other way.
fn xml(text: &str) -> String {
    escape(printable(text).as_ref()).into_owned()
}

fn write_case(row: &ItemRow, out: &mut dyn Write) -> io::Result<()> {
    let (class, name) = match row.gav.as_deref().and_then(|gav| gav.rsplit_once('/')) {
        Some((asset, version)) => (asset, version),
        None => ("input", row.path.as_str()),
    };
    let line = row.line.map_or_else(String::new, |line| format!(r#" line="{line}""#));
    write!(out, r#"    <testcase classname="{}" name="{}" file="{}"{line}"#, xml(class), xml(name), xml(&row.path))?;
    match row.state {
        State::Done => writeln!(out, "/>"),
        State::Failed => {
            writeln!(out, ">")?;
            write_failure(row, out)?;
            writeln!(out, "    </testcase>")
        }
        _ => writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", xml(&why_skipped(row))),
    }
}

fn write_failure(row: &ItemRow, out: &mut dyn Write) -> io::Result<()> {
    let (message, class) = (row.message.as_deref().unwrap_or_default(), row.class.as_deref().unwrap_or_default());
    let mut body = text::reason(row.message.as_deref(), row.class.as_deref(), row.http);
    if let Some(hint) = &row.hint {
        body.push_str("\nhint: ");
        body.push_str(&printable(hint));
    }
    // The newline between reason and hint is ours; those of others are written out already.
    writeln!(
        out,
        r#"      <failure type="{}" message="{}">{}</failure>"#,
        xml(class),
        xml(message),
        escape(body.as_str())
    )
}

/// Why an item is neither passed nor failed.
fn why_skipped(row: &ItemRow) -> String {
    match (&row.message, row.state) {
        (Some(message), State::Skipped) => message.clone(),
        (Some(message), state) => format!("{state}: {message}"),
        (None, state) => format!("{state}: not finished yet"),
    }
}
