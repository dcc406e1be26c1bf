//! Which part of an organization a job reads, as far as a list tells it.

use jiff::Timestamp;

use super::super::Selection;
use crate::{
    asset::{AssetType, Coordinates, Version},
    job,
};

/// The filter of a job, ready to be asked.
pub(super) struct Filter<'a> {
    include: Selection,
    exclude: Option<Selection>,
    rest: &'a job::Filter,
}

impl<'a> Filter<'a> {
    /// Takes the filter of a job, whose globs were looked at when it was read.
    pub(super) fn new(filter: &'a job::Filter) -> Result<Self, globset::Error> {
        let exclude = (!filter.exclude.is_empty()).then(|| Selection::new(&filter.exclude)).transpose()?;
        Ok(Self { include: Selection::new(&filter.include)?, exclude, rest: filter })
    }

    /// Whether an asset changed when the job asks for it, and is of a type that it asks for. What the source does not
    /// tell leaves nothing out.
    pub(super) fn takes_asset(&self, kind: &AssetType, changed: Option<&str>) -> bool {
        let changed: Option<Timestamp> = changed.and_then(|text| text.parse().ok());
        let is_late_enough = self.rest.since.is_none_or(|since| changed.is_none_or(|changed| changed >= since));
        let is_early_enough = self.rest.until.is_none_or(|until| changed.is_none_or(|changed| changed < until));
        is_late_enough && is_early_enough && (self.rest.types.is_empty() || self.rest.types.contains(kind))
    }

    /// Whether a version is meant by its coordinates.
    pub(super) fn takes(&self, gav: &Coordinates) -> bool {
        let name = gav.to_string();
        self.is_named(&name) && self.rest.versions.as_ref().is_none_or(|wanted| is_within(wanted, &gav.version))
    }

    fn is_named(&self, name: &str) -> bool {
        // A glob may end with the asset.
        let asset = name.rsplit_once('/').map_or(name, |(asset, _)| asset);
        let hits = |globs: &Selection| globs.contains(name) || globs.contains(asset);
        hits(&self.include) && !self.exclude.as_ref().is_some_and(hits)
    }
}

/// A prerelease counts as the version that it leads to: whoever asks for 1.x means them too.
fn is_within(wanted: &semver::VersionReq, version: &Version) -> bool {
    let release = semver::Version { pre: semver::Prerelease::EMPTY, ..version.semver().clone() };
    wanted.matches(version.semver()) || wanted.matches(&release)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(filter: &job::Filter, gav: &str) -> bool {
        Filter::new(filter).unwrap().takes(&gav.parse().unwrap())
    }

    #[test]
    fn assets_are_named_with_or_without_their_version() {
        let filter = job::Filter {
            include: vec!["shop/*".to_owned(), "old/orders/1.*".to_owned()],
            exclude: vec!["shop/test-*".to_owned()],
            ..job::Filter::default()
        };
        for (gav, is_taken) in [
            ("shop/orders/1.0.0", true),
            ("shop/test-orders/1.0.0", false),
            ("old/orders/1.2.0", true),
            ("old/orders/2.0.0", false),
            ("other/orders/1.0.0", false),
        ] {
            assert_eq!(takes(&filter, gav), is_taken, "{gav}");
        }
        assert!(takes(&job::Filter::default(), "any/thing/1.0.0"));
    }

    #[test]
    fn versions_and_dates_narrow() {
        let filter = job::Filter { versions: Some(">=1.2, <3".parse().unwrap()), ..job::Filter::default() };
        let taken = ["1.1.9", "1.2.0", "2.0.0-RC1", "3.0.0"].map(|version| takes(&filter, &format!("g/a/{version}")));
        assert_eq!(taken, [false, true, true, false]);
        let filter = job::Filter {
            since: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            types: vec![AssetType::Custom],
            ..job::Filter::default()
        };
        let filter = Filter::new(&filter).unwrap();
        assert!(filter.takes_asset(&AssetType::Custom, Some("2026-01-01T00:00:00.000Z")));
        assert!(filter.takes_asset(&AssetType::Custom, None), "what is not told leaves nothing out");
        assert!(!filter.takes_asset(&AssetType::Custom, Some("2025-12-31T23:59:59Z")));
        assert!(!filter.takes_asset(&AssetType::RestApi, None));
    }
}
