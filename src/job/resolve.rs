//! From a job file to a job: command line, environment and defaults laid over it.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    DEFAULT_HOST, Job, JobError, Overrides, Place, Target, defaults,
    definitions::Definitions,
    export,
    file::{CredentialsFrom, JobFile, Kind, SandboxChoice, SourceSpec, SourceTable},
    portal::{self, PortalName},
    read, remap,
    secrets::{self, Parsed},
    settings::{criteria, limits, pace, publish},
    wave,
};

impl Job {
    /// Reads a job file, and lays the command line and the environment over it.
    ///
    /// The command line comes first, then the environment (`ANYPOINT_HOST`, `ANYPOINT_ORG`: the order of the official
    /// CLI), then the file. A job that says `sandbox = true` stays in the sandbox whatever the environment says: only
    /// `--host` leads it out.
    pub fn load(path: &Utf8Path, over: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, JobError> {
        let text = read::text(path).map_err(|source| JobError::Read { path: path.to_owned(), source })?;
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

#[cfg(test)]
mod tests;
