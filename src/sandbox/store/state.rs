//! The state in memory, and the moment at which runs take effect.
//!
//! Nothing happens in the background: a run that is due is put into effect by the next request that looks at the
//! state. So a paused clock, a restart and a busy server all see the same.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use camino::Utf8Path;
use serde::Serialize;
use serde_json::Value;

use crate::asset::{Coordinates, Lifecycle, Version};

use super::super::clock::Clock;
use super::{
    AssetRecord, Change, Disk, Durable, Loaded, MinorRecord, Outcome, Payload, RunKind, RunRecord, StoreError, Table,
    Tombstone, VersionRecord, lock,
};

/// Group and asset: the name of an asset without a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct Ga(pub(in super::super) String, pub(in super::super) String);

impl Ga {
    pub(in super::super) fn of(gav: &Coordinates) -> Self {
        Self(gav.group_id.clone(), gav.asset_id.clone())
    }

    fn key(&self) -> String {
        format!("{}/{}", self.0, self.1)
    }
}

/// An asset and its versions; there is always one.
#[derive(Debug)]
pub(in super::super) struct Asset {
    pub(in super::super) record: AssetRecord,
    /// Boxed, since a node of the map has room for eleven of them, and most assets have one.
    pub(in super::super) versions: BTreeMap<Version, Box<VersionRecord>>,
}

impl Asset {
    /// The version that stands for the asset in listings: the highest release, else the highest.
    pub(in super::super) fn latest(&self) -> Option<&VersionRecord> {
        let is_release = |v: &&VersionRecord| v.gav.version.semver().pre.is_empty();
        self.newest_first().find(is_release).or_else(|| self.newest_first().next())
    }

    pub(in super::super) fn get(&self, version: &Version) -> Option<&VersionRecord> {
        self.versions.get(version).map(Box::as_ref)
    }

    pub(in super::super) fn newest_first(&self) -> impl Iterator<Item = &VersionRecord> {
        self.versions.values().rev().map(Box::as_ref)
    }

    pub(in super::super) fn minor(&self, version: &Version) -> Option<&MinorRecord> {
        self.record.minors.get(&version.minor_version()).map(Box::as_ref)
    }
}

/// How runs ended since the process started.
#[derive(Debug, Default, Clone, Copy)]
pub(in super::super) struct Ended {
    pub(in super::super) completed: u64,
    pub(in super::super) failed: u64,
}

/// All that is known. Fields are read freely; changes go through the methods, which note them for the disk.
#[derive(Debug, Default)]
pub(in super::super) struct Tables {
    pub(in super::super) assets: HashMap<Ga, Asset>,
    /// Assets in the order of their creation.
    pub(in super::super) order: BTreeMap<u64, Ga>,
    pub(in super::super) runs: HashMap<String, RunRecord>,
    /// The latest publication of coordinates.
    pub(in super::super) latest: HashMap<String, String>,
    pub(in super::super) tombstones: BTreeMap<Ga, BTreeMap<Version, Tombstone>>,
    /// How many publications of coordinates completed.
    pub(in super::super) accepted: HashMap<String, u32>,
    pub(in super::super) settings: BTreeMap<String, Value>,
    pub(in super::super) ended: Ended,
    /// Coordinates that are being published.
    active: HashSet<String>,
    /// Runs that have not ended, the next first.
    due: BinaryHeap<Reverse<(i64, u64, String)>>,
    /// Who depends on coordinates.
    dependents: HashMap<String, BTreeSet<String>>,
    sequence: u64,
}

/// Changes to be written.
#[derive(Debug)]
pub(in super::super) struct Changes {
    keep: bool,
    list: Vec<Change>,
}

impl Changes {
    fn put(&mut self, table: Table, key: &str, record: &impl Serialize) {
        if self.keep {
            self.list.push(Change::put(table, key, record));
        }
    }

    fn remove(&mut self, table: Table, key: &str) {
        if self.keep {
            self.list.push(Change::remove(table, key));
        }
    }
}

/// The state, its clock and its disk.
#[derive(Debug)]
pub(in super::super) struct State {
    tables: Mutex<Tables>,
    disk: Disk,
    keep: bool,
    clock: Arc<Clock>,
}

