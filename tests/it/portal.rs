//! Portals in bulk: what goes along with an organization, what a portal alone can tell, and whether consumers see what was
//! published.

use camino::Utf8Path;
use serde_json::{Value, json};

use crate::support::{
    Asset, ORGANIZATION, Ran, Sandbox, Workshop,
    hostile::{Hostile, text},
};

/// An API that the portal shows, with an instance that has tiers.
fn offer(workshop: &Workshop, sandbox: &Sandbox) -> String {
    workshop.asset(&Asset::new("orders", "1.0.0"));
    for (name, text) in [("home.md", "# Orders\n\nAll about them."), ("terms.md", "Be kind.\n")] {
        workshop.write(&format!("assets/orders-1.0.0/exchange-docs/{name}"), text);
    }
    workshop.run(&[]).exits(0);
    show(sandbox, "orders", &["v1"]);
    let tier = |name: &str, auto: bool| {
        let limit = json!({"maximumRequests": 10, "timePeriodInMilliseconds": 60000});
        json!({"name": name, "autoApprove": auto, "limits": [limit]})
    };
    let managed = json!({"groupId": ORGANIZATION, "assetId": "orders", "versionGroup": "v1", "name": "Live",
        "endpointUri": "https://orders.example/v1", "isPublic": true, "tiers": [tier("Gold", true), tier("Silver", false)]});
    let made = sandbox.send_json("POST", "/_sandbox/instances", &managed).json();
    made["id"].as_str().expect("an instance has an id").to_owned()
}

/// Shows version groups of an asset to everybody.
fn show(sandbox: &Sandbox, asset: &str, groups: &[&str]) {
    let public = format!("/exchange/api/v2/assets/{ORGANIZATION}/{asset}/public");
    let groups: Vec<Value> = groups.iter().map(|group| json!({"versionGroup": group})).collect();
    assert_eq!(sandbox.send_json("PUT", &public, &json!(groups)).status, 204);
}

/// `consign hub` with the variables of the official CLI.
fn hub(workshop: &Workshop, sandbox: &Sandbox, args: &[&str]) -> Ran {
    workshop.consign(&["hub"]).args(args).env("ANYPOINT_HOST", sandbox.url()).run().exits(0)
}

fn read(path: &Utf8Path) -> String {
    fs_err::read_to_string(path).unwrap()
}

