//! Every check against the sandbox of this process, and against servers that know less.

use serde_json::json;

use super::*;
use crate::{
    asset::{AssetDraft, AssetType, Coordinates, OnConflict, Remap, RemapTables, Spelled, Values},
    exchange::{
        Configuration, DataType, DeleteType, Dimension, Exchange, NewConfiguration, PublishHeaders, PublishRequest,
    },
    net::{
        TransportKind,
        scripted::{Scripted, Step, reply},
    },
    sandbox::Sandbox,
    work::{
        definitions::Configured,
        finding::{Finding, Level},
        place::Place,
        testing::{GROUP, ROOT, asked, draft, publish, sandbox, seen},
    },
};

fn at(gav: &str) -> Coordinates {
    gav.parse().expect("parses")
}

/// Keys with their values.
type Given<'a> = &'a [(&'a str, &'a str)];

fn values(list: Given<'_>) -> Values {
    list.iter().map(|(key, text)| ((*key).to_owned(), Spelled::One((*text).to_owned()))).collect()
}

async fn begin(exchange: &Exchange, on_conflict: OnConflict) -> Examination {
    let said = (on_conflict, &Remap::default());
    Examination::begin(said, Place::of(exchange).await, Configured::default(), 10).await
}

async fn look(examination: &mut Examination, draft: &AssetDraft) -> Vec<Finding> {
    examination.item(draft, &draft.coordinates, &draft.dependencies).await
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.level.as_str(), finding.check, finding.message))
        .collect()
}

async fn configure(
    exchange: &Exchange,
    dimension: Dimension,
    key: &str,
    of: DataType,
    accepted: &[&str],
    types: &[&str],
) {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let new = NewConfiguration {
        tag_key: key.to_owned(),
        display_name: key.to_owned(),
        data_type: Some(of),
        accepted_values: texts(accepted),
        asset_type_restrictions: texts(types),
    };
    exchange.create_configuration(dimension, &new).await.expect("is configured");
}

#[tokio::test]
async fn a_viewer_is_refused_and_a_contributor_is_not() {
    let sandbox = sandbox();
    let admin = seen(&sandbox, ROOT, "admin");
    for (organization, role, is_refused) in [
        // Of an app nothing is known as long as there is no asset to ask about.
        (ROOT, "viewer", false),
        (ROOT, "contributor", false),
        (ROOT, "admin", false),
        (GROUP, "viewer", false),
        (GROUP, "contributor", false),
    ] {
        let mut examination = begin(&seen(&sandbox, organization, role), OnConflict::Fail).await;
        let found = examination.whole(1, 0).await;
        assert_eq!(found.iter().any(|finding| finding.check == "rights"), is_refused, "{organization} {role}");
    }
    // Whoever belongs to the root contributes to what lies below it.
    let mut below = begin(&seen(&sandbox, ROOT, "contributor").for_organization(GROUP), OnConflict::Fail).await;
    assert_eq!(below.whole(1, 0).await, []);
    // An asset that is not ours to edit is no sign against the suspicion.
    publish(&admin, &draft(&format!("{ROOT}/a/1.0.0"))).await;
    let mut viewer = begin(&seen(&sandbox, ROOT, "viewer"), OnConflict::Fail).await;
    let found = viewer.whole(1, 0).await;
    assert_eq!(
        told(&found),
        [format!("failure rights: the credentials may read in the organization {ROOT}, not publish")]
    );
    assert!(found[0].hint.as_ref().expect("says what to do").contains("Exchange Contributor"));
}

