//! A portal on the server: made ready before a schedule, looked after meanwhile, and looked at afterwards.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    block::Block,
    portal::{App, Deal, Portal},
    server::Server,
};

/// The portal of an organization, as its administrator sees it.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    server: Server,
    /// The path of the portal.
    path: String,
}

/// What the server tells of an application or a contract.
pub(crate) type Told = Value;

impl Visit {
    /// The portal of an organization.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn of(server: Server) -> Result<Self, String> {
        const HUB: &str = "/api-experience-hub";
        let connection = server.get(&format!("{HUB}/api/v1/connections")).await[0].clone();
        let portals = format!("{HUB}/api/v1/connections/{}/apiPortals", text(&connection["id"]));
        let portal = text(&server.get(&portals).await[0]["targetPortalId"]);
        if portal.is_empty() {
            return Err(format!("{} has no portal", server.organization));
        }
        let path = format!("{HUB}/xapi/v1/portals/{}/{portal}", text(&connection["targetOrganizationId"]));
        Ok(Self { server, path })
    }

    fn asset(&self) -> String {
        format!("{}/assets/{}/orders/v1", self.path, self.server.organization)
    }

    /// Puts the API there, its instances, and the applications and contracts that are there before.
    ///
    /// # Errors
    /// When the server refuses anything of that.
    pub(crate) async fn furnish(&self, portal: &Portal) -> Result<(), String> {
        let (server, organization) = (&self.server, &self.server.organization);
        let path = format!("/exchange/api/v2/organizations/{organization}/assets/{organization}/orders/1.0.0");
        let api = [("name", "Orders"), ("type", "http-api"), ("properties.apiVersion", "v1")];
        server.send_form(&path, &api).await?;
        let public = format!("/exchange/api/v2/assets/{organization}/orders/public");
        server.send(Method::PUT, &public, &json!([{"versionGroup": "v1"}])).await?;
        let limits = json!([{"maximumRequests": 10, "timePeriodInMilliseconds": 60000}]);
        let tier = |name: &str, auto: bool| json!({"name": name, "autoApprove": auto, "limits": limits});
        let mut instances = BTreeMap::new();
        for (name, tiers) in [("Live", json!([tier("Gold", true), tier("Silver", false)])), ("Test", json!([]))] {
            let instance = json!({"groupId": organization, "assetId": "orders", "versionGroup": "v1", "name": name,
                "endpointUri": "https://orders.example", "environmentName": "Production", "isPublic": true,
                "tiers": tiers});
            instances.insert(name, server.send(Method::POST, "/_sandbox/instances", &instance).await?);
        }
        let mut ids = BTreeMap::new();
        for app in &portal.there {
            let wanted = app.to_json(&text(&instances["Live"]["id"]));
            let made = server.send(Method::POST, &format!("{}/applications", self.asset()), &wanted).await?;
            ids.insert(app.name, made["id"].clone());
        }
        for deal in &portal.held {
            let instance = &instances[deal.instance.as_str()];
            let tier = instance["tiers"].as_array().into_iter().flatten().find(|tier| tier["name"] == *deal.requested);
            let mut wanted = json!({"applicationId": ids[deal.app.as_str()], "instanceId": instance["id"],
                "acceptedTerms": true});
            if let Some(tier) = tier {
                wanted["tierId"] = tier["id"].to_string().into();
            }
            server.send(Method::POST, &format!("{}/contracts", self.asset()), &wanted).await?;
        }
        Ok(())
    }

    /// Approves what waits for an owner, who comes ever more seldom.
    pub(crate) async fn approve(self, longest: Duration) {
        let mut away = longest / 5;
        loop {
            sleep(away).await;
            away = longest.min(away * 2);
            for (app, contract) in self.contracts().await {
                if contract["status"] == "PENDING" || contract["requestedTier"] != contract["tier"] {
                    let path =
                        format!("/_sandbox/applications/{}/contracts/{}", text(&app["id"]), contract["contractId"]);
                    // Who is refused comes again.
                    let _ = self.server.send(Method::PUT, &path, &json!({"status": "APPROVED"})).await;
                }
            }
        }
    }

    /// All applications, each in full: with its secret.
    pub(crate) async fn apps(&self) -> Vec<Told> {
        let mut apps = Vec::new();
        for listed in self.server.list(&format!("{}/applications?limit=1000", self.path)).await {
            apps.push(self.server.get(&format!("{}/applications/{}", self.path, text(&listed["id"]))).await);
        }
        apps
    }

    /// All contracts, with the applications that have them.
    async fn contracts(&self) -> Vec<(Told, Told)> {
        let mut contracts = Vec::new();
        for app in self.server.list(&format!("{}/applications?limit=1000", self.path)).await {
            let path = format!("{}/applications/{}/contracts", self.path, text(&app["id"]));
            let held = self.server.list(&path).await;
            contracts.extend(held.into_iter().map(|contract| (app.clone(), contract)));
        }
        contracts
    }

    /// Each application once, as it has to be, and each contract; nothing else. Tells the applications.
    ///
    /// # Errors
    /// What differs.
    pub(crate) async fn check(&self, portal: &Portal) -> Result<Vec<Told>, String> {
        let apps = self.apps().await;
        let differs = |app: &&App| apps.iter().filter(|told| app.is(told)).count() != 1;
        if let Some(app) = portal.apps.iter().find(differs) {
            return Err(format!("{app:?} is not there once: {apps:?}"));
        }
        if apps.len() != portal.apps.len() {
            return Err(format!("the portal holds {apps:?} instead of {:?}", portal.apps));
        }
        let contracts = self.contracts().await;
        let mut deals: Vec<Deal> = contracts.iter().map(|(app, contract)| Deal::told(app, contract)).collect();
        let mut wanted = portal.deals.clone();
        deals.sort();
        wanted.sort();
        if deals != wanted {
            return Err(format!("the portal holds {deals:?} instead of {wanted:?}"));
        }
        // They are numbered as they are made.
        let last = contracts.iter().filter_map(|(_, contract)| contract["contractId"].as_u64()).max();
        if last.unwrap_or(0) != wanted.len() as u64 {
            return Err(format!("{last:?} contracts were made to have {}", wanted.len()));
        }
        Ok(apps)
    }
}

