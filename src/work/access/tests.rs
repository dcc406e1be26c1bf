//! Rows against the sandbox of this process: what is asked for, what is left, and what is never asked twice.

use std::{collections::BTreeSet, time::Duration};

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::{
    engine::Ending,
    exchange::Exchange,
    hub::{ApplicationUpsert, ContractStatus, NewApplication, PortalChoice},
    job::{WhenDifferent, WhenPending},
    journal::{ItemId, Retired, State},
    net::{Body, Call, Client},
    sandbox::Sandbox,
    work::testing::{ROOT, asked, draft, publish, sandbox, seen},
};

/// A portal that shows one API, `orders`, with an instance that has tiers and one that has none.
struct Place {
    sandbox: Sandbox,
    exchange: Exchange,
    hub: Hub,
}

async fn call(client: &Client, method: Method, path: &str, body: Value) -> Value {
    let call = Call::new(method, path.to_owned()).body(Body::Json(body));
    client.call(call).await.expect("is taken").json().unwrap_or_default()
}

async fn place() -> Place {
    let sandbox = sandbox();
    let exchange = seen(&sandbox, ROOT, "admin");
    let mut api = draft(&format!("{ROOT}/orders/1.0.0"));
    api.asset_type = crate::asset::AssetType::HttpApi;
    api.properties.insert("apiVersion".to_owned(), "v1".to_owned());
    publish(&exchange, &api).await;
    exchange.put_public(ROOT, "orders", &["v1"]).await.expect("is public");
    let limits = json!([{"maximumRequests": 10, "timePeriodInMilliseconds": 60000}]);
    let tier = |name: &str, auto: bool| json!({"name": name, "autoApprove": auto, "limits": limits});
    for (name, tiers) in [("Live", json!([tier("Gold", true), tier("Silver", false)])), ("Test", json!([]))] {
        let managed = json!({"groupId": ROOT, "assetId": "orders", "versionGroup": "v1", "name": name,
            "endpointUri": "https://orders.example", "environmentName": "Production", "isPublic": true, "tiers": tiers});
        call(exchange.client(), Method::POST, "/_sandbox/instances", managed).await;
    }
    let hub = Hub::open(exchange.client(), &PortalChoice::default()).await.expect("there is one portal");
    let place = Place { sandbox, exchange, hub };
    for name in ["Shop", "Bank"] {
        place.make(name).await;
    }
    place
}

impl Place {
    async fn make(&self, name: &str) -> String {
        let asset = asset();
        let details = self.hub.details(&asset).await.expect("answers").expect("is shown");
        let application = ApplicationUpsert { name: name.to_owned(), ..ApplicationUpsert::default() };
        let new = NewApplication { application, instance_id: details.instances[0].id.clone() };
        self.hub.create_application(&asset, &new).await.expect("is made").id
    }

    fn access(&self, settings: job::Access) -> Access {
        Access::new(self.hub.clone(), settings, Mapping::default(), Arc::default())
    }

    /// Says how a contract stands, as its owner would.
    async fn decide(&self, access: &Access, application: &str, status: &str) {
        let id = access.applications.find(&self.hub, application).await.expect("answers").expect("is there").id;
        let contracts: Vec<_> = futures::TryStreamExt::try_collect(self.hub.contracts(&id)).await.expect("reads");
        let path = format!("/_sandbox/applications/{id}/contracts/{}", contracts[0].contract_id);
        call(self.exchange.client(), Method::PUT, &path, json!({"status": status})).await;
    }
}

fn asset() -> crate::asset::PortalAsset {
    format!("{ROOT}/orders/v1").parse().expect("parses")
}

fn settings() -> job::Access {
    job::Access {
        accept_terms: true,
        pending: WhenPending::Leave,
        deadline: Duration::from_secs(60),
        on_difference: WhenDifferent::Update,
        applications: None,
    }
}

