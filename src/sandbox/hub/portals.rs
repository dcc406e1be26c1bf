//! Portals, and who visits them.
//!
//! Every root organization has one portal, behind one connection. Their ids follow from the organization's, so that
//! nothing is kept and nothing changes with a restart.

use axum::{
    Json,
    extract::{FromRequestParts, Path, RawPathParams},
    http::request::Parts,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        app::App,
        caller::{Caller, Role},
        directory::Organization,
        instances::provider,
    },
    refusal::Refusal,
};

/// The portal of a root organization.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    /// The id of the root organization, which owns what is kept for the portal.
    pub(super) root: String,
    name: String,
    domain: String,
}

impl Portal {
    fn of(root: &Organization) -> Self {
        Self { root: root.id.clone(), name: root.name.clone(), domain: root.domain() }
    }

    fn derived(&self, what: &str) -> String {
        let name = format!("{}/api-experience-hub/{what}", self.root);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
    }

    fn connection(&self) -> String {
        self.derived("connection")
    }

    /// The id of the organization that stands in the paths: the Salesforce organization of the connection.
    fn target(&self) -> String {
        self.derived("target-organization")
    }

    /// The id of the portal itself.
    fn id(&self) -> String {
        self.derived("portal")
    }

    /// The id of the organization's client provider, which the instances of API Manager name as well.
    pub(super) fn provider(&self) -> String {
        provider(&self.root)
    }
}

/// A request to a portal: which one, who makes it, and what its path names.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) caller: Caller,
    pub(super) portal: Portal,
    path: Vec<(String, String)>,
}

impl Visit {
    /// A part of the path; the routes name it.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The path of a resource of an asset, as this request would write it.
    pub(super) fn resource(&self, id: &str) -> String {
        let part = |name: &str| self.part(name);
        format!(
            "/api-experience-hub/xapi/v1/portals/{}/{}/assets/{}/{}/{}/resources/{id}",
            part("org"),
            part("portal"),
            part("group"),
            part("asset"),
            part("minor")
        )
    }

    /// Whether the visitor runs the portal, rather than uses it.
    pub(super) fn is_administrator(&self) -> bool {
        self.caller.role_in(&self.portal.root) >= Some(Role::Administrator)
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &App) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let path = RawPathParams::from_request_parts(parts, state).await;
        let path = path.map_err(|_| Refusal::bad_request("The path is not UTF-8"))?;
        let path: Vec<(String, String)> =
            path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let named = |name: &str| path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
        let roots = caller.directory.organizations.iter().filter(|known| known.is_root()).map(Portal::of);
        let found = roots.into_iter().find(|portal| portal.target() == named("org") && portal.id() == named("portal"));
        let portal = found.ok_or_else(|| Refusal::not_found("There is no such portal"))?;
        Ok(Self { caller, portal, path })
    }
}

/// The portal of the caller's own organization.
fn own(caller: &Caller) -> Option<Portal> {
    caller.directory.root_of(&caller.principal.organization).map(Portal::of)
}

/// `GET /connections` of the Management API.
pub(super) async fn connections(caller: Caller) -> Json<Vec<Value>> {
    let show = |portal: Portal| {
        json!({
            "id": portal.connection(),
            "organizationId": portal.root,
            "targetOrganizationId": portal.target(),
            "targetOrganizationDomain": format!("{}.my.salesforce.com", portal.domain),
            "type": "SALESFORCE",
            "environment": "PRODUCTION",
        })
    };
    Json(own(&caller).map(show).into_iter().collect())
}

/// `GET /connections/{connectionId}/apiPortals` of the Management API.
pub(super) async fn portals(caller: Caller, Path(connection): Path<String>) -> Result<Json<Vec<Value>>, Refusal> {
    let portal = own(&caller).filter(|portal| portal.connection() == connection);
    let portal = portal.ok_or_else(|| Refusal::not_found("There is no such connection"))?;
    // Some clients read `id`, others `targetPortalId`: they are the same here.
    let id = portal.id();
    let shown = json!({
        "id": id,
        "connectionId": connection,
        "name": format!("{} Developer Portal", portal.name),
        "targetPortalId": id,
        "internalPortalId": id,
        "finishedAtLeastOnce": true,
    });
    Ok(Json(vec![shown]))
}
