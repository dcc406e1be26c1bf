//! `consign hub access`: contracts, and what they are made of.

use std::io::Write;

use futures::TryStreamExt;
use serde_json::json;

use super::{
    super::{Exit, Problem},
    apps::id,
    args::{AccessCommand, InstanceArgs},
    cannot, cannot_surely,
    show::{facts, nothing, secret_words, show, with_secret, words},
    told,
    visit::Visit,
};
use crate::{
    hub::{AccessRequest, AppContract, Contract, ContractStatus, GrantTypes, Hub, HubError, Tier, TierLimit},
    report::{ReportError, Table, left},
};

pub(super) async fn access(visit: &Visit, command: &AccessCommand) -> Result<Exit, Problem> {
    let hub = visit.portal().await?;
    match command {
        AccessCommand::Tiers(args) => tiers(visit, &hub, args).await,
        AccessCommand::GrantTypes(args) => {
            let found = hub.instance_grant_types(&args.asset, &args.instance).await;
            let found = found.map_err(cannot("read the grant types"))?;
            let found = found.ok_or_else(|| no_instance(args))?;
            show(visit.json, &found, |out| write_grant_types(out, &found))
        }
        AccessCommand::Request { app, instance, tier, accept_terms, secret } => {
            let wanted = (app.app.as_str(), instance, tier.as_deref());
            request(visit, &hub, wanted, *accept_terms, secret.show_secret).await
        }
        AccessCommand::List(app) => list(visit, &hub, &app.app).await,
        AccessCommand::Show { app, instance } => {
            let id = id(&hub, &app.app).await?;
            let found = hub.contract(&instance.asset, &id, &instance.instance).await;
            let found = found.map_err(cannot("read the contract"))?;
            let contract = found.ok_or_else(|| {
                let InstanceArgs { asset, instance } = instance;
                Problem::new(format!("application `{}` has no contract with instance {instance} of {asset}", app.app))
                    .hint(Some("`consign hub access list` shows those that it has"))
            })?;
            show_contract(visit, &contract)
        }
        AccessCommand::ChangeTier { app, contract, tier } => {
            let id = id(&hub, &app.app).await?;
            let changed = hub.change_tier(&id, contract, tier).await;
            let changed = changed.map_err(|error| no_application("change the tier", error, &app.app))?;
            show_contract(visit, &changed)
        }
    }
}

fn no_instance(args: &InstanceArgs) -> Problem {
    Problem::new(format!("the portal shows no instance {} of {}", args.instance, args.asset))
        .hint(Some("`consign hub assets show` lists the instances of an API"))
}

/// The list of contracts answers 404 for an application that is not there.
fn no_application(what: &str, error: impl Into<HubError>, app: &str) -> Problem {
    let error = error.into();
    match error.call().and_then(crate::net::CallError::http) {
        Some(404) => told(&HubError::NoApplication(app.to_owned())),
        _ => cannot(what)(error),
    }
}

async fn tiers(visit: &Visit, hub: &Hub, args: &InstanceArgs) -> Result<Exit, Problem> {
    let found = hub.tiers(&args.asset, &args.instance).await.map_err(cannot("read the tiers"))?;
    let tiers = found.ok_or_else(|| no_instance(args))?;
    if tiers.is_empty() {
        nothing(visit.json, "the instance has no tiers: access is asked for without one");
    }
    show(visit.json, &json!({ "tiers": tiers }), |out| {
        let heads = ["id", "name", "status", "approval", "limits", "description"];
        let mut table = Table::new(out, heads.map(left).to_vec());
        for tier in &tiers {
            let approval = if tier.auto_approve { "at once" } else { "by hand" };
            table.row([
                tier.id.clone(),
                tier.name.clone(),
                tier.status.clone(),
                approval.to_owned(),
                tier.limits.iter().map(limit).collect::<Vec<_>>().join(", "),
                words(tier.description.as_deref()),
            ])?;
        }
        Ok(table.finish()?)
    })
}

/// A limit in words. Sources disagree about the unit of `timePeriod`, so the milliseconds tell it where they are given.
fn limit(limit: &TierLimit) -> String {
    let TierLimit { maximum_requests, time_period, time_unit, time_period_in_milliseconds, .. } = limit;
    match (time_period_in_milliseconds, time_period) {
        (Some(period), _) => format!("{maximum_requests} in {}", spell(*period)),
        (None, Some(period)) => format!("{maximum_requests} in {period} {time_unit}"),
        (None, None) => format!("{maximum_requests} in a {time_unit}"),
    }
}

