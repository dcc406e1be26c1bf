//! Pages, terms and images: all at once, and one by one.

use std::io::Write;

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::*;
use crate::{
    exchange::{Edition, HOME_PAGE, TERMS_PAGE},
    package::{docs::of_folder, reading::Reading},
    sandbox::{Quirk, Settings},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A folder of documentation, as a source finds it.
fn docs(place: &Place, folder: &str, files: &[(&str, &[u8])]) -> Value {
    let names: Vec<Utf8PathBuf> = files
        .iter()
        .map(|(name, content)| {
            place.file(&format!("{folder}/{name}"), content);
            Utf8PathBuf::from(*name)
        })
        .collect();
    let root = place.file(&format!("{folder}/.keep"), "").parent().expect("is a folder").to_owned();
    let documentation = of_folder(&root, &root, &names, &Reading::default()).expect("is fine").expect("has pages");
    json!({ "docs": { "docs": documentation } })
}

/// A ready archive.
fn archive(place: &Place, name: &str, members: &[(&str, &[u8])]) -> Value {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (member, content) in members {
        archive.start_file(*member, zip::write::SimpleFileOptions::default()).expect("is begun");
        archive.write_all(content).expect("is written");
    }
    let bytes = archive.finish().expect("is closed").into_inner();
    json!({ "docs": { "file": place.file(name, bytes) } })
}

async fn text(place: &Place, name: &str) -> Option<String> {
    let portal = place.exchange.pages(&place.gav, Edition::Published).await.expect("answers").expect("is there");
    let path = portal.page(name).map_or(name, |page| page.path.as_str());
    place.exchange.page_text(&place.gav, Edition::Published, path).await.expect("answers")
}

#[tokio::test]
async fn a_folder_of_pages_is_compared_page_by_page_and_sent_whole() {
    let place = Place::new().await;
    let home: &[u8] = b"# Home\r\n![dog](resources/dog.png) and [more](Getting%20Started.md)\n";
    let files: Vec<(&str, &[u8])> = vec![
        ("home.md", home),
        ("Getting Started.md", b"# Start"),
        ("terms.md", b"Be kind."),
        ("resources/dog.png", PNG),
    ];
    let note = place.settles(&wish(docs(&place, "a", &files))).await;
    assert_eq!(note, "page Getting Started: added; page home: added; terms: added; images: changed");
    assert_eq!(place.writes(), ["PATCH 1.0.0/mutabledata"]);
    assert_eq!(text(&place, TERMS_PAGE).await.as_deref(), Some("Be kind."));

    // Each on top of those before.
    let changes: [(usize, &str, &[u8], &str); 5] = [
        (1, "Getting Started.md", b"# Started", "page Getting Started: changed"),
        (2, "terms.md", b"Be kinder.", "terms: changed"),
        (3, "resources/dog.png", b"\x89PNG another", "page home: changed; images: changed"),
        (0, "home.md", b"![dog](resources/dog.png)", "page home: changed"),
        (1, "More.md", b"# More", "page More: added; page Getting Started: removed"),
    ];
    let mut files = files;
    for (number, (at, name, content, note)) in changes.into_iter().enumerate() {
        place.forget();
        files[at] = (name, content);
        let said = wish(docs(&place, &format!("b{number}"), &files));
        assert_eq!(place.settles(&said).await, note);
        assert_eq!(place.writes(), ["PATCH 1.0.0/mutabledata"]);
    }
}

#[tokio::test]
async fn a_ready_archive_is_sent_as_it_is_and_its_order_counts() {
    let place = Place::new().await;
    let members = |order: &'static [u8]| -> [(&'static str, &'static [u8]); 5] {
        [
            ("home.md", b"# Home\n![x](resources/dog%201.png)"),
            ("A.md", b"a"),
            ("B.md", b"b"),
            ("resources/dog 1.png", PNG),
            ("config.json", order),
        ]
    };
    let first = archive(&place, "first.zip", &members(br#"{"pageOrder":["home","A","B"]}"#));
    place.settles(&wish(first)).await;
    let other = archive(&place, "other.zip", &members(br#"{"pageOrder":["home","B","A"]}"#));
    assert_eq!(place.settles(&wish(other)).await, "order of pages: home, A, B → home, B, A");
    let silent = archive(&place, "silent.zip", &members(b"{}"));
    place.unchanged(&wish(silent)).await;
}

#[tokio::test]
async fn an_order_that_the_server_cannot_keep_is_not_sent_every_night() {
    let quirks = [Quirk::CreationOrder].into_iter().collect();
    let place = Place::with(Settings { quirks, ..Settings::default() }, DescribeApi::V2).await;
    let pages: [(&str, &[u8]); 3] = [("B.md", b"b"), ("A.md", b"a"), ("config.json", br#"{"pageOrder":["B","A"]}"#)];
    let said = wish(docs(&place, "docs", &pages));
    assert_eq!(place.settles(&said).await, "page A: added; page B: added");
}

#[tokio::test]
async fn single_pages_are_published_and_the_others_stay() {
    let place = Place::new().await;
    let all = docs(&place, "docs", &[("home.md", b"# Home"), ("Guide.md", b"# Guide")]);
    place.settles(&wish(all)).await;
    let page = place.file("pages/start.md", "# Start\n![dog](img/dog.png)\n");
    place.file("pages/img/dog.png", PNG);
    let terms = place.file("pages/terms.md", "Be kind.");
    let said = |name: &str, path: &Utf8PathBuf| wish(json!({"pages": {(name): path}}));
    place.forget();
    assert_eq!(place.settles(&said("Getting Started (1)", &page)).await, "page Getting Started (1): added");
    assert_eq!(place.writes().len(), 4, "a page, an image, a text, and their publication: {:?}", place.writes());
    let shown = text(&place, "Getting Started (1)").await.expect("is there");
    assert!(shown.contains("](resources/dog-"), "{shown}");
    place.settles(&said("docs/faq", &terms)).await;
    place.settles(&said("Home", &page)).await;
    place.settles(&said("terms", &terms)).await;
    assert_eq!(text(&place, TERMS_PAGE).await.as_deref(), Some("Be kind."));
    assert_eq!(text(&place, "Guide").await.as_deref(), Some("# Guide"));
    place.forget();
    assert_eq!(place.settles(&said("Guide", &terms)).await, "page Guide: changed");
    assert_eq!(place.writes().len(), 2, "{:?}", place.writes());
    let portal = place.exchange.pages(&place.gav, Edition::Published).await.expect("answers").expect("is there");
    let guide = portal.page("Guide").expect("is there").path.clone();
    place.unchanged(&said(&guide, &terms)).await;
    let images = place.exchange.resources(&place.gav, Edition::Published).await.expect("answers").expect("are there");
    assert_eq!(images.len(), 1, "an image that is there is used again");
}

#[tokio::test]
async fn what_somebody_else_edits_is_neither_published_nor_lost() {
    let place = Place::new().await;
    place.settles(&wish(docs(&place, "docs", &[("home.md", b"# Home"), ("Guide.md", b"# Guide")]))).await;
    let ours = place.file("Ours.md", "ours");
    let page = place.exchange.create_page(&place.gav, "Half done").await.expect("is made");
    place.exchange.put_page(&place.gav, &page.path, "not yet").await.expect("is written");
    let single = wish(json!({"pages": {"Ours": ours}}));
    let all = wish(docs(&place, "other", &[("home.md", b"# Other")]));
    place.forget();
    for said in [&single, &all] {
        let failure = place.refuses(said).await;
        assert_eq!((failure.class.as_str(), place.writes().len()), ("draft", 0), "{failure:?}");
        assert!(failure.message.contains("page Half done"), "{}", failure.message);
    }
    place.exchange.discard_draft(&place.gav).await.expect("is discarded");
    place.settles(&single).await;
    place.settles(&all).await;
    assert_eq!(text(&place, "Guide").await, None);
}

#[tokio::test]
async fn pages_that_an_interrupted_run_left_in_the_draft_are_published() {
    let place = Place::new().await;
    let (one, two) = (place.file("One.md", "one"), place.file("Two.md", "two"));
    let made = place.exchange.create_page(&place.gav, "One").await.expect("is made");
    place.exchange.put_page(&place.gav, &made.path, "one").await.expect("is written");
    place.exchange.create_page(&place.gav, "Two").await.expect("is made");
    place.forget();
    place.settles(&wish(json!({"pages": {"One": one, "Two": two}}))).await;
    assert_eq!(place.writes().len(), 2, "{:?}", place.writes());
    assert_eq!(text(&place, HOME_PAGE).await.unwrap_or_default(), "");
    assert_eq!(text(&place, "Two").await.as_deref(), Some("two"));
}

#[tokio::test]
async fn docs_and_single_pages_do_not_go_together() {
    let place = Place::new().await;
    let mut said = docs(&place, "docs", &[("home.md", b"# Home")]);
    said["pages"] = json!({"One": place.file("One.md", "one")});
    assert_eq!(place.refuses(&wish(said)).await.class, "value");
}

#[tokio::test]
async fn versions_side_by_side_take_turns_at_their_portal() {
    let place = Place::new().await;
    let page = |name: &str| wish(json!({"pages": {(name): place.file(&format!("{name}.md"), name)}}));
    let wishes = ["One", "Two", "Three"].map(page);
    let ended = futures::future::join_all(wishes.iter().map(|said| place.bring(said))).await;
    assert!(ended.iter().all(|ended| matches!(ended, Ended::Done(Some(_)))), "{ended:?}");
    for said in &wishes {
        place.unchanged(said).await;
    }
}
