//! Client applications and contracts, read from the portals that show them.
//!
//! Per portal: the list of applications, and for each one call for itself and one for its contracts. An application without
//! a contract is looked for at the instances of the portal, since one cannot be made elsewhere without an instance.
//!
//! EXCHANGE.md §7. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use futures::{Stream, StreamExt, TryStreamExt, stream};

use super::{Access, Application, Companions, Found, Portal};
use crate::{
    asset::Remap,
    hub::{self, AppContract, ApplicationSummary, AssetCard, ContractStatus, Hub, PortalAddress, PortalAsset},
    inventory::Note,
    net::{CallError, Client},
};

/// Passes over a list that keeps changing, at most.
const MAX_PASSES: usize = 4;

/// A list that is shorter came as one page, and nothing can have slipped from one page to another.
const PAGE: usize = 250;

/// Whose companions are read, and how assets are named in their rows.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// The organizations whose portals count.
    pub organizations: &'a [String],
    /// The organization that is meant where a row names no group.
    pub own: &'a str,
    /// The group of what is that organization's own; `None`: rows leave it out, so that it is that of whoever reads them.
    pub group: Option<&'a str>,
    /// What becomes of groups and assets.
    pub remap: &'a Remap,
    /// How many applications are read at once.
    pub at_once: usize,
}

/// Reads the companions of all portals that show themselves. What cannot be read is told in the answer.
pub async fn read(client: &Client, sought: Sought<'_>) -> Companions {
    let all = match Hub::all_portals(client).await {
        Ok(all) => all,
        Err(error) => {
            let is_refused = matches!(error.http(), Some(401 | 403 | 404));
            let why = if is_refused { "this account may not see portals".to_owned() } else { told(&error) };
            return Companions::Nowhere { why, is_failure: !is_refused };
        }
    };
    let is_meant = |connection: &hub::Connection| {
        connection.organization_id.as_ref().is_none_or(|organization| sought.organizations.contains(organization))
    };
    let (meant, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(connection, _)| is_meant(connection));
    if meant.is_empty() {
        let why = match others.len() {
            0 => "this account sees no portal".to_owned(),
            _ => "the portals that this account sees belong to other organizations".to_owned(),
        };
        return Companions::Nowhere { why, is_failure: false };
    }
    let mut portals = Vec::with_capacity(meant.len());
    for (connection, portal) in meant {
        let address = PortalAddress {
            target_organization: connection.target_organization_id,
            portal: portal.target_portal_id.clone(),
        };
        let hub = Hub::new(client.clone(), address);
        let found = of_portal(&hub, sought).await.map_err(|error| told(&error));
        portals.push(Portal { label: portal.label(), found });
    }
    portals.sort_by(|one, other| one.label.cmp(&other.label));
    portals.dedup_by(|one, other| one.label == other.label);
    Companions::Of(portals)
}

/// Reads the companions of one portal.
pub async fn read_one(hub: &Hub, label: &str, sought: Sought<'_>) -> Companions {
    let found = of_portal(hub, sought).await.map_err(|error| told(&error));
    Companions::Of(vec![Portal { label: label.to_owned(), found }])
}

/// One application with what it has access to.
struct Known {
    application: hub::Application,
    contracts: Vec<AppContract>,
}

/// Where an application is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Home {
    /// Whether the contract is in force, waits, or neither: the first is the best.
    rank: u8,
    asset: String,
    instance: Instance,
}

/// An instance of an asset, whose name may be another one's as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Instance {
    name: Option<String>,
    id: String,
}

async fn of_portal(hub: &Hub, sought: Sought<'_>) -> Result<Found, CallError> {
    let listed = settled(|| hub.applications(None, None), |listed: &ApplicationSummary| listed.id.clone()).await?;
    let (mut known, mut notes) = (Vec::with_capacity(listed.len()), Vec::new());
    let mut read = stream::iter(listed)
        .map(|listed| async move { (one(hub, &listed.id).await, listed.name) })
        .buffered(sought.at_once.max(1));
    while let Some((one, name)) = read.next().await {
        match one {
            Ok(Some(application)) => known.push(application),
            // It was deleted meanwhile.
            Ok(None) => {}
            // One that somebody else keeps to themselves is no reason to bring none.
            Err(error) if matches!(error.http(), Some(400 | 403)) => {
                notes.push(Note::new(format!("application {name}"), format!("cannot be read: {}", told(&error))));
            }
            Err(error) => return Err(error),
        }
    }
    drop(read);
    known.sort_by(|one, other| {
        let key = |known: &Known| (known.application.name.clone(), known.application.id.clone());
        key(one).cmp(&key(other))
    });
    let homes = homes(hub, sought, &known).await?;
    Ok(found(&known, &homes, sought, notes))
}

