//! What is kept for a portal: applications, the names they take, and contracts.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::{
        instances::{Environment, Tier},
        store::{Kept, StoreError, Tables},
    },
    offers::show_tier,
    portals::Visit,
};

/// How many things are read from the shelf at a time.
const STEP: usize = 200;

/// The most contracts of one application.
pub(super) const MOST_CONTRACTS: usize = 1000;

/// A client application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Application {
    pub(super) id: String,
    /// The user who made it, and whose it is.
    pub(super) user: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) url: Option<String>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) grant_types: Vec<String>,
    /// Whether the endpoints of its instances are redirect URIs too.
    pub(super) api_endpoints: bool,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    /// The id of the client provider: that of the instance it was made for.
    pub(super) provider: String,
    pub(super) updated: i64,
    /// The instances that it was made for, or has a contract with.
    pub(super) instances: Vec<Use>,
}

/// An instance that an application uses.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Use {
    pub(super) instance: String,
    pub(super) endpoint: String,
}

impl Kept for Application {
    const KIND: &'static str = "hub-application";
}

/// The applications of one user, by id.
#[derive(Debug, Serialize, Deserialize)]
struct Owned(String);

impl Kept for Owned {
    const KIND: &'static str = "hub-application-of";
}

/// A name that an application has in a portal.
#[derive(Debug, Serialize, Deserialize)]
struct Name(String);

impl Kept for Name {
    const KIND: &'static str = "hub-application-name";
}

impl Application {
    fn shelf_of(root: &str, user: &str) -> String {
        format!("{root}/{user}")
    }

    /// An application that a visitor may see.
    pub(super) fn find(tables: &Tables, visit: &Visit, id: &str) -> Result<Option<Self>, StoreError> {
        let found: Option<Self> = tables.kept(&visit.portal.root, id)?;
        Ok(found.filter(|found| found.user == visit.caller.user_id() || visit.is_administrator()))
    }

    /// Whether a portal has an application of a name, whosesoever it is.
    pub(super) fn is_taken(tables: &Tables, root: &str, name: &str) -> Result<bool, StoreError> {
        Ok(tables.kept::<Name>(root, name)?.is_some())
    }

    /// Keeps a new application.
    pub(super) fn add(&self, tables: &mut Tables, root: &str) -> Result<(), StoreError> {
        tables.keep(&Self::shelf_of(root, &self.user), &self.id, &Owned(self.id.clone()))?;
        tables.keep(root, &self.name, &Name(self.id.clone()))?;
        tables.keep(root, &self.id, self)
    }

    /// Keeps an application that has changed, under its new name.
    pub(super) fn update(&self, tables: &mut Tables, root: &str, old_name: &str) -> Result<(), StoreError> {
        if old_name != self.name {
            tables.discard::<Name>(root, old_name)?;
            tables.keep(root, &self.name, &Name(self.id.clone()))?;
        }
        tables.keep(root, &self.id, self)
    }

    /// Deletes an application, which ends its contracts.
    pub(super) fn delete(&self, tables: &mut Tables, root: &str) -> Result<(), StoreError> {
        for contract in Contract::all(tables, root, &self.id)? {
            tables.discard::<Active>(&contract.place(), &self.id)?;
        }
        tables.clear::<Contract>(&Contract::shelf_of(root, &self.id))?;
        tables.discard::<Owned>(&Self::shelf_of(root, &self.user), &self.id)?;
        tables.discard::<Name>(root, &self.name)?;
        tables.discard::<Self>(root, &self.id)?;
        Ok(())
    }

