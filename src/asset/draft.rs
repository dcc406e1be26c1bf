//! One asset version as a source describes it: all that is needed to publish it, nothing read from the server.

use std::{collections::BTreeMap, fmt};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{
    ApplicationWish, AssetChange, AssetType, Coordinates, Description, Diagnosis, ExternalInstance, FileKey, Lifecycle,
    ListedVersion, OnConflict, Values, Visibility, WantedAccess,
};

/// What a source yields: an asset to bring, a change of one, or what is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sourced {
    /// An asset to bring.
    Draft(Box<AssetDraft>),
    /// A change of an asset that exists.
    Change(Box<AssetChange>),
    /// An asset version to read from an organization.
    Listed(Box<ListedVersion>),
    /// A client application of a portal.
    Application(Box<ApplicationWish>),
    /// Access that an application is to have.
    Access(Box<WantedAccess>),
    /// An input that is left out, and why.
    Diagnosis(Box<Diagnosis>),
}

impl Sourced {
    /// The coordinates of what is to be done, or what else the journal knows it by; `None` for a diagnosis.
    #[must_use]
    pub fn gav(&self) -> Option<String> {
        match self {
            Self::Draft(draft) => Some(draft.coordinates.to_string()),
            Self::Change(change) => Some(change.gav()),
            Self::Listed(listed) => Some(listed.coordinates.to_string()),
            Self::Application(wish) => Some(wish.key()),
            Self::Access(wanted) => Some(wanted.key()),
            Self::Diagnosis(_) => None,
        }
    }

    /// The file or folder, and the line in it where there is one.
    #[must_use]
    pub fn place(&self) -> (&Utf8Path, Option<u64>) {
        match self {
            Self::Draft(draft) => (&draft.path, draft.line),
            Self::Change(change) => (&change.path, Some(change.line)),
            Self::Listed(listed) => (&listed.path, None),
            Self::Application(wish) => (&wish.path, Some(wish.line)),
            Self::Access(wanted) => (&wanted.path, Some(wanted.line)),
            Self::Diagnosis(diagnosis) => (&diagnosis.path, diagnosis.line),
        }
    }
}

/// One asset version to publish. The field names are those of the publish call (EXCHANGE.md §3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetDraft {
    /// Where it goes.
    pub coordinates: Coordinates,
    /// What it is.
    #[serde(rename = "type")]
    pub asset_type: AssetType,
    /// The display name; taken by the server from the first version only, as the description, the contact and the icon.
    pub name: String,
    /// Whether the name was only derived from the asset id: then it is no reason to rename an asset that exists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub name_is_derived: bool,
    /// The description, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The state to bring it to. Nothing can be published as deprecated: it becomes so afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Lifecycle>,
    /// Tags; `None` leaves them as they are, an empty list takes them away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Keywords.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// What the asset depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Coordinates>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// Where to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// `properties.<key>`: `mainFile`, `apiVersion`, `assetLink`, `platform`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// `categories.<key>`.
    #[serde(default, skip_serializing_if = "Values::is_silent")]
    pub categories: Values,
    /// `fields.<key>`.
    #[serde(default, skip_serializing_if = "Values::is_silent")]
    pub fields: Values,
    /// `instances.<name>`: where the API runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<ExternalInstance>,
    /// Who sees its version group; `None` leaves that as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// The files to send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<DraftFile>,
    /// Groups under which its files name what goes with it to another one: those that a project calls its own. Copies of
    /// modules below `exchange_modules` move along, with the references to them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moves: BTreeMap<String, String>,
    /// What to do about other content under these coordinates, where the source says so; else the job does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_conflict: Option<OnConflict>,
    /// The file or folder that this asset was found in, or the manifest that names it.
    pub path: Utf8PathBuf,
    /// The line of the manifest, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Where each value came from, by field name (`name`, `version`, `properties.apiVersion`, …).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<String, Origin>,
    /// A digest over path, size and modification time of every file that goes in: when it is unchanged, so is the
    /// content, and nothing has to be read.
    pub stamp: String,
}

