//! Every case of a definition, against the sandbox of this process and against a script.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    asset::Spelled,
    engine::NoSink,
    exchange::{Configuration, Dimension, Exchange},
    job::{Definition, Definitions, DescribeApi, OnDifference, ValueType, Wish},
    net::{
        TransportKind,
        scripted::{Scripted, Step, reply},
    },
    work::{
        place::Place,
        testing::{Book, GROUP, ROOT, asked, draft, publish, sandbox, seen},
    },
};

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn there(key: &str, value_type: Option<ValueType>, values: &[&str], asset_types: &[&str]) -> Definition {
    let wish =
        Wish::There { name: key.to_uppercase(), value_type, values: texts(values), asset_types: texts(asset_types) };
    Definition { key: key.to_owned(), wish }
}

fn gone(key: &str, force: bool) -> Definition {
    Definition { key: key.to_owned(), wish: Wish::Gone { force } }
}

fn fields(on_difference: OnDifference, fields: Vec<Definition>) -> Definitions {
    Definitions { on_difference, categories: Vec::new(), fields }
}

/// All six types, with accepted values and restrictions, and a category.
fn all() -> Definitions {
    let types = [
        ("number", ValueType::Number),
        ("date", ValueType::Date),
        ("text", ValueType::Text),
        ("number-list", ValueType::NumberList),
        ("text-list", ValueType::TextList),
    ];
    let mut fields: Vec<Definition> = types.iter().map(|(key, of)| there(key, Some(*of), &[], &[])).collect();
    fields.push(there("enum", Some(ValueType::Enum), &["RAML", "OAS"], &["rest-api", "custom"]));
    let categories = vec![there("layer", None, &["System", "Process"], &["rest-api"])];
    Definitions { on_difference: OnDifference::Fail, categories, fields }
}

/// An organization that is its own root.
fn at(root: &Exchange) -> Place {
    Place { me: None, own: root.clone(), root: root.clone() }
}

async fn found(place: &Place, declared: &Definitions, api: DescribeApi) -> Vec<DefinitionFinding> {
    check(place, declared, api, &mut Configured::default()).await.expect("is read")
}

fn actions(findings: &[DefinitionFinding]) -> Vec<(String, DefinitionAction)> {
    findings.iter().map(|finding| (finding.name(), finding.action)).collect()
}

/// One run: what is found, carried out.
async fn bring(root: &Exchange, declared: &Definitions) -> Result<Vec<DefinitionFinding>, DefinitionsError> {
    bring_to(&at(root), declared, DescribeApi::V2).await
}

async fn bring_to(
    place: &Place,
    declared: &Definitions,
    api: DescribeApi,
) -> Result<Vec<DefinitionFinding>, DefinitionsError> {
    let findings = found(place, declared, api).await;
    settle(place, declared, api, &findings, &NoSink, &CancellationToken::new()).await.map(|()| findings)
}

async fn configured(root: &Exchange, dimension: Dimension, key: &str) -> Option<Configuration> {
    let listed = configured::list(&at(root), dimension).await.expect("is read");
    listed.into_iter().find(|known| known.tag_key == key)
}

#[tokio::test]
async fn what_is_missing_is_created_once_with_all_that_was_declared() {
    let sandbox = sandbox();
    let root = seen(&sandbox, ROOT, "admin");
    let book = Book::default();
    let findings = found(&at(&root), &all(), DescribeApi::V2).await;
    assert!(findings.iter().all(|finding| finding.action == DefinitionAction::Create), "{findings:?}");
    settle(&at(&root), &all(), DescribeApi::V2, &findings, &book, &CancellationToken::new()).await.expect("is brought");
    assert_eq!((findings.len(), asked(&sandbox, "POST")), (7, 7));
    assert!(book.events().iter().all(|event| event["type"] == "definition" && event["done"] == "created"));
    for key in ["number", "date", "text", "number-list", "text-list", "enum"] {
        let known = configured(&root, Dimension::Field, key).await.expect("is there");
        assert_eq!((known.data_type.as_deref(), known.display_name), (Some(key), Some(key.to_uppercase())));
    }
    let known = configured(&root, Dimension::Field, "enum").await.expect("is there");
    assert_eq!(known.accepted_values, ["RAML", "OAS"]);
    assert_eq!(known.asset_type_restrictions, ["rest-api", "custom"]);
    // The second time nothing is found, though the lists are sets in another order.
    let mut again = all();
    again.fields[5] = there("enum", Some(ValueType::Enum), &["OAS", "RAML"], &["custom", "rest-api"]);
    assert_eq!(bring(&root, &again).await.expect("is read"), []);
    assert_eq!(asked(&sandbox, "POST"), 7);
}

