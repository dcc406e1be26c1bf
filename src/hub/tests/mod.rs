//! Promises of the client, with scripted replies.

mod sandboxed;

use futures::{StreamExt, TryStreamExt};
use secrecy::ExposeSecret;
use serde_json::json;

use super::*;
use crate::net::{
    CallError, Disposition, TransportKind,
    scripted::{Scripted, Step, reply},
};

const PREFIX: &str = "exchange.example/api-experience-hub/xapi/v1/portals/00D000000000001AAA/p1";

fn hub(server: &Scripted) -> Hub {
    let address = PortalAddress { target_organization: "00D000000000001AAA".to_owned(), portal: "p1".to_owned() };
    Hub::new(server.client(None), address)
}

fn asset() -> PortalAsset {
    "com.example/payment-api/v1".parse().expect("parses")
}

fn new(name: &str) -> NewApplication {
    let application = ApplicationUpsert { name: name.to_owned(), ..ApplicationUpsert::default() };
    NewApplication { application, instance_id: "inst-001".to_owned() }
}

fn page(entries: impl Iterator<Item = serde_json::Value>) -> Step {
    reply(200, &serde_json::Value::from(entries.collect::<Vec<_>>()).to_string())
}

fn cards(from: usize, to: usize) -> Step {
    page((from..to).map(|n| json!({"groupId": "g", "assetId": format!("a{n}"), "name": "n", "type": "rest-api"})))
}

fn applications(from: usize, to: usize) -> Step {
    page((from..to).map(|n| json!({"id": n, "name": format!("app {n}")})))
}

#[tokio::test]
async fn assets_are_listed_in_full_pages_though_five_would_be_the_default() {
    let server = Scripted::new([cards(0, 250), cards(250, 500), cards(500, 503)]);
    let all: Vec<AssetCard> = hub(&server).assets().try_collect().await.expect("reads");
    assert_eq!((all.len(), all[502].asset_id.as_str()), (503, "a502"));
    let asked = |offset: usize| format!("GET {PREFIX}/assets?limit=250&offset={offset}");
    assert_eq!(server.lines(), [asked(0), asked(250), asked(500)]);
}

#[tokio::test]
async fn a_list_whose_largest_page_nobody_knows_ends_with_an_empty_one() {
    let server = Scripted::new([applications(0, 100), applications(100, 130), applications(0, 0)]);
    let all: Vec<ApplicationSummary> =
        hub(&server).applications(Some("a b"), Some("i")).try_collect().await.expect("reads");
    assert_eq!((all.len(), all[129].id.as_str()), (130, "129"));
    let last = format!("GET {PREFIX}/applications?query=a+b&instanceId=i&limit=250&offset=130");
    assert_eq!(server.lines()[2], last);
}

#[tokio::test]
async fn a_server_that_passes_over_the_offset_does_not_turn_a_list_in_circles() {
    let server = Scripted::new([applications(0, 100), applications(0, 100), applications(0, 100)]);
    let all: Vec<_> = hub(&server).applications(None, None).try_collect().await.expect("reads");
    assert_eq!((all.len(), server.asked().len()), (100, 2));
}

