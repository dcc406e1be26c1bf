//! A directory: which files are assets, which belong to others, in which order they come.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{Diagnosis, Problem, Sourced};
use crate::package::detect::{self, Archive, Follower, Format, Project, Spec};

use super::draft::{self, Found, Place};
use super::recognise::{self, Glance};
use super::tree::Tree;
use super::{Options, SourceError, archives, extras, maven, moving, projects};

/// Scans a directory. See [`super::Source::scan`].
pub(crate) fn scan(
    root: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let mut give = |found: Result<Found, Box<Diagnosis>>| {
        let finished = found.and_then(|found| {
            let path = found.path.clone();
            draft::finish(found, &Place { path: &path, line: None }, options)
        });
        let sourced = match finished {
            Ok(draft) => Sourced::Draft(Box::new(draft)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        };
        sink(sourced)
    };
    scan_found(root, options, &mut give)
}

/// Scans a directory for assets that are not completed yet: a manifest may have more to say about them.
pub(crate) fn scan_found(
    root: &Utf8Path,
    options: &Options,
    give: &mut dyn FnMut(Result<Found, Box<Diagnosis>>) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let mut tree = Tree::walk(root, options)?;
    let mut diagnoses = std::mem::take(&mut tree.diagnoses).into_iter().peekable();
    let mut scan = Scan::new(&tree, options);
    for file in &tree.files {
        while let Some(diagnosis) = diagnoses.next_if(|d| d.path.as_str() < tree.root.join(file).as_str()) {
            if give(Err(Box::new(diagnosis))).is_break() {
                return Ok(());
            }
        }
        if let Some(found) = scan.look(file)
            && give(found).is_break()
        {
            return Ok(());
        }
    }
    for diagnosis in diagnoses {
        if give(Err(Box::new(diagnosis))).is_break() {
            break;
        }
    }
    Ok(())
}

/// The coordinates of an asset that could not be built, as far as its descriptor tells.
fn gav(options: &Options, group: Option<&str>, asset: Option<&str>, version: Option<&str>) -> Option<String> {
    let known = |text: &&str| !text.is_empty() && !detect::is_unresolved(text);
    let group = group.filter(known).unwrap_or(&options.group);
    Some(moving::gav(options, group, asset.filter(known)?, version.filter(known)?))
}

fn named(mut diagnosis: Box<Diagnosis>, gav: Option<String>) -> Box<Diagnosis> {
    diagnosis.gav = diagnosis.gav.take().or(gav);
    diagnosis
}

/// What becomes of a root document.
enum Standing {
    /// It is published.
    Asset,
    /// It belongs to something else that is seen.
    Silent,
    /// It is left out, and said why.
    Told(Box<Diagnosis>),
}

/// What is known about a tree before the first asset is built.
struct Scan<'a> {
    tree: &'a Tree,
    options: &'a Options,
    follower: Follower,
    /// Folders with an `exchange.json`: projects, vendored copies (`None`), and descriptors that are broken.
    projects: BTreeMap<Utf8PathBuf, Option<Result<Project, Box<Diagnosis>>>>,
    /// Files that may be root documents: only these are read again.
    candidates: HashSet<&'a Utf8Path>,
    /// RAML APIs without their first line.
    headless: HashSet<&'a Utf8Path>,
    /// Root documents that other root documents refer to.
    parts: BTreeSet<Utf8PathBuf>,
    /// Folders that hold a RAML API.
    api_folders: BTreeSet<Utf8PathBuf>,
}

impl<'a> Scan<'a> {
    fn new(tree: &'a Tree, options: &'a Options) -> Self {
        let mut scan = Self {
            tree,
            options,
            follower: Follower::new(&tree.root, &options.reading),
            projects: BTreeMap::new(),
            candidates: HashSet::new(),
            headless: HashSet::new(),
            parts: BTreeSet::new(),
            api_folders: BTreeSet::new(),
        };
        scan.find_projects();
        scan.find_parts();
        scan
    }

    fn find_projects(&mut self) {
        for file in self.tree.files.iter().filter(|file| file.file_name() == Some("exchange.json")) {
            let folder = file.parent().unwrap_or(Utf8Path::new("")).to_owned();
            let path = self.tree.root.join(file);
            match recognise::project(&path, &self.options.reading) {
                Ok(None) => {}
                Ok(Some(project)) if project.is_vendored_at(&folder) => {
                    self.projects.insert(folder, None);
                }
                Ok(Some(project)) => {
                    self.projects.insert(folder, Some(Ok(project)));
                }
                Err(diagnosis) => {
                    self.projects.insert(folder, Some(Err(diagnosis)));
                }
            }
        }
    }

    /// The nearest folder above a file that is claimed by an `exchange.json`.
    fn project_of(&self, file: &Utf8Path) -> Option<&Utf8Path> {
        file.ancestors()
            .skip(1)
            .find_map(|folder| self.projects.get_key_value(folder))
            .map(|(folder, _)| folder.as_path())
    }

