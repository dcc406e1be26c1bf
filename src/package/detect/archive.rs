//! Archives among the sources: jars that Maven built, and zips that hold one project.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::outline::cut;
use super::pom::{self, Pom};
use super::project::{self, Project};
use super::refs::{self, Target};
use super::spec::{self, Spec};
use crate::package::{
    archive::{self, ArchiveError as Refused},
    reading::{Question, Reading},
    regular,
};

/// No more than this is read of one entry: what is larger is no descriptor and no specification.
const MAX_ENTRY: u64 = 16 * 1024 * 1024;
/// No more than this is read of all entries together.
const MAX_READ: u64 = 64 * 1024 * 1024;
/// Archives of more entries are not looked into.
const MAX_ENTRIES: usize = 50_000;

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Archive {
    /// A jar with `META-INF/mule-artifact/mule-artifact.json`.
    Mule {
        /// The `classifier` that mule-artifact.json names, where it does.
        classifier: Option<String>,
        /// The POM inside, where there is exactly one.
        pom: Option<Box<Pom>>,
    },
    /// One project or specification with its main file in the root.
    Project {
        /// Its `exchange.json`.
        project: Option<Box<Project>>,
        /// The main file.
        main: Utf8PathBuf,
        /// What the main file is.
        spec: Box<Spec>,
    },
    /// The main file lies in a folder of the archive, not in its root.
    Nested(Utf8PathBuf),
    /// Several main files.
    Several(Vec<Utf8PathBuf>),
    /// So many entries that it was not looked into.
    Crowded(usize),
    /// Nothing that could be published.
    Other,
}

/// Why an archive cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("the archive cannot be read")]
    Io(#[from] std::io::Error),
    #[error("the archive is damaged")]
    Damaged(#[source] Damage),
}

/// What is wrong with the bytes of an archive.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damage(String);

/// An archive that is looked into, and how much of it may still be read.
struct Zip {
    archive: archive::Zip<BufReader<Watched>>,
    left: u64,
}

/// Looks into an archive. Nothing is unpacked to disk, and each entry is read up to a limit.
pub(crate) fn read(path: &Utf8Path, reading: &Reading) -> Result<Archive, ArchiveError> {
    let looked = reading.found(&Question::Archive, path, || {
        let trouble = Trouble::default();
        let looked = look(Watched { file: regular::open(path.as_std_path())?.0, trouble: Rc::clone(&trouble) });
        // A disk that fails says nothing about the archive.
        trouble.take().map_or(Ok(looked), Err)
    });
    looked?.map_err(ArchiveError::Damaged)
}

fn look(file: Watched) -> Result<Archive, Damage> {
    let archive = match archive::open_index(BufReader::new(file), MAX_ENTRIES) {
        Ok(archive) => archive,
        Err(Refused::Entries { count, .. }) => return Ok(Archive::Crowded(count)),
        Err(Refused::Invalid(why) | Refused::Unsupported(why)) => return Err(Damage(why)),
        Err(error) => return Err(Damage(error.to_string())),
    };
    let mut zip = Zip { archive, left: MAX_READ };
    let names: BTreeSet<String> = zip.archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    if names.contains("META-INF/mule-artifact/mule-artifact.json") {
        return Ok(mule(&mut zip, &names));
    }
    let is_content = |name: &&String| {
        let hidden = name.starts_with("__MACOSX/") || name.ends_with(".DS_Store") || name.ends_with('/');
        !hidden && !name.starts_with("META-INF/")
    };
    let names: Vec<String> = names.iter().filter(is_content).cloned().collect();
    Ok(content(&mut zip, &names))
}

/// The error of the system that a reader has met, if any: the crate that unpacks may take it for damage.
type Trouble = Rc<RefCell<Option<io::Error>>>;

/// A file that tells of errors behind the back of whoever reads it.
struct Watched {
    file: File,
    trouble: Trouble,
}

impl Watched {
    fn watch<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.map_err(|error| {
            let kind = error.kind();
            // A seek to a place before the beginning is asked for by the archive, not refused by the disk.
            if !matches!(kind, io::ErrorKind::Interrupted | io::ErrorKind::InvalidInput) {
                self.trouble.replace(Some(error));
            }
            kind.into()
        })
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let outcome = self.file.read(buffer);
        self.watch(outcome)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let outcome = self.file.seek(to);
        self.watch(outcome)
    }
}

