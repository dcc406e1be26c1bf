//! Items as CSV, safe to open in a spreadsheet.

use std::{borrow::Cow, io::Write};

use crate::{
    journal::{ItemRow, Reader, StatusFilter},
    report::{ReportError, printable, status::each_row},
};

const HEADS: [&str; 11] =
    ["gav", "path", "line", "state", "step", "attempt", "publishedAs", "class", "http", "message", "hint"];

pub(super) fn write(reader: &Reader, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADS)?;
    each_row(reader, StatusFilter::All, |row| {
        let cells = cells(&row);
        Ok(csv.write_record(cells.iter().map(|cell| safe(cell).into_owned()))?)
    })?;
    csv.flush()?;
    Ok(())
}

fn cells(row: &ItemRow) -> [String; 11] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        text(&row.gav),
        row.path.clone(),
        row.line.map(|line| line.to_string()).unwrap_or_default(),
        row.state.to_string(),
        text(&row.step),
        row.attempt.to_string(),
        text(&row.published_as),
        text(&row.class),
        row.http.map(|status| status.to_string()).unwrap_or_default(),
        text(&row.message),
        text(&row.hint),
    ]
}

/// A cell that a spreadsheet takes for text. One that begins like a formula gets an apostrophe before it; control
/// characters are written out.
fn safe(cell: &str) -> Cow<'_, str> {
    let shown = printable(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{shown}").into() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, safely) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(safe(cell), safely);
        }
    }
}
