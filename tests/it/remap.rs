//! Assets that move to another organization: everything that they say of each other is said anew, and nothing of the source
//! goes along.

use std::collections::BTreeMap;

use crate::support::{ORGANIZATION, Sandbox, Workshop};

const OLD: &str = "0dd0c0de-1111-4222-8333-444455556666";
const PUBLIC: &str = "68ef9520-24e9-4cf2-b2f5-620025690913";

fn descriptor(main: &str, classifier: &str, asset: &str, dependencies: &str) -> String {
    format!(
        "{{\"main\": \"{main}\", \"classifier\": \"{classifier}\", \"groupId\": \"{OLD}\", \"organizationId\": \"{OLD}\",\n \
         \"assetId\": \"{asset}\", \"version\": \"1.0.0\", \"name\": \"{asset}\", \"dependencies\": [{dependencies}]}}"
    )
}

fn dependency(group: &str, asset: &str) -> String {
    format!("{{\"groupId\": \"{group}\", \"assetId\": \"{asset}\", \"version\": \"1.0.0\"}}")
}

const TYPES: &str = "#%RAML 1.0 Library\ntypes:\n  Id: string\n";

/// A fragment, and an API that has vendored it.
fn write_project(workshop: &Workshop) {
    workshop.write("assets/types/exchange.json", descriptor("types.raml", "raml-fragment", "types", ""));
    workshop.write("assets/types/types.raml", TYPES);
    let dependencies = format!("{}, {}", dependency(OLD, "types"), dependency(PUBLIC, "training"));
    workshop.write("assets/orders/exchange.json", descriptor("orders.raml", "raml", "orders", &dependencies));
    workshop.write(
        "assets/orders/orders.raml",
        format!(
            "#%RAML 1.0\ntitle: Orders # of {OLD}\nversion: v1\nuses:\n  t: exchange_modules/{OLD}/types/1.0.0/types.raml\n\
             /orders:\n  get:\n    queryString: !include query/id.raml\n"
        ),
    );
    workshop.write(
        "assets/orders/query/id.raml",
        format!("#%RAML 1.0 DataType\nuses:\n  t: ../exchange_modules/{OLD}/types/1.0.0/types.raml\ntype: t.Id\n"),
    );
    let module = format!("assets/orders/exchange_modules/{OLD}/types/1.0.0");
    workshop.write(&format!("{module}/types.raml"), TYPES);
    workshop.write(&format!("{module}/exchange.json"), descriptor("types.raml", "raml-fragment", "types", ""));
    workshop.write(
        "assets/orders/exchange-docs/home.md",
        format!("See [types](https://anypoint.mulesoft.com/exchange/{OLD}/types/1.0.0/).\n"),
    );
}

/// Asserts that each path below `exchange_modules` that any file names is there.
fn references_resolve(archive: &BTreeMap<String, String>) {
    let mut count = 0;
    for (name, text) in archive.iter().filter(|(_, text)| text.starts_with("#%RAML")) {
        for (at, _) in text.match_indices("exchange_modules/") {
            let target: String = text[at..].chars().take_while(|c| !c.is_whitespace()).collect();
            assert!(archive.contains_key(&target), "{name}: {target} is not among {:?}", archive.keys());
            count += 1;
        }
    }
    assert_eq!(count, 2);
}

fn page(sandbox: &Sandbox) -> String {
    let path = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders/1.0.0/portal/pages/home");
    sandbox.send("GET", &path).body
}

#[test]
fn modules_of_the_own_group_lie_where_the_dependencies_are_declared() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    write_project(&workshop);
    workshop.run(&[]).exits(0);
    let archive = sandbox.archive("orders", "1.0.0", "fat-raml");
    references_resolve(&archive);
    assert!(archive.contains_key(&format!("exchange_modules/{ORGANIZATION}/types/1.0.0/types.raml")));
    assert!(archive["orders.raml"].contains(&format!("Orders # of {OLD}")), "what is no reference stays");
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
}

#[test]
fn a_table_moves_everything_and_leaves_nothing_of_the_source() {
    let sandbox = Sandbox::start(&[]);
    let table = format!("[remap]\ngroups = {{ \"{OLD}\" = \"{ORGANIZATION}\" }}\n");
    let workshop = Workshop::with(&sandbox, &table);
    write_project(&workshop);
    workshop.run(&[]).exits(0);
    assert_eq!(sandbox.versions(), ["orders/1.0.0", "types/1.0.0"]);
    for (asset, classifier) in
        [("orders", "raml"), ("orders", "fat-raml"), ("types", "raml-fragment"), ("types", "fat-raml-fragment")]
    {
        let archive = sandbox.archive(asset, "1.0.0", classifier);
        for (name, text) in &archive {
            assert!(!name.contains(OLD) && !text.contains(OLD), "{asset} {classifier} {name}: {text}");
        }
    }
    references_resolve(&sandbox.archive("orders", "1.0.0", "fat-raml"));
    let record = sandbox.asset("orders", "1.0.0").expect("is there");
    assert!(!record.to_string().contains(OLD), "{record:#}");
    let named = |group: &str| record["dependencies"].to_string().contains(group);
    assert!(named(ORGANIZATION) && named(PUBLIC), "{record:#}");
    assert_eq!(
        page(&sandbox),
        format!("See [types](https://anypoint.mulesoft.com/exchange/{ORGANIZATION}/types/1.0.0/).\n")
    );
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
    // Documentation that changes goes the same way when it is brought alone.
    workshop.write("assets/orders/exchange-docs/home.md", format!("Gone from {OLD}.\n"));
    workshop.run(&[]).exits(0);
    assert_eq!(page(&sandbox), format!("Gone from {ORGANIZATION}.\n"));
}

#[test]
fn what_cannot_be_rewritten_is_not_sent() {
    let sandbox = Sandbox::start(&[]);
    let table = format!("[remap]\ngroups = {{ \"{OLD}\" = \"{ORGANIZATION}\" }}\n");
    let workshop = Workshop::with(&sandbox, &table);
    workshop.write("assets/report/exchange.json", descriptor("report.pdf", "custom", "report", ""));
    workshop.write("assets/report/report.pdf", format!("%PDF-1.4\n({OLD})\n"));
    write_project(&workshop);
    workshop.run(&[]).exits(2);
    let (state, class, message) = workshop.item("report", "1.0.0");
    assert_eq!((state.as_str(), class.as_str()), ("failed", "remap"));
    assert_eq!(message, format!("not as the target needs it: files.custom.pdf:2: `{OLD}` of the source"));
    assert!(workshop.failed()[0]["hint"].as_str().is_some_and(|hint| hint.contains("build them anew")));
    assert_eq!(sandbox.versions(), ["orders/1.0.0", "types/1.0.0"]);
}

#[test]
fn a_table_that_contradicts_itself_is_told_with_its_line() {
    let workshop = Workshop::empty();
    workshop.write(
        "job.toml",
        "kind = 'publish'\n[target]\nsandbox = true\n[source]\ndirectory = '.'\n[remap.groups]\na = 'b'\nb = 'c'\n",
    );
    let ran = workshop.run(&[]).exits(1);
    assert!(ran.stderr.contains("line 7, column 1") && ran.stderr.contains("`a` becomes `b`"), "{}", ran.stderr);
}
