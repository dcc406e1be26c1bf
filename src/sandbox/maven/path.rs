//! What a path of the repository means.

use crate::asset::FileKey;

/// A path of the repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The group; a group with dots is written with slashes.
    pub(super) group: String,
    pub(super) asset: &'a str,
    pub(super) what: What<'a>,
    /// Not the file but its digest.
    pub(super) digest: Option<Algorithm>,
}

/// What is asked for of an asset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// `maven-metadata.xml`: which versions there are.
    Metadata,
    /// Something of a version.
    Of { version: &'a str, part: Part },
}

/// What is asked for of a version.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A file.
    File(FileKey),
    /// `…-preConditions-<milliseconds>.json`: opens a publication.
    PreConditions,
    /// `…-EOF…`: ends a publication. The sources do not tell how the marker is spelled.
    End,
}

/// The digests that Maven asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
}

impl<'a> Target<'a> {
    /// Reads a path below the root of the repository.
    pub(super) fn read(path: &'a str) -> Option<Self> {
        let (directories, name) = path.rsplit_once('/')?;
        let (name, digest) = strip_digest(name);
        if name == "maven-metadata.xml" {
            let (group, asset) = directories.rsplit_once('/')?;
            return Some(Self { group: group.replace('/', "."), asset, what: What::Metadata, digest });
        }
        let (rest, version) = directories.rsplit_once('/')?;
        let (group, asset) = rest.rsplit_once('/')?;
        let rest = name.strip_prefix(asset)?.strip_prefix('-')?.strip_prefix(version)?;
        let what = What::Of { version, part: Part::read(rest)? };
        Some(Self { group: group.replace('/', "."), asset, what, digest })
    }
}

impl Part {
    /// Reads what follows the version in the name of a file: `.pom`, `-raml.zip`.
    fn read(rest: &str) -> Option<Self> {
        if let Some(packaging) = rest.strip_prefix('.') {
            return format!("files.{packaging}").parse().ok().map(Self::File);
        }
        let rest = rest.strip_prefix('-')?;
        let time = rest.strip_prefix("preConditions-").and_then(|rest| rest.strip_suffix(".json"));
        if time.is_some_and(|time| !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit())) {
            return Some(Self::PreConditions);
        }
        let marker = rest.get(..3).filter(|start| start.eq_ignore_ascii_case("eof")).and_then(|_| rest.get(3..));
        if marker.is_some_and(|more| more.is_empty() || more.starts_with(['-', '.'])) {
            return Some(Self::End);
        }
        // A name without a dot between classifier and packaging is no file of an asset.
        let (classifier, packaging) = rest.split_once('.')?;
        format!("files.{classifier}.{packaging}").parse().ok().map(Self::File)
    }
}

fn strip_digest(name: &str) -> (&str, Option<Algorithm>) {
    let known = [(".md5", Algorithm::Md5), (".sha1", Algorithm::Sha1), (".sha256", Algorithm::Sha256)];
    let found = known.iter().find_map(|(suffix, algorithm)| Some((name.strip_suffix(suffix)?, Some(*algorithm))));
    found.unwrap_or((name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_maven_writes_them() {
        let file = |key: &str| What::Of { version: "1.0.0", part: Part::File(key.parse().expect("a key")) };
        for (path, group, what, digest) in [
            ("1234-ab/orders/1.0.0/orders-1.0.0.pom", "1234-ab", file("files.pom"), None),
            ("com/acme/orders/1.0.0/orders-1.0.0-mule-plugin.jar", "com.acme", file("files.mule-plugin.jar"), None),
            ("com.acme/orders/1.0.0/orders-1.0.0.jar.sha1", "com.acme", file("files.jar"), Some(Algorithm::Sha1)),
            ("com/acme/orders/maven-metadata.xml.md5", "com.acme", What::Metadata, Some(Algorithm::Md5)),
        ] {
            assert_eq!(
                Target::read(path),
                Some(Target { group: group.to_owned(), asset: "orders", what, digest }),
                "{path}"
            );
        }
        let part = |name: &str| match Target::read(&format!("g/orders/1.0.0/{name}")).map(|target| target.what) {
            Some(What::Of { part, .. }) => Some(part),
            _ => None,
        };
        assert_eq!(part("orders-1.0.0-preConditions-1646986837298.json"), Some(Part::PreConditions));
        for marker in ["orders-1.0.0-EOF-1646986837298.json", "orders-1.0.0-eof.json", "orders-1.0.0-EOF"] {
            assert_eq!(part(marker), Some(Part::End), "{marker}");
        }
        for other in
            ["orders-2.0.0.jar", "other-1.0.0.jar", "orders-1.0.0", "orders-1.0.0-a.b.c", "orders-1.0.0-x/y.jar"]
        {
            assert_eq!(part(other), None, "{other}");
        }
        assert_eq!(Target::read("maven-metadata.xml"), None);
    }
}
