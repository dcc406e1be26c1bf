use std::ops::ControlFlow;

use camino::Utf8Path;

use crate::asset::{ApplicationWish, Diagnosis, Problem, Remap, RemapTables, Sourced};
use crate::source::{Options, Source, SourceError};

#[derive(Debug, Default)]
struct Scanned {
    wishes: Vec<ApplicationWish>,
    diagnoses: Vec<Diagnosis>,
}

fn scan_with(rows: &str, options: &Options) -> Result<Scanned, SourceError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("applications.csv");
    fs_err::write(&path, rows).expect("writes");
    let mut scanned = Scanned::default();
    Source::Applications(path).scan(options, &mut |sourced| {
        match sourced {
            Sourced::Application(wish) => scanned.wishes.push(*wish),
            Sourced::Diagnosis(diagnosis) => scanned.diagnoses.push(*diagnosis),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    })?;
    Ok(scanned)
}

fn scan(rows: &str) -> Scanned {
    scan_with(rows, &Options { group: "org".to_owned(), ..Options::default() }).expect("can be read")
}

#[test]
fn a_row_says_what_its_cells_say_in_any_spelling_of_lists_and_headers() {
    let scanned = scan(
        "Name,DESCRIPTION,url,redirecturis,grantTypes,apiEndpoints,asset,instance,clientId,id\n\
         Shop,Sells things,https://shop.example,\"https://a.example/cb, https://b.example/cb|app://back\",\
         authorization_code refresh_token,TRUE,com.example/pay/v1,Live,c-1,i-1\n\
         \"Büro, 2\",[],[],\"[\"\"https://c.example/x,y\"\"]\",[],no,pay/v2,,,\n",
    );
    assert!(scanned.diagnoses.is_empty(), "{:?}", scanned.diagnoses);
    let [shop, bureau] = scanned.wishes.as_slice() else { panic!("{scanned:?}") };
    let uris = |wish: &ApplicationWish| wish.redirect_uris.clone().unwrap_or_default().join(" ");
    assert_eq!(uris(shop), "https://a.example/cb https://b.example/cb app://back");
    assert_eq!(shop.grant_types.as_deref(), Some(&["authorization_code".to_owned(), "refresh_token".to_owned()][..]));
    assert_eq!(shop.asset.as_ref().map(ToString::to_string).as_deref(), Some("com.example/pay/v1"));
    assert_eq!((shop.instance.as_deref(), shop.api_endpoints, shop.line), (Some("Live"), Some(true), 2));
    assert_eq!((shop.old_client_id.as_deref(), shop.old_id.as_deref()), (Some("c-1"), Some("i-1")));
    assert_eq!((bureau.key().as_str(), bureau.description.as_deref()), ("application/Büro, 2", Some("")));
    assert_eq!((bureau.url.as_deref(), uris(bureau).as_str()), (Some(""), "https://c.example/x,y"));
    assert_eq!((bureau.grant_types.as_deref(), bureau.api_endpoints), (Some(&[][..]), Some(false)));
    assert_eq!(bureau.asset.as_ref().map(ToString::to_string).as_deref(), Some("org/pay/v2"), "of the target's group");
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once_with_its_line_and_the_others_go_on() {
    let scanned = scan(
        "name,url,redirectUris,apiEndpoints,asset,instance\n\
         ,https://x.example,,,,\n\
         Shop,shop,\"[1, 2]\",perhaps,g/a/1.2.3,\n\
         Good,,,,,\n\
         Lost,,,,,Live\n\
         Short,,\n",
    );
    assert_eq!(scanned.wishes.iter().map(|wish| wish.name.as_str()).collect::<Vec<_>>(), ["Good"]);
    let told: Vec<(u64, String)> =
        scanned.diagnoses.iter().map(|known| (known.line.unwrap_or_default(), known.message.clone())).collect();
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 5, 6]);
    for part in ["\"url\": `shop`", "JSON list", "neither true nor false", "knows `v1`"] {
        assert!(told[1].1.contains(part), "{part}: {}", told[1].1);
    }
    assert!(told[0].1.contains("what is the application called") && told[2].1.contains("of which asset"), "{told:?}");
    assert_eq!(scanned.diagnoses[1].gav.as_deref(), Some("application/Shop"));
    assert!(scanned.diagnoses[..3].iter().all(|known| known.problem == Problem::Value));
}

#[test]
fn a_name_is_at_most_so_long_and_has_no_control_characters() {
    let long = "n".repeat(152);
    let scanned = scan(&format!("name\n{long}\na\u{7}b\n{}\n", &long[1..]));
    assert_eq!((scanned.wishes.len(), scanned.diagnoses.len()), (1, 2));
    assert!(scanned.diagnoses[0].message.contains("152 characters"), "{:?}", scanned.diagnoses);
}

#[test]
fn a_header_that_nobody_knows_and_defaults_that_no_row_could_say_are_refused() {
    let error = scan_with("nam,url\nx,\n", &Options::default()).expect_err("is misspelt").to_string();
    assert!(error.contains("did you mean \"name\""), "{error}");
    let error = scan_with("description\nx\n", &Options::default()).expect_err("has no names").to_string();
    assert!(error.contains("there is no column \"name\""), "{error}");
    let with = |key: &str, value: &str| Options {
        defaults: [(key.to_owned(), value.to_owned())].into(),
        ..Options::default()
    };
    let error = scan_with("name\nx\n", &with("name", "all the same")).expect_err("is no default").to_string();
    assert!(error.contains("name"), "{error}");
    let scanned = scan_with("name\nx\n", &with("grantTypes", "client_credentials")).expect("is one");
    assert_eq!(scanned.wishes[0].grant_types.as_ref().map(Vec::len), Some(1));
}

#[test]
fn the_table_of_the_job_moves_assets_and_without_a_group_they_are_named_in_full() {
    let tables = RemapTables { groups: [("old".to_owned(), "new".to_owned())].into(), ..RemapTables::default() };
    let options = Options { remap: Remap::new(tables).expect("is a table"), ..Options::default() };
    let scanned = scan_with("name,asset\na,old/pay/v1\nb,pay/v1\n", &options).expect("can be read");
    assert_eq!(scanned.wishes[0].asset.as_ref().map(ToString::to_string).as_deref(), Some("new/pay/v1"));
    assert!(scanned.diagnoses[0].message.contains("names no group"), "{:?}", scanned.diagnoses);
}