#[tokio::test]
async fn a_list_stops_at_the_first_page_that_cannot_be_read() {
    let server = Scripted::new([applications(0, 2), reply(400, r#"{"name":"n","status":400,"message":"no"}"#)]);
    let hub = hub(&server);
    let entries: Vec<_> = hub.applications(None, None).collect().await;
    assert_eq!(entries.iter().filter(|entry| entry.is_ok()).count(), 2);
    assert!(entries.len() == 3 && entries[2].is_err());
}

#[tokio::test]
async fn ids_and_versions_are_read_however_they_are_written() {
    let server = Scripted::new([
        reply(
            200,
            r#"[{"groupId":"g","assetId":"a","name":"n","type":"rest-api","minorVersion":1,"minorVersions":["v1",2],
            "tags":null,"mayorComponent":1,"minorComponent":"0","minorVersionComponents":[1,"0"],"new":{}}]"#,
        ),
        reply(
            200,
            r#"[{"contractId":67890,"assetId":"a","instanceId":12,"status":"FAILED","tier":{"id":1,"name":"Gold",
            "status":"ACTIVE","limits":[{"maximumRequests":1000,"timePeriod":"60000","timeUnit":"Minute"}]}}]"#,
        ),
        reply(200, r#"{"id":67890,"applicationId":"12345","status":"approved","requestedTier":null}"#),
    ]);
    let hub = hub(&server);
    let cards: Vec<AssetCard> = hub.assets().try_collect().await.expect("reads");
    assert_eq!(cards[0].address().expect("has a version").to_string(), "g/a/1");
    assert_eq!((cards[0].components.mayor_component, cards[0].components.minor_component), (Some(1), Some(0)));
    let contracts: Vec<AppContract> = hub.contracts("12345").try_collect().await.expect("reads");
    let tier = contracts[0].tier.as_ref().expect("has one");
    assert_eq!((contracts[0].contract_id.as_str(), tier.id.as_str()), ("67890", "1"));
    assert_eq!((tier.limits[0].maximum_requests.as_str(), tier.limits[0].time_period), ("1000", Some(60000)));
    assert_eq!(contracts[0].status, Some(ContractStatus::Other("FAILED".to_owned())));
    let contract = hub.contract(&asset(), "12345", "12").await.expect("answers").expect("is there");
    assert_eq!((contract.id.as_str(), contract.status), ("67890", ContractStatus::Approved));
}

