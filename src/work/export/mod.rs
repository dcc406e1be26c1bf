//! `kind = "export"`: an organization, or what a portal shows, is brought into a directory that people read, edit and
//! publish.
//!
//! 1. **read**: the version itself, its instances, whom it is shared with.
//! 2. **fetch**: its files and its icon, streamed and held to their checksums; what lies in the directory already, and is
//!    the same, is not fetched again.
//! 3. **document**: pages, terms, images.
//! 4. **write**: the folder that was built takes the place of the one that was there.
//!
//! Nothing is sent to the source. What is half built when a run ends is built anew by the next one.

mod filter;
mod listing;
mod origin;
mod plan;
mod trip;

pub(super) use origin::Origin;
pub(super) use plan::plan;
pub(super) use trip::{Portal, Trip};

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use origin::Told;

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    asset::{FileKey, Lifecycle, ListedVersion},
    engine::{Effect, Ending, Outcome, Step, Tally, Work},
    exchange::{AssetFile, DownloadError, DownloadedFile, IconKind},
    inventory::{
        FileRecord, Inventory, Note, PageRecord, Record,
        read::{self, Keep},
    },
    journal::{Failure, Item},
    net::CallError,
    offload::offload,
    work::{failure, publish::SAME_CONTENT},
};

const READ: &str = "read";
const FETCH: &str = "fetch";
const DOCUMENT: &str = "document";
const WRITE: &str = "write";

const STEPS: &[Step] = &[
    Step { name: READ, effect: Effect::Local },
    Step { name: FETCH, effect: Effect::Local },
    Step { name: DOCUMENT, effect: Effect::Local },
    // Not on the server: an item that ends has been acted on, and the journal holds the engine to that.
    Step { name: WRITE, effect: Effect::Write },
];

/// The class of versions that the job leaves out for what only reading them has told.
pub(super) const FILTER: &str = "filter";

/// How long to wait before a file is fetched again that came broken.
const PAUSE: Duration = Duration::from_secs(1);

/// What reading needs beside the versions.
pub(super) struct Export {
    origin: Origin,
    inventory: Inventory,
    /// The states that are wanted; empty: all.
    states: Vec<Lifecycle>,
    attempts: u32,
    tally: Arc<Tally>,
}

/// A version on its way.
pub(super) struct Subject {
    listed: ListedVersion,
    /// What has been read of it, and where it is built.
    built: Option<Built>,
    /// How often this run has been told to try again.
    tries: u32,
}

struct Built {
    told: Told,
    folder: Utf8PathBuf,
    /// The record that lies in the directory.
    old: Option<Record>,
}

impl Export {
    pub(super) fn new(
        origin: Origin,
        inventory: Inventory,
        states: Vec<Lifecycle>,
        attempts: u32,
        tally: Arc<Tally>,
    ) -> Self {
        Self { origin, inventory, states, attempts, tally }
    }

    async fn read(&self, subject: &mut Subject) -> Result<(), Outcome> {
        let gav = &subject.listed.coordinates;
        let read = self.origin.read(&subject.listed).await;
        let Some(told) = read.map_err(|error| failure::outcome(&error))? else {
            let gone = Failure::new("gone", "the source listed it, and has no such version any more");
            return Err(Outcome::End(Ending::Skipped(gone)));
        };
        if let Some(status) =
            told.found.record.status.filter(|status| !self.states.is_empty() && !self.states.contains(status))
        {
            let message = format!("it is {status}, and source.status leaves that out");
            return Err(Outcome::End(Ending::Skipped(Failure::new(FILTER, message))));
        }
        let (inventory, gav) = (self.inventory.clone(), gav.clone());
        let begun = offload(move || {
            let old = inventory.record(&gav);
            inventory.begin(&gav).map(|folder| (folder, old))
        });
        let (folder, old) = begun.await.map_err(|error| local(&error))?;
        subject.built = Some(Built { told, folder, old });
        Ok(())
    }

    /// Brings all files, and the icon where this version speaks for the asset.
    async fn fetch(&self, listed: &ListedVersion, built: &mut Built) -> Result<(), Outcome> {
        let mut wanted: HashMap<FileKey, AssetFile> =
            built.told.found.asset.files.iter().map(|file| (file.key(), file.clone())).collect();
        for index in 0..built.told.found.record.files.len() {
            let mut file = built.told.found.record.files[index].clone();
            let Some(told) = wanted.remove(&file.key).filter(|_| file.file.is_some()) else { continue };
            self.bring(listed, built, &mut file, &told).await?;
            built.told.found.record.files[index] = file;
        }
        if listed.leads
            && let Some(told) = read::icon(&built.told.found.asset)
        {
            built.told.found.record.icon = self.icon(listed, built, &told).await?;
        }
        let record = built.told.found.record.clone();
        built.told.found.record = self.origin.complete(record, &built.folder).await;
        Ok(())
    }

