//! Archives among the sources: jars that Maven built, and zips that hold one project.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use zip::result::ZipError;

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
pub(crate) const MAX_ENTRY: u64 = 16 * 1024 * 1024;
/// No more than this is read of all entries together.
pub(crate) const MAX_INSIDE: u64 = 64 * 1024 * 1024;
/// What is read of an entry that is too large, to tell what it was meant as.
const HEAD: usize = 4096;
/// No more entries than this are opened in search of a main file.
const MAX_OPENED: usize = 200;
/// Archives of more entries are not looked into.
const MAX_ENTRIES: usize = 50_000;

/// The descriptor of a project.
const DESCRIPTOR: &str = "exchange.json";

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
    /// The entry that would say what it is cannot be understood, and why.
    Broken(Utf8PathBuf, String),
    /// The entry that would say what it is has more than [`MAX_ENTRY`] bytes, or lies behind [`MAX_INSIDE`] of others.
    Oversized(Utf8PathBuf),
    /// Nothing that could be published.
    Other,
}

/// Why an archive cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("the archive cannot be read")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

/// What is wrong with the bytes of an archive.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Damage {
    #[error("the archive is damaged: {0}")]
    Invalid(String),
    #[error("the archive uses what is not supported: {0}")]
    Unsupported(String),
}

impl From<Refused> for Damage {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(why) => Self::Invalid(why),
            Refused::Unsupported(why) => Self::Unsupported(why),
            other => Self::Invalid(other.to_string()),
        }
    }
}

impl Damage {
    /// Says it about an entry.
    fn of(name: &str, refused: Refused) -> Self {
        match refused.into() {
            Self::Invalid(why) => Self::Invalid(format!("the entry `{name}`: {why}")),
            Self::Unsupported(why) => Self::Unsupported(format!("the entry `{name}`: {why}")),
        }
    }
}

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
    Ok(looked??)
}

fn look(file: Watched) -> Result<Archive, Damage> {
    let archive = match archive::open_index(BufReader::new(file), MAX_ENTRIES) {
        Ok(archive) => archive,
        Err(Refused::Entries { count, .. }) => return Ok(Archive::Crowded(count)),
        Err(error) => return Err(error.into()),
    };
    let mut zip = Zip { archive, left: MAX_INSIDE };
    let names: BTreeSet<String> = zip.archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    if names.contains("META-INF/mule-artifact/mule-artifact.json") {
        return mule(&mut zip, &names);
    }
    let is_content = |name: &&String| {
        let hidden = name.starts_with("__MACOSX/") || name.ends_with(".DS_Store") || name.ends_with('/');
        !hidden && !name.starts_with("META-INF/")
    };
    let names: Vec<String> = names.iter().filter(is_content).cloned().collect();
    content(&mut zip, &names)
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

/// What there is of an entry.
enum Entry {
    /// No entry has this name.
    Missing,
    /// All of it.
    Whole(Vec<u8>),
    /// It is too large to be read; its beginning.
    Oversized(Vec<u8>),
}

impl Entry {
    fn whole(self) -> Option<Vec<u8>> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Missing | Self::Oversized(_) => None,
        }
    }
}

/// Reads an entry. One that cannot be is a fault of the whole archive: nobody could unpack it.
fn entry(zip: &mut Zip, name: &str) -> Result<Entry, Damage> {
    let most = MAX_ENTRY.min(zip.left);
    let file = match zip.archive.by_name(name) {
        Ok(file) => file,
        Err(ZipError::FileNotFound) => return Ok(Entry::Missing),
        Err(error) => return Err(Damage::of(name, error.into())),
    };
    let mut bytes = Vec::new();
    file.take(most.max(HEAD as u64) + 1).read_to_end(&mut bytes).map_err(|error| Damage::of(name, error.into()))?;
    zip.left = zip.left.saturating_sub(bytes.len() as u64);
    if bytes.len() as u64 <= most {
        return Ok(Entry::Whole(bytes));
    }
    bytes.truncate(HEAD);
    Ok(Entry::Oversized(bytes))
}

