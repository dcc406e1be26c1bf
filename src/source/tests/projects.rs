use super::*;
use crate::asset::{Origin, Problem, Remap, RemapTables};

const RAML: &str = "#%RAML 1.0\ntitle: T\n";

fn descriptor(more: &str) -> String {
    format!("{{\"main\":\"api.raml\",\"name\":\"Shop\",\"classifier\":\"raml\",\"tags\":[\"x\"]{more}}}")
}

#[test]
fn a_project_is_one_asset_with_the_files_of_its_folder() {
    let scanned = folder(&[
        (
            "p/exchange.json",
            &descriptor(
                ",\"groupId\":\"old\",\"assetId\":\"shop\",\"version\":\"2.1.0\",\"apiVersion\":\"\\\"v2\\\"\"",
            ),
        ),
        ("p/api.raml", RAML),
        ("p/unused/type.raml", "#%RAML 1.0 DataType\n"),
        ("p/exchange_modules/g/a/1.0.0/lib.raml", "#%RAML 1.0 Library\n"),
        ("p/exchange-docs/home.md", "Hello"),
        ("p/exchange-docs/resources/x.png", "x"),
        ("p/icon.png", "x"),
    ])
    .scan();
    let draft = scanned.only();
    assert_eq!(draft.coordinates.to_string(), format!("{GROUP}/shop/2.1.0"));
    assert_eq!(keys(draft), ["files.docs.zip", "files.icon.png", "files.raml.zip"]);
    let raml = draft.files.iter().find(|file| file.key.classifier() == "raml").map(|file| &file.content);
    let Some(FileContent::Zip { members, .. }) = raml else { panic!("{draft:#?}") };
    assert_eq!(members.iter().map(|m| m.as_str()).collect::<Vec<_>>(), ["api.raml", "unused/type.raml"]);
    assert_eq!((draft.properties["apiVersion"].as_str(), draft.properties["mainFile"].as_str()), ("v2", "api.raml"));
    assert!(matches!(&draft.origins["groupId"], Origin::Derived(why) if why.contains("`old`")));
}

#[test]
fn dependencies_on_the_projects_own_group_move_along() {
    let dependencies = ",\"groupId\":\"old\",\"organizationId\":\"org\",\"dependencies\":[\
        {\"groupId\":\"old\",\"assetId\":\"a\",\"version\":\"1.0.0\"},{\"groupId\":\"org\",\"assetId\":\"b\",\"version\":\"1.0.0\",\"provided\":false},\
        {\"groupId\":\"public\",\"assetId\":\"c\",\"version\":\"1.0.0\"},{\"groupId\":\"old\",\"assetId\":\"d\",\"version\":\"1.0.0\",\"scope\":\"validation\"}]";
    let scanned = folder(&[
        ("exchange.json", &descriptor(dependencies)),
        ("api.raml", "#%RAML 1.0\ntitle: T\nuses:\n  l: exchange_modules/old/a/1.0.0/lib.raml\n  m: exchange_modules/public/c/1.0.0/gone.raml\n"),
        ("exchange_modules/old/a/1.0.0/lib.raml", "#%RAML 1.0 Library\n"),
    ])
    .scan();
    let draft = scanned.only();
    let found: Vec<String> = draft.dependencies.iter().map(ToString::to_string).collect();
    assert_eq!(found, [format!("{GROUP}/a/1.0.0"), format!("{GROUP}/b/1.0.0"), "public/c/1.0.0".to_owned()]);
    assert_eq!(members(draft), ["api.raml", "exchange_modules/old/a/1.0.0/lib.raml"]);
    let moves: Vec<(&str, &str)> = draft.moves.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    assert_eq!(moves, [("old", GROUP), ("org", GROUP)]);
}

#[test]
fn a_table_says_where_a_project_and_its_dependencies_go() {
    let dependencies = ",\"groupId\":\"old\",\"assetId\":\"shop\",\"version\":\"1.0.0\",\"description\":\"see old/a/1.0.0\",\"dependencies\":[\
        {\"groupId\":\"old\",\"assetId\":\"a\",\"version\":\"1.0.0\"},{\"groupId\":\"old\",\"assetId\":\"b\",\"version\":\"1.0.0\"},\
        {\"groupId\":\"org.mule\",\"assetId\":\"c\",\"version\":\"1.0.0\"}]";
    let scanned = folder(&[("exchange.json", &descriptor(dependencies)), ("api.raml", RAML)]);
    let pairs = |from: &str, to: &str| [(from.to_owned(), to.to_owned())].into_iter().collect();
    let tables = RemapTables { groups: pairs("old", "new"), assets: pairs("old/b", "new/c"), ..RemapTables::default() };
    let before = scanned.scan().only().stamp.clone();
    let scanned = scanned.scan_with(&Options { remap: Remap::new(tables).expect("a table"), ..options() });
    let draft = scanned.only();
    assert_eq!(draft.coordinates.to_string(), "new/shop/1.0.0");
    let found: Vec<String> = draft.dependencies.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["new/a/1.0.0", "new/c/1.0.0", "org.mule/c/1.0.0"]);
    assert_eq!(draft.description.as_deref(), Some("see new/a/1.0.0"));
    assert!(matches!(&draft.origins["groupId"], Origin::Derived(why) if why.contains("[remap] of old/shop/1.0.0")));
    assert_ne!(draft.stamp, before, "what is made of the files has changed");
}

