//! The header of a manifest: which column holds what.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::FileKey;

use super::{SourceError, header, waves};

/// The columns with a fixed name; they are the names of the publish call (EXCHANGE.md §3.1).
const NAMES: &[&str] = &[
    "path",
    "groupId",
    "assetId",
    "version",
    "type",
    "name",
    "description",
    "status",
    "tags",
    "categories",
    "fields",
    "keywords",
    "dependencies",
    "contactName",
    "contactEmail",
    "docs",
    "icon",
    "visibility",
    waves::COLUMN,
];
/// The columns with a key behind them.
const PREFIXES: &[&str] = &["properties.", "categories.", "fields.", "instances."];

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    /// The path of the input.
    Path,
    /// A value, by the name of the fact.
    Fact,
    /// A file of the publish call.
    File(FileKey),
    /// The wave of the row.
    Wave,
}

/// The columns of a manifest, with their names as the header spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns(pub(crate) Vec<(String, Column)>);

impl Columns {
    /// Reads the header.
    pub(crate) fn parse(path: &Utf8Path, header: &[String]) -> Result<Self, SourceError> {
        let known: Vec<&str> = NAMES.iter().chain(PREFIXES).chain(&["files."]).copied().collect();
        let hint = format!(
            "the columns are {}, properties.<key>, categories.<key>, fields.<key>, instances.<name>, instances.<name>.visibility, \
             files.<classifier>.<packaging>",
            NAMES.join(", ")
        );
        let columns = header::read(path, header, &known, hint, column)?;
        if !columns.iter().any(|(name, _)| matches!(name.as_str(), "path" | "assetId")) {
            let message = "there is neither a column \"path\" nor a column \"assetId\"".to_owned();
            let hint = "the first line must name the columns".to_owned();
            return Err(SourceError::Header { path: path.to_owned(), message, hint });
        }
        Ok(Self(columns))
    }
}

fn column(name: &str) -> Option<Column> {
    match name {
        "path" => return Some(Column::Path),
        waves::COLUMN => return Some(Column::Wave),
        _ => {}
    }
    if name.starts_with("files.") {
        return name.parse().ok().map(Column::File);
    }
    let is_keyed = PREFIXES.iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix));
    (NAMES.contains(&name) || is_keyed).then_some(Column::Fact)
}

/// The folder that the paths of a manifest are relative to.
pub(crate) fn base(manifest: &Utf8Path) -> Utf8PathBuf {
    match manifest.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder.to_owned(),
        _ => Utf8PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(header: &[&str]) -> String {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        Columns::parse(Utf8Path::new("m.csv"), &header).expect_err("refused").to_string()
    }

    #[test]
    fn misspelt_columns_are_named_with_a_suggestion() {
        let message = refused(&["path", "asset_id", "colour"]);
        assert_eq!(message, "m.csv:1: unknown columns: \"asset_id\" (did you mean \"assetId\"?), \"colour\"");
    }

    #[test]
    fn a_header_of_very_many_columns_is_read_in_time_and_told_in_short() {
        let named: Vec<String> = (0..50_000).map(|number| format!("properties.a{number}")).collect();
        let header: Vec<&str> = ["path"].into_iter().chain(named.iter().map(String::as_str)).collect();
        assert!(refused(&[header.as_slice(), &["path"]].concat()).contains("there twice"));
        let unknown: Vec<String> = (0..50_000).map(|number| format!("nobody{number}")).collect();
        let message = refused(&unknown.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(message.ends_with("\"nobody19\", and 49980 more"), "{message}");
    }

    #[test]
    fn other_separators_are_recognised() {
        assert!(refused(&["path;assetId;version"]).contains("separated by `;`"));
        assert!(refused(&["path\tassetId"]).contains("separated by tabs"));
    }

    #[test]
    fn a_header_needs_something_to_publish() {
        assert!(refused(&["name", "version"]).contains("neither a column"));
        assert!(refused(&["path", "path"]).contains("twice"));
        assert!(refused(&["path", "files.a/b.zip"]).contains("files.a/b.zip"));
    }
}
