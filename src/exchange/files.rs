//! The files of an asset, brought to disk (EXCHANGE.md §6).

use camino::{Utf8Path, Utf8PathBuf};
use url::Url;

use super::{AssetFile, Exchange};
use crate::net::{Attach, CallError, Downloaded};

/// The largest file taken: the official client allows 200 MB to be uploaded; five times that leaves room for more.
const MAX_FILE: u64 = 1 << 30;

/// A file that lies on disk now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadedFile {
    /// Where it lies.
    pub path: Utf8PathBuf,
    /// How long it is, in bytes.
    pub len: u64,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// Whether the server told a checksum, and it fits.
    pub verified: bool,
}

/// Why a file could not be brought.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server names no address for it.
    #[error("the server gives no address for the file")]
    NoAddress,
    /// It could not be fetched.
    #[error("cannot download the file")]
    Call(#[from] CallError),
    /// What came is not what the server said it would be.
    #[error("the {checksum} of the file is {found}, and the server said {expected}")]
    Checksum {
        /// The kind of checksum.
        checksum: &'static str,
        /// What the server said.
        expected: String,
        /// What came.
        found: String,
    },
    /// It cannot be written.
    #[error("cannot write the file")]
    Write(#[source] std::io::Error),
}

impl Exchange {
    /// Brings a file of an asset to a path. It appears there whole or not at all.
    ///
    /// The external link is its own key and gets no credentials; where it fails (it lives for a short time only), the
    /// address in Exchange is asked, signed.
    ///
    /// # Errors
    /// [`DownloadError`]
    pub async fn download(&self, file: &AssetFile, to: &Utf8Path) -> Result<DownloadedFile, DownloadError> {
        let folder = to.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let (handle, temporary) = tempfile::NamedTempFile::new_in(folder).map_err(DownloadError::Write)?.into_parts();
        let mut handle = tokio::fs::File::from_std(handle);
        let downloaded = self.fetch(file, &mut handle).await?;
        let verified = check(file, &downloaded)?;
        handle.sync_all().await.map_err(DownloadError::Write)?;
        temporary.persist(to).map_err(|error| DownloadError::Write(error.error))?;
        Ok(DownloadedFile { path: to.to_owned(), len: downloaded.length, sha256: downloaded.sha256, verified })
    }

    async fn fetch(&self, file: &AssetFile, handle: &mut tokio::fs::File) -> Result<Downloaded, DownloadError> {
        let links = [(&file.external_link, Attach::Nothing), (&file.download_url, Attach::Credentials)];
        let mut failure = DownloadError::NoAddress;
        for (link, attach) in links {
            let Some(link) = link.as_deref().filter(|link| !link.is_empty()) else { continue };
            let url =
                if link.starts_with('/') { Some(self.client().origin().join(link)) } else { Url::parse(link).ok() };
            let Some(url) = url else { continue };
            if attach == Attach::Credentials && !self.client().origin().owns(&url) {
                failure = CallError::ForeignOrigin {
                    address: format!("{}{}", url.origin().ascii_serialization(), url.path()),
                    origin: self.client().origin().to_string(),
                }
                .into();
                continue;
            }
            match self.client().download(url, attach, handle, MAX_FILE).await {
                Ok(downloaded) => return Ok(downloaded),
                Err(error @ (CallError::Local(_) | CallError::TooLarge { .. })) => return Err(error.into()),
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

/// Compares with the strongest checksum that the server told; `false` where it told none.
fn check(file: &AssetFile, downloaded: &Downloaded) -> Result<bool, DownloadError> {
    let known: [(&'static str, &Option<String>, &[u8]); 3] = [
        ("SHA-256", &file.sha256, &downloaded.sha256),
        ("SHA-1", &file.sha1, &downloaded.sha1),
        ("MD5", &file.md5, &downloaded.md5),
    ];
    for (checksum, expected, found) in known {
        let Some(expected) = expected.as_deref().filter(|text| !text.is_empty()) else { continue };
        let found = hex::encode(found);
        if !expected.eq_ignore_ascii_case(&found) {
            return Err(DownloadError::Checksum { checksum, expected: expected.to_owned(), found });
        }
        return Ok(true);
    }
    Ok(false)
}
