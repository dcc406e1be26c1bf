//! From what was found to a complete draft: defaults, derived values, types, checks.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{AssetDraft, AssetType, Coordinates, Diagnosis, DraftFile, FileKey, Origin, Problem, Version};

use super::facts::{Facts, clip, fold, list, summary};
use super::header::distance;
use super::reader::Reader;
use super::{Options, docs, moving, own_pom, stamp};

/// An asset as it was found, before job defaults and derived values.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The file or folder.
    pub(crate) path: Utf8PathBuf,
    /// What it is, unless a fact says otherwise.
    pub(crate) asset_type: AssetType,
    /// What the files say.
    pub(crate) facts: Facts,
    /// What is taken when nobody says anything: an asset id and a name made from the path.
    pub(crate) derived: Facts,
    /// The files.
    pub(crate) files: Vec<DraftFile>,
}

/// Where an asset is named: shown in diagnoses about its values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The input, or the manifest.
    pub(crate) path: &'a Utf8Path,
    /// The line of the manifest.
    pub(crate) line: Option<u64>,
}

impl Place<'_> {
    /// A failure at this place.
    pub(crate) fn failed(&self, problem: Problem, message: impl Into<String>) -> Diagnosis {
        let mut diagnosis = Diagnosis::failed(self.path, problem, message);
        diagnosis.line = self.line;
        diagnosis
    }
}

/// Texts and how many characters of them Exchange takes (EXCHANGE.md §3.1, §3.8).
const LENGTHS: &[(&str, usize)] = &[("name", 256), ("description", 255), ("contactName", 255), ("contactEmail", 255)];

/// Completes a draft. All values that cannot be used are told in one diagnosis.
pub(crate) fn finish(found: Found, place: &Place<'_>, options: &Options) -> Result<AssetDraft, Box<Diagnosis>> {
    let Found { path, asset_type, mut facts, derived, mut files } = found;
    // A type or an id for all assets would only hide what was found.
    for (key, text) in options.defaults.iter().filter(|(key, _)| !matches!(key.as_str(), "type" | "assetId" | "path")) {
        facts.fill(key, text, Origin::Defaults);
    }
    own_pom::heed(&mut facts, &files, place, options)?;
    docs::add(&mut facts, &mut files, place, options)?;
    facts.fill_from(derived);
    facts.fill("groupId", &options.group, Origin::Derived("the group of the job".to_owned()));
    facts.fill("version", "1.0.0", Origin::Derived("nothing names a version".to_owned()));
    moving::rewrite(&mut facts, &options.remap);
    let moves = std::mem::take(&mut facts.moves);
    let mut reader = Reader::new(facts);
    let content = content(&files);
    let asset_type = reader.asset_type(asset_type, content);
    if asset_type == AssetType::ApiGroup {
        reader.wrong("type", "an api-group is made by API Manager, and cannot be published");
    }
    let coordinates = reader.coordinates().map(|named| moving::moved(&mut reader, &named, &options.remap));
    let status = reader.status();
    let dependencies = moving::dependencies(&reader.dependencies(), &options.remap);
    let properties = reader.properties(&asset_type, coordinates.as_ref(), content.is_none());
    reader.hold_lengths();
    let name = reader.name(coordinates.as_ref());
    let tags = reader.tags();
    let categories = reader.values("categories");
    let fields = reader.values("fields");
    // Job defaults about instances are meant for APIs.
    let is_api = asset_type.requires_api_version() || asset_type == AssetType::Graphql;
    let mut instances = reader.instances(is_api);
    moving::rename(&mut instances, &options.remap);
    let visibility = reader.visibility();
    // Whoever depends on the asset waits for it by name, also while it cannot be published.
    let gav = coordinates.as_ref().map(ToString::to_string);
    let Some(coordinates) = coordinates.filter(|_| reader.problems.is_empty()) else {
        let mut diagnosis = place
            .failed(Problem::Value, reader.problems.join("; "))
            .hint("mend the value, or give another one in a manifest or in the defaults of the job");
        diagnosis.gav = gav;
        return Err(Box::new(diagnosis));
    };
    files.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(AssetDraft {
        asset_type,
        name,
        description: reader.take("description").map(|text| summary(&text)).filter(|text| !text.is_empty()),
        status,
        tags,
        keywords: reader.take("keywords").map(|text| list(&text)).unwrap_or_default(),
        dependencies,
        contact_name: reader.take("contactName").map(|text| clip(&text, 255).to_owned()),
        contact_email: reader.take("contactEmail").map(|text| clip(&text, 255).to_owned()),
        properties,
        categories,
        fields,
        instances,
        visibility,
        name_is_derived: matches!(reader.origins.get("name"), Some(Origin::Derived(_))),
        stamp: moving::stamp(stamp::of(&files), &options.remap),
        moves,
        files,
        on_conflict: None,
        line: place.line,
        origins: reader.origins,
        path,
        coordinates,
    })
}

