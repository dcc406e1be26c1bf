//! What rewriting promises.

use std::{collections::BTreeMap, fs};

use proptest::prelude::*;

use super::Rewriter;
use crate::asset::{Remap, RemapTables};

const OLD: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const NEW: &str = "22222222-aaaa-4bbb-8ccc-000000000002";
const PUBLIC: &str = "68ef9520-24e9-4cf2-b2f5-620025690913";

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

fn table() -> Remap {
    Remap::new(RemapTables {
        groups: map(&[(OLD, NEW), ("old", "new")]),
        assets: map(&[("old/types/1.0.0", "new/kinds/1.0.2"), ("old/common", "shared/common")]),
        organizations: map(&[("oldorg", "neworg")]),
        hosts: map(&[("anypoint.mulesoft.com", "eu1.anypoint.mulesoft.com")]),
        merge: false,
    })
    .unwrap()
}

fn rewritten(name: &str, text: &str) -> String {
    let rewriter = Rewriter::new(table());
    let once = rewriter.content(name, text.as_bytes()).map_or(text.to_owned(), |b| String::from_utf8(b).unwrap());
    assert_eq!(rewriter.content(name, once.as_bytes()), None, "nothing changes twice: {once}");
    let back = Rewriter::new(table().reversed().unwrap());
    let again = back.content(name, once.as_bytes()).map_or(once.clone(), |b| String::from_utf8(b).unwrap());
    assert_eq!(again, text, "the way back is the same");
    once
}

#[test]
fn references_and_links_lead_to_the_target() {
    for (before, after) in [
        (
            "uses:\n  l: exchange_modules/old/a/1.0.0/lib.raml # mine\n",
            "uses:\n  l: exchange_modules/new/a/1.0.0/lib.raml # mine\n",
        ),
        (
            "a: !include ../exchange_modules/old/types/1.0.0/t.raml",
            "a: !include ../exchange_modules/new/kinds/1.0.2/t.raml",
        ),
        ("extends: exchange_modules/old/common/2.0.0/c.raml", "extends: exchange_modules/shared/common/2.0.0/c.raml"),
        (
            r#"{"$ref": "exchange_modules\/old\/types\/1.0.0\/t.json#/x"}"#,
            r#"{"$ref": "exchange_modules\/new\/kinds\/1.0.2\/t.json#/x"}"#,
        ),
        ("old:a:1.0.0,old:types:1.0.0", "new:a:1.0.0,new:kinds:1.0.2"),
        ("see old/a/1.0.0.", "see new/a/1.0.0."),
        (
            "[x](https://anypoint.mulesoft.com/exchange/old/types/1.0.0/)",
            "[x](https://eu1.anypoint.mulesoft.com/exchange/new/kinds/1.0.2/)",
        ),
        ("https://x/exchange/portals/my-org/old/a/", "https://x/exchange/portals/my-org/new/a/"),
        (
            "https://maven.anypoint.mulesoft.com/api/v3/organizations/oldorg/maven",
            "https://maven.anypoint.mulesoft.com/api/v3/organizations/neworg/maven",
        ),
    ] {
        assert_eq!(rewritten("page.md", before), after);
    }
    let uuid = format!("id {OLD}, %2F{OLD}/a and /organizations/{OLD}/x");
    assert_eq!(rewritten("page.md", &uuid), uuid.replace(OLD, NEW));
}

#[test]
fn a_uuid_moves_in_capitals_and_beside_letters_and_nothing_else_does() {
    let rewriter = Rewriter::new(table());
    let text = |text: &str| rewriter.content("x.json", text.as_bytes()).map(|b| String::from_utf8(b).unwrap());
    let capitals = OLD.to_ascii_uppercase();
    let object = format!("{{\"groupId\": \"{capitals}\", \"assetId\": \"a\", \"version\": \"1.0.0\"}}");
    assert_eq!(text(&object), Some(object.replace(&capitals, NEW)));
    assert_eq!(text(&format!("org{OLD}v1 {capitals}/a")), Some(format!("org{NEW}v1 {NEW}/a")));
    assert_eq!(rewriter.name(&format!("exchange_modules/{capitals}/a")), Some(format!("exchange_modules/{NEW}/a")));
    assert_eq!(text("OLD/types/1.0.0 Old:a:1.0.0"), None, "what is no UUID is a word");
}

