//! `consign hub assets`: what a portal shows.

use std::io::{IsTerminal, Write};

use camino::Utf8Path;
use futures::TryStreamExt;
use serde_json::json;

use super::{
    super::{Exit, Problem, plan::finish},
    args::{AssetsCommand, SearchArgs, SortArg},
    cannot,
    show::{facts, nothing, show, text, words},
    told,
    visit::Visit,
};
use crate::{
    hub::{AssetCard, AssetDetail, AssetSearch, HubError, PortalAsset, ResourceContent, Sort, SortDirection},
    report::{ReportError, Table, left},
};

pub(super) async fn assets(visit: &Visit, command: &AssetsCommand) -> Result<Exit, Problem> {
    match command {
        AssetsCommand::List => list(visit).await,
        AssetsCommand::Search(args) => search(visit, args).await,
        AssetsCommand::Show(args) => details(visit, &args.asset).await,
        AssetsCommand::Page { asset, page } => {
            let found = visit.portal().await?.page(&asset.asset, page).await.map_err(cannot("read the page"))?;
            written(visit, found, &format!("{} has no page `{page}`", asset.asset))
        }
        AssetsCommand::Terms(args) => {
            let found = visit.portal().await?.terms(&args.asset).await.map_err(cannot("read the terms"))?;
            written(visit, found, &format!("{} has no terms and conditions", args.asset))
        }
        AssetsCommand::Resource { asset, resource, out } => {
            let found = visit.portal().await?.resource(&asset.asset, resource).await;
            let found = found.map_err(cannot("read the resource"))?;
            let content = found.ok_or_else(|| missing(&format!("{} has no resource `{resource}`", asset.asset)))?;
            write_resource(visit, &content, out.as_deref())
        }
    }
}

fn missing(what: &str) -> Problem {
    Problem::new(what).hint(Some("`consign hub assets show` lists the pages and files of an API"))
}

async fn list(visit: &Visit) -> Result<Exit, Problem> {
    let hub = visit.portal().await?;
    let cards: Vec<AssetCard> = hub.assets().try_collect().await.map_err(cannot("list the APIs"))?;
    if cards.is_empty() {
        nothing(visit.json, "the portal shows no APIs");
    }
    show(visit.json, &json!({ "assets": cards }), |out| write_cards(out, &cards))
}

async fn search(visit: &Visit, args: &SearchArgs) -> Result<Exit, Problem> {
    if args.reverse && args.sort.is_none() {
        return Err(Problem::new("--reverse turns an order, and none is named").hint(Some("name one with --sort")));
    }
    let sort = args.sort.map(|sort| {
        // What people expect first: A, and the newest.
        let is_ascending = (sort == SortArg::Name) != args.reverse;
        let direction = if is_ascending { SortDirection::Asc } else { SortDirection::Desc };
        Sort { direction, criteria: sort.into() }
    });
    let search = AssetSearch {
        search_term: args.term.clone(),
        asset_types: args.types.clone(),
        categories: args.categories.clone(),
        sort,
    };
    let found = visit.portal().await?.search(&search, Some(args.limit)).await.map_err(cannot("search the portal"))?;
    if found.assets.is_empty() {
        nothing(visit.json, "nothing is found");
    } else if found.assets.len() >= usize::try_from(args.limit).unwrap_or(usize::MAX) {
        nothing(visit.json, "there may be more: a search answers no more than --limit");
    }
    show(visit.json, &found, |out| {
        write_cards(out, &found.assets)?;
        facts(out, &[("facets", found.facets.join(", "))])
    })
}

fn write_cards(out: &mut dyn Write, cards: &[AssetCard]) -> Result<(), ReportError> {
    let mut table = Table::new(out, vec![left("asset"), left("latest"), left("type"), left("name"), left("updated")]);
    for card in cards {
        let address = card.address().map_or_else(|| format!("{}/{}", card.group_id, card.asset_id), |a| a.to_string());
        table.row([
            address,
            words(card.latest_patch_version.as_deref()),
            card.asset_type.clone(),
            card.name.clone(),
            words(card.updated_date.as_deref()),
        ])?;
    }
    Ok(table.finish()?)
}

