//! Reading and finding assets (EXCHANGE.md §6).

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    routing::get,
};
use serde_json::{Value, json};

use crate::asset::{Coordinates, Lifecycle};

use super::{
    app::App,
    caller::{Caller, Role},
    directory::Organization,
    problem::Problem,
    store::{Asset, Listing, Order, Reach, Tables, VersionRecord},
    view::{Others, View, permissions},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/exchange/api/v2/assets", get(list))
        .route("/exchange/api/v2/assets/search", get(list))
        .route("/exchange/api/v2/assets/{g}/{a}", get(latest))
        .route("/exchange/api/v2/assets/{g}/{a}/asset", get(latest))
        .route("/exchange/api/v2/assets/{g}/{a}/minorVersions/{minor}", get(latest_of_minor))
        .route("/exchange/api/v2/assets/{g}/{a}/versionGroups", get(version_groups))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}", get(version))
        .route("/exchange/api/v2/assets/{g}/{a}/{v}/asset", get(version_plain))
}

/// The parameters of a query; a name may come several times.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn read(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The same, from names and values.
    pub(super) fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Every value of a name; `types=a,b` and `types[]=a` are read as well.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(key, _)| key.strip_suffix("[]").unwrap_or(key) == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|value| !value.is_empty())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn is_set(&self, name: &str) -> bool {
        self.one(name) == Some("true")
    }

    /// A boolean; the description lets it be null.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.one(name) {
            None | Some("" | "null") => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Problem::bad_request(format!("request/query/{name} must be boolean"))),
        }
    }

    /// `limit` and `offset`, checked.
    pub(super) fn page(&self, default_limit: usize) -> Result<Page, Problem> {
        let limit = self.number("limit")?.unwrap_or(default_limit);
        if limit > 250 {
            return Err(Problem::bad_request("request/query/limit must be <= 250"));
        }
        Ok(Page { limit, offset: self.number("offset")?.unwrap_or(0) })
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        let Some(text) = self.one(name) else { return Ok(None) };
        let number: i64 =
            text.parse().map_err(|_| Problem::bad_request(format!("request/query/{name} must be integer")))?;
        usize::try_from(number)
            .map(Some)
            .map_err(|_| Problem::bad_request(format!("request/query/{name} must be >= 0")))
    }

    fn states(&self) -> Result<Vec<Lifecycle>, Problem> {
        let read = |text: &str| {
            text.parse().map_err(|_| {
                Problem::bad_request(
                    "request/query/status must be equal to one of the allowed values: development, published, deprecated",
                )
            })
        };
        self.all("status").map(read).collect()
    }
}

/// A page of a listing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

/// Reads coordinates from a path. What cannot be coordinates is nowhere to be found.
pub(super) fn coordinates(group: &str, asset: &str, version: &str) -> Result<Coordinates, Problem> {
    let version = version.parse().map_err(|_| not_found())?;
    Coordinates::new(group, asset, version).map_err(|_| not_found())
}

pub(super) fn not_found() -> Problem {
    Problem::not_found("Asset not found")
}

