//! Which assets the organization has already, as far as its list tells.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::reads::{Budget, Ear};
use crate::{
    asset::{Coordinates, Version},
    exchange::{AssetQuery, AssetSummary, Exchange},
};

/// What is known of the target as it was before the first write.
#[derive(Debug, Clone, Default)]
pub(in crate::work) struct Known {
    /// The assets that there were.
    pub(in crate::work) existing: Existing,
}

/// Assets by a hash of their names: a catalog of 100,000 takes a few megabytes.
#[derive(Debug, Clone, Default)]
pub(in crate::work) struct Existing {
    /// The organization that was listed; `None`: nothing is known.
    organization: Option<String>,
    /// The latest version of each, where it is one.
    latest: HashMap<u64, Option<Box<str>>>,
    /// Whether the list was read to its end.
    is_whole: bool,
}

impl Existing {
    /// Reads the list, as many pages as the job is worth. One entry is returned too: it tells what we may do with it.
    pub(super) async fn read(exchange: &Exchange, budget: Budget, ear: &mut Ear) -> (Self, Option<AssetSummary>) {
        let mut found = Self { organization: Some(exchange.organization().to_owned()), ..Self::default() };
        let (mut sample, mut offset) = (None, 0);
        for _ in 0..budget.pages {
            let page = exchange.list_page(&AssetQuery::default(), offset).await;
            let Some(page) = ear.hear("the assets of the organization", page) else { break };
            for asset in page.items {
                let version = Some(asset.version.clone()).filter(|version| !version.is_empty());
                found.latest.insert(hash(&asset.group_id, &asset.asset_id), version.map(String::into_boxed_str));
                sample.get_or_insert(asset);
            }
            let Some(next) = page.next else {
                found.is_whole = true;
                break;
            };
            offset = next;
        }
        (found, sample)
    }

    /// Whether an asset may have existed before this run; `true` where it is not known.
    ///
    /// Assets are known by the group that is the organization: those of other groups may belong to other organizations,
    /// whose lists were not read. A server may list a new asset some moments after it was made.
    pub(in crate::work) fn may_exist(&self, group: &str, asset: &str) -> bool {
        let is_covered = self.is_whole && self.organization.as_deref() == Some(group);
        !is_covered || self.latest.contains_key(&hash(group, asset))
    }

    /// Whether a version is surely not there yet: its asset is not, or the latest one is older.
    pub(in crate::work) fn is_surely_new(&self, at: &Coordinates) -> bool {
        if !self.may_exist(&at.group_id, &at.asset_id) {
            return true;
        }
        let latest = self.latest(&at.group_id, &at.asset_id).and_then(|latest| latest.parse::<Version>().ok());
        latest.is_some_and(|latest| latest.sort_key() < at.version.sort_key())
    }

    /// Whether a version is surely there: it is the latest one.
    pub(super) fn is_surely_there(&self, at: &Coordinates) -> bool {
        self.latest(&at.group_id, &at.asset_id).is_some_and(|latest| latest == at.version.to_string())
    }

    fn latest(&self, group: &str, asset: &str) -> Option<&str> {
        self.latest.get(&hash(group, asset))?.as_deref()
    }
}

/// A number for a name. Two names of one number are as likely as a broken disk.
pub(super) fn hash(group: &str, rest: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    group.hash(&mut hasher);
    rest.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::scripted::{Scripted, reply};

    fn at(gav: &str) -> Coordinates {
        gav.parse().expect("parses")
    }

    async fn read(pages: &[usize], budget: u64) -> (Existing, usize) {
        let bodies = pages.iter().enumerate().map(|(page, count)| {
            let entry =
                |n| serde_json::json!({"groupId": "org", "assetId": format!("a{page}-{n}"), "version": "1.2.0"});
            reply(200, &serde_json::json!((0..*count).map(entry).collect::<Vec<_>>()).to_string())
        });
        let server = Scripted::new(bodies);
        let exchange = Exchange::new(server.client(None), "org".to_owned());
        let budget = Budget { pages: budget, single: 0 };
        let (existing, _) = Existing::read(&exchange, budget, &mut Ear::default()).await;
        (existing, server.asked().len())
    }

    #[tokio::test]
    async fn an_asset_of_the_organization_is_new_where_a_whole_list_lacks_it() {
        let (existing, asked) = read(&[250, 3], 9).await;
        assert_eq!(asked, 2);
        assert!(existing.may_exist("org", "a0-249") && existing.may_exist("org", "a1-2"));
        assert!(!existing.may_exist("org", "a1-3"));
        assert!(existing.may_exist("other", "a1-3"), "another organization may have it");
        assert!(Existing::default().may_exist("org", "a"), "nobody was asked");
    }

    #[tokio::test]
    async fn a_list_that_was_not_read_to_its_end_says_nothing_of_what_it_lacks() {
        let (existing, asked) = read(&[250, 250, 3], 2).await;
        assert_eq!(asked, 2);
        assert!(existing.may_exist("org", "a2-0") && existing.may_exist("org", "nothing"));
        let server = Scripted::new([reply(404, "")]);
        let exchange = Exchange::new(server.client(None), "org".to_owned());
        let (existing, _) = Existing::read(&exchange, Budget::for_items(1), &mut Ear::default()).await;
        assert!(existing.may_exist("org", "a"));
    }

    #[tokio::test]
    async fn versions_are_new_or_there_only_where_that_is_sure() {
        let (existing, _) = read(&[1], 2).await;
        assert!(existing.is_surely_new(&at("org/a0-0/1.10.0")) && existing.is_surely_new(&at("org/b/1.0.0")));
        assert!(!existing.is_surely_new(&at("org/a0-0/1.2.0")) && !existing.is_surely_new(&at("org/a0-0/1.0.0")));
        assert!(existing.is_surely_there(&at("org/a0-0/1.2.0")));
        assert!(!existing.is_surely_there(&at("org/a0-0/1.0.0")), "it may be, and may not");
    }
}
