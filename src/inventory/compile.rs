//! What is made of all records once they lie in the directory: the manifest, the definitions, the summary.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Inventory, Note, Record, Written,
    companions::{ACCESS, APPLICATIONS, Companions},
    kept,
    manifest::{self, Row},
    names, summary,
};
use crate::asset::Coordinates;

/// Why a folder is there and its version is none of those that were listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The source does not have the version any more.
    Vanished,
    /// The job leaves it out.
    LeftOut,
}

/// What only the run knows.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The source, as people know it.
    pub source: String,
    /// The organizations that were read.
    pub organizations: Vec<String>,
    /// Versions that failed, and why.
    pub failed: Vec<(String, String)>,
    /// Versions whose coordinates cannot be written down, and why.
    pub unnamed: Vec<(String, String)>,
    /// Whether the source is a portal, which tells less.
    pub is_portal: bool,
    /// The text of `definitions.toml`, or why there is none; `None`: nobody tells them.
    pub definitions: Option<Result<String, String>>,
    /// The client applications of the source's portals, and what they have access to.
    pub companions: Companions,
    /// Versions whose numbers are blocked since they were deleted softly, where the source tells.
    pub soft_deleted: Option<u64>,
    /// How many versions are still to be read: the run was stopped.
    pub open: u64,
}

/// What was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// Rows of the manifest.
    pub rows: usize,
    /// Versions that the source does not have any more, and whose folders are still there.
    pub vanished: Vec<String>,
    /// What became of `manifest.csv`.
    pub manifest: Written,
    /// What became of `definitions.toml`; `None`: it was left alone.
    pub definitions: Option<Written>,
    /// What became of the files of the companions, by their place.
    pub companions: Vec<(Utf8PathBuf, Written)>,
}

/// What is told of all versions together.
#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) assets: BTreeSet<String>,
    pub(super) versions: u64,
    pub(super) bytes: u64,
    pub(super) types: BTreeMap<String, (u64, u64)>,
    pub(super) states: BTreeMap<String, u64>,
    pub(super) public: u64,
    pub(super) pages: u64,
    pub(super) images: u64,
    pub(super) instances: u64,
    /// What is not carried, by version.
    pub(super) notes: Vec<(Coordinates, Vec<Note>)>,
    /// Versions without a row, and why.
    pub(super) unlisted: Vec<(Coordinates, String)>,
    /// Folders of versions that are none of those that were listed.
    pub(super) left: Vec<(Coordinates, Left)>,
}

/// Writes `manifest.csv`, `definitions.toml`, `summary.md` and `summary.html` from the records in the directory, and the
/// companions beside them.
/// `left` tells why a folder is none of this run.
///
/// # Errors
/// Where the directory cannot be read or written.
pub fn compile(
    inventory: &Inventory,
    told: &Told,
    left: impl Fn(&Coordinates) -> Option<Left>,
) -> io::Result<Compiled> {
    let (mut generated, mut terms) = (BTreeSet::new(), BTreeMap::new());
    inventory.records(|record| {
        if left(&record.coordinates).is_none() {
            tell_terms(&mut terms, &record);
            generated.extend(record.generated);
        }
    })?;
    let (mut census, mut rows): (Census, Vec<Row>) = (Census::default(), Vec::new());
    inventory.records(|record| {
        if let Some(why) = left(&record.coordinates) {
            census.left.push((record.coordinates, why));
            return;
        }
        let mut notes = record.notes.clone();
        let row = if generated.contains(&record.coordinates) {
            Err("the server makes it of another asset".to_owned())
        } else {
            let speaks = terms.get(&group_of(&record)).is_some_and(|(_, _, gav)| *gav == record.coordinates);
            manifest::row(inventory, &record, speaks, &mut notes)
        };
        match row {
            Ok(row) => rows.push(row),
            Err(why) => census.unlisted.push((record.coordinates.clone(), why)),
        }
        notes.extend(not_carried(&record));
        census.count(&record);
        if !notes.is_empty() {
            census.notes.push((record.coordinates, notes));
        }
    })?;
    let root = inventory.root();
    let manifest = kept::write_manifest(root, &rows)?;
    let definitions = match &told.definitions {
        Some(Ok(text)) => Some(kept::write_definitions(root, text)?),
        Some(Err(_)) | None => None,
    };
    let companions = write_companions(root, &told.companions)?;
    kept::replace(&root.join("summary.md"), summary::markdown(&census, told).as_bytes())?;
    kept::replace(&root.join("summary.html"), summary::html(&census, told).as_bytes())?;
    let vanished = census.left.iter().filter(|(_, why)| *why == Left::Vanished);
    Ok(Compiled {
        rows: rows.len(),
        vanished: vanished.map(|(gav, _)| gav.to_string()).collect(),
        manifest,
        definitions,
        companions,
    })
}