    /// Reads every root document once, to learn which of them are parts of others.
    fn find_parts(&mut self) {
        let tree = self.tree;
        for file in tree.files.iter().filter(|file| detect::is_worth_a_look(file)) {
            if file.file_name() == Some("exchange.json") || self.project_of(file).is_some() {
                continue;
            }
            let path = tree.root.join(file);
            let spec = match recognise::glance(&path, &self.options.reading) {
                Glance::Nothing => continue,
                Glance::Headless => {
                    self.headless.insert(file);
                    continue;
                }
                Glance::Candidate => {
                    self.candidates.insert(file);
                    continue;
                }
                Glance::Referring(spec) => spec,
            };
            self.candidates.insert(file);
            let folder = file.parent().unwrap_or(Utf8Path::new(""));
            if spec.format == Format::RamlApi {
                self.api_folders.insert(folder.to_owned());
            }
            // An overlay changes an API; it does not make it a part.
            if spec.references.is_empty() || matches!(spec.format, Format::RamlOverlay(_)) {
                continue;
            }
            let root = path.parent().unwrap_or(&tree.root).to_owned();
            let main = Utf8PathBuf::from(file.file_name().unwrap_or_default());
            let closure = self.follower.follow(&root, &main, &spec.references, true);
            self.parts.extend(closure.members.into_iter().filter(|m| *m != main).map(|member| folder.join(member)));
            // What is referred to from below is a part as well, even though its referrer cannot be packaged.
            for reference in &spec.references {
                if let detect::Target::Relative(readings) = detect::reference_target(&reference.target) {
                    let targets = readings.iter().filter_map(|reading| detect::join_reference(folder, reading));
                    self.parts.extend(targets.filter(|target| target != file && tree.has(target)));
                }
            }
        }
    }

    /// What a file is: an asset, something wrong, or nothing to speak of.
    fn look(&mut self, file: &Utf8Path) -> Option<Result<Found, Box<Diagnosis>>> {
        if !self.tree.includes(file) && !self.includes_main(file) {
            return None;
        }
        match file.file_name() {
            Some("exchange.json") => self.project(file),
            Some("pom.xml") => self.pom(file),
            _ => match file.extension().map(str::to_ascii_lowercase).as_deref() {
                Some("jar" | "zip") => self.archive(file),
                _ if self.project_of(file).is_some() => None,
                _ if self.headless.contains(file) && !self.parts.contains(file) => {
                    Some(Err(recognise::headless(&self.tree.root.join(file))))
                }
                _ if self.candidates.contains(file) => self.specification(file),
                _ => None,
            },
        }
    }

    /// Whether a file is the descriptor of a main file that `include` names.
    fn includes_main(&self, file: &Utf8Path) -> bool {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let (Some("exchange.json"), Some(Some(Ok(project)))) = (file.file_name(), self.projects.get(folder)) else {
            return false;
        };
        project.main.as_deref().is_some_and(|main| self.tree.includes(&folder.join(main)))
    }

    fn project(&mut self, file: &Utf8Path) -> Option<Result<Found, Box<Diagnosis>>> {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let project = match self.projects.get(folder)?.as_ref()? {
            Ok(project) => project,
            Err(diagnosis) => return Some(Err(diagnosis.clone())),
        };
        // A copy that a project vendored under another name than `exchange_modules` is part of that project.
        let projects = &self.projects;
        let nested = |candidate: &Utf8Path| {
            let mut owners =
                candidate.ancestors().skip(1).take_while(|above| *above != folder && above.starts_with(folder));
            owners.any(|above| matches!(projects.get(above), Some(Some(_))))
        };
        let built = projects::build(self.tree, folder, project, &nested, self.options, &mut self.follower);
        let group = project.group_id.as_deref();
        let gav = gav(self.options, group, project.asset_id.as_deref(), project.version.as_deref());
        Some(built.map_err(|diagnosis| named(diagnosis, gav)))
    }

    fn pom(&self, file: &Utf8Path) -> Option<Result<Found, Box<Diagnosis>>> {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        match detect::read_pom(&self.tree.root.join(file), &self.tree.root, &self.options.reading) {
            Ok(pom) => {
                let group = pom.group_id.as_deref();
                let gav = gav(self.options, group, pom.artifact_id.as_deref(), pom.version.as_deref());
                let built = maven::build(self.tree, folder, &pom, self.options);
                built.map(|built| built.map_err(|diagnosis| named(diagnosis, gav)))
            }
            Err(error) => Some(Err(maven::broken(&self.tree.root.join(file), &error))),
        }
    }

    fn archive(&self, file: &Utf8Path) -> Option<Result<Found, Box<Diagnosis>>> {
        let built = self.built_archive(file)?;
        Some(built.and_then(|found| self.with_surroundings(file, found)))
    }

