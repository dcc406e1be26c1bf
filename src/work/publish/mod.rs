//! `kind = "publish"`: brings assets from files to Exchange.
//!
//! 1. **package**: make the archives, check their size, take the fingerprint of the content.
//! 2. **publish**: `POST` the package. A `409` is read: same content is skipped, other content follows `on_conflict`,
//!    tombstones and publications in progress are told apart.
//! 3. **await**: poll the status link until the publication is completed, within its deadline.
//!
//! A publication in doubt (a lost reply, a crash) is looked up by its coordinates before anything is sent again.

mod await_status;
mod compare;
mod conflict;
mod foresee;
mod probe;
mod send;
mod witness;

pub(super) use foresee::OnTarget;

use std::sync::{Arc, atomic::AtomicU32};

use camino::Utf8PathBuf;
use sha2::{Digest, Sha256};
use witness::Witness;

use crate::{
    asset::{AssetDraft, Coordinates, CoordinatesError, OnConflict},
    engine::{Clock, Effect, Ending, Outcome, Step, Tally, Work},
    exchange::{Exchange, PublishHeaders},
    job,
    journal::{Failure, Item},
    package::{Limits, Package, pack},
    work::rhythm::Rhythm,
};

const PACKAGE: &str = "package";
const PUBLISH: &str = "publish";
const AWAIT: &str = "await";

/// The class of failures of this machine rather than of an asset.
const LOCAL_FILE: &str = "local-file";

const STEPS: &[Step] = &[
    Step { name: PACKAGE, effect: Effect::Local },
    Step { name: PUBLISH, effect: Effect::Write },
    Step { name: AWAIT, effect: Effect::Await },
];

/// What publishing an asset needs beside the asset.
pub(super) struct Publish {
    exchange: Exchange,
    settings: job::Publish,
    headers: PublishHeaders,
    limits: Limits,
    /// A folder for archives; gone with the run.
    scratch: Arc<tempfile::TempDir>,
    tally: Arc<Tally>,
    clock: Clock,
    rhythm: Rhythm,
    /// Whether the server tells of publications by their coordinates.
    witness: Witness,
    /// Conflicts that nobody could explain.
    riddles: AtomicU32,
}

/// An asset on its way.
pub(super) struct Subject {
    draft: AssetDraft,
    package: Option<Package>,
    /// A digest of content and description, kept in the journal once it is published.
    imprint: Option<String>,
    /// Polls of the status link so far, for their rhythm.
    polls: u32,
    /// Since when the status link has not been found, in milliseconds since 1970.
    lost_since: Option<i64>,
    /// Looks at the server that found nothing.
    fruitless_looks: u32,
    /// Since when it is not known whether it was published, in milliseconds since 1970.
    doubted_since: Option<i64>,
    /// Whether this process has sent it.
    sent: bool,
    /// Whether the server has answered, though with an error of its own: then it is unlikely to work on it still.
    answered: bool,
}

impl Subject {
    fn new(draft: AssetDraft) -> Self {
        Self {
            draft,
            package: None,
            imprint: None,
            polls: 0,
            lost_since: None,
            fruitless_looks: 0,
            doubted_since: None,
            sent: false,
            answered: false,
        }
    }
}

impl Publish {
    pub(super) fn new(
        exchange: Exchange,
        settings: &job::Publish,
        limits: job::PackageLimits,
        tally: Arc<Tally>,
    ) -> std::io::Result<Self> {
        let documented = Limits::default();
        Ok(Self {
            exchange,
            headers: PublishHeaders {
                file_validation: settings.file_validation,
                strict_package: settings.strict_package,
                snapshots_allowed: settings.snapshots_allowed,
                allowed_api_spec_formats: (!settings.allowed_api_spec_formats.is_empty())
                    .then(|| settings.allowed_api_spec_formats.join(",")),
                user_id: settings.user_id.clone(),
                assign_roles: settings.assign_roles,
            },
            settings: settings.clone(),
            limits: Limits {
                spec: limits.spec.unwrap_or(documented.spec),
                jar: limits.jar.unwrap_or(documented.jar),
                icon: limits.icon.unwrap_or(documented.icon),
                svg: limits.svg.unwrap_or(documented.svg),
            },
            scratch: Arc::new(tempfile::Builder::new().prefix("consign-").tempdir()?),
            tally,
            clock: Clock::start(),
            rhythm: Rhythm::default(),
            witness: Witness::default(),
            riddles: AtomicU32::new(0),
        })
    }