/// Where the companions of a portal lie: beside the manifest, where there is one portal only.
pub(super) fn companions_place(label: &str, is_only: bool) -> Utf8PathBuf {
    if is_only { Utf8PathBuf::new() } else { Utf8Path::new("portals").join(names::folder(label)) }
}

/// Writes the companions of each portal that was read; those of others stay as they are.
fn write_companions(root: &Utf8Path, companions: &Companions) -> io::Result<Vec<(Utf8PathBuf, Written)>> {
    let Companions::Of(portals) = companions else { return Ok(Vec::new()) };
    let (mut written, mut wanted) = (Vec::new(), Vec::new());
    for portal in portals {
        let folder = companions_place(&portal.label, portals.len() == 1);
        let (applications, access) = (folder.join(APPLICATIONS), folder.join(ACCESS));
        wanted.extend([applications.clone(), access.clone()]);
        let Ok(found) = &portal.found else { continue };
        for (place, content) in [(applications, found.applications_csv()?), (access, found.access_csv()?)] {
            let became = kept::write_file(root, &place, &content)?;
            written.push((place, became));
        }
    }
    kept::remove_others(root, &wanted)?;
    Ok(written)
}

/// A version group of an asset: group, asset, and the name of the group.
type Group = (String, String, Option<String>);

fn group_of(record: &Record) -> Group {
    let gav = &record.coordinates;
    (gav.group_id.clone(), gav.asset_id.clone(), record.version_group.clone())
}

/// Terms belong to a version group: one version brings them, the highest of those that have pages as well, so that none
/// gets pages that it has not.
fn tell_terms(terms: &mut BTreeMap<Group, (bool, String, Coordinates)>, record: &Record) {
    if record.terms.is_none() {
        return;
    }
    let gav = record.coordinates.clone();
    let told = (!record.pages.is_empty(), gav.version.sort_key(), gav);
    let best = terms.entry(group_of(record)).or_insert_with(|| told.clone());
    if *best < told {
        *best = told;
    }
}

impl Census {
    fn count(&mut self, record: &Record) {
        let gav = &record.coordinates;
        self.assets.insert(format!("{}/{}", gav.group_id, gav.asset_id));
        self.versions += 1;
        self.bytes += record.bytes();
        let of_type = self.types.entry(record.asset_type.to_string()).or_default();
        *of_type = (of_type.0 + 1, of_type.1 + record.bytes());
        *self.states.entry(record.status.map_or("unknown", |status| status.as_str()).to_owned()).or_default() += 1;
        self.public += u64::from(record.is_public);
        self.pages += record.pages.len() as u64;
        self.images += record.resources.len() as u64;
        self.instances += record.instances.len() as u64;
    }
}

/// What belongs to a version and cannot be brought anywhere.
fn not_carried(record: &Record) -> Vec<Note> {
    let instances = record.other_instances.iter().map(|instance| {
        let what = format!("{} instance {}", instance.kind, instance.name.as_ref().unwrap_or(&instance.id));
        let why = match instance.kind.as_str() {
            "mocked" => "Exchange makes the mocking service by itself",
            "managed" => "API Manager makes managed instances",
            _ => "only external instances can be made",
        };
        Note::new(what, why)
    });
    let identities = record.identities.iter().map(|identity| {
        let name = identity.name.as_ref().unwrap_or(&identity.id);
        let role = identity.role.as_deref().unwrap_or("no known role");
        Note::new(
            format!("share with the {} {name} ({role})", identity.kind),
            "identities belong to their organization",
        )
    });
    instances.chain(identities).collect()
}
