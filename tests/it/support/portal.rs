//! A portal of the API Experience Hub that shows one API, and a workshop with jobs on it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Asset, Consign, ORGANIZATION, Ran, Sandbox, Workshop};

/// The API that the portal shows.
pub(crate) const ASSET: &str = "5a4d0b0e-0c5a-4b1e-9d2f-c0519a000001/orders/v1";

/// A sandbox with data of its own, so that it can be killed and come back.
#[derive(Debug)]
pub(crate) struct Portal {
    sandbox: Option<Sandbox>,
    pub(crate) workshop: Workshop,
    /// The instance of the API that is called `Live`.
    pub(crate) instance: String,
    address: String,
}

impl Portal {
    /// A portal whose API has an instance `Live` with the tiers `Gold`, which nobody approves, and `Silver`.
    pub(crate) fn new() -> Self {
        let folder = Workshop::empty();
        let data = folder.path("sandbox").into_string();
        let sandbox = Sandbox::start(&["--data", &data]);
        let workshop = folder.and_for(&sandbox);
        workshop.asset(&Asset::new("orders", "1.0.0"));
        workshop.write("assets/orders-1.0.0/exchange-docs/terms.md", "Be kind.\n");
        workshop.run(&[]).exits(0);
        let public = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders/public");
        assert_eq!(sandbox.send_json("PUT", &public, &json!([{"versionGroup": "v1"}])).status, 204);
        let tier = |name: &str, auto: bool| {
            let limit = json!({"maximumRequests": 10, "timePeriodInMilliseconds": 60000});
            json!({"name": name, "description": name, "autoApprove": auto, "limits": [limit]})
        };
        let managed = json!({"groupId": ORGANIZATION, "assetId": "orders", "versionGroup": "v1", "name": "Live",
            "endpointUri": "https://orders.example/v1", "environmentName": "Production", "isPublic": true,
            "tiers": [tier("Gold", true), tier("Silver", false)]});
        let made = sandbox.send_json("POST", "/_sandbox/instances", &managed).json();
        let instance = made["id"].as_str().unwrap().to_owned();
        let portals = workshop.consign(&["hub", "portals", "--host", sandbox.url(), "--json"]).run().exits(0).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let portal = &portals["portals"][0];
        let address =
            format!("{}/{}", text(&portal["connection"]["targetOrganizationId"]), text(&portal["targetPortalId"]));
        Self { sandbox: Some(sandbox), workshop, instance, address }
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("runs")
    }

    /// Ends the sandbox as `kill -9` does, and starts it anew with more arguments.
    pub(crate) fn comes_back(&mut self, more: &[&str]) {
        let data = self.workshop.path("sandbox").into_string();
        let old = self.sandbox.take().expect("runs");
        self.sandbox = Some(old.killed_and_back(Duration::ZERO, &[&["--data", data.as_str()], more].concat()));
    }

    /// Writes a job on the portal: its tables beside `[target]` and the name of its manifest.
    pub(crate) fn job(&self, file: &str, kind: &str, manifest: &str, tables: &str) {
        let (name, url) = (file.trim_end_matches(".toml"), self.sandbox().url());
        let head = format!("kind = \"{kind}\"\nname = \"{name}\"\n\n[target]\nhost = \"{url}\"\n");
        self.workshop.write(file, format!("{head}\n[source]\nmanifest = \"{manifest}\"\n\n{tables}"));
    }

    pub(crate) fn consign(&self, args: &[&str]) -> Consign {
        self.workshop.consign(args)
    }

    /// `consign hub … --json`.
    #[track_caller]
    pub(crate) fn hub(&self, args: &[&str]) -> Value {
        self.hub_of(args).exits(0).json()
    }

    #[track_caller]
    pub(crate) fn hub_of(&self, args: &[&str]) -> Ran {
        let command = self.consign(&["hub"]).args(args).args(&["--json"]);
        command.env("ANYPOINT_HOST", self.sandbox().url()).run()
    }

    /// All applications of the portal with their credentials; the sandbox must answer without faults.
    pub(crate) fn applications(&self) -> Vec<Value> {
        let base = format!("/api-experience-hub/xapi/v1/portals/{}/applications", self.address);
        let mut all = Vec::new();
        for _ in 0..100 {
            let page = self.sandbox().send("GET", &format!("{base}?limit=1000&offset={}", all.len())).json();
            let page = page.as_array().expect("a list").clone();
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        let whole = |summary: &Value| {
            self.sandbox().send("GET", &format!("{base}/{}", summary["id"].as_str().expect("an id"))).json()
        };
        all.iter().map(whole).collect()
    }

    /// The ids of the portal: its organization's, and its own.
    pub(crate) fn address(&self) -> (&str, &str) {
        self.address.split_once('/').expect("two of them")
    }
}
