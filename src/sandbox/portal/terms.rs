//! Which APIs of a version group have terms (EXCHANGE.md §5.4).

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::offload::offload;

use super::super::{
    app::App,
    assets::not_found,
    caller::{Caller, Role},
    problem::Problem,
    store::{Asset, StoreError, StoredBlob, Tables, VersionRecord},
};
use super::{html, shelves, terms as terms_of};

/// The most bytes of terms in one answer.
const MOST_TEXT: u64 = 16 * 1024 * 1024;

/// The APIs whose terms hold for a version group: the API itself, or the APIs of a group of APIs.
pub(super) async fn terms(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, group)): Path<(String, String, String)>,
) -> Result<Json<Vec<Value>>, Problem> {
    let (mut shown, underlying) = app.state.read(|tables| {
        let asset = tables.asset(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Viewer, &asset.record)?;
        let version = asset.versions.iter().find(|version| version.version_group() == group).ok_or_else(not_found)?;
        let mut underlying = Vec::new();
        underlying.extend(underlying_terms(tables, &asset.record.name, version)?);
        for gav in &version.dependencies {
            let Some((record, version)) = tables.version(gav)? else { continue };
            underlying.extend(underlying_terms(tables, &record.name, &version)?);
        }
        Ok::<_, Problem>((view(&asset, version), underlying))
    })?;
    if underlying.is_empty() {
        return Ok(Json(Vec::new()));
    }
    let mut apis = Vec::with_capacity(underlying.len());
    let mut room = MOST_TEXT;
    for (mut api, blob) in underlying {
        // The text of an API for which there is no room left is in its own terms.
        if let Some(rest) = room.checked_sub(blob.size) {
            room = rest;
            let text = shelves::text(&app, Some(&blob)).await?;
            let text = offload(move || html(&text)).await;
            api["termsText"] = text.into();
        }
        apis.push(api);
    }
    shown["underlyingTerms"] = apis.into();
    Ok(Json(vec![shown]))
}

/// An API that has terms, and their text.
fn underlying_terms(
    tables: &Tables,
    name: &str,
    version: &VersionRecord,
) -> Result<Option<(Value, StoredBlob)>, StoreError> {
    let gav = &version.gav;
    let terms = terms_of(tables, &gav.group_id, &gav.asset_id, &version.version_group())?;
    Ok(terms.map(|text| {
        let shown = json!({
            "groupId": gav.group_id,
            "assetId": gav.asset_id,
            "minorVersion": gav.version.minor_version(),
            "version": gav.version,
            "name": name,
        });
        (shown, text)
    }))
}

fn view(asset: &Asset, version: &VersionRecord) -> Value {
    let (record, group) = (&asset.record, version.version_group());
    json!({
        "groupId": record.group_id,
        "assetId": record.asset_id,
        "assetVersion": version.gav.version,
        "versionGroup": group,
        "id": number(&format!("{}/{}/{group}", record.group_id, record.asset_id)),
    })
}

/// A number that stands for a version group.
fn number(owner: &str) -> u32 {
    let digest = Sha256::digest(owner);
    u32::from_be_bytes([0, digest[0], digest[1], digest[2]])
}