fn spell(milliseconds: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let fits = |(length, _): &&(i64, &str)| milliseconds > 0 && milliseconds % length == 0;
    match units.iter().find(fits) {
        Some((length, name)) => format!("{} {name}", milliseconds / length),
        None => format!("{milliseconds} ms"),
    }
}

pub(super) fn write_grant_types(out: &mut dyn Write, found: &GrantTypes) -> Result<(), ReportError> {
    let provider = &found.provider_type;
    let described = provider.description.as_deref().map(|words| format!(" ({words})")).unwrap_or_default();
    facts(out, &[("provider", format!("{}{described}", provider.name))])?;
    let mut table = Table::new(out, ["grant type", "label", "required", "needs", "not with"].map(left).to_vec());
    for grant in &found.grant_types {
        table.row([
            grant.name.clone(),
            words(grant.label.as_deref()),
            (if grant.required { "yes" } else { "no" }).to_owned(),
            grant.depends.join(", "),
            grant.exclude.join(", "),
        ])?;
    }
    Ok(table.finish()?)
}

async fn request(
    visit: &Visit,
    hub: &Hub,
    (app, InstanceArgs { asset, instance }, tier): (&str, &InstanceArgs, Option<&str>),
    accepted_terms: bool,
    show_secret: bool,
) -> Result<Exit, Problem> {
    if !accepted_terms {
        return Err(Problem::new("access is given only to those who accept the terms and conditions")
            .hint(Some(format!("`consign hub assets terms {asset}` prints them; --accept-terms accepts them"))));
    }
    let request = AccessRequest {
        asset: asset.clone(),
        application_id: id(hub, app).await?,
        instance_id: instance.clone(),
        tier: tier.map(str::to_owned),
        accepted_terms,
    };
    let made = hub.request_access(&request).await.map_err(cannot_surely(
        format!("get `{app}` access to {asset}"),
        format!("`consign hub access show '{app}' {asset} {instance}` shows whether it has it"),
    ))?;
    let secret = made.client_secret.as_ref();
    show(visit.json, &with_secret(&made, secret, show_secret), |out| {
        facts(
            out,
            &[
                ("contract", made.id.clone()),
                ("status", made.status.to_string()),
                ("tier", tier_name(made.requested_tier.as_ref())),
                ("client id", words(made.client_id.as_deref())),
                ("client secret", secret_words(secret, show_secret)),
            ],
        )
    })
}

async fn list(visit: &Visit, hub: &Hub, app: &str) -> Result<Exit, Problem> {
    let id = id(hub, app).await?;
    let contracts = hub.contracts(&id).try_collect::<Vec<AppContract>>().await;
    let contracts = contracts.map_err(|error| no_application("list the contracts", error, app))?;
    if contracts.is_empty() {
        nothing(visit.json, "the application has no contracts");
    }
    show(visit.json, &json!({ "contracts": contracts }), |out| {
        let heads = ["contract", "status", "tier", "asked for", "asset", "instance", "name", "environment"];
        let mut table = Table::new(out, heads.map(left).to_vec());
        for contract in &contracts {
            let asset = contract.asset().map_or_else(|| contract.asset_id.clone(), |asset| asset.to_string());
            table.row([
                contract.contract_id.clone(),
                words(contract.status.as_ref().map(ContractStatus::as_str)),
                tier_name(contract.tier.as_ref()),
                tier_name(contract.requested_tier.as_ref()),
                asset,
                contract.instance_id.clone(),
                words(contract.instance_name.as_deref()),
                words(contract.environment_name.as_deref()),
            ])?;
        }
        Ok(table.finish()?)
    })
}

fn show_contract(visit: &Visit, contract: &Contract) -> Result<Exit, Problem> {
    show(visit.json, contract, |out| {
        facts(
            out,
            &[
                ("contract", contract.id.clone()),
                ("application", contract.application_id.clone()),
                ("instance", words(contract.instance_id.as_deref())),
                ("status", contract.status.to_string()),
                ("tier asked for", tier_name(contract.requested_tier.as_ref())),
            ],
        )
    })
}

fn tier_name(tier: Option<&Tier>) -> String {
    tier.map(|tier| tier.name.clone()).unwrap_or_default()
}
