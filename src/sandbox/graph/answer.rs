//! Answering a plan from the tables.

use std::cell::{Cell, OnceCell};

use serde_json::{Map, Value};

use super::super::{
    assets::coordinates,
    caller::{Caller, Role},
    legacy,
    store::{Asset, AssetRecord, StoreError, VersionRecord},
    view::{Others, View},
};
use super::{
    failure::{Failure, Flaw},
    plan::Planned,
    schema::{ASSET, ROOT_V2, Shape, Source, Type},
    search::Search,
};

/// The most versions that one query may show, the versions of versions included.
const MAX_ASSETS: usize = 5_000;

/// What a query is answered with.
pub(super) struct Answers<'a> {
    pub(super) view: View<'a>,
    pub(super) caller: &'a Caller,
    /// How many versions may still be shown.
    left: Cell<usize>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(view: View<'a>, caller: &'a Caller) -> Self {
        Self { view, caller, left: Cell::new(MAX_ASSETS) }
    }

    /// The `data` of an answer.
    pub(super) fn root(&self, plan: &[Planned]) -> Result<Value, Failure> {
        let mut data = Map::new();
        for planned in plan {
            let value = match planned.field.source {
                Source::Search => self.search(planned)?,
                Source::Lookup => match self.lookup(&planned.arguments)? {
                    Some((asset, at)) => self.asset(&asset.record, &asset.versions[at], &planned.inner)?,
                    None => Value::Null,
                },
                _ => ROOT_V2.name.into(),
            };
            data.insert(planned.key.clone(), value);
        }
        Ok(Value::Object(data))
    }

    fn search(&self, planned: &Planned) -> Result<Value, Failure> {
        let arguments = &planned.arguments;
        if let Some(wanted) = arguments.get("asset").and_then(Value::as_object) {
            let found = self.lookup(wanted)?;
            let shown = found.map(|(asset, at)| self.asset(&asset.record, &asset.versions[at], &planned.inner));
            return shown.into_iter().collect();
        }
        // Version 1 has its filters in an object, and shows all versions unless it is told otherwise.
        let query = arguments.get("query").and_then(Value::as_object);
        let is_first_version = planned.field.arguments.iter().any(|argument| argument.name == "query");
        let latest_only = arguments.get("latestVersionsOnly").and_then(Value::as_bool).unwrap_or(!is_first_version);
        let search = Search::read(self.caller, query.unwrap_or(arguments), latest_only)
            .map_err(|message| Flaw::new(message, planned.at))?;
        let found = search.run(self.view.shared, self.view.tables)?;
        found.iter().map(|(record, version)| self.asset(record, version, &planned.inner)).collect()
    }

    /// Finds an asset by its coordinates, and the place of the version; what may not be seen is not found.
    fn lookup(&self, wanted: &Map<String, Value>) -> Result<Option<(Asset, usize)>, StoreError> {
        let text = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(asset) = self.view.tables.asset(text("groupId"), text("assetId"))? else { return Ok(None) };
        if self.caller.must_be_for(Role::Viewer, &asset.record).is_err() {
            return Ok(None);
        }
        let place = match text("version") {
            "" => asset.latest().and_then(|latest| asset.versions.iter().position(|v| v.gav == latest.gav)),
            version => coordinates(text("groupId"), text("assetId"), version)
                .ok()
                .and_then(|gav| asset.versions.iter().position(|v| v.gav == gav)),
        };
        Ok(place.map(|place| (asset, place)))
    }

    fn asset(&self, record: &AssetRecord, version: &VersionRecord, plan: &[Planned]) -> Result<Value, Failure> {
        let Some(left) = self.left.get().checked_sub(1) else {
            let message = format!("The query shows more than {MAX_ASSETS} versions of assets.");
            return Err(Flaw::everywhere(message).into());
        };
        self.left.set(left);
        let subject = Subject { answers: self, record, version, item: OnceCell::new(), family: OnceCell::new() };
        let mut shown = Map::new();
        for planned in plan {
            shown.insert(planned.key.clone(), subject.field(planned)?);
        }
        Ok(Value::Object(shown))
    }
}

/// One version of an asset while it is shown.
struct Subject<'a> {
    answers: &'a Answers<'a>,
    record: &'a AssetRecord,
    version: &'a VersionRecord,
    /// The version as listings show it.
    item: OnceCell<Value>,
    /// The asset with all versions, and the version as the REST API shows it.
    family: OnceCell<(Asset, Value)>,
}

impl Subject<'_> {
    fn field(&self, planned: &Planned) -> Result<Value, Failure> {
        let value = match planned.field.source {
            Source::Typename => ASSET.name.into(),
            Source::Member(name) => self.item()?[name].clone(),
            Source::WholeMember(name) => self.family()?.1[name].clone(),
            Source::Tags => legacy::tags(self.item()?),
            Source::Versions => return self.versions(planned, |_| true),
            Source::OtherVersions => {
                return self.versions(planned, |other| other.gav.version != self.version.gav.version);
            }
            Source::Search | Source::Lookup => Value::Null,
        };
        Ok(project(value, planned.field.shape, &planned.inner))
    }

    fn item(&self) -> Result<&Value, StoreError> {
        if let Some(item) = self.item.get() {
            return Ok(item);
        }
        let item = self.answers.view.item(self.record, self.version)?;
        Ok(self.item.get_or_init(|| item))
    }

    fn family(&self) -> Result<&(Asset, Value), StoreError> {
        if let Some(family) = self.family.get() {
            return Ok(family);
        }
        let view = &self.answers.view;
        let known = view.tables.asset(&self.record.group_id, &self.record.asset_id)?;
        let asset = known.unwrap_or_else(|| Asset { record: self.record.clone(), versions: Vec::new() });
        let shown = view.full(&asset, self.version, &Others { plain: true, states: &[] })?;
        Ok(self.family.get_or_init(|| (asset, shown)))
    }

    fn versions(&self, planned: &Planned, is_shown: impl Fn(&VersionRecord) -> bool) -> Result<Value, Failure> {
        let (asset, _) = self.family()?;
        let shown = asset.versions.iter().filter(|version| is_shown(version));
        shown.map(|version| self.answers.asset(&asset.record, version, &planned.inner)).collect()
    }
}

/// Cuts a value down to what is selected of it.
fn project(value: Value, shape: Shape, selected: &[Planned]) -> Value {
    match (shape, value) {
        (Shape::Leaf, value) => value,
        (Shape::One(inner), Value::Object(members)) => pick(&members, inner, selected),
        (Shape::Many(inner), Value::Array(items)) => {
            let picked = items.iter().filter_map(Value::as_object).map(|members| pick(members, inner, selected));
            picked.collect()
        }
        _ => Value::Null,
    }
}

fn pick(members: &Map<String, Value>, of: &'static Type, selected: &[Planned]) -> Value {
    let show = |planned: &Planned| {
        let value = match planned.field.source {
            Source::Typename => of.name.into(),
            Source::Member(name) => members.get(name).cloned().unwrap_or_default(),
            _ => Value::Null,
        };
        (planned.key.clone(), project(value, planned.field.shape, &planned.inner))
    };
    Value::Object(selected.iter().map(show).collect())
}