    async fn bring(
        &self,
        listed: &ListedVersion,
        built: &Built,
        file: &mut FileRecord,
        told: &AssetFile,
    ) -> Result<(), Outcome> {
        let Some(name) = file.file.clone() else { return Ok(()) };
        if let Some(old) = built.old.clone() {
            let (inventory, folder, wanted) = (self.inventory.clone(), built.folder.clone(), file.clone());
            if let Some((size, sha256)) = offload(move || inventory.reuse(&folder, &old, &wanted)).await {
                (file.size, file.sha256) = (Some(size), Some(sha256));
                return Ok(());
            }
        }
        let path = built.folder.join(&name);
        let downloaded = match self.origin.download(told, &path).await {
            // A link lives for a short time only: a new one is asked for, once.
            Err(DownloadError::Call(error)) if matches!(error.http(), Some(401 | 403 | 404 | 410)) => {
                self.download_anew(listed, &file.key, &path, error).await
            }
            outcome => outcome,
        };
        let downloaded = downloaded.map_err(|error| refused(error, &name, &path))?;
        (file.size, file.sha256) = (Some(downloaded.len), Some(hex::encode(downloaded.sha256)));
        Ok(())
    }

    async fn download_anew(
        &self,
        listed: &ListedVersion,
        key: &FileKey,
        path: &Utf8Path,
        error: CallError,
    ) -> Result<DownloadedFile, DownloadError> {
        let asset = self.origin.asset(listed).await?;
        match asset.and_then(|asset| asset.files.into_iter().find(|file| file.key() == *key)) {
            Some(told) => self.origin.download(&told, path).await,
            None => Err(error.into()),
        }
    }

    /// Brings the icon. Its kind is that of its bytes: servers name it in several ways.
    async fn icon(
        &self,
        listed: &ListedVersion,
        built: &mut Built,
        told: &AssetFile,
    ) -> Result<Option<FileRecord>, Outcome> {
        let mut icon = FileRecord {
            key: FileKey::new("icon", if told.packaging.is_empty() { "png" } else { &told.packaging }),
            publish_as: None,
            file: Some("icon".into()),
            main_file: None,
            is_generated: false,
            size: None,
            sha256: told.sha256.clone().filter(|text| !text.is_empty()),
            sha1: told.sha1.clone().filter(|text| !text.is_empty()),
            md5: told.md5.clone().filter(|text| !text.is_empty()),
        };
        self.bring(listed, built, &mut icon, told).await?;
        let from = built.folder.join("icon");
        let head = offload({
            let from = from.clone();
            move || head(&from)
        });
        let Some(kind) = IconKind::of(&head.await.map_err(|error| local(&error))?) else {
            built.told.found.record.notes.push(Note::new("icon", "it is no PNG, JPEG, GIF or SVG image"));
            fs_err::tokio::remove_file(&from).await.map_err(|error| local(&error))?;
            return Ok(None);
        };
        let name = format!("icon.{}", kind.packaging());
        fs_err::tokio::rename(&from, built.folder.join(&name)).await.map_err(|error| local(&error))?;
        icon.file = Some(name.into());
        Ok(Some(icon))
    }

    async fn document(&self, listed: &ListedVersion, built: &mut Built) -> Result<(), Outcome> {
        let record = &mut built.told.found.record;
        // A step that is tried again begins anew.
        (record.pages, record.terms, record.resources) = (Vec::new(), None, Vec::new());
        let mut folder = Folder { root: built.folder.clone() };
        let read = self.origin.documents(listed, &mut built.told, &mut folder).await;
        read.map_err(|error| match error {
            CallError::Local(error) => local(&error),
            error => failure::outcome(&error),
        })?;
        let record = &built.told.found.record;
        if let Some(config) = config(&record.pages, record.terms.is_some()) {
            folder
                .keep(&Utf8Path::new(read::DOCS).join("config.json"), config.into())
                .await
                .map_err(|error| local(&error))?;
        }
        Ok(())
    }

    async fn write(&self, built: &Built) -> Result<Ending, Outcome> {
        let (inventory, folder, record) =
            (self.inventory.clone(), built.folder.clone(), built.told.found.record.clone());
        let old = built.old.clone();
        let written = offload(move || {
            if old.is_some_and(|old| old == record && inventory.is_complete(&record)) {
                return fs_err::remove_dir_all(&folder).map(|()| false);
            }
            inventory.finish(&folder, &record).map(|()| true)
        });
        if !written.await.map_err(|error| local(&error))? {
            let proof = Failure::new(SAME_CONTENT, "the directory has all of it as it is on the source");
            return Ok(Ending::Confirmed { proof, fingerprint: None });
        }
        self.tally.add_updated();
        Ok(Ending::Done {
            note: built.old.is_some().then(|| "it has changed on the source".to_owned()),
            fingerprint: None,
        })
    }

