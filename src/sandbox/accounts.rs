//! Tokens, users and organizations (EXCHANGE.md §1).

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    app::{AdmitError, App},
    caller::{Caller, Principal, Role},
    directory::{Directory, Organization},
    problem::Problem,
    settings::OrganizationSetting,
};

/// What needs no token.
pub(super) fn open() -> Router<App> {
    Router::new()
        .route("/accounts/api/v2/oauth2/token", post(token))
        .route("/accounts/api/oauth2/token", post(token))
        .route("/accounts/api/v2/oauth2/introspect", post(introspect))
        .route("/accounts/api/v2/oauth2/revoke", post(revoke))
        .route("/accounts/login", post(login))
        .route("/accounts/api/login", post(login))
}

/// What needs one.
pub(super) fn guarded() -> Router<App> {
    Router::new()
        .route("/accounts/api/me", get(me))
        .route("/accounts/api/users/me", get(user_me))
        .route("/accounts/api/organizations", post(new_organization))
        .route("/accounts/api/organizations/{org}", get(organization))
        .route("/accounts/api/organizations/{org}/hierarchy", get(hierarchy))
        .route("/accounts/api/organizations/{org}/environments", get(environments))
        .route("/accounts/api/organizations/{org}/environments/{environment}", get(environment))
}

/// A value of a body that is JSON or a form.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.contains("json") {
            return Ok(Self(url::form_urlencoded::parse(body).into_owned().collect()));
        }
        let value: Value = serde_json::from_slice(body).map_err(|_| Problem::bad_request("the body is not JSON"))?;
        let fields = value.as_object().into_iter().flatten();
        Ok(Self(fields.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()))
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

async fn token(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let fields = Fields::read(&headers, &body)?;
    let directory = app.directory();
    let principal = match fields.get("grant_type") {
        "client_credentials" => client(&directory, &headers, &fields),
        "password" => directory.user(fields.get("username"), fields.get("password")),
        other => return Err(Problem::bad_request(format!("unsupported grant_type `{other}`"))),
    };
    let token = json!({
        "access_token": app.issue_token(principal.ok_or_else(Problem::unauthorized)?).await?,
        "expires_in": app.settings.token_lifetime.as_secs(),
        "token_type": "bearer",
    });
    Ok(Json(token).into_response())
}

/// The connected app that a request names in its body, or by Basic authentication.
fn client<'a>(directory: &'a Directory, headers: &HeaderMap, fields: &Fields) -> Option<&'a Arc<Principal>> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = header.and_then(|value| value.strip_prefix("Basic ").or_else(|| value.strip_prefix("basic ")));
    if let Some(text) = basic.and_then(|value| String::from_utf8(BASE64_STANDARD.decode(value.trim()).ok()?).ok()) {
        let (id, secret) = text.split_once(':')?;
        return directory.client(id, secret);
    }
    directory.client(fields.get("client_id"), fields.get("client_secret"))
}

async fn login(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let fields = Fields::read(&headers, &body)?;
    let directory = app.directory();
    let user = directory.user(fields.get("username"), fields.get("password")).ok_or_else(Problem::unauthorized)?;
    let token =
        json!({ "access_token": app.issue_token(user).await?, "token_type": "bearer", "redirectUrl": "/home/" });
    Ok(Json(token).into_response())
}

/// Says what a token is worth (RFC 7662). Only a connected app may ask.
async fn introspect(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Problem> {
    let fields = Fields::read(&headers, &body)?;
    client(&app.directory(), &headers, &fields).ok_or_else(Problem::unauthorized)?;
    let Some((principal, end)) = app.holder_of(fields.get("token")) else {
        return Ok(Json(json!({ "active": false })));
    };
    let mut answer = json!({
        "active": true,
        "token_type": "bearer",
        "sub": principal.user(),
        "username": principal.name,
        "scope": scopes(principal.role),
    });
    if let Some(end) = end {
        answer["exp"] = end.div_euclid(1000).into();
    }
    if principal.owner.is_some() {
        answer["client_id"] = principal.id.as_str().into();
    }
    Ok(Json(answer))
}

/// The scopes of a role (EXCHANGE.md §1.3).
fn scopes(role: Role) -> &'static str {
    match role {
        Role::Viewer => "read:exchange",
        Role::Contributor => "read:exchange create:exchange edit:exchange",
        Role::Administrator => "read:exchange create:exchange edit:exchange manage:exchange",
    }
}

/// Ends a token (RFC 7009): what is no token is as good as ended.
async fn revoke(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    let fields = Fields::read(&headers, &body)?;
    app.revoke_token(fields.get("token")).await?;
    Ok(StatusCode::OK)
}

/// How an organization is shown.
pub(super) fn summary(directory: &Directory, organization: &Organization) -> Value {
    let ids = |known: &mut dyn Iterator<Item = &Organization>| known.map(|known| known.id.clone()).collect::<Vec<_>>();
    let mut above = ids(&mut directory.line(&organization.id).skip(1));
    above.reverse();
    let below = ids(&mut directory.below(&organization.id).filter(|known| known.id != organization.id));
    json!({
        "id": organization.id,
        "name": organization.name,
        "domain": organization.domain(),
        "isRoot": organization.is_root(),
        "isMaster": organization.is_root(),
        "parentId": organization.parent,
        "parentName": above.last().and_then(|id| directory.organization(id)).map(|parent| parent.name.as_str()),
        "parentOrganizationIds": above,
        "subOrganizationIds": below,
        "tenantOrganizationIds": [],
    })
}

