//! From a project of a descriptor to an asset.

use camino::{Utf8Path, Utf8PathBuf};

use super::conditions;
use super::descriptor::{self, Contact, Page, Project, Values};
use super::fields::{Text, Wrong};
use super::paths;
use super::versions::{self, Strategy};
use crate::asset::{AssetDraft, Diagnosis, DraftFile, FileContent, FileKey, Origin, Problem, Version};
use crate::package::{
    detect::{Follower, MAX_DESCRIPTOR},
    docs,
    reading::Question,
};
use crate::source::draft::{self, Found, Place};
use crate::source::facts::Facts;
use crate::source::{Options, projects, recognise, spelling};

/// A descriptor, while its projects are made assets of.
pub(super) struct Builder<'a> {
    pub(super) path: &'a Utf8Path,
    pub(super) base: Utf8PathBuf,
    pub(super) follower: Follower,
    pub(super) options: &'a Options,
}

impl Builder<'_> {
    pub(super) fn build(&mut self, line: u64, project: Project) -> Result<AssetDraft, Box<Diagnosis>> {
        let mut gav = None;
        let built = self.allowed(line, &project).and_then(|()| {
            gav = self.gav(&project.values);
            self.asset(line, project)
        });
        built.map_err(|mut diagnosis| {
            diagnosis.gav = diagnosis.gav.take().or(gav);
            diagnosis
        })
    }

    /// Something wrong with a value of the descriptor.
    pub(super) fn diagnosed(&self, wrong: Wrong) -> Box<Diagnosis> {
        let hint = match wrong.problem {
            Problem::Missing | Problem::Reference => "paths are relative to the folder of the descriptor",
            Problem::Unreadable => "check its permissions",
            _ => "mend the descriptor at this place",
        };
        Box::new(Diagnosis::failed(self.path, wrong.problem, wrong.message).at(wrong.line, wrong.column).hint(hint))
    }

    /// Whether the conditions of a project hold; else it is left out, which is no failure.
    fn allowed(&self, line: u64, project: &Project) -> Result<(), Box<Diagnosis>> {
        let Some(triggers) = &project.triggers else { return Ok(()) };
        triggers.allow(&self.options.criteria).map_err(|why| {
            let message = format!("`{}` is not published: {why}", project.main.text);
            let hint = "give the facts of this build in [source.criteria] or as --criterion name:value";
            let mut diagnosis = Diagnosis::skipped(self.path, Problem::Condition, message).hint(hint);
            diagnosis.line = Some(line);
            Box::new(diagnosis)
        })
    }

    /// The coordinates that a project names itself.
    fn gav(&self, values: &Values) -> Option<String> {
        let (asset, version) = (values.asset_id.as_ref()?, values.version.as_ref());
        let version = match version {
            Some(text) => versions::base(text, Strategy::PatchIncrease).ok()?.0.to_string(),
            None => "1.0.0".to_owned(),
        };
        Some(format!("{}/{}/{version}", self.options.group, asset.text))
    }

    fn asset(&mut self, line: u64, project: Project) -> Result<AssetDraft, Box<Diagnosis>> {
        let strategy = self.strategy(&project)?;
        let input = self.input(project)?;
        let declares = input.beside.get("dependencies").is_some();
        let mut found = self.specification(&input, declares)?;
        let version = input.version().map_or(Ok(None), |text| versions::base(&text, strategy).map(Some));
        let mut facts = values(&input.values, Origin::Catalog);
        let is_ours = input.values.version.is_some();
        fill_version(&mut facts, version.map_err(|wrong| self.diagnosed(wrong))?, is_ours, strategy);
        facts.fill_from(input.beside);
        // What a specification calls its version is that of the API here, not that of the asset.
        let spec_version = found.facts.take("version");
        facts.fill_from(std::mem::take(&mut found.facts));
        if found.asset_type.requires_api_version() && facts.get("properties.apiVersion").is_none() {
            let Some((written, _)) = spec_version else {
                let message = "there is no API version: neither the project nor the specification names one";
                return Err(self.diagnosed(input.named.wrong(message)));
            };
            let from = Origin::Specification(Some(format!("version `{written}`")));
            facts.fill("properties.apiVersion", &versions::api_version(&written), from);
        }
        let pages = descriptor::page_files(&self.base, &input.folder, &input.pages);
        let pages = pages.map_err(|wrong| self.diagnosed(wrong))?;
        if !pages.is_empty() {
            let content = FileContent::Docs(docs::collect(&self.base, pages, None, &self.options.reading)?);
            found.files.push(DraftFile { key: FileKey::new("docs", "zip"), content });
        }
        found.facts = facts;
        self.path.clone_into(&mut found.path);
        let mut draft = draft::finish(found, &Place { path: self.path, line: Some(line) }, self.options)?;
        draft.on_conflict = Some(strategy.on_conflict());
        let from = Origin::Catalog(format!("versionStrategy: {}", strategy.as_str()));
        draft.origins.insert("onConflict".to_owned(), from);
        Ok(draft)
    }

    fn strategy(&self, project: &Project) -> Result<Strategy, Box<Diagnosis>> {
        let chosen = conditions::choose(&project.strategies, &self.options.criteria);
        let chosen = chosen.map_err(|why| self.diagnosed(project.main.wrong(why)))?;
        Ok(chosen.or(project.strategy).unwrap_or(Strategy::PatchIncrease))
    }

    /// The main file of a project, and what is said about it besides.
    fn input(&self, project: Project) -> Result<Input, Box<Diagnosis>> {
        let named = project.main;
        let main = paths::file(&self.base, Utf8Path::new(""), &named).map_err(|wrong| self.diagnosed(wrong))?;
        let Values { pages, .. } = &project.values;
        let mut input = Input {
            pages: pages.clone(),
            values: project.values,
            named,
            main,
            folder: Utf8PathBuf::new(),
            beside: Facts::default(),
        };
        if input.main.file_name() == Some("exchange.json") {
            self.follow_reference(&mut input)?;
        }
        if let Some(contact) = &project.common_contact {
            fill_contact(&mut input.beside, contact, Origin::Catalog);
        }
        Ok(input)
    }

    /// An `exchange.json` names the main file, and says what the descriptor does not.
    fn follow_reference(&self, input: &mut Input) -> Result<(), Box<Diagnosis>> {
        let descriptor = self.base.join(&input.main);
        let reading = &self.options.reading;
        let project = recognise::project(&descriptor, reading)?;
        let main = project.as_ref().and_then(|project| project.main.as_deref()).filter(|main| !main.is_empty());
        let (Some(project), Some(main)) = (&project, main) else {
            let message = "names no main file";
            return Err(Box::new(Diagnosis::failed(descriptor, Problem::Invalid, message).hint("add `main`")));
        };
        let wrong_there = |wrong: Wrong| {
            let place = (wrong.line, wrong.column);
            Box::new(Diagnosis::failed(&descriptor, wrong.problem, wrong.message).at(place.0, place.1))
        };
        let told = reading.told(MAX_DESCRIPTOR, &Question::CatalogValues, &descriptor, descriptor::values_of_json);
        let mut told = told.map_err(|error| recognise::unreadable(&descriptor, &error))?.map_err(wrong_there)?;
        // Design Center writes an empty list by itself; it says nothing.
        told.tags = told.tags.filter(|tags| !tags.is_empty());
        (told.categories.none, told.fields.none) = (false, false);
        let folder = input.main.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let main = Text { text: main.to_owned(), ..input.named.clone() };
        input.main = paths::file(&self.base, &folder, &main).map_err(|wrong| self.diagnosed(wrong))?;
        if input.pages.is_empty() {
            input.pages.clone_from(&told.pages);
            input.folder = folder;
        }
        input.beside = values(&told, |_| Origin::ExchangeJson);
        input.beside.fill_from(projects::facts(project, self.options));
        Ok(())
    }

    fn specification(&mut self, input: &Input, declares: bool) -> Result<Found, Box<Diagnosis>> {
        let path = self.base.join(&input.main);
        let Some(spec) = recognise::read(&path, &self.options.reading)? else {
            let message = format!("`{}` is not a specification that is known", input.main);
            return Err(self.diagnosed(input.named.failed(Problem::Invalid, message)));
        };
        recognise::lone(&path, &input.main, &spec, &mut self.follower, declares)
    }
}