#[test]
fn the_client_applications_of_an_organization_are_exported_beside_its_assets() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let instance = offer(&workshop, &sandbox);
    let asset = format!("{ORGANIZATION}/orders/v1");
    let create = |name: &str, more: &[&str]| {
        hub(
            &workshop,
            &sandbox,
            &[&["apps", "create", name, "--asset", &asset, "--instance", &instance], more].concat(),
        );
    };
    let back = ["--redirect-uri", "https://s.example/b", "--redirect-uri", "https://s.example/c?a,b"];
    create("Shop", &[&["--url", "https://s.example", "--grant-type", "client_credentials"], &back[..]].concat());
    create("Bank, the", &[]);
    create("Alone", &[]);
    let ask = |name: &str, tier: &str| {
        hub(&workshop, &sandbox, &["access", "request", name, &asset, &instance, "--tier", tier, "--accept-terms"]);
    };
    ask("Shop", "Gold");
    ask("Bank, the", "Silver");
    let job = format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n", sandbox.url());
    workshop.write("export.toml", &job);
    workshop.consign(&["export", "export.toml"]).run().exits(0);

    let inventory = workshop.path("export-inventory");
    let (applications, access) = (read(&inventory.join("applications.csv")), read(&inventory.join("access.csv")));
    let mut rows = csv::Reader::from_reader(applications.as_bytes());
    let rows: Vec<Vec<String>> = rows.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let without_id: Vec<String> = rows.iter().map(|row| row[..8].join(";")).collect();
    assert_eq!(
        without_id,
        [
            "Alone;;;;;;orders/v1;Live",
            "Bank, the;;;;;;orders/v1;Live",
            "Shop;;https://s.example;[\"https://s.example/b\",\"https://s.example/c?a,b\"];client_credentials;;orders/v1;Live",
        ]
    );
    assert_eq!(
        access,
        "application,asset,instance,tier,grantTypes,status,acceptTerms\n\
         \"Bank, the\",orders/v1,Live,Silver,,PENDING,\nShop,orders/v1,Live,Gold,,APPROVED,\n"
    );
    let summary = read(&inventory.join("summary.md"));
    assert!(summary.contains("| 3 | 2 | applications.csv, access.csv |"), "{summary}");

    let shop = hub(&workshop, &sandbox, &["apps", "show", "Shop", "--show-secret", "--json"]).json();
    assert_eq!(rows[2][8], shop["clientId"].as_str().unwrap());
    let secret = shop["clientSecret"].as_str().unwrap();
    for folder in [inventory.as_path(), &workshop.path(".consign")] {
        for file in
            walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|file| file.file_type().is_file())
        {
            let bytes = fs_err::read(file.path()).unwrap();
            assert!(!bytes.windows(secret.len()).any(|piece| piece == secret.as_bytes()), "{:?}", file.path());
        }
    }

    // Nothing changes: neither does a byte. What somebody edits is left, and what the source has lies beside it.
    let state = read(&inventory.join(".inventory.json"));
    workshop.consign(&["export", "export.toml"]).run().exits(0);
    assert_eq!(
        (read(&inventory.join("applications.csv")), read(&inventory.join(".inventory.json"))),
        (applications, state)
    );
    workshop.write("export-inventory/access.csv", access.replace("Gold", "Silver"));
    let events = workshop.consign(&["export", "export.toml", "--json"]).run().exits(0).events();
    let told = events.iter().find(|event| event["check"] == "inventory").expect("is told");
    assert!(told["message"].as_str().unwrap().contains("access.new.csv"), "{told}");
    assert_eq!(read(&inventory.join("access.new.csv")), access);

    workshop.write("without.toml", format!("{job}\n[export]\ncompanions = false\n"));
    workshop.consign(&["export", "without.toml"]).run().exits(0);
    assert!(!workshop.path("without-inventory/access.csv").exists());
}

#[test]
fn an_account_without_portals_exports_all_the_same_and_is_told() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.run(&[]).exits(0);
    let server = Hostile::before(&sandbox, |asked| {
        asked.line.contains("/api-experience-hub/").then(|| text(403, "application/json", "{}"))
    });
    workshop.write("export.toml", format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n", server.url()));
    let ran = workshop.consign(&["export", "export.toml", "--json"]).run().exits(0);
    assert!(ran.events().iter().all(|event| event["check"] != "companions"), "{}", ran.stdout);
    let inventory = workshop.path("export-inventory");
    let summary = read(&inventory.join("summary.md"));
    assert!(summary.contains("were not read: this account may not see portals"), "{summary}");
    assert!(!inventory.join("applications.csv").exists());
}

const OTHER: &str = "bbbbbbbb-1111-4222-8333-444455556666";

/// Publishes rows of a manifest.
fn publish(workshop: &Workshop, sandbox: &Sandbox, rows: &str, more: &str) {
    workshop.write("rows.csv", rows);
    let job = format!(
        "kind = \"publish\"\nname = \"rows\"\n\n[target]\nhost = \"{}\"\n\n[source]\nmanifest = \"rows.csv\"\n\n{more}",
        sandbox.url()
    );
    workshop.write("rows.toml", job);
    workshop.consign(&["run", "rows.toml"]).run().exits(0);
}

