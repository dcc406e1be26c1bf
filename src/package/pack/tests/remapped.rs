//! What packing promises about assets that move.

use super::*;
use crate::{
    asset::RemapTables,
    package::remap::{Leftover, leftovers},
};

const OLD: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const NEW: &str = "22222222-aaaa-4bbb-8ccc-000000000002";

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

fn table() -> Remap {
    Remap::new(RemapTables { groups: map(&[(OLD, NEW), ("old", "new")]), ..RemapTables::default() }).unwrap()
}

impl Project {
    fn raml(&self, members: &[&str]) -> AssetDraft {
        let members = members.iter().map(Utf8PathBuf::from).collect();
        self.draft("files.raml.zip", FileContent::Zip { root: self.path().to_owned(), members })
    }

    fn remapped(&self, draft: &AssetDraft) -> Result<Package, Diagnosis> {
        pack_remapped(draft, &self.scratch(), &Limits::default(), &table())
    }

    fn proof(&self, draft: &AssetDraft, package: &Package) -> Vec<String> {
        leftovers(draft, package, &table(), &self.scratch()).unwrap().iter().map(Leftover::to_string).collect()
    }
}

fn members(part: &PackedFile) -> BTreeMap<String, String> {
    let entries = archive::entries(part.path(), &Budget::default()).unwrap();
    let read = |name: &str| archive::read_entry(part.path(), name, 1 << 20).unwrap().unwrap();
    entries.iter().map(|entry| (entry.name.clone(), String::from_utf8(read(&entry.name)).unwrap())).collect()
}

#[test]
fn vendored_modules_of_the_own_group_lie_where_its_dependencies_are() {
    let uses = format!("#%RAML 1.0\ntitle: {OLD}\nuses:\n  l: exchange_modules/{OLD}/a/1.0.0/l.raml\n");
    let module = format!("exchange_modules/{OLD}/a/1.0.0/l.raml");
    let project = Project::new(&[("api.raml", uses.as_bytes()), (&module, b"#%RAML 1.0 Library\n")]);
    let mut draft = project.raml(&["api.raml", &module]);
    draft.moves = map(&[(OLD, NEW)]);
    let package = project.pack(&draft).unwrap();
    let held = members(&package.parts[0]);
    assert_eq!(held.keys().collect::<Vec<_>>(), ["api.raml", &module.replace(OLD, NEW)]);
    assert_eq!(
        held["api.raml"],
        uses.replace(&format!("modules/{OLD}"), &format!("modules/{NEW}")),
        "nothing else moves"
    );
    assert_eq!(project.temporaries(), 1);
}

#[test]
fn what_names_nothing_of_the_source_is_packed_byte_for_byte_as_without_a_table() {
    let project = Project::new(&[("api.raml", b"#%RAML 1.0\ntitle: old\n"), ("a.pdf", b"%PDF-old")]);
    let draft = project.raml(&["api.raml"]);
    let (one, two) = (project.pack(&draft).unwrap(), project.remapped(&draft).unwrap());
    assert_eq!(bytes(&one.parts[0]), bytes(&two.parts[0]));
    fs::write(project.path().join("ready.zip"), bytes(&one.parts[0])).unwrap();
    for name in ["ready.zip", "a.pdf"] {
        let draft = project.file(if name == "a.pdf" { "files.custom.pdf" } else { "files.raml.zip" }, name);
        let package = project.remapped(&draft).unwrap();
        assert!(package.parts[0].path().ends_with(name), "not packed anew");
        assert!(project.proof(&draft, &package).is_empty());
    }
}

