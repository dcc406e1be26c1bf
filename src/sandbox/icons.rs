//! Icons (EXCHANGE.md §2.6). They belong to all versions of an asset.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::put,
};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::asset::FileKey;

use super::{
    app::App,
    assets::{coordinates, not_found},
    caller::{Caller, Role},
    gate::drain,
    problem::Problem,
    publish::icon_limit,
    store::{FileRecord, Tables},
    view::View,
};

/// How much of a document is looked at to find out whether it is an SVG image.
const HEAD: usize = 4096;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/assets/{g}/{a}/icon", put(set).delete(remove))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/icon", put(set_by_version))
}

/// The packaging that a media type names; `None` where it names no image.
fn packaging_of(headers: &HeaderMap) -> Option<&'static str> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.strip_prefix("image/")? {
        "png" => Some("png"),
        "jpeg" | "jpg" => Some("jpg"),
        "gif" => Some("gif"),
        "svg+xml" => Some("svg"),
        _ => Some("unknown"),
    }
}

/// The packaging that the bytes are.
fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(HEAD)];
    match head {
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        _ => head.windows(4).any(|window| window == b"<svg").then_some("svg"),
    }
}

/// Reads an icon: an image of one of the kinds that Exchange takes, and of the kind that its media type names.
async fn receive(headers: &HeaderMap, body: Body) -> Result<(Bytes, &'static str), Problem> {
    let invalid = |error: &str| Problem::bad_request(format!("Invalid icon: {error}"));
    let limit = icon_limit("");
    let too_large = || Problem::too_large(format!("the icon is larger than {limit} bytes"));
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) {
        drain(body).await;
        return Err(too_large());
    }
    let bytes = axum::body::to_bytes(body, usize::try_from(limit).unwrap_or(usize::MAX)).await;
    let bytes = bytes.map_err(|_| too_large())?;
    let found = sniff(&bytes).ok_or_else(|| invalid("it is no PNG, JPEG, GIF or SVG image"))?;
    // Whoever names no image leaves it to the bytes: a plain upload has some other media type by default.
    if packaging_of(headers).is_some_and(|named| named != found) {
        return Err(invalid(&format!("the Content-Type does not go with a {found} image")));
    }
    if bytes.len() as u64 > icon_limit(found) {
        return Err(Problem::too_large(format!("the icon is larger than {} bytes", icon_limit(found))));
    }
    Ok((bytes, found))
}

fn record(app: &App, bytes: &[u8], packaging: &str) -> Result<FileRecord, Problem> {
    let blob = app.blobs.store_bytes(bytes).map_err(|error| Problem::internal(&error))?;
    let created = app.state.now();
    Ok(FileRecord { key: FileKey::new("icon", packaging), blob, main_file: None, generated: false, created })
}

async fn set(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (bytes, packaging) = receive(&headers, body).await?;
    let icon = record(&app, &bytes, packaging)?;
    let set = |tables: &mut Tables| {
        let asset = tables.asset(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &asset.record)?;
        tables.edit_asset((&g, &a), app.state.now(), |record| record.icon = Some(icon.clone()))?;
        let view = View { shared: &app.shared, tables, origin: app.origin(&headers) };
        Ok::<_, Problem>(asset.latest().map(|latest| view.signed(latest, &icon)))
    };
    let link = app.state.commit(set).await?;
    let answer = json!({
        "assetId": a,
        "groupId": g,
        "classifier": "icon",
        "packaging": packaging,
        "externalKey": format!("{g}/{}.{packaging}", hex::encode(icon.blob.digests.sha256)),
        "externalLink": link,
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn set_by_version(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let (bytes, packaging) = receive(&headers, body).await?;
    let gav = coordinates(&g, &a, &v)?;
    let icon = record(&app, &bytes, packaging)?;
    let set = |tables: &mut Tables| {
        let (record, _) = tables.version(&gav)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        tables.edit_asset((&g, &a), app.state.now(), |record| record.icon = Some(icon))?;
        Ok::<_, Problem>(())
    };
    app.state.commit(set).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let remove = |tables: &mut Tables| {
        let record = tables.asset_record(&g, &a)?.ok_or_else(not_found)?;
        caller.must_be_for(Role::Contributor, &record)?;
        if record.icon.is_some() {
            tables.edit_asset((&g, &a), app.state.now(), |record| record.icon = None)?;
        }
        Ok::<_, Problem>(())
    };
    app.state.commit(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
