//! `kind = "publish"`: brings assets from files to Exchange.
//!
//! 1. **package**: make the archives, check their size, take the imprint of the content and of all that describes it. What
//!    the journal knows as published ends here, or goes on with *describe* where only its description has changed.
//! 2. **publish**: `POST` the package. A `409` is read: same content is not sent again, other content follows
//!    `on_conflict`, tombstones and publications in progress are told apart.
//! 3. **await**: poll the status link until the publication is completed, within its deadline.
//! 4. **describe**, **settle**, **promote**: see [`description`](super::description).
//!
//! A publication in doubt (a lost reply, a crash) is looked up by its coordinates before anything is sent again. One that
//! is under way and that this job may not have sent is waited for, and then compared like anything else that is there. What
//! vanished from the source goes from the first step to the last.

mod arrive;
mod await_status;
mod change;
mod compare;
mod conflict;
mod foresee;
mod forgotten;
mod imprint;
mod look;
mod probe;
mod prove;
mod retire;
mod send;
mod witness;

#[cfg(test)]
mod tests;

pub(super) use arrive::SAME_CONTENT;
pub(super) use compare::{is_alias, is_primary, same_file};
pub(super) use foresee::{Earlier, OnTarget};

use std::sync::{Arc, atomic::AtomicU32};

use forgotten::Forgotten;
use imprint::Imprint;
use tokio::time::Instant;
use witness::Witness;

use crate::{
    asset::{AssetDraft, Coordinates, CoordinatesError, Description, Lifecycle, OnConflict, Remap},
    engine::{Effect, Outcome, Step, Tally, Work},
    exchange::{Exchange, PublishHeaders},
    job::{self, Metadata},
    journal::{Brought, Failure, Item, Retired, Whose},
    offload::offload,
    package::{Limits, Package, pack_remapped},
    work::{
        asking::Asking,
        description::{self, DESCRIBE, Describer, PROMOTE, Progress, SETTLE},
        existing::Existing,
        rhythm::Rhythm,
        scratch::Scratch,
    },
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
    description::STEPS[0],
    description::STEPS[1],
    description::STEPS[2],
];

/// What publishing an asset needs beside the asset.
pub(super) struct Publish {
    exchange: Exchange,
    settings: job::Publish,
    headers: PublishHeaders,
    limits: Limits,
    /// What becomes of coordinates in what is sent.
    remap: Arc<Remap>,
    /// A folder for archives; gone with the run.
    scratch: Arc<Scratch>,
    tally: Arc<Tally>,
    rhythm: Rhythm,
    /// Whether the server tells of publications by their coordinates.
    witness: Witness,
    /// Conflicts that nobody could explain.
    riddles: AtomicU32,
    describer: Describer,
    existing: Existing,
    forgotten: Forgotten,
}

/// What an item asks for.
pub(super) enum Errand {
    /// An asset is brought to the target.
    Bring(Box<Subject>),
    /// A version is deprecated: it vanished from the source.
    Retire(Retiring),
}

/// A version to be deprecated.
pub(super) struct Retiring {
    coordinates: Coordinates,
    progress: Progress,
}

/// An asset on its way.
pub(super) struct Subject {
    draft: AssetDraft,
    package: Option<Package>,
    /// Digests of content and description, kept in the journal once it is published.
    imprint: Option<Imprint>,
    /// What is to be true of it beside its content.
    wish: Description,
    /// The same, before it was found what of it is true already.
    whole_wish: Description,
    /// How far that is.
    progress: Progress,
    /// Why nothing was published, where the target holds the content already.
    found: Option<String>,
    /// Whether another version of the asset may have been there before this one.
    existed: Option<bool>,
    /// Where it was looked for before it was sent.
    looked_at: Option<Coordinates>,
    /// Whether it was decided what to do about content that has changed.
    change_is_known: bool,
    /// The questions about its publication.
    asking: Asking,
    /// Looks at the server that found nothing.
    fruitless_looks: u32,
    /// Since when it is not known whether it was published.
    doubted_since: Option<Instant>,
    /// Who has sent it.
    sender: Sender,
    /// Whether this job makes the version on the server.
    making: Making,
    /// What it has done to that version.
    brought: Option<Brought>,
    /// Whether the server has answered, though with an error of its own: then it is unlikely to work on it still.
    answered: bool,
}

