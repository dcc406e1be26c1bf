//! The groups of what an inventory lists.

use std::{collections::BTreeSet, io};

use camino::Utf8Path;

/// The groups that rows of a manifest name.
///
/// # Errors
/// Where it cannot be read, or is no CSV.
pub fn groups(manifest: &Utf8Path) -> io::Result<BTreeSet<String>> {
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(fs_err::File::open(manifest)?);
    let column = rows.headers()?.iter().position(|name| name.trim() == "groupId");
    let mut groups = BTreeSet::new();
    let mut row = csv::StringRecord::new();
    while rows.read_record(&mut row)? {
        let group = column.and_then(|column| row.get(column)).map(str::trim).unwrap_or_default();
        if !group.is_empty() && !groups.contains(group) {
            groups.insert(group.to_owned());
        }
    }
    Ok(groups)
}
