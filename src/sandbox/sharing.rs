//! Who sees an asset, and who may do what with it (EXCHANGE.md §5.4).

use std::collections::BTreeSet;

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::{get, put},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    app::App,
    assets::{Params, coordinates, not_found},
    caller::{Caller, Principal, Role},
    clock::iso,
    directory::{Directory, Organization},
    problem::Problem,
    store::{AssetRecord, Share, Tables},
};

/// The most identities that an asset is shared with, and that one request names.
const MOST: usize = 500;

/// The kinds of identities.
const KINDS: [&str; 4] = ["user", "organization", "externalOrganization", "team"];

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/assets/{g}/{a}/public", put(set_public))
        .route("/exchange/api/v2/assets/{g}/{a}/identities", get(identities).put(share))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/owner", put(set_owner))
        .route("/exchange/api/v2/organizations/{org}/identities", get(search))
}

/// Makes the version groups that are named public, and all others private.
async fn set_public(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let invalid = || Problem::bad_request("request/body must be an array of objects with the property 'versionGroup'");
    let body: Vec<Value> = serde_json::from_slice(&body).map_err(|_| invalid())?;
    // Older clients name the version group by its former name.
    let name =
        |group: &Value| group["versionGroup"].as_str().or(group["productApiVersion"].as_str()).map(str::to_owned);
    let groups: Option<BTreeSet<String>> = body.iter().map(name).collect();
    let groups = groups.ok_or_else(invalid)?;
    let set = |tables: &mut Tables| {
        let asset = tables.asset(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Administrator, &asset.record)?;
        let is_known = |group: &&String| asset.versions.iter().any(|version| version.version_group() == **group);
        if let Some(unknown) = groups.iter().find(|group| !is_known(group)) {
            return Err(Problem::bad_request(format!("The asset has no version group {unknown}")));
        }
        tables.edit_asset((&g, &a), app.state.now(), |record| record.public_groups = groups)?;
        Ok(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The id of a role of an asset, as the documentation shows it.
fn role_id(role: Role) -> &'static str {
    match role {
        Role::Viewer => "0c0d6604-8732-474f-9a2e-bff5ef472a86",
        Role::Contributor => "f1b8d8c6-2a5b-4f6e-9c39-6d1c7a3f0b52",
        Role::Administrator => "03bf5aff-a0e2-4e1a-8377-b7e4f67750df",
    }
}

fn organization(known: &Organization) -> Value {
    json!({ "id": known.id, "name": known.name, "domain": known.domain(), "isMulesoftOrganization": false })
}

fn user(directory: &Directory, known: &Principal) -> Value {
    json!({
        "id": known.id,
        "identityType": "user",
        "username": known.name,
        "firstName": "Sandbox",
        "lastName": known.role.as_str(),
        "email": format!("{}@example.com", known.name),
        "organization": directory.organization(&known.organization).map(organization),
    })
}

/// An identity as it looks from outside; one that the directory does not know has an id and a kind.
fn identity(directory: &Directory, id: &str, kind: &str) -> Value {
    if let Some(known) = directory.by_id(id).filter(|_| kind == "user") {
        return user(directory, known);
    }
    let mut shown = json!({ "id": id, "identityType": kind });
    if let Some(known) = directory.organization(id) {
        shown["name"] = known.name.as_str().into();
        shown["domain"] = known.domain().into();
    }
    shown
}

/// Whether an identity has a search term in one of its names.
fn matches(identity: &Value, term: &str) -> bool {
    let names = ["name", "username", "email", "domain", "firstName", "lastName"];
    term.is_empty()
        || names.iter().filter_map(|key| identity[key].as_str()).any(|name| name.to_lowercase().contains(term))
}

fn term(params: &Params) -> String {
    params.one("search").unwrap_or_default().to_lowercase()
}

async fn identities(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Problem> {
    let term = term(&Params::read(query.as_deref()));
    let record = app.state.read(|tables| tables.asset_record(&g, &a))?.ok_or_else(not_found)?;
    caller.must_be_for(Role::Viewer, &record)?;
    if !caller.is_insider(&record) {
        return Err(Problem::forbidden());
    }
    let directory = &caller.directory;
    let show = |id: &str, kind: &str, role: Role, created: i64| {
        let mut shown = identity(directory, id, kind);
        shown["role"] = role.as_str().into();
        shown["roleId"] = role_id(role).into();
        shown["createdAt"] = iso(created).into();
        shown
    };
    // Whoever made the asset is its administrator.
    let owner = record.owner.iter().map(|owner| show(owner, "user", Role::Administrator, record.created));
    let shared = record.shared.iter().filter(|share| !is_owner(&record, share));
    let shared = shared.map(|share| show(&share.identity_id, &share.identity_type, share.role, share.created));
    Ok(Json(owner.chain(shared).filter(|shown| matches(shown, &term)).collect()))
}

fn is_owner(record: &AssetRecord, share: &Share) -> bool {
    share.role == Role::Administrator && record.owner.as_deref() == Some(&share.identity_id)
}

/// A change of the identities that an asset is shared with.
#[derive(Debug, Deserialize)]
struct Change {
    #[serde(default)]
    added: Vec<Named>,
    #[serde(default)]
    deleted: Vec<Named>,
}

/// An identity with a role.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    identity_id: String,
    identity_type: String,
    #[serde(default)]
    organization_id: Option<String>,
    role: Role,
}

impl Named {
    /// An identity must be one that there is. The sandbox has no teams, and takes any.
    fn check(&self, directory: &Directory) -> Result<(), Problem> {
        let is_known = match self.identity_type.as_str() {
            "user" => directory.by_id(&self.identity_id).is_some_and(|known| known.owner.is_none()),
            "team" => !self.identity_id.is_empty() && self.identity_id.len() <= 256,
            _ => directory.organization(&self.identity_id).is_some(),
        };
        if is_known {
            return Ok(());
        }
        Err(Problem::bad_request(format!("The {} {} does not exist", self.identity_type, self.identity_id)))
    }

    fn share(&self, created: i64) -> Share {
        Share {
            identity_id: self.identity_id.clone(),
            identity_type: self.identity_type.clone(),
            organization_id: self.organization_id.clone(),
            role: self.role,
            created,
        }
    }

    fn is(&self, share: &Share) -> bool {
        share.identity_id == self.identity_id && share.role == self.role
    }
}

async fn share(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let change: Change = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request(format!("request/body must hold added and deleted identities: {error}"))
    })?;
    let all = || change.added.iter().chain(&change.deleted);
    if all().count() > MOST {
        return Err(Problem::bad_request(format!("request/body must NOT have more than {MOST} identities")));
    }
    if all().any(|named| !KINDS.contains(&named.identity_type.as_str())) {
        let kinds = KINDS.join(", ");
        return Err(Problem::bad_request(format!(
            "request/body/identityType must be equal to one of the allowed values: {kinds}"
        )));
    }
    let now = app.state.now();
    let share = |tables: &mut Tables| {
        let mut record = tables.asset_record(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Administrator, &record)?;
        change.added.iter().try_for_each(|named| named.check(&caller.directory))?;
        for named in &change.deleted {
            record.shared.retain(|share| !named.is(share));
            if named.role == Role::Administrator && record.owner.as_deref() == Some(&named.identity_id) {
                record.owner = None;
            }
        }
        for named in &change.added {
            if !record.shared.iter().any(|share| named.is(share)) {
                record.shared.push(named.share(now));
            }
        }
        if record.shared.len() > MOST {
            return Err(Problem::bad_request(format!("An asset is shared with at most {MOST} identities")));
        }
        let (shared, owner) = (record.shared, record.owner);
        tables.edit_asset((&g, &a), now, |record| (record.shared, record.owner) = (shared, owner))?;
        Ok(())
    };
    app.state.commit(share).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// With whom the assets of an organization can be shared.
async fn search(
    caller: Caller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Problem> {
    caller.must_be(Role::Viewer, &org)?;
    let params = Params::read(query.as_deref());
    let (page, term) = (params.page(20)?, term(&params));
    let directory = &caller.directory;
    let root = directory.root_of(&org).map_or(org.as_str(), |root| root.id.as_str());
    let organizations = directory.organizations.iter().filter_map(|known| {
        let is_own = directory.is_within(&known.id, root);
        // Of another organization only the root is known outside.
        let kind = if is_own { "organization" } else { "externalOrganization" };
        (is_own || known.is_root()).then(|| identity(directory, &known.id, kind))
    });
    let is_own_user =
        |known: &&std::sync::Arc<Principal>| known.owner.is_none() && directory.is_within(&known.organization, root);
    let users = directory.principals.iter().filter(is_own_user).map(|known| user(directory, known));
    let found = organizations.chain(users).filter(|shown| matches(shown, &term));
    Ok(Json(found.skip(page.offset).take(page.limit).collect()))
}

/// Names another creator of a version, who becomes the asset's administrator.
async fn set_owner(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be object"))?;
    let owner = body["createdById"].as_str();
    let owner = owner.ok_or_else(|| Problem::bad_request("request/body must have required property 'createdById'"))?;
    let set = |tables: &mut Tables| {
        let (record, _) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Administrator, &record)?;
        if !caller.directory.has_member(&record.organization, owner) {
            return Err(Problem::bad_request(format!("The user {owner} is not a member of the organization")));
        }
        let now = app.state.now();
        tables.edit_version(&gav, |version| owner.clone_into(&mut version.created_by))?;
        tables.edit_asset((&g, &a), now, |record| record.owner = Some(owner.to_owned()))?;
        Ok(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::NO_CONTENT)
}
