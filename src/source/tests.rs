//! Small trees, one per promise.

mod answers;
mod directory;
mod manifest;
mod memory;
mod projects;

use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::{Options, Source};
use crate::asset::{AssetDraft, Diagnosis, FileContent, Sourced};

const GROUP: &str = "0c0ffee0-0000-4000-8000-000000000001";

/// A temporary folder with files in it.
struct Folder {
    _keep: TempDir,
    root: Utf8PathBuf,
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let keep = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).expect("utf-8");
    let folder = Folder { _keep: keep, root };
    for (name, text) in files {
        folder.write(name, text.as_bytes());
    }
    folder
}

impl Folder {
    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.root.join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("creates");
        fs_err::write(path, bytes).expect("writes");
    }

    fn scan(&self) -> Scanned {
        self.scan_with(&options())
    }

    fn scan_with(&self, options: &Options) -> Scanned {
        collect(&Source::Directory(self.root.clone()), options)
    }

    fn manifest(&self, rows: &str) -> Scanned {
        self.write("m.csv", rows.as_bytes());
        collect(&Source::Manifest(self.root.join("m.csv")), &options())
    }
}

fn options() -> Options {
    Options { group: GROUP.to_owned(), ..Options::default() }
}

/// What a scan yields, and in which order.
#[derive(Debug, Default)]
struct Scanned {
    drafts: Vec<AssetDraft>,
    diagnoses: Vec<Diagnosis>,
}

fn collect(source: &Source, options: &Options) -> Scanned {
    let mut scanned = Scanned::default();
    let mut sink = |sourced| {
        match sourced {
            Sourced::Draft(draft) => scanned.drafts.push(*draft),
            Sourced::Diagnosis(diagnosis) => scanned.diagnoses.push(*diagnosis),
            other => panic!("is none of these: {other:?}"),
        }
        ControlFlow::Continue(())
    };
    source.scan(options, &mut sink).expect("the source can be used");
    scanned
}

impl Scanned {
    /// The only draft, where nothing is wrong.
    fn only(&self) -> &AssetDraft {
        assert_eq!((self.drafts.len(), self.diagnoses.len()), (1, 0), "{self:#?}");
        &self.drafts[0]
    }

    /// The only diagnosis, where nothing can be published.
    fn refused(&self) -> &Diagnosis {
        assert_eq!((self.drafts.len(), self.diagnoses.len()), (0, 1), "{self:#?}");
        &self.diagnoses[0]
    }

    fn ids(&self) -> Vec<&str> {
        self.drafts.iter().map(|draft| draft.coordinates.asset_id.as_str()).collect()
    }
}

/// The members of the first archive of a draft.
fn members(draft: &AssetDraft) -> Vec<&str> {
    match draft.files.iter().map(|file| &file.content).find(|content| matches!(content, FileContent::Zip { .. })) {
        Some(FileContent::Zip { members, .. }) => members.iter().map(|member| member.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn keys(draft: &AssetDraft) -> Vec<String> {
    draft.files.iter().map(|file| file.key.to_string()).collect()
}

fn name(path: &Utf8Path) -> &str {
    path.file_name().unwrap_or_default()
}