/// The first file that is the asset itself: neither documentation nor icon nor POM.
pub(crate) fn content(files: &[DraftFile]) -> Option<&DraftFile> {
    files.iter().find(|file| !matches!(file.key.classifier(), "docs" | "icon") && file.key != FileKey::bare("pom"))
}

impl Reader {
    fn asset_type(&mut self, found: AssetType, content: Option<&DraftFile>) -> AssetType {
        let Some(text) = self.take("type") else {
            let from = content.map_or("the descriptor".to_owned(), |file| file.key.to_string());
            self.origins.insert("type".to_owned(), Origin::Derived(from));
            return found;
        };
        let Ok(asset_type) = text.parse();
        if let AssetType::Other(name) = &asset_type {
            // Types that appear later pass; what is nearly a known one is a slip.
            let near = AssetType::KNOWN.iter().map(AssetType::as_str).find(|known| distance(name, known) <= 2);
            if let Some(near) = near {
                self.wrong("type", format!("`{name}` is no type of asset; did you mean `{near}`?"));
            }
        }
        asset_type
    }

    fn version(&mut self) -> Option<Version> {
        let text = self.take("version").unwrap_or_default();
        let Some(mapped) = Version::map(&text) else {
            self.wrong("version", format!("`{text}` is not a version and begins with no number"));
            return None;
        };
        if let Some(rule) = mapped.rule {
            let origin = match self.origins.remove("version") {
                Some(Origin::Specification(_)) | None => Origin::Specification(Some(rule)),
                Some(origin) => Origin::Derived(format!("{origin}: {rule}")),
            };
            self.origins.insert("version".to_owned(), origin);
        }
        Some(mapped.version)
    }

    fn coordinates(&mut self) -> Option<Coordinates> {
        let version = self.version();
        let group = self.take("groupId").unwrap_or_default();
        let asset = self.take("assetId");
        if let Err(error) = Coordinates::new(group.clone(), "a", Version::new(1, 0, 0)) {
            self.wrong("groupId", error);
            return None;
        }
        let Some(asset) = asset else {
            self.wrong("assetId", "there is none, and none could be derived");
            return None;
        };
        let checked = version.clone().unwrap_or(Version::new(1, 0, 0));
        match Coordinates::new(group, asset, checked) {
            Ok(coordinates) => version.map(|_| coordinates),
            Err(error) => {
                self.wrong("assetId", error);
                None
            }
        }
    }

    /// What somebody has written for Exchange is never cut; what a specification says of itself is.
    fn hold_lengths(&mut self) {
        for (key, most) in LENGTHS {
            let (Some(text), Some(origin)) = (self.facts.get(key), self.facts.origin(key)) else { continue };
            let count = fold(text).chars().count();
            if count > *most && matches!(origin, Origin::Manifest(_) | Origin::Catalog(_) | Origin::Defaults) {
                self.origins.insert((*key).to_owned(), origin.clone());
                self.wrong(key, format!("{count} characters, Exchange takes {most}"));
            }
        }
    }

    fn name(&mut self, coordinates: Option<&Coordinates>) -> String {
        if let Some(name) = self.take("name") {
            return clip(&fold(&name), 256).to_owned();
        }
        self.origins.insert("name".to_owned(), Origin::Derived("the asset id".to_owned()));
        coordinates.map(|coordinates| coordinates.asset_id.clone()).unwrap_or_default()
    }

    fn dependencies(&mut self) -> Vec<Coordinates> {
        let Some(text) = self.take("dependencies") else { return Vec::new() };
        let mut found = Vec::new();
        for part in list(&text) {
            match Coordinates::parse_colons(&part).or_else(|error| part.parse().map_err(|_| error)) {
                Ok(dependency) if !found.contains(&dependency) => found.push(dependency),
                Ok(_) => {}
                Err(error) => self.wrong("dependencies", error),
            }
        }
        if found.len() > 100 {
            self.wrong("dependencies", format!("{} dependencies, Exchange takes 100", found.len()));
        }
        found
    }

    fn properties(
        &mut self,
        asset_type: &AssetType,
        coordinates: Option<&Coordinates>,
        is_fileless: bool,
    ) -> BTreeMap<String, String> {
        if asset_type.requires_api_version() {
            if let Some(version) = coordinates.map(|coordinates| &coordinates.version) {
                let from = Origin::Derived(format!("the major number of version {version}"));
                self.facts.fill("properties.apiVersion", &format!("v{}", version.major()), from);
            }
        } else if *asset_type != AssetType::Graphql
            && !matches!(self.facts.origin("properties.apiVersion"), Some(Origin::Manifest(_)))
        {
            // `exchange.json` of a fragment may carry one, and job defaults are meant for APIs.
            self.facts.remove("properties.apiVersion");
        }
        if is_fileless {
            self.facts.remove("properties.mainFile");
            if *asset_type == AssetType::SoapApi && self.facts.get("properties.assetLink").is_none() {
                self.wrong("properties.assetLink", "a soap-api without a file needs a link");
            }
        }
        self.prefixed("properties.").into_iter().collect()
    }
}
