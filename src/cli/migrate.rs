//! A migration from the command line: both halves, one after the other.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use tokio_util::sync::CancellationToken;

use super::{
    Exit, Problem,
    connect::{self, Connected},
    run::{Manner, carry_out},
    signals,
    status::journal_problem,
};
use crate::{
    asset::Coordinates,
    inventory,
    job::{Export, Filter, Job, Route, SourceSpec, Wish},
    journal::Lock,
    package::remap::text_rewriter,
};

/// What is left behind where a source was cut over: its versions are deprecated for having moved, and a migration that read
/// that would deprecate them on the target as well.
pub(super) fn refuse_cut_over(job: &Job) -> Result<(), Problem> {
    let mark = cutover_mark(job);
    if !mark.exists() {
        return Ok(());
    }
    Err(Problem::new("the source of this migration was cut over: its versions are deprecated because they have moved")
        .hint(Some(format!("to bring it again, deprecations and all, remove {mark}"))))
}

/// The file that tells of it.
pub(super) fn cutover_mark(job: &Job) -> Utf8PathBuf {
    job.export.as_ref().map_or_else(|| job.journal.clone(), |export| export.journal.clone()).with_extension("cutover")
}

/// Carries it out: all is read, and what was read is written. What could not be read keeps nothing else back.
pub(super) async fn run(job: &Job, manner: &Manner, stop: CancellationToken) -> Result<Exit, Problem> {
    refuse_cut_over(job)?;
    let reading = reading(job);
    let locks =
        (Lock::take(&reading.journal).map_err(journal_problem)?, Lock::take(&job.journal).map_err(journal_problem)?);
    let aside = Manner { report: manner.report.as_ref().map(|folder| folder.join("export")), ..manner.clone() };
    aside.prepare()?;
    manner.prepare()?;
    let (source, target) = ends(&reading, job).await?;
    let exit = both(job, &reading, locks, (&source, &target), (&aside, manner), stop).await;
    source.close().await;
    target.close().await;
    exit
}

async fn both(
    job: &Job,
    reading: &Job,
    locks: (Lock, Lock),
    (source, target): (&Connected, &Connected),
    (first, second): (&Manner, &Manner),
    stop: CancellationToken,
) -> Result<Exit, Problem> {
    let read = carry_out(reading, locks.0, source, first, stop.clone()).await?;
    if !matches!(read, Exit::Success | Exit::Partial) {
        return Ok(read);
    }
    let writing = writing(job, source, target)?;
    let written = carry_out(&writing, locks.1, target, second, stop).await?;
    Ok(if matches!(written, Exit::Success) { read } else { written })
}

/// Reads the source, for a plan of what would be written, and returns that half. Nothing is sent to the target.
pub(super) async fn read_ahead(job: &Job, manner: &Manner) -> Result<(Job, Connected), Problem> {
    let stop = CancellationToken::new();
    signals::watch(stop.clone());
    let reading = reading(job);
    let lock = Lock::take(&reading.journal).map_err(journal_problem)?;
    let (source, target) = ends(&reading, job).await?;
    let read = carry_out(&reading, lock, &source, manner, stop).await;
    let writing = read.and_then(|read| match read {
        Exit::Success | Exit::Partial => writing(job, &source, &target),
        exit => Err(Problem::new("the source was not read to its end").exits(exit)),
    });
    source.close().await;
    match writing {
        Ok(writing) => Ok((writing, target)),
        Err(problem) => {
            target.close().await;
            Err(problem)
        }
    }
}

/// The half that reads.
pub(super) fn reading(job: &Job) -> Job {
    job.reading().expect("only migrations are led here")
}

/// The half that writes, once both ends are known and all was read.
pub(super) fn writing(job: &Job, source: &Connected, target: &Connected) -> Result<Job, Problem> {
    let (from, to) = (source.connection.exchange.organization(), &target.connection);
    let route = Route { from, to: to.exchange.organization(), group: &to.group };
    let mut writing = job.writing(route).map_err(|error| Problem::of(&error).hint(error.hint()))?;
    rewrite_definitions(&mut writing);
    refuse_homeless(job, &writing)?;
    Ok(writing)
}

/// Names and values of definitions are texts like those of assets.
fn rewrite_definitions(writing: &mut Job) {
    let Job { remap, definitions, .. } = writing;
    let rewriter = text_rewriter(remap);
    let rewrite = |text: &mut String| {
        if let Some(changed) = rewriter(text) {
            *text = changed;
        }
    };
    for definition in definitions.categories.iter_mut().chain(&mut definitions.fields) {
        if let Wish::There { name, values, .. } = &mut definition.wish {
            std::iter::once(name).chain(values).for_each(rewrite);
        }
    }
}