#[tokio::test]
async fn a_business_group_declares_at_its_root() {
    let sandbox = sandbox();
    for role in ["admin", "viewer"] {
        // Whoever belongs to the business group alone is told where its root is.
        let place = Place::of(&seen(&sandbox, GROUP, role)).await;
        assert_eq!(place.root.organization(), ROOT);
    }
    // They read what the root has configured, and may not change it.
    let member = Place::of(&seen(&sandbox, GROUP, "admin")).await;
    let error = bring_to(&member, &all(), DescribeApi::V2).await.expect_err("has no rights at the root");
    assert!(error.hint().expect("says what to do").contains("administrator of the root organization"));
    let above = seen(&sandbox, ROOT, "admin").for_organization(GROUP);
    bring_to(&Place::of(&above).await, &all(), DescribeApi::V2).await.expect("is brought");
    assert_eq!(bring_to(&member, &all(), DescribeApi::V2).await.expect("is read"), []);
    let root = seen(&sandbox, ROOT, "viewer");
    assert!(configured(&root, Dimension::Category, "layer").await.is_some());
}

#[tokio::test]
async fn what_differs_is_a_conflict_or_kept_or_changed_as_the_job_says() {
    let sandbox = sandbox();
    let root = seen(&sandbox, ROOT, "admin");
    bring(&root, &all()).await.expect("is brought");
    let declared = |on_difference| {
        fields(on_difference, vec![there("enum", Some(ValueType::Enum), &["OAS", "RAML", "WSDL"], &["rest-api"])])
    };
    let conflict = found(&at(&root), &declared(OnDifference::Fail), DescribeApi::V2).await;
    assert_eq!(actions(&conflict), [("field enum".to_owned(), DefinitionAction::Conflict)]);
    assert!(conflict[0].reason.contains("`WSDL`") && conflict[0].reason.contains("`custom`"), "{}", conflict[0].reason);
    let kept = bring(&root, &declared(OnDifference::Keep)).await.expect("is read");
    assert_eq!(actions(&kept), [("field enum".to_owned(), DefinitionAction::Keep)]);
    assert_eq!(asked(&sandbox, "PATCH"), 0);
    bring(&root, &declared(OnDifference::Update)).await.expect("is changed");
    let known = configured(&root, Dimension::Field, "enum").await.expect("is there");
    assert_eq!(known.accepted_values, ["OAS", "RAML", "WSDL"]);
    assert_eq!(known.asset_type_restrictions, ["rest-api"]);
    assert_eq!(known.display_name.as_deref(), Some("ENUM"));
    assert_eq!(bring(&root, &declared(OnDifference::Fail)).await.expect("is read"), []);
    assert_eq!(asked(&sandbox, "PATCH"), 1);
}

