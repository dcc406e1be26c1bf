//! Jobs that work on a portal of the API Experience Hub: which portal, and what `[applications]` and `[access]` say.

use std::{ops::Range, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    JobError,
    file::{
        AccessTable, ApplicationsTable, JobFile, Kind, SecretsTable, SourceSpec, TargetTable, WhenDifferent,
        WhenPending,
    },
    place::shown,
    resolve::beside,
    text,
};

/// What is said of a line that may hold a secret.
const HIDDEN: &str = "the line does not fit the job, and may hold a secret";

/// A portal, as far as the job names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortalName {
    /// Its id, or its name; `None`: the only one that the caller runs.
    pub portal: Option<String>,
    /// The id of the organization that it belongs to.
    pub target_organization: Option<String>,
}

/// What becomes of client applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applications {
    /// What to do where an application is there and differs.
    pub on_difference: WhenDifferent,
    /// Where the secrets go that the portal issues.
    pub secrets: Secrets,
    /// The file of old and new ids.
    pub ids: Utf8PathBuf,
}

/// Where secrets go that a portal issues; nowhere else are they written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrets {
    /// A file that its owner alone can read.
    File(Utf8PathBuf),
    /// A command and its arguments, which is started for each application and reads one line.
    Command(Vec<String>),
}

/// How access is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whether terms are accepted.
    pub accept_terms: bool,
    /// What to do about access that somebody has to approve.
    pub pending: WhenPending,
    /// How long to wait for that.
    pub deadline: Duration,
    /// What to do about access that is there with another tier.
    pub on_difference: WhenDifferent,
    /// The file of old and new ids of applications.
    pub applications: Option<Utf8PathBuf>,
}

/// What paths are made from.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The folder of the job file.
    pub(super) folder: &'a Utf8Path,
    pub(super) journal: &'a Utf8Path,
}

impl PortalName {
    pub(super) fn of(table: &TargetTable) -> Self {
        let text = |value: &Option<toml::Spanned<String>>| value.as_ref().map(|value| value.get_ref().clone());
        Self { portal: text(&table.portal), target_organization: text(&table.target_organization) }
    }
}

/// Decides every value; an error names the line and the column.
pub(super) fn resolve(
    file: &JobFile,
    source: &SourceSpec,
    names: Names<'_>,
    (path, text): (&Utf8Path, &str),
) -> Result<(Option<Applications>, Option<Access>), JobError> {
    let at = |span: Range<usize>, message: &str| JobError::Parse {
        path: path.to_owned(),
        message: shown(text, span, message, HIDDEN),
        is_secret: false,
    };
    let value = |key: &str, message: &str| JobError::Value {
        path: path.to_owned(),
        key: key.to_owned(),
        message: message.to_owned(),
    };
    if let Some((span, message)) = misplaced(file) {
        return Err(at(span, message));
    }
    if !file.kind.visits_a_portal() {
        return Ok((None, None));
    }
    if !matches!(source, SourceSpec::Manifest(_)) {
        return Err(value("source", "such a job reads a `manifest`: name that"));
    }
    let definitions = &file.definitions;
    if definitions.file.is_some() || !definitions.categories.is_empty() || !definitions.fields.is_empty() {
        return Err(value("definitions", "a portal has no categories and fields of its own"));
    }
    if file.kind == Kind::Access {
        let table = file.access.as_ref().map(toml::Spanned::get_ref);
        let access = access(table.unwrap_or(&AccessTable::default()), names.folder);
        return Ok((None, Some(access.map_err(|message| value("access.deadline", &message))?)));
    }
    let Some(table) = &file.applications else {
        return Err(value("applications.secrets", NO_SECRETS));
    };
    let span = table.get_ref().secrets.as_ref().map_or_else(|| table.span(), toml::Spanned::span);
    let applications = applications(table.get_ref(), names).map_err(|message| at(span, message))?;
    if let Some((key, message)) = clash(&applications, source, names.journal, path) {
        return Err(value(key, &message));
    }
    Ok((Some(applications), None))
}

