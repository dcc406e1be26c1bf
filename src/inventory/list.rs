//! Every asset of an organization, and every version of each (EXCHANGE.md §6).
//!
//! A catalog lives while it is listed. Pages are counted by offset, so that what is published or deleted meanwhile moves
//! the others: an asset comes twice, or slips from one page to another and is missed. So a list of several pages is read
//! until a whole pass brings nothing new, and each asset is told once.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    time::Duration,
};

use futures::{Stream, stream};

use crate::{
    asset::{Coordinates, CoordinatesError, Version},
    exchange::{Asset, AssetQuery, AssetSummary, Exchange},
    net::{CallError, Disposition},
};

/// Passes over a list that keeps changing, at most.
const MAX_PASSES: usize = 4;

/// Tries of one call, each of which the door has repeated by itself.
const MAX_TRIES: u32 = 6;

/// The first pause between them.
const PAUSE: Duration = Duration::from_millis(200);

/// The versions of one asset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versions {
    /// All that can be named, oldest first.
    pub versions: Vec<Coordinates>,
    /// Those that cannot, as the server writes them, and why.
    pub unnamed: Vec<(String, String)>,
    /// The latest version, as the server tells it.
    pub latest: Option<Asset>,
}

/// The way through a list.
struct Walk {
    pass: usize,
    offset: Option<usize>,
    seen: HashSet<String>,
    ready: VecDeque<AssetSummary>,
    /// Whether this pass has brought anything, and whether it had more than one page.
    is_new: bool,
    is_long: bool,
    patience: Patience,
}

/// How often something has failed that may pass. The door repeats what was refused or lost; a reply that makes no sense it
/// does not.
#[derive(Debug, Default)]
struct Patience(u32);

impl Patience {
    /// Waits a little, unless the failure stays or has come too often.
    async fn again(&mut self, error: CallError) -> Result<(), CallError> {
        self.0 += 1;
        let is_passing =
            matches!(error, CallError::BadReply { .. } | CallError::Refused(_) | CallError::Transport { .. });
        if !is_passing || error.disposition() == Disposition::Final || self.0 >= MAX_TRIES {
            return Err(error);
        }
        tokio::time::sleep(PAUSE * self.0).await;
        Ok(())
    }
}

/// The organization's assets, each once, with the latest version; pages are read as they are needed.
pub fn assets(exchange: &Exchange) -> impl Stream<Item = Result<AssetSummary, CallError>> + Send + '_ {
    let walk = Walk {
        pass: 0,
        offset: Some(0),
        seen: HashSet::new(),
        ready: VecDeque::new(),
        is_new: false,
        is_long: false,
        patience: Patience::default(),
    };
    stream::try_unfold(walk, move |mut walk| async move {
        loop {
            if let Some(asset) = walk.ready.pop_front() {
                return Ok(Some((asset, walk)));
            }
            let Some(offset) = walk.next() else { return Ok(None) };
            match exchange.list_page(&AssetQuery::default(), offset).await {
                Ok(page) => walk.take(page.items, page.next),
                Err(error) => walk.patience.again(error).await?,
            }
        }
    })
}

impl Walk {
    /// Where the next page begins; `None` when another pass would tell nothing.
    fn next(&mut self) -> Option<usize> {
        if self.offset.is_none() {
            let is_settled = !self.is_long || (self.pass > 0 && !self.is_new);
            if is_settled || self.pass + 1 >= MAX_PASSES {
                return None;
            }
            (self.pass, self.offset, self.is_new) = (self.pass + 1, Some(0), false);
        }
        self.offset
    }

    fn take(&mut self, items: Vec<AssetSummary>, next: Option<usize>) {
        self.patience = Patience::default();
        self.is_long |= next.is_some();
        self.offset = next;
        for item in items {
            if self.seen.insert(format!("{}/{}", item.group_id, item.asset_id)) {
                self.is_new = true;
                self.ready.push_back(item);
            }
        }
    }
}