#[tokio::test]
async fn nobody_is_refused_by_a_server_that_does_not_say_so() {
    let me = |user: serde_json::Value| reply(200, &json!({ "user": user }).to_string());
    let organizations = json!([{ "id": "org" }]);
    let asset = |permissions: serde_json::Value| {
        reply(
            200,
            &json!({ "groupId": "org", "assetId": "a", "version": "1.0.0", "permissions": permissions }).to_string(),
        )
    };
    let listed = || reply(200, r#"[{"groupId":"org","assetId":"a","version":"1.0.0"}]"#);
    let rest = || [reply(404, ""), reply(404, "")];
    let suspicious = || me(json!({ "memberOfOrganizations": organizations, "contributorOfOrganizations": [] }));
    let cases: Vec<(Vec<Step>, bool)> = vec![
        (vec![reply(404, ""), reply(404, "")], false),
        (vec![me(json!({})), listed()], false),
        (vec![me(json!({ "memberOfOrganizations": organizations })), listed()], false),
        (vec![me(json!({ "memberOfOrganizations": null, "contributorOfOrganizations": [] })), listed()], false),
        (vec![suspicious(), reply(200, "[]")], true),
        // A role for an asset is no role in its organization, and may be what we have.
        (vec![suspicious(), listed()].into_iter().chain(rest()).chain([asset(json!(["edit"]))]).collect(), false),
        (vec![suspicious(), listed()].into_iter().chain(rest()).chain([asset(json!(null))]).collect(), false),
        (vec![suspicious(), listed()].into_iter().chain(rest()).chain([asset(json!([]))]).collect(), true),
    ];
    for (number, (steps, is_refused)) in cases.into_iter().enumerate() {
        let server = Scripted::new(steps);
        let exchange = Exchange::new(server.client(None), "org".to_owned());
        let mut examination = begin(&exchange, OnConflict::Fail).await;
        assert_eq!(!examination.whole(5, 0).await.is_empty(), is_refused, "case {number}: {:?}", server.lines());
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_asked_on() {
    let server = Scripted::new((0..200).map(|_| Step::Fail(TransportKind::Connect, false)));
    let exchange = Exchange::new(server.client(None), "org".to_owned());
    let place = Place { me: None, own: exchange.clone(), root: exchange };
    tokio::time::pause();
    let said = (OnConflict::Fail, &Remap::default());
    let mut examination = Examination::begin(said, place, Configured::default(), 1000).await;
    let asked = server.asked().len();
    let mut asset = draft("org/a/1.0.0");
    asset.fields = values(&[("due", "x")]);
    asset.dependencies = vec![at("org/b/1.0.0")];
    assert_eq!(look(&mut examination, &asset).await, []);
    assert_eq!((examination.whole(1, 1).await, server.asked().len()), (Vec::new(), asked));
    assert!(server.lines().iter().all(|line| line.contains("/assets?")), "the first read was the last");
}

#[tokio::test]
async fn the_room_of_the_organization_is_compared_with_what_is_new() {
    let steps = |limits: &str| [reply(404, ""), reply(200, "[]"), reply(200, "[]"), reply(200, limits)];
    for (limits, items, new, expected) in [
        (r#"{"limit":100,"count":98}"#, 3, 3, Some(Level::Failure)),
        (r#"{"limit":100,"count":98}"#, 3, 2, Some(Level::Warning)),
        (r#"{"limit":100,"count":98}"#, 2, 2, None),
        (r#"{"anything":"else"}"#, 9, 9, None),
    ] {
        let server = Scripted::new(steps(limits));
        let exchange = Exchange::new(server.client(None), "org".to_owned());
        let mut examination = begin(&exchange, OnConflict::Fail).await;
        let found = examination.whole(items, new).await;
        assert_eq!(found.first().map(|finding| finding.level), expected, "{limits} {items} {new}");
        assert_eq!(examination.is_short_of_room(items), expected.is_some());
    }
}

/// A sandbox with a configuration of every type.
async fn configured() -> (Sandbox, Exchange) {
    let sandbox = sandbox();
    let exchange = seen(&sandbox, ROOT, "admin");
    configure(&exchange, Dimension::Category, "layer", DataType::Enum, &["System", "Process"], &["rest-api", "custom"])
        .await;
    configure(&exchange, Dimension::Field, "format", DataType::Enum, &["RAML", "OAS"], &[]).await;
    configure(&exchange, Dimension::Field, "apis-only", DataType::Text, &[], &["rest-api"]).await;
    let types = [DataType::Number, DataType::Date, DataType::Text, DataType::NumberList, DataType::TextList];
    for of in types {
        configure(&exchange, Dimension::Field, of.as_str(), of, &[], &[]).await;
    }
    (sandbox, exchange)
}

#[tokio::test]
async fn values_are_held_to_what_is_configured() {
    let (_sandbox, exchange) = configured().await;
    let mut examination = begin(&exchange, OnConflict::Fail).await;
    let cases: [(Given<'_>, Given<'_>, &[&str]); 5] = [
        (
            &[("layer", "System, Process")],
            &[
                ("format", "OAS,RAML"),
                ("number", "5"),
                ("date", "2026-01-01"),
                ("text", "Hello, world"),
                ("number-list", "1, 2.5"),
                ("text-list", "a,b"),
                ("unknown", " "),
            ],
            &[],
        ),
        (
            &[("Layer", "System"), ("colour", "red")],
            &[],
            &["categories.Layer is not configured on the target", "categories.colour is not configured on the target"],
        ),
        (
            &[("layer", "System,Systm")],
            &[("format", "oas")],
            &["categories.layer does not take `Systm`", "fields.format does not take `oas`"],
        ),
        (
            &[],
            &[("number", "five"), ("date", "31.12.2026"), ("number-list", "1,x")],
            &[
                "fields.date is of the type date, and `31.12.2026` is not",
                "fields.number is of the type number, and `five` is not",
                "fields.number-list is of the type number-list, and `1,x` is not",
            ],
        ),
        (&[], &[("apis-only", "x")], &["fields.apis-only is not for assets of the type custom"]),
    ];
    for (categories, fields, expected) in cases {
        let mut asset = draft(&format!("{ROOT}/a/1.0.0"));
        (asset.categories, asset.fields) = (values(categories), values(fields));
        let found = look(&mut examination, &asset).await;
        assert_eq!(found.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(), expected);
        assert!(found.iter().all(|finding| finding.hint.is_some() || finding.message.contains("of the type")));
        // The sandbox is of the same mind.
        let request = PublishRequest::from_draft(&asset, Vec::new(), true, PublishHeaders::default());
        assert_eq!(exchange.publish(&request).await.is_err(), !expected.is_empty(), "{expected:?}");
    }
    let mut typo = draft(&format!("{ROOT}/a/1.0.0"));
    (typo.categories, typo.fields) = (values(&[("layer", "Systen")]), values(&[("numberList", "1")]));
    let hints: Vec<_> = look(&mut examination, &typo).await.into_iter().filter_map(|finding| finding.hint).collect();
    assert_eq!(hints[0], "do you mean `System`? It takes System, Process");
    assert!(hints[1].starts_with("do you mean `number-list`? There are: "), "{}", hints[1]);
}

#[tokio::test]
async fn what_is_not_used_is_not_read_and_what_is_used_is_read_once() {
    let (sandbox, exchange) = configured().await;
    let before = asked(&sandbox, "GET");
    let mut examination = begin(&exchange, OnConflict::Fail).await;
    let plain = draft(&format!("{ROOT}/a/1.0.0"));
    let mut valued = draft(&format!("{ROOT}/b/1.0.0"));
    (valued.categories, valued.fields) = (values(&[("layer", "System")]), values(&[("text", "x")]));
    assert_eq!(look(&mut examination, &plain).await, []);
    // Who we are, the assets, the deleted versions, the limit.
    assert_eq!(asked(&sandbox, "GET") - before, 4);
    for _ in 0..3 {
        assert_eq!(look(&mut examination, &valued).await, []);
    }
    assert_eq!(examination.whole(31, 0).await, []);
    assert_eq!(asked(&sandbox, "GET") - before, 6);
}

#[test]
fn a_type_of_mule_is_not_held_against_its_other_names() {
    let configured = |types: &[&str]| {
        let mut known = Configuration { tag_key: "k".to_owned(), ..Configuration::default() };
        known.asset_type_restrictions = types.iter().map(|name| (*name).to_owned()).collect();
        Configured::of_fields(vec![known])
    };
    let mut asset = draft("g/a/1.0.0");
    asset.fields = values(&[("k", "x")]);
    for (of, types, fits) in [
        (AssetType::Extension, "connector", true),
        (AssetType::Connector, "extension", true),
        (AssetType::Graphql, "graphql-api", true),
        (AssetType::Other("new".to_owned()), "rest-api", true),
        (AssetType::Custom, "connector", false),
    ] {
        asset.asset_type = of;
        assert_eq!(super::values::look_at((&asset).into(), &configured(&[types])).is_empty(), fits, "{types}");
    }
}

#[tokio::test]
async fn deleted_versions_fail_unless_the_version_is_bumped() {
    let sandbox = sandbox();
    let exchange = seen(&sandbox, ROOT, "admin");
    for version in ["1.0.0", "1.0.1"] {
        let asset = draft(&format!("{ROOT}/a/{version}"));
        publish(&exchange, &asset).await;
        exchange.delete(&asset.coordinates, DeleteType::Soft).await.expect("is deleted");
    }
    let here = draft(&format!("{ROOT}/a/1.0.0"));
    for on_conflict in [OnConflict::Fail, OnConflict::Skip] {
        let found = look(&mut begin(&exchange, on_conflict).await, &here).await;
        assert_eq!(
            told(&found),
            ["failure tombstones: this version was deleted on the target, and its number stays blocked"]
        );
        assert_eq!(found[0].gav.as_deref(), Some(&*here.coordinates.to_string()));
    }
    let mut examination = begin(&exchange, OnConflict::BumpMinor).await;
    let found = look(&mut examination, &here).await;
    assert_eq!(told(&found), ["note tombstones: this version was deleted on the target: 1.1.0 is published"]);
    // What the source says of the item comes first; other versions are free.
    let decided = AssetDraft { on_conflict: Some(OnConflict::Fail), ..here };
    assert_eq!(look(&mut examination, &decided).await[0].level, Level::Failure);
    assert_eq!(look(&mut examination, &draft(&format!("{ROOT}/a/1.0.2"))).await, []);
}

#[tokio::test]
async fn a_dependency_that_is_nowhere_is_told_once_looked_up() {
    let sandbox = sandbox();
    let exchange = seen(&sandbox, ROOT, "admin");
    publish(&exchange, &draft(&format!("{ROOT}/there/1.0.0"))).await;
    publish(&exchange, &draft(&format!("{ROOT}/there/2.0.0"))).await;
    let mut examination = begin(&exchange, OnConflict::Fail).await;
    let mut asset = draft(&format!("{ROOT}/a/1.0.0"));
    let needs = ["there/1.0.0", "there/2.0.0", "nowhere/1.0.0"].map(|name| at(&format!("{ROOT}/{name}")));
    asset.dependencies = needs.to_vec();
    asset.dependencies.push(at("com.mulesoft.connectors/mule-http-connector/1.0.0"));
    asset.dependencies.push(at("68ef9520-24e9-4cf2-b2f5-620025690913/rest-connect-library/1.0.0"));
    let before = asked(&sandbox, "GET");
    for _ in 0..2 {
        let found = look(&mut examination, &asset).await;
        let expected =
            format!("failure dependencies: needs {ROOT}/nowhere/1.0.0, which is neither in this job nor on the target");
        assert_eq!(told(&found), [expected]);
    }
    // The latest version stands in the list, and nobody knows where Maven's names lie.
    assert_eq!(asked(&sandbox, "GET") - before, 2);
    // More than the job is worth are not looked up, and said so.
    asset.dependencies = (0..30).map(|n| at(&format!("{ROOT}/d{n}/1.0.0"))).collect();
    assert_eq!(look(&mut examination, &asset).await.len(), 8);
    let (note, known) = examination.end();
    assert_eq!(
        told(&note.into_iter().collect::<Vec<_>>()),
        ["note dependencies: 22 dependencies were not looked up on the target: they show when they are needed"]
    );
    assert!(known.existing.may_exist(ROOT, "there") && !known.existing.may_exist(ROOT, "nowhere"));
}

#[tokio::test]
async fn a_group_that_is_none_of_the_target_s_is_told_with_what_the_table_could_say() {
    let sandbox = sandbox();
    let exchange = seen(&sandbox, ROOT, "admin");
    let groups = [("old".to_owned(), GROUP.to_owned())].into_iter().collect();
    let remap = Remap::new(RemapTables { groups, ..RemapTables::default() }).unwrap();
    let foreign = "9dd0c0de-1111-4222-8333-444455556666";
    let mut asset = draft(&format!("{foreign}/a/1.0.0"));
    asset.dependencies = vec![at(&format!("{foreign}/b/1.0.0"))];
    let begin = async |remap: &Remap| {
        let said = (OnConflict::Fail, remap);
        Examination::begin(said, Place::of(&exchange).await, Configured::default(), 10).await
    };
    let found = look(&mut begin(&remap).await, &asset).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].message.contains("no organization of yours"), "{found:?}");
    let hints: Vec<&str> = found.iter().filter_map(|finding| finding.hint.as_deref()).collect();
    assert!(hints.len() == 2 && hints.iter().all(|hint| hint.contains(&format!("[remap] groups = {{ \"{foreign}\""))));
    // Where nothing moves, the server says what it thinks of it; and what the table makes is meant.
    assert_eq!(look(&mut begin(&Remap::default()).await, &asset).await.len(), 1);
    assert_eq!(look(&mut begin(&remap).await, &draft(&format!("{GROUP}/a/1.0.0"))).await, []);
}
