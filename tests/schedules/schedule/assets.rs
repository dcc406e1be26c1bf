//! What the server holds of assets, held to what a job says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{catalog::Expected, server::Server};

/// Every version as it is expected, and nothing else.
///
/// # Errors
/// What differs.
pub(crate) async fn check(server: &Server, expected: &[Expected]) -> Result<(), String> {
    for expected in expected {
        check_one(server, expected).await?;
    }
    check_nothing_else(server, expected).await
}

async fn check_one(server: &Server, expected: &Expected) -> Result<(), String> {
    let name = format!("{}/{}", expected.asset, expected.version);
    let found = server.get(&format!("/exchange/api/v2/assets/{}/{name}", server.organization)).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |key: &str| found[key].as_array().cloned().unwrap_or_default();
    let tags: BTreeSet<String> = list("labels").iter().map(text).collect();
    let fields: BTreeMap<String, String> =
        list("customFields").iter().map(|field| (text(&field["key"]), text(&field["value"]))).collect();
    let status = text(&found["status"]);
    if tags != expected.tags || fields != expected.fields || status != expected.status {
        let seen = format!("{status:?}, tags {tags:?}, fields {fields:?}");
        return Err(format!("{name} is {seen} instead of {expected:?}"));
    }
    Ok(())
}

async fn check_nothing_else(server: &Server, expected: &[Expected]) -> Result<(), String> {
    let path = format!("/exchange/api/v2/assets?organizationId={}&limit=100", server.organization);
    let mut found = BTreeSet::new();
    for asset in server.list(&path).await {
        let id = asset["assetId"].as_str().unwrap_or_default();
        let latest = server.get(&format!("/exchange/api/v2/assets/{}/{id}/asset", server.organization)).await;
        let others = latest["versions"].as_array().into_iter().flatten();
        let all = others.map(|other| other.as_str().or(other["version"].as_str())).chain([latest["version"].as_str()]);
        found.extend(all.flatten().map(|version| format!("{id}/{version}")));
    }
    let wanted: BTreeSet<String> =
        expected.iter().map(|expected| format!("{}/{}", expected.asset, expected.version)).collect();
    if found == wanted { Ok(()) } else { Err(format!("the server holds {found:?} instead of {wanted:?}")) }
}
