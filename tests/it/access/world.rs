//! A portal with APIs, instances and applications, filled behind consign's back, and what it holds in the end.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};

use crate::support::{Asset, Consign, ORGANIZATION, Sandbox, Secret, Workshop};

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) apis: usize,
    /// Of each API.
    pub(super) instances: usize,
    pub(super) applications: usize,
    pub(super) requests: usize,
}

/// A contract as the portal tells it: application, instance, tier that was asked for, status.
pub(super) type Held = (String, String, String, String);

#[derive(Debug)]
pub(super) struct World {
    /// Always there, but for the moment in which it is started anew.
    sandbox: Option<Sandbox>,
    pub(super) workshop: Workshop,
    data: tempfile::TempDir,
    pub(super) size: Size,
    /// Names and ids.
    pub(super) applications: Vec<(String, String)>,
    instances: Vec<String>,
    path: String,
}

impl World {
    pub(super) fn new(size: Size) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let sandbox = Sandbox::start(&["--data", data.path().to_str().expect("plain names")]);
        let workshop = Workshop::for_sandbox(&sandbox);
        for api in 0..size.apis {
            workshop.asset(&Asset::new(&format!("api-{api}"), "1.0.0"));
        }
        workshop.run(&[]).exits(0);
        let (instances, path) = (Vec::new(), portal(&sandbox));
        let mut world =
            Self { sandbox: Some(sandbox), workshop, data, size, applications: Vec::new(), instances, path };
        world.fill();
        world
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("it is only taken to be replaced")
    }

    fn fill(&mut self) {
        let Size { apis, instances, applications, .. } = self.size;
        for api in 0..apis {
            let public = format!("/exchange/api/v2/assets/{ORGANIZATION}/api-{api}/public");
            assert_eq!(self.sandbox().send_json("PUT", &public, &json!([{"versionGroup": "v1"}])).status, 204);
            let made = (0..instances).map(|number| self.place(api, number)).collect::<Vec<_>>();
            self.instances.extend(made);
        }
        let make = |number: usize| {
            let (name, at) = (format!("App {number}"), number % self.instances.len());
            let path = format!("{}/assets/{ORGANIZATION}/api-{}/v1/applications", self.path, at / instances);
            let new = json!({"name": name, "instanceId": self.instances[at], "grantTypes": ["client_credentials"]});
            let made = self.sandbox().send_json("POST", &path, &new).json();
            (name, made["id"].as_str().expect("an id").to_owned())
        };
        self.applications = (0..applications).map(make).collect();
    }

    /// Places an instance; every third one has no tiers.
    fn place(&self, api: usize, number: usize) -> String {
        let limits = json!([{"maximumRequests": 1000, "timePeriodInMilliseconds": 60000}]);
        let tier = |name: &str, auto: bool| json!({"name": name, "autoApprove": auto, "limits": limits});
        let tiers = if number % 3 == 2 { json!([]) } else { json!([tier("Gold", true), tier("Silver", false)]) };
        let managed = json!({"groupId": ORGANIZATION, "assetId": format!("api-{api}"), "versionGroup": "v1",
            "name": format!("Instance {number}"), "endpointUri": "https://i.example", "environmentName": "Production",
            "isPublic": true, "tiers": tiers});
        let made = self.sandbox().send_json("POST", "/_sandbox/instances", &managed).json();
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Writes the manifest and its job. `tier` says the tier of the row of a number, where its instance has any.
    pub(super) fn ask(&self, tier: impl Fn(usize) -> &'static str, settings: &str) {
        let Size { apis, instances, applications, requests } = self.size;
        let mut rows = "application,asset,instance,tier\n".to_owned();
        for row in 0..requests {
            let (application, at) = self.place_of(row);
            assert!(application < applications && at < apis * instances);
            let (api, number) = (at / instances, at % instances);
            let tier = if number % 3 == 2 { "" } else { tier(row) };
            writeln!(rows, "App {application},api-{api}/v1,Instance {number},{tier}").expect("a text grows");
        }
        self.workshop.write("access.csv", rows);
        let job = format!(
            "kind = \"access\"\n[target]\nhost = \"{}\"\n[source]\nmanifest = \"access.csv\"\n[access]\n{settings}\n",
            self.sandbox().url()
        );
        self.workshop.write("access.toml", job);
    }

    /// Which application asks for which instance in a row: no two rows name the same pair.
    fn place_of(&self, row: usize) -> (usize, usize) {
        let (application, round) = (row % self.size.applications, row / self.size.applications);
        (application, (application * 7 + round) % self.instances.len())
    }

    /// What the portal is to hold, where everything was asked for at a tier.
    pub(super) fn expected(&self, tier: impl Fn(usize) -> &'static str) -> BTreeSet<Held> {
        let held = |row: usize| {
            let (application, at) = self.place_of(row);
            let tier = if (at % self.size.instances) % 3 == 2 { "" } else { tier(row) };
            let status = if tier == "Silver" { "PENDING" } else { "APPROVED" };
            (format!("App {application}"), self.instances[at].clone(), tier.to_owned(), status.to_owned())
        };
        (0..self.size.requests).map(held).collect()
    }

    /// What the portal holds, by its own API; a contract that is there twice is told.
    pub(super) fn held(&self) -> BTreeSet<Held> {
        let mut held = BTreeSet::new();
        for (name, id) in &self.applications {
            let contracts = self.sandbox().send("GET", &format!("{}/applications/{id}/contracts?limit=250", self.path));
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            for contract in contracts.json().as_array().expect("a list") {
                let (instance, tier) = (text(&contract["instanceId"]), text(&contract["requestedTier"]["name"]));
                let one = (name.clone(), instance, tier, text(&contract["status"]));
                assert!(held.insert(one.clone()), "is there twice: {one:?}");
            }
        }
        held
    }

    /// The secrets of all applications.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let secret = |(name, id): &(String, String)| {
            let shown = self.sandbox().send("GET", &format!("{}/applications/{id}", self.path)).json();
            Secret::new(name, shown["clientSecret"].as_str().expect("is told"))
        };
        self.applications.iter().map(secret).collect()
    }

    /// The highest number of a contract.
    pub(super) fn last_number(&self) -> u64 {
        let number = |(_, id): &(String, String)| {
            let contracts = self.sandbox().send("GET", &format!("{}/applications/{id}/contracts?limit=250", self.path));
            let contracts = contracts.json();
            contracts.as_array().expect("a list").iter().filter_map(|one| one["contractId"].as_u64()).max()
        };
        self.applications.iter().filter_map(number).max().unwrap_or(0)
    }

    /// Says how all contracts of an application stand, as their owner would.
    pub(super) fn decide(&self, name: &str, status: &str) {
        let (_, id) = self.applications.iter().find(|(known, _)| known == name).expect("is there");
        let contracts = self.sandbox().send("GET", &format!("{}/applications/{id}/contracts", self.path)).json();
        for contract in contracts.as_array().expect("a list") {
            let path = format!("/_sandbox/applications/{id}/contracts/{}", contract["contractId"]);
            assert_eq!(self.sandbox().send_json("PUT", &path, &json!({"status": status})).status, 200);
        }
    }

    pub(super) fn consign(&self, args: &[&str]) -> Consign {
        self.workshop.consign(args)
    }

    pub(super) fn run(&self) -> Consign {
        self.consign(&["run", "access.toml", "--json"])
    }

    /// Has the server come back on the same port, with other faults and new numbers.
    pub(super) fn restart(&mut self, args: &[&str]) {
        let data = ["--data", self.data.path().to_str().expect("plain names")];
        let killed = self.sandbox.take().expect("it is only taken to be replaced");
        self.sandbox = Some(killed.killed_and_back(std::time::Duration::ZERO, &[&data, args].concat()));
    }

    /// How often contracts were asked for, by the status that the server gave; a reply that was lost counts as given.
    pub(super) fn asked(&self, status: &str) -> u64 {
        let stats = self.sandbox().stats();
        let endpoints = stats["requests"].as_object().expect("are counted").iter();
        let contracts =
            endpoints.filter(|(endpoint, _)| endpoint.starts_with("POST ") && endpoint.ends_with("/contracts"));
        contracts.filter_map(|(_, by_status)| by_status[status].as_u64()).sum()
    }
}

/// The path of the portal.
fn portal(sandbox: &Sandbox) -> String {
    let hub = "/api-experience-hub";
    let connection = sandbox.send("GET", &format!("{hub}/api/v1/connections")).json()[0].clone();
    let id = connection["id"].as_str().expect("an id");
    let portals = sandbox.send("GET", &format!("{hub}/api/v1/connections/{id}/apiPortals")).json();
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let (organization, portal) = (text(&connection["targetOrganizationId"]), text(&portals[0]["targetPortalId"]));
    format!("{hub}/xapi/v1/portals/{organization}/{portal}")
}
