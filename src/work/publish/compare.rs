//! Comparing what the server holds with what we would send.

use super::{Publish, Subject};
use crate::{
    asset::{AssetType, FileKey},
    engine::Outcome,
    exchange::{Asset, AssetFile, DownloadError},
    journal::Failure,
    package::FileFingerprint,
    work::{
        contents::{ContentError, content},
        failure,
    },
};

/// What a comparison found, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The contents are the same; the text is the proof.
    Same(String),
    /// They differ; the text says how.
    Different(String),
}

impl Publish {
    /// Compares the primary files, whoever zipped them; what the server adds by itself does not count.
    pub(super) async fn compare(&self, subject: &Subject, asset: &Asset) -> Result<Comparison, Outcome> {
        let (ours, theirs) = (&subject.draft.asset_type, asset.kind());
        if !theirs.as_str().is_empty() && theirs != *ours && !is_alias(ours, &theirs) {
            return Ok(Comparison::Different(format!("the server holds a {theirs}, this is a {ours}")));
        }
        let package = subject.package.as_ref().expect("a comparison comes after the package step");
        let mut compared = 0;
        for (key, ours) in package.fingerprint.files() {
            let Some(file) = counterpart(asset, key) else {
                return Ok(Comparison::Different(format!("the server has no {key}")));
            };
            let theirs = self.fingerprint(file).await?;
            if !ours.same_content(&theirs) {
                let names: Vec<&str> = ours.differences(&theirs).into_iter().take(3).collect();
                return Ok(Comparison::Different(format!("{key} differs: {}", names.join(", "))));
            }
            compared += 1;
        }
        let more = asset
            .files
            .iter()
            .find(|file| is_primary(file) && !package.fingerprint.files().keys().any(|key| matches(file, key)));
        if let Some(file) = more {
            return Ok(Comparison::Different(format!("the server also has {}", file.key())));
        }
        Ok(Comparison::Same(match compared {
            0 => "same type and no files".to_owned(),
            _ => format!(
                "same content in {}",
                package.fingerprint.files().keys().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
        }))
    }

    async fn fingerprint(&self, file: &AssetFile) -> Result<FileFingerprint, Outcome> {
        content(&self.exchange, file, self.scratch.path()).await.map_err(|error| match &error {
            ContentError::Download(DownloadError::Call(call)) => failure::outcome(call),
            // What came was cut off, or garbled on its way.
            ContentError::Download(DownloadError::Checksum { .. }) => Outcome::Again {
                failure: Failure::new("checksum", failure::chain(&error)),
                after: failure::PAUSE,
                doubt: false,
            },
            // No other item would find more room.
            ContentError::Scratch(_) | ContentError::Download(DownloadError::Write(_)) => {
                Outcome::Halt(Failure::new("local-file", failure::chain(&error)).hint("TMPDIR names the folder to use"))
            }
            _ => Outcome::Failed(Failure::new("local-file", failure::chain(&error))),
        })
    }
}

/// The server's file for one of ours: the same classifier, whatever it is packed as.
fn counterpart<'a>(asset: &'a Asset, key: &FileKey) -> Option<&'a AssetFile> {
    let exact = asset.files.iter().find(|file| !file.is_generated && file.key() == *key);
    exact.or_else(|| asset.files.iter().find(|file| !file.is_generated && matches(file, key)))
}

fn matches(file: &AssetFile, key: &FileKey) -> bool {
    same_file(&file.key(), key)
}

/// Whether the server's file is one of ours, whatever it is packed as.
pub(in crate::work) fn same_file(theirs: &FileKey, ours: &FileKey) -> bool {
    theirs.classifier() == ours.classifier() && (ours.classifier.is_some() || theirs.packaging == ours.packaging)
}

/// Whether a file was published rather than derived: not generated, not the complete twin of an archive, not its POM, an
/// icon or documentation (EXCHANGE.md §2.8).
pub(in crate::work) fn is_primary(file: &AssetFile) -> bool {
    let classifier = file.classifier.as_deref().unwrap_or_default();
    let derived = ["fat-", "light-", "original-"].iter().any(|prefix| classifier.starts_with(prefix));
    let aside = matches!(classifier, "icon" | "docs" | "rest-api-metadata")
        || (classifier.is_empty() && file.packaging == "pom");
    !file.is_generated && !derived && !aside
}

/// Types that read back under another name (EXCHANGE.md §2.1).
pub(in crate::work) fn is_alias(ours: &AssetType, theirs: &AssetType) -> bool {
    use AssetType::{Connector, Extension, Policy};
    matches!((ours, theirs), (Connector | Policy, Extension) | (Extension, Connector | Policy))
}