/// Business groups of the source that the table does not mention would be looked for on the target under their old ids.
fn refuse_homeless(job: &Job, writing: &Job) -> Result<(), Problem> {
    let export = job.export.as_ref().expect("only migrations are led here");
    let groups = groups(&export.manifest())?;
    let homeless = export.unplaced(groups.iter().map(String::as_str), &writing.remap);
    let Some(first) = homeless.first() else { return Ok(()) };
    let named: Vec<&str> = homeless.iter().copied().collect();
    Err(Problem::new(format!("nothing says what becomes of the business groups {}", named.join(", ")))
        .hint(Some(format!("name each in the job: [remap] groups = {{ \"{first}\" = \"<a group of the target>\" }}"))))
}

fn groups(manifest: &Utf8Path) -> Result<BTreeSet<String>, Problem> {
    Ok(listed(manifest)?.into_iter().map(|version| version.group_id).collect())
}

/// What an inventory lists, by the coordinates of the source.
pub(super) fn listed(manifest: &Utf8Path) -> Result<Vec<Coordinates>, Problem> {
    inventory::listed(manifest).map_err(|error| Problem::new("the inventory cannot be read").because(&error))
}

/// Both ends of a migration, and whether both let us in: hours of reading are not to end at a wrong password.
async fn ends(reading: &Job, job: &Job) -> Result<(Connected, Connected), Problem> {
    let source = connect::connect(reading).await?;
    let target = connect::connect(job).await?;
    for (which, end) in [("source", &source), ("target", &target)] {
        let connection = &end.connection;
        connection.exchange.client().sign_in().await.map_err(|error| {
            let message = format!("cannot sign in at the {which}, {}", connection.name);
            Problem::new(message).because(&error).hint(error.hint())
        })?;
    }
    let (from, to) = (&source.connection, &target.connection);
    if from.name == to.name
        && from.exchange.organization() == to.exchange.organization()
        && to.group == to.exchange.organization()
    {
        return Err(Problem::new("the source and the target are the same organization")
            .hint(Some("target.organization, or target.group, says where it goes")));
    }
    Ok((source, target))
}

/// A migration whose source is read into a folder of its own, which goes with it: what lies in the inventory, and what the
/// journals say, may be old.
pub(super) struct Aside {
    pub(super) job: Job,
    _folder: tempfile::TempDir,
}

impl Aside {
    pub(super) fn of(job: &Job) -> Result<Self, Problem> {
        let export = job.export.as_ref().expect("only migrations are led here");
        let problem =
            |error: std::io::Error| Problem::new("cannot make a folder to read the source into").because(&error);
        let folder = tempfile::Builder::new().prefix("consign-verify-").tempdir().map_err(problem)?;
        let root = Utf8PathBuf::try_from(folder.path().to_owned()).map_err(|error| {
            Problem::new("the folder for temporary files has a name that is not UTF-8").because(&error)
        })?;
        let directory = root.join("inventory");
        fs_err::create_dir(&directory).map_err(problem)?;
        // What people have said in the manifest is what is meant: its waves, and what they have changed.
        for name in inventory::MANIFEST_FILES {
            let from = export.directory.join(name);
            if from.exists() {
                fs_err::copy(from, directory.join(name)).map_err(problem)?;
            }
        }
        let export =
            Export { journal: root.join("export.db"), directory, reread: true, companions: None, ..export.clone() };
        let source = SourceSpec::Manifest(export.manifest());
        let job = Job { source, export: Some(export), ..job.clone() };
        Ok(Self { job, _folder: folder })
    }

    /// What was read, by the coordinates of the source.
    pub(super) fn listed(&self) -> Result<Vec<Coordinates>, Problem> {
        listed(&self.job.export.as_ref().expect("only migrations are led here").manifest())
    }

    /// The groups of the target that are to hold nothing else; `None` where the job brings only a part of the source.
    pub(super) fn groups(&self, writing: &Job) -> Result<Option<Vec<String>>, Problem> {
        let export = self.job.export.as_ref().expect("only migrations are led here");
        if export.filter != Filter::default() || self.job.wave.is_some() {
            return Ok(None);
        }
        let groups = groups(&export.manifest())?;
        let there: BTreeSet<String> = groups.iter().map(|group| writing.remap.group(group).to_owned()).collect();
        Ok(Some(there.into_iter().collect()))
    }
}
