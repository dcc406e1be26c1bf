//! From what was found to a complete draft: defaults, derived values, types, checks.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{AssetDraft, AssetType, Coordinates, Diagnosis, DraftFile, Lifecycle, Origin, Problem, Version};

use super::facts::{Facts, clip, fold, list, summary};
use super::{Options, stamp};

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

/// Completes a draft.
pub(crate) fn finish(found: Found, line: Option<u64>, options: &Options) -> Result<AssetDraft, Box<Diagnosis>> {
    let Found { path, asset_type, mut facts, derived, mut files } = found;
    for (key, text) in &options.defaults {
        facts.fill(key, text, Origin::Defaults);
    }
    facts.fill_from(derived);
    facts.fill("groupId", &options.group, Origin::Derived("the group of the job".to_owned()));
    facts.fill("version", "1.0.0", Origin::Derived("nothing names a version".to_owned()));
    let mut reader = Reader { facts, origins: BTreeMap::new(), path: &path, line };

    let asset_type = match reader.take("type") {
        Some(text) => {
            let Ok(parsed) = text.parse();
            parsed
        }
        None => {
            let from = files.first().map_or("no file".to_owned(), |file| file.key.to_string());
            reader.origins.insert("type".to_owned(), Origin::Derived(from));
            asset_type
        }
    };
    let version = reader.version()?;
    let coordinates = reader.coordinates(version)?;
    let name = reader.take("name").unwrap_or_else(|| {
        reader.origins.insert("name".to_owned(), Origin::Derived("the asset id".to_owned()));
        coordinates.asset_id.clone()
    });
    let status = match reader.take("status") {
        Some(text) => Some(reader.parse::<Lifecycle>("status", &text).and_then(|status| match status {
            Lifecycle::Deprecated => Err(reader.wrong("status", "nothing can be published as deprecated")),
            status => Ok(status),
        })?),
        None => None,
    };
    let dependencies = reader.dependencies()?;
    let mut properties = reader.properties(&asset_type, &coordinates.version);
    if asset_type == AssetType::SoapApi && files.is_empty() && !properties.contains_key("assetLink") {
        return Err(reader.wrong("properties.assetLink", "a soap-api without a file needs a link"));
    }
    if files.is_empty() {
        properties.remove("mainFile");
    }
    let lists = |values: Vec<(String, String)>| values.into_iter().map(|(key, text)| (key, list(&text))).collect();
    files.sort_by(|a, b| a.key.cmp(&b.key));
    let draft = AssetDraft {
        asset_type,
        name: clip(&fold(&name), 256).to_owned(),
        description: reader.take("description").map(|text| summary(&text)).filter(|text| !text.is_empty()),
        status,
        tags: reader.take("tags").map(|text| list(&text)).filter(|tags| !tags.is_empty()),
        keywords: reader.take("keywords").map(|text| list(&text)).unwrap_or_default(),
        dependencies,
        contact_name: reader.take("contactName").map(|text| clip(&text, 255).to_owned()),
        contact_email: reader.take("contactEmail").map(|text| clip(&text, 255).to_owned()),
        properties,
        categories: lists(reader.prefixed("categories.")),
        fields: lists(reader.prefixed("fields.")),
        stamp: stamp::of(&files),
        files,
        line,
        origins: std::mem::take(&mut reader.origins),
        path: path.clone(),
        coordinates,
    };
    Ok(draft)
}

/// Takes values out of the facts, notes their origins and words what is wrong with them.
struct Reader<'a> {
    facts: Facts,
    origins: BTreeMap<String, Origin>,
    path: &'a Utf8Path,
    line: Option<u64>,
}

impl Reader<'_> {
    fn take(&mut self, key: &str) -> Option<String> {
        let (text, origin) = self.facts.take(key)?;
        self.origins.insert(key.to_owned(), origin);
        Some(text)
    }

    fn prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for (key, text, origin) in self.facts.take_prefix(prefix) {
            self.origins.insert(format!("{prefix}{key}"), origin);
            values.push((key, text));
        }
        values
    }

    /// A value that cannot be used: names the column of a manifest, or the source of the value.
    fn wrong(&self, key: &str, why: impl std::fmt::Display) -> Box<Diagnosis> {
        let message = match self.origins.get(key) {
            Some(Origin::Manifest(column)) => format!("column \"{column}\": {why}"),
            Some(origin) => format!("{key} ({origin}): {why}"),
            None => format!("{key}: {why}"),
        };
        let mut diagnosis = Diagnosis::failed(self.path, Problem::Value, message);
        diagnosis.line = self.line;
        Box::new(diagnosis)
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(&self, key: &str, text: &str) -> Result<T, Box<Diagnosis>> {
        text.parse::<T>().map_err(|error| self.wrong(key, error))
    }

    fn version(&mut self) -> Result<Version, Box<Diagnosis>> {
        let text = self.take("version").unwrap_or_default();
        let Some(mapped) = Version::map(&text) else {
            return Err(self.wrong("version", format!("`{text}` is not a version and begins with no number")));
        };
        if let Some(rule) = mapped.rule {
            let origin = match self.origins.remove("version") {
                Some(Origin::Specification(_)) | None => Origin::Specification(Some(rule)),
                Some(origin) => Origin::Derived(format!("{origin}: {rule}")),
            };
            self.origins.insert("version".to_owned(), origin);
        }
        Ok(mapped.version)
    }

    fn coordinates(&mut self, version: Version) -> Result<Coordinates, Box<Diagnosis>> {
        let group = self.take("groupId").unwrap_or_default();
        let Some(asset) = self.take("assetId") else {
            return Err(self.wrong("assetId", "there is none, and none could be derived"));
        };
        let key = match Coordinates::new(group.clone(), "a", Version::new(1, 0, 0)) {
            Err(_) => "groupId",
            Ok(_) => "assetId",
        };
        Coordinates::new(group, asset, version).map_err(|error| self.wrong(key, error))
    }

    fn dependencies(&mut self) -> Result<Vec<Coordinates>, Box<Diagnosis>> {
        let Some(text) = self.take("dependencies") else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for part in list(&text) {
            let parsed = Coordinates::parse_colons(&part).or_else(|error| part.parse().map_err(|_| error));
            let dependency = parsed.map_err(|error| self.wrong("dependencies", error))?;
            if !found.contains(&dependency) {
                found.push(dependency);
            }
        }
        if found.len() > 100 {
            return Err(self.wrong("dependencies", format!("{} dependencies, Exchange takes 100", found.len())));
        }
        Ok(found)
    }

    fn properties(&mut self, asset_type: &AssetType, version: &Version) -> BTreeMap<String, String> {
        if asset_type.requires_api_version() {
            let from = Origin::Derived(format!("the major number of version {version}"));
            self.facts.fill("properties.apiVersion", &format!("v{}", version.major()), from);
        } else if !matches!(self.facts.origin("properties.apiVersion"), None | Some(Origin::Manifest(_))) {
            // `exchange.json` of a fragment may carry one, and job defaults are meant for APIs.
            if *asset_type != AssetType::Graphql {
                self.facts.remove("properties.apiVersion");
            }
        }
        self.prefixed("properties.").into_iter().collect()
    }
}
