//! Which coordinates become which when assets move to another organization.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Coordinates, Version};

/// A table of ids and what they become. What is not in it stays as it is: public groups need no mention.
///
/// Applying it twice is applying it once: nothing that it makes is something that it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remap {
    groups: BTreeMap<String, String>,
    organizations: BTreeMap<String, String>,
    hosts: BTreeMap<String, String>,
    assets: BTreeMap<Named, Named>,
    modules: BTreeMap<String, String>,
}

/// The tables as somebody wrote them: what is, and what it becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemapTables {
    /// Groups.
    pub groups: BTreeMap<String, String>,
    /// Assets and asset versions, as `group/asset` or `group/asset/version`.
    pub assets: BTreeMap<String, String>,
    /// Organizations.
    pub organizations: BTreeMap<String, String>,
    /// Hosts of addresses, with their port where they have one.
    pub hosts: BTreeMap<String, String>,
    /// Whether several may become one.
    pub merge: bool,
}

/// An asset, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Named {
    group: String,
    asset: String,
    version: Option<String>,
}

/// What an asset, or a version of it, becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<'a> {
    /// The group.
    pub group: &'a str,
    /// The asset; `None`: as before.
    pub asset: Option<&'a str>,
    /// The version; `None`: as before.
    pub version: Option<&'a str>,
}

/// Why a table cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}: {message}")]
pub struct RemapError {
    /// `groups`, `assets`, `organizations` or `hosts`.
    pub table: &'static str,
    /// The entry, by what it is about.
    pub entry: String,
    /// What is wrong with it.
    pub message: String,
}

impl Remap {
    /// Checks the tables.
    ///
    /// # Errors
    /// An id that is none; an entry that changes what another one makes, so that the order would matter; two that make
    /// the same, unless that is asked for. An entry that changes nothing is left out.
    pub fn new(tables: RemapTables) -> Result<Self, RemapError> {
        let RemapTables { groups, assets, organizations, hosts, merge } = tables;
        let groups = plain("groups", groups, merge, &check_id)?;
        let organizations = plain("organizations", organizations, merge, &check_id)?;
        let hosts = plain("hosts", hosts, merge, &check_host)?;
        let remap = Self { assets: named(assets)?, groups, organizations, hosts, modules: BTreeMap::new() };
        remap.check_assets(merge)?;
        Ok(remap)
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty_table() && self.modules.is_empty()
    }

    /// Whether nobody gave a table.
    #[must_use]
    pub fn is_empty_table(&self) -> bool {
        self.groups.is_empty() && self.organizations.is_empty() && self.hosts.is_empty() && self.assets.is_empty()
    }

    /// The same, and copies of modules of these groups lie under others. The table comes first.
    #[must_use]
    pub fn with_modules(&self, modules: &BTreeMap<String, String>) -> Self {
        Self { modules: modules.clone(), ..self.clone() }
    }

    /// The same, and an organization becomes another one, and its own group a group there. What the table says of them
    /// already comes first.
    ///
    /// # Errors
    /// Where an entry changes what this makes, or makes what this changes.
    pub fn and_organization(mut self, from: &str, organization: &str, group: &str) -> Result<Self, RemapError> {
        for (table, map, to) in
            [("groups", &mut self.groups, group), ("organizations", &mut self.organizations, organization)]
        {
            if from == to || map.contains_key(from) {
                continue;
            }
            let wrong = |message: String| RemapError { table, entry: from.to_owned(), message };
            if let Some(then) = map.get(to) {
                let message = format!("`{from}` becomes `{to}`, and an entry makes `{then}` of that");
                return Err(wrong(format!("{message}: the target cannot be moved as well")));
            }
            if let Some((other, _)) = map.iter().find(|(_, becomes)| *becomes == from) {
                let message =
                    format!("an entry makes `{from}` of `{other}`, and that is the organization that is left");
                return Err(wrong(message));
            }
            map.insert(from.to_owned(), to.to_owned());
        }
        self.check_assets(true)?;
        Ok(self)
    }

    /// The way back, where it is told by the table: where nothing was merged.
    #[must_use]
    pub fn reversed(&self) -> Option<Self> {
        let back = |map: &BTreeMap<String, String>| {
            let turned: BTreeMap<String, String> = map.iter().map(|(from, to)| (to.clone(), from.clone())).collect();
            (turned.len() == map.len()).then_some(turned)
        };
        let assets: BTreeMap<Named, Named> = self.assets.iter().map(|(from, to)| (to.clone(), from.clone())).collect();
        (assets.len() == self.assets.len()).then_some(())?;
        Some(Self {
            groups: back(&self.groups)?,
            organizations: back(&self.organizations)?,
            hosts: back(&self.hosts)?,
            assets,
            modules: back(&self.modules)?,
        })
    }

