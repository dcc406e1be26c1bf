//! What the state of the sandbox forbids a publication.

use axum::http::StatusCode;

use crate::asset::{AssetType, Coordinates, Lifecycle};

use super::super::{
    problem::Problem,
    store::{Asset, Tables, TagsChange},
};
use super::draft::Draft;

/// Groups of MuleSoft's own assets: they are always there, and nobody else publishes to them.
fn is_public_group(group: &str) -> bool {
    group == "68ef9520-24e9-4cf2-b2f5-620025690913"
        || ["com.mulesoft", "org.mule"]
            .iter()
            .any(|prefix| group.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Checks that are answered at once, in either mode.
pub(super) fn check_now(tables: &Tables, draft: &Draft) -> Result<(), Problem> {
    if is_public_group(&draft.gav.group_id) {
        return Err(Problem::forbidden());
    }
    check_free(tables, &draft.gav)?;
    let Some(asset) = tables.asset(&draft.gav.group_id, &draft.gav.asset_id) else { return Ok(()) };
    check_type(asset, draft)?;
    check_api_version(asset, draft)
}

/// Whether the coordinates may be published to (EXCHANGE.md §3.7, §3.9, §3.10).
fn check_free(tables: &Tables, gav: &Coordinates) -> Result<(), Problem> {
    let existing = tables.version(gav).map(|(_, version)| version.status);
    if let Some(state) = existing.filter(|state| *state != Lifecycle::Development) {
        return Err(Problem::preconditions(format!(
            "An asset already exists with this version and {state} lifecycle state."
        )));
    }
    if tables.tombstone(gav).is_some() {
        return Err(Problem::preconditions(
            "There is a deleted asset with the same version number. Try creating your new asset with a higher version \
             number.",
        ));
    }
    if tables.is_active(gav) {
        return Err(Problem::preconditions("A publication of this asset version is already in progress."));
    }
    Ok(())
}

/// The type never changes between versions (EXCHANGE.md §2.1).
fn check_type(asset: &Asset, draft: &Draft) -> Result<(), Problem> {
    let known = &asset.record.asset_type;
    if *known == draft.asset_type {
        return Ok(());
    }
    let error = format!("The type of the asset is `{known}` and cannot become `{}`", draft.asset_type);
    Err(Problem::invalid("INVALID_ASSET_TYPE", error))
}

/// Every major version has an apiVersion of its own (EXCHANGE.md §2.4).
fn check_api_version(asset: &Asset, draft: &Draft) -> Result<(), Problem> {
    let invalid = |error| Err(Problem::invalid("INVALID_API_VERSION", error));
    let major = draft.gav.version.major();
    let others = asset.versions.values().filter(|version| version.gav.version != draft.gav.version);
    for other in others {
        let same_major = other.gav.version.major() == major;
        if same_major && draft.asset_type == AssetType::HttpApi {
            return invalid(format!(
                "Versions of an http-api differ in the major number; {} exists",
                other.gav.version
            ));
        }
        let (Some(known), Some(new)) = (other.api_version.as_deref(), draft.property("apiVersion")) else { continue };
        if same_major && known != new {
            return invalid(format!("The apiVersion of the versions {major}.x.x is `{known}`, not `{new}`"));
        }
        if !same_major && known == new {
            return invalid(format!(
                "The apiVersion `{new}` belongs to the versions {}.x.x",
                other.gav.version.major()
            ));
        }
    }
    Ok(())
}

/// Checks that are told through the status link where the publisher does not wait.
///
/// The answer is the list of dependencies of the asset: those that were declared, and those of its POM that are known.
pub(super) fn check_later(tables: &Tables, draft: &Draft) -> Result<Vec<Coordinates>, Problem> {
    check_values(tables, &draft.asset_type, &draft.categories, &draft.fields)?;
    let missing: Vec<String> = draft
        .dependencies
        .iter()
        .filter(|gav| tables.version(gav).is_none() && !is_public_group(&gav.group_id))
        .map(Coordinates::to_colons)
        .collect();
    if !missing.is_empty() {
        let error = format!("These dependencies do not exist: {}", missing.join(", "));
        return Err(Problem::invalid("MISSING_DEPENDENCIES", error));
    }
    let known = |gav: &&Coordinates| tables.version(gav).is_some() || is_public_group(&gav.group_id);
    let mut all = draft.dependencies.clone();
    all.extend(draft.maven_dependencies.iter().filter(known).cloned());
    if draft.status == Lifecycle::Published {
        check_stable(tables, &all)?;
    }
    Ok(all)
}

/// What is stable cannot depend on what is in development (EXCHANGE.md §3.9).
fn check_stable(tables: &Tables, dependencies: &[Coordinates]) -> Result<(), Problem> {
    let unstable = |gav: &&Coordinates| tables.version(gav).is_some_and(|(_, v)| v.status == Lifecycle::Development);
    match dependencies.iter().find(unstable) {
        Some(gav) => Err(Problem::publication(
            StatusCode::BAD_REQUEST,
            "DEVELOPMENT_DEPENDENCIES",
            "The asset is invalid",
            format!("The dependency {gav} is in development"),
        )),
        None => Ok(()),
    }
}

/// Categories and fields must be configured, and values must be among the accepted ones (EXCHANGE.md §3.1, §4.2).
pub(in super::super) fn check_values(
    tables: &Tables,
    asset_type: &AssetType,
    categories: &TagsChange,
    fields: &TagsChange,
) -> Result<(), Problem> {
    for (kind, change) in [("categories", categories), ("fields", fields)] {
        for (key, values) in &change.values {
            let invalid = |error: String| Err(Problem::invalid("INVALID_TAG", error));
            let Some(config) = tables.settings.get(&format!("{kind}/{key}")) else {
                return invalid(format!("The key `{key}` of {kind} is not configured in the organization"));
            };
            let lists = |name: &str| config[name].as_array().filter(|list| !list.is_empty());
            if lists("assetTypeRestrictions").is_some_and(|types| !types.iter().any(|t| *t == asset_type.as_str())) {
                return invalid(format!("The key `{key}` of {kind} does not go with the type `{asset_type}`"));
            }
            let Some(accepted) = lists("acceptedValues") else { continue };
            if let Some(value) = values.iter().find(|value| !accepted.iter().any(|known| *known == value.as_str())) {
                return invalid(format!("`{value}` is not one of the values of `{key}`"));
            }
        }
    }
    Ok(())
}
