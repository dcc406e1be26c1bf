//! What is brought to a portal, what is there before, and what has to be there afterwards.
//!
//! The portal shows one API, which has an instance `Live` with the tiers `Gold`, that nobody approves, and `Silver`, and
//! an instance `Test` without tiers.

use std::time::Duration;

use serde_json::{Value, json};

use super::catalog::{Catalog, Goods, Home};

/// A portal before and after a job.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    /// Applications that are there before.
    pub(crate) there: Vec<App>,
    /// Contracts that are there before.
    pub(crate) held: Vec<Deal>,
    /// The applications that have to be there.
    pub(crate) apps: Vec<App>,
    /// Old client ids by the names of applications, for the rows that have any.
    pub(crate) old: &'static [(&'static str, &'static str)],
    /// The contracts that have to be there.
    pub(crate) deals: Vec<Deal>,
    /// Whether an owner approves what waits for him.
    pub(crate) has_owner: bool,
}

/// A client application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) url: &'static str,
    pub(crate) redirects: &'static [&'static str],
    pub(crate) grants: &'static [&'static str],
}

/// A contract of an application with an instance, and its tiers: the one that was asked for, the one that holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deal {
    pub(crate) app: String,
    pub(crate) instance: String,
    pub(crate) status: String,
    pub(crate) requested: String,
    pub(crate) granted: String,
}

/// How long an owner of contracts is away at a time, at most; he comes the first time after a fifth of that.
pub(crate) const AWAY: Duration = Duration::from_secs(100);

const APPLICATIONS: &str = "name,description,url,redirectUris,grantTypes,asset,instance,clientId\n\
    Shop,Sells things,https://shop.example,https://shop.example/a|https://shop.example/b,client_credentials,orders/v1,Live,old-shop\n\
    \"Müller, Söhne & Co\",=1+1,,,,orders/v1,Test,\n\
    Kept,As it is,,,,orders/v1,Live,\n\
    Changed,New words,,https://new.example,,orders/v1,Live,old-changed\n";

const SHOP: App = App {
    name: "Shop",
    description: "Sells things",
    url: "https://shop.example",
    redirects: &["https://shop.example/a", "https://shop.example/b"],
    grants: &["client_credentials"],
};
const SONS: App = App { name: "Müller, Söhne & Co", description: "=1+1", ..NONE };
const KEPT: App = App { name: "Kept", description: "As it is", ..NONE };
const OTHER: App = App { name: "Other", description: "In no row", ..NONE };
const BEFORE: App = App {
    name: "Changed",
    description: "Old words",
    url: "https://changed.example",
    redirects: &["https://old.example"],
    grants: &["authorization_code"],
};
const AFTER: App = App { description: "New words", redirects: &["https://new.example"], ..BEFORE };
const NONE: App = App { name: "", description: "", url: "", redirects: &[], grants: &[] };

/// `old-bank` is what `Bank` was called elsewhere.
const ACCESS: &str = "application,asset,instance,tier,grantTypes,status\n\
    Shop,orders/v1,Live,Gold,,APPROVED\n\
    Shop,orders/v1,Test,,client_credentials,\n\
    old-bank,orders/v1,Live,Silver,,PENDING\n\
    Bank,orders/v1,Test,,,APPROVED\n\
    Kiosk,orders/v1,Live,Gold,,\n\
    Kiosk,orders/v1,Test,,,REJECTED\n\
    Stand,orders/v1,Live,Silver,,APPROVED\n";
const IDS: &str = "name,oldClientId,newClientId,oldId,newId\nBank,old-bank,,,\n";

const AWAITED: &str = "application,asset,instance,tier\n\
    Shop,orders/v1,Live,Silver\n\
    Bank,orders/v1,Test,\n\
    Stand,orders/v1,Live,Silver\n";

