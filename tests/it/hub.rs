//! A portal of the API Experience Hub by hand: the three flows of a developer, and what keeps them from doing harm.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Asset, ORGANIZATION, Ran, Sandbox, Secret, Workshop, assert_absent, plain};

/// A sandbox whose portal shows one API with an instance, and somebody who visits it.
struct World {
    sandbox: Sandbox,
    workshop: Workshop,
    instance: String,
}

const ASSET: &str = "5a4d0b0e-0c5a-4b1e-9d2f-c0519a000001/orders/v1";

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::start(&[]);
        let workshop = Workshop::for_sandbox(&sandbox);
        workshop.asset(&Asset::new("orders", "1.0.0"));
        for (name, text) in [("home.md", "# Orders\n\nAll about them."), ("terms.md", "Be kind.\n")] {
            workshop.write(&format!("assets/orders-1.0.0/exchange-docs/{name}"), text);
        }
        workshop.run(&[]).exits(0);
        let public = format!("/exchange/api/v2/assets/{ORGANIZATION}/orders/public");
        assert_eq!(sandbox.send_json("PUT", &public, &json!([{"versionGroup": "v1"}])).status, 204);
        let tier = |name: &str, auto: bool, most: u32| {
            let limit = json!({"maximumRequests": most, "timePeriodInMilliseconds": 60000});
            json!({"name": name, "description": format!("{name} tier"), "autoApprove": auto, "limits": [limit]})
        };
        let managed = json!({"groupId": ORGANIZATION, "assetId": "orders", "versionGroup": "v1", "name": "Live",
            "endpointUri": "https://orders.example/v1", "environmentName": "Production", "isPublic": true,
            "tiers": [tier("Gold", true, 1000), tier("Silver", false, 10)]});
        let made = sandbox.send_json("POST", "/_sandbox/instances", &managed).json();
        let instance = made["id"].as_str().unwrap().to_owned();
        Self { sandbox, workshop, instance }
    }

    /// `consign hub` with the variables of the official CLI.
    fn hub(&self, args: &[&str]) -> Ran {
        let command = self.workshop.consign(&["hub"]).args(args);
        command.env("ANYPOINT_HOST", self.sandbox.url()).run()
    }

    /// What it prints, for people.
    #[track_caller]
    fn told(&self, args: &[&str]) -> String {
        let ran = self.hub(args).exits(0);
        assert_eq!(ran.stderr, "", "{args:?}");
        ran.stdout
    }

    /// What it prints, for scripts.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        self.hub(args).exits(0).json()
    }

    /// Why it does not.
    #[track_caller]
    fn refused(&self, args: &[&str]) -> String {
        let ran = self.hub(args).exits(1);
        assert_eq!(ran.stdout, "", "{args:?}");
        ran.stderr
    }

    /// Makes an application.
    #[track_caller]
    fn app(&self, name: &str) -> Value {
        self.json(&["apps", "create", name, "--asset", ASSET, "--instance", &self.instance, "--json"])
    }

    fn plain<T>(&self, assert: impl FnOnce() -> T) -> T {
        plain(self.workshop.folder(), || {
            let mut settings = insta::Settings::clone_current();
            settings.add_filter(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]");
            settings.add_filter(r"\b[0-9a-f]{32}\b", "[secret]");
            settings.bind(assert)
        })
    }
}

#[test]
fn an_api_is_discovered_from_the_list_to_the_files() {
    let world = World::new();
    let (list, found) = (world.told(&["assets", "list"]), world.told(&["assets", "search", "ORDER", "--sort", "name"]));
    let shown = world.told(&["assets", "show", ASSET]);
    world.plain(|| {
        assert_snapshot!(list, @r#"
        asset                                           latest  type      name    updated
        [org]/orders/v1  1.0.0   rest-api  orders  [time]
        "#);
        assert_eq!(found, list);
        assert_snapshot!(shown, @r#"
        asset        [org]/orders/v1
        name         orders
        type         rest-api
        latest       1.0.0
        versions     v1
        state        published
        description  Hello
        updated      [time]

        instance                              name  environment  endpoint
        [id]  Live  Production   https://orders.example/v1

        page   name
        /home  home

        resource                  label
        orders-1.0.0-docs.zip     docs.zip
        orders-1.0.0-oas.zip      oas.zip
        orders-1.0.0-fat-oas.zip  fat-oas.zip
        orders-1.0.0-raml.zip     raml.zip
        orders-1.0.0.pom          pom
        "#);
    });
    assert_eq!(world.told(&["assets", "page", ASSET]), "# Orders\n\nAll about them.\n");
    assert_eq!(world.told(&["assets", "page", ASSET, "/home"]), "# Orders\n\nAll about them.\n");
    assert_eq!(world.told(&["assets", "terms", ASSET]), "Be kind.\n");
    let details = world.json(&["assets", "show", ASSET, "--json"]);
    let link = details["files"][0]["externalLink"].as_str().unwrap();
    let id = link.rsplit('/').next().unwrap();
    let written = world.json(&["assets", "resource", ASSET, id, "--out", "file.zip", "--json"]);
    let content = fs_err::read(world.workshop.path("file.zip")).unwrap();
    assert_eq!(written["bytes"], content.len());
    assert!(content.starts_with(b"PK"), "an archive");
    assert!(world.told(&["assets", "resource", ASSET, "orders-1.0.0.pom"]).contains("<project"));
    let none = world.hub(&["assets", "search", "nothing"]).exits(0);
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "nothing is found\n"));
}