impl State {
    /// Opens the state in a directory, or one that ends with the process.
    pub(in super::super) fn open(data: Option<&Utf8Path>, clock: Arc<Clock>) -> Result<Self, StoreError> {
        let Some(data) = data else {
            return Ok(Self { tables: Mutex::default(), disk: Disk::none(), keep: false, clock });
        };
        let loaded = Loaded::open(&data.join("sandbox.db"))?;
        let tables = Tables::load(&loaded)?;
        Ok(Self { tables: Mutex::new(tables), disk: loaded.into_disk()?, keep: true, clock })
    }

    pub(in super::super) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Looks at the state as it is now.
    pub(in super::super) fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        self.change(|tables, _| look(tables)).0
    }

    /// Changes the state; the second part of the answer resolves when the change is on disk.
    pub(in super::super) fn change<T>(&self, change: impl FnOnce(&mut Tables, &mut Changes) -> T) -> (T, Durable) {
        let mut tables = lock(&self.tables);
        let mut changes = Changes { keep: self.keep, list: Vec::new() };
        tables.settle(self.clock.now(), &mut changes);
        let answer = change(&mut tables, &mut changes);
        // A run without latency ends as it is accepted.
        tables.settle(self.clock.now(), &mut changes);
        let durable = self.disk.write(changes.list);
        (answer, durable)
    }
}

impl Tables {
    fn load(loaded: &Loaded) -> Result<Self, StoreError> {
        let mut tables = Self::default();
        loaded.read(Table::Asset, |_, record: AssetRecord| {
            let ga = Ga(record.group_id.clone(), record.asset_id.clone());
            tables.sequence = tables.sequence.max(record.sequence);
            tables.order.insert(record.sequence, ga.clone());
            tables.assets.insert(ga, Asset { record, versions: BTreeMap::new() });
        })?;
        let mut orphans = Vec::new();
        loaded.read(Table::Version, |key, record: VersionRecord| {
            tables.index(&record);
            match tables.assets.get_mut(&Ga::of(&record.gav)) {
                Some(asset) => drop(asset.versions.insert(record.gav.version.clone(), Box::new(record))),
                None => orphans.push(key),
            }
        })?;
        if let Some(key) = orphans.pop() {
            let source = serde::de::Error::custom("its asset is missing");
            return Err(StoreError::Row { table: "version".to_owned(), key, source });
        }
        loaded.read(Table::Tombstone, |_, record: Tombstone| {
            let versions = tables.tombstones.entry(Ga::of(&record.gav)).or_default();
            versions.insert(record.gav.version.clone(), record);
        })?;
        loaded.read(Table::Run, |_, record: RunRecord| tables.adopt(record))?;
        loaded.read(Table::Accepted, |key, count: u32| _ = tables.accepted.insert(key, count))?;
        loaded.read(Table::Setting, |key, value: Value| _ = tables.settings.insert(key, value))?;
        Ok(tables)
    }

    fn adopt(&mut self, run: RunRecord) {
        let key = run.gav.to_string();
        if !run.settled {
            self.sequence += 1;
            self.due.push(Reverse((run.due, self.sequence, run.id.clone())));
            if run.kind == RunKind::Publication {
                self.active.insert(key.clone());
            }
        }
        if run.kind == RunKind::Publication {
            let newer =
                self.latest.get(&key).and_then(|id| self.runs.get(id)).is_none_or(|r| r.accepted <= run.accepted);
            if newer {
                self.latest.insert(key, run.id.clone());
            }
        }
        self.runs.insert(run.id.clone(), run);
    }

    /// Puts every run that is due into effect.
    fn settle(&mut self, now: i64, changes: &mut Changes) {
        while self.due.peek().is_some_and(|Reverse((due, _, _))| *due <= now) {
            let Some(Reverse((_, _, id))) = self.due.pop() else { return };
            let Some(mut run) = self.runs.remove(&id) else { continue };
            run.settled = true;
            let key = run.gav.to_string();
            match &mut run.outcome {
                Outcome::Failed { .. } => self.ended.failed += u64::from(run.kind == RunKind::Publication),
                Outcome::Completed(payload) => {
                    if let Some(payload) = payload.take() {
                        self.apply(&run.gav, &run.organization, run.due, *payload, changes);
                    }
                    if run.kind == RunKind::Publication {
                        self.ended.completed += 1;
                        let count = self.accepted.entry(key.clone()).or_default();
                        *count += 1;
                        changes.put(Table::Accepted, &key, count);
                    }
                }
            }
            if run.kind == RunKind::Publication {
                self.active.remove(&key);
            }
            changes.put(Table::Run, &id, &run);
            self.runs.insert(id, run);
        }
    }

