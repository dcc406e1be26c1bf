//! Archives that mean harm, among the assets and in the hands of the sandbox.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::bounded;
use crate::support::{Asset, Sandbox, Workshop, specification};

/// An archive with a specification of this title, and more entries.
fn archive(title: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let main = specification(title, "1.0.0", "x");
    let entries = [("api.yaml", main.as_bytes())];
    for (name, content) in entries.iter().chain(more) {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The same with an entry that is a symbolic link.
fn with_link(title: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new_append(Cursor::new(archive(title, &[]))).unwrap();
    writer.add_symlink("link.yaml", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// The same with a length in its directory that is far more than that of the main file.
fn bragging(title: &str) -> Vec<u8> {
    let mut bytes = archive(title, &[]);
    let directory = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bytes[directory + 24..directory + 28].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    bytes
}

/// The same with one byte of the main file that is another one now.
fn rotten(title: &str) -> Vec<u8> {
    let mut bytes = archive(title, &[]);
    let content = "api.yaml".len() + 30;
    bytes[content + 20] ^= 0xff;
    bytes
}

/// The same, said to be encrypted.
fn encrypted(title: &str) -> Vec<u8> {
    let mut bytes = archive(title, &[]);
    for (header, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|four| four == header).unwrap();
        bytes[at + flags] |= 1;
    }
    bytes
}

/// An archive whose main file has 17 MB.
fn oversized() -> Vec<u8> {
    let main = specification("oversized", "1.0.0", &"x ".repeat(17 << 19));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("api.yaml", SimpleFileOptions::default()).unwrap();
    writer.write_all(main.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_bad_archive_is_told_apart_and_the_others_go_on() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let zeros = vec![0; 64 << 20];
    let names: Vec<String> = (0..60_000).map(|n| format!("f{n}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let nested = archive("inner", &[("zeros", &zeros)]);
    for (name, bytes, words) in [
        ("slip", archive("slip", &[("../../x.yaml", b"x")]), "holds `..`"),
        ("absolute", archive("absolute", &[("/etc/x.yaml", b"x")]), "is absolute"),
        ("drive", archive("drive", &[("C:\\x.yaml", b"x")]), "holds a backslash"),
        ("drive-relative", archive("drive-relative", &[("C:x.yaml", b"x")]), "is absolute"),
        ("backslash", archive("backslash", &[("..\\x.yaml", b"x")]), "holds a backslash"),
        ("control", archive("control", &[("a\u{1b}[31m.yaml", b"x")]), "holds a control character"),
        ("link", with_link("link"), "is not a file"),
        ("bomb", archive("bomb", &[("zeros", &zeros)]), "inflates to more than 200 times its size"),
        ("bragging", bragging("bragging"), "the archive says 4294967280"),
        ("many", archive("many", &many), "60001 entries"),
        ("nested", archive("nested", &[("inner.zip", &nested)]), ""),
        ("rotten", rotten("rotten"), "the archive is damaged: the entry `api.yaml`"),
        ("encrypted", encrypted("encrypted"), "the archive uses what is not supported: the entry `api.yaml`"),
        ("oversized", oversized(), "`api.yaml` was not read: no more is read than 16 MB of a file"),
        ("noise", b"PK\x03\x04 and then nothing of the kind".to_vec(), "the archive is damaged"),
    ] {
        workshop.write(&format!("assets/{name}.zip"), bytes);
        workshop.write(&format!("words/{name}"), words);
    }
    workshop.asset(&Asset::new("good", "1.0.0"));
    bounded(workshop.run(&[])).exits(2);
    let journal = rusqlite::Connection::open(workshop.path(".consign/test.db")).unwrap();
    for entry in fs_err::read_dir(workshop.path("words")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let words = fs_err::read_to_string(entry.path()).unwrap();
        let sql = "SELECT state, coalesce(message, '') FROM item WHERE path LIKE '%/' || ?1 || '.zip'";
        let row = journal.query_row(sql, [&name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let (state, message) = row.unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = match name.as_str() {
            // What is packed in what is packed is nobody's business: nothing here unpacks it.
            "nested" => "done",
            "many" => "skipped",
            _ => "failed",
        };
        assert!(state == expected && message.contains(&words), "{name}: {state}: {message}");
    }
    assert_eq!(workshop.item("good", "1.0.0").0, "done");
    assert_eq!(sandbox.versions(), ["good/1.0.0", "nested/1.0.0"]);
}

#[test]
fn an_archive_that_has_become_unreadable_has_not_vanished() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[publish]\non_vanished = \"deprecate\"\n");
    workshop.write("assets/sound.zip", archive("sound", &[]));
    workshop.write("assets/rots.zip", archive("rots", &[]));
    workshop.run(&[]).exits(0);
    workshop.write("assets/rots.zip", rotten("rots"));
    let ran = workshop.run(&[]).exits(2);
    assert_eq!(workshop.item("rots", "1.0.0").0, "done", "nothing is known to have become of it: {}", ran.stderr);
    assert_eq!(sandbox.asset("rots", "1.0.0").unwrap()["status"], "published");
    workshop.write("assets/rots.zip", archive("rots", &[]));
    workshop.run(&[]).exits(0);
    assert_eq!(sandbox.asset("rots", "1.0.0").unwrap()["status"], "published");
}
