//! The proof: what is about to be sent is read, and every place told where something of the source still stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::{self, Read, Write},
};

use aho_corasick::AhoCorasick;
use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Rewriter,
    archive::{MAX_DEPTH, is_archive, temporary},
    rewriter::is_binary,
};
use crate::{
    asset::{AssetDraft, FileKey, Remap, is_uuid},
    package::{
        Package,
        archive::{Archive, ArchiveError, Budget, Entry},
        detect,
        fingerprint::is_specification_archive,
    },
};

/// More places are not told: nobody reads them.
const MOST: usize = 100;

const MODULES: &str = "exchange_modules/";

/// A place where something is wrong with what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The file of the asset.
    pub part: FileKey,
    /// The member of its archive, with the archives on the way; empty for the file itself.
    pub member: Utf8PathBuf,
    /// The line, counted from 1; `None` in a binary file, and for a name.
    pub line: Option<u64>,
    /// What is wrong.
    pub what: What,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An id of the source.
    Id(String),
    /// The same in a longer word, which may mean something else.
    Within(String),
    /// Nobody can tell: the archive is encrypted, broken, or too large.
    Unread(String),
    /// A reference to a module that is neither in the archive nor among the dependencies.
    Dangling(String),
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.part)?;
        if !self.member.as_str().is_empty() {
            write!(f, ": {}", self.member)?;
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.what {
            What::Id(id) => write!(f, ": `{id}` of the source"),
            What::Within(id) => write!(f, ": `{id}` of the source, in a longer word"),
            What::Unread(why) => write!(f, ": cannot be looked into: {why}"),
            What::Dangling(target) => write!(f, ": `{target}` leads to no file"),
        }
    }
}

/// Tells every place in a package where an id of the source still stands, and every reference into `exchange_modules`
/// that leads nowhere, at most a hundred; nothing, where all is well. Archives in archives are unpacked into `scratch`.
///
/// UUIDs are looked for in every byte, in any case; other ids where they name something. Reads files and blocks.
///
/// # Errors
/// When the package cannot be read.
pub fn leftovers(
    draft: &AssetDraft,
    package: &Package,
    remap: &Remap,
    scratch: &Utf8Path,
) -> io::Result<Vec<Leftover>> {
    let mut proof = Proof::new(draft, remap, scratch);
    for part in &package.parts {
        proof.part(&part.key, part.path(), part.open()?)?;
    }
    Ok(proof.found)
}

struct Proof<'a> {
    draft: &'a AssetDraft,
    scratch: &'a Utf8Path,
    rewriter: Rewriter,
    raw: AhoCorasick,
    ids: Vec<String>,
    found: Vec<Leftover>,
}

impl<'a> Proof<'a> {
    fn new(draft: &'a AssetDraft, remap: &Remap, scratch: &'a Utf8Path) -> Self {
        let mut ids: Vec<String> = remap.ids().filter(|id| is_uuid(id)).map(str::to_owned).collect();
        ids.sort();
        ids.dedup();
        let raw = AhoCorasick::builder().ascii_case_insensitive(true).build(&ids);
        Self {
            draft,
            scratch,
            rewriter: Rewriter::new(remap.clone()),
            raw: raw.expect("a table of ids is smaller than an automaton may be"),
            ids,
            found: Vec::new(),
        }
    }

