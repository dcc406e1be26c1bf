//! What a job file becomes.

use std::time::Duration;

use super::*;

const MINIMAL: &str = "kind = 'publish'\n[source]\ndirectory = 'apis'\n";

fn parse(text: &str, over: &Overrides, env: &[(&str, &str)]) -> Result<Job, JobError> {
    let env = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    Job::parse(Utf8Path::new("jobs/nightly.toml"), text, over, &env)
}

#[test]
fn a_minimal_job_gets_its_defaults_and_paths_beside_the_file() {
    let job = parse(MINIMAL, &Overrides::default(), &[]).unwrap();
    assert_eq!(job.name, "nightly");
    assert_eq!(job.journal, "jobs/.consign/nightly.db");
    assert_eq!(job.source, SourceSpec::Directory("jobs/apis".into()));
    assert_eq!(job.target.place, Place::Host(DEFAULT_HOST.to_owned()));
    assert_eq!(job.publish.deadline, Duration::from_secs(600));
}

#[test]
fn the_command_line_beats_the_environment_and_that_beats_the_file() {
    let text = format!("{MINIMAL}[target]\nhost = 'file'\norganization = 'o-file'\n");
    let env = [("ANYPOINT_HOST", "env"), ("ANYPOINT_ORG", "o-env")];
    let job = parse(&text, &Overrides::default(), &env).unwrap();
    assert_eq!(job.target.place, Place::Host("env".to_owned()));
    assert_eq!(job.target.organization.as_deref(), Some("o-env"));
    let over = Overrides { host: Some("flag".to_owned()), ..Overrides::default() };
    assert_eq!(parse(&text, &over, &env).unwrap().target.place, Place::Host("flag".to_owned()));
}

#[test]
fn a_job_for_the_sandbox_never_reaches_the_host_of_the_environment() {
    let text = format!("{MINIMAL}[target]\nsandbox = true\n");
    let job = parse(&text, &Overrides::default(), &[("ANYPOINT_HOST", "real"), ("ANYPOINT_ORG", "real")]).unwrap();
    assert_eq!((job.target.place, job.target.organization), (Place::Sandbox, None));
}

#[test]
fn a_job_may_share_the_sandbox_of_another_one_beside_it() {
    let sandbox = |value: &str| {
        let text = format!("{MINIMAL}[target]\nsandbox = {value}\n");
        parse(&text, &Overrides::default(), &[]).map(|job| (job.target.place, job.sandbox.into_string()))
    };
    assert_eq!(sandbox("true").unwrap(), (Place::Sandbox, "jobs/.consign/nightly.sandbox".to_owned()));
    assert_eq!(sandbox("'other'").unwrap(), (Place::Sandbox, "jobs/.consign/other.sandbox".to_owned()));
    for (value, told) in [("'../up'", "target.sandbox"), ("3", "the name of the job")] {
        let error = sandbox(value).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_describe_job_needs_a_manifest() {
    let text = MINIMAL.replace("publish", "describe");
    let error = parse(&text, &Overrides::default(), &[]).unwrap_err().to_string();
    assert!(error.contains("source") && error.contains("`manifest`"), "{error}");
    let job = parse(&text.replace("directory", "manifest"), &Overrides::default(), &[]).unwrap();
    assert_eq!(job.kind, Kind::Describe);
}

#[test]
fn a_wave_of_a_manifest_has_a_journal_of_its_own_and_the_same_sandbox() {
    let text = "kind = 'publish'\n[target]\nsandbox = true\n[source]\nmanifest = 'm.csv'\nwave = '1'\n";
    let job = parse(text, &Overrides::default(), &[]).unwrap();
    assert_eq!((job.wave.as_deref(), job.journal.as_str()), (Some("1"), "jobs/.consign/nightly.wave-1.db"));
    let over = Overrides { wave: Some("2".to_owned()), ..Overrides::default() };
    let job = parse(text, &over, &[]).unwrap();
    assert_eq!(job.journal, "jobs/.consign/nightly.wave-2.db");
    assert_eq!(job.sandbox, "jobs/.consign/nightly.sandbox");
    let named = Overrides { journal: Some("here.db".into()), ..over.clone() };
    assert_eq!(parse(text, &named, &[]).unwrap().journal, "here.db");
    let error = parse(MINIMAL, &over, &[]).unwrap_err().to_string();
    assert!(error.contains("source.wave") && error.contains("`manifest`"), "{error}");
}

#[test]
fn paths_are_shown_without_detours() {
    for (path, plain) in [("../samples", "samples"), (".", "jobs"), ("../../x", "../x"), ("/a/../b", "/b"), ("..", ".")]
    {
        assert_eq!(beside("jobs".into(), path.into()), plain, "{path}");
    }
}

#[test]
fn a_misspelt_key_is_told_with_its_line() {
    let error = parse(&format!("{MINIMAL}[pace]\nconcurency = 3\n"), &Overrides::default(), &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("line 5") && text.contains("concurency"), "{text}");
}

#[test]
fn the_command_line_replaces_criteria_by_name() {
    let text = "kind = 'publish'\n[source]\ncatalog = 'c.yaml'\n[source.criteria]\nbranch = 'main'\nuser = 'me'\n";
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let over = Overrides { criteria: vec![pair("branch", "x"), pair("branch", "y")], ..Overrides::default() };
    let job = parse(text, &over, &[]).unwrap();
    assert_eq!(job.source, SourceSpec::Catalog("jobs/c.yaml".into()));
    assert_eq!(job.criteria, [pair("branch", "x"), pair("branch", "y"), pair("user", "me")]);
    let error = parse(MINIMAL, &over, &[]).unwrap_err().to_string();
    assert!(error.contains("source.criteria") && error.contains("branch"), "{error}");
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    for (table, key) in [
        ("[pace]\nrequests_per_second = -1.0\n", "pace.requests_per_second"),
        ("[pace]\nconcurrency = 0\n", "pace.concurrency"),
        ("[publish]\ndeadline = 'soon'\n", "publish.deadline"),
        ("[limits]\nspec = 'big'\n", "limits.spec"),
        ("[source2]\n", "source2"),
    ] {
        let error = parse(&format!("{MINIMAL}{table}"), &Overrides::default(), &[]).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
}