/// An API with all that a portal shows, and one that it does not show.
fn stock(workshop: &Workshop, sandbox: &Sandbox) {
    workshop.write("icon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    workshop.write("docs/resources/dog.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"dog\"/>");
    workshop.write("docs/home.md", "# Home\n\n![dog](resources/dog.svg)\n");
    workshop.write("docs/Getting Started.md", "# Getting Started\n");
    workshop.write("docs/terms.md", "Be kind.\n");
    let rows = "assetId,version,type,name,description,visibility,tags,contactName,contactEmail,properties.apiVersion,\
        fields.ports,fields.amount,categories.layer,instances.EU,instances.EU.visibility,docs,icon\r\n\
        stock,1.2.0,http-api,Stock,One.,public,\"a,b\",Ann,ann@example.com,v1,\"80,443\",5.5,System,\
        https://eu.example.com,public,docs,icon.svg\r\n\
        stock,2.0.0,http-api,,,public,,,,v2,,,,,,,\r\n\
        hidden,1.0.0,http-api,,,,,,,v1,,,,,,,\r\n";
    publish(workshop, sandbox, rows, DEFINITIONS);
}

const DEFINITIONS: &str = "[[definitions.categories]]\nkey = \"layer\"\nvalues = [\"System\"]\n\
    [[definitions.fields]]\nkey = \"ports\"\ntype = \"number-list\"\n\
    [[definitions.fields]]\nkey = \"amount\"\ntype = \"number\"\n";

#[test]
fn what_a_portal_shows_is_exported_and_published_elsewhere() {
    let (source, target) = (Sandbox::start(&[]), Sandbox::start(&["--organization", OTHER]));
    let workshop = Workshop::for_sandbox(&source);
    workshop.asset(&Asset::new("orders", "1.1.0"));
    offer(&workshop, &source);
    stock(&workshop, &source);
    let portals = hub(&workshop, &source, &["portals", "--json"]).json();
    let (portal, connection) = (&portals["portals"][0], &portals["portals"][0]["connection"]);
    let [id, organization] =
        [&portal["targetPortalId"], &connection["targetOrganizationId"]].map(|id| id.as_str().unwrap());
    let named = portal["name"].as_str().unwrap();
    let export = format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n", source.url());
    workshop.write("export.toml", format!("{export}portal = \"{named}\"\n"));
    let exported = workshop.consign(&["export", "export.toml", "--json"]).run().exits(0).summary();
    assert_eq!(exported["exported"], 3, "orders 1.1.0, behind which 1.0.0 is, stock 1.2.0 and 2.0.0: {exported}");

    let inventory = workshop.path("export-inventory");
    let record = |gav: &str| -> Value {
        serde_json::from_str(&read(&inventory.join(format!("assets/{ORGANIZATION}/{gav}/asset.json")))).unwrap()
    };
    let stock = record("stock/1.2.0");
    let of_record = |key: &str| stock[key].clone();
    assert_eq!(of_record("tags"), json!(["a", "b"]));
    assert_eq!(of_record("fields")["ports"], json!({"type": "number-list", "value": [80, 443]}), "{stock:#}");
    assert_eq!(of_record("fields")["amount"], json!({"type": "number", "value": 5.5}));
    assert_eq!(of_record("categories"), json!({"layer": ["System"]}));
    assert_eq!((of_record("contactName"), of_record("status")), (json!("Ann"), json!("published")));
    assert_eq!(of_record("instances")[0]["name"], "EU", "{stock:#}");
    assert_eq!(stock["pages"].as_array().unwrap().len(), 2, "{stock:#}");
    let summary = read(&inventory.join("summary.md"));
    assert!(summary.contains("The source is a portal") && summary.contains(named), "{summary}");
    assert!(!inventory.join("definitions.toml").exists(), "a portal tells none");
    assert!(inventory.join("applications.csv").exists());

    let again = workshop.consign(&["export", "export.toml", "--json"]).run().exits(0).summary();
    assert_eq!(again["exported"], 0, "{again}");
    // Whoever only visits the portal names both ids, and gets the same.
    let both = format!("portal = \"{id}\"\ntarget_organization = \"{organization}\"\n");
    workshop.write("visit.toml", format!("{export}{both}\n[export]\ncompanions = false\n"));
    workshop.consign(&["export", "visit.toml"]).run().exits(0);
    assert_eq!(read(&workshop.path("visit-inventory/manifest.csv")), read(&inventory.join("manifest.csv")));

    let other = Workshop::with(&target, "");
    other.write(
        "job.toml",
        format!(
            "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"{}\"\n\n[source]\nmanifest = \"{inventory}/manifest.csv\"\n\n\
             {DEFINITIONS}\n[remap]\ngroups = {{ \"{ORGANIZATION}\" = \"{OTHER}\" }}\n",
            target.url()
        ),
    );
    other.run(&[]).exits(0);
    assert_eq!(target.versions(), ["orders/1.1.0", "stock/1.2.0", "stock/2.0.0"]);
    other.consign(&["verify", "job.toml"]).run().exits(0);
    assert_eq!(
        source.archive("orders", "1.1.0", "oas")["api.yaml"],
        target.archive("orders", "1.1.0", "oas")["api.yaml"]
    );
    let pages = target.send("GET", &format!("/exchange/api/v2/assets/{OTHER}/stock/1.2.0/portal/pages")).json();
    assert_eq!(pages.as_array().unwrap().len(), 2, "{pages}");
}