    fn part(&mut self, key: &FileKey, path: &Utf8Path, mut file: fs::File) -> io::Result<()> {
        let is_archive = matches!(key.packaging.as_str(), "zip" | "jar");
        let is_specification = is_specification_archive(key);
        if is_archive {
            match self.archive(key, Utf8Path::new(""), path, is_specification, 0) {
                Ok(()) => return Ok(()),
                Err(ArchiveError::Io(error)) => return Err(error),
                Err(error) => {
                    self.tell(key, Utf8Path::new(""), None, What::Unread(error.to_string()));
                    return Ok(());
                }
            }
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // What was rewritten lies under a name of ours.
        let name = if key.packaging == "pom" { "pom.xml".to_owned() } else { format!("file.{}", key.packaging) };
        self.look(key, Utf8Path::new(""), &name, &bytes);
        Ok(())
    }

    fn archive(
        &mut self,
        key: &FileKey,
        outer: &Utf8Path,
        path: &Utf8Path,
        is_specification: bool,
        depth: usize,
    ) -> Result<(), ArchiveError> {
        let mut archive = Archive::open(path, &Budget::default())?;
        let entries = archive.entries().to_vec();
        let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        for entry in &entries {
            let member = outer.join(&entry.name);
            self.look_at_name(key, &member, &entry.name);
            let bytes = read(&mut archive, entry)?;
            if is_archive(&entry.name) && depth + 1 < MAX_DEPTH {
                let (mut file, inner) = temporary(self.scratch).map_err(ArchiveError::Io)?;
                file.write_all(&bytes).map_err(ArchiveError::Io)?;
                drop(file);
                let path = Utf8Path::from_path(&inner).unwrap_or(Utf8Path::new(""));
                match self.archive(key, &member, path, false, depth + 1) {
                    Err(ArchiveError::Io(error)) => return Err(ArchiveError::Io(error)),
                    Ok(()) => continue,
                    Err(_) => {}
                }
            }
            self.look(key, &member, &entry.name, &bytes);
            if is_specification {
                self.references(key, &entry.name, &bytes, &names);
            }
        }
        Ok(())
    }

    /// Looks for ids in a file.
    fn look(&mut self, key: &FileKey, member: &Utf8Path, name: &str, bytes: &[u8]) {
        let mut places: BTreeMap<usize, What> = BTreeMap::new();
        let changes = self.rewriter.changes(name, bytes);
        // In UTF-16 there is a zero after each letter.
        let narrow: Vec<u8>;
        let is_wide = bytes.contains(&0);
        for found in self.raw.find_iter(bytes) {
            let id = self.ids[found.pattern().as_usize()].clone();
            let would_change = is_binary(bytes) || changes.iter().any(|(range, _)| range.contains(&found.start()));
            let what = if would_change { What::Id(id) } else { What::Within(id) };
            places.entry(found.start()).or_insert(what);
        }
        if is_wide {
            narrow = bytes.iter().copied().filter(|b| *b != 0).collect();
            if let Some(found) = self.raw.find(&narrow).filter(|_| places.is_empty()) {
                places.insert(0, What::Id(self.ids[found.pattern().as_usize()].clone()));
            }
        }
        for (range, text) in changes {
            places.entry(range.start).or_insert(What::Id(text));
        }
        for (start, what) in places {
            let line = (!is_wide).then(|| detect::newlines(&bytes[..start]) + 1);
            self.tell(key, member, line, what);
        }
    }

    fn look_at_name(&mut self, key: &FileKey, member: &Utf8Path, name: &str) {
        let raw = self.raw.find(name.as_bytes()).map(|found| self.ids[found.pattern().as_usize()].clone());
        let changes = self.rewriter.name(name).is_some();
        let what = match raw {
            Some(id) if changes => What::Id(id),
            Some(id) => What::Within(id),
            None if changes => What::Id(name.to_owned()),
            None => return,
        };
        self.tell(key, member, None, what);
    }

    /// Looks where the references of a file lead that go into `exchange_modules`.
    fn references(&mut self, key: &FileKey, name: &str, bytes: &[u8], names: &BTreeSet<&str>) {
        let in_raml = key.classifier().starts_with("raml");
        for reference in detect::references_in(Utf8Path::new(name), bytes, in_raml) {
            if reference.target.contains(MODULES)
                && reference.strength == detect::Strength::Needed
                && !self.is_there(name, &reference.target, names)
            {
                let line = reference.position.map(|(line, _)| line);
                self.tell(key, Utf8Path::new(name), line, What::Dangling(reference.target));
            }
        }
    }

    fn is_there(&self, name: &str, target: &str, names: &BTreeSet<&str>) -> bool {
        let (detect::Target::Relative(readings) | detect::Target::FromRoot(readings)) =
            detect::reference_target(target)
        else {
            return true;
        };
        let folder = Utf8Path::new(name).parent().unwrap_or(Utf8Path::new(""));
        // Vendored modules are named from the root wherever they stand.
        let leads = |reading: &Utf8PathBuf| {
            let found = |base: &Utf8Path| {
                detect::join_reference(base, reading).is_some_and(|path| names.contains(path.as_str()))
            };
            folder.ancestors().any(found)
        };
        if readings.iter().any(leads) {
            return true;
        }
        // The server puts the declared dependencies there, and theirs (EXCHANGE.md §3.11).
        if !self.draft.dependencies.is_empty() && name.starts_with(MODULES) {
            return true;
        }
        let module = target.split(MODULES).nth(1).unwrap_or_default();
        self.draft.dependencies.iter().any(|dependency| module.starts_with(&format!("{dependency}/")))
    }

    fn tell(&mut self, key: &FileKey, member: &Utf8Path, line: Option<u64>, what: What) {
        if self.found.len() < MOST {
            self.found.push(Leftover { part: key.clone(), member: member.to_owned(), line, what });
        }
    }
}

fn read(archive: &mut Archive, entry: &Entry) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    archive.visit(entry, |chunk| {
        bytes.extend_from_slice(chunk);
        Ok(())
    })?;
    Ok(bytes)
}