/// An asset as the caller sees it: a stranger sees the version groups that are public, and nothing of the others.
pub(super) fn seen(tables: &Tables, caller: &Caller, group: &str, asset: &str) -> Result<Asset, Problem> {
    let mut asset = tables.asset(group, asset)?.ok_or_else(not_found)?;
    caller.must_be_for(Role::Viewer, &asset.record)?;
    if !caller.is_insider(&asset.record) {
        let public = &asset.record.public_groups;
        asset.versions.retain(|version| public.contains(&version.version_group()));
    }
    Ok(asset)
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Vec<Value>>, Problem> {
    let params = Params::read(query.as_deref());
    let page = params.page(20)?;
    let listing = listing(&caller, &params)?;
    app.state.read(|tables| {
        let view = View { shared: &app.shared, tables, origin: app.origin(&headers) };
        let found = tables.list(listing, page.limit, page.offset)?;
        let mut items = Vec::with_capacity(found.len());
        for (record, version) in &found {
            if caller.is_insider(record) {
                items.push(view.item(record, version)?);
                continue;
            }
            let seen = seen(tables, &caller, &record.group_id, &record.asset_id)?;
            let shown = seen.latest().map(|version| view.item(record, version)).transpose()?;
            items.extend(shown);
        }
        Ok(Json(items))
    })
}

/// The listing that the parameters of a query ask for.
pub(super) fn listing(caller: &Caller, params: &Params) -> Result<Listing, Problem> {
    let order = params.one("sort").map(|key| match key {
        "name" => Order::Name,
        "updatedAt" => Order::Updated,
        _ => Order::Sequence,
    });
    Ok(Listing {
        visible: visible(caller, params),
        reach: reach(caller, params)?,
        organizations: params.all("organizationId").map(str::to_owned).collect(),
        types: params.all("types").map(str::to_owned).collect(),
        search: params.one("search").unwrap_or_default().to_lowercase(),
        states: params.states()?,
        descending: order.is_some() && !params.flag("ascending")?.unwrap_or_default(),
        order: order.unwrap_or(Order::Sequence),
    })
}

/// The organizations that a listing may show: the caller's own and those below, within the root or the public portal
/// that is asked for.
fn visible(caller: &Caller, params: &Params) -> Vec<String> {
    let directory = &caller.directory;
    let roots: Vec<&str> = params.all("rootOrganizationId").chain(params.all("masterOrganizationId")).collect();
    let own = directory.below(&caller.principal.organization);
    let is_asked = |id: &str| roots.is_empty() || roots.iter().any(|root| directory.is_within(id, root));
    let in_domain = |known: &Organization| params.one("domain").is_none_or(|domain| known.domain() == domain);
    own.filter(|known| is_asked(&known.id) && in_domain(known)).map(|known| known.id.clone()).collect()
}

/// What a listing shows besides: what is shared with the caller, and the public assets of the portal that is asked for.
fn reach(caller: &Caller, params: &Params) -> Result<Reach, Problem> {
    let only_shared = params.flag("sharedWithMe")?.unwrap_or_default();
    let domain = params.one("domain");
    let portal = caller.directory.organizations.iter().filter(|known| domain.is_some_and(|of| known.domain() == of));
    // A portal and a root narrow a listing to their own assets.
    let is_narrow =
        domain.is_some() || params.all("rootOrganizationId").chain(params.all("masterOrganizationId")).count() > 0;
    Ok(Reach {
        shared_with: if only_shared || !is_narrow { caller.identities() } else { Vec::new() },
        only_shared,
        public_in: if only_shared { Vec::new() } else { portal.map(|known| known.id.clone()).collect() },
        without_snapshots: params.flag("includeSnapshots")? == Some(false),
        only_public: false,
    })
}

/// Shows one version of an asset.
fn show(
    (app, caller): (&App, &Caller),
    (group, asset): (&str, &str),
    headers: &HeaderMap,
    params: &Params,
    plain: bool,
    pick: impl FnOnce(&Asset) -> Option<&VersionRecord>,
) -> Result<Json<Value>, Problem> {
    let states = params.states()?;
    app.state.read(|tables| {
        let mut asset = seen(tables, caller, group, asset)?;
        if params.flag("includeSnapshots")? == Some(false) {
            asset.versions.retain(|version| !version.gav.version.is_snapshot());
        }
        let version = pick(&asset).filter(|version| states.is_empty() || states.contains(&version.status));
        let version = version.ok_or_else(not_found)?;
        let view = View { shared: &app.shared, tables, origin: app.origin(headers) };
        let others = Others { plain, states: if params.is_set("strict") { &states } else { &[] } };
        let mut body = view.full(&asset, version, &others)?;
        body["permissions"] = permissions(caller.role_for(&asset.record)).into();
        if !caller.is_insider(&asset.record)
            && let Some(instances) = body["instances"].as_array_mut()
        {
            instances.retain(|instance| instance["isPublic"] == true);
        }
        Ok(Json(body))
    })
}

async fn version(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let params = Params::read(query.as_deref());
    show((&app, &caller), (&g, &a), &headers, &params, false, |asset| asset.get(&gav.version))
}

async fn version_plain(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, v)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let gav = coordinates(&g, &a, &v)?;
    let params = Params::read(query.as_deref());
    show((&app, &caller), (&g, &a), &headers, &params, true, |asset| asset.get(&gav.version))
}

async fn latest(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    show((&app, &caller), (&g, &a), &headers, &Params::read(query.as_deref()), true, Asset::latest)
}

async fn latest_of_minor(
    State(app): State<App>,
    caller: Caller,
    Path((g, a, minor)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !minor.split_once('.').is_some_and(|(x, y)| number(x) && number(y)) {
        return Err(Problem::bad_request("request/params/minorVersion must match pattern \"^[0-9]+\\.[0-9]+$\""));
    }
    show((&app, &caller), (&g, &a), &headers, &Params::read(query.as_deref()), true, |asset| {
        asset.versions.iter().find(|version| version.gav.version.minor_version() == minor)
    })
}

async fn version_groups(
    State(app): State<App>,
    caller: Caller,
    Path((g, a)): Path<(String, String)>,
) -> Result<Json<Vec<Value>>, Problem> {
    app.state.read(|tables| {
        let asset = seen(tables, &caller, &g, &a)?;
        let mut groups: Vec<(String, u64)> =
            asset.versions.iter().rev().map(|v| (v.version_group(), v.gav.version.major())).collect();
        groups.dedup();
        let show = |(group, major): (String, u64)| {
            json!({
                "organizationId": asset.record.organization,
                "groupId": g,
                "assetId": a,
                "isPublic": asset.record.public_groups.contains(&group),
                "versionGroup": group,
                "major": major,
            })
        };
        Ok(Json(groups.into_iter().map(show).collect()))
    })
}
