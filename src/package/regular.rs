//! Opening files that a stranger may have put there: regular files only, and none outside the folder they belong to.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
    time::SystemTime,
};

use camino::{Utf8Path, Utf8PathBuf};

/// What a file was when it was opened: enough to notice that it is another one later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The length in bytes.
    pub(super) len: u64,
    modified: Option<SystemTime>,
}

/// Opens a regular file for reading. Follows symbolic links: see [`inside`].
///
/// The kind is asked before opening, since opening a FIFO waits for a writer, and again on the handle, since the name
/// may lead elsewhere by then.
///
/// # Errors
/// `InvalidInput` for folders, devices, FIFOs and sockets.
pub(super) fn open(path: &Path) -> io::Result<(File, Snapshot)> {
    metadata(path)?;
    let file = File::open(path)?;
    let snapshot = snapshot(&file)?;
    Ok((file, snapshot))
}

/// What a regular file is, without opening it. Follows symbolic links.
///
/// # Errors
/// `InvalidInput` for folders, devices, FIFOs and sockets.
pub(super) fn metadata(path: &Path) -> io::Result<Metadata> {
    let metadata = std::fs::metadata(path)?;
    demand_regular(&metadata)?;
    Ok(metadata)
}

/// What an open file is now.
pub(super) fn snapshot(file: &File) -> io::Result<Snapshot> {
    let metadata = file.metadata()?;
    demand_regular(&metadata)?;
    Ok(Snapshot { len: metadata.len(), modified: metadata.modified().ok() })
}

fn demand_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { "a folder" } else { "a device, a FIFO or a socket" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{kind}, not a file")))
}

/// The real path of `path`, when that lies in `root` (a real path itself).
///
/// # Errors
/// `PermissionDenied` when a symbolic link leads out of `root`.
pub(super) fn inside(root: &Utf8Path, path: &Utf8Path) -> io::Result<Utf8PathBuf> {
    let real = path.canonicalize_utf8()?;
    if real.starts_with(root) {
        return Ok(real);
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "a symbolic link leads out of the asset's folder"))
}
