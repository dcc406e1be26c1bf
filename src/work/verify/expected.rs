//! What is expected of a version: made of a draft or a change, as publishing and describing make it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use camino::Utf8Path;

use super::run::Extent;
use crate::{
    asset::{
        AssetDraft, AssetType, Coordinates, Description, DocsPage, Documentation, DraftFile, FileContent, FileKey,
        Lifecycle, Remap, Visibility,
    },
    engine::Outcome,
    job::{Job, Metadata},
    offload::offload,
    package::{FileFingerprint, Limits, pack_remapped},
    work::{
        description::{Site, alone},
        failure,
        publish::limits,
        scratch::Scratch,
    },
};

/// What a page is called while it is packed alone: its own name may hold folders, which no archive has.
const ALONE: &str = "page";

/// What is expected of a version.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// What belongs to the version alone; `None` where only what describes it is known.
    pub(super) content: Option<Content>,
    /// What describes it. What lies in files is below.
    pub(super) said: Description,
    /// The SHA-256 of the icon, in hex.
    pub(super) icon: Option<String>,
    /// All pages, with the terms and the images.
    pub(super) site: Option<Site>,
    /// Single pages, by name.
    pub(super) pages: BTreeMap<String, Site>,
    /// Whether what is not said is expected not to be there.
    pub(super) is_all: bool,
    /// What is expected of terms that the site does not have.
    pub(super) terms: Unsaid,
}

/// What is expected of a datum that a version does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Unsaid {
    /// It may be as it likes: nobody says all there is, or another version brought it.
    #[default]
    Any,
    /// It is not there.
    Absent,
}

/// What belongs to a version alone.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) asset_type: AssetType,
    /// The primary files.
    pub(super) files: BTreeMap<FileKey, FileFingerprint>,
    /// What it depends on; `None` where a POM says it.
    pub(super) dependencies: Option<BTreeSet<String>>,
    /// `apiVersion`, `mainFile`, `assetLink`, where they are said.
    pub(super) properties: BTreeMap<String, String>,
    pub(super) keywords: BTreeSet<String>,
}

/// Makes expectations.
pub(super) struct Expecter {
    limits: Limits,
    remap: Arc<Remap>,
    metadata: Metadata,
    is_all: bool,
    /// A folder for archives; gone with this value.
    scratch: Arc<Scratch>,
}

impl Expecter {
    pub(super) fn new(job: &Job, extent: &Extent, scratch: Arc<Scratch>) -> Self {
        Self {
            limits: limits(job.limits),
            remap: Arc::new(job.remap.clone()),
            metadata: job.publish.metadata,
            is_all: matches!(extent, Extent::All { .. }),
            scratch,
        }
    }

    /// What a draft says, without what other versions speak for; the error says why it cannot be made. Terms belong to
    /// the version group: it is told whether any version of it `brings_terms`.
    pub(super) async fn of_draft(
        &self,
        draft: &AssetDraft,
        yields: &BTreeSet<String>,
        brings_terms: bool,
    ) -> Result<Expected, String> {
        let mut said = match self.metadata {
            _ if self.is_all => draft.to_description(),
            Metadata::Update => draft.to_description(),
            Metadata::Leave => Description {
                status: draft.status.filter(|status| *status == Lifecycle::Deprecated),
                ..Description::default()
            },
        };
        if self.is_all {
            // Who says all there is says the same of all versions that share a datum: none has to speak for others.
            say_all(&mut said);
        } else {
            said.yield_to_others(yields);
        }
        let mut plain = draft.clone();
        plain.files.retain(|file| !matches!(file.key.classifier(), "docs" | "icon"));
        let (remap, limits, folder) = (Arc::clone(&self.remap), self.limits, self.scratch.path().to_owned());
        let packing = plain.clone();
        // The archives go at once: what they hold is known then.
        let fingerprint = offload(move || {
            let packed = pack_remapped(&packing, &folder, &limits, &remap);
            packed.map(|package| package.fingerprint).map_err(|diagnosis| diagnosis.to_string())
        })
        .await?;
        let content = Content {
            asset_type: draft.asset_type.clone(),
            files: fingerprint.files().clone(),
            dependencies: (!has_pom(draft)).then(|| draft.dependencies.iter().map(ToString::to_string).collect()),
            properties: draft.properties.clone(),
            keywords: draft.keywords.iter().cloned().collect(),
        };
        let expected = Expected { content: Some(content), is_all: self.is_all, ..Expected::default() };
        let mut expected = self.with_files(expected, said, (&draft.coordinates, &draft.asset_type)).await?;
        if self.is_all {
            expected.site.get_or_insert_default();
            expected.terms = if brings_terms { Unsaid::Any } else { Unsaid::Absent };
        }
        Ok(expected)
    }