fn row(application: &str, instance: &str, tier: Option<&str>) -> WantedAccess {
    WantedAccess {
        application: application.to_owned(),
        asset: asset(),
        instance: instance.to_owned(),
        tier: tier.map(str::to_owned),
        grant_types: Vec::new(),
        accept_terms: None,
        is_approved: false,
        path: "access.csv".into(),
        line: 2,
    }
}

fn item(wanted: &WantedAccess, token: Option<String>) -> Item {
    Item {
        id: ItemId(1),
        gav: wanted.key(),
        state: State::Acting,
        step: None,
        attempt: 1,
        doubt: false,
        due: None,
        token,
        published_as: None,
        fingerprint: None,
        draft: serde_json::to_string(wanted).expect("is plain data"),
        yields: BTreeSet::new(),
        retired: Retired::No,
        ids: None,
    }
}

/// Takes a row through its steps until it ends or waits.
async fn take(access: &Access, wanted: &WantedAccess) -> Outcome {
    let item = item(wanted, None);
    let mut subject = access.open(&item).expect("reads");
    match access.act(&mut subject, &item, RESOLVE).await {
        Outcome::Next => access.act(&mut subject, &item, REQUEST).await,
        outcome => outcome,
    }
}

#[track_caller]
fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Failed(failure) | Outcome::End(Ending::Skipped(failure)) => failure,
        other => panic!("is neither failed nor skipped: {other:?}"),
    }
}

#[track_caller]
fn note(outcome: Outcome) -> String {
    match outcome {
        Outcome::End(Ending::Done { note: Some(note), .. }) => note,
        other => panic!("is not done: {other:?}"),
    }
}

#[tokio::test]
async fn what_many_rows_name_is_asked_for_once() {
    let place = place().await;
    for n in 0..30 {
        place.make(&format!("App {n}")).await;
    }
    let access = place.access(settings());
    let before = asked(&place.sandbox, "GET");
    let rows: Vec<WantedAccess> = (0..30)
        .map(|n| WantedAccess {
            grant_types: vec!["client_credentials".to_owned()],
            ..row(&format!("App {n}"), "Live", Some("Gold"))
        })
        .collect();
    let taken = futures::future::join_all(rows.iter().map(|row| take(&access, row))).await;
    assert!(taken.into_iter().all(|outcome| note(outcome).contains("in force")));
    // For each row, its contract and the provider of its application; beside these a list with its empty end, and the
    // details, the tiers and the provider of the one instance.
    assert_eq!(asked(&place.sandbox, "GET") - before, 2 * 30 + 2 + 3);
}

#[tokio::test]
async fn a_contract_that_is_there_is_never_asked_for_again() {
    let place = place().await;
    let access = place.access(settings());
    for (instance, tier) in [("Live", Some("gold")), ("Test", None)] {
        let wanted = row("Shop", instance, tier);
        assert!(note(take(&access, &wanted).await).ends_with("is in force"));
        let before = asked(&place.sandbox, "POST") + asked(&place.sandbox, "PATCH");
        let again = failure(take(&access, &wanted).await);
        assert_eq!(again.class, request::SAME, "{again:?}");
        // In doubt it is found, and is the doing of the job.
        let mut subject = access.open(&item(&wanted, None)).expect("reads");
        assert_eq!(access.act(&mut subject, &item(&wanted, None), RESOLVE).await, Outcome::Next);
        let found = access.probe(&mut subject, &item(&wanted, None), REQUEST).await.expect("has happened");
        assert!(note(found).contains("in force"));
        assert_eq!(asked(&place.sandbox, "POST") + asked(&place.sandbox, "PATCH"), before);
    }
}