/// Who has sent what may be under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Sender {
    /// Nobody, or a process before this one: then the journal knows what was sent.
    #[default]
    Known,
    /// This process.
    Us,
    /// Nobody knows who, and what: what it brings has to be compared.
    Stranger,
}

/// Whether a job makes a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Making {
    /// It would be new.
    #[default]
    New,
    /// It is sent over one that was there.
    Over,
}

impl Subject {
    fn new(draft: AssetDraft, wish: Description) -> Self {
        Self {
            draft,
            package: None,
            imprint: None,
            whole_wish: wish.clone(),
            wish,
            progress: Progress::default(),
            found: None,
            existed: None,
            looked_at: None,
            change_is_known: false,
            asking: Asking::default(),
            fruitless_looks: 0,
            doubted_since: None,
            sender: Sender::default(),
            making: Making::default(),
            brought: None,
            answered: false,
        }
    }

    /// What is done to the version on the server, which holds what is known of its files.
    fn brings(&mut self, whose: Whose, server_time: Option<i64>) {
        self.brought = Some(Brought {
            gav: self.draft.coordinates.to_string(),
            whose,
            at: jiff::Timestamp::now().as_millisecond(),
            server_time,
            content: self.imprint.as_ref().and_then(Imprint::files).map(str::to_owned),
        });
    }

    /// What the journal keeps once everything is said.
    fn fingerprint(&self) -> Option<String> {
        self.imprint.as_ref().map(Imprint::to_text)
    }

    /// What the journal keeps once the content is there.
    fn content_fingerprint(&self) -> Option<String> {
        self.imprint.as_ref().map(|imprint| imprint.content_only().to_text())
    }
}

impl Publish {
    pub(super) fn new(
        exchange: Exchange,
        job: &job::Job,
        existing: Existing,
        tally: Arc<Tally>,
    ) -> std::io::Result<Self> {
        let settings = &job.publish;
        let limits = limits(job.limits);
        let scratch = Arc::new(Scratch::new()?);
        let remap = Arc::new(job.remap.clone());
        let describer = Describer::new(
            exchange.clone(),
            job.describe_api,
            limits,
            Arc::clone(&scratch),
            settings.deadline,
            Arc::clone(&tally),
        )
        .remapping(Arc::clone(&remap));
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
            limits,
            remap,
            scratch,
            tally,
            rhythm: Rhythm::default(),
            witness: Witness::default(),
            riddles: AtomicU32::new(0),
            describer,
            existing,
            forgotten: Forgotten::default(),
        })
    }

    /// The journal may have forgotten what an earlier run has sent, which had at most so many items in hand.
    pub(super) fn asking_first(mut self, window: u32) -> Self {
        self.forgotten = Forgotten::within(window);
        self
    }

    /// What is to be true of an asset beside its content, as far as it is the job's business.
    fn wish(&self, draft: &AssetDraft) -> Description {
        match self.settings.metadata {
            Metadata::Update => draft.to_description(),
            Metadata::Leave => Description {
                status: draft.status.filter(|status| *status == Lifecycle::Deprecated),
                ..Description::default()
            },
        }
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
        let remap = Arc::clone(&self.remap);
        let packed = offload(move || {
            let folder = scratch.path();
            let package = pack_remapped(&draft, folder, &limits, &remap).map_err(|diagnosis| {
                // No other item would find more room.
                let class = if diagnosis.path.starts_with(folder) { LOCAL_FILE } else { diagnosis.problem.as_str() };
                Failure { hint: diagnosis.hint.clone(), ..Failure::new(class, diagnosis.to_string()) }
            })?;
            prove::prove(&draft, &package, &remap, folder).map(|()| package)
        });
        match packed.await {
            Ok(package) => {
                subject.imprint = Some(Imprint::of(&subject.draft, &package, &subject.wish));
                subject.package = Some(package);
                Outcome::Next
            }
            Err(failure) if failure.class == LOCAL_FILE => Outcome::Halt(failure),
            Err(failure) => Outcome::Failed(failure),
        }
    }
}