#[test]
fn a_portal_that_is_not_there_and_what_no_portal_has_are_told() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let export = |more: &str| {
        workshop.write("export.toml", format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n{more}", sandbox.url()));
        workshop.consign(&["export", "export.toml"]).run().exits(1).stderr
    };
    let none = export("portal = \"Nowhere\"\n");
    assert!(none.contains("there is no portal `Nowhere`") && none.contains("consign hub portals"), "{none}");
    let gone = export("portal = \"a\"\ntarget_organization = \"b\"\n");
    assert!(gone.contains("cannot list the assets of a") && gone.contains("There is no such portal"), "{gone}");
    let alone = export("target_organization = \"b\"\n");
    assert!(alone.contains("source.target_organization"), "{alone}");
    let groups = export("portal = \"a\"\nbusiness_groups = \"all\"\n");
    assert!(groups.contains("source.business_groups"), "{groups}");
    let publish = "kind = \"publish\"\n[source]\ndirectory = \"assets\"\nportal = \"a\"\n";
    workshop.write("publish.toml", publish);
    let ran = workshop.consign(&["run", "publish.toml"]).run().exits(1);
    assert!(ran.stderr.contains("source.portal"), "{}", ran.stderr);
}

/// What `consign verify --portal` tells of each version: verdict, what differs, what is shown.
fn seen(ran: &Ran) -> Vec<String> {
    let told = ran.json();
    let line = |item: &Value| {
        let gav = item["gav"].as_str().unwrap().split_once('/').unwrap().1.to_owned();
        let data = item["differences"].as_array().unwrap().iter().map(|one| one["datum"].as_str().unwrap());
        let data = data.collect::<Vec<_>>().join(",");
        let shown = match &item["shown"] {
            Value::Null => "nothing".to_owned(),
            shown => format!(
                "{} {} {} {}",
                shown["minorVersion"].as_str().unwrap(),
                shown["version"].as_str().unwrap(),
                shown["pages"],
                shown["terms"]
            ),
        };
        format!("{gav} {} [{data}] {shown}", item["verdict"].as_str().unwrap())
    };
    told["items"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn what_consumers_see_of_a_job_is_told_and_what_they_do_not_see() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    stock(&workshop, &sandbox);
    let verify = |more: &[&str]| workshop.consign(&["verify", "rows.toml", "--json", "--portal"]).args(more).run();
    let ran = verify(&[]).exits(2);
    assert_eq!(
        seen(&ran),
        [
            "stock/1.2.0 equal [] v1 1.2.0 [\"home\",\"Getting Started\"] true",
            "stock/2.0.0 equal [] v2 2.0.0 [] false",
            "hidden/1.0.0 missing [] nothing",
        ]
    );
    assert!(
        ran.json()["items"][2]["note"].as_str().unwrap().contains("its version group v1 is private"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.json()["equal"], false);

    // What the source keeps to itself is as it should be where nobody sees it; other types are left out.
    let rows =
        read(&workshop.path("rows.csv")).replace("hidden,1.0.0,http-api,,,,", "hidden,1.0.0,http-api,,,private,");
    workshop.write("rows.csv", format!("{rows}notes,1.0.0,custom,,,,,,,,,,,,,,\r\n"));
    let named = hub(&workshop, &sandbox, &["portals", "--json"]).json();
    let portal = named["portals"][0]["name"].as_str().unwrap();
    let ran = verify(&[portal]).exits(0);
    assert_eq!(seen(&ran)[2], "hidden/1.0.0 equal [] nothing");
    assert_eq!((&ran.json()["leftOut"], &ran.json()["portal"]), (&json!(1), &json!(portal)));

    // Texts that consumers do not see yet, and one that they should not see at all.
    workshop.write("docs/Getting Started.md", "# Getting Started\n\nAt last.\n");
    workshop.write("docs/terms.md", "Be very kind.\n");
    workshop.write(
        "rows.csv",
        read(&workshop.path("rows.csv")).replace("stock,2.0.0,http-api,,,public,", "stock,2.0.0,http-api,,,private,"),
    );
    let ran = verify(&[]).exits(2);
    assert_eq!(
        seen(&ran)[..2],
        [
            "stock/1.2.0 different [page Getting Started,terms] v1 1.2.0 [\"home\",\"Getting Started\"] true",
            "stock/2.0.0 different [visibility] v2 2.0.0 [] false",
        ]
    );
    let text = workshop.consign(&["verify", "rows.toml", "--portal"]).run().exits(2).stdout;
    assert!(
        text.contains("page Getting Started: expected") && text.contains("do not see what the source says"),
        "{text}"
    );

    // The same of a job that describes.
    workshop.write("changes.csv", "assetId,version,docs\nstock,1.2.0,docs\nhidden,1.0.0,docs\n");
    let describe =
        format!("kind = \"describe\"\n[target]\nhost = \"{}\"\n[source]\nmanifest = \"changes.csv\"\n", sandbox.url());
    workshop.write("changes.toml", describe);
    let verify =
        |code: i32| seen(&workshop.consign(&["verify", "changes.toml", "--json", "--portal"]).run().exits(code));
    assert!(verify(2)[0].starts_with("stock/1.2.0 different [page Getting Started,terms]"));
    workshop.consign(&["run", "changes.toml"]).run().exits(0);
    assert_eq!(
        verify(2),
        ["stock/1.2.0 equal [] v1 1.2.0 [\"home\",\"Getting Started\"] true", "hidden/1.0.0 missing [] nothing"]
    );
    assert!(sandbox.writes().keys().all(|endpoint| !endpoint.contains("api-experience-hub")), "{:?}", sandbox.writes());

    let wrong = workshop.consign(&["verify", "rows.toml", "--portal", "Nowhere"]).run().exits(1);
    assert!(wrong.stderr.contains("there is no portal `Nowhere`"), "{}", wrong.stderr);
}

#[test]
fn several_portals_have_a_folder_each_and_one_that_cannot_be_read_keeps_its_files() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let instance = offer(&workshop, &sandbox);
    let asset = format!("{ORGANIZATION}/orders/v1");
    hub(&workshop, &sandbox, &["apps", "create", "Shop", "--asset", &asset, "--instance", &instance]);
    let known = hub(&workshop, &sandbox, &["portals", "--json"]).json();
    let id = known["portals"][0]["targetPortalId"].as_str().unwrap().to_owned();
    let two = json!([{"targetPortalId": id, "name": "One"}, {"targetPortalId": "gone", "name": "Two"}]).to_string();
    let server = Hostile::before(&sandbox, move |asked| {
        let two = two.clone();
        asked.line.ends_with("/apiPortals").then(|| text(200, "application/json", &two))
    });
    workshop.write("export.toml", format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n", server.url()));
    workshop.write("export-inventory/portals/Two (gone)~00000000/access.csv", "mine");
    let events = workshop.consign(&["export", "export.toml", "--json"]).run().exits(0).events();
    let told = events.iter().find(|event| event["check"] == "companions").expect("is told");
    assert!(told["message"].as_str().unwrap().contains("Two (gone) cannot be read"), "{told}");
    let portals = workshop.path("export-inventory/portals");
    let folders: Vec<String> = portals
        .read_dir_utf8()
        .unwrap()
        .map(|folder| folder.unwrap().file_name().to_owned())
        .filter(|name| name.starts_with("One "))
        .collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    assert!(read(&portals.join(&folders[0]).join("applications.csv")).contains("Shop,,,,,,orders/v1,Live"));
    assert_eq!(read(&portals.join("Two (gone)~00000000/access.csv")), "mine");
    let summary = read(&workshop.path("export-inventory/summary.md"));
    assert!(summary.contains("One (") && summary.contains("could not be read"), "{summary}");

    // With one portal, they lie beside the manifest, and those folders go.
    workshop.write("export.toml", format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n", sandbox.url()));
    workshop.consign(&["export", "export.toml", "--host", sandbox.url()]).run().exits(0);
    assert!(workshop.path("export-inventory/applications.csv").exists());
    assert!(!portals.join(&folders[0]).join("applications.csv").exists());
}

#[test]
fn killed_again_and_again_an_export_of_a_portal_ends_with_the_same_directory() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    workshop.write("docs/home.md", "# Home\n");
    let rows: Vec<String> = (0..16).map(|number| format!("asset-{number},1.0.0,http-api,public,v1,docs")).collect();
    publish(
        &workshop,
        &sandbox,
        &format!("assetId,version,type,visibility,properties.apiVersion,docs\n{}", rows.join("\n")),
        "",
    );
    let named = hub(&workshop, &sandbox, &["portals", "--json"]).json();
    let portal = named["portals"][0]["name"].as_str().unwrap();
    let job = format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\nportal = \"{portal}\"\n", sandbox.url());
    workshop.write("export.toml", &job);
    workshop.write("fresh.toml", &job);
    for round in 0..5 {
        let mut running = workshop.consign(&["export", "export.toml", "--json", "--rate", "80"]).start();
        while running.lines() < 4 * (round + 1) && running.is_running() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        running.kill();
    }
    let last = workshop.consign(&["export", "export.toml", "--json"]).run().exits(0).summary();
    assert_eq!(last["counts"]["done"].as_u64().unwrap() + last["counts"]["skipped"].as_u64().unwrap(), 16, "{last}");
    let plan = workshop.consign(&["plan", "export.toml", "--json"]).run().exits(0).json();
    assert_eq!(plan["counts"]["unchanged"], 16, "{plan}");
    workshop.consign(&["export", "fresh.toml"]).run().exits(0);
    let (interrupted, whole) = (tree(&workshop.path("export-inventory")), tree(&workshop.path("fresh-inventory")));
    assert_eq!(interrupted, whole);
}

#[test]
fn files_of_a_portal_that_lie_elsewhere_are_fetched_without_a_token() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::for_sandbox(&sandbox);
    offer(&workshop, &sandbox);
    let known = hub(&workshop, &sandbox, &["portals", "--json"]).json();
    let portal = known["portals"][0]["name"].as_str().unwrap();
    let details = hub(&workshop, &sandbox, &["assets", "show", &format!("{ORGANIZATION}/orders/v1"), "--json"]).json();
    let elsewhere = Hostile::elsewhere();
    let details = details.to_string().replace(sandbox.url(), elsewhere.url());
    let server = Hostile::before(&sandbox, move |asked| {
        let details = details.clone();
        asked.line.ends_with("/orders/v1/details").then(|| text(200, "application/json", &details))
    });
    let job = format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\nportal = \"{portal}\"\n", server.url());
    workshop.write("export.toml", job);
    workshop.consign(&["export", "export.toml"]).run().exits(0);
    let asked = elsewhere.asked();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.authorization.is_none()), "{asked:?}");
    let folder = workshop.path(&format!("export-inventory/assets/{ORGANIZATION}/orders/1.0.0"));
    assert_eq!(read(&folder.join("fat-oas.zip")), "welcome", "what the link led to");
}