#[tokio::test]
async fn an_entry_without_its_id_is_no_entry() {
    let server = Scripted::new([reply(200, r#"[{"id":null,"name":"n"}]"#)]);
    let error = hub(&server).applications(None, None).try_collect::<Vec<_>>().await.expect_err("makes no sense");
    assert!(matches!(error, CallError::BadReply { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_not_there_is_an_answer() {
    let server = Scripted::new((0..8).map(|_| reply(404, "gone")));
    let hub = hub(&server);
    assert!(hub.details(&asset()).await.expect("answers").is_none());
    assert!(hub.terms(&asset()).await.expect("answers").is_none());
    assert!(hub.page(&asset(), "/home").await.expect("answers").is_none());
    assert!(hub.resource(&asset(), "r").await.expect("answers").is_none());
    assert!(hub.application("1").await.expect("answers").is_none());
    assert!(!hub.delete_application("1").await.expect("answers"));
    assert!(hub.tiers(&asset(), "i").await.expect("answers").is_none());
    assert!(hub.contract(&asset(), "1", "i").await.expect("answers").is_none());
    assert_eq!(server.asked().len(), 8);
}

#[tokio::test]
async fn pages_keep_their_slashes_and_no_name_leaves_its_place() {
    let server = Scripted::new([reply(200, "# Page"), reply(200, "")]);
    let hub = hub(&server);
    assert_eq!(hub.page(&asset(), "/guides/first steps").await.expect("answers").as_deref(), Some("# Page"));
    hub.application("a/../b?c").await.expect_err("an empty body is no application");
    let prefix = format!("GET {PREFIX}");
    let page = format!("{prefix}/assets/com.example/payment-api/v1/pages/guides/first%20steps");
    assert_eq!(server.lines(), [page, format!("{prefix}/applications/a%2F..%2Fb%3Fc")]);
    for wrong in ["", "/", "a//b", "../terms"] {
        let error = hub.page(&asset(), wrong).await.expect_err("leads elsewhere");
        assert!(matches!(error, CallError::Unsendable { .. }), "{wrong}");
    }
}

#[tokio::test]
async fn a_text_that_comes_as_json_is_read_as_a_text() {
    let json = Step::Reply(
        200,
        vec![("content-type", "application/json".to_owned())],
        r##""# Terms\nBe kind.""##.to_owned(),
        std::time::Duration::ZERO,
    );
    let server = Scripted::new([json, reply(200, r#""quoted" is Markdown"#)]);
    let hub = hub(&server);
    assert_eq!(hub.terms(&asset()).await.expect("answers").as_deref(), Some("# Terms\nBe kind."));
    assert_eq!(hub.terms(&asset()).await.expect("answers").as_deref(), Some(r#""quoted" is Markdown"#));
}

#[tokio::test(start_paused = true)]
async fn what_makes_something_new_is_not_sent_again_in_doubt_and_everything_else_is() {
    let lost = || Step::Fail(TransportKind::Reset, true);
    let request = ContractRequest {
        application_id: "1".to_owned(),
        instance_id: "i".to_owned(),
        accepted_terms: true,
        tier_id: None,
    };
    let server = Scripted::new([lost(), lost(), lost()]);
    let hub = hub(&server);
    let errors = [
        hub.create_application(&asset(), &new("n")).await.expect_err("is lost"),
        hub.create_contract(&asset(), &request).await.expect_err("is lost"),
        hub.reset_secret("1").await.expect_err("is lost"),
    ];
    assert!(errors.iter().all(|error| error.disposition() == Disposition::Doubt { after: None }), "{errors:?}");
    assert_eq!(server.asked().len(), 3);

    let contract = r#"{"id":1,"applicationId":1,"status":"APPROVED"}"#;
    let server = Scripted::new([
        lost(),
        reply(200, r#"{"id":1,"name":"n"}"#),
        lost(),
        reply(200, "{}"),
        lost(),
        reply(200, contract),
        lost(),
        reply(200, r#"{"assets":[]}"#),
    ]);
    let hub = self::hub(&server);
    hub.update_application("1", &new("n").application).await.expect("is sent again");
    assert!(hub.delete_application("1").await.expect("is sent again"));
    hub.assign_tier("1", "1", "2").await.expect("is sent again");
    hub.search(&AssetSearch::default(), Some(10)).await.expect("is sent again");
    assert_eq!(server.asked().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn what_makes_something_new_is_sent_again_where_the_server_cannot_have_acted() {
    let server = Scripted::new([
        Step::Reply(429, vec![("retry-after", "1".to_owned())], String::new(), std::time::Duration::ZERO),
        Step::Fail(TransportKind::Connect, false),
        reply(200, r#"{"id":"1","name":"n"}"#),
    ]);
    hub(&server).create_application(&asset(), &new("n")).await.expect("is made");
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn bodies_name_what_is_said_and_nothing_else() {
    let server = Scripted::new([
        reply(200, r#"{"id":"1","name":"n"}"#),
        reply(200, r#"{"id":"1","name":"n"}"#),
        reply(200, r#"{"id":"7","status":"PENDING"}"#),
        reply(200, r#"{"assets":[],"facets":["Department:Finance"]}"#),
    ]);
    let hub = hub(&server);
    hub.create_application(&asset(), &new("n")).await.expect("is made");
    let full = ApplicationUpsert {
        name: "n".to_owned(),
        description: Some("d".to_owned()),
        url: Some("https://u".to_owned()),
        redirect_uri: Some(vec!["https://r".to_owned()]),
        grant_types: Some(Vec::new()),
        api_endpoints: Some(false),
    };
    hub.update_application("1", &full).await.expect("is changed");
    let request = ContractRequest {
        application_id: "1".to_owned(),
        instance_id: "i".to_owned(),
        accepted_terms: true,
        tier_id: Some("2".to_owned()),
    };
    hub.create_contract(&asset(), &request).await.expect("is made");
    let search = AssetSearch {
        search_term: Some("pay".to_owned()),
        asset_types: vec!["rest-api".to_owned()],
        categories: Vec::new(),
        sort: Some(Sort { direction: SortDirection::Desc, criteria: SortCriteria::LastUpdated }),
    };
    hub.search(&search, None).await.expect("is found");
    let bodies: Vec<serde_json::Value> =
        server.asked().iter().map(|asked| serde_json::from_str(&asked.body).expect("is JSON")).collect();
    let expected = [
        json!({"name": "n", "instanceId": "inst-001"}),
        json!({"name": "n", "description": "d", "url": "https://u", "redirectUri": ["https://r"], "grantTypes": [],
            "apiEndpoints": false}),
        json!({"applicationId": "1", "instanceId": "i", "acceptedTerms": true, "tierId": 2}),
        json!({"searchTerm": "pay", "assetTypes": ["rest-api"],
            "sort": {"direction": "DESC", "criteria": "LAST_UPDATED"}}),
    ];
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let server = Scripted::new([
        reply(
            200,
            r#"{"id":"1","name":"old","clientId":"c","clientSecret":"s","description":"d","url":"https://u",
            "redirectUri":["https://r"],"grantTypes":["client_credentials"]}"#,
        ),
        reply(200, r#"{"id":"1","name":"new","clientId":"c"}"#),
        reply(404, ""),
    ]);
    let hub = hub(&server);
    let change = ApplicationChange { name: Some("new".to_owned()), ..ApplicationChange::default() };
    hub.change_application("1", change.clone()).await.expect("is changed");
    let body: serde_json::Value = serde_json::from_str(&server.asked()[1].body).expect("is JSON");
    let expected = json!({"name": "new", "description": "d", "url": "https://u", "redirectUri": ["https://r"],
        "grantTypes": ["client_credentials"]});
    assert_eq!(body, expected);
    assert!(matches!(hub.change_application("2", change).await, Err(HubError::NoApplication(id)) if id == "2"));
}

#[tokio::test]
async fn secrets_are_told_to_the_caller_and_shown_nowhere() {
    const SECRET: &str = "d0ae-very-secret";
    let said = format!(r#"{{"id":"1","name":"n","status":"APPROVED","clientId":"c","clientSecret":"{SECRET}"}}"#);
    let refused =
        format!(r#"{{"name":"n","status":400,"message":"not {said}"}}"#).replace(&said, &said.replace('"', "\\\""));
    let server = Scripted::new([
        reply(200, &said),
        reply(200, &said),
        reply(200, &said),
        reply(200, &said),
        reply(400, &refused),
    ]);
    let hub = hub(&server);
    let read = hub.application("1").await.expect("answers").expect("is there");
    let made = hub.create_application(&asset(), &new("n")).await.expect("is made");
    let request = ContractRequest {
        application_id: "1".to_owned(),
        instance_id: "i".to_owned(),
        accepted_terms: true,
        tier_id: None,
    };
    let contract = hub.create_contract(&asset(), &request).await.expect("is made");
    let reset = hub.reset_secret("1").await.expect("is reset");
    let told = [read.client_secret.clone(), made.client_secret.clone(), contract.client_secret.clone(), Some(reset)];
    assert!(told.iter().all(|secret| secret.as_ref().is_some_and(|secret| secret.expose_secret() == SECRET)));
    let json = [serde_json::to_string(&read), serde_json::to_string(&made), serde_json::to_string(&contract)];
    let error = hub.application("1").await.expect_err("is refused");
    let shown = format!("{read:?} {made:?} {contract:?} {told:?} {json:?} {error} {error:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn a_secret_of_another_type_is_not_quoted_and_one_that_is_missing_is_told() {
    let server = Scripted::new([reply(200, r#"{"clientSecret":{"v":"hidden-secret"}}"#), reply(200, "{}")]);
    let hub = hub(&server);
    for _ in 0..2 {
        let error = hub.reset_secret("1").await.expect_err("tells none");
        assert!(error.to_string().contains("not told") && !format!("{error:?}").contains("hidden"), "{error:?}");
    }
}

#[tokio::test]
async fn a_refusal_carries_the_server_s_own_details() {
    let server = Scripted::new([reply(
        400,
        r#"{"name":"Bad Request","status":400,"message":"The request body is not valid",
        "details":[{"message":"name: must be given","code":"NotNull","arguments":[{}]},{"message":"url: no URI"}]}"#,
    )]);
    let error = hub(&server).create_application(&asset(), &new("")).await.expect_err("is refused");
    let told = "The request body is not valid; name: must be given (NotNull); url: no URI";
    assert!(error.to_string().ends_with(told), "{error}");
    assert_eq!(error.disposition(), Disposition::Final);
}

#[tokio::test]
async fn tiers_are_asked_for_by_name_and_never_where_they_are_not_offered() {
    const TIERS: &str = r#"[{"id":"1","name":"Gold","status":"ACTIVE"},{"id":2,"name":"gold","status":"ACTIVE"},
        {"id":"3","name":"Old","status":"DEPRECATED","active":false}]"#;
    let asked = |tier: Option<&str>| AccessRequest {
        asset: asset(),
        application_id: "7".to_owned(),
        instance_id: "i".to_owned(),
        tier: tier.map(str::to_owned),
        accepted_terms: true,
    };
    for (tier, id) in [("gold", 2), ("Gold", 1), ("GOLD", 1), ("2", 2)] {
        let server = Scripted::new([reply(200, TIERS), reply(200, r#"{"id":1,"status":"PENDING"}"#)]);
        hub(&server).request_access(&asked(Some(tier))).await.expect("is asked for");
        assert!(server.asked()[1].body.contains(&format!(r#""tierId":{id}"#)), "{tier}: {}", server.asked()[1].body);
    }
    for tier in [Some("Old"), Some("3"), Some("none"), None] {
        let server = Scripted::new([reply(200, TIERS)]);
        let error = hub(&server).request_access(&asked(tier)).await.expect_err("is not offered").to_string();
        assert!(error.contains("Gold (1), gold (2)") && !error.contains("Old ("), "{error}");
        assert_eq!(server.asked().len(), 1, "nothing is sent");
    }
    let server = Scripted::new([reply(200, "[]"), reply(200, r#"{"id":1,"status":"APPROVED"}"#)]);
    hub(&server).request_access(&asked(None)).await.expect("needs none");
    assert!(server.asked()[1].body.contains(r#""tierId":null"#));
}

#[tokio::test]
async fn a_tier_is_changed_at_the_instance_of_the_contract() {
    let contracts = r#"[{"contractId":5,"groupId":"g","assetId":"a","minorVersion":"v1","instanceId":"i"},
        {"contractId":6,"assetId":"b","instanceId":"j"}]"#;
    let changed = r#"{"id":"5","applicationId":"7","status":"PENDING"}"#;
    let server = Scripted::new([
        reply(200, contracts),
        reply(200, r#"[{"id":"2","name":"Silver","status":"ACTIVE"}]"#),
        reply(200, changed),
        reply(200, contracts),
        reply(200, changed),
        reply(200, contracts),
    ]);
    let hub = hub(&server);
    hub.change_tier("7", "5", "silver").await.expect("is changed");
    hub.change_tier("7", "6", "9").await.expect("is changed by its id where the asset is not told");
    let error = hub.change_tier("7", "8", "9").await.expect_err("is not there");
    assert!(matches!(error, HubError::NoContract { .. }), "{error:?}");
    let lines = server.lines();
    assert!(lines[1].ends_with("/assets/g/a/v1/instances/i/tiers"), "{}", lines[1]);
    assert_eq!(lines[2], format!("PATCH {PREFIX}/applications/7/contracts/5/tiers/2"));
    assert_eq!(lines[4], format!("PATCH {PREFIX}/applications/7/contracts/6/tiers/9"));
}

#[tokio::test]
async fn a_name_leads_to_its_own_application_only() {
    let listed = r#"[{"id":"1","name":"Shop 2"},{"id":"2","name":"Shop"}]"#;
    let server = Scripted::new([reply(200, listed), reply(200, listed), reply(200, "[]")]);
    let hub = hub(&server);
    assert_eq!(hub.application_id("Shop").await.expect("is found"), "2");
    assert_eq!(hub.application_id("Sho").await.expect("is taken for an id"), "Sho");
    assert!(server.lines()[0].contains("/applications?query=Shop&"), "{:?}", server.lines());
}

#[tokio::test]
async fn a_portal_that_cannot_be_looked_up_has_to_be_named() {
    let server = Scripted::new([reply(403, ""), reply(200, "[]")]);
    let client = server.client(None);
    let error = Hub::open(&client, &PortalChoice::default()).await.expect_err("may not ask");
    assert!(matches!(error, HubError::Unlisted(_)) && error.hint().is_some_and(|hint| hint.contains("--portal")));
    let error = Hub::open(&client, &PortalChoice::default()).await.expect_err("there is none");
    assert!(matches!(error, HubError::NoPortal { wanted: None }), "{error:?}");
    let both =
        PortalChoice { target_organization: Some("t".to_owned()), portal: Some("p".to_owned()), organization: None };
    assert_eq!(Hub::open(&client, &both).await.expect("is named").address().portal, "p");
    assert_eq!(server.asked().len(), 2, "what is named in full is not looked up");
}