fn entry(zip: &mut Zip, name: &str) -> Option<Vec<u8>> {
    let most = MAX_ENTRY.min(zip.left);
    let file = zip.archive.by_name(name).ok()?;
    let mut bytes = Vec::new();
    let outcome = file.take(most + 1).read_to_end(&mut bytes);
    zip.left = zip.left.saturating_sub(bytes.len() as u64);
    outcome.ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

fn mule(zip: &mut Zip, names: &BTreeSet<String>) -> Archive {
    let artifact = entry(zip, "META-INF/mule-artifact/mule-artifact.json");
    let json = artifact.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let classifier = json.as_ref().and_then(|json| {
        let found = json.pointer("/bundleDescriptorLoader/attributes/classifier").or(json.get("classifier"));
        found.and_then(|value| value.as_str()).map(|text| cut(text, 100).to_owned())
    });
    let poms: Vec<&String> =
        names.iter().filter(|name| name.starts_with("META-INF/maven/") && name.ends_with("/pom.xml")).collect();
    let pom = match poms.as_slice() {
        [name] => entry(zip, name).and_then(|bytes| pom::parse(&bytes).ok()).map(Box::new),
        _ => None,
    };
    Archive::Mule { classifier, pom }
}

fn content(zip: &mut Zip, names: &[String]) -> Archive {
    let at_root: Vec<&String> = names.iter().filter(|name| !name.contains('/')).collect();
    if at_root.iter().any(|name| *name == "exchange.json")
        && let Some(bytes) = entry(zip, "exchange.json")
        && let Ok(Some(project)) = project::parse(&bytes)
        && let Some(main) = project.main.clone()
        && let Some(bytes) = entry(zip, &main)
        && let Ok(Some(spec)) = spec::read(Utf8Path::new(&main), &bytes)
    {
        if main.contains('/') {
            return Archive::Nested(main.into());
        }
        return Archive::Project { project: Some(Box::new(project)), main: main.into(), spec: Box::new(spec) };
    }
    let mut roots = specs(zip, &at_root);
    match roots.len() {
        0 => {}
        1 => {
            let (main, spec) = roots.remove(0);
            return Archive::Project { project: None, main, spec: Box::new(spec) };
        }
        _ => return Archive::Several(roots.into_iter().map(|(main, _)| main).collect()),
    }
    // People zip the folder instead of its contents.
    let one_deep: Vec<&String> = names.iter().filter(|name| name.matches('/').count() == 1).collect();
    let nested = specs(zip, &one_deep);
    match nested.into_iter().next() {
        Some((main, _)) => Archive::Nested(main),
        None => Archive::Other,
    }
}

/// The root documents among some entries, without those that another one refers to.
fn specs(zip: &mut Zip, names: &[&String]) -> Vec<(Utf8PathBuf, Spec)> {
    let mut found: Vec<(Utf8PathBuf, Spec)> = Vec::new();
    for name in names.iter().take(200) {
        let path = Utf8Path::new(name.as_str());
        if !spec::is_worth_a_look(path) {
            continue;
        }
        if let Some(bytes) = entry(zip, name)
            && let Ok(Some(spec)) = spec::read(path, &bytes)
        {
            found.push((path.to_owned(), spec));
        }
    }
    let mut parts = BTreeSet::new();
    for (path, spec) in &found {
        for reference in &spec.references {
            if let Target::Relative(readings) = refs::target(&reference.target) {
                let folder = path.parent().unwrap_or(Utf8Path::new(""));
                parts.extend(readings.iter().filter_map(|reading| refs::join(folder, reading)).filter(|p| p != path));
            }
        }
    }
    found.retain(|(path, spec)| {
        !parts.contains(path) && !matches!(spec.format, spec::Format::RamlFragment(_)) || names.len() == 1
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_told_from_an_archive_that_is_damaged() {
        let folder = tempfile::tempdir().expect("temp");
        let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("a.zip");
        fs_err::write(&path, "no archive").expect("writes");
        let looked = |file| {
            let trouble = Trouble::default();
            let looked = look(Watched { file, trouble: Rc::clone(&trouble) });
            (looked.is_err(), trouble.take().is_some())
        };
        assert_eq!(looked(File::open(&path).expect("opens")), (true, false));
        // Reading from a file that is open for writing only is refused by the system.
        let unreadable = std::fs::OpenOptions::new().write(true).open(&path).expect("opens");
        assert_eq!(looked(unreadable), (true, true));
        assert!(matches!(read(&path, &Reading::default()), Err(ArchiveError::Damaged(_))));
    }
}
