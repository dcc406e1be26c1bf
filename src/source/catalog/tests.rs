//! Small descriptors, one per promise.

use std::ops::ControlFlow;

use camino::Utf8PathBuf;

use super::scan;
use crate::asset::{AssetDraft, Diagnosis, FileContent, OnConflict, Origin, Sourced, Spelled, Verdict};
use crate::source::{Options, SourceError};

const OAS: &str = "openapi: 3.0.3\ninfo: {title: Orders API, version: 2.1.0, description: All orders.}\npaths: {}\n";

/// A temporary folder with a descriptor and files in it.
struct Folder {
    _keep: tempfile::TempDir,
    root: Utf8PathBuf,
    options: Options,
}

fn folder(projects: &str, files: &[(&str, &str)]) -> Folder {
    let keep = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).expect("utf-8");
    let options = Options { group: "0c0ffee0-0000-4000-8000-000000000001".to_owned(), ..Options::default() };
    let folder = Folder { _keep: keep, root, options };
    folder.write("catalog.yaml", &format!("#%Catalog Descriptor 1.0\n{projects}"));
    folder.write("a.yaml", OAS);
    for (name, text) in files {
        folder.write(name, text);
    }
    folder
}

impl Folder {
    fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("creates");
        fs_err::write(path, text).expect("writes");
    }

    fn given(mut self, criteria: &[(&str, &str)]) -> Self {
        self.options.criteria = criteria.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self
    }

    fn try_scan(&self) -> Result<(Vec<AssetDraft>, Vec<Diagnosis>), SourceError> {
        let (mut drafts, mut diagnoses) = (Vec::new(), Vec::new());
        let mut sink = |sourced| {
            match sourced {
                Sourced::Draft(draft) => drafts.push(*draft),
                Sourced::Diagnosis(diagnosis) => diagnoses.push(*diagnosis),
                other => panic!("is none of these: {other:?}"),
            }
            ControlFlow::Continue(())
        };
        scan(&self.root.join("catalog.yaml"), &self.options, &mut sink)?;
        Ok((drafts, diagnoses))
    }

    fn only(&self) -> AssetDraft {
        let (mut drafts, diagnoses) = self.try_scan().expect("scans");
        assert_eq!((drafts.len(), diagnoses.len()), (1, 0), "{drafts:#?} {diagnoses:#?}");
        drafts.remove(0)
    }

    fn refused(&self) -> Diagnosis {
        let (drafts, mut diagnoses) = self.try_scan().expect("scans");
        assert_eq!((drafts.len(), diagnoses.len()), (0, 1), "{drafts:#?} {diagnoses:#?}");
        diagnoses.remove(0)
    }

    fn unusable(&self) -> String {
        self.try_scan().expect_err("the descriptor cannot be used").to_string()
    }
}

#[test]
fn a_project_says_all_that_the_official_importer_reads() {
    let draft = folder(
        "contact: {name: Team, email: team@example.org}\nprojects:\n- main: a.yaml\n  assetId: orders\n  version: 1.2\n  \
         apiVersion: v3\n  versionStrategy: minorIncrease\n  tags: [b, a, b]\n  categories:\n    API Type: [System API, Other]\n  \
         customFields:\n    one: 1.10\n    more: [x, y]\n",
        &[],
    )
    .only();
    assert_eq!(draft.coordinates.to_string(), "0c0ffee0-0000-4000-8000-000000000001/orders/1.2.0");
    assert_eq!(draft.name, "Orders API");
    assert_eq!(draft.description.as_deref(), Some("All orders."));
    assert_eq!(draft.properties["apiVersion"], "v3");
    assert_eq!(draft.properties["mainFile"], "a.yaml");
    assert_eq!(draft.tags.as_deref(), Some(["b".to_owned(), "a".to_owned()].as_slice()));
    assert_eq!(draft.categories["API Type"].list(), ["System API", "Other"]);
    assert_eq!((draft.fields["one"].csv().as_deref(), draft.fields["more"].list().len()), (Some("1.10"), 2));
    assert_eq!(draft.contact_name.as_deref(), Some("Team"));
    assert_eq!(draft.contact_email.as_deref(), Some("team@example.org"));
    assert_eq!((draft.on_conflict, draft.line), (Some(OnConflict::BumpMinor), Some(4)));
    assert_eq!(draft.origins["tags"], Origin::Catalog("tags".to_owned()));
    assert_eq!(draft.origins["version"].to_string(), "catalog.yaml (version: `1.2` stands for 1.2.0)");
}

