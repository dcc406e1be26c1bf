//! The columns of a manifest of changes.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::super::{SourceError, header, waves};

const NAMES: &[&str] = &[
    "groupId",
    "assetId",
    "version",
    "name",
    "description",
    "contactName",
    "contactEmail",
    "icon",
    "tags",
    "categories",
    "fields",
    "docs",
    "status",
    "visibility",
];

/// The columns with a key behind them.
const PREFIXES: &[&str] = &["categories.", "fields.", "pages.", "instances."];

/// Reads the header: the names of the columns, each of them known.
pub(super) fn parse(path: &Utf8Path, header: &[String]) -> Result<Vec<String>, SourceError> {
    let columns = header::read(path, header, &columns(), hint(), |name| is_column(name).then_some(()))?;
    let names: Vec<String> = columns.into_iter().map(|(name, ())| name).collect();
    if names.iter().any(|name| name == "assetId") {
        return Ok(names);
    }
    let message = "there is no column \"assetId\"".to_owned();
    let hint = "the first line must name the columns, and a row the asset that it changes".to_owned();
    Err(SourceError::Header { path: path.to_owned(), message, hint })
}

/// Refuses defaults that no row could have said: they would be lost without a word.
pub(super) fn check_defaults(defaults: &BTreeMap<String, String>) -> Result<(), SourceError> {
    let unknown = defaults.keys().filter(|name| !is_known(name));
    let told: Vec<String> = unknown.map(|name| header::tell(name, &known())).collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(SourceError::Defaults { message: format!("nothing that a change can say: {}", told.join(", ")), hint: hint() })
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
}

/// What says which row it is, rather than what is to be true of the asset, is a column as well.
fn is_column(name: &str) -> bool {
    name == waves::COLUMN || is_known(name)
}

fn columns() -> Vec<&'static str> {
    known().into_iter().chain([waves::COLUMN]).collect()
}

fn known() -> Vec<&'static str> {
    NAMES.iter().chain(PREFIXES).copied().collect()
}

fn hint() -> String {
    format!(
        "a change has {}, wave, categories.<key>, fields.<key>, pages.<name>, instances.<name>, instances.<name>.visibility; what is published comes from \
         a job of kind \"publish\"",
        NAMES.join(", ")
    )
}
