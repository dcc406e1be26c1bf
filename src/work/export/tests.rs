//! Trips to the sandbox of this process.

use camino::Utf8Path;
use tokio_util::sync::CancellationToken;

use super::{Trip, config};
use crate::{
    asset::Sourced,
    exchange::Exchange,
    inventory::{Inventory, PageRecord},
    job::{Job, Overrides},
    work::testing::{GROUP, ROOT, draft, publish, sandbox, seen},
};

fn job(folder: &tempfile::TempDir, more: &str) -> Job {
    let path = Utf8Path::from_path(folder.path()).unwrap().join("job.toml");
    fs_err::write(&path, format!("kind = 'export'\n[source]\nhost = 'sandbox.test'\n{more}")).unwrap();
    Job::load(&path, &Overrides::default(), &|_| None).unwrap()
}

/// What would be read, as `group/asset/version`, with a mark for the one that brings what belongs to the asset.
async fn listed(exchange: &Exchange, job: &Job) -> Vec<String> {
    let export = job.export.as_ref().unwrap();
    let (inventory, stop) = (Inventory::at(&export.directory), CancellationToken::new());
    let trip = Trip {
        job,
        export,
        exchange,
        portal: None,
        name: "",
        memory: None,
        run: "run",
        inventory: &inventory,
        stop: &stop,
    };
    let mut found = Vec::new();
    trip.list(async |sourced| {
        if let Sourced::Listed(listed) = sourced {
            found.push(format!("{}{}", listed.coordinates, if listed.leads { " leads" } else { "" }));
        }
    })
    .await
    .unwrap();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn business_groups_are_read_where_the_job_asks_for_them() {
    let (sandbox, folder) = (sandbox(), tempfile::tempdir().unwrap());
    let exchange = seen(&sandbox, ROOT, "admin");
    for gav in ["a/1.0.0", "a/2.0.0"] {
        publish(&exchange, &draft(&format!("{ROOT}/{gav}"))).await;
    }
    publish(&exchange.for_organization(GROUP), &draft(&format!("{GROUP}/b/1.0.0"))).await;
    let own = [format!("{ROOT}/a/1.0.0 leads"), format!("{ROOT}/a/2.0.0")];
    let all = [vec![format!("{GROUP}/b/1.0.0 leads")], own.to_vec()].concat();
    assert_eq!(listed(&exchange, &job(&folder, "")).await, own);
    assert_eq!(listed(&exchange, &job(&folder, "business_groups = 'all'")).await, all);
    assert_eq!(listed(&exchange, &job(&folder, &format!("business_groups = ['{GROUP}']"))).await, all);
    let later = job(&folder, "versions = '>=2'");
    assert_eq!(listed(&exchange, &later).await, [format!("{ROOT}/a/2.0.0 leads")], "the oldest that is read leads");
    assert_eq!(listed(&exchange, &job(&folder, "types = ['rest-api']")).await, [""; 0]);
    assert_eq!(listed(&exchange, &job(&folder, "changed_since = '2099-01-01'")).await, [""; 0]);
}

#[test]
fn names_that_no_file_can_have_are_told_beside_the_order() {
    let page = |name: &str, file: &str| PageRecord {
        name: name.to_owned(),
        path: name.to_owned(),
        file: file.into(),
        sha256: String::new(),
    };
    let told = config(&[page("home", "docs/home.md"), page("aux", "docs/_aux~1f2e.md")], false).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["pageOrder"], serde_json::json!(["home", "aux"]));
    assert_eq!(told["pageNames"], serde_json::json!({"_aux~1f2e": "aux"}));
    assert_eq!(config(&[], false), None);
}