    /// A page of the applications that a visitor may see and that pass a test: their own, or all for an administrator.
    pub(super) fn page(
        tables: &Tables,
        visit: &Visit,
        passes: impl Fn(&Self) -> bool,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Self>, StoreError> {
        let root = visit.portal.root.as_str();
        let own = Self::shelf_of(root, visit.caller.user_id());
        let mut page = Vec::new();
        let mut skipped = 0;
        for start in (0..).step_by(STEP) {
            let step: Vec<Self> = if visit.is_administrator() {
                tables.shelf(root, STEP, start)?
            } else {
                let ids: Vec<Owned> = tables.shelf(&own, STEP, start)?;
                let read = |Owned(id): &Owned| tables.kept(root, id).transpose();
                ids.iter().filter_map(read).collect::<Result<_, _>>()?
            };
            let is_last = step.len() < STEP;
            for application in step.into_iter().filter(&passes) {
                if page.len() >= limit {
                    return Ok(page);
                }
                if skipped < offset {
                    skipped += 1;
                } else {
                    page.push(application);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(page)
    }

    /// Notes that it uses an instance.
    pub(super) fn uses(&mut self, instance: &str, endpoint: &str) {
        if !self.instances.iter().any(|known| known.instance == instance) {
            self.instances.push(Use { instance: instance.to_owned(), endpoint: endpoint.to_owned() });
        }
    }

    /// The redirect URIs that hold: those that were given, and the endpoints where they are asked for.
    pub(super) fn redirects(&self) -> Vec<&str> {
        let endpoints = self.instances.iter().filter(|_| self.api_endpoints).map(|known| known.endpoint.as_str());
        let endpoints = endpoints.filter(|endpoint| !endpoint.is_empty());
        let mut all: Vec<&str> = Vec::new();
        for uri in self.redirect_uris.iter().map(String::as_str).chain(endpoints) {
            if !all.contains(&uri) {
                all.push(uri);
            }
        }
        all
    }
}

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    /// Somebody must approve it.
    Pending,
    Approved,
    Rejected,
    Revoked,
}

/// The access of an application to an instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Contract {
    pub(super) id: u32,
    pub(super) application: String,
    pub(super) instance: String,
    pub(super) instance_name: String,
    pub(super) environment: Option<Environment>,
    pub(super) group_id: String,
    pub(super) asset_id: String,
    pub(super) asset_name: String,
    pub(super) version_group: String,
    pub(super) major: u64,
    pub(super) status: Status,
    /// The tier that was asked for last.
    pub(super) requested: Option<Tier>,
    /// The tier that holds.
    pub(super) granted: Option<Tier>,
}

impl Kept for Contract {
    const KIND: &'static str = "hub-contract";
}

/// A contract in force, at its instance.
#[derive(Debug, Serialize, Deserialize)]
struct Active(u32);

impl Kept for Active {
    const KIND: &'static str = "hub-contract-active";
}

impl Contract {
    fn shelf_of(root: &str, application: &str) -> String {
        format!("{root}/{application}")
    }

    /// Where an instance is: the name of a shelf.
    fn place_of(group: &str, asset: &str, major: u64, instance: &str) -> String {
        format!("{group}/{asset}/v{major}/{instance}")
    }

    fn place(&self) -> String {
        Self::place_of(&self.group_id, &self.asset_id, self.major, &self.instance)
    }

    /// The contract of an application with an instance.
    pub(super) fn find(
        tables: &Tables,
        root: &str,
        application: &str,
        (group, asset, major): (&str, &str, u64),
        instance: &str,
    ) -> Result<Option<Self>, StoreError> {
        tables.kept(&Self::shelf_of(root, application), &Self::place_of(group, asset, major, instance))
    }

    /// A page of the contracts of an application, the oldest first.
    pub(super) fn page(
        tables: &Tables,
        root: &str,
        application: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Self>, StoreError> {
        tables.shelf(&Self::shelf_of(root, application), limit, offset)
    }

    /// All contracts of an application; there is a bound to them.
    pub(super) fn all(tables: &Tables, root: &str, application: &str) -> Result<Vec<Self>, StoreError> {
        Self::page(tables, root, application, MOST_CONTRACTS, 0)
    }

    /// A number for a new contract.
    pub(super) fn next_id(tables: &mut Tables, root: &str) -> Result<u32, StoreError> {
        let key = format!("{root}/hub-contracts");
        let last = tables.setting(&key)?.and_then(|last| last.as_u64()).unwrap_or_default();
        let next = u32::try_from(last.saturating_add(1)).unwrap_or(u32::MAX);
        tables.set(&key, &json!(next))?;
        Ok(next)
    }

    /// Keeps a contract as it is now.
    pub(super) fn keep(&self, tables: &mut Tables, root: &str) -> Result<(), StoreError> {
        let place = self.place();
        if self.status == Status::Approved {
            tables.keep(&place, &self.application, &Active(self.id))?;
        } else {
            tables.discard::<Active>(&place, &self.application)?;
        }
        tables.keep(&Self::shelf_of(root, &self.application), &place, self)
    }

    /// How many contracts with an instance are in force; from a thousand on it is told as a thousand.
    pub(super) fn count(
        tables: &Tables,
        (group, asset, major): (&str, &str, u64),
        instance: &str,
    ) -> Result<usize, StoreError> {
        Ok(tables.shelf::<Active>(&Self::place_of(group, asset, major, instance), 1000, 0)?.len())
    }

    /// Asks for a tier. It holds at once where it approves itself; a contract in force keeps its old one otherwise.
    pub(super) fn ask(&mut self, tier: Option<Tier>) {
        if tier.as_ref().is_none_or(|tier| tier.auto_approve) {
            self.granted.clone_from(&tier);
            self.status = Status::Approved;
        } else if self.status != Status::Approved {
            self.status = Status::Pending;
        }
        self.requested = tier;
    }

    /// Somebody decides; what is approved is the tier that was asked for.
    pub(super) fn decide(&mut self, status: Status) {
        self.status = status;
        if status == Status::Approved {
            self.granted.clone_from(&self.requested);
        }
    }

    /// The contract as it is shown by itself.
    pub(super) fn show(&self) -> Value {
        let mut shown = json!({
            "id": self.id.to_string(),
            "applicationId": self.application,
            "instanceId": self.instance,
            "status": self.status,
        });
        if let Some(tier) = &self.requested {
            shown["requestedTier"] = show_tier(tier);
        }
        shown
    }
}