/// Every version of an asset of a list. What the list itself names is among them, whatever the asset says of its versions;
/// an asset that is gone by now has none.
///
/// # Errors
/// [`CallError`]
pub async fn versions(exchange: &Exchange, listed: &AssetSummary) -> Result<Versions, CallError> {
    let mut patience = Patience::default();
    loop {
        match versions_told(exchange, listed).await {
            Ok(versions) => return Ok(versions),
            Err(error) => patience.again(error).await?,
        }
    }
}

async fn versions_told(exchange: &Exchange, listed: &AssetSummary) -> Result<Versions, CallError> {
    let (group, asset) = (&listed.group_id, &listed.asset_id);
    if let Err(error) = Coordinates::new(group, asset, Version::new(0, 0, 0)) {
        return Ok(Versions { unnamed: vec![(listed.version.clone(), error.to_string())], ..Versions::default() });
    }
    let latest = match exchange.latest(group, asset).await? {
        Some(latest) => Some(latest),
        // A server that hides an asset from this call may still show its versions.
        None => match listed.coordinates() {
            Some(coordinates) => exchange.asset(&coordinates).await?,
            None => None,
        },
    };
    let Some(latest) = latest else { return Ok(Versions::default()) };
    let mut found = Versions::default();
    let mut named: BTreeMap<Version, Coordinates> = BTreeMap::new();
    let told = latest.all_versions().into_iter().chain([listed.version.as_str()]);
    for text in told.filter(|text| !text.is_empty()) {
        match name(group, asset, text) {
            Ok(coordinates) => _ = named.insert(coordinates.version.clone(), coordinates),
            Err(error) => {
                let unnamed = (text.to_owned(), error.to_string());
                if !found.unnamed.contains(&unnamed) {
                    found.unnamed.push(unnamed);
                }
            }
        }
    }
    found.versions = named.into_values().collect();
    found.latest = Some(latest);
    Ok(found)
}

fn name(group: &str, asset: &str, version: &str) -> Result<Coordinates, CoordinatesError> {
    Coordinates::new(group, asset, version.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(walk: &mut Walk, names: &[&str], next: Option<usize>) -> Vec<String> {
        let item = |name: &&str| AssetSummary { asset_id: (*name).to_owned(), ..AssetSummary::default() };
        walk.take(names.iter().map(item).collect(), next);
        walk.ready.drain(..).map(|asset| asset.asset_id).collect()
    }

    fn walk() -> Walk {
        Walk {
            pass: 0,
            offset: Some(0),
            seen: HashSet::new(),
            ready: VecDeque::new(),
            is_new: false,
            is_long: false,
            patience: Patience::default(),
        }
    }

    #[test]
    fn one_page_is_read_once() {
        let mut walk = walk();
        assert_eq!(walk.next(), Some(0));
        assert_eq!(page(&mut walk, &["a", "b"], None), ["a", "b"]);
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn an_asset_that_slipped_to_another_page_is_found_and_none_is_told_twice() {
        let mut walk = walk();
        assert_eq!(walk.next(), Some(0));
        assert_eq!(page(&mut walk, &["a", "b"], Some(2)), ["a", "b"]);
        assert_eq!(walk.next(), Some(2));
        // `a` was deleted: `c` slipped to the first page, which has been read.
        assert_eq!(page(&mut walk, &["d"], None), ["d"]);
        assert_eq!(walk.next(), Some(0));
        assert_eq!(page(&mut walk, &["b", "c"], Some(2)), ["c"]);
        assert_eq!(walk.next(), Some(2));
        assert_eq!(page(&mut walk, &["d"], None), [""; 0]);
        assert_eq!(walk.next(), Some(0), "the pass brought something: another one tells whether that was all");
        assert_eq!(page(&mut walk, &["b", "c"], Some(2)), [""; 0]);
        assert_eq!(page(&mut walk, &["d"], None), [""; 0]);
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn a_list_that_never_settles_comes_to_an_end() {
        let mut walk = walk();
        let mut pages = 0;
        while walk.next().is_some() {
            pages += 1;
            page(&mut walk, &[&format!("a{pages}")], (pages % 3 != 0).then_some(pages));
            assert!(pages < 100);
        }
    }
}
