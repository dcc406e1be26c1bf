//! What is brought to the server: small catalogs, made once, that all schedules share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};
use consign::job::{Job, Overrides};

use super::portal::{self, Portal};

/// A catalog, and the jobs that bring it somewhere.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) name: &'static str,
    pub(crate) job: Job,
    pub(crate) goods: Goods,
}

/// What a job is about, and what has become of that in the end.
#[derive(Debug)]
pub(crate) enum Goods {
    /// Versions of assets.
    Assets { first: Option<First>, expected: Vec<Expected> },
    /// What belongs to consumers of a portal.
    Portal(Portal),
}

/// What was published before.
#[derive(Debug)]
pub(crate) struct First {
    pub(crate) job: Box<Job>,
    /// Whether the journal knows of it: the job itself has done it. Otherwise somebody else has.
    pub(crate) is_known: bool,
}

/// How one version of an asset is to be found on the server.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) asset: String,
    pub(crate) version: String,
    pub(crate) tags: BTreeSet<String>,
    /// Key and value of custom fields.
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) status: &'static str,
}

/// One row of a manifest.
#[derive(Debug, Clone, Default)]
struct Row {
    asset: &'static str,
    version: &'static str,
    tags: &'static str,
    note: &'static str,
    needs: &'static [&'static str],
    status: &'static str,
    path: &'static str,
}

/// All catalogs of an organization, their files under `root`.
pub(crate) fn catalogs(root: &Path, organization: &str) -> Vec<Catalog> {
    let home = Home { folder: Utf8Path::from_path(root).expect("plain names").join(organization), organization };
    let home = &home;
    let row = |asset, version| Row { asset, version, status: "published", ..Row::default() };
    let chain = [
        Row { needs: &["b/1.0.0"], ..row("a", "1.0.0") },
        Row { needs: &["c/1.0.0"], ..row("b", "1.0.0") },
        row("c", "1.0.0"),
    ];
    let versions = [row("a", "1.0.0"), row("a", "1.1.0"), row("a", "2.0.0"), row("b", "1.0.0")];
    let described = [
        Row { tags: "red", note: "one", ..row("a", "1.0.0") },
        Row { tags: "blue,green", note: "two", needs: &["a/1.0.0"], ..row("b", "1.0.0") },
    ];
    let states = [
        Row { status: "deprecated", ..row("a", "1.0.0") },
        Row { status: "development", tags: "x", ..row("b", "1.0.0") },
        Row { tags: "y", ..row("c", "1.0.0") },
    ];
    let files = [
        Row { path: "api.yaml", tags: "spec", ..row("a", "1.0.0") },
        Row { path: "types.raml", needs: &["a/1.0.0"], ..row("b", "1.0.0") },
    ];
    let single = [row("only", "1.0.0")];
    let before = [Row { path: "api.yaml", ..row("a", "1.0.0") }, Row { path: "api.yaml", ..row("b", "1.0.0") }];
    let after = [
        Row { path: "other.yaml", ..row("a", "1.0.0") },
        Row { path: "other.yaml", needs: &["a/1.0.0"], ..row("b", "1.0.0") },
    ];
    let bumped = |version| [row("a", "1.0.0"), row("a", version), row("b", "1.0.0"), row("b", version)];
    let changed = [
        Row { tags: "new,newer", note: "changed", ..row("a", "1.0.0") },
        Row { tags: "new", note: "changed too", ..row("b", "1.0.0") },
        Row { tags: "new", ..row("c", "1.0.0") },
    ];
    let mut catalogs = vec![
        Catalog::publish(home, "single", "async", &single),
        Catalog::publish(home, "chain", "async", &chain),
        Catalog::publish(home, "chain-sync", "sync", &chain),
        Catalog::publish(home, "versions", "async", &versions),
        Catalog::publish(home, "described", "async", &described),
        Catalog::publish(home, "states", "sync", &states),
        Catalog::publish(home, "files", "async", &files),
    ];
    catalogs.push(Catalog::describe(home, "changes", &chain, &changed));
    // What has changed becomes a new version, and so does what somebody else has published otherwise.
    let (change, conflict) = ("on_change = \"bump-patch\"\n", "on_conflict = \"bump-minor\"\n");
    catalogs.push(Catalog::bump(home, "changed", change, true, (&before, &after), &bumped("1.0.1")));
    catalogs.push(Catalog::bump(home, "conflicting", conflict, false, (&before, &after), &bumped("1.1.0")));
    catalogs.extend(portal::catalogs(home));
    catalogs
}

impl Catalog {
    fn publish(home: &Home<'_>, name: &'static str, mode: &str, rows: &[Row]) -> Self {
        let job = home.write_job(name, "publish", &format!("[publish]\nmode = \"{mode}\"\ndeadline = \"2m\"\n"), rows);
        Self { name, job, goods: Goods::Assets { first: None, expected: expected(rows) } }
    }