impl Work for Publish {
    type Subject = Errand;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<Errand, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::new("journal", format!("the journal's entry cannot be read: {error}"))
                .hint("the journal was written by another version: `consign retry` reads the source anew")
        };
        if item.retired == Retired::Gone {
            let gav = item.published_as.as_ref().unwrap_or(&item.gav);
            let coordinates = gav.parse().map_err(|e: CoordinatesError| unreadable(&e))?;
            return Ok(Errand::Retire(Retiring { coordinates, progress: Progress::default() }));
        }
        let mut draft: AssetDraft = serde_json::from_str(&item.draft).map_err(|e| unreadable(&e))?;
        if let Some(gav) = &item.published_as {
            retarget(&mut draft, gav.parse().map_err(|e: CoordinatesError| unreadable(&e))?);
        }
        if item.retired == Retired::Back {
            draft.status.get_or_insert(Lifecycle::Published);
        }
        let mut wish = self.wish(&draft);
        wish.yield_to_others(&item.yields);
        say_only(&mut draft, &wish, item);
        Ok(Errand::Bring(Box::new(Subject::new(draft, wish))))
    }

    async fn act(&self, errand: &mut Errand, item: &Item, step: &'static str) -> Outcome {
        let subject = match errand {
            Errand::Bring(subject) => subject,
            Errand::Retire(retiring) if step == PROMOTE => return self.retire(retiring).await,
            Errand::Retire(_) => return Outcome::To { step: PROMOTE, fingerprint: None, note: None },
        };
        match step {
            PACKAGE => match self.package(subject).await {
                Outcome::Next => Self::weigh_change(subject, item),
                outcome => outcome,
            },
            PUBLISH => {
                if let Some(gav) = item.published_as.as_deref().and_then(|gav| gav.parse().ok())
                    && gav != subject.draft.coordinates
                {
                    retarget(&mut subject.draft, gav);
                    // What was said of the other coordinates does not hold for these.
                    (subject.sender, subject.making) = (Sender::default(), Making::default());
                    subject.brought = None;
                }
                if let Some(outcome) = self.follow_change(subject, item).await {
                    return outcome;
                }
                if let Some(outcome) = self.look_first(subject).await {
                    return outcome;
                }
                match self.ask_first(subject).await {
                    Some(outcome) => outcome,
                    None => self.send(subject).await,
                }
            }
            AWAIT => self.await_status(subject, item).await,
            DESCRIBE => self.describe(subject).await,
            SETTLE => self.describer.settle(&mut subject.progress, item).await,
            _ => {
                let promoted =
                    self.describer.promote(&mut subject.progress, &subject.draft.coordinates, &subject.wish).await;
                if promoted == Outcome::Next { Self::described(subject) } else { promoted }
            }
        }
    }

    fn made(&self, errand: &Errand) -> Option<Brought> {
        match errand {
            Errand::Bring(subject) => subject.brought.clone(),
            Errand::Retire(_) => None,
        }
    }

    async fn probe(&self, errand: &mut Errand, item: &Item, step: &'static str) -> Option<Outcome> {
        match errand {
            Errand::Bring(subject) if step == PUBLISH => self.look_up(subject, item).await,
            // The others read before they send.
            Errand::Bring(_) | Errand::Retire(_) => None,
        }
    }
}

pub(super) fn limits(limits: job::PackageLimits) -> Limits {
    let documented = Limits::default();
    Limits {
        spec: limits.spec.unwrap_or(documented.spec),
        jar: limits.jar.unwrap_or(documented.jar),
        icon: limits.icon.unwrap_or(documented.icon),
        svg: limits.svg.unwrap_or(documented.svg),
    }
}

/// Takes out of a draft what a higher version speaks for: publishing it would overwrite what is there. Name, contact and
/// icon stay, since the server takes them from the first version only.
fn say_only(draft: &mut AssetDraft, wish: &Description, item: &Item) {
    if item.yields.is_empty() {
        return;
    }
    let yields = |datum: &str| item.yields.contains(datum);
    if yields("tags") {
        draft.tags = None;
    }
    for (dimension, values) in [("categories", &mut draft.categories), ("fields", &mut draft.fields)] {
        values.by_key.retain(|key, _| !yields(&format!("{dimension}.{key}")));
    }
    draft.files.retain(|file| file.key.classifier() != "docs" || !yields("docs"));
    if yields("terms") {
        let docs = draft.files.iter_mut().find(|file| file.key.classifier() == "docs");
        if let (Some(docs), Some(without_terms)) = (docs, &wish.docs) {
            docs.content = without_terms.clone();
        }
    }
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
