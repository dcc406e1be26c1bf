//! Finding APIs in a portal: the list, the search, and the details of one.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    super::{
        app::App,
        assets::{Page, Params},
        store::{AssetRecord, Listing, Order, Reach, StoreError, VersionRecord},
        view::View,
    },
    body::Body,
    cards::{self, Card},
    documents,
    offers::{self, Shown, TYPES},
    portals::Visit,
    refusal::Refusal,
};

/// How many assets the list shows where nobody says.
const PAGE: usize = 5;

/// The most assets that one search answers, and what it answers where nobody says.
const MOST: usize = 250;

/// How many assets a search reads at a time.
const STEP: usize = 200;

/// How far a search reads on for its facets when it has found enough.
const REACH: usize = 1000;

/// The most facets.
const FACETS: usize = 1000;

/// Everything that a portal shows, newest first.
fn everything(visit: &Visit) -> Listing {
    Listing {
        visible: visit.caller.directory.below(&visit.portal.root).map(|known| known.id.clone()).collect(),
        reach: Reach { only_public: true, ..Reach::default() },
        organizations: Vec::new(),
        types: TYPES.map(|kind| kind.as_str().to_owned()).to_vec(),
        search: String::new(),
        states: Vec::new(),
        order: Order::Sequence,
        descending: true,
    }
}

/// `listAssetsCommunityAsset`.
pub(super) async fn list(
    State(app): State<App>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Vec<Value>>, Refusal> {
    let Page { limit, offset } = Params::read(query.as_deref()).page(PAGE)?;
    app.state.read(|tables| {
        let view = View { shared: &app.shared, tables, origin: app.origin(&headers) };
        let found = tables.list(everything(&visit), limit, offset)?;
        let show = |(record, version): &(AssetRecord, VersionRecord)| {
            let minors = offers::minors(tables, record)?;
            Ok(Card::new(&view, record, version)?.show(&minors))
        };
        Ok::<_, Refusal>(Json(found.iter().map(show).collect::<Result<_, StoreError>>()?))
    })
}

/// What somebody searches for.
struct Search {
    term: String,
    types: Vec<String>,
    categories: Vec<String>,
    order: Order,
    descending: bool,
}

impl Search {
    fn read(bytes: &Bytes) -> Result<Self, Refusal> {
        let mut body = Body::read(bytes)?;
        let term = body.text("searchTerm", 1024).unwrap_or_default();
        let types = body.texts("assetTypes").unwrap_or_default();
        let categories = body.texts("categories").unwrap_or_default();
        let (order, descending) = Self::sort(&mut body);
        body.finish()?;
        Ok(Self { term: term.trim().to_lowercase(), types, categories, order, descending })
    }

    fn sort(body: &mut Body) -> (Order, bool) {
        let Some(sort) = body.object("sort") else { return (Order::Sequence, true) };
        let order = match sort.get("criteria").and_then(Value::as_str) {
            Some("LAST_UPDATED") => Order::Updated,
            Some("NAME") => Order::Name,
            Some("CREATED_AT") => Order::Sequence,
            _ => {
                body.complain("sort.criteria: must be one of LAST_UPDATED, NAME, CREATED_AT".to_owned());
                Order::Sequence
            }
        };
        let direction = sort.get("direction").and_then(Value::as_str);
        if !matches!(direction, Some("ASC" | "DESC")) {
            body.complain("sort.direction: must be one of ASC, DESC".to_owned());
        }
        (order, direction != Some("ASC"))
    }

    fn listing(&self, visit: &Visit) -> Listing {
        let mut listing = everything(visit);
        if !self.types.is_empty() {
            listing.types.retain(|kind| self.types.contains(kind));
        }
        Listing { order: self.order, descending: self.descending, ..listing }
    }

    fn has_term(&self, record: &AssetRecord) -> bool {
        self.term.is_empty()
            || [&record.name, &record.asset_id, &record.description]
                .iter()
                .any(|text| text.to_lowercase().contains(&self.term))
    }
}

/// `searchCommunityAssets`. It reads through the portal a step at a time, without keeping the state to itself.
pub(super) async fn search(
    State(app): State<App>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let limit = limit(&headers)?;
    let search = Search::read(&body)?;
    let listing = search.listing(&visit);
    let (mut assets, mut facets) = (Vec::new(), BTreeSet::new());
    // No type is left where only others are asked for; an empty list would mean all.
    let mut is_more = !listing.types.is_empty();
    let mut offset = 0;
    while is_more && (assets.len() < limit || offset < REACH) {
        let read = app.state.read(|tables| {
            let view = View { shared: &app.shared, tables, origin: app.origin(&headers) };
            let step = tables.list(listing.clone(), STEP, offset)?;
            for (record, version) in step.iter().filter(|(record, _)| search.has_term(record)) {
                let card = Card::new(&view, record, version)?;
                if !search.categories.iter().all(|category| card.has(category)) {
                    continue;
                }
                let room = FACETS.saturating_sub(facets.len());
                facets.extend(card.categories().into_iter().take(room));
                if assets.len() < limit {
                    assets.push(card.show(&offers::minors(tables, record)?));
                }
            }
            Ok::<_, Refusal>(step.len())
        })?;
        offset += read;
        is_more = read == STEP;
    }
    Ok(Json(json!({ "assets": assets, "facets": facets })))
}

/// The header `x-limit`. The description gives no bound: what is beyond ours is as good as ours.
fn limit(headers: &HeaderMap) -> Result<usize, Refusal> {
    let Some(value) = headers.get("x-limit") else { return Ok(MOST) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
    let limit = number.and_then(|number| usize::try_from(number).ok());
    limit.map(|limit| limit.min(MOST)).ok_or_else(|| Refusal::bad_request("x-limit: must be an integer, 0 or more"))
}

/// `getAssetDetails`.
pub(super) async fn details(State(app): State<App>, visit: Visit, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    app.state.read(|tables| {
        let shown = Shown::find(tables, &visit)?;
        let origin = app.origin(&headers);
        let instances = offers::show_instances(tables, &visit, &shown)?;
        let pages = documents::pages_of(tables, &shown)?;
        let resources = documents::resources_of(tables, &visit, &shown, &origin)?;
        let view = View { shared: &app.shared, tables, origin };
        Ok(Json(cards::details(&view, &shown, &instances, &pages, resources)?))
    })
}