#[tokio::test]
async fn values_of_assets_are_never_lost_unless_the_job_says_so() {
    let sandbox = sandbox();
    let root = seen(&sandbox, ROOT, "admin");
    bring(&root, &all()).await.expect("is brought");
    let mut asset = draft(&format!("{ROOT}/a/1.0.0"));
    asset.fields = [("enum".to_owned(), Spelled::One("RAML".to_owned()))].into_iter().collect();
    publish(&root, &asset).await;
    let narrow = there("enum", Some(ValueType::Enum), &["OAS"], &["rest-api", "custom"]);
    let error = bring(&root, &fields(OnDifference::Update, vec![narrow])).await.expect_err("is in use");
    assert_eq!(error.to_string(), "cannot update the field `enum`");
    assert!(error.hint().expect("says what to do").contains("values that would not be taken"));
    let error = bring(&root, &fields(OnDifference::Fail, vec![gone("enum", false)])).await.expect_err("is in use");
    assert!(error.hint().expect("says what to do").contains("`force = true`"));
    assert!(configured(&root, Dimension::Field, "enum").await.is_some());
    let findings = bring(&root, &fields(OnDifference::Fail, vec![gone("enum", true)])).await.expect("is deleted");
    assert_eq!(actions(&findings), [("field enum".to_owned(), DefinitionAction::Delete)]);
    // The second time it is not there, and nothing is sent.
    let deletes = asked(&sandbox, "DELETE");
    assert_eq!(bring(&root, &fields(OnDifference::Fail, vec![gone("enum", true)])).await.expect("is read"), []);
    assert_eq!(asked(&sandbox, "DELETE"), deletes);
}

#[tokio::test]
async fn a_name_that_is_set_free_can_be_taken_in_the_same_run() {
    let sandbox = sandbox();
    let root = seen(&sandbox, ROOT, "admin");
    bring(&root, &all()).await.expect("is brought");
    let mut renamed = there("api-layer", None, &[], &[]);
    let Wish::There { name, .. } = &mut renamed.wish else { panic!("is there") };
    "LAYER".clone_into(name);
    let declared = |categories| Definitions { on_difference: OnDifference::Fail, categories, fields: Vec::new() };
    let error = bring(&root, &declared(vec![renamed.clone()])).await.expect_err("the name is taken");
    assert!(matches!(error, DefinitionsError::Refused { action: DefinitionAction::Create, .. }), "{error:?}");
    bring(&root, &declared(vec![renamed, gone("layer", false)])).await.expect("the name is free");
}

#[tokio::test]
async fn declarations_count_as_carried_out_for_what_comes_after() {
    let sandbox = sandbox();
    let root = seen(&sandbox, ROOT, "admin");
    bring(&root, &all()).await.expect("is brought");
    let wide = there("enum", Some(ValueType::Enum), &["OAS"], &[]);
    for (on_difference, accepted) in [(OnDifference::Keep, vec!["RAML", "OAS"]), (OnDifference::Update, vec!["OAS"])] {
        let declared = fields(
            on_difference,
            vec![wide.clone(), gone("text", false), there("new", Some(ValueType::Date), &[], &[])],
        );
        let mut configured = Configured::default();
        check(&at(&root), &declared, DescribeApi::V2, &mut configured).await.expect("is read");
        let known = |key: &str| configured.find(Dimension::Field, key);
        assert_eq!(known("enum").expect("is there").accepted_values, accepted);
        assert!(known("text").is_none());
        assert_eq!(known("new").expect("will be there").data_type.as_deref(), Some("date"));
    }
}

fn scripted(steps: impl IntoIterator<Item = Step>) -> (Scripted, Exchange) {
    let server = Scripted::new(steps);
    let exchange = Exchange::new(server.client(None), "org".to_owned());
    (server, exchange)
}

fn due() -> Definitions {
    fields(OnDifference::Fail, vec![there("due", Some(ValueType::Date), &[], &[])])
}

const DUE: &str = r#"[{"tagKey":"due","displayName":"DUE","dataType":"date","acceptedValues":null}]"#;