fn user(caller: &Caller) -> Value {
    let directory = &caller.directory;
    let user = directory.by_id(caller.user_id()).unwrap_or(&caller.principal);
    let own = directory.organization(&user.organization);
    let show = |organization: &Organization| summary(directory, organization);
    let member: Vec<Value> = directory.below(&user.organization).map(show).collect();
    let contributor = if user.role >= Role::Contributor { member.clone() } else { Vec::new() };
    json!({
        "id": user.id,
        "username": user.name,
        "firstName": "Sandbox",
        "lastName": user.role.as_str(),
        "email": format!("{}@example.com", user.name),
        "enabled": true,
        "organizationId": user.organization,
        "organization": own.map(show),
        "memberOfOrganizations": member,
        "contributorOfOrganizations": contributor,
        "organizationPreferences": {},
    })
}

/// The id of an environment of an organization.
pub(super) fn environment_id(organization: &str, name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{organization}/{name}").as_bytes()).to_string()
}

fn environment_list(organization: &str) -> Vec<Value> {
    let environment = |name: &str, kind: &str| {
        json!({
            "id": environment_id(organization, name),
            "name": name,
            "organizationId": organization,
            "isProduction": kind == "production",
            "type": kind,
        })
    };
    vec![environment("Production", "production"), environment("Sandbox", "sandbox")]
}

/// An organization that the caller is no member of is not there.
fn visible<'a>(caller: &'a Caller, organization: &str) -> Result<&'a Organization, Problem> {
    let known = caller.directory.organization(organization).filter(|known| caller.role_in(&known.id).is_some());
    known.ok_or_else(|| Problem::not_found("Organization not found"))
}

async fn me(caller: Caller) -> Json<Value> {
    let mut answer = json!({ "user": user(&caller) });
    if caller.principal.owner.is_some() {
        answer["client"] = json!({
            "client_id": caller.principal.id,
            "name": caller.principal.name,
            "org_id": caller.principal.organization,
        });
    }
    Json(answer)
}

async fn user_me(caller: Caller) -> Json<Value> {
    Json(user(&caller))
}

async fn organization(State(app): State<App>, caller: Caller, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    let known = visible(&caller, &org)?;
    let mut organization = summary(&caller.directory, known);
    organization["environments"] = environment_list(&known.id).into();
    organization["sessionTimeout"] = (app.settings.token_lifetime.as_secs() / 60).into();
    let owner = caller.directory.holder(&known.id, Role::Administrator, false);
    organization["ownerId"] = owner.map(|owner| owner.id.as_str()).into();
    Ok(Json(organization))
}

async fn hierarchy(caller: Caller, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    let known = visible(&caller, &org)?;
    Ok(Json(tree(&caller.directory, known, caller.directory.organizations.len())))
}

/// An organization with the business groups below it, not deeper than there are organizations.
fn tree(directory: &Directory, organization: &Organization, depth: usize) -> Value {
    let mut shown = summary(directory, organization);
    let is_child = |known: &&Organization| known.parent.as_deref() == Some(&organization.id) && depth > 0;
    let children = directory.organizations.iter().filter(is_child);
    shown["subOrganizations"] = children.map(|child| tree(directory, child, depth - 1)).collect::<Vec<_>>().into();
    shown
}

/// Makes a business group.
async fn new_organization(
    State(app): State<App>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::bad_request("request/body must be object"))?;
    let text = |key: &str| body[key].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let missing = |key: &str| Problem::bad_request(format!("request/body must have required property '{key}'"));
    let parent = text("parentOrganizationId").ok_or_else(|| missing("parentOrganizationId"))?;
    let name = text("name").ok_or_else(|| missing("name"))?;
    caller.must_be(Role::Administrator, &parent)?;
    let id = Uuid::new_v4().to_string();
    let setting = OrganizationSetting { id: id.clone(), name: Some(name), parent: Some(parent) };
    let directory = app.admit(&setting).await.map_err(|error| match error {
        AdmitError::Directory(error) => Problem::bad_request(error.to_string()),
        AdmitError::Store(error) => error.into(),
    })?;
    let made = directory.organization(&id).ok_or_else(|| Problem::internal(&"a business group is gone"))?;
    Ok((StatusCode::CREATED, Json(summary(&directory, made))))
}

async fn environments(caller: Caller, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    let known = visible(&caller, &org)?;
    let environments = environment_list(&known.id);
    Ok(Json(json!({ "total": environments.len(), "data": environments })))
}

async fn environment(caller: Caller, Path((org, environment)): Path<(String, String)>) -> Result<Json<Value>, Problem> {
    let known = visible(&caller, &org)?;
    let found = environment_list(&known.id).into_iter().find(|known| known["id"] == environment.as_str());
    found.map(Json).ok_or_else(|| Problem::not_found("Environment not found"))
}
