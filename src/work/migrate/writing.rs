//! The half that writes.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::MigrateError;
use crate::{
    asset::Coordinates,
    inventory,
    job::{Job, Route, Wish},
    package::remap::text_rewriter,
    work::Connection,
};

/// The half of a migration that writes, once both ends are known and all was read.
///
/// # Errors
/// [`MigrateError`] where the job contradicts what is known by now, or leaves out what becomes of a business group.
pub fn writing(job: &Job, source: &Connection, target: &Connection) -> Result<Job, MigrateError> {
    let route =
        Route { from: source.exchange.organization(), to: target.exchange.organization(), group: &target.group };
    let mut writing = job.writing(route)?;
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
fn refuse_homeless(job: &Job, writing: &Job) -> Result<(), MigrateError> {
    let Some(export) = &job.export else { return Ok(()) };
    let groups = groups(&export.manifest())?;
    let homeless = export.unplaced(groups.iter().map(String::as_str), &writing.remap);
    if homeless.is_empty() {
        return Ok(());
    }
    Err(MigrateError::Homeless { groups: homeless.into_iter().map(str::to_owned).collect() })
}

/// The groups that an inventory lists, by the ids of the source.
pub(super) fn groups(manifest: &Utf8Path) -> Result<BTreeSet<String>, MigrateError> {
    Ok(listed(manifest)?.into_iter().map(|version| version.group_id).collect())
}

/// What an inventory lists, by the coordinates of the source.
pub(super) fn listed(manifest: &Utf8Path) -> Result<Vec<Coordinates>, MigrateError> {
    inventory::listed(manifest).map_err(MigrateError::Inventory)
}