    fn apply(&mut self, gav: &Coordinates, organization: &str, at: i64, payload: Payload, changes: &mut Changes) {
        let ga = Ga::of(gav);
        let Payload { version, asset_type, name, description, contact_name, contact_email, icon, docs, .. } = payload;
        if !self.assets.contains_key(&ga) {
            // Only a version creates an asset; the asset of a change of metadata may be gone by now.
            if version.is_none() {
                return;
            }
            self.sequence += 1;
            self.order.insert(self.sequence, ga.clone());
            let record = AssetRecord {
                group_id: ga.0.clone(),
                asset_id: ga.1.clone(),
                organization: organization.to_owned(),
                sequence: self.sequence,
                name,
                description,
                contact_name: None,
                contact_email: None,
                asset_type,
                icon,
                created: at,
                updated: at,
                minors: BTreeMap::new(),
            };
            self.assets.insert(ga.clone(), Asset { record, versions: BTreeMap::new() });
        }
        let Some(asset) = self.assets.get_mut(&ga) else { return };
        asset.record.updated = asset.record.updated.max(at);
        asset.record.contact_name = contact_name.or(asset.record.contact_name.take());
        asset.record.contact_email = contact_email.or(asset.record.contact_email.take());
        let mut overwritten = None;
        let is_version = version.is_some();
        if let Some(mut version) = version {
            overwritten = asset.versions.remove(&gav.version);
            if let Some(old) = &overwritten {
                version.created = old.created;
            }
            asset.versions.insert(gav.version.clone(), Box::new(version));
        } else if let Some(existing) = asset.versions.get_mut(&gav.version) {
            existing.updated = at;
            if let Some(docs) = docs {
                existing.files.retain(|file| file.key != docs.key);
                existing.files.push(docs);
            }
        }
        // Publishing over a development version keeps tags, categories and fields (EXCHANGE.md §3.9).
        let describes = payload.tags.is_some() || payload.categories.is_change() || payload.fields.is_change();
        if describes && (overwritten.is_none() || !is_version) {
            let minor = asset.record.minors.entry(gav.version.minor_version()).or_default();
            if let Some(tags) = payload.tags {
                minor.tags = tags;
            }
            payload.categories.apply(&mut minor.categories);
            payload.fields.apply(&mut minor.fields);
        }
        if let Some(old) = overwritten {
            self.unindex(&old);
        }
        self.note(gav, changes);
    }

    /// Notes an asset and one of its versions for the disk, and indexes the version.
    fn note(&mut self, gav: &Coordinates, changes: &mut Changes) {
        let ga = Ga::of(gav);
        let Some(asset) = self.assets.get(&ga) else { return };
        changes.put(Table::Asset, &ga.key(), &asset.record);
        if let Some(version) = asset.versions.get(&gav.version) {
            changes.put(Table::Version, &gav.to_string(), version.as_ref());
            let version = version.clone();
            self.index(&version);
        }
    }

    fn index(&mut self, version: &VersionRecord) {
        for dependency in &version.dependencies {
            self.dependents.entry(dependency.to_string()).or_default().insert(version.gav.to_string());
        }
    }

    fn unindex(&mut self, version: &VersionRecord) {
        for dependency in &version.dependencies {
            let key = dependency.to_string();
            if let Some(dependents) = self.dependents.get_mut(&key) {
                dependents.remove(&version.gav.to_string());
                if dependents.is_empty() {
                    self.dependents.remove(&key);
                }
            }
        }
    }

    pub(in super::super) fn asset(&self, group: &str, asset: &str) -> Option<&Asset> {
        self.assets.get(&Ga(group.to_owned(), asset.to_owned()))
    }

