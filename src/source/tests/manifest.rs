use proptest::prelude::*;

use super::*;
use crate::{
    asset::{AssetType, Lifecycle, Origin, Problem, Spelled, Visibility},
    source::SourceError,
};

const OAS: &str = "openapi: 3.0.0\ninfo: {title: Orders, version: 1.0.0}\npaths: {/a: {}}\n";

#[test]
fn cells_come_before_what_the_files_say() {
    let tree = folder(&[("a/orders.yaml", OAS)]);
    let scanned = tree.manifest("\u{feff}path,version,tags,properties.apiVersion,categories.Layer,dependencies\r\na/orders.yaml,v3,\"x, y\",v9,System,g:d:1.0.0\r\n");
    let draft = scanned.only();
    assert_eq!(draft.coordinates.to_string(), format!("{GROUP}/orders/3.0.0"));
    assert_eq!(
        (draft.properties["apiVersion"].as_str(), &draft.origins["tags"]),
        ("v9", &Origin::Manifest("tags".into()))
    );
    assert_eq!((draft.categories["Layer"].list(), draft.dependencies.len()), (vec!["System".to_owned()], 1));
    assert_eq!((name(&draft.path), draft.line), ("m.csv", Some(2)));
}

#[test]
fn wrong_cells_are_told_together_with_line_and_column() {
    let tree = folder(&[("a.yaml", OAS)]);
    let scanned = tree.manifest("path,version,status,dependencies\n\"a.yaml\",\"1.0\n\",Published,x\n");
    let diagnosis = scanned.refused();
    assert_eq!((diagnosis.line, diagnosis.problem), (Some(2), Problem::Value));
    assert!(diagnosis.message.contains("column \"status\": `Published`"), "{}", diagnosis.message);
    assert!(diagnosis.message.contains("column \"dependencies\": `x`"), "{}", diagnosis.message);
}

#[test]
fn lines_are_right_after_quoted_newlines_empty_lines_and_every_line_end() {
    let tree = folder(&[]);
    for (end, mark) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}"), ("\n", "\u{feff}")] {
        let rows = ["assetId,type,description", "a,custom,\"x\ny\"", "", "b,nope,", "", "c,rest-api,"];
        let scanned = tree.manifest(&format!("{mark}{}{end}", rows.join(end)));
        let lines: Vec<_> =
            scanned.drafts.iter().map(|d| d.line).chain(scanned.diagnoses.iter().map(|d| d.line)).collect();
        assert_eq!(lines, [Some(2), Some(5), Some(7)], "{end:?} {mark:?}");
    }
}

#[test]
fn a_row_of_a_wrong_length_does_not_stop_the_others() {
    let scanned = folder(&[]).manifest("assetId,type\na,custom\nb\nc,custom,extra\nd,custom\n");
    assert_eq!(scanned.ids(), ["a", "d"]);
    assert_eq!(scanned.diagnoses[0].message, "the row has 1 cells, the header has 2");
    assert_eq!(scanned.diagnoses[1].line, Some(4));
}

#[test]
fn text_that_is_not_utf8_is_told_by_column() {
    let tree = folder(&[]);
    tree.write("m.csv", b"assetId,type,name\na,custom,Caf\xE9\nb,custom,x\n");
    let scanned = collect(&Source::Manifest(tree.root.join("m.csv")), &options());
    assert_eq!(scanned.ids(), ["b"]);
    assert_eq!(scanned.diagnoses[0].message, "column \"name\": the text is not UTF-8");
}

#[test]
fn rows_without_a_file_are_for_types_that_need_none() {
    let scanned = folder(&[]).manifest(
        "assetId,type,version,properties.assetLink\nh,http-api,2.0.0,\ns,soap-api,,http://x/wsdl\nt,soap-api,,\nr,rest-api,,\nn,,,\nm,mcp,,\n",
    );
    assert_eq!(scanned.ids(), ["h", "s", "m"]);
    assert_eq!(scanned.drafts[0].properties["apiVersion"], "v2");
    let told: Vec<_> = scanned.diagnoses.iter().map(|d| d.line).collect();
    assert_eq!(told, [Some(4), Some(5), Some(6)]);
}