fn mule(zip: &mut Zip, names: &BTreeSet<String>) -> Result<Archive, Damage> {
    let artifact = entry(zip, "META-INF/mule-artifact/mule-artifact.json")?.whole();
    let json = artifact.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let classifier = json.as_ref().and_then(|json| {
        let found = json.pointer("/bundleDescriptorLoader/attributes/classifier").or(json.get("classifier"));
        found.and_then(|value| value.as_str()).map(|text| cut(text, 100).to_owned())
    });
    let poms: Vec<&String> =
        names.iter().filter(|name| name.starts_with("META-INF/maven/") && name.ends_with("/pom.xml")).collect();
    let pom = match poms.as_slice() {
        [name] => entry(zip, name)?.whole().and_then(|bytes| pom::parse(&bytes).ok()).map(Box::new),
        _ => None,
    };
    Ok(Archive::Mule { classifier, pom })
}

fn content(zip: &mut Zip, names: &[String]) -> Result<Archive, Damage> {
    let at_root: Vec<&String> = names.iter().filter(|name| !name.contains('/')).collect();
    let is_described = at_root.iter().any(|name| *name == DESCRIPTOR);
    let described = if is_described { described(zip)? } else { Described::Nothing };
    let absent = match described {
        Described::Archive(archive) => return Ok(archive),
        Described::Absent(main) => Some(main),
        Described::Nothing => None,
    };
    let mut roots = specs(zip, &at_root)?;
    match roots.found.len() {
        0 => {}
        1 => {
            let (main, spec) = roots.found.remove(0);
            return Ok(Archive::Project { project: None, main, spec: Box::new(spec) });
        }
        _ => return Ok(Archive::Several(roots.found.into_iter().map(|(main, _)| main).collect())),
    }
    // People zip the folder instead of its contents.
    let one_deep: Vec<&String> = names.iter().filter(|name| name.matches('/').count() == 1).collect();
    let nested = specs(zip, &one_deep)?;
    if let Some((main, _)) = nested.found.into_iter().next() {
        return Ok(Archive::Nested(main));
    }
    let absent = absent
        .map(|main| Archive::Broken(DESCRIPTOR.into(), format!("it names the main file `{main}`, which is not there")));
    Ok(absent.or(roots.unread).or(nested.unread).unwrap_or(Archive::Other))
}

/// What the `exchange.json` of an archive leads to.
enum Described {
    /// What the archive is.
    Archive(Archive),
    /// A main file that is not in the archive.
    Absent(String),
    /// No main file that would be a specification.
    Nothing,
}

fn described(zip: &mut Zip) -> Result<Described, Damage> {
    let parsed = match entry(zip, DESCRIPTOR)? {
        Entry::Whole(bytes) => project::parse(&bytes),
        Entry::Oversized(_) => return Ok(Described::Archive(Archive::Oversized(DESCRIPTOR.into()))),
        Entry::Missing => return Ok(Described::Nothing),
    };
    let project = match parsed {
        Ok(Some(project)) => project,
        Ok(None) => return Ok(Described::Nothing),
        Err(error) => return Ok(Described::Archive(Archive::Broken(DESCRIPTOR.into(), error.to_string()))),
    };
    let Some(main) = project.main.clone() else { return Ok(Described::Nothing) };
    let archive = match entry(zip, &main)? {
        Entry::Missing => return Ok(Described::Absent(main)),
        Entry::Oversized(_) => Archive::Oversized(main.into()),
        Entry::Whole(bytes) => match spec::read(Utf8Path::new(&main), &bytes) {
            Ok(None) => return Ok(Described::Nothing),
            Err(error) => Archive::Broken(main.into(), error.to_string()),
            Ok(Some(_)) if main.contains('/') => Archive::Nested(main.into()),
            Ok(Some(spec)) => {
                Archive::Project { project: Some(Box::new(project)), main: main.into(), spec: Box::new(spec) }
            }
        },
    };
    Ok(Described::Archive(archive))
}

/// The main files among some entries.
struct Specs {
    found: Vec<(Utf8PathBuf, Spec)>,
    /// The first that was surely meant as a specification, and cannot be read as one.
    unread: Option<Archive>,
}

