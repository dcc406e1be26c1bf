//! Finding the assets that a query asks for.

use serde_json::{Map, Value};

use super::super::{
    assets::{Params, listing},
    caller::Caller,
    describe::scope,
    problem::Problem,
    store::{AssetRecord, Listing, StoreError, Tables, VersionRecord},
    view::View,
};

/// How many assets are looked at at a time, and the most that a query may ask for.
const PAGE: usize = 250;

/// What a query asks for.
#[derive(Debug)]
pub(super) struct Search {
    listing: Listing,
    limit: usize,
    offset: usize,
    /// One version of each asset, the one that stands for it in listings.
    latest_only: bool,
    filter: Filter,
}

/// What listings of the REST API do not filter by. A list that is empty filters nothing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    labels: Vec<String>,
    /// Keys with a value, or with any.
    attributes: Vec<(Option<String>, Option<String>)>,
    categories: Vec<(Option<String>, Option<String>)>,
    mule_version: Option<String>,
    public: bool,
    generated: bool,
}

impl Search {
    /// Reads the arguments of a search.
    ///
    /// # Errors
    /// A sentence, where a value cannot be.
    pub(super) fn read(caller: &Caller, arguments: &Map<String, Value>, latest_only: bool) -> Result<Self, String> {
        const LISTED: [(&str, &str); 7] = [
            ("organizationIds", "organizationId"),
            ("masterOrganizationId", "rootOrganizationId"),
            ("rootOrganizationId", "rootOrganizationId"),
            ("searchTerm", "search"),
            ("type", "types"),
            ("types", "types"),
            ("status", "status"),
        ];
        let pairs = LISTED.iter().flat_map(|(argument, parameter)| {
            texts(arguments.get(*argument)).map(|text| ((*parameter).to_owned(), text))
        });
        let listing = listing(caller, &Params::of(pairs.collect())).map_err(|Problem { message, .. }| message)?;
        let flag = |name: &str| arguments.get(name) == Some(&Value::Bool(true));
        let mule_version = arguments.get("minMuleVersion").or(arguments.get("runtimeVersion"));
        Ok(Self {
            listing,
            limit: number(arguments, "limit", 20)?,
            offset: number(arguments, "offset", 0)?,
            latest_only,
            filter: Filter {
                labels: texts(arguments.get("labels")).map(|label| label.to_lowercase()).collect(),
                attributes: pairs_of(arguments.get("tags")),
                categories: pairs_of(arguments.get("categories")),
                mule_version: mule_version.and_then(Value::as_str).map(str::to_owned),
                public: flag("public"),
                generated: flag("isGenerated"),
            },
        })
    }

    /// Finds the versions.
    pub(super) fn run(self, view: &View<'_>) -> Result<Vec<(AssetRecord, VersionRecord)>, StoreError> {
        let tables = view.tables;
        if self.latest_only && self.filter == Filter::default() {
            return tables.list(self.listing, self.limit, self.offset);
        }
        let (mut found, mut skip, mut at) = (Vec::new(), self.offset, 0);
        loop {
            let page = tables.list(self.listing.clone(), PAGE, at)?;
            let is_last = page.len() < PAGE;
            at += page.len();
            for (record, version) in page {
                for version in self.versions(tables, &record, version)? {
                    if !self.filter.takes(view, &record, &version)? {
                        continue;
                    }
                    if skip > 0 {
                        skip -= 1;
                    } else if found.len() < self.limit {
                        found.push((record.clone(), version));
                    }
                }
                if found.len() >= self.limit {
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The versions of an asset that a search is about.
    fn versions(
        &self,
        tables: &Tables,
        record: &AssetRecord,
        latest: VersionRecord,
    ) -> Result<Vec<VersionRecord>, StoreError> {
        if self.latest_only {
            return Ok(vec![latest]);
        }
        let asset = tables.asset(&record.group_id, &record.asset_id)?;
        let states = &self.listing.states;
        let is_shown = |version: &VersionRecord| states.is_empty() || states.contains(&version.status);
        Ok(asset.into_iter().flat_map(|asset| asset.versions).filter(is_shown).collect())
    }
}

impl Filter {
    fn takes(&self, view: &View<'_>, record: &AssetRecord, version: &VersionRecord) -> Result<bool, StoreError> {
        let minor = record.minor(&scope(view.shared, version));
        let has_label = |label: &String| minor.is_some_and(|minor| minor.tags.contains(label));
        let has_attribute = |(key, value): &(Option<String>, Option<String>)| {
            let labels = minor.iter().flat_map(|minor| &minor.tags).map(|tag| (tag.as_str(), tag.as_str()));
            let api = version.api_version.iter().map(|api| ("product-api-version", api.as_str()));
            let attributes = version.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            labels
                .chain(api)
                .chain(attributes)
                .any(|(known, held)| is_asked(key.as_ref(), known) && is_asked(value.as_ref(), held))
        };
        let categories = match minor.filter(|_| !self.categories.is_empty()) {
            Some(minor) => view.categories(record, &minor.categories)?,
            None => Vec::new(),
        };
        let has_category = |(key, value): &(Option<String>, Option<String>)| {
            categories.iter().any(|held| {
                let is_key = held["key"].as_str().is_some_and(|known| is_asked(key.as_ref(), known));
                is_key && (value.is_none() || texts(held.get("value")).any(|held| is_asked(value.as_ref(), &held)))
            })
        };
        let mule_version = version.attributes.get("min-mule-version");
        // The sandbox makes no connectors out of APIs.
        Ok(!self.generated
            && (!self.public || record.public_groups.contains(&version.version_group()))
            && self.mule_version.as_ref().is_none_or(|asked| mule_version == Some(asked))
            && self.labels.iter().all(has_label)
            && self.attributes.iter().all(has_attribute)
            && self.categories.iter().all(has_category))
    }
}

/// Whether a text is the one that is asked for, if one is.
fn is_asked(asked: Option<&String>, text: &str) -> bool {
    asked.is_none_or(|asked| asked == text)
}

/// The texts of an argument that is one or a list of them.
fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    let many = value.and_then(Value::as_array).into_iter().flatten();
    many.chain(value.filter(|value| value.is_string())).filter_map(Value::as_str).map(str::to_owned)
}

fn pairs_of(value: Option<&Value>) -> Vec<(Option<String>, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.map(|pair| (text(&pair["key"]), text(&pair["value"]))).collect()
}

fn number(arguments: &Map<String, Value>, name: &str, default: usize) -> Result<usize, String> {
    let Some(value) = arguments.get(name).and_then(Value::as_i64) else { return Ok(default) };
    match usize::try_from(value) {
        Ok(number) if name != "limit" || number <= PAGE => Ok(number),
        Ok(_) => Err(format!("Argument \"{name}\" must be <= {PAGE}.")),
        Err(_) => Err(format!("Argument \"{name}\" must be >= 0.")),
    }
}