#[test]
fn what_a_project_does_not_say_comes_from_the_specification() {
    let draft = folder("projects: [{spec: ./a.yaml}]\n", &[]).only();
    assert_eq!(draft.coordinates.asset_id, "orders-api");
    // The version of the specification is that of the API; the asset begins at 1.0.0.
    assert_eq!(
        (draft.coordinates.version.to_string(), draft.properties["apiVersion"].as_str()),
        ("1.0.0".into(), "v2")
    );
    assert_eq!(draft.on_conflict, Some(OnConflict::BumpPatch));
}

#[test]
fn an_api_without_any_api_version_is_refused_at_its_place() {
    let bare = "openapi: 3.0.3\ninfo: {title: T}\npaths: {}\n";
    let diagnosis = folder("projects:\n- main: b.yaml\n", &[("b.yaml", bare)]).refused();
    assert_eq!((diagnosis.line, diagnosis.column), (Some(3), Some(9)));
    assert!(diagnosis.message.contains("no API version"), "{diagnosis}");
}

#[test]
fn all_that_the_main_file_refers_to_goes_along_and_nothing_else() {
    let main = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/x: {$ref: 'parts/x.yaml'}}\n";
    let files = [("api/m.yaml", main), ("api/parts/x.yaml", "get: {}\n"), ("api/other.yaml", "a: 1\n")];
    let draft = folder("projects: [{main: api/m.yaml}]\n", &files).only();
    let FileContent::Zip { root, members } = &draft.files[0].content else { panic!("{draft:#?}") };
    assert_eq!((root.file_name(), members.len()), (Some("api"), 2), "{members:?}");
    assert_eq!(draft.properties["mainFile"], "m.yaml");
}

#[test]
fn an_exchange_json_stands_for_its_main_file_and_the_descriptor_goes_first() {
    let json = "{\n\t\"main\": \"m.yaml\", \"name\": \"From JSON\", \"assetId\": \"json\", \"version\": \"3.0.0\",\n\
                \t\"apiVersion\": \"v9\", \"tags\": [\"t\"], \"customFields\": {\"k\": \"v\"},\n\
                \t\"contact\": {\"name\": \"J\", \"email\": \"j@example.org\"}, \"classifier\": \"oas\"}";
    for key in ["main", "ref"] {
        let text = format!(
            "contact: {{name: C, email: c@example.org}}\nprojects:\n- {key}: p/exchange.json\n  assetId: own\n"
        );
        let draft = folder(&text, &[("p/exchange.json", json), ("p/m.yaml", OAS)]).only();
        assert_eq!((draft.coordinates.asset_id.as_str(), draft.name.as_str()), ("own", "From JSON"));
        assert_eq!(draft.coordinates.version.to_string(), "3.0.0");
        assert_eq!((draft.properties["apiVersion"].as_str(), draft.fields["k"].list()[0].as_str()), ("v9", "v"));
        assert_eq!(draft.contact_name.as_deref(), Some("J"));
        assert_eq!((&draft.origins["tags"], &draft.origins["version"]), (&Origin::ExchangeJson, &Origin::ExchangeJson));
    }
}

#[test]
fn a_project_whose_conditions_do_not_hold_is_left_out_with_a_reason() {
    const TEXT: &str = "triggerConditions:\n  branches: [^main$, release/(.*)]\n  user: admin\nprojects:\n- main: a.yaml\n\
                        - {main: a.yaml, assetId: other, triggerConditions: {tags: [support]}}\n";
    let published = |criteria: &[(&str, &str)]| -> Vec<String> {
        let (drafts, diagnoses) = folder(TEXT, &[]).given(criteria).try_scan().expect("scans");
        assert_eq!(drafts.len() + diagnoses.len(), 2);
        assert!(diagnoses.iter().all(|diagnosis| diagnosis.verdict == Verdict::Skipped), "{diagnoses:#?}");
        drafts.into_iter().map(|draft| draft.coordinates.asset_id).collect()
    };
    assert_eq!(published(&[("branches", "release/7"), ("user", "admin")]), ["orders-api"]);
    assert_eq!(published(&[("branches", "mainly"), ("user", "admin")]), [""; 0]);
    assert_eq!(published(&[("branches", "main")]), [""; 0]);
    // An expression may match anywhere, and the conditions of a project replace those of the top.
    assert_eq!(published(&[("tags", "for-support-only")]), ["other"]);
    assert_eq!(published(&[("tags", "support"), ("user", "a"), ("user", "b")]), [""; 0]);
    let (_, diagnoses) = folder(TEXT, &[]).given(&[("branches", "dev")]).try_scan().expect("scans");
    assert_eq!(
        diagnoses[0].message,
        "`a.yaml` is not published: condition `branches` does not hold: `dev` does not match `^main$` or \
         `release/(.*)`; condition `user` needs a criterion of that name, and none is given"
    );
}