/// The root documents among some entries, without those that another one refers to.
fn specs(zip: &mut Zip, names: &[&String]) -> Result<Specs, Damage> {
    let mut specs = Specs { found: Vec::new(), unread: None };
    let paths = names.iter().map(|name| Utf8Path::new(name.as_str()));
    for path in paths.filter(|path| spec::is_worth_a_look(path)).take(MAX_OPENED) {
        let unread = match entry(zip, path.as_str())? {
            Entry::Missing => continue,
            Entry::Oversized(head) => match spec::meant_as(path, &head) {
                Some(_) => Archive::Oversized(path.to_owned()),
                None => continue,
            },
            Entry::Whole(bytes) => match spec::read(path, &bytes) {
                Ok(None) => continue,
                Ok(Some(spec)) => {
                    specs.found.push((path.to_owned(), spec));
                    continue;
                }
                Err(error) => Archive::Broken(path.to_owned(), error.to_string()),
            },
        };
        specs.unread.get_or_insert(unread);
    }
    let mut parts = BTreeSet::new();
    for (path, spec) in &specs.found {
        for reference in &spec.references {
            if let Target::Relative(readings) = refs::target(&reference.target) {
                let folder = path.parent().unwrap_or(Utf8Path::new(""));
                parts.extend(readings.iter().filter_map(|reading| refs::join(folder, reading)).filter(|p| p != path));
            }
        }
    }
    specs.found.retain(|(path, spec)| {
        !parts.contains(path) && !matches!(spec.format, spec::Format::RamlFragment(_)) || names.len() == 1
    });
    Ok(specs)
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

    /// What there is in an archive of these entries, stored as they are, of which some bytes have become others.
    fn looked(entries: &[(&str, &[u8])], from: &[u8], to: &[u8]) -> Result<Archive, ArchiveError> {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, options).expect("starts");
            io::Write::write_all(&mut writer, content).expect("writes");
        }
        let mut bytes = writer.finish().expect("finishes").into_inner();
        if !from.is_empty() {
            let at = bytes.windows(from.len()).position(|window| window == from).expect("is there");
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        let file = tempfile::NamedTempFile::new().expect("temp");
        fs_err::write(file.path(), bytes).expect("writes");
        read(Utf8Path::from_path(file.path()).expect("utf-8"), &Reading::default())
    }

    const OAS: &[u8] = b"openapi: 3.0.0\ninfo: {title: One, version: '1'}\npaths: {}\n";

    #[test]
    fn what_cannot_be_looked_into_is_never_nothing() {
        let told = |entries: &[(&str, &[u8])], from: &[u8], to: &[u8]| match looked(entries, from, to) {
            Ok(archive) => format!("{archive:?}"),
            Err(error) => error.to_string(),
        };
        let rotten = told(&[("api.yaml", OAS)], b"One", b"Two");
        assert_eq!(rotten, "the archive is damaged: the entry `api.yaml`: Invalid checksum");
        let broken = told(&[("api.yaml", b"openapi: 3.0.0\ninfo: {title: [\n")], b"", b"");
        assert!(broken.starts_with("Broken(\"api.yaml\", \"OpenAPI file cannot be parsed"), "{broken}");
        let broken = told(&[("f/api.json", b"{\"swagger\": \"2.0\",}")], b"", b"");
        assert!(broken.starts_with("Broken(\"f/api.json\""), "{broken}");
        let project = told(&[("exchange.json", b"{\"main\": "), ("api.yaml", OAS)], b"", b"");
        assert!(project.starts_with("Broken(\"exchange.json\""), "{project}");
        let absent = told(&[("exchange.json", b"{\"main\": \"gone.raml\", \"classifier\": \"raml\"}")], b"", b"");
        assert!(absent.contains("names the main file `gone.raml`"), "{absent}");
        let large = [OAS, &vec![b'#'; usize::try_from(MAX_ENTRY).expect("small")]].concat();
        assert_eq!(told(&[("api.yaml", &large)], b"", b""), "Oversized(\"api.yaml\")");
        let data = [b"{\"numbers\": [".as_slice(), &large].concat();
        assert_eq!(told(&[("data.json", &data)], b"", b""), "Other");
    }

    #[test]
    fn a_broken_file_beside_a_main_file_does_not_matter() {
        let entries: &[(&str, &[u8])] = &[("api.yaml", OAS), ("old.json", b"{\"swagger\": \"2.0\",}")];
        assert!(matches!(looked(entries, b"", b""), Ok(Archive::Project { main, .. }) if main == "api.yaml"));
    }

    #[test]
    fn the_main_file_is_found_behind_any_number_of_others() {
        let pages: Vec<String> = (0..300).map(|n| format!("a{n}.md")).collect();
        let mut entries: Vec<(&str, &[u8])> = pages.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        entries.push(("api.yaml", OAS));
        assert!(matches!(looked(&entries, b"", b""), Ok(Archive::Project { .. })));
    }
}