/// A project with its main file found.
struct Input {
    /// What the descriptor names.
    named: Text,
    /// The main file, relative to the folder of the descriptor.
    main: Utf8PathBuf,
    /// The folder that the paths of the pages are relative to.
    folder: Utf8PathBuf,
    pages: Vec<Page>,
    /// What the descriptor says.
    values: Values,
    /// What an `exchange.json` says, and what the descriptor says for all.
    beside: Facts,
}

impl Input {
    /// The base version, as it is written.
    fn version(&self) -> Option<Text> {
        let beside = || self.beside.get("version").map(|text| Text { text: text.to_owned(), ..self.named.clone() });
        self.values.version.clone().or_else(beside)
    }
}

fn texts(list: &[Text]) -> Vec<&str> {
    list.iter().map(|text| text.text.as_str()).collect()
}

/// The values of a project, by the names of the publish call.
fn values(values: &Values, from: impl Fn(String) -> Origin) -> Facts {
    let mut facts = Facts::default();
    let from_key = |key: &str| from(key.to_owned());
    facts.fill_some("assetId", values.asset_id.as_ref().map(|text| text.text.as_str()), from_key("assetId"));
    let api_version = values.api_version.as_ref().map(|text| text.text.as_str());
    facts.fill_some("properties.apiVersion", api_version, from_key("apiVersion"));
    if let Some(tags) = &values.tags {
        let mut tags = texts(tags);
        let mut seen = std::collections::HashSet::new();
        tags.retain(|tag| seen.insert(*tag));
        facts.fill("tags", &spelling::of_values(&tags), from_key("tags"));
    }
    for (prefix, key, listed) in
        [("categories", "categories", &values.categories), ("fields", "customFields", &values.fields)]
    {
        if listed.none {
            facts.fill(prefix, "[]", from_key(key));
        }
        for (name, list) in &listed.keys {
            let column = format!("{prefix}.{}", name.text);
            facts.fill(&column, &spelling::of_values(&texts(list)), from(format!("{key}.{}", name.text)));
        }
    }
    if let Some(contact) = &values.contact {
        fill_contact(&mut facts, contact, from);
    }
    facts
}