#[test]
fn conditions_choose_the_version_strategy() {
    const TEXT: &str = "versionStrategyConditions:\n  majorIncrease: {branch: [main]}\n  fixed: {branch: [main], tag: [v1]}\n\
                        projects: [{main: a.yaml, versionStrategy: minorIncrease}]\n";
    for (criteria, policy) in [
        (&[][..], OnConflict::BumpMinor),
        (&[("branch", "dev")], OnConflict::BumpMinor),
        (&[("branch", "main")], OnConflict::BumpMajor),
    ] {
        assert_eq!(folder(TEXT, &[]).given(criteria).only().on_conflict, Some(policy), "{criteria:?}");
    }
    let refused = folder(TEXT, &[]).given(&[("branch", "main"), ("tag", "v1")]).refused();
    assert!(
        refused.message.contains("more than one version strategy") && refused.verdict == Verdict::Failed,
        "{refused}"
    );
}

#[test]
fn snapshots_and_patterns_say_which_version_they_are() {
    let version = |version: &str, strategy: &str| {
        let text = format!("projects: [{{main: a.yaml, version: '{version}', versionStrategy: {strategy}}}]\n");
        let draft = folder(&text, &[]).only();
        (draft.coordinates.version.to_string(), draft.on_conflict.expect("a policy"))
    };
    assert_eq!(version("v2", "snapshot"), ("2.0.0-SNAPSHOT".to_owned(), OnConflict::Fail));
    assert_eq!(version("2.3", "fixed"), ("2.3.0".to_owned(), OnConflict::Fail));
    assert_eq!(version("^1.x.x", "majorIncrease"), ("1.0.0".to_owned(), OnConflict::BumpMajor));
    let text = "projects: [{main: a.yaml, version: 1.x.x, versionStrategy: fixed}]\n";
    assert!(folder(text, &[]).refused().message.contains("is a pattern"));
}

