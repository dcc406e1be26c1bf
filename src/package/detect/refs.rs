//! References between files: how they are written, and where they lead.

use std::borrow::Cow;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::outline::Position;

/// How much depends on a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Strength {
    /// The file goes in where it is there, and is not missed where it is not.
    Welcome,
    /// The server cannot do without the file.
    Needed,
}

/// One reference, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    /// The text of the reference.
    pub(crate) target: String,
    /// The word that makes it one: `$ref`, `!include`, `import`, …
    pub(crate) how: Cow<'static, str>,
    /// Whether it has to lead somewhere.
    pub(crate) strength: Strength,
    /// Where it stands.
    pub(crate) position: Position,
}

impl Reference {
    pub(crate) fn new(target: &str, how: &'static str, strength: Strength, position: Position) -> Self {
        Self { target: target.to_owned(), how: Cow::Borrowed(how), strength, position }
    }

    /// Whether it can lead to a file at all: most references stay within their document.
    pub(crate) fn may_lead_to_a_file(&self) -> bool {
        target(&self.target) != Target::NoFile
    }
}

/// The file part of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Within the same file, somewhere in the network, or made of template parameters: no file.
    NoFile,
    /// A relative path: first percent-decoded, then, where that differs, as it is written.
    Relative(Vec<Utf8PathBuf>),
    /// From the root folder of the specification (`/types/a.raml`, RAML's absolute path).
    FromRoot(Vec<Utf8PathBuf>),
    /// A path of this machine.
    Machine,
}

/// Takes a reference apart.
pub(crate) fn target(text: &str) -> Target {
    let text = text.trim();
    let file = text.split('#').next().unwrap_or_default();
    // A file name may hold `#` itself (unencoded): the caller gets that reading as a fallback.
    let with_hash = if text.contains('#') && !file.is_empty() { Some(text) } else { None };
    if file.is_empty() || file.contains("<<") || file.contains('\0') || text.contains('\n') {
        return Target::NoFile;
    }
    if let Some((scheme, _)) = file.split_once(':') {
        let is_scheme = !scheme.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if is_scheme {
            let is_machine = scheme.eq_ignore_ascii_case("file") || scheme.len() == 1;
            return if is_machine { Target::Machine } else { Target::NoFile };
        }
    }
    if file.starts_with("//") || file.starts_with("\\\\") {
        return Target::NoFile;
    }
    let mut readings = Vec::with_capacity(2);
    let mut add = |reading: &str| {
        let path = Utf8PathBuf::from(reading.trim_start_matches('/'));
        if !readings.contains(&path) {
            readings.push(path);
        }
    };
    add(&percent_decode(file));
    add(file);
    if let Some(path) = file.split('?').next().filter(|path| !path.is_empty() && path.len() < file.len()) {
        add(&percent_decode(path));
    }
    if let Some(path) = with_hash {
        add(path);
    }
    if file.starts_with('/') { Target::FromRoot(readings) } else { Target::Relative(readings) }
}

/// Joins a folder and a relative path and works out `.` and `..`. `None` when it leaves the root (`""`).
pub(crate) fn join(folder: &Utf8Path, relative: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut parts: Vec<&str> = folder.components().map(|c| c.as_str()).collect();
    for component in relative.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                parts.pop()?;
            }
            Utf8Component::Normal(name) => parts.push(name),
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(parts.iter().collect())
}

/// Decodes `%20` and its like; what is no valid escape stays as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = if bytes[i] == b'%' { bytes.get(i + 1..i + 3) } else { None };
        let value =
            escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(value) = value {
            out.push(value);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn relative(text: &str) -> Vec<String> {
        match target(text) {
            Target::Relative(paths) => paths.into_iter().map(Utf8PathBuf::into_string).collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn files_are_told_from_places_in_the_same_file_and_in_the_network() {
        for text in ["#/a", "", "https://x/y.json", "urn:a:b", "//host/x", "<<name>>.raml", "classpath:a/b"] {
            assert_eq!(target(text), Target::NoFile, "{text}");
        }
        for text in ["file:///etc/passwd", "C:\\x"] {
            assert_eq!(target(text), Target::Machine, "{text}");
        }
        assert_eq!(relative("../a.yaml#/x/y"), ["../a.yaml", "../a.yaml#/x/y"]);
        assert_eq!(relative("a%20b.json"), ["a b.json", "a%20b.json"]);
        assert_eq!(relative("x.xsd?v=1"), ["x.xsd?v=1", "x.xsd"]);
        assert_eq!(target("/t/a.raml"), Target::FromRoot(vec!["t/a.raml".into()]));
    }

    #[test]
    fn joining_never_leaves_the_root() {
        let folder = Utf8Path::new("a/b");
        assert_eq!(join(folder, Utf8Path::new("../c/./d")), Some("a/c/d".into()));
        assert_eq!(join(folder, Utf8Path::new("../../../x")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_without_panic(text in "\\PC*", folder in "[a-c/.]{0,8}") {
            if let Target::Relative(paths) | Target::FromRoot(paths) = target(&text) {
                for path in paths {
                    if let Some(joined) = join(Utf8Path::new(&folder), &path) {
                        prop_assert!(!joined.components().any(|c| matches!(c, Utf8Component::ParentDir)) || folder.contains(".."));
                    }
                }
            }
        }

        #[test]
        fn decoding_keeps_text_without_escapes(text in "[^%]*") {
            prop_assert_eq!(percent_decode(&text), text);
        }
    }
}
