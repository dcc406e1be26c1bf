//! Archives that nobody vouches for.

use consign::{
    asset::FileKey,
    package::{
        archive::{self, Archive, Budget},
        fingerprint_file,
    },
    source::Source,
};

use super::scratch::Scratch;

/// The most bytes that are taken out of one archive here.
const MOST: u64 = 32 * 1024 * 1024;

/// An archive among the sources, as a zip and as a jar; and as a file that was downloaded.
pub fn archive(data: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.put("a.zip", data);
    scratch.put("b.jar", data);
    scratch.scan(&Source::Directory(scratch.root.clone()));
    let budget = Budget { inflated: MOST, ..Budget::default() };
    if let Ok(mut opened) = Archive::open(&path, &budget) {
        let entries = opened.entries().to_vec();
        assert!(entries.len() <= data.len() / 46, "an entry of the directory has 46 bytes at least");
        for entry in entries.iter().take(100) {
            assert_eq!(
                archive::normalise(&entry.name).as_ref(),
                Ok(&entry.name),
                "names are told in their normal form"
            );
            if let Ok(content) = opened.read(&entry.name, 1024 * 1024) {
                assert!(content.expect("is listed").len() <= 1024 * 1024);
            }
        }
    }
    for key in ["raml.zip", "custom.zip", "docs.zip", "mule-application.jar"] {
        let key: FileKey = format!("files.{key}").parse().expect("is a key");
        let _ = fingerprint_file(&key, &path, &budget);
    }
}