    /// What to do about other content under the coordinates of an asset.
    pub(in crate::work) fn on_conflict(&self, draft: &AssetDraft) -> OnConflict {
        draft.on_conflict.unwrap_or(self.settings.on_conflict)
    }

    async fn package(&self, subject: &mut Subject) -> Outcome {
        if subject.package.is_some() {
            return Outcome::Next;
        }
        let (draft, limits, scratch) = (subject.draft.clone(), self.limits, Arc::clone(&self.scratch));
        let packed = tokio::task::spawn_blocking(move || {
            let folder = Utf8PathBuf::try_from(scratch.path().to_owned()).map_err(|error| {
                Failure::new(
                    LOCAL_FILE,
                    format!("the folder for temporary files has a name that is not UTF-8: {error}"),
                )
            })?;
            pack(&draft, &folder, &limits).map_err(|diagnosis| {
                // No other item would find more room.
                let class = if diagnosis.path.starts_with(&folder) { LOCAL_FILE } else { diagnosis.problem.as_str() };
                Failure { hint: diagnosis.hint.clone(), ..Failure::new(class, diagnosis.to_string()) }
            })
        });
        match packed.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
            Ok(package) => {
                subject.imprint = Some(imprint(&subject.draft, &package));
                subject.package = Some(package);
                Outcome::Next
            }
            Err(failure) if failure.class == LOCAL_FILE => Outcome::Halt(failure),
            Err(failure) => Outcome::Failed(failure),
        }
    }
}

impl Work for Publish {
    type Subject = Subject;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<Subject, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::new("journal", format!("the journal's entry cannot be read: {error}"))
                .hint("the journal was written by another version: `consign retry` reads the source anew")
        };
        let mut draft: AssetDraft = serde_json::from_str(&item.draft).map_err(|e| unreadable(&e))?;
        if let Some(gav) = &item.published_as {
            retarget(&mut draft, gav.parse().map_err(|e: CoordinatesError| unreadable(&e))?);
        }
        Ok(Subject::new(draft))
    }

    async fn act(&self, subject: &mut Subject, item: &Item, step: &'static str) -> Outcome {
        match step {
            PACKAGE => match self.package(subject).await {
                Outcome::Next if item.fingerprint.is_some() && item.fingerprint == subject.imprint => unchanged(),
                outcome => outcome,
            },
            PUBLISH => {
                if let Some(gav) = item.published_as.as_deref().and_then(|gav| gav.parse().ok()) {
                    retarget(&mut subject.draft, gav);
                }
                self.send(subject).await
            }
            _ => self.await_status(subject, item).await,
        }
    }

    async fn probe(&self, subject: &mut Subject, _item: &Item, _step: &'static str) -> Option<Outcome> {
        self.look_up(subject).await
    }
}

/// A digest of everything that would be sent: where it lies, when it was written, how it was zipped and what to do about
/// a conflict do not count.
fn imprint(draft: &AssetDraft, package: &Package) -> String {
    let mut lean = draft.clone();
    lean.path.clear();
    lean.line = None;
    lean.stamp.clear();
    lean.origins.clear();
    lean.files.clear();
    lean.on_conflict = None;
    let json = serde_json::to_string(&lean).expect("a draft is plain data with text keys");
    let mut digest = Sha256::new().chain_update(json).chain_update(package.fingerprint.to_string());
    // Documentation does not count when an asset is compared with the server, which keeps it elsewhere; what this job
    // has sent, it does count for.
    for docs in package.parts.iter().filter(|part| part.key.classifier() == "docs") {
        digest.update(docs.fingerprint.to_string());
    }
    hex::encode(digest.finalize())
}

/// Touched, checked out anew, or changed back: the server holds it already.
fn unchanged() -> Outcome {
    let message = "its files were written anew, but hold what this job has published already";
    Outcome::End(Ending::Skipped(Failure::new("same-content", message)))
}

/// Gives an asset other coordinates. An API version that says no more than the major number follows it: Exchange keeps
/// one for each major number, and refuses it under another (EXCHANGE.md §2.4).
fn retarget(draft: &mut AssetDraft, coordinates: Coordinates) {
    let (from, to) = (draft.coordinates.version.major(), coordinates.version.major());
    if let Some(api_version) = draft.properties.get_mut("apiVersion")
        && *api_version == format!("v{from}")
    {
        *api_version = format!("v{to}");
    }
    draft.coordinates = coordinates;
}
