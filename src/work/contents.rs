//! What the files of a version hold, read from the server.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::publish::is_primary;
use crate::{
    asset::FileKey,
    exchange::{Asset, AssetFile, DownloadError, Exchange},
    offload::offload,
    package::{ArchiveBudget, ArchiveError, FileFingerprint, fingerprint_file},
};

/// Why it cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContentError {
    /// A file could not be had.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// What came cannot be read.
    #[error("cannot read the file")]
    Read(#[source] ArchiveError),
    /// There is no room for it.
    #[error("cannot make a temporary file")]
    Scratch(#[source] std::io::Error),
}

/// What the primary files of a version hold, whoever packed them; what the server made by itself does not count. Files
/// lie in a folder while they are read.
pub(super) async fn contents(
    exchange: &Exchange,
    asset: &Asset,
    scratch: &Utf8Path,
) -> Result<BTreeMap<FileKey, FileFingerprint>, ContentError> {
    let mut files = BTreeMap::new();
    for file in asset.files.iter().filter(|file| is_primary(file)) {
        files.insert(file.key(), content(exchange, file, scratch).await?);
    }
    // A parent POM is published as nothing but a POM.
    if files.is_empty()
        && let Some(pom) = asset.files.iter().find(|file| file.key() == FileKey::bare("pom") && !file.is_generated)
    {
        files.insert(pom.key(), content(exchange, pom, scratch).await?);
    }
    Ok(files)
}

/// What a file of a version holds.
pub(super) async fn content(
    exchange: &Exchange,
    file: &AssetFile,
    scratch: &Utf8Path,
) -> Result<FileFingerprint, ContentError> {
    let temporary = tempfile::NamedTempFile::new_in(scratch).map_err(ContentError::Scratch)?;
    let path = Utf8PathBuf::try_from(temporary.path().to_owned())
        .map_err(|error| ContentError::Scratch(std::io::Error::other(error)))?;
    exchange.download(file, &path).await?;
    let key = file.key();
    let print = offload(move || {
        let print = fingerprint_file(&key, Utf8Path::new(&path), &ArchiveBudget::default());
        drop(temporary);
        print
    });
    print.await.map_err(ContentError::Read)
}