#[test]
fn a_migration_brings_companions_in_the_words_of_the_target_and_consumers_see_what_moved() {
    let (source, target) = (Sandbox::start(&[]), Sandbox::start(&["--organization", OTHER]));
    let workshop = Workshop::for_sandbox(&source);
    let instance = offer(&workshop, &source);
    let asset = format!("{ORGANIZATION}/orders/v1");
    hub(&workshop, &source, &["apps", "create", "Shop", "--asset", &asset, "--instance", &instance]);
    let job = format!(
        "kind = \"migrate\"\n\n[source]\nhost = \"{}\"\norganization = \"{ORGANIZATION}\"\n\
         credentials = {{ bearer_env = \"OLD\" }}\n\n[target]\nhost = \"{}\"\norganization = \"{OTHER}\"\n\
         credentials = {{ bearer_env = \"NEW\" }}\n\n[export]\ndirectory = \"inventory\"\n",
        source.url(),
        target.url()
    );
    workshop.write("move.toml", &job);
    let consign = |args: &[&str]| workshop.consign(args).env("OLD", source.token()).env("NEW", target.token()).run();
    consign(&["run", "move.toml"]).exits(0);
    let applications = read(&workshop.path("inventory/applications.csv"));
    assert!(applications.contains("\nShop,,,,,,orders/v1,Live,"), "{applications}");
    let ran = consign(&["verify", "move.toml", "--portal", "--json"]).exits(0);
    assert_eq!(seen(&ran), ["orders/1.0.0 equal [] v1 1.0.0 [\"home\"] true"]);

    // A group of the target takes the place of what was the organization's own.
    workshop.write("move.toml", format!("{job}\n[remap]\ngroups = {{ \"{ORGANIZATION}\" = \"com.example\" }}\n"));
    let plan = consign(&["plan", "move.toml"]);
    let applications = read(&workshop.path("inventory/applications.csv"));
    assert!(applications.contains("\nShop,,,,,,com.example/orders/v1,Live,"), "{applications}\n{plan:?}");
}

