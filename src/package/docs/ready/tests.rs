//! What Exchange would refuse is refused before it is sent.

use std::io::Write;

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::package::archive::Budget;

fn checked(members: &[(&str, &str)]) -> Result<bool, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = ZipWriter::new(file.reopen().unwrap());
    for (name, text) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let mut archive = Archive::open(file.path(), &Budget::default()).unwrap();
    check(Utf8Path::new("docs.zip"), &mut archive).map_err(|diagnosis| diagnosis.to_string())
}

#[test]
fn a_sound_archive_passes_and_says_whether_it_has_terms() {
    let members = [
        ("home.md", "![x](resources/a%20b.png) ![y](https://x.test/y.png)"),
        ("Getting started.md", ""),
        ("config.json", r#"{"pageOrder":["home","Getting started"]}"#),
        ("resources/a b.png", "x"),
        ("notes.txt", "passed over"),
        (".DS_Store", ""),
    ];
    assert_eq!(checked(&members), Ok(false));
    assert_eq!(checked(&[("home.md", ""), ("terms.md", "x")]), Ok(true));
}

#[test]
fn what_exchange_refuses_is_told_with_the_member() {
    for (members, told) in [
        (vec![("Home.md", "x")], "docs.zip/Home.md: the name of the page must be `home` in lower case"),
        (vec![("a_b.md", "x")], "docs.zip/a_b.md: the name of the page holds '_', which Exchange does not take"),
        (vec![("pages/a.md", "x")], "docs.zip/pages/a.md: pages lie in the root of the archive"),
        (vec![("resources/a.pdf", "x")], "docs.zip/resources/a.pdf: only images lie in resources/"),
        (vec![("resources/i/a.png", "x")], "docs.zip/resources/i/a.png: only images lie in resources/"),
        (
            vec![("home.md", "a\n ![x](resources/gone.png)")],
            "docs.zip/home.md:2:2: the image `resources/gone.png` is not in",
        ),
        (
            vec![("home.md", ""), ("config.json", r#"{"pageOrder":["x"]}"#)],
            "docs.zip/config.json: pageOrder names the page `x`",
        ),
        (vec![("config.json", "{")], "docs.zip/config.json:1:1: no order of pages"),
    ] {
        let message = checked(&members).expect_err("refused");
        assert!(message.starts_with(told), "{message}");
    }
}