    /// What a group becomes.
    #[must_use]
    pub fn group<'a>(&'a self, group: &'a str) -> &'a str {
        self.groups.get(self.spelled(group)).map_or(group, String::as_str)
    }

    /// A group or an organization as the table spells it: UUIDs are the same in capitals.
    fn spelled<'a>(&'a self, id: &'a str) -> &'a str {
        let is_known = |id: &str| self.groups.contains_key(id) || self.organizations.contains_key(id);
        if is_known(id) || !is_uuid(id) {
            return id;
        }
        self.mentioned().into_iter().find(|known| known.eq_ignore_ascii_case(id)).unwrap_or(id)
    }

    /// What an organization becomes: a root organization is a group as well, and may be named as that alone.
    #[must_use]
    pub fn organization(&self, id: &str) -> Option<&str> {
        let id = self.spelled(id);
        self.organizations.get(id).or_else(|| self.groups.get(id)).map(String::as_str)
    }

    /// What an id becomes where nothing tells what it is the id of.
    #[must_use]
    pub fn id(&self, id: &str) -> Option<&str> {
        let id = self.spelled(id);
        self.groups.get(id).or_else(|| self.organizations.get(id)).map(String::as_str)
    }

    /// What a host becomes.
    #[must_use]
    pub fn host(&self, host: &str) -> Option<&str> {
        self.hosts.get(host).map(String::as_str)
    }

    /// What an asset becomes: the most telling entry counts, and no other.
    #[must_use]
    pub fn asset(&self, group: &str, asset: &str, version: Option<&str>) -> Option<Moved<'_>> {
        let group = self.spelled(group);
        let of = |version: Option<&str>| {
            let name = Named { group: group.to_owned(), asset: asset.to_owned(), version: version.map(str::to_owned) };
            self.assets.get(&name)
        };
        let exact = if self.assets.is_empty() { None } else { version.and_then(|v| of(Some(v))).or_else(|| of(None)) };
        match exact {
            Some(to) => Some(Moved { group: &to.group, asset: Some(&to.asset), version: to.version.as_deref() }),
            None => self.groups.get(group).map(|group| Moved { group, asset: None, version: None }),
        }
    }

    /// What a module that is vendored below `exchange_modules` becomes.
    #[must_use]
    pub fn module(&self, group: &str, asset: &str, version: Option<&str>) -> Option<Moved<'_>> {
        self.asset(group, asset, version)
            .or_else(|| self.modules.get(self.spelled(group)).map(|group| Moved { group, asset: None, version: None }))
    }

    /// What coordinates become.
    #[must_use]
    pub fn coordinates(&self, of: &Coordinates) -> Coordinates {
        let version = of.version.to_string();
        let Some(moved) = self.asset(&of.group_id, &of.asset_id, Some(&version)) else { return of.clone() };
        Coordinates {
            group_id: moved.group.to_owned(),
            asset_id: moved.asset.unwrap_or(&of.asset_id).to_owned(),
            version: moved.version.and_then(|version| version.parse().ok()).unwrap_or_else(|| of.version.clone()),
        }
    }

    /// What groups become.
    pub fn made_groups(&self) -> impl Iterator<Item = &str> {
        self.groups.values().map(String::as_str).chain(self.assets.values().map(|to| to.group.as_str()))
    }

    /// Groups and organizations that do not stay.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().chain(self.organizations.keys()).map(String::as_str)
    }

    /// Every group that an entry is about, also where only some of its assets move.
    pub fn mentioned(&self) -> BTreeSet<&str> {
        let groups = self.assets.keys().map(|name| name.group.as_str());
        self.ids().chain(groups).chain(self.modules.keys().map(String::as_str)).collect()
    }

    /// Hosts that do not stay.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    /// The table as text, the same for the same table: what was made with it is known by it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (table, map) in [
            ("groups", &self.groups),
            ("organizations", &self.organizations),
            ("hosts", &self.hosts),
            ("modules", &self.modules),
        ] {
            for (from, to) in map {
                text.extend([table, "\t", from, "\t", to, "\n"]);
            }
        }
        for (from, to) in &self.assets {
            text.extend(["assets\t", &from.to_string(), "\t", &to.to_string(), "\n"]);
        }
        text
    }

    fn check_assets(&self, merge: bool) -> Result<(), RemapError> {
        let mut targets: BTreeMap<&Named, &Named> = BTreeMap::new();
        for (from, to) in &self.assets {
            let wrong = |message: String| RemapError { table: "assets", entry: from.to_string(), message };
            let next = self.asset(&to.group, &to.asset, to.version.as_deref());
            if let Some(next) = next.filter(|next| *next != to.as_moved()) {
                let then = next.asset.map_or(next.group.to_owned(), |asset| format!("{}/{asset}", next.group));
                return Err(wrong(format!(
                    "`{from}` becomes `{to}`, and another entry makes `{then}` of that: say the end of it at once"
                )));
            }
            // A text that holds the one may already have been changed by the other.
            if self.groups.values().any(|group| *group == from.group) {
                return Err(wrong(format!(
                    "`{}` is what another group becomes: name the asset by the group that it has before",
                    from.group
                )));
            }
            if let Some(other) = targets.insert(to, from)
                && !merge
            {
                return Err(wrong(both(&other.to_string(), &from.to_string(), &to.to_string())));
            }
        }
        Ok(())
    }
}

