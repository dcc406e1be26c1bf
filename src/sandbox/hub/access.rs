//! Asking for access: tiers, grant types and contracts.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    super::{
        app::App,
        assets::{Page, Params},
        instances::{Instance, Tier},
        store::Tables,
    },
    applications::named,
    body::Body,
    offers::{self, Shown, minor_name, show_tier},
    portals::Visit,
    records::{Application, Contract, MOST_CONTRACTS, Status},
    refusal::Refusal,
};

/// How many contracts a list shows where nobody says.
const PAGE: usize = 100;

fn no_contract() -> Refusal {
    Refusal::not_found("There is no such contract")
}

/// The instance that the path names.
fn instance(tables: &Tables, visit: &Visit) -> Result<Instance, Refusal> {
    let shown = Shown::find(tables, visit)?;
    let known = offers::instance(tables, visit, &shown, visit.part("instance"))?;
    known.ok_or_else(|| Refusal::not_found("There is no such instance"))
}

/// `getTiers`.
pub(super) async fn tiers(State(app): State<App>, visit: Visit) -> Result<Json<Vec<Value>>, Refusal> {
    let instance = app.state.read(|tables| instance(tables, &visit))?;
    Ok(Json(instance.tiers.iter().map(show_tier).collect()))
}

/// `getGrantTypesByInstanceId`.
pub(super) async fn grant_types_of_instance(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    app.state.read(|tables| instance(tables, &visit))?;
    Ok(Json(offers::grant_types()))
}

/// `getGrantTypesByApplicationId`.
pub(super) async fn grant_types_of_application(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    app.state.read(|tables| named(tables, &visit))?;
    Ok(Json(offers::grant_types()))
}

/// `createContract`.
pub(super) async fn create(State(app): State<App>, visit: Visit, body: Bytes) -> Result<Json<Value>, Refusal> {
    let mut body = Body::read(&body)?;
    let application = body.required_id("applicationId");
    let instance = body.required_id("instanceId");
    let accepted = body.required_flag("acceptedTerms");
    let tier = body.id("tierId");
    body.finish()?;
    if !accepted {
        return Err(Refusal::bad_request("acceptedTerms: the terms and conditions must be accepted"));
    }
    let create = |tables: &mut Tables| {
        let shown = Shown::find(tables, &visit)?;
        let application = Application::find(tables, &visit, &application)?
            .ok_or_else(|| Refusal::bad_request("applicationId: there is no such application"))?;
        let instance = offers::instance(tables, &visit, &shown, &instance)?
            .ok_or_else(|| Refusal::bad_request("instanceId: there is no such instance"))?;
        let tier = chosen(&instance, tier.as_deref())?;
        request(tables, &visit, &shown, application, &instance, tier)
    };
    let (application, contract) = app.state.commit(create).await?;
    let mut shown = json!({
        "id": contract.id.to_string(),
        "clientId": application.client_id,
        "clientSecret": application.client_secret,
        "status": contract.status,
    });
    if let Some(tier) = &contract.requested {
        shown["requestedTier"] = show_tier(tier);
    }
    Ok(Json(shown))
}

/// The tier that is asked for; an instance without tiers does not care.
fn chosen(instance: &Instance, tier: Option<&str>) -> Result<Option<Tier>, Refusal> {
    if instance.tiers.is_empty() {
        return Ok(None);
    }
    let tier = tier.ok_or_else(|| Refusal::bad_request("tierId: the instance has tiers, one must be chosen"))?;
    let found = offers::tier(instance, tier).cloned();
    found.map(Some).ok_or_else(|| Refusal::bad_request("tierId: the instance has no such active tier"))
}