#[test]
fn named_files_are_taken_without_a_look() {
    let tree = folder(&[("x.yaml", "not: a spec\n"), ("d/home.md", "hi"), ("w/a.wsdl", "")]);
    let scanned =
        tree.manifest("assetId,files.oas.yaml,files.docs.zip,files.wsdl.zip\na,x.yaml,d,\nb,,,w\nc,gone.yaml,,\n");
    assert_eq!(
        (scanned.ids(), keys(&scanned.drafts[0])),
        (vec!["a", "b"], vec!["files.docs.zip".to_owned(), "files.oas.yaml".to_owned()])
    );
    assert_eq!(
        (&scanned.drafts[0].asset_type, scanned.drafts[0].properties["mainFile"].as_str()),
        (&AssetType::RestApi, "x.yaml")
    );
    assert_eq!(members(&scanned.drafts[1]), ["a.wsdl"]);
    assert_eq!(scanned.diagnoses[0].message, "column \"files.oas.yaml\": `gone.yaml` is not there");
}

#[test]
fn a_type_that_is_misspelt_is_told_and_a_new_one_passes() {
    let tree = folder(&[("a.yaml", OAS), ("x.zip", "x")]);
    let scanned =
        tree.manifest("assetId,type,files.oas.yaml,files.new.zip\na,rest-ap,a.yaml,\nb,agent-network,,x.zip\n");
    assert_eq!(scanned.drafts[0].asset_type, AssetType::Other("agent-network".to_owned()));
    assert_eq!(
        scanned.diagnoses[0].message,
        "column \"type\": `rest-ap` is no type of asset; did you mean `rest-api`?"
    );
}

#[test]
fn documentation_and_icon_go_along_with_what_is_detected() {
    let tree = folder(&[("a.yaml", OAS), ("d/home.md", "hi"), ("i.png", "x")]);
    let scanned = tree.manifest("path,assetId,type,files.docs.zip,files.icon.png\na.yaml,,,d,i.png\n,x,custom,d,\n");
    assert_eq!(keys(&scanned.drafts[0]), ["files.docs.zip", "files.icon.png", "files.oas.zip"]);
    assert_eq!((scanned.ids(), keys(&scanned.drafts[1])), (vec!["orders", "x"], vec!["files.docs.zip".to_owned()]));
}

#[test]
fn a_path_may_be_a_file_or_a_folder_with_one_asset() {
    let project =
        "{\"main\":\"api.raml\",\"name\":\"P\",\"classifier\":\"raml\",\"assetId\":\"p\",\"version\":\"4.0.0\"}";
    let tree = folder(&[
        ("one/a.yaml", OAS),
        ("two/a.yaml", OAS),
        ("two/b.yaml", OAS),
        ("none/x.txt", ""),
        ("p/exchange.json", project),
        ("p/api.raml", "#%RAML 1.0\ntitle: T\n"),
        ("n o.pdf", "x"),
    ]);
    let scanned = tree.manifest("path,type\none,\ntwo,\nnone,\np,\np/api.raml,\nn o.pdf,custom\nn o.pdf,\ngone,\n");
    assert_eq!(scanned.ids(), ["orders", "p", "p", "n-o"]);
    assert_eq!(keys(&scanned.drafts[3]), ["files.custom.pdf"]);
    let told: Vec<_> = scanned.diagnoses.iter().map(|d| d.problem).collect();
    assert_eq!(told, [Problem::Value, Problem::Invalid, Problem::Invalid, Problem::Missing]);
    assert!(scanned.diagnoses[0].message.contains("holds 2 assets"), "{}", scanned.diagnoses[0].message);
    assert!(scanned.diagnoses[0].message.contains("m.csv:3"), "{}", scanned.diagnoses[0].message);
}

