use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};

use crate::asset::{AssetChange, Diagnosis, Lifecycle, Problem, Sourced, Spelled, Verdict};
use crate::source::{Options, Source, SourceError};

const GROUP: &str = "0c0ffee0-0000-4000-8000-000000000001";

struct Folder {
    root: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

#[derive(Debug, Default)]
struct Scanned {
    changes: Vec<AssetChange>,
    diagnoses: Vec<Diagnosis>,
}

impl Scanned {
    #[track_caller]
    fn only(&self) -> &AssetChange {
        assert_eq!((self.changes.len(), self.diagnoses.len()), (1, 0), "{self:#?}");
        &self.changes[0]
    }

    #[track_caller]
    fn refused(&self) -> &Diagnosis {
        assert_eq!((self.changes.len(), self.diagnoses.len()), (0, 1), "{self:#?}");
        &self.diagnoses[0]
    }
}

fn folder() -> Folder {
    let keep = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8Path::from_path(keep.path()).expect("utf-8").to_owned();
    Folder { root, _keep: keep }
}

fn options(defaults: &[(&str, &str)]) -> Options {
    let defaults = defaults.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Options { group: GROUP.to_owned(), defaults, ..Options::default() }
}

impl Folder {
    fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("creates");
        fs_err::write(path, text).expect("writes");
    }

    fn try_scan(&self, rows: &str, defaults: &[(&str, &str)]) -> Result<Scanned, SourceError> {
        self.write("m.csv", rows);
        let mut scanned = Scanned::default();
        Source::Changes(self.root.join("m.csv")).scan(&options(defaults), &mut |sourced| {
            match sourced {
                Sourced::Change(change) => scanned.changes.push(*change),
                Sourced::Diagnosis(diagnosis) => scanned.diagnoses.push(*diagnosis),
                other => panic!("is none of these: {other:?}"),
            }
            ControlFlow::Continue(())
        })?;
        Ok(scanned)
    }

    #[track_caller]
    fn scan(&self, rows: &str) -> Scanned {
        self.try_scan(rows, &[]).expect("the manifest can be used")
    }
}