/// Reads an application; `None` where there is none any more.
async fn one(hub: &Hub, id: &str) -> Result<Option<Known>, CallError> {
    let Some(application) = hub.application(id).await? else { return Ok(None) };
    match settled(|| hub.contracts(id), |contract: &AppContract| contract.contract_id.clone()).await {
        Ok(contracts) => Ok(Some(Known { application, contracts })),
        Err(error) if error.http() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All entries of a list, each once. Lists are counted by offset, so that what is made or deleted meanwhile moves the
/// others: one of several pages is read until a whole pass brings nothing new.
pub(in crate::inventory) async fn settled<T, S>(
    list: impl Fn() -> S,
    id: impl Fn(&T) -> String,
) -> Result<Vec<T>, CallError>
where
    S: Stream<Item = Result<T, CallError>>,
{
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    for _ in 0..MAX_PASSES {
        let before = all.len();
        let mut entries = std::pin::pin!(list());
        let mut count = 0;
        while let Some(entry) = entries.try_next().await? {
            count += 1;
            if seen.insert(id(&entry)) {
                all.push(entry);
            }
        }
        if count < PAGE || all.len() == before {
            break;
        }
    }
    Ok(all)
}

/// Where applications without a contract are used, by their ids: the first instance that knows them.
async fn homes(hub: &Hub, sought: Sought<'_>, known: &[Known]) -> Result<BTreeMap<String, Home>, CallError> {
    let without = known.iter().filter(|known| known.contracts.iter().all(|contract| contract.asset().is_none()));
    let mut homeless: BTreeSet<&str> = without.map(|known| known.application.id.as_str()).collect();
    let mut homes = BTreeMap::new();
    if homeless.is_empty() {
        return Ok(homes);
    }
    let mut cards = settled(|| hub.assets(), card_name).await?;
    cards.sort_by_key(card_name);
    for asset in cards.iter().flat_map(versions) {
        let Some(details) = hub.details(&asset).await? else { continue };
        let mut instances = details.instances;
        instances.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        for instance in instances {
            let users: Vec<ApplicationSummary> = hub.applications(None, Some(&instance.id)).try_collect().await?;
            for user in users.iter().filter(|user| homeless.remove(user.id.as_str())) {
                let instance = Instance { name: full(&instance.name), id: instance.id.clone() };
                homes.insert(user.id.clone(), Home { rank: 0, asset: sought.name(&asset), instance });
            }
            if homeless.is_empty() {
                return Ok(homes);
            }
        }
    }
    Ok(homes)
}

fn card_name(card: &AssetCard) -> String {
    format!("{}/{}", card.group_id, card.asset_id)
}

/// All versions of an asset that a card tells, in their order.
fn versions(card: &AssetCard) -> Vec<PortalAsset> {
    let named: BTreeSet<&String> = card.minor_versions.iter().chain(&card.minor_version).collect();
    let named = named.into_iter().map(|version| PortalAsset {
        group_id: card.group_id.clone(),
        asset_id: card.asset_id.clone(),
        minor_version: version.clone(),
    });
    named.collect()
}

/// The rows.
fn found(known: &[Known], homes: &BTreeMap<String, Home>, sought: Sought<'_>, mut notes: Vec<Note>) -> Found {
    let homes_of = |contracts: &[AppContract]| -> Vec<Home> {
        contracts.iter().filter_map(|contract| Home::of(contract, sought)).collect()
    };
    let all: Vec<Home> =
        known.iter().flat_map(|known| homes_of(&known.contracts)).chain(homes.values().cloned()).collect();
    let twins = twins(&all);
    let (mut applications, mut access) = (Vec::new(), Vec::new());
    for Known { application, contracts } in known {
        let home = homes_of(contracts).into_iter().min().or_else(|| homes.get(&application.id).cloned());
        if home.is_none() {
            let why = "the portal does not tell where it is used: name an asset and an instance in its row";
            notes.push(Note::new(format!("application {}", application.name), why));
        }
        applications.push(row(application, home.as_ref(), &twins));
        for contract in contracts {
            let Some(home) = Home::of(contract, sought) else {
                let what = format!("contract {} of application {}", contract.contract_id, application.name);
                notes.push(Note::new(what, "the portal does not tell the version of its asset"));
                continue;
            };
            notes.extend(waits(contract, &application.name, &home));
            access.push(Access {
                application: application.name.clone(),
                instance: home.name(&twins),
                asset: home.asset,
                tier: tier(contract).unwrap_or_default().to_owned(),
                status: contract.status.as_ref().map(ToString::to_string).unwrap_or_default(),
            });
        }
    }
    applications.sort_unstable();
    access.sort_unstable();
    notes.sort_unstable();
    Found { applications, access, notes }
}

fn row(application: &hub::Application, home: Option<&Home>, twins: &Twins) -> Application {
    Application {
        name: application.name.clone(),
        description: application.description.clone().unwrap_or_default(),
        url: application.url.clone().unwrap_or_default(),
        redirect_uris: application.redirect_uri.clone(),
        grant_types: application.grant_types.clone(),
        asset: home.map(|home| home.asset.clone()).unwrap_or_default(),
        instance: home.map(|home| home.name(twins)).unwrap_or_default(),
        client_id: application.client_id.clone().unwrap_or_default(),
    }
}

/// The tier that holds, or the one that was asked for.
fn tier(contract: &AppContract) -> Option<&str> {
    let known = contract.tier.as_ref().or(contract.requested_tier.as_ref())?;
    Some(if known.name.is_empty() { &known.id } else { &known.name })
}

/// A contract in force may ask for another tier: the row can name one only.
fn waits(contract: &AppContract, application: &str, home: &Home) -> Option<Note> {
    let (held, asked) = (contract.tier.as_ref()?, contract.requested_tier.as_ref()?);
    let why = format!("it has the tier `{}` and asks for `{}`: the row names the first", held.name, asked.name);
    (held.id != asked.id).then(|| Note::new(format!("access of {application} to {}", home.asset), why))
}

/// Instances of one asset that have the same name: only their ids tell them apart.
type Twins = BTreeSet<(String, String)>;

fn twins(all: &[Home]) -> Twins {
    let mut ids: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for home in all {
        if let Some(name) = &home.instance.name {
            ids.entry((home.asset.clone(), name.clone())).or_default().insert(&home.instance.id);
        }
    }
    ids.into_iter().filter(|(_, ids)| ids.len() > 1).map(|(name, _)| name).collect()
}

impl Home {
    fn of(contract: &AppContract, sought: Sought<'_>) -> Option<Self> {
        let rank = match contract.status {
            Some(ContractStatus::Approved) => 0,
            Some(ContractStatus::Pending) => 1,
            _ => 2,
        };
        let name = contract.instance_name.as_deref().and_then(full);
        let instance = Instance { name, id: contract.instance_id.clone() };
        Some(Self { rank, asset: sought.name(&contract.asset()?), instance })
    }

    /// The instance as a row names it: by its name, which holds elsewhere as well, where it has one of its own.
    fn name(&self, twins: &Twins) -> String {
        let Instance { name, id } = &self.instance;
        let is_telling = |name: &&String| !twins.contains(&(self.asset.clone(), (*name).clone()));
        name.as_ref().filter(is_telling).unwrap_or(id).clone()
    }
}

/// What happened, with its causes.
fn told(error: &CallError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(because) = cause {
        let because_text = because.to_string();
        // Some errors repeat their cause in their own words.
        if !text.contains(&because_text) {
            text = format!("{text}: {because_text}");
        }
        cause = because.source();
    }
    text
}

fn full(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.trim().is_empty())
}

impl Sought<'_> {
    /// The asset as a row names it: `asset/v1` for the organization's own, `group/asset/v1` for others.
    fn name(&self, of: &PortalAsset) -> String {
        let PortalAsset { group_id, asset_id, minor_version } = of;
        let moved = self.remap.asset(group_id, asset_id, None);
        let asset_id = moved.and_then(|moved| moved.asset).unwrap_or(asset_id);
        let own = (group_id == self.own).then_some(self.group);
        match (moved.map(|moved| moved.group), own) {
            (Some(group), _) | (None, Some(Some(group))) => format!("{group}/{asset_id}/{minor_version}"),
            (None, Some(None)) => format!("{asset_id}/{minor_version}"),
            (None, None) => format!("{group_id}/{asset_id}/{minor_version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::asset::RemapTables;

    fn known(name: &str, contracts: &[Value]) -> Known {
        let application = json!({"id": format!("id-{name}"), "name": name, "clientId": "c", "clientSecret": "hidden"});
        Known {
            application: serde_json::from_value(application).unwrap(),
            contracts: contracts.iter().map(|one| serde_json::from_value(one.clone()).unwrap()).collect(),
        }
    }

    fn contract(group: &str, instance: (&str, &str), status: &str) -> Value {
        json!({"contractId": 1, "groupId": group, "assetId": "orders", "minorVersion": "v1", "instanceId": instance.0,
            "instanceName": instance.1, "status": status, "tier": {"id": "1", "name": "Gold"},
            "requestedTier": {"id": "2", "name": "Silver"}})
    }

    fn rows(known: &[Known], group: Option<&str>, remap: &Remap) -> Found {
        found(known, &BTreeMap::new(), Sought { organizations: &[], own: "own", group, remap, at_once: 1 }, Vec::new())
    }

    #[test]
    fn what_is_the_organizations_own_names_no_group_and_the_rest_is_rewritten() {
        let moved = [("bg".to_owned(), "new-bg".to_owned())].into();
        let remap = Remap::new(RemapTables { groups: moved, ..RemapTables::default() }).unwrap();
        let one = |group: &str| [known("Shop", &[contract(group, ("i", "Live"), "APPROVED")])];
        let plain = Remap::default();
        let name = |of: &str, group: Option<&str>, remap: &Remap| rows(&one(of), group, remap).access[0].asset.clone();
        assert_eq!(name("own", None, &plain), "orders/v1");
        assert_eq!(name("own", Some("there"), &remap), "there/orders/v1");
        assert_eq!(name("bg", None, &remap), "new-bg/orders/v1");
        assert_eq!(name("bg", None, &plain), "bg/orders/v1");
    }

    #[test]
    fn an_application_lives_where_it_is_let_in_and_twins_go_by_their_ids() {
        let contracts = [
            contract("a", ("i1", "Live"), "PENDING"),
            contract("b", ("i2", "Live"), "APPROVED"),
            contract("b", ("i3", "Live"), "REVOKED"),
        ];
        let found = rows(&[known("Shop", &contracts), known("Alone", &[])], None, &Remap::default());
        let names = |row: &Application| (row.name.clone(), row.asset.clone(), row.instance.clone());
        let told: Vec<_> = found.applications.iter().map(names).collect();
        let text = str::to_owned;
        assert_eq!(
            told,
            [(text("Alone"), text(""), text("")), (text("Shop"), text("b/orders/v1"), text("i2"))],
            "that is in force, and its name is another one's too"
        );
        let instances: Vec<&str> = found.access.iter().map(|row| row.instance.as_str()).collect();
        assert_eq!(instances, ["Live", "i2", "i3"]);
        let csv = String::from_utf8([found.applications_csv().unwrap(), found.access_csv().unwrap()].concat()).unwrap();
        assert!(csv.contains("Shop,b/orders/v1,i2,Gold,,APPROVED,") && !csv.contains("hidden"), "{csv}");
        assert!(found.notes.iter().any(|note| note.what == "application Alone"), "{:?}", found.notes);
        assert!(found.notes.iter().any(|note| note.why.contains("`Silver`")), "{:?}", found.notes);
    }
}
