//! The header of a CSV file: its names, and what to say about those that nobody knows.

use std::collections::HashSet;

use camino::Utf8Path;

use super::SourceError;

/// The most names that are told of a header that nobody knows.
const TOLD: usize = 20;

/// Reads a header: each name with what `column` makes of it. `known` are the names, and the beginnings of names, that
/// are suggested for one that is misspelt; `hint` lists them all.
pub(crate) fn read<C>(
    path: &Utf8Path,
    header: &[String],
    known: &[&str],
    hint: String,
    column: impl Fn(&str) -> Option<C>,
) -> Result<Vec<(String, C)>, SourceError> {
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
    let mut columns: Vec<(String, C)> = Vec::with_capacity(header.len());
    let mut seen = HashSet::with_capacity(header.len());
    let mut unknown = Vec::new();
    for name in header {
        let name = name.trim();
        match column(name) {
            Some(_) if !seen.insert(name) => {
                return Err(refuse(format!("column \"{name}\" is there twice"), "remove one of them".to_owned()));
            }
            Some(column) => columns.push((name.to_owned(), column)),
            None => unknown.push(name),
        }
    }
    if unknown.is_empty() {
        return Ok(columns);
    }
    let mut told: Vec<String> = unknown.iter().take(TOLD).map(|name| tell(name, known)).collect();
    if unknown.len() > TOLD {
        told.push(format!("and {} more", unknown.len() - TOLD));
    }
    Err(refuse(format!("unknown columns: {}", told.join(", ")), hint))
}

/// A name that nobody knows, with the one that was meant.
pub(crate) fn tell(name: &str, known: &[&str]) -> String {
    let lower = name.to_lowercase().replace(['_', '-', ' '], "");
    let near = known
        .iter()
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