#[test]
fn what_was_exported_makes_the_same_applications_in_another_portal() {
    let (source, target) = (Sandbox::start(&[]), Sandbox::start(&[]));
    let (here, there) = (Workshop::for_sandbox(&source), Workshop::for_sandbox(&target));
    let instance = offer(&here, &source);
    offer(&there, &target);
    let asset = format!("{ORGANIZATION}/orders/v1");
    let create = ["apps", "create", "Shop, the", "--asset", &asset, "--instance", &instance];
    let more = [
        "--url",
        "https://s.example",
        "--redirect-uri",
        "https://s.example/a,b",
        "--redirect-uri",
        "https://s.example/c",
    ];
    hub(&here, &source, &[&create[..], &more, &["--grant-type", "client_credentials"]].concat());
    here.write("export.toml", format!("kind = \"export\"\n\n[source]\nhost = \"{}\"\n", source.url()));
    here.consign(&["export", "export.toml"]).run().exits(0);
    let job = format!(
        "kind = \"applications\"\n\n[target]\nhost = \"{}\"\n\n[source]\nmanifest = \"{}\"\n\n\
         [applications]\nsecrets.file = \"secrets.jsonl\"\n",
        target.url(),
        here.path("export-inventory/applications.csv")
    );
    there.write("apps.toml", job);
    there.consign(&["run", "apps.toml"]).run().exits(0);
    let shown = |workshop: &Workshop, sandbox: &Sandbox| {
        let mut shown = hub(workshop, sandbox, &["apps", "show", "Shop, the", "--json"]).json();
        for own in ["id", "clientId", "lastUpdateDate", "clientProvider"] {
            shown.as_object_mut().unwrap().remove(own);
        }
        shown
    };
    let (one, other) = (shown(&here, &source), shown(&there, &target));
    assert_eq!(one, other);
    assert_eq!(one["redirectUri"], json!(["https://s.example/a,b", "https://s.example/c"]));
}

/// All that lies in a directory, by path.
fn tree(root: &Utf8Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files
        .map(|file| {
            let path = camino::Utf8PathBuf::try_from(file.into_path()).unwrap();
            (path.strip_prefix(root).unwrap().to_string(), fs_err::read(&path).unwrap())
        })
        .collect()
}
