//! What all sources spell alike: values taken out of the facts, with their origins and what is wrong with them.

use std::collections::BTreeMap;

use crate::asset::{ExternalInstance, Lifecycle, Origin, Values, Visibility};

use super::facts::Facts;
use super::spelling;

/// The end of a column that says who sees an instance: `instances.<name>.visibility`.
const VISIBILITY: &str = ".visibility";

/// Takes values out of the facts, notes their origins and words what is wrong with them.
pub(super) struct Reader {
    pub(super) facts: Facts,
    pub(super) origins: BTreeMap<String, Origin>,
    pub(super) problems: Vec<String>,
}

impl Reader {
    pub(super) fn new(facts: Facts) -> Self {
        Self { facts, origins: BTreeMap::new(), problems: Vec::new() }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let (text, origin) = self.facts.take(key)?;
        self.origins.insert(key.to_owned(), origin);
        Some(text)
    }

    pub(super) fn prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for (key, text, origin) in self.facts.take_prefix(prefix) {
            self.origins.insert(format!("{prefix}{key}"), origin);
            values.push((key, text));
        }
        values
    }

    /// A value that cannot be used: names the column of a manifest, or where the value came from.
    pub(super) fn wrong(&mut self, key: &str, why: impl std::fmt::Display) {
        let told = self.told(key, why);
        self.problems.push(told);
    }

    /// The words about a value, with the place that it came from.
    pub(super) fn told(&self, key: &str, why: impl std::fmt::Display) -> String {
        match self.origins.get(key) {
            Some(Origin::Catalog(key)) => format!("{key}: {why}"),
            Some(Origin::Manifest(column)) => format!("column \"{column}\": {why}"),
            Some(origin) => format!("{key} ({origin}): {why}"),
            None => format!("{key}: {why}"),
        }
    }

    pub(super) fn status(&mut self) -> Option<Lifecycle> {
        let text = self.take("status")?;
        match text.parse() {
            Ok(status) => return Some(status),
            Err(error) => self.wrong("status", error),
        }
        None
    }

    pub(super) fn tags(&mut self) -> Option<Vec<String>> {
        let text = self.take("tags")?;
        spelling::tags(&text).map_err(|why| self.wrong("tags", why)).ok()
    }

    pub(super) fn visibility(&mut self) -> Option<Visibility> {
        let text = self.take("visibility")?;
        text.parse().map_err(|error| self.wrong("visibility", error)).ok()
    }

    /// External instances: their addresses, and in columns of their own who sees them. Without `defaults_too`, those of
    /// the job's defaults are left out.
    pub(super) fn instances(&mut self, defaults_too: bool) -> Vec<ExternalInstance> {
        let (seen, addresses): (Vec<_>, Vec<_>) =
            self.prefixed("instances.").into_iter().partition(|(name, _)| name.ends_with(VISIBILITY));
        let mut seen: BTreeMap<String, String> = seen.into_iter().collect();
        let mut instances = Vec::new();
        for (name, text) in addresses {
            let key = format!("instances.{name}");
            let visibility = seen.remove(&format!("{name}{VISIBILITY}"));
            if !defaults_too && self.origins.get(&key) == Some(&Origin::Defaults) {
                self.origins.remove(&key);
                self.origins.remove(&format!("{key}{VISIBILITY}"));
                continue;
            }
            match spelling::instance(&name, &text) {
                Ok(instance) => {
                    let is_public = visibility.and_then(|text| self.instance_visibility(&key, &text));
                    instances.push(ExternalInstance { is_public, ..instance });
                }
                Err(why) => self.wrong(&key, why),
            }
        }
        for name in seen.into_keys() {
            let key = format!("instances.{name}");
            if self.origins.get(&key) == Some(&Origin::Defaults) {
                self.origins.remove(&key);
                continue;
            }
            let address = key.strip_suffix(VISIBILITY).unwrap_or_default().to_owned();
            self.wrong(&key, format!("says who sees an instance of which `{address}` gives no address"));
        }
        instances
    }

    fn instance_visibility(&mut self, key: &str, text: &str) -> Option<bool> {
        let told = text.parse::<Visibility>().map(Visibility::is_public);
        told.map_err(|error| self.wrong(&format!("{key}{VISIBILITY}"), error)).ok()
    }

    /// Categories or fields: a list of all, or single keys. Who says all says nothing key by key (EXCHANGE.md §3.1); the
    /// keys of somebody closer to the asset replace those of the list.
    pub(super) fn values(&mut self, dimension: &str) -> Values {
        let mut values = Values::default();
        let mut listed = None;
        if let Some(text) = self.take(dimension) {
            listed = self.origins.get(dimension).map(closeness);
            values = spelling::all(&text).map_err(|why| self.wrong(dimension, why)).unwrap_or_default();
        }
        for (key, text) in self.prefixed(&format!("{dimension}.")) {
            let name = format!("{dimension}.{key}");
            let said = self.origins.get(&name).map(closeness);
            if listed.is_some() && said >= listed {
                self.origins.remove(&name);
                continue;
            }
            match spelling::value(&text) {
                Ok(spelled) => _ = values.by_key.insert(key, spelled),
                Err(why) => self.wrong(&name, why),
            }
        }
        values
    }
}

/// How far from the asset somebody stands who says something about it: 0 is closest.
fn closeness(origin: &Origin) -> u8 {
    match origin {
        Origin::Manifest(_) | Origin::Catalog(_) => 0,
        Origin::ExchangeJson | Origin::Pom => 1,
        Origin::Specification(_) => 2,
        Origin::Defaults => 3,
        Origin::Derived(_) => 4,
    }
}
