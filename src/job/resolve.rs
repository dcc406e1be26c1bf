//! A job with every value decided: file, command line, environment and defaults laid over each other.

use std::{collections::BTreeMap, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::Remap;

use super::{
    JobError, OnConflict, defaults,
    definitions::Definitions,
    export::{self, Export},
    file::{
        CredentialsFrom, DescribeApi, JobFile, Kind, Metadata, Mode, OnVanished, PaceTable, PublishTable,
        SandboxChoice, SourceSpec, SourceTable,
    },
    portal::{self, Access, Applications, PortalName},
    remap,
    secrets::{self, Parsed},
    text, wave,
};

/// A job, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The job file.
    pub file: Utf8PathBuf,
    /// What it does.
    pub kind: Kind,
    /// Its name: that of the file, if it gives none.
    pub name: String,
    /// Where to.
    pub target: Target,
    /// Where from.
    pub source: SourceSpec,
    /// The rows of a manifest that are meant, by its column `wave`; `None`: all.
    pub wave: Option<String>,
    /// Which files of a directory to look at; empty: all.
    pub include: Vec<String>,
    /// Which files of a directory to leave out.
    pub exclude: Vec<String>,
    /// The facts of this build that the conditions of a `catalog.yaml` are held to: name and value.
    pub criteria: Vec<(String, String)>,
    /// Values for assets that bring none, by the name of the multipart field.
    pub defaults: BTreeMap<String, String>,
    /// How to publish.
    pub publish: Publish,
    /// Which version of the API describes assets.
    pub describe_api: DescribeApi,
    /// The categories and custom fields that have to be there.
    pub definitions: Definitions,
    /// Whether the target is looked at before anything is sent.
    pub preflight: bool,
    /// How fast.
    pub pace: Pace,
    /// What is read of an organization, for a job that does.
    pub export: Option<Export>,
    /// What becomes of coordinates in what is sent.
    pub remap: Remap,
    /// What becomes of client applications, for a job that brings them.
    pub applications: Option<Applications>,
    /// How access is asked for, for a job that does.
    pub access: Option<Access>,
    /// How large files may be.
    pub limits: PackageLimits,
    /// Where the journal is.
    pub journal: Utf8PathBuf,
    /// Where the embedded sandbox keeps its state: beside the journal, so that a second run sees what the first one
    /// published; or where that of another job does.
    pub sandbox: Utf8PathBuf,
}

/// Where assets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The server.
    pub place: Place,
    /// The organization's id; `None`: the one of the credentials, or the sandbox's.
    pub organization: Option<String>,
    /// The group of assets that name none; `None`: the organization.
    pub group: Option<String>,
    /// The portal, for a job that works on one.
    pub portal: PortalName,
    /// Certificates to trust beside those of the system (PEM).
    pub ca_file: Option<Utf8PathBuf>,
    /// Where credentials come from.
    pub credentials: CredentialsFrom,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A sandbox inside this process.
    Sandbox,
    /// A host name, or an origin.
    Host(String),
}

/// How to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the other fields are the headers of EXCHANGE.md §3.1")]
pub struct Publish {
    /// At once, or with a status link.
    pub mode: Mode,
    /// What to do when the target holds other content.
    pub on_conflict: OnConflict,
    /// What to do when the content has changed since this job published it; `None`: as on a conflict.
    pub on_change: Option<OnConflict>,
    /// What to do about assets that are no longer in the source.
    pub on_vanished: OnVanished,
    /// What to do about what describes an asset that is published already.
    pub metadata: Metadata,
    /// How long one publication may take.
    pub deadline: Duration,
    pub file_validation: Option<bool>,
    pub strict_package: Option<bool>,
    pub snapshots_allowed: Option<bool>,
    pub allowed_api_spec_formats: Vec<String>,
    pub user_id: Option<String>,
    pub assign_roles: Option<bool>,
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// A ceiling; `None`: as fast as the server lets us.
    pub requests_per_second: Option<f64>,
    /// Requests in flight.
    pub concurrency: usize,
    /// Publications accepted by the server and not finished.
    pub publications: usize,
    /// How often a step of an item is tried in one run before the item fails.
    pub attempts: u32,
}