/// The catalogs of jobs on a portal.
pub(crate) fn catalogs(home: &Home<'_>) -> Vec<Catalog> {
    let apps = |difference: &str| format!("[applications]\nsecrets.file = \"s\"\non_difference = \"{difference}\"\n");
    let made = |after: App| Portal {
        there: vec![KEPT, BEFORE, OTHER],
        apps: vec![SHOP, SONS, KEPT, after, OTHER],
        old: &[("Shop", "old-shop"), ("Changed", "old-changed")],
        ..Portal::empty()
    };
    let consumers = ["Shop", "Bank", "Kiosk", "Stand"].map(|name| App { name, ..NONE }).to_vec();
    let asked = Portal {
        there: consumers.clone(),
        apps: consumers,
        held: vec![
            deal("Bank/Test", "APPROVED", "", ""),
            deal("Kiosk/Live", "PENDING", "Silver", ""),
            deal("Stand/Live", "APPROVED", "Gold", "Gold"),
        ],
        deals: vec![
            deal("Shop/Live", "APPROVED", "Gold", "Gold"),
            deal("Shop/Test", "APPROVED", "", ""),
            deal("Bank/Live", "PENDING", "Silver", ""),
            deal("Bank/Test", "APPROVED", "", ""),
            deal("Kiosk/Live", "APPROVED", "Gold", "Gold"),
            deal("Stand/Live", "APPROVED", "Silver", "Gold"),
        ],
        ..Portal::empty()
    };
    let awaited = Portal {
        held: vec![deal("Stand/Live", "APPROVED", "Gold", "Gold")],
        deals: vec![
            deal("Shop/Live", "APPROVED", "Silver", "Silver"),
            deal("Bank/Test", "APPROVED", "", ""),
            deal("Stand/Live", "APPROVED", "Silver", "Silver"),
        ],
        has_owner: true,
        ..asked.clone()
    };
    let leave = "[access]\naccept_terms = true\napplications = \"ids.csv\"\n";
    let poll = "[access]\npending = \"poll\"\ndeadline = \"3m\"\n";
    let catalog = |name, kind, table: &str, files: &[(&str, &str)], portal| {
        let job = home.write_portal_job(name, kind, table, files);
        Catalog { name, job, goods: Goods::Portal(portal) }
    };
    vec![
        catalog("applications", "applications", &apps("update"), &[("rows.csv", APPLICATIONS)], made(AFTER)),
        catalog("applications-left", "applications", &apps("skip"), &[("rows.csv", APPLICATIONS)], made(BEFORE)),
        catalog("access", "access", leave, &[("rows.csv", ACCESS), ("ids.csv", IDS)], asked),
        catalog("access-awaited", "access", poll, &[("rows.csv", AWAITED)], awaited),
    ]
}

fn deal(place: &str, status: &str, requested: &str, granted: &str) -> Deal {
    let (app, instance) = place.split_once('/').expect("an application and an instance");
    let [app, instance, status, requested, granted] = [app, instance, status, requested, granted].map(str::to_owned);
    Deal { app, instance, status, requested, granted }
}

impl Portal {
    fn empty() -> Self {
        Self { there: Vec::new(), held: Vec::new(), apps: Vec::new(), old: &[], deals: Vec::new(), has_owner: false }
    }

    /// The applications that the job makes.
    pub(crate) fn made(&self) -> impl Iterator<Item = &App> {
        self.apps.iter().filter(|app| !self.is_there(app.name))
    }

    fn is_there(&self, name: &str) -> bool {
        self.there.iter().any(|there| there.name == name)
    }

    /// How many contracts the job asks for.
    pub(crate) fn asked(&self) -> usize {
        self.deals.len() - self.held.len()
    }
}

impl App {
    /// As somebody makes it, for an instance.
    pub(crate) fn to_json(&self, instance: &str) -> Value {
        let mut json = json!({"name": self.name, "instanceId": instance, "redirectUri": self.redirects});
        json["grantTypes"] = json!(self.grants);
        for (key, text) in [("description", self.description), ("url", self.url)] {
            if !text.is_empty() {
                json[key] = text.into();
            }
        }
        json
    }

    /// Whether the server tells it so.
    pub(crate) fn is(&self, told: &Value) -> bool {
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        let texts = |key: &str| {
            let texts = told[key].as_array().into_iter().flatten();
            texts.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        (text("name"), text("description"), text("url"))
            == (self.name.to_owned(), self.description.to_owned(), self.url.to_owned())
            && texts("redirectUri") == self.redirects
            && texts("grantTypes") == self.grants
    }
}
