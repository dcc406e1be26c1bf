//! What the state of the sandbox forbids a publication.

use axum::http::StatusCode;

use crate::asset::{AssetType, Coordinates, Lifecycle, Version};

use super::super::{
    caller::{Caller, Role},
    describe::{Configuration, Dimension, root},
    directory::Directory,
    organizations::{held_versions, setting},
    problem::Problem,
    store::{AssetRecord, Claim, StoreError, Tables, TagsChange},
};
use super::draft::{Draft, GivenTags};

/// Groups of MuleSoft's own assets: they are always there, and nobody else publishes to them.
fn is_public_group(group: &str) -> bool {
    group == "68ef9520-24e9-4cf2-b2f5-620025690913"
        || ["com.mulesoft", "org.mule"]
            .iter()
            .any(|prefix| group.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Checks that are answered at once, in either mode.
pub(super) fn check_now(tables: &Tables, publisher: (&Caller, &str), draft: &Draft) -> Result<(), Problem> {
    let known = check_place(tables, publisher, &draft.gav)?;
    for claim in tables.claims(&draft.gav)? {
        if claim.organization != publisher.1 {
            return Err(Problem::forbidden());
        }
        check_type(&claim.asset_type, draft)?;
        if clashes(&claim, draft) {
            return Err(api_clash(draft, &claim.gav.version, claim.api_version.as_deref()));
        }
    }
    let Some(known) = known else { return Ok(()) };
    check_type(&known.asset_type, draft)?;
    check_api_version(tables, draft)
}

/// Whether somebody may publish to coordinates of an organization now; the answer is the asset that is there.
pub(in super::super) fn check_place(
    tables: &Tables,
    (caller, org): (&Caller, &str),
    gav: &Coordinates,
) -> Result<Option<AssetRecord>, Problem> {
    let group = &gav.group_id;
    // A group that bears the id of an organization is that organization's.
    let is_foreign = group != org && caller.directory.organization(group).is_some();
    if is_foreign || is_public_group(group) {
        return Err(Problem::forbidden());
    }
    let known = tables.asset_record(group, &gav.asset_id)?;
    if let Some(known) = &known {
        if known.organization != org {
            return Err(Problem::forbidden());
        }
        caller.must_be_for(Role::Contributor, known)?;
    }
    check_free(tables, gav)?;
    Ok(known)
}

/// Refuses a new version where the root organization has as many as it may (EXCHANGE.md §3.8).
pub(super) fn check_room(
    tables: &Tables,
    (directory, org): (&Directory, &str),
    gav: &Coordinates,
    most: Option<u64>,
) -> Result<(), Problem> {
    let Some(most) = most else { return Ok(()) };
    if held_versions(tables, directory, org)? < most || tables.status(gav)?.is_some() {
        return Ok(());
    }
    Err(Problem::publication(
        StatusCode::CONFLICT,
        "ASSET_LIMIT_REACHED",
        "The asset cannot be created",
        format!("The organization has reached its limit of {most} asset versions"),
    ))
}

/// Whether the creator of an asset becomes its administrator: always, but for a connected app the header or the
/// organization decides (EXCHANGE.md §3.1).
pub(super) fn assigns_roles(
    tables: &Tables,
    (caller, org): (&Caller, &str),
    header: Option<bool>,
) -> Result<bool, StoreError> {
    if caller.principal.owner.is_none() {
        return Ok(true);
    }
    if let Some(assigns) = header {
        return Ok(assigns);
    }
    let settings = setting(tables, &caller.directory, org, "assetRoleAssignmentSettings")?.unwrap_or_default();
    Ok(settings["assignRoleToConnectedApps"] != false)
}

/// Whether the coordinates may be published to (EXCHANGE.md §3.7, §3.9, §3.10).
fn check_free(tables: &Tables, gav: &Coordinates) -> Result<(), Problem> {
    if let Some(state) = tables.status(gav)?.filter(|state| *state != Lifecycle::Development) {
        return Err(Problem::preconditions(format!(
            "An asset already exists with this version and {state} lifecycle state."
        )));
    }
    if tables.is_tombstone(gav)? {
        return Err(Problem::preconditions(
            "There is a deleted asset with the same version number. Try creating your new asset with a higher version \
             number.",
        ));
    }
    if tables.is_active(gav)? {
        return Err(Problem::preconditions("A publication of this asset version is already in progress."));
    }
    Ok(())
}

/// The type never changes between versions (EXCHANGE.md §2.1).
fn check_type(known: &AssetType, draft: &Draft) -> Result<(), Problem> {
    if *known == draft.asset_type {
        return Ok(());
    }
    let error = format!("The type of the asset is `{known}` and cannot become `{}`", draft.asset_type);
    Err(Problem::invalid("INVALID_ASSET_TYPE", error))
}

/// Whether the majors of the versions of an asset must differ.
fn majors_differ(draft: &Draft) -> bool {
    draft.asset_type == AssetType::HttpApi
}

/// Every major version has an apiVersion of its own (EXCHANGE.md §2.4).
fn check_api_version(tables: &Tables, draft: &Draft) -> Result<(), Problem> {
    let found = tables.api_clash(&draft.gav, draft.property("apiVersion"), majors_differ(draft))?;
    match found {
        Some(other) => Err(api_clash(draft, &other.gav.version, other.api_version.as_deref())),
        None => Ok(()),
    }
}

/// Whether the apiVersion of a version that has not taken effect yet goes badly with a new one's.
fn clashes(claim: &Claim, draft: &Draft) -> bool {
    let same_major = claim.gav.version.major() == draft.gav.version.major();
    match (claim.api_version.as_deref(), draft.property("apiVersion")) {
        _ if same_major && majors_differ(draft) => true,
        (Some(known), Some(new)) => (known == new) != same_major,
        _ => false,
    }
}

fn api_clash(draft: &Draft, other: &Version, known: Option<&str>) -> Problem {
    let (major, new) = (other.major(), draft.property("apiVersion").unwrap_or_default());
    let error = if major != draft.gav.version.major() {
        format!("The apiVersion `{new}` belongs to the versions {major}.x.x")
    } else if majors_differ(draft) {
        format!("Versions of an http-api differ in the major number; {other} exists")
    } else {
        let known = known.unwrap_or_default();
        format!("The apiVersion of the versions {major}.x.x is `{known}`, not `{new}`")
    };
    Problem::invalid("INVALID_API_VERSION", error)
}

/// What a publication says, as it is kept.
pub(super) struct Checked {
    pub(super) dependencies: Vec<Coordinates>,
    pub(super) categories: TagsChange,
    pub(super) fields: TagsChange,
}

/// Checks that are told through the status link where the publisher does not wait.
///
/// The answer holds the dependencies that were declared, and those of the POM that are known.
pub(super) fn check_later(tables: &Tables, directory: &Directory, draft: &Draft) -> Result<Checked, Problem> {
    let root = root(directory, &draft.organization);
    let check = |dimension, change| check_values(tables, dimension, (root, &draft.asset_type), change);
    let (categories, fields) =
        (check(Dimension::Category, &draft.categories)?, check(Dimension::Field, &draft.fields)?);
    let mut missing = Vec::new();
    for gav in &draft.dependencies {
        if !is_known(tables, gav)? {
            missing.push(gav.to_colons());
        }
    }
    if !missing.is_empty() {
        let error = format!("These dependencies do not exist: {}", missing.join(", "));
        return Err(Problem::invalid("MISSING_DEPENDENCIES", error));
    }
    let mut all = draft.dependencies.clone();
    for gav in &draft.maven_dependencies {
        if is_known(tables, gav)? {
            all.push(gav.clone());
        }
    }
    if draft.status == Lifecycle::Published {
        check_stable(tables, &all)?;
    }
    Ok(Checked { dependencies: all, categories, fields })
}

/// Whether a dependency exists.
fn is_known(tables: &Tables, gav: &Coordinates) -> Result<bool, StoreError> {
    Ok(is_public_group(&gav.group_id) || tables.status(gav)?.is_some())
}

/// What is stable cannot depend on what is in development (EXCHANGE.md §3.9).
fn check_stable(tables: &Tables, dependencies: &[Coordinates]) -> Result<(), Problem> {
    for gav in dependencies {
        if tables.status(gav)? == Some(Lifecycle::Development) {
            return Err(Problem::publication(
                StatusCode::BAD_REQUEST,
                "DEVELOPMENT_DEPENDENCIES",
                "The asset is invalid",
                format!("The dependency {gav} is in development"),
            ));
        }
    }
    Ok(())
}

/// Categories and fields must be configured, and values must be what they take (EXCHANGE.md §3.1, §4.2, §4.3).
///
/// The answer is the change as it is kept.
pub(super) fn check_values(
    tables: &Tables,
    dimension: Dimension,
    (root, asset_type): (&str, &AssetType),
    change: &GivenTags,
) -> Result<TagsChange, Problem> {
    let kind = dimension.plural();
    let mut checked = TagsChange { replace_all: change.replace_all, ..TagsChange::default() };
    for (key, given) in &change.values {
        let invalid = |error: String| Problem::invalid("INVALID_TAG", error);
        let configuration = Configuration::by_key(tables, (dimension, root), key)?;
        let configuration = configuration
            .ok_or_else(|| invalid(format!("The key `{key}` of {kind} is not configured in the organization")))?;
        if given.is_blank() {
            continue;
        }
        let value = configuration.read(dimension, asset_type, given);
        let value = value.map_err(|wrong| invalid(format!("The value of `{key}` of {kind} {wrong}")))?;
        checked.values.insert(configuration.id, value);
    }
    Ok(checked)
}