fn fill_contact(facts: &mut Facts, contact: &Contact, from: impl Fn(String) -> Origin) {
    facts.fill("contactName", &contact.name, from("contact.name".to_owned()));
    facts.fill("contactEmail", &contact.email, from("contact.email".to_owned()));
}

/// The version, and where it came from: the descriptor (`is_ours`) or an `exchange.json`.
fn fill_version(facts: &mut Facts, version: Option<(Version, Option<String>)>, is_ours: bool, strategy: Strategy) {
    let (version, origin) = match version {
        Some((version, None)) if is_ours => (version, Origin::Catalog("version".to_owned())),
        Some((version, Some(rule))) if is_ours => (version, Origin::Catalog(format!("version: {rule}"))),
        Some((version, None)) => (version, Origin::ExchangeJson),
        Some((version, Some(rule))) => (version, Origin::Derived(format!("exchange.json: {rule}"))),
        None => (Version::new(1, 0, 0), Origin::Derived("the project names no version".to_owned())),
    };
    if strategy == Strategy::Snapshot {
        let from = Origin::Catalog("versionStrategy: snapshot".to_owned());
        facts.fill("status", "development", from.clone());
        if !version.is_snapshot() {
            facts.fill("version", &format!("{version}-SNAPSHOT"), from);
        }
    }
    facts.fill("version", &version.to_string(), origin);
}
