//! Walks a directory once and keeps the names of its files.
//!
//! `.gitignore` files inside the tree count, also outside a checkout, and so do `.consignignore` files; ignore files
//! above the root, of the user or of the machine do not, so that the same tree gives the same assets everywhere. Links
//! are not followed. Nothing but regular files is ever opened.

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;

use crate::asset::{Diagnosis, Problem};

use super::{Options, SourceError};

/// Folders that hold no assets: version control, installed packages, build results, vendored dependencies, our journal.
const LEFT_OUT: &[&str] = &[".git", ".hg", ".svn", ".consign", "node_modules", "target", "exchange_modules"];

/// The files of a directory, by path relative to it, sorted by bytes.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The directory.
    pub(crate) root: Utf8PathBuf,
    /// The regular files.
    pub(crate) files: Vec<Utf8PathBuf>,
    /// What could not be looked at.
    pub(crate) diagnoses: Vec<Diagnosis>,
    include: Option<GlobSet>,
}

impl Tree {
    /// Walks a directory.
    pub(crate) fn walk(root: &Utf8Path, options: &Options) -> Result<Self, SourceError> {
        let metadata =
            fs_err::metadata(root).map_err(|cause| SourceError::Unreadable { path: root.to_owned(), cause })?;
        if !metadata.is_dir() {
            return Err(SourceError::WrongKind { path: root.to_owned(), expected: "directory" });
        }
        fs_err::read_dir(root).map_err(|cause| SourceError::Unreadable { path: root.to_owned(), cause })?;
        let include = if options.include.is_empty() { None } else { Some(globs(&options.include)?) };
        let exclude = globs(&options.exclude)?;
        let mut tree = Self { root: root.to_owned(), files: Vec::new(), diagnoses: Vec::new(), include };
        let canonical = root.canonicalize_utf8().ok();
        for entry in walker(root, exclude) {
            match entry {
                Ok(entry) => tree.see(&entry, canonical.as_deref()),
                Err(error) => tree.diagnoses.push(unreadable(root, &error)),
            }
        }
        tree.files.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        tree.diagnoses.sort_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
        Ok(tree)
    }

    /// Whether a file is among those that `include` names.
    pub(crate) fn includes(&self, file: &Utf8Path) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(file))
    }

    /// The files below a folder (`""` is the root), relative to the root.
    pub(crate) fn below(&self, folder: &Utf8Path) -> &[Utf8PathBuf] {
        if folder.as_str().is_empty() {
            return &self.files;
        }
        let prefix = format!("{folder}/");
        let start = self.files.partition_point(|file| file.as_str() < prefix.as_str());
        let length = self.files[start..].partition_point(|file| file.as_str().starts_with(&prefix));
        &self.files[start..start + length]
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, file: &Utf8Path) -> bool {
        self.files.binary_search_by(|known| known.as_str().cmp(file.as_str())).is_ok()
    }

    fn see(&mut self, entry: &ignore::DirEntry, canonical: Option<&Utf8Path>) {
        let Some(path) = Utf8Path::from_path(entry.path()) else {
            // What lies in a folder with such a name is told once, by the folder.
            let is_told = entry.path().parent().is_some_and(|parent| parent.to_str().is_none());
            if !is_told {
                let shown = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
                let diagnosis = Diagnosis::failed(shown, Problem::Encoding, "the name is not UTF-8");
                self.diagnoses.push(diagnosis.hint("rename it; nothing below such a name is looked at"));
            }
            return;
        };
        let Some(kind) = entry.file_type() else { return };
        if kind.is_file() {
            if let Ok(relative) = path.strip_prefix(&self.root) {
                self.files.push(relative.to_owned());
            }
        } else if kind.is_symlink() {
            // A link within the tree leads to something that is seen under its own name.
            match path.canonicalize_utf8() {
                Ok(target) if canonical.is_none_or(|root| target.starts_with(root)) => {}
                Ok(_) => {
                    let diagnosis =
                        Diagnosis::skipped(path, Problem::Unreadable, "the link leads out of the directory");
                    self.diagnoses.push(diagnosis.hint("copy what it leads to into the directory if it is meant"));
                }
                Err(_) => {
                    let diagnosis =
                        Diagnosis::skipped(path, Problem::Unreadable, "the link leads nowhere or in circles");
                    self.diagnoses.push(diagnosis.hint("remove the link"));
                }
            }
        } else if !kind.is_dir() {
            let diagnosis =
                Diagnosis::skipped(path, Problem::Unreadable, "this is a device, a socket or a FIFO, not a file");
            self.diagnoses.push(diagnosis.hint("it was not opened"));
        }
    }
}

fn walker(root: &Utf8Path, exclude: GlobSet) -> ignore::Walk {
    let base = root.to_owned();
    WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_ignore(true)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .add_custom_ignore_filename(".consignignore")
        .filter_entry(move |entry| {
            if entry.depth() == 0 {
                return true;
            }
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let name = entry.file_name().to_str();
            if is_folder && name.is_some_and(|name| LEFT_OUT.contains(&name)) {
                return false;
            }
            entry.path().strip_prefix(&base).map_or(true, |relative| !exclude.is_match(relative))
        })
        .build()
}

fn globs(patterns: &[String]) -> Result<GlobSet, SourceError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let bad = |cause| SourceError::Glob { glob: pattern.clone(), cause };
        let mut add = |text: &str| -> Result<(), SourceError> {
            set.add(GlobBuilder::new(text).literal_separator(true).build().map_err(bad)?);
            Ok(())
        };
        let plain = pattern.trim_start_matches("./").trim_end_matches('/');
        add(plain)?;
        // A folder stands for all that it holds.
        if !plain.ends_with("**") {
            add(&format!("{plain}/**"))?;
        }
    }
    let joined = patterns.join(", ");
    set.build().map_err(|cause| SourceError::Glob { glob: joined, cause })
}

fn unreadable(root: &Utf8Path, error: &ignore::Error) -> Diagnosis {
    let path = path_of(error).unwrap_or_else(|| root.to_owned());
    let why = error.io_error().map_or_else(|| error.to_string(), |io| io.kind().to_string());
    Diagnosis::failed(path, Problem::Unreadable, format!("cannot be read: {why}")).hint("check its permissions")
}

fn path_of(error: &ignore::Error) -> Option<Utf8PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.to_string_lossy().into_owned().into()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
