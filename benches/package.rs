//! How fast drafts become packages, and what each level of deflate would cost.
//!
//! `cargo bench --bench package`

use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
};

use camino::{Utf8Path, Utf8PathBuf};
use consign::{
    asset::{AssetDraft, AssetType, Coordinates, DraftFile, FileContent, Version},
    package::{ArchiveBudget, Limits, fingerprint_file, pack},
};
use divan::{Bencher, counter::BytesCount};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A specification in many files, of about so many bytes: as many as real ones have, of words that compress as theirs do.
struct Specification {
    folder: tempfile::TempDir,
    members: Vec<(String, Vec<u8>)>,
}

impl Specification {
    fn new(bytes: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let vocabulary: Vec<String> =
            (0..600).map(|_| (0..random.usize(3..11)).map(|_| random.lowercase()).collect()).collect();
        let mut members = vec![("api.yaml".to_owned(), b"openapi: 3.0.3\n".to_vec())];
        let mut total = 0;
        while total < bytes {
            let mut text = String::from("type: object\nproperties:\n");
            for _ in 0..random.usize(5..60) {
                let mut word = || random.choice(&vocabulary).map_or("", String::as_str);
                text.push_str(&format!(
                    "  {}:\n    type: string\n    description: {} {} the {} of {}\n",
                    word(),
                    word(),
                    word(),
                    word(),
                    word()
                ));
                text.push_str(&format!("    example: {:x}\n", random.u32(..)));
            }
            total += text.len();
            members.push((format!("schemas/{:05}.yaml", members.len()), text.into_bytes()));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("schemas")).expect("a new folder");
        for (name, content) in &members {
            std::fs::write(folder.path().join(name), content).expect("a new file");
        }
        Self { folder, members }
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).expect("a UTF-8 path")
    }

    fn bytes(&self) -> usize {
        self.members.iter().map(|(_, content)| content.len()).sum()
    }

    fn draft(&self) -> AssetDraft {
        let members = self.members.iter().map(|(name, _)| Utf8PathBuf::from(name)).collect();
        AssetDraft {
            coordinates: Coordinates::new("g", "a", Version::new(1, 0, 0)).expect("coordinates"),
            asset_type: AssetType::RestApi,
            name: "A".to_owned(),
            description: None,
            status: None,
            tags: None,
            keywords: Vec::new(),
            dependencies: Vec::new(),
            contact_name: None,
            contact_email: None,
            properties: BTreeMap::from([("mainFile".to_owned(), "api.yaml".to_owned())]),
            categories: consign::asset::Values::default(),
            fields: consign::asset::Values::default(),
            instances: Vec::new(),
            visibility: None,
            moves: BTreeMap::new(),
            name_is_derived: false,
            files: vec![DraftFile {
                key: "files.oas.zip".parse().expect("a key"),
                content: FileContent::Zip { root: self.path().to_owned(), members },
            }],
            on_conflict: None,
            path: self.path().to_owned(),
            line: None,
            origins: BTreeMap::new(),
            stamp: String::new(),
        }
    }
}

const SIZES: [usize; 3] = [10_000, 200_000, 5_000_000];

#[divan::bench(args = SIZES)]
fn pack_specification(bencher: Bencher<'_, '_>, bytes: usize) {
    let specification = Specification::new(bytes);
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let scratch = Utf8Path::from_path(scratch.path()).expect("a UTF-8 path");
    let draft = specification.draft();
    bencher
        .counter(BytesCount::new(specification.bytes()))
        .bench(|| pack(&draft, scratch, &Limits::default()).expect("a package"));
}

#[divan::bench(args = SIZES)]
fn fingerprint_archive(bencher: Bencher<'_, '_>, bytes: usize) {
    let specification = Specification::new(bytes);
    let package = pack(&specification.draft(), specification.path(), &Limits::default()).expect("a package");
    let part = &package.parts[0];
    bencher
        .counter(BytesCount::new(specification.bytes()))
        .bench(|| fingerprint_file(&part.key, part.path(), &ArchiveBudget::default()).expect("a fingerprint"));
}

/// The size of the archive is in the name of the argument, the time in the row.
#[divan::bench(args = [1, 2, 3, 4, 5, 6, 7, 9].map(Level::measure))]
fn deflate_level(bencher: Bencher<'_, '_>, level: &Level) {
    let specification = Specification::new(200_000);
    bencher.counter(BytesCount::new(specification.bytes())).bench(|| level.deflate(&specification).len());
}

struct Level {
    level: i64,
    packed: usize,
}

impl Level {
    fn measure(level: i64) -> Self {
        let packed = Self { level, packed: 0 }.deflate(&Specification::new(200_000)).len();
        Self { level, packed }
    }

    fn deflate(&self, specification: &Specification) -> Vec<u8> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(self.level));
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &specification.members {
            zip.start_file(name, options).expect("a new member");
            zip.write_all(content).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.level, self.packed)
    }
}

fn main() {
    divan::main();
}