#[test]
fn words_and_public_groups_stay() {
    for text in [
        "the old way, old: true, /old/orders, threshold/x/1.0.0, my-old/x/1.0.0, old.er/x/1.0.0",
        &format!("uses:\n  x: exchange_modules/{PUBLIC}/types/1.0.0/t.raml\n"),
        "org.mule.old/x/1.0.0, com.mulesoft.old:x:1.0.0",
        &format!("a{OLD} {OLD}b {}", &OLD[..35]),
        "mail anypoint.mulesoft.com or //eu1.anypoint.mulesoft.com or //anypoint.mulesoft.com.evil",
    ] {
        let rewriter = Rewriter::new(table());
        assert_eq!(rewriter.content("x.raml", text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_pom_keeps_its_form_and_gets_its_coordinates() {
    let pom = "<?xml version=\"1.0\"?>\n<!-- old -->\n<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n\
               \t<parent><groupId>old</groupId><artifactId>common</artifactId><version>2.0.0</version></parent>\n\
               \t<groupId>${own}</groupId>\r\n  <artifactId>old</artifactId><version>1.0.0</version>\n\
               <properties><own> old </own><note>old</note><businessGroupId>oldorg</businessGroupId></properties>\n\
               <dependencies><dependency><groupId> old </groupId><artifactId>types</artifactId><version>1.0.0</version></dependency>\n\
               <dependency><groupId>org.mule</groupId><artifactId>old</artifactId><version>1.0.0</version></dependency></dependencies>\n\
               <distributionManagement><repository><url>https://m/api/v2/organizations/oldorg/maven</url></repository></distributionManagement>\n\
               </project>\n";
    let after = pom
        .replace("<parent><groupId>old<", "<parent><groupId>shared<")
        .replace("<own> old <", "<own> new <")
        .replace("oldorg", "neworg")
        .replace(
            "<groupId> old </groupId><artifactId>types</artifactId><version>1.0.0",
            "<groupId> new </groupId><artifactId>kinds</artifactId><version>1.0.2",
        );
    assert_eq!(rewritten("a/pom.xml", pom), after);
    let properties = "#x\ngroupId=old\nartifactId=types\r\nversion=1.0.0\n";
    assert_eq!(
        rewritten("META-INF/pom.properties", properties),
        "#x\ngroupId=new\nartifactId=kinds\r\nversion=1.0.2\n"
    );
}

#[test]
fn a_descriptor_keeps_the_order_of_its_keys() {
    let text = "{\n  \"version\" : \"1.0.0\", \"groupId\":\"old\",\n  \"note\": \"old \\\"groupId\\\": old\",\n  \"assetId\": \"mine\",\n\
                \t\"organizationId\": \"oldorg\", \"dependencies\":[{\"assetId\":\"types\",\"version\":\"1.0.0\",\"groupId\":\"old\"},\
                {\"groupId\":\"org.mule\",\"assetId\":\"old\",\"version\":\"1.0.0\"}] }";
    let after = text.replace("\"groupId\":\"old\",\n", "\"groupId\":\"new\",\n").replace("oldorg", "neworg").replace(
        "\"types\",\"version\":\"1.0.0\",\"groupId\":\"old\"",
        "\"kinds\",\"version\":\"1.0.2\",\"groupId\":\"new\"",
    );
    assert_eq!(rewritten("x/exchange.json", text), after);
    assert_eq!(
        rewritten("x/people.json", "{\"groupId\": \"old\", \"name\": \"x\"}"),
        "{\"groupId\": \"old\", \"name\": \"x\"}"
    );
}

#[test]
fn other_encodings_are_written_as_they_were_and_binary_files_stay() {
    let text = format!("\u{feff}uses: exchange_modules/old/a/1.0.0/ä.raml {OLD}");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let rewriter = Rewriter::new(table());
    let back = rewriter.content("a.raml", &wide).unwrap();
    let units: Vec<u16> = back.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    assert_eq!(String::from_utf16(&units).unwrap(), text.replace(OLD, NEW).replace("/old/", "/new/"));
    let latin: Vec<u8> = [&b"\xe9 "[..], OLD.as_bytes()].concat();
    assert_eq!(rewriter.content("a.txt", &latin), Some([&b"\xe9 "[..], NEW.as_bytes()].concat()));
    let binary = [&b"\0\0\0\x24"[..], OLD.as_bytes()].concat();
    assert_eq!(rewriter.content("a.class", &binary), None);
    let marked = "\u{feff}{\"groupId\":\"old\",\"assetId\":\"types\",\"version\":\"1.0.0\"}";
    assert_eq!(
        rewritten("exchange.json", marked),
        "\u{feff}{\"groupId\":\"new\",\"assetId\":\"kinds\",\"version\":\"1.0.2\"}"
    );
}

#[test]
fn the_names_of_members_move() {
    let rewriter = Rewriter::new(table());
    for (before, after) in [
        ("exchange_modules/old/types/1.0.0/t.raml", Some("exchange_modules/new/kinds/1.0.2/t.raml".to_owned())),
        ("META-INF/maven/old/a/pom.xml", Some("META-INF/maven/new/a/pom.xml".to_owned())),
        (&format!("x/{OLD}.txt"), Some(format!("x/{NEW}.txt"))),
        ("old/a.raml", None),
    ] {
        assert_eq!(rewriter.name(before), after);
    }
}

#[test]
fn modules_alone_move_with_a_project() {
    let rewriter = Rewriter::new(Remap::default().with_modules(&map(&[(OLD, NEW)])));
    let text = format!("description: {OLD}/x\nuses: {{a: exchange_modules/{OLD}/a/1.0.0/x.raml}}\n");
    let after = text.replace(&format!("modules/{OLD}"), &format!("modules/{NEW}"));
    assert_eq!(rewriter.content("a.raml", text.as_bytes()), Some(after.into_bytes()));
}

#[test]
fn an_archive_is_packed_anew_only_where_something_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| camino::Utf8PathBuf::try_from(folder.path().join(name)).unwrap();
    let zip = |name: &str, members: &[(&str, &[u8])]| {
        let mut zip = zip::ZipWriter::new(fs::File::create(path(name)).unwrap());
        for (name, content) in members {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, content).unwrap();
        }
        zip.finish().unwrap();
        fs::read(path(name)).unwrap()
    };
    let rewriter = Rewriter::new(table());
    let rewrite = |name: &str| rewriter.archive(&path(name), &path(""), u64::MAX).unwrap();
    let inner =
        zip("inner.zip", &[("exchange.json", b"{\"groupId\":\"old\",\"assetId\":\"a\",\"version\":\"1.0.0\"}")]);
    zip("plain.jar", &[("META-INF/MANIFEST.MF", b"M"), ("a.class", b"\0old"), ("broken.zip", b"PK")]);
    assert!(rewrite("plain.jar").is_none());
    zip("signed.jar", &[("META-INF/X.SF", b"S"), ("a.txt", OLD.as_bytes())]);
    assert!(rewrite("signed.jar").is_none());
    zip("app.jar", &[("META-INF/MANIFEST.MF", b"M"), ("b.zip", &inner), ("META-INF/maven/old/a/pom.xml", b"<p/>")]);
    let (one, two) = (rewrite("app.jar").unwrap(), rewrite("app.jar").unwrap());
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    let mut back = zip::ZipArchive::new(fs::File::open(&one).unwrap()).unwrap();
    let names: Vec<String> = back.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["META-INF/MANIFEST.MF", "b.zip", "META-INF/maven/new/a/pom.xml"]);
    let mut nested = std::io::Cursor::new(Vec::new());
    std::io::copy(&mut back.by_name("b.zip").unwrap(), &mut nested).unwrap();
    let mut nested = zip::ZipArchive::new(nested).unwrap();
    let text = std::io::read_to_string(nested.by_name("exchange.json").unwrap()).unwrap();
    assert!(text.contains("\"groupId\":\"new\""), "{text}");
}

/// Texts in which ids stand beside all kinds of things.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(OLD.to_owned()),
        Just("old".to_owned()),
        Just("oldorg".to_owned()),
        Just(PUBLIC.to_owned()),
        Just("exchange_modules/".to_owned()),
        Just("/types/1.0.0/".to_owned()),
        Just("/common".to_owned()),
        Just("{\"groupId\":\"".to_owned()),
        Just("\",\"assetId\":\"types\",\"version\":\"1.0.0\"}".to_owned()),
        Just("<d><groupId>".to_owned()),
        Just("</groupId><artifactId>types</artifactId><version>1.0.0</version></d>".to_owned()),
        Just("https://anypoint.mulesoft.com/exchange/".to_owned()),
        Just(":a:1.2.3".to_owned()),
        Just("/organizations/".to_owned()),
        "[ /:.\"\\\\\n-]{0,2}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..Default::default() })]

    #[test]
    fn rewriting_twice_is_rewriting_once_and_the_way_back_is_the_same(
        text in texts(), name in prop_oneof![Just("exchange.json"), Just("pom.xml"), Just("a.raml"), Just("b.json"), Just("pom.properties")],
    ) {
        let there = Rewriter::new(table());
        let once = there.content(name, text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
        prop_assert_eq!(there.content(name, &once), None);
        let back = Rewriter::new(table().reversed().unwrap());
        let again = back.content(name, &once).unwrap_or_else(|| once.clone());
        let fresh = ["new", "neworg", "kinds", "1.0.2", "shared", NEW, "eu1"].iter().all(|id| !text.contains(id));
        if fresh {
            prop_assert_eq!(String::from_utf8(again).unwrap(), text);
        }
    }

    #[test]
    fn an_empty_table_changes_no_byte(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in texts()) {
        let idle = Rewriter::new(Remap::default());
        prop_assert!(idle.is_idle());
        prop_assert_eq!(idle.content("exchange.json", &bytes), None);
        prop_assert_eq!(idle.content("pom.xml", text.as_bytes()), None);
        prop_assert_eq!(idle.name(&text), None);
    }

    #[test]
    fn no_id_of_the_source_is_left_as_a_word(text in texts(), name in prop_oneof![Just("exchange.json"), Just("pom.xml"), Just("a.raml")]) {
        let there = Rewriter::new(table());
        let once = there.content(name, text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
        let once = String::from_utf8(once).unwrap();
        let is_word = |at: usize| {
            let ends = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
            ends(once[..at].chars().next_back()) && ends(once[at + OLD.len()..].chars().next())
        };
        prop_assert!(once.match_indices(OLD).all(|(at, _)| !is_word(at)), "{}", once);
    }
}
