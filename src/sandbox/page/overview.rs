//! The first page, the publications on it, and the assets of an organization.

use axum::{
    extract::{Path, RawQuery, State},
    response::{Html, Response},
};
use maud::{Markup, html};

use super::super::{
    app::App,
    assets::Params,
    problem::Problem,
    store::{AssetRecord, Listing, Order, Outcome, Reach, RunKind, RunRecord, StoreError, VersionRecord},
};
use super::frame::{Refusal, address, page, state, time};

/// How many publications are shown.
const PUBLICATIONS: usize = 25;
/// How many assets are on a page.
const ASSETS: usize = 50;

pub(super) async fn overview(State(app): State<App>) -> Result<Response, Refusal> {
    let directory = app.directory();
    let count = |id: &str| app.state.read(|tables| tables.count_assets(id));
    let counted: Vec<_> = directory
        .organizations
        .iter()
        .map(|known| Ok((known, count(&known.id)?)))
        .collect::<Result<_, StoreError>>()?;
    let content = html! {
        h1 { "Organizations" }
        table {
            thead { tr { th { "Name" } th { "Id" } th { "Part of" } th.number { "Assets" } } }
            tbody {
                @for (known, assets) in counted {
                    tr {
                        td { a href=(address(["organizations", &known.id])) { (known.name) } }
                        td { code { (known.id) } }
                        td {
                            @match known.parent.as_deref().and_then(|parent| directory.organization(parent)) {
                                Some(parent) => a href=(address(["organizations", &parent.id])) { (parent.name) },
                                None => span.quiet { "root" },
                            }
                        }
                        td.number { (assets) }
                    }
                }
            }
        }
        h2 { "Publications" }
        div data-live="/_sandbox/publications" { (recent(&app)?) }
    };
    Ok(page("Overview", &[], &content))
}

/// The publications alone, for the script that looks for news.
pub(super) async fn publications(State(app): State<App>) -> Result<Html<String>, Refusal> {
    Ok(Html(recent(&app)?.into_string()))
}

fn recent(app: &App) -> Result<Markup, Problem> {
    let runs = app.state.read(|tables| tables.latest_runs(PUBLICATIONS))?;
    Ok(html! {
        @if runs.is_empty() {
            p.quiet { "Nothing was published yet. This list renews itself." }
        } @else {
            table {
                thead { tr { th { "State" } th { "Asset" } th { "What" } th { "Accepted" } th { "Remark" } } }
                tbody { @for run in &runs { (row(run)) } }
            }
        }
    })
}

fn row(run: &RunRecord) -> Markup {
    let gav = &run.gav;
    let (name, remark) = match &run.outcome {
        _ if !run.settled => ("running", String::new()),
        Outcome::Completed(_) => ("completed", String::new()),
        Outcome::Failed { step, problem } => ("error", format!("{step}: {}", problem.errors.join("; "))),
    };
    let what = match run.kind {
        RunKind::Publication => run.asset_type.as_str(),
        RunKind::MutableData => "metadata",
    };
    html! {
        tr {
            td { (state(name)) }
            td {
                a href=(address(["assets", &gav.group_id, &gav.asset_id, &gav.version.to_string()])) {
                    (gav.asset_id) " " span.version { (gav.version) }
                }
            }
            td { (what) }
            td { (time(run.accepted)) }
            td.remark { (remark) }
        }
    }
}

pub(super) async fn organization(
    State(app): State<App>,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let directory = app.directory();
    let known = directory.organization(&org).ok_or_else(|| Problem::not_found("There is no such organization"))?;
    let params = Params::read(query.as_deref());
    let search = params.one("search").unwrap_or_default();
    let offset = params.page(ASSETS)?.offset;
    let listing = Listing {
        visible: vec![org.clone()],
        reach: Reach::default(),
        organizations: Vec::new(),
        types: Vec::new(),
        search: search.to_lowercase(),
        states: Vec::new(),
        order: Order::Updated,
        descending: true,
    };
    // One more than a page tells whether another follows.
    let mut found = app.state.read(|tables| tables.list(listing, ASSETS + 1, offset))?;
    let has_more = found.len() > ASSETS;
    found.truncate(ASSETS);
    let groups: Vec<_> = directory.organizations.iter().filter(|group| group.parent.as_deref() == Some(&org)).collect();
    let content = html! {
        h1 { (known.name) }
        p.quiet { code { (known.id) } }
        @if !groups.is_empty() {
            p {
                "Business groups: "
                @for (number, group) in groups.iter().enumerate() {
                    @if number > 0 { ", " }
                    a href=(address(["organizations", &group.id])) { (group.name) }
                }
            }
        }
        form method="get" role="search" {
            input type="search" name="search" value=(search) placeholder="Name or id of an asset" aria-label="Search";
            button { "Search" }
        }
        @if found.is_empty() { p.quiet { "No assets." } } @else { (assets(&found)) }
        (pager(&org, search, offset, has_more))
    };
    Ok(page(&known.name, &[(&known.name, address(["organizations", &org]))], &content))
}

fn assets(found: &[(AssetRecord, VersionRecord)]) -> Markup {
    html! {
        table {
            thead { tr { th { "Asset" } th { "Type" } th { "Latest" } th { "State" } th { "Visible" } th { "Changed" } } }
            tbody {
                @for (record, version) in found {
                    tr {
                        td {
                            a href=(address(["assets", &record.group_id, &record.asset_id])) { (record.name) }
                            " " span.quiet { (record.asset_id) }
                        }
                        td { (record.asset_type.as_str()) }
                        td.version { (version.gav.version) }
                        td { (state(version.status.as_str())) }
                        td { @if record.public_groups.is_empty() { span.quiet { "private" } } @else { "public" } }
                        td { (time(record.updated)) }
                    }
                }
            }
        }
    }
}

fn pager(org: &str, search: &str, offset: usize, has_more: bool) -> Markup {
    let link = |offset: usize| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("search", search);
        }
        let query = query.append_pair("offset", &offset.to_string()).finish();
        format!("{}?{query}", address(["organizations", org]))
    };
    html! {
        p.pager {
            @if offset > 0 { a href=(link(offset.saturating_sub(ASSETS))) rel="prev" { "← Newer" } }
            @if has_more { a href=(link(offset + ASSETS)) rel="next" { "Older →" } }
        }
    }
}