async fn details(visit: &Visit, asset: &PortalAsset) -> Result<Exit, Problem> {
    let found = visit.portal().await?.details(asset).await.map_err(cannot(format!("read {asset}")))?;
    let detail = found.ok_or_else(|| told(&HubError::NoAsset(asset.to_string())))?;
    show(visit.json, &detail, |out| write_details(out, asset, &detail))
}

fn write_details(out: &mut dyn Write, asset: &PortalAsset, detail: &AssetDetail) -> Result<(), ReportError> {
    let categories =
        detail.categories.iter().map(|known| format!("{}: {}", known.display_name, known.values.join(", ")));
    let fields = detail
        .custom_fields
        .iter()
        .map(|field| format!("{}: {}", field.display_name.as_deref().unwrap_or(&field.key), field.words()));
    let owner = detail.owner.as_ref().map(|owner| match &owner.contact_name {
        Some(name) => format!("{name} <{}>", owner.contact_email),
        None => owner.contact_email.clone(),
    });
    facts(
        out,
        &[
            ("asset", asset.to_string()),
            ("name", detail.name.clone()),
            ("type", words(detail.asset_type.as_deref())),
            ("latest", words(detail.latest_patch_version.as_deref())),
            ("versions", detail.minor_versions.join(", ")),
            ("state", words(detail.life_cycle_state.as_deref())),
            ("description", words(detail.description.as_deref())),
            ("tags", detail.tags.join(", ")),
            ("categories", categories.collect::<Vec<_>>().join("; ")),
            ("fields", fields.collect::<Vec<_>>().join("; ")),
            ("contact", owner.unwrap_or_default()),
            ("updated", words(detail.updated_date.as_deref())),
        ],
    )?;
    let instances = detail.instances.iter().map(|known| {
        vec![
            known.id.clone(),
            known.name.clone(),
            words(known.environment_name.as_deref()),
            words(known.endpoint_uri.as_deref()),
        ]
    });
    section(out, &["instance", "name", "environment", "endpoint"], instances.collect())?;
    let pages = detail.pages.iter().map(|page| vec![page.path.clone(), page.name.clone()]);
    section(out, &["page", "name"], pages.collect())?;
    let files = detail.files.iter().map(|file| vec![file.resource_id().to_owned(), file.label.clone()]);
    section(out, &["resource", "label"], files.collect())
}

/// A table behind an empty line; nothing where it would have no rows.
fn section(out: &mut dyn Write, heads: &[&'static str], rows: Vec<Vec<String>>) -> Result<(), ReportError> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let mut table = Table::new(out, heads.iter().map(|head| left(head)).collect());
    rows.into_iter().try_for_each(|row| table.row(row))?;
    Ok(table.finish()?)
}

/// A page or the terms.
fn written(visit: &Visit, found: Option<String>, otherwise: &str) -> Result<Exit, Problem> {
    let found = found.ok_or_else(|| missing(otherwise))?;
    show(visit.json, &json!({ "text": found }), |out| text(out, &found))
}

fn write_resource(visit: &Visit, content: &ResourceContent, file: Option<&Utf8Path>) -> Result<Exit, Problem> {
    let Some(file) = file else {
        if visit.json || std::io::stdout().is_terminal() {
            return Err(Problem::new("the content of a file is nothing for a terminal, and none for JSON")
                .hint(Some("write it with --out FILE, or send stdout elsewhere")));
        }
        let mut out = std::io::stdout().lock();
        return finish(out.write_all(&content.content).and_then(|()| out.flush()).map_err(ReportError::from));
    };
    fs_err::write(file, &content.content).map_err(|error| Problem::new("cannot write the file").because(&error))?;
    let size = content.content.len();
    let document = json!({ "file": file, "bytes": size, "contentType": content.content_type });
    show(visit.json, &document, |out| Ok(writeln!(out, "wrote {file}, {size} bytes")?))
}
