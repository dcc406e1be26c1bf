//! What becomes of the coordinates that files name when they go to another group than they were written for.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::asset::{Coordinates, ExternalInstance, Origin, Remap};
use crate::package::{detect::Project, remap};

use super::Options;
use super::facts::Facts;
use super::reader::Reader;

/// Values that are coordinates, or none that names any.
const NO_TEXT: &[&str] = &["groupId", "assetId", "version", "dependencies", "type", "status", "visibility"];

/// Notes the group of an asset whose file (`exchange.json`, `pom.xml`) names another one than the job: it stays, where
/// the job says what becomes of it, and is that of the job else.
pub(crate) fn fill_group(facts: &mut Facts, group: &str, file: &str, from: Origin, options: &Options) {
    if group.is_empty() || group == options.group {
        return;
    }
    let asset = facts.get("assetId").unwrap_or_default();
    if options.remap.asset(group, asset, facts.get("version")).is_some() {
        facts.fill("groupId", group, from);
    } else {
        let why = format!("the group of the job; {file} names `{group}`");
        facts.fill("groupId", &options.group, Origin::Derived(why));
    }
}

/// The coordinates at the target of an asset whose file names these.
pub(crate) fn gav(options: &Options, group: &str, asset: &str, version: &str) -> String {
    let is_told = options.remap.asset(group, asset, Some(version)).is_some();
    let named = format!("{}/{asset}/{version}", if is_told { group } else { &options.group });
    named.parse().map_or(named, |named| options.remap.coordinates(&named).to_string())
}

/// The group that a dependency of a project is declared under: its own moves with it.
pub(crate) fn group_of_dependency<'a>(
    project: &Project,
    (group, asset, version): (&'a str, &str, &str),
    options: &'a Options,
) -> &'a str {
    let is_told = options.remap.asset(group, asset, Some(version)).is_some();
    if project.is_own_group(group) && !is_told { &options.group } else { group }
}

/// The groups that a project calls its own and that nothing is said about: they become that of the job, in references to
/// vendored modules as in the dependencies.
pub(crate) fn own_groups(project: &Project, options: &Options) -> BTreeMap<String, String> {
    let target = options.remap.group(&options.group);
    let own = [&project.group_id, &project.organization_id].into_iter().flatten();
    own.filter(|group| !group.is_empty() && *group != target && *group != &options.group)
        .map(|group| (group.clone(), target.to_owned()))
        .collect()
}

/// Brings texts in line with the job: descriptions, links and properties name assets as well.
pub(crate) fn rewrite(facts: &mut Facts, table: &Remap) {
    if table.is_empty_table() {
        return;
    }
    let rewriter = remap::text_rewriter(table);
    facts.change(|key, text| if NO_TEXT.contains(&key) { None } else { rewriter(text) });
}

/// Brings the names of instances in line with the job, which are columns rather than cells.
pub(crate) fn rename(instances: &mut [ExternalInstance], table: &Remap) {
    if table.is_empty_table() {
        return;
    }
    let rewriter = remap::text_rewriter(table);
    for instance in instances {
        if let Some(name) = rewriter(&instance.name) {
            instance.name = name;
        }
    }
}

/// Where an asset goes.
pub(crate) fn moved(reader: &mut Reader, coordinates: &Coordinates, table: &Remap) -> Coordinates {
    let moved = table.coordinates(coordinates);
    if moved != *coordinates {
        let parts = [
            ("groupId", moved.group_id != coordinates.group_id),
            ("assetId", moved.asset_id != coordinates.asset_id),
            ("version", moved.version != coordinates.version),
        ];
        for (key, _) in parts.into_iter().filter(|(_, is_changed)| *is_changed) {
            let before = reader.origins.get(key).map_or(String::new(), |origin| format!(", named by {origin}"));
            let why = format!("[remap] of {coordinates}{before}");
            reader.origins.insert(key.to_owned(), Origin::Derived(why));
        }
    }
    moved
}

/// Dependencies as they are named at the target, each once.
pub(crate) fn dependencies(found: &[Coordinates], table: &Remap) -> Vec<Coordinates> {
    let mut moved: Vec<Coordinates> = Vec::with_capacity(found.len());
    for dependency in found.iter().map(|dependency| table.coordinates(dependency)) {
        if !moved.contains(&dependency) {
            moved.push(dependency);
        }
    }
    moved
}

/// The stamp of an asset, which changes with what is made of its files.
pub(crate) fn stamp(stamp: String, table: &Remap) -> String {
    if table.is_empty_table() {
        return stamp;
    }
    hex::encode(Sha256::new().chain_update(stamp).chain_update(table.to_text()).finalize())
}