#[test]
fn a_wrong_project_has_its_place_and_the_others_go_on() {
    let long = "x".repeat(251);
    for (project, column, words) in [
        ("{main: absent.yaml}", 10, "is not there"),
        ("{main: ../a.yaml}", 10, "leads out of the folder"),
        ("{main: /etc/passwd}", 10, "leads out of the folder"),
        ("{main: sub}", 10, "is not a file"),
        ("{assetId: a}", 3, "names no `main`"),
        ("{main: a.yaml, ref: a.yaml}", 23, "either `main` or `ref`"),
        ("{main: a.yaml, spec: a.yaml}", 18, "older spelling"),
        ("{main: a.yaml, colour: red}", 18, "no key `colour`"),
        ("{main: a.yaml, assetId: 'a b'}", 27, "not an asset id"),
        ("{main: a.yaml, version: latest}", 27, "not a version"),
        ("{main: a.yaml, versionStrategy: up}", 35, "not a version strategy"),
        (&format!("{{main: a.yaml, tags: [{long}]}}"), 25, "251 characters"),
        ("{main: a.yaml, triggerConditions: {b: ['(']}}", 42, "not a regular expression"),
        ("{main: a.yaml, triggerConditions: {b: ['(a{1000}){1000}']}}", 42, "too large"),
        ("{main: a.yaml, triggerConditions: {'a:b': [x]}}", 38, "has a colon"),
        ("{main: a.yaml, documentation: {terms: t.md}}", 34, "reserved"),
        ("{main: a.yaml, documentation: {home: h.txt}}", 40, "no Markdown file"),
        ("{main: a.yaml, documentation: {home: h.md}}", 40, "is not there"),
        ("{main: a.yaml, contact: {name: A}}", 27, "both `name` and `email`"),
        ("{main: a.yaml, contact: {name: A, email: nobody}}", 44, "no e-mail address"),
    ] {
        let text = format!("projects:\n- {project}\n- {{main: a.yaml}}\n");
        let (drafts, diagnoses) = folder(&text, &[("sub/x", "")]).try_scan().expect("scans");
        assert_eq!((drafts.len(), diagnoses.len()), (1, 1), "{project}: {diagnoses:#?}");
        let place = (diagnoses[0].line, diagnoses[0].column);
        assert!(diagnoses[0].message.contains(words), "{project}: {}", diagnoses[0]);
        assert_eq!(place, (Some(3), Some(column)), "{project}: {}", diagnoses[0]);
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_followed() {
    let folder = folder("projects: [{main: link.yaml}]\n", &[]);
    let elsewhere = tempfile::NamedTempFile::new().expect("a file");
    std::os::unix::fs::symlink(elsewhere.path(), folder.root.join("link.yaml")).expect("links");
    assert!(folder.refused().message.contains("leads out of the folder"));
}

#[test]
fn a_descriptor_that_is_none_is_refused_with_its_place() {
    for (text, words) in [
        ("contact: {}\n", "catalog.yaml:2:10: a contact needs"),
        ("projects: []\n", "catalog.yaml:2:11: `projects` must be a list"),
        ("contact: {name: a, email: a@b.c}\n", "no `projects`"),
        ("projects: [{main: a.yaml}]\nproject: x\n", "catalog.yaml:3:1: the descriptor has no key `project`"),
        ("projects:\n- main: [\n", "catalog.yaml:"),
        ("projects: &p [*p]\n", "alias"),
    ] {
        let message = folder(text, &[]).unusable();
        assert!(message.contains(words), "{message}");
    }
    let headless = folder("", &[("catalog.yaml", "projects: [{main: a.yaml}]\n")]).unusable();
    assert!(headless.contains(":1:1: the first line must be `#%Catalog Descriptor 1.0`"), "{headless}");
}

#[test]
fn documentation_is_packed_from_its_pages() {
    for key in ["docs", "documentation"] {
        let text = format!("projects:\n- main: api/a.yaml\n  {key}: {{Home: h.md, Add one: sub/a.md}}\n");
        let files = [
            ("api/a.yaml", OAS),
            ("h.md", "# H\n![i](img/i.png) [a](sub/a.md)"),
            ("sub/a.md", "a"),
            ("img/i.png", "x"),
        ];
        let draft = folder(&text, &files).only();
        let docs = draft.files.iter().find(|file| file.key.classifier() == "docs").map(|file| &file.content);
        let Some(FileContent::Docs(docs)) = docs else { panic!("{draft:#?}") };
        assert_eq!(docs.pages.iter().map(|page| page.name.as_str()).collect::<Vec<_>>(), ["home", "Add one"]);
        assert_eq!((docs.images.len(), &docs.notes[..]), (1, &[][..]));
    }
}

#[test]
fn values_may_hold_commas_and_empty_lists_take_away() {
    let draft = |more: &str| folder(&format!("projects:\n- main: a.yaml\n{more}"), &[]).only();
    let many = draft(
        "  tags: ['a, b', c]\n  categories: {layer: 'A, B', gone: []}\n  customFields: {open: , text: '[x] y'}\n",
    );
    assert_eq!(many.tags.as_deref(), Some(&["a, b".to_owned(), "c".to_owned()][..]));
    assert_eq!(many.categories["layer"], Spelled::Many(vec!["A, B".to_owned()]));
    assert!(many.categories["gone"].is_nothing() && !many.categories.exactly);
    assert_eq!(many.fields.keys().collect::<Vec<_>>(), ["text"]);
    assert_eq!(many.fields["text"].list(), ["[x] y"]);
    let none = draft("  tags: []\n  categories: []\n  customFields:\n");
    assert_eq!(none.tags.as_deref(), Some(&[][..]));
    assert!(none.categories.exactly && none.categories.is_empty() && none.fields.is_silent());
    let silent = draft("  tags:\n  categories: {}\n");
    assert!(silent.tags.is_none() && silent.categories.is_silent());
}

#[test]
fn more_than_fifty_pages_are_refused() {
    let pages = (0..51).map(|n| format!("    p{n}: h.md\n")).collect::<Vec<_>>().concat();
    let text = format!("projects:\n- main: a.yaml\n  documentation:\n{pages}");
    assert!(folder(&text, &[("h.md", "# H")]).refused().message.contains("more than 50 pages"));
}

#[test]
fn api_versions_are_read_from_versions() {
    for (written, expected) in [("1.4", "v1"), ("v2.1", "v2"), ("2024-01", "2024-01"), ("3", "v3"), ("beta", "beta")] {
        assert_eq!(super::versions::api_version(written), expected);
    }
}