#[test]
fn a_ready_archive_a_bare_file_and_a_pom_are_sent_as_they_read_at_the_target() {
    let uses = format!("#%RAML 1.0\nuses:\n  l: exchange_modules/{OLD}/a/1.0.0/l.raml\n");
    let module = format!("exchange_modules/{OLD}/a/1.0.0/l.raml");
    let pom = "<project><groupId>old</groupId><artifactId>a</artifactId><version>1.0.0</version></project>";
    let files = [("api.raml", uses.as_bytes()), (&module, b"#%RAML 1.0 Library\n"), ("p.xml", pom.as_bytes())];
    let project = Project::new(&files);
    let zip = project.pack(&project.raml(&["api.raml", &module])).unwrap();
    fs::write(project.path().join("ready.zip"), bytes(&zip.parts[0])).unwrap();
    let draft = project.file("files.raml.zip", "ready.zip");
    let package = project.remapped(&draft).unwrap();
    assert_eq!(members(&package.parts[0])["api.raml"], uses.replace(OLD, NEW));
    assert_eq!(bytes(&package.parts[0]), bytes(&project.remapped(&draft).unwrap().parts[0]), "deterministic");
    assert_eq!(project.proof(&draft, &package), Vec::<String>::new());
    let sent = |key: &str, name: &str| {
        String::from_utf8(bytes(&project.remapped(&project.file(key, name)).unwrap().parts[0])).unwrap()
    };
    assert_eq!(sent("files.custom.raml", "api.raml"), uses.replace(OLD, NEW));
    assert_eq!(sent("files.pom", "p.xml"), pom.replace(">old<", ">new<"));
}

#[test]
fn two_copies_that_would_lie_in_one_place_are_told() {
    let modules = [format!("exchange_modules/{OLD}/a/1.0.0/l.raml"), format!("exchange_modules/{NEW}/a/1.0.0/l.raml")];
    let project = Project::new(&[("api.raml", b"#%RAML 1.0\n"), (&modules[0], b"1"), (&modules[1], b"2")]);
    let diagnosis = project.remapped(&project.raml(&["api.raml", &modules[0], &modules[1]])).unwrap_err();
    assert_eq!(diagnosis.problem, Problem::Duplicate);
    assert!(diagnosis.message.contains(&modules[1]), "{diagnosis}");
}

#[test]
fn the_proof_tells_every_place_that_is_left() {
    let text = format!(
        "#%RAML 1.0\nuses:\n  x: exchange_modules/{OLD}/a/1.0.0/gone.raml\n  y: exchange_modules/new/b/1.0.0/gone.raml\n"
    );
    let binary = format!("\0{}", OLD.to_ascii_uppercase());
    // A longer word, of which nobody knows what it means.
    let longer = format!("\n{OLD}0\n");
    let files = [("api.raml", text.as_bytes()), ("b.bin", binary.as_bytes()), ("c.md", longer.as_bytes())];
    let project = Project::new(&[&files[..], &[("torn.zip", b"PK")]].concat());
    let mut draft = project.raml(&["api.raml", "b.bin", "c.md"]);
    // Packed without the table, nothing is rewritten.
    let package = project.pack(&draft).unwrap();
    let found = project.proof(&draft, &package);
    assert_eq!(
        found,
        [
            format!("files.raml.zip: api.raml:3: `{OLD}` of the source"),
            format!("files.raml.zip: api.raml:3: `exchange_modules/{OLD}/a/1.0.0/gone.raml` leads to no file"),
            "files.raml.zip: api.raml:4: `exchange_modules/new/b/1.0.0/gone.raml` leads to no file".to_owned(),
            format!("files.raml.zip: b.bin: `{OLD}` of the source"),
            format!("files.raml.zip: c.md:2: `{OLD}` of the source, in a longer word"),
        ]
    );
    // With it, what is declared is there, and only what is not rewritten is left.
    draft.dependencies = [format!("{NEW}/a/1.0.0"), "new/b/1.0.0".to_owned()].map(|gav| gav.parse().unwrap()).to_vec();
    let package = project.remapped(&draft).unwrap();
    assert_eq!(project.proof(&draft, &package), found[3..]);
    let draft = project.file("files.custom.zip", "torn.zip");
    let found = project.proof(&draft, &project.remapped(&draft).unwrap());
    assert!(found[0].contains("cannot be looked into"), "{found:?}");
}
