//! Which APIs of a version group have terms (EXCHANGE.md §5.4).

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::{
    app::App,
    assets::not_found,
    caller::{Caller, Role},
    problem::Problem,
    store::{Asset, StoreError, Tables, VersionRecord},
};
use super::terms as terms_of;

/// The APIs whose terms hold for a version group: the API itself, or the APIs of a group of APIs.
pub(super) async fn terms(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, group)): Path<(String, String, String)>,
) -> Result<Json<Vec<Value>>, Problem> {
    app.state.read(|tables| {
        let asset = tables.asset(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Viewer, &asset.record)?;
        let version = asset.versions.iter().find(|version| version.version_group() == group).ok_or_else(not_found)?;
        let mut underlying = Vec::new();
        underlying.extend(underlying_terms(tables, &asset.record.name, version)?);
        for gav in &version.dependencies {
            let Some((record, version)) = tables.version(gav)? else { continue };
            underlying.extend(underlying_terms(tables, &record.name, &version)?);
        }
        if underlying.is_empty() { Ok(Json(Vec::new())) } else { Ok(Json(vec![view(&asset, version, &underlying)])) }
    })
}

/// An API that has terms.
fn underlying_terms(tables: &Tables, name: &str, version: &VersionRecord) -> Result<Option<Value>, StoreError> {
    let gav = &version.gav;
    let terms = terms_of(tables, &gav.group_id, &gav.asset_id, &version.version_group())?;
    Ok(terms.map(|_| {
        json!({
            "groupId": gav.group_id,
            "assetId": gav.asset_id,
            "minorVersion": gav.version.minor_version(),
            "version": gav.version,
            "name": name,
        })
    }))
}

fn view(asset: &Asset, version: &VersionRecord, underlying: &[Value]) -> Value {
    let (record, group) = (&asset.record, version.version_group());
    json!({
        "groupId": record.group_id,
        "assetId": record.asset_id,
        "assetVersion": version.gav.version,
        "versionGroup": group,
        "id": number(&format!("{}/{}/{group}", record.group_id, record.asset_id)),
        "underlyingTerms": underlying,
    })
}

/// A number that stands for a version group.
fn number(owner: &str) -> u32 {
    let digest = Sha256::digest(owner);
    u32::from_be_bytes([0, digest[0], digest[1], digest[2]])
}