    /// Publishes rows without anything that describes them, then describes them.
    fn describe(home: &Home<'_>, name: &'static str, first: &[Row], rows: &[Row]) -> Self {
        let published = home.write_job("published", "publish", "", first);
        let job = home.write_job(name, "describe", "", rows);
        let first = First { job: Box::new(published), is_known: false };
        Self { name, job, goods: Goods::Assets { first: Some(first), expected: expected(rows) } }
    }

    /// Publishes some rows, and then the same with other content.
    fn bump(
        home: &Home<'_>,
        name: &'static str,
        policy: &str,
        is_known: bool,
        (before, after): (&[Row], &[Row]),
        then: &[Row],
    ) -> Self {
        let published = home.write_job(&format!("before-{name}"), "publish", "", before);
        let job = home.write_job(name, "publish", &format!("[publish]\ndeadline = \"2m\"\n{policy}"), after);
        let first = First { job: Box::new(published), is_known };
        Self { name, job, goods: Goods::Assets { first: Some(first), expected: expected(then) } }
    }
}

fn expected(rows: &[Row]) -> Vec<Expected> {
    rows.iter().map(Row::expected).collect()
}

impl Row {
    fn expected(&self) -> Expected {
        let split = |text: &str| text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        let fields = (!self.note.is_empty()).then(|| ("note".to_owned(), self.note.to_owned()));
        Expected {
            asset: self.asset.to_owned(),
            version: self.version.to_owned(),
            tags: split(self.tags),
            fields: fields.into_iter().collect(),
            status: self.status,
        }
    }
}

/// Where the files of an organization are.
pub(crate) struct Home<'a> {
    folder: Utf8PathBuf,
    organization: &'a str,
}

impl Home<'_> {
    /// Writes the files of a job, and reads it as the command would.
    fn write_job(&self, name: &str, kind: &str, table: &str, rows: &[Row]) -> Job {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).expect("a temporary folder");
        let write = |name: &str, text: &str| write_old(&folder.join(name), text);
        let is_publish = kind == "publish";
        write("api.yaml", "openapi: 3.0.0\ninfo:\n  title: An API\n  version: 1.0.0\npaths: {}\n");
        write("other.yaml", "openapi: 3.0.0\ninfo:\n  title: Another API\n  version: 1.0.0\npaths: {}\n");
        write("types.raml", "#%RAML 1.0 Library\nusage: types\ntypes:\n  Name: string\n");
        let mut csv = "assetId,version,tags,fields.note,status".to_owned();
        csv += if is_publish { ",type,name,dependencies,path\n" } else { "\n" };
        for row in rows {
            let Row { asset, version, tags, note, status, .. } = row;
            write!(csv, "{asset},{version},\"{tags}\",{note},{status}").expect("a string");
            if is_publish {
                let needs: Vec<String> = row.needs.iter().map(|need| format!("{}/{need}", self.organization)).collect();
                let kind = if row.path.is_empty() { "custom" } else { "" };
                write!(csv, ",{kind},Asset {asset},\"{}\",{}", needs.join(","), row.path).expect("a string");
            }
            csv.push('\n');
        }
        write("rows.csv", &csv);
        let has_notes = rows.iter().any(|row| !row.note.is_empty());
        let definitions = if has_notes { "[[definitions.fields]]\nkey = \"note\"\ntype = \"text\"\n" } else { "" };
        self.load(&folder, kind, &format!("{table}{definitions}"))
    }

    /// The same for a job on a portal: its manifest is `rows.csv`, and other files may be beside it.
    pub(crate) fn write_portal_job(&self, name: &str, kind: &str, table: &str, files: &[(&str, &str)]) -> Job {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).expect("a temporary folder");
        for (name, text) in files {
            write_old(&folder.join(name), text);
        }
        self.load(&folder, kind, table)
    }

    fn load(&self, folder: &Utf8Path, kind: &str, tables: &str) -> Job {
        let organization = self.organization;
        let text = format!(
            "kind = \"{kind}\"\nname = \"schedule\"\n[target]\nhost = \"https://sandbox.test\"\n\
             organization = \"{organization}\"\n[source]\nmanifest = \"rows.csv\"\n{tables}\
             [pace]\nattempts = 6\n"
        );
        let file = folder.join("job.toml");
        fs::write(&file, text).expect("a temporary folder");
        Job::load(&file, &Overrides::default(), &|_| None).expect("a job that can be read")
    }
}

/// Writes a file that nobody has touched for a day. What a file told is remembered only when it is not just being
/// written: a young one would make the schedule depend on how long the test has been running.
fn write_old(path: &Utf8Path, text: &str) {
    let mut file = File::create(path).expect("a temporary folder");
    file.write_all(text.as_bytes()).expect("room for a small file");
    file.set_modified(SystemTime::now() - Duration::from_hours(24)).expect("a file of our own");
}
