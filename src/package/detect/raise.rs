//! A main file whose references climb above its folder, raised to the root of its archive.
//!
//! Exchange wants the main file in the root of the archive (EXCHANGE.md §2.3). Where it refers to files above its folder,
//! the folder that holds everything becomes the root. All files keep their places below it, so that their references to
//! each other hold as they are; the main file alone is moved up, and its own references are rewritten to match. That they
//! lead to the same files as before is checked, not assumed.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::closure::{Follower, MAX_READ, Wrong};
use super::refs::{self, Reference, Strength, Target};
use super::{spec, text};
use crate::package::reading::Question;

/// A main file with everything that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raised {
    /// The folder that becomes the root of the archive.
    pub(crate) root: Utf8PathBuf,
    /// The main file, relative to the root, where it lies now.
    pub(crate) main: Utf8PathBuf,
    /// The other files, relative to the root. The main file is among them where one of them refers back to it.
    pub(crate) members: BTreeSet<Utf8PathBuf>,
}

/// Finds the nearest folder above a main file, down from `top`, that holds everything it refers to. `None` where there is
/// none, or where the references cannot be rewritten so that they surely lead to the same files.
pub(crate) fn raise(
    follower: &mut Follower,
    top: &Utf8Path,
    main: &Utf8Path,
    references: &[Reference],
) -> Option<Raised> {
    let name = Utf8PathBuf::from(main.file_name()?);
    for folder in main.parent()?.ancestors().skip(1) {
        let below = main.strip_prefix(folder).ok()?;
        let root: Utf8PathBuf = top.join(folder).components().collect();
        let closure = follower.follow(&root, below, references, false);
        match closure.dangling {
            Some(dangling) if dangling.wrong == Wrong::Above => continue,
            Some(_) => return None,
            None => {}
        }
        // A vendored module is looked for in the root, and the server puts its own there.
        if closure.members.contains(&name) || references.iter().any(|r| r.target.contains("exchange_modules")) {
            return None;
        }
        let (path, question) = (root.join(below), Question::Raised(below.as_str()));
        let reading = follower.reading().clone();
        let moved = reading.told_within(MAX_READ, &question, &path, |bytes| references_of(&root, below, bytes));
        let moved: Vec<Reference> = moved.ok().flatten().flatten()?;
        let lead = |main: &Utf8Path, reference: &Reference| follower.resolve(&root, main, reference).ok().flatten();
        let is_same = moved.len() == references.len()
            && moved.iter().zip(references).all(|(now, before)| lead(&name, now) == lead(below, before));
        if !is_same {
            return None;
        }
        let mut members = closure.members;
        if !follower.is_referred_to(&root, below, &members, references) {
            members.remove(below);
        }
        return Some(Raised { root, main: below.to_owned(), members });
    }
    None
}

/// What a main file refers to once it is raised.
fn references_of(root: &Utf8Path, main: &Utf8Path, bytes: &[u8]) -> Option<Vec<Reference>> {
    let text = text_of(root, main, bytes)?;
    let spec = spec::read(&root.join(main.file_name()?), text.as_bytes()).ok().flatten()?;
    Some(spec.references)
}

/// The text of a main file, its references written as from the root. `None` where a reference cannot be found in the
/// text as it was read, or where it is not UTF-8.
pub(crate) fn text_of(root: &Utf8Path, main: &Utf8Path, bytes: &[u8]) -> Option<String> {
    let decoded = text::decode(bytes).ok()?;
    if decoded.encoding != text::Encoding::Utf8 {
        return None;
    }
    let text = decoded.text.as_ref();
    let found = spec::read(&root.join(main), bytes).ok().flatten()?;
    // Imports of protobuf start at an import root, which is the root of the archive.
    if found.format == spec::Format::Protobuf {
        return Some(text.to_owned());
    }
    let folder = main.parent()?;
    let is_uri = found.format != spec::Format::RamlApi && !matches!(found.format, spec::Format::RamlFragment(_));
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    let mut from = 0;
    let mut places = text::Places::new(text);
    for reference in &found.references {
        let Some(target) = moved(folder, reference, is_uri)? else { continue };
        let (start, end) = if let Some((line, column)) = reference.position {
            let start = places.offset(line, column)?;
            let at = start + text[start..].find(&reference.target)?;
            (at, at + reference.target.len())
        } else {
            // JSON: in quotes, in the order of the text.
            let quoted = serde_json::to_string(&reference.target).ok()?;
            let at = from + text[from..].find(&quoted)? + 1;
            (at, at + quoted.len() - 2)
        };
        from = end;
        edits.push((start, end, target));
    }
    edits.sort();
    edits.dedup();
    let mut rewritten = String::with_capacity(text.len() + edits.len() * folder.as_str().len());
    let mut done = 0;
    for (start, end, target) in edits {
        rewritten.push_str(text.get(done..start)?);
        rewritten.push_str(&target);
        done = end;
    }
    rewritten.push_str(&text[done..]);
    Some(rewritten)
}

/// A reference of a file in `folder` as it is written in the root. `Some(None)`: as before. `None`: it cannot be written.
#[expect(clippy::option_option, reason = "no other text is another answer than no text at all")]
fn moved(folder: &Utf8Path, reference: &Reference, is_uri: bool) -> Option<Option<String>> {
    let written = reference.target.trim();
    match refs::target(written) {
        Target::NoFile => return Some(None),
        Target::Machine => return None,
        Target::Relative(_) | Target::FromRoot(_) => {}
    }
    let end = written.find(['#', '?']).unwrap_or(written.len());
    let (path, rest) = written.split_at(end);
    let folder = if is_uri { encoded(folder) } else { folder.to_owned() };
    let Some(joined) = refs::join(&folder, Utf8Path::new(path.trim_start_matches('/'))) else {
        return (reference.strength == Strength::Welcome).then_some(None);
    };
    let slash = if path.starts_with('/') { "/" } else { "" };
    Some(Some(format!("{slash}{joined}{rest}")))
}