/// A file that would be written over another one that the job needs: the key that names it, and what it is already.
fn clash(
    applications: &Applications,
    source: &SourceSpec,
    journal: &Utf8Path,
    job: &Utf8Path,
) -> Option<(&'static str, String)> {
    let mut taken = vec![(resolved(job), "the job file")];
    if let SourceSpec::Manifest(manifest) = source {
        taken.push((resolved(manifest), "the manifest"));
    }
    let journals = ["", "-wal", "-shm", ".lock"].map(|end| Utf8PathBuf::from(format!("{journal}{end}")));
    taken.extend(journals.iter().map(|path| (resolved(path), "a file of the journal")));
    let ids = resolved(&applications.ids);
    let told = |path: &Utf8PathBuf, what: &str| format!("{path} is {what}, which would be written over");
    let clashes = |path: &Utf8PathBuf| taken.iter().find(|(known, _)| known == path).map(|(_, what)| told(path, what));
    if let Some(message) = clashes(&ids) {
        return Some(("applications.ids", message));
    }
    let Secrets::File(secrets) = &applications.secrets else { return None };
    let secrets = resolved(secrets);
    let message = clashes(&secrets).or_else(|| (secrets == ids).then(|| told(&secrets, "the file of ids")));
    message.map(|message| ("applications.secrets.file", message))
}

