//! The header of a manifest: which column holds what.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::FileKey;

use super::SourceError;

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
}

/// The columns of a manifest, with their names as the header spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns(pub(crate) Vec<(String, Column)>);

impl Columns {
    /// Reads the header.
    pub(crate) fn parse(path: &Utf8Path, header: &[String]) -> Result<Self, SourceError> {
        let refuse = |message: String, hint: String| SourceError::Header { path: path.to_owned(), message, hint };
        if let [only] = header
            && let Some(separator) = [';', '\t', '|'].into_iter().find(|separator| only.contains(*separator))
        {
            let name = if separator == '\t' { "tabs".to_owned() } else { format!("`{separator}`") };
            return Err(refuse(
                format!("the columns are separated by {name}"),
                "separate them by commas (spreadsheets: save as \"CSV UTF-8 (comma delimited)\")".to_owned(),
            ));
        }
        let mut columns: Vec<(String, Column)> = Vec::with_capacity(header.len());
        let mut unknown = Vec::new();
        for name in header {
            let name = name.trim();
            match column(name) {
                Some(_) if columns.iter().any(|(known, _)| known == name) => {
                    return Err(refuse(format!("column \"{name}\" is there twice"), "remove one of them".to_owned()));
                }
                Some(column) => columns.push((name.to_owned(), column)),
                None => unknown.push(name),
            }
        }
        if !unknown.is_empty() {
            let told: Vec<String> = unknown.iter().map(|name| tell(name)).collect();
            let hint = format!(
                "the columns are {}, properties.<key>, categories.<key>, fields.<key>, instances.<name>, \
                 files.<classifier>.<packaging>",
                NAMES.join(", ")
            );
            return Err(refuse(format!("unknown columns: {}", told.join(", ")), hint));
        }
        if !columns.iter().any(|(name, _)| matches!(name.as_str(), "path" | "assetId")) {
            let message = "there is neither a column \"path\" nor a column \"assetId\"".to_owned();
            return Err(refuse(message, "the first line must name the columns".to_owned()));
        }
        Ok(Self(columns))
    }
}

fn column(name: &str) -> Option<Column> {
    if name == "path" {
        return Some(Column::Path);
    }
    if name.starts_with("files.") {
        return name.parse().ok().map(Column::File);
    }
    let is_keyed = PREFIXES.iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix));
    (NAMES.contains(&name) || is_keyed).then_some(Column::Fact)
}

fn tell(name: &str) -> String {
    let lower = name.to_lowercase().replace(['_', '-', ' '], "");
    let known = NAMES.iter().chain(PREFIXES).chain(&["files."]);
    let near = known
        .map(|known| (distance(&lower, &known.to_lowercase()), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min();
    match (name.is_empty(), near) {
        (true, _) => "a column without a name".to_owned(),
        (_, Some((_, known))) => format!("\"{name}\" (did you mean \"{known}\"?)"),
        _ => format!("\"{name}\""),
    }
}

/// The number of insertions, deletions and replacements between two short texts.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
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
