//! Follows references from a main file to everything that belongs into its package.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use camino::{Utf8Path, Utf8PathBuf};

use super::lexical;
use super::outline::Dialect;
use super::refs::{self, Reference, Strength, Target};
use super::syntax;
use super::text;
use super::xml;
use crate::package::reading::{Question, Reading};

/// Files larger than this are not read for references: no specification comes near it.
pub(crate) const MAX_READ: u64 = 64 * 1024 * 1024;
/// An `exchange.json` or a `pom.xml` is kept in memory as a tree; real ones have some kilobytes.
pub(crate) const MAX_DESCRIPTOR: u64 = 4 * 1024 * 1024;
/// A package of more files is a mistake (a reference into a folder of data), not a specification.
const MAX_MEMBERS: usize = 20_000;
/// Remembered files; the cache is emptied when it is full.
const MAX_CACHED: usize = 4096;

/// What the references of a file are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavor {
    Refs,
    Raml,
    Xml,
    Proto,
    None,
}

/// A reference that leads nowhere useful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dangling {
    /// The file that holds the reference.
    pub(crate) file: Utf8PathBuf,
    /// The reference.
    pub(crate) reference: Reference,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// What is wrong with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing is there.
    Missing,
    /// The file is there, but above the folder of the main file.
    Above,
    /// It names a path of this machine, or leads through a link out of the tree.
    Machine,
    /// What is there is no regular file.
    NotAFile,
}

/// All that a main file pulls in.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Closure {
    /// The files, relative to the root, the main file included.
    pub(crate) members: BTreeSet<Utf8PathBuf>,
    /// The first needed reference that leads nowhere, in the order of the text.
    pub(crate) dangling: Option<Dangling>,
    /// How many more there are.
    pub(crate) more: usize,
}

/// Follows references; remembers what files refer to, since libraries are shared.
pub(crate) struct Follower {
    /// The canonical folder that no link may lead out of.
    boundary: Option<Utf8PathBuf>,
    reading: Reading,
    cache: HashMap<(Utf8PathBuf, bool), std::rc::Rc<Vec<Reference>>>,
}

impl Follower {
    /// References may lead anywhere below `boundary`.
    pub(crate) fn new(boundary: &Utf8Path, reading: &Reading) -> Self {
        Self { boundary: boundary.canonicalize_utf8().ok(), reading: reading.clone(), cache: HashMap::new() }
    }

    /// Collects everything that `main` (relative to `root`) refers to, directly and through others. `first` are its
    /// own references, as they were read before. References into `exchange_modules` are not missed where `modules_elsewhere`.
    pub(crate) fn follow(
        &mut self,
        root: &Utf8Path,
        main: &Utf8Path,
        first: &[Reference],
        modules_elsewhere: bool,
    ) -> Closure {
        let mut closure = Closure::default();
        let mut seen: HashSet<Utf8PathBuf> = HashSet::from([main.to_owned()]);
        let mut queue = VecDeque::from([(main.to_owned(), std::rc::Rc::new(first.to_vec()))]);
        let in_raml = flavor(main, "", false) == Flavor::Raml;
        while let Some((file, references)) = queue.pop_front() {
            for reference in references.iter() {
                match self.resolve(root, &file, reference) {
                    Ok(None) => {}
                    Ok(Some(found)) => {
                        if seen.len() < MAX_MEMBERS && seen.insert(found.clone()) {
                            let references = self.references(&root.join(&found), in_raml);
                            queue.push_back((found, references));
                        }
                    }
                    Err(_) if reference.strength == Strength::Welcome => {}
                    Err(Wrong::Missing) if modules_elsewhere && reference.target.contains("exchange_modules/") => {}
                    Err(wrong) => {
                        if closure.dangling.is_some() {
                            closure.more += 1;
                        } else {
                            closure.dangling =
                                Some(Dangling { file: root.join(&file), reference: reference.clone(), wrong });
                        }
                    }
                }
            }
            closure.members.insert(file);
        }
        closure
    }

    /// The file, relative to the root, that a reference leads to.
    pub(super) fn resolve(
        &self,
        root: &Utf8Path,
        file: &Utf8Path,
        reference: &Reference,
    ) -> Result<Option<Utf8PathBuf>, Wrong> {
        let folder = file.parent().unwrap_or(Utf8Path::new(""));
        let (readings, from_root) = match refs::target(&reference.target) {
            Target::NoFile => return Ok(None),
            Target::Machine => return Err(Wrong::Machine),
            Target::Relative(readings) => (readings, false),
            Target::FromRoot(readings) => (readings, true),
        };
        // Protobuf imports start at an import root, and vendored modules are named from the root wherever they stand.
        let is_proto = file.extension() == Some("proto");
        let mut bases: Vec<&Utf8Path> = vec![folder];
        if from_root {
            bases = vec![Utf8Path::new("")];
        } else if is_proto || reference.target.starts_with("exchange_modules/") {
            bases = folder.ancestors().collect();
        }
        let mut wrong = Wrong::Missing;
        for reading in &readings {
            for base in &bases {
                let Some(found) = refs::join(base, reading) else {
                    if root.join(base).join(reading).is_file() {
                        wrong = Wrong::Above;
                    }
                    continue;
                };
                match self.look(&root.join(&found)) {
                    Ok(()) => return Ok(Some(found)),
                    Err(Wrong::Missing) => {}
                    Err(other) => wrong = other,
                }
            }
        }
        if is_proto && wrong == Wrong::Missing && self.is_above(root, &readings[0]) {
            wrong = Wrong::Above;
        }
        Err(wrong)
    }

