//! The other reading, where sources disagree (EXCHANGE.md §10).

use std::{collections::BTreeSet, str::FromStr};

use super::SettingError;

/// A reading that differs from the one that the sandbox takes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// C1: keys of categories and fields must be kebab-case, as the description wants it.
    KebabKeys,
    /// C3: a hard deletion is refused seven days after the version was made, as older documentation says.
    HardDeleteSevenDays,
    /// C4: tags, categories and fields belong to the version group, as a live client saw it, not to the minor version.
    TagsByVersionGroup,
    /// C6: a SOAP API needs a file; a link does not do.
    SoapNeedsFile,
    /// C9: descriptions may have 256 characters, as the documentation says.
    Description256,
    /// C10: five megabytes hold for jars too.
    FiveMegabytes,
    /// C16: `versions` holds objects everywhere, as the example of the description does.
    VersionObjects,
    /// C17: AsyncAPI is taken as JSON too, as the web page takes it.
    AsyncapiJson,
    /// C18: pages are shown in the order of their creation, and there is no call that changes it.
    CreationOrder,
}

impl Quirk {
    /// All of them, in the order of the conflicts.
    pub const ALL: [Self; 9] = [
        Self::KebabKeys,
        Self::HardDeleteSevenDays,
        Self::TagsByVersionGroup,
        Self::SoapNeedsFile,
        Self::Description256,
        Self::FiveMegabytes,
        Self::VersionObjects,
        Self::AsyncapiJson,
        Self::CreationOrder,
    ];

    /// The name that `--quirk` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::KebabKeys => "kebab-keys",
            Self::HardDeleteSevenDays => "hard-delete-seven-days",
            Self::TagsByVersionGroup => "tags-by-version-group",
            Self::SoapNeedsFile => "soap-needs-file",
            Self::Description256 => "description-256",
            Self::FiveMegabytes => "five-megabytes",
            Self::VersionObjects => "version-objects",
            Self::AsyncapiJson => "asyncapi-json",
            Self::CreationOrder => "creation-order",
        }
    }

    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl FromStr for Quirk {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|quirk| quirk.name() == text);
        known.ok_or_else(|| SettingError::Quirk(text.to_owned()))
    }
}

/// The quirks that are switched on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quirks(BTreeSet<Quirk>);

impl Quirks {
    /// Whether a quirk is switched on.
    pub fn has(&self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<T: IntoIterator<Item = Quirk>>(quirks: T) -> Self {
        Self(quirks.into_iter().collect())
    }
}