#[tokio::test]
async fn the_tier_of_a_contract_is_changed_left_or_a_failure() {
    let place = place().await;
    assert!(note(take(&place.access(settings()), &row("Shop", "Live", Some("Silver"))).await).contains("waits"));
    let gold = row("Shop", "Live", Some("Gold"));
    let with = |on_difference| place.access(job::Access { on_difference, ..settings() });
    let told = failure(take(&with(WhenDifferent::Fail), &gold).await);
    assert_eq!(told.class, "conflict");
    assert!(told.message.contains("asks for tier `Silver`, and `Gold` is wanted"), "{told:?}");
    let told = failure(take(&with(WhenDifferent::Skip), &gold).await);
    assert_eq!(told.class, "other-tier");
    assert_eq!(asked(&place.sandbox, "PATCH"), 0);
    let told = note(take(&with(WhenDifferent::Update), &gold).await);
    assert!(told.starts_with("tier changed from `Silver` to `Gold`"), "{told}");
    assert_eq!(asked(&place.sandbox, "PATCH"), 1);
}

#[tokio::test]
async fn a_tier_that_waits_for_somebody_is_not_asked_for_again() {
    let place = place().await;
    let access = place.access(settings());
    let silver = row("Shop", "Live", Some("Silver"));
    note(take(&access, &row("Shop", "Live", Some("Gold"))).await);
    let told = note(take(&access, &silver).await);
    assert!(told.contains("holds at tier `Gold`"), "{told}");
    let told = failure(take(&access, &silver).await);
    assert_eq!((told.class.as_str(), asked(&place.sandbox, "PATCH")), (request::PENDING, 1), "{told:?}");
    assert!(matches!(access.foresee(&silver).await, Ok(Foreseen::Pending(_))));
    place.decide(&access, "Shop", "APPROVED").await;
    assert_eq!(failure(take(&access, &silver).await).class, request::SAME);
}

#[tokio::test]
async fn nothing_is_sent_where_a_name_a_tier_or_a_grant_type_is_wrong() {
    let place = place().await;
    let access = place.access(settings());
    let writes = asked(&place.sandbox, "POST");
    let granted = |types: &str| WantedAccess { grant_types: vec![types.to_owned()], ..row("Shop", "Test", None) };
    let elsewhere = WantedAccess { asset: "g/none/v1".parse().expect("parses"), ..row("Shop", "Live", None) };
    for (wanted, class, told) in [
        (row("Shops", "Live", Some("Gold")), "missing", "no application `Shops`"),
        (elsewhere, "missing", "shows no asset g/none/v1"),
        (row("Shop", "Dev", Some("Gold")), "missing", "it has Live ("),
        (row("Shop", "Live", Some("Bronze")), "tier", "it offers Gold ("),
        (row("Shop", "Live", None), "tier", "one must be chosen"),
        (row("Shop", "Test", Some("Gold")), "tier", "it offers none"),
        (granted("password"), "grant-type", "it knows client_credentials"),
    ] {
        let failure = failure(take(&access, &wanted).await);
        assert_eq!(failure.class, class, "{failure:?}");
        assert!(failure.message.contains(told), "{failure:?}");
    }
    assert_eq!(asked(&place.sandbox, "POST"), writes);
}

#[tokio::test]
async fn terms_are_accepted_only_where_the_job_and_the_row_say_so() {
    let place = place().await;
    let unwilling = place.access(job::Access { accept_terms: false, ..settings() });
    note(take(&unwilling, &row("Bank", "Test", None)).await);
    let gav = format!("{ROOT}/orders/1.0.0").parse().expect("parses");
    place.exchange.put_page(&gav, crate::exchange::HOME_PAGE, "# Orders").await.expect("is written");
    place.exchange.put_page(&gav, crate::exchange::TERMS_PAGE, "Be kind.").await.expect("is written");
    place.exchange.publish_portal(&gav).await.expect("is shown");
    let unwilling = place.access(job::Access { accept_terms: false, ..settings() });
    let wanted = row("Shop", "Test", None);
    let insisting = WantedAccess { accept_terms: Some(true), ..wanted.clone() };
    for wanted in [&wanted, &insisting] {
        let failure = failure(take(&unwilling, wanted).await);
        assert_eq!(failure.class, "terms", "{failure:?}");
        assert!(failure.hint.is_some_and(|hint| hint.contains("accept_terms = true")));
    }
    assert_eq!(failure(take(&unwilling, &row("Bank", "Test", None)).await).class, request::SAME, "it has a contract");
    let willing = place.access(settings());
    let shy = WantedAccess { accept_terms: Some(false), ..wanted.clone() };
    assert!(failure(take(&willing, &shy).await).hint.is_some_and(|hint| hint.contains("the row says")));
    assert!(note(take(&willing, &wanted).await).contains("in force"));
}