#[test]
fn an_application_is_made_changed_and_deleted() {
    let world = World::new();
    assert_eq!(world.told(&["apps", "name-exists", "Shop"]), "no\n");
    let create =
        ["apps", "create", "Shop", "--asset", ASSET, "--instance", &world.instance, "--url", "https://s.example"];
    let made = world.told(
        &[&create[..], &["--grant-type", "client_credentials", "--redirect-uri", "https://s.example/b"]].concat(),
    );
    assert_eq!(world.told(&["apps", "name-exists", "Shop"]), "yes\n");
    let list = world.told(&["apps", "list", "--name", "sho"]);
    let changed = world.told(&["apps", "update", "Shop", "--name", "Shops", "--description", "Orders things"]);
    let shown = world.told(&["apps", "show", "Shops", "--show-secret"]);
    let reset = world.told(&["apps", "reset-secret", "Shops", "--yes"]);
    let again = world.told(&["apps", "show", "Shops", "--show-secret"]);
    assert_ne!(shown, again, "the secret is another one");
    let deleted = world.told(&["apps", "delete", "Shops", "--yes"]);
    world.plain(|| {
        assert_snapshot!(made, @r#"
        id             [id]
        name           Shop
        client id      [id]
        client secret  (not shown; --show-secret shows it)
        "#);
        assert_snapshot!(list, @r#"
        id                                    name  description
        [id]  Shop
        "#);
        assert_snapshot!(changed, @r#"
        id             [id]
        name           Shops
        client id      [id]
        client secret  (not shown; --show-secret shows it)
        description    Orders things
        url            https://s.example
        redirect URIs  https://s.example/b
        grant types    client_credentials
        provider       Default
        updated        [time]
        "#);
        assert_snapshot!(shown, @r#"
        id             [id]
        name           Shops
        client id      [id]
        client secret  [secret]
        description    Orders things
        url            https://s.example
        redirect URIs  https://s.example/b
        grant types    client_credentials
        provider       Default
        updated        [time]
        "#);
        assert_snapshot!(reset, @r#"
        id             [id]
        client secret  (new; `consign hub apps show --show-secret` shows it)
        "#);
        assert_snapshot!(deleted, @r#"
        deleted Shops
        "#);
        assert_snapshot!(world.refused(&["apps", "show", "Shops"]), @r#"
        error: there is no application `Shops`
          hint: `consign hub apps list` shows your applications, with name and id
        "#);
    });
}

#[test]
fn access_is_asked_for_by_the_names_of_things() {
    let world = World::new();
    world.app("Shop");
    let instance = world.instance.as_str();
    let tiers = world.told(&["access", "tiers", ASSET, instance]);
    let grants = world.told(&["access", "grant-types", ASSET, instance]);
    assert_eq!(world.told(&["apps", "grant-types", "Shop"]), grants);
    let request = ["access", "request", "Shop", ASSET, instance];
    let asked = world.told(&[&request[..], &["--tier", "silver", "--accept-terms"]].concat());
    let shown = world.told(&["access", "show", "Shop", ASSET, instance]);
    let contracts = world.json(&["access", "list", "Shop", "--json"]);
    let contract = contracts["contracts"][0]["contractId"].as_str().unwrap();
    world.told(&["access", "change-tier", "Shop", contract, "Gold"]);
    let list = world.told(&["access", "list", "Shop"]);
    world.plain(|| {
        assert_snapshot!(tiers, @r#"
        id  name    status  approval  limits         description
        1   Gold    ACTIVE  at once   1000 in 1 min  Gold tier
        2   Silver  ACTIVE  by hand   10 in 1 min    Silver tier
        "#);
        assert_snapshot!(grants, @r#"
        provider  openid_connect (OpenID Connect Provider)
        grant type          label               required  needs  not with
        client_credentials  Client Credentials  no
        authorization_code  Authorization Code  no
        "#);
        assert_snapshot!(asked, @r#"
        contract       1
        status         PENDING
        tier           Silver
        client id      [id]
        client secret  (not shown; --show-secret shows it)
        "#);
        assert_snapshot!(shown, @r#"
        contract        1
        application     [id]
        instance        [id]
        status          PENDING
        tier asked for  Silver
        "#);
        assert_snapshot!(list, @r#"
        contract  status    tier  asked for  asset                                           instance                              name  environment
        1         APPROVED  Gold  Gold       [org]/orders/v1  [id]  Live  Production
        "#);
    });
}

#[test]
fn what_cannot_be_is_told_with_the_server_s_words_and_what_to_do() {
    let world = World::new();
    world.app("Shop");
    let (instance, other) = (world.instance.as_str(), "other/orders/v1");
    let request = ["access", "request", "Shop", ASSET, instance];
    world.plain(|| {
        assert_snapshot!(world.refused(&["assets", "show", other]), @r#"
        error: the portal shows no asset other/orders/v1
          hint: `consign hub assets list` shows what there is, with group, asset and version
        "#);
        assert_snapshot!(world.refused(&["assets", "page", ASSET, "none"]), @r#"
        error: [org]/orders/v1 has no page `none`
          hint: `consign hub assets show` lists the pages and files of an API
        "#);
        assert_snapshot!(world.refused(&["assets", "show", "orders/1.0.0"]), @r#"
        error: invalid value 'orders/1.0.0' for '<ASSET>': `orders/1.0.0` is not group/asset/version, such as com.example/payment-api/v1

        For more information, try '--help'.
        "#);
        assert_snapshot!(world.refused(&["apps", "create", "Shop", "--asset", ASSET, "--instance", instance]), @r#"
        error: cannot make application `Shop`: POST /api-experience-hub/xapi/v1/portals/[id]/[id]/assets/[org]/orders/v1/applications: 409 Conflict: There is an application with the name `Shop` already
          hint: `consign hub apps list --name 'Shop'` shows whether it is there, and yours
        "#);
        assert_snapshot!(world.refused(&["apps", "update", "Shop", "--url", "no url"]), @r#"
        error: cannot change application `Shop`: PUT /api-experience-hub/xapi/v1/portals/[id]/[id]/applications/[id]: 400 Bad Request: The request body is not valid; url: must be an absolute URI
        "#);
        assert_snapshot!(world.refused(&["apps", "update", "Shop"]), @r#"
        error: nothing is to change
          hint: name what is, such as --url URL
        "#);
        assert_snapshot!(world.refused(&request), @r#"
        error: access is given only to those who accept the terms and conditions
          hint: `consign hub assets terms [org]/orders/v1` prints them; --accept-terms accepts them
        "#);
        assert_snapshot!(world.refused(&[&request[..], &["--accept-terms"]].concat()), @r#"
        error: instance [id] has tiers, and one must be chosen: Gold (1), Silver (2)
          hint: `consign hub access tiers` shows them; name one with its name or id
        "#);
        assert_snapshot!(world.refused(&[&request[..], &["--accept-terms", "--tier", "Lead"]].concat()), @r#"
        error: instance [id] has no active tier `Lead`; it offers Gold (1), Silver (2)
          hint: `consign hub access tiers` shows them; name one with its name or id
        "#);
        assert_snapshot!(world.refused(&["access", "change-tier", "Shop", "99", "Gold"]), @r#"
        error: there is no contract 99 of application [id]
          hint: `consign hub access list` shows the contracts of an application
        "#);
        assert_snapshot!(world.refused(&["access", "list", "Nobody"]), @r#"
        error: there is no application `Nobody`
          hint: `consign hub apps list` shows your applications, with name and id
        "#);
        assert_snapshot!(world.refused(&["apps", "list", "--portal", "Other"]), @r#"
        error: there is no portal `Other`
          hint: `consign hub portals` lists them; name one with --portal
        "#);
        assert_snapshot!(world.refused(&["apps", "list", "--sandbox"]), @r#"
        error: --sandbox is the sandbox of a job
          hint: name the job with --job, or the address of a running `consign sandbox` with --host
        "#);
    });
}

#[test]
fn nothing_is_deleted_or_reset_without_asking_where_nobody_can_be_asked() {
    let world = World::new();
    world.app("Shop");
    let before = world.told(&["apps", "show", "Shop", "--show-secret"]);
    let writes = world.sandbox.writes();
    world.plain(|| {
        assert_snapshot!(world.refused(&["apps", "delete", "Shop"]), @r#"
        error: not done without asking, and there is no terminal to ask on: delete the application `Shop` and end its contracts?
          hint: --yes says that you are sure
        "#);
        assert_snapshot!(world.refused(&["apps", "reset-secret", "Shop", "--show-secret"]), @r#"
        error: not done without asking, and there is no terminal to ask on: give `Shop` a new secret, and end the one that its users have?
          hint: --yes says that you are sure
        "#);
    });
    assert_eq!(world.sandbox.writes(), writes);
    assert_eq!(world.told(&["apps", "show", "Shop", "--show-secret"]), before);
}

#[test]
fn a_client_secret_is_seen_where_it_is_asked_for_and_nowhere_else() {
    let world = World::new();
    let made = world.app("Shop");
    assert!(made["clientSecret"].is_null(), "{made}");
    let shown = world.json(&["apps", "show", "Shop", "--json", "--show-secret"]);
    let secret = Secret::new("client secret", shown["clientSecret"].as_str().unwrap());
    let instance = world.instance.as_str();
    for args in [
        &["apps", "show", "Shop"][..],
        &["apps", "update", "Shop", "--url", "https://s.example"],
        &["apps", "list"],
        &["access", "request", "Shop", ASSET, instance, "--tier", "Gold", "--accept-terms"],
        &["access", "list", "Shop"],
    ] {
        for more in [&["-vvv"][..], &["-vvv", "--json"]] {
            let ran = world.hub(&[args, more].concat());
            assert_absent(std::slice::from_ref(&secret), &format!("stdout of {args:?}"), ran.stdout.as_bytes());
            assert_absent(std::slice::from_ref(&secret), &format!("stderr of {args:?}"), ran.stderr.as_bytes());
            assert!(ran.stderr.contains("request"), "it is logged what is asked: {}", ran.stderr);
        }
    }
    let reset = world.json(&["apps", "reset-secret", "Shop", "--yes", "--json", "--show-secret"]);
    let shown = world.json(&["apps", "show", "Shop", "--json", "--show-secret"]);
    assert_eq!(reset["clientSecret"], shown["clientSecret"]);
}

#[test]
fn server_and_credentials_may_come_from_a_job_and_the_portal_by_name_or_by_its_ids() {
    let world = World::new();
    let list = world.told(&["assets", "list"]);
    let portals = world.json(&["portals", "--json"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (name, id) = (text(&portals["portals"][0]["name"]), text(&portals["portals"][0]["targetPortalId"]));
    let target = text(&portals["portals"][0]["connection"]["targetOrganizationId"]);
    let by_job = world.workshop.consign(&["hub", "assets", "list", "--job", "job.toml"]).run().exits(0);
    assert_eq!(by_job.stdout, list);
    assert_eq!(world.told(&["assets", "list", "--portal", &name]), list);
    let looked_up = world.sandbox.stats()["requests"].clone();
    assert_eq!(world.told(&["assets", "list", "--portal", &id, "--target-organization", &target]), list);
    let after = world.sandbox.stats()["requests"].clone();
    let management = "GET /api-experience-hub/api/v1/connections";
    assert!(!looked_up[management].is_null());
    assert_eq!(after[management], looked_up[management], "nothing is looked up");
    let table = world.told(&["portals"]);
    world.plain(|| {
        assert_snapshot!(table, @r#"
        portal                                name                      target organization                   domain
        [id]  Sandbox Developer Portal  [id]  sandbox.my.salesforce.com
        "#);
    });
}

#[test]
fn a_connected_app_that_signs_calls_itself_elsewhere_fetches_a_token_for_the_portal() {
    let sandbox = Sandbox::start(&[]);
    let workshop = Workshop::with(&sandbox, "[target.credentials]\nbasic = true\n");
    let ran = workshop.consign(&["hub", "assets", "list", "--job", "job.toml"]).run().exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "the portal shows no APIs\n"));
}

#[test]
fn the_sandbox_of_a_job_has_a_portal_too() {
    let workshop = Workshop::empty();
    workshop.write("job.toml", "kind = \"publish\"\n[target]\nsandbox = true\n[source]\ndirectory = \"assets\"\n");
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop.consign(&["run", "job.toml"]).run().exits(0);
    let portals = workshop.consign(&["hub", "portals", "--job", "job.toml", "--json"]).run().exits(0).json();
    assert_eq!(portals["portals"].as_array().unwrap().len(), 1, "{portals}");
    let list = workshop.consign(&["hub", "assets", "list", "--job", "job.toml", "--json"]).run().exits(0).json();
    assert_eq!(list, json!({ "assets": [] }), "nothing is public yet");
}
