//! A night in which nothing has changed sends nothing, and reads nothing but the source itself.

use std::{
    fs::{File, FileTimes, Permissions},
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::{
    quick_start::quick_start,
    support::{ORGANIZATION, Workshop, specification},
};

/// The samples, as old as a checkout of some time ago.
fn samples() -> Workshop {
    let workshop = quick_start();
    for path in content(&workshop) {
        date(&path);
    }
    workshop
}

/// The files that assets are made of; manifest and catalog, which name them, are not among them.
fn content(workshop: &Workshop) -> Vec<Utf8PathBuf> {
    let files = walkdir::WalkDir::new(workshop.path("samples/catalog")).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|entry| Utf8PathBuf::try_from(entry.into_path()).unwrap()).collect()
}

fn date(path: &Utf8Path) {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(modified)).unwrap();
}

/// Takes the content of all files away, and leaves their size and time. Where it can, it has the system refuse to open
/// them as well; the superuser may open anything, and finds nothing.
fn take_content_away(workshop: &Workshop) {
    for path in content(workshop) {
        let length = usize::try_from(path.metadata().unwrap().len()).unwrap();
        fs_err::write(&path, vec![0xFF; length]).unwrap();
        date(&path);
        fs_err::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    }
}

fn scanned(events: &[Value]) -> &Value {
    events.iter().find(|event| event["type"] == "scanned").unwrap()
}

#[test]
fn a_night_without_changes_does_without_the_content_of_any_file() {
    for job in ["jobs/publish.toml", "jobs/catalog.toml", "jobs/manifest.toml"] {
        let workshop = samples();
        let run = || workshop.consign(&["run", job, "--sandbox", "--json"]).run().exits(0);
        let plan = || workshop.consign(&["plan", job, "--offline", "--json", "--organization", ORGANIZATION]).run();
        let first = run().summary();
        assert!(first["published"].as_u64() > Some(0), "{first}");
        let planned = plan().exits(0).json();
        take_content_away(&workshop);
        assert_eq!(plan().exits(0).json(), planned, "{job}");
        let second = run();
        let events = second.events();
        let told = scanned(&events);
        assert_eq!((&told["new"], &told["changed"], &told["gone"]), (&0.into(), &0.into(), &0.into()), "{job}: {told}");
        let second = second.summary();
        assert_eq!((&second["published"], &second["updated"]), (&0.into(), &0.into()), "{job}: {second}");
        assert_eq!(second["counts"], first["counts"], "{job}");
    }
}

#[test]
fn one_changed_file_among_others_is_read_and_published_alone() {
    let workshop = samples();
    let run = || workshop.consign(&["run", "jobs/publish.toml", "--sandbox", "--json"]).run().exits(0).summary();
    let first = run();
    take_content_away(&workshop);
    workshop.write("samples/catalog/night-buses.yaml", specification("Night buses", "1.0.0", "Hello"));
    let second = run();
    let done = |summary: &Value| summary["counts"]["done"].as_u64().unwrap();
    assert_eq!((second["published"].as_u64(), done(&second)), (Some(1), done(&first) + 1), "{second}");
}

#[test]
fn what_is_gone_is_forgotten() {
    let workshop = samples();
    let run = || workshop.consign(&["run", "jobs/publish.toml", "--sandbox", "--json"]).run().exits(0);
    let remembered = || {
        let journal = rusqlite::Connection::open(workshop.path("jobs/.consign/quickstart.db")).unwrap();
        let count = |sql| journal.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        (
            count("SELECT count(*) FROM reading WHERE path LIKE '%/fares-api/%'"),
            count("SELECT count(*) FROM reading WHERE path NOT LIKE '%/fares-api/%'"),
        )
    };
    run();
    let (gone, others) = remembered();
    assert!(gone > 0 && others > 50, "{gone} {others}");
    fs_err::remove_dir_all(workshop.path("samples/catalog/fares-api")).unwrap();
    run();
    assert_eq!(remembered(), (0, others));
}

#[test]
fn without_the_journal_everything_is_read_again() {
    let workshop = samples();
    let run = || workshop.consign(&["run", "jobs/publish.toml", "--sandbox", "--json"]).run();
    run().exits(0);
    take_content_away(&workshop);
    fs_err::remove_dir_all(workshop.path("jobs/.consign")).unwrap();
    assert!(run().summary()["counts"]["failed"].as_u64() > Some(0));
}