#[tokio::test]
async fn who_waits_is_told_what_was_decided() {
    let place = place().await;
    let access = place.access(job::Access { pending: WhenPending::Poll, ..settings() });
    for (application, word) in [("Shop", "APPROVED"), ("Bank", "REJECTED")] {
        let wanted = row(application, "Live", Some("Silver"));
        let Outcome::Wait { token, .. } = take(&access, &wanted).await else { panic!("waits for its owner") };
        let waiting = item(&wanted, Some(token.clone()));
        let mut subject = access.open(&waiting).expect("reads");
        let outcome = access.act(&mut subject, &waiting, AWAIT).await;
        assert!(matches!(&outcome, Outcome::Wait { token: same, .. } if *same == token), "{outcome:?}");
        place.decide(&access, application, word).await;
        let outcome = access.act(&mut subject, &waiting, AWAIT).await;
        if word == "APPROVED" {
            assert!(note(outcome).contains("was approved"));
        } else {
            let told = failure(outcome);
            assert!(told.message.contains(word) && told.hint.is_some(), "{told:?}");
            assert!(failure(take(&access, &wanted).await).message.contains(word), "nor is it asked for again");
        }
    }
}

#[tokio::test]
async fn a_job_that_does_not_wait_any_more_leaves_what_an_earlier_run_waited_for() {
    let place = place().await;
    let wanted = row("Shop", "Live", Some("Silver"));
    let polling = place.access(job::Access { pending: WhenPending::Poll, ..settings() });
    let Outcome::Wait { token, .. } = take(&polling, &wanted).await else { panic!("waits for its owner") };
    let waiting = item(&wanted, Some(token));
    let access = place.access(settings());
    let mut subject = access.open(&waiting).expect("reads");
    assert!(note(access.act(&mut subject, &waiting, AWAIT).await).contains("waits for approval"));
    let overdue = place.access(job::Access { pending: WhenPending::Poll, deadline: Duration::ZERO, ..settings() });
    let told = failure(overdue.act(&mut subject, &waiting, AWAIT).await);
    assert_eq!(told.class, "deadline");
    assert!(told.hint.is_some_and(|hint| hint.contains("API Manager")));
}

#[tokio::test]
async fn a_plan_tells_what_would_be_asked_for() {
    let place = place().await;
    let access = place.access(settings());
    let gold = row("Shop", "Live", Some("Gold"));
    assert!(matches!(access.foresee(&gold).await, Ok(Foreseen::Request(why)) if why.contains("`Gold`")));
    note(take(&access, &gold).await);
    assert!(matches!(access.foresee(&gold).await, Ok(Foreseen::Same(_))));
    let silver = row("Shop", "Live", Some("Silver"));
    assert!(matches!(access.foresee(&silver).await, Ok(Foreseen::ChangeTier(_))));
    let failing = place.access(job::Access { on_difference: WhenDifferent::Fail, ..settings() });
    assert!(matches!(failing.foresee(&silver).await, Ok(Foreseen::Conflict(_))));
    assert!(matches!(access.foresee(&row("No", "Live", None)).await, Ok(Foreseen::Missing(_))));
    assert!(access.foresee(&row("Shop", "Live", None)).await.is_err(), "a tier is needed");
}