/// A folder as it is written in a URI.
fn encoded(folder: &Utf8Path) -> Utf8PathBuf {
    let mut text = String::with_capacity(folder.as_str().len());
    for c in folder.as_str().chars() {
        match c {
            '%' | '#' | '?' | '"' | '<' | '>' | '&' | '\'' | ' ' => text.push_str(&format!("%{:02X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::reading::Reading;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("temp");
            for (name, text) in files {
                let path = folder.path().join(name);
                fs_err::create_dir_all(path.parent().expect("a parent")).expect("creates");
                fs_err::write(path, text).expect("writes");
            }
            Self(folder)
        }

        fn root(&self) -> &Utf8Path {
            Utf8Path::from_path(self.0.path()).expect("utf-8")
        }

        fn raise(&self, main: &str) -> Option<(Raised, String)> {
            let path = self.root().join(main);
            let bytes = fs_err::read(&path).expect("reads");
            let spec = spec::read(&path, &bytes).expect("parses").expect("a specification");
            let mut follower = Follower::new(self.root(), &Reading::default());
            let raised = raise(&mut follower, self.root(), Utf8Path::new(main), &spec.references)?;
            let text =
                text_of(&raised.root, &raised.main, &fs_err::read(raised.root.join(&raised.main)).expect("reads"));
            Some((raised, text.expect("rewrites")))
        }
    }

    fn names(raised: &Raised) -> Vec<&str> {
        raised.members.iter().map(|member| member.as_str()).collect()
    }

    #[test]
    fn the_nearest_folder_that_holds_everything_becomes_the_root() {
        let folder = Folder::new(&[
            (
                "all/apis/my orders/api.yaml",
                "openapi: 3.0.3\ninfo: {title: T, version: '1', description: see ../../common/a.yaml}\npaths:\n  /a:\n    \
                 $ref: '../../common/a.yaml#/x'\n  /b: {$ref: own.yaml}\n",
            ),
            ("all/apis/my orders/own.yaml", "get: {$ref: '../../common/a.yaml#/y'}\n"),
            ("all/common/a.yaml", "x: {}\ny: {}\n"),
            ("all/other.yaml", "x: {}\n"),
        ]);
        let (raised, text) = folder.raise("all/apis/my orders/api.yaml").expect("raises");
        assert_eq!(raised.root, folder.root().join("all"));
        assert_eq!(names(&raised), ["apis/my orders/own.yaml", "common/a.yaml"]);
        assert!(
            text.contains("$ref: 'common/a.yaml#/x'") && text.contains("{$ref: apis/my%20orders/own.yaml}"),
            "{text}"
        );
        assert!(text.contains("description: see ../../common/a.yaml"), "nothing but references changes: {text}");
    }

    #[test]
    fn raml_json_and_wsdl_are_rewritten_as_well() {
        let json = r#"{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{"/a":{"$ref":"..\/a.json"},"/b":{"$ref":"../a.json"}}}"#;
        let plain = json.replace("\\/", "/");
        for (main, text, part, expected) in [
            ("p/api.raml", "#%RAML 1.0\ntitle: T\nuses:\n  l: ../lib.raml\n", "lib.raml", "l: lib.raml\n"),
            ("p/api.json", plain.as_str(), "a.json", r#""/a":{"$ref":"a.json"},"/b":{"$ref":"a.json"}"#),
            (
                "p/s.wsdl",
                "<definitions name='S' xmlns='http://schemas.xmlsoap.org/wsdl/'><import namespace='n' location='../t.wsdl'/>\
                 <service name='S'/></definitions>",
                "t.wsdl",
                "location='t.wsdl'",
            ),
        ] {
            let folder = Folder::new(&[(main, text), (part, "{}")]);
            let (raised, text) = folder.raise(main).expect(main);
            assert_eq!(names(&raised), [part]);
            assert!(text.contains(expected), "{text}");
        }
        // What is written in another way than it reads is not guessed at.
        assert!(Folder::new(&[("p/api.json", json), ("a.json", "{}")]).raise("p/api.json").is_none());
    }

    #[test]
    fn a_main_file_that_others_refer_back_to_stays_in_its_place_too() {
        let main = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {$ref: ../a.yaml}}\n";
        let folder = Folder::new(&[("p/api.yaml", main), ("a.yaml", "get: {$ref: 'p/api.yaml#/info'}\n")]);
        assert_eq!(names(&folder.raise("p/api.yaml").expect("raises").0), ["a.yaml", "p/api.yaml"]);
    }

    #[test]
    fn what_leads_nowhere_or_out_of_the_source_is_not_raised() {
        let main =
            "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {$ref: ../a.yaml}, /b: {$ref: TARGET}}\n";
        for target in ["../gone.yaml", "../../a.yaml", "../api.yaml"] {
            let folder =
                Folder::new(&[("p/api.yaml", &main.replace("TARGET", target)), ("a.yaml", "a"), ("api.yaml", "b")]);
            assert!(folder.raise("p/api.yaml").is_none(), "{target}");
        }
    }
}
