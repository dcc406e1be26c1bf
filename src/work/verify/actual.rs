//! What the target holds of a version, as far as something is expected of it.

use std::{collections::BTreeMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use super::expected::Expected;
use crate::{
    asset::{Coordinates, FileKey},
    engine::Outcome,
    exchange::{Asset, AssetFile, DownloadError, Exchange, TERMS_PAGE},
    inventory::{Record, read},
    journal::Failure,
    net::CallError,
    package::FileFingerprint,
    work::{
        contents::{ContentError, contents},
        description::Shown,
        failure,
        scratch::Scratch,
    },
};

/// What the target holds.
#[derive(Debug)]
pub(super) struct Actual {
    /// What the inventory reads.
    pub(super) record: Record,
    /// The primary files.
    pub(super) files: BTreeMap<FileKey, FileFingerprint>,
    /// The SHA-256 of the icon, in hex.
    pub(super) icon: Option<String>,
    /// The texts of the pages by name, and what stands for their images; `terms` among them.
    pub(super) shown: Shown,
}

/// Why something of the target could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    /// What happened.
    pub(super) failure: Failure,
    /// Whether nothing else can be read either.
    pub(super) is_halt: bool,
}

impl From<CallError> for Unread {
    fn from(error: CallError) -> Self {
        let is_halt = matches!(failure::outcome(&error), Outcome::Halt(_));
        Self { failure: failure::failure(&error), is_halt }
    }
}

impl Unread {
    fn local(error: &dyn std::error::Error) -> Self {
        Self { failure: Failure::new("local-file", failure::chain(error)), is_halt: false }
    }
}

/// Reads the target.
pub(super) struct Looker {
    pub(super) exchange: Exchange,
    scratch: Arc<Scratch>,
}

impl Looker {
    pub(super) fn new(exchange: Exchange, scratch: Arc<Scratch>) -> Self {
        Self { exchange, scratch }
    }

    /// A version with its instances; `None` where there is none.
    pub(super) async fn version(&self, coordinates: &Coordinates) -> Result<Option<read::Found>, Unread> {
        Ok(read::version(&self.exchange, coordinates, false).await?)
    }

    /// Reads what else is compared.
    pub(super) async fn all(&self, found: read::Found, expected: &Expected) -> Result<Actual, Unread> {
        let read::Found { asset, mut record } = found;
        let files = if expected.content.is_some() { self.files(&asset).await? } else { BTreeMap::new() };
        let icon = if expected.icon.is_some() { self.icon(&asset).await? } else { None };
        let mut texts = read::Texts::default();
        if expected.site.is_some() || !expected.pages.is_empty() {
            read::documents(&self.exchange, &mut record, &mut texts).await?;
        }
        let shown = shown(&record, texts);
        Ok(Actual { record, files, icon, shown })
    }

    /// What the primary files hold.
    pub(super) async fn files(&self, asset: &Asset) -> Result<BTreeMap<FileKey, FileFingerprint>, Unread> {
        contents(&self.exchange, asset, self.scratch.path()).await.map_err(|error| match error {
            ContentError::Download(DownloadError::Call(error)) => error.into(),
            other => Unread::local(&other),
        })
    }

    async fn icon(&self, asset: &Asset) -> Result<Option<String>, Unread> {
        let Some(icon) = read::icon(asset) else { return Ok(None) };
        match self.download(&icon).await {
            Ok((_, _, sha256)) => Ok(Some(hex::encode(sha256))),
            // An address that leads nowhere is no icon.
            Err(unread) if unread.failure.http == Some(404) => Ok(None),
            Err(unread) => Err(unread),
        }
    }

    async fn download(&self, file: &AssetFile) -> Result<(tempfile::NamedTempFile, Utf8PathBuf, [u8; 32]), Unread> {
        let temporary = tempfile::NamedTempFile::new_in(self.scratch.path()).map_err(|error| Unread::local(&error))?;
        let path = Utf8PathBuf::try_from(temporary.path().to_owned()).map_err(|error| Unread::local(&error))?;
        match self.exchange.download(file, &path).await {
            Ok(downloaded) => Ok((temporary, path, downloaded.sha256)),
            Err(DownloadError::Call(error)) => Err(error.into()),
            Err(error) => Err(Unread::local(&error)),
        }
    }
}

/// Pages, terms and images by the names that texts have for them.
pub(super) fn shown(record: &Record, texts: read::Texts) -> Shown {
    let read::Texts(mut texts) = texts;
    let pages = record.pages.iter().map(|page| (page.name.as_str(), page));
    let pages = pages.chain(record.terms.iter().map(|terms| (TERMS_PAGE, terms)));
    let texts = pages.filter_map(|(name, page)| Some((name.to_owned(), texts.remove(&page.file)?))).collect();
    let name = |file: &Utf8Path| file.file_name().unwrap_or_default().to_owned();
    let digests = record.resources.iter().map(|image| (name(&image.file), image.sha256.clone())).collect();
    Shown { texts, digests }
}
