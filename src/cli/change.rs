//! What a change says, value by value, as a plan shows it.

use std::collections::BTreeMap;

use super::plan::describe;
use crate::{
    asset::{ApplicationWish, AssetChange, Spelled, Values, Visibility},
    report::PlannedValue,
};

/// How a plan shows that something is taken away.
const NOTHING: &str = "[]";

/// Every value of a change by the name of its column.
pub(super) fn values(change: &AssetChange) -> BTreeMap<String, PlannedValue> {
    let said = &change.description;
    let mut values = BTreeMap::new();
    let mut add = |name: &str, value: String| {
        let value = if value.is_empty() { NOTHING.to_owned() } else { value };
        values.insert(name.to_owned(), PlannedValue { value, origin: String::new() });
    };
    let texts = [
        ("name", said.name.clone()),
        ("description", said.description.clone()),
        ("contactName", said.contact_name.clone()),
        ("contactEmail", said.contact_email.clone()),
        ("icon", said.icon.as_ref().map(ToString::to_string)),
        ("tags", said.tags.as_ref().map(|tags| tags.join(", "))),
        ("docs", said.docs.as_ref().map(describe)),
        ("status", said.status.map(|status| status.to_string())),
        ("visibility", said.visibility.map(|visibility| visibility.to_string())),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            add(name, text);
        }
    }
    for (dimension, given) in [("categories", &said.categories), ("fields", &said.fields)] {
        add_values(dimension, given, &mut add);
    }
    for (page, path) in &said.pages {
        add(&format!("pages.{page}"), path.to_string());
    }
    for instance in &said.instances {
        add(&format!("instances.{}", instance.name), instance.endpoint_uri.clone());
        if let Some(is_public) = instance.is_public {
            add(&format!("instances.{}.visibility", instance.name), Visibility::from(is_public).to_string());
        }
    }
    values
}

/// Every value of an application by the name of its column.
pub(super) fn values_of_application(wish: &ApplicationWish) -> BTreeMap<String, PlannedValue> {
    let texts = [
        ("description", wish.description.clone()),
        ("url", wish.url.clone()),
        ("redirectUris", wish.redirect_uris.as_ref().map(|uris| uris.join(" "))),
        ("grantTypes", wish.grant_types.as_ref().map(|types| types.join(" "))),
        ("apiEndpoints", wish.api_endpoints.map(|flag| flag.to_string())),
        ("asset", wish.asset.as_ref().map(ToString::to_string)),
        ("instance", wish.instance.clone()),
    ];
    let shown = |(name, text): (&str, Option<String>)| {
        let value = text.map(|text| if text.is_empty() { NOTHING.to_owned() } else { text })?;
        Some((name.to_owned(), PlannedValue { value, origin: String::new() }))
    };
    texts.into_iter().filter_map(shown).collect()
}

fn add_values(dimension: &str, given: &Values, add: &mut impl FnMut(&str, String)) {
    if given.exactly {
        let keys: Vec<&str> = given.keys().map(String::as_str).collect();
        let keys = if keys.is_empty() { String::new() } else { format!("exactly {}", keys.join(", ")) };
        add(dimension, keys);
    }
    for (key, value) in given.iter() {
        let text = match value {
            Spelled::One(text) => text.clone(),
            Spelled::Many(values) => values.join(", "),
        };
        add(&format!("{dimension}.{key}"), text);
    }
}