#[test]
fn a_manifest_that_cannot_be_used_is_an_error_with_a_hint() {
    let tree = folder(&[("m.csv", "path;version\na;1\n"), ("e.csv", ""), ("w.csv", "\u{0}p\u{0}a")]);
    for (name, word) in
        [("m.csv", "separated"), ("e.csv", "empty"), ("w.csv", "UTF-16"), ("gone.csv", "cannot be read")]
    {
        let error = Source::Manifest(tree.root.join(name)).scan(&options(), &mut |_| ControlFlow::Continue(()));
        let error = error.expect_err("refused");
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(error.hint().is_some(), name != "gone.csv");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_manifest_makes_the_reader_panic(rows in "[a-c,\"\r\n;é \u{0}]{0,120}") {
        let tree = folder(&[]);
        tree.write("m.csv", format!("assetId,type,name\n{rows}").as_bytes());
        let _ = Source::Manifest(tree.root.join("m.csv")).scan(&options(), &mut |_| ControlFlow::Continue(()));
    }
}

#[test]
fn values_have_all_their_spellings() {
    let scanned = folder(&[]).manifest(
        "assetId,type,tags,categories.layer,fields.text,fields.gone,instances.production,status\n\
         a,http-api,[],\"[\"\"A, B\"\"]\",\"Hello, world\",[],https://a.example.com,deprecated\n",
    );
    let draft = scanned.only();
    assert_eq!((draft.tags.as_deref(), draft.status), (Some(&[][..]), Some(Lifecycle::Deprecated)));
    assert_eq!(draft.categories["layer"], Spelled::Many(vec!["A, B".to_owned()]));
    assert_eq!(draft.fields["text"], Spelled::One("Hello, world".to_owned()));
    assert!(draft.fields["gone"].is_nothing() && !draft.fields.exactly);
    assert_eq!(draft.instances[0].endpoint_uri, "https://a.example.com");
}

#[test]
fn a_list_of_all_values_beats_single_ones_unless_they_are_closer() {
    let tree = folder(&[]);
    let scanned = tree.manifest(
        "assetId,type,categories,categories.layer,fields.team\n\
         a,custom,\"[{\"\"key\"\":\"\"api\"\",\"\"value\"\":\"\"x\"\"}]\",y,\n",
    );
    let draft = scanned.only();
    assert_eq!(draft.categories.keys().collect::<Vec<_>>(), ["api"]);
    assert!(draft.categories.exactly && !draft.origins.contains_key("categories.layer"));
    tree.write("m.csv", b"assetId,type,categories.layer\nb,custom,y\n");
    let mut options = options();
    let all = r#"[{"key":"api","value":"x"},{"key":"layer","value":"z"}]"#;
    options.defaults.insert("categories".to_owned(), all.to_owned());
    let scanned = collect(&Source::Manifest(tree.root.join("m.csv")), &options);
    let draft = scanned.only();
    assert_eq!(
        (draft.categories["api"].list(), draft.categories["layer"].list()),
        (vec!["x".to_owned()], vec!["y".to_owned()])
    );
}

#[test]
fn a_wrong_spelling_is_told_with_its_column() {
    let header = "assetId,type,tags,categories,fields.text,instances.test\n";
    let scanned = folder(&[]).manifest(&format!("{header}a,custom,[x],{{}},[y,nowhere\n"));
    let message = &scanned.refused().message;
    for column in ["tags", "categories", "fields.text", "instances.test"] {
        assert!(message.contains(&format!("column \"{column}\"")), "{message}");
    }
}

const POM: &str = "<project><groupId>GROUP</groupId><artifactId>lib</artifactId><version>1.2.0</version>\
                   <name>The library</name><properties><tags>a, b</tags><apiVersion>v7</apiVersion>\
                   <categories key='layer'>System</categories></properties></project>";

#[test]
fn a_pom_that_goes_along_speaks_for_what_it_says() {
    let pom = POM.replace("GROUP", GROUP);
    let tree = folder(&[("pom.xml", &pom), ("a.yaml", OAS)]);
    let mut options = options();
    options.defaults.insert("tags".to_owned(), "[\"imported\"]".to_owned());
    options.defaults.insert("categories".to_owned(), "[]".to_owned());
    options.defaults.insert("fields.team".to_owned(), "Core".to_owned());
    tree.write("m.csv", b"path,files.pom,tags,contactName\na.yaml,pom.xml,\"a,b\",Me\n");
    let scanned = collect(&Source::Manifest(tree.root.join("m.csv")), &options);
    let draft = scanned.only();
    assert_eq!((draft.coordinates.asset_id.as_str(), draft.coordinates.version.to_string().as_str()), ("lib", "1.2.0"));
    assert_eq!(keys(draft), ["files.pom", "files.oas.zip"]);
    for key in ["name", "tags", "properties.apiVersion", "categories.layer"] {
        assert_eq!(draft.origins[key], Origin::Pom, "{key}");
    }
    assert_eq!((draft.name.as_str(), draft.properties["apiVersion"].as_str()), ("The library", "v7"));
    assert!(!draft.categories.exactly && draft.origins["fields.team"] == Origin::Defaults);
}

#[test]
fn a_manifest_that_says_something_else_than_the_pom_is_told() {
    let pom =
        POM.replace("GROUP", GROUP).replace("</properties>", "</properties><dependencies><dependency/></dependencies>");
    let tree = folder(&[("pom.xml", &pom), ("other.xml", POM), ("open.xml", &pom.replace("1.2.0", "${revision}"))]);
    let header = "assetId,type,files.pom,version,name,categories.x,dependencies\n";
    let told = |row: &str| tree.manifest(&format!("{header}{row}\n")).refused().message.clone();
    let message = told("lib,custom,pom.xml,1.3.0,Other,y,g:a:1.0.0");
    for words in [
        "column \"version\": `1.3.0`",
        "column \"name\": `Other`",
        "column \"categories.x\"",
        "column \"dependencies\"",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert!(told("lib,custom,other.xml,,,,").contains("its group is `GROUP`"));
    assert!(told("lib,custom,open.xml,,,,").contains("placeholders"));
    assert_eq!(tree.manifest(&format!("{header}lib,custom,pom.xml,1.2.0,The library,,\n")).only().dependencies, []);
}

#[test]
fn an_icon_is_named_in_one_column() {
    let tree = folder(&[("logo.PNG", "x"), ("logo.bmp", "x")]);
    let header = "assetId,type,icon,files.icon.svg\n";
    assert_eq!(keys(tree.manifest(&format!("{header}a,custom,logo.PNG,\n")).only()), ["files.icon.png"]);
    for (row, words) in [
        ("a,custom,logo.bmp,", "another kind"),
        ("a,custom,gone.png,", "is not there"),
        ("a,custom,logo.PNG,logo.PNG", "both name the same"),
    ] {
        assert!(tree.manifest(&format!("{header}{row}\n")).refused().message.contains(words), "{row}");
    }
}

#[test]
fn a_group_of_apis_is_refused_with_the_reason() {
    let message = &folder(&[]).manifest("assetId,type\na,api-group\n").refused().message.clone();
    assert!(message.contains("API Manager"), "{message}");
}

#[test]
fn a_row_may_name_a_file_that_refers_to_others_in_the_folder_of_the_manifest() {
    let climbing = OAS.replace("{/a: {}}", "{/a: {$ref: ../common/a.yaml}}");
    let tree = folder(&[("all/apis/a.yaml", &climbing), ("all/common/a.yaml", "get: {}\n")]);
    tree.write("all/m.csv", b"path\napis/a.yaml\n");
    let scanned = collect(&Source::Manifest(tree.root.join("all/m.csv")), &options());
    assert!(matches!(scanned.only().files[0].content, FileContent::Raised { .. }), "{scanned:#?}");
    // Above the folder of the manifest nothing is taken that a row does not name.
    tree.write("all/sub/m.csv", b"path\n../apis/a.yaml\n");
    let scanned = collect(&Source::Manifest(tree.root.join("all/sub/m.csv")), &options());
    assert!(scanned.refused().message.contains("out of the folder of the main file"), "{scanned:#?}");
}

#[test]
fn who_sees_an_asset_and_its_instances_stands_in_columns_of_its_own() {
    let header = "assetId,type,visibility,instances.production,instances.production.visibility\n";
    let tree = folder(&[]);
    let scanned = tree.manifest(&format!("{header}a,http-api,public,https://a.example.com,Private\n"));
    let draft = scanned.only();
    assert_eq!(draft.visibility, Some(Visibility::Public));
    assert_eq!((draft.instances.len(), draft.instances[0].is_public), (1, Some(false)));
    let scanned = tree.manifest(&format!("{header}a,http-api,,https://a.example.com,\n"));
    assert_eq!((scanned.only().visibility, scanned.only().instances[0].is_public), (None, None));
    let scanned = tree.manifest(&format!("{header}a,http-api,open,https://a.example.com,yes\n"));
    let message = &scanned.refused().message;
    assert!(message.contains("column \"visibility\": `open` is neither public nor private"), "{message}");
    assert!(message.contains("column \"instances.production.visibility\": `yes`"), "{message}");
    let scanned = tree.manifest(&format!("{header}a,http-api,,,public\n"));
    let message = &scanned.refused().message;
    assert!(message.contains("`instances.production` gives no address"), "{message}");
}

/// What a wave of a manifest yields.
fn wave(rows: &str, wave: &str) -> Result<Scanned, SourceError> {
    let tree = folder(&[]);
    tree.write("m.csv", rows.as_bytes());
    let mut scanned = Scanned::default();
    let options = Options { wave: Some(wave.to_owned()), ..options() };
    Source::Manifest(tree.root.join("m.csv")).scan(&options, &mut |sourced| {
        match sourced {
            Sourced::Draft(draft) => scanned.drafts.push(*draft),
            Sourced::Diagnosis(diagnosis) => scanned.diagnoses.push(*diagnosis),
            other => panic!("is none of these: {other:?}"),
        }
        ControlFlow::Continue(())
    })?;
    Ok(scanned)
}

#[test]
fn a_wave_is_its_rows_and_those_that_may_be_of_any() {
    let rows = "assetId,type,wave\na,custom,1\nb,custom, 2 \nc,custom,\nd,custom,2\ne,custom,2,3\n";
    let scanned = wave(rows, "2").expect("is there");
    assert_eq!((scanned.ids(), scanned.diagnoses.len()), (vec!["b", "d"], 1), "{scanned:#?}");
    assert_eq!(scanned.diagnoses[0].line, Some(6), "its cells do not fit");
    assert_eq!(wave(rows, "1").expect("is there").ids(), ["a"]);
    let whole = folder(&[]).manifest(rows);
    assert_eq!(whole.drafts.len(), 4, "without a wave all are meant");
}

#[test]
fn a_wave_that_is_not_there_is_told_with_those_that_are() {
    let error = wave("assetId,type,wave\na,custom,two\nb,custom,1\nc,custom,\n", "2").expect_err("no such wave");
    assert!(error.to_string().ends_with("no row is of wave `2`"), "{error}");
    assert_eq!(error.hint(), Some("its waves are 1, two"));
    let error = wave("assetId,type\na,custom\n", "2").expect_err("no waves at all");
    assert!(error.to_string().contains("no column \"wave\""), "{error}");
}