#[test]
fn a_row_says_everything_that_a_description_holds() {
    let folder = folder();
    folder.write("i.svg", "<svg/>");
    folder.write("home.md", "# Home");
    let scanned = folder.scan(
        "assetId,version,name,description,contactName,contactEmail,icon,tags,categories.layer,fields.\
         due,pages.Home,status,instances.production\r\n\
         orders,1.2.0,Orders,\"Takes,\norders\",Ann,[],i.svg,\"a, b\",\"[\"\"x, y\"\"]\",[],home.md,deprecated,https://o.example/v1\r\n",
    );
    let change = scanned.only();
    assert_eq!((change.gav(), change.line), (format!("{GROUP}/orders/1.2.0"), 2));
    let said = &change.description;
    assert_eq!((said.name.as_deref(), said.description.as_deref()), (Some("Orders"), Some("Takes,\norders")));
    assert_eq!((said.contact_name.as_deref(), said.contact_email.as_deref()), (Some("Ann"), Some("")));
    assert_eq!(said.icon.as_deref(), Some(&*folder.root.join("i.svg")));
    assert_eq!(said.tags.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(said.categories["layer"], Spelled::Many(vec!["x, y".to_owned()]));
    assert!(said.fields["due"].is_nothing() && !said.fields.exactly);
    assert_eq!(said.pages["home"], folder.root.join("home.md"));
    assert_eq!(said.status, Some(Lifecycle::Deprecated));
    assert_eq!(said.instances[0].endpoint_uri, "https://o.example/v1");
}

#[test]
fn an_empty_cell_leaves_a_datum_and_no_version_is_the_latest() {
    let scanned = folder().scan("groupId,assetId,version,name,tags,categories,description\n,orders,,,[],[],\n");
    let change = scanned.only();
    assert_eq!((change.gav(), &change.version), (format!("{GROUP}/orders/latest"), &None));
    let said = &change.description;
    assert_eq!((&said.name, &said.description, said.tags.as_deref()), (&None, &None, Some(&[][..])));
    assert!(said.categories.exactly && said.categories.is_empty() && said.fields.is_silent());
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once_with_its_line_and_its_asset() {
    let scanned = folder().scan(&format!(
        "assetId,version,name,status,icon,pages.A,pages.b_c,instances.p,description\n\n\
         orders,1.0.0,[],retired,i.svg,gone.md,x.md,here,{}\n",
        "x".repeat(256)
    ));
    let diagnosis = scanned.refused();
    assert_eq!((diagnosis.line, diagnosis.problem), (Some(3), Problem::Value));
    assert_eq!(diagnosis.gav, Some(format!("{GROUP}/orders/1.0.0")));
    for told in [
        "column \"name\": `[]` would take it away",
        "column \"status\": `retired`",
        "column \"icon\": `i.svg` is not there",
        "column \"pages.A\": `gone.md` is not there",
        "column \"pages.b_c\": the name of the page",
        "column \"instances.p\": `here` is no address",
        "column \"description\": has 256 characters, Exchange takes 255",
    ] {
        assert!(diagnosis.message.contains(told), "{told}: {}", diagnosis.message);
    }
}

#[test]
fn a_row_needs_an_asset_that_can_be_named() {
    let folder = folder();
    for (row, told) in [
        (",1.0.0,,x", "column \"version\""),
        ("a/b,1.0.0,,x", "column \"assetId\""),
        ("a,newest,,x", "column \"version\": `newest`"),
        ("a,1.0.0,g/../x,x", "column \"groupId\""),
    ] {
        let scanned = folder.scan(&format!("assetId,version,groupId,name\n{row}\n"));
        let told = if row.starts_with(',') { "assetId: is empty" } else { told };
        assert!(scanned.refused().message.contains(told), "{row}: {}", scanned.refused().message);
    }
}

#[test]
fn a_row_that_says_nothing_is_skipped_with_a_reason() {
    let scanned = folder().scan("assetId,name\norders,\n");
    let diagnosis = scanned.refused();
    assert_eq!((diagnosis.verdict, diagnosis.problem), (Verdict::Skipped, Problem::Empty));
    assert_eq!(diagnosis.gav, Some(format!("{GROUP}/orders/latest")));
}

#[test]
fn a_bad_row_stops_no_other() {
    let scanned = folder().scan("\u{feff}assetId,name\r\na,A\r\nb\r\n,\r\nc,\"Two\r\nlines\"\r\nd,[]\r\n");
    let names: Vec<_> = scanned.changes.iter().map(|change| (change.asset_id.as_str(), change.line)).collect();
    assert_eq!(names, [("a", 2), ("c", 5)]);
    let lines: Vec<_> = scanned.diagnoses.iter().map(|diagnosis| diagnosis.line).collect();
    assert_eq!(lines, [Some(3), Some(7)]);
    assert_eq!(scanned.changes[1].description.name.as_deref(), Some("Two lines"));
}

#[test]
fn defaults_speak_for_rows_that_are_silent() {
    let rows = "assetId,tags\na,own\nb,\nc,[]\n";
    let scanned = folder().try_scan(rows, &[("tags", "given"), ("contactName", "Ann")]).expect("scans");
    let tags: Vec<_> = scanned.changes.iter().map(|change| change.description.tags.clone().expect("said")).collect();
    assert_eq!(tags, [vec!["own".to_owned()], vec!["given".to_owned()], vec![]]);
    assert!(scanned.changes.iter().all(|change| change.description.contact_name.as_deref() == Some("Ann")));
    let refused = folder().try_scan(rows, &[("keywords", "x"), ("tag", "y")]).expect_err("refused");
    assert!(refused.to_string().contains("\"keywords\", \"tag\" (did you mean \"tags\"?)"), "{refused}");
}

#[test]
fn columns_are_known_or_told() {
    let refused = |rows: &str| folder().try_scan(rows, &[]).expect_err("refused").to_string();
    assert!(refused("asset_id,name\n").contains("did you mean \"assetId\"?"));
    assert!(refused("assetId,path\n").contains("unknown columns: \"path\""));
    assert!(refused("groupId,name\n").contains("no column \"assetId\""));
    assert!(refused("assetId;name\n").contains("separated by `;`"));
}

#[test]
fn documentation_is_all_pages_or_single_ones() {
    let folder = folder();
    folder.write("d/home.md", "# Home");
    folder.write("d/More.md", "# More");
    assert!(folder.scan("assetId,docs\na,d\n").only().description.docs.is_some());
    let both = folder.scan("assetId,docs,pages.More\na,d,d/More.md\n");
    assert!(both.refused().message.contains("column \"docs\": says all pages"), "{}", both.refused().message);
    assert_eq!(folder.scan("assetId,pages.terms\na,d/More.md\n").only().description.pages.len(), 1);
    folder.write("d/Broken.md", "\n![](gone.png)");
    let broken = folder.scan("assetId,pages.Broken\na,d/Broken.md\n");
    let (place, gav) = (broken.refused().to_string(), &broken.refused().gav);
    assert!(place.contains("Broken.md:2") && gav.is_some(), "{place}");
    let gone = folder.scan("assetId,docs\na,gone\n");
    assert_eq!((gone.refused().problem, gone.refused().gav.is_some()), (Problem::Missing, true));
}

#[test]
fn a_file_that_was_touched_changes_the_stamp_and_nothing_else_does() {
    let folder = folder();
    folder.write("home.md", "# Home");
    let stamp = |rows: &str| folder.scan(rows).changes[0].stamp.clone();
    let before = stamp("assetId,pages.home\na,home.md\n");
    assert_eq!(before, stamp("assetId,pages.home\n\na,home.md\n"));
    folder.write("home.md", "# Another home ![](i.png)");
    folder.write("i.png", "\u{0}");
    let with_image = stamp("assetId,pages.home\na,home.md\n");
    assert_ne!(before, with_image);
    folder.write("i.png", "another image");
    assert_ne!(with_image, stamp("assetId,pages.home\na,home.md\n"));
}

#[test]
fn a_row_says_who_sees_its_asset_and_the_wave_is_no_change() {
    let rows = "assetId,visibility,wave\norders,private,1\nstock,,1\n";
    let scanned = folder().try_scan(rows, &[]).expect("can be used");
    assert_eq!(scanned.changes.len(), 1, "{scanned:#?}");
    assert_eq!(scanned.changes[0].description.visibility, Some(crate::asset::Visibility::Private));
    assert_eq!(scanned.diagnoses[0].problem, Problem::Empty);
    let error = folder().try_scan(rows, &[("wave", "1")]).expect_err("no row would be meant");
    assert!(matches!(error, SourceError::Defaults { .. }), "{error:?}");
}