impl AssetDraft {
    /// What is to be true of the asset once it is published: everything that can be changed afterwards as well.
    #[must_use]
    pub fn to_description(&self) -> Description {
        let file = |classifier: &str| self.files.iter().find(|file| file.key.classifier() == classifier);
        Description {
            name: Some(self.name.clone()).filter(|_| !self.name_is_derived),
            description: self.description.clone(),
            contact_name: self.contact_name.clone(),
            contact_email: self.contact_email.clone(),
            icon: file("icon").and_then(|icon| match &icon.content {
                FileContent::File(path) => Some(path.clone()),
                FileContent::Zip { .. } | FileContent::Raised { .. } | FileContent::Docs(_) => None,
            }),
            tags: self.tags.clone(),
            categories: self.categories.clone(),
            fields: self.fields.clone(),
            docs: file("docs").map(|docs| docs.content.clone()),
            pages: BTreeMap::new(),
            status: self.status,
            instances: self.instances.clone(),
            visibility: self.visibility,
        }
    }
}

/// One file of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// Its name in the publish call.
    pub key: FileKey,
    /// What goes into it.
    pub content: FileContent,
}

/// What goes into a file of an asset. Paths can be opened as they are (absolute, or relative to the working directory).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileContent {
    /// A file, byte for byte.
    File(Utf8PathBuf),
    /// An archive made of these files.
    Zip {
        /// The folder that becomes the root of the archive.
        root: Utf8PathBuf,
        /// The members, relative to the root, with forward slashes.
        members: Vec<Utf8PathBuf>,
    },
    /// An archive of which the main file lies in a folder below its root, and is put into the root with its references
    /// rewritten to match.
    Raised {
        /// The folder that becomes the root of the archive.
        root: Utf8PathBuf,
        /// The main file, relative to the root.
        main: Utf8PathBuf,
        /// The other members, relative to the root, with forward slashes.
        members: Vec<Utf8PathBuf>,
    },
    /// A docs archive made of Markdown files and the images that they show.
    Docs(Documentation),
}

/// The documentation of an asset as it lies in files (EXCHANGE.md §2.7); see [`crate::package::docs`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documentation {
    /// The folder that holds everything: no page and no image is taken from outside.
    pub root: Utf8PathBuf,
    /// The pages, in the order in which they are shown.
    pub pages: Vec<DocsPage>,
    /// The terms, in Markdown; APIs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Utf8PathBuf>,
    /// The images that go along: those that pages show, and those that lie ready in `resources/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Utf8PathBuf>,
    /// Whether pages may show images that are not there: they did where they come from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_miss_images: bool,
    /// What is not as it should be and does not keep the asset from being published: links that lead nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One page of the documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocsPage {
    /// Its name, `home` for the first page that a reader sees.
    pub name: String,
    /// The Markdown file.
    pub path: Utf8PathBuf,
}

/// Where a value of a draft came from, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A column of the manifest, by name.
    Manifest(String),
    /// A key of a `catalog.yaml`, by name.
    Catalog(String),
    /// The `exchange.json` of the project.
    ExchangeJson,
    /// The `pom.xml` of the project.
    Pom,
    /// The specification itself; the text says how where it is not plain (a mapped version).
    Specification(Option<String>),
    /// `[defaults]` of the job.
    Defaults,
    /// Derived by consign; the text says from what.
    Derived(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(column) => write!(f, "manifest column {column}"),
            Self::Catalog(key) => write!(f, "catalog.yaml ({key})"),
            Self::ExchangeJson => f.write_str("exchange.json"),
            Self::Pom => f.write_str("pom.xml"),
            Self::Specification(None) => f.write_str("specification"),
            Self::Specification(Some(how)) => write!(f, "specification ({how})"),
            Self::Defaults => f.write_str("job defaults"),
            Self::Derived(from) => write!(f, "derived: {from}"),
        }
    }
}