    fn built_archive(&self, file: &Utf8Path) -> Option<Result<Found, Box<Diagnosis>>> {
        let path = self.tree.root.join(file);
        let is_jar = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("jar"));
        match detect::read_archive(&path, &self.options.reading) {
            // It is published with its project.
            Ok(Archive::Mule { .. }) if self.is_built_here(file, &path) => None,
            Ok(archive @ Archive::Mule { .. }) => maven::jar(&path, file, archive, self.options),
            Ok(_) if is_jar || self.project_of(file).is_some() => None,
            Ok(archive) => archives::build(&path, file, archive, self.options),
            Err(_) if self.project_of(file).is_some() => None,
            Err(error) => Some(Err(archives::broken(&path, &error))),
        }
    }

    /// Whether the POM beside a jar is that of the project it was built from.
    fn is_built_here(&self, file: &Utf8Path, path: &Utf8Path) -> bool {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let pom: Utf8PathBuf = folder.join("pom.xml").components().collect();
        self.tree.has(&pom)
            && detect::read_pom(&self.tree.root.join(&pom), &self.tree.root, &self.options.reading)
                .is_ok_and(|pom| maven::built_jar(self.tree, folder, &pom).as_deref() == Some(path))
    }

    fn specification(&mut self, file: &Utf8Path) -> Option<Result<Found, Box<Diagnosis>>> {
        let path = self.tree.root.join(file);
        let spec = match recognise::read(&path, &self.options.reading) {
            Ok(Some(spec)) => spec,
            Ok(None) => return None,
            Err(diagnosis) => return Some(Err(diagnosis)),
        };
        // An API that is complete stays one, also where another document borrows from it.
        if self.parts.contains(file) && !spec.stands_alone {
            return None;
        }
        match self.place(file, &path, &spec) {
            Standing::Asset => {
                let found = recognise::lone(&path, file, &spec, &mut self.follower, false);
                Some(found.and_then(|found| self.with_surroundings(file, found)))
            }
            Standing::Silent => None,
            Standing::Told(diagnosis) => Some(Err(diagnosis)),
        }
    }

    /// Documentation and icon beside a lone specification or archive are its own where nothing else in the folder can claim them.
    fn with_surroundings(&self, file: &Utf8Path, mut found: Found) -> Result<Found, Box<Diagnosis>> {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        if extras::are_in(self.tree, folder) && !self.has_others(folder, file) {
            found.files.extend(extras::of(self.tree, folder, &self.options.reading)?);
        }
        Ok(found)
    }

    /// Whether a folder holds another asset than this one, or what was meant as one.
    fn has_others(&self, folder: &Utf8Path, file: &Utf8Path) -> bool {
        let beside = self.tree.below(folder).iter().filter(|other| other.parent() == Some(folder) && *other != file);
        beside.map(|other| (other, self.tree.root.join(other))).any(|(other, path)| {
            match other.extension().map(str::to_ascii_lowercase).as_deref() {
                Some("zip" | "jar") => {
                    !matches!(detect::read_archive(&path, &self.options.reading), Ok(Archive::Other))
                }
                _ if matches!(other.file_name(), Some("pom.xml" | "exchange.json")) => true,
                _ if !self.candidates.contains(other.as_path()) => false,
                _ => match recognise::read(&path, &self.options.reading) {
                    Ok(None) => false,
                    Ok(Some(spec)) if self.parts.contains(other) && !spec.stands_alone => false,
                    Ok(Some(spec)) => !matches!(self.place(other, &path, &spec), Standing::Silent),
                    Err(_) => true,
                },
            }
        })
    }

    /// Whether a root document makes an asset.
    fn place(&self, file: &Utf8Path, path: &Utf8Path, spec: &Spec) -> Standing {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let skipped = |message: String, hint: &str| {
            Standing::Told(Box::new(Diagnosis::skipped(path, Problem::Unsupported, message).hint(hint)))
        };
        match &spec.format {
            Format::RamlFragment(kind) => {
                let api = folder.ancestors().find(|above| self.api_folders.contains(*above));
                let is_piece = matches!(kind.as_str(), "DocumentationItem" | "NamedExample");
                match api {
                    Some(api) => {
                        let of = if api.as_str().is_empty() { "this folder" } else { api.as_str() };
                        skipped(
                            format!("RAML {kind} that nothing refers to, beside the API in {of}"),
                            "refer to it, remove it, or give it an exchange.json to publish it on its own",
                        )
                    }
                    None if is_piece => skipped(
                        format!("RAML {kind} that nothing refers to"),
                        "refer to it, or give it an exchange.json to publish it on its own",
                    ),
                    None => Standing::Asset,
                }
            }
            // The definition of a Maven policy project goes along with its jar.
            Format::PolicyDefinition if self.tree.has(&folder.join("pom.xml")) => Standing::Silent,
            // The manifest of a bundle beside the registry's descriptor describes the same server.
            Format::Mcp if file.file_name() == Some("manifest.json") && self.tree.has(&folder.join("server.json")) => {
                Standing::Silent
            }
            Format::AgentCard
                if file.file_name() == Some("agent.json") && self.tree.has(&folder.join("agent-card.json")) =>
            {
                skipped("older form of the agent card beside it".to_owned(), "remove it once no client reads it")
            }
            _ => Standing::Asset,
        }
    }
}