/// How the server has answered who wants something new.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    apps: u64,
    contracts: u64,
    refused: u64,
}

impl Answers {
    /// Since it began.
    pub(crate) fn of(block: &Block) -> Self {
        let stats = block.sandbox.stats();
        let of = |what: &str, statuses: &[&str]| -> u64 {
            let answers = stats["requests"].as_object().into_iter().flatten();
            let meant = answers.filter(|(endpoint, _)| endpoint.starts_with("POST ") && endpoint.ends_with(what));
            meant.flat_map(|(_, counts)| statuses.iter().filter_map(|status| counts[*status].as_u64())).sum()
        };
        let refused = ["/applications", "/contracts"].map(|what| of(what, &["409"]));
        Self {
            apps: of("/applications", &["200"]),
            contracts: of("/contracts", &["200"]),
            refused: refused.iter().sum(),
        }
    }

    pub(crate) fn since(self, before: &Self) -> Self {
        Self {
            apps: self.apps - before.apps,
            contracts: self.contracts - before.contracts,
            refused: self.refused - before.refused,
        }
    }

    /// Each was asked for once: the server did not have to refuse what is there.
    ///
    /// # Errors
    /// Where it was otherwise.
    pub(crate) fn check(&self, portal: &Portal) -> Result<(), String> {
        let wanted = Self { apps: portal.made().count() as u64, contracts: portal.asked() as u64, refused: 0 };
        let is_so = (self.apps, self.contracts, self.refused) == (wanted.apps, wanted.contracts, 0);
        if is_so { Ok(()) } else { Err(format!("the server answered {self:?} instead of {wanted:?}")) }
    }
}

impl Deal {
    fn told(app: &Told, contract: &Told) -> Self {
        let tier = |key: &str| text(&contract[key]["name"]);
        Self {
            app: text(&app["name"]),
            instance: text(&contract["instanceName"]),
            status: text(&contract["status"]),
            requested: tier("requestedTier"),
            granted: tier("tier"),
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