    /// What a change says of a version of this type.
    pub(super) async fn of_change(
        &self,
        said: Description,
        place: (&Coordinates, &AssetType),
    ) -> Result<Expected, String> {
        self.with_files(Expected::default(), said, place).await
    }

    /// Reads the files that describe an asset.
    async fn with_files(
        &self,
        expected: Expected,
        said: Description,
        place: (&Coordinates, &AssetType),
    ) -> Result<Expected, String> {
        let mut expected = expected;
        if let Some(path) = &said.icon {
            let key = FileKey::new("icon", &path.extension().unwrap_or("png").to_ascii_lowercase());
            let file = DraftFile { key, content: FileContent::File(path.clone()) };
            expected.icon = Some(self.pack(place, file, path, |packed| Ok(hex::encode(packed.sha256))).await?);
        }
        if let Some(docs) = &said.docs {
            expected.site = Some(self.site(place, docs.clone(), root(docs)).await?);
        }
        for (name, path) in &said.pages {
            let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
            let alone = Documentation {
                root: folder.map_or_else(|| ".".into(), ToOwned::to_owned),
                pages: vec![DocsPage { name: ALONE.to_owned(), path: path.clone() }],
                terms: None,
                images: Vec::new(),
                may_miss_images: false,
                notes: Vec::new(),
            };
            expected.pages.insert(name.clone(), self.site(place, FileContent::Docs(alone), path).await?);
        }
        expected.said = said;
        Ok(expected)
    }

    async fn site(
        &self,
        place: (&Coordinates, &AssetType),
        content: FileContent,
        path: &Utf8Path,
    ) -> Result<Site, String> {
        let file = DraftFile { key: FileKey::new("docs", "zip"), content };
        self.pack(place, file, path, |packed| Site::read(packed.path()).map_err(told)).await
    }

    /// Packs one file, and makes something of it before it goes.
    async fn pack<T: Send + 'static>(
        &self,
        (coordinates, asset_type): (&Coordinates, &AssetType),
        file: DraftFile,
        path: &Utf8Path,
        make: impl FnOnce(&crate::package::PackedFile) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let draft = alone(coordinates, asset_type.clone(), file, path);
        let (remap, limits, folder) = (Arc::clone(&self.remap), self.limits, self.scratch.path().to_owned());
        offload(move || {
            let package = pack_remapped(&draft, &folder, &limits, &remap).map_err(|diagnosis| diagnosis.to_string())?;
            make(package.parts.first().expect("a draft of one file is packed into one"))
        })
        .await
    }
}

/// What is not said is not there.
fn say_all(said: &mut Description) {
    for text in [&mut said.description, &mut said.contact_name, &mut said.contact_email] {
        text.get_or_insert_default();
    }
    said.tags.get_or_insert_default();
    (said.categories.exactly, said.fields.exactly) = (true, true);
    said.status.get_or_insert(Lifecycle::Published);
    said.visibility.get_or_insert(Visibility::Private);
}

/// Whether a POM goes along, from which the server takes the dependencies.
fn has_pom(draft: &AssetDraft) -> bool {
    draft.files.iter().any(|file| file.key == FileKey::bare("pom"))
}

/// What documentation is made of.
fn root(docs: &FileContent) -> &Utf8Path {
    match docs {
        FileContent::File(path) => path,
        FileContent::Docs(documentation) => &documentation.root,
        FileContent::Zip { root, .. } | FileContent::Raised { root, .. } => root,
    }
}

fn told(outcome: Outcome) -> String {
    failure::of(outcome).map_or_else(|| "cannot be read".to_owned(), |failure| failure.message)
}