impl Named {
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split('/');
        let (Some(group), Some(asset), version, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(format!("`{text}` is neither group/asset nor group/asset/version"));
        };
        check_id(group)?;
        check_id(asset)?;
        if let Some(version) = version {
            version.parse::<Version>().map_err(|error| error.to_string())?;
        }
        Ok(Self { group: group.to_owned(), asset: asset.to_owned(), version: version.map(str::to_owned) })
    }

    fn as_moved(&self) -> Moved<'_> {
        Moved { group: &self.group, asset: Some(&self.asset), version: self.version.as_deref() }
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.group, self.asset)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

/// Entries of plain ids.
fn plain(
    table: &'static str,
    entries: BTreeMap<String, String>,
    merge: bool,
    check: &dyn Fn(&str) -> Result<(), String>,
) -> Result<BTreeMap<String, String>, RemapError> {
    let mut targets: BTreeMap<&str, &str> = BTreeMap::new();
    for (from, to) in &entries {
        let wrong = |message: String| RemapError { table, entry: from.clone(), message };
        check(from).and_then(|()| check(to)).map_err(wrong)?;
        if from != to
            && let Some(then) = entries.get(to).filter(|then| *then != to)
        {
            let end = if then == from { "that is a circle" } else { "say the end of it at once" };
            return Err(wrong(format!("`{from}` becomes `{to}`, and another entry makes `{then}` of that: {end}")));
        }
        if let Some(other) = targets.insert(to, from)
            && !merge
        {
            return Err(wrong(both(other, from, to)));
        }
    }
    Ok(entries.into_iter().filter(|(from, to)| from != to).collect())
}

fn named(entries: BTreeMap<String, String>) -> Result<BTreeMap<Named, Named>, RemapError> {
    let mut read = BTreeMap::new();
    for (from, to) in entries {
        let wrong = |message: String| RemapError { table: "assets", entry: from.clone(), message };
        let (before, after) = (Named::parse(&from).map_err(wrong)?, Named::parse(&to).map_err(wrong)?);
        if before.version.is_some() != after.version.is_some() {
            return Err(wrong(format!("`{from}` becomes `{to}`: name a version on both sides, or on none")));
        }
        if before != after {
            read.insert(before, after);
        }
    }
    Ok(read)
}

fn both(one: &str, other: &str, to: &str) -> String {
    format!("`{one}` and `{other}` both become `{to}`: `merge = true` says that this is meant")
}

/// Whether an id is like no other word: a UUID, in any case.
pub(crate) fn is_uuid(id: &str) -> bool {
    let is_part = |(part, length): (&str, usize)| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    id.split('-').count() == 5 && id.split('-').zip([8, 4, 4, 4, 12]).all(is_part)
}

/// Whether a text can be the id of a group, an organization or an asset: as [`Coordinates`] has it.
fn check_id(id: &str) -> Result<(), String> {
    Coordinates::new(id, "a", Version::new(1, 0, 0))
        .map(drop)
        .map_err(|_| format!("`{id}` is no id: letters, digits, `.`, `_` and `-`"))
}

