//! Reports are written, are what they say they are, and are harmless.

use quick_xml::{Reader, events::Event};

use crate::support::{Asset, Sandbox, Workshop};

/// A run with an item in each of the usual states, and a name that a spreadsheet would calculate.
fn reported() -> (Workshop, Sandbox) {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.asset(&Asset::new("refused", "1.0.0").needs(&["nowhere/1.0.0".to_owned()]));
    workshop.asset(&Asset::new("behind", "1.0.0").needs(&["refused/1.0.0".to_owned()]));
    workshop.write("assets/=cmd|' <script>alert(1)</script>&.yaml", "openapi: [\n");
    workshop.run(&["--report", "out/report"]).exits(2);
    (workshop, sandbox)
}

#[test]
fn a_run_writes_four_reports_that_agree() {
    let (workshop, _sandbox) = reported();
    let mut names: Vec<String> = fs_err::read_dir(workshop.path("out/report"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["items.csv", "junit.xml", "report.html", "summary.json"]);
    let read = |name: &str| fs_err::read_to_string(workshop.path("out/report").join(name)).unwrap();

    let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
    let counts = &summary["counts"];
    assert_eq!(
        (&counts["done"], &counts["failed"], &counts["blocked"]),
        (&1.into(), &2.into(), &1.into()),
        "{summary}"
    );

    let items = read("items.csv");
    let mut items = csv::Reader::from_reader(items.as_bytes());
    let rows: Vec<csv::StringRecord> = items.records().map(|row| row.expect("well-formed")).collect();
    assert_eq!(rows.len(), 4);
    let formula = |cell: &&str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    assert_eq!(rows.iter().flatten().find(formula), None);

    let (elements, failures) = elements(&read("junit.xml"));
    assert_eq!((elements, failures), (4, 2), "{}", read("junit.xml"));

    let page = read("report.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    assert!(!page.contains("<script>alert"), "{page}");
}

/// How many test cases, and how many of them failed; panics on XML that is not well-formed.
fn elements(xml: &str) -> (usize, usize) {
    let mut reader = Reader::from_str(xml);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                "testcase" => cases += 1,
                "failure" | "error" => failures += 1,
                _ => {}
            },
            Event::Eof => return (cases, failures),
            _ => {}
        }
    }
}

#[test]
fn each_report_can_be_made_later_from_the_journal() {
    let (workshop, _sandbox) = reported();
    for (format, begins) in [("html", "<!DOCTYPE html>"), ("json", "{"), ("csv", "gav"), ("junit", "<?xml")] {
        let ran = workshop.consign(&["report", "job.toml", "--format", format]).run().exits(0);
        assert!(ran.stdout.starts_with(begins), "{format}: {}", ran.stdout);
        workshop.consign(&["report", "job.toml", "--format", format, "--out", "later"]).run().exits(0);
        assert!(fs_err::read_to_string(workshop.path("later")).unwrap().starts_with(begins), "{format}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_run() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.write("report", "a file in the way");
    let ran = workshop.run(&["--report", "report"]).exits(1);
    assert!(ran.stderr.contains("no reports can be written"), "{}", ran.stderr);
    assert_eq!(sandbox.stats()["publications"]["accepted"], 0, "it is told before anything is sent");
}
