//! One asset: its versions, and what one of them holds.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};
use serde_json::Value;

use super::super::{
    app::App,
    assets::{coordinates, not_found},
    portal::{self, MinorVersion},
    store::{Asset, VersionRecord},
    view::{Others, View},
};
use super::frame::{Refusal, address, page, size, state, time};

pub(super) async fn latest(
    State(app): State<App>,
    Path((g, a)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    show(&app, (&g, &a), &headers, Asset::latest)
}

pub(super) async fn version(
    State(app): State<App>,
    Path((g, a, v)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let gav = coordinates(&g, &a, &v)?;
    show(&app, (&g, &a), &headers, |asset| asset.get(&gav.version))
}

fn show(
    app: &App,
    (group, name): (&str, &str),
    headers: &HeaderMap,
    pick: impl FnOnce(&Asset) -> Option<&VersionRecord>,
) -> Result<Response, Refusal> {
    let (asset, shown, pages) = app.state.read(|tables| {
        let asset = tables.asset(group, name)?.ok_or_else(not_found)?;
        let version = pick(&asset).ok_or_else(not_found)?;
        let view = View { shared: &app.shared, tables, origin: app.origin(headers) };
        let shown = view.full(&asset, version, &Others { plain: true, states: &[] })?;
        let minor = version.gav.version.minor_version();
        let pages = portal::pages(tables, MinorVersion { group, asset: name, minor: &minor })?;
        Ok::<_, super::super::problem::Problem>((asset, shown, pages.unwrap_or_default()))
    })?;
    let version = asset.versions.iter().find(|version| shown["version"] == version.gav.version.to_string().as_str());
    let version = version.ok_or_else(not_found)?;
    let record = &asset.record;
    let directory = app.directory();
    let organization = directory.organization(&record.organization);
    let content = html! {
        h1 { (record.name) }
        p { (state(version.status.as_str())) " " span.version { (version.gav.version) } " " (record.asset_type.as_str()) }
        @if !record.description.is_empty() { p { (record.description) } }
        (facts(&shown))
        (files(version, &shown))
        @if !pages.is_empty() {
            h2 { "Pages" }
            ul { @for entry in &pages { li { a href=(document(version, &entry.path)) { (entry.name) } } } }
        }
        (list("Dependencies", &shown["dependencies"], &["groupId", "assetId", "version"]))
        (list("Instances", &shown["instances"], &["name", "endpointUri", "type"]))
        (versions(&asset, version))
    };
    let organization_name = organization.map_or(record.organization.as_str(), |known| known.name.as_str());
    let crumbs = [
        (organization_name, address(["organizations", &record.organization])),
        (record.asset_id.as_str(), address(["assets", &record.group_id, &record.asset_id])),
    ];
    Ok(page(&record.name, &crumbs, &content))
}

/// The address of a page.
fn document(version: &VersionRecord, path: &str) -> String {
    let gav = &version.gav;
    let number = gav.version.to_string();
    let above = ["assets", &gav.group_id, &gav.asset_id, &number, "pages"];
    address(above.into_iter().chain(path.split('/')))
}

fn facts(shown: &Value) -> Markup {
    let text = |key: &str| shown[key].as_str().filter(|text| !text.is_empty());
    let named = |key: &str| -> Vec<(String, String)> {
        let values = shown[key].as_array().into_iter().flatten();
        values.map(|value| (plain(&value["displayName"]), plain(&value["value"]))).collect()
    };
    let tags: Vec<String> = shown["labels"].as_array().into_iter().flatten().map(plain).collect();
    html! {
        dl {
            dt { "Coordinates" } dd { code { (plain(&shown["id"])) } }
            @if let Some(group) = text("versionGroup") { dt { "Version group" } dd { (group) } }
            @if let Some(contact) = text("contactName").or(text("contactEmail")) {
                dt { "Contact" } dd { (contact) @if let Some(mail) = text("contactEmail") { " " span.quiet { (mail) } } }
            }
            @if !tags.is_empty() { dt { "Tags" } dd { @for tag in &tags { span.tag { (tag) } " " } } }
            @for (name, value) in named("categories").into_iter().chain(named("customFields")) {
                dt { (name) } dd { (value) }
            }
        }
    }
}

/// A value as a line of text.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn files(version: &VersionRecord, shown: &Value) -> Markup {
    let links = shown["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        h2 { "Files" }
        @if version.files.is_empty() { p.quiet { "None." } } @else {
            table {
                thead { tr { th { "File" } th.number { "Size" } th { "Main file" } th { "SHA-256" } th {} } }
                tbody {
                    @for (file, link) in version.files.iter().zip(links) {
                        tr {
                            td { a href=(plain(&link["externalLink"])) { (file.key.to_string()) } }
                            td.number { (size(file.blob.size)) }
                            td { (file.main_file.as_deref().unwrap_or_default()) }
                            td { code { (hex::encode(&file.blob.digests.sha256[..6])) "…" } }
                            td { @if file.generated { span.quiet { "generated" } } }
                        }
                    }
                }
            }
        }
    }
}

fn list(title: &str, values: &Value, keys: &[&str]) -> Markup {
    let rows = values.as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        @if !rows.is_empty() {
            h2 { (title) }
            table { tbody { @for row in rows { tr { @for key in keys { td { (plain(&row[*key])) } } } } } }
        }
    }
}

fn versions(asset: &Asset, current: &VersionRecord) -> Markup {
    let link = |version: &VersionRecord| {
        address(["assets", &version.gav.group_id, &version.gav.asset_id, &version.gav.version.to_string()])
    };
    html! {
        h2 { "Versions" }
        table {
            thead { tr { th { "Version" } th { "State" } th { "Version group" } th { "Published" } } }
            tbody {
                @for version in &asset.versions {
                    tr aria-current=[(version.gav == current.gav).then_some("true")] {
                        td.version { a href=(link(version)) { (version.gav.version) } }
                        td { (state(version.status.as_str())) }
                        td { (version.version_group()) }
                        td { (time(version.created)) }
                    }
                }
            }
        }
    }
}
