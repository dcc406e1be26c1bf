//! Paths of a descriptor: below its folder, and nowhere else.

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::Problem;
use crate::package::detect;

use super::fields::{Text, Wrong};

/// The file that a path names, relative to `base`; the path itself is relative to `folder`, which is below `base`.
pub(super) fn file(base: &Utf8Path, folder: &Utf8Path, path: &Text) -> Result<Utf8PathBuf, Wrong> {
    let written = &path.text;
    let plain = Utf8PathBuf::from(written.replace('\\', "/"));
    let outside = || path.failed(Problem::Reference, format!("`{written}` leads out of the folder of the descriptor"));
    let relative = detect::join_reference(folder, &plain).ok_or_else(outside)?;
    let full = base.join(&relative);
    let metadata = full.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => path.failed(Problem::Missing, format!("`{written}` is not there")),
        kind => path.failed(Problem::Unreadable, format!("`{written}` cannot be read: {kind}")),
    })?;
    // A link may lead anywhere.
    let is_inside = full.canonicalize_utf8().ok().zip(base.canonicalize_utf8().ok());
    if !is_inside.is_some_and(|(file, base)| file.starts_with(base)) {
        return Err(outside());
    }
    if !metadata.is_file() {
        return Err(path.failed(Problem::Invalid, format!("`{written}` is not a file")));
    }
    Ok(relative)
}