#[tokio::test]
async fn two_rows_that_mean_one_contract_in_other_words_are_one_too_many() {
    let place = place().await;
    let access = place.access(settings());
    let details = place.hub.details(&asset()).await.expect("answers").expect("is shown");
    let id = &details.instances.iter().find(|known| known.name == "Live").expect("is there").id;
    note(take(&access, &row("Shop", "Live", Some("Gold"))).await);
    let told = failure(take(&access, &row("Shop", id, Some("Silver"))).await);
    assert_eq!(told.class, "duplicate");
    assert!(told.message.contains("/Live"), "{told:?}");
    for version in ["1", "1.0", "v1.0"] {
        let elsewhere = format!("{ROOT}/orders/{version}").parse().expect("parses");
        let other = WantedAccess { asset: elsewhere, ..row("Shop", "Live", Some("Silver")) };
        assert_eq!(failure(take(&access, &other).await).class, "duplicate", "{version}");
    }
    let contract = place.hub.contract(&asset(), &place.hub.application_id("Shop").await.expect("is found"), id).await;
    assert_eq!(contract.expect("answers").expect("is there").status, ContractStatus::Approved);
}

#[tokio::test]
async fn a_row_that_is_in_force_at_its_source_is_not_equal_to_a_contract_that_waits() {
    use crate::work::verify::Verdict;
    let place = place().await;
    let access = place.access(settings());
    let silver = row("Shop", "Live", Some("Silver"));
    note(take(&access, &silver).await);
    let told = access.judge(&silver).await.expect("answers");
    assert_eq!((told.verdict, told.note.as_deref()), (Verdict::Equal, Some("waits for approval")));
    let approved = WantedAccess { is_approved: true, ..silver };
    let told = access.judge(&approved).await.expect("answers");
    assert_eq!(told.verdict, Verdict::Different);
    let differs = &told.differences[0];
    assert_eq!((&*differs.datum, &*differs.expected, &*differs.actual), ("status", "APPROVED", "PENDING"));
    place.decide(&access, "Shop", "APPROVED").await;
    assert_eq!(access.judge(&approved).await.expect("answers").verdict, Verdict::Equal);
}

#[tokio::test]
async fn the_journal_keeps_which_row_speaks_for_a_contract_until_that_row_is_gone() {
    use crate::{
        asset::Sourced,
        journal::{Change, Journal, Offer},
    };
    let place = place().await;
    let folder = tempfile::tempdir().expect("is made");
    let path = camino::Utf8Path::from_path(folder.path()).expect("is UTF-8").join("j.db");
    let scan = async |rows: &[&WantedAccess]| {
        let journal = Journal::open(&path, "portal:t/p").await.expect("opens");
        let offers = rows.iter().map(|row| Offer::new(Sourced::Access(Box::new((*row).clone())), true));
        journal.offer(offers.collect()).await.expect("takes them");
        journal.put_in_order().await.expect("orders them");
        journal
    };
    let gold = row("Shop", "Live", Some("Gold"));
    let silver = WantedAccess {
        asset: format!("{ROOT}/orders/1.0").parse().expect("parses"),
        line: 3,
        ..row("Shop", "Live", Some("Silver"))
    };
    let journal = scan(&[&gold, &silver]).await;
    let access = place.access(settings()).after(journal.reader(), "").expect("reads");
    let first = journal.reader().ready(2).expect("are ready").remove(0);
    let mut subject = access.open(&first).expect("reads");
    assert_eq!(access.ids(&subject), None, "it is not looked up yet");
    assert_eq!(access.act(&mut subject, &first, RESOLVE).await, Outcome::Next);
    let change = Change { ids: access.ids(&subject), ..Change::to(first.id, State::Acting) };
    journal.apply(change).await.expect("is legal");
    journal.apply(Change::to(first.id, State::Done)).await.expect("is legal");
    journal.close().await;

    let journal = scan(&[&gold, &silver]).await;
    let later = place.access(settings()).after(journal.reader(), "").expect("reads");
    let told = failure(take(&later, &silver).await);
    assert_eq!(told.class, "duplicate");
    assert!(told.message.ends_with("/v1/Live"), "{told:?}");
    note(take(&later, &gold).await);
    journal.close().await;

    let journal = scan(&[&silver]).await;
    let alone = place.access(settings()).after(journal.reader(), "").expect("reads");
    assert!(note(take(&alone, &silver).await).starts_with("tier changed"), "nobody else asks for it any more");
    journal.close().await;
}
