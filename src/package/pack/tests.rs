//! What packing promises.

mod remapped;

use std::{fs, io::Read};

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::{
    asset::{AssetDraft, AssetType, Coordinates, Values, Version},
    package::{archive, fingerprint_file},
};

/// A folder with files in it, and a draft over them.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        for (name, content) in files {
            let path = project.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::create_dir_all(project.scratch()).unwrap();
        project
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    fn scratch(&self) -> Utf8PathBuf {
        self.path().join(".scratch")
    }

    fn draft(&self, key: &str, content: FileContent) -> AssetDraft {
        AssetDraft {
            coordinates: Coordinates::new("g", "a", Version::new(1, 0, 0)).unwrap(),
            asset_type: AssetType::RestApi,
            name: "A".to_owned(),
            description: None,
            status: None,
            tags: None,
            keywords: Vec::new(),
            dependencies: Vec::new(),
            contact_name: None,
            contact_email: None,
            properties: BTreeMap::new(),
            categories: Values::default(),
            fields: Values::default(),
            instances: Vec::new(),
            visibility: None,
            moves: BTreeMap::new(),
            name_is_derived: false,
            files: vec![DraftFile { key: key.parse().unwrap(), content }],
            on_conflict: None,
            path: self.path().to_owned(),
            line: None,
            origins: BTreeMap::new(),
            stamp: String::new(),
        }
    }

    fn zip(&self, members: &[&str]) -> AssetDraft {
        let members = members.iter().map(Utf8PathBuf::from).collect();
        self.draft("files.oas.zip", FileContent::Zip { root: self.path().to_owned(), members })
    }

    fn file(&self, key: &str, name: &str) -> AssetDraft {
        self.draft(key, FileContent::File(self.path().join(name)))
    }

    fn pack(&self, draft: &AssetDraft) -> Result<Package, Diagnosis> {
        pack(draft, &self.scratch(), &Limits::default())
    }

    fn pack_within(&self, draft: &AssetDraft, spec: u64) -> Result<Package, Diagnosis> {
        pack(draft, &self.scratch(), &Limits { spec, ..Limits::default() })
    }

    fn temporaries(&self) -> usize {
        fs::read_dir(self.scratch()).unwrap().count()
    }
}

