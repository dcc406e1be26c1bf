//! What is made of all records once they lie in the directory: the manifest, the definitions, the summary.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{
    Inventory, Note, Record, Written, kept,
    manifest::{self, Row},
    summary,
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
    /// The text of `definitions.toml`, or why there is none.
    pub definitions: Option<Result<String, String>>,
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

/// Writes `manifest.csv`, `definitions.toml`, `summary.md` and `summary.html` from the records in the directory.
/// `left` tells why a folder is none of this run.
///
/// # Errors
/// Where the directory cannot be read or written.
pub fn compile(
    inventory: &Inventory,
    told: &Told,
    left: impl Fn(&Coordinates) -> Option<Left>,
) -> io::Result<Compiled> {
    let mut generated: BTreeSet<Coordinates> = BTreeSet::new();
    inventory.records(|record| generated.extend(record.generated))?;
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
            manifest::row(inventory, &record, &mut notes)
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
    kept::replace(&root.join("summary.md"), summary::markdown(&census, told).as_bytes())?;
    kept::replace(&root.join("summary.html"), summary::html(&census, told).as_bytes())?;
    let vanished = census.left.iter().filter(|(_, why)| *why == Left::Vanished);
    Ok(Compiled {
        rows: rows.len(),
        vanished: vanished.map(|(gav, _)| gav.to_string()).collect(),
        manifest,
        definitions,
    })
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