#[test]
fn the_minimal_form_takes_the_rest_from_the_specification() {
    let scanned = folder(&[
        ("shop/exchange.json", &descriptor("")),
        ("shop/api.raml", "#%RAML 1.0\ntitle: Web Shop\nversion: v3\n"),
    ])
    .scan();
    let draft = scanned.only();
    assert_eq!((draft.name.as_str(), draft.coordinates.asset_id.as_str()), ("Shop", "web-shop"));
    assert_eq!(draft.coordinates.version.to_string(), "3.0.0");
}

#[test]
fn a_main_file_that_is_gone_is_told_or_replaced_by_the_only_api_there_is() {
    let gone = folder(&[("exchange.json", &descriptor(""))]).scan();
    assert_eq!(
        (gone.refused().problem, gone.refused().message.as_str()),
        (Problem::Missing, "main file `api.raml` is not there")
    );
    let renamed = folder(&[("exchange.json", &descriptor("")), ("shop v4.raml", RAML)]).scan();
    assert_eq!(renamed.only().properties["mainFile"], "shop v4.raml");
}

#[test]
fn a_main_file_in_a_folder_makes_that_folder_the_root() {
    let scanned = folder(&[
        ("exchange.json", "{\"main\":\"types/a.raml\",\"name\":\"A\",\"classifier\":\"raml-fragment\"}"),
        ("types/a.raml", "#%RAML 1.0 DataType\nproperties: {b: !include b.raml}\n"),
        ("types/b.raml", "type: string\n"),
    ])
    .scan();
    let draft = scanned.only();
    assert_eq!((members(draft), draft.properties["mainFile"].as_str()), (vec!["a.raml", "b.raml"], "a.raml"));
    assert!(!draft.properties.contains_key("apiVersion"));
}

#[test]
fn vendored_copies_and_saved_answers_are_no_projects() {
    let vendored = "{\"main\":\"lib.raml\",\"classifier\":\"raml-fragment\",\"groupId\":\"g\",\"assetId\":\"l\",\"version\":\"1.0.0\"}";
    let scanned = folder(&[
        ("exchange.json", &descriptor("")),
        ("api.raml", "#%RAML 1.0\ntitle: T\nuses: {l: deps/g/l/1.0.0/lib.raml}\n"),
        ("deps/g/l/1.0.0/exchange.json", vendored),
        ("deps/g/l/1.0.0/lib.raml", "#%RAML 1.0 Library\n"),
    ])
    .scan();
    assert!(members(scanned.only()).contains(&"deps/g/l/1.0.0/lib.raml"));
    let saved =
        folder(&[("exchange.json", "{\"id\":\"g/a/1.0.0\",\"files\":[],\"name\":\"x\"}"), ("api.raml", RAML)]).scan();
    assert_eq!(name(&saved.only().path), "api.raml");
}

#[test]
fn a_broken_descriptor_is_told_with_its_place() {
    let scanned = folder(&[("exchange.json", "{\"main\": \"api.raml\",\n}"), ("api.raml", RAML)]).scan();
    let diagnosis = scanned.refused();
    assert_eq!((diagnosis.problem, diagnosis.line), (Problem::Invalid, Some(2)));
}

#[test]
fn a_built_jar_takes_its_coordinates_from_the_pom_inside() {
    let tree = folder(&[]);
    let pom = "<project><groupId>com.x</groupId><artifactId>db-connector</artifactId><version>1.4.0</version>\
               <name>DB</name><packaging>mule-extension</packaging></project>";
    let file = fs_err::File::create(tree.root.join("any.jar")).expect("creates");
    let mut zip = zip::ZipWriter::new(file);
    for (member, text) in
        [("META-INF/mule-artifact/mule-artifact.json", "{}"), ("META-INF/maven/com.x/db/pom.xml", pom)]
    {
        zip.start_file(member, zip::write::SimpleFileOptions::default()).expect("starts");
        std::io::Write::write_all(&mut zip, text.as_bytes()).expect("writes");
    }
    zip.finish().expect("finishes");
    let scanned = tree.scan();
    let draft = scanned.only();
    assert_eq!(
        (draft.coordinates.to_string(), draft.asset_type.as_str()),
        (format!("{GROUP}/db-connector/1.4.0"), "extension")
    );
    assert_eq!((keys(draft), draft.name.as_str()), (vec!["files.mule-plugin.jar".to_owned()], "DB"));
}

