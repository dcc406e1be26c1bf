//! The icon: all versions of an asset share it.

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    asset::{Coordinates, FileContent, FileKey},
    engine::Outcome,
    exchange::{Asset, AssetFile, DownloadError, IconKind},
    journal::Failure,
    offload::offload,
    work::failure,
};

use super::{
    Describer, Difference,
    files::{local, read},
};

/// An icon to be put in the place of the one that is there.
#[derive(Debug)]
pub(super) struct Icon {
    pub(super) kind: IconKind,
    pub(super) content: Bytes,
}

impl Describer {
    /// The icon to send, where the bytes differ.
    pub(super) async fn compare_icon(
        &self,
        coordinates: &Coordinates,
        asset: &Asset,
        path: &Utf8Path,
    ) -> Result<Option<(Icon, Difference)>, Outcome> {
        let key = FileKey::new("icon", &path.extension().unwrap_or("png").to_ascii_lowercase());
        let content = FileContent::File(path.to_owned());
        let packed = self.pack(coordinates, asset.kind(), (key, content), path).await?;
        let there = there(asset);
        if let Some(there) = &there
            && self.is_same_icon(there, packed.sha256).await?
        {
            return Ok(None);
        }
        let content = Bytes::from(offload(move || read(&packed)).await?);
        let Some(kind) = IconKind::of(&content) else {
            let message = format!("{path}: an icon is a PNG, JPEG, GIF or SVG image, and this is none of them");
            return Err(Outcome::Failed(Failure::new("invalid", message).hint("name another file")));
        };
        let difference = Difference::new("icon", if there.is_some() { "replaced" } else { "added" });
        Ok(Some((Icon { kind, content }, difference)))
    }

    /// Whether the server holds the same bytes: it may tell their digest, and otherwise they are fetched.
    async fn is_same_icon(&self, there: &AssetFile, sha256: [u8; 32]) -> Result<bool, Outcome> {
        if let Some(told) = there.sha256.as_deref().filter(|told| !told.is_empty()) {
            return Ok(told.eq_ignore_ascii_case(&hex::encode(sha256)));
        }
        let file = tempfile::NamedTempFile::new_in(self.scratch.path()).map_err(|error| local(&error))?;
        let path = Utf8PathBuf::try_from(file.path().to_owned()).map_err(|error| local(&error))?;
        match self.exchange.download(there, &path).await {
            Ok(downloaded) => Ok(downloaded.sha256 == sha256),
            // What cannot be compared is replaced: the same icon twice leaves the same.
            Err(DownloadError::NoAddress | DownloadError::Checksum { .. }) => Ok(false),
            Err(DownloadError::Call(error)) => match failure::outcome(&error) {
                Outcome::Failed(failure) => {
                    tracing::warn!(%failure.message, "the icon cannot be read, and is replaced");
                    Ok(false)
                }
                passing => Err(passing),
            },
            Err(error @ DownloadError::Write(_)) => Err(local(&error)),
        }
    }
}

/// The icon that is there: among the files, or an address of its own.
fn there(asset: &Asset) -> Option<AssetFile> {
    let is_icon = |file: &&AssetFile| file.classifier.as_deref() == Some("icon");
    if let Some(file) = asset.files.iter().find(is_icon) {
        return Some(file.clone());
    }
    let address = asset.icon.clone().filter(|address| !address.is_empty())?;
    // Without credentials first; with them only where it leads to Exchange itself.
    Some(AssetFile { external_link: Some(address.clone()), download_url: Some(address), ..AssetFile::default() })
}