fn check_host(host: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(legal) || host.starts_with(['.', '-', ':']) {
        return Err(format!("`{host}` is no host such as `anypoint.mulesoft.com`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    fn tables(groups: &[(&str, &str)], assets: &[(&str, &str)]) -> RemapTables {
        RemapTables { groups: map(groups), assets: map(assets), ..RemapTables::default() }
    }

    fn told(tables: RemapTables) -> String {
        Remap::new(tables).expect_err("is refused").to_string()
    }

    #[test]
    fn the_most_telling_entry_counts() {
        let assets = [("old/a", "new/b"), ("old/a/1.0.0", "new/c/2.0.0")];
        let remap = Remap::new(tables(&[("old", "new")], &assets)).unwrap();
        for (before, after) in [
            ("old/a/1.0.0", "new/c/2.0.0"),
            ("old/a/1.1.0", "new/b/1.1.0"),
            ("old/x/1.0.0", "new/x/1.0.0"),
            ("org.mule.connectors/x/1.0.0", "org.mule.connectors/x/1.0.0"),
        ] {
            let moved = remap.coordinates(&before.parse().unwrap());
            assert_eq!(moved.to_string(), after);
            assert_eq!(remap.coordinates(&moved), moved, "nothing changes twice");
        }
    }

    #[test]
    fn chains_circles_and_silent_merges_are_refused() {
        for (groups, assets, why) in [
            (&[("a", "b"), ("b", "c")][..], &[][..], "say the end of it"),
            (&[("a", "b"), ("b", "a")], &[], "a circle"),
            (&[("a", "c"), ("b", "c")], &[], "both become `c`"),
            (&[("a", "b")], &[("x/y", "a/y")], "say the end of it"),
            (&[("a", "b")], &[("b/x", "c/x")], "what another group becomes"),
            (&[], &[("a/x", "a/y"), ("a/y", "a/z")], "say the end of it"),
            (&[], &[("a/x", "c/x"), ("b/x", "c/x")], "both become"),
            (&[], &[("a/x", "b/x/1.0.0")], "on both sides"),
            (&[], &[("a", "b/x")], "neither"),
            (&[("a b", "c")], &[], "no id"),
        ] {
            let told = told(tables(groups, assets));
            assert!(told.contains(why), "{told}");
        }
        let merged = RemapTables { merge: true, ..tables(&[("a", "c"), ("b", "c")], &[]) };
        assert!(Remap::new(merged).unwrap().reversed().is_none(), "nobody knows the way back");
    }

    #[test]
    fn an_entry_that_changes_nothing_is_none() {
        let remap = Remap::new(tables(&[("a", "a")], &[("b/x", "b/x")])).unwrap();
        assert!(remap.is_empty() && remap.reversed().unwrap().is_empty());
    }

    #[test]
    fn an_organization_is_added_where_the_table_leaves_room_for_it() {
        let table = Remap::new(tables(&[("bg", "new-bg")], &[])).unwrap();
        let whole = table.clone().and_organization("old", "new", "new-group").unwrap();
        assert_eq!(
            (whole.group("old"), whole.organization("old"), whole.group("bg")),
            ("new-group", Some("new"), "new-bg")
        );
        assert_eq!(table.clone().and_organization("same", "same", "same").unwrap(), table);
        let said = table.clone().and_organization("bg", "new", "new").unwrap();
        assert_eq!(said.group("bg"), "new-bg", "the table comes first");
        assert!(table.clone().and_organization("old", "bg", "bg").is_err(), "the target would move on");
        assert!(table.and_organization("new-bg", "new", "new").is_err(), "something is brought to what is left");
    }

    #[test]
    fn a_uuid_is_the_same_in_capitals_and_other_ids_are_not() {
        let old = "0dd0c0de-1111-4222-8333-444455556666";
        let remap = Remap::new(tables(&[(old, "new"), ("shop", "store")], &[])).unwrap();
        let capitals = old.to_ascii_uppercase();
        assert_eq!((remap.group(&capitals), remap.organization(&capitals)), ("new", Some("new")));
        assert_eq!(remap.asset(&capitals, "a", None).map(|moved| moved.group), Some("new"));
        assert_eq!((remap.group("SHOP"), remap.id("SHOP")), ("SHOP", None));
    }

    #[test]
    fn an_organization_may_be_named_as_a_group_alone() {
        let remap = Remap::new(tables(&[("a", "b")], &[])).unwrap();
        assert_eq!((remap.organization("a"), remap.id("a"), remap.id("x")), (Some("b"), Some("b"), None));
    }
}
