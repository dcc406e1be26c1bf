//! `--only`: which items a run may touch.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// Globs over coordinates; none selects everything.
#[derive(Debug, Clone, Default)]
pub struct Selection(Option<GlobSet>);

impl Selection {
    /// Builds a selection.
    ///
    /// # Errors
    /// When a glob is none.
    pub fn new(globs: &[String]) -> Result<Self, globset::Error> {
        if globs.is_empty() {
            return Ok(Self(None));
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(Glob::new(glob)?);
        }
        Ok(Self(Some(set.build()?)))
    }

    /// Whether an item is meant: by `group/asset/version`, by `asset/version`, or by its asset alone.
    #[must_use]
    pub fn contains(&self, gav: &str) -> bool {
        let Some(globs) = &self.0 else { return true };
        let without_group = gav.split_once('/').map_or(gav, |(_, rest)| rest);
        let asset = without_group.split_once('/').map_or(without_group, |(asset, _)| asset);
        [gav, without_group, asset].into_iter().any(|name| globs.is_match(name))
    }

    /// Whether everything is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_named_with_or_without_their_group_and_version() {
        for (glob, hit) in [
            ("orders", true),
            ("ord*", true),
            ("orders/1.*", true),
            ("g/orders/*", true),
            ("g/**", true),
            ("1.0.0", false),
            ("other", false),
        ] {
            let selection = Selection::new(&[glob.to_owned()]).unwrap();
            assert_eq!(selection.contains("g/orders/1.0.0"), hit, "{glob}");
        }
        assert!(Selection::new(&[]).unwrap().contains("anything"));
    }
}