    pub(in super::super) fn version(&self, gav: &Coordinates) -> Option<(&Asset, &VersionRecord)> {
        let asset = self.assets.get(&Ga::of(gav))?;
        Some((asset, asset.get(&gav.version)?))
    }

    pub(in super::super) fn tombstone(&self, gav: &Coordinates) -> Option<&Tombstone> {
        self.tombstones.get(&Ga::of(gav))?.get(&gav.version)
    }

    /// Who depends on coordinates.
    pub(in super::super) fn dependents(&self, gav: &Coordinates) -> impl Iterator<Item = &str> {
        self.dependents.get(&gav.to_string()).into_iter().flatten().map(String::as_str)
    }

    /// Whether coordinates are being published.
    pub(in super::super) fn is_active(&self, gav: &Coordinates) -> bool {
        self.active.contains(&gav.to_string())
    }

    /// Marks coordinates as being published, before their run exists.
    pub(in super::super) fn reserve(&mut self, gav: &Coordinates) {
        self.active.insert(gav.to_string());
    }

    /// Takes a reservation back.
    pub(in super::super) fn release(&mut self, gav: &Coordinates) {
        self.active.remove(&gav.to_string());
    }

    /// Accepts a run.
    pub(in super::super) fn accept(&mut self, run: RunRecord, changes: &mut Changes) {
        changes.put(Table::Run, &run.id, &run);
        self.adopt(run);
    }

    /// Changes what all versions of an asset share.
    pub(in super::super) fn edit_asset(
        &mut self,
        ga: &Ga,
        at: i64,
        changes: &mut Changes,
        edit: impl FnOnce(&mut AssetRecord),
    ) {
        let Some(asset) = self.assets.get_mut(ga) else { return };
        edit(&mut asset.record);
        asset.record.updated = at;
        changes.put(Table::Asset, &ga.key(), &asset.record);
    }

    /// Changes the lifecycle state of a version.
    pub(in super::super) fn set_status(
        &mut self,
        gav: &Coordinates,
        status: Lifecycle,
        at: i64,
        changes: &mut Changes,
    ) {
        let Some(asset) = self.assets.get_mut(&Ga::of(gav)) else { return };
        let Some(version) = asset.versions.get_mut(&gav.version) else { return };
        (version.status, version.updated, asset.record.updated) = (status, at, at);
        self.note(gav, changes);
    }

    /// Removes a version, and the asset with its last one; a tombstone burns the version number.
    pub(in super::super) fn delete(&mut self, gav: &Coordinates, tombstone: bool, changes: &mut Changes) {
        let ga = Ga::of(gav);
        let Some(asset) = self.assets.get_mut(&ga) else { return };
        let Some(version) = asset.versions.remove(&gav.version) else { return };
        let organization = asset.record.organization.clone();
        let minor = gav.version.minor_version();
        if !asset.versions.keys().any(|v| v.minor_version() == minor) {
            asset.record.minors.remove(&minor);
        }
        changes.remove(Table::Version, &gav.to_string());
        if asset.versions.is_empty() {
            self.order.remove(&asset.record.sequence);
            self.assets.remove(&ga);
            changes.remove(Table::Asset, &ga.key());
        } else {
            changes.put(Table::Asset, &ga.key(), &asset.record);
        }
        self.unindex(&version);
        if tombstone {
            let record = Tombstone { gav: gav.clone(), organization };
            changes.put(Table::Tombstone, &gav.to_string(), &record);
            self.tombstones.entry(ga).or_default().insert(gav.version.clone(), record);
        }
    }

    /// Frees a version number that a soft delete has burnt.
    pub(in super::super) fn bury(&mut self, gav: &Coordinates, changes: &mut Changes) {
        let ga = Ga::of(gav);
        let Some(versions) = self.tombstones.get_mut(&ga) else { return };
        versions.remove(&gav.version);
        if versions.is_empty() {
            self.tombstones.remove(&ga);
        }
        changes.remove(Table::Tombstone, &gav.to_string());
    }

    /// Changes a setting.
    pub(in super::super) fn set(&mut self, key: &str, value: Value, changes: &mut Changes) {
        changes.put(Table::Setting, key, &value);
        self.settings.insert(key.to_owned(), value);
    }
}