/// Makes the contract of an application with an instance.
fn request(
    tables: &mut Tables,
    visit: &Visit,
    shown: &Shown,
    mut application: Application,
    instance: &Instance,
    tier: Option<Tier>,
) -> Result<(Application, Contract), Refusal> {
    let root = &visit.portal.root;
    let asset = (shown.record.group_id.as_str(), shown.record.asset_id.as_str(), shown.major());
    if Contract::find(tables, root, &application.id, asset, &instance.id)?.is_some() {
        return Err(Refusal::conflict("The application has a contract with this instance already"));
    }
    if Contract::all(tables, root, &application.id)?.len() >= MOST_CONTRACTS {
        return Err(Refusal::conflict(format!("An application has at most {MOST_CONTRACTS} contracts")));
    }
    let mut contract = Contract {
        id: Contract::next_id(tables, root)?,
        application: application.id.clone(),
        instance: instance.id.clone(),
        instance_name: instance.name.clone(),
        environment: instance.environment.clone(),
        group_id: shown.record.group_id.clone(),
        asset_id: shown.record.asset_id.clone(),
        asset_name: shown.record.name.clone(),
        version_group: shown.version.version_group(),
        major: shown.major(),
        status: Status::Pending,
        requested: None,
        granted: None,
    };
    contract.ask(tier);
    contract.keep(tables, root)?;
    application.uses(&instance.id, &instance.endpoint_uri);
    let name = application.name.clone();
    application.update(tables, root, &name)?;
    Ok((application, contract))
}

/// `getContract`. A contract outlives its asset in the portal, so that the asset is not looked for.
pub(super) async fn get(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    let (major, _) = offers::minor_version(visit.part("minor"))?;
    app.state.read(|tables| {
        let application = named(tables, &visit)?;
        let asset = (visit.part("group"), visit.part("asset"), major);
        let found = Contract::find(tables, &visit.portal.root, &application.id, asset, visit.part("instance"))?;
        Ok(Json(found.ok_or_else(no_contract)?.show()))
    })
}

/// `getContractsByApplicationId`.
pub(super) async fn list(
    State(app): State<App>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Refusal> {
    let Page { limit, offset } = Params::read(query.as_deref()).page(PAGE)?;
    app.state.read(|tables| {
        let application = named(tables, &visit)?;
        let page = Contract::page(tables, &visit.portal.root, &application.id, limit, offset)?;
        Ok(Json(page.iter().map(listed).collect()))
    })
}

/// A contract in the list of an application's.
fn listed(contract: &Contract) -> Value {
    let mut shown = json!({
        "contractId": contract.id,
        "assetId": contract.asset_id,
        "assetName": contract.asset_name,
        "groupId": contract.group_id,
        "instanceId": contract.instance,
        "instanceName": contract.instance_name,
        "minorVersion": minor_name(contract.major),
        "status": contract.status,
    });
    if let Some(environment) = &contract.environment {
        shown["environmentId"] = environment.id.as_str().into();
        shown["environmentName"] = environment.name.as_str().into();
    }
    for (name, tier) in [("tier", &contract.granted), ("requestedTier", &contract.requested)] {
        if let Some(tier) = tier {
            shown[name] = show_tier(tier);
        }
    }
    shown
}

/// `assignSlaTierToContract`.
pub(super) async fn assign_tier(State(app): State<App>, visit: Visit) -> Result<Json<Value>, Refusal> {
    let assign = |tables: &mut Tables| {
        let application = named(tables, &visit)?;
        let root = &visit.portal.root;
        let id = visit.part("contract");
        let all = Contract::all(tables, root, &application.id)?;
        let mut contract = all.into_iter().find(|known| known.id.to_string() == id).ok_or_else(no_contract)?;
        let no_tier = || Refusal::not_found("The instance has no such active tier");
        let instance = offers::instance_of(tables, &contract)?.ok_or_else(no_tier)?;
        contract.ask(Some(offers::tier(&instance, visit.part("tier")).cloned().ok_or_else(no_tier)?));
        contract.keep(tables, root)?;
        Ok::<_, Refusal>(contract)
    };
    Ok(Json(app.state.commit(assign).await?.show()))
}

/// Says how a contract stands, which an administrator does in API Manager: part of the control surface.
pub(super) async fn decide(
    State(app): State<App>,
    Path((application, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let mut body = Body::read(&body)?;
    let status = body.required_text("status", 16);
    body.finish()?;
    let status: Status = serde_json::from_value(json!(status))
        .map_err(|_| Refusal::bad_request("status: must be one of PENDING, APPROVED, REJECTED, REVOKED"))?;
    let directory = app.directory();
    let decide = |tables: &mut Tables| {
        for root in directory.organizations.iter().filter(|known| known.is_root()) {
            let all = Contract::all(tables, &root.id, &application)?;
            if let Some(mut contract) = all.into_iter().find(|known| known.id.to_string() == id) {
                contract.decide(status);
                contract.keep(tables, &root.id)?;
                return Ok(contract);
            }
        }
        Err(no_contract())
    };
    Ok(Json(app.state.commit(decide).await?.show()))
}