fn bytes(part: &PackedFile) -> Vec<u8> {
    let mut bytes = Vec::new();
    part.open().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn with_main(mut draft: AssetDraft, main: &str) -> AssetDraft {
    draft.properties.insert("mainFile".to_owned(), main.to_owned());
    draft
}

#[test]
fn the_bytes_of_an_archive_never_change() {
    let text = "openapi: 3.0.3\ninfo: {title: Ünïcode, version: 1.0.0}\npaths: {}\n".repeat(40);
    let project =
        Project::new(&[("api.yaml", text.as_bytes()), ("types/größe.yaml", b"type: integer\r\n"), ("b", b"")]);
    let package = project.pack(&project.zip(&["types/größe.yaml", "b", "api.yaml"])).unwrap();
    let part = &package.parts[0];
    // A new zlib-rs or zip may change these bytes. That is no error in itself, nothing compares them across versions:
    // see that the archive still reads, then write down the new value.
    assert_eq!(hex::encode(part.sha256), "485e8f2dcacafd4b5a4b44b37a6af064afa17362f19fea8e2ef020318b9d768a");
    assert_eq!(hex::encode(Sha256::digest(bytes(part))), hex::encode(part.sha256));
    assert_eq!(part.len, bytes(part).len() as u64);
}

#[test]
fn an_archive_is_plain_and_free_of_its_surroundings() {
    let project = Project::new(&[("api.yaml", &b"openapi: 3.0.0\n".repeat(9)), ("b/c.yaml", b"x")]);
    let bytes = bytes(&project.pack(&project.zip(&["b/c.yaml", "api.yaml"])).unwrap().parts[0]);
    let local = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    assert_eq!(local(6) & 0b1000, 0, "no data descriptor");
    assert_eq!((local(10), local(12)), (0, 0b10_0001), "1980-01-01 00:00");
    assert_eq!(&bytes[30..38], b"api.yaml", "sorted");
    let central = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    assert_eq!(bytes[central + 5], 3, "made by unix");
    assert_eq!(u32::from_le_bytes(bytes[central + 38..central + 42].try_into().unwrap()) >> 16, 0o100_644);
    assert!(!bytes.windows(4).any(|window| window == b"PK\x06\x06"), "no zip64");
}

#[test]
fn a_large_archive_spills_to_disk_and_reads_back() {
    let noise: Vec<u8> = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let project = Project::new(&[("a.bin", &noise), ("b.txt", b"small"), ("c.bin", &noise)]);
    let package = project.pack(&project.zip(&["a.bin", "b.txt", "c.bin"])).unwrap();
    let part = &package.parts[0];
    assert!(part.len > 1_000_000, "{}", part.len);
    assert_eq!(hex::encode(Sha256::digest(bytes(part))), hex::encode(part.sha256));
    assert_eq!(archive::read_entry(part.path(), "b.txt", 100).unwrap().as_deref(), Some(&b"small"[..]));
    assert_eq!(archive::read_entry(part.path(), "c.bin", 2_000_000).unwrap().as_deref(), Some(&noise[..]));
}

#[test]
fn the_archive_goes_when_its_part_goes() {
    let project = Project::new(&[("api.yaml", b"x")]);
    let package = project.pack(&project.zip(&["api.yaml"])).unwrap();
    assert_eq!(project.temporaries(), 1);
    drop(package);
    assert_eq!(project.temporaries(), 0);
}

#[test]
fn the_main_file_has_to_be_in_the_root_folder() {
    let project = Project::new(&[("api.yaml", b"x"), ("sub/main.yaml", b"y")]);
    let draft = || project.zip(&["api.yaml", "sub/main.yaml"]);
    assert!(project.pack(&with_main(draft(), "api.yaml")).is_ok());
    for main in ["main.yaml", "sub/main.yaml", "none.yaml"] {
        let diagnosis = project.pack(&with_main(draft(), main)).unwrap_err();
        assert_eq!(diagnosis.problem, Problem::Missing, "{main}");
        assert_eq!(diagnosis.gav.as_deref(), Some("g/a/1.0.0"));
    }
    let zipped = project.pack(&draft()).unwrap();
    let ready = project.draft("files.oas.zip", FileContent::File(zipped.parts[0].path().to_owned()));
    assert!(project.pack(&with_main(ready.clone(), "api.yaml")).is_ok());
    assert!(project.pack(&with_main(ready, "main.yaml")).is_err());
}

#[test]
fn a_ready_made_archive_has_the_fingerprint_of_ours() {
    let project = Project::new(&[("api.yaml", b"x"), ("sub/b.yaml", b"y"), ("exchange.json", b"{}")]);
    let ours = project.pack(&project.zip(&["api.yaml", "sub/b.yaml"])).unwrap();
    let theirs = project.pack(&project.zip(&["sub/b.yaml", "exchange.json", "api.yaml"])).unwrap();
    let path = theirs.parts[0].path().to_owned();
    let ready = project.pack(&project.draft("files.oas.zip", FileContent::File(path.clone()))).unwrap();
    assert_eq!(ready.fingerprint.to_string(), ours.fingerprint.to_string());
    let downloaded = fingerprint_file(&ours.parts[0].key, &path, &Budget::default()).unwrap();
    assert!(downloaded.same_content(&ours.parts[0].fingerprint));
    assert_ne!(ready.parts[0].sha256, ours.parts[0].sha256);
}

#[test]
fn what_is_too_large_is_refused_with_the_setting_that_allows_it() {
    let noise: Vec<u8> = (0..1000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let project = Project::new(&[("doc.pdf", &noise), ("text.txt", &vec![b'x'; 100_000])]);
    let single = project.pack_within(&project.file("files.custom.pdf", "doc.pdf"), 2048).unwrap_err();
    assert_eq!(single.problem, Problem::TooLarge);
    assert_eq!(single.path, project.path().join("doc.pdf"));
    assert_eq!(single.message, "files.custom.pdf is 3.9 KB, the limit is 2.0 KB (limits.spec)");
    let zip = project.pack_within(&project.zip(&["doc.pdf", "text.txt"]), 2048).unwrap_err();
    assert_eq!(zip.message, "files.oas.zip of 2 files with 101.6 KB does not fit: the limit is 2.0 KB (limits.spec)");
    assert_eq!(project.temporaries(), 0, "what was begun is gone");
    assert!(project.pack_within(&project.zip(&["text.txt"]), 2048).is_ok(), "what counts is the packed size");
}

#[test]
fn names_that_lead_out_or_collide_are_refused() {
    let project = Project::new(&[("a.yaml", b"x")]);
    for member in ["../a.yaml", "/etc/passwd", "b\\a.yaml", "a\u{7}.yaml", ""] {
        let diagnosis = project.pack(&project.zip(&["a.yaml", member])).unwrap_err();
        assert_eq!(diagnosis.problem, Problem::Value, "{member:?}: {diagnosis}");
    }
    let twice = project.pack(&project.zip(&["a.yaml", "./a.yaml"])).unwrap_err();
    assert!(twice.message.contains("given twice"), "{twice}");
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let project = Project::new(&[("a.yaml", b"x"), ("sub/b.yaml", b"y")]);
    let missing = project.pack(&project.zip(&["a.yaml", "gone.yaml"])).unwrap_err();
    assert_eq!((missing.problem, missing.path), (Problem::Missing, project.path().join("gone.yaml")));
    let folder = project.pack(&project.zip(&["a.yaml", "sub"])).unwrap_err();
    assert_eq!(folder.message, "cannot be packed: a folder, not a file");
    assert!(project.pack(&project.zip(&[])).is_err(), "an archive of nothing");
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_folder_only() {
    let outside = Project::new(&[("secret", b"s")]);
    let project = Project::new(&[("a.yaml", b"x")]);
    let link = |target: &Utf8Path, name: &str| std::os::unix::fs::symlink(target, project.path().join(name)).unwrap();
    link(&outside.path().join("secret"), "out.yaml");
    link(outside.path(), "out");
    link(Utf8Path::new("a.yaml"), "in.yaml");
    link(Utf8Path::new("loop.yaml"), "loop.yaml");
    assert!(project.pack(&project.zip(&["in.yaml"])).is_ok());
    for member in ["out.yaml", "out/secret", "loop.yaml"] {
        let diagnosis = project.pack(&project.zip(&["a.yaml", member])).unwrap_err();
        assert_eq!(diagnosis.problem, Problem::Unreadable, "{member}: {diagnosis}");
    }
    let single = project.pack(&project.file("files.oas.yaml", "out.yaml")).unwrap_err();
    assert!(single.message.contains("leads out"), "{single}");
}

#[cfg(unix)]
#[test]
fn a_socket_in_place_of_a_file_is_refused() {
    let project = Project::new(&[("a.yaml", b"x")]);
    let socket = project.path().join("s.yaml");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let diagnosis = project.pack(&project.zip(&["a.yaml", "s.yaml"])).unwrap_err();
    assert_eq!(diagnosis.message, "cannot be packed: a device, a FIFO or a socket, not a file");
    let diagnosis = project.pack(&project.file("files.oas.yaml", "s.yaml")).unwrap_err();
    assert_eq!(diagnosis.problem, Problem::Unreadable);
}

#[test]
fn a_file_that_changed_since_is_not_opened() {
    let project = Project::new(&[("a.jar", b"one")]);
    let package = project.pack(&project.file("files.mule-application.jar", "a.jar")).unwrap();
    assert_eq!(bytes(&package.parts[0]), b"one");
    fs::write(project.path().join("a.jar"), b"other").unwrap();
    let error = package.parts[0].open().unwrap_err();
    assert!(error.to_string().ends_with("changed since it was packed"), "{error}");
}

#[test]
fn a_broken_archive_is_refused_as_a_specification_and_taken_as_goods() {
    let project = Project::new(&[("a.zip", b"no archive")]);
    let spec = project.pack(&project.file("files.raml.zip", "a.zip")).unwrap_err();
    assert_eq!(spec.problem, Problem::Invalid);
    let goods = project.pack(&project.file("files.custom.zip", "a.zip")).unwrap();
    assert_eq!(goods.parts[0].fingerprint.to_string(), hex::encode(Sha256::digest(b"no archive")));
}

#[test]
fn one_key_cannot_be_packed_twice() {
    let project = Project::new(&[("a.yaml", b"x")]);
    let mut draft = project.file("files.oas.yaml", "a.yaml");
    draft.files.push(draft.files[0].clone());
    assert_eq!(project.pack(&draft).unwrap_err().message, "files.oas.yaml is given twice");
}

#[test]
fn an_asset_without_files_is_an_empty_package() {
    let project = Project::new(&[]);
    let mut draft = project.zip(&["a"]);
    draft.files.clear();
    assert!(project.pack(&draft).unwrap().parts.is_empty());
}

#[test]
fn a_scratch_folder_that_is_gone_is_named() {
    let project = Project::new(&[("a.yaml", b"x")]);
    let nowhere = project.path().join("nowhere");
    let diagnosis = pack(&project.zip(&["a.yaml"]), &nowhere, &Limits::default()).unwrap_err();
    assert_eq!(diagnosis.path, nowhere);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn order_does_not_matter_and_content_comes_back(
        files in proptest::collection::btree_map(
            "[a-zß-ö0-9]{1,6}(/[a-z0-9 ]{1,5}x)?", proptest::collection::vec(any::<u8>(), 0..3000), 1..8),
        turn in any::<usize>(),
    ) {
        // A file cannot be the folder of another one.
        let files: BTreeMap<_, _> = files.iter().enumerate().map(|(n, (name, content))| (format!("{n}{name}"), content)).collect();
        let project = Project::new(&files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect::<Vec<_>>());
        let mut names: Vec<&str> = files.keys().map(String::as_str).collect();
        let first = project.pack(&project.zip(&names)).unwrap();
        let turn = turn % names.len();
        names.rotate_left(turn);
        names.reverse();
        let second = project.pack(&project.zip(&names)).unwrap();
        prop_assert_eq!(first.parts[0].sha256, second.parts[0].sha256);
        prop_assert_eq!(bytes(&first.parts[0]), bytes(&second.parts[0]));
        prop_assert_eq!(first.fingerprint.to_string(), second.fingerprint.to_string());

        let path = first.parts[0].path();
        prop_assert_eq!(archive::entries(path, &Budget::default()).unwrap().len(), files.len());
        for (name, content) in &files {
            let back = archive::read_entry(path, name, 10_000).unwrap();
            prop_assert_eq!(back.as_deref(), Some(content.as_slice()));
        }
        let back = fingerprint_file(&first.parts[0].key, path, &Budget::default()).unwrap();
        prop_assert!(back.same_content(&first.parts[0].fingerprint));
    }
}