/// How large files may be, in bytes; `None` is the documented limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the kind of file of its name")]
pub struct PackageLimits {
    pub spec: Option<u64>,
    pub jar: Option<u64>,
    pub icon: Option<u64>,
    pub svg: Option<u64>,
}

/// What the command line says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Run against the embedded sandbox.
    pub sandbox: bool,
    /// Another host.
    pub host: Option<String>,
    /// Another organization.
    pub organization: Option<String>,
    /// Requests per second.
    pub rate: Option<f64>,
    /// Requests in flight.
    pub concurrency: Option<usize>,
    /// Another wave.
    pub wave: Option<String>,
    /// Another journal.
    pub journal: Option<Utf8PathBuf>,
    /// Facts of this build: they replace those of the file by name.
    pub criteria: Vec<(String, String)>,
}

/// The host that is meant when nobody names one (EXCHANGE.md §1.4).
pub const DEFAULT_HOST: &str = "anypoint.mulesoft.com";

/// Writes in flight when the job names no number: EXCHANGE.md §8 advises four writes and eight reads.
const DEFAULT_CONCURRENCY: usize = 8;

impl Job {
    /// What the journal knows the job by: its kind, its name, and its wave. Several jobs may share a journal. What a migration writes,
    /// its publishing half writes.
    #[must_use]
    pub fn key(&self) -> String {
        let kind = if self.kind == Kind::Migrate { Kind::Publish } else { self.kind };
        let wave = self.wave.as_ref().map(|wave| format!(":{wave}")).unwrap_or_default();
        format!("{}:{}{wave}", kind.as_str(), self.name)
    }