#[tokio::test(start_paused = true)]
async fn a_creation_in_doubt_is_settled_by_the_list() {
    let lost = || Step::Fail(TransportKind::Reset, true);
    let (server, root) = scripted([reply(200, "[]"), lost(), reply(200, DUE)]);
    bring(&root, &due()).await.expect("was created");
    assert_eq!(server.asked().len(), 3, "{:?}", server.lines());
    // Not there yet: it is sent again, and found taken by the first one after all.
    let (server, root) = scripted([reply(200, "[]"), lost(), reply(200, "[]"), reply(409, ""), reply(200, DUE)]);
    bring(&root, &due()).await.expect("was created");
    assert_eq!(server.asked().len(), 5, "{:?}", server.lines());
    // A server that never does it is not asked for ever.
    let (server, root) = scripted((0..20).map(|n| if n % 2 == 0 { reply(200, "[]") } else { lost() }));
    assert!(bring(&root, &due()).await.expect_err("is never there").is_passing());
    let posts = server.lines().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(posts, 4);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_short_is_read_again_and_not_for_ever() {
    let (server, root) = scripted([reply(200, &DUE[..20]), reply(200, DUE)]);
    bring(&root, &due()).await.expect("was there");
    assert_eq!(server.asked().len(), 2, "{:?}", server.lines());
    let (server, root) = scripted((0..20).map(|_| reply(200, &DUE[..20])));
    let error = super::configured::list(&at(&root), Dimension::Field).await.expect_err("makes no sense");
    assert!(matches!(error, crate::net::CallError::BadReply { .. }), "{error}");
    assert_eq!(server.asked().len(), 4, "{:?}", server.lines());
}

#[tokio::test]
async fn a_taken_key_is_compared_and_not_trusted() {
    let (_, root) = scripted([reply(200, "[]"), reply(409, ""), reply(200, DUE)]);
    bring(&root, &due()).await.expect("is there as declared");
    let other = DUE.replace("date", "text");
    let (_, root) = scripted([reply(200, "[]"), reply(409, ""), reply(200, &other)]);
    let error = bring(&root, &due()).await.expect_err("is there otherwise");
    assert!(error.to_string().ends_with("it is of the type text there and date here"), "{error}");
    let (_, root) = scripted([reply(200, "[]"), reply(409, ""), reply(200, "[]")]);
    assert!(matches!(bring(&root, &due()).await, Err(DefinitionsError::Refused { .. })));
}

#[tokio::test]
async fn all_pages_are_read() {
    let page: Vec<_> = (0..250).map(|n| json!({"tagKey": format!("k{n}")})).collect();
    let (server, root) = scripted([reply(200, &json!(page).to_string()), reply(200, DUE)]);
    assert_eq!(bring(&root, &due()).await.expect("is read"), []);
    assert!(server.lines()[1].ends_with("/fields?limit=250&offset=250"), "{:?}", server.lines());
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_everything_from_being_sent() {
    let (server, root) = scripted([reply(403, "")]);
    let error = check(&at(&root), &due(), DescribeApi::V2, &mut Configured::default()).await.expect_err("is refused");
    assert_eq!((error.http(), server.asked().len()), (Some(403), 1));
}

#[tokio::test]
async fn the_first_version_creates_and_deletes_and_never_unasked() {
    let sandbox = sandbox();
    let root = at(&seen(&sandbox, ROOT, "admin"));
    bring_to(&root, &all(), DescribeApi::V1).await.expect("is brought");
    assert_eq!(bring_to(&root, &all(), DescribeApi::V1).await.expect("is read"), []);
    assert!(sandbox.stats()["requests"].to_string().contains("/v1/organizations/{org}/managed"));
    for (definition, action) in [
        (gone("text", false), DefinitionAction::Conflict),
        (there("text", Some(ValueType::Date), &[], &[]), DefinitionAction::Conflict),
        (gone("text", true), DefinitionAction::Delete),
    ] {
        let declared = fields(OnDifference::Update, vec![definition]);
        let findings = bring_to(&root, &declared, DescribeApi::V1).await.expect("is brought");
        assert_eq!(actions(&findings), [("field text".to_owned(), action)]);
    }
    assert!(configured(&root.root, Dimension::Field, "text").await.is_none());
}

#[tokio::test]
async fn a_server_of_the_first_version_without_lists_is_taken_at_its_word() {
    let (server, root) = scripted([reply(404, ""), reply(409, ""), reply(404, ""), reply(404, "")]);
    let findings = bring_to(&at(&root), &due(), DescribeApi::V1).await.expect("is there");
    assert_eq!(findings[0].reason, "the target has no list to look it up in");
    assert!(server.lines()[1].ends_with("/v1/organizations/org/fields"), "{:?}", server.lines());
    let declared = fields(OnDifference::Fail, vec![gone("due", true)]);
    bring_to(&at(&root), &declared, DescribeApi::V1).await.expect("was never there");
}
