//! Tokens, users and organizations (EXCHANGE.md §1).

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{app::App, app::Shared, problem::Problem};

/// What needs no token.
pub(super) fn open() -> Router<App> {
    Router::new()
        .route("/accounts/api/v2/oauth2/token", post(token))
        .route("/accounts/api/oauth2/token", post(token))
        .route("/accounts/login", post(login))
        .route("/accounts/api/login", post(login))
}

/// What needs one.
pub(super) fn guarded() -> Router<App> {
    Router::new()
        .route("/accounts/api/me", get(me))
        .route("/accounts/api/users/me", get(user_me))
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
    let granted = match fields.get("grant_type") {
        "client_credentials" => app.is_client(fields.get("client_id"), fields.get("client_secret")),
        "password" => is_user(&app, &fields),
        other => return Err(Problem::bad_request(format!("unsupported grant_type `{other}`"))),
    };
    if !granted {
        return Err(Problem::unauthorized());
    }
    let token = json!({
        "access_token": app.issue_token(),
        "expires_in": app.settings.token_lifetime.as_secs(),
        "token_type": "bearer",
    });
    Ok(Json(token).into_response())
}

async fn login(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let fields = Fields::read(&headers, &body)?;
    if !is_user(&app, &fields) {
        return Err(Problem::unauthorized());
    }
    let token = json!({ "access_token": app.issue_token(), "token_type": "bearer", "redirectUrl": "/home/" });
    Ok(Json(token).into_response())
}

fn is_user(app: &App, fields: &Fields) -> bool {
    fields.get("username") == app.credentials.username && fields.get("password") == app.credentials.password
}

impl Shared {
    fn organization_summary(&self) -> Value {
        json!({
            "id": self.credentials.organization,
            "name": "Sandbox",
            "domain": "sandbox",
            "isRoot": true,
            "isMaster": true,
            "parentId": null,
            "parentOrganizationIds": [],
            "subOrganizationIds": [],
            "tenantOrganizationIds": [],
        })
    }

    fn user(&self) -> Value {
        let organization = self.organization_summary();
        json!({
            "id": self.user_id(),
            "username": self.credentials.username,
            "firstName": "Sandbox",
            "lastName": "User",
            "email": "sandbox@example.com",
            "enabled": true,
            "organizationId": self.credentials.organization,
            "organization": organization,
            "memberOfOrganizations": [organization],
            "contributorOfOrganizations": [organization],
            "organizationPreferences": {},
        })
    }

    fn environment_list(&self) -> Vec<Value> {
        let environment = |name: &str, kind: &str| {
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{name}", self.credentials.organization).as_bytes());
            json!({
                "id": id.to_string(),
                "name": name,
                "organizationId": self.credentials.organization,
                "isProduction": kind == "production",
                "type": kind,
            })
        };
        vec![environment("Production", "production"), environment("Sandbox", "sandbox")]
    }

    /// An organization that is not the sandbox's is not there for its user.
    fn known_organization(&self, organization: &str) -> Result<(), Problem> {
        if self.is_own(organization) { Ok(()) } else { Err(Problem::not_found("Organization not found")) }
    }
}

async fn me(State(app): State<App>) -> Json<Value> {
    let client = json!({ "client_id": app.credentials.client_id, "name": "Sandbox" });
    Json(json!({ "client": client, "user": app.user() }))
}

async fn user_me(State(app): State<App>) -> Json<Value> {
    Json(app.user())
}

async fn organization(State(app): State<App>, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    app.known_organization(&org)?;
    let mut organization = app.organization_summary();
    organization["environments"] = app.environment_list().into();
    organization["sessionTimeout"] = (app.settings.token_lifetime.as_secs() / 60).into();
    organization["ownerId"] = app.user_id().into();
    Ok(Json(organization))
}

async fn hierarchy(State(app): State<App>, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    app.known_organization(&org)?;
    let mut organization = app.organization_summary();
    organization["subOrganizations"] = json!([]);
    Ok(Json(organization))
}

async fn environments(State(app): State<App>, Path(org): Path<String>) -> Result<Json<Value>, Problem> {
    app.known_organization(&org)?;
    let environments = app.environment_list();
    Ok(Json(json!({ "total": environments.len(), "data": environments })))
}

async fn environment(
    State(app): State<App>,
    Path((org, environment)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    app.known_organization(&org)?;
    let found = app.environment_list().into_iter().find(|known| known["id"] == environment.as_str());
    found.map(Json).ok_or_else(|| Problem::not_found("Environment not found"))
}