    /// Whether any of these files, or the main file itself, refers to the main file. All are relative to the root.
    pub(super) fn is_referred_to(
        &mut self,
        root: &Utf8Path,
        main: &Utf8Path,
        members: &BTreeSet<Utf8PathBuf>,
        first: &[Reference],
    ) -> bool {
        let in_raml = flavor(main, "", false) == Flavor::Raml;
        let leads_back = |follower: &Self, file: &Utf8Path, references: &[Reference]| {
            references.iter().any(|r| follower.resolve(root, file, r).is_ok_and(|found| found.as_deref() == Some(main)))
        };
        leads_back(self, main, first)
            || members.iter().filter(|member| *member != main).any(|member| {
                let references = self.references(&root.join(member), in_raml);
                leads_back(self, member, &references)
            })
    }

    /// Whether a protobuf import is found from a folder above the root, within the boundary.
    fn is_above(&self, root: &Utf8Path, reading: &Utf8Path) -> bool {
        let Some(boundary) = &self.boundary else { return false };
        let Ok(root) = root.canonicalize_utf8() else { return false };
        root.ancestors().skip(1).take_while(|folder| folder.starts_with(boundary)).any(|f| f.join(reading).is_file())
    }

    fn look(&self, path: &Utf8Path) -> Result<(), Wrong> {
        let Ok(link) = path.symlink_metadata() else { return Err(Wrong::Missing) };
        let Ok(metadata) = path.metadata() else { return Err(Wrong::Missing) };
        if !metadata.is_file() {
            return Err(Wrong::NotAFile);
        }
        // Folders on the way may be links, too; the common case costs no more than this one call.
        let inside = self
            .boundary
            .as_ref()
            .is_none_or(|boundary| path.canonicalize_utf8().is_ok_and(|canonical| canonical.starts_with(boundary)));
        if !inside || (link.is_symlink() && self.boundary.is_none()) {
            return Err(Wrong::Machine);
        }
        Ok(())
    }

    /// Reads what it reads by way of this.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// What a file refers to. A file that cannot be read or parsed refers to nothing: whether it is broken is for the
    /// server to say, since an example may be broken on purpose.
    fn references(&mut self, path: &Utf8Path, in_raml: bool) -> std::rc::Rc<Vec<Reference>> {
        let key = (path.to_owned(), in_raml);
        if let Some(known) = self.cache.get(&key) {
            return known.clone();
        }
        if self.cache.len() >= MAX_CACHED {
            self.cache.clear();
        }
        let found = std::rc::Rc::new(self.read_references(path, in_raml));
        self.cache.insert(key, found.clone());
        found
    }

    fn read_references(&self, path: &Utf8Path, in_raml: bool) -> Vec<Reference> {
        let question = Question::References { in_raml };
        let found = self.reading.told_within(MAX_READ, &question, path, |bytes| references_in(path, bytes, in_raml));
        found.ok().flatten().unwrap_or_default()
    }
}

fn flavor(path: &Utf8Path, text: &str, in_raml: bool) -> Flavor {
    if text.trim_start().starts_with("#%RAML") {
        return Flavor::Raml;
    }
    match path.extension().map(str::to_ascii_lowercase).as_deref() {
        Some("raml") => Flavor::Raml,
        Some("yaml" | "yml") if in_raml => Flavor::Raml,
        Some("json" | "yaml" | "yml" | "avsc") => Flavor::Refs,
        Some("wsdl" | "xsd" | "xml") => Flavor::Xml,
        Some("proto") => Flavor::Proto,
        _ if text.trim_start().starts_with(['{', '[']) => Flavor::Refs,
        _ => Flavor::None,
    }
}

/// What the bytes of a file refer to. What cannot be parsed refers to nothing.
pub(crate) fn references_in(path: &Utf8Path, bytes: &[u8], in_raml: bool) -> Vec<Reference> {
    let Ok(decoded) = text::decode(bytes) else { return Vec::new() };
    let text = decoded.text.as_ref();
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let mut found = match flavor(path, text, in_raml) {
        Flavor::Refs if !text.contains("$ref") => Vec::new(),
        Flavor::Refs => {
            syntax::read(text, is_json, Dialect::Refs).map(|(outline, _)| outline.references).unwrap_or_default()
        }
        Flavor::Raml if !["!include", "uses", "extends"].iter().any(|word| text.contains(word)) => Vec::new(),
        Flavor::Raml => syntax::yaml(text, Dialect::Raml).map(|outline| outline.references).unwrap_or_default(),
        Flavor::Xml => xml::read(text).map(|outline| outline.references).unwrap_or_default(),
        Flavor::Proto => lexical::proto(text).imports,
        Flavor::None => Vec::new(),
    };
    found.retain(Reference::may_lead_to_a_file);
    // JSON below RAML is as often an example as a schema, and the `$ref` of an example is data.
    if in_raml && is_json {
        for reference in &mut found {
            reference.strength = Strength::Welcome;
        }
    }
    found
}

/// Where a reference stands in its file: the parser's word, or the first place where its text stands in quotes.
pub(crate) fn place(dangling: &Dangling, reading: &Reading) -> Option<(u64, u64)> {
    if dangling.reference.position.is_some() {
        return dangling.reference.position;
    }
    let target = &dangling.reference.target;
    reading.told(MAX_READ, &Question::Place(target), &dangling.file, |bytes| place_of(target, bytes)).ok().flatten()
}

fn place_of(target: &str, bytes: &[u8]) -> Option<(u64, u64)> {
    let decoded = text::decode(bytes).ok()?;
    let quoted = serde_json::to_string(target).ok()?;
    let at = decoded.text.find(&quoted).or_else(|| decoded.text.find(&quoted.replace('/', "\\/")))?;
    Some(text::position(&decoded.text, at))
}
