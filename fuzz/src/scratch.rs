//! A folder for one input, and what is checked of everything that a scan finds in it.

use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};
use consign::{
    asset::{AssetDraft, Coordinates, Diagnosis, FileContent, Sourced},
    package::{self, Limits},
    source::{Options, Source},
};
use tempfile::TempDir;

/// A temporary folder with an input in it, and another one for packages.
pub(crate) struct Scratch {
    _folders: [TempDir; 2],
    pub(crate) root: Utf8PathBuf,
    packages: Utf8PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folders = [folder(), folder()];
        let [root, packages] =
            [&folders[0], &folders[1]].map(|folder| Utf8PathBuf::try_from(folder.path().to_owned()).expect("is UTF-8"));
        Self { _folders: folders, root, packages }
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> Utf8PathBuf {
        let path = self.root.join(name);
        fs_err::create_dir_all(path.parent().expect("lies in a folder")).expect("makes folders");
        fs_err::write(&path, bytes).expect("writes");
        path
    }

    /// Scans a source, checks what it gives, and packs it.
    pub(crate) fn scan(&self, source: &Source) {
        let options = Options {
            group: "org".to_owned(),
            criteria: vec![("branch".to_owned(), "main".to_owned()), ("build".to_owned(), "7".to_owned())],
            ..Options::default()
        };
        let mut found = Vec::new();
        let scanned = source.scan(&options, &mut |one| {
            found.push(one);
            if found.len() < 1_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if let Err(error) = scanned {
            assert!(!error.to_string().is_empty());
        }
        for one in &found {
            match one {
                Sourced::Draft(draft) => self.check(draft),
                Sourced::Change(change) => same_after_the_journal(change.as_ref()),
                Sourced::Application(wish) => same_after_the_journal(wish.as_ref()),
                Sourced::Listed(_) => panic!("no file is a version of an organization"),
                Sourced::Diagnosis(diagnosis) => check_diagnosis(diagnosis),
            }
        }
    }

    fn check(&self, draft: &AssetDraft) {
        same_after_the_journal(draft);
        let spelled: Result<Coordinates, _> = draft.coordinates.to_string().parse();
        assert_eq!(spelled.as_ref(), Ok(&draft.coordinates), "coordinates read as they are written");
        assert!(draft.description.as_ref().is_none_or(|text| text.chars().count() <= 255), "a description is short");
        for file in &draft.files {
            if let FileContent::Zip { members, .. } | FileContent::Raised { members, .. } = &file.content {
                for member in members {
                    assert_inside(member);
                }
            }
        }
        match package::pack(draft, &self.packages, &Limits::default()) {
            Ok(package) => {
                for part in &package.parts {
                    let length = part.open().expect("nobody has touched it").metadata().expect("is there").len();
                    assert_eq!(length, part.len);
                    assert!(length <= Limits::default().of(&part.key).0, "nothing is sent that is too large");
                }
            }
            Err(diagnosis) => check_diagnosis(&diagnosis),
        }
    }
}

/// In memory where the machine has a place for it.
fn folder() -> TempDir {
    let memory = Utf8Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("there is room for temporary folders")
}

fn assert_inside(member: &Utf8Path) {
    let is_plain = !member.as_str().is_empty() && !member.as_str().contains('\0');
    let is_inside = member.components().all(|part| matches!(part, camino::Utf8Component::Normal(_)));
    assert!(is_plain && is_inside, "the member `{member}` stays in its archive");
}

fn check_diagnosis(diagnosis: &Diagnosis) {
    assert!(!diagnosis.message.is_empty());
    assert!(diagnosis.line.is_none_or(|line| line > 0) && diagnosis.column.is_none_or(|column| column > 0));
    same_after_the_journal(diagnosis);
}

/// The journal keeps everything as JSON.
fn same_after_the_journal<T>(value: &T)
where
    T: PartialEq + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let kept = serde_json::to_vec(value).expect("is plain data");
    let back: T = serde_json::from_slice(&kept).expect("reads back");
    assert_eq!(&back, value, "reads back from the journal as it was");
}
