//! By what a file is known not to have changed.

use std::{
    fs::Metadata,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};

/// Raise this with every change of what is told about a file: of `package::detect`, of `package::docs`, of what
/// `source` asks for, and of how answers are written down. What earlier code has told is then not believed any more. A snapshot in
/// `source::tests::answers` changes with the answers, and has to change with this.
/// The version of the program counts as well, so that a release reads everything once, whatever was forgotten here.
pub(crate) const DETECTION: u32 = 5;

/// A file that was written so shortly before it was read may be written again without a trace: clocks of file systems
/// tick as slowly as every two seconds (FAT).
const RACE: Duration = Duration::from_secs(2);

/// A digest of what a file is known by: its size, its time of modification in nanoseconds and, where the platform has
/// them, its inode and the time when that came to be; and of the code that looked at it.
///
/// The time of the last change of the inode (`ctime`) is left out: backups, changes of owner and links touch it every
/// night, and what goes into an asset is known by size and time of modification in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark([u8; 32]);

impl Mark {
    /// The mark of a file; `None` where the platform does not tell when it was written.
    pub(super) fn of(metadata: &Metadata, detection: u32) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        let mut digest = Sha256::new();
        digest.update(env!("CARGO_PKG_VERSION"));
        digest.update([0]);
        digest.update(detection.to_be_bytes());
        digest.update(metadata.len().to_be_bytes());
        digest.update(nanos(modified).to_be_bytes());
        digest.update(inode(metadata).to_be_bytes());
        digest.update(metadata.created().map_or(0, nanos).to_be_bytes());
        Some(Self(digest.finalize().into()))
    }

    /// The digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Whether a file that is looked at now could be written once more without its time of modification showing it.
pub(super) fn is_racy(metadata: &Metadata, now: SystemTime) -> bool {
    metadata.modified().map_or(true, |modified| modified + RACE > now)
}

/// Nanoseconds since 1970, before it as negative numbers.
fn nanos(time: SystemTime) -> i128 {
    let since = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -since(before.duration()), since)
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
