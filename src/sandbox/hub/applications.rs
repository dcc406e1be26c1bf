//! Client applications: making, finding, changing and deleting them, and their credentials.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        app::App,
        assets::Params,
        clock::iso,
        store::{StoreError, Tables},
    },
    body::Body,
    offers::{self, GRANT_TYPES, Shown},
    portals::Visit,
    records::Application,
    refusal::Refusal,
};

/// The most characters of an application's name.
const NAME: usize = 151;

/// The most characters of an application's description.
const DESCRIPTION: usize = 4096;

/// How many applications a list shows where nobody says, and at most.
const PAGE: usize = 100;
const MOST: usize = 1000;

fn no_application() -> Refusal {
    Refusal::not_found("There is no such application")
}

fn taken(name: &str) -> Refusal {
    Refusal::conflict(format!("There is an application with the name `{name}` already"))
}

fn secret() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The application that the path names.
pub(super) fn named(tables: &Tables, visit: &Visit) -> Result<Application, Refusal> {
    Application::find(tables, visit, visit.part("application"))?.ok_or_else(no_application)
}

/// What somebody wants an application to be. What is left out stays as it is.
struct Upsert {
    name: String,
    description: Option<String>,
    url: Option<String>,
    redirect_uris: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    api_endpoints: Option<bool>,
}

impl Upsert {
    fn read(body: &mut Body) -> Self {
        let upsert = Self {
            name: body.required_text("name", NAME),
            description: body.text("description", DESCRIPTION),
            url: body.uri("url"),
            redirect_uris: body.uris("redirectUri"),
            grant_types: body.texts("grantTypes"),
            api_endpoints: body.flag("apiEndpoints"),
        };
        for name in upsert.grant_types.iter().flatten() {
            if !GRANT_TYPES.iter().any(|(known, _)| known == name) {
                body.complain(format!("grantTypes: `{name}` is none of the provider's grant types"));
            }
        }
        upsert
    }

    fn apply(self, to: &mut Application) {
        to.name = self.name;
        to.description = self.description.or(to.description.take());
        to.url = self.url.or(to.url.take()).filter(|url| !url.is_empty());
        if let Some(uris) = self.redirect_uris {
            to.redirect_uris = uris;
        }
        if let Some(types) = self.grant_types {
            to.grant_types = types;
        }
        to.api_endpoints = self.api_endpoints.unwrap_or(to.api_endpoints);
    }
}

/// An application with its credentials.
fn show(application: &Application) -> Value {
    let mut shown = json!({
        "id": application.id,
        "name": application.name,
        "clientId": application.client_id,
        "clientSecret": application.client_secret,
        "grantTypes": application.grant_types,
        "redirectUri": application.redirects(),
        "lastUpdateDate": iso(application.updated),
        "clientProvider": offers::provider(&application.provider),
    });
    describe(&mut shown, application);
    if let Some(url) = &application.url {
        shown["url"] = url.as_str().into();
    }
    shown
}

fn describe(shown: &mut Value, application: &Application) {
    if let Some(description) = &application.description {
        shown["description"] = description.as_str().into();
    }
}

/// `createApplication`.
pub(super) async fn create(State(app): State<App>, visit: Visit, body: Bytes) -> Result<Json<Value>, Refusal> {
    let mut body = Body::read(&body)?;
    let upsert = Upsert::read(&mut body);
    let instance = body.required_id("instanceId");
    body.finish()?;
    let now = app.state.now();
    let create = |tables: &mut Tables| {
        let shown = Shown::find(tables, &visit)?;
        let instance = offers::instance(tables, &visit, &shown, &instance)?
            .ok_or_else(|| Refusal::bad_request("instanceId: there is no such instance"))?;
        let root = &visit.portal.root;
        if Application::is_taken(tables, root, &upsert.name)? {
            return Err(taken(&upsert.name));
        }
        let mut application = Application {
            id: Uuid::new_v4().to_string(),
            user: visit.caller.user_id().to_owned(),
            name: String::new(),
            description: None,
            url: None,
            redirect_uris: Vec::new(),
            grant_types: Vec::new(),
            api_endpoints: false,
            client_id: Uuid::new_v4().to_string(),
            client_secret: secret(),
            provider: offers::provider_of(&visit.portal, &instance),
            updated: now,
            instances: Vec::new(),
        };
        upsert.apply(&mut application);
        application.uses(&instance.id, &instance.endpoint_uri);
        application.add(tables, root)?;
        Ok(application)
    };
    let application = app.state.commit(create).await?;
    let mut shown = json!({
        "id": application.id,
        "name": application.name,
        "clientId": application.client_id,
        "clientSecret": application.client_secret,
    });
    describe(&mut shown, &application);
    Ok(Json(shown))
}