/// A path by which two names of one file are told to be the same, as far as its folder is there.
fn resolved(path: &Utf8Path) -> Utf8PathBuf {
    if let Ok(there) = path.canonicalize_utf8() {
        return there;
    }
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    match (folder.canonicalize_utf8(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => plain(path),
    }
}

/// A path without `.` and `..`, as its letters tell.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let whole = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = Utf8PathBuf::new();
    for part in whole.components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// What is there, and is for jobs of another kind.
fn misplaced(file: &JobFile) -> Option<(Range<usize>, &'static str)> {
    let target = &file.target;
    let of_portals = "is for jobs of kind `applications` and `access`, which work on a portal";
    let tables = [
        (
            file.applications.as_ref().map(toml::Spanned::span),
            Some(Kind::Applications),
            "[applications] is for jobs of kind `applications`",
        ),
        (file.access.as_ref().map(toml::Spanned::span), Some(Kind::Access), "[access] is for jobs of kind `access`"),
        (target.portal.as_ref().map(toml::Spanned::span), None, of_portals),
        (target.target_organization.as_ref().map(toml::Spanned::span), None, of_portals),
    ];
    tables.into_iter().find_map(|(span, kind, message)| {
        let fits = kind.map_or_else(|| file.kind.visits_a_portal(), |kind| kind == file.kind);
        span.filter(|_| !fits).map(|span| (span, message))
    })
}

const NO_SECRETS: &str = "issued secrets have to go somewhere: name a `secrets.file` or a `secrets.command`";

fn applications(table: &ApplicationsTable, names: Names<'_>) -> Result<Applications, &'static str> {
    let secrets = table.secrets.as_ref().map(toml::Spanned::get_ref);
    let secrets = match secrets {
        Some(SecretsTable { file: Some(file), command: None }) => Secrets::File(beside(names.folder, file)),
        Some(SecretsTable { file: None, command: Some(command) }) => {
            if command.first().is_none_or(String::is_empty) {
                return Err("`secrets.command` names no program: it is a list of the program and its arguments");
            }
            Secrets::Command(command.clone())
        }
        None | Some(SecretsTable { file: None, command: None }) => return Err(NO_SECRETS),
        Some(_) => return Err("name only one of `secrets.file` and `secrets.command`"),
    };
    let ids = table.ids.as_ref().map_or_else(|| beside_the_journal(names.journal), |ids| beside(names.folder, ids));
    Ok(Applications { on_difference: table.on_difference, secrets, ids })
}

/// The place of the ids where nobody names one: each journal has its own.
fn beside_the_journal(journal: &Utf8Path) -> Utf8PathBuf {
    journal.with_file_name(format!("{}-ids.csv", journal.file_stem().unwrap_or("journal")))
}

fn access(table: &AccessTable, folder: &Utf8Path) -> Result<Access, String> {
    Ok(Access {
        accept_terms: table.accept_terms,
        pending: table.pending,
        deadline: text::duration(table.deadline.as_deref().unwrap_or("1h"))?,
        on_difference: table.on_difference,
        applications: table.applications.as_ref().map(|file| beside(folder, file)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Job, Overrides};
    use super::*;

    const APPLICATIONS: &str = "kind = 'applications'\n[source]\nmanifest = 'apps.csv'\n";
    const ACCESS: &str = "kind = 'access'\n[source]\nmanifest = 'access.csv'\n";

    fn parse(text: &str) -> Result<Job, String> {
        let folder = tempfile::tempdir().expect("is made");
        let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("partners.toml");
        fs_err::write(&path, text).expect("is written");
        let root = folder.path().to_string_lossy().into_owned();
        let told = |error: JobError| error.to_string().replace(&root, "");
        Job::load(&path, &Overrides::default(), &|_| None).map_err(told)
    }

    #[test]
    fn a_job_of_applications_says_where_secrets_go_and_the_rest_has_its_defaults() {
        let job = parse(&format!("{APPLICATIONS}[applications]\nsecrets.file = 'secrets.jsonl'\n")).unwrap();
        let said = job.applications.expect("is said");
        assert!(matches!(&said.secrets, Secrets::File(path) if path.ends_with("secrets.jsonl")), "{said:?}");
        assert!(said.ids.ends_with(".consign/partners-ids.csv"), "{}", said.ids);
        assert_eq!((said.on_difference, job.access), (WhenDifferent::Update, None));
        let job = parse(&format!(
            "{APPLICATIONS}[target]\nportal = 'Partners'\ntarget_organization = 't'\n\
             [applications]\non_difference = 'fail'\nids = 'ids.csv'\nsecrets.command = ['put', '-x']\n"
        ));
        let job = job.unwrap();
        let said = job.applications.expect("is said");
        assert_eq!(said.secrets, Secrets::Command(vec!["put".to_owned(), "-x".to_owned()]));
        let portal = PortalName { portal: Some("Partners".to_owned()), target_organization: Some("t".to_owned()) };
        assert_eq!((said.on_difference, job.target.portal), (WhenDifferent::Fail, portal));
    }

    #[test]
    fn what_does_not_fit_a_job_of_a_portal_is_told_with_its_place() {
        let publish = "kind = 'publish'\n[source]\ndirectory = 'apis'\n";
        for (text, told) in [
            (format!("{APPLICATIONS}[applications]\n"), "line 4, column 1"),
            (format!("{APPLICATIONS}[applications]\n"), "name a `secrets.file`"),
            (APPLICATIONS.to_owned(), "applications.secrets"),
            (
                format!("{APPLICATIONS}[applications]\nsecrets = {{ file = 'a', command = ['b'] }}\n"),
                "line 5, column 11",
            ),
            (format!("{APPLICATIONS}[applications.secrets]\ncommand = []\n"), "line 4, column 1"),
            (
                format!("{APPLICATIONS}[applications]\non_difference = 'keep'\nsecrets.file = 'a'\n"),
                "line 5, column 17",
            ),
            (format!("{APPLICATIONS}[access]\n"), "line 4, column 1"),
            (format!("{ACCESS}[access]\npending = 'wait'\n"), "line 5, column 11"),
            (format!("{ACCESS}[access]\ndeadline = 'soon'\n"), "access.deadline"),
            (format!("{publish}[target]\nportal = 'x'\n"), "line 5, column 10"),
            (format!("{publish}[access]\n"), "kind `access`"),
            (APPLICATIONS.replace("manifest", "directory"), "reads a `manifest`"),
            (format!("{ACCESS}[definitions]\nfile = 'd.toml'\n"), "no categories"),
        ] {
            let error = parse(&text).expect_err("does not fit");
            assert!(error.contains(told), "{text}\n{error}");
        }
    }

    #[test]
    fn no_file_that_a_job_writes_is_one_that_it_needs() {
        for (keys, told) in [
            ("ids = 'apps.csv'\nsecrets.file = 's'", "applications.ids"),
            ("ids = './partners.toml'\nsecrets.file = 's'", "the job file"),
            ("secrets.file = 'x/../apps.csv'", "the manifest"),
            ("secrets.file = '.consign/partners.db'", "the journal"),
            ("secrets.file = '.consign/partners.db-wal'", "the journal"),
            ("secrets.file = '.consign/partners-ids.csv'", "the file of ids"),
            ("ids = 'both'\nsecrets.file = 'both'", "the file of ids"),
        ] {
            let error = parse(&format!("{APPLICATIONS}[applications]\n{keys}\n")).expect_err("would destroy a file");
            assert!(error.contains(told), "{keys}\n{error}");
        }
    }

    #[test]
    fn a_job_of_access_accepts_no_terms_and_waits_for_nobody_unless_it_says_so() {
        let said = parse(ACCESS).unwrap().access.expect("has its defaults");
        assert_eq!((said.accept_terms, said.pending, said.deadline.as_secs()), (false, WhenPending::Leave, 3600));
        let said = parse(&format!(
            "{ACCESS}[access]\naccept_terms = true\npending = 'poll'\ndeadline = '5m'\napplications = 'ids.csv'\n"
        ));
        let said = said.unwrap().access.expect("is said");
        assert_eq!((said.accept_terms, said.pending, said.deadline.as_secs()), (true, WhenPending::Poll, 300));
        assert!(said.applications.is_some_and(|file| file.ends_with("ids.csv")));
    }
}