    async fn step(&self, subject: &mut Subject, step: &'static str) -> Result<Outcome, Outcome> {
        if step == READ {
            self.read(subject).await?;
            return Ok(Outcome::Next);
        }
        let Subject { listed, built, .. } = subject;
        let Some(built) = built else {
            // A run that was cut off has built nothing that could be gone on with.
            return Ok(Outcome::To { step: READ, fingerprint: None, note: None });
        };
        match step {
            FETCH => self.fetch(listed, built).await?,
            DOCUMENT => self.document(listed, built).await?,
            _ => return self.write(built).await.map(Outcome::End),
        }
        Ok(Outcome::Next)
    }
}

impl Work for Export {
    type Subject = Subject;

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn open(&self, item: &Item) -> Result<Subject, Failure> {
        let listed = serde_json::from_str(&item.draft).map_err(|error| {
            Failure::new("journal", format!("the journal's entry cannot be read: {error}"))
                .hint("the journal was written by another version: `consign retry` lists the source anew")
        })?;
        Ok(Subject { listed, built: None, tries: 0 })
    }

    async fn act(&self, subject: &mut Subject, _item: &Item, step: &'static str) -> Outcome {
        match self.step(subject, step).await {
            // Reading leaves no doubt, and the engine counts only what is written.
            Err(Outcome::Again { failure, after, .. }) => {
                subject.tries += 1;
                if subject.tries >= self.attempts {
                    let message = format!("gave up after {} tries: {}", subject.tries, failure.message);
                    return Outcome::Failed(Failure { message, ..failure });
                }
                Outcome::Again { failure, after, doubt: false }
            }
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    /// No step writes anywhere but here, and what is built is put into its place as often as it takes.
    async fn probe(&self, _subject: &mut Subject, _item: &Item, _step: &'static str) -> Option<Outcome> {
        None
    }
}

/// Puts texts and images into the folder of a version.
struct Folder {
    root: Utf8PathBuf,
}

impl Keep for Folder {
    async fn keep(&mut self, place: &Utf8Path, content: Bytes) -> io::Result<()> {
        let path = self.root.join(place);
        offload(move || {
            if let Some(folder) = path.parent() {
                fs_err::create_dir_all(folder)?;
            }
            fs_err::write(path, content)
        })
        .await
    }
}

/// `config.json` of a folder of pages: their order, and the names of those that no file can have. An image that is not
/// there was not there on the source.
fn config(pages: &[PageRecord], has_terms: bool) -> Option<String> {
    let order: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    let names: serde_json::Map<String, serde_json::Value> = pages
        .iter()
        .filter_map(|page| Some((page.file.file_stem()?.to_owned(), page.name.as_str())))
        .filter(|(stem, name)| stem != name)
        .map(|(stem, name)| (stem, name.into()))
        .collect();
    let mut config = serde_json::json!({ "pageOrder": order, "mayMissImages": true });
    if !names.is_empty() {
        config["pageNames"] = names.into();
    }
    (has_terms || !pages.is_empty()).then(|| format!("{config:#}\n"))
}

/// As much of a file as tells what it is.
fn head(path: &Utf8Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut head = Vec::new();
    fs_err::File::open(path)?.take(4096).read_to_end(&mut head)?;
    Ok(head)
}

/// Why a file could not be brought.
fn refused(error: DownloadError, name: &Utf8Path, path: &Utf8Path) -> Outcome {
    let named = |failure: Failure| Failure { message: format!("file {name}: {}", failure.message), ..failure };
    match error {
        DownloadError::Call(CallError::Local(error)) | DownloadError::Write(error) => {
            local(&io::Error::new(error.kind(), format!("{path}: {error}")))
        }
        DownloadError::Call(error) => match failure::outcome(&error) {
            Outcome::Failed(failure) => Outcome::Failed(named(failure)),
            Outcome::Again { failure, after, doubt } => Outcome::Again { failure: named(failure), after, doubt },
            outcome => outcome,
        },
        error @ DownloadError::Checksum { .. } => {
            Outcome::Again { failure: named(Failure::new("checksum", error.to_string())), after: PAUSE, doubt: false }
        }
        error @ DownloadError::NoAddress => Outcome::Failed(named(Failure::new("bad-reply", error.to_string()))),
    }
}

/// The directory cannot be written to. A disk that is full stops the run: nothing else would fit.
fn local(error: &io::Error) -> Outcome {
    let failure = Failure::new("local-file", format!("cannot write into the directory: {}", failure::chain(error)));
    if failure::is_full(error) {
        return Outcome::Halt(failure.hint("make room, or name another export.directory, and run again to go on"));
    }
    Outcome::Failed(failure)
}

#[cfg(test)]
mod tests;