/// `getApplications`.
pub(super) async fn list(
    State(app): State<App>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Refusal> {
    let params = Params::read(query.as_deref());
    let limit = params.number("limit")?.unwrap_or(PAGE).min(MOST);
    let offset = params.number("offset")?.unwrap_or(0);
    let name = params.one("query").unwrap_or_default().to_lowercase();
    let instance = params.one("instanceId").filter(|instance| !instance.is_empty());
    let passes = |application: &Application| {
        application.name.to_lowercase().contains(&name)
            && instance.is_none_or(|asked| application.instances.iter().any(|known| known.instance == asked))
    };
    let found: Result<_, StoreError> =
        app.state.read(|tables| Application::page(tables, &visit, passes, limit, offset));
    let show = |application: &Application| {
        let mut shown = json!({ "id": application.id, "name": application.name });
        describe(&mut shown, application);
        shown
    };
    Ok(Json(found?.iter().map(show).collect()))
}

/// `checkExistenceApplicationName`.
pub(super) async fn exists(
    State(app): State<App>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let params = Params::read(query.as_deref());
    let name = params.one("appName").ok_or_else(|| Refusal::bad_request("appName: must be given"))?;
    if name.chars().count() > NAME {
        return Err(Refusal::bad_request(format!("appName: size must be between 0 and {NAME}")));
    }
    let exists: Result<_, StoreError> =
        app.state.read(|tables| Application::is_taken(tables, &visit.portal.root, name));
    Ok(Json(json!({ "exists": exists? })))
}

/// `getApplicationDetailById`.
pub(super) async fn get(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    let application = app.state.read(|tables| named(tables, &visit))?;
    Ok(Json(show(&application)))
}

/// `updateApplication`.
pub(super) async fn update(State(app): State<App>, visit: Visit, body: Bytes) -> Result<Json<Value>, Refusal> {
    let mut body = Body::read(&body)?;
    let upsert = Upsert::read(&mut body);
    body.finish()?;
    let now = app.state.now();
    let update = |tables: &mut Tables| {
        let mut application = named(tables, &visit)?;
        let root = &visit.portal.root;
        if application.name != upsert.name && Application::is_taken(tables, root, &upsert.name)? {
            return Err(taken(&upsert.name));
        }
        let old = application.name.clone();
        upsert.apply(&mut application);
        application.updated = now;
        application.update(tables, root, &old)?;
        Ok(application)
    };
    let application = app.state.commit(update).await?;
    Ok(Json(show(&application)))
}

/// `deleteApplication`.
pub(super) async fn delete(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    app.state.commit(|tables| Ok::<_, Refusal>(named(tables, &visit)?.delete(tables, &visit.portal.root)?)).await?;
    Ok(Json(json!({})))
}

/// `resetClientSecretForApplication`.
pub(super) async fn reset_secret(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    let now = app.state.now();
    let reset = |tables: &mut Tables| {
        let mut application = named(tables, &visit)?;
        application.client_secret = secret();
        application.updated = now;
        let name = application.name.clone();
        application.update(tables, &visit.portal.root, &name)?;
        Ok::<_, Refusal>(application.client_secret)
    };
    let secret = app.state.commit(reset).await?;
    Ok(Json(json!({ "clientSecret": secret })))
}
