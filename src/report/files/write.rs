//! Which report goes where.

use std::{
    io::{BufWriter, Write},
    str::FromStr,
};

use camino::Utf8Path;

use super::{csv, html, junit};
use crate::{
    journal::{Reader, StatusFilter},
    report::{ReportError, StatusJson, Summary},
};

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page that needs nothing but itself.
    Html,
    /// The status, with all items.
    Json,
    /// A row for each item.
    Csv,
    /// A test case for each item, as CI servers read it.
    Junit,
}

impl Format {
    /// All forms.
    pub const ALL: [Self; 4] = [Self::Html, Self::Json, Self::Csv, Self::Junit];

    /// Its name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Junit => "junit",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a form of report: html, json, csv or junit"))
    }
}

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportMeta {
    /// The name of the job.
    pub job: String,
    /// The target, as people know it.
    pub target: String,
}

/// Writes a report of everything that the journal knows about its target.
pub fn write_report(
    format: Format,
    reader: &Reader,
    meta: &ReportMeta,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut out = BufWriter::new(out);
    match format {
        Format::Html => html::write(reader, meta, &mut out)?,
        Format::Json => StatusJson::read(reader, Some(StatusFilter::All))?.job(&meta.job).write(&mut out)?,
        Format::Csv => csv::write(reader, &mut out)?,
        Format::Junit => junit::write(reader, meta, &mut out)?,
    }
    out.flush()?;
    Ok(())
}

/// Writes the reports of a run into a directory: `summary.json`, `items.csv`, `junit.xml` and `report.html`.
pub fn write_all(
    directory: &Utf8Path,
    reader: &Reader,
    meta: &ReportMeta,
    summary: &Summary,
) -> Result<(), ReportError> {
    fs_err::create_dir_all(directory).map_err(|source| ReportError::File { path: directory.to_owned(), source })?;
    write_file(&directory.join("summary.json"), |out| Ok(writeln!(out, "{}", summary.to_json())?))?;
    for (name, format) in [("items.csv", Format::Csv), ("junit.xml", Format::Junit), ("report.html", Format::Html)] {
        write_file(&directory.join(name), |out| write_report(format, reader, meta, out))?;
    }
    Ok(())
}

fn write_file(
    path: &Utf8Path,
    content: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let mut file = fs_err::File::create(path).map_err(|source| ReportError::File { path: path.to_owned(), source })?;
    content(&mut file).map_err(|error| error.in_file(path))
}
