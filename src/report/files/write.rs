//! Which report goes where.

use std::{
    io::{BufWriter, Write},
    str::FromStr,
};

use camino::Utf8Path;

use super::{csv, html, junit};
use crate::{
    journal::Reader,
    report::{ReportError, Summary, report_json},
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
        Format::Json => report_json(reader)?.job(&meta.job).write(&mut out)?,
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

/// Writes a file that appears whole or not at all: a disk that fills up costs nobody the report that was there before.
///
/// # Errors
/// [`ReportError`], which names the file.
pub fn write_file(
    path: &Utf8Path,
    content: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let unwritable = |source| ReportError::File { path: path.to_owned(), source };
    // What is no file (a device, a pipe) is written to as it is, and a link leads to the file that is meant.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let mut there = fs_err::OpenOptions::new().write(true).open(path).map_err(unwritable)?;
        return content(&mut there).map_err(|error| error.in_file(path));
    }
    let real = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Reports are made to be passed on: they have the mode that the system gives.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(unwritable)?;
    content(&mut file).map_err(|error| error.in_file(path))?;
    file.persist(&real).map_err(|error| unwritable(error.error)).map(drop)
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::report::{
        Outcome,
        fixture::{Fixture, drawn, is_harmless},
    };

    fn meta() -> ReportMeta {
        ReportMeta { job: "nightly".to_owned(), target: "sandbox:acme".to_owned() }
    }

    fn report(format: Format, fixture: &Fixture) -> String {
        drawn(|out| write_report(format, fixture.journal.reader(), &meta(), out))
    }

    #[tokio::test]
    async fn csv_has_a_row_for_each_item() {
        insta::assert_snapshot!(report(Format::Csv, &Fixture::of_every_fate().await));
    }

    #[tokio::test]
    async fn junit_has_a_case_for_each_item() {
        insta::assert_snapshot!(report(Format::Junit, &Fixture::of_every_fate().await));
    }

    #[tokio::test]
    async fn html_has_the_summary_then_failures_then_all_items() {
        let page = report(Format::Html, &Fixture::of_every_fate().await);
        // The style is judged by eyes, not by this test.
        let (head, rest) = page.split_once("<style>").unwrap();
        let (_, body) = rest.split_once("</style>").unwrap();
        insta::assert_snapshot!(format!("{head}<style>…</style>{body}"));
    }

    #[tokio::test]
    async fn html_asks_nobody_for_anything() {
        let page = report(Format::Html, &Fixture::of_every_fate().await);
        for asks in ["http://", "https://", "src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(asks), "{asks}");
        }
    }

    #[tokio::test]
    async fn json_has_all_items() {
        let fixture = Fixture::of_every_fate().await;
        let json: serde_json::Value = serde_json::from_str(&report(Format::Json, &fixture)).unwrap();
        assert_eq!(json["job"], "nightly");
        assert_eq!(json["items"].as_array().unwrap().len(), 9);
    }

    #[tokio::test]
    async fn hostile_words_stay_words_in_every_file() {
        let fixture = Fixture::hostile().await;
        for format in [Format::Html, Format::Csv, Format::Junit] {
            let text = report(format, &fixture);
            assert!(is_harmless(&text), "{format:?}: {text:?}");
            assert!(format == Format::Csv || !text.contains("<script"), "{format:?}: {text}");
        }
        let csv = report(Format::Csv, &fixture);
        let mut csv = ::csv::Reader::from_reader(csv.as_bytes());
        for cell in &csv.records().next().unwrap().unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
        let junit = report(Format::Junit, &fixture);
        let mut xml = quick_xml::Reader::from_str(&junit);
        while !matches!(xml.read_event().expect("well-formed"), quick_xml::events::Event::Eof) {}
    }

    #[test]
    fn a_report_that_cannot_be_written_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("items.csv")).unwrap();
        write_file(&path, |out| Ok(out.write_all(b"whole")?)).unwrap();
        let broken = write_file(&path, |out| {
            out.write_all(b"ha")?;
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into())
        });
        assert!(broken.unwrap_err().to_string().contains("items.csv"));
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "whole");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else is left");
        #[cfg(unix)]
        {
            let link = path.with_file_name("link.csv");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            write_file(&link, |out| Ok(out.write_all(b"anew")?)).unwrap();
            assert_eq!(fs_err::read_to_string(&path).unwrap(), "anew");
            write_file("/dev/null".into(), |out| Ok(out.write_all(b"nobody's")?)).unwrap();
        }
    }

    #[tokio::test]
    async fn all_reports_of_a_run_go_into_one_directory() {
        let fixture = Fixture::of_every_fate().await;
        let directory = Utf8PathBuf::from_path_buf(fixture.directory.path().join("new/reports")).unwrap();
        let summary = Summary {
            job: "nightly".to_owned(),
            run: "0193".to_owned(),
            outcome: Outcome::Partial,
            counts: fixture.journal.counts().unwrap(),
            published: 0,
            updated: 0,
            exported: None,
            created: None,
            requests: 0,
            polls: 0,
            refused: 0,
            bytes: 0,
            seconds: 0.0,
        };
        write_all(&directory, fixture.journal.reader(), &meta(), &summary).unwrap();
        let read = |name| std::fs::read_to_string(directory.join(name)).unwrap();
        assert_eq!(read("summary.json"), summary.to_json() + "\n");
        assert!(read("items.csv").starts_with("gav,path,"));
        assert!(read("junit.xml").ends_with("</testsuites>\n"));
        assert!(read("report.html").ends_with("</html>\n"));
        let error = write_all(&directory.join("items.csv"), fixture.journal.reader(), &meta(), &summary).unwrap_err();
        assert!(error.to_string().contains("items.csv"), "{error}");
    }
}
