//! The search that the web page uses, which is not documented (EXCHANGE.md §6). Here it finds parts of names.

use axum::{Json, Router, extract::State, routing::post};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    app::App,
    caller::Caller,
    problem::Problem,
    store::{AssetRecord, Listing, Order, Reach, VersionRecord},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/exchange/api/v2/pseas/_search", post(search))
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Query {
    size: Option<usize>,
    from: usize,
    organization_id: Many,
    search: Option<String>,
    types: Many,
}

/// One text, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Many {
    One(String),
    Several(Vec<String>),
}

impl Default for Many {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl From<Many> for Vec<String> {
    fn from(many: Many) -> Self {
        match many {
            Many::One(text) => vec![text],
            Many::Several(texts) => texts,
        }
    }
}

async fn search(State(app): State<App>, caller: Caller, body: Bytes) -> Result<Json<Value>, Problem> {
    let query: Query = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("request/body is no search: {error}")))?;
    let size = query.size.unwrap_or(20);
    if size > 250 {
        return Err(Problem::bad_request("request/body/size must be <= 250"));
    }
    let directory = &caller.directory;
    let listing = Listing {
        visible: directory.below(&caller.principal.organization).map(|known| known.id.clone()).collect(),
        reach: Reach { shared_with: caller.identities(), ..Reach::default() },
        organizations: query.organization_id.into(),
        types: query.types.into(),
        search: query.search.unwrap_or_default().to_lowercase(),
        states: Vec::new(),
        order: Order::Sequence,
        descending: false,
    };
    let found = app.state.read(|tables| tables.list(listing, size, query.from))?;
    let show = |(record, version): &(AssetRecord, VersionRecord)| {
        let known = &version.gav.version;
        json!({ "source": {
            "groupId": record.group_id,
            "assetId": record.asset_id,
            "name": record.name,
            "description": record.description,
            "assetType": record.asset_type,
            "majorVersion": known.major().to_string(),
            "minorVersion": known.minor_version(),
            "organizationId": record.organization,
            "organizationName": directory.organization(&record.organization).map(|known| known.name.as_str()),
            "patch": [{ "semverVersion": { "value": known } }],
        } })
    };
    Ok(Json(json!({ "hits": found.iter().map(show).collect::<Vec<_>>() })))
}