    /// Reads a job file, and lays the command line and the environment over it.
    ///
    /// The command line comes first, then the environment (`ANYPOINT_HOST`, `ANYPOINT_ORG`: the order of the official
    /// CLI), then the file. A job that says `sandbox = true` stays in the sandbox whatever the environment says: only
    /// `--host` leads it out.
    pub fn load(path: &Utf8Path, over: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, JobError> {
        let text = fs_err::read_to_string(path).map_err(|source| JobError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text, over, env)
    }

    fn parse(
        path: &Utf8Path,
        text: &str,
        over: &Overrides,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, JobError> {
        let file: JobFile = toml::from_str(text).map_err(|error| {
            let Parsed { message, is_secret } = secrets::parse_message(text, &error);
            JobError::Parse { path: path.to_owned(), message, is_secret }
        })?;
        let value =
            |key: &str, message: String| JobError::Value { path: path.to_owned(), key: key.to_owned(), message };
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let stem = path.file_stem().unwrap_or("job");
        let name = file.name.clone().unwrap_or_else(|| stem.to_owned());
        check_name(&name).map_err(|m| value("name", m))?;
        secrets::check_names(&file.target.credentials)
            .map_err(|(key, m)| value(&format!("target.credentials.{key}"), m))?;
        let wave = over.wave.as_ref().or(file.source.wave.as_ref());
        let wave = wave.map(|wave| wave::check(wave)).transpose().map_err(|m| value("source.wave", m))?;
        let beside = |wave| folder.join(".consign").join(wave::journal(&name, wave));
        let journal = over.journal.clone().unwrap_or_else(|| beside(wave.as_deref()));
        // All waves go to the same target.
        let whole = over.journal.clone().unwrap_or_else(|| beside(None));
        let source_journal = if file.kind == Kind::Migrate { whole.with_extension("export.db") } else { whole.clone() };
        let source_sandbox =
            sandbox(&file.source.sandbox, folder, &source_journal).map_err(|m| value("source.sandbox", m))?;
        let sandbox = match file.kind {
            Kind::Export => source_sandbox.clone(),
            Kind::Publish | Kind::Describe | Kind::Migrate | Kind::Applications | Kind::Access => {
                sandbox(&file.target.sandbox, folder, &whole).map_err(|m| value("target.sandbox", m))?
            }
        };
        let mut export = reads(file.kind, over, env)
            .map(|(over, env)| {
                let places = (source_journal, source_sandbox);
                export::resolve(&file.source, &file.export, (folder, &name), places, &over, &*env)
            })
            .transpose()
            .map_err(|(key, m)| value(&key, m))?;
        if let (None, Some(key)) = (&export, file.source.of_an_organization()) {
            let message = "is for jobs of kind `export` and `migrate`, which read an organization".to_owned();
            return Err(value(&format!("source.{key}"), message));
        }
        let written = Target {
            place: place(&file, over, env).map_err(|m| value("target", m))?,
            organization: organization(&file, over, env),
            group: file.target.group.clone(),
            portal: PortalName::of(&file.target),
            ca_file: file.target.ca_file.as_ref().map(|ca| folder.join(ca)),
            credentials: CredentialsFrom {
                file: file.target.credentials.file.as_ref().map(|f| folder.join(f)),
                ..file.target.credentials.clone()
            },
        };
        let (source, include, exclude) = match &export {
            Some(export) if file.kind == Kind::Migrate => {
                (SourceSpec::Manifest(export.manifest()), Vec::new(), Vec::new())
            }
            Some(export) => (SourceSpec::Organization(export.directory.clone()), Vec::new(), Vec::new()),
            None => source(&file.source, folder).map_err(|m| value("source", m))?,
        };
        // The one server that such a job speaks to is the one that it reads.
        let read = export.as_ref().filter(|_| file.kind == Kind::Export);
        let target = read.map_or(written, |export| export.source.clone());
        if file.kind == Kind::Describe && !matches!(source, SourceSpec::Manifest(_)) {
            return Err(value("source", "a describe job changes what a `manifest` lists: name that".to_owned()));
        }
        if wave.is_some() && !matches!(source, SourceSpec::Manifest(_)) {
            return Err(value("source.wave", "only a `manifest` has a column that tells waves".to_owned()));
        }
        let names = portal::Names { folder, journal: &journal };
        let (applications, access) = portal::resolve(&file, &source, names, (path, text))?;
        let criteria = criteria(&file.source, over).map_err(|(key, m)| value(&key, m))?;
        let definitions = Definitions::resolve(&file.definitions, (path, text), folder)?;
        let publish = publish(file.publish).map_err(|m| value("publish.deadline", m))?;
        let own_pace = pace(&file.pace, over).map_err(|(key, m)| value(key, m))?;
        let pace = read.map_or(own_pace, |export| export.pace);
        let limits = limits(&file.limits).map_err(|(key, m)| value(&format!("limits.{key}"), m))?;
        let remap = remap::resolve(&file.remap, text).map_err(|message| JobError::Parse {
            path: path.to_owned(),
            message,
            is_secret: false,
        })?;
        if file.kind == Kind::Migrate && file.source.portal.is_some() {
            let message =
                "a migration reads an organization: export the portal, and publish what it brought".to_owned();
            return Err(value("source.portal", message));
        }
        if let Some(companions) = export.as_mut().and_then(|export| export.companions.as_mut()) {
            (companions.remap, companions.group) = (remap.clone(), file.target.group.clone());
        }
        if file.kind == Kind::Migrate && export.as_ref().is_some_and(|export| export.source.organization.is_none()) {
            let message = "a migration names the organization that it reads: its id, or its name".to_owned();
            return Err(value("source.organization", message));
        }
        if file.kind == Kind::Describe && !remap.is_empty() {
            let message = "a describe job names assets as the target does: nothing is rewritten".to_owned();
            return Err(value("remap", message));
        }
        if file.kind == Kind::Export && (!remap.is_empty() || file.target.is_named()) {
            let message = "an export sends nothing: [target] and [remap] are for the job that publishes the inventory";
            return Err(value("kind", message.to_owned()));
        }
        let defaults = defaults::flatten(&file.defaults).map_err(|(key, m)| value(&format!("defaults.{key}"), m))?;
        Ok(Self {
            file: path.to_owned(),
            kind: file.kind,
            name,
            target,
            source,
            wave,
            include,
            exclude,
            criteria,
            defaults,
            publish,
            describe_api: file.describe.api,
            definitions,
            preflight: !file.preflight.skip,
            pace,
            export,
            remap,
            applications,
            access,
            limits,
            journal,
            sandbox,
        })
    }
}

/// The name becomes a file name.
fn check_name(name: &str) -> Result<(), String> {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(legal) {
        return Err(format!("`{name}` must be letters, digits, `-`, `_`, `.` or blanks, and not begin with a dot"));
    }
    Ok(())
}

fn place(file: &JobFile, over: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Place, String> {
    if over.sandbox && over.host.is_some() {
        return Err("--sandbox and --host contradict each other".to_owned());
    }
    if let Some(host) = &over.host {
        return Ok(Place::Host(host.clone()));
    }
    if is_sandboxed(file, over) {
        return Ok(Place::Sandbox);
    }
    let host = env("ANYPOINT_HOST").filter(|h| !h.is_empty()).or_else(|| file.target.host.clone());
    Ok(Place::Host(host.unwrap_or_else(|| DEFAULT_HOST.to_owned())))
}

fn is_sandboxed(file: &JobFile, over: &Overrides) -> bool {
    over.sandbox || file.target.sandbox != SandboxChoice::Own(false)
}

/// What the environment says, by the name of a variable.
type Environment<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// What the command line and the environment say to the half of a job that reads an organization; `None`: there is none.
/// For a migration both speak of the target.
fn reads<'a>(
    kind: Kind,
    over: &Overrides,
    env: &'a dyn Fn(&str) -> Option<String>,
) -> Option<(Overrides, Environment<'a>)> {
    match kind {
        Kind::Publish | Kind::Describe | Kind::Applications | Kind::Access => None,
        Kind::Export => Some((over.clone(), Box::new(env))),
        Kind::Migrate => {
            let over = Overrides { sandbox: false, host: None, organization: None, ..over.clone() };
            Some((over, Box::new(move |name| env(name).filter(|_| name != "ANYPOINT_ORG"))))
        }
    }
}

/// Where the state of an embedded sandbox is.
fn sandbox(choice: &SandboxChoice, folder: &Utf8Path, journal: &Utf8Path) -> Result<Utf8PathBuf, String> {
    match choice {
        SandboxChoice::Own(_) => Ok(journal.with_extension("sandbox")),
        SandboxChoice::Of(job) => {
            check_name(job)?;
            Ok(folder.join(".consign").join(format!("{job}.sandbox")))
        }
    }
}

fn organization(file: &JobFile, over: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let in_sandbox = over.host.is_none() && is_sandboxed(file, over);
    let from_env = || env("ANYPOINT_ORG").filter(|org| !org.is_empty() && !in_sandbox);
    over.organization.clone().or_else(from_env).or_else(|| file.target.organization.clone())
}

fn source(table: &SourceTable, folder: &Utf8Path) -> Result<(SourceSpec, Vec<String>, Vec<String>), String> {
    let spec = match (&table.directory, &table.manifest, &table.catalog) {
        (Some(directory), None, None) => SourceSpec::Directory(beside(folder, directory)),
        (None, Some(manifest), None) => SourceSpec::Manifest(beside(folder, manifest)),
        (None, None, Some(catalog)) => SourceSpec::Catalog(beside(folder, catalog)),
        (None, None, None) => return Err("name a `directory`, a `manifest` or a `catalog`".to_owned()),
        _ => return Err("name only one of `directory`, `manifest` and `catalog`".to_owned()),
    };
    Ok((spec, table.include.clone(), table.exclude.clone()))
}

/// The facts of the build. What the command line says of a name comes first; a name that it says twice stays there
/// twice, since the conditions of a catalog do not hold then.
fn criteria(table: &SourceTable, over: &Overrides) -> Result<Vec<(String, String)>, (String, String)> {
    if table.catalog.is_none() {
        let mut named = over.criteria.iter().map(|(name, _)| name).chain(table.criteria.keys());
        return named.next().map_or(Ok(Vec::new()), |name| {
            let message = format!("`{name}` is for the conditions of a `catalog`, and the source is none");
            Err(("source.criteria".to_owned(), message))
        });
    }
    let mut criteria = over.criteria.clone();
    for (name, value) in &table.criteria {
        text::criterion(&format!("{name}:{value}")).map_err(|m| (format!("source.criteria.{name}"), m))?;
        if !over.criteria.iter().any(|(said, _)| said == name) {
            criteria.push((name.clone(), value.clone()));
        }
    }
    Ok(criteria)
}

/// A path of the job file as people would write it from where they stand: `jobs/../samples` is `samples`.
pub(super) fn beside(folder: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    let mut plain = Utf8PathBuf::new();
    for component in folder.join(path).components() {
        let climbs = component.as_str() == "..";
        // A link may lead elsewhere: what is behind it is not above it.
        let back = climbs && plain.file_name().is_some() && !plain.is_symlink();
        if back {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    if plain.as_str().is_empty() { Utf8PathBuf::from(".") } else { plain }
}

fn publish(table: PublishTable) -> Result<Publish, String> {
    Ok(Publish {
        mode: table.mode,
        on_conflict: table.on_conflict,
        on_change: table.on_change,
        on_vanished: table.on_vanished,
        metadata: table.metadata,
        deadline: text::duration(table.deadline.as_deref().unwrap_or("10m"))?,
        file_validation: table.file_validation,
        strict_package: table.strict_package,
        snapshots_allowed: table.snapshots_allowed,
        allowed_api_spec_formats: table.allowed_api_spec_formats,
        user_id: table.user_id,
        assign_roles: table.assign_roles,
    })
}

pub(super) fn pace(table: &PaceTable, over: &Overrides) -> Result<Pace, (&'static str, String)> {
    let requests_per_second = over.rate.or(table.requests_per_second);
    if let Some(rate) = requests_per_second
        && !(rate.is_finite() && (0.001..=100_000.0).contains(&rate))
    {
        return Err(("pace.requests_per_second", format!("{rate} is not between 0.001 and 100000")));
    }
    let within = |key, value: Option<usize>, default, most| match value.unwrap_or(default) {
        n if (1..=most).contains(&n) => Ok(n),
        n => Err((key, format!("{n} is not between 1 and {most}"))),
    };
    let concurrency = within("pace.concurrency", over.concurrency.or(table.concurrency), DEFAULT_CONCURRENCY, 1024)?;
    Ok(Pace {
        requests_per_second,
        concurrency,
        publications: within("pace.publications", table.publications, 64, 10_000)?,
        attempts: table.attempts.unwrap_or(8).max(1),
    })
}

fn limits(table: &BTreeMap<String, String>) -> Result<PackageLimits, (String, String)> {
    let mut limits = PackageLimits::default();
    for (key, value) in table {
        let slot = match key.as_str() {
            "spec" => &mut limits.spec,
            "jar" => &mut limits.jar,
            "icon" => &mut limits.icon,
            "svg" => &mut limits.svg,
            _ => return Err((key.clone(), "is not a limit: spec, jar, icon or svg".to_owned())),
        };
        *slot = Some(text::size(value).map_err(|m| (key.clone(), m))?);
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "kind = 'publish'\n[source]\ndirectory = 'apis'\n";

    fn parse(text: &str, over: &Overrides, env: &[(&str, &str)]) -> Result<Job, JobError> {
        let env = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Job::parse(Utf8Path::new("jobs/nightly.toml"), text, over, &env)
    }

    #[test]
    fn a_minimal_job_gets_its_defaults_and_paths_beside_the_file() {
        let job = parse(MINIMAL, &Overrides::default(), &[]).unwrap();
        assert_eq!(job.name, "nightly");
        assert_eq!(job.journal, "jobs/.consign/nightly.db");
        assert_eq!(job.source, SourceSpec::Directory("jobs/apis".into()));
        assert_eq!(job.target.place, Place::Host(DEFAULT_HOST.to_owned()));
        assert_eq!(job.publish.deadline, Duration::from_secs(600));
    }

    #[test]
    fn the_command_line_beats_the_environment_and_that_beats_the_file() {
        let text = format!("{MINIMAL}[target]\nhost = 'file'\norganization = 'o-file'\n");
        let env = [("ANYPOINT_HOST", "env"), ("ANYPOINT_ORG", "o-env")];
        let job = parse(&text, &Overrides::default(), &env).unwrap();
        assert_eq!(job.target.place, Place::Host("env".to_owned()));
        assert_eq!(job.target.organization.as_deref(), Some("o-env"));
        let over = Overrides { host: Some("flag".to_owned()), ..Overrides::default() };
        assert_eq!(parse(&text, &over, &env).unwrap().target.place, Place::Host("flag".to_owned()));
    }

    #[test]
    fn a_job_for_the_sandbox_never_reaches_the_host_of_the_environment() {
        let text = format!("{MINIMAL}[target]\nsandbox = true\n");
        let job = parse(&text, &Overrides::default(), &[("ANYPOINT_HOST", "real"), ("ANYPOINT_ORG", "real")]).unwrap();
        assert_eq!((job.target.place, job.target.organization), (Place::Sandbox, None));
    }

    #[test]
    fn a_job_may_share_the_sandbox_of_another_one_beside_it() {
        let sandbox = |value: &str| {
            let text = format!("{MINIMAL}[target]\nsandbox = {value}\n");
            parse(&text, &Overrides::default(), &[]).map(|job| (job.target.place, job.sandbox.into_string()))
        };
        assert_eq!(sandbox("true").unwrap(), (Place::Sandbox, "jobs/.consign/nightly.sandbox".to_owned()));
        assert_eq!(sandbox("'other'").unwrap(), (Place::Sandbox, "jobs/.consign/other.sandbox".to_owned()));
        for (value, told) in [("'../up'", "target.sandbox"), ("3", "the name of the job")] {
            let error = sandbox(value).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_describe_job_needs_a_manifest() {
        let text = MINIMAL.replace("publish", "describe");
        let error = parse(&text, &Overrides::default(), &[]).unwrap_err().to_string();
        assert!(error.contains("source") && error.contains("`manifest`"), "{error}");
        let job = parse(&text.replace("directory", "manifest"), &Overrides::default(), &[]).unwrap();
        assert_eq!(job.kind, Kind::Describe);
    }

    #[test]
    fn a_wave_of_a_manifest_has_a_journal_of_its_own_and_the_same_sandbox() {
        let text = "kind = 'publish'\n[target]\nsandbox = true\n[source]\nmanifest = 'm.csv'\nwave = '1'\n";
        let job = parse(text, &Overrides::default(), &[]).unwrap();
        assert_eq!((job.wave.as_deref(), job.journal.as_str()), (Some("1"), "jobs/.consign/nightly.wave-1.db"));
        let over = Overrides { wave: Some("2".to_owned()), ..Overrides::default() };
        let job = parse(text, &over, &[]).unwrap();
        assert_eq!(job.journal, "jobs/.consign/nightly.wave-2.db");
        assert_eq!(job.sandbox, "jobs/.consign/nightly.sandbox");
        let named = Overrides { journal: Some("here.db".into()), ..over.clone() };
        assert_eq!(parse(text, &named, &[]).unwrap().journal, "here.db");
        let error = parse(MINIMAL, &over, &[]).unwrap_err().to_string();
        assert!(error.contains("source.wave") && error.contains("`manifest`"), "{error}");
    }

    #[test]
    fn paths_are_shown_without_detours() {
        for (path, plain) in
            [("../samples", "samples"), (".", "jobs"), ("../../x", "../x"), ("/a/../b", "/b"), ("..", ".")]
        {
            assert_eq!(beside("jobs".into(), path.into()), plain, "{path}");
        }
    }

    #[test]
    fn a_misspelt_key_is_told_with_its_line() {
        let error = parse(&format!("{MINIMAL}[pace]\nconcurency = 3\n"), &Overrides::default(), &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 5") && text.contains("concurency"), "{text}");
    }

    #[test]
    fn the_command_line_replaces_criteria_by_name() {
        let text = "kind = 'publish'\n[source]\ncatalog = 'c.yaml'\n[source.criteria]\nbranch = 'main'\nuser = 'me'\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let over = Overrides { criteria: vec![pair("branch", "x"), pair("branch", "y")], ..Overrides::default() };
        let job = parse(text, &over, &[]).unwrap();
        assert_eq!(job.source, SourceSpec::Catalog("jobs/c.yaml".into()));
        assert_eq!(job.criteria, [pair("branch", "x"), pair("branch", "y"), pair("user", "me")]);
        let error = parse(MINIMAL, &over, &[]).unwrap_err().to_string();
        assert!(error.contains("source.criteria") && error.contains("branch"), "{error}");
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (table, key) in [
            ("[pace]\nrequests_per_second = -1.0\n", "pace.requests_per_second"),
            ("[pace]\nconcurrency = 0\n", "pace.concurrency"),
            ("[publish]\ndeadline = 'soon'\n", "publish.deadline"),
            ("[limits]\nspec = 'big'\n", "limits.spec"),
            ("[source2]\n", "source2"),
        ] {
            let error = parse(&format!("{MINIMAL}{table}"), &Overrides::default(), &[]).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
    }
}
