//! What a job comes to: nothing, new metadata, or a new version.

use fs_err as fs;

use crate::asset::{Lifecycle, Version};

use super::super::{
    app::Shared,
    problem::Problem,
    store::{Asset, Tables, VersionRecord},
};
use super::{
    compare::fingerprint,
    job::Described,
    request::Metadata,
    version::{Choice, Taken, choose},
};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// Content and metadata are as they are.
    Skip(Version),
    /// The content is as it is, the metadata is new.
    Describe(Version),
    /// A version is to be published.
    Publish(Version, Lifecycle),
}

impl Plan {
    /// The version that it is about.
    pub(super) fn version(&self) -> &Version {
        match self {
            Self::Skip(version) | Self::Describe(version) | Self::Publish(version, _) => version,
        }
    }
}

/// The content of a job: the classifier, and the fingerprint of its archive.
pub(super) struct Content<'a> {
    pub(super) classifier: &'a str,
    pub(super) fingerprint: Option<String>,
}

/// Compares a job with what Exchange holds. This reads files.
pub(super) fn decide(
    shared: &Shared,
    group: &str,
    metadata: &Metadata,
    content: &Content<'_>,
    digest: &str,
) -> Result<Plan, Problem> {
    let (asset, described, choice) = shared.state.read(|tables| look(tables, group, metadata))?;
    let publish = Plan::Publish(choice.next, choice.status);
    let Some(current) = choice.current.filter(|_| !metadata.forced_publish) else { return Ok(publish) };
    if metadata.forced_update {
        return Ok(Plan::Describe(current));
    }
    let version = asset.as_ref().and_then(|asset| asset.get(&current));
    if !version.is_some_and(|version| is_same(shared, version, content)) {
        return Ok(publish);
    }
    Ok(if described.is_some_and(|said| said.metadata == digest) {
        Plan::Skip(current)
    } else {
        Plan::Describe(current)
    })
}

/// The asset, what the last job said of the version that a job is compared with, and the choice of the version.
fn look(
    tables: &Tables,
    group: &str,
    metadata: &Metadata,
) -> Result<(Option<Asset>, Option<Described>, Choice), Problem> {
    let id = metadata.asset_id.as_str();
    let asset = tables.asset(group, id)?;
    let alive = asset.iter().flat_map(|asset| &asset.versions);
    let alive = alive.map(|known| Taken { version: known.gav.version.clone(), status: Some(known.status) });
    let buried = tables.buried(group, id)?.into_iter().map(|grave| Taken { version: grave.gav.version, status: None });
    let taken: Vec<Taken> = alive.chain(buried).collect();
    let base = metadata.base().ok_or_else(|| Problem::bad_request("request/body/metadata/version is invalid"))?;
    let choice = choose(base, metadata.strategy(), &taken);
    let described = match &choice.current {
        Some(current) => tables.kept(&format!("{group}/{id}"), &current.to_string())?,
        None => None,
    };
    Ok((asset, described, choice))
}

/// Whether a version has the content of a job.
fn is_same(shared: &Shared, version: &VersionRecord, content: &Content<'_>) -> bool {
    // The file that keeps everything that was uploaded, whether it came alone or in an archive.
    let whole = format!("fat-{}", content.classifier);
    let Some(file) = version.files.iter().find(|file| file.key.classifier() == whole) else { return false };
    let path = shared.blobs.path(&file.blob.digests.sha256);
    let known = fs::File::open(path).ok().and_then(|mut file| fingerprint(&mut file));
    known.is_some() && known == content.fingerprint
}
