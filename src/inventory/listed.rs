//! The versions that the manifest of an inventory lists.

use std::io;

use camino::Utf8Path;

use crate::asset::Coordinates;

/// The coordinates in the rows of a manifest, as the source has them; rows without any are left out.
///
/// # Errors
/// Where it cannot be read, or is no CSV.
pub fn listed(manifest: &Utf8Path) -> io::Result<Vec<Coordinates>> {
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(fs_err::File::open(manifest)?);
    let headers = rows.headers()?.clone();
    let columns = ["groupId", "assetId", "version"].map(|wanted| headers.iter().position(|name| name.trim() == wanted));
    let mut listed = Vec::new();
    let mut row = csv::StringRecord::new();
    while rows.read_record(&mut row)? {
        let [group, asset, version] =
            columns.map(|column| column.and_then(|column| row.get(column)).unwrap_or_default().trim());
        listed.extend(version.parse().ok().and_then(|version| Coordinates::new(group, asset, version).ok()));
    }
    Ok(listed)
}
