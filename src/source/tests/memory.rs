//! With a memory a scan yields what it yields without one, and reads nothing that has not changed.

use std::{
    fs::{File, FileTimes},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;

use super::{Folder, Options, Source, folder, options};
use crate::{
    asset::Sourced,
    package::reading::{Reading, notebook::Notebook},
};

/// All that a source yields, in its order.
pub(super) fn yielded(source: &Source, reading: Reading) -> Vec<Sourced> {
    let options = Options { reading, ..options() };
    let mut all = Vec::new();
    let mut sink = |sourced| {
        all.push(sourced);
        ControlFlow::Continue(())
    };
    source.scan(&options, &mut sink).expect("the source can be used");
    all
}

pub(super) fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

pub(super) fn date(path: &Utf8Path, modified: SystemTime) {
    let file = File::options().write(true).open(path).expect("a file of our own");
    file.set_times(FileTimes::new().set_modified(modified)).expect("a file of our own");
}

/// A copy of the samples, as old as if they had been checked out some time ago.
fn samples() -> Folder {
    let copy = folder(&[]);
    let samples = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
    for entry in walkdir::WalkDir::new(samples) {
        let entry = entry.expect("the samples are there");
        if entry.file_type().is_file() {
            let path = Utf8Path::from_path(entry.path()).expect("utf-8");
            let name = path.strip_prefix(samples).expect("below the samples");
            copy.write(name.as_str(), &fs_err::read(path).expect("the samples are there"));
            date(&copy.root.join(name), long_ago());
        }
    }
    copy
}

/// The three kinds of source in a folder.
fn sources(folder: &Folder, directory: &str) -> [Source; 3] {
    [
        Source::Directory(folder.root.join(directory)),
        Source::Manifest(folder.root.join("manifest.csv")),
        Source::Catalog(folder.root.join("catalog.yaml")),
    ]
}

#[test]
fn the_second_scan_of_the_samples_reads_nothing_and_yields_the_same() {
    let samples = samples();
    let mut recalled = 0;
    for source in sources(&samples, "catalog") {
        let cold = yielded(&source, Reading::default());
        assert!(cold.len() > 2, "{source:?}");
        let notebook = Arc::new(Notebook::default());
        assert_eq!(yielded(&source, notebook.reading()), cold);
        notebook.take_read();
        assert_eq!(yielded(&source, notebook.reading()), cold);
        assert_eq!(notebook.take_read(), Vec::<String>::new());
        recalled += notebook.recalled();
    }
    assert!(recalled > 50, "{recalled}");
}

/// The proof that does not rely on how reading is counted: there is nothing left to read.
#[test]
fn the_second_scan_of_the_samples_does_without_their_content() {
    let samples = samples();
    let notebook = Arc::new(Notebook::default());
    let sources = sources(&samples, "catalog");
    let cold = sources.each_ref().map(|source| yielded(source, notebook.reading()));
    for entry in walkdir::WalkDir::new(samples.root.join("catalog")) {
        let entry = entry.expect("our own copy");
        if entry.file_type().is_file() {
            let path = Utf8Path::from_path(entry.path()).expect("utf-8");
            let length = path.metadata().expect("our own copy").len();
            fs_err::write(path, vec![0xFF; usize::try_from(length).expect("a small file")]).expect("our own copy");
            date(path, long_ago());
        }
    }
    assert_eq!(sources.each_ref().map(|source| yielded(source, notebook.reading())), cold);
    assert_ne!(sources.each_ref().map(|source| yielded(source, Reading::default())), cold);
}

#[test]
fn one_file_that_has_changed_is_the_only_one_that_is_read() {
    let samples = samples();
    let [source, ..] = sources(&samples, "catalog");
    let notebook = Arc::new(Notebook::default());
    yielded(&source, notebook.reading());
    notebook.take_read();
    let changed = samples.root.join("catalog/fares-api/fares.json");
    date(&changed, long_ago() + Duration::from_secs(1));
    assert_eq!(yielded(&source, notebook.reading()), yielded(&source, Reading::default()));
    let read = notebook.take_read();
    assert!(!read.is_empty() && read.iter().all(|what| what.ends_with(changed.as_str())), "{read:?}");
}

/// What files of a generated tree may hold: every kind of thing that is read, whole and broken.
const TEXTS: &[&str] = &[
    "openapi: 3.0.0\ninfo: {title: One, version: 1.2.0}\npaths: {/a: {get: {}}}\n",
    "openapi: 3.0.0\ninfo: {title: Two, version: 2.0.0}\npaths: {/a: {$ref: 'a.json#/x'}}\n",
    "openapi: 3.0.0\ninfo: {title: Two, version: 2.0.1}\npaths: {/a: {$ref: 'b.json#/x'}}\n",
    "{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"J\"}, \"components\": {\"x\": {\"$ref\": \"sub/b.yaml\"}}}",
    "{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"J\"}, \"components\": {\"x\": {\"$ref\": \"gone.yaml\"}}}",
    "{\"x\": {\"$ref\": \"sub/a.yaml\"}}",
    "openapi: 3.0.0\ninfo: [\n",
    "openapi: 3.0.0\ninfo: {title: \u{e9}}\n",
    "#%RAML 1.0\ntitle: R\nversion: 3\n/x:\n  get:\n    body: !include sub/b.yaml\n",
    "#%RAML 1.0 DataType\ntype: object\n",
    "title: headless\nbaseUri: http://x\n/x:\n  get:\n",
    "asyncapi: 2.6.0\ninfo: {title: A, version: 1.0.0}\nchannels: {c: {}}\n",
    "{\"main\": \"a.yaml\", \"classifier\": \"oas\", \"assetId\": \"p\", \"version\": \"1.0.0\", \"name\": \"P\"}",
    "{\"main\": \"a.json\", \"classifier\": \"oas\", \"assetId\": \"p\", \"version\": \"1.0.1\", \"apiVersion\": \"v1\", \"tags\": [\"t\"], \"documentation\": {\"home\": \"exchange-docs/home.md\"}}",
    "{\"classifier\": \"custom\", \"assetId\": \"c\", \"version\": \"1.0.0\"}",
    "{\"main\": ",
    "<project><groupId>g</groupId><artifactId>m</artifactId><version>${v}</version><properties><v>1.0.0</v><type>custom</type></properties></project>",
    "<project><parent><groupId>g</groupId><artifactId>m</artifactId><version>2.0.0</version></parent><artifactId>n</artifactId><properties><type>custom</type></properties></project>",
    "<project><artifactId>",
    "# Home\n\n![a](resources/x.png) [b](Other.md) [c](gone.md) [d](https://x.test/y)\n",
    "![a](gone.png)\n",
    "{\"pageOrder\": [\"Other\", \"home\"]}",
    "no more than words\n",
    "",
];

/// Where they may lie: names that are looked at in different ways.
const PLACES: &[&str] = &[
    "t/a.yaml",
    "t/a.json",
    "t/b.json",
    "t/c.raml",
    "t/exchange.json",
    "t/pom.xml",
    "t/sub/a.yaml",
    "t/sub/b.yaml",
    "t/sub/exchange.json",
    "t/sub/pom.xml",
    "t/exchange-docs/home.md",
    "t/exchange-docs/Other.md",
    "t/exchange-docs/terms.md",
    "t/exchange-docs/config.json",
    "t/exchange-docs/resources/x.png",
    "t/sub/z.zip",
];

const MANIFEST: &str =
    "path,docs\nt/a.yaml,\nt/exchange.json,\nt/pom.xml,\nt/sub,\nt/sub/z.zip,\nt/sub/a.yaml,t/exchange-docs\n";
const CATALOG: &str =
    "#%Catalog Descriptor 1.0\nprojects:\n  - main: t/a.yaml\n  - main: t/exchange.json\n    version: 1.0.0\n";

/// One change to a tree.
#[derive(Debug, Clone)]
enum Edit {
    Write(usize, usize),
    Zip(usize),
    Touch(usize),
    Remove(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let (place, text) = (0..PLACES.len(), 0..TEXTS.len());
    prop_oneof![
        6 => (place.clone(), text.clone()).prop_map(|(place, text)| Edit::Write(place, text)),
        1 => text.prop_map(Edit::Zip),
        1 => place.clone().prop_map(Edit::Touch),
        2 => place.prop_map(Edit::Remove),
    ]
}

impl Edit {
    fn make(&self, tree: &Folder, at: SystemTime) {
        let path = |place: usize| -> Utf8PathBuf { tree.root.join(PLACES[place]) };
        let (place, bytes) = match self {
            // One of the texts is in an encoding that nobody takes.
            Self::Write(place, text) if TEXTS[*text].contains('\u{e9}') => {
                (*place, TEXTS[*text].chars().map(|c| c as u8).collect())
            }
            Self::Write(place, text) => (*place, TEXTS[*text].as_bytes().to_vec()),
            Self::Zip(text) => (PLACES.len() - 1, zipped(TEXTS[*text])),
            Self::Touch(place) if path(*place).exists() => return date(&path(*place), at),
            Self::Touch(_) => return,
            Self::Remove(place) => {
                // It may not be there.
                let _ = fs_err::remove_file(path(*place));
                return;
            }
        };
        tree.write(PLACES[place], &bytes);
        date(&path(place), at);
    }
}

pub(super) fn zipped(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("api.yaml", zip::write::SimpleFileOptions::default()).expect("in memory");
    std::io::Write::write_all(&mut zip, text.as_bytes()).expect("in memory");
    zip.finish().expect("in memory").into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_a_tree_a_memory_changes_nothing(
        first in proptest::collection::vec(edit(), 8..24),
        then in proptest::collection::vec(proptest::collection::vec(edit(), 1..3), 1..6),
    ) {
        let tree = folder(&[("manifest.csv", MANIFEST), ("catalog.yaml", CATALOG), ("t/keep.txt", "")]);
        let sources = sources(&tree, "t");
        let notebook = Arc::new(Notebook::default());
        let mut at = long_ago();
        for edits in std::iter::once(first).chain(then) {
            for edit in edits {
                at += Duration::from_secs(1);
                edit.make(&tree, at);
            }
            for source in &sources {
                let cold = yielded(source, Reading::default());
                prop_assert_eq!(&yielded(source, notebook.reading()), &cold);
                notebook.take_read();
                prop_assert_eq!(&yielded(source, notebook.reading()), &cold);
                prop_assert_eq!(notebook.take_read(), Vec::<String>::new());
            }
        }
    }
}