#[test]
fn an_archive_that_holds_one_specification_is_sent_as_it_is() {
    let tree = folder(&[]);
    let make = |name: &str, members: &[(&str, &str)]| {
        let file = fs_err::File::create(tree.root.join(name)).expect("creates");
        let mut zip = zip::ZipWriter::new(file);
        for (member, text) in members {
            zip.start_file(*member, zip::write::SimpleFileOptions::default()).expect("starts");
            std::io::Write::write_all(&mut zip, text.as_bytes()).expect("writes");
        }
        zip.finish().expect("finishes");
    };
    make("good.zip", &[("api.raml", RAML), ("__MACOSX/._api.raml", "x"), ("t.raml", "#%RAML 1.0 DataType\n")]);
    make("nested.zip", &[("folder/api.raml", RAML)]);
    make("other.zip", &[("readme.txt", "x")]);
    tree.write("damaged.zip", b"PK no");
    let scanned = tree.scan();
    assert_eq!((scanned.ids(), keys(&scanned.drafts[0])), (vec!["t"], vec!["files.raml.zip".to_owned()]));
    let told: Vec<_> = scanned.diagnoses.iter().map(|d| name(&d.path)).collect();
    assert_eq!(told, ["damaged.zip", "nested.zip"]);
}

#[test]
fn an_empty_list_of_tags_in_a_descriptor_says_nothing() {
    let json = descriptor("").replace("[\"x\"]", "[]");
    let scanned = folder(&[("p/exchange.json", &json), ("p/api.raml", RAML)]).scan();
    assert_eq!(scanned.only().tags, None);
    let json = descriptor("").replace("[\"x\"]", "[\"a, b\"]");
    let scanned = folder(&[("p/exchange.json", &json), ("p/api.raml", RAML)]).scan();
    assert_eq!(scanned.only().tags, Some(vec!["a, b".to_owned()]));
}

#[test]
fn only_a_name_that_nobody_gave_is_derived() {
    let is_derived = |files: &[(&str, &str)]| folder(files).scan().only().name_is_derived;
    let (named, bare) = (descriptor(""), "{\"main\":\"api.raml\",\"classifier\":\"raml\",\"assetId\":\"shop\"}");
    let untitled = "#%RAML 1.0 Library\nusage: none\n";
    assert!(!is_derived(&[("p/exchange.json", &named), ("p/api.raml", RAML)]));
    assert!(!is_derived(&[("p/exchange.json", bare), ("p/api.raml", RAML)]), "the title is a name");
    assert!(is_derived(&[("p/lib.raml", untitled)]), "the name of the file is none");
    let pom = |name: &str| {
        format!(
            "<project><groupId>g</groupId><artifactId>parent</artifactId><version>1.0.0</version>{name}\
             <packaging>pom</packaging><properties><type>custom</type></properties></project>"
        )
    };
    assert!(is_derived(&[("p/pom.xml", &pom(""))]));
    assert!(!is_derived(&[("p/pom.xml", &pom("<name>Parent</name>"))]));
}

#[test]
fn documentation_that_the_defaults_name_is_not_packed_twice() {
    let tree = folder(&[
        ("p/exchange.json", &descriptor("")),
        ("p/api.raml", "#%RAML 1.0\ntitle: T\ndescription: !include docs/intro.md\n"),
        ("p/docs/home.md", "Hello"),
        ("p/docs/intro.md", "Hello"),
        ("p/assets/logo.svg", "<svg/>"),
        ("p/other.txt", "x"),
    ]);
    let mut options = options();
    options.defaults.insert("docs".to_owned(), "./docs/".to_owned());
    options.defaults.insert("icon".to_owned(), "assets/logo.svg".to_owned());
    let scanned = tree.scan_with(&options);
    let draft = scanned.only();
    assert_eq!(keys(draft), ["files.docs.zip", "files.icon.svg", "files.raml.zip"]);
    // What the specification refers to is part of it all the same.
    let raml = draft.files.iter().find(|file| file.key.classifier() == "raml").map(|file| &file.content);
    let Some(FileContent::Zip { members, .. }) = raml else { panic!("{draft:#?}") };
    assert_eq!(members, &["api.raml", "docs/intro.md", "other.txt"]);
}

#[test]
fn a_project_that_cannot_be_built_is_named_as_at_the_target() {
    let broken = descriptor(",\"groupId\":\"old\",\"assetId\":\"shop\",\"version\":\"1.0.0\"");
    let scanned = folder(&[("exchange.json", &broken), ("api.raml", "#%RAML 1.0\ntitle: [\n")]);
    assert_eq!(scanned.scan().refused().gav.as_deref(), Some(format!("{GROUP}/shop/1.0.0").as_str()));
    let groups = [("old".to_owned(), "new".to_owned())].into_iter().collect();
    let remap = Remap::new(RemapTables { groups, ..RemapTables::default() }).expect("a table");
    let moved = scanned.scan_with(&Options { remap, ..options() });
    assert_eq!(moved.refused().gav.as_deref(), Some("new/shop/1.0.0"));
}
