use std::{collections::BTreeMap, ops::ControlFlow};

use camino::Utf8Path;

use crate::asset::{Diagnosis, Problem, Sourced, Verdict, WantedAccess};
use crate::source::{Options, Source, SourceError};

#[derive(Debug, Default)]
struct Scanned {
    wanted: Vec<WantedAccess>,
    diagnoses: Vec<Diagnosis>,
}

impl Scanned {
    #[track_caller]
    fn only(&self) -> &WantedAccess {
        assert_eq!((self.wanted.len(), self.diagnoses.len()), (1, 0), "{self:#?}");
        &self.wanted[0]
    }

    #[track_caller]
    fn refused(&self) -> &Diagnosis {
        assert_eq!((self.wanted.len(), self.diagnoses.len()), (0, 1), "{self:#?}");
        &self.diagnoses[0]
    }
}

fn try_scan(rows: &str, defaults: &[(&str, &str)], wave: Option<&str>) -> Result<Scanned, SourceError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8Path::from_path(folder.path()).expect("utf-8").join("access.csv");
    fs_err::write(&path, rows).expect("writes");
    let defaults: BTreeMap<String, String> =
        defaults.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let options = Options { group: "own".to_owned(), defaults, wave: wave.map(str::to_owned), ..Options::default() };
    let mut scanned = Scanned::default();
    Source::Access(path).scan(&options, &mut |sourced| {
        match sourced {
            Sourced::Access(wanted) => scanned.wanted.push(*wanted),
            Sourced::Diagnosis(diagnosis) => scanned.diagnoses.push(*diagnosis),
            other => panic!("is none of these: {other:?}"),
        }
        ControlFlow::Continue(())
    })?;
    Ok(scanned)
}

#[track_caller]
fn scan(rows: &str) -> Scanned {
    try_scan(rows, &[], None).expect("the manifest can be used")
}

#[test]
fn a_row_names_an_application_an_instance_and_a_tier() {
    let scanned = scan(
        "Application,ASSET,instance,tier,granttypes,status,acceptterms,wave\n\
         \"Shop, the 1st\",com.example/orders/v1,Live,Gold,client_credentials|implicit,approved,FALSE,1\n",
    );
    let wanted = scanned.only();
    assert_eq!(wanted.key(), "access/Shop, the 1st/com.example/orders/v1/Live");
    assert_eq!((wanted.tier.as_deref(), wanted.accept_terms, wanted.line), (Some("Gold"), Some(false), 2));
    assert_eq!(wanted.grant_types, ["client_credentials", "implicit"]);
}

#[test]
fn cells_that_are_empty_leave_it_to_the_defaults_and_these_to_the_portal() {
    let rows = "application,asset,instance,tier\nA,orders/v1,Live,\nB,orders/v1,Live,Silver\n";
    let scanned = try_scan(rows, &[("tier", "Gold")], None).expect("reads");
    let tiers: Vec<_> = scanned.wanted.iter().map(|wanted| wanted.tier.as_deref()).collect();
    assert_eq!(tiers, [Some("Gold"), Some("Silver")]);
    let plain = scan("application,asset,instance\nA,orders/v1,Live\n");
    let plain = plain.only();
    assert_eq!((plain.asset.to_string().as_str(), &plain.tier, plain.accept_terms), ("own/orders/v1", &None, None));
    assert!(plain.grant_types.is_empty());
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once_with_its_line() {
    let scanned = scan(
        "application,asset,instance,status,acceptTerms,grantTypes\n\n,orders/1.0.0,,APROVED,maybe,[a\nA,orders,x,,,\n",
    );
    assert_eq!(scanned.diagnoses.len(), 2, "{scanned:#?}");
    let first = &scanned.diagnoses[0];
    assert_eq!((first.line, first.problem, &first.gav), (Some(3), Problem::Value, &None));
    for told in [
        "application: is empty",
        "column \"asset\": a portal knows `v1`, not the full version `1.0.0`",
        "instance: is empty",
        "column \"status\": `APROVED` is none of APPROVED, PENDING, REJECTED, REVOKED",
        "column \"acceptTerms\": `maybe` is neither true nor false",
        "column \"grantTypes\": begins like a JSON list",
    ] {
        assert!(first.message.contains(told), "{told}: {}", first.message);
    }
    assert!(scanned.diagnoses[1].message.contains("`orders` is not group/asset/version"));
    assert!(scan("application,instance\nA,x\n").refused().message.contains("asset: is empty"));
}

#[test]
fn a_contract_that_was_turned_down_or_ended_is_left_out_and_told() {
    for word in ["REJECTED", "revoked"] {
        let scanned = scan(&format!("application,asset,instance,status\nA,orders/v1,Live,{word}\n"));
        let told = scanned.refused();
        assert_eq!((told.verdict, told.problem, told.line), (Verdict::Skipped, Problem::Condition, Some(2)));
        assert_eq!(told.gav.as_deref(), Some("access/A/own/orders/v1/Live"));
        assert!(told.message.contains(word), "{}", told.message);
    }
    for (word, is_approved) in [("PENDING", false), ("", false), ("approved", true)] {
        let scanned = scan(&format!("application,asset,instance,status\nA,orders/v1,Live,{word}\n"));
        assert_eq!((scanned.only().line, scanned.only().is_approved), (2, is_approved), "{word}");
    }
}

#[test]
fn headers_and_defaults_that_say_nothing_are_refused() {
    let refused =
        |rows: &str, defaults: &[(&str, &str)]| try_scan(rows, defaults, None).expect_err("cannot be used").to_string();
    assert!(refused("asset,instance\nb/v1,Live\n", &[]).contains("no column \"application\""));
    assert!(refused("application,asset,instance,teir\n", &[]).contains("did you mean \"tier\""));
    assert!(refused("application,asset,instance,Tier,tier\n", &[]).contains("\"tier\" is there twice"));
    let header = "application,asset,instance\n";
    assert!(refused(header, &[("application", "A")]).contains("\"application\""));
    assert!(refused(header, &[("teir", "A")]).contains("did you mean \"tier\""));
}

#[test]
fn a_wave_brings_its_own_rows() {
    let rows = "wave,application,asset,instance\n1,A,a/v1,x\n2,B,a/v1,x\n";
    let scanned = try_scan(rows, &[], Some("2")).expect("reads");
    assert_eq!(scanned.only().application, "B");
}
