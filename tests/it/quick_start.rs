//! The first thing anybody tries works, and works twice.

use crate::support::Workshop;

/// A copy of the samples and the job files of this repository: a run writes beside its job file.
pub(crate) fn quick_start() -> Workshop {
    let workshop = Workshop::empty();
    let repository = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["samples", "jobs"] {
        for entry in
            walkdir::WalkDir::new(repository.join(folder)).into_iter().filter_entry(|e| e.file_name() != ".consign")
        {
            let entry = entry.expect("our own repository");
            let name = camino::Utf8Path::from_path(entry.path()).expect("plain names");
            let name = name.strip_prefix(repository).expect("below the repository");
            if entry.file_type().is_file() {
                workshop.write(name.as_str(), fs_err::read(entry.path()).expect("our own repository"));
            }
        }
    }
    workshop
}

#[test]
fn the_sample_catalog_is_published_and_a_second_run_publishes_nothing() {
    let workshop = quick_start();
    let run = || workshop.consign(&["run", "jobs/publish.toml", "--sandbox", "--json"]).run().exits(0).summary();
    let first = run();
    assert_eq!(first["outcome"], "complete");
    assert_eq!(first["published"], first["counts"]["done"]);
    assert!(first["published"].as_u64() >= Some(31), "{first}");
    let second = run();
    assert_eq!((&second["published"], &second["updated"]), (&0.into(), &0.into()), "{second}");
    assert_eq!(second["counts"], first["counts"]);
}

#[test]
fn the_sample_changes_are_made_in_the_sandbox_of_the_quick_start_and_a_second_run_sends_nothing() {
    let workshop = quick_start();
    workshop.consign(&["run", "jobs/publish.toml", "--json"]).run().exits(0);
    let run = || workshop.consign(&["run", "jobs/describe.toml", "--json"]).run().exits(0).summary();
    let first = run();
    assert_eq!((&first["updated"], &first["counts"]["done"], &first["published"]), (&6.into(), &6.into(), &0.into()));
    let second = run();
    assert_eq!((&second["updated"], &second["counts"]), (&0.into(), &first["counts"]), "{second}");
}

#[test]
fn the_sample_applications_come_to_the_portal_of_the_quick_start_and_a_second_run_sends_nothing() {
    let workshop = quick_start();
    for job in ["publish", "describe"] {
        workshop.consign(&["run", &format!("jobs/{job}.toml")]).run().exits(0);
    }
    let run = || workshop.consign(&["run", "jobs/applications.toml", "--json"]).run().exits(0).summary();
    let first = run();
    assert_eq!((&first["created"], &first["counts"]["done"], &first["published"]), (&4.into(), &4.into(), &0.into()));
    let secrets = fs_err::read_to_string(workshop.path("jobs/.consign/partners-secrets.jsonl")).unwrap();
    assert_eq!(secrets.lines().count(), 4);
    let second = run();
    assert_eq!((&second["created"], &second["updated"], &second["counts"]), (&0.into(), &0.into(), &first["counts"]));
    workshop.consign(&["verify", "jobs/applications.toml"]).run().exits(0);
}

#[test]
fn the_sample_applications_get_their_access_and_a_second_run_sends_nothing() {
    let workshop = quick_start();
    for job in ["publish", "describe", "applications"] {
        workshop.consign(&["run", &format!("jobs/{job}.toml")]).run().exits(0);
    }
    let run = || workshop.consign(&["run", "jobs/access.toml", "--json"]).run().exits(0).summary();
    let first = run();
    assert_eq!((&first["created"], &first["counts"]["done"]), (&3.into(), &3.into()), "{first}");
    assert_eq!(first["counts"]["skipped"], 1, "one was revoked");
    let second = run();
    assert_eq!((&second["created"], &second["updated"], &second["counts"]), (&0.into(), &0.into(), &first["counts"]));
    workshop.consign(&["verify", "jobs/access.toml"]).run().exits(0);
}

#[test]
fn the_sample_manifest_is_published_and_a_second_run_publishes_nothing() {
    let workshop = quick_start();
    let run = || workshop.consign(&["run", "jobs/manifest.toml", "--json"]).run().exits(0).summary();
    let first = run();
    assert_eq!((first["outcome"].as_str(), first["published"].as_u64()), (Some("complete"), Some(10)), "{first}");
    assert_eq!(run()["published"], 0);
}

#[test]
fn the_sample_descriptor_is_published_and_a_second_run_publishes_nothing() {
    let workshop = quick_start();
    let run = || workshop.consign(&["run", "jobs/catalog.toml", "--json"]).run().exits(0).summary();
    let first = run();
    assert_eq!((&first["published"], &first["counts"]["skipped"]), (&4.into(), &1.into()), "{first}");
    assert_eq!(run()["published"], 0);
}

#[test]
fn a_first_job_file_for_the_samples_can_be_planned_without_a_server() {
    let workshop = quick_start();
    workshop.consign(&["init", "samples/catalog", "--out", "first.toml"]).run().exits(0);
    let plan = workshop
        .consign(&["plan", "first.toml", "--offline", "--organization", crate::support::ORGANIZATION, "--json"])
        .run()
        .exits(0);
    let plan = plan.json();
    assert!(plan["counts"]["create"].as_u64() >= Some(31), "{}", plan["counts"]);
}
